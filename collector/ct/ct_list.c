/* The source `ct`: reads a list of logs, and brings a source for each log in it that is to be read.
 *
 * Two items: the list as it came, and what was made of it: each log with its state, whether it is expected, and why it is
 * not read when it is not. The second one is what the tables are made from, so that which logs were expected at any time
 * stands in the ledger. The list itself stays in the cursor: from it the sources of the logs are made after the run.
 *
 * Expected is what the list says, not what we like to read: a log that the configuration leaves out is a gap. */
#include <jansson.h>

#include "collector/ct/ct_run.h"
#include "collector/ct/log_list.h"
#include "collector/collect.h"
#include "collector/table.h"

#define LIST_TYPE     "application/json"
#define LOGS_TYPE     "application/vnd.affidavit.ct-logs+json"
#define LIST_BYTES    (4u * 1024 * 1024)
#define LIST_LASTS    (70 * AFD_DAY)              /* browsers stop to rely on an older one (Chrome's CT policy) */
#define EXPIRED_GRACE (7 * AFD_DAY)               /* to read a shard to its end after its last certificate expired */
#define HEAD_SLACK    (5 * AFD_MINUTE)

struct list_config {
	const char *list, *ca_file;
	const struct afd_node *start;
	struct afd_texts states, operators, witnesses;
	int64_t max_entries, page, rate, parallel, after, before;
	bool backfill;
	const struct afd_node *overrides, *not_after;
};
static const char *const default_states[] = { "usable", "qualified", "readonly" };
static const struct list_config list_defaults = {
	.states = { default_states, AFD_COUNT(default_states) }, .page = 1024, .parallel = 4, .after = AFD_TIME_NONE, .before = AFD_TIME_NONE,
};
static const struct afd_field list_fields[] = {
	{ "list",        AFD_FIELD_TEXT,  AFD_REQUIRED, offsetof(struct list_config, list), "list of logs, schema v3: a file, or an address that is asked again in each run" },
	{ "states",      AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct list_config, states), "states to read; default usable, qualified, readonly" },
	{ "operators",   AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct list_config, operators), "operators to read; default all" },
	{ "not_after",   AFD_FIELD_NODE,  AFD_OPTIONAL, offsetof(struct list_config, not_after), "only shards for certificates that expire within: from, to; default from now" },
	{ "start",       AFD_FIELD_NODE,  AFD_OPTIONAL, offsetof(struct list_config, start), "all: from index 0; head: from the first head seen; or the index to begin at" },
	{ "backfill",    AFD_FIELD_BOOL,  AFD_OPTIONAL, offsetof(struct list_config, backfill), "with start: all, read again from 0 when names are added; default false" },
	{ "max_entries", AFD_FIELD_INT,   AFD_OPTIONAL, offsetof(struct list_config, max_entries), "at most so many of each log in one run; default no limit" },
	{ "page",        AFD_FIELD_INT,   AFD_OPTIONAL, offsetof(struct list_config, page), "entries per request to logs of RFC 6962; default 1024" },
	{ "rate",        AFD_FIELD_INT,   AFD_OPTIONAL, offsetof(struct list_config, rate), "at most so many requests per second to each log; default no limit" },
	{ "parallel",    AFD_FIELD_INT,   AFD_OPTIONAL, offsetof(struct list_config, parallel), "at most so many requests at a time, 1 to 8; default 4" },
	{ "witnesses",   AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct list_config, witnesses), "keys (vkey) of witnesses whose cosignatures are verified and reported" },
	{ "overrides",   AFD_FIELD_NODE,  AFD_OPTIONAL, offsetof(struct list_config, overrides), "a list of exceptions for single logs: log (its name, description or the first digits of its id in hex), and start, url, rate, parallel, page, max_entries" },
	{ "ca_file",     AFD_FIELD_TEXT,  AFD_OPTIONAL, offsetof(struct list_config, ca_file), "certificates to trust for its server and the logs'; default the system's" },
	{ 0 }
};

