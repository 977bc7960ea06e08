/* One check over the tables: one outcome per resource (docs/design.md 6). */
#include "mappers/run.h"

static struct afd_arena *lists_of(const struct afd_judge *j)
{
	return j->lists ? j->lists : j->arena;
}

/* --- order: by content alone --- */

static int compare_text(const char *a, const char *b)
{
	return a == b ? 0 : !a ? -1 : !b ? 1 : strcmp(a, b);
}

static int compare_int(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_need(const void *x, const void *y)
{
	const struct need_row *a = x, *b = y;
	int c = compare_text(a->resource, b->resource);

	if (c == 0)
		c = compare_text(a->need.evidence, b->need.evidence);
	if (c == 0)
		c = compare_text(a->need.scope, b->need.scope);
	if (c == 0)
		c = compare_int(a->need.grade, b->need.grade);
	if (c == 0)
		c = compare_int(a->need.span.from, b->need.span.from);
	return c ? c : compare_int(a->need.span.to, b->need.span.to);
}

static int compare_ref(const struct afd_evidence_ref *a, const struct afd_evidence_ref *b)
{
	int c = (a->leaf > b->leaf) - (a->leaf < b->leaf);

	if (c == 0)
		c = (a->part > b->part) - (a->part < b->part);
	return c ? c : compare_text(a->what, b->what);
}

static int compare_row(const void *x, const void *y)
{
	const struct finding_row *a = x, *b = y;
	int c = strcmp(a->resource, b->resource);

	if (c == 0)
		c = strcmp(a->key, b->key);
	if (c == 0)
		c = compare_int(b->status, a->status);
	if (c == 0)
		c = compare_int(b->presence, a->presence);
	if (c == 0)
		c = strcmp(a->reason, b->reason);
	return c ? c : compare_ref(&a->ref, &b->ref);
}

/* --- needs of a resource --- */

/* Needs of one kind that meet become one; the rows are sorted. */
static int merge_needs(struct afd_run *r, const struct need_row *row, size_t rows, struct afd_need **ret, size_t *n, struct afd_error *err)
{
	*ret = NULL;
	*n = 0;
	for (size_t i = 0; i < rows; i++) {
		const struct afd_need *v = &row[i].need;
		struct afd_need *last = *n ? &(*ret)[*n - 1] : NULL;

		if (!v->evidence || afd_run_is_shared(v))
			continue;
		if (last && strcmp(last->evidence, v->evidence) == 0 && compare_text(last->scope, v->scope) == 0 &&
		    last->grade == v->grade && v->span.from <= last->span.to) {
			if (v->span.to > last->span.to)
				last->span.to = v->span.to;
			continue;
		}
		last = AFD_PUSH(r->j->arena, *ret, *n);
		if (!last)
			return afd_fail_memory(err);
		*last = *v;
	}
	return 0;
}

static bool same_gap(const struct said *x, const struct afd_need *n, struct afd_span hole)
{
	const struct afd_need *o = &x->need;

	return x->hole.from == hole.from && x->hole.to == hole.to && o->span.from == n->span.from && o->span.to == n->span.to &&
	       o->grade == n->grade && strcmp(o->evidence, n->evidence) == 0 && strcmp(o->scope, n->scope) == 0;
}

/* Where it stands, or the free place where it may. */
static struct said *place(const struct afd_run *r, const struct afd_need *n, struct afd_span hole)
{
	uint64_t h = (uint64_t)hole.from * 31 + (uint64_t)hole.to;

	for (const char *p = n->scope; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	for (size_t i = (size_t)(h ^ h >> 32);; i++) {
		struct said *x = &r->said[i & (r->said_room - 1)];

		if (!x->reason || same_gap(x, n, hole))
			return x;
	}
}

/* Room for one more: twice as many places where half are taken, until there are enough; then the old ones are forgotten. */
static int make_room(struct afd_run *r, struct afd_error *err)
{
	struct said *old = r->said;
	const size_t n = r->said_room;

	if (r->n_said * 2 < n)
		return 0;
	r->n_said = 0;
	if (n == AFD_RUN_SAID) {
		memset(old, 0, n * sizeof *old);
		return 0;
	}
	r->said_room = n ? n * 2 : 16;
	r->said = afd_arena_alloc(r->j->arena, r->said_room * sizeof *r->said);
	if (!r->said)
		return afd_fail_memory(err);
	for (size_t i = 0; i < n; i++)
		if (old[i].reason) {
			*place(r, &old[i].need, old[i].hole) = old[i];
			r->n_said++;
		}
	return 0;
}

/* Why HOLE is one. Thousands of resources lack the same few things: the words of one serve the next. */
static int hole_reason(struct afd_run *r, const struct afd_need *n, struct afd_span hole, const char **ret, struct afd_error *err)
{
	struct said *x;

	if (make_room(r, err) < 0)
		return -1;
	x = place(r, n, hole);
	if (!x->reason) {
		if (afd_cover_reason(r->j->s, r->j->arena, n, hole, r->j->a->as_of_ms, &x->reason, err) < 0)
			return -1;
		x->need = *n;
		x->hole = hole;
		r->n_said++;
	}
	*ret = x->reason;
	return 0;
}

static int judge_needs(struct afd_run *r, struct afd_result *res, bool *covered, struct afd_error *err)
{
	*covered = true;
	res->grade = AFD_PROVEN;
	for (size_t i = 0; i < res->n_need; i++) {
		struct afd_need *n = &res->need[i];
		enum afd_grade grade;
		struct afd_span hole;

		afd_need_judge(&r->j->cover, r->j->a->as_of_ms, n, &grade, &hole);
		if (grade < res->grade)
			res->grade = grade;
		if (!n->scope)
			n->scope = "";
		if (n->covered)
			continue;
		if (*covered && hole_reason(r, n, hole, &res->reason, err) < 0)
			return -1;
		*covered = false;
	}
	return 0;
}

static int judge_shared(struct afd_run *r, struct afd_error *err)
{
	if (r->n_shared)
		qsort(r->shared, r->n_shared, sizeof *r->shared, compare_need);
	return merge_needs(r, r->shared, r->n_shared, &r->common.need, &r->common.n_need, err) < 0 ||
		       judge_needs(r, &r->common, &r->common_covered, err) < 0 ? -1 : 0;
}

/* Asked for with a time of its own, of each shared need what lies within. */
static int add_within(struct afd_run *r, struct afd_span at, struct afd_result *res, struct afd_error *err)
{
	for (size_t i = 0; i < r->common.n_need; i++) {
		struct afd_need n = r->common.need[i], *p;

		n.span.from = n.span.from < at.from ? at.from : n.span.from;
		n.span.to = n.span.to > at.to ? at.to : n.span.to;
		if (n.span.from >= n.span.to)
			continue;
		p = AFD_PUSH(r->j->arena, res->need, res->n_need);
		if (!p)
			return afd_fail_memory(err);
		*p = n;
	}
	return 0;
}

/* The shared needs behind its own, judged already; where it has none, it looks at theirs. */
static int add_shared(struct afd_run *r, struct afd_result *res, bool *covered, struct afd_error *err)
{
	if (*covered)
		res->reason = r->common.reason;
	*covered = *covered && r->common_covered;
	if (r->common.grade < res->grade)
		res->grade = r->common.grade;
	if (res->n_need) {
		struct afd_need *all = afd_arena_alloc(r->j->arena, (res->n_need + r->common.n_need) * sizeof *all);

		if (!all)
			return afd_fail_memory(err);
		memcpy(all, res->need, res->n_need * sizeof *all);
		memcpy(all + res->n_need, r->common.need, r->common.n_need * sizeof *all);
		res->need = all;
		res->n_need += r->common.n_need;
	} else {
		res->need = r->common.need;
		res->n_need = r->common.n_need;
	}
	return 0;
}

/* --- findings of a resource --- */

void afd_finding_id(const char *check, const char *resource, const char *key, char ret[17])
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_digest d;
	const struct afd_slice parts[] = {afd_slice(check, strlen(check) + 1),
					  afd_slice(resource, strlen(resource) + 1), afd_slice_text(key)};

	afd_sha256_parts(parts, AFD_COUNT(parts), &d);
	memset(ret, 0, 17);
	if (afd_base32(afd_slice(d.b, 10), &text) == 0 && text.len == 16)
		memcpy(ret, text.data, 16);
}

static int compare_refs(const void *x, const void *y)
{
	return compare_ref(x, y);
}

/* Reasons, earliest time and evidence of the rows [from, to), which are sorted by status and reason. */
static int collect(struct afd_run *r, size_t from, size_t to, struct afd_finding *f, struct afd_error *err)
{
	const char **reason = NULL, **p;
	struct afd_evidence_ref *e;
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		const struct finding_row *v = &r->row[i];

		if (!f->n_reason || strcmp(reason[f->n_reason - 1], v->reason) != 0) {
			p = AFD_PUSH(r->j->arena, reason, f->n_reason);
			if (!p)
				return afd_fail_memory(err);
			*p = v->reason;
		}
		if (v->observed_ms != AFD_TIME_NONE &&
		    (f->observed_ms == AFD_TIME_NONE || v->observed_ms < f->observed_ms))
			f->observed_ms = v->observed_ms;
		if (!v->has_ref)
			continue;
		e = AFD_PUSH(r->j->arena, f->evidence, f->n_evidence);
		if (!e)
			return afd_fail_memory(err);
		*e = v->ref;
	}
	if (f->n_evidence)
		qsort(f->evidence, f->n_evidence, sizeof *f->evidence, compare_refs);
	for (size_t i = 0; i < f->n_evidence; i++)
		if (!n || compare_ref(&f->evidence[n - 1], &f->evidence[i]) != 0)
			f->evidence[n++] = f->evidence[i];
	f->n_evidence = n;
	f->reason = reason;
	return 0;
}

