/* The question of a build: may this go on? Looks at the days before as-of minus the slowest source's lag. */
#include "cli/anchor.h"
#include "cli/baseline.h"
#include "cli/session.h"
#include "cli/verbs.h"

static int query_number(struct session *s, const char *sql, int64_t *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;

	if (afd_query_open(s->store, sql, &q, err) < 0 || afd_query_step(q, err) < 0)
		return -1;
	*ret = afd_query_int(q, 0);
	return 0;
}

/* --window, else the policy's gate.window, else 7 days. */
static int window_ms(struct session *s, const char *text, int64_t *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	*ret = 7 * AFD_DAY;
	if (text && afd_duration_parse(text, ret, err) < 0) {
		err->code = AFD_E_USAGE;
		return afd_within(err, "--window");
	}
	if (text)
		return 0;
	if (afd_query_open(s->store, "SELECT value FROM policy WHERE check_id = 'gate' AND name = 'window'", &q, err) < 0)
		return -1;
	r = afd_query_step(q, err);
	if (r <= 0)
		return r;
	return afd_duration_parse(afd_query_text(q, 0), ret, err) < 0 ? afd_within(err, "policy: gate.window") : 0;
}

static int gate_span(struct session *s, const char *window, int64_t as_of, struct afd_span *ret, struct afd_error *err)
{
	int64_t lag, w;

	if (query_number(s, "SELECT COALESCE(MAX(lag_ms), 0) FROM source_scope", &lag, err) < 0 || window_ms(s, window, &w, err) < 0)
		return -1;
	ret->to = as_of - lag;
	ret->from = ret->to - w;
	return 0;
}

static void show_known(const struct cli *c, const struct afd_assessment *a, const struct cli_baseline *b)
{
	unsigned known = 0, rule;

	for (size_t i = 0; b && i < a->n_finding; i++)
		known += afd_gate_finding(a, &a->finding[i], &b->of, &rule) == AFD_GATE_KNOWN;
	if (known)
		cli_say(c, "--  %u known from the baseline\n", known);
}

static void show_gate(const struct cli *c, const struct afd_assessment *a, const struct cli_baseline *b)
{
	struct afd_hex64 root = afd_digest_hex(&a->head_root);

	cli_say(c, "gate     %s until %s UTC%s\n", afd_when_people(a->period.from).s, afd_when_people(a->period.to).s, a->test ? ", TEST" : "");
	cli_say(c, "evidence %s items, head %s\n", cli_number(a->head_size).s, cli_hash(root.s).s);
	if (b)
		cli_say(c, "baseline %zu finding%s, SHA-256\n         %s\n", b->of.n, b->of.n == 1 ? "" : "s", afd_digest_hex(&b->sha256).s);
	for (size_t i = 0; i < a->n_finding; i++) {
		const struct afd_finding *f = &a->finding[i];

		unsigned rule;

		if (afd_gate_finding(a, f, b ? &b->of : NULL, &rule) != AFD_GATE_VIOLATES)
			continue;
		cli_say(c, "\n%s##%s  %-8s %s%s\n    %s\n", cli_red(c), cli_plain(c), f->check->severity, f->check->id,
		        f->status == AFD_REVIEW ? "  (to be reviewed)" : "", cli_safe(f->resource, 70));
		if (rule)
			cli_say(c, "    rule      %u of the policy\n", rule);
		for (size_t k = 0; k < f->n_reason && k < 3; k++)
			cli_para(c, "    ", f->reason[k]);
		for (size_t k = 0; k < f->n_evidence && k < 3; k++)
			cli_say(c, "    evidence  leaf %s %s\n", cli_number(f->evidence[k].leaf).s, cli_hash(f->evidence[k].hash).s);
		cli_para(c, "    remedy    ", f->check->remedy);
		cli_say(c, "    more      affidavit explain %.4s %.4s %.4s %.4s\n", f->id, f->id + 4, f->id + 8, f->id + 12);
	}
	show_errors(c, a);
	show_missing(c, a, false);
	cli_say(c, "\nok  %u tests passed, %u to be reviewed, %u waived\n", a->counts.by[AFD_PASS], a->counts.by[AFD_REVIEW], a->counts.waived);
	show_known(c, a, b);
	cli_say(c, "\n");
}

int verb_gate(struct cli *c, int argc, char **argv)
{
	const char *window = NULL, *as_of_text = NULL, *period = NULL, *baseline = NULL, *write_to = NULL;
	bool collect = false;
	const struct cli_option options[] = {
		{ "window", "TIME", "how far to look back (policy gate.window, else 7d)", NULL, &window },
		{ "period", "P", "a period instead of a window", NULL, &period },
		{ "as-of", "TIME", "judge as seen at this time (now, or the collection of the last hour)", NULL, &as_of_text },
		{ "collect", NULL, "collect first", &collect, NULL },
		{ "baseline", "FILE", "fail on findings alone that are not in this report.json or baseline", NULL, &baseline },
		{ "write-baseline", "FILE", "write what violates now, for --baseline", NULL, &write_to },
		{ 0 }
	};
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_collected got = { 0 };
	struct afd_gate g = { 0 };
	__attribute__((cleanup(baseline_release))) struct cli_baseline b = { 0 };
	struct afd_digest written;
	unsigned n_written;
	struct afd_span span;
	int64_t as_of;
	int code;

	if (cli_begin(c, options, argc, argv, 0, NULL, &code) < 0)
		return code;
	if (baseline && baseline_read(baseline, &b, &err) < 0)
		return cli_cannot(c, &err);
	if (session_open(&s, c, AFD_STORE_WRITE, &err) < 0 || session_record(&s, &err) < 0 || session_seal(&s, &err) < 0)
		return cli_cannot(c, &err);
	if (collect && (session_collect(&s, NULL, &got, &err) < 0 || session_seal(&s, &err) < 0 || session_anchor_with(&s, NULL, &err) < 0))
		return cli_cannot(c, &err);
	if (session_as_of(&s, as_of_text, &as_of, &err) < 0)
		return cli_cannot(c, &err);
	if ((period ? afd_period_parse(period, &span, &err) : gate_span(&s, window, as_of, &span, &err)) < 0)
		return cli_cannot(c, &err);
	if (session_assess_alone(&s, span, period ? period : "gate", as_of, &a, &err) < 0 || assessment_exit(&s, a, baseline ? &b.of : NULL, &g, &err) < 0)
		return cli_cannot(c, &err);
	if (write_to && baseline_write(write_to, a, &n_written, &written, &err) < 0)
		return cli_cannot(c, &err);
	if (c->json)
		show_assessment_json(c, a, "gate", &g, baseline ? &b : NULL);
	else
		show_gate(c, a, baseline ? &b : NULL);
	if (write_to && !c->json)
		cli_say(c, "%s: %u finding%s, SHA-256 %s\n", write_to, n_written, n_written == 1 ? "" : "s", afd_digest_hex(&written).s);
	return finish_judged(c, a, &g);
}