struct list_run {
	struct list_config c;
	const struct afd_source_config *s;
	struct afd_source_config source;
	const struct afd_env *env;
	struct afd_buf url, list, etag;           /* list: the one in force; empty: none yet */
	struct afd_hex64 told;                    /* SHA-256 of the last item of logs */
	bool asked;
};

/* --- configuration --- */

struct window { int64_t from, to; };
static const struct afd_field window_fields[] = {
	{ "from", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct window, from) },
	{ "to",   AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct window, to) },
	{ 0 }
};

struct override { const struct afd_node *start; const char *log, *url; int64_t max_entries, page, rate, parallel; };
static const struct afd_field override_values[] = {
	{ "log",         AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct override, log) },
	{ "max_entries", AFD_FIELD_INT,  AFD_OPTIONAL, offsetof(struct override, max_entries) },
	{ "page",        AFD_FIELD_INT,  AFD_OPTIONAL, offsetof(struct override, page) },
	{ "rate",        AFD_FIELD_INT,  AFD_OPTIONAL, offsetof(struct override, rate) },
	{ "parallel",    AFD_FIELD_INT,  AFD_OPTIONAL, offsetof(struct override, parallel) },
	{ "start",       AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct override, start) },
	{ "url",         AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct override, url) },
	{ 0 }
};

static bool is_override_of(const char *log, const struct afd_ct_listed *l)
{
	return strcmp(log, l->origin) == 0 || strcmp(log, l->description) == 0 ||
	       (strlen(log) >= 8 && strncmp(log, l->id, strlen(log)) == 0);
}

/* NULL L: only reads them, to see what is wrong. */
static int read_overrides(struct afd_doc *d, const struct list_config *c, const struct afd_ct_listed *l, struct config *to, struct afd_error *err)
{
	if (!c->overrides)
		return 0;
	if (c->overrides->type != AFD_LIST)
		return afd_node_fail(d, c->overrides, err, "a list of exceptions for single logs");
	for (const struct afd_node *p = c->overrides->u.list.first; p; p = p->next) {
		struct override o = { .start = NULL, .max_entries = -1, .page = -1, .rate = -1, .parallel = -1 };

		if (afd_fields_read(d, p, override_values, &o, err) < 0)
			return -1;
		if (!l || !is_override_of(o.log, l))
			continue;
		to->start = o.start ? o.start : to->start;
		to->url = o.url ? o.url : to->url;
		to->max_entries = o.max_entries >= 0 ? o.max_entries : to->max_entries;
		to->page = o.page >= 0 ? o.page : to->page;
		to->rate = o.rate >= 0 ? o.rate : to->rate;
		to->parallel = o.parallel >= 0 ? o.parallel : to->parallel;
	}
	return 0;
}

static int read_window(struct afd_doc *d, struct list_config *c, struct afd_error *err)
{
	struct window w = { AFD_TIME_NONE, AFD_TIME_NONE };

	if (c->not_after && afd_fields_read(d, c->not_after, window_fields, &w, err) < 0)
		return -1;
	c->after = w.from;
	c->before = w.to;
	return 0;
}

static bool has_text(const struct afd_texts *t, const char *text)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->at[i], text) == 0)
			return true;
	return false;
}

/* --- which logs --- */

static bool counts(const char *state)
{
	return strcmp(state, "usable") == 0 || strcmp(state, "qualified") == 0 || strcmp(state, "readonly") == 0;
}

/* Why it is not read; NULL: it is. Texts from a table or in ROOM. */
static const char *left_out(const struct list_config *c, const struct afd_ct_listed *l, int64_t now, char room[200])
{
	if (l->wrong)
		return l->wrong;
	if (!has_text(&c->states, l->state)) {
		snprintf(room, 200, "its state is %s", l->state);
		return room;
	}
	if (c->operators.n && !has_text(&c->operators, l->operator)) {
		snprintf(room, 200, "its operator is left out by the configuration");
		return room;
	}
	if (l->to_ms != AFD_TIME_NONE && c->after == AFD_TIME_NONE && l->to_ms + EXPIRED_GRACE <= now) {
		snprintf(room, 200, "its last certificate expired before %s", afd_when_people(l->to_ms).s);
		return room;
	}
	if ((l->to_ms != AFD_TIME_NONE && c->after != AFD_TIME_NONE && l->to_ms <= c->after) ||
	    (l->from_ms != AFD_TIME_NONE && c->before != AFD_TIME_NONE && l->from_ms >= c->before)) {
		snprintf(room, 200, "its certificates expire outside of not_after");
		return room;
	}
	return NULL;
}