/* Rows [from, to) with one resource and key: the worst status is the finding's, and its rows come first. */
static int add_finding(struct afd_run *r, size_t from, size_t to, bool covered, enum afd_outcome *outcome, bool *fails,
		       const char **not_applicable, struct afd_error *err)
{
	const struct finding_row *v = &r->row[from];
	struct afd_assessment *a = r->j->a;
	struct afd_finding *f = AFD_PUSH(lists_of(r->j), a->finding, a->n_finding);

	if (!f)
		return afd_fail_memory(err);
	*f = (struct afd_finding){ .check = r->check, .resource = v->resource, .key = v->key, .status = v->status,
		.presence = v->presence, .observed_ms = AFD_TIME_NONE };
	afd_finding_id(r->check->id, f->resource, f->key, f->id);
	if (collect(r, from, to, f, err) < 0)
		return -1;
	if (f->status == AFD_FAIL && !f->n_evidence)
		return afd_fail(err, AFD_E_ENGINE, "findings: %s: a fail without evidence", f->resource);
	if (f->status == AFD_NOT_APPLICABLE) {
		/* nothing was found: why it does not apply is said of the resource */
		*not_applicable = f->n_reason ? f->reason[0] : NULL;
		a->n_finding--;
		return 0;
	}
	f->would_fail = !covered && !f->presence;
	if (f->would_fail)
		return 0;
	*outcome = afd_outcome_worse(*outcome, f->status);
	*fails = *fails || f->status == AFD_FAIL;
	return 0;
}

