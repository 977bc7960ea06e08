/* The alignment: order is kept, a claim explains at most one change, the most changes possible are explained; among
 * those, the fewest claims have done nothing. */
#include "mappers/align.h"

enum {
	RUN_DIFFERENCE = 8,  /* claims that a server may have merged into one step */
	RUN_COMPARISON = 64, /* claims between two whole transfers, beside "all that fit in time" */
	BLOCK_EFFECTS = 48,
	BLOCK_CLAIMS = 1024,
	MATCH = 1024,
	MERGED = 16, /* an explained effect; less for each delete that took nothing, and for a merged step */
	IDLE_MAX = 7,
};

/* --- one effect and a run of claims --- */

bool afd_align_time_fits(const struct afd_effect *e, const struct afd_claim *c)
{
	return c->at.from < e->at.to + AFD_CLOCK_SKEW && c->at.to > e->at.from - AFD_CLOCK_SKEW;
}

/* As many claims from J on as can lie in one run for effect I. */
static size_t run_limit(const struct afd_alignment *al, size_t i, size_t j)
{
	size_t n = 0, most = al->effect[i].comparison ? AFD_RUN_MOST : RUN_DIFFERENCE;

	while (n < most && j + n < al->n_claim && afd_align_time_fits(&al->effect[i], &al->claim[j + n]))
		n++;
	return n;
}

void afd_span_widen(struct afd_span *hull, struct afd_span by)
{
	if (by.from < hull->from)
		hull->from = by.from;
	if (by.to > hull->to)
		hull->to = by.to;
}

int afd_align_try(struct afd_alignment *al, size_t i, size_t j, size_t n, struct afd_match *ret, bool *ok,
		  struct afd_error *err)
{
	struct afd_fit f = { .contributes = al->scratch };

	*ok = false;
	if (afd_zone_fit(al->z, i, &al->effect[i], al->ref + j, n, &f, err) < 0)
		return -1;
	if (!f.fits || !f.n_contributes)
		return 0;
	*ok = true;
	*ret = (struct afd_match){.first = j,
				  .n = n,
				  .lo = j,
				  .hi = j + n,
				  .idle = f.idle < IDLE_MAX ? f.idle : IDLE_MAX,
				  .merged = n > 1 && !al->effect[i].comparison,
				  .exact = f.exact && f.n_contributes == 1,
				  .hull = {AFD_FOREVER, INT64_MIN}};
	ret->contributes = afd_arena_alloc(&al->a, n);
	if (!ret->contributes)
		return afd_fail_memory(err);
	memcpy(ret->contributes, f.contributes, n);
	for (size_t k = 0; k < n; k++)
		if (f.contributes[k])
			afd_span_widen(&ret->hull, al->claim[j + k].at);
	return 0;
}

/* A step of the server is explained by the shortest run; every claim that it merged did something. */
static int shortest_run(struct afd_alignment *al, size_t i, size_t j, size_t limit, struct afd_match *ret, bool *ok,
			struct afd_error *err)
{
	for (size_t n = 1; n <= limit && !*ok; n++) {
		if (afd_align_try(al, i, j, n, ret, ok, err) < 0)
			return -1;
		*ok = *ok && ret->contributes[0] && ret->contributes[n - 1];
	}
	return 0;
}

/* A comparison of two transfers is explained by all that was done before the later look, by the log's own clock; what
 * follows the last claim that left a trace may as well have come after it. */
static int longest_run(struct afd_alignment *al, size_t i, size_t j, size_t limit, struct afd_match *ret, bool *ok,
		       struct afd_error *err)
{
	size_t n = 0, inside, last;
	struct afd_match shorter;
	bool same = false;

