/* What became of claims that explain no change: they could do nothing, others undid them before anybody looked, or they should have
 * left a trace and did not. */
#include "mappers/align.h"

enum { GROUP_MOST = 256 };

static bool share_record(const struct afd_claim *a, const struct afd_claim *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (a->rr[i].key == b->rr[k].key || (a->rr[i].key | b->rr[k].key) & AFD_KEY_ALL_TYPES)
				return true;
	return false;
}

/* The effects that were over when claim J was logged: those that earlier claims explain, and by the clock. */
static size_t before_claim(const struct afd_alignment *al, size_t j, size_t from)
{
	size_t i = from;

	for (; i < al->n_effect; i++) {
		if (al->match[i].n ? al->match[i].first + al->match[i].n > j : al->effect[i].at.to > al->claim[j].at.from)
			break;
	}
	return i;
}

/* Do the unused claims around J, that name what it names, leave everything as it was, and one of them by itself would not? */
static int undone(struct afd_alignment *al, size_t i, size_t j, const size_t *at, bool *ret, struct afd_error *err)
{
	const struct afd_claim *run[GROUP_MOST];
	bool contributes[GROUP_MOST];
	struct afd_fit f = { .contributes = contributes };
	size_t from = j, n = 0;
	uint8_t cost;
	bool moved = false;

	*ret = false;
	while (from > 0 && at[from - 1] == i && j - from < GROUP_MOST / 2)
		from--;
	for (size_t k = from; k < al->n_claim && at[k] == i && n < GROUP_MOST && k < j + GROUP_MOST / 2; k++)
		if (!al->used[k] && (k == j || share_record(&al->claim[j], &al->claim[k]))) {
			run[n++] = &al->claim[k];
			if (!moved && afd_align_pass_cost(al, i, k, &cost, err) < 0)
				return -1;
			moved = moved || cost > 0;
		}
	if (n < 2 || !moved)
		return 0;
	if (afd_zone_fit(al->z, i, NULL, run, n, &f, err) < 0)
		return -1;
	*ret = f.fits;
	return 0;
}

static bool inside_comparison(const struct afd_alignment *al, size_t i, size_t j)
{
	const struct afd_match *m = i < al->n_effect ? &al->match[i] : NULL;

	return m && m->n && al->effect[i].comparison && j >= m->first && j < m->first + m->n;
}

static int fate_of(struct afd_alignment *al, size_t i, size_t j, const size_t *at, struct afd_error *err)
{
	const char *fate = "without-effect", *reason = "the zone does not show what it says";
	uint8_t cost;
	bool cancelled = false;

	if (afd_align_pass_cost(al, i, j, &cost, err) < 0 || undone(al, i, j, at, &cancelled, err) < 0)
		return -1;
	cancelled = cancelled || (cost > 0 && inside_comparison(al, i, j));
	if (cost == 0 && !cancelled) {
		fate = "idle";
		reason = "what it names was there already, or was not there to be deleted";
	} else if (cancelled) {
		fate = "cancelled";
		reason = "what it did was undone again before anybody looked";
	}
	return afd_inserts_row(&al->fates, err, "%lld,'%s','%s'", (long long)al->claim[j].id, fate, reason);
}

int afd_align_fates(struct afd_alignment *al, struct afd_error *err)
{
	size_t *at = afd_arena_alloc(&al->a, (al->n_claim + 1) * sizeof *at), i = 0;

	if (!at)
		return afd_fail_memory(err);
	for (size_t j = 0; j < al->n_claim; j++)
		at[j] = i = before_claim(al, j, i);
	for (size_t j = 0; j < al->n_claim; j++)
		if (!al->used[j] && al->claim[j].n && !al->claim[j].unanswered && fate_of(al, at[j], j, at, err) < 0)
			return -1;
	return 0;
}
