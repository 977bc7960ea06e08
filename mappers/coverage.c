/* Coverage as the store states it, as checks need it, and as a report shows it. */
#include <stdio.h>

#include "mappers/cover.h"

/* --- what the store says --- */

static const char *again(struct afd_arena *a, const char *last, const char *text)
{
	return afd_same_text(last, text) ? last : afd_arena_text(a, text);
}

static int load_rows(struct afd_store *s, struct afd_arena *a, struct cover_rows *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct cover_row *last = NULL, *c;
	int r;

	if (afd_query_open(s,
			   "SELECT source, evidence, scope, watch, reason, t_from, t_to, grade, COALESCE(stored_count, "
			   "-1), lag_ms"
			   " FROM coverage ORDER BY evidence, scope, source, id",
			   &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct cover_row v = {
			again(a, last ? last->source : NULL, afd_query_text(q, 0)),
			again(a, last ? last->evidence : NULL, afd_query_text(q, 1)),
			again(a, last ? last->scope : NULL, afd_query_text(q, 2)),
			again(a, last ? last->watch : NULL, afd_query_text(q, 3)),
			again(a, last ? last->reason : NULL, afd_query_text(q, 4)),
			{ afd_query_int(q, 5), afd_query_int(q, 6) },
			(enum afd_grade)afd_query_int(q, 7), afd_query_int(q, 8), afd_query_int(q, 9),
		};

		c = AFD_PUSH(a, ret->at, ret->n);
		if (!c || !v.source || !v.evidence || !v.scope)
			return afd_fail_memory(err);
		if ((unsigned)v.grade > AFD_PROVEN)
			v.grade = AFD_GAP;
		*c = v;
		last = c;
	}
	return r;
}

static int load_expected(struct afd_store *s, struct afd_arena *a, struct expecteds *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, "SELECT x.source, x.evidence, x.scope, " AFD_RETIRED_SQL ", x.lag_ms, l.operator FROM source_scope x"
	                      " LEFT JOIN source o ON o.name = x.source LEFT JOIN listed_source l ON l.source = x.source ORDER BY x.evidence, x.scope, x.source", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct expected *e = AFD_PUSH(a, ret->at, ret->n);

		if (!e)
			return afd_fail_memory(err);
		*e = (struct expected){afd_arena_text(a, afd_query_text(q, 0)), afd_arena_text(a, afd_query_text(q, 1)),
				       afd_arena_text(a, afd_query_text(q, 2)),
				       afd_query_is_null(q, 5) ? NULL : afd_arena_text(a, afd_query_text(q, 5)),
				       afd_query_int(q, 3), afd_query_int(q, 4)};
		if (!e->source || !e->evidence || !e->scope || (!e->operator && !afd_query_is_null(q, 5)))
			return afd_fail_memory(err);
	}
	return r;
}

int64_t afd_largest_lag(const struct expecteds *x, const char *evidence, const char *scope, int64_t least)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->at[i].evidence, evidence) == 0 && (!scope || strcmp(x->at[i].scope, scope) == 0) &&
		    x->at[i].lag_ms > least)
			least = x->at[i].lag_ms;
	return least;
}

/* Paints the rows [from, to) of one source; ACCEPT says whether a row with a watch list counts (gaps always do). */
static int paint_rows(struct afd_arena *a, const struct cover_rows *rows, size_t from, size_t to,
		      bool (*accept)(void *ctx, const char *watch), void *ctx, struct afd_canvas *ret,
		      struct afd_error *err)
{
	for (size_t i = from; i < to; i++) {
		const struct cover_row *r = &rows->at[i];

		if (r->grade != AFD_GAP && accept && !accept(ctx, r->watch))
			continue;
		if (afd_canvas_paint(a, ret, (struct afd_stroke){ r->span, r->grade, r->reason, r->lag_ms }, err) < 0)
			return -1;
	}
	return 0;
}