/* From then on it is not expected; AFD_TIME_NONE: never is. A certificate that expired needs no watching. */
static int64_t expected_to(const struct list_config *c, const struct afd_ct_listed *l)
{
	int64_t end = l->to_ms == AFD_TIME_NONE ? AFD_FOREVER : l->to_ms;

	if (counts(l->state))
		return end;
	if (!has_text(&c->states, l->state))
		return AFD_TIME_NONE;
	return strcmp(l->state, "retired") == 0 && l->state_ms != AFD_TIME_NONE && l->state_ms < end ? l->state_ms : end;
}

/* "ct.argon2027h1-0e5794bc": whose list, which log, which key. */
static char *source_name(const char *list_source, const struct afd_ct_listed *l)
{
	const char *last = strrchr(l->origin, '/');
	char plain[33];
	size_t n = 0;

	for (last = last ? last + 1 : l->origin; *last && n < sizeof(plain) - 1; last++)
		plain[n++] = (*last >= 'a' && *last <= 'z') || (*last >= 'A' && *last <= 'Z') || (*last >= '0' && *last <= '9') ||
		             *last == '.' || *last == '_' ? *last : '-';
	plain[n] = '\0';
	return afd_sprintf("%.50s.%s-%.8s", list_source, plain, l->id);
}

/* A head may be as old as the merge delay, and tells about the time that much before it. */
static int64_t lag_of(const struct afd_ct_listed *l)
{
	return 2 * l->mmd_ms + HEAD_SLACK;
}

/* --- what was made of the list, as an item --- */

static json_t *log_json(const struct list_run *r, const struct afd_ct_listed *l, int64_t now)
{
	AFD_AUTO(mem) char *name = source_name(r->s->name, l);
	char room[200];
	const char *why = left_out(&r->c, l, now, room);
	json_t *j = name ? json_pack("{s:s,s:I,s:I,s:s,s:s,s:s,s:I,s:I,s:s,s:s,s:s,s:s,s:I,s:I,s:s}", "description", l->description,
		"expected_to", (json_int_t)expected_to(&r->c, l), "from", (json_int_t)l->from_ms, "id", l->id, "key", l->key, "kind", l->kind,
		"lag", (json_int_t)lag_of(l), "mmd", (json_int_t)l->mmd_ms, "name", l->origin, "operator", l->operator, "source", name,
		"state", l->state, "since", (json_int_t)l->state_ms, "to", (json_int_t)l->to_ms, "url", l->url) : NULL;

	if (j && why)
		json_object_set_new(j, "left_out", json_string(why));
	return j;
}

static int logs_item(const struct list_run *r, const struct afd_ct_log_list *list, int64_t now, struct afd_buf *ret, struct afd_error *err)
{
	json_t *logs = json_array(), *doc;
	struct afd_digest d;

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(logs, log_json(r, &list->log[i], now));
	afd_sha256(afd_buf_slice(&r->list), &d);
	doc = json_pack("{s:s,s:o,s:i,s:o,s:I,s:s}", "list", r->c.list, "logs", logs, "refused", (int)list->n_refused, "sha256", afd_ct_json_digest(&d),
	                "timestamp", (json_int_t)list->timestamp, "version", list->version);
	if (doc && list->refused.len)
		json_object_set_new(doc, "what", json_stringn((const char *)list->refused.data, list->refused.len));
	return afd_ct_dump(doc, ret, err);
}

