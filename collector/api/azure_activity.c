/* The activity log of an Azure subscription: writes and deletes of DNS zones and record sets, of roles, locks and settings of
 * logging. An operation is told at its begin and at its end, as events of one correlation; here the end is the event, and a
 * begin whose end does not stand in the same page is told as a job under way. */
#include "collector/api/audit_claim.h"
#include "collector/api/hosted.h"
#include "collector/table.h"
#include "evidence/action.h"

#include <stdio.h>
#include <strings.h>

#define EVIDENCE "account-events"
#define API_VERSION "2015-04-01"
#define KEPT (90 * AFD_DAY)
#define LATE (2 * AFD_HOUR)
#define MAX_LOOKED 5000u               /* events of a page among which the other half is looked for */
#define PORTAL "c44b4083-"             /* the portal's app id begins so */
#define CLAIM_UPN "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
#define CLAIM_METHODS "http://schemas.microsoft.com/claims/authnmethodsreferences"

struct config { const char *url, *login, *tenant, *client_id, *secret, *subscription; struct afd_texts providers; int64_t since; };
static const char *const usual[] = { "Microsoft.Network", "Microsoft.Authorization", "Microsoft.Insights", "Microsoft.DomainRegistration" };
static const struct config defaults = { .url = "https://management.azure.com", .login = "https://login.microsoftonline.com",
	.providers = { usual, AFD_COUNT(usual) }, .since = AFD_TIME_NONE };
static const struct afd_field fields[] = {
	{ "client_id", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, client_id), "of the app registration" },
	{ "client_secret", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, secret), "its secret" },
	{ "login_url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, login), "where tokens come from" },
	{ "providers", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct config, providers), "resource providers whose events are read" },
	{ "since", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct config, since), "the first run begins here; default and farthest: 90 days ago" },
	{ "subscription", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, subscription), "subscription id" },
	{ "tenant", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, tenant), "directory (tenant) id" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ 0 }
};

/* RECORD stands for the type of a record set. */
static const struct afd_action_row actions[] = {
	{ "Microsoft.Network/dnsZones/write", "zone.update" },
	{ "Microsoft.Network/dnsZones/delete", "zone.delete" },
	{ "Microsoft.Network/dnsZones/RECORD/write", "record.change" },
	{ "Microsoft.Network/dnsZones/RECORD/delete", "record.delete" },
	{ "Microsoft.Network/dnsZones/recordsets/read", "view" },
	{ "Microsoft.Network/dnsZones/dnssecConfigs/write", "dnssec.enable" },
	{ "Microsoft.Network/dnsZones/dnssecConfigs/delete", "dnssec.disable" },
	{ "Microsoft.Network/privateDnsZones/write", "zone.update" },
	{ "Microsoft.Network/privateDnsZones/delete", "zone.delete" },
	{ "Microsoft.Network/privateDnsZones/RECORD/write", "record.change" },
	{ "Microsoft.Network/privateDnsZones/RECORD/delete", "record.delete" },
	{ "Microsoft.Network/privateDnsZones/virtualNetworkLinks/*", "zone.update" },
	{ "Microsoft.Network/trafficManagerProfiles/*", "zone.update" },
	{ "Microsoft.Authorization/roleAssignments/*", "role.change" },
	{ "Microsoft.Authorization/roleDefinitions/*", "role.change" },
	{ "Microsoft.Authorization/elevateAccess/action", "role.change" },
	{ "Microsoft.Authorization/denyAssignments/*", "role.change" },
	{ "Microsoft.Authorization/classicAdministrators/write", "role.change" },
	{ "Microsoft.Authorization/classicAdministrators/delete", "role.change" },
	{ "Microsoft.Authorization/locks/*", "account.update" },
	{ "Microsoft.Authorization/policyAssignments/*", "account.update" },
	{ "Microsoft.Insights/diagnosticSettings/write", "log.enable" },
	{ "Microsoft.Insights/diagnosticSettings/delete", "log.disable" },
	{ "Microsoft.Insights/logProfiles/write", "log.enable" },
	{ "Microsoft.Insights/logProfiles/delete", "log.disable" },
	{ "Microsoft.Insights/activityLogAlerts/*", "webhook.change" },
	{ "Microsoft.Insights/actionGroups/*", "webhook.change" },
	{ "Microsoft.DomainRegistration/domains/write", "domain.update" },
	{ "Microsoft.DomainRegistration/domains/delete", "domain.delete" },
	{ "Microsoft.DomainRegistration/domains/renew/action", "domain.renew" },
	{ "Microsoft.DomainRegistration/domains/transferOut/action", "domain.transfer-out" },
	{ "Microsoft.DomainRegistration/domains/retrieveContactInfo/action", "view" },
	{ "Microsoft.DomainRegistration/domains/domainOwnershipIdentifiers/*", "domain.update" },
};

