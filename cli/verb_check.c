#include "cli/anchor.h"
#include "cli/explain.h"
#include "cli/session.h"
#include "cli/verbs.h"

int verb_check(struct cli *c, int argc, char **argv)
{
	struct assess_options o = { 0 };
	bool all = false, collect = false, explains = false;
	const char *check = NULL, *subject = NULL;
	const struct cli_option options[] = {
		{ "period", "P", "2026-Q3, 2026-08, 2026, or 2026-07-01..2026-10-01", NULL, &o.period },
		{ "as-of", "TIME", "judge as seen at this time (now, or the collection of the last hour)", NULL, &o.as_of },
		{ "head", "SIZE", "judge an earlier head of the ledger; records nothing", NULL, &o.head },
		{ "all", NULL, "every finding", &all, NULL },
		{ "collect", NULL, "collect first", &collect, NULL },
		{ "explain", NULL, "with --check: the rule, its parameters, the rows and the raw evidence", &explains, NULL },
		{ "check", "ID", "with --explain: this check", NULL, &check },
		{ "subject", "NAME", "with --explain: what it said of this subject alone", NULL, &subject },
		{ 0 }
	};
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_collected got = { 0 };
	struct afd_gate g = { 0 };
	int code;

	if (cli_begin(c, options, argc, argv, 0, NULL, &code) < 0)
		return code;
	if (explains != (check != NULL) || (subject && !check))
		return cli_usage(c, "--check ID [--subject NAME] and --explain belong together");
	if (session_open(&s, c, o.head ? AFD_STORE_READ : AFD_STORE_WRITE, &err) < 0)
		return cli_cannot(c, &err);
	if (!o.head && (session_record(&s, &err) < 0 || session_seal(&s, &err) < 0 ||
	                            session_anchor_with(&s, NULL, &err) < 0))
		return cli_cannot(c, &err);
	if (!o.head && collect && (session_collect(&s, NULL, &got, &err) < 0 || session_seal(&s, &err) < 0))
		return cli_cannot(c, &err);
	if (session_assess(&s, &o, &a, &err) < 0 || assessment_exit(&s, a, NULL, &g, &err) < 0)
		return cli_cannot(c, &err);
	if (explains)
		return explain(&s, a, check, subject, NULL, &err) < 0 ? cli_cannot(c, &err) : finish_judged(c, &g);
	if (c->json)
		show_assessment_json(c, a, "check", &g, NULL);
	else
		show_assessment(c, a, all);
	return finish_judged(c, &g);
}

int finish_judged(const struct cli *c, const struct afd_gate *g)
{
	switch (g->exit_code) {
	case EXIT_VIOLATED:
		return cli_finish(c, EXIT_VIOLATED, "exit 2: policy violated (%u finding%s not waived)", g->violations,
		                  g->violations == 1 ? "" : "s");
	case EXIT_INCOMPLETE:
		return cli_finish(c, EXIT_INCOMPLETE, "exit 3: evidence incomplete (%u test%s could not be made)",
		                  g->not_evaluable + g->errors, g->not_evaluable + g->errors == 1 ? "" : "s");
	case EXIT_CLEAN:
		if (g->warned)
			return cli_finish(c, EXIT_CLEAN, "exit 0: nothing violated, but %u test%s could not be made, of which the policy only warns",
			                  g->not_evaluable + g->unread, g->not_evaluable + g->unread == 1 ? "" : "s");
		return cli_finish(c, EXIT_CLEAN, "exit 0: clean (%u to be reviewed, %u waived%s)", g->review, g->waived,
		                  g->known ? ", some known from the baseline" : "");
	default:
		return cli_finish(c, EXIT_CANNOT, "exit 1: could not do its work");
	}
}