	while (n < limit && al->claim[j + n].at.from < al->effect[i].at.to)
		n++;
	inside = n;
	for (; n > 0 && !*ok; n = n > RUN_COMPARISON ? RUN_COMPARISON : n - 1)
		if (afd_align_try(al, i, j, n, ret, ok, err) < 0)
			return -1;
	for (n = inside + 1; n <= limit && n <= inside + RUN_DIFFERENCE && !*ok; n++) /* the log's clock is ahead */
		if (afd_align_try(al, i, j, n, ret, ok, err) < 0)
			return -1;
	if (!*ok)
		return 0;
	for (last = ret->n; !ret->contributes[last - 1]; last--)
		;
	if (last == ret->n || afd_align_try(al, i, j, last, &shorter, &same, err) < 0)
		return last == ret->n ? 0 : -1;
	if (same && memcmp(shorter.contributes, ret->contributes, last) == 0)
		*ret = shorter;
	return 0;
}

/* What was logged before the earlier look is tried only where what came after it does not explain the change. */
static int longest_inside(struct afd_alignment *al, size_t i, size_t j, size_t limit, struct afd_match *ret, bool *ok,
			  struct afd_error *err)
{
	struct afd_match later;
	bool found = false;
	size_t skip = 0;

	while (skip < limit && al->claim[j + skip].at.to <= al->effect[i].at.from)
		skip++;
	if (skip && skip < limit && longest_run(al, i, j + skip, limit - skip, &later, &found, err) < 0)
		return -1;
	return found ? 0 : longest_run(al, i, j, limit, ret, ok, err);
}

static int best_run(struct afd_alignment *al, size_t i, size_t j, struct afd_match *ret, struct afd_error *err)
{
	const struct afd_effect *e = &al->effect[i];
	size_t all;
	bool ok = false;

	*ret = (struct afd_match){ 0 };
	if (!al->open[i] || !afd_zone_share_key(al->z, e, &al->claim[j]))
		return 0;
	all = run_limit(al, i, j);
	if (e->comparison && longest_inside(al, i, j, all, ret, &ok, err) < 0)
		return -1;
	if (!e->comparison && shortest_run(al, i, j, all, ret, &ok, err) < 0)
		return -1;
	if (!ok)
		*ret = (struct afd_match){ 0 };
	return 0;
}

int afd_align_pass_cost(struct afd_alignment *al, size_t i, size_t j, uint8_t *ret, struct afd_error *err)
{
	struct afd_fit f = { .contributes = al->scratch };

	*ret = 0;
	if (al->claim[j].unanswered)             /* nobody says that it did anything */
		return 0;
	if (afd_zone_fit(al->z, i, NULL, al->ref + j, 1, &f, err) < 0)
		return -1;
	*ret = !f.fits ? AFD_PASS_REAL : f.idle < IDLE_MAX ? (uint8_t)f.idle : IDLE_MAX;
	return 0;
}

/* --- two sequences --- */

/* Effects and claims from i0 and j0 on, side by side: at[x][y] is the run from claim y that explains effect x, or NULL;
 * passes[x][y] the cost of passing over claim y while effect x is to come; best[x][y] the score of what follows. */
struct block { size_t i0, j0, n, m; struct afd_match **at; int32_t *best; uint8_t *passes; bool any; };

static int32_t *cell(const struct block *b, size_t x, size_t y)
{
	return &b->best[x * (b->m + 1) + y];
}

static int32_t worth(const struct afd_match *m)
{
	return MATCH - (int32_t)m->idle - (m->merged ? MERGED : 0);
}

static void score_cell(struct block *b, size_t x, size_t y)
{
	const struct afd_match *m = b->at[x * b->m + y];
	int32_t v = *cell(b, x + 1, y), w = *cell(b, x, y + 1) - b->passes[x * b->m + y];

	if (w > v)
		v = w;
	if (m && worth(m) + *cell(b, x + 1, y + m->n) >= v)
		v = worth(m) + *cell(b, x + 1, y + m->n);
	*cell(b, x, y) = v > 0 ? v : 0;                  /* what follows the last match costs nothing */
}

