/* BIND's update log: who says they changed a zone. Categories update, update-security and security; an item is a piece
 * of whole lines, one part per line. A claim is one UPDATE: the adjacent lines of one client, key and zone. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/table.h"
#include "collector/zone/dns_rdata.h"

#define MEDIA_TYPE "text/plain; charset=utf-8"

/* --- one line: pure --- */

enum what {
	NOT_OURS,              /* some other category */
	ADDING, DELETING_SET, DELETING_RR, DELETING_NAME,
	FAILED, REFUSED, UNSUCCESSFUL, DENIED, BAD_SIGNATURE,
	NOT_UNDERSTOOD,        /* about an update, but not a form that we know; without .zone: of any zone */
};

struct line {
	int64_t at;            /* AFD_TIME_NONE: the line has none */
	bool local;            /* .at was written without a zone */
	enum what what;
	struct afd_slice client, peer, key, zone, owner, type, rdata;   /* key of BAD_SIGNATURE: only claimed */
};

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

/* "UTC", "Z" or +hh:mm: how far local time is ahead */
static bool read_zone(struct afd_slice s, int64_t *ret)
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
static void read_time(struct afd_slice *s, int64_t ahead, struct line *l)
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
	if (!l->local && !read_zone(zone, &ahead))
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
static bool read_client(struct afd_slice *s, struct line *l)
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

