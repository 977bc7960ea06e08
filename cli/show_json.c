#include <jansson.h>

#include "cli/baseline.h"
#include "cli/session.h"
#include "reports/utf8.h"

json_t *cli_json_text(const char *s)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	json_t *plain = json_string(s ? s : "");

	if (plain)
		return plain;
	for (const char *end = s + strlen(s), *from = s; s < end; from = s)
		if (afd_utf8_next(&s, end) == AFD_UTF8_BAD ? afd_buf_printf(&b, "\\x%02x", (unsigned char)*from) < 0 : afd_buf_add(&b, from, (size_t)(s - from)) < 0)
			return NULL;
	return json_string(b.data ? (const char *)b.data : "");
}

static void set(json_t *o, const char *key, const char *text)
{
	if (o && text)
		json_object_set_new(o, key, cli_json_text(text));
}

static json_t *findings(const struct afd_assessment *a, const struct cli_baseline *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_finding; i++) {
		const struct afd_finding *f = &a->finding[i];
		json_t *reasons = json_array(), *leaves = json_array();
		unsigned rule;
		const char *gate = afd_gate_word_name(afd_gate_finding(a, f, b ? &b->of : NULL, &rule));

		for (size_t k = 0; k < f->n_reason; k++)
			json_array_append_new(reasons, cli_json_text(f->reason[k]));
		for (size_t k = 0; k < f->n_evidence; k++)
			json_array_append_new(leaves, json_integer((json_int_t)f->evidence[k].leaf));
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:b, s:b, s:s, s:i, s:s*, s:s*, s:s*}", "id", f->id, "check", f->check->id,
			"severity", f->check->severity, "resource", cli_json_text(f->resource), "status", afd_outcome_name(f->status),
			"reasons", reasons, "leaves", leaves, "waived", f->waiver != NULL, "would_fail", f->would_fail,
			"gate", gate, "rule", (int)rule, "tier", f->tier, "severity_default", f->check->severity_usual, "state", f->state));
	}
	return list;
}

static json_t *results(const struct afd_assessment *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_result; i++) {
		const struct afd_result *r = &a->result[i];

		json_t *o = json_pack("{s:s, s:o, s:s, s:b}", "check", r->check->id, "resource", cli_json_text(r->resource), "outcome",
			afd_outcome_name(r->outcome), "waived", r->waived);

		set(o, "reason", r->reason);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *past(const struct afd_past *at, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_pack("{s:s, s:s, s:o, s:s, s:o, s:s*}", "id", at[i].id, "check", at[i].check->id, "resource", cli_json_text(at[i].resource),
				      "status", afd_outcome_name(at[i].status), "reason", cli_json_text(at[i].reason), "state", at[i].state);

		if (o && !at[i].state) {
			json_object_set_new(o, "leaf", json_integer((json_int_t)at[i].leaf));
			json_object_set_new(o, "recorded", json_string(afd_when_text(at[i].recorded_ms).s));
		}
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *comparison(const struct afd_comparison *v)
{
	return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:o}", "from", afd_when_text(v->previous.from).s, "to", afd_when_text(v->previous.to).s,
		"new", (int)v->fresh, "open", (int)v->open, "reopened", (int)v->reopened, "closed", (int)v->closed, "not_tested", (int)v->not_tested,
		"not_examined", (int)v->not_examined, "gone", past(v->gone, v->n_gone), "learned", past(v->learned, v->n_learned));
}

static json_t *decision(const struct afd_assessment *a, const struct afd_gate *g, const struct cli_baseline *b)
{
	json_t *o = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:s, s:b, s:s, s:i}", "violations", (int)g->violations, "known", (int)g->known,
		"waived", (int)g->waived, "to_review", (int)g->review, "not_evaluable", (int)g->not_evaluable, "errors", (int)g->errors,
		"unread", (int)g->unread, "only_warned", g->warned, "fail_on", a->gate.fail_on, "review_fails", a->gate.review_fails,
		"incomplete", a->gate.incomplete_warns ? "warn" : "fail", "rules", (int)a->gate.n_rule);

	if (o && b)
		json_object_set_new(o, "baseline", json_pack("{s:s, s:i}", "sha256", afd_digest_hex(&b->sha256).s, "findings", (int)b->of.n));
	return o;
}

void show_assessment_json(const struct cli *c, const struct afd_assessment *a, const char *verb, const struct afd_gate *g, const struct cli_baseline *b)
{
	struct afd_hex64 root = afd_digest_hex(&a->head_root);
	json_t *counts = json_object(), *o;

	(void)c;
	for (int k = 0; k < AFD_OUTCOME_COUNT; k++)
		json_object_set_new(counts, afd_outcome_name((enum afd_outcome)k), json_integer(a->counts.by[k]));
	json_object_set_new(counts, "tests", json_integer(a->counts.population));
	json_object_set_new(counts, "waived", json_integer(a->counts.waived));
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:b, s:b, s:i, s:o, s:o, s:o, s:o}", "verb", verb, "period", a->period_label,
		"from", afd_when_text(a->period.from).s, "to", afd_when_text(a->period.to).s, "as_of", afd_when_text(a->as_of_ms).s,
		"head_size", (json_int_t)a->head_size, "head_root", root.s, "provisional", a->provisional, "test", a->test,
		"exit", g->exit_code, "counts", counts, "findings", findings(a, b), "results", results(a), "gate", decision(a, g, b));
	if (o && a->comparison.made)
		json_object_set_new(o, "comparison", comparison(&a->comparison));
	if (o)
		json_dumpf(o, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(o);
}
