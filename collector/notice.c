#include "collector/notice.h"

#include <jansson.h>

#include "collector/registrar/json_walk.h"
#include "core/doc.h"
#include "core/severity.h"

/* --- writing --- */

static void json_release(json_t **j)
{
	json_decref(*j);
	*j = NULL;
}
#define AUTO_JSON __attribute__((cleanup(json_release))) json_t *

/* A reason may quote what a stranger sent; what is not UTF-8 must not cost us the receipt. */
static json_t *words(const char *text)
{
	json_t *j = json_string(text);

	return j ? j : json_string("(not UTF-8)");
}

static int set(json_t *map, const char *key, const char *text)
{
	return text ? json_object_set_new(map, key, words(text)) : 0;
}

static int add(json_t *list, const struct afd_row_notice *r)
{
	AUTO_JSON map = json_object();

	if (!map || set(map, "channel", r->channel) < 0 || set(map, "check", r->check) < 0 || set(map, "finding", r->finding) < 0 ||
	    set(map, "outcome", r->outcome) < 0 || set(map, "reason", r->reason) < 0 || set(map, "resource", r->resource) < 0 ||
	    set(map, "severity", r->severity) < 0 || set(map, "status", r->status) < 0 ||
	    json_object_set_new(map, "t", json_integer(r->t)) < 0)
		return -1;
	return json_array_append(list, map);
}

int afd_notice_write(const struct afd_row_notice *at, size_t n, struct afd_buf *ret, struct afd_ranges *ret_parts, struct afd_error *err)
{
	AUTO_JSON list = json_array();
	AUTO_JSON map = json_object();
	AFD_AUTO(mem) char *text = NULL;

	if (n == 0 || n > AFD_NOTICE_MAX_ROWS)
		return afd_fail(err, AFD_E_ENGINE, "a receipt of %zu notices; 1 to %u are possible", n, AFD_NOTICE_MAX_ROWS);
	for (size_t i = 0; i < n; i++)
		if (!list || add(list, &at[i]) < 0)
			return afd_fail_memory(err);
	if (!map || json_object_set(map, "notices", list) < 0 || json_object_set_new(map, "v", json_integer(1)) < 0)
		return afd_fail_memory(err);
	text = json_dumps(map, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENSURE_ASCII);
	if (!text || afd_buf_text(ret, text) < 0)
		return afd_fail_memory(err);
	return afd_notice_split(afd_buf_slice(ret), ret_parts, err);
}

/* --- reading --- */

static const struct afd_field notice_fields[] = {
	{ "channel", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_row_notice, channel) },
	{ "check", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_row_notice, check) },
	{ "finding", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_row_notice, finding) },
	{ "outcome", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_row_notice, outcome) },
	{ "reason", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_row_notice, reason) },
	{ "resource", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_row_notice, resource) },
	{ "severity", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_row_notice, severity) },
	{ "status", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_row_notice, status) },
	{ "t", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct afd_row_notice, t) },
	{ 0 }
};

static bool is_finding(const char *id)
{
	return strlen(id) == 16 && strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == 16;
}

static bool is_one(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int read_notice(struct afd_doc *d, const struct afd_node *n, struct afd_row_notice *ret, struct afd_error *err)
{
	*ret = (struct afd_row_notice){ 0 };
	if (afd_fields_read(d, n, notice_fields, ret, err) < 0)
		return -1;
	if (!is_finding(ret->finding))
		return afd_node_fail(d, afd_node_get(n, "finding"), err, "the id of a finding");
	if (afd_severity_rank(ret->severity) < 0)
		return afd_node_fail(d, afd_node_get(n, "severity"), err, "critical, high, medium, low or info");
	if (!is_one(ret->status, "fail", "review"))
		return afd_node_fail(d, afd_node_get(n, "status"), err, "fail or review");
	if (!is_one(ret->outcome, "delivered", "failed"))
		return afd_node_fail(d, afd_node_get(n, "outcome"), err, "delivered or failed");
	if (ret->t < 0 || ret->t >= AFD_FOREVER)
		return afd_node_fail(d, afd_node_get(n, "t"), err, "ms since 1970");
	if (ret->reason && strcmp(ret->outcome, "failed") != 0)
		return afd_node_fail(d, afd_node_get(n, "reason"), err, "no reason where nothing failed");
	return 0;
}

int afd_notice_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	return afd_json_tile(bytes, "notices", parts, err);
}

struct receipt { const struct afd_node *notices; int64_t v; };

static const struct afd_field receipt_fields[] = {
	{ "notices", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct receipt, notices) },
	{ "v", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct receipt, v) },
	{ 0 }
};

static int read_receipt(struct afd_doc *d, const struct afd_item_view *item, struct receipt *ret, struct afd_error *err)
{
	if (afd_fields_read(d, afd_doc_root(d), receipt_fields, ret, err) < 0)
		return -1;
	if (ret->v != 1)
		return afd_node_fail(d, afd_node_get(afd_doc_root(d), "v"), err, "1");
	if (ret->notices->type != AFD_LIST || ret->notices->u.list.n == 0)
		return afd_node_fail(d, ret->notices, err, "a list of notices");
	if (ret->notices->u.list.n > AFD_NOTICE_MAX_ROWS)
		return afd_fail(err, AFD_E_LIMIT, "more than %u notices", AFD_NOTICE_MAX_ROWS);
	if (item->parts.n != 2 * ret->notices->u.list.n + 1)
		return afd_fail(err, AFD_E_PARSE, "a receipt of %zu notices has %zu parts", ret->notices->u.list.n, item->parts.n);
	return 0;
}

int afd_notice_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct receipt r = { 0 };
	struct afd_row_notice row;
	uint64_t i = 0;

	if (item->bytes.len > AFD_NOTICE_MAX_BYTES)
		return afd_fail(err, AFD_E_LIMIT, "notices: more than %u bytes", AFD_NOTICE_MAX_BYTES);
	if (afd_json_parse(item->bytes, "notices", &d, err) < 0 || read_receipt(d, item, &r, err) < 0)
		return -1;
	for (const struct afd_node *n = r.notices->u.list.first; n; n = n->next, i++) {
		if (read_notice(d, n, &row, err) < 0)
			return -1;
		row.part = 2 * i + 1;
		if (sink->notice(sink->ctx, &row, err) < 0)
			return -1;
	}
	return 0;
}
