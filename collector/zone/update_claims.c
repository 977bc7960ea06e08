/* From lines to claims: the adjacent lines of one client, key and zone are one UPDATE. */
#include "collector/log_text.h"
#include "collector/zone/claim_list.h"
#include "collector/zone/update_line.h"

enum { OPEN_MAX = 64 };                           /* zones that are updated at the same time */

/* What a claim came to, while its lines are read */
struct claims { struct afd_claim_list list; enum afd_update_what *what; size_t cap; };

/* The claim that L goes on with: its index, or SIZE_MAX. BIND works on one UPDATE of a zone at a time, so another client's
 * line ends it; so does the line that says how it failed. */
static size_t open_claim(const struct claims *c, const struct afd_update_line *l, struct afd_span at, struct afd_slice key, const char *zone)
{
	for (size_t i = c->list.n, seen = 0; i > 0 && seen < OPEN_MAX; i--, seen++) {
		const struct afd_claim_draft *g = &c->list.at[i - 1];
		if (c->what[i - 1] >= DENIED || !afd_claim_text_is(&c->list, g->zone, afd_slice_text(zone)))
			continue;
		if (c->what[i - 1] >= FAILED || at.from < g->at.from || at.from - g->at.to >= AFD_UPDATE_GAP)
			return SIZE_MAX;
		if (afd_claim_text_is(&c->list, g->tag, l->client) && afd_claim_text_is(&c->list, g->client, l->peer) &&
		    afd_claim_text_is(&c->list, g->credential, key))
			return i - 1;
		return SIZE_MAX;
	}
	return SIZE_MAX;
}

static size_t new_claim(struct claims *c, const struct afd_update_line *l, struct afd_span at, struct afd_slice key, const char *zone,
                        uint64_t part)
{
	struct afd_claim_list *list = &c->list;
	int64_t tag = AFD_NO_TEXT, name = AFD_NO_TEXT;

	if ((l->client.len && (tag = afd_claim_text(list, l->client)) == AFD_NO_TEXT) ||
	    (key.len && (name = afd_claim_text(list, key)) == AFD_NO_TEXT))
		return SIZE_MAX;
	struct afd_claim_draft *g = afd_claim_new(list, afd_slice_text(zone), l->peer, at, part);
	if (!g)
		return SIZE_MAX;
	g->tag = tag;
	*(l->what == BAD_SIGNATURE ? &g->claimed : &g->credential) = name;
	if (list->cap != c->cap) {
		enum afd_update_what *what = reallocarray(c->what, list->cap, sizeof(*what));
		if (!what)
			return SIZE_MAX;
		c->what = what;
		c->cap = list->cap;
	}
	return list->n - 1;
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

static int add_line(struct claims *c, const struct afd_update_line *l, struct afd_span at, const char *zone, uint64_t part)
{
	char key[AFD_DNS_TEXT_MAX] = "";
	bool record = l->what >= ADDING && l->what <= DELETING_NAME;

	if (l->key.len && !afd_log_name(l->key, key))
		return 0;
	size_t g = l->what >= DENIED ? SIZE_MAX : open_claim(c, l, at, afd_slice_text(key), zone);
	if (g == SIZE_MAX) {
		g = new_claim(c, l, at, afd_slice_text(key), zone, part);
		if (g == SIZE_MAX)
			return -1;
		c->what[g] = l->what;
	}
	struct afd_claim_draft *d = &c->list.at[g];
	if (at.to > d->at.to)
		d->at.to = at.to;
	if (!record)
		c->what[g] = l->what;         /* the last word: an UPDATE that failed did nothing */
	d->outcome = outcome_of(c->what[g]);
	if (!record || !afd_update_line_understood(l))
		return 0;
	return afd_claim_record(&c->list, g, l->owner, l->type, l->what == ADDING ? l->rdata : afd_slice(NULL, 0), l->what == ADDING, part);
}

/* A bad signature names no zone: it is put to the only one that the log speaks for, else to the root, which stands for
 * none. (One claim for each zone would let any stranger write a thousand rows with one packet.) */
static const char *zone_of_bad_signature(const char *zones)
{
	return zones[0] && !strchr(zones, ' ') ? zones : ".";
}

/* A line without a time was written since the last look, by a clock that we do not see: it is never known well enough to be more than
 * weakly tied to a change. Without a look before, nothing is known. */
#define NO_TIME_WIDTH (11 * AFD_MINUTE)

static bool time_of(const struct afd_update_line *l, const struct afd_tail_asked *asked, int64_t received, struct afd_span *ret)
{
	if (l->at != AFD_TIME_NONE) {
		*ret = afd_instant(l->at);
		return !l->local || asked->has_zone;
	}
	*ret = (struct afd_span){ asked->since, received + 1 };
	if (ret->from > received - NO_TIME_WIDTH)
		ret->from = received - NO_TIME_WIDTH;
	return asked->since != AFD_TIME_NONE && asked->since <= received;
}

int afd_update_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_slice left = item->bytes, bytes;
	struct claims c = { 0 };
	AFD_AUTO(tail_asked) struct afd_tail_asked asked = { 0 };
	struct afd_update_line l;
	struct afd_span at;
	char zone[AFD_DNS_TEXT_MAX];
	int r = afd_tail_asked_read(item->record->asked, "zones", &asked, err);

	for (uint64_t i = 0; r == 0 && afd_log_line(&left, &bytes); i++) {
		uint64_t part = item->parts.n > 1 ? i : 0;
		afd_update_line_read(bytes, asked.ahead, item->record->received_ms, &l);
		if (l.what == NOT_OURS || l.what == NOT_UNDERSTOOD || !time_of(&l, &asked, item->record->received_ms, &at))
			continue;
		if (l.what == BAD_SIGNATURE)
			r = add_line(&c, &l, at, zone_of_bad_signature(asked.scopes), part);
		else if (afd_log_name(l.zone, zone) && afd_tail_asked_has(&asked, zone))
			r = add_line(&c, &l, at, zone, part);
		if (r < 0)
			afd_fail_memory(err);
	}
	if (r == 0)
		r = afd_claim_list_tell(&c.list, sink, err);
	afd_claim_list_release(&c.list);
	free(c.what);
	return r;
}
