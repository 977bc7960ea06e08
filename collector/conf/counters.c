/* Counters as observations: BIND's statistics channel (JSON, version 1), and tables (CSV) of whatever else counts. A counter that
 * is lower than at the last look was set back: the server began anew, and each look says since when it counts (boot-time). */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/files/csv.h"
#include "collector/table.h"
#include "collector/whole_file.h"
#include "core/doc.h"

static int put(struct afd_sink *sink, const char *subject, const char *name, const char *value, int64_t number, int64_t t, uint64_t part, struct afd_error *err)
{
	return sink->observation(sink->ctx, &(struct afd_row_observation){
		.kind = "dns-counter", .subject = subject, .name = name, .value = value, .number = number, .at = afd_instant(t), .part = part,
	}, err);
}

/* --- BIND --- */

struct stat_config { const char *url, *server; };
static const struct afd_field stat_fields[] = {
	{ "url", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct stat_config, url), "http://127.0.0.1:8053, without json/v1; or file:DIR" },
	{ "server", AFD_FIELD_NAME, AFD_REQUIRED, offsetof(struct stat_config, server), "name of the server that it speaks for" },
	{ 0 }
};

struct stat_run { const struct stat_config *config; char *url, *asked; int64_t until_ms, began_ms; bool done; };

static int stat_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct stat_config *c = config;

	if (strncmp(c->url, "http://", 7) != 0 && strncmp(c->url, "https://", 8) != 0 && strncmp(c->url, "file:", 5) != 0)
		return afd_fail(err, AFD_E_CONFIG, "url: expected http://... or file:DIR, got \"%.100s\"", c->url);
	return afd_buf_text(ret, c->server) < 0 ? afd_fail_memory(err) : 0;
}

static void stat_end(void *state)
{
	struct stat_run *r = state;

	if (!r)
		return;
	free(r->url);
	free(r->asked);
	free(r);
}

static int stat_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct stat_run *r = calloc(1, sizeof(*r));
	const struct stat_config *s = config;
	bool relative = strncmp(s->url, "file:", 5) == 0 && s->url[5] != '/' && c->base_dir;

	if (!r)
		return afd_fail_memory(err);
	*r = (struct stat_run){ .config = s, .until_ms = AFD_TIME_NONE, .began_ms = afd_now(c->env) };
	r->url = relative ? afd_sprintf("file:%s/%s/json/v1", c->base_dir, s->url + 5) : afd_sprintf("%s/json/v1", s->url);
	r->asked = afd_sprintf("counters of %s", s->server);
	if (!r->url || !r->asked) {
		stat_end(r);
		return afd_fail_memory(err);
	}
	if (cursor && afd_when_parse(cursor, &r->until_ms, NULL) < 0)
		r->until_ms = AFD_TIME_NONE;
	*ret = r;
	return 0;
}

static int stat_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct stat_run *r = state;

	(void)err;
	if (r->done)
		return 0;
	*q = (struct afd_request){ .protocol = AFD_HTTP, .asked = r->asked, .url = r->url, .max_body = AFD_MAX_USER_FILE };
	return 1;
}

static int stat_cover(const struct stat_run *r, int64_t to, enum afd_grade grade, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t from = r->until_ms == AFD_TIME_NONE || r->until_ms >= to ? to : r->until_ms;
	const struct afd_row_coverage c = {
		.evidence = "dns-counters", .scope = r->config->server, .grade = grade, .reason = reason,
		.at = from == to ? afd_instant(to) : (struct afd_span){ from, to }, .provider_count = -1, .stored_count = -1,
	};

	return keep->cover(keep->ctx, &c, err);
}

/* The document that the channel gives; anything else tells no counters. */
static struct afd_doc *stat_document(struct afd_slice bytes, int64_t *t, struct afd_error *err)
{
	struct afd_doc *d = NULL;
	const char *now;

	if (afd_json_parse(bytes, "statistics", &d, err) < 0)
		return NULL;
	now = afd_node_text(afd_node_get(afd_doc_root(d), "current-time"));
	if (afd_node_text(afd_node_get(afd_doc_root(d), "json-stats-version")) && now && afd_when_parse(now, t, NULL) == 0)
		return d;
	afd_fail(err, AFD_E_PARSE, "statistics: expected json-stats-version and current-time");
	return afd_doc_free(d);
}

