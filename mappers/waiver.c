/* Waivers: a fail stays a fail, with a mark that says who accepted it until when. */
#include <strings.h>

#include "mappers/judge.h"

static const char waiver_sql[] = "SELECT id, finding, check_id, resource, COALESCE(observed_before, "
				 "-9223372036854775807), standing, owner, approver, reason, expires, granted"
				 " FROM waiver ORDER BY id";
#define NOT_BEFORE (-INT64_MAX)

int afd_waivers_load(struct afd_store *s, struct afd_arena *a, struct afd_waiver_rule **ret, size_t *n,
		     struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_waiver_rule *list = NULL;
	size_t count = 0;
	int r;

	if (afd_query_open(s, waiver_sql, &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct afd_waiver_rule *w = AFD_PUSH(a, list, count);

		if (!w)
			return afd_fail_memory(err);
		*w = (struct afd_waiver_rule){
			.mark = {afd_arena_text(a, afd_query_text(q, 0)), afd_arena_text(a, afd_query_text(q, 6)),
				 afd_arena_text(a, afd_query_text(q, 7)), afd_arena_text(a, afd_query_text(q, 8)),
				 afd_query_int(q, 9), afd_query_int(q, 5) == 1,
				 afd_query_is_null(q, 10) ? AFD_TIME_NONE : afd_query_int(q, 10)},
			.finding = afd_arena_text(a, afd_query_text(q, 1)),
			.check = afd_arena_text(a, afd_query_text(q, 2)),
			.resource = afd_arena_text(a, afd_query_text(q, 3)),
			.observed_before = afd_query_int(q, 4),
		};
		if (w->observed_before == NOT_BEFORE)
			w->observed_before = AFD_TIME_NONE;
		if (!w->mark.id || !w->mark.owner || !w->mark.approver || !w->mark.reason)
			return afd_fail_memory(err);
	}
	*ret = list;
	*n = count;
	return r;
}

static bool given(const char *s)
{
	return s && s[strspn(s, " \t")] != '\0';
}

bool afd_waiver_in_force(const struct afd_waiver_rule *w, int64_t as_of_ms)
{
	bool names = given(w->finding) || (given(w->check) && given(w->resource) &&
					   (w->observed_before != AFD_TIME_NONE || w->mark.standing));

	return names && given(w->mark.owner) && given(w->mark.approver) && given(w->mark.reason) &&
	       w->mark.expires > as_of_ms && (w->mark.granted == AFD_TIME_NONE || w->mark.granted <= as_of_ms);
}

bool afd_waiver_covers(const struct afd_waiver_rule *w, const struct afd_finding *f)
{
	if (f->status != AFD_FAIL)
		return false;
	if (given(w->finding))
		return strcasecmp(w->finding, f->id) == 0;
	if (!given(w->check) || !given(w->resource) || strcmp(w->check, f->check->id) != 0 ||
	    strcmp(w->resource, f->resource) != 0)
		return false;
	return w->mark.standing || (w->observed_before != AFD_TIME_NONE && f->observed_ms != AFD_TIME_NONE &&
				    f->observed_ms < w->observed_before);
}

static void mark_result(struct afd_assessment *a, struct afd_result *r, size_t *at)
{
	bool all = true, any = false;

	for (; *at < a->n_finding; (*at)++) {
		const struct afd_finding *f = &a->finding[*at];
		int c = strcmp(f->check->id, r->check->id);

		if (c == 0)
			c = strcmp(f->resource, r->resource);
		if (c > 0)
			break;
		if (c < 0 || f->status != AFD_FAIL || f->would_fail)
			continue;
		any = true;
		all = all && f->waiver;
	}
	r->waived = r->outcome == AFD_FAIL && any && all;
}

/* --- which findings a waiver may speak of: neither is few --- */

static int compare_place(const struct afd_finding *f, const char *check, const char *resource)
{
	const int c = strcmp(f->check->id, check);

	return c ? c : strcmp(f->resource, resource);
}

static void mark_place(struct afd_assessment *a, const struct afd_waiver_rule *w, const struct afd_waiver_mark *m)
{
	size_t lo = 0, hi = a->n_finding;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (compare_place(&a->finding[mid], w->check, w->resource) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < a->n_finding && compare_place(&a->finding[lo], w->check, w->resource) == 0; lo++)
		if (!a->finding[lo].waiver && afd_waiver_covers(w, &a->finding[lo]))
			a->finding[lo].waiver = m;
}

static int compare_id(const void *x, const void *y)
{
	return strcasecmp((*(struct afd_finding *const *)x)->id, (*(struct afd_finding *const *)y)->id);
}

static void mark_id(struct afd_finding **by_id, size_t n, const struct afd_waiver_rule *w, const struct afd_waiver_mark *m)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (strcasecmp(by_id[mid]->id, w->finding) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < n && strcasecmp(by_id[lo]->id, w->finding) == 0; lo++)
		if (!by_id[lo]->waiver && afd_waiver_covers(w, by_id[lo]))
			by_id[lo]->waiver = m;
}

static struct afd_finding **sort_by_id(struct afd_arena *arena, struct afd_assessment *a)
{
	struct afd_finding **ret = afd_arena_alloc(arena, (a->n_finding + 1) * sizeof(*ret));

	for (size_t i = 0; ret && i < a->n_finding; i++)
		ret[i] = &a->finding[i];
	if (ret && a->n_finding)
		qsort(ret, a->n_finding, sizeof(*ret), compare_id);
	return ret;
}

/* Results and findings are sorted by check and resource. */
int afd_waivers_apply(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *a, struct afd_error *err)
{
	struct afd_waiver_rule *rule = NULL;
	struct afd_finding **by_id = NULL;
	size_t n = 0, at = 0;

	if (afd_waivers_load(s, arena, &rule, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct afd_waiver_mark *m = AFD_PUSH(arena, a->waiver, a->n_waiver);

		if (!m)
			return afd_fail_memory(err);
		*m = rule[i].mark;
	}
	for (size_t k = 0; k < n; k++) {
		if (!afd_waiver_in_force(&rule[k], a->as_of_ms))
			continue;
		if (!given(rule[k].finding)) {
			mark_place(a, &rule[k], &a->waiver[k]);
			continue;
		}
		if (!by_id && !(by_id = sort_by_id(arena, a)))
			return afd_fail_memory(err);
		mark_id(by_id, a->n_finding, &rule[k], &a->waiver[k]);
	}
	for (size_t i = 0; i < a->n_result; i++)
		mark_result(a, &a->result[i], &at);
	return 0;
}
