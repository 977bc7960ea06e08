/* Akamai's Event Viewer: GET /event-viewer-api/v1/events, newest first, 50 a page; a page leads to the next by the id of its last event. */
#include <stdio.h>

#include "collector/api/edgegrid.h"
#include "collector/api/hosted.h"
#include "collector/registrar/events_file.h"
#include "collector/table.h"

#define LATE AFD_HOUR
#define KEPT (90 * AFD_DAY)

/* Names of events as the vendor's documentation shows them; the others are kept and reported. */
static const char map[] = "{\"format\":\"json\",\"list\":\"events\",\"time\":\"eventTime\",\"fields\":{"
	"\"action\":{\"from\":\"eventType.eventDefinition.eventName\",\"words\":{\"Login\":\"login\",\"Logout\":\"logout\"}},"
	"\"object_kind\":\"eventType.eventTypeName\",\"actor\":\"username\",\"actor_kind\":{\"from\":\"impersonator\",\"words\":{\"true\":\"provider\",\"false\":\"person\"}},"
	"\"after\":\"eventData\",\"provider_ref\":\"eventId\"}}";

struct config { const char *url, *account, *client_token, *access_token, *secret; int64_t since; };
static const struct config defaults = { .since = AFD_TIME_NONE };
static const struct afd_field fields[] = {
	{ "access_token", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, access_token), "access_token of the API client's .edgerc" },
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "your name for the account: one word" },
	{ "client_secret", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, secret), "its client_secret" },
	{ "client_token", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, client_token), "its client_token" },
	{ "since", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct config, since), "the first run begins here; 90 days ago unless said" },
	{ "url", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, url), "its host, https://akab-....luna.akamaiapis.net, or file:DIR of recordings" },
	{ 0 }
};

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	struct afd_when_text from = afd_when_text(t->window.from), to = afd_when_text(t->window.to);

	(void)own;
	from.s[19] = to.s[19] = '\0';                 /* whole seconds, UTC, without a zone */
	if (afd_buf_text(&q->url, "/event-viewer-api/v1/events") < 0)
		return afd_fail_memory(err);
	if (afd_ask_query(q, "start", from.s, err) < 0 || afd_ask_query(q, "end", to.s, err) < 0)
		return -1;
	return t->token ? afd_ask_query(q, "beforeEventId", t->token, err) : 0;
}

/* The id in the link to the next page; nothing else of it is followed. */
static int next_id(const struct afd_node *root, struct afd_buf *ret)
{
	static const char word[] = "beforeEventId=";
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	for (const struct afd_node *l = afd_node_items(root, "links"); l; l = l->next) {
		const char *rel = afd_node_word(l, "rel"), *href = afd_node_word(l, "href"), *at = href ? strstr(href, word) : NULL;

		if (rel && !strcmp(rel, "next") && at) {
			at += strlen(word);
			return afd_buf_add(ret, at, strspn(at, allowed));
		}
	}
	return 0;
}

static int read_page(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct afd_events_page page;

	(void)own, (void)p;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0 || afd_events_page_look(map, r->body, &page, err) < 0)
		return -1;
	ret->n = page.n;
	if (page.bad) {
		ret->bad = t->window;
		snprintf(ret->bad_why, sizeof(ret->bad_why), "%s", page.why);
	}
	return page.n && next_id(afd_doc_root(d), &ret->next) < 0 ? afd_fail_memory(err) : 0;
}

static const struct afd_call calls[] = { { .name = "events", .kept = AFD_KEPT_PAGE, .grade = AFD_ASSERTED, .overlap_ms = LATE, .ask = ask, .read = read_page } };

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;
	const int64_t oldest = afd_pages_now(p) - KEPT + AFD_MINUTE;
	struct afd_span w = afd_pages_window(p, 0, c->account, "", c->since == AFD_TIME_NONE ? oldest : c->since);

	if (w.from < oldest) {
		w.from = oldest;
		if (afd_pages_lacking(p, c->account, "the Event Viewer keeps 90 days: what is older cannot be had any more", err) < 0)
			return -1;
	}
	return afd_pages_add(p, 0, c->account, "", w, err);
}

/* What Identity & Access tells of the client itself; one that has the Event Viewer alone may not ask. */
static bool reaches_more(void *own, const struct afd_response *r)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *access;

	(void)own;
	if (afd_page_json(r, AFD_MAP, &d, NULL) < 0)
		return false;
	access = afd_node_get(afd_doc_root(d), "apiAccess");
	for (const struct afd_node *n = afd_node_items(access, "apis"); n; n = n->next) {
		const char *name = afd_node_word(n, "apiName"), *level = afd_node_word(n, "accessLevel");

		if (!name || !level || !strstr(name, "Event Viewer") || strcmp(level, "READ-ONLY") != 0)
			return true;
	}
	return afd_node_true(access, "allAccessibleApis");
}

static const struct afd_pages_excess excess[] = {
	{ .path = "/identity-management/v3/api-clients/self", .shown = reaches_more, .can = "it reaches other APIs than the Event Viewer, or may write",
	  .instead = "make an API client whose only API is the Event Viewer, READ-ONLY" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .start = start, .pace_ms = 1000, .burst = 1,
	.refused = "the API client is not valid, may not do this, or our clock is wrong: in Identity & Access make one with READ-ONLY access to the Event Viewer API, "
		   "and put its client_secret where the configuration points",
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strpbrk(c->account, " \t\n"))
		return afd_fail(err, AFD_E_CONFIG, "account: expected one word");
	if (strncmp(c->url, "file:", 5) != 0 && (!c->client_token || !c->access_token || !c->secret))
		return afd_fail(err, AFD_E_CONFIG, "client_token, access_token, client_secret: a required field is missing");
	if (afd_buf_text(ret, c->account) < 0)
		return afd_fail_memory(err);
	return afd_pages_base_check(c->url, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	const struct afd_edgegrid_keys keys = { c->client_token, c->access_token, c->secret };
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->secret && c->client_token && c->access_token && afd_auth_edgegrid(sc, &keys, &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err) { return afd_pages_split(bytes, "events", parts, err); }

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_asked asked = { 0 };
	int r;

	if (afd_asked_read(item->record->asked, &asked, err) < 0)
		return -1;
	r = afd_events_decode_page(map, asked.scope, item, sink, err);
	afd_asked_release(&asked);
	return r;
}

const struct afd_provider afd_provider_akamai_events = {
	.kind = "akamai-events",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Akamai account: the Event Viewer",
	.help = "Who did what in an Akamai account: logins and changes, with the name of the user, and whether somebody of Akamai acted in their place "
		"(impersonator). Needs an API client (Identity & Access > API users & clients > Create API client) whose only API is the Event Viewer, "
		"READ-ONLY, made for this program alone; its .edgerc gives url (host), client_token, access_token and client_secret. Kept 90 days. Not told: "
		"address, the client or token that was used, and whether an action succeeded. `doctor` asks Identity & Access what the client reaches: only a "
		"client that has that API, too, is told. The names of events depend on the products of the account: those that the map does not know are "
		"listed by the check account-event-unmapped.",
	.basis = "tested on the vendor's document",
	.evidence = AFD_EVENTS_EVIDENCE,
	.lag_ms = LATE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .split = split, .decode = decode,
};
