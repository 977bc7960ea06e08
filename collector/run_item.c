#include "collector/run_item.h"

#include <jansson.h>

#include "collector/registrar/json_walk.h"
#include "core/doc.h"

static void statement_release(struct afd_row_coverage *c)
{
	free((char *)c->evidence);
	free((char *)c->scope);
	free((char *)c->watch);
	free((char *)c->reason);
}

int afd_statements_add(struct afd_statements *s, const struct afd_row_coverage *c)
{
	struct afd_row_coverage own = *c;

	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct afd_row_coverage *at = realloc(s->at, cap * sizeof(*at));

		if (!at)
			return -1;
		s->at = at;
		s->cap = cap;
	}
	own.evidence = afd_strdup(c->evidence);
	own.scope = afd_strdup(c->scope);
	own.watch = afd_strdup(c->watch);
	own.reason = afd_strdup(c->reason);
	if (!own.evidence || !own.scope || (c->watch && !own.watch) || (c->reason && !own.reason)) {
		statement_release(&own);
		return -1;
	}
	s->at[s->n++] = own;
	return 0;
}

void afd_statements_cut(struct afd_statements *s, size_t n)
{
	while (s->n > n)
		statement_release(&s->at[--s->n]);
}

void afd_statements_release(struct afd_statements *s)
{
	afd_statements_cut(s, 0);
	free(s->at);
	*s = (struct afd_statements){ 0 };
}

/* --- writing --- */

static void json_release(json_t **j)
{
	json_decref(*j);
	*j = NULL;
}
#define AUTO_JSON __attribute__((cleanup(json_release))) json_t *

static int set_text(json_t *map, const char *key, const char *text)
{
	return text ? json_object_set_new(map, key, json_string(text)) : 0;
}

static int set_int(json_t *map, const char *key, int64_t v)
{
	return json_object_set_new(map, key, json_integer(v));
}

/* A reason may quote what a stranger sent; what is not UTF-8 must not cost us the statement. */
static int set_reason(json_t *map, const char *text)
{
	json_t *j;

	if (!text || !*text)
		return 0;
	j = json_string(text);
	return json_object_set_new(map, "reason", j ? j : json_string("(the reason is not UTF-8)"));
}

static int statement_json(const struct afd_row_coverage *c, json_t *list)
{
	AUTO_JSON map = json_object();

	if (!map || set_text(map, "evidence", c->evidence) < 0 || set_int(map, "from", c->at.from) < 0 ||
	    set_text(map, "grade", afd_grade_name(c->grade)) < 0 || set_int(map, "lag_ms", c->lag_ms) < 0 ||
	    set_int(map, "provider_count", c->provider_count) < 0 || set_reason(map, c->reason) < 0 ||
	    set_text(map, "scope", c->scope) < 0 || set_int(map, "stored_count", c->stored_count) < 0 ||
	    set_int(map, "to", c->at.to) < 0 || set_text(map, "watch", c->watch) < 0)
		return -1;
	return json_array_append(list, map);
}

static int statements_json(const struct afd_statements *s, json_t **ret, struct afd_error *err)
{
	AUTO_JSON list = json_array();

	for (size_t i = 0; i < s->n; i++)
		if (!list || statement_json(&s->at[i], list) < 0)
			return afd_fail(err, AFD_E_PARSE, "coverage statement %zu cannot be written as JSON", i);
	*ret = afd_steal(&list);
	return *ret ? 0 : afd_fail_memory(err);
}

static int dump(const json_t *j, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENSURE_ASCII);

	return text && afd_buf_text(ret, text) == 0 ? 0 : afd_fail_memory(err);
}

int afd_statements_write(const struct afd_statements *s, struct afd_buf *ret, struct afd_error *err)
{
	AUTO_JSON list = NULL;

	return statements_json(s, &list, err) < 0 ? -1 : dump(list, ret, err);
}

int afd_run_write(const struct afd_run *r, const struct afd_statements *s, struct afd_buf *ret, struct afd_error *err)
{
	AUTO_JSON map = json_object();
	AUTO_JSON list = NULL;

	if (statements_json(s, &list, err) < 0)
		return -1;
	if (!map || json_object_set(map, "coverage", list) < 0 || set_int(map, "ended_ms", r->ended_ms) < 0 ||
	    set_int(map, "items", (int64_t)r->items) < 0 || set_text(map, "kind", r->kind) < 0 ||
	    set_reason(map, r->reason) < 0 || set_int(map, "requests", (int64_t)r->requests) < 0 ||
	    set_text(map, "result", r->result) < 0 || set_text(map, "source", r->source) < 0 ||
	    set_int(map, "started_ms", r->started_ms) < 0 || set_int(map, "v", 1) < 0)
		return afd_fail_memory(err);
	return dump(map, ret, err);
}

