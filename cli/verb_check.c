#include "cli/anchor.h"
#include "cli/explain.h"
#include "cli/notify.h"
#include "cli/session.h"
#include "cli/verbs.h"

struct telling { bool since_last, lines; const char *exec; };

/* Words that do not go together: why, or NULL. */
static const char *misfit(const struct telling *t, const struct assess_options *o, bool explains)
{
	if (!t->since_last)
		return t->exec || t->lines ? "--exec and --json-lines say how --since-last tells" : NULL;
	if (t->exec && t->lines)
		return "--exec or --json-lines, not both";
	if (t->exec && !t->exec[strspn(t->exec, " \t")])
		return "--exec needs a command";
	if (o->head)
		return "--since-last records what was told, and --head records nothing";
	return explains ? "--since-last or --explain, not both" : NULL;
}

/* What could not be told is said again by the next run; until then nobody may take this one for done. */
static int finish_told(struct cli *c, struct session *s, const struct afd_assessment *a, const struct telling *t, const struct afd_gate *g)
{
	struct afd_error err = { 0 };
	struct notify n = { 0 };

	if (notify_findings(s, a, t->exec, &n, &err) < 0)
		return cli_cannot(c, &err);
	cli_say(c, "\ntold of %u finding%s\n", n.delivered, n.delivered == 1 ? "" : "s");
	if (!n.failed && !n.left)
		return finish_judged(c, a, g);
	cli_warn(c, "%u finding%s could not be told of, %u not tried; the next run tells of them", n.failed, n.failed == 1 ? "" : "s", n.left);
	return cli_finish(c, EXIT_CANNOT, "exit 1: could not tell of all findings");
}

int verb_check(struct cli *c, int argc, char **argv)
{
	struct assess_options o = { 0 };
	struct telling t = { 0 };
	bool all = false, collect = false, explains = false;
	const char *check = NULL, *subject = NULL, *wrong;
	const struct cli_option options[] = {
		{ "period", "P", "2026-Q3, 2026-08, 2026, or 2026-07-01..2026-10-01", NULL, &o.period },
		{ "as-of", "TIME", "judge as seen at this time (now, or the collection of the last hour)", NULL, &o.as_of },
		{ "head", "SIZE", "judge an earlier head of the ledger; records nothing", NULL, &o.head },
		{ "all", NULL, "every finding", &all, NULL },
		{ "collect", NULL, "collect first", &collect, NULL },
		{ "explain", NULL, "with --check: the rule, its parameters, the rows and the raw evidence", &explains, NULL },
		{ "check", "ID", "with --explain: this check", NULL, &check },
		{ "subject", "NAME", "with --explain: what it said of this subject alone", NULL, &subject },
		{ "since-last", NULL, "tell of findings that nobody was told of, each once, and record it", &t.since_last, NULL },
		{ "exec", "CMD", "with --since-last: run CMD for each finding, its JSON on standard input", NULL, &t.exec },
		{ "json-lines", NULL, "with --since-last: one line of JSON for each finding (also without --exec)", &t.lines, NULL },
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
	wrong = misfit(&t, &o, explains);
	if (wrong)
		return cli_usage(c, "%s", wrong);
	/* Standard output is theirs who read the lines. */
	c->json |= t.since_last && !t.exec;
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
		return explain(&s, a, check, subject, NULL, &err) < 0 ? cli_cannot(c, &err) : finish_judged(c, a, &g);
	if (t.since_last && !t.exec)
		return finish_told(c, &s, a, &t, &g);
	if (c->json)
		show_assessment_json(c, a, "check", &g, NULL);
	else
		show_assessment(c, a, all);
	return t.since_last ? finish_told(c, &s, a, &t, &g) : finish_judged(c, a, &g);
}

int finish_judged(const struct cli *c, const struct afd_assessment *a, const struct afd_gate *g)
{
	const char *from = a->gate.n_rule ? "" : a->gate.fail_on;

	switch (g->exit_code) {
	case EXIT_VIOLATED:
		return cli_finish(c, EXIT_VIOLATED, "exit 2: policy violated (%u finding%s%s%s%s not waived)", g->violations, g->violations == 1 ? "" : "s",
		                  *from ? " of severity " : "", from, !*from || strcmp(from, "critical") == 0 ? "" : " or above");
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
