/* The terminal summary of an assessment: plain ASCII, at most 80 columns; words carry the meaning. */
#include "cli/session.h"
#include "core/severity.h"

static const char *const mark_of[AFD_OUTCOME_COUNT] = {
	[AFD_NOT_APPLICABLE] = "--", [AFD_PASS] = "ok", [AFD_REVIEW] = "??", [AFD_NOT_EVALUABLE] = "[]", [AFD_ERROR] = "!!", [AFD_FAIL] = "##",
};
static const char *const words_of[AFD_OUTCOME_COUNT] = {
	[AFD_NOT_APPLICABLE] = "not applicable", [AFD_PASS] = "no exceptions noted", [AFD_REVIEW] = "to be reviewed",
	[AFD_NOT_EVALUABLE] = "could not be tested", [AFD_ERROR] = "errors in a check", [AFD_FAIL] = "exceptions noted",
};
static const struct { const char *bars; bool red; } severities[] = {      /* by rank */
	{ "....", false }, { "|...", false }, { "||..", false }, { "|||.", true }, { "||||", true },
};

static void show_counts(const struct cli *c, const struct afd_assessment *a)
{
	uint64_t tests = 0;                       /* a check with nothing in scope is one, too: it could not be made */
	static const enum afd_outcome order[] = { AFD_PASS, AFD_FAIL, AFD_ERROR, AFD_REVIEW, AFD_NOT_EVALUABLE, AFD_NOT_APPLICABLE };

	for (size_t i = 0; i < AFD_OUTCOME_COUNT; i++)
		tests += a->counts.by[i];
	cli_say(c, "%zu checks, %s tests\n", a->n_check, cli_number(tests).s);
	for (size_t i = 0; i < AFD_COUNT(order); i++) {
		enum afd_outcome o = order[i];

		if (o == AFD_ERROR && !a->counts.by[o])
			continue;
		cli_say(c, "  %s%s%s  %-20s %7s", o == AFD_FAIL ? cli_red(c) : o == AFD_NOT_APPLICABLE ? cli_dim(c) : "", mark_of[o],
		        cli_plain(c), words_of[o], cli_number(a->counts.by[o]).s);
		if (o == AFD_FAIL && a->counts.waived)
			cli_say(c, "   %u of them waived", a->counts.waived);
		if (o == AFD_NOT_EVALUABLE && a->counts.by[o])
			cli_say(c, "   evidence is missing");
		cli_say(c, "\n");
	}
}

enum { EXCEPTIONS = 12, BLOCKS = 10 };          /* shown unless all are asked for */

static bool is_exception(const struct afd_finding *f)
{
	return f->status == AFD_FAIL && !f->would_fail;
}

static size_t severity_of(const struct afd_check *c)
{
	const int rank = afd_severity_rank(c->severity);

	return rank < 0 ? 0 : (size_t)rank;
}

/* "  F1   ||||  critical  transfer-lock-removed        new" */
static void show_line(const struct cli *c, const struct afd_finding *f)
{
	const size_t sev = severity_of(f->check);
	const char *state = f->waiver ? "waived" : f->state ? f->state : "";

	cli_say(c, "  F%-3u %s%s%s  %-8s  %-*s%s%s\n", f->number, severities[sev].red ? cli_red(c) : "", severities[sev].bars, cli_plain(c),
	        f->check->severity, *state ? 46 : 0, f->check->id, *state ? "  " : "", state);
}

static void show_facts(const struct cli *c, const struct afd_finding *f)
{
	cli_say(c, "       %s\n", cli_safe(f->resource, 70));
	for (size_t i = 0; i < f->n_reason && i < 2; i++)
		cli_para(c, "       ", f->reason[i]);
	for (size_t i = 0; i < f->n_evidence && i < 3; i++)
		cli_say(c, "       evidence  leaf %s %s\n", cli_number(f->evidence[i].leaf).s, cli_hash(f->evidence[i].hash).s);
	cli_say(c, "       id        %.4s %.4s %.4s %.4s\n", f->id, f->id + 4, f->id + 8, f->id + 12);
}

static void show_exceptions(const struct cli *c, const struct afd_assessment *a, bool all)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_finding; i++) {
		if (!is_exception(&a->finding[i]) || (++n > EXCEPTIONS && !all))
			continue;
		if (n == 1)
			cli_say(c, "\nexceptions\n");
		show_line(c, &a->finding[i]);
		show_facts(c, &a->finding[i]);
	}
	if (n > EXCEPTIONS && !all)
		cli_say(c, "  and %zu more: affidavit check --all\n", n - EXCEPTIONS);
	if (n)
		cli_say(c, "  `affidavit explain ID` shows the rule and the raw evidence behind one\n");
}

