/* The gate: what is violated, what could not be told. */
#include "mappers/judge.h"

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

int afd_gate_decide(struct afd_store *s, const struct afd_assessment *a, const struct afd_baseline *b, struct afd_gate *ret, struct afd_error *err)
{
	struct afd_gate g = { 0 };
	unsigned *const by[] = { [AFD_GATE_PASSES] = NULL, [AFD_GATE_KNOWN] = &g.known, [AFD_GATE_WAIVED] = &g.waived, [AFD_GATE_VIOLATES] = &g.violations };
	unsigned rule;

	if (count_unread(s, a, &g.unread, err) < 0)
		return -1;
	for (size_t i = 0; i < a->n_finding; i++) {
		unsigned *count = by[afd_gate_finding(a, &a->finding[i], b, &rule)];

		if (count)
			(*count)++;
	}
	for (size_t i = 0; i < a->n_result; i++) {
		g.review += a->result[i].outcome == AFD_REVIEW;
		g.not_evaluable += a->result[i].outcome == AFD_NOT_EVALUABLE;
		g.errors += a->result[i].outcome == AFD_ERROR;
	}
	if (!a->n_result)                                /* nothing was asked: that is no answer */
		g.not_evaluable++;
	g.errors += a->policy_faults;
	/* what a check or the policy cannot do is no lack of evidence: no switch turns it off */
	g.warned = a->gate.incomplete_warns && (g.not_evaluable || g.unread);
	g.exit_code = g.violations ? 2 : g.errors || (!g.warned && (g.not_evaluable || g.unread)) ? 3 : 0;
	g.errors += g.unread;
	*ret = g;
	return 0;
}
