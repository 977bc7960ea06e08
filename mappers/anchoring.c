/* What time-stamps over heads of the ledger say about its items: since when, at the latest, each existed. */
#include "mappers/judge.h"

static int one_number(struct afd_query *q, int64_t *ret, struct afd_error *err)
{
	int r = afd_query_step(q, err);

	if (r > 0 && !afd_query_is_null(q, 0))
		*ret = afd_query_int(q, 0);
	return r < 0 ? -1 : 0;
}

/* A token counts if it is over a head of this very ledger: a pure function of the leaves. */
static int counts(struct afd_store *s, uint64_t size, const char *root, uint64_t head_size, bool *ret, struct afd_error *err)
{
	struct afd_digest d;

	*ret = false;
	if (size == 0 || size > head_size)
		return 0;
	if (afd_store_root(s, size, &d, err) < 0)
		return -1;
	*ret = root && strcmp(afd_digest_hex(&d).s, root) == 0;
	return 0;
}

/* Of the items [FROM, TO), first covered by a token of TIME, the one that waited longest. */
static int delay(struct afd_store *s, uint64_t from, uint64_t to, int64_t time_ms, struct afd_anchoring *a, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int64_t first = time_ms;

	if (afd_query_open(s, "SELECT MIN(received_ms) FROM item_note WHERE leaf >= :from AND leaf < :to AND lost < 2", &q, err) < 0 ||
	    afd_query_bind_int(q, "from", (int64_t)from, err) < 0 || afd_query_bind_int(q, "to", (int64_t)to, err) < 0 ||
	    one_number(q, &first, err) < 0)
		return -1;
	if (time_ms - first > a->longest_delay_ms)
		a->longest_delay_ms = time_ms - first;
	return 0;
}

static int add_authority(struct afd_arena *arena, struct afd_anchoring *a, const char *name, struct afd_error *err)
{
	const char **p;
	size_t at = 0;

	while (at < a->n_authority && strcmp(a->authority[at], name) < 0)
		at++;
	if (at < a->n_authority && strcmp(a->authority[at], name) == 0)
		return 0;
	p = AFD_PUSH(arena, a->authority, a->n_authority);
	if (!p)
		return afd_fail_memory(err);
	memmove(&a->authority[at + 1], &a->authority[at], (a->n_authority - 1 - at) * sizeof(*p));
	a->authority[at] = afd_arena_text(arena, name);
	return a->authority[at] ? 0 : afd_fail_memory(err);
}

/* Largest head first: an item's time is the earliest of the tokens over any head that covers it. */
static int read_tokens(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *as, struct afd_error *err)
{
	struct afd_anchoring *a = &as->anchoring;
	AFD_AUTO(query) struct afd_query *q = NULL;
	uint64_t upper = 0;
	int64_t earliest = AFD_TIME_NONE;
	int r;

	if (afd_query_open(s, "SELECT size, root, time_ms, authority FROM anchor WHERE time_ms IS NOT NULL"
	                      " ORDER BY size DESC, time_ms, leaf", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		uint64_t size = (uint64_t)afd_query_int(q, 0);
		int64_t t = afd_query_int(q, 2);
		bool ours;

		if (counts(s, size, afd_query_text(q, 1), as->head_size, &ours, err) < 0)
			return -1;
		if (!ours)
			continue;
		if (add_authority(arena, a, afd_query_text(q, 3), err) < 0)
			return -1;
		a->tokens++;
		if (a->newest_ms == AFD_TIME_NONE) {
			a->covered = size;
			a->newest_ms = t;
		} else if (size < upper && delay(s, size, upper, earliest, a, err) < 0) {
			return -1;
		}
		if (earliest == AFD_TIME_NONE || t < earliest)
			earliest = t;
		upper = size;
	}
	return r < 0 || (upper && delay(s, 0, upper, earliest, a, err) < 0) ? -1 : 0;
}

static int count(struct afd_store *s, const char *sql, uint64_t from, uint64_t *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int64_t n = 0;

	if (afd_query_open(s, sql, &q, err) < 0 || afd_query_bind_int(q, "from", (int64_t)from, err) < 0 || one_number(q, &n, err) < 0)
		return -1;
	*ret = (uint64_t)n;
	return 0;
}

int afd_assess_anchoring(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *as, struct afd_error *err)
{
	struct afd_anchoring *a = &as->anchoring;

	a->newest_ms = AFD_TIME_NONE;
	if (read_tokens(s, arena, as, err) < 0)
		return -1;
	/* The tokens' own items wait for the next head, always. */
	return count(s, "SELECT COUNT(*) FROM item_note WHERE leaf >= :from AND decoder <> 'timestamp'", a->covered, &a->open, err) < 0 ||
	       count(s, "SELECT COUNT(*) FROM anchor WHERE time_ms IS NULL", 0, &a->failed, err) < 0 ? -1 : 0;
}
