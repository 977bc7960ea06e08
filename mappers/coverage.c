#include "mappers/judge.h"

/* --- strokes on a canvas --- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static int emit(struct afd_arena *a, struct afd_canvas *c, struct afd_stroke s, struct afd_error *err)
{
	struct afd_stroke *last = c->n ? &c->at[c->n - 1] : NULL;

	if (s.span.from >= s.span.to)
		return 0;
	if (last && last->span.to == s.span.from && last->grade == s.grade && same_text(last->reason, s.reason)) {
		last->span.to = s.span.to;
		return 0;
	}
	if (c->n == c->cap) {                                      /* own capacity: painting shortens the list and grows it again */
		size_t cap = c->cap ? 2 * c->cap : 8;
		struct afd_stroke *at = afd_arena_alloc(a, cap * sizeof *at);

		if (!at)
			return afd_fail_memory(err);
		if (c->n)
			memcpy(at, c->at, c->n * sizeof *at);
		c->at = at;
		c->cap = cap;
	}
	c->at[c->n++] = s;
	return 0;
}

/* Index of the first stroke that ends after T. */
static size_t first_after(const struct afd_canvas *c, int64_t t)
{
	size_t lo = 0, hi = c->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->at[mid].span.to <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct afd_stroke part_of(struct afd_stroke s, int64_t from, int64_t to)
{
	if (from > s.span.from)
		s.span.from = from;
	if (to < s.span.to)
		s.span.to = to;
	return s;
}

int afd_canvas_paint(struct afd_arena *a, struct afd_canvas *c, struct afd_stroke s, struct afd_error *err)
{
	AFD_AUTO(mem) struct afd_stroke *tail = NULL;
	size_t i = first_after(c, s.span.from), n_tail = c->n - i;
	int64_t at = s.span.from;
	int r = 0;

	if (s.span.from >= s.span.to)
		return 0;
	tail = calloc(n_tail + 1, sizeof *tail);
	if (!tail)
		return afd_fail_memory(err);
	if (n_tail)
		memcpy(tail, c->at + i, n_tail * sizeof *tail);
	c->n = i;
	for (size_t k = 0; k < n_tail && r == 0; k++) {
		struct afd_stroke old = tail[k];
		bool keeps = s.grade != AFD_GAP && old.grade >= s.grade;

		r = emit(a, c, part_of(old, old.span.from, s.span.from), err);
		if (r == 0 && old.span.from > at && at < s.span.to)
			r = emit(a, c, part_of(s, at, old.span.from), err);
		if (r == 0)
			r = emit(a, c, keeps ? part_of(old, s.span.from, s.span.to) : part_of(s, old.span.from, old.span.to), err);
		if (old.span.to > at)
			at = old.span.to;
		if (r == 0)
			r = emit(a, c, part_of(old, s.span.to, old.span.to), err);
	}
	if (r == 0)
		r = emit(a, c, part_of(s, at, s.span.to), err);
	return r;
}

static enum afd_grade grade_at(const struct afd_canvas *c, size_t *i, int64_t t, int64_t *until, const char **reason, bool *silent)
{
	while (*i < c->n && c->at[*i].span.to <= t)
		(*i)++;
	*silent = *i == c->n || c->at[*i].span.from > t;
	if (*silent) {
		if (*i < c->n && c->at[*i].span.from < *until)
			*until = c->at[*i].span.from;
		return AFD_GAP;
	}
	if (c->at[*i].span.to < *until)
		*until = c->at[*i].span.to;
	*reason = c->at[*i].reason;
	return c->at[*i].grade;
}

int afd_canvas_merge(struct afd_arena *a, const struct afd_canvas *x, const struct afd_canvas *y, bool worst,
                     struct afd_canvas *ret, struct afd_error *err)
{
	struct afd_canvas out = { 0 };
	size_t i = 0, k = 0;
	int64_t t = INT64_MIN, end = INT64_MIN;

	if (x->n)
		end = x->at[x->n - 1].span.to;
	if (y->n && y->at[y->n - 1].span.to > end)
		end = y->at[y->n - 1].span.to;
	while (t < end) {
		int64_t until = end;
		const char *rx = NULL, *ry = NULL;
		bool sx, sy, first;
		enum afd_grade gx = grade_at(x, &i, t, &until, &rx, &sx), gy = grade_at(y, &k, t, &until, &ry, &sy);

		first = worst ? gx <= gy : gx >= gy;
		if (first && sx && !sy && gx == gy)
			first = false;
		if ((!sx || !sy) && emit(a, &out, (struct afd_stroke){ { t, until }, first ? gx : gy, first ? rx : ry, 0 }, err) < 0)
			return -1;
		t = until;
	}
	*ret = out;
	return 0;
}

/* --- what the store says --- */

struct cover_row {
	const char *source, *evidence, *scope, *watch, *reason;
	struct afd_span span;
	enum afd_grade grade;
	int64_t stored, lag_ms;
};
struct cover_rows { struct cover_row *at; size_t n; };
struct expected { const char *source, *evidence, *scope; int64_t retired_ms, lag_ms; };
struct expecteds { struct expected *at; size_t n; };

static const char *again(struct afd_arena *a, const char *last, const char *text)
{
	return same_text(last, text) ? last : afd_arena_text(a, text);
}

static int load_rows(struct afd_store *s, struct afd_arena *a, struct cover_rows *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct cover_row *last = NULL, *c;
	int r;

	if (afd_query_open(s, "SELECT source, evidence, scope, watch, reason, t_from, t_to, grade, COALESCE(stored_count, -1), lag_ms"
	                      " FROM coverage ORDER BY evidence, scope, source, id", &q, err) < 0)
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

	if (afd_query_open(s, "SELECT source, evidence, scope, retired_ms, lag_ms FROM source_scope"
	                      " ORDER BY evidence, scope, source", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct expected *e = AFD_PUSH(a, ret->at, ret->n);

		if (!e)
			return afd_fail_memory(err);
		*e = (struct expected){ afd_arena_text(a, afd_query_text(q, 0)), afd_arena_text(a, afd_query_text(q, 1)),
			afd_arena_text(a, afd_query_text(q, 2)), afd_query_int(q, 3), afd_query_int(q, 4) };
		if (!e->source || !e->evidence || !e->scope)
			return afd_fail_memory(err);
	}
	return r;
}

static int64_t largest_lag(const struct expecteds *x, const char *evidence, const char *scope, int64_t least)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->at[i].evidence, evidence) == 0 && (!scope || strcmp(x->at[i].scope, scope) == 0) && x->at[i].lag_ms > least)
			least = x->at[i].lag_ms;
	return least;
}