/* --- an event --- */

static const struct afd_node *get(const struct afd_node *map, const char *key)
{
	for (const struct afd_node *n = map && map->type == AFD_MAP ? map->u.list.first : NULL; n; n = n->next)
		if (strcasecmp(n->key, key) == 0)
			return n;
	return NULL;
}

static const char *word(const struct afd_node *map, const char *key)
{
	const char *s = afd_node_text(get(map, key));

	return s && *s ? s : NULL;
}

/* {"value":"EndRequest","localizedValue":"End request"}, or plain text */
static const char *value(const struct afd_node *map, const char *key)
{
	const char *s = word(get(map, key), "value");

	return s ? s : word(map, key);
}

struct event {
	const struct afd_node *root, *claims;
	const char *id, *operation, *status, *sub_status, *resource, *correlation, *caller;
	char zone[AFD_NAME_MAX], owner[AFD_NAME_MAX + 260], type[24];       /* of a zone or a record set; "" none */
	bool is_public;
	int64_t at;
};

static bool is(const char *text, const char *what)
{
	return text && strcasecmp(text, what) == 0;
}

/* ".../dnszones/ZONE[/TYPE/NAME]" */
static void resource_read(struct event *e)
{
	const char *p = e->resource ? strcasestr(e->resource, "/dnszones/") : NULL;
	const char *q = e->resource && !p ? strcasestr(e->resource, "/privatednszones/") : NULL;
	size_t zone, type, name;

	e->is_public = p != NULL;
	p = p ? p + 10 : q ? q + 17 : NULL;
	if (!p)
		return;
	zone = strcspn(p, "/");
	if (afd_name_canonical(afd_slice(p, zone), e->zone, NULL) < 0) {
		e->zone[0] = '\0';
		return;
	}
	p += zone + (p[zone] == '/');
	type = strcspn(p, "/");
	name = p[type] == '/' ? strcspn(p + type + 1, "/") : 0;
	if (!type || !name || type >= sizeof(e->type) || strncasecmp(p, "dnssecConfigs", type) == 0)
		return;
	for (size_t i = 0; i < type; i++)
		e->type[i] = (char)(p[i] >= 'a' && p[i] <= 'z' ? p[i] - ('a' - 'A') : p[i]);
	p += type + 1;
	if (name == 1 && *p == '@')
		snprintf(e->owner, sizeof(e->owner), "%s.", e->zone);
	else if (name < 256)
		snprintf(e->owner, sizeof(e->owner), "%.*s.%s.", (int)(name < 255 ? name : 255), p, e->zone);
}

