#include "collector/log_text.h"

bool afd_log_line(struct afd_slice *s, struct afd_slice *ret)
{
	if (s->len == 0)
		return false;
	const uint8_t *lf = memchr(s->data, '\n', s->len);
	*ret = afd_slice(s->data, lf ? (size_t)(lf - s->data) : s->len);
	*s = afd_slice_sub(*s, ret->len + (lf != NULL), s->len);
	return true;
}

bool afd_log_skip(struct afd_slice *s, const char *text)
{
	size_t n = strlen(text);

	if (s->len < n || memcmp(s->data, text, n) != 0)
		return false;
	*s = afd_slice_sub(*s, n, s->len);
	return true;
}

bool afd_log_cut(struct afd_slice *s, const char *text, struct afd_slice *ret)
{
	const uint8_t *p = s->len ? memmem(s->data, s->len, text, strlen(text)) : NULL;

	if (!p)
		return false;
	*ret = afd_slice(s->data, (size_t)(p - s->data));
	*s = afd_slice_sub(*s, ret->len + strlen(text), s->len);
	return true;
}

bool afd_log_ends(struct afd_slice s, const char *text)
{
	size_t n = strlen(text);
	return s.len >= n && memcmp(s.data + s.len - n, text, n) == 0;
}

bool afd_log_number(struct afd_slice s, uint64_t max, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < s.len; i++) {
		unsigned d = s.data[i] - (unsigned)'0';
		if (d > 9 || *ret > (max - d) / 10)
			return false;
		*ret = *ret * 10 + d;
	}
	return s.len > 0;
}

static bool digits(struct afd_slice s, size_t at, size_t n, int *ret)
{
	*ret = 0;
	for (size_t i = at; i < at + n; i++) {
		if (i >= s.len || s.data[i] < '0' || s.data[i] > '9')
			return false;
		*ret = *ret * 10 + (s.data[i] - '0');
	}
	return true;
}

bool afd_log_zone(struct afd_slice s, int64_t *ret)
{
	int h, m;

	*ret = 0;
	if ((s.len == 1 && s.data[0] == 'Z') || (s.len == 3 && memcmp(s.data, "UTC", 3) == 0))
		return true;
	bool colon = s.len == 6 && s.data[3] == ':';
	if ((!colon && s.len != 5) || (s.data[0] != '+' && s.data[0] != '-') || !digits(s, 1, 2, &h) ||
	    !digits(s, colon ? 4 : 3, 2, &m) || h > 23 || m > 59)
		return false;
	*ret = (h * 60 + m) * AFD_MINUTE * (s.data[0] == '-' ? -1 : 1);
	return true;
}

/* --- times --- */

/* Y year, M month in digits, b in letters, D day, d day with a blank before one digit, h m s, f fraction of any length or none
 * (behind a dot or a comma), z zone, u whole seconds since 1970; everything else stands for itself. */
static const char *const forms[] = {
	"Y-M-DTh:m:sfz ",           /* RFC 3339, BIND's iso8601-utc and -tzinfo, Knot, journalctl -o short-iso, syslog */
	"Y-M-DTh:m:sf ",            /* BIND's iso8601 */
	"D-b-Y h:m:sf ",            /* BIND's print-time yes */
	"[Y-M-D h:m:sf] ",          /* NSD's log-time-ascii */
	"[Y-M-DTh:m:sfz] ",         /* NSD's log-time-iso */
	"[uf] ",                    /* NSD without */
	"Y-M-D h:m:sf z ",
	"Y-M-D h:m:sf ",
	"Y/M/D h:m:sf ",            /* programs in Go */
	"b d h:m:sf ",              /* syslog (RFC 3164), PowerDNS: no year */
	"Y-M-D h:m:sf:",            /* certbot */
};

struct civil { int y, mon, d, h, m, s, ms; int64_t precision, ahead, unix_ms; bool year, zone, unix_time; };

static bool read_month(struct afd_slice s, size_t at, int *ret)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (*ret = 1; at + 3 <= s.len && *ret <= 12; ++*ret)
		if (memcmp(s.data + at, names + 3 * (*ret - 1), 3) == 0)
			return true;
	return false;
}

static void read_fraction(struct afd_slice s, size_t *at, struct civil *c)
{
	size_t i = *at;
	int scale = 100;

	c->ms = 0;
	c->precision = AFD_SECOND;
	if (i + 1 >= s.len || (s.data[i] != '.' && s.data[i] != ',') || s.data[i + 1] < '0' || s.data[i + 1] > '9')
		return;
	for (i++; i < s.len && i - *at <= 9 && s.data[i] >= '0' && s.data[i] <= '9'; i++, scale /= 10) {
		c->ms += (s.data[i] - '0') * scale;
		c->precision = scale > 1 ? scale : 1;
	}
	*at = i;
}