/* Paints the rows [from, to) of one source; ACCEPT says whether a row with a watch list counts (gaps always do). */
static int paint_rows(struct afd_arena *a, const struct cover_rows *rows, size_t from, size_t to,
                      bool (*accept)(void *ctx, const char *watch), void *ctx, struct afd_canvas *ret, struct afd_error *err)
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

	while (k < rows->n && strcmp(rows->at[k].evidence, rows->at[i].evidence) == 0 && strcmp(rows->at[k].scope, rows->at[i].scope) == 0 &&
	       strcmp(rows->at[k].source, rows->at[i].source) == 0)
		k++;
	return k;
}

/* All sources of one evidence and scope; *next: where the following scope begins. */
static int paint_scope(struct afd_arena *a, const struct cover_rows *rows, size_t i, bool (*accept)(void *ctx, const char *watch),
                       void *ctx, struct afd_canvas *ret, size_t *next, int64_t *lag, struct afd_error *err)
{
	size_t first = i;

	*ret = (struct afd_canvas){ 0 };
	while (i < rows->n && strcmp(rows->at[i].evidence, rows->at[first].evidence) == 0 &&
	       strcmp(rows->at[i].scope, rows->at[first].scope) == 0) {
		struct afd_canvas one = { 0 };
		size_t end = same_source_end(rows, i);

		if (paint_rows(a, rows, i, end, accept, ctx, &one, err) < 0 || afd_canvas_merge(a, ret, &one, false, ret, err) < 0)
			return -1;
		for (; i < end; i++)
			if (rows->at[i].lag_ms > *lag)
				*lag = rows->at[i].lag_ms;
	}
	*next = i;
	return 0;
}