static int stat_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct stat_run *r = state;
	struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .asked = r->asked, .media_type = "application/json" };
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	char reason[200];
	int64_t t;

	r->done = true;
	if (!a)
		return stat_cover(r, r->began_ms, AFD_GAP, why->text, keep, err);
	snprintf(reason, sizeof(reason), a->status == 200 ? "%s: counters read" : "%s: HTTP %d", r->asked, a->status);
	if (a->status != 200)
		return stat_cover(r, a->received_ms, AFD_GAP, reason, keep, err);
	d.bytes = a->body;
	doc = stat_document(a->body, &t, NULL);
	if (!doc) {
		snprintf(reason, sizeof(reason), "%s: the answer is not BIND's statistics in JSON, version 1", r->asked);
		return keep->item(keep->ctx, &d, err) < 0 ? -1 : stat_cover(r, a->received_ms, AFD_GAP, reason, keep, err);
	}
	if (keep->item(keep->ctx, &d, err) < 0 || stat_cover(r, a->received_ms, AFD_SAMPLED, reason, keep, err) < 0)
		return -1;
	return keep->checkpoint(keep->ctx, afd_when_text(a->received_ms).s, err);
}

/* What speaks of queries that failed, updates that were refused, transfers that went wrong. */
static const char *const counted[] = {
	"QrySERVFAIL", "QryFORMERR", "QryFailure", "QryRejected", "AuthQryRej", "RecQryRej", "QryDropped", "UpdateRej", "UpdateFail", "UpdateBadPrereq", "UpdateDone",
	"UpdateReqFwd", "XfrRej", "XfrReqDone", "XfrFail", "XfrSuccess", "NotifyRej", "BADSIG", "TSIGIn", "RateDropped",
};

static bool is_counted(const char *name)
{
	for (size_t i = 0; i < AFD_COUNT(counted); i++)
		if (strcmp(counted[i], name) == 0)
			return true;
	return false;
}

static int put_counters(const struct afd_node *map, const char *subject, int64_t t, struct afd_sink *sink, struct afd_error *err)
{
	char value[24];

	for (const struct afd_node *n = map && map->type == AFD_MAP ? map->u.list.first : NULL; n; n = n->next) {
		if (n->type != AFD_INT || !is_counted(n->key))
			continue;
		snprintf(value, sizeof(value), "%" PRId64, n->u.i);
		if (put(sink, subject, n->key, value, n->u.i, t, 0, err) < 0)
			return -1;
	}
	return 0;
}

/* views.NAME.zones[]: {"name", "class", "serial", "rcodes": {...}, "qtypes"} (zone-statistics full) */
static int put_zones(const struct afd_node *view, int64_t t, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_node *zones = afd_node_get(view, "zones");

	for (const struct afd_node *z = zones && zones->type == AFD_LIST ? zones->u.list.first : NULL; z; z = z->next) {
		const char *name = afd_node_text(afd_node_get(z, "name"));

		if (name && put_counters(afd_node_get(z, "rcodes"), name, t, sink, err) < 0)
			return -1;
	}
	return 0;
}

static int stat_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const char *server = item->record->asked ? strrchr(item->record->asked, ' ') : NULL, *boot;
	int64_t t;

	if (!server)
		return afd_fail(err, AFD_E_PARSE, "asked: expected the name of a server");
	server++;
	d = stat_document(item->bytes, &t, err);
	if (!d)
		return -1;
	const struct afd_node *root = afd_doc_root(d), *views = afd_node_get(root, "views");
	boot = afd_node_text(afd_node_get(root, "boot-time"));
	if (boot && put(sink, server, "boot-time", boot, AFD_TIME_NONE, t, 0, err) < 0)
		return -1;
	if (put_counters(afd_node_get(root, "nsstats"), server, t, sink, err) < 0 || put_counters(afd_node_get(root, "zonestats"), server, t, sink, err) < 0)
		return -1;
	for (const struct afd_node *v = views && views->type == AFD_MAP ? views->u.list.first : NULL; v; v = v->next)
		if (put_zones(v, t, sink, err) < 0)
			return -1;
	return 0;
}

