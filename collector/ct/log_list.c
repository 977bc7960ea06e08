#include "collector/ct/log_list.h"

#include "core/digest.h"

enum { LONGEST_TEXT = 200, LONGEST_KEY = 4096 };

struct list_fields { const char *version; int64_t timestamp; const struct afd_node *operators; };
static const struct afd_field list_fields[] = {
	{ "log_list_timestamp", AFD_FIELD_TIME, AFD_REQUIRED, offsetof(struct list_fields, timestamp) },
	{ "operators",          AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct list_fields, operators) },
	{ "version",            AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct list_fields, version) },
	{ 0 }
};
struct log_fields {
	const char *description, *key, *log_id, *url, *submission_url, *monitoring_url;
	const struct afd_node *state, *interval;
	int64_t mmd;
};
static const struct afd_field log_fields[] = {
	{ "description",       AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct log_fields, description) },
	{ "key",               AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_fields, key) },
	{ "log_id",            AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_fields, log_id) },
	{ "mmd",               AFD_FIELD_INT,  AFD_OPTIONAL, offsetof(struct log_fields, mmd) },
	{ "monitoring_url",    AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct log_fields, monitoring_url) },
	{ "state",             AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct log_fields, state) },
	{ "submission_url",    AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct log_fields, submission_url) },
	{ "temporal_interval", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct log_fields, interval) },
	{ "url",               AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct log_fields, url) },
	{ 0 }
};

static int keep(struct afd_doc *d, const char **ret, const char *text, size_t n, struct afd_error *err)
{
	char *copy = afd_doc_alloc(d, n + 1);

	if (!copy)
		return afd_fail_memory(err);
	memcpy(copy, text, n);
	*ret = copy;
	return 0;
}

static int keep_hex(struct afd_doc *d, const char **ret, const uint8_t bytes[32], struct afd_error *err)
{
	struct afd_digest digest;

	memcpy(digest.b, bytes, sizeof(digest.b));
	return keep(d, ret, afd_digest_hex(&digest).s, 64, err);
}

/* A time inside a map of the list. */
static int64_t time_in(const struct afd_node *map, const char *name)
{
	const char *text = afd_node_text(afd_node_get(map, name));
	int64_t ms;

	return text && afd_when_parse(text, &ms, NULL) == 0 ? ms : AFD_TIME_NONE;
}

static int read_final(struct afd_doc *d, const struct afd_node *head, struct afd_ct_listed *ret, struct afd_error *err)
{
	const char *root = afd_node_text(afd_node_get(head, "sha256_root_hash"));
	const struct afd_node *size = afd_node_get(head, "tree_size");
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };

	if (!root || !size || size->type != AFD_INT || size->u.i < 0 || afd_unbase64(afd_slice_text(root), &bytes) < 0 || bytes.len != 32)
		return 0;
	ret->final_size = size->u.i;
	return keep_hex(d, &ret->final_root, bytes.data, err);
}

static int read_state(struct afd_doc *d, const struct afd_node *state, struct afd_ct_listed *ret, struct afd_error *err)
{
	static const char *const known[] = { "pending", "qualified", "usable", "readonly", "retired", "rejected" };

	ret->state = "unstated";
	if (!state || state->type != AFD_MAP || state->u.list.n != 1)
		return 0;
	for (size_t i = 0; i < AFD_COUNT(known); i++) {
		const struct afd_node *s = afd_node_get(state, known[i]);

		if (!s)
			continue;
		ret->state = known[i];
		ret->state_ms = time_in(s, "timestamp");
		return afd_node_get(s, "final_tree_head") ? read_final(d, afd_node_get(s, "final_tree_head"), ret, err) : 0;
	}
	return 0;
}

