/* Is what a check says of a case what the case expects? Shared by the cases themselves and by the mutants of the checks. */
#include <stdio.h>
#include <string.h>

#include "case.h"
#include "core/file.h"
#include "evidence/db.h"
#include "mappers/judge.h"

/* A case has a few rows; a statement that needs more steps (SQLite's) will never end, as mutants of recursions do not. */
enum { STEPS_OF_A_CASE = 5000000 };

static bool same_number(const struct afd_node *want, int64_t have)
{
	return !want || want->u.i == have;
}

static bool same_text(const struct afd_node *want, const char *have)
{
	return !want || (afd_node_text(want) && strcmp(afd_node_text(want), have) == 0);
}

static bool any_reason(const struct afd_node *want, const struct afd_finding *f)
{
	for (size_t i = 0; want && i < f->n_reason; i++)
		if (strstr(f->reason[i], afd_node_text(want)))
			return true;
	return !want;
}

static bool any_row(const struct afd_node *want, const struct afd_finding *f)
{
	for (size_t i = 0; want && i < f->n_evidence; i++)
		if (f->evidence[i].row == want->u.i)
			return true;
	return !want;
}

static bool same_time(const struct afd_node *want, int64_t have)
{
	int64_t v;

	return !want || (case_time(want->type == AFD_INT ? "0" : afd_node_text(want), &v) == 0 && v == have);
}

/* What nobody reads is compared with nothing: a case with a word that is not known could not fail. */
struct known { const char *key; unsigned types; };      /* types: bits */
enum { A_TEXT = 1u << AFD_TEXT, A_NUMBER = 1u << AFD_INT, A_TRUTH = 1u << AFD_BOOL, A_TIME = A_TEXT | A_NUMBER };

static int known_keys(const struct afd_node *map, const struct known *known, size_t n_known, const char *what, struct afd_error *why)
{
	if (map->type != AFD_MAP)
		return afd_fail(why, AFD_E_PARSE, "line %u: %s: expected a map, got %s", map->line, what, afd_node_type_name(map));
	for (const struct afd_node *n = map->u.list.first; n; n = n->next) {
		size_t i = 0;

		while (i < n_known && strcmp(known[i].key, n->key) != 0)
			i++;
		if (i == n_known)
			return afd_fail(why, AFD_E_PARSE, "line %u: %s: \"%s\" is not known", n->line, what, n->key);
		if (!(known[i].types & 1u << n->type))
			return afd_fail(why, AFD_E_PARSE, "line %u: %s: %s may not be %s", n->line, what, n->key, afd_node_type_name(n));
	}
	return 0;
}

static int known_findings(const struct afd_node *want, struct afd_error *why)
{
	static const struct known keys[] = {
		{ "id", A_TEXT }, { "key", A_TEXT }, { "presence", A_NUMBER | A_TRUTH }, { "reason", A_TEXT }, { "reasons", A_NUMBER },
		{ "resource", A_TEXT }, { "row", A_NUMBER }, { "status", A_TEXT }, { "t", A_TIME }, { "would_fail", A_NUMBER | A_TRUTH } };

	if (want->type != AFD_LIST)
		return afd_fail(why, AFD_E_PARSE, "findings: expected a list, got %s", afd_node_type_name(want));
	for (const struct afd_node *n = want->u.list.first; n; n = n->next)
		if (known_keys(n, keys, AFD_COUNT(keys), "findings", why) < 0)
			return -1;
	return 0;
}

static int compare_findings(const struct afd_node *want, const struct afd_assessment *a, struct afd_error *why)
{
	const struct afd_node *w = want->u.list.first;

	if (known_findings(want, why) < 0)
		return -1;
	if (want->u.list.n != a->n_finding) {
		const struct afd_finding *f = a->n_finding ? a->finding : NULL;

		return afd_fail(why, AFD_E_VERIFY, "expected %zu findings, got %zu%s%s %s %s: %s", want->u.list.n, a->n_finding, f ? ", the first " : "",
				f ? afd_outcome_name(f->status) : "", f ? f->resource : "", f ? f->key : "", f ? f->reason[0] : "");
	}
	for (size_t i = 0; i < a->n_finding; i++, w = w->next) {
		const struct afd_finding *f = &a->finding[i];

		if (!same_text(afd_node_get(w, "status"), afd_outcome_name(f->status)) ||
		    !same_text(afd_node_get(w, "key"), f->key) ||
		    !same_text(afd_node_get(w, "resource"), f->resource) || !any_reason(afd_node_get(w, "reason"), f) ||
		    !same_number(afd_node_get(w, "would_fail"), f->would_fail) ||
		    !same_number(afd_node_get(w, "presence"), f->presence) ||
		    !same_number(afd_node_get(w, "reasons"), (int64_t)f->n_reason) || !any_row(afd_node_get(w, "row"), f) ||
		    !same_time(afd_node_get(w, "t"), f->observed_ms) || !same_text(afd_node_get(w, "id"), f->id))
			return afd_fail(why, AFD_E_VERIFY, "finding %zu: got %s %s \"%s\" %s%s %s: %s", i + 1, f->id, f->resource, f->key,
					afd_outcome_name(f->status), f->would_fail ? " (set aside)" : "", f->presence ? "presence" : "absence",
					f->reason[0]);
	}
	return 0;
}

