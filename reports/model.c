#include "reports/model.h"

#define FORMAT "affidavit-report/1"

/* One row per member. A list of maps names the table of its rows, so that one loop reads the whole tree. */
struct shape {
	const char *name;
	enum { TEXT, INT, TIME, TEXTS, MAP, LIST } kind;
	int need;
	size_t at, n_at;                     /* n_at: where a list keeps its length */
	const struct shape *of; size_t size;
};

#define M(t, k, need, member) { #member, k, need, offsetof(struct t, member) }
#define N(t, name, k, need, member) { name, k, need, offsetof(struct t, member) }
#define LIST_OF(t, name, need, member, row, rows) \
	{ name, LIST, need, offsetof(struct t, member), offsetof(struct t, n_##member), rows, sizeof(struct row) }
#define L(t, name, member, row, rows) LIST_OF(t, name, AFD_REQUIRED, member, row, rows)
#define L_OPTIONAL(t, name, member, row, rows) LIST_OF(t, name, AFD_OPTIONAL, member, row, rows)
#define S(t, name, member, rows) { name, MAP, AFD_REQUIRED, offsetof(struct t, member), 0, rows, 0 }

enum { opt = AFD_OPTIONAL, must = AFD_REQUIRED };

static const struct shape counts_shape[] = {
	M(afd_m_counts, INT, must, error),
	M(afd_m_counts, INT, must, fail),
	N(afd_m_counts, "not-applicable", INT, must, not_applicable),
	N(afd_m_counts, "not-evaluable", INT, must, not_evaluable),
	M(afd_m_counts, INT, must, pass),
	M(afd_m_counts, INT, must, population),
	M(afd_m_counts, INT, must, review),
	M(afd_m_counts, INT, must, waived),
	{ 0 }
};

static const struct shape param_shape[] = {
	M(afd_m_param, TEXT, opt, meaning),
	M(afd_m_param, TEXT, must, name),
	M(afd_m_param, TEXT, opt, type),
	M(afd_m_param, TEXT, opt, usual),
	M(afd_m_param, TEXT, opt, value),
	{ 0 }
};

static const struct shape check_shape[] = {
	M(afd_m_check, TEXTS, opt, answers),
	M(afd_m_check, TEXT, opt, false_positives),
	M(afd_m_check, TEXT, must, id),
	M(afd_m_check, INT, must, leaf),
	L_OPTIONAL(afd_m_check, "params", param, afd_m_param, param_shape),
	M(afd_m_check, TEXT, opt, remedy),
	M(afd_m_check, TEXT, opt, resource),
	M(afd_m_check, INT, must, results),
	M(afd_m_check, TEXT, opt, retired),
	M(afd_m_check, TEXT, must, severity),
	M(afd_m_check, TEXT, opt, severity_approver),
	M(afd_m_check, TEXT, opt, severity_default),
	M(afd_m_check, TEXT, opt, severity_reason),
	M(afd_m_check, TIME, opt, severity_since),
	M(afd_m_check, TEXT, must, sha256),
	M(afd_m_check, TEXT, must, title),
	M(afd_m_check, TEXT, opt, why),
	{ 0 }
};

static const struct shape cited_shape[] = {
	M(afd_m_cited, TEXT, must, hash),
	M(afd_m_cited, INT, must, leaf),
	{ 0 }
};

static const struct shape span_shape[] = {
	M(afd_m_span, TIME, opt, from),
	M(afd_m_span, TEXT, must, grade),
	M(afd_m_span, TEXT, opt, reason),
	M(afd_m_span, TIME, opt, to),
	{ 0 }
};

static const struct shape cover_shape[] = {
	M(afd_m_cover, TEXT, opt, basis),
	M(afd_m_cover, INT, must, configured),
	M(afd_m_cover, TEXT, opt, evidence),
	M(afd_m_cover, TEXT, opt, kind),
	M(afd_m_cover, INT, must, lag_ms),
	M(afd_m_cover, INT, must, records),
	M(afd_m_cover, TEXT, opt, scope),
	M(afd_m_cover, TEXT, must, source),
	L(afd_m_cover, "spans", span, afd_m_span, span_shape),
	M(afd_m_cover, TEXT, must, worst),
	{ 0 }
};

static const struct shape edit_shape[] = {
	M(afd_m_edit, TEXT, opt, after),
	M(afd_m_edit, TEXT, opt, before),
	M(afd_m_edit, TEXT, opt, key),
	M(afd_m_edit, INT, must, leaf),
	M(afd_m_edit, TEXT, opt, table),
	M(afd_m_edit, TIME, opt, time),
	M(afd_m_edit, TEXT, opt, what),
	{ 0 }
};

static const struct shape fault_shape[] = {
	M(afd_m_fault, INT, must, leaf),
	M(afd_m_fault, TEXT, opt, reason),
	M(afd_m_fault, TEXT, opt, source),
	{ 0 }
};

static const struct shape finding_link_shape[] = {
	M(afd_m_finding_link, TEXT, must, control),
	M(afd_m_finding_link, TEXT, must, framework),
	M(afd_m_finding_link, TEXT, opt, limit),
	M(afd_m_finding_link, TEXT, opt, relation),
	{ 0 }
};

static const struct shape evidence_shape[] = {
	M(afd_m_evidence, TEXT, must, hash),
	M(afd_m_evidence, INT, must, leaf),
	M(afd_m_evidence, INT, must, part),
	M(afd_m_evidence, TIME, opt, received),
	M(afd_m_evidence, TEXT, opt, source),
	M(afd_m_evidence, TEXT, opt, what),
	{ 0 }
};

static const struct shape finding_shape[] = {
	M(afd_m_finding, TEXT, must, basis),
	N(afd_m_finding, "check", TEXT, must, check_id),
	L(afd_m_finding, "controls", control, afd_m_finding_link, finding_link_shape),
	L(afd_m_finding, "evidence", evidence, afd_m_evidence, evidence_shape),
	M(afd_m_finding, TEXT, must, id),
	M(afd_m_finding, TEXT, opt, key),
	M(afd_m_finding, INT, must, number),
	M(afd_m_finding, TIME, opt, observed),
	M(afd_m_finding, TEXTS, opt, reasons),
	M(afd_m_finding, TEXT, opt, resource),
	M(afd_m_finding, TEXT, must, salt),
	M(afd_m_finding, TEXT, must, severity),
	M(afd_m_finding, TEXT, opt, severity_default),
	M(afd_m_finding, TEXT, opt, state),
	M(afd_m_finding, TEXT, must, status),
	M(afd_m_finding, TEXT, opt, tier),
	N(afd_m_finding, "waiver", TEXT, opt, waiver_id),
	M(afd_m_finding, INT, must, would_fail),
	{ 0 }
};

static const struct shape link_shape[] = {
	M(afd_m_link, TEXT, must, check),
	M(afd_m_link, TEXT, opt, cited),
	M(afd_m_link, TEXT, opt, limit),
	M(afd_m_link, INT, opt, mapping),
	M(afd_m_link, TEXT, opt, rationale),
	M(afd_m_link, TEXT, opt, relation),
	M(afd_m_link, INT, opt, replaces),
	{ 0 }
};

static const struct shape control_shape[] = {
	S(afd_m_control, "counts", counts, counts_shape),
	M(afd_m_control, TEXT, must, id),
	M(afd_m_control, TEXT, opt, level),
	L(afd_m_control, "links", link, afd_m_link, link_shape),
	M(afd_m_control, TEXT, opt, official_text),
	M(afd_m_control, TEXT, opt, official_title),
	M(afd_m_control, TEXT, opt, parent),
	M(afd_m_control, TEXT, must, phrase),
	M(afd_m_control, TEXT, opt, status),
	M(afd_m_control, TEXTS, opt, successors),
	M(afd_m_control, TEXT, opt, title),
	{ 0 }
};

static const struct shape mapping_shape[] = {
	M(afd_m_mapping, TEXT, opt, author),
	M(afd_m_mapping, TEXT, opt, date),
	M(afd_m_mapping, TEXT, must, label),
	M(afd_m_mapping, INT, must, leaf),
	M(afd_m_mapping, INT, must, ours),
	M(afd_m_mapping, INT, must, replaces),
	M(afd_m_mapping, INT, must, rows),
	M(afd_m_mapping, TEXT, must, sha256),
	M(afd_m_mapping, TEXT, opt, version),
	{ 0 }
};

static const struct shape official_shape[] = {
	N(afd_m_framework, "file", TEXT, opt, official.file),
	N(afd_m_framework, "label", TEXT, must, official.label),
	N(afd_m_framework, "leaf", INT, must, official.leaf),
	N(afd_m_framework, "sha256", TEXT, must, official.sha256),
	N(afd_m_framework, "source_sha256", TEXT, must, official.source_sha256),
	N(afd_m_framework, "texts", INT, must, official.texts),
	N(afd_m_framework, "title", TEXT, opt, official.title),
	N(afd_m_framework, "version", TEXT, opt, official.version),
	{ 0 }
};

static const struct shape framework_shape[] = {
	M(afd_m_framework, TEXT, opt, applies_when),
	L(afd_m_framework, "controls", control, afd_m_control, control_shape),
	M(afd_m_framework, TEXT, must, id),
	M(afd_m_framework, INT, must, in_scope),
	M(afd_m_framework, INT, must, leaf),
	L(afd_m_framework, "mappings", mapping, afd_m_mapping, mapping_shape),
	{ "official", MAP, AFD_OPTIONAL, 0, 0, official_shape, 0 },
	M(afd_m_framework, TEXT, opt, source),
	M(afd_m_framework, TEXT, opt, title),
	M(afd_m_framework, TEXT, opt, version),
	{ 0 }
};

static const struct shape need_shape[] = {
	M(afd_m_need, TEXT, opt, evidence),
	M(afd_m_need, TIME, opt, from),
	M(afd_m_need, TEXT, must, grade),
	M(afd_m_need, TEXT, opt, scope),
	M(afd_m_need, TIME, opt, to),
	{ 0 }
};

static const struct shape result_shape[] = {
	M(afd_m_result, TEXT, must, check),
	M(afd_m_result, TEXT, must, grade),
	M(afd_m_result, TEXT, must, outcome),
	M(afd_m_result, TEXT, opt, reason),
	M(afd_m_result, TEXT, opt, resource),
	L(afd_m_result, "uncovered", uncovered, afd_m_need, need_shape),
	M(afd_m_result, INT, opt, uncovered_more),
	M(afd_m_result, INT, must, waived),
	{ 0 }
};

static const struct shape scope_shape[] = {
	M(afd_m_scope, TEXT, opt, account),
	M(afd_m_scope, INT, must, leaf),
	M(afd_m_scope, TEXT, must, name),
	M(afd_m_scope, TEXT, opt, owner),
	M(afd_m_scope, TEXT, opt, reason),
	M(afd_m_scope, TEXT, opt, zone),
	{ 0 }
};

static const struct shape share_shape[] = {
	M(afd_m_share, INT, must, ambiguous),
	M(afd_m_share, INT, must, attributed),
	M(afd_m_share, INT, must, changes),
	M(afd_m_share, TEXT, must, changes_grade),
	M(afd_m_share, TEXT, must, claims_grade),
	M(afd_m_share, INT, must, denied),
	M(afd_m_share, INT, must, nameless),
	M(afd_m_share, INT, must, unattributed),
	M(afd_m_share, INT, must, without_effect),
	M(afd_m_share, TEXT, must, zone),
	{ 0 }
};

static const struct shape waiver_shape[] = {
	M(afd_m_waiver, TEXT, opt, approver),
	M(afd_m_waiver, TIME, opt, expires),
	M(afd_m_waiver, TIME, opt, granted),
	M(afd_m_waiver, TEXT, must, id),
	M(afd_m_waiver, TEXT, opt, owner),
	M(afd_m_waiver, TEXT, opt, reason),
	M(afd_m_waiver, INT, must, standing),
	{ 0 }
};

static const struct shape head_shape[] = {
	N(afd_report, "note", TEXT, opt, head.note),
	N(afd_report, "origin", TEXT, opt, head.origin),
	N(afd_report, "root", TEXT, must, head.root),
	N(afd_report, "size", INT, must, head.size),
	{ 0 }
};

static const struct shape period_shape[] = {
	N(afd_report, "from", TIME, must, period.from),
	N(afd_report, "label", TEXT, opt, period.label),
	N(afd_report, "to", TIME, must, period.to),
	{ 0 }
};

static const struct shape rules_shape[] = {
	N(afd_report, "checks_sha256", TEXT, must, rules.checks_sha256),
	N(afd_report, "config_leaf", INT, opt, rules.config_leaf),
	N(afd_report, "inventory_leaf", INT, opt, rules.inventory_leaf),
	N(afd_report, "policy_leaf", INT, opt, rules.policy_leaf),
	{ 0 }
};

static const struct shape anchoring_shape[] = {
	N(afd_report, "authorities", TEXTS, must, anchoring.authorities),
	N(afd_report, "covered", INT, must, anchoring.covered),
	N(afd_report, "failed", INT, must, anchoring.failed),
	N(afd_report, "longest_delay_ms", INT, opt, anchoring.longest_delay_ms),
	N(afd_report, "newest", TIME, opt, anchoring.newest),
	N(afd_report, "open", INT, must, anchoring.open),
	N(afd_report, "standing", TEXT, must, anchoring.standing),
	N(afd_report, "tokens", INT, must, anchoring.tokens),
	{ 0 }
};

static const struct shape past_shape[] = {
	M(afd_m_past, TEXT, must, check),
	M(afd_m_past, TEXT, must, id),
	M(afd_m_past, TEXT, opt, key),
	M(afd_m_past, INT, opt, leaf),
	M(afd_m_past, TIME, opt, observed),
	M(afd_m_past, TEXT, opt, reason),
	M(afd_m_past, TIME, opt, recorded),
	M(afd_m_past, TEXT, opt, resource),
	M(afd_m_past, TEXT, opt, state),
	M(afd_m_past, TEXT, must, status),
	{ 0 }
};

static const struct shape comparison_shape[] = {
	N(afd_report, "closed", INT, must, comparison.closed),
	S(afd_report, "counts", comparison.counts, counts_shape),
	N(afd_report, "from", TIME, must, comparison.from),
	L(afd_report, "gone", gone, afd_m_past, past_shape),
	L(afd_report, "learned", learned, afd_m_past, past_shape),
	N(afd_report, "new", INT, must, comparison.fresh),
	N(afd_report, "not_examined", INT, must, comparison.not_examined),
	N(afd_report, "not_tested", INT, must, comparison.not_tested),
	N(afd_report, "open", INT, must, comparison.open),
	N(afd_report, "reopened", INT, must, comparison.reopened),
	N(afd_report, "to", TIME, must, comparison.to),
	{ 0 }
};

static const struct shape gate_rule_shape[] = {
	M(afd_m_gate_rule, TEXT, opt, check),
	M(afd_m_gate_rule, TEXT, opt, control),
	M(afd_m_gate_rule, TEXT, opt, fail),
	M(afd_m_gate_rule, TEXT, opt, framework),
	M(afd_m_gate_rule, INT, must, number),
	M(afd_m_gate_rule, TEXT, opt, resource),
	M(afd_m_gate_rule, TEXT, opt, review),
	M(afd_m_gate_rule, TEXT, opt, severity),
	M(afd_m_gate_rule, TEXT, opt, tier),
	{ 0 }
};

static const struct shape gate_shape[] = {
	N(afd_report, "fail_on", TEXT, must, gate.fail_on),
	N(afd_report, "incomplete", TEXT, must, gate.incomplete),
	N(afd_report, "review_fails", INT, must, gate.review_fails),
	L(afd_report, "rules", rule, afd_m_gate_rule, gate_rule_shape),
	N(afd_report, "window", TEXT, must, gate.window),
	{ 0 }
};

static const struct shape report_shape[] = {
	{ "anchoring", MAP, opt, 0, 0, anchoring_shape, 0 },
	M(afd_report, TIME, must, as_of),
	L_OPTIONAL(afd_report, "attribution", share, afd_m_share, share_shape),
	L(afd_report, "checks", check, afd_m_check, check_shape),
	L(afd_report, "cited", cited, afd_m_cited, cited_shape),
	M(afd_report, TEXT, opt, classification),
	{ "comparison", MAP, opt, 0, 0, comparison_shape, 0 },
	S(afd_report, "counts", counts, counts_shape),
	L(afd_report, "coverage", cover, afd_m_cover, cover_shape),
	L(afd_report, "edits", edit, afd_m_edit, edit_shape),
	M(afd_report, TEXT, must, engine),
	L(afd_report, "faults", fault, afd_m_fault, fault_shape),
	L(afd_report, "findings", finding, afd_m_finding, finding_shape),
	M(afd_report, TEXT, must, format),
	L(afd_report, "frameworks", framework, afd_m_framework, framework_shape),
	{ "gate", MAP, opt, 0, 0, gate_shape, 0 },
	{ "head", MAP, must, 0, 0, head_shape, 0 },
	M(afd_report, TIME, opt, history_begins),
	L(afd_report, "not_in_scope", not_in_scope, afd_m_scope, scope_shape),
	M(afd_report, TEXT, opt, organisation),
	{ "period", MAP, must, 0, 0, period_shape, 0 },
	M(afd_report, INT, must, provisional),
	M(afd_report, TEXT, opt, provisional_why),
	M(afd_report, TEXT, must, report_id),
	M(afd_report, TEXT, must, result),
	M(afd_report, TEXT, opt, result_with_waivers),
	L(afd_report, "results", outcome, afd_m_result, result_shape),
	{ "rules", MAP, must, 0, 0, rules_shape, 0 },
	L(afd_report, "scope", scope, afd_m_scope, scope_shape),
	M(afd_report, INT, must, test),
	L(afd_report, "waivers", waiver, afd_m_waiver, waiver_shape),
	{ 0 }
};

#define MAX_MEMBERS 40
#define MAX_INT (INT64_C(1) << 53)

static int read_map(struct afd_doc *d, const struct afd_node *map, const struct shape *shape, void *out,
		    struct afd_error *err);

static int read_list(struct afd_doc *d, const struct afd_node *list, const struct shape *s, char *out,
		     struct afd_error *err)
{
	const struct afd_node *n;
	char *rows;

	if (list->type != AFD_LIST)
		return afd_node_fail(d, list, err, "a list");
	rows = afd_doc_alloc(d, (list->u.list.n + 1) * s->size);
	if (!rows)
		return afd_fail_memory(err);
	*(void **)(void *)(out + s->at) = rows;
	*(size_t *)(void *)(out + s->n_at) = list->u.list.n;
	for (n = list->u.list.first; n; n = n->next, rows += s->size)
		if (read_map(d, n, s->of, rows, err) < 0)
			return -1;
	return 0;
}

/* The depth of the shapes is fixed, so this ends. */
static int read_map(struct afd_doc *d, const struct afd_node *map, const struct shape *shape, void *out,
		    struct afd_error *err)
{
	static const enum afd_field_kind kinds[] = {
		[TEXT] = AFD_FIELD_TEXT,   [INT] = AFD_FIELD_INT,    [TIME] = AFD_FIELD_TIME,
		[TEXTS] = AFD_FIELD_TEXTS, [MAP] = AFD_FIELD_IGNORE, [LIST] = AFD_FIELD_IGNORE
	};
	struct afd_field fields[MAX_MEMBERS] = { 0 };
	size_t n = 0;

	for (const struct shape *s = shape; s->name; s++) {
		fields[n++] = (struct afd_field){ s->name, kinds[s->kind], s->need, s->at, NULL };
		if (s->kind == TIME)
			*(int64_t *)(void *)((char *)out + s->at) = AFD_TIME_NONE;
	}
	if (afd_fields_read(d, map, fields, out, err) < 0)
		return -1;
	for (const struct shape *s = shape; s->name; s++) {
		const struct afd_node *sub =
			s->kind == MAP || s->kind == LIST || s->kind == INT ? afd_node_get(map, s->name) : NULL;

		if (sub && s->kind == INT && (sub->u.i < 0 || sub->u.i > MAX_INT))
			return afd_node_fail(d, sub, err, "an integer from 0 to 2^53");
		if (!sub && (s->kind == MAP || s->kind == LIST) && s->need)
			return afd_node_fail(d, map, err, s->name);
		if (sub && s->kind == MAP && read_map(d, sub, s->of, (char *)out + s->at, err) < 0)
			return -1;
		if (sub && s->kind == LIST && read_list(d, sub, s, out, err) < 0)
			return -1;
	}
	return 0;
}

static int by_id(const void *key, const void *row)
{
	return strcmp(key, ((const struct afd_m_check *)row)->id);
}

/* Findings name their check and their waiver; whoever draws wants them at hand. */
static int resolve(struct afd_report *r, struct afd_error *err)
{
	for (size_t i = 1; i < r->n_check; i++)
		if (strcmp(r->check[i - 1].id, r->check[i].id) >= 0)
			return afd_fail(err, AFD_E_PARSE,
					"report.json: checks: expected them sorted by id, got %s after %s",
					r->check[i].id, r->check[i - 1].id);
	for (size_t i = 0; i < r->n_finding; i++) {
		struct afd_m_finding *f = &r->finding[i];

		f->check = bsearch(f->check_id, r->check, r->n_check, sizeof(*r->check), by_id);
		if (!f->check)
			return afd_fail(err, AFD_E_PARSE,
					"report.json: findings[%zu].check: expected one of checks, got %s", i,
					f->check_id);
		for (size_t w = 0; f->waiver_id && w < r->n_waiver && !f->waiver; w++)
			if (strcmp(r->waiver[w].id, f->waiver_id) == 0)
				f->waiver = &r->waiver[w];
		if (f->waiver_id && !f->waiver)
			return afd_fail(err, AFD_E_PARSE,
					"report.json: findings[%zu].waiver: expected one of waivers, got %s", i,
					f->waiver_id);
	}
	return 0;
}

static bool is_digest(const char *s)
{
	uint8_t b[32];

	return afd_unhex(s, strlen(s), b, sizeof(b)) == 0;
}

static int check_digests(const struct afd_report *r, struct afd_error *err)
{
	uint8_t salt[16];

	if (!is_digest(r->head.root) || !is_digest(r->rules.checks_sha256))
		return afd_fail(err, AFD_E_PARSE,
				"report.json: head.root, rules.checks_sha256: expected 64 hex digits");
	for (size_t i = 0; i < r->n_cited; i++)
		if (!is_digest(r->cited[i].hash))
			return afd_fail(err, AFD_E_PARSE, "report.json: cited[%zu].hash: expected 64 hex digits", i);
	for (size_t i = 0; i < r->n_check; i++)
		if (!is_digest(r->check[i].sha256))
			return afd_fail(err, AFD_E_PARSE, "report.json: checks[%zu].sha256: expected 64 hex digits", i);
	for (size_t i = 0; i < r->n_finding; i++)
		if (afd_unhex(r->finding[i].salt, strlen(r->finding[i].salt), salt, sizeof(salt)) < 0)
			return afd_fail(err, AFD_E_PARSE, "report.json: findings[%zu].salt: expected 32 hex digits", i);
	for (size_t i = 0; i < r->n_finding; i++)
		for (size_t e = 0; e < r->finding[i].n_evidence; e++)
			if (!is_digest(r->finding[i].evidence[e].hash))
				return afd_fail(err, AFD_E_PARSE,
						"report.json: findings[%zu].evidence[%zu].hash: expected 64 hex digits",
						i, e);
	return 0;
}

int afd_report_read(struct afd_slice bytes, struct afd_report **ret, struct afd_error *err)
{
	AFD_AUTO(report) struct afd_report *r = calloc(1, sizeof(*r));

	if (!r)
		return afd_fail_memory(err);
	r->bytes = bytes;
	r->comparison.from = AFD_TIME_NONE;
	r->rules.config_leaf = r->rules.inventory_leaf = r->rules.policy_leaf = -1;
	afd_sha256(bytes, &r->sha256);
	if (afd_json_parse(bytes, "report.json", &r->doc, err) < 0 ||
	    read_map(r->doc, afd_doc_root(r->doc), report_shape, r, err) < 0)
		return -1;
	if (strcmp(r->format, FORMAT) != 0)
		return afd_fail(err, AFD_E_PARSE, "report.json: format: expected " FORMAT ", got %s", r->format);
	if (r->period.from >= r->period.to)
		return afd_fail(err, AFD_E_PARSE, "report.json: period: expected from before to");
	if (check_digests(r, err) < 0 || resolve(r, err) < 0)
		return -1;

	*ret = afd_steal(&r);
	return 0;
}

struct afd_report *afd_report_free(struct afd_report *r)
{
	if (r)
		afd_doc_release(&r->doc);
	free(r);
	return NULL;
}

void afd_report_release(struct afd_report **r)
{
	*r = afd_report_free(*r);
}