static enum what read_update(struct afd_slice s, struct line *l)
{
	static const struct { const char *text; enum what what; bool quoted; } forms[] = {
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
static void read_mention(struct afd_slice s, struct line *l)
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

static bool read_zone_name(struct afd_slice s, struct line *l)
{
	if (!last_word_is(s, "/IN"))
		return false;
	l->zone = afd_slice_sub(s, 0, s.len - 3);
	return true;
}

static void read_message(struct afd_slice s, struct line *l)
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

/* AHEAD: what local times without a zone are ahead of UTC. */
static void read_line(struct afd_slice s, int64_t ahead, struct line *l)
{
	struct afd_slice whole;

	*l = (struct line){ .at = AFD_TIME_NONE };
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

/* The next line without its LF; false at the end. */
static bool next_line(struct afd_slice *s, struct afd_slice *ret)
{
	if (s->len == 0)
		return false;
	const uint8_t *lf = memchr(s->data, '\n', s->len);
	*ret = afd_slice(s->data, lf ? (size_t)(lf - s->data) : s->len);
	*s = afd_slice_sub(*s, ret->len + (lf != NULL), s->len);
	return true;
}

static int log_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	struct afd_slice left = bytes, l;

	while (next_line(&left, &l)) {
		size_t off = (size_t)(l.data - bytes.data);
		if (parts->n == AFD_MAX_PARTS)
			return afd_fail(err, AFD_E_LIMIT, "more than %u lines", AFD_MAX_PARTS);
		if (afd_ranges_add(parts, off, bytes.len - left.len - off) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

/* --- lines to claims: pure --- */

/* BIND logs an UPDATE line by line, by a clock that ticks each 4 to 10 ms, and may be held up between two lines.
 * Clients use a new port for each UPDATE, so the gap only has to tell apart those that keep one. */
#define UPDATE_GAP 100                            /* ms */

enum { NO_TEXT = -1, OPEN_MAX = 64 };             /* OPEN_MAX: zones that are updated at the same time */

struct claim_rr {
	int64_t owner, type, rdata;               /* offsets into text */
	bool add;
	uint64_t part;
	size_t next;                              /* 1 + index; 0: none */
};
struct claim {
	int64_t client, peer, key, zone;
	enum what what;
	struct afd_span at;
	uint64_t part, ordinal;
	size_t first, last, n;                    /* records: 1 + index */
};
struct claims {
	struct afd_buf text;
	struct claim *at;
	struct claim_rr *rr;
	size_t n, cap, n_rr, cap_rr;
};

static void claims_release(struct claims *c)
{
	afd_buf_release(&c->text);
	free(c->at);
	free(c->rr);
}

static int64_t keep_text(struct claims *c, struct afd_slice s)
{
	int64_t at = (int64_t)c->text.len;
	return afd_buf_add_slice(&c->text, s) < 0 || afd_buf_u8(&c->text, 0) < 0 ? NO_TEXT : at;
}

static const char *text_at(const struct claims *c, int64_t at)
{
	return at == NO_TEXT ? NULL : (const char *)c->text.data + at;
}

static bool text_is(const struct claims *c, int64_t at, struct afd_slice s)
{
	return at == NO_TEXT ? s.len == 0 : afd_slice_equal(afd_slice_text(text_at(c, at)), s);
}

static bool canonical_name(struct afd_slice s, char ret[AFD_DNS_TEXT_MAX])
{
	struct afd_dns_name n;

	if (afd_dns_name_parse(s, &n, NULL) < 0)
		return false;
	afd_dns_name_text(&n, true, ret);
	return true;
}

static void *grow(void *at, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 64;

	if (n < *cap)
		return at;
	void *p = reallocarray(at, more, size);
	if (p)
		*cap = more;
	return p;
}

/* The claim that L goes on with. BIND works on one UPDATE of a zone at a time, so another client's line ends it; so
 * does the line that says how it failed. */
static struct claim *open_claim(struct claims *c, const struct line *l, struct afd_slice key, const char *zone)
{
	for (size_t i = c->n, seen = 0; i > 0 && seen < OPEN_MAX; i--, seen++) {
		struct claim *g = &c->at[i - 1];
		if (g->what >= DENIED || !text_is(c, g->zone, afd_slice_text(zone)))
			continue;
		if (g->what >= FAILED || l->at < g->at.from || l->at - g->at.to >= UPDATE_GAP)
			return NULL;
		if (text_is(c, g->client, l->client) && text_is(c, g->peer, l->peer) && text_is(c, g->key, key))
			return g;
		return NULL;
	}
	return NULL;
}

static struct claim *new_claim(struct claims *c, const struct line *l, struct afd_slice key, const char *zone,
                               uint64_t part)
{
	struct claim *at = grow(c->at, c->n, &c->cap, sizeof(*at));

	if (!at)
		return NULL;
	c->at = at;
	struct claim g = { .what = l->what, .at = afd_instant(l->at), .part = part, .client = NO_TEXT, .key = NO_TEXT };
	if (l->client.len && (g.client = keep_text(c, l->client)) == NO_TEXT)
		return NULL;
	if (key.len && (g.key = keep_text(c, key)) == NO_TEXT)
		return NULL;
	if ((g.peer = keep_text(c, l->peer)) == NO_TEXT || (g.zone = keep_text(c, afd_slice_text(zone))) == NO_TEXT)
		return NULL;
	c->at[c->n] = g;
	return &c->at[c->n++];
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

/* Does a claim hold all that this line says of who changed what? */
static bool understood(const struct line *l)
{
	char name[AFD_DNS_TEXT_MAX];
	uint16_t type;

	if (l->what == NOT_UNDERSTOOD || (l->key.len && l->what != BAD_SIGNATURE && !canonical_name(l->key, name)))
		return false;
	if (l->what < ADDING || l->what > DELETING_NAME)
		return true;
	return canonical_name(l->owner, name) &&
	       (l->type.len == 0 || type_word(l->type) || afd_dns_type_parse(l->type, &type) == 0);
}

/* Rdata that the log cut or that we cannot read is left out rather than guessed. */
static int add_record(struct claims *c, struct claim *g, const struct line *l, uint64_t part)
{
	AFD_AUTO(buf) struct afd_buf rdata = { 0 };
	char owner[AFD_DNS_TEXT_MAX], text[16];
	uint16_t t = 0;
	struct claim_rr r = { .type = NO_TEXT, .rdata = NO_TEXT, .add = l->what == ADDING, .part = part };
	struct claim_rr *at = grow(c->rr, c->n_rr, &c->cap_rr, sizeof(*at));

	if (!at)
		return -1;
	c->rr = at;
	if (!understood(l))
		return 0;
	canonical_name(l->owner, owner);
	struct afd_slice type = l->type;
	if (type.len && afd_dns_type_parse(type, &t) == 0) {
		afd_dns_type_text(t, text);
		type = afd_slice_text(text);
	}
	if ((r.owner = keep_text(c, afd_slice_text(owner))) == NO_TEXT)
		return -1;
	if (type.len && (r.type = keep_text(c, type)) == NO_TEXT)
		return -1;
	if (r.add && t && afd_dns_rdata_canonical(t, l->rdata, &rdata, NULL) == 0 &&
	    (r.rdata = keep_text(c, afd_buf_slice(&rdata))) == NO_TEXT)
		return -1;
	c->rr[c->n_rr++] = r;
	if (g->last)
		c->rr[g->last - 1].next = c->n_rr;
	else
		g->first = c->n_rr;
	g->last = c->n_rr;
	g->n++;
	return 0;
}

static int add_line(struct claims *c, const struct line *l, const char *zone, uint64_t part)
{
	char key[AFD_DNS_TEXT_MAX] = "";
	bool record = l->what >= ADDING && l->what <= DELETING_NAME;

	if (l->key.len && !canonical_name(l->key, key))
		return 0;
	struct claim *g = l->what >= DENIED ? NULL : open_claim(c, l, afd_slice_text(key), zone);
	if (!g)
		g = new_claim(c, l, afd_slice_text(key), zone, part);
	if (!g)
		return -1;
	if (l->at >= g->at.to)
		g->at.to = l->at + 1;
	if (!record)
		g->what = l->what;            /* the last word: an UPDATE that failed did nothing */
	return record ? add_record(c, g, l, part) : 0;
}

static const char *outcome_of(enum what w)
{
	switch (w) {
	case FAILED: return "failed";
	case REFUSED: return "refused";
	case UNSUCCESSFUL: return "prerequisite";
	case DENIED: return "denied";
	case BAD_SIGNATURE: return "bad-signature";
	default: return "applied";
	}
}

/* Claims of one client at one instant are told apart by their order. */
static void number_claims(struct claims *c)
{
	for (size_t i = 1; i < c->n; i++) {
		struct claim *g = &c->at[i];
		for (size_t k = i, seen = 0; k > 0 && seen < OPEN_MAX; k--, seen++) {
			const struct claim *o = &c->at[k - 1];
			if (o->at.from != g->at.from || strcmp(text_at(c, o->peer), text_at(c, g->peer)) != 0 ||
			    strcmp(text_at(c, o->zone), text_at(c, g->zone)) != 0)
				continue;
			g->ordinal = o->ordinal + 1;
			break;
		}
	}
}

static int emit_claim(const struct claims *c, const struct claim *g, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(mem) struct afd_claim_rr *rr = calloc(g->n ? g->n : 1, sizeof(*rr));
	const char *client = g->client == NO_TEXT ? "-" : text_at(c, g->client);
	AFD_AUTO(mem) char *ref = afd_sprintf("%" PRId64 "/%s/%s/%s/%" PRIu64, g->at.from, client, text_at(c, g->peer),
	                                      text_at(c, g->zone), g->ordinal);
	size_t n = 0;

	if (!rr || !ref)
		return afd_fail_memory(err);
	for (size_t i = g->first; i; i = c->rr[i - 1].next) {
		const struct claim_rr *r = &c->rr[i - 1];
		rr[n++] = (struct afd_claim_rr){
			text_at(c, r->owner), text_at(c, r->type), text_at(c, r->rdata), r->add, r->part
		};
	}
	const char *key = text_at(c, g->key);
	const struct afd_row_claim row = {
		.zone = text_at(c, g->zone), .client = text_at(c, g->peer), .outcome = outcome_of(g->what),
		.credential = g->what == BAD_SIGNATURE ? NULL : key, .claimed = g->what == BAD_SIGNATURE ? key : NULL,
		.ref = ref, .at = g->at, .part = g->part, .rr = rr, .n = n,
	};
	return sink->claim(sink->ctx, &row, err);
}

/* "lines 1-20 of PATH tz=+02:00 zones=a.test b.test": what a decoder must know stands in the record. */
struct asked { int64_t ahead; bool has_zone; char *zones; };

static int read_asked(const char *text, struct asked *ret, struct afd_error *err)
{
	const char *tz = NULL, *zones = NULL;

	for (const char *p = text; p && (p = strstr(p, " tz=")) != NULL; p++)
		tz = p;
	if (!tz || !(zones = strstr(tz, " zones=")))
		return afd_fail(err, AFD_E_PARSE, "asked: expected tz= and zones=");
	tz += strlen(" tz=");
	struct afd_slice zone = afd_slice(tz, (size_t)(zones - tz));
	*ret = (struct asked){ .has_zone = !(zone.len == 1 && zone.data[0] == '-') };
	if (ret->has_zone && !read_zone(zone, &ret->ahead))
		return afd_fail(err, AFD_E_PARSE, "asked: tz is neither UTC nor +hh:mm");
	ret->zones = afd_strdup(zones + strlen(" zones="));
	return ret->zones ? 0 : afd_fail_memory(err);
}

/* true if ZONE is one of the blank-separated ZONES */
static bool listed(const char *zones, const char *zone)
{
	size_t n = strlen(zone);

	for (const char *p = zones; *(p += strspn(p, " ")); p += strcspn(p, " "))
		if (strcspn(p, " ") == n && memcmp(p, zone, n) == 0)
			return true;
	return false;
}

/* A bad signature names no zone: it is put to the only one that the log speaks for, else to the root, which stands for
 * none. (One claim for each zone would let any stranger write a thousand rows with one packet.) */
static const char *zone_of_bad_signature(const char *zones)
{
	return zones[0] && !strchr(zones, ' ') ? zones : ".";
}

static int log_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_slice left = item->bytes, bytes;
	struct claims c = { 0 };
	struct asked asked = { 0 };
	struct line l;
	char zone[AFD_DNS_TEXT_MAX];
	int r = read_asked(item->record->asked, &asked, err);

	for (uint64_t i = 0; r == 0 && next_line(&left, &bytes); i++) {
		uint64_t part = item->parts.n > 1 ? i : 0;
		read_line(bytes, asked.ahead, &l);
		if (l.what == NOT_OURS || l.what == NOT_UNDERSTOOD || l.at == AFD_TIME_NONE ||
		    (l.local && !asked.has_zone))
			continue;
		if (l.what == BAD_SIGNATURE)
			r = add_line(&c, &l, zone_of_bad_signature(asked.zones), part);
		else if (canonical_name(l.zone, zone) && listed(asked.zones, zone))
			r = add_line(&c, &l, zone, part);
		if (r < 0)
			afd_fail_memory(err);
	}
	number_claims(&c);
	for (size_t i = 0; r == 0 && i < c.n; i++)
		r = emit_claim(&c, &c.at[i], sink, err);
	claims_release(&c);
	free(asked.zones);
	return r;
}

/* --- reading the file --- */

struct log_config { const char *path, *timezone; struct afd_texts zones; };
static const struct afd_field fields[] = {
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_config, path), "the log file, or file:PATH" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct log_config, zones), "zones that the log speaks for" },
	{ "timezone", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct log_config, timezone),
	  "UTC or +hh:mm; only for a log with local times" },
	{ 0 }
};

/* A file is known again by its first bytes and by those before our position: names and inodes change hands, and a log
 * that is copied here from another machine has a new inode each time. */
enum { MARK = 64, OLD_NAMES = 2, LOG = OLD_NAMES };     /* OLD_NAMES: PATH.0 and PATH.1; LOG stands for PATH itself */
static const int probe_order[] = { LOG, 0, 1 };
#define STILL_WRITING 50                          /* ms: named may be in the middle of an UPDATE's lines */

struct mark { struct afd_digest digest; size_t len; };
struct file { bool there; uint64_t id[2]; struct mark head; };
/* Lines about updates of one zone that were not understood, and when. A zone's last span grows rather than that it has
 * more than UNCLEAR_MAX. */
enum { UNCLEAR_MAX = 8 };
struct unclear { const char *zone; struct afd_span at; uint64_t lines; };    /* .zone: of the configuration */
struct position {                                 /* of the last run, and moving */
	bool known;
	struct file file;
	struct mark tail;                         /* bytes before .offset */
	uint64_t offset, lines;
	int64_t until_ms;                         /* covered so far; AFD_TIME_NONE: never */
	struct unclear *unclear; size_t n_unclear;     /* in time behind until_ms, or in no statement yet */
};

enum step { PROBE_HEAD, PROBE_TAIL, READ, DONE };

struct log_run {
	struct afd_source_config c;
	const struct log_config *config;
	char *path, *zones;                       /* as opened; blank-separated */
	struct position pos;
	enum step step;
	size_t probe;                             /* index into probe_order */
	struct file file[OLD_NAMES + 1];          /* as they were probed */
	bool probed_again;
	int queue[OLD_NAMES + 1], n_queue, at_queue;   /* files to read, oldest first */
	char *request_path, *asked;
	/* what this run saw */
	bool rotated, lost;
	uint64_t lines, not_understood, no_time;
	int64_t first_ms, first_new_ms;           /* first time in all that was read; in the new file after a loss */
};

static int log_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct log_config *c = config;
	int64_t ahead;