static const char *event_read(const struct afd_node *n, struct event *ret)
{
	*ret = (struct event){ .root = n, .claims = get(n, "claims"), .id = word(n, "eventDataId"), .operation = value(n, "operationName"),
		.status = value(n, "status"), .sub_status = value(n, "subStatus"), .resource = word(n, "resourceId"), .correlation = word(n, "correlationId"),
		.caller = word(n, "caller") };
	if (!n || n->type != AFD_MAP || !ret->id || !ret->operation)
		return "it has no eventDataId or no operationName";
	if (!word(n, "eventTimestamp") || afd_when_parse(word(n, "eventTimestamp"), &ret->at, NULL) < 0)
		return "its eventTimestamp is no time";
	if (!ret->resource)
		ret->resource = word(get(n, "authorization"), "scope");
	resource_read(ret);
	return NULL;
}

static bool is_begin(const struct event *e)
{
	return is(e->status, "Started") || is(e->status, "Accepted");
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcasecmp(a, b) == 0 : a == b;
}

static bool one_operation(const struct event *a, const struct event *b)
{
	return a->correlation && same(a->correlation, b->correlation) && same(a->operation, b->operation) && same(a->resource, b->resource) &&
	       same(word(a->root, "operationId"), word(b->root, "operationId"));
}

static bool has_end(const struct afd_node *list, const struct event *e)
{
	size_t n = 0;

	for (const struct afd_node *c = list; c && n < MAX_LOOKED; c = c->next, n++) {
		struct event other;

		if (c != e->root && !event_read(c, &other) && !is_begin(&other) && one_operation(e, &other))
			return true;
	}
	return false;
}

static const char *action_of(const struct event *e, char other[96])
{
	bool created = is(e->sub_status, "Created");
	const char *last = strrchr(e->operation, '/');
	char plain[128];
	const char *verb;

	if (*e->type && last) {
		snprintf(plain, sizeof(plain), "Microsoft.Network/%s/RECORD%s", e->is_public ? "dnsZones" : "privateDnsZones", last);
		verb = afd_action_map(actions, AFD_COUNT(actions), "azure", plain, other);
		if (verb != other)
			return created && strcmp(verb, "record.change") == 0 ? "record.add" : verb;
	}
	if (is(last, "/read"))
		return "view";
	verb = afd_action_map(actions, AFD_COUNT(actions), "azure", e->operation, other);
	return created && strcmp(verb, "zone.update") == 0 && *e->zone ? "zone.create" : verb;
}

/* A name with '@' is a person; else the id of an app or of a managed identity. */
static const char *actor_kind(const struct event *e)
{
	if (!e->caller)
		return "unknown";
	if (strchr(e->caller, '@') || word(e->claims, CLAIM_UPN))
		return "person";
	return strncasecmp(e->caller, "Microsoft.", 10) == 0 ? "provider" : word(e->claims, "appid") ? "credential" : "unknown";
}

static const char *mfa_of(const struct event *e)
{
	const char *s = word(e->claims, CLAIM_METHODS);

	return !s ? NULL : strcasestr(s, "mfa") ? "yes" : "no";
}

static const char *outcome_of(const struct event *e)
{
	return is(e->status, "Succeeded") ? "success" : is(e->status, "Failed") ? "failure" : "unknown";
}

/* Which set was written; its data stand in the event seldom, so it is not told. */
static int tell_claim(const struct event *e, const char *action, const char *credential, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_audit_record rr[2] = { { .owner = e->owner, .type = e->type, .add = strcmp(action, "record.delete") != 0 },
		{ .owner = e->owner, .type = e->type } };
	const struct afd_audit_claim c = { .zone = e->zone, .actor = e->caller, .credential = credential, .origin = word(get(e->root, "httpRequest"), "clientIpAddress"),
		.ref = e->id, .applied = is(e->status, "Succeeded"), .refused = is(e->sub_status, "Forbidden"), .at_ms = e->at, .part = part, .record = rr,
		.n = strcmp(action, "record.change") == 0 ? 2 : 1 };

	return e->is_public && *e->type && strncmp(action, "record.", 7) == 0 ? afd_audit_claim(&c, sink, err) : 0;
}