/* The first row of SOURCE ("": of any) for EVIDENCE and SCOPE, or where it would stand. */
static size_t first_row(const struct cover_rows *rows, const char *evidence, const char *scope, const char *source)
{
	size_t lo = 0, hi = rows->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct cover_row *r = &rows->at[mid];
		int c = strcmp(r->evidence, evidence);

		if (c == 0)
			c = strcmp(r->scope, scope);
		if (c == 0)
			c = strcmp(r->source, source);
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static size_t same_source_end(const struct cover_rows *rows, size_t i)
{
	size_t k = i;

	while (k < rows->n && strcmp(rows->at[k].evidence, rows->at[i].evidence) == 0 &&
	       strcmp(rows->at[k].scope, rows->at[i].scope) == 0 && strcmp(rows->at[k].source, rows->at[i].source) == 0)
		k++;
	return k;
}

/* All sources of one evidence and scope; *next: where the following scope begins. */
static int paint_scope(struct afd_arena *a, const struct cover_rows *rows, size_t i,
		       bool (*accept)(void *ctx, const char *watch), void *ctx, struct afd_canvas *ret, size_t *next,
		       int64_t *lag, struct afd_error *err)
{
	size_t first = i;

	*ret = (struct afd_canvas){ 0 };
	while (i < rows->n && strcmp(rows->at[i].evidence, rows->at[first].evidence) == 0 &&
	       strcmp(rows->at[i].scope, rows->at[first].scope) == 0) {
		struct afd_canvas one = { 0 };
		size_t end = same_source_end(rows, i);

		if (paint_rows(a, rows, i, end, accept, ctx, &one, err) < 0 ||
		    afd_canvas_merge(a, ret, &one, false, ret, err) < 0)
			return -1;
		for (; i < end; i++)
			if (rows->at[i].lag_ms > *lag)
				*lag = rows->at[i].lag_ms;
	}
	*next = i;
	return 0;
}

/* One source alone; *lag: the largest of it. */
int afd_paint_source(struct afd_arena *a, const struct cover_rows *rows, const struct expected *x,
			bool (*accept)(void *ctx, const char *watch), void *ctx, struct afd_canvas *ret, int64_t *lag,
			struct afd_error *err)
{
	size_t i = first_row(rows, x->evidence, x->scope, x->source), end = i;

	*ret = (struct afd_canvas){ 0 };
	if (i < rows->n && strcmp(rows->at[i].evidence, x->evidence) == 0 && strcmp(rows->at[i].scope, x->scope) == 0 &&
	    strcmp(rows->at[i].source, x->source) == 0)
		end = same_source_end(rows, i);
	if (x->lag_ms > *lag)
		*lag = x->lag_ms;
	for (size_t k = i; k < end; k++)
		if (rows->at[k].lag_ms > *lag)
			*lag = rows->at[k].lag_ms;
	return paint_rows(a, rows, i, end, accept, ctx, ret, err);
}

/* What every one of the N sources at X covers: none stands in for another, each counts until it is retired. */
static int paint_expected(struct afd_arena *a, const struct cover_rows *rows, const struct expected *x, size_t n,
			  bool (*accept)(void *ctx, const char *watch), void *ctx, struct afd_canvas *ret, int64_t *lag,
			  struct afd_error *err)
{
	struct afd_canvas all = { 0 };
	int64_t last_retired = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		struct afd_canvas one;

		if (afd_paint_source(a, rows, &x[i], accept, ctx, &one, lag, err) < 0)
			return -1;
		if (x[i].retired_ms < AFD_FOREVER &&      /* from then on it does not hold anything back */
		    afd_canvas_paint(a, &one, (struct afd_stroke){ { x[i].retired_ms, AFD_FOREVER }, AFD_PROVEN, NULL, 0 },
				     err) < 0)
			return -1;
		if (x[i].retired_ms > last_retired)
			last_retired = x[i].retired_ms;
		if (i == 0)
			all = one;
		else if (afd_canvas_merge(a, &all, &one, true, &all, err) < 0)
			return -1;
	}
	*ret = (struct afd_canvas){ 0 };
	for (size_t i = 0; i < all.n; i++)                /* no expected source is left: nothing is known */
		if (afd_canvas_add(a, ret, afd_stroke_part(all.at[i], INT64_MIN, last_retired), err) < 0)
			return -1;
	return 0;
}

