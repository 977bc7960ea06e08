/* Transparency logs: a name is covered where every expected log covers it, or all but those of one operator (docs/design.md 4). */
#include <stdio.h>

#include "mappers/cover.h"

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

/* Writes MARK for the watch lists that hold RULE. */
static void mark_lists(const struct digests *d, const char *rule, char mark, char *accepts)
{
	size_t lo = 0, hi = d->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(d->at[mid].name, rule) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < d->n && strcmp(d->at[lo].name, rule) == 0; lo++)
		accepts[d->at[lo].digest_no] = mark;
}

/* What of the inventory asks for coverage: a domain; its addresses are a part of it; names that look like it are by
 * themselves. */
struct asked { const char *name; bool exact, lookalike; const char *const *prefix; size_t n_prefix; };
struct addresses { const char **domain, **prefix; size_t n, n_prefix; };

static int load_addresses(struct afd_store *s, struct afd_arena *a, struct addresses *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, "SELECT domain, prefix FROM domain_address ORDER BY domain, prefix", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		const char **domain = AFD_PUSH(a, ret->domain, ret->n), **prefix = AFD_PUSH(a, ret->prefix, ret->n_prefix);

		if (!domain || !prefix || !(*domain = afd_arena_text(a, afd_query_text(q, 0))) ||
		    !(*prefix = afd_arena_text(a, afd_query_text(q, 1))))
			return afd_fail_memory(err);
	}
	return r;
}

/* Marks in ACCEPTS the watch lists that are enough: with the name or one above it, for a watched name covers everything
 * below; and with every range of its addresses. */
static int accepting_lists(struct afd_arena *a, const struct digests *d, const struct asked *x, char *accepts, struct afd_error *err)
{
	char rule[1100], *has;

	memset(accepts, '0', d->n_digest);
	snprintf(rule, sizeof(rule), "%c%s", x->lookalike ? '~' : '=', x->name);
	if (x->lookalike || x->exact)
		mark_lists(d, rule, '1', accepts);
	for (const char *p = x->lookalike ? NULL : x->name; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL)
		mark_lists(d, p, '1', accepts);
	for (size_t i = 0; i < x->n_prefix; i++) {
		has = afd_arena_alloc(a, d->n_digest + 1);
		if (!has)
			return afd_fail_memory(err);
		mark_lists(d, x->prefix[i], '1', has);
		for (size_t k = 0; k < d->n_digest; k++)
			accepts[k] = has[k] == '1' ? accepts[k] : '0';
	}
	return 0;
}

static struct asked asked_of(struct afd_query *q, const struct addresses *all)
{
	struct asked x = { .name = afd_query_text(q, 0), .exact = afd_query_int(q, 1), .lookalike = afd_query_int(q, 2) };
	size_t i = 0;

	while (!x.lookalike && i < all->n && strcmp(all->domain[i], x.name) < 0)
		i++;
	x.prefix = all->prefix + i;
	while (!x.lookalike && i + x.n_prefix < all->n && strcmp(all->domain[i + x.n_prefix], x.name) == 0)
		x.n_prefix++;
	return x;
}

/* One log as it counts: what it covers, without reasons, and nothing from its retirement on. */
struct log_canvas { struct afd_canvas c; size_t at; const struct expected *x; };

static int paint_log(struct afd_arena *a, const struct cover_rows *rows, const struct expected *x, struct accepting *ctx,
                     struct log_canvas *ret, int64_t *lag, struct afd_error *err)
{
	struct afd_canvas one;

	*ret = (struct log_canvas){ .x = x };
	if (afd_paint_source(a, rows, x, ctx ? watch_accepted : NULL, ctx, &one, lag, err) < 0)
		return -1;
	for (size_t i = 0; i < one.n; i++) {
		struct afd_stroke s = afd_stroke_part(one.at[i], INT64_MIN, x->retired_ms);

		s.reason = NULL;
		if (s.grade != AFD_GAP && afd_canvas_add(a, &ret->c, s, err) < 0)
			return -1;
	}
	return 0;
}

/* At T: the grade of LOG, moving on in it; *until: no later than where that changes. */
static enum afd_grade log_at(struct log_canvas *l, int64_t t, int64_t *until)
{
	const struct afd_stroke *s;

	while (l->at < l->c.n && l->c.at[l->at].span.to <= t)
		l->at++;
	if (l->x->retired_ms > t && l->x->retired_ms < *until)
		*until = l->x->retired_ms;
	if (l->at == l->c.n)
		return AFD_GAP;
	s = &l->c.at[l->at];
	if (s->span.from > t) {
		*until = s->span.from < *until ? s->span.from : *until;
		return AFD_GAP;
	}
	*until = s->span.to < *until ? s->span.to : *until;
	return s->grade;
}

/* What all logs that are expected at T say together. A certificate that browsers take carries promises of logs of two
 * operators, so that one of the logs of the others has it when those of a single operator are not read. Only a list of
 * logs says who the others are. */
static enum afd_grade logs_at(struct log_canvas *l, size_t n, int64_t t, int64_t *until, const char **unread)
{
	enum afd_grade worst = AFD_PROVEN;
	const char *operator = NULL;
	bool read = false, expected = false, lost = false;

