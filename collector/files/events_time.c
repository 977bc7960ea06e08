/* Times of other people's logs. */
#include "collector/files/events_map.h"
#include "collector/log_text.h"

#include <strings.h>

struct clock { int year, mon, day, hour, min, sec, ms, half; int64_t precision, ahead; bool zoned; };

static const struct { const char *form; int64_t per_second; } unix_forms[] = {
	{ "unix", 1 }, { "unix-ms", 1000 }, { "unix-us", 1000000 }, { "unix-ns", 1000000000 },
};

static int64_t unix_unit(const char *form)
{
	for (size_t i = 0; form && i < AFD_COUNT(unix_forms); i++)
		if (strcmp(unix_forms[i].form, form) == 0)
			return unix_forms[i].per_second;
	return 0;
}

bool afd_events_form_good(const char *form, bool zoned)
{
	bool year = false, month = false, day = false, zone = zoned;

	if (!form || unix_unit(form))
		return true;
	for (; *form; form++) {
		if (*form != '%')
			continue;
		if (!form[1] || !strchr("YymbdeHIpMSfz%", *++form))
			return false;
		year |= *form == 'Y' || *form == 'y';
		month |= *form == 'm' || *form == 'b';
		day |= *form == 'd' || *form == 'e';
		zone |= *form == 'z';
	}
	return year && month && day && zone;
}

/* MIN to MAX digits. */
static bool number(const char **text, size_t min, size_t max, int *ret)
{
	size_t n = 0;

	for (*ret = 0; n < max && **text >= '0' && **text <= '9'; n++)
		*ret = *ret * 10 + (*(*text)++ - '0');
	return n >= min;
}

static bool month(const char **text, int *ret)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (*ret = 1; *ret <= 12; ++*ret)
		if (strncasecmp(*text, names + 3 * (*ret - 1), 3) == 0) {
			*text += 3;
			return true;
		}
	return false;
}

static bool fraction(const char **text, struct clock *c)
{
	int scale = 100;
	const char *p = *text;

	if ((*p != '.' && *p != ',') || p[1] < '0' || p[1] > '9')
		return true;
	for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10) {
		c->ms += (*p - '0') * scale;
		c->precision = scale > 1 ? scale : 1;
	}
	*text = p;
	return true;
}

static bool zone(const char **text, struct clock *c)
{
	const size_t n = **text == '+' || **text == '-' ? strspn(*text + 1, "0123456789:") + 1 : strspn(*text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	struct afd_slice s = afd_slice(*text, n);

	c->zoned = (n == 3 && memcmp(*text, "GMT", 3) == 0) || afd_log_zone(s, &c->ahead);
	*text += n;
	return c->zoned;
}

static bool field(char what, const char **text, struct clock *c)
{
	switch (what) {
	case 'Y': return number(text, 4, 4, &c->year);
	case 'y': if (!number(text, 2, 2, &c->year)) return false; c->year += 2000; return true;
	case 'm': return number(text, 1, 2, &c->mon);
	case 'b': return month(text, &c->mon);
	case 'e': *text += **text == ' '; return number(text, 1, 2, &c->day);
	case 'd': return number(text, 1, 2, &c->day);
	case 'H': c->precision = AFD_HOUR; return number(text, 1, 2, &c->hour);
	case 'I': c->precision = AFD_HOUR; return number(text, 1, 2, &c->hour) && c->hour >= 1 && c->hour <= 12;
	case 'M': c->precision = AFD_MINUTE; return number(text, 2, 2, &c->min);
	case 'S': c->precision = AFD_SECOND; return number(text, 2, 2, &c->sec);
	case 'f': return fraction(text, c);
	case 'z': return zone(text, c);
	case 'p':
		c->half = strncasecmp(*text, "am", 2) == 0 ? 1 : strncasecmp(*text, "pm", 2) == 0 ? 2 : 0;
		*text += 2 * (c->half != 0);
		return c->half != 0;
	default: return *(*text)++ == '%';
	}
}

static bool by_form(const char *text, const char *form, struct clock *c)
{
	*c = (struct clock){ .precision = AFD_DAY };
	for (; *form; form++) {
		if (*form == '%') {
			if (!field(*++form, &text, c))
				return false;
		} else if (*text != *form && !(*form == 'T' && *text == ' ')) {
			return false;
		} else {
			text++;
		}
	}
	if (c->half)
		c->hour = c->hour % 12 + (c->half == 2 ? 12 : 0);
	return !*text;
}

/* Digits, and perhaps a fraction, of units since 1970. */
static bool by_unix(const char *text, int64_t per_second, struct afd_span *ret)
{
	uint64_t v;
	const size_t n = strspn(text, "0123456789");
	struct clock c = { .precision = per_second == 1 ? AFD_SECOND : 1 };
	const char *rest = text + n;

	if (n > 19 || !afd_log_number(afd_slice(text, n), INT64_MAX, &v) || (per_second == 1 && v > INT64_MAX / 1000))
		return false;
	if (per_second == 1)
		fraction(&rest, &c);
	else if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (*rest)
		return false;
	ret->from = per_second == 1 ? (int64_t)v * 1000 + c.ms : (int64_t)v / (per_second / 1000);
	ret->to = ret->from + c.precision;
	return ret->from < INT64_C(253402300800000);      /* the year 10000: not this unit */
}

int afd_events_time_read(const char *text, const char *form, bool zoned, int64_t ahead, struct afd_span *ret)
{
	struct clock c;
	int64_t t;

	if (unix_unit(form))
		return by_unix(text, unix_unit(form), ret) ? 0 : -1;
	if (form ? !by_form(text, form, &c) :
	    !by_form(text, "%Y-%m-%dT%H:%M:%S%f%z", &c) && !by_form(text, "%Y-%m-%dT%H:%M:%S%f %z", &c) &&
		    !(zoned && by_form(text, "%Y-%m-%dT%H:%M:%S%f", &c)))
		return -1;
	if ((!c.zoned && !zoned) || afd_when_civil(c.year, c.mon, c.day, c.hour, c.min, c.sec, c.ms, &t) < 0)
		return -1;
	t -= c.zoned ? c.ahead : ahead;
	*ret = (struct afd_span){ t, t + c.precision };
	return 0;
}

int afd_events_time(const struct afd_events_unit *u, struct afd_span *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	const int got = afd_events_value(u, &u->map->time, " ", &text, err);

	if (got < 0)
		return -1;
	if (got == 0)
		return afd_fail(err, AFD_E_PARSE, "no time");
	if (afd_events_time_read((const char *)text.data, u->map->form, u->map->zoned, u->map->ahead, ret) < 0)
		return afd_fail(err, AFD_E_PARSE, "its time is not of the form %s", u->map->form ? u->map->form : "rfc3339");
	return 0;
}