	if (c->zones.n == 0)
		return afd_fail(err, AFD_E_CONFIG, "zones: expected at least one");
	if (c->timezone && !read_zone(afd_slice_text(c->timezone), &ahead))
		return afd_fail(err, AFD_E_CONFIG, "timezone: expected UTC or +hh:mm, got \"%.40s\"", c->timezone);
	for (size_t i = 0; i < c->zones.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->zones.at[i], c->zones.at[k]) == 0)
				return afd_fail(err, AFD_E_CONFIG, "zones: %s stands there twice", c->zones.at[i]);
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->zones.at[i]) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

static bool read_u64(const struct afd_node *map, const char *key, uint64_t *ret)
{
	const char *s = afd_node_text(afd_node_get(map, key));
	char *end;

	if (!s || *s < '0' || *s > '9')
		return false;
	*ret = strtoull(s, &end, 10);
	return *end == 0;
}

static bool read_i64(const struct afd_node *map, const char *key, int64_t *ret)
{
	const struct afd_node *n = afd_node_get(map, key);

	if (!n || n->type != AFD_INT)
		return false;
	*ret = n->u.i;
	return true;
}

static bool read_mark(const struct afd_node *map, const char *key, const char *len_key, struct mark *ret)
{
	const char *hex = afd_node_text(afd_node_get(map, key));
	int64_t len;

	if (!hex || !read_i64(map, len_key, &len) || len < 0 || len > MARK ||
	    afd_unhex(hex, strlen(hex), ret->digest.b, sizeof(ret->digest.b)) < 0)
		return false;
	ret->len = (size_t)len;
	return true;
}