/* "ct.example.com/2026h2" of "https://ct.example.com/2026h2/"; NULL: no such address. */
static int name_of(struct afd_doc *d, const char *url, const char **ret, struct afd_error *err)
{
	const char *name = url ? strstr(url, "://") : NULL;
	size_t n;

	*ret = NULL;
	if (!name || (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
		return 0;
	name += 3;
	n = strlen(name);
	while (n > 0 && name[n - 1] == '/')
		n--;
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f || strchr("?#@\"<>\\", name[i]))
			return 0;
	return n == 0 || n > LONGEST_TEXT ? 0 : keep(d, ret, name, n, err);
}

/* Printable, and no longer than people read. */
static int keep_words(struct afd_doc *d, const char *text, const char **ret, struct afd_error *err)
{
	size_t n = text ? strlen(text) : 0;
	char copy[LONGEST_TEXT + 1] = "";

	n = n > LONGEST_TEXT ? LONGEST_TEXT : n;
	for (size_t i = 0; i < n; i++)
		copy[i] = text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	while (n > 0 && n == LONGEST_TEXT && ((uint8_t)copy[n - 1] & 0x80))      /* not half a letter */
		n--;
	return keep(d, ret, copy, n, err);
}

/* 1: *WHY it is nothing that could be read or named. */
static int read_log(struct afd_doc *d, const struct afd_node *node, const char *operator, bool tiled, struct afd_ct_listed *ret,
                    struct afd_error *why, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf key = { 0 }, id = { 0 };
	struct log_fields f = { .mmd = tiled ? 60 : 86400 };
	struct afd_digest digest;

	*ret = (struct afd_ct_listed){ .operator = operator, .kind = tiled ? "static-ct" : "rfc6962", .state_ms = AFD_TIME_NONE,
	                               .from_ms = AFD_TIME_NONE, .to_ms = AFD_TIME_NONE, .final_size = -1 };
	if (node->type != AFD_MAP || afd_fields_read_loose(d, node, log_fields, &f, why) < 0)
		return 1;
	if (strlen(f.key) > LONGEST_KEY || afd_unbase64(afd_slice_text(f.key), &key) < 0 || key.len == 0) {
		afd_fail(why, AFD_E_PARSE, "key: not base64");
		return 1;
	}
	afd_sha256(afd_buf_slice(&key), &digest);
	ret->key = f.key;
	if (keep_hex(d, &ret->id, digest.b, err) < 0 || keep_words(d, f.description ? f.description : "", &ret->description, err) < 0 ||
	    read_state(d, f.state, ret, err) < 0 ||
	    name_of(d, tiled && f.submission_url ? f.submission_url : f.url, &ret->origin, err) < 0)
		return -1;
	ret->url = tiled && f.monitoring_url ? f.monitoring_url : f.url;
	ret->mmd_ms = f.mmd > 0 && f.mmd < 365 * 86400 ? f.mmd * 1000 : AFD_DAY;
	ret->from_ms = time_in(f.interval, "start_inclusive");
	ret->to_ms = time_in(f.interval, "end_exclusive");
	if (!ret->origin || !ret->url || strlen(ret->url) > LONGEST_TEXT ||
	    (strncmp(ret->url, "https://", 8) != 0 && strncmp(ret->url, "http://", 7) != 0)) {
		afd_fail(why, AFD_E_PARSE, "no address");
		return 1;
	}
	if (!*ret->description)
		ret->description = ret->origin;
	/* Which of the two is meant nobody can say, so nothing that such a log signs is believed. */
	if (afd_unbase64(afd_slice_text(f.log_id), &id) < 0 || id.len != sizeof(digest.b) || memcmp(id.data, digest.b, sizeof(digest.b)) != 0)
		ret->wrong = "its log_id is not that of its key";
	return 0;
}

/* The log is there already: the same key says so (then once is enough), or another log took its name (why). */
static bool listed(const struct afd_ct_log_list *l, const struct afd_ct_listed *log, struct afd_error *why)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->log[i].id, log->id) == 0)
			return true;
		if (strcmp(l->log[i].origin, log->origin) == 0) {
			afd_fail(why, AFD_E_PARSE, "%s: two keys for one name", log->origin);
			return true;
		}
	}
	return false;
}

static int read_logs(struct afd_ct_log_list *l, const struct afd_node *logs, const char *operator, bool tiled, struct afd_error *err)
{
	if (!logs || logs->type != AFD_LIST)
		return 0;
	for (const struct afd_node *p = logs->u.list.first; p; p = p->next) {
		struct afd_error why = { 0 };
		struct afd_ct_listed log;
		int rc = read_log(l->doc, p, operator, tiled, &log, &why, err);

		if (rc < 0)
			return -1;
		if (rc == 0 && listed(l, &log, &why)) {
			if (!*why.text)
				continue;
			rc = 1;
		}
		if (rc == 1 && (afd_buf_printf(&l->refused, "%s, line %u: %.200s\n", operator, p->line, why.text) < 0))
			return afd_fail_memory(err);
		l->n_refused += rc == 1;
		if (rc == 1)
			continue;
		if (l->n == AFD_CT_MOST_LOGS)
			return afd_fail(err, AFD_E_LIMIT, "list of logs: more than %d logs", AFD_CT_MOST_LOGS);
		if (l->n % 64 == 0) {
			struct afd_ct_listed *more = reallocarray(l->log, l->n + 64, sizeof(*more));

			if (!more)
				return afd_fail_memory(err);
			l->log = more;
		}
		l->log[l->n++] = log;
	}
	return 0;
}

int afd_ct_log_list_parse(struct afd_slice json, struct afd_ct_log_list *ret, struct afd_error *err)
{
	struct list_fields f = { .version = "-" };
	const struct afd_node *p;

	*ret = (struct afd_ct_log_list){ 0 };
	if (afd_json_parse(json, "list of logs", &ret->doc, err) < 0 ||
	    afd_fields_read_loose(ret->doc, afd_doc_root(ret->doc), list_fields, &f, err) < 0)
		goto fail;
	if (f.operators->type != AFD_LIST || f.operators->u.list.n > AFD_CT_MOST_OPERATORS) {
		afd_fail(err, AFD_E_PARSE, "list of logs: operators: expected a list of at most %d", AFD_CT_MOST_OPERATORS);
		goto fail;
	}
	ret->timestamp = f.timestamp;
	if (keep_words(ret->doc, f.version, &ret->version, err) < 0)
		goto fail;
	for (p = f.operators->u.list.first; p; p = p->next) {
		const char *name = afd_node_text(afd_node_get(p, "name"));

		if (keep_words(ret->doc, name && *name ? name : "unknown", &name, err) < 0 ||
		    read_logs(ret, afd_node_get(p, "tiled_logs"), name, true, err) < 0 ||
		    read_logs(ret, afd_node_get(p, "logs"), name, false, err) < 0)
			goto fail;
	}
	return 0;
fail:
	afd_ct_log_list_release(ret);
	return -1;
}

void afd_ct_log_list_release(struct afd_ct_log_list *l)
{
	l->doc = afd_doc_free(l->doc);
	free(l->log);
	afd_buf_release(&l->refused);
	*l = (struct afd_ct_log_list){ 0 };
}