/* The sources that are expected for EVIDENCE and SCOPE (NULL: any): they stand side by side. */
const struct expected *afd_expected_for(const struct expecteds *x, const char *evidence, const char *scope,
					   size_t *n)
{
	size_t i = 0, end;

	while (i < x->n && (strcmp(x->at[i].evidence, evidence) != 0 || (scope && strcmp(x->at[i].scope, scope) != 0)))
		i++;
	for (end = i; end < x->n && strcmp(x->at[end].evidence, evidence) == 0; end++)
		if (scope && strcmp(x->at[end].scope, scope) != 0)
			break;
	*n = end - i;
	return x->at + i;
}

int afd_insert_canvas(struct afd_inserts *ins, const char *evidence, const char *scope, const struct afd_canvas *c,
			 int64_t lag, struct afd_error *err)
{
	const bool told = strcmp(evidence, "ct") == 0;     /* its reasons say why it is enough */
	AFD_AUTO(buf) struct afd_buf names = { 0 };

	if (afd_sql_quote(&names, evidence) < 0 || afd_buf_text(&names, ",") < 0 || afd_sql_quote(&names, scope) < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < c->n; i++) {
		const struct afd_stroke *s = &c->at[i];
		AFD_AUTO(buf) struct afd_buf reason = { 0 };
		int64_t to = s->span.to;

		if (s->grade == AFD_GAP)
			continue;
		while (i + 1 < c->n && c->at[i + 1].grade == s->grade &&
		       c->at[i + 1].span.from == to && (!told || afd_same_text(c->at[i + 1].reason, s->reason)))
			to = c->at[++i].span.to;                 /* reasons differ, grades do not */
		if (!told || !s->reason ? afd_buf_text(&reason, "NULL") < 0 : afd_sql_quote(&reason, s->reason) < 0)
			return afd_fail_memory(err);
		if (afd_inserts_row(ins, err, "%s,%lld,%lld,%d,%lld,%s", (const char *)names.data, (long long)s->span.from,
				    (long long)to, (int)s->grade, (long long)lag, (const char *)reason.data) < 0)
			return -1;
	}
	return 0;
}

/* Logs of different servers tell different things; two that look at one zone see the same. */
static bool all_must_cover(const char *evidence)
{
	return strcmp(evidence, "zone-claims") == 0 || strcmp(evidence, "issuance-requests") == 0 || strcmp(evidence, "ct-log") == 0;
}

static int join_scopes(struct afd_arena *a, const struct cover_rows *rows, const struct expecteds *x,
		       struct afd_inserts *ins, struct afd_error *err)
{
	for (size_t i = 0; i < rows->n;) {
		const struct cover_row *first = &rows->at[i];
		const struct expected *e;
		struct afd_canvas c;
		int64_t lag = 0;
		size_t n;

		if (paint_scope(a, rows, i, NULL, NULL, &c, &i, &lag, err) < 0)
			return -1;
		e = afd_expected_for(x, first->evidence, first->scope, &n);
		if (n && all_must_cover(first->evidence) && paint_expected(a, rows, e, n, NULL, NULL, &c, &lag, err) < 0)
			return -1;
		lag = afd_largest_lag(x, first->evidence, first->scope, lag);
		if (afd_insert_canvas(ins, first->evidence, first->scope, &c, lag, err) < 0)
			return -1;
	}
	return 0;
}

/* What a log did not show counts as a sample, with the reason, while the logs of the other operators say enough. */
static int paint_spared(struct afd_arena *a, const struct expected *e, const struct spareds *all, struct afd_canvas *c, struct afd_error *err)
{
	if (strcmp(e->evidence, "ct-log") != 0 || !e->operator)
		return 0;
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->at[i].operator, e->operator) == 0 &&
		    afd_canvas_paint(a, c, (struct afd_stroke){ all->at[i].at, AFD_SAMPLED, all->at[i].reason, 0 }, err) < 0)
			return -1;
	return 0;
}

/* Each expected source by itself: evidence "source", scope "SOURCE EVIDENCE SCOPE". */
static int join_sources(struct afd_arena *a, const struct cover_rows *rows, const struct expecteds *x,
			struct afd_inserts *ins, struct afd_error *err)
{
	struct spareds spared = { 0 };

