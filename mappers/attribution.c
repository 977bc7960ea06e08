/* Which claim explains which change (docs/design.md 5). Per zone the two sequences are aligned like the lines of two files: order is kept, a claim explains at most one change, the most changes possible are explained.
 * What is left over on both sides and shares an owner at a fitting time is tied weakly. */
#include "mappers/fit.h"
#include "mappers/judge.h"

/* Clocks of a log and of ours may differ by this much. */
#define CLOCK_SKEW (10 * AFD_MINUTE)

enum {
	RUN_DIFFERENCE = 8,      /* claims that a server may have merged into one step */
	RUN_COMPARISON = 64,     /* claims between two whole transfers, beside "all that fit in time" */
	BLOCK_EFFECTS = 48, BLOCK_CLAIMS = 192,
	MATCH = 1024, MERGED = 16,   /* an explained effect; less for each delete that took nothing, and for a merged step */
	IDLE_MAX = 7, PASS_REAL = 8, /* passing over a claim costs its idle deletes, or this if it must have done something */
	RANK_WEAK = 1, RANK_STRONG = 3, RANK_EXACT = 4,
};

/* Claims of an effect; n 0: none. lo to hi, and their time hull, hold the other claims too that would do as well. */
struct match { size_t first, n, lo, hi; unsigned idle; bool exact, merged, ambiguous, *contributes; struct afd_span hull; };

struct alignment {
	struct afd_store *s;
	struct afd_arena a;                       /* one zone */
	struct afd_zone_text *z;
	struct afd_claim *claim; size_t n_claim;
	const struct afd_claim **ref;             /* the same, as runs want them */
	struct afd_effect *effect; size_t n_effect;
	struct match *match;                      /* of each effect */
	bool *used;                               /* claims that explain something */
	bool *scratch;
	struct afd_inserts links, times;
};

/* --- reading --- */

static const char claim_sql[] =
	"SELECT c.id, c.source, c.t_from, c.t_to, r.owner, r.type, r.op, r.rdata, c.credential FROM claim c"
	" LEFT JOIN claim_record r ON r.claim_id = c.id"
	" WHERE c.zone = :zone AND c.outcome = 'applied'"
	" ORDER BY c.t_from, c.t_to, c.source, c.leaf, c.part, c.id, r.id";
static const char change_sql[] =
	"SELECT c.id, c.t_from, c.t_to, c.kind, r.owner, r.type, r.op, r.rdata FROM change c"
	" LEFT JOIN change_record r ON r.change_id = c.id"
	" WHERE c.zone = :zone ORDER BY c.id, r.id";
/* Only what is ever touched needs to be known. */
static const char start_sql[] =
	"SELECT r.owner, r.type, r.rdata FROM record r WHERE r.zone = :zone AND r.at_start = 1"
	" AND r.owner IN (SELECT owner FROM claim_record WHERE zone = :zone UNION SELECT owner FROM change_record WHERE zone = :zone)"
	" ORDER BY r.id";

/* What a signer writes by itself never stands in an effect, so it must not be looked for in a claim either. */
static bool is_noise(const char *type)
{
	static const char *const noise[] = { "NSEC", "NSEC3", "NSEC3PARAM", "RRSIG", "SOA", "ZONEMD" };

	for (size_t i = 0; type && i < AFD_COUNT(noise); i++)
		if (strcmp(noise[i], type) == 0)
			return true;
	return false;
}

static int read_rr(struct alignment *al, struct afd_query *q, int column, struct afd_zone_rr **rr, size_t *n, struct afd_error *err)
{
	const char *owner = afd_query_text(q, column), *type = afd_query_text(q, column + 1);
	struct afd_zone_rr v = { 0 }, *p;

	if (!owner || is_noise(type))
		return 0;
	v.key = afd_zone_key(al->z, owner, type);
	v.add = strcmp(afd_query_text(q, column + 2), "add") == 0;
	v.rdata = afd_zone_rdata(al->z, afd_query_text(q, column + 3));
	p = AFD_PUSH(&al->a, *rr, *n);
	if (!p || !v.key || v.rdata == UINT32_MAX)
		return afd_fail_memory(err);
	*p = v;
	return 0;
}

