/* One line of BIND's update log: when, who, what. */
#include "collector/zone/update_line.h"

#include "collector/zone/dns_rdata.h"
#include "core/limits.h"

static bool skip(struct afd_slice *s, const char *text)
{
	size_t n = strlen(text);

	if (s->len < n || memcmp(s->data, text, n) != 0)
		return false;
	*s = afd_slice_sub(*s, n, s->len);
	return true;
}

/* What stands before TEXT; S then begins behind it. */
static bool cut(struct afd_slice *s, const char *text, struct afd_slice *ret)
{
	const uint8_t *p = s->len ? memmem(s->data, s->len, text, strlen(text)) : NULL;

	if (!p)
		return false;
	*ret = afd_slice(s->data, (size_t)(p - s->data));
	*s = afd_slice_sub(*s, ret->len + strlen(text), s->len);
	return true;
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

bool afd_update_zone_read(struct afd_slice s, int64_t *ret)
{
	int h, m;

	*ret = 0;
	if ((s.len == 1 && s.data[0] == 'Z') || (s.len == 3 && memcmp(s.data, "UTC", 3) == 0))
		return true;
	if (s.len != 6 || (s.data[0] != '+' && s.data[0] != '-') || s.data[3] != ':' || !digits(s, 1, 2, &h) ||
	    !digits(s, 4, 2, &m) || h > 23 || m > 59)
		return false;
	*ret = (h * 60 + m) * AFD_MINUTE * (s.data[0] == '-' ? -1 : 1);
	return true;
}

/* "23:41:52.528" */
static bool read_clock(struct afd_slice s, size_t at, int ret[4])
{
	return s.len >= at + 12 && digits(s, at, 2, &ret[0]) && s.data[at + 2] == ':' &&
	       digits(s, at + 3, 2, &ret[1]) && s.data[at + 5] == ':' && digits(s, at + 6, 2, &ret[2]) &&
	       s.data[at + 8] == '.' && digits(s, at + 9, 3, &ret[3]);
}

static bool read_month(struct afd_slice s, size_t at, int *ret)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (*ret = 1; *ret <= 12; ++*ret)
		if (memcmp(s.data + at, names + 3 * (*ret - 1), 3) == 0)
			return true;
	return false;
}

/* print-time iso8601-utc "2026-11-21T23:41:52.528Z", iso8601-tzinfo "...+01:00", iso8601 "..." and yes
 * "21-Nov-2026 23:59:35.540": the last two are local. The line then begins behind the time. */
static void read_time(struct afd_slice *s, int64_t ahead, struct afd_update_line *l)
{
	int y, mon, d, c[4];
	struct afd_slice word = afd_slice_sub(*s, 0, 64), zone = { 0 };
	size_t used;

	l->at = AFD_TIME_NONE;
	if (digits(word, 0, 4, &y) && word.len > 24 && word.data[4] == '-' && digits(word, 5, 2, &mon) &&
	    word.data[7] == '-' && digits(word, 8, 2, &d) && word.data[10] == 'T' && read_clock(word, 11, c)) {
		const uint8_t *blank = memchr(word.data + 23, ' ', word.len - 23);
		if (!blank)
			return;
		zone = afd_slice(word.data + 23, (size_t)(blank - word.data) - 23);
		used = 23 + zone.len;
	} else if (digits(word, 0, 2, &d) && word.len > 24 && word.data[2] == '-' && read_month(word, 3, &mon) &&
	           word.data[6] == '-' && digits(word, 7, 4, &y) && word.data[11] == ' ' && read_clock(word, 12, c) &&
	           word.data[24] == ' ') {
		used = 24;
	} else {
		return;
	}
	l->local = zone.len == 0;
	if (!l->local && !afd_update_zone_read(zone, &ahead))
		return;
	if (afd_when_civil(y, mon, d, c[0], c[1], c[2], c[3], &l->at) < 0) {
		l->at = AFD_TIME_NONE;
		return;
	}
	l->at -= ahead;
	*s = afd_slice_sub(*s, used + 1, s->len);
}

/* "update: info: ", when the channel prints them */
static void skip_categories(struct afd_slice *s)
{
	for (int i = 0; i < 2 && !(s->len >= 7 && memcmp(s->data, "client ", 7) == 0); i++) {
		const uint8_t *p = s->len ? memmem(s->data, s->len < 40 ? s->len : 40, ": ", 2) : NULL;
		if (!p)
			return;
		*s = afd_slice_sub(*s, (size_t)(p - s->data) + 2, s->len);
	}
}

/* "client @0x7fd3970ae098 127.0.0.1#52257/key alice (query.name): view inside: " before the message. Names are printed
 * with blanks escaped, so nothing that a client chose can hold the ": " or the "' " that end a field. */
static bool read_client(struct afd_slice *s, struct afd_update_line *l)
{
	struct afd_slice head, name;

	if (!skip(s, "client "))
		return false;
	if (s->len && s->data[0] == '@' && !cut(s, " ", &l->client))
		return false;
	if (!cut(s, ": ", &head))
		return false;
	l->peer = head;
	if (cut(&head, " (", &name))
		l->peer = name;
	head = l->peer;
	if (cut(&head, "/key ", &name)) {
		l->peer = name;
		l->key = head;
	}
	if (skip(s, "view ") && !cut(s, ": ", &name))
		return false;
	return l->peer.len > 0;
}