static const struct afd_node *first_of(const struct afd_node *list)
{
	return list && list->type == AFD_LIST ? list->u.list.first : NULL;
}

static const char *zone_of_config(const struct log_run *r, const char *name)
{
	for (size_t i = 0; name && i < r->config->zones.n; i++)
		if (strcmp(r->config->zones.at[i], name) == 0)
			return r->config->zones.at[i];
	return NULL;
}

static int add_unclear(struct position *p, const struct unclear *u)
{
	struct unclear *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->n_unclear; i++)
		if (strcmp(p->unclear[i].zone, u->zone) == 0) {
			last = &p->unclear[i];
			n++;
		}
	if (last && (n >= UNCLEAR_MAX || (u->at.from >= last->at.from && u->at.from <= last->at.to))) {
		if (u->at.from < last->at.from)
			last->at.from = u->at.from;
		if (u->at.to > last->at.to)
			last->at.to = u->at.to;
		last->lines += u->lines;
		return 0;
	}
	struct unclear *at = reallocarray(p->unclear, p->n_unclear + 1, sizeof(*at));
	if (!at)
		return -1;
	p->unclear = at;
	at[p->n_unclear++] = *u;
	return 0;
}

static int read_cursor(struct log_run *r, const char *cursor, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct position *p = &r->pos;
	int64_t offset, lines, lines_then;

	p->until_ms = AFD_TIME_NONE;
	if (!cursor)
		return 0;
	if (afd_json_parse(afd_slice_text(cursor), "cursor", &d, err) < 0)
		return -1;
	const struct afd_node *root = afd_doc_root(d);
	if (!read_u64(root, "device", &p->file.id[0]) || !read_u64(root, "inode", &p->file.id[1]) ||
	    !read_i64(root, "offset", &offset) || !read_i64(root, "lines", &lines) || offset < 0 || lines < 0 ||
	    !read_mark(root, "head", "head_len", &p->file.head) || !read_mark(root, "tail", "tail_len", &p->tail) ||
	    (uint64_t)offset < p->tail.len)
		return afd_fail(err, AFD_E_PARSE, "cursor: not one of this source");
	read_i64(root, "until", &p->until_ms);
	for (const struct afd_node *n = first_of(afd_node_get(root, "unclear")); n; n = n->next) {
		const char *zone = zone_of_config(r, afd_node_text(afd_node_get(n, "zone")));
		struct unclear u = { .zone = zone };
		if (!zone || !read_i64(n, "from", &u.at.from) || !read_i64(n, "to", &u.at.to) ||
		    !read_i64(n, "lines", &lines_then) || lines_then < 1 || u.at.from >= u.at.to)
			continue;
		u.lines = (uint64_t)lines_then;
		if (add_unclear(p, &u) < 0)
			return afd_fail_memory(err);
	}
	p->known = true;
	p->offset = (uint64_t)offset;
	p->lines = (uint64_t)lines;
	return 0;
}

