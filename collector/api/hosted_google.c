/* Zones at Google Cloud DNS: changes.list is a true log of steps (deletions and additions with their SOA), resourceRecordSets.list
 * the whole. The steps come first in each run, so that the whole then only confirms them. */
#include "collector/api/google_audit.h"
#include "collector/api/hosted.h"
#include "collector/table.h"

#include <inttypes.h>
#include <stdio.h>

#define SCOPE "https://www.googleapis.com/auth/ndev.clouddns.readonly " AFD_GOOGLE_TEST_SCOPE
enum { FIND, CHANGES, RECORDS };

struct config { const char *url, *token_url, *credentials, *project; struct afd_texts zones; };
static const struct config defaults = { .url = "https://dns.googleapis.com" };
static const struct afd_field fields[] = {
	{ "credentials", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, credentials), "JSON file of a service account's key" },
	{ "project", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, project), "project id" },
	{ "token_url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, token_url), "where tokens come from; by default as the file says" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, zones), "zones to read" },
	{ 0 }
};

/* newest: id of the newest change of the list under way */
struct own { const struct config *c; char newest[32]; };

/* --- asking --- */

static int zones_path(const struct config *c, struct afd_ask *q, struct afd_error *err)
{
	if (afd_buf_text(&q->url, "/dns/v1/projects") < 0 || afd_ask_path(q, c->project, err) < 0 ||
	    afd_buf_text(&q->url, "/managedZones") < 0)
		return afd_fail_memory(err);
	return 0;
}

static int ask_find(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	AFD_AUTO(mem) char *name = afd_sprintf("%s.", t->subject);

	if (!name)
		return afd_fail_memory(err);
	if (zones_path(((struct own *)own)->c, q, err) < 0 || afd_ask_query(q, "dnsName", name, err) < 0)
		return -1;
	return t->token ? afd_ask_query(q, "pageToken", t->token, err) : 0;
}

static int ask_changes(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	if (zones_path(((struct own *)own)->c, q, err) < 0 || afd_ask_path(q, t->subject, err) < 0 ||
	    afd_buf_text(&q->url, "/changes?sortBy=changeSequence&sortOrder=descending&maxResults=500") < 0)
		return afd_fail_memory(err);
	return t->token ? afd_ask_query(q, "pageToken", t->token, err) : 0;
}

static int ask_records(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	if (zones_path(((struct own *)own)->c, q, err) < 0 || afd_ask_path(q, t->subject, err) < 0 ||
	    afd_buf_text(&q->url, "/rrsets?maxResults=1000") < 0)
		return afd_fail_memory(err);
	return t->token ? afd_ask_query(q, "pageToken", t->token, err) : 0;
}

/* --- reading --- */

/* An empty list is left out of the answer. */
static int parse(const struct afd_response *r, const char *list, struct afd_doc **ret, struct afd_page *page, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *n;
	const char *token;

	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	n = afd_node_get(afd_doc_root(d), list);
	if ((n && n->type != AFD_LIST) || (!n && !afd_node_word(afd_doc_root(d), "kind")))
		return afd_node_fail(d, n, err, "a list of what was asked for");
	page->n = n ? n->u.list.n : 0;
	token = afd_node_word(afd_doc_root(d), "nextPageToken");
	if (token && afd_buf_text(&page->next, token) < 0)
		return afd_fail_memory(err);
	*ret = afd_steal(&d);
	return 0;
}

static int read_find(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		     struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const char *id = NULL;

	(void)own;
	if (parse(r, "managedZones", &d, ret, err) < 0)
		return -1;
	ret->next.len = 0;               /* asked by name: there are a few at most */
	for (const struct afd_node *z = afd_node_items(afd_doc_root(d), "managedZones"); z; z = z->next) {
		const char *name = afd_node_word(z, "dnsName"), *sight = afd_node_word(z, "visibility");
		char own_name[AFD_NAME_MAX];

		if (name && (!sight || strcmp(sight, "public") == 0) && afd_name_canonical(afd_slice_text(name), own_name, NULL) == 0 &&
		    strcmp(own_name, t->scope) == 0)
			id = afd_node_word(z, "name");
	}
	if (!id || strlen(id) > 100)
		return afd_pages_lacking(p, t->scope, "the project has no public zone of this name", err);
	return afd_pages_add(p, CHANGES, t->scope, id, (struct afd_span){ 0, 0 }, err) < 0 ? -1 :
	       afd_pages_add(p, RECORDS, t->scope, id, (struct afd_span){ 0, 0 }, err);
}