static bool last_word_is(struct afd_slice s, const char *text)
{
	size_t n = strlen(text);
	return s.len >= n && memcmp(s.data + s.len - n, text, n) == 0;
}

/* "'owner' rest" or "owner rest" */
static bool read_owner(struct afd_slice *s, bool quoted, struct afd_slice *ret)
{
	if (!quoted)
		return cut(s, " ", ret);
	if (!skip(s, "'"))
		return false;
	if (cut(s, "' ", ret))
		return true;
	if (!last_word_is(*s, "'"))
		return false;
	*ret = afd_slice_sub(*s, 0, s->len - 1);
	*s = afd_slice(NULL, 0);
	return true;
}

static enum afd_update_what read_update(struct afd_slice s, struct afd_update_line *l)
{
	static const struct { const char *text; enum afd_update_what what; bool quoted; } forms[] = {
		{ "adding an RR at ", ADDING, true },
		{ "deleting rrset at ", DELETING_SET, true },
		{ "deleting an RR at ", DELETING_RR, false },
		{ "delete all rrsets from name ", DELETING_NAME, true },
	};

	for (size_t i = 0; i < AFD_COUNT(forms); i++) {
		if (!skip(&s, forms[i].text))
			continue;
		if (!read_owner(&s, forms[i].quoted, &l->owner))
			return NOT_UNDERSTOOD;
		l->type = s;
		if (forms[i].what == ADDING && (!cut(&s, " ", &l->type) || s.len == 0))
			return NOT_UNDERSTOOD;
		l->rdata = s;
		return forms[i].what == DELETING_NAME || l->type.len ? forms[i].what : NOT_UNDERSTOOD;
	}
	if (skip(&s, "update unsuccessful: "))
		return UNSUCCESSFUL;
	if (skip(&s, "update failed: "))
		return last_word_is(s, "(REFUSED)") ? REFUSED : FAILED;
	return NOT_UNDERSTOOD;
}

#define UPDATING "updating zone '"

/* S mentions an update in a form that we do not know: of which zone, as far as that can be told. */
static void read_mention(struct afd_slice s, struct afd_update_line *l)
{
	struct afd_slice before, name;

	if (!cut(&s, UPDATING, &before))
		return;
	before = s;
	if (cut(&before, "': ", &name) && (last_word_is(name, "/CH") || last_word_is(name, "/HS")))
		return;
	l->what = NOT_UNDERSTOOD;
	l->zone = cut(&s, "/IN", &name) ? name : afd_slice(NULL, 0);
}

static bool read_zone_name(struct afd_slice s, struct afd_update_line *l)
{
	if (!last_word_is(s, "/IN"))
		return false;
	l->zone = afd_slice_sub(s, 0, s.len - 3);
	return true;
}

static void read_message(struct afd_slice s, struct afd_update_line *l)
{
	struct afd_slice name;

	if (skip(&s, UPDATING)) {
		if (cut(&s, "': ", &name) && read_zone_name(name, l))
			l->what = read_update(s, l);
	} else if (skip(&s, "update '")) {
		if (cut(&s, "' denied", &name) && read_zone_name(name, l))
			l->what = DENIED;
	} else if (skip(&s, "request has invalid signature: TSIG ")) {
		if (cut(&s, ": ", &name)) {
			l->key = name;
			l->what = BAD_SIGNATURE;
		}
	}
}

void afd_update_line_read(struct afd_slice s, int64_t ahead, struct afd_update_line *l)
{
	struct afd_slice whole;

	*l = (struct afd_update_line){ .at = AFD_TIME_NONE };
	read_time(&s, ahead, l);
	whole = s;
	if (s.len <= AFD_MAX_LOG_LINE) {
		skip_categories(&s);
		if (read_client(&s, l))
			read_message(s, l);
	}
	if (l->what == NOT_OURS)
		read_mention(whole, l);
}

bool afd_update_line_next(struct afd_slice *s, struct afd_slice *ret)
{
	if (s->len == 0)
		return false;
	const uint8_t *lf = memchr(s->data, '\n', s->len);
	*ret = afd_slice(s->data, lf ? (size_t)(lf - s->data) : s->len);
	*s = afd_slice_sub(*s, ret->len + (lf != NULL), s->len);
	return true;
}

bool afd_update_name(struct afd_slice s, char ret[AFD_DNS_TEXT_MAX])
{
	struct afd_dns_name n;

	if (afd_dns_name_parse(s, &n, NULL) < 0)
		return false;
	afd_dns_name_text(&n, true, ret);
	return true;
}

#define MAX_TYPE_WORD 32u

/* A type of a newer BIND keeps its word: it is in nobody's scope then, but it is there. */
static bool type_word(struct afd_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.data[i] >= 'A' && s.data[i] <= 'Z') || (s.data[i] >= '0' && s.data[i] <= '9') ||
		      s.data[i] == '-'))
			return false;
	return s.len > 0 && s.len <= MAX_TYPE_WORD;
}

bool afd_update_line_understood(const struct afd_update_line *l)
{
	char name[AFD_DNS_TEXT_MAX];
	uint16_t type;

	if (l->what == NOT_UNDERSTOOD || (l->key.len && l->what != BAD_SIGNATURE && !afd_update_name(l->key, name)))
		return false;
	if (l->what < ADDING || l->what > DELETING_NAME)
		return true;
	return afd_update_name(l->owner, name) &&
	       (l->type.len == 0 || type_word(l->type) || afd_dns_type_parse(l->type, &type) == 0);
}