static int insert_canvas(struct afd_inserts *ins, const char *evidence, const char *scope, const struct afd_canvas *c, int64_t lag,
                         struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf names = { 0 };

	if (afd_sql_quote(&names, evidence) < 0 || afd_buf_text(&names, ",") < 0 || afd_sql_quote(&names, scope) < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < c->n; i++) {
		const struct afd_stroke *s = &c->at[i];
		int64_t to = s->span.to;

		if (s->grade == AFD_GAP)
			continue;
		while (i + 1 < c->n && c->at[i + 1].grade == s->grade && c->at[i + 1].span.from == to)   /* reasons differ, grades do not */
			to = c->at[++i].span.to;
		if (afd_inserts_row(ins, err, "%s,%lld,%lld,%d,%lld", (const char *)names.data, (long long)s->span.from, (long long)to,
		                    (int)s->grade, (long long)lag) < 0)
			return -1;
	}
	return 0;
}

/* --- transparency logs: a name is covered where every expected log covers it --- */

struct watched { const char *name, *digest; unsigned digest_no; };
struct digests { struct watched *at; size_t n; const char **digest; size_t n_digest; };
struct log_class { char *accepts; struct afd_canvas canvas; };        /* domains that stand in the same watch lists */
struct accepting { const struct digests *d; const char *accepts; };

static int load_watch(struct afd_store *s, struct afd_arena *a, struct digests *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, "SELECT name, digest FROM watch ORDER BY name, digest", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct watched *w = AFD_PUSH(a, ret->at, ret->n);
		const char *digest = afd_query_text(q, 1), **d;
		size_t i = 0;

		if (!w)
			return afd_fail_memory(err);
		while (i < ret->n_digest && strcmp(ret->digest[i], digest) != 0)
			i++;
		if (i == ret->n_digest) {
			d = AFD_PUSH(a, ret->digest, ret->n_digest);
			if (!d || !(*d = afd_arena_text(a, digest)))
				return afd_fail_memory(err);
		}
		*w = (struct watched){ afd_arena_text(a, afd_query_text(q, 0)), ret->digest[i], (unsigned)i };
		if (!w->name)
			return afd_fail_memory(err);
	}
	return r;
}

static bool watch_accepted(void *ctx, const char *watch)
{
	const struct accepting *x = ctx;

	for (size_t i = 0; watch && i < x->d->n_digest; i++)
		if (x->accepts[i] == '1' && strcmp(x->d->digest[i], watch) == 0)
			return true;
	return false;
}