struct log_row { const char *description, *id, *key, *kind, *left_out, *name, *operator, *source, *state, *url; int64_t expected_to, from, lag, mmd, since, to; };
static const struct afd_field log_row_fields[] = {
	{ "description", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_row, description) },
	{ "expected_to", AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct log_row, expected_to) },
	{ "from",        AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct log_row, from) },
	{ "id",          AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_row, id) },
	{ "key",         AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_row, key) },
	{ "kind",        AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_row, kind) },
	{ "lag",         AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct log_row, lag) },
	{ "left_out",    AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct log_row, left_out) },
	{ "mmd",         AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct log_row, mmd) },
	{ "name",        AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_row, name) },
	{ "operator",    AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_row, operator) },
	{ "since",       AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct log_row, since) },
	{ "source",      AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_row, source) },
	{ "state",       AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_row, state) },
	{ "to",          AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct log_row, to) },
	{ "url",         AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_row, url) },
	{ 0 }
};
struct logs_row { const char *list, *sha256, *version, *what; const struct afd_node *logs; int64_t refused, timestamp; };
static const struct afd_field logs_row_fields[] = {
	{ "list",      AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct logs_row, list) },
	{ "logs",      AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct logs_row, logs) },
	{ "refused",   AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct logs_row, refused) },
	{ "sha256",    AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct logs_row, sha256) },
	{ "timestamp", AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct logs_row, timestamp) },
	{ "version",   AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct logs_row, version) },
	{ "what",      AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct logs_row, what) },
	{ 0 }
};

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct logs_row f = { 0 };

	/* The list as it came says nothing by itself; what was made of it says which bytes it was made of. */
	if (!item->record->media_type || strcmp(item->record->media_type, LOGS_TYPE) != 0)
		return 0;
	if (afd_json_parse(item->bytes, "logs", &doc, err) < 0 || afd_fields_read(doc, afd_doc_root(doc), logs_row_fields, &f, err) < 0)
		return -1;
	if (f.logs->type != AFD_LIST || f.logs->u.list.n > AFD_CT_MOST_LOGS)
		return afd_fail(err, AFD_E_PARSE, "logs: expected a list of at most %d", AFD_CT_MOST_LOGS);
	if (sink->ct_list(sink->ctx, &(struct afd_row_ct_list){ .list = f.list, .version = f.version, .sha256 = f.sha256,
	                                                        .timestamp = f.timestamp, .logs = f.logs->u.list.n }, err) < 0)
		return -1;
	for (const struct afd_node *p = f.logs->u.list.first; p; p = p->next) {
		struct log_row l = { 0 };

		if (afd_fields_read(doc, p, log_row_fields, &l, err) < 0)
			return -1;
		if (strchr(l.name, ' ') || l.lag < 0 || l.mmd < 0)
			return afd_fail(err, AFD_E_PARSE, "logs: %s: not a log", l.name);
		if (sink->ct_log(sink->ctx, &(struct afd_row_ct_log){
			.source = l.source, .log_id = l.id, .log = l.name, .description = l.description, .operator = l.operator, .kind = l.kind,
			.url = l.url, .state = l.state, .left_out = l.left_out, .state_ms = l.since, .mmd_ms = l.mmd, .from_ms = l.from,
			.to_ms = l.to, .expected_to = l.expected_to, .lag_ms = l.lag }, err) < 0)
			return -1;
	}
	return 0;
}

/* --- cursor --- */

struct list_cursor { const char *etag, *list, *source, *told; };
static const struct afd_field cursor_fields[] = {
	{ "etag",   AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct list_cursor, etag) },
	{ "list",   AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct list_cursor, list) },
	{ "source", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct list_cursor, source) },
	{ "told",   AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct list_cursor, told) },
	{ 0 }
};

static int cursor_read(const char *cursor, struct afd_doc **doc, struct list_cursor *ret, struct afd_error *err)
{
	if (afd_json_parse(afd_slice_text(cursor), "cursor", doc, err) < 0)
		return -1;
	return afd_fields_read(*doc, afd_doc_root(*doc), cursor_fields, ret, err);
}

