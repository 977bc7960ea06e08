/* The gate: what is violated, what could not be told. */
#include "mappers/judge.h"

struct settings { const char *fail_on; char keep[16]; bool review_fails; };

static int read_settings(struct afd_store *s, struct settings *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	*ret = (struct settings){ .fail_on = "medium" };
	if (afd_query_open(s, "SELECT name, value FROM policy WHERE check_id = 'gate' ORDER BY name", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		const char *name = afd_query_text(q, 0), *value = afd_query_text(q, 1);

		if (strcmp(name, "fail_on") == 0) {
			if (afd_severity_rank(value) < 0 || strlen(value) >= sizeof ret->keep)
				return afd_fail(err, AFD_E_CONFIG,
						"policy: gate.fail_on: expected critical, high, medium, low or info, "
						"got \"%s\"",
						value);
			memcpy(ret->keep, value, strlen(value) + 1);
			ret->fail_on = ret->keep;
		} else if (strcmp(name, "review_fails") == 0) {
			ret->review_fails = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
			if (!ret->review_fails && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
				return afd_fail(err, AFD_E_CONFIG,
						"policy: gate.review_fails: expected true or false, got \"%s\"", value);
		} else if (strcmp(name, "window") != 0) {
			return afd_fail(err, AFD_E_CONFIG,
					"policy: gate.%s: no such setting (fail_on, review_fails, window)", name);
		}
	}
	return r;
}

/* Answers of the time in question that nobody could read; and items that are lost, whose time nobody knows. What was
 * erased under a rule is neither: the coverage that stood on it is a gap, so that old retention does not block for ever. As-of may be
 * the end of the first source of a collection, and what the last one brought counts as well: hence an hour more. */
static int count_unread(struct afd_store *s, const struct afd_assessment *a, unsigned *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;

	if (afd_query_open(s,
			   "SELECT COUNT(*) FROM decode_error e LEFT JOIN item_note n ON n.leaf = e.leaf"
			   " WHERE n.leaf IS NULL OR n.kind IN ('missing', 'damaged')"
			   " OR (n.kind <> 'erased' AND n.received_ms >= :from AND n.received_ms < :as_of + 3600000)",
			   &q, err) < 0 ||
	    afd_query_bind_int(q, "from", a->period.from, err) < 0 ||
	    afd_query_bind_int(q, "as_of", a->as_of_ms, err) < 0 || afd_query_step(q, err) < 0)
		return -1;
	*ret = (unsigned)afd_query_int(q, 0);
	return 0;
}

int afd_gate_decide(struct afd_store *s, const struct afd_assessment *a, struct afd_gate *ret, struct afd_error *err)
{
	struct settings set;
	struct afd_gate g = { 0 };
	unsigned unread = 0;

	if (read_settings(s, &set, err) < 0 || count_unread(s, a, &unread, err) < 0)
		return -1;
	for (size_t i = 0; i < a->n_finding; i++) {
		const struct afd_finding *f = &a->finding[i];
		bool counts = afd_severity_rank(f->check->severity) >= afd_severity_rank(set.fail_on);

		if (f->would_fail)
			continue;
		if (f->status == AFD_FAIL && f->waiver)
			g.waived++;
		else if (counts && (f->status == AFD_FAIL || (f->status == AFD_REVIEW && set.review_fails)))
			g.violations++;
	}
	for (size_t i = 0; i < a->n_result; i++) {
		g.review += a->result[i].outcome == AFD_REVIEW;
		g.not_evaluable += a->result[i].outcome == AFD_NOT_EVALUABLE;
		g.errors += a->result[i].outcome == AFD_ERROR;
	}
	if (!a->n_result)                                /* nothing was asked: that is no answer */
		g.not_evaluable++;
	g.errors += unread + a->policy_faults;
	g.exit_code = g.violations ? 2 : g.not_evaluable || g.errors ? 3 : 0;
	*ret = g;
	return 0;
}