/* One line for the cases of a check, from F number I on: "  ||..  medium    owner-current    F25, F26" */
static void show_cases(const struct cli *c, const struct afd_assessment *a, size_t i, bool would_fail)
{
	const struct afd_check *k = a->finding[i].check;
	const size_t sev = severity_of(k);
	size_t n = 0;

	cli_say(c, "  %s%s%s  %-8s  %-40s", severities[sev].red ? cli_red(c) : "", severities[sev].bars, cli_plain(c), k->severity, k->id);
	for (; i < a->n_finding; i++)
		if (a->finding[i].check == k && !is_exception(&a->finding[i]) && a->finding[i].would_fail == would_fail && ++n <= 3)
			cli_say(c, "%sF%u", n > 1 ? ", " : " ", a->finding[i].number);
	cli_say(c, n > 3 ? " and %zu more\n" : "\n", n - 3);
}

/* What a person must review, or what missing evidence leaves open: with --all each, else a line for each check. */
static void show_others(const struct cli *c, const struct afd_assessment *a, bool would_fail, bool all)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_finding; i++) {
		const struct afd_finding *f = &a->finding[i];
		bool first = true;

		if (is_exception(f) || f->would_fail != would_fail || f->status == AFD_NOT_APPLICABLE)
			continue;
		for (size_t k = 0; k < i && first && !all; k++)
			first = a->finding[k].check != f->check || is_exception(&a->finding[k]) || a->finding[k].would_fail != would_fail;
		if (!first)
			continue;
		if (++n == 1)
			cli_say(c, would_fail ? "\nnot decided: they would fail, but evidence is missing\n" : "\nto be reviewed by a person\n");
		if (all) {
			show_line(c, f);
			show_facts(c, f);
		} else if (n <= BLOCKS) {
			show_cases(c, a, i, would_fail);
		}
	}
	if (n > BLOCKS && !all)
		cli_say(c, "  and those of %zu checks more: affidavit check --all\n", n - BLOCKS);
}

static void show_findings(const struct cli *c, const struct afd_assessment *a, bool all)
{
	show_exceptions(c, a, all);
	show_others(c, a, false, all);
	show_others(c, a, true, all);
}

static void show_past(const struct cli *c, const struct afd_past *p, const char *what, bool all, size_t i, size_t n)
{
	if (!all && i >= 5) {
		if (i == 5)
			cli_say(c, "  and %zu more: affidavit check --all\n", n - i);
		return;
	}
	cli_say(c, "  %-13s %s  %s\n", what, p->check->id, cli_safe(p->resource, 40));
	cli_say(c, "                id %.4s %.4s %.4s %.4s\n", p->id, p->id + 4, p->id + 8, p->id + 12);
}

static void show_comparison(const struct cli *c, const struct afd_comparison *v, bool all)
{
	if (!v->made)
		return;
	cli_say(c, "\nagainst %.10s until %.10s: %u new, %u open, %u reopened, %u closed", afd_when_text(v->previous.from).s, afd_when_text(v->previous.to).s,
	        v->fresh, v->open, v->reopened, v->closed);
	if (v->not_tested || v->not_examined)
		cli_say(c, ", %u not tested now, %u not examined now", v->not_tested, v->not_examined);
	if (v->by[AFD_PASS] + v->by[AFD_REVIEW] + v->by[AFD_FAIL] == 0)
		cli_say(c, "; nothing could be tested then");
	cli_say(c, "\n");
	for (size_t i = 0; i < v->n_gone; i++)
		show_past(c, &v->gone[i], v->gone[i].state, all, i, v->n_gone);
	if (v->n_learned)
		cli_say(c, "learned since about that period: %zu\n", v->n_learned);
	for (size_t i = 0; i < v->n_learned; i++)
		show_past(c, &v->learned[i], "learned", all, i, v->n_learned);
}

static char week_mark(const struct afd_cover_row *r, int64_t from, int64_t to)
{
	enum afd_grade worst = AFD_PROVEN;
	bool any = false;

	for (size_t i = 0; i < r->n; i++) {
		if (r->span[i].to <= from || r->span[i].from >= to)
			continue;
		any = true;
		worst = r->grade[i] < worst ? r->grade[i] : worst;
	}
	return any ? "X:=#"[worst] : '-';
}

static bool has_gap(const struct afd_cover_row *r)
{
	return r->worst == AFD_GAP;
}

static void show_weeks(const struct cli *c, const struct afd_assessment *a, const struct afd_cover_row *r)
{
	const int64_t step = (a->period.to - a->period.from) / 14;

	cli_say(c, "  %-16s %-20s", cli_safe(r->source, 16), cli_safe(r->scope, 20));
	for (int k = 0; k < 14; k++) {
		const char mark = week_mark(r, a->period.from + k * step, a->period.from + (k + 1) * step);

		cli_say(c, " %s%c%s", mark == 'X' ? cli_red(c) : "", mark, mark == 'X' ? cli_plain(c) : "");
	}
	cli_say(c, "%s\n", has_gap(r) ? "  gap" : "");
}