/* Newest first, until the one with which the last run began. */
static int read_changes(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
			struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(mem) char *mark = afd_sprintf("change %s", t->scope);
	struct own *o = own;
	const char *known;

	if (!mark)
		return afd_fail_memory(err);
	if (parse(r, "changes", &d, ret, err) < 0)
		return -1;
	known = afd_pages_mark(p, mark);
	for (const struct afd_node *c = afd_node_items(afd_doc_root(d), "changes"); c; c = c->next) {
		const char *id = afd_node_word(c, "id");

		if (!id || strlen(id) >= sizeof(o->newest))
			return afd_node_fail(d, c, err, "a change with its id");
		if (t->page == 1 && c == afd_node_items(afd_doc_root(d), "changes"))
			snprintf(o->newest, sizeof(o->newest), "%s", id);
		if (known && strcmp(known, id) == 0)
			ret->next.len = 0;
	}
	if (ret->next.len || (t->page == 1 && !ret->n))
		return 0;
	return *o->newest ? afd_pages_mark_set(p, mark, o->newest, err) : 0;
}

static int read_records(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
			struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)own, (void)p, (void)t;
	return parse(r, "rrsets", &d, ret, err);
}

/* --- decoding: the whole --- */

/* JSON without the blanks between its values. */
static char *compact(struct afd_slice json)
{
	char *ret = malloc(json.len + 1);
	bool inside = false;
	size_t n = 0;

	for (size_t i = 0; ret && i < json.len; i++) {
		if (!inside && memchr(" \t\r\n", json.data[i], 4))
			continue;
		ret[n++] = (char)json.data[i];
		if (inside && json.data[i] == '\\' && i + 1 < json.len)
			ret[n++] = (char)json.data[++i];
		else if (json.data[i] == '"')
			inside = !inside;
	}
	if (ret)
		ret[n] = '\0';
	return ret;
}

/* Every answer that a policy may choose is a record of the zone. */
static int add_rrdatas(struct afd_hosted *h, const struct afd_node *n, const char *name, const char *type, int64_t ttl,
		       struct afd_error *err)
{
	struct afd_hosted_record r = { .owner = name, .type = type, .ttl = ttl };