/* Marks in ACCEPTS the watch lists that hold NAME or a name above it: a watched name covers everything below. */
static void accepting_lists(const struct digests *d, const char *name, char *accepts)
{
	memset(accepts, '0', d->n_digest);
	for (const char *p = name; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL) {
		size_t lo = 0, hi = d->n;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (strcmp(d->at[mid].name, p) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		for (; lo < d->n && strcmp(d->at[lo].name, p) == 0; lo++)
			accepts[d->at[lo].digest_no] = '1';
	}
}

static int class_canvas(struct afd_arena *a, const struct cover_rows *rows, const struct expecteds *logs, struct accepting *x,
                        struct afd_canvas *ret, struct afd_error *err)
{
	struct afd_canvas all = { 0 };
	int64_t last_retired = INT64_MIN;
	bool first = true;

	for (size_t i = 0; i < logs->n;) {
		const char *log = logs->at[i].scope;
		struct afd_canvas one = { 0 };
		int64_t retired = INT64_MIN, lag = 0;
		size_t at, next;

		for (; i < logs->n && strcmp(logs->at[i].scope, log) == 0; i++)
			if (logs->at[i].retired_ms > retired)
				retired = logs->at[i].retired_ms;
		at = first_row(rows, "ct-log", log, "");
		if (at < rows->n && strcmp(rows->at[at].evidence, "ct-log") == 0 && strcmp(rows->at[at].scope, log) == 0 && paint_scope(a, rows, at, watch_accepted, x, &one, &next, &lag, err) < 0)
			return -1;
		if (retired < AFD_FOREVER &&              /* from then on it does not hold anything back */
		    afd_canvas_paint(a, &one, (struct afd_stroke){ { retired, AFD_FOREVER }, AFD_PROVEN, NULL, 0 }, err) < 0)
			return -1;
		if (retired > last_retired)
			last_retired = retired;
		if (first)
			all = one;
		else if (afd_canvas_merge(a, &all, &one, true, &all, err) < 0)
			return -1;
		first = false;
	}
	*ret = (struct afd_canvas){ 0 };
	for (size_t i = 0; i < all.n; i++)                /* no expected log is left: nothing is known */
		if (emit(a, ret, part_of(all.at[i], INT64_MIN, last_retired), err) < 0)
			return -1;
	return 0;
}

static int join_logs(struct afd_store *s, struct afd_arena *a, const struct cover_rows *rows, const struct expecteds *x,
                     struct afd_inserts *ins, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct expecteds logs = { 0 };
	struct digests d = { 0 };
	struct log_class *class = NULL;
	size_t n_class = 0;
	int64_t lag = 0;
	int r;

	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->at[i].evidence, "ct-log") == 0) {
			struct expected *e = AFD_PUSH(a, logs.at, logs.n);

			if (!e)
				return afd_fail_memory(err);
			*e = x->at[i];
		}
	if (!logs.n)
		return 0;
	lag = largest_lag(x, "ct-log", NULL, 0);
	if (load_watch(s, a, &d, err) < 0 || afd_query_open(s, "SELECT name FROM domain WHERE in_scope = 1 ORDER BY name", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		char *accepts = afd_arena_alloc(a, d.n_digest + 1);
		struct accepting ctx = { &d, accepts };
		size_t i = 0;

		if (!accepts)
			return afd_fail_memory(err);
		accepting_lists(&d, afd_query_text(q, 0), accepts);
		while (i < n_class && strcmp(class[i].accepts, accepts) != 0)
			i++;
		if (i == n_class) {
			struct log_class *c = AFD_PUSH(a, class, n_class);

			if (!c)
				return afd_fail_memory(err);
			c->accepts = accepts;
			if (class_canvas(a, rows, &logs, &ctx, &c->canvas, err) < 0)
				return -1;
		}
		if (insert_canvas(ins, "ct", afd_query_text(q, 0), &class[i].canvas, lag, err) < 0)
			return -1;
	}
	return r;
}