static bool read_unix(struct afd_slice s, size_t *at, struct civil *c)
{
	size_t n = 0;
	uint64_t v;

	while (*at + n < s.len && s.data[*at + n] >= '0' && s.data[*at + n] <= '9')
		n++;
	if (n < 9 || n > 11 || !afd_log_number(afd_slice_sub(s, *at, n), UINT64_C(99999999999), &v))
		return false;
	c->unix_ms = (int64_t)v * AFD_SECOND;
	c->unix_time = c->year = c->zone = true;
	*at += n;
	return true;
}

static bool read_zone(struct afd_slice s, size_t *at, struct civil *c)
{
	size_t n = 0;

	while (*at + n < s.len && n < 8 && s.data[*at + n] != ' ' && s.data[*at + n] != ']')
		n++;
	if (!afd_log_zone(afd_slice_sub(s, *at, n), &c->ahead))
		return false;
	c->zone = true;
	*at += n;
	return true;
}

static bool read_field(char what, struct afd_slice s, size_t *at, struct civil *c)
{
	size_t n = what == 'Y' ? 4 : what == 'b' ? 3 : 2;

	switch (what) {
	case 'Y': c->year = true; if (!digits(s, *at, n, &c->y)) return false; break;
	case 'M': if (!digits(s, *at, n, &c->mon)) return false; break;
	case 'b': if (!read_month(s, *at, &c->mon)) return false; break;
	case 'D': if (!digits(s, *at, n, &c->d)) return false; break;
	case 'd':
		if (*at < s.len && s.data[*at] == ' ' ? !digits(s, *at + 1, 1, &c->d) : !digits(s, *at, n, &c->d))
			return false;
		break;
	case 'h': if (!digits(s, *at, n, &c->h)) return false; break;
	case 'm': if (!digits(s, *at, n, &c->m)) return false; break;
	case 's': if (!digits(s, *at, n, &c->s)) return false; break;
	case 'f': read_fraction(s, at, c); return true;
	case 'z': return read_zone(s, at, c);
	case 'u': return read_unix(s, at, c);
	default:
		if (*at >= s.len || s.data[*at] != (uint8_t)what)
			return false;
		n = 1;
	}
	*at += n;
	return true;
}

static bool read_form(const char *form, struct afd_slice s, size_t *used, struct civil *c)
{
	*c = (struct civil){ .precision = AFD_SECOND };
	*used = 0;
	for (; *form; form++)
		if (!read_field(*form, s, used, c))
			return false;
	return true;
}

/* The last year in which it is not later than a day after NOW. */
static int without_year(const struct civil *c, int64_t ahead, int64_t now, int64_t *ret)
{
	int y, mon, d, h, m, s, ms;

	afd_when_split(now + AFD_DAY, &y, &mon, &d, &h, &m, &s, &ms);
	for (int back = 0; back <= 8; back++)            /* 29 February is every four, at times every eight years */
		if (afd_when_civil(y - back, c->mon, c->d, c->h, c->m, c->s, c->ms, ret) == 0 && *ret - ahead <= now + AFD_DAY)
			return 0;
	return -1;
}

bool afd_log_time(struct afd_slice *s, int64_t ahead, int64_t now, struct afd_log_time *ret)
{
	struct afd_slice front = afd_slice_sub(*s, 0, 64);
	struct civil c;
	size_t used;
	int64_t t;

	*ret = (struct afd_log_time){ .at = { AFD_TIME_NONE, AFD_TIME_NONE } };
	for (size_t i = 0; i < AFD_COUNT(forms); i++) {
		if (!read_form(forms[i], front, &used, &c))
			continue;
		if (c.zone)
			ahead = c.ahead;
		if (c.unix_time)
			t = c.unix_ms + c.ms;
		else if (c.year ? afd_when_civil(c.y, c.mon, c.d, c.h, c.m, c.s, c.ms, &t) < 0 : without_year(&c, ahead, now, &t) < 0)
			return false;
		ret->local = !c.zone;
		ret->at = (struct afd_span){ t - ahead, t - ahead + c.precision };
		*s = afd_slice_sub(*s, used, s->len);
		return true;
	}
	return false;
}

void afd_log_syslog(struct afd_slice *s, const char *program)
{
	struct afd_slice head, rest = *s, host;

	head = afd_slice_sub(rest, 0, 320);
	if (!afd_log_cut(&head, ": ", &host) || !afd_log_cut(&host, " ", &rest))
		return;
	if (!afd_log_skip(&host, program) || (host.len > 0 && (host.data[0] != '[' || host.data[host.len - 1] != ']')))
		return;
	*s = afd_slice_sub(*s, (size_t)(head.data - s->data), s->len);
}