static int cursor_text(const struct list_run *r, struct afd_buf *ret, struct afd_error *err)
{
	json_t *doc = json_pack("{s:s%,s:s,s:s}", "list", (const char *)r->list.data, r->list.len, "source", r->c.list, "told", r->told.s);

	if (doc && r->etag.len)
		json_object_set_new(doc, "etag", json_string((const char *)r->etag.data));
	return afd_ct_dump(doc, ret, err);
}

/* --- a run --- */

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	(void)config;
	return afd_buf_text(ret, "list-of-logs") < 0 ? afd_fail_memory(err) : 0;
}

static void list_end(void *state)
{
	struct list_run *r = state;

	if (!r)
		return;
	afd_buf_release(&r->url);
	afd_buf_release(&r->list);
	afd_buf_release(&r->etag);
	free(r);
}

static bool is_url(const char *list)
{
	return strncmp(list, "https://", 8) == 0 || strncmp(list, "http://", 7) == 0;
}

static int list_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct list_run *r = calloc(1, sizeof(*r));
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct list_cursor f = { 0 };
	const char *path;

	if (!r)
		return afd_fail_memory(err);
	r->c = *(const struct list_config *)config;
	r->source = *c;
	r->s = &r->source;
	r->env = c->env;
	path = strncmp(r->c.list, "file:", 5) == 0 ? r->c.list + 5 : r->c.list;
	if (read_window(c->doc, &r->c, err) < 0 || read_overrides(c->doc, &r->c, NULL, NULL, err) < 0 ||
	    (cursor && cursor_read(cursor, &doc, &f, err) < 0) ||
	    (is_url(r->c.list) && afd_ct_contact_check(r->c.list, c->contact, err) < 0))
		goto fail;
	if ((is_url(r->c.list) ? afd_buf_text(&r->url, r->c.list) : path[0] == '/' || !c->base_dir || !*c->base_dir ?
	     afd_buf_printf(&r->url, "file:%s", path) : afd_buf_printf(&r->url, "file:%s/%s", c->base_dir, path)) < 0 ||
	    (f.list && afd_buf_text(&r->list, f.list) < 0) ||
	    (f.etag && strcmp(f.source, r->c.list) == 0 && afd_buf_text(&r->etag, f.etag) < 0)) {
		afd_fail_memory(err);
		goto fail;
	}
	if (f.told && strlen(f.told) == 64)
		memcpy(r->told.s, f.told, 65);
	*ret = r;
	return 0;
fail:
	list_end(r);
	return -1;
}

static int list_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct list_run *r = state;

	(void)err;
	if (r->asked)
		return 0;
	r->asked = true;
	*q = (struct afd_request){ .protocol = AFD_HTTP, .asked = r->c.list, .url = (const char *)r->url.data, .max_body = LIST_BYTES,
	                           .ca_file = r->c.ca_file };
	if (is_url(r->c.list) && r->etag.len)
		q->header[q->n_header++] = (struct afd_header){ "If-None-Match", (const char *)r->etag.data };
	return 1;
}

static int state_list(const struct afd_ct_log_list *list, int64_t now, const char *failed, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t until = list->timestamp + LIST_LASTS;
	AFD_AUTO(mem) char *reason = afd_sprintf("list %s of %s, %zu logs%s%s", list->version, afd_when_people(list->timestamp).s, list->n,
	                                         failed ? "; not renewed: " : "", failed ? failed : "");
	struct afd_row_coverage c = { .scope = "list-of-logs", .at = { 0, until }, .grade = AFD_ASSERTED, .reason = reason,
	                              .provider_count = -1, .stored_count = -1 };
	AFD_AUTO(mem) char *old = afd_sprintf("the list of logs is of %s, older than 70 days", afd_when_people(list->timestamp).s);

	if (!reason || !old)
		return afd_fail_memory(err);
	if (until > 0 && keep->cover(keep->ctx, &c, err) < 0)
		return -1;
	c.grade = AFD_GAP;
	if (until < now) {
		c.at = (struct afd_span){ until > 0 ? until : 0, now };
		c.reason = old;
		if (keep->cover(keep->ctx, &c, err) < 0)
			return -1;
	}
	if (list->n_refused) {
		AFD_AUTO(mem) char *what = afd_sprintf("%zu entries of the list cannot be read: %.300s", list->n_refused, (const char *)list->refused.data);

		if (!what)
			return afd_fail_memory(err);
		c.at = (struct afd_span){ list->timestamp < now ? list->timestamp : now - 1, now };
		c.reason = what;
		if (keep->cover(keep->ctx, &c, err) < 0)
			return -1;
	}
	return 0;
}

