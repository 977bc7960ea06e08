/* Where an alignment could be otherwise, and what it leaves over. */
#include "mappers/align.h"

enum { NEIGHBOURS = 256 }; /* entries of other logs that are looked at on each side */

/* What one log says before another one says it need not have been before it: each has its own clock. */
static bool order_unknown(const struct afd_claim *a, const struct afd_claim *b)
{
	return a->source != b->source && a->at.from < b->at.to + AFD_CLOCK_SKEW && b->at.from < a->at.to + AFD_CLOCK_SKEW;
}

static bool same_person(const struct afd_claim *a, const struct afd_claim *b)
{
	return a->who && a->who == b->who;
}

/* Would effect I be explained as well by claim K alone, and its own claim J have done nothing? It is enough that nobody
 * need have done nothing who must have done something: a log that does not say what was deleted cannot decide. Two logs
 * with overlapping times say nothing of the order. */
static int could_be_other(struct afd_alignment *al, size_t i, size_t j, size_t k, bool *ret, struct afd_error *err)
{
	struct afd_match other;
	uint8_t now, then;

	*ret = false;
	if (!afd_align_time_fits(&al->effect[i], &al->claim[k]) ||
	    !afd_zone_share_key(al->z, &al->effect[i], &al->claim[k]))
		return 0;
	if (afd_align_try(al, i, k, 1, &other, ret, err) < 0)
		return -1;
	if (!*ret || order_unknown(&al->claim[j], &al->claim[k]))
		return 0;
	if (afd_align_pass_cost(al, k < j ? i : i + 1, k, &now, err) < 0 ||
	    afd_align_pass_cost(al, k < j ? i + 1 : i, j, &then, err) < 0)
		return -1;
	*ret = then < now + AFD_PASS_REAL;
	return 0;
}

static int rival_claim(struct afd_alignment *al, size_t i, size_t k, struct afd_error *err)
{
	struct afd_match *m = &al->match[i];
	bool other;

	if (al->used[k])
		return 0;
	if (could_be_other(al, i, m->first, k, &other, err) < 0)
		return -1;
	if (!other)
		return 0;
	afd_span_widen(&m->hull, al->claim[k].at);
	if (k < m->lo)
		m->lo = k;
	if (k >= m->hi)
		m->hi = k + 1;
	if (same_person(&al->claim[m->first], &al->claim[k]))          /* which of the two does not matter for who */
		return 0;
	m->ambiguous = al->used[k] = true;
	return afd_align_link(al, i, k, m->exact ? AFD_RANK_EXACT : AFD_RANK_STRONG, true, err);
}

/* Most changes may be nobody's: who walked from each to its neighbours would walk the whole zone again and again. */
static int find_neighbours(struct afd_alignment *al, struct afd_error *err)
{
	size_t near = SIZE_MAX;

	al->beside = afd_arena_alloc(&al->a, (al->n_effect + 1) * sizeof *al->beside);
	if (!al->beside)
		return afd_fail_memory(err);
	for (size_t i = 0; i < al->n_effect; i++) {
		al->beside[i].before = near;
		near = al->match[i].n ? i : near;
	}
	near = SIZE_MAX;
	for (size_t i = al->n_effect; i-- > 0;) {
		al->beside[i].behind = near;
		near = al->match[i].n ? i : near;
	}
	return 0;
}

/* Claims between those of the neighbours that were explained, at their widest. */
static void order_window(const struct afd_alignment *al, size_t i, size_t *from, size_t *to)
{
	const struct afd_beside *b = &al->beside[i];

	*from = b->before == SIZE_MAX ? 0 : al->match[b->before].lo + 1;
	*to = b->behind == SIZE_MAX ? al->n_claim : al->match[b->behind].hi - 1;
}