static void write_mark(json_t *j, const char *key, const char *len_key, const struct mark *m)
{
	json_object_set_new(j, key, json_string(afd_digest_hex(&m->digest).s));
	json_object_set_new(j, len_key, json_integer((json_int_t)m->len));
}

static char *write_cursor(const struct position *p)
{
	json_t *j = json_object();
	char number[2][24];

	for (int i = 0; i < 2; i++)
		snprintf(number[i], sizeof(number[i]), "%" PRIu64, p->file.id[i]);
	json_object_set_new(j, "device", json_string(number[0]));
	json_object_set_new(j, "inode", json_string(number[1]));
	write_mark(j, "head", "head_len", &p->file.head);
	write_mark(j, "tail", "tail_len", &p->tail);
	json_object_set_new(j, "offset", json_integer((json_int_t)p->offset));
	json_object_set_new(j, "lines", json_integer((json_int_t)p->lines));
	if (p->until_ms != AFD_TIME_NONE)
		json_object_set_new(j, "until", json_integer(p->until_ms));
	json_t *unclear = p->n_unclear ? json_array() : NULL;
	for (size_t i = 0; i < p->n_unclear; i++) {
		const struct unclear *u = &p->unclear[i];
		json_array_append_new(unclear, json_pack("{s:s,s:I,s:I,s:I}", "zone", u->zone, "from",
		                                         (json_int_t)u->at.from, "to", (json_int_t)u->at.to, "lines",
		                                         (json_int_t)u->lines));
	}
	if (unclear)
		json_object_set_new(j, "unclear", unclear);
	char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(j);
	return text;
}

static void log_end(void *state)
{
	struct log_run *r = state;

	if (!r)
		return;
	free(r->path);
	free(r->zones);
	free(r->request_path);
	free(r->asked);
	free(r->pos.unclear);
	free(r);
}

static int log_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret,
                     struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf zones = { 0 };
	struct log_run *r = calloc(1, sizeof(*r));

	if (!r)
		return afd_fail_memory(err);
	r->c = *c;
	r->config = config;
	r->first_ms = r->first_new_ms = AFD_TIME_NONE;
	const char *path = r->config->path + (strncmp(r->config->path, "file:", 5) == 0 ? 5 : 0);
	bool relative = path[0] != '/' && c->base_dir;
	r->path = afd_sprintf("%s%s%s", relative ? c->base_dir : "", relative ? "/" : "", path);
	if (log_scopes(config, &zones, err) < 0 || read_cursor(r, cursor, err) < 0) {
		log_end(r);
		return -1;
	}
	r->zones = afd_text_dup(afd_buf_slice(&zones));
	if (!r->path || !r->zones) {
		log_end(r);
		return afd_fail_memory(err);
	}
	*ret = r;
	return 0;
}

static int set_request(struct log_run *r, struct afd_request *q, int which, uint64_t offset, size_t max,
                       struct afd_error *err)
{
	free(r->request_path);
	free(r->asked);
	r->request_path = which == LOG ? afd_strdup(r->path) : afd_sprintf("%s.%d", r->path, which);
	r->asked = afd_sprintf("%s from byte %" PRIu64, r->config->path, offset);
	if (!r->request_path || !r->asked)
		return afd_fail_memory(err);
	*q = (struct afd_request){
		.protocol = AFD_FILE, .asked = r->asked, .path = r->request_path, .offset = offset, .max = max
	};
	return 1;
}

static int log_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct log_run *r = state;

	switch (r->step) {
	case PROBE_HEAD:
		return set_request(r, q, probe_order[r->probe], 0, MARK, err);
	case PROBE_TAIL:
		return set_request(r, q, probe_order[r->probe], r->pos.offset - r->pos.tail.len, r->pos.tail.len, err);
	case READ:
		return set_request(r, q, r->queue[r->at_queue], r->pos.offset, AFD_MAX_LOG_SEGMENT, err);
	case DONE:
		break;
	}
	return 0;
}

