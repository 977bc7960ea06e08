/* Google Cloud's audit logs by entries:list, and as files that a sink or `gcloud logging read` wrote. */
#include "collector/api/google_audit.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/api/audit_claim.h"
#include "collector/api/hosted.h"
#include "collector/stored.h"
#include "collector/table.h"
#include "core/limits.h"

#define SCOPE "https://www.googleapis.com/auth/logging.read " AFD_GOOGLE_TEST_SCOPE
#define LATE AFD_HOUR

struct config { const char *url, *token_url, *credentials, *project; struct afd_texts services, zones; int64_t since; };
static const char *const usual[] = { "dns.googleapis.com", "domains.googleapis.com", "iam.googleapis.com", "cloudresourcemanager.googleapis.com",
	"logging.googleapis.com" };
static const struct config defaults = { .url = "https://logging.googleapis.com", .services = { usual, AFD_COUNT(usual) }, .since = AFD_TIME_NONE };
static const struct afd_field fields[] = {
	{ "credentials", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, credentials), "JSON file of a service account's key" },
	{ "project", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, project), "project id" },
	{ "services", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct config, services), "whose entries are read" },
	{ "since", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct config, since), "the first run begins here; needed for the API" },
	{ "token_url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, token_url), "where tokens come from; by default as the file says" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "zones", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct config, zones), "\"example.com=zone-name\": the log knows zones by their names" },
	{ 0 }
};

struct own { const struct config *c; char *zones; };

/* --- by the API --- */

static int filter_of(const struct config *c, struct afd_span w, struct afd_buf *ret)
{
	if (afd_buf_text(ret, "(log_id(\"cloudaudit.googleapis.com/activity\") OR log_id(\"cloudaudit.googleapis.com/data_access\")) AND protoPayload.serviceName=(") < 0)
		return -1;
	for (size_t i = 0; i < c->services.n; i++)
		if (afd_buf_printf(ret, "%s\"%s\"", i ? " OR " : "", c->services.at[i]) < 0)
			return -1;
	return afd_buf_printf(ret, ") AND timestamp>=\"%s\" AND timestamp<\"%s\"", afd_when_text(w.from).s, afd_when_text(w.to).s);
}

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf filter = { 0 };
	const struct own *o = own;
	AFD_AUTO(mem) char *name = afd_sprintf("projects/%s", o->c->project), *body = NULL;
	json_t *j = !name || filter_of(o->c, t->window, &filter) < 0 ? NULL :
		json_pack("{s:[s],s:s,s:s,s:i,s:s*}", "resourceNames", name, "filter", (char *)filter.data, "orderBy", "timestamp asc", "pageSize", 1000,
			"pageToken", t->token);

	body = j ? json_dumps(j, JSON_COMPACT) : NULL;
	json_decref(j);
	if (!body || afd_buf_text(&q->url, "/v2/entries:list") < 0 || afd_buf_text(&q->body, body) < 0 ||
	    afd_buf_printf(&q->asked, "POST /v2/entries:list zones=%s", o->zones) < 0)
		return afd_fail_memory(err);
	q->media_type = "application/json";
	return 0;
}

/* A page may be empty and yet lead on: the search was not at its end. */
static int read_page(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct afd_google_faults faults;
	const struct afd_node *list;
	const char *token;

	(void)own, (void)p;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	list = afd_node_get(afd_doc_root(d), "entries");
	if ((list && list->type != AFD_LIST) || afd_node_get(afd_doc_root(d), "error"))
		return afd_node_fail(d, list, err, "a list of entries");
	ret->n = list ? list->u.list.n : 0;
	if (list && afd_google_faults(r->body, &faults, err) < 0)
		return -1;
	if (list && faults.bad) {
		ret->bad = t->window;
		snprintf(ret->bad_why, sizeof(ret->bad_why), "%s", faults.why);
	}
	token = afd_node_word(afd_doc_root(d), "nextPageToken");
	return token && afd_buf_text(&ret->next, token) < 0 ? afd_fail_memory(err) : 0;
}

static const struct afd_call calls[] = {
	{ .name = "entries", .kept = AFD_KEPT_PAGE, .grade = AFD_ASSERTED, .overlap_ms = LATE, .ask = ask, .read = read_page },
};

static enum afd_judged judge(const struct afd_response *r)
{
	if (r->status == 403 && (afd_body_says(r, "RESOURCE_EXHAUSTED") || afd_body_says(r, "ateLimitExceeded")))
		return AFD_JUDGED_THROTTLED;
	return afd_judge_status(r);
}

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = ((struct own *)own)->c;
	int64_t since = c->since == AFD_TIME_NONE ? afd_pages_now(p) - 30 * AFD_DAY : c->since;

	return afd_pages_add(p, 0, c->project, "", afd_pages_window(p, 0, c->project, "", since), err);
}

static void end(void *own)
{
	struct own *o = own;

	free(o->zones);
	free(o);
}

static int ask_permissions(void *own, struct afd_ask *q, struct afd_error *err)
{
	return afd_google_ask_permissions(((const struct own *)own)->c->project, "\"logging.logs.delete\",\"logging.sinks.delete\",\"dns.changes.create\","
					  "\"resourcemanager.projects.setIamPolicy\",\"iam.serviceAccountKeys.create\"", q, err);
}