	if (afd_spared_logs(a, rows, x, &spared, err) < 0)
		return -1;
	for (size_t i = 0; i < x->n; i++) {
		const struct expected *e = &x->at[i];
		AFD_AUTO(mem) char *scope = afd_sprintf("%s %s %s", e->source, e->evidence, e->scope);
		struct afd_canvas c;
		int64_t lag = 0;

		if (!scope)
			return afd_fail_memory(err);
		if (afd_paint_source(a, rows, e, NULL, NULL, &c, &lag, err) < 0 || paint_spared(a, e, &spared, &c, err) < 0 ||
		    afd_insert_canvas(ins, "source", scope, &c, lag, err) < 0)
			return -1;
	}
	return 0;
}

int afd_join_coverage(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(arena) struct afd_arena a = { 0 };
	AFD_AUTO(inserts)
	struct afd_inserts ins = {.s = s, .into = "need_coverage(evidence,scope,t_from,t_to,grade,lag_ms,reason)"};
	struct cover_rows rows = { 0 };
	struct expecteds x = { 0 };

	if (load_rows(s, &a, &rows, err) < 0 || load_expected(s, &a, &x, err) < 0)
		return -1;
	if (join_scopes(&a, &rows, &x, &ins, err) < 0 || join_sources(&a, &rows, &x, &ins, err) < 0 ||
	    afd_join_logs(s, &a, &rows, &x, &ins, err) < 0)
		return -1;
	return afd_inserts_flush(&ins, err);
}

/* --- the coverage matrix --- */

struct matrix_key {
	const char *source, *evidence, *scope, *kind, *basis;
	int64_t retired_ms, lag_ms;
	bool configured;
};

static int fill_row(struct afd_arena *a, const struct cover_rows *rows, const struct matrix_key *k,
		    struct afd_span period, struct afd_cover_row *ret, struct afd_error *err)
{
	struct afd_canvas all = { 0 }, clipped = { 0 };
	int64_t at = period.from;

	*ret = (struct afd_cover_row){ .source = k->source, .kind = k->kind, .evidence = k->evidence, .scope = k->scope,
		.basis = k->basis, .configured = k->configured, .lag_ms = k->lag_ms, .worst = AFD_PROVEN };
	for (size_t i = first_row(rows, k->evidence, k->scope, k->source); i < rows->n; i++) {
		const struct cover_row *r = &rows->at[i];

		if (strcmp(r->source, k->source) != 0 || strcmp(r->evidence, k->evidence) != 0 ||
		    strcmp(r->scope, k->scope) != 0)
			break;
		if (afd_canvas_paint(a, &all, (struct afd_stroke){ r->span, r->grade, r->reason, 0 }, err) < 0)
			return -1;
		if (r->stored > 0 && r->span.from < period.to && r->span.to > period.from)
			ret->records += (uint64_t)r->stored;
	}
	for (size_t i = 0; i < all.n; i++) {
		struct afd_stroke s = afd_stroke_part(all.at[i], period.from, period.to);

		if (s.span.from >= s.span.to)
			continue;
		if (afd_canvas_add(a, &clipped,
				   (struct afd_stroke){{at, s.span.from}, AFD_GAP, "nothing was collected", 0},
				   err) < 0 ||
		    afd_canvas_add(a, &clipped, s, err) < 0)
			return -1;
		at = s.span.to;
	}
	if (afd_canvas_add(a, &clipped, (struct afd_stroke){{at, period.to}, AFD_GAP, "nothing was collected", 0},
			   err) < 0)
		return -1;
	ret->n = clipped.n;
	ret->span = afd_arena_alloc(a, (clipped.n + 1) * sizeof *ret->span);
	ret->grade = afd_arena_alloc(a, (clipped.n + 1) * sizeof *ret->grade);
	ret->reason = afd_arena_alloc(a, (clipped.n + 1) * sizeof *ret->reason);
	if (!ret->span || !ret->grade || !ret->reason)
		return afd_fail_memory(err);
	if (!clipped.n)
		ret->worst = AFD_GAP;
	for (size_t i = 0; i < clipped.n; i++) {
		ret->span[i] = clipped.at[i].span;
		ret->grade[i] = clipped.at[i].grade;
		ret->reason[i] = clipped.at[i].reason;
		if (clipped.at[i].grade < ret->worst)
			ret->worst = clipped.at[i].grade;
	}
	return 0;
}

