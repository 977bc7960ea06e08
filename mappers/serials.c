/* Claims that give the step of the serial (Knot, PowerDNS, NSD): the pair says which effect it was, whatever else is told. */
#include "mappers/align.h"

enum { CHAIN_MOST = 4096 };

struct steps { uint32_t *at; size_t n; bool *gone; };      /* claims with serials, by serial_from, then in order */

static int by_serial(const void *a, const void *b, void *ctx)
{
	const struct afd_claim *claim = ctx, *x = &claim[*(const uint32_t *)a], *y = &claim[*(const uint32_t *)b];

	if (x->serial_from != y->serial_from)
		return x->serial_from < y->serial_from ? -1 : 1;
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

static size_t first_from(const struct afd_alignment *al, const struct steps *s, int64_t serial)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (al->claim[s->at[mid]].serial_from < serial)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* A step that names records names one of the effect's, if it is the whole effect. */
static bool agrees(const struct afd_alignment *al, const struct afd_effect *e, const struct afd_claim *c)
{
	bool whole = c->serial_from == e->serial_from && c->serial_to == e->serial_to;

	return afd_align_time_fits(e, c) && (!whole || !c->n || !e->n || afd_zone_share_key(al->z, e, c));
}

/* The claims that lead from the effect's first serial to its last, in FOUND; how many. Several of one step are a batch. */
static size_t chain(const struct afd_alignment *al, const struct steps *s, const struct afd_effect *e, uint32_t *found)
{
	int64_t serial = e->serial_from;
	size_t n = 0;

	for (size_t links = 0; serial != e->serial_to && links < CHAIN_MOST; links++) {
		int64_t next = -1;

		for (size_t k = first_from(al, s, serial); k < s->n && n < CHAIN_MOST && al->claim[s->at[k]].serial_from == serial; k++) {
			const struct afd_claim *c = &al->claim[s->at[k]];

			if (s->gone[s->at[k]] || !agrees(al, e, c) || c->serial_to == serial || (next >= 0 && c->serial_to != next))
				continue;
			next = c->serial_to;
			found[n++] = s->at[k];
		}
		if (next < 0)
			return 0;
		serial = next;
	}
	return serial == e->serial_to ? n : 0;
}

/* Who of several did what is not told. */
static bool many_people(const struct afd_alignment *al, const uint32_t *found, size_t n)
{
	for (size_t k = 1; k < n; k++)
		if (!al->claim[found[k]].who || al->claim[found[k]].who != al->claim[found[0]].who)
			return true;
	return false;
}

static int link_chain(struct afd_alignment *al, const struct steps *s, size_t i, const uint32_t *found, size_t n, struct afd_error *err)
{
	struct afd_span hull = { AFD_FOREVER, INT64_MIN };
	bool ambiguous = many_people(al, found, n);

	for (size_t k = 0; k < n; k++) {
		if (afd_align_link(al, i, found[k], AFD_RANK_SERIAL, ambiguous, err) < 0)
			return -1;
		s->gone[found[k]] = true;
		afd_span_widen(&hull, al->claim[found[k]].at);
	}
	al->open[i] = false;
	if (afd_claim_classes[al->now].most >= AFD_RANK_SERIAL)
		afd_align_narrow(al, i, hull, AFD_RANK_SERIAL);
	return 0;
}

static int find_steps(struct afd_alignment *al, struct steps *s, struct afd_error *err)
{
	s->at = afd_arena_alloc(&al->a, (al->n_claim + 1) * sizeof *s->at);
	s->gone = afd_arena_alloc(&al->a, al->n_claim + 1);
	if (!s->at || !s->gone)
		return afd_fail_memory(err);
	for (size_t j = 0; j < al->n_claim; j++)
		if (al->claim[j].serial_from >= 0 && al->claim[j].serial_to >= 0)
			s->at[s->n++] = (uint32_t)j;
	qsort_r(s->at, s->n, sizeof *s->at, by_serial, al->claim);
	return 0;
}

static int no_such_step(struct afd_alignment *al, const struct afd_claim *c, struct afd_error *err)
{
	return afd_inserts_row(&al->fates, err, "%lld,'without-effect','the log says serial %lld to %lld; no such step of the zone was seen'",
			       (long long)c->id, (long long)c->serial_from, (long long)c->serial_to);
}

/* What is left for the alignment by content: claims without a step, and those of zones that tell no serial. */
static int take_out(struct afd_alignment *al, const struct steps *s, bool told, struct afd_error *err)
{
	size_t left = 0;

	for (size_t j = 0; j < al->n_claim; j++) {
		bool step = al->claim[j].serial_from >= 0;

		if (!s->gone[j] && step && told && afd_claim_classes[al->now].done && !al->claim[j].unanswered &&
		    no_such_step(al, &al->claim[j], err) < 0)
			return -1;
		if (!s->gone[j] && (!step || !told))
			al->claim[left++] = al->claim[j];
	}
	al->n_claim = left;
	return 0;
}

int afd_align_serials(struct afd_alignment *al, struct afd_error *err)
{
	struct steps s = { 0 };
	bool told = false;

	if (find_steps(al, &s, err) < 0)
		return -1;
	uint32_t *found = s.n ? afd_arena_alloc(&al->a, CHAIN_MOST * sizeof *found) : NULL;
	if (s.n == 0)
		return 0;
	if (!found)
		return afd_fail_memory(err);
	for (size_t i = 0; i < al->n_effect; i++) {
		if (al->effect[i].serial_from < 0 || al->effect[i].serial_to < 0)
			continue;
		told = true;
		size_t n = chain(al, &s, &al->effect[i], found);
		if (n && link_chain(al, &s, i, found, n, err) < 0)
			return -1;
	}
	return take_out(al, &s, told, err);
}