const struct afd_provider afd_provider_bind_statistics = {
	.kind = "bind-statistics",
	.leg = AFD_LEG_ZONE,
	.title = "counters of BIND: queries that failed, updates and transfers that were refused",
	.help = "Asks BIND's statistics channel for its JSON (version 1) once in each run and keeps it; counters of failures become observations, with\n"
	        "the time at which the server began to count (a lower counter than before means a new start). Per-zone counters need\n"
	        "zone-statistics full; in the options.\n"
	        "  statistics-channels { inet 127.0.0.1 port 8053 allow { 127.0.0.1; }; };\n"
	        "Least privilege: loopback only; the channel has no password.",
	.basis = "tested on a real server (BIND 9.18)",
	.evidence = "dns-counters",
	.fields = stat_fields,
	.config_size = sizeof(struct stat_config),
	.scopes = stat_scopes,
	.begin = stat_begin,
	.next = stat_next,
	.take = stat_take,
	.end = stat_end,
	.decode = stat_decode,
};

/* --- CSV --- */

static const struct afd_field csv_fields[] = {
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_whole_config, path), "a CSV file with the columns time, subject, name, value" },
	{ "servers", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct afd_whole_config, scopes), "servers or zones that it speaks for" },
	{ 0 }
};
static const struct afd_whole_form csv_form = {
	.evidence = "dns-counters", .media_type = "text/csv; charset=utf-8", .what = "counters in", .max = AFD_MAX_USER_FILE,
};

static int csv_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	return afd_whole_scopes(config, ret, err);
}

static int csv_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_whole_begin(&csv_form, c, config, NULL, cursor, ret, err);
}

static int csv_rows(struct afd_csv *c, struct afd_sink *sink, struct afd_error *err)
{
	static const char *const columns[] = { "time", "subject", "name", "value" };
	int place[4] = { -1, -1, -1, -1 }, r = afd_csv_next(c, err);

	for (size_t i = 0; r > 0 && i < c->n; i++)
		for (int k = 0; k < 4; k++)
			if (strcmp(columns[k], afd_csv_field(c, i)) == 0)
				place[k] = (int)i;
	for (int k = 0; r >= 0 && k < 4; k++)
		if (place[k] < 0)
			return afd_fail(err, AFD_E_PARSE, "counters:1: there is no column \"%s\"", columns[k]);
	while (r > 0 && (r = afd_csv_next(c, err)) > 0) {
		const char *value = afd_csv_field(c, (size_t)place[3]);
		char *end;
		int64_t t, n = strtoll(value, &end, 10);

		if (afd_when_parse(afd_csv_field(c, (size_t)place[0]), &t, err) < 0)
			return afd_within(err, "counters:%u: time", c->record_line);
		if (put(sink, afd_csv_field(c, (size_t)place[1]), afd_csv_field(c, (size_t)place[2]), value, *value && !*end ? n : AFD_TIME_NONE, t, 0, err) < 0)
			return -1;
	}
	return r;
}

static int csv_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_csv c = { 0 };
	int r = afd_csv_begin(&c, "counters", item->bytes, err);

	if (r == 0)
		r = csv_rows(&c, sink, err);
	afd_csv_release(&c);
	return r;
}

const struct afd_provider afd_provider_counter_csv = {
	.kind = "counter-csv",
	.leg = AFD_LEG_ZONE,
	.title = "counters from a table",
	.help = "Reads a CSV file whole in each run: a head with time, subject, name and value (others are passed over), times of RFC 3339. For\n"
	        "whatever a monitoring system exports: failed queries, refused updates. A row that was read before is not doubled.\n"
	        "Least privilege: a user that may read the file.",
	.basis = "tested on files of ours",
	.evidence = "dns-counters",
	.fields = csv_fields,
	.config_size = sizeof(struct afd_whole_config),
	.scopes = csv_scopes,
	.begin = csv_begin,
	.next = afd_whole_next,
	.take = afd_whole_take,
	.end = afd_whole_end,
	.decode = csv_decode,
};