/* Where it was enough that all but one operator's logs were read, the report says so. */
static int add_sufficient(struct afd_store *s, struct afd_arena *a, struct afd_assessment *as, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_cover_row *row = NULL;
	int r;

	if (afd_query_open(s, "SELECT scope, t_from, t_to, grade, reason, lag_ms FROM need_coverage WHERE evidence = 'ct' AND reason IS NOT NULL"
	                      " ORDER BY scope, t_from", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct afd_span span = { afd_query_int(q, 1), afd_query_int(q, 2) };

		span.from = span.from > as->period.from ? span.from : as->period.from;
		span.to = span.to < as->period.to ? span.to : as->period.to;
		if (span.from >= span.to)
			continue;
		if (!row || strcmp(row->scope, afd_query_text(q, 0)) != 0) {
			row = AFD_PUSH(a, as->cover, as->n_cover);
			if (!row)
				return afd_fail_memory(err);
			*row = (struct afd_cover_row){ .source = "logs", .kind = "ct", .evidence = "ct", .basis = "from the list of logs", .configured = true,
			                               .scope = afd_arena_text(a, afd_query_text(q, 0)), .worst = AFD_PROVEN, .lag_ms = afd_query_int(q, 5) };
			row->span = afd_arena_alloc(a, 64 * sizeof *row->span);
			row->grade = afd_arena_alloc(a, 64 * sizeof *row->grade);
			row->reason = afd_arena_alloc(a, 64 * sizeof *row->reason);
			if (!row->scope || !row->span || !row->grade || !row->reason)
				return afd_fail_memory(err);
		}
		if (row->n == 64)
			continue;
		row->span[row->n] = span;
		row->grade[row->n] = (enum afd_grade)afd_query_int(q, 3);
		row->worst = row->grade[row->n] < row->worst ? row->grade[row->n] : row->worst;
		if (!(row->reason[row->n++] = afd_arena_text(a, afd_query_text(q, 4))))
			return afd_fail_memory(err);
	}
	return r;
}

static const char matrix_sql[] =
	"SELECT x.source, x.evidence, x.scope, COALESCE(o.kind, ''), COALESCE(o.basis, ''), " AFD_RETIRED_SQL ", x.lag_ms, "
	"COALESCE(o.configured, 0)"
	" FROM source_scope x LEFT JOIN source o ON o.name = x.source"
	" UNION ALL"
	" SELECT c.source, c.evidence, c.scope, '', '', 9223372036854775807, MAX(c.lag_ms), 0 FROM coverage c"
	" LEFT JOIN source_scope y ON y.source = c.source AND y.evidence = c.evidence AND y.scope = c.scope"
	" WHERE y.source IS NULL GROUP BY c.source, c.evidence, c.scope"
	" ORDER BY 1, 2, 3";

int afd_assess_cover(struct afd_store *s, struct afd_arena *a, struct afd_assessment *as, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	AFD_AUTO(arena) struct afd_arena tmp = { 0 };
	struct cover_rows rows = { 0 };
	int r;

	if (load_rows(s, &tmp, &rows, err) < 0 || afd_query_open(s, matrix_sql, &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct matrix_key k = {afd_arena_text(a, afd_query_text(q, 0)),
				       afd_arena_text(a, afd_query_text(q, 1)),
				       afd_arena_text(a, afd_query_text(q, 2)),
				       afd_arena_text(a, afd_query_text(q, 3)),
				       afd_arena_text(a, afd_query_text(q, 4)),
				       afd_query_int(q, 5),
				       afd_query_int(q, 6),
				       afd_query_int(q, 7) == 1};
		struct afd_span period = as->period;
		struct afd_cover_row *row;

		if (!k.source || !k.evidence || !k.scope || !k.kind || !k.basis)
			return afd_fail_memory(err);
		if (k.retired_ms <= period.from)
			continue;
		if (k.retired_ms < period.to)
			period.to = k.retired_ms;
		if (as->as_of_ms - k.lag_ms < period.to)
			period.to = as->as_of_ms - k.lag_ms;
		row = AFD_PUSH(a, as->cover, as->n_cover);
		if (!row || fill_row(a, &rows, &k, period, row, err) < 0)
			return -1;
		for (size_t i = 0; i < row->n; i++)
			if (row->reason[i] && !(row->reason[i] = afd_arena_text(a, row->reason[i])))
				return afd_fail_memory(err);
	}
	return r < 0 ? r : add_sufficient(s, a, as, err);
}
