/* What is new and what is gone since the period before, from the same ledger prefix and by the same rules. Of the period before only
 * findings are made; of the one before that only those of checks that found something new, to tell what came back. */
#include <stdlib.h>

#include "mappers/judge.h"

/* As long as P and right before it; whole months, if P is made of them. */
struct afd_span afd_period_before(struct afd_span p)
{
	int y[2], m[2], d[2], h[2], mi[2], s[2], ms[2], months;
	struct afd_span ret = { .to = p.from };

	afd_when_split(p.from, &y[0], &m[0], &d[0], &h[0], &mi[0], &s[0], &ms[0]);
	afd_when_split(p.to, &y[1], &m[1], &d[1], &h[1], &mi[1], &s[1], &ms[1]);
	ret.from = p.from - (p.to - p.from);
	if (d[0] != 1 || d[1] != 1 || p.from % AFD_DAY || p.to % AFD_DAY)
		return ret;
	months = 12 * y[0] + m[0] - 1 - (12 * (y[1] - y[0]) + m[1] - m[0]);
	if (months < 12 || afd_when_civil(months / 12, months % 12 + 1, 1, 0, 0, 0, 0, &ret.from) < 0)
		ret.from = p.from - (p.to - p.from);
	return ret;
}

static int compare_id(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Ids of findings that are none aside, sorted. */
struct ids { const char **at; size_t n; };

static int ids_of(struct afd_arena *arena, const struct afd_assessment *a, bool aside, struct ids *ret, struct afd_error *err)
{
	*ret = (struct ids){ .at = afd_arena_alloc(arena, (a->n_finding + 1) * sizeof *ret->at) };
	if (!ret->at)
		return afd_fail_memory(err);
	for (size_t i = 0; i < a->n_finding; i++)
		if (aside || !a->finding[i].would_fail)
			ret->at[ret->n++] = a->finding[i].id;
	if (ret->n)
		qsort(ret->at, ret->n, sizeof *ret->at, compare_id);
	return 0;
}

static bool has(const struct ids *ids, const char *id)
{
	return ids->n && bsearch(&id, ids->at, ids->n, sizeof *ids->at, compare_id);
}

static int compare_result(const void *x, const void *y)
{
	const struct afd_result *a = x, *b = y;
	int c = strcmp(a->check->id, b->check->id);

	return c ? c : strcmp(a->resource, b->resource);
}

enum seen { SEEN, NOT_TESTED, NOT_EXAMINED };

/* Whether CHECK could tell anything about RESOURCE in A, whose results are sorted. */
static enum seen seen(const struct afd_assessment *a, const struct afd_check *check, const char *resource)
{
	const struct afd_result key = { .check = check, .resource = resource }, whole = { .check = check, .resource = "" };
	const struct afd_result *r = a->n_result ? bsearch(&key, a->result, a->n_result, sizeof *a->result, compare_result) : NULL;

	if (!r && a->n_result)
		r = bsearch(&whole, a->result, a->n_result, sizeof *a->result, compare_result);
	if (!r)
		return NOT_EXAMINED;
	if (r->outcome == AFD_ERROR || (r->outcome == AFD_NOT_EVALUABLE && *r->resource))
		return NOT_TESTED;
	return r->outcome == AFD_NOT_EVALUABLE ? NOT_EXAMINED : SEEN;
}

/* --- the periods before --- */

static bool found_new(const struct afd_judge *j, const struct afd_check *c, const struct ids *known)
{
	for (size_t i = 0; i < j->a->n_finding; i++)
		if (j->a->finding[i].check == c && !has(known, j->a->finding[i].id))
			return true;
	return false;
}

/* It found something new, or one that stands on it did. */
static bool wanted(const struct afd_judge *j, const struct afd_check *c, const struct ids *known)
{
	for (size_t i = 0; i < j->a->n_check; i++)
		if (afd_raised_names(&j->a->check[i], c) && found_new(j, &j->a->check[i], known))
			return true;
	return found_new(j, c, known);
}

/* It could not run now, so it cannot then; an endless one would take its time again. */
static bool broken(const struct afd_assessment *a, const struct afd_check *c)
{
	const struct afd_result whole = { .check = c, .resource = "" };
	const struct afd_result *r = a->n_result ? bsearch(&whole, a->result, a->n_result, sizeof *a->result, compare_result) : NULL;

	return r && r->outcome == AFD_ERROR;
}

/* Those that stand on others, or the others. */
static int look_checks(struct afd_judge *j, const char *const *wrong, struct afd_judge *old, bool on_others, const struct ids *known,
		       struct afd_error *err)
{
	struct afd_task *task = NULL;
	size_t n = 0;

	for (size_t i = 0; i < j->a->n_check; i++) {
		const struct afd_check *c = &j->a->check[i];
		struct afd_task *t;

		if ((c->after.n > 0) != on_others)
			continue;
		if (!c->findings_sql || wrong[i] || broken(j->a, c) || (known && !wanted(j, c, known))) {
			if (!known)
				afd_judge_step(j);
			continue;
		}
		t = AFD_PUSH(old->arena, task, n);
		if (!t)
			return afd_fail_memory(err);
		t->check = c;
	}
	return afd_crew_run(old, task, n, known ? NULL : j, err);
}

/* Findings and results of SPAN in RET, whose texts lie in ARENA; of all checks, or of those that found what is not KNOWN. */
static int look(struct afd_judge *j, const char *const *wrong, struct afd_arena *arena, struct afd_span span, const struct ids *known,
		struct afd_assessment *ret, struct afd_error *err)
{
	struct afd_judge old = { .s = j->s, .arena = arena, .crew = j->crew, .cover = j->cover, .a = ret };

	*ret = (struct afd_assessment){ .period = span, .as_of_ms = j->a->as_of_ms };
	if (afd_period_fill(j->s, span, ret->as_of_ms, err) < 0 || look_checks(j, wrong, &old, false, known, err) < 0 || afd_raised_fill(j->s, j->a, ret, err) < 0 ||
	    look_checks(j, wrong, &old, true, known, err) < 0)
		return -1;
	if (ret->n_result)
		qsort(ret->result, ret->n_result, sizeof *ret->result, compare_result);
	return 0;
}

static int compare_past(const void *x, const void *y)
{
	const struct afd_past *a = x, *b = y;
	int c = strcmp(a->check->id, b->check->id);

	if (c == 0)
		c = strcmp(a->resource, b->resource);
	return c ? c : strcmp(a->key, b->key);
}

static int keep(const struct afd_judge *j, const struct afd_finding *f, struct afd_past **list, size_t *n, struct afd_past **ret, struct afd_error *err)
{
	struct afd_past *p = AFD_PUSH(j->arena, *list, *n);

	if (!p)
		return afd_fail_memory(err);
	*p = (struct afd_past){ .check = f->check, .resource = afd_arena_text(j->arena, f->resource), .key = afd_arena_text(j->arena, f->key),
		.reason = afd_arena_text(j->arena, f->n_reason ? f->reason[0] : ""), .status = f->status, .observed_ms = f->observed_ms };
	memcpy(p->id, f->id, sizeof p->id);
	*ret = p;
	return p->resource && p->key && p->reason ? 0 : afd_fail_memory(err);
}

/* When the ledger had everything that F stands on; the leaf that came last. */
static int last_item(struct afd_query *q, const struct afd_finding *f, int64_t *ret_ms, uint64_t *ret_leaf, struct afd_error *err)
{
	*ret_ms = AFD_TIME_NONE;
	*ret_leaf = 0;
	for (size_t i = 0; i < f->n_evidence; i++) {
		int got;

		if (afd_query_bind_int(q, "leaf", (int64_t)f->evidence[i].leaf, err) < 0 ||
		    (got = afd_query_step(q, err)) < 0)
			return -1;
		if (got == 0 || afd_query_int(q, 0) <= *ret_ms)
			continue;
		*ret_ms = afd_query_int(q, 0);
		*ret_leaf = f->evidence[i].leaf;
	}
	return 0;
}

static int learn(const struct afd_judge *j, const struct afd_assessment *old, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL, *slowest = NULL;
	struct afd_comparison *c = &j->a->comparison;
	struct afd_past *p;

	if (afd_query_open(j->s, "SELECT COALESCE(MAX(lag_ms), 0) FROM source_scope", &slowest, err) < 0 || afd_query_step(slowest, err) < 0 ||
	    afd_query_open(j->s, "SELECT ledger_ms FROM item_note WHERE leaf = :leaf", &q, err) < 0)
		return -1;
	for (size_t i = 0; i < old->n_finding; i++) {
		const struct afd_finding *f = &old->finding[i];
		int64_t ms;
		uint64_t leaf;

		if (f->would_fail)
			continue;
		if (last_item(q, f, &ms, &leaf, err) < 0)
			return -1;
		if (ms == AFD_TIME_NONE || ms <= old->period.to + afd_query_int(slowest, 0))
			continue;
		if (keep(j, f, &c->learned, &c->n_learned, &p, err) < 0)
			return -1;
		p->recorded_ms = ms;
		p->leaf = leaf;
	}
	return 0;
}

static int list_gone(const struct afd_judge *j, const struct afd_assessment *old, const struct ids *now, struct afd_error *err)
{
	static const char *const words[] = { [SEEN] = "closed", [NOT_TESTED] = "not-tested", [NOT_EXAMINED] = "not-examined" };
	struct afd_comparison *c = &j->a->comparison;
	unsigned *const count[] = { [SEEN] = &c->closed, [NOT_TESTED] = &c->not_tested, [NOT_EXAMINED] = &c->not_examined };
	struct afd_past *p;

	for (size_t i = 0; i < old->n_finding; i++) {
		const struct afd_finding *f = &old->finding[i];
		enum seen how;

		if (f->would_fail || has(now, f->id))
			continue;
		if (keep(j, f, &c->gone, &c->n_gone, &p, err) < 0)
			return -1;
		how = seen(j->a, f->check, f->resource);
		p->state = words[how];
		++*count[how];
	}
	return 0;
}

/* What was there before the last period and nobody saw closed in it is open still. */
static void name_states(const struct afd_judge *j, const struct afd_assessment *old, const struct ids *before, const struct ids *long_before)
{
	struct afd_comparison *c = &j->a->comparison;

	for (size_t i = 0; i < j->a->n_finding; i++) {
		struct afd_finding *f = &j->a->finding[i];

		if (has(before, f->id))
			f->state = "open";
		else if (!has(long_before, f->id))
			f->state = "new";
		else
			f->state = seen(old, f->check, f->resource) == SEEN ? "reopened" : "open";
		if (f->would_fail)
			continue;
		c->fresh += *f->state == 'n';
		c->open += *f->state == 'o';
		c->reopened += *f->state == 'r';
	}
}

static int compare(struct afd_judge *j, const char *const *wrong, struct afd_arena *arena, struct afd_error *err)
{
	struct afd_comparison *c = &j->a->comparison;
	struct afd_assessment old, older;
	struct ids now, before, long_before;

	c->previous = afd_period_before(j->a->period);
	c->before = afd_period_before(c->previous);
	if (look(j, wrong, arena, c->previous, NULL, &old, err) < 0 || ids_of(arena, &old, false, &before, err) < 0 ||
	    look(j, wrong, arena, c->before, &before, &older, err) < 0 || ids_of(arena, &older, false, &long_before, err) < 0 ||
	    ids_of(arena, j->a, true, &now, err) < 0 || list_gone(j, &old, &now, err) < 0 || learn(j, &old, err) < 0)
		return -1;
	name_states(j, &old, &before, &long_before);
	for (size_t i = 0; i < old.n_result; i++)
		c->by[old.result[i].outcome]++;
	if (c->n_gone)
		qsort(c->gone, c->n_gone, sizeof *c->gone, compare_past);
	if (c->n_learned)
		qsort(c->learned, c->n_learned, sizeof *c->learned, compare_past);
	c->made = true;
	return 0;
}

int afd_compare(struct afd_judge *j, const char *const *wrong, struct afd_error *err)
{
	struct afd_arena arena = { 0 };
	int r = compare(j, wrong, &arena, err);

	afd_arena_release(&arena);
	return r < 0 ? afd_within(err, "comparison with the period before") : 0;
}