/* --- reading --- */

struct statement { const char *evidence, *scope, *watch, *grade, *reason; int64_t from, to, provider, stored, lag; };

static const struct afd_field statement_fields[] = {
	{ "evidence", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct statement, evidence) },
	{ "from", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct statement, from) },
	{ "grade", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct statement, grade) },
	{ "lag_ms", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct statement, lag) },
	{ "provider_count", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct statement, provider) },
	{ "reason", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct statement, reason) },
	{ "scope", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct statement, scope) },
	{ "stored_count", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct statement, stored) },
	{ "to", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct statement, to) },
	{ "watch", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct statement, watch) },
	{ 0 }
};

static int read_statement(struct afd_doc *d, const struct afd_node *n, struct afd_row_coverage *ret,
			  struct afd_error *err)
{
	struct statement s = { 0 };
	enum afd_grade grade;

	if (afd_fields_read(d, n, statement_fields, &s, err) < 0)
		return -1;
	if (afd_grade_parse(s.grade, &grade) < 0)
		return afd_node_fail(d, afd_node_get(n, "grade"), err, "gap, sampled, asserted or proven");
	if (s.from >= s.to)
		return afd_node_fail(d, afd_node_get(n, "to"), err, "a time after \"from\"");
	if (s.lag < 0)
		return afd_node_fail(d, afd_node_get(n, "lag_ms"), err, "0 or more");
	*ret = (struct afd_row_coverage){
		.evidence = s.evidence, .scope = s.scope, .watch = s.watch, .at = { s.from, s.to }, .grade = grade,
		.reason = s.reason, .provider_count = s.provider, .stored_count = s.stored, .lag_ms = s.lag,
	};
	return 0;
}

typedef int statement_see(void *ctx, const struct afd_row_coverage *c, struct afd_error *err);

static int read_statements(struct afd_doc *d, const struct afd_node *list, statement_see *see, void *ctx,
			   struct afd_error *err)
{
	struct afd_row_coverage c;
	uint64_t i = 0;

	if (!list || list->type != AFD_LIST)
		return afd_node_fail(d, list, err, "a list");
	if (list->u.list.n > AFD_RUN_MAX_ROWS)
		return afd_fail(err, AFD_E_LIMIT, "more than %u statements of coverage", AFD_RUN_MAX_ROWS);
	for (const struct afd_node *n = list->u.list.first; n; n = n->next, i++) {
		if (read_statement(d, n, &c, err) < 0)
			return -1;
		c.part = 2 * i + 1;
		if (see(ctx, &c, err) < 0)
			return -1;
	}
	return 0;
}

static int keep_statement(void *ctx, const struct afd_row_coverage *c, struct afd_error *err)
{
	return afd_statements_add(ctx, c) < 0 ? afd_fail_memory(err) : 0;
}

int afd_statements_parse(struct afd_slice json, struct afd_statements *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (afd_json_parse(json, "cursor", &d, err) < 0)
		return -1;
	return read_statements(d, afd_doc_root(d), keep_statement, ret, err);
}

int afd_run_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	return afd_json_tile(bytes, "coverage", parts, err);
}

struct run {
	const struct afd_node *coverage;
	const char *kind, *reason, *result, *source;
	int64_t ended, items, requests, started, v;
};

static const struct afd_field run_fields[] = {
	{ "coverage", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct run, coverage) },
	{ "ended_ms", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct run, ended) },
	{ "items", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct run, items) },
	{ "kind", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct run, kind) },
	{ "reason", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct run, reason) },
	{ "requests", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct run, requests) },
	{ "result", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct run, result) },
	{ "source", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct run, source) },
	{ "started_ms", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct run, started) },
	{ "v", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct run, v) },
	{ 0 }
};

struct to_sink { struct afd_sink *sink; };

static int sink_statement(void *ctx, const struct afd_row_coverage *c, struct afd_error *err)
{
	struct to_sink *t = ctx;

	return t->sink->coverage(t->sink->ctx, c, err);
}

int afd_run_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct to_sink t = { sink };
	struct run r = { 0 };

	if (afd_json_parse(item->bytes, "run", &d, err) < 0 ||
	    afd_fields_read(d, afd_doc_root(d), run_fields, &r, err) < 0)
		return -1;
	if (r.v != 1)
		return afd_node_fail(d, afd_node_get(afd_doc_root(d), "v"), err, "1");
	/* A run speaks for its own source only: rows take their source from the record. */
	if (!item->record->source || strcmp(r.source, item->record->source))
		return afd_node_fail(d, afd_node_get(afd_doc_root(d), "source"), err, "the source of the record");
	return read_statements(d, r.coverage, sink_statement, &t, err);
}