static void set_mark(struct mark *m, struct afd_slice s)
{
	m->len = s.len < MARK ? s.len : MARK;
	afd_sha256(afd_slice_sub(s, 0, m->len), &m->digest);
}

static bool has_mark(struct afd_slice s, const struct mark *m)
{
	struct mark got;

	set_mark(&got, afd_slice_sub(s, 0, m->len));
	return got.len == m->len && afd_digest_equal(&got.digest, &m->digest);
}

static bool same_id(const struct afd_response *a, const struct file *f)
{
	return a->file_id[0] == f->id[0] && a->file_id[1] == f->id[1];
}

static void start_file(struct log_run *r, const struct file *f)
{
	r->pos.known = true;
	r->pos.file = *f;
	r->pos.offset = r->pos.lines = 0;
	set_mark(&r->pos.tail, afd_slice(NULL, 0));
}

/* What is to be read, once it is known where the last run's file went: FOUND, or -1 when it is gone. */
static void make_queue(struct log_run *r, int found)
{
	r->n_queue = r->at_queue = 0;
	r->rotated = r->pos.known && found != LOG;
	if (r->rotated && found < 0) {
		r->lost = true;
		r->first_new_ms = AFD_TIME_NONE;
	}
	if (r->rotated && found >= 0)
		r->queue[r->n_queue++] = found;
	if (r->rotated && found == 1 && r->file[0].there)
		r->queue[r->n_queue++] = 0;
	r->queue[r->n_queue++] = LOG;
	if (r->pos.known && found >= 0)
		r->pos.file = r->file[found]; /* its head may have grown to full length */
	else
		start_file(r, &r->file[LOG]);
	r->step = READ;
}

static void next_probe(struct log_run *r)
{
	r->step = PROBE_HEAD;
	if (++r->probe == AFD_COUNT(probe_order))
		make_queue(r, -1);
}

/* The file of the last run? So little was read of a short one that its inode must be the same, too. */
static void probe_head(struct log_run *r, const struct afd_response *a)
{
	int which = probe_order[r->probe];
	struct file *f = &r->file[which];

	*f = (struct file){ .there = a != NULL };
	if (a) {
		f->id[0] = a->file_id[0];
		f->id[1] = a->file_id[1];
		set_mark(&f->head, a->body);
	}
	if (!r->pos.known)
		make_queue(r, -1);
	else if (!a || a->file_size < r->pos.offset || !has_mark(a->body, &r->pos.file.head) ||
	         (r->pos.offset < MARK && !same_id(a, &r->pos.file)))
		next_probe(r);
	else if (r->pos.tail.len > 0)
		r->step = PROBE_TAIL;
	else
		make_queue(r, which);
}

static void probe_tail(struct log_run *r, const struct afd_response *a)
{
	int which = probe_order[r->probe];

	if (a && same_id(a, &r->file[which]) && has_mark(a->body, &r->pos.tail))
		make_queue(r, which);
	else
		next_probe(r);
}

static int cover(struct log_run *r, struct afd_span at, enum afd_grade grade, const char *reason,
                 struct afd_keeper *keep, struct afd_error *err)
{
	if (at.to <= at.from)
		at = afd_instant(at.to);
	for (size_t i = 0; i < r->config->zones.n; i++) {
		const struct afd_row_coverage c = {
			.evidence = "zone-claims", .scope = r->config->zones.at[i], .at = at, .grade = grade,
			.reason = reason, .provider_count = -1, .stored_count = -1, .lag_ms = AFD_MINUTE,
		};
		if (keep->cover(keep->ctx, &c, err) < 0)
			return -1;
	}
	return 0;
}

static int stop_with_gap(struct log_run *r, int64_t now, const char *reason, struct afd_keeper *keep,
                         struct afd_error *err)
{
	const struct afd_span at = { r->pos.until_ms == AFD_TIME_NONE ? now : r->pos.until_ms, now };

	r->step = DONE;
	return cover(r, at, AFD_GAP, reason, keep, err);
}

/* Said behind what is covered, so that it stands. What the log's clock puts behind TO is said again by the next run,
 * which covers that time. */
static int cover_unclear(struct log_run *r, int64_t to, struct afd_keeper *keep, struct afd_error *err)
{
	size_t left = 0;
	char reason[300];

	for (size_t i = 0; i < r->pos.n_unclear; i++) {
		const struct unclear *u = &r->pos.unclear[i];
		snprintf(reason, sizeof(reason), "%.200s: lines about updates that were not understood: %" PRIu64,
		         r->config->path, u->lines);
		const struct afd_row_coverage c = {
			.evidence = "zone-claims", .scope = u->zone, .at = u->at, .grade = AFD_GAP, .reason = reason,
			.provider_count = -1, .stored_count = -1, .lag_ms = AFD_MINUTE,
		};
		if (keep->cover(keep->ctx, &c, err) < 0)
			return -1;
		if (u->at.to > to)
			r->pos.unclear[left++] = *u;
	}
	r->pos.n_unclear = left;
	return 0;
}

static int checkpoint(struct log_run *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *cursor = write_cursor(&r->pos);
	return cursor ? keep->checkpoint(keep->ctx, cursor, err) : afd_fail_memory(err);
}

