/* The audit log of Infoblox's cloud portal (CSP): GET /api/auditlog/v1/logs. Oldest first, in a window that is over, so that pages by
 * number stay what they are; they are followed until one is empty, for how many entries a page may have is not stated. */
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "collector/api/audit_claim.h"
#include "collector/api/hosted.h"
#include "collector/api/log_entry.h"
#include "collector/table.h"

#define LIMIT "1000"
#define LATE AFD_HOUR
#define KEPT (390 * AFD_DAY)                      /* 13 months */

/* "ACTION KIND", as afd_entry_verb() squeezes them: "dns/record" is "record". */
static const struct afd_action_row actions[] = {
	{ "create record", "record.add" }, { "update record", "record.update" }, { "delete record", "record.delete" },
	{ "create authzone", "zone.create" }, { "update authzone", "zone.update" }, { "delete authzone", "zone.delete" },
	{ "create zone", "zone.create" }, { "update zone", "zone.update" }, { "delete zone", "zone.delete" },
	{ "create tsig*", "zone.transfer-settings" }, { "update tsig*", "zone.transfer-settings" }, { "delete tsig*", "zone.transfer-settings" },
	{ "create apikey", "token.create" }, { "update apikey", "token.update" }, { "delete apikey", "token.delete" },
	{ "create userapikey", "token.create" }, { "update userapikey", "token.update" }, { "delete userapikey", "token.delete" },
	{ "create serviceapikey", "token.create" }, { "update serviceapikey", "token.update" }, { "delete serviceapikey", "token.delete" },
	{ "create user", "member.add" }, { "invite user", "member.add" }, { "update user", "member.update" }, { "delete user", "member.remove" },
	{ "create serviceuser", "member.add" }, { "update serviceuser", "member.update" }, { "delete serviceuser", "member.remove" },
	{ "create group", "role.change" }, { "update group", "role.change" }, { "delete group", "role.change" },
	{ "create role", "role.change" }, { "update role", "role.change" }, { "delete role", "role.change" },
	{ "create accesspolicy", "role.change" }, { "update accesspolicy", "role.change" }, { "delete accesspolicy", "role.change" },
	{ "update account", "account.update" },
	{ "login*", "login" }, { "signin*", "login" }, { "logout*", "logout" }, { "signout*", "logout" },
};

struct config { const char *account, *token, *url; int64_t since; };
static const struct config defaults = { .url = "https://csp.infoblox.com", .since = AFD_TIME_NONE };
static const struct afd_field fields[] = {
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "your name for the account: one word" },
	{ "since", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct config, since), "the first run begins here; 13 months ago unless said" },
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, token), "API key of a service user that may read the audit log" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the portal, or file:DIR of recordings" },
	{ 0 }
};

/* --- asking --- */

/* The token of a page: how many entries stand before it, a colon, and what the page before it began with. */
static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	struct afd_when_text from = afd_when_text(t->window.from), to = afd_when_text(t->window.to);
	AFD_AUTO(mem) char *filter = NULL;
	char offset[24];

	(void)own;
	from.s[19] = to.s[19] = '\0';                 /* whole seconds */
	filter = afd_sprintf("created_at>=\"%sZ\" and created_at<=\"%sZ\"", from.s, to.s);
	if (!filter || afd_buf_text(&q->url, "/api/auditlog/v1/logs") < 0)
		return afd_fail_memory(err);
	snprintf(offset, sizeof(offset), "%.*s", t->token ? (int)strcspn(t->token, ":") : 1, t->token ? t->token : "0");
	return afd_ask_query(q, "_filter", filter, err) < 0 || afd_ask_query(q, "_order_by", "created_at asc", err) < 0 ||
	       afd_ask_query(q, "_limit", LIMIT, err) < 0 || afd_ask_query(q, "_offset", offset, err) < 0 ? -1 : 0;
}

/* NULL: not what the vendor describes. An empty list may be left out of an answer that has nothing else. */
static const struct afd_node *list_of(const struct afd_node *root)
{
	const struct afd_node *l = afd_node_get(root, "results");

	return l && l->type == AFD_LIST ? l : !l && root->type == AFD_MAP && !root->u.list.n ? root : NULL;
}