static int tell(const struct event *e, const char *scope, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	char other[96], account[128];
	const char *action = action_of(e, other), *kind = actor_kind(e), *own = word(e->root, "subscriptionId"), *app = word(e->claims, "appid");
	const char *origin = word(get(e->root, "httpRequest"), "clientIpAddress");
	const struct afd_action *known = afd_action_find(action);
	const char *credential = strcmp(kind, "credential") == 0 ? app : NULL;
	struct afd_row_event row;

	snprintf(account, sizeof(account), "%.*s", (int)strcspn(scope, "/"), scope);
	row = (struct afd_row_event){
		.account = own ? own : account, .action = action, .raw_action = e->operation, .domain = *e->zone ? e->zone : NULL,
		.object_kind = known ? known->object_kind : "azure", .object = e->resource, .actor_kind = kind, .actor = e->caller, .credential = credential,
		.origin = origin ? origin : word(e->claims, "ipaddr"), .channel = app && strncasecmp(app, PORTAL, strlen(PORTAL)) == 0 ? "ui" : "api",
		.mfa = mfa_of(e), .outcome = outcome_of(e), .provider_ref = e->id, .record_kind = is_begin(e) ? "job" : "log", .at = afd_instant(e->at), .part = part,
	};
	if (sink->event(sink->ctx, &row, err) < 0)
		return -1;
	return is_begin(e) ? 0 : tell_claim(e, action, credential, part, sink, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_asked_release))) struct afd_asked asked = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *first;
	uint64_t i = 0;

	if (afd_asked_read(item->record->asked, &asked, err) < 0 || afd_json_parse(item->bytes, "page", &d, err) < 0)
		return -1;
	first = afd_node_items(afd_doc_root(d), "value");
	for (const struct afd_node *n = first; n; n = n->next, i++) {
		struct event e;

		if (event_read(n, &e) || (is_begin(&e) && has_end(first, &e)))
			continue;
		if (tell(&e, asked.scope, item->parts.n > 1 ? 2 * i + 1 : 0, sink, err) < 0)
			return -1;
	}
	return 0;
}

/* --- asking --- */

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	const struct config *c = own;
	AFD_AUTO(mem) char *filter = NULL;

	if (t->token)
		return afd_buf_text(&q->url, t->token) < 0 ? afd_fail_memory(err) : 0;
	filter = afd_sprintf("eventTimestamp ge '%s' and eventTimestamp le '%s' and resourceProvider eq '%s'", afd_when_text(t->window.from).s,
			     afd_when_text(t->window.to).s, t->subject);
	if (!filter || afd_buf_text(&q->url, "/subscriptions") < 0 || afd_ask_path(q, c->subscription, err) < 0 ||
	    afd_buf_text(&q->url, "/providers/Microsoft.Insights/eventtypes/management/values?api-version=" API_VERSION) < 0)
		return afd_fail_memory(err);
	return afd_ask_query(q, "$filter", filter, err);
}

static int read_page(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *list;

	(void)p;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	list = afd_node_get(afd_doc_root(d), "value");
	if (!list || list->type != AFD_LIST)
		return afd_node_fail(d, list, err, "a list under \"value\"");
	ret->n = list->u.list.n;
	for (const struct afd_node *n = list->u.list.first; n; n = n->next) {
		struct event e;
		const char *why = event_read(n, &e);

		if (why && !ret->bad_why[0]) {
			ret->bad = t->window;
			snprintf(ret->bad_why, sizeof(ret->bad_why), "an event of the activity log cannot be read: %s", why);
		}
	}
	return afd_azure_next(((const struct config *)own)->url, afd_node_word(afd_doc_root(d), "nextLink"), &ret->next, err);
}