	for (size_t i = 0; i < n; i++) {
		enum afd_grade g = log_at(&l[i], t, until);

		if (l[i].x->retired_ms <= t)
			continue;
		expected = true;
		if (g == AFD_GAP) {
			lost |= !l[i].x->operator || (operator && strcmp(operator, l[i].x->operator) != 0);
			operator = l[i].x->operator;
			continue;
		}
		worst = g < worst ? g : worst;
	}
	for (size_t i = 0; operator && i < n && !read; i++)
		read = l[i].x->retired_ms > t && l[i].x->operator && strcmp(l[i].x->operator, operator) != 0;
	*unread = operator;
	return !expected || lost || (operator && !read) ? AFD_GAP : worst;
}

static const char *why_spared(struct afd_arena *a, const char *operator)
{
	return afd_arena_printf(a, "logs of one operator alone were not read (%s): what browsers accept is in a log of another one", operator);
}

static int paint_logs(struct afd_arena *a, const struct cover_rows *rows, const struct expected *x, size_t n, struct accepting *ctx,
                      struct afd_canvas *ret, int64_t *lag, struct afd_error *err)
{
	struct log_canvas *l = afd_arena_alloc(a, n * sizeof(*l));
	int64_t t = INT64_MIN, until;
	const char *last = NULL, *text = NULL;

	*ret = (struct afd_canvas){ 0 };
	if (!l)
		return afd_fail_memory(err);
	for (size_t i = 0; i < n; i++)
		if (paint_log(a, rows, &x[i], ctx, &l[i], lag, err) < 0)
			return -1;
	for (; t < AFD_FOREVER; t = until) {
		const char *unread;
		enum afd_grade g;

		until = AFD_FOREVER;
		g = logs_at(l, n, t, &until, &unread);
		if (g == AFD_GAP)
			continue;
		if (unread && (!last || strcmp(last, unread) != 0)) {
			text = why_spared(a, unread);
			last = unread;
			if (!text)
				return afd_fail_memory(err);
		}
		if (afd_canvas_add(a, ret, (struct afd_stroke){ { t, until }, g, unread ? text : NULL, 0 }, err) < 0)
			return -1;
	}
	return 0;
}

int afd_spared_logs(struct afd_arena *a, const struct cover_rows *rows, const struct expecteds *x, struct spareds *ret, struct afd_error *err)
{
	int64_t t = INT64_MIN, until, lag = 0;
	const struct expected *logs;
	struct log_canvas *l;
	struct spared *s;
	size_t n;

	logs = afd_expected_for(x, "ct-log", NULL, &n);
	l = n ? afd_arena_alloc(a, n * sizeof(*l)) : NULL;
	if (n && !l)
		return afd_fail_memory(err);
	for (size_t i = 0; i < n; i++)
		if (paint_log(a, rows, &logs[i], NULL, &l[i], &lag, err) < 0)
			return -1;
	for (; n && t < AFD_FOREVER; t = until) {
		const char *unread;

		until = AFD_FOREVER;
		if (logs_at(l, n, t, &until, &unread) == AFD_GAP || !unread)
			continue;
		s = AFD_PUSH(a, ret->at, ret->n);
		if (!s)
			return afd_fail_memory(err);
		*s = (struct spared){ { t, until }, unread, why_spared(a, unread) };
		if (!s->reason)
			return afd_fail_memory(err);
	}
	return 0;
}

int afd_join_logs(struct afd_store *s, struct afd_arena *a, const struct cover_rows *rows, const struct expecteds *x,
                     struct afd_inserts *ins, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	const struct expected *logs;
	struct addresses addresses = { 0 };
	struct digests d = { 0 };
	struct log_class *class = NULL;
	size_t n_class = 0, n_logs;
	int64_t lag = 0, each = 0;
	int r;

	logs = afd_expected_for(x, "ct-log", NULL, &n_logs);
	if (!n_logs)
		return 0;
	lag = afd_largest_lag(x, "ct-log", NULL, 0);
	if (load_watch(s, a, &d, err) < 0 || load_addresses(s, a, &addresses, err) < 0 ||
	    afd_query_open(s, "SELECT name, exact, 0 FROM domain WHERE in_scope = 1 UNION ALL"
	                      " SELECT name, 0, 1 FROM domain WHERE in_scope = 1 AND lookalike = 1 ORDER BY 1, 3", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		char *accepts = afd_arena_alloc(a, d.n_digest + 1);
		struct asked of = asked_of(q, &addresses);
		struct accepting ctx = { &d, accepts };
		size_t i = 0;

		if (!accepts)
			return afd_fail_memory(err);
		if (accepting_lists(a, &d, &of, accepts, err) < 0)
			return -1;
		while (i < n_class && strcmp(class[i].accepts, accepts) != 0)
			i++;
		if (i == n_class) {
			struct log_class *c = AFD_PUSH(a, class, n_class);

			if (!c)
				return afd_fail_memory(err);
			c->accepts = accepts;
			if (paint_logs(a, rows, logs, n_logs, &ctx, &c->canvas, &each, err) < 0)
				return -1;
		}
		if (afd_insert_canvas(ins, of.lookalike ? "ct-lookalike" : "ct", of.name, &class[i].canvas, lag, err) < 0)
			return -1;
	}
	return r;
}