static int read_page(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *list, *first;
	const char *colon = t->token ? strchr(t->token, ':') : NULL, *ref;
	char digest[80];

	(void)own, (void)p;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	list = list_of(afd_doc_root(d));
	if (!list)
		return afd_node_fail(d, afd_node_get(afd_doc_root(d), "results"), err, "a list under \"results\"");
	ret->n = list->u.list.n;
	first = list->u.list.first;
	for (const struct afd_node *n = first; n && !*ret->bad_why; n = n->next)
		if (n->type != AFD_MAP) {
			ret->bad = t->window;
			snprintf(ret->bad_why, sizeof(ret->bad_why), "an entry of the audit log is not a map");
		}
	if (!first)
		return 0;
	ref = afd_entry_ref(first, NULL, digest);
	/* The list ends here, so that the next window is asked for: a run that went on in the middle would come to the same page. */
	if (colon && strcmp(colon + 1, ref) == 0) {
		ret->bad = t->window;
		snprintf(ret->bad_why, sizeof(ret->bad_why), "the page before it came again, the pages run in a circle: what follows it was not read");
		return 0;
	}
	return afd_buf_printf(&ret->next, "%" PRIu64 ":%s", (t->token ? (uint64_t)strtoull(t->token, NULL, 10) : 0) + ret->n, ref) < 0 ? afd_fail_memory(err) : 0;
}

static const struct afd_call calls[] = { { .name = "events", .kept = AFD_KEPT_PAGE, .grade = AFD_ASSERTED, .overlap_ms = LATE, .ask = ask, .read = read_page } };

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;
	const int64_t oldest = afd_pages_now(p) - KEPT + AFD_MINUTE;
	struct afd_span w = afd_pages_window(p, 0, c->account, "", c->since == AFD_TIME_NONE ? oldest : c->since);

	if (w.from < oldest) {
		w.from = oldest;
		if (afd_pages_lacking(p, c->account, "the portal keeps its audit log for 13 months: what is older cannot be had any more", err) < 0)
			return -1;
	}
	return afd_pages_add(p, 0, c->account, "", w, err);
}

static const struct afd_pages_spec spec = {
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "in the portal make a service user whose role does no more than view the audit log, an API key for it, and put that where the configuration's token "
		   "points",
	.pace_ms = 500, .burst = 5,
};

/* --- into rows --- */

struct entry {
	const struct afd_node *root, *metadata; struct afd_doc *parsed;   /* metadata that comes as text of JSON */
	const char *id, *action, *kind, *object, *user, *email, *session, *subject, *ip, *result;
	int64_t code;
	struct afd_span at; bool timed;
};

static void afd_entry_release(struct entry *e)
{
	e->parsed = afd_doc_free(e->parsed);
}

static void entry_read(const struct afd_node *n, const struct afd_span *asked, struct entry *e)
{
	const int64_t at = afd_entry_time(afd_node_get(n, "created_at"));

	*e = (struct entry){
		.root = n, .metadata = afd_node_get(n, "event_metadata"), .id = afd_node_word(n, "id"), .action = afd_node_word(n, "action"),
		.kind = afd_node_word(n, "resource_type"), .object = afd_node_word(n, "resource_id"), .user = afd_node_word(n, "user_name"),
		.email = afd_node_word(n, "user_email"), .session = afd_node_word(n, "session_type"), .subject = afd_node_word(n, "subject_type"),
		.ip = afd_node_word(n, "client_ip"), .result = afd_node_word(n, "result"), .code = afd_node_number(n, "http_code", 0),
		/* without a time it happened when was asked for */
		.at = at == AFD_TIME_NONE ? *asked : afd_instant(at), .timed = at != AFD_TIME_NONE,
	};
	if (!e->object)
		e->object = afd_node_word(n, "resource_desc");
	if (afd_node_text(e->metadata) && afd_json_parse(afd_slice_text(afd_node_text(e->metadata)), "metadata", &e->parsed, NULL) == 0)
		e->metadata = afd_doc_root(e->parsed);
}

/* A session by API key is "token", one of the portal "bearer". */
static const char *actor_kind(const struct entry *e)
{
	if (e->session && strcasecmp(e->session, "token") == 0)
		return "credential";
	if (e->subject && strcasecmp(e->subject, "service") == 0)
		return "credential";
	return e->session && strcasecmp(e->session, "bearer") == 0 ? "person" : "unknown";
}

static const char *outcome_of(const struct entry *e)
{
	static const struct afd_action_row words[] = {
		{ "succe*", "success" }, { "ok", "success" }, { "fail*", "failure" }, { "error*", "failure" }, { "denied*", "failure" },
	};
	char other[96];
	const char *ours = afd_action_map(words, AFD_COUNT(words), "x", e->result, other);

	return ours != other ? ours : e->code >= 400 ? "failure" : e->code >= 200 && e->code < 300 ? "success" : "unknown";
}

static const char *told(const struct entry *e, const char *a, const char *b)
{
	const char *s = afd_node_word(e->metadata, a);

	return s ? s : afd_node_word(e->metadata, b);
}

static const char *zone_of(const struct entry *e, const char *verb, char name[AFD_NAME_MAX])
{
	const char *zone = told(e, "dns_absolute_zone_name", "absolute_zone_name");

	if (!zone && strncmp(verb, "zone.", 5) == 0)
		zone = told(e, "fqdn", "protocol_fqdn");
	return zone && afd_name_canonical(afd_slice_text(zone), name, NULL) == 0 ? name : NULL;
}