	if (n->type != AFD_MAP && n->type != AFD_LIST)
		return 0;
	for (const struct afd_node *c = n->u.list.first; c; c = c->next) {
		if (c->type == AFD_LIST && c->key && strcmp(c->key, "rrdatas") == 0) {
			for (const struct afd_node *v = c->u.list.first; v; v = v->next) {
				r.rdata = afd_node_text(v);
				if (r.rdata && afd_hosted_add(h, &r, err) < 0)
					return -1;
			}
		} else if (add_rrdatas(h, c, name, type, ttl, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int add_set(struct afd_hosted *h, const struct afd_doc *d, const struct afd_node *s, struct afd_error *err)
{
	const char *name = afd_node_word(s, "name"), *type = afd_node_word(s, "type");
	const struct afd_node *policy = afd_node_get(s, "routingPolicy");
	const int64_t ttl = afd_node_number(s, "ttl", 0);
	AFD_AUTO(mem) char *text = NULL;

	if (!name || !type)
		return afd_node_fail(d, s, err, "a set of records with name and type");
	if (add_rrdatas(h, s, name, type, ttl, err) < 0)
		return -1;
	if (!policy || policy->type != AFD_MAP)
		return 0;
	text = compact(policy->raw);
	return text ? afd_hosted_own(h, name, false, "ROUTED", ttl, err, "%s %s", type, text) : afd_fail_memory(err);
}

static int page(struct afd_hosted *h, const struct afd_doc *d, struct afd_error *err)
{
	for (const struct afd_node *s = afd_node_items(afd_doc_root(d), "rrsets"); s; s = s->next)
		if (add_set(h, d, s, err) < 0)
			return -1;
	return 0;
}

/* --- decoding: the steps --- */

struct sides { struct afd_hosted del, add; };

static void afd_sides_release(struct sides *s)
{
	afd_hosted_release(&s->del);
	afd_hosted_release(&s->add);
}

static int side(struct afd_hosted *h, const struct afd_doc *d, const struct afd_node *change, const char *key, struct afd_error *err)
{
	for (const struct afd_node *s = afd_node_items(change, key); s; s = s->next)
		if (add_set(h, d, s, err) < 0)
			return -1;
	return 0;
}

static int tell_change(const struct afd_doc *d, const struct afd_node *c, const char *zone, const struct afd_item_view *item, struct afd_sink *sink,
		       struct afd_error *err)
{
	AFD_AUTO(sides) struct sides s = { .del = { .zone = zone, .item = item, .sink = sink }, .add = { .zone = zone, .item = item, .sink = sink } };
	const char *time = afd_node_word(c, "startTime"), *status = afd_node_word(c, "status");
	struct afd_row_diff row = { .zone = zone, .server = item->record->channel, .seen_ms = item->record->received_ms,
		.authenticated = afd_hosted_authenticated(item) };
	int64_t at;

	if (status && strcmp(status, "done") != 0)     /* not yet */
		return 0;
	if (side(&s.del, d, c, "deletions", err) < 0 || side(&s.add, d, c, "additions", err) < 0)
		return -1;
	if (!s.del.has_serial || !s.add.has_serial)    /* the zone's own beginning, or a serial set by hand: the whole tells it */
		return 0;
	if (time && afd_when_parse(time, &at, NULL) == 0)
		row.at = afd_instant(at);
	row.from = s.del.serial;
	row.to = s.add.serial;
	row.del = s.del.rr;
	row.n_del = s.del.n;
	row.add = s.add.rr;
	row.n_add = s.add.n;
	return sink->diff(sink->ctx, &row, err);
}

/* Oldest first: the last page from its end. */
static int steps_of_page(const struct afd_doc *d, const char *zone, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_node *list = afd_node_get(afd_doc_root(d), "changes"), **at;
	size_t n = 0;
	int r = 0;

	if (!list || list->type != AFD_LIST || !list->u.list.n)
		return 0;
	at = calloc(list->u.list.n, sizeof(*at));
	if (!at)
		return afd_fail_memory(err);
	for (const struct afd_node *c = list->u.list.first; c; c = c->next)
		at[n++] = c;
	while (n-- && r == 0)
		r = tell_change(d, at[n], zone, item, sink, err);
	free(at);
	return r;
}

static int steps(const struct afd_list *l, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	char zone[AFD_NAME_MAX];

	if (strcmp(l->call, "changes") != 0)
		return 0;
	if (afd_name_canonical(afd_slice_text(l->scope), zone, err) < 0)
		return -1;
	for (size_t i = l->n; i-- > 0;) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;

		if (afd_json_parse(l->page[i].body, "answer", &d, err) < 0 || steps_of_page(d, zone, item, sink, err) < 0)
			return -1;
	}
	return 0;
}

/* --- the source --- */

static const struct afd_call calls[] = {
	[FIND] = { .name = "zone", .kept = AFD_KEPT_LIST, .ask = ask_find, .read = read_find },
	[CHANGES] = { .name = "changes", .kept = AFD_KEPT_LIST, .ask = ask_changes, .read = read_changes },
	[RECORDS] = { .name = "records", .kept = AFD_KEPT_LIST, .ask = ask_records, .read = read_records },
};

/* Quota is a 403 here as often as a 429. */
static enum afd_judged judge(const struct afd_response *r)
{
	if (r->status == 403 && (afd_body_says(r, "ateLimitExceeded") || afd_body_says(r, "RATE_LIMIT_EXCEEDED") || afd_body_says(r, "quotaExceeded")))
		return AFD_JUDGED_THROTTLED;
	return afd_judge_status(r);
}

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	return afd_hosted_start(p, FIND, &((struct own *)own)->c->zones, err);
}

static int ask_permissions(void *own, struct afd_ask *q, struct afd_error *err)
{
	return afd_google_ask_permissions(((const struct own *)own)->c->project, "\"dns.changes.create\",\"dns.managedZones.update\",\"dns.managedZones.delete\","
					  "\"resourcemanager.projects.setIamPolicy\",\"iam.serviceAccountKeys.create\"", q, err);
}

static const struct afd_pages_excess excess[] = {
	{ .ask = ask_permissions, .shown = afd_google_holds_any, .can = "it may change zones, roles or keys of the project",
	  .instead = "take its other roles from the service account: DNS Reader (roles/dns.reader) is enough" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .judge = judge, .start = start, .end = free,
	.refused = "give the service account the role DNS Reader (roles/dns.reader) in the project, or make it a new key, and put that where the "
		   "configuration's credentials point",
	.pace_ms = 100, .burst = 100,
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && !c->credentials)
		return afd_fail(err, AFD_E_CONFIG, "credentials: a required field is missing");
	return afd_hosted_scopes(&c->zones, c->url, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct own *o = calloc(1, sizeof(*o));
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = o };

	if (!o)
		return afd_fail_memory(err);
	o->c = c;
	if (c->credentials && afd_auth_google(sc, c->credentials, SCOPE, c->token_url, &setup.auth, err) < 0) {
		free(o);
		return -1;
	}
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_hosted_decode(&(struct afd_hosted_decoder){ .call = "records", .page = page, .other = steps }, item, sink, err);
}

const struct afd_provider afd_provider_google_dns = {
	.kind = "google-dns",
	.leg = AFD_LEG_ZONE,
	.title = "Zones at Google Cloud DNS",
	.help = "The log of changes of zones, step by step with the time of each, and their whole content to compare it with. Needs a service account with "
		"the role DNS Reader (roles/dns.reader) and a key of it in JSON (gcloud iam service-accounts keys create). `doctor` asks Cloud "
		"Resource Manager what else the account may do: where that API is off in the project, it is not told. Sets chosen by a policy stand as type ROUTED. The log has no actor: who "
		"made a change is told by the audit log.",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_HOSTED_EVIDENCE,
	.history = true,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_hosted_redact, .decode = decode,
};
