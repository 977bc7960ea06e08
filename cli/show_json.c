#include <jansson.h>

#include "cli/session.h"

static json_t *findings(const struct afd_assessment *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_finding; i++) {
		const struct afd_finding *f = &a->finding[i];
		json_t *reasons = json_array(), *leaves = json_array();

		for (size_t k = 0; k < f->n_reason; k++)
			json_array_append_new(reasons, json_string(f->reason[k]));
		for (size_t k = 0; k < f->n_evidence; k++)
			json_array_append_new(leaves, json_integer((json_int_t)f->evidence[k].leaf));
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:b, s:b}", "id", f->id, "check", f->check->id,
			"severity", f->check->severity, "resource", f->resource, "status", afd_outcome_name(f->status),
			"reasons", reasons, "leaves", leaves, "waived", f->waiver != NULL, "would_fail", f->would_fail));
	}
	return list;
}

static json_t *results(const struct afd_assessment *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_result; i++) {
		const struct afd_result *r = &a->result[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s*, s:b}", "check", r->check->id, "resource", r->resource,
			"outcome", afd_outcome_name(r->outcome), "reason", r->reason, "waived", r->waived));
	}
	return list;
}

void show_assessment_json(const struct cli *c, const struct afd_assessment *a, const char *verb, int exit_code)
{
	struct afd_hex64 root = afd_digest_hex(&a->head_root);
	json_t *counts = json_object(), *o;

	(void)c;
	for (int k = 0; k < AFD_OUTCOME_COUNT; k++)
		json_object_set_new(counts, afd_outcome_name((enum afd_outcome)k), json_integer(a->counts.by[k]));
	json_object_set_new(counts, "tests", json_integer(a->counts.population));
	json_object_set_new(counts, "waived", json_integer(a->counts.waived));
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:b, s:b, s:i, s:o, s:o, s:o}", "verb", verb, "period", a->period_label,
		"from", afd_when_text(a->period.from).s, "to", afd_when_text(a->period.to).s, "as_of", afd_when_text(a->as_of_ms).s,
		"head_size", (json_int_t)a->head_size, "head_root", root.s, "provisional", a->provisional, "test", a->test,
		"exit", exit_code, "counts", counts, "findings", findings(a), "results", results(a));
	if (o)
		json_dumpf(o, stdout, JSON_SORT_KEYS | JSON_INDENT(1));
	putchar('\n');
	json_decref(o);
}