/* Claims that explain nothing yet, between those of the neighbours, or beside ours in another log. */
static int rival_claims(struct afd_alignment *al, size_t i, struct afd_error *err)
{
	size_t j = al->match[i].first, from, to;
	const struct afd_claim *c = &al->claim[j];
	const int64_t skew = al->many_logs ? AFD_CLOCK_SKEW : 0;

	if (al->match[i].n != 1)
		return 0;
	order_window(al, i, &from, &to);
	for (size_t k = j; k-- > 0 && (k >= from || (j - k <= NEIGHBOURS && al->claim[k].at.to > c->at.from - skew));)
		if ((k >= from || order_unknown(&al->claim[k], c)) && rival_claim(al, i, k, err) < 0)
			return -1;
	for (size_t k = j + 1; k < al->n_claim && (k < to || (k - j <= NEIGHBOURS && al->min_from[k] < c->at.to + skew)); k++)
		if ((k < to || order_unknown(&al->claim[k], c)) && rival_claim(al, i, k, err) < 0)
			return -1;
	return 0;
}

static bool inside(const struct afd_effect *e, const struct afd_claim *c)
{
	return c->at.from < e->at.to && c->at.to > e->at.from;
}

/* The claim would explain an effect beside it as well, which nothing else explains, and time does not decide. */
static int rival_effects(struct afd_alignment *al, size_t i, struct afd_error *err)
{
	struct afd_match *m = &al->match[i], other;
	const struct afd_claim *c = &al->claim[m->first];

	for (int forward = 0; forward < 2 && m->n == 1; forward++)
		for (size_t k = forward ? i + 1 : i - 1; k < al->n_effect && al->match[k].n == 0;
		     k += forward ? 1 : SIZE_MAX) {
			bool ok = false;

			if (!afd_align_time_fits(&al->effect[k], c))
				break;
			if (al->open[k] && (inside(&al->effect[k], c) || !inside(&al->effect[i], c)) &&
			    afd_align_try(al, k, m->first, 1, &other, &ok, err) < 0)
				return -1;
			if (ok)
				m->ambiguous = true;
		}
	return 0;
}

int afd_align_doubts(struct afd_alignment *al, struct afd_error *err)
{
	if (find_neighbours(al, err) < 0)
		return -1;
	for (size_t i = 0; i < al->n_effect; i++)
		if (al->match[i].n && rival_claims(al, i, err) < 0)
			return -1;
	for (size_t i = al->n_effect; i-- > 0;) /* once more from the other end: doubt about one opens its neighbours */
		if (al->match[i].n && (rival_claims(al, i, err) < 0 || rival_effects(al, i, err) < 0))
			return -1;
	return 0;
}

/* --- what is left over --- */

static bool weak_candidate(const struct afd_alignment *al, size_t i, size_t j)
{
	return !al->used[j] && afd_align_time_fits(&al->effect[i], &al->claim[j]) &&
	       (!al->claim[j].n || afd_zone_share_key(al->z, &al->effect[i], &al->claim[j]));
}

/* The first claim that can reach beyond T. */
static size_t first_near(const struct afd_alignment *al, int64_t t)
{
	size_t lo = 0, hi = al->n_claim;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (al->claim[mid].at.to <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int afd_align_leftovers(struct afd_alignment *al, struct afd_error *err)
{
	size_t last = 0;

	for (size_t i = 0; i < al->n_effect; i++) {
		size_t from, to, n = 0, first = 0, rivals = 0;

		if (al->match[i].n || !al->open[i])
			continue;
		size_t near = first_near(al, al->effect[i].at.from - AFD_CLOCK_SKEW);

		if (near == al->n_claim || al->min_from[near] >= al->effect[i].at.to + AFD_CLOCK_SKEW)
			continue;
		order_window(al, i, &from, &to);
		if (from < last)
			from = last;
		if (from < near)
			from = near;
		for (size_t j = from; j < to && j - from < AFD_RUN_MOST && n < 2 &&
				      al->min_from[j] < al->effect[i].at.to + AFD_CLOCK_SKEW;
		     j++)
			if (weak_candidate(al, i, j) && n++ == 0)
				first = j;
		if (!n)
			continue;
		for (size_t k = i + 1; k < al->n_effect && !rivals && !al->match[k].n &&
				       afd_align_time_fits(&al->effect[k], &al->claim[first]);
		     k++)
			rivals += al->open[k] && weak_candidate(al, k, first);
		if (afd_align_link(al, i, first, AFD_RANK_WEAK, n > 1 || rivals > 0, err) < 0)
			return -1;
		al->used[first] = true;
		last = first + 1;
	}
	return 0;
}