static int make_block(struct afd_alignment *al, struct afd_arena *tmp, struct block *b, struct afd_error *err)
{
	struct afd_match m;

	if (b->n > BLOCK_EFFECTS)
		b->n = BLOCK_EFFECTS;
	if (b->m > BLOCK_CLAIMS)
		b->m = BLOCK_CLAIMS;
	b->at = afd_arena_alloc(tmp, (b->n * b->m + 1) * sizeof *b->at);
	if (!b->at)
		return afd_fail_memory(err);
	for (size_t x = 0; x < b->n; x++)
		for (size_t y = 0; y < b->m; y++) {
			struct afd_match **at = &b->at[x * b->m + y];

			if (best_run(al, b->i0 + x, b->j0 + y, &m, err) < 0)
				return -1;
			if (!m.n || y + m.n > b->m)
				continue;
			*at = afd_arena_alloc(tmp, sizeof m);
			if (!*at)
				return afd_fail_memory(err);
			**at = m;
			b->any = true;
		}
	return 0;
}

static int score_block(struct afd_alignment *al, struct afd_arena *tmp, struct block *b, struct afd_error *err)
{
	b->passes = afd_arena_alloc(tmp, b->n * b->m + 1);
	b->best = afd_arena_alloc(tmp, (b->n + 1) * (b->m + 1) * sizeof *b->best);
	if (!b->passes || !b->best)
		return afd_fail_memory(err);
	for (size_t x = b->n; x-- > 0;)
		for (size_t y = b->m; y-- > 0;) {
			uint8_t *cost = &b->passes[x * b->m + y];

			if (x + 1 < b->n && !afd_zone_share_key(al->z, &al->effect[b->i0 + x], &al->claim[b->j0 + y]))
				*cost = b->passes[(x + 1) * b->m + y]; /* the effect does not touch what it names */
			else if (afd_align_pass_cost(al, b->i0 + x, b->j0 + y, cost, err) < 0)
				return -1;
			score_cell(b, x, y);
		}
	return 0;
}

/* Aligns a block and keeps the matches of its first half (of all, if it holds the rest); *i and *j move behind them. */
static int align_block(struct afd_alignment *al, size_t *i, size_t *j, struct afd_error *err)
{
	AFD_AUTO(arena) struct afd_arena tmp = { 0 };
	struct block b = { .i0 = *i, .j0 = *j, .n = al->n_effect - *i, .m = al->n_claim - *j };
	size_t x = 0, y = 0, keep;

	if (make_block(al, &tmp, &b, err) < 0 || (b.any && score_block(al, &tmp, &b, err) < 0))
		return -1;
	keep = b.n == al->n_effect - *i && b.m == al->n_claim - *j ? b.n : (b.n + 1) / 2;
	while (b.any && x < keep && y < b.m && *cell(&b, x, y) > 0) {
		const struct afd_match *m = b.at[x * b.m + y];

		if (m && worth(m) + *cell(&b, x + 1, y + m->n) == *cell(&b, x, y)) {
			al->match[*i + x++] = *m;
			y += m->n;
		} else if (*cell(&b, x + 1, y) == *cell(&b, x, y)) {
			x++;
		} else {
			y++;
		}
	}
	*i += keep;                                      /* what was not matched here stays open */
	*j += y;
	return 0;
}

int afd_align(struct afd_alignment *al, struct afd_error *err)
{
	size_t i = 0, j = 0;

	while (i < al->n_effect && j < al->n_claim) {
		struct afd_match m;
		uint8_t cost;

		if (!al->open[i] || al->min_from[j] >= al->effect[i].at.to + AFD_CLOCK_SKEW) {
			i++;                             /* no records, or every claim left came later */
			continue;
		}
		if (al->claim[j].at.to <= al->effect[i].at.from - AFD_CLOCK_SKEW) {
			j++;                             /* too old for this effect and all that follow */
			continue;
		}
		if (best_run(al, i, j, &m, err) < 0)
			return -1;
		if (m.n && !m.idle && !m.merged) {       /* two heads that match belong to some best alignment */
			al->match[i++] = m;
			j += m.n;
			continue;
		}
		if (afd_align_pass_cost(al, i, j, &cost, err) < 0)
			return -1;
		if (!m.n && cost == 0)
			j++;
		else if (align_block(al, &i, &j, err) < 0)
			return -1;
	}
	for (i = 0; i < al->n_effect; i++)
		for (j = 0; j < al->match[i].n; j++)
			if (al->match[i].contributes[j])
				al->used[al->match[i].first + j] = true;
	return 0;
}