/* All files are read until TO: say what that covers. */
static int finish(struct log_run *r, int64_t to, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t from = r->pos.until_ms;
	char reason[512];

	r->step = DONE;
	if (from == AFD_TIME_NONE)
		from = r->first_ms == AFD_TIME_NONE || r->first_ms > to ? to : r->first_ms;
	if (r->lost) {
		int64_t again = r->first_new_ms == AFD_TIME_NONE || r->first_new_ms > to ? to : r->first_new_ms;
		if (again <= from)
			again = from + 1;
		snprintf(reason, sizeof(reason), "%.200s: log was rotated; lines between %s and %s may be lost",
		         r->config->path, afd_when_text(from).s, afd_when_text(again).s);
		if (cover(r, (struct afd_span){ from, again }, AFD_GAP, reason, keep, err) < 0)
			return -1;
		from = again;
	}
	if (r->no_time) {
		snprintf(reason, sizeof(reason),
		         "%.200s: %" PRIu64 " lines without a time; set print-time iso8601-utc in the channel",
		         r->config->path, r->no_time);
		if (cover(r, (struct afd_span){ from, to }, AFD_GAP, reason, keep, err) < 0)
			return -1;
	} else {
		const char *how = r->rotated && !r->lost ? ", through a rotation" : "";
		snprintf(reason, sizeof(reason), "%.200s: read without a break%s (new lines: %" PRIu64 "; about "
		         "updates, not understood: %" PRIu64 ")", r->config->path, how, r->lines, r->not_understood);
		if (cover(r, (struct afd_span){ from, to }, AFD_ASSERTED, reason, keep, err) < 0)
			return -1;
	}
	if (cover_unclear(r, to, keep, err) < 0)
		return -1;
	r->pos.until_ms = to;
	return checkpoint(r, keep, err);
}

struct segment {                                  /* whole lines at the front of what was read */
	size_t len;
	size_t quiet_len, other_len;              /* to the last pause, change of client: no UPDATE is cut there */
	uint64_t lines;
	int64_t first_ms, last_ms;
	uint64_t not_understood, no_time, local_line;   /* local_line: first with a local time, from 1 in the file */
};

static void scan(const struct log_run *r, struct afd_slice body, int64_t ahead, bool has_zone, struct segment *ret)
{
	struct afd_slice left = body, bytes, peer = { 0 };
	struct line l;

	*ret = (struct segment){ .first_ms = AFD_TIME_NONE, .last_ms = AFD_TIME_NONE };
	while (ret->lines < AFD_MAX_PARTS && left.len && memchr(left.data, '\n', left.len)) {
		next_line(&left, &bytes);
		read_line(bytes, ahead, &l);
		bool ours = l.what != NOT_OURS;
		if (l.at != AFD_TIME_NONE && l.local && !has_zone) {
			l.at = AFD_TIME_NONE;
			if (ours && ret->local_line == 0)
				ret->local_line = r->pos.lines + ret->lines + 1;
		} else if (ours && l.at == AFD_TIME_NONE) {
			ret->no_time++;
		}
		ret->not_understood += !understood(&l);
		if (l.at != AFD_TIME_NONE) {
			if (ret->first_ms == AFD_TIME_NONE)
				ret->first_ms = l.at;
			if (ret->last_ms == AFD_TIME_NONE || l.at - ret->last_ms > UPDATE_GAP)
				ret->quiet_len = ret->len;
			ret->last_ms = l.at;
		}
		if (ours && !afd_slice_equal(l.peer, peer)) {
			ret->other_len = ret->len;
			peer = l.peer;
		}
		ret->lines++;
		ret->len = body.len - left.len;
	}
}

/* Remembers when lines of configured zones were not understood. One that does not say of which zone may be of any. */
static int note_unclear(struct log_run *r, struct afd_slice bytes)
{
	struct afd_slice one;
	struct line l;
	char zone[AFD_DNS_TEXT_MAX];
	int64_t ahead = 0;

	if (r->config->timezone)
		read_zone(afd_slice_text(r->config->timezone), &ahead);
	while (next_line(&bytes, &one)) {
		read_line(one, ahead, &l);
		if (understood(&l) || l.at == AFD_TIME_NONE)
			continue;
		bool named = l.zone.len && canonical_name(l.zone, zone);
		for (size_t i = 0; i < r->config->zones.n; i++) {
			const struct unclear u = { r->config->zones.at[i], afd_instant(l.at), 1 };
			if ((!named || strcmp(u.zone, zone) == 0) && add_unclear(&r->pos, &u) < 0)
				return -1;
		}
	}
	return 0;
}

static int put_segment(struct log_run *r, struct afd_slice bytes, const struct segment *s, struct afd_keeper *keep,
                       struct afd_error *err)
{
	const char *tz = r->config->timezone ? r->config->timezone : "-";
	AFD_AUTO(mem) char *asked = afd_sprintf("lines %" PRIu64 "-%" PRIu64 " of %s tz=%s zones=%s", r->pos.lines + 1,
	                                        r->pos.lines + s->lines, r->config->path, tz, r->zones);
	const struct afd_draft d = {
		.kind = AFD_ITEM_SEGMENT, .asked = asked, .media_type = MEDIA_TYPE, .bytes = bytes
	};