/* Where nothing lacks there is little to see: many such rows are counted. */
static void show_coverage(const struct cli *c, const struct afd_assessment *a, bool all)
{
	size_t whole = 0;

	if (!a->n_cover || a->period.to - a->period.from < 14)
		return;
	for (size_t i = 0; i < a->n_cover; i++)
		whole += !has_gap(&a->cover[i]);
	cli_say(c, "\nevidence over the period, in 14 parts\n  (# proven, = asserted, : sampled, X with a gap, - not configured)\n");
	for (size_t i = 0; i < a->n_cover; i++)
		if (all || whole <= 8 || has_gap(&a->cover[i]))
			show_weeks(c, a, &a->cover[i]);
	if (!all && whole > 8)
		cli_say(c, "  and %zu more without a gap: affidavit check --all\n", whole);
}

/* What a report lists: what a mapping names, and what has nothing below it. */
static bool is_row(const struct afd_framework *f, size_t i)
{
	const struct afd_control *c = &f->control[i];

	if (strcmp(c->status, "live") != 0 || c->n_link)
		return c->n_link > 0;
	for (size_t k = i + 1; k < f->n_control; k++)
		if (f->control[k].parent && strcmp(f->control[k].parent, c->id) == 0)
			return false;
	return true;
}

static void show_frameworks(const struct cli *c, const struct afd_assessment *a)
{
	if (a->n_framework)
		cli_say(c, "\ncontrols of frameworks, by what their checks say (--: not addressed)\n");
	for (size_t i = 0; i < a->n_framework; i++) {
		const struct afd_framework *f = &a->framework[i];
		unsigned by[4] = { 0 };

		if (!f->in_scope) {
			AFD_AUTO(mem) char *lead = afd_sprintf("  %-26s ", cli_safe(f->id, 26));
			AFD_AUTO(mem) char *text = afd_sprintf("not in scope: nobody states that %s", f->applies_when);

			if (lead && text)
				cli_para(c, lead, text);
			continue;
		}
		for (size_t k = 0; k < f->n_control; k++)
			by[f->control[k].phrase] += is_row(f, k);
		cli_say(c, "  %-26s %s##%s %3u    [] %3u    ok %3u    -- %3u\n", cli_safe(f->id, 26), by[AFD_PHRASE_EXCEPTIONS] ? cli_red(c) : "",
		        cli_plain(c), by[AFD_PHRASE_EXCEPTIONS], by[AFD_PHRASE_NOT_TESTED], by[AFD_PHRASE_NO_EXCEPTIONS], by[AFD_PHRASE_NOT_ADDRESSED]);
	}
}

static void show_anchoring(const struct cli *c, const struct afd_anchoring *a)
{
	if (a->tokens)
		cli_say(c, "anchored  %s items by %s UTC, %s", cli_number(a->covered).s, afd_when_people(a->newest_ms).s,
		        cli_safe(a->authority[0], 40));
	else
		cli_say(c, "anchored  not: no time-stamp over a head of the ledger");
	if (a->tokens && a->open)
		cli_say(c, "; %s items not", cli_number(a->open).s);
	cli_say(c, "\n\n");
}

static void show_fault(const struct cli *c, const struct afd_decode_fault *f)
{
	cli_say(c, "\nleaf %s of %s could not be read:\n", cli_number(f->leaf).s, cli_safe(f->source, 30));
	cli_para(c, "  ", f->reason);
}

void show_errors(const struct cli *c, const struct afd_assessment *a)
{
	for (size_t i = 0; i < a->n_result; i++)
		if (a->result[i].outcome == AFD_ERROR) {
			cli_say(c, "\n!!  %s\n", cli_safe(a->result[i].check->id, 70));
			cli_para(c, "    ", a->result[i].reason);
		}
	for (size_t i = 0; i < a->n_fault; i++)
		if (strcmp(a->fault[i].source, "policy") == 0) {
			cli_say(c, "\n!!  policy\n");
			cli_para(c, "    ", a->fault[i].reason);
		}
}

void show_assessment(const struct cli *c, const struct afd_assessment *a, bool all)
{
	struct afd_hex64 root = afd_digest_hex(&a->head_root);

	cli_say(c, "%s   %s until %s UTC%s%s\n", a->period_label, afd_when_people(a->period.from).s, afd_when_people(a->period.to).s,
	        a->provisional ? ", provisional" : "", a->test ? ", TEST" : "");
	cli_say(c, "evidence  %s items, head %s\n", cli_number(a->head_size).s, cli_hash(root.s).s);
	show_anchoring(c, &a->anchoring);
	show_counts(c, a);
	show_errors(c, a);
	show_findings(c, a, all);
	show_comparison(c, &a->comparison, all);
	show_missing(c, a, all);
	show_coverage(c, a, all);
	show_frameworks(c, a);
	for (size_t i = 0; i < a->n_fault; i++)
		if (strcmp(a->fault[i].source, "policy") != 0)
			show_fault(c, &a->fault[i]);
	cli_say(c, "\n");
}
