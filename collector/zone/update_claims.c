/* From lines to claims: the adjacent lines of one client, key and zone are one UPDATE. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/log_text.h"
#include "collector/tail.h"
#include "collector/zone/dns_rdata.h"
#include "collector/zone/update_line.h"

enum { NO_TEXT = -1, OPEN_MAX = 64 };             /* OPEN_MAX: zones that are updated at the same time */

struct claim_rr {
	int64_t owner, type, rdata;               /* offsets into text */
	bool add;
	uint64_t part;
	size_t next;                              /* 1 + index; 0: none */
};
struct claim {
	int64_t client, peer, key, zone;
	enum afd_update_what what;
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
static struct claim *open_claim(struct claims *c, const struct afd_update_line *l, struct afd_slice key,
                                const char *zone)
{
	for (size_t i = c->n, seen = 0; i > 0 && seen < OPEN_MAX; i--, seen++) {
		struct claim *g = &c->at[i - 1];
		if (g->what >= DENIED || !text_is(c, g->zone, afd_slice_text(zone)))
			continue;
		if (g->what >= FAILED || l->at < g->at.from || l->at - g->at.to >= AFD_UPDATE_GAP)
			return NULL;
		if (text_is(c, g->client, l->client) && text_is(c, g->peer, l->peer) && text_is(c, g->key, key))
			return g;
		return NULL;
	}
	return NULL;
}

static struct claim *new_claim(struct claims *c, const struct afd_update_line *l, struct afd_slice key,
                               const char *zone, uint64_t part)
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

/* Rdata that the log cut or that we cannot read is left out rather than guessed. */
static int add_record(struct claims *c, struct claim *g, const struct afd_update_line *l, uint64_t part)
{
	AFD_AUTO(buf) struct afd_buf rdata = { 0 };
	char owner[AFD_DNS_TEXT_MAX], text[16];
	uint16_t t = 0;
	struct claim_rr r = { .type = NO_TEXT, .rdata = NO_TEXT, .add = l->what == ADDING, .part = part };
	struct claim_rr *at = grow(c->rr, c->n_rr, &c->cap_rr, sizeof(*at));

	if (!at)
		return -1;
	c->rr = at;
	if (!afd_update_line_understood(l))
		return 0;
	afd_update_name(l->owner, owner);
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

static int add_line(struct claims *c, const struct afd_update_line *l, const char *zone, uint64_t part)
{
	char key[AFD_DNS_TEXT_MAX] = "";
	bool record = l->what >= ADDING && l->what <= DELETING_NAME;

	if (l->key.len && !afd_update_name(l->key, key))
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

static const char *outcome_of(enum afd_update_what w)
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

/* A bad signature names no zone: it is put to the only one that the log speaks for, else to the root, which stands for
 * none. (One claim for each zone would let any stranger write a thousand rows with one packet.) */
static const char *zone_of_bad_signature(const char *zones)
{
	return zones[0] && !strchr(zones, ' ') ? zones : ".";
}

int afd_update_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_slice left = item->bytes, bytes;
	struct claims c = { 0 };
	AFD_AUTO(tail_asked) struct afd_tail_asked asked = { 0 };
	struct afd_update_line l;
	char zone[AFD_DNS_TEXT_MAX];
	int r = afd_tail_asked_read(item->record->asked, "zones", &asked, err);

	for (uint64_t i = 0; r == 0 && afd_log_line(&left, &bytes); i++) {
		uint64_t part = item->parts.n > 1 ? i : 0;
		afd_update_line_read(bytes, asked.ahead, item->record->received_ms, &l);
		if (l.what == NOT_OURS || l.what == NOT_UNDERSTOOD || l.at == AFD_TIME_NONE ||
		    (l.local && !asked.has_zone))
			continue;
		if (l.what == BAD_SIGNATURE)
			r = add_line(&c, &l, zone_of_bad_signature(asked.scopes), part);
		else if (afd_update_name(l.zone, zone) && afd_tail_asked_has(&asked, zone))
			r = add_line(&c, &l, zone, part);
		if (r < 0)
			afd_fail_memory(err);
	}
	number_claims(&c);
	for (size_t i = 0; r == 0 && i < c.n; i++)
		r = emit_claim(&c, &c.at[i], sink, err);
	claims_release(&c);
	return r;
}