static int compare_outcomes(const struct afd_node *want, const struct afd_assessment *a, struct afd_error *why)
{
	for (size_t i = 0; i < a->n_result; i++) {
		const struct afd_result *r = &a->result[i];
		const struct afd_node *w = afd_node_get(want, *r->resource ? r->resource : "nothing");   /* nothing in scope */

		if (!same_text(w, afd_outcome_name(r->outcome)) || !w)
			return afd_fail(why, AFD_E_VERIFY, "\"%s\": expected %s, got %s (%s)", r->resource, w && afd_node_text(w) ? afd_node_text(w) : "nothing",
					afd_outcome_name(r->outcome), r->reason ? r->reason : "");
	}
	return want->u.list.n == a->n_result ? 0 :
		afd_fail(why, AFD_E_VERIFY, "expected %zu resources, got %zu", want->u.list.n, a->n_result);
}

static int time_of(const struct afd_node *map, const char *key, const char *otherwise, int64_t *ret, struct afd_error *why)
{
	const struct afd_node *n = afd_node_get(map, key);
	const char *text = afd_node_text(n);

	return case_time(n && n->type == AFD_INT ? "0" : text ? text : otherwise, ret) == 0 ? 0 :
		afd_fail(why, AFD_E_PARSE, "%s: no time", key);
}

/* C and the built-in checks that it stands on, which come first. */
struct family { struct afd_check at[9]; struct afd_doc *keep[8]; size_t n; };

static int load_family(const struct afd_check *c, struct family *f, struct afd_error *why)
{
	for (size_t i = 0; i < c->after.n; i++) {
		AFD_AUTO(mem) char *name = afd_sprintf("checks/%s.sql", c->after.at[i]);
		const struct afd_embedded *e = name ? afd_embedded_find(name) : NULL;

		if (!e || f->n == AFD_COUNT(f->keep))
			return afd_fail(why, AFD_E_USAGE, "%s: no such check, or too many", c->after.at[i]);
		if (afd_check_parse(afd_slice(e->data, e->len), name, &f->keep[f->n], &f->at[f->n], why) < 0)
			return -1;
		f->at[f->n].label = NULL;
		f->n++;
	}
	f->at[f->n++] = *c;
	return 0;
}

static void family_release(struct family *f)
{
	for (size_t i = 0; i < AFD_COUNT(f->keep); i++)
		afd_doc_release(&f->keep[i]);
}

/* What the others said is not what the case is about. */
static void keep_own(struct afd_assessment *a, const char *id)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_finding; i++)
		if (strcmp(a->finding[i].check->id, id) == 0)
			a->finding[n++] = a->finding[i];
	a->n_finding = n;
	n = 0;
	for (size_t i = 0; i < a->n_result; i++)
		if (strcmp(a->result[i].check->id, id) == 0)
			a->result[n++] = a->result[i];
	a->n_result = n;
}

static int run_period(struct afd_store *s, const struct afd_check *c, const struct afd_node *map, struct afd_error *why)
{
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	__attribute__((cleanup(family_release))) struct family all = { 0 };
	struct afd_span period;
	const struct afd_node *expect = afd_node_get(map, "expect"), *findings = afd_node_get(map, "findings");
	int64_t as_of;

	if (!expect)
		return afd_fail(why, AFD_E_PARSE, "nothing is expected");
	if (time_of(map, "from", "-90d", &period.from, why) < 0 || time_of(map, "to", "0", &period.to, why) < 0 ||
	    time_of(map, "as_of", "0", &as_of, why) < 0 || load_family(c, &all, why) < 0)
		return -1;
	afd_query_budget(s, STEPS_OF_A_CASE);
	if (afd_assess_checks(s, period, "case", as_of, all.at, all.n, &a, why) < 0)
		return -1;
	keep_own(a, c->id);
	if (compare_outcomes(expect, a, why) < 0)
		return -1;
	return findings ? compare_findings(findings, a, why) : 0;
}

int case_holds(struct afd_store *s, const struct afd_check *c, const struct afd_node *root, struct afd_error *why)
{
	static const struct known keys[] = {
		{ "as_of", A_TIME }, { "expect", 1u << AFD_MAP }, { "findings", 1u << AFD_LIST }, { "from", A_TIME }, { "to", A_TIME } };
	const struct afd_node *periods = afd_node_get(root, "periods");

	if (!periods)
		return run_period(s, c, root, why);
	for (const struct afd_node *p = periods->u.list.first; p; p = p->next)
		if (known_keys(p, keys, AFD_COUNT(keys), "periods", why) < 0 || run_period(s, c, p, why) < 0)
			return -1;
	return 0;
}
