/* Findings that a gate knows already. What is waived is not taken into a baseline: the acceptance of a risk ends, a baseline does
 * not; and what would fail if its evidence were whole was no finding. */
#include <stdlib.h>

#include <jansson.h>

#include "cli/baseline.h"
#include "core/doc.h"
#include "core/file.h"
#include "core/limits.h"

#define FORMAT "affidavit-baseline/1"

static bool is_id(const char *s)
{
	return s && strlen(s) == 16 && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == 16;
}

static int compare(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static bool left_out(const struct afd_node *finding)
{
	const struct afd_node *w = afd_node_get(finding, "would_fail");

	return (w && (w->type == AFD_INT || w->type == AFD_BOOL) && w->u.i) || afd_node_get(finding, "waiver");
}

static int read_ids(struct afd_doc *d, struct cli_baseline *b, struct afd_error *err)
{
	const struct afd_node *root = afd_doc_root(d), *format = afd_node_get(root, "format"), *list = afd_node_get(root, "findings");
	const char *name = format ? afd_node_text(format) : NULL;

	if (!name || (strcmp(name, FORMAT) != 0 && strcmp(name, "affidavit-report/1") != 0))
		return afd_node_fail(d, format ? format : root, err, "format: " FORMAT ", or a report.json");
	if (!list || list->type != AFD_LIST)
		return afd_node_fail(d, list ? list : root, err, "findings: a list");
	b->ids = calloc(list->u.list.n + 1, sizeof(*b->ids));
	if (!b->ids)
		return afd_fail_memory(err);
	for (const struct afd_node *n = list->u.list.first; n; n = n->next) {
		const struct afd_node *id = afd_node_get(n, "id");

		if (!id || !is_id(afd_node_text(id)))
			return afd_node_fail(d, id ? id : n, err, "id: a finding id of 16 of A-Z 2-7");
		if (!left_out(n))
			b->ids[b->of.n++] = afd_node_text(id);
	}
	qsort(b->ids, b->of.n, sizeof(*b->ids), compare);
	b->of.id = b->ids;
	return 0;
}

int baseline_read(const char *path, struct cli_baseline *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };

	if (afd_file_read(path, AFD_MAX_REPORT_JSON, &bytes, err) < 0)
		return afd_within(err, "--baseline");
	afd_sha256(afd_buf_slice(&bytes), &ret->sha256);
	if (afd_json_parse(afd_buf_slice(&bytes), path, &ret->doc, err) < 0 || read_ids(ret->doc, ret, err) < 0) {
		baseline_release(ret);
		return afd_within(err, "--baseline");
	}
	return 0;
}

void baseline_release(struct cli_baseline *b)
{
	free(b->ids);
	afd_doc_release(&b->doc);
	*b = (struct cli_baseline){ 0 };
}

int baseline_write(const char *path, const struct afd_assessment *a, unsigned *ret_n, struct afd_digest *ret, struct afd_error *err)
{
	json_t *list = json_array(), *o;
	AFD_AUTO(mem) char *text = NULL;
	unsigned rule;
	int r = -1;

	*ret_n = 0;
	for (size_t i = 0; i < a->n_finding; i++) {
		const struct afd_finding *f = &a->finding[i];

		if (afd_gate_finding(a, f, NULL, &rule) != AFD_GATE_VIOLATES)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "id", f->id, "check", f->check->id, "resource", cli_safe(f->resource, 0),
						      "status", afd_outcome_name(f->status)));
		++*ret_n;
	}
	o = json_pack("{s:s, s:s, s:I, s:s, s:o}", "format", FORMAT, "as_of", afd_when_text(a->as_of_ms).s, "head_size", (json_int_t)a->head_size,
		      "head_root", afd_digest_hex(&a->head_root).s, "findings", list);
	text = o ? json_dumps(o, JSON_SORT_KEYS | JSON_INDENT(1)) : NULL;
	json_decref(o);
	if (!text)
		return afd_fail_memory(err);
	afd_sha256(afd_slice_text(text), ret);
	r = afd_file_write(path, afd_slice_text(text), false, err);
	return r < 0 ? afd_within(err, "--write-baseline") : 0;
}