static const struct afd_call calls[] = {
	{ .name = "events", .kept = AFD_KEPT_PAGE, .grade = AFD_ASSERTED, .overlap_ms = LATE, .ask = ask, .read = read_page },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;
	int64_t oldest = afd_pages_now(p) - KEPT + AFD_MINUTE;

	for (size_t i = 0; i < c->providers.n; i++) {
		AFD_AUTO(mem) char *scope = afd_sprintf("%s/%s", c->subscription, c->providers.at[i]);
		struct afd_span w;

		if (!scope)
			return afd_fail_memory(err);
		w = afd_pages_window(p, 0, scope, c->providers.at[i], c->since == AFD_TIME_NONE ? oldest : c->since);
		w.from = w.from < oldest ? oldest : w.from;
		if (afd_pages_add(p, 0, scope, c->providers.at[i], w, err) < 0)
			return -1;
	}
	return 0;
}

static int ask_permissions(void *own, struct afd_ask *q, struct afd_error *err)
{
	const struct config *c = own;

	if (afd_buf_text(&q->url, "/subscriptions") < 0 || afd_ask_path(q, c->subscription, err) < 0 ||
	    afd_buf_text(&q->url, "/providers/Microsoft.Authorization/permissions?api-version=2022-04-01") < 0)
		return afd_fail_memory(err);
	return 0;
}

static const struct afd_pages_excess excess[] = {
	{ .ask = ask_permissions, .shown = afd_azure_changes, .can = "its roles may change DNS in the subscription, or who may change it",
	  .instead = "take its other roles from the app registration: Monitoring Reader on the subscription is enough" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "give the app registration the role Monitoring Reader (or Reader) on the subscription, or make it a new secret, and put that where the "
		   "configuration's client_secret points",
	.pace_ms = 200, .burst = 10,
};

/* --- the source --- */

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && (!c->tenant || !c->client_id || !c->secret))
		return afd_fail(err, AFD_E_CONFIG, "tenant, client_id, client_secret: a required field is missing");
	if (strlen(c->subscription) > 100 || c->subscription[strspn(c->subscription, allowed)] || !c->providers.n)
		return afd_fail(err, AFD_E_CONFIG, "subscription: expected an id, and at least one of providers");
	for (size_t i = 0; i < c->providers.n; i++) {
		const char *s = c->providers.at[i];

		if (!*s || strlen(s) > 60 || s[strspn(s, allowed)])
			return afd_fail(err, AFD_E_CONFIG, "providers: expected a name as Microsoft.Network, got \"%.100s\"", s);
		if (afd_buf_printf(ret, "%s%s/%s", i ? " " : "", c->subscription, s) < 0)
			return afd_fail_memory(err);
	}
	return afd_pages_base_check(c->url, err);
}

static int make_auth(const struct afd_source_config *sc, const struct config *c, struct afd_auth **ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf url = { 0 };
	AFD_AUTO(mem) char *scope = afd_sprintf("%s/.default", c->url);
	struct afd_client_credentials cc = { .client_id = c->client_id, .secret_ref = c->secret, .scope = scope };

	if (!scope || afd_buf_printf(&url, "%s/", c->login) < 0 || afd_escape(c->tenant ? c->tenant : "", &url) < 0 ||
	    afd_buf_text(&url, "/oauth2/v2.0/token") < 0)
		return afd_fail_memory(err);
	cc.token_url = (char *)url.data;
	return afd_auth_client(sc, &cc, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->secret && make_auth(sc, c, &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	return afd_pages_split(bytes, "value", parts, err);
}

const struct afd_provider afd_provider_azure_activity = {
	.kind = "azure-activity",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Azure subscription: activity log",
	.help = "Writes and deletes of DNS zones and record sets, of roles, locks and settings of logging: who, whence, by which methods they had "
		"logged in. Needs an app registration with a client secret and the role Monitoring Reader on the subscription, no more (az role "
		"assignment create --role \"Monitoring Reader\" --scope /subscriptions/ID). The log goes back 90 days. The end of an operation is the event; a "
		"begin without it is kept as a job. What was written is not told, only to which set. Logins are told by Entra ID, not here.",
	.basis = "tested on the vendor's document",
	.evidence = EVIDENCE,
	.lag_ms = LATE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .split = split, .decode = decode,
};