/* A change is told by what stands there now: what stood there before is not, so only which set lost it. */
static int tell_claim(const struct entry *e, const char *verb, struct afd_audit_claim *c, struct afd_sink *sink, struct afd_error *err)
{
	const char *owner = told(e, "dns_absolute_name_spec", "absolute_name_spec");
	const struct afd_audit_record now = { .owner = owner, .type = afd_node_word(e->metadata, "type"), .rdata = afd_node_word(e->metadata, "dns_rdata") };
	struct afd_audit_record rr[2] = { now, now };

	if (strncmp(verb, "record.", 7) != 0 || !c->zone || !owner || !e->timed)
		return 0;
	rr[0].add = strcmp(verb, "record.delete") != 0;
	if (strcmp(verb, "record.update") == 0)
		rr[1].rdata = NULL;
	c->record = rr;
	c->n = strcmp(verb, "record.update") == 0 ? 2 : 1;
	return afd_audit_claim(c, sink, err);
}

static int tell(const struct entry *e, const char *account, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	char other[96], raw[160], name[AFD_NAME_MAX], digest[80];
	const struct afd_entry_words words = { "infoblox", e->action, e->kind };
	const char *verb = afd_entry_verb(actions, AFD_COUNT(actions), &words, raw, other), *kind = actor_kind(e);
	const struct afd_action *known = afd_action_find(verb);
	const bool gone = e->action && strcasecmp(e->action, "delete") == 0, by_key = strcmp(kind, "credential") == 0;
	AFD_AUTO(mem) char *metadata = NULL;

	if (afd_entry_value(afd_node_get(e->root, "event_metadata"), &metadata, err) < 0)
		return -1;
	const struct afd_row_event row = {
		.account = account, .action = verb, .raw_action = raw, .domain = zone_of(e, verb, name), .object_kind = known ? known->object_kind : e->kind,
		.object = e->object, .actor_kind = kind, .actor = e->user ? e->user : e->email, .origin = e->ip, .channel = by_key ? "api" : e->session ? "ui" : NULL,
		.before = gone ? metadata : NULL, .after = gone ? NULL : metadata, .outcome = outcome_of(e), .provider_ref = afd_entry_ref(e->root, e->id, digest),
		.record_kind = "log", .at = e->at, .part = part,
	};
	struct afd_audit_claim c = {
		.zone = row.domain, .actor = row.actor, .origin = e->ip, .ref = row.provider_ref, .applied = strcmp(row.outcome, "success") == 0,
		.refused = e->code == 401 || e->code == 403, .at_ms = e->at.from, .part = part,
	};

	return sink->event(sink->ctx, &row, err) < 0 ? -1 : tell_claim(e, verb, &c, sink, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_asked_release))) struct afd_asked asked = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *list;
	uint64_t i = 0;

	if (afd_asked_read(item->record->asked, &asked, err) < 0 || afd_json_parse(item->bytes, "page", &d, err) < 0)
		return -1;
	list = list_of(afd_doc_root(d));
	for (const struct afd_node *n = list ? list->u.list.first : NULL; n; n = n->next, i++) {
		AFD_AUTO(entry) struct entry e = { 0 };

		entry_read(n, &asked.window, &e);
		if (n->type == AFD_MAP && tell(&e, asked.scope, item->parts.n > 1 ? 2 * i + 1 : 0, sink, err) < 0)
			return -1;
	}
	return 0;
}

static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err) { return afd_pages_split(bytes, "results", parts, err); }

/* --- the source --- */

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && !c->token)
		return afd_fail(err, AFD_E_CONFIG, "token: a required field is missing");
	if (strpbrk(c->account, " \t\n"))
		return afd_fail(err, AFD_E_CONFIG, "account: expected one word");
	if (afd_pages_base_check(c->url, err) < 0)
		return -1;
	return afd_buf_text(ret, c->account) < 0 ? afd_fail_memory(err) : 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->token && afd_auth_header(sc, "token", c->token, "Authorization", "Token ", &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

const struct afd_provider afd_provider_infoblox_audit = {
	.kind = "infoblox-audit",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Infoblox Portal (CSP): the audit log",
	.help = "Who did what in an account of Infoblox's cloud portal: logins, users, API keys, zones and records, with address and result. Needs an API key of a service user "
		"(Administration > User Access) whose role does no more than view the audit log; it is sent as \"Authorization: Token ...\". The portal keeps 13 months. Which "
		"API key was used is not told, only that one was. Changes of records become claims where the entry's metadata names zone and record. Actions that no row knows "
		"are listed by the check account-event-unmapped. The audit log of NIOS appliances is another one: give it to events-file.",
	.basis = "not tested: made after public descriptions and clients of the vendor's API, no real answer was seen",
	.evidence = "account-events",
	.lag_ms = LATE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.redact = afd_pages_redact, .split = split, .decode = decode,
};