/* --- one resource, then all --- */

static int judge_resource(struct afd_run *r, size_t need_from, size_t need_to, size_t row_from, size_t row_to,
			  struct afd_error *err)
{
	struct afd_result res = { .check = r->check, .resource = r->need[need_from].resource };
	enum afd_outcome returned = AFD_NOT_APPLICABLE;
	const char *not_applicable = NULL;
	bool covered, fails = false, all = false;
	struct afd_result *p;

	if (merge_needs(r, r->need + need_from, need_to - need_from, &res.need, &res.n_need, err) < 0)
		return -1;
	for (size_t i = need_from; i < need_to; i++) {
		const struct afd_need *n = &r->need[i].need;

		if (!afd_run_is_shared(n))
			continue;
		if (!r->n_shared)
			return afd_fail(err, AFD_E_ENGINE, "population: %s asks for shared needs, and no row without resource states one", res.resource);
		if (n->span.from == n->span.to)                  /* no time of its own: all of it */
			all = true;
		else if (add_within(r, n->span, &res, err) < 0)
			return -1;
	}
	if (judge_needs(r, &res, &covered, err) < 0 || (all && add_shared(r, &res, &covered, err) < 0))
		return -1;
	for (size_t i = row_from, k; i < row_to; i = k) {
		for (k = i; k < row_to && strcmp(r->row[k].key, r->row[i].key) == 0; k++)
			;
		if (add_finding(r, i, k, covered, &returned, &fails, &not_applicable, err) < 0)
			return -1;
	}
	if (fails)                                       /* by presence, or all is covered */
		res.outcome = AFD_FAIL;
	else if (!covered)
		res.outcome = AFD_NOT_EVALUABLE;
	else if (row_from < row_to)
		res.outcome = returned;
	else
		res.outcome = r->relaxed ? AFD_REVIEW : AFD_PASS;
	if (res.outcome != AFD_NOT_EVALUABLE)            /* the needs say it too, one by one */
		res.reason = res.outcome == AFD_REVIEW && row_from == row_to ? r->relaxed : NULL;
	if (res.outcome == AFD_NOT_APPLICABLE)
		res.reason = not_applicable;
	p = AFD_PUSH(lists_of(r->j), r->j->a->result, r->j->a->n_result);
	if (!p)
		return afd_fail_memory(err);
	*p = res;
	return 0;
}

/* Whoever may edit the policy may make a rule harmless after the deed. What passes under parameters that were changed,
 * added or taken away since the period began is for a person to look at. */