static const struct afd_pages_excess excess[] = {
	{ .ask = ask_permissions, .shown = afd_google_holds_any, .can = "it may change the log, zones, roles or keys of the project",
	  .instead = "take its other roles from the service account: Logs Viewer (roles/logging.viewer) is enough" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .judge = judge, .start = start, .end = end,
	.refused = "give the service account the role Logs Viewer (roles/logging.viewer) in the project, or make it a new key, and put that where the "
		   "configuration's credentials point",
	.pace_ms = 1100, .burst = 5,                   /* 60 a minute for each project */
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.:";
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && (!c->credentials || c->since == AFD_TIME_NONE))
		return afd_fail(err, AFD_E_CONFIG, "credentials, since: a required field is missing");
	if (strlen(c->project) > 100 || c->project[strspn(c->project, allowed)] || !c->services.n)
		return afd_fail(err, AFD_E_CONFIG, "project: expected a project id, and at least one of services");
	for (size_t i = 0; i < c->services.n; i++)
		if (!*c->services.at[i] || c->services.at[i][strspn(c->services.at[i], allowed)])
			return afd_fail(err, AFD_E_CONFIG, "services: expected a name as dns.googleapis.com, got \"%.100s\"", c->services.at[i]);
	if (afd_audit_zones_check(&c->zones, err) < 0 || afd_pages_base_check(c->url, err) < 0)
		return -1;
	return afd_buf_text(ret, c->project) < 0 ? afd_fail_memory(err) : 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct own *o = calloc(1, sizeof(*o));
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = o };

	if (!o)
		return afd_fail_memory(err);
	o->c = c;
	o->zones = afd_audit_zones_text(&c->zones);
	if (!o->zones || (c->credentials && afd_auth_google(sc, c->credentials, SCOPE, c->token_url, &setup.auth, err) < 0)) {
		if (!o->zones)
			afd_fail_memory(err);
		end(o);
		return -1;
	}
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_asked_release))) struct afd_asked asked = { 0 };
	struct afd_google_told t;

	if (afd_asked_read(item->record->asked, &asked, err) < 0)
		return -1;
	t = (struct afd_google_told){ asked.scope, afd_audit_zones_asked(item->record->asked) };
	return afd_google_decode(item, &t, sink, err);
}

const struct afd_provider afd_provider_google_audit = {
	.kind = "google-audit",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Google Cloud project: audit log",
	.help = "Entries of the audit log about Cloud DNS, Cloud Domains, IAM and the log itself by entries:list: who, with which key of a service account, "
		"whence, and for Cloud DNS each record that was added or deleted. Needs a service account with the role Logs Viewer "
		"(roles/logging.viewer; for Data Access logs roles/logging.privateLogViewer) and a key of it in JSON (gcloud iam service-accounts keys "
		"create). `doctor` asks Cloud Resource Manager what else the account may do: where that API is off in the project, it is not told. Admin Activity is kept 400 days and "
		"cannot be turned off; reads, such as of transfer codes, are Data Access and off unless somebody turned them on. The log knows zones by their "
		"names in the project: zones says which is which where the entry does not. A second factor is not told.",
	.basis = "tested on a real sample",
	.evidence = AFD_GOOGLE_EVENTS,
	.lag_ms = LATE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_google_redact, .split = afd_google_split, .decode = decode,
};

/* --- files --- */

static const struct afd_field file_fields[] = { AFD_STORED_FIELDS, { 0 } };

static int told(struct afd_slice bytes, struct afd_stored_told *ret, struct afd_error *err)
{
	struct afd_google_faults faults;

	if (afd_google_faults(bytes, &faults, err) < 0)
		return -1;
	*ret = (struct afd_stored_told){ faults.at, faults.n };
	return faults.bad ? afd_fail(err, AFD_E_PARSE, "%s", faults.why) : 0;
}

static const struct afd_stored_form form = {
	.word = "google", .more = "entries", .evidence = AFD_GOOGLE_EVENTS, .media_type = "application/json", .lag_ms = LATE, .max_file = AFD_MAX_HTTP_BODY,
	.suffix = ".json .json.gz .jsonl .jsonl.gz", .told = told,
};

static int file_begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_stored_begin(&form, sc, config, cursor, ret, err);
}

static int file_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(mem) char *scope = NULL;
	AFD_AUTO(mem) char *name = NULL;

	if (afd_stored_asked_read(item->record->asked, &scope, &name, err) < 0)
		return -1;
	return afd_google_decode(item, &(struct afd_google_told){ .scope = scope }, sink, err);
}

const struct afd_provider afd_provider_google_audit_files = {
	.kind = "google-audit-files",
	.leg = AFD_LEG_ACCOUNT,
	.imports = true,
	.title = "Google Cloud project: audit log, files",
	.help = "Log entries that a sink writes to a bucket (one a line), or that `gcloud logging read --format=json` printed, from a directory; account is the "
		"project id. No credential is needed here. Claims about zones are made where the entry names the zone.",
	.basis = "tested on a real sample",
	.evidence = AFD_GOOGLE_EVENTS,
	.lag_ms = LATE,
	.fields = file_fields, .config_size = sizeof(struct afd_stored_config),
	.scopes = afd_stored_scopes, .begin = file_begin, .next = afd_stored_next, .take = afd_stored_take, .end = afd_stored_end,
	.redact = afd_google_redact, .split = afd_google_split, .decode = file_decode,
};