static int read_claims(struct alignment *al, const char *zone, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	AFD_AUTO(buf) struct afd_buf source = { 0 };
	struct afd_claim *c = NULL;
	uint32_t source_no = 0;
	int r;

	if (afd_query_open(al->s, claim_sql, &q, err) < 0 || afd_query_bind_text(q, "zone", zone, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		if (!c || c->id != afd_query_int(q, 0)) {
			const char *name = afd_query_text(q, 1);

			c = AFD_PUSH(&al->a, al->claim, al->n_claim);
			if (!c)
				return afd_fail_memory(err);
			if (!source.data || strcmp((const char *)source.data, name) != 0) {
				source.len = 0;
				source_no = (uint32_t)afd_zone_rdata(al->z, name);   /* any number that stands for the name */
				if (afd_buf_text(&source, name) < 0 || source_no == UINT32_MAX)
					return afd_fail_memory(err);
			}
			*c = (struct afd_claim){ .id = afd_query_int(q, 0), .source = source_no,
				.who = afd_zone_rdata(al->z, afd_query_text(q, 8)), .at = { afd_query_int(q, 2), afd_query_int(q, 3) } };
			if (c->who == UINT32_MAX)
				return afd_fail_memory(err);
		}
		if (read_rr(al, q, 4, &c->rr, &c->n, err) < 0)
			return -1;
	}
	return r;
}

static int read_effects(struct alignment *al, const char *zone, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_effect *e = NULL;
	int r;

	al->effect = NULL;
	al->n_effect = 0;
	if (afd_query_open(al->s, change_sql, &q, err) < 0 || afd_query_bind_text(q, "zone", zone, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		if (!e || e->id != afd_query_int(q, 0)) {
			e = AFD_PUSH(&al->a, al->effect, al->n_effect);
			if (!e)
				return afd_fail_memory(err);
			*e = (struct afd_effect){ .id = afd_query_int(q, 0), .at = { afd_query_int(q, 1), afd_query_int(q, 2) },
				.comparison = strcmp(afd_query_text(q, 3), "comparison") == 0 };
		}
		if (read_rr(al, q, 4, &e->rr, &e->n, err) < 0)
			return -1;
	}
	return r;
}

static int read_start(struct alignment *al, const char *zone, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(al->s, start_sql, &q, err) < 0 || afd_query_bind_text(q, "zone", zone, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		uint32_t key = afd_zone_key(al->z, afd_query_text(q, 0), afd_query_text(q, 1));
		uint32_t rdata = afd_zone_rdata(al->z, afd_query_text(q, 2));

		if (!key || rdata == UINT32_MAX)
			return afd_fail_memory(err);
		if (afd_zone_has(al->z, key, rdata, err) < 0)
			return -1;
	}
	return r;
}

/* --- one effect and a run of claims --- */

static bool time_fits(const struct afd_effect *e, const struct afd_claim *c)
{
	return c->at.from < e->at.to + CLOCK_SKEW && c->at.to > e->at.from - CLOCK_SKEW;
}

/* As many claims from J on as can lie in one run for effect I. */
static size_t run_limit(const struct alignment *al, size_t i, size_t j)
{
	size_t n = 0;

	while (j + n < al->n_claim && time_fits(&al->effect[i], &al->claim[j + n]))
		n++;
	return n;
}

static void widen(struct afd_span *hull, struct afd_span by)
{
	if (by.from < hull->from)
		hull->from = by.from;
	if (by.to > hull->to)
		hull->to = by.to;
}

static int try_run(struct alignment *al, size_t i, size_t j, size_t n, struct match *ret, bool *ok, struct afd_error *err)
{
	struct afd_fit f = { .contributes = al->scratch };

	*ok = false;
	if (afd_zone_fit(al->z, i, &al->effect[i], al->ref + j, n, &f, err) < 0)
		return -1;
	if (!f.fits || !f.n_contributes)
		return 0;
	*ok = true;
	*ret = (struct match){ .first = j, .n = n, .lo = j, .hi = j + n, .idle = f.idle < IDLE_MAX ? f.idle : IDLE_MAX, .merged = n > 1 && !al->effect[i].comparison,
		.exact = f.exact && f.n_contributes == 1, .hull = { AFD_FOREVER, INT64_MIN } };
	ret->contributes = afd_arena_alloc(&al->a, n);
	if (!ret->contributes)
		return afd_fail_memory(err);
	memcpy(ret->contributes, f.contributes, n);
	for (size_t k = 0; k < n; k++)
		if (f.contributes[k])
			widen(&ret->hull, al->claim[j + k].at);
	return 0;
}

/* A step of the server is explained by the shortest run; every claim that it merged did something. */
static int shortest_run(struct alignment *al, size_t i, size_t j, size_t limit, struct match *ret, bool *ok, struct afd_error *err)
{
	for (size_t n = 1; n <= limit && !*ok; n++) {
		if (try_run(al, i, j, n, ret, ok, err) < 0)
			return -1;
		*ok = *ok && ret->contributes[0] && ret->contributes[n - 1];
	}
	return 0;
}

/* A comparison of two transfers is explained by all that was done before the later look, by the log's own clock; what
 * follows the last claim that left a trace may as well have come after it. */
static int longest_run(struct alignment *al, size_t i, size_t j, size_t limit, struct match *ret, bool *ok, struct afd_error *err)
{
	size_t n = 0, inside, last;
	struct match shorter;
	bool same = false;

	while (n < limit && al->claim[j + n].at.from < al->effect[i].at.to)
		n++;
	inside = n;
	for (; n > 0 && !*ok; n = n > RUN_COMPARISON ? RUN_COMPARISON : n - 1)
		if (try_run(al, i, j, n, ret, ok, err) < 0)
			return -1;
	for (n = inside + 1; n <= limit && n <= inside + RUN_DIFFERENCE && !*ok; n++)      /* the log's clock is ahead */
		if (try_run(al, i, j, n, ret, ok, err) < 0)
			return -1;
	if (!*ok)
		return 0;
	for (last = ret->n; !ret->contributes[last - 1]; last--)
		;
	if (last == ret->n || try_run(al, i, j, last, &shorter, &same, err) < 0)
		return last == ret->n ? 0 : -1;
	if (same && memcmp(shorter.contributes, ret->contributes, last) == 0)
		*ret = shorter;
	return 0;
}

/* What was logged before the earlier look is tried only where what came after it does not explain the change. */
static int longest_inside(struct alignment *al, size_t i, size_t j, size_t limit, struct match *ret, bool *ok, struct afd_error *err)
{
	struct match later;
	bool found = false;
	size_t skip = 0;

	while (skip < limit && al->claim[j + skip].at.to <= al->effect[i].at.from)
		skip++;
	if (skip && skip < limit && longest_run(al, i, j + skip, limit - skip, &later, &found, err) < 0)
		return -1;
	return found ? 0 : longest_run(al, i, j, limit, ret, ok, err);
}

static int best_run(struct alignment *al, size_t i, size_t j, struct match *ret, struct afd_error *err)
{
	const struct afd_effect *e = &al->effect[i];
	size_t all = run_limit(al, i, j);
	bool ok = false;

	*ret = (struct match){ 0 };
	if (!e->n || !all || !afd_zone_share_key(al->z, e, &al->claim[j]))
		return 0;
	if (e->comparison && longest_inside(al, i, j, all, ret, &ok, err) < 0)
		return -1;
	if (!e->comparison && shortest_run(al, i, j, all < RUN_DIFFERENCE ? all : RUN_DIFFERENCE, ret, &ok, err) < 0)
		return -1;
	if (!ok)
		*ret = (struct match){ 0 };
	return 0;
}

/* What it costs to say that claim J did nothing when effect I was still to come: 0 if it cannot have done anything. */
static int pass_cost(struct alignment *al, size_t i, size_t j, uint8_t *ret, struct afd_error *err)
{
	struct afd_fit f = { .contributes = al->scratch };

	if (afd_zone_fit(al->z, i, NULL, al->ref + j, 1, &f, err) < 0)
		return -1;
	*ret = !f.fits ? PASS_REAL : f.idle < IDLE_MAX ? (uint8_t)f.idle : IDLE_MAX;
	return 0;
}

/* --- two sequences --- */

struct block { size_t i0, j0, n, m; struct match *at; int32_t *best; uint8_t *passes; };

static int32_t *cell(const struct block *b, size_t i, size_t j)
{
	return &b->best[i * (b->m + 1) + j];
}

static int32_t worth(const struct match *m)
{
	return MATCH - (int32_t)m->idle - (m->merged ? MERGED : 0);
}

static void score_cell(struct block *b, size_t i, size_t j)
{
	const struct match *m = &b->at[i * b->m + j];
	int32_t v = *cell(b, i + 1, j), w = *cell(b, i, j + 1) - b->passes[i * b->m + j];

	if (w > v)
		v = w;
	if (m->n && worth(m) + *cell(b, i + 1, j + m->n) >= v)
		v = worth(m) + *cell(b, i + 1, j + m->n);
	*cell(b, i, j) = v > 0 ? v : 0;                  /* what follows the last match costs nothing */
}

/* Aligns a block, and keeps the first matches of it; *i and *j move behind them. */
static int align_block(struct alignment *al, size_t *i, size_t *j, struct afd_error *err)
{
	AFD_AUTO(arena) struct afd_arena tmp = { 0 };
	struct block b = { .i0 = *i, .j0 = *j, .n = al->n_effect - *i, .m = al->n_claim - *j };
	size_t x = 0, y = 0, keep;

	if (b.n > BLOCK_EFFECTS)
		b.n = BLOCK_EFFECTS;
	if (b.m > BLOCK_CLAIMS)
		b.m = BLOCK_CLAIMS;
	b.at = afd_arena_alloc(&tmp, (b.n * b.m + 1) * sizeof *b.at);
	b.passes = afd_arena_alloc(&tmp, b.n * b.m + 1);
	b.best = afd_arena_alloc(&tmp, (b.n + 1) * (b.m + 1) * sizeof *b.best);
	if (!b.at || !b.passes || !b.best)
		return afd_fail_memory(err);
	for (size_t n = b.n; n-- > 0;)
		for (size_t m = b.m; m-- > 0;) {
			struct match *at = &b.at[n * b.m + m];

			if (time_fits(&al->effect[*i + n], &al->claim[*j + m])) {
				if (best_run(al, *i + n, *j + m, at, err) < 0 ||
				    pass_cost(al, *i + n, *j + m, &b.passes[n * b.m + m], err) < 0)
					return -1;
				if (m + at->n > b.m)
					at->n = 0;
			}
			score_cell(&b, n, m);
		}
	keep = b.n == al->n_effect - *i && b.m == al->n_claim - *j ? b.n : (b.n + 1) / 2;
	while (x < b.n && y < b.m && x < keep && *cell(&b, x, y) > 0) {
		const struct match *m = &b.at[x * b.m + y];

		if (m->n && worth(m) + *cell(&b, x + 1, y + m->n) == *cell(&b, x, y)) {
			al->match[*i + x++] = *m;
			y += m->n;
		} else if (*cell(&b, x + 1, y) == *cell(&b, x, y)) {
			x++;
		} else {
			y++;
		}
	}
	if (x < keep)                                    /* nothing more to match: the rest of these effects stays open */
		x = keep;
	*i += x ? x : 1;
	*j += y;
	return 0;
}

static int align(struct alignment *al, struct afd_error *err)
{
	size_t i = 0, j = 0;

	while (i < al->n_effect && j < al->n_claim) {
		struct match m;
		uint8_t cost;

		if (!al->effect[i].n || al->claim[j].at.from >= al->effect[i].at.to + CLOCK_SKEW) {
			i++;                             /* no records, or every claim left came later */
			continue;
		}
		if (al->claim[j].at.to <= al->effect[i].at.from - CLOCK_SKEW) {
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
		if (pass_cost(al, i, j, &cost, err) < 0)
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

/* --- doubt --- */

static bool order_unknown(const struct afd_claim *a, const struct afd_claim *b)
{
	return a->source != b->source && a->at.from < b->at.to && b->at.from < a->at.to;
}

static int add_link(struct alignment *al, size_t i, size_t j, const char *confidence, int rank, bool ambiguous, struct afd_error *err)
{
	return afd_inserts_row(&al->links, err, "%lld,%lld,'%s',%d,%d", (long long)al->effect[i].id, (long long)al->claim[j].id,
		confidence, rank, ambiguous ? 1 : 0);
}

static bool same_person(const struct afd_claim *a, const struct afd_claim *b)
{
	return a->who && a->who == b->who;
}

/* Would effect I be explained as well by claim K alone, and its own claim J have done nothing? It is enough that nobody
 * need have done nothing who must have done something: a log that does not say what was deleted cannot decide. Two logs
 * with overlapping times say nothing of the order. */
static int could_be_other(struct alignment *al, size_t i, size_t j, size_t k, bool *ret, struct afd_error *err)
{
	struct match other;
	uint8_t now, then;

	*ret = false;
	if (!time_fits(&al->effect[i], &al->claim[k]) || !afd_zone_share_key(al->z, &al->effect[i], &al->claim[k]))
		return 0;
	if (try_run(al, i, k, 1, &other, ret, err) < 0)
		return -1;
	if (!*ret || order_unknown(&al->claim[j], &al->claim[k]))
		return 0;
	if (pass_cost(al, k < j ? i : i + 1, k, &now, err) < 0 || pass_cost(al, k < j ? i + 1 : i, j, &then, err) < 0)
		return -1;
	*ret = then < now + PASS_REAL;
	return 0;
}

static int rival_claim(struct alignment *al, size_t i, size_t k, struct afd_error *err)
{
	struct match *m = &al->match[i];
	bool other;

	if (al->used[k])
		return 0;
	if (could_be_other(al, i, m->first, k, &other, err) < 0)
		return -1;
	if (!other)
		return 0;
	widen(&m->hull, al->claim[k].at);
	if (k < m->lo)
		m->lo = k;
	if (k >= m->hi)
		m->hi = k + 1;
	if (same_person(&al->claim[m->first], &al->claim[k]))          /* which of the two does not matter for who */
		return 0;
	m->ambiguous = al->used[k] = true;
	return add_link(al, i, k, m->exact ? "exact" : "strong", m->exact ? RANK_EXACT : RANK_STRONG, true, err);
}

/* Claims between those of the neighbours that were explained, at their widest. */
static void order_window(const struct alignment *al, size_t i, size_t *from, size_t *to)
{
	*from = 0;
	*to = al->n_claim;
	for (size_t k = i; k-- > 0;)
		if (al->match[k].n) {
			*from = al->match[k].lo + 1;
			break;
		}
	for (size_t k = i + 1; k < al->n_effect; k++)
		if (al->match[k].n) {
			*to = al->match[k].hi - 1;
			break;
		}
}

/* Claims that explain nothing yet, between those of the neighbours, or beside ours in another log. */
static int rival_claims(struct alignment *al, size_t i, struct afd_error *err)
{
	const struct afd_effect *e = &al->effect[i];
	size_t j = al->match[i].first, from, to;

	if (al->match[i].n != 1)
		return 0;
	order_window(al, i, &from, &to);
	for (size_t k = j; k-- > 0 && al->claim[k].at.to > e->at.from - CLOCK_SKEW;)
		if ((k >= from || order_unknown(&al->claim[k], &al->claim[j])) && rival_claim(al, i, k, err) < 0)
			return -1;
	for (size_t k = j + 1; k < al->n_claim && al->claim[k].at.from < e->at.to + CLOCK_SKEW; k++)
		if ((k < to || order_unknown(&al->claim[k], &al->claim[j])) && rival_claim(al, i, k, err) < 0)
			return -1;
	return 0;
}

static bool inside(const struct afd_effect *e, const struct afd_claim *c)
{
	return c->at.from < e->at.to && c->at.to > e->at.from;
}

/* The claim would explain an effect beside it as well, which nothing else explains, and time does not decide. */
static int rival_effects(struct alignment *al, size_t i, struct afd_error *err)
{
	struct match *m = &al->match[i], other;
	const struct afd_claim *c = &al->claim[m->first];

	for (int forward = 0; forward < 2 && m->n == 1; forward++)
		for (size_t k = forward ? i + 1 : i - 1; k < al->n_effect && al->match[k].n == 0; k += forward ? 1 : SIZE_MAX) {
			bool ok = false;

			if (!time_fits(&al->effect[k], c))
				break;
			if (al->effect[k].n && (inside(&al->effect[k], c) || !inside(&al->effect[i], c)) &&
			    try_run(al, k, m->first, 1, &other, &ok, err) < 0)
				return -1;
			if (ok)
				m->ambiguous = true;
		}
	return 0;
}

static int write_match(struct alignment *al, size_t i, struct afd_error *err)
{
	const struct match *m = &al->match[i];
	struct afd_span at = al->effect[i].at;

	for (size_t k = 0; k < m->n; k++)
		if (m->contributes[k] && add_link(al, i, m->first + k, m->exact ? "exact" : "strong", m->exact ? RANK_EXACT : RANK_STRONG,
		                                  m->ambiguous, err) < 0)
			return -1;
	if (m->n && !m->ambiguous) {
		struct afd_span narrow = { m->hull.from > at.from ? m->hull.from : at.from, m->hull.to < at.to ? m->hull.to : at.to };

		if (narrow.from < narrow.to)             /* else the clocks disagree: keep what we saw ourselves */
			at = narrow;
	}
	return afd_inserts_row(&al->times, err, "%lld,%lld,%lld", (long long)al->effect[i].id, (long long)at.from, (long long)at.to);
}

/* --- what is left over --- */

static bool weak_candidate(const struct alignment *al, size_t i, size_t j)
{
	return !al->used[j] && time_fits(&al->effect[i], &al->claim[j]) &&
	       (!al->claim[j].n || afd_zone_share_key(al->z, &al->effect[i], &al->claim[j]));
}

static int weak_links(struct alignment *al, struct afd_error *err)
{
	size_t last = 0;

	for (size_t i = 0; i < al->n_effect; i++) {
		size_t from, to, n = 0, first = 0, rivals = 0;

		if (al->match[i].n || !al->effect[i].n)
			continue;
		order_window(al, i, &from, &to);
		if (from < last)
			from = last;
		for (size_t j = from; j < to && al->claim[j].at.from < al->effect[i].at.to + CLOCK_SKEW; j++)
			if (weak_candidate(al, i, j) && n++ == 0)
				first = j;
		if (!n)
			continue;
		for (size_t k = i + 1; k < al->n_effect && !al->match[k].n && time_fits(&al->effect[k], &al->claim[first]); k++)
			rivals += al->effect[k].n && weak_candidate(al, k, first);
		if (add_link(al, i, first, "weak", RANK_WEAK, n > 1 || rivals > 0, err) < 0)
			return -1;
		al->used[first] = true;
		last = first + 1;
	}
	return 0;
}

/* --- a zone --- */

static int read_zone(struct alignment *al, const char *zone, struct afd_error *err)
{
	al->claim = NULL;
	al->n_claim = 0;
	al->z = afd_zone_text_new(zone);
	if (!al->z)
		return afd_fail_memory(err);
	if (read_claims(al, zone, err) < 0 || read_start(al, zone, err) < 0 || read_effects(al, zone, err) < 0)
		return -1;
	al->match = afd_arena_alloc(&al->a, (al->n_effect + 1) * sizeof *al->match);
	al->ref = afd_arena_alloc(&al->a, (al->n_claim + 1) * sizeof *al->ref);
	al->used = afd_arena_alloc(&al->a, al->n_claim + 1);
	al->scratch = afd_arena_alloc(&al->a, al->n_claim + 1);
	if (!al->match || !al->ref || !al->used || !al->scratch)
		return afd_fail_memory(err);
	for (size_t i = 0; i < al->n_claim; i++)
		al->ref[i] = &al->claim[i];
	for (size_t i = 0; i < al->n_effect; i++)
		if (afd_zone_moves(al->z, i, &al->effect[i], err) < 0)
			return -1;
	return 0;
}

static int join_zone(struct alignment *al, const char *zone, struct afd_error *err)
{
	if (read_zone(al, zone, err) < 0 || align(al, err) < 0)
		return -1;
	for (size_t i = 0; i < al->n_effect; i++)
		if (al->match[i].n && rival_claims(al, i, err) < 0)
			return -1;
	for (size_t i = al->n_effect; i-- > 0;)          /* once more from the other end: doubt about one opens its neighbours */
		if (al->match[i].n && (rival_claims(al, i, err) < 0 || rival_effects(al, i, err) < 0))
			return -1;
	for (size_t i = 0; i < al->n_effect; i++)
		if (write_match(al, i, err) < 0)
			return -1;
	return weak_links(al, err);
}

int afd_join_claims(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct alignment al = {
		.s = s,
		.links = { .s = s, .into = "change_claim(change_id,claim_id,confidence,rank,ambiguous)" },
		.times = { .s = s, .into = "change_time(change_id,t_from,t_to)" },
	};
	int r;

	if (afd_query_open(s, "SELECT DISTINCT zone FROM change ORDER BY zone", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		int done = join_zone(&al, afd_query_text(q, 0), err);

		al.z = afd_zone_text_free(al.z);
		afd_arena_release(&al.a);
		if (done < 0) {
			afd_within(err, "zone %s", afd_query_text(q, 0));
			r = -1;
			break;
		}
	}
	if (r == 0 && (afd_inserts_flush(&al.links, err) < 0 || afd_inserts_flush(&al.times, err) < 0))
		r = -1;
	afd_inserts_release(&al.links);
	afd_inserts_release(&al.times);
	return r < 0 ? -1 : 0;
}