static int read_relaxed(struct afd_run *r, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int got;

	if (afd_query_open(r->j->s, "SELECT MAX(t) FROM scope_edit WHERE table_name = 'policy' AND t > :from"
			   " AND substr(key, 1, length(:id) + 1) = :id || '|'", &q, err) < 0 ||
	    afd_query_bind_int(q, "from", r->j->a->period.from, err) < 0 || afd_query_bind_text(q, "id", r->check->id, err) < 0)
		return -1;
	got = afd_query_step(q, err);
	if (got < 0 || got == 0 || afd_query_is_null(q, 0))
		return got < 0 ? -1 : 0;
	r->relaxed = afd_arena_printf(r->j->arena, "The parameters of this check were edited at %s UTC, after the period had begun.",
				      afd_when_people(afd_query_int(q, 0)).s);
	return r->relaxed ? 0 : afd_fail_memory(err);
}

static int judge_all(struct afd_run *r, struct afd_error *err)
{
	size_t row = 0;

	if (read_relaxed(r, err) < 0 || judge_shared(r, err) < 0)
		return -1;

	if (r->n_need)
		qsort(r->need, r->n_need, sizeof *r->need, compare_need);
	if (r->n_row)
		qsort(r->row, r->n_row, sizeof *r->row, compare_row);
	for (size_t i = 0, k; i < r->n_need; i = k) {
		size_t row_to;

		for (k = i; k < r->n_need && strcmp(r->need[k].resource, r->need[i].resource) == 0; k++)
			;
		if (row < r->n_row && strcmp(r->row[row].resource, r->need[i].resource) < 0)
			break;
		for (row_to = row; row_to < r->n_row && strcmp(r->row[row_to].resource, r->need[i].resource) == 0;
		     row_to++)
			;
		if (judge_resource(r, i, k, row, row_to, err) < 0)
			return -1;
		row = row_to;
	}
	if (row < r->n_row)
		return afd_fail(err, AFD_E_ENGINE, "findings: \"%s\" is not in the population", r->row[row].resource);
	return 0;
}

static int one_result(struct afd_judge *j, const struct afd_check *c, enum afd_outcome outcome, const char *reason,
		      struct afd_error *err)
{
	struct afd_result *p = AFD_PUSH(lists_of(j), j->a->result, j->a->n_result);

	if (!p)
		return afd_fail_memory(err);
	*p = (struct afd_result){
		.check = c, .resource = "", .outcome = outcome, .reason = afd_arena_text(j->arena, reason)};
	return p->reason ? 0 : afd_fail_memory(err);
}

int afd_check_failed(struct afd_judge *j, const struct afd_check *c, const char *reason, struct afd_error *err)
{
	return one_result(j, c, AFD_ERROR, reason, err);
}

/* Retired, the file says why. What was retired after the period began could have been retired to find nothing in it. */
static int retired(struct afd_judge *j, const struct afd_check *c, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	const char *reason;
	int64_t since;

	if (afd_query_open(j->s, "SELECT ledger_ms FROM item_note WHERE leaf = :leaf", &q, err) < 0 ||
	    afd_query_bind_int(q, "leaf", (int64_t)c->leaf, err) < 0 || afd_query_step(q, err) < 0)
		return -1;
	since = afd_query_int(q, 0);
	reason = afd_arena_printf(j->arena, "The check was retired at %s UTC%s: %s", afd_when_people(since).s,
				  since > j->a->period.from ? ", after the period had begun" : "", c->retired);
	return reason ? one_result(j, c, since > j->a->period.from ? AFD_REVIEW : AFD_NOT_APPLICABLE, reason, err) : afd_fail_memory(err);
}

/* What a check is about is named: of a test with no resource nobody could say otherwise what was looked for. */
static int nothing_in_scope(struct afd_judge *j, const struct afd_check *c, struct afd_error *err)
{
	const char *reason = afd_arena_printf(j->arena, "nothing in scope: no %s", c->resource);

	return reason ? one_result(j, c, AFD_NOT_EVALUABLE, reason, err) : afd_fail_memory(err);
}

int afd_check_run(struct afd_judge *j, const struct afd_check *c, struct afd_error *err)
{
	struct afd_run r = { .j = j, .check = c };
	size_t results = j->a->n_result, findings = j->a->n_finding;
	struct afd_error own = { 0 };
	int done;

	if (c->retired)
		return retired(j, c, err);
	done = afd_run_read(&r, &own);
	if (done == 0)
		done = judge_all(&r, &own);
	afd_run_release(&r);
	if (done < 0 && own.code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	if (done < 0 && afd_query_stopped(j->s))         /* nothing is known of the check then */
		return afd_fail(err, AFD_E_IO, "stopped");
	if (done < 0 && c->label)
		afd_within(&own, "%s:%u", c->label, r.line);
	if (done < 0) {                                  /* a check that breaks its contract has said nothing */
		j->a->n_result = results;
		j->a->n_finding = findings;
		return one_result(j, c, AFD_ERROR, own.text, err);
	}
	if (!r.n_need)
		return nothing_in_scope(j, c, err);
	return 0;
}