static int keep_logs(struct list_run *r, const struct afd_ct_log_list *list, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf item = { 0 };
	struct afd_digest d;
	struct afd_hex64 hex;

	if (logs_item(r, list, now, &item, err) < 0)
		return -1;
	afd_sha256(afd_buf_slice(&item), &d);
	hex = afd_digest_hex(&d);
	if (strcmp(hex.s, r->told.s) == 0)
		return 0;
	r->told = hex;
	return keep->item(keep->ctx, &(struct afd_draft){ .kind = AFD_ITEM_ANSWER, .asked = "logs of the list", .media_type = LOGS_TYPE,
	                                                  .server_ms = AFD_TIME_NONE, .bytes = afd_buf_slice(&item) }, err);
}

/* What came in place of the list in force. FAILED: why it stays as it was. */
static int take_list(struct list_run *r, const struct afd_response *a, struct afd_keeper *keep, struct afd_error *failed, struct afd_error *err)
{
	struct afd_ct_log_list list, old = { 0 };
	bool older;

	if (a->body.len == r->list.len && r->list.len > 0 && memcmp(a->body.data, r->list.data, r->list.len) == 0)
		return 0;
	if (afd_ct_log_list_parse(a->body, &list, failed) < 0)
		return 0;
	older = r->list.len && is_url(r->c.list) && afd_ct_log_list_parse(afd_buf_slice(&r->list), &old, NULL) == 0 &&
	        list.timestamp < old.timestamp;
	if (older)
		afd_fail(failed, AFD_E_VERIFY, "the server gave an older list (%s) than before (%s)", afd_when_people(list.timestamp).s,
		         afd_when_people(old.timestamp).s);
	afd_ct_log_list_release(&list);
	afd_ct_log_list_release(&old);
	if (older)
		return 0;
	r->list.len = r->etag.len = 0;
	if (afd_buf_add_slice(&r->list, a->body) < 0 || afd_buf_text(&r->etag, a->etag) < 0)
		return afd_fail_memory(err);
	return keep->item(keep->ctx, &(struct afd_draft){ .kind = AFD_ITEM_ANSWER, .asked = r->c.list, .media_type = LIST_TYPE,
	                                                  .server_ms = a->server_ms, .bytes = a->body }, err);
}

static int list_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct list_run *r = state;
	int64_t now = a && a->received_ms > 0 ? a->received_ms : afd_now(r->env);
	AFD_AUTO(buf) struct afd_buf cursor = { 0 };
	struct afd_error failed = { 0 };
	struct afd_ct_log_list list;
	int rc;

	if (!a)
		afd_fail(&failed, AFD_E_REMOTE, "%s", why ? why->text : "no answer");
	else if (a->status == 304 && r->list.len)
		;
	else if (a->status != 200 && a->status != 0)
		afd_fail(&failed, AFD_E_REMOTE, "%s: HTTP status %d", r->c.list, a->status);
	else if (take_list(r, a, keep, &failed, err) < 0)
		return -1;
	if (r->list.len == 0)
		return afd_fail(err, AFD_E_REMOTE, "no list of logs: %s", failed.text);
	if (afd_ct_log_list_parse(afd_buf_slice(&r->list), &list, err) < 0)
		return -1;
	rc = keep_logs(r, &list, now, keep, err) < 0 || state_list(&list, now, *failed.text ? failed.text : NULL, keep, err) < 0 ||
	     cursor_text(r, &cursor, err) < 0 || keep->checkpoint(keep->ctx, (const char *)cursor.data, err) < 0 ? -1 : 0;
	afd_ct_log_list_release(&list);
	return rc;
}

/* --- the sources of its logs --- */