	if (!asked)
		return afd_fail_memory(err);
	if (keep->item(keep->ctx, &d, err) < 0)
		return -1;
	set_mark(&r->pos.tail, afd_slice_sub(bytes, bytes.len > MARK ? bytes.len - MARK : 0, MARK));
	r->pos.offset += bytes.len;
	r->pos.lines += s->lines;
	r->lines += s->lines;
	r->not_understood += s->not_understood;
	if (s->not_understood && note_unclear(r, bytes) < 0)
		return afd_fail_memory(err);
	r->no_time += s->no_time;
	if (r->first_ms == AFD_TIME_NONE)
		r->first_ms = s->first_ms;
	if (r->first_new_ms == AFD_TIME_NONE)
		r->first_new_ms = s->first_ms;
	return checkpoint(r, keep, err);
}

static int read_segment(struct log_run *r, const struct afd_response *a, struct afd_keeper *keep, struct afd_error *err)
{
	struct segment s;
	char reason[512];
	int64_t ahead = 0, until = a->received_ms;
	bool has_zone = r->config->timezone && read_zone(afd_slice_text(r->config->timezone), &ahead);
	bool newest = r->queue[r->at_queue] == LOG;
	bool at_end = r->pos.offset + a->body.len >= a->file_size;

	if (!same_id(a, &r->pos.file) || a->file_size < r->pos.offset) {
		if (r->probed_again)
			return stop_with_gap(r, a->received_ms, "the log was rotated again and again while it was read",
			                     keep, err);
		r->probed_again = true;
		r->probe = 0;
		r->step = PROBE_HEAD;
		return 0;
	}
	scan(r, a->body, ahead, has_zone, &s);
	if (s.local_line) {
		snprintf(reason, sizeof(reason),
		         "%.200s line %" PRIu64 ": the time is local and says no zone; write \"timezone: UTC\" or "
		         "\"timezone: +hh:mm\" into source %.100s, or print-time iso8601-utc into the log's channel",
		         r->config->path, s.local_line, r->c.name);
		return stop_with_gap(r, a->received_ms, reason, keep, err);
	}
	if (s.len == 0 && a->body.len >= AFD_MAX_LOG_SEGMENT) {
		snprintf(reason, sizeof(reason), "%.200s line %" PRIu64 ": longer than %u bytes", r->config->path,
		         r->pos.lines + 1, AFD_MAX_LOG_SEGMENT);
		return stop_with_gap(r, a->received_ms, reason, keep, err);
	}
	/* Don't cut an UPDATE in two: not where the segment ends, nor where named may still be writing. */
	bool writing = newest && at_end && s.last_ms != AFD_TIME_NONE && s.last_ms <= a->received_ms &&
	               a->received_ms - s.last_ms < STILL_WRITING;
	size_t safe = s.quiet_len ? s.quiet_len : s.other_len;
	if (writing)
		until = s.last_ms;
	if (writing || (!at_end && safe > 0))
		scan(r, afd_slice_sub(a->body, 0, safe), ahead, has_zone, &s);
	if (s.len > 0 && put_segment(r, afd_slice_sub(a->body, 0, s.len), &s, keep, err) < 0)
		return -1;
	if (keep->progress)
		keep->progress(keep->ctx, r->pos.offset, a->file_size, "bytes");
	if (!at_end && s.len > 0)
		return 0;
	if (newest)
		return finish(r, until, keep, err);
	start_file(r, &r->file[r->queue[++r->at_queue]]);
	return 0;
}

static int log_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep,
                    struct afd_error *err)
{
	struct log_run *r = state;
	bool old_name = (r->step == PROBE_HEAD || r->step == PROBE_TAIL) && probe_order[r->probe] != LOG;

	/* That there is no PATH.0 is an answer; that there is no PATH is none. */
	if (!a && !old_name)
		return stop_with_gap(r, afd_now(r->c.env), why ? why->text : "no answer", keep, err);
	if (r->step == PROBE_HEAD)
		probe_head(r, a);
	else if (r->step == PROBE_TAIL)
		probe_tail(r, a);
	else
		return read_segment(r, a, keep, err);
	return 0;
}

const struct afd_provider afd_provider_bind_update_log = {
	.kind = "bind-update-log",
	.leg = AFD_LEG_ZONE,
	.title = "BIND's log of dynamic updates",
	.help = "Reads the file that BIND writes for the categories update, update-security and security, from where "
	        "the last run stopped and through one or two rotations (PATH.0, PATH.1). Set print-time iso8601-utc; a "
	        "log with local times needs timezone. The log names the key of each update, the records it adds, and "
	        "owner and type of those it deletes.",
	.basis = "tested on a real server (BIND 9.18)",
	.evidence = "zone-claims",
	.lag_ms = AFD_MINUTE,
	.fields = fields,
	.config_size = sizeof(struct log_config),
	.scopes = log_scopes,
	.begin = log_begin,
	.next = log_next,
	.take = log_take,
	.end = log_end,
	.split = log_split,
	.decode = log_decode,
};