int afd_join_coverage(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(arena) struct afd_arena a = { 0 };
	AFD_AUTO(inserts) struct afd_inserts ins = { .s = s, .into = "need_coverage(evidence,scope,t_from,t_to,grade,lag_ms)" };
	struct cover_rows rows = { 0 };
	struct expecteds x = { 0 };

	if (load_rows(s, &a, &rows, err) < 0 || load_expected(s, &a, &x, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.n;) {
		const struct cover_row *first = &rows.at[i];
		struct afd_canvas c;
		int64_t lag = 0;

		if (paint_scope(&a, &rows, i, NULL, NULL, &c, &i, &lag, err) < 0)
			return -1;
		lag = largest_lag(&x, first->evidence, first->scope, lag);
		if (insert_canvas(&ins, first->evidence, first->scope, &c, lag, err) < 0)
			return -1;
	}
	if (join_logs(s, &a, &rows, &x, &ins, err) < 0)
		return -1;
	return afd_inserts_flush(&ins, err);
}

/* --- needs --- */

int afd_cover_index_load(struct afd_store *s, struct afd_arena *a, struct afd_cover_index *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_cover_entry *e = NULL;
	int r;

	if (afd_query_open(s, "SELECT evidence, scope, t_from, t_to, grade, lag_ms FROM need_coverage"
	                      " ORDER BY evidence, scope, t_from", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		if (!e || strcmp(e->evidence, afd_query_text(q, 0)) != 0 || strcmp(e->scope, afd_query_text(q, 1)) != 0) {
			e = AFD_PUSH(a, ret->at, ret->n);
			if (!e || !(e->evidence = afd_arena_text(a, afd_query_text(q, 0))) ||
			    !(e->scope = afd_arena_text(a, afd_query_text(q, 1))))
				return afd_fail_memory(err);
			e->lag_ms = afd_query_int(q, 5);
		}
		if (emit(a, &e->canvas, (struct afd_stroke){ { afd_query_int(q, 2), afd_query_int(q, 3) },
		                                             (enum afd_grade)afd_query_int(q, 4), NULL, 0 }, err) < 0)
			return -1;
	}
	return r;
}

static const struct afd_cover_entry *find_entry(const struct afd_cover_index *x, const char *evidence, const char *scope)
{
	size_t lo = 0, hi = x->n;

	while (scope && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(x->at[mid].evidence, evidence);

		if (c == 0)
			c = strcmp(x->at[mid].scope, scope);
		if (c == 0)
			return &x->at[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void afd_need_judge(const struct afd_cover_index *x, int64_t as_of_ms, struct afd_need *need, enum afd_grade *grade,
                    struct afd_span *hole)
{
	const struct afd_cover_entry *e = find_entry(x, need->evidence, need->scope);
	int64_t told = as_of_ms - (e ? e->lag_ms : 0), at = need->span.from;

	*grade = AFD_PROVEN;
	*hole = need->span;
	need->covered = need->span.from >= need->span.to;          /* asks for nothing */
	if (need->covered)
		return;
	*grade = AFD_GAP;
	if (!e || need->span.from >= told)
		return;
	if (told < need->span.to)
		need->span.to = told;
	*grade = AFD_PROVEN;
	for (size_t i = first_after(&e->canvas, at); i < e->canvas.n && at < need->span.to; i++) {
		const struct afd_stroke *s = &e->canvas.at[i];

		if (s->span.from > at || s->grade < need->grade)
			break;
		if (s->grade < *grade)
			*grade = s->grade;
		at = s->span.to;
	}
	need->covered = at >= need->span.to;
	if (need->covered)
		return;
	*grade = AFD_GAP;
	*hole = (struct afd_span){ at, need->span.to };
	for (size_t i = first_after(&e->canvas, at); i < e->canvas.n; i++)
		if (e->canvas.at[i].grade >= need->grade) {
			if (e->canvas.at[i].span.from < hole->to)
				hole->to = e->canvas.at[i].span.from;
			break;
		}
}

static const char *evidence_words(const char *evidence)
{
	static const struct { const char *evidence, *words; } table[] = {
		{ "account-events", "the events of account" },
		{ "ct", "the certificates logged for" },
		{ "ct-log", "the log" },
		{ "zone-changes", "the changes of zone" },
		{ "zone-claims", "the update log of zone" },
	};

	for (size_t i = 0; i < AFD_COUNT(table); i++)
		if (strcmp(table[i].evidence, evidence) == 0)
			return table[i].words;
	return evidence;
}

int afd_cover_reason(struct afd_store *s, struct afd_arena *a, const struct afd_need *need, struct afd_span hole,
                     int64_t as_of_ms, const char **ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	const char *why = "nothing was collected";
	bool ct = strcmp(need->evidence, "ct") == 0;
	int r;

	if (!need->scope || !*need->scope) {
		*ret = afd_arena_printf(a, "The inventory does not say which %s holds this: %s cannot be looked at.",
			strcmp(need->evidence, "account-events") == 0 ? "account" : "zone", need->evidence);
		return *ret ? 0 : afd_fail_memory(err);
	}
	if (afd_query_open(s, ct ? "SELECT scope || ': ' || COALESCE(reason, 'a gap') FROM coverage WHERE evidence = 'ct-log'"
	                           " AND grade = 0 AND t_from < :to AND t_to > :from ORDER BY scope, id DESC"
	                         : "SELECT COALESCE(reason, 'a gap') FROM coverage WHERE evidence = :evidence AND scope = :scope"
	                           " AND grade = 0 AND t_from < :to AND t_to > :from ORDER BY id DESC", &q, err) < 0 ||
	    afd_query_bind_int(q, "from", hole.from, err) < 0 || afd_query_bind_int(q, "to", hole.to, err) < 0 ||
	    (!ct && (afd_query_bind_text(q, "evidence", need->evidence, err) < 0 || afd_query_bind_text(q, "scope", need->scope, err) < 0)))
		return -1;
	r = afd_query_step(q, err);
	if (r < 0)
		return -1;
	if (r > 0)
		why = afd_query_text(q, 0);
	else if (hole.from >= as_of_ms)
		why = "that had not happened yet when this was looked at";
	*ret = afd_arena_printf(a, "Not covered: %s %s from %s until %s UTC (%s).", evidence_words(need->evidence), need->scope,
		afd_when_people(hole.from).s, afd_when_people(hole.to).s, why);
	return *ret ? 0 : afd_fail_memory(err);
}

/* --- the coverage matrix --- */

struct matrix_key { const char *source, *evidence, *scope, *kind, *basis; int64_t retired_ms, lag_ms; bool configured; };

static int fill_row(struct afd_arena *a, const struct cover_rows *rows, const struct matrix_key *k, struct afd_span period,
                    struct afd_cover_row *ret, struct afd_error *err)
{
	struct afd_canvas all = { 0 }, clipped = { 0 };
	int64_t at = period.from;

	*ret = (struct afd_cover_row){ .source = k->source, .kind = k->kind, .evidence = k->evidence, .scope = k->scope,
		.basis = k->basis, .configured = k->configured, .lag_ms = k->lag_ms, .worst = AFD_PROVEN };
	for (size_t i = first_row(rows, k->evidence, k->scope, k->source); i < rows->n; i++) {
		const struct cover_row *r = &rows->at[i];

		if (strcmp(r->source, k->source) != 0 || strcmp(r->evidence, k->evidence) != 0 || strcmp(r->scope, k->scope) != 0)
			break;
		if (afd_canvas_paint(a, &all, (struct afd_stroke){ r->span, r->grade, r->reason, 0 }, err) < 0)
			return -1;
		if (r->stored > 0 && r->span.from < period.to && r->span.to > period.from)
			ret->records += (uint64_t)r->stored;
	}
	for (size_t i = 0; i < all.n; i++) {
		struct afd_stroke s = part_of(all.at[i], period.from, period.to);

		if (s.span.from >= s.span.to)
			continue;
		if (emit(a, &clipped, (struct afd_stroke){ { at, s.span.from }, AFD_GAP, "nothing was collected", 0 }, err) < 0 ||
		    emit(a, &clipped, s, err) < 0)
			return -1;
		at = s.span.to;
	}
	if (emit(a, &clipped, (struct afd_stroke){ { at, period.to }, AFD_GAP, "nothing was collected", 0 }, err) < 0)
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

static const char matrix_sql[] =
	"SELECT x.source, x.evidence, x.scope, COALESCE(o.kind, ''), COALESCE(o.basis, ''), x.retired_ms, x.lag_ms, COALESCE(o.configured, 0)"
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
		struct matrix_key k = { afd_arena_text(a, afd_query_text(q, 0)), afd_arena_text(a, afd_query_text(q, 1)),
			afd_arena_text(a, afd_query_text(q, 2)), afd_arena_text(a, afd_query_text(q, 3)),
			afd_arena_text(a, afd_query_text(q, 4)), afd_query_int(q, 5), afd_query_int(q, 6), afd_query_int(q, 7) == 1 };
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
	return r;
}