struct brought { struct afd_doc *cursor; struct afd_ct_log_list list; struct config *config; };

static void brought_release(struct afd_more_sources *m)
{
	struct brought *b = m->keep;

	for (size_t i = 0; i < m->n; i++)
		free((char *)(uintptr_t)m->at[i].name);
	free(m->at);
	if (b) {
		afd_ct_log_list_release(&b->list);
		afd_doc_free(b->cursor);
		free(b->config);
	}
	free(b);
	*m = (struct afd_more_sources){ 0 };
}

static int bring(const struct afd_source *s, const struct list_config *c, const struct afd_ct_listed *l, struct config *config,
                 struct afd_source *ret, struct afd_error *err)
{
	bool tiled = strcmp(l->kind, "static-ct") == 0;

	*config = afd_ct_config_defaults;
	config->url = l->url;
	config->origin = l->origin;
	config->key = l->key;
	config->operator = l->operator;
	config->start = c->start;
	config->ca_file = c->ca_file;
	config->witnesses = tiled ? c->witnesses : (struct afd_texts){ 0 };
	config->mmd = l->mmd_ms;
	config->lag = lag_of(l);
	config->max_entries = c->max_entries;
	config->page = c->page;
	config->rate = c->rate;
	config->parallel = c->parallel;
	config->backfill = c->backfill;
	config->still = strcmp(l->state, "readonly") == 0 || strcmp(l->state, "retired") == 0;
	config->closed = strcmp(l->state, "readonly") == 0 && l->final_size >= 0;
	config->final_size = l->final_size;
	config->final_root = l->final_root;
	if (read_overrides(s->doc, c, l, config, err) < 0)
		return -1;
	*ret = (struct afd_source){ .name = source_name(s->name, l), .title = l->description, .provider = tiled ? &afd_provider_static_ct : &afd_provider_rfc6962,
	                            .node = s->node, .doc = s->doc, .base_dir = s->base_dir, .config = config };
	return ret->name ? 0 : afd_fail_memory(err);
}

static int list_more(const struct afd_source *s, const char *cursor, int64_t now, struct afd_more_sources *ret, struct afd_error *err)
{
	struct list_config c = *(const struct list_config *)s->config;
	struct brought *b = calloc(1, sizeof(*b));
	struct list_cursor f = { 0 };
	char room[200];

	*ret = (struct afd_more_sources){ .keep = b, .release = brought_release };
	if (!b)
		return afd_fail_memory(err);
	if (!cursor)
		return 0;
	if (read_window(s->doc, &c, err) < 0 || cursor_read(cursor, &b->cursor, &f, err) < 0 ||
	    afd_ct_log_list_parse(afd_slice_text(f.list), &b->list, err) < 0)
		return -1;
	ret->at = calloc(b->list.n + 1, sizeof(*ret->at));
	b->config = calloc(b->list.n + 1, sizeof(*b->config));
	if (!ret->at || !b->config)
		return afd_fail_memory(err);
	for (size_t i = 0; i < b->list.n; i++) {
		if (left_out(&c, &b->list.log[i], now, room))
			continue;
		if (bring(s, &c, &b->list.log[i], &b->config[ret->n], &ret->at[ret->n], err) < 0)
			return -1;
		ret->n++;
	}
	return 0;
}

const struct afd_provider afd_provider_ct = {
	.kind = "ct",
	.leg = AFD_LEG_CT,
	.title = "Certificate Transparency logs by a public list (log list v3)",
	.help = "Reads the list of logs that browsers publish, from a file or an address, and then every log in it that counts: static logs and "
	        "those of RFC 6962, each with its own position and coverage. What is expected follows from the list: a log that is not read is "
	        "a gap. The contact of the configuration goes into each request.",
	.basis = "tested on published lists, and on servers made for the test",
	.evidence = "ct-list",
	.fields = list_fields,
	.config_size = sizeof(struct list_config),
	.config_defaults = &list_defaults,
	.scopes = scopes,
	.begin = list_begin,
	.next = list_next,
	.take = list_take,
	.end = list_end,
	.more = list_more,
	.decode = decode,
};
