/* Zones at DNSimple: GET /v2/ACCOUNT/zones/ZONE/records. */
#include "collector/api/hosted.h"
#include "collector/table.h"

#include <stdio.h>

struct config { const char *account, *url, *token; struct afd_texts zones; };
static const struct config defaults = { .url = "https://api.dnsimple.com" };
static const struct afd_field fields[] = {
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "account id, a number" },
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, token), "API token of the account" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, zones), "zones to read" },
	{ 0 }
};

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	const struct config *c = own;

	if (afd_buf_text(&q->url, "/v2") < 0)
		return afd_fail_memory(err);
	if (afd_ask_path(q, c->account, err) < 0 || afd_buf_text(&q->url, "/zones") < 0 || afd_ask_path(q, t->subject, err) < 0 ||
	    afd_buf_text(&q->url, "/records") < 0)
		return -1;
	return afd_ask_query(q, "per_page", "100", err) < 0 || afd_ask_query(q, "page", t->token ? t->token : "1", err) < 0 ? -1 : 0;
}

static int read_answer(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		       struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *data, *pages;
	int64_t at, last;

	(void)own, (void)p, (void)t;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	data = afd_node_get(afd_doc_root(d), "data");
	pages = afd_node_get(afd_doc_root(d), "pagination");
	if (!data || data->type != AFD_LIST)
		return afd_node_fail(d, data, err, "a list of records under \"data\"");
	ret->n = data->u.list.n;
	ret->total = afd_node_number(pages, "total_entries", -1);
	at = afd_node_number(pages, "current_page", 1);
	last = afd_node_number(pages, "total_pages", 1);
	return at < last && afd_buf_printf(&ret->next, "%lld", (long long)at + 1) < 0 ? afd_fail_memory(err) : 0;
}

/* A record that only some regions answer with says so. */
static int note_regions(struct afd_hosted *h, const struct afd_node *n, const char *name, const char *type, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf all = { 0 };

	for (const struct afd_node *r = afd_node_items(n, "regions"); r; r = r->next)
		if (afd_node_text(r) && (afd_buf_text(&all, all.len ? "," : "") < 0 || afd_buf_text(&all, afd_node_text(r)) < 0))
			return afd_fail_memory(err);
	if (!all.len || strcmp((char *)all.data, "global") == 0)
		return 0;
	return afd_hosted_own(h, name, true, "ROUTED", afd_node_number(n, "ttl", 0), err, "%s regions=%s %s", type, (char *)all.data,
			      afd_node_word(n, "content") ? afd_node_word(n, "content") : "");
}

static int page(struct afd_hosted *h, const struct afd_doc *d, struct afd_error *err)
{
	for (const struct afd_node *n = afd_node_items(afd_doc_root(d), "data"); n; n = n->next) {
		const char *name = afd_node_text(afd_node_get(n, "name")), *type = afd_node_word(n, "type");
		const char *content = afd_node_text(afd_node_get(n, "content"));
		int64_t priority = afd_node_number(n, "priority", -1);
		AFD_AUTO(mem) char *rdata = NULL;

		if (!name || !type || !content)
			return afd_node_fail(d, n, err, "a record with name, type and content");
		rdata = priority >= 0 && (!strcmp(type, "MX") || !strcmp(type, "SRV")) ?
			afd_sprintf("%lld %s", (long long)priority, content) : afd_strdup(content);
		if (!rdata)
			return afd_fail_memory(err);
		if (afd_hosted_add(h, &(struct afd_hosted_record){ .owner = name, .type = type, .rdata = rdata, .relative = true,
		                                                   .ttl = afd_node_number(n, "ttl", 0), .raw_text = true }, err) < 0 ||
		    note_regions(h, n, name, type, err) < 0)
			return -1;
	}
	return 0;
}

static const struct afd_call calls[] = {
	{ .name = "records", .kept = AFD_KEPT_LIST, .ask = ask, .read = read_answer },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	return afd_hosted_start(p, 0, &((const struct config *)own)->zones, err);
}

/* {"data":{"user":{...},"account":null}} */
bool afd_dnsimple_is_person(void *own, const struct afd_response *r)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *user;

	(void)own;
	if (afd_page_json(r, AFD_MAP, &d, NULL) < 0)
		return false;
	user = afd_node_get(afd_node_get(afd_doc_root(d), "data"), "user");
	return user && user->type == AFD_MAP;
}

static const struct afd_pages_excess excess[] = { AFD_DNSIMPLE_EXCESS };

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "make an account token under Account > Access Tokens, and put it where the configuration's token points",
	.pace_ms = 1500, .burst = 100,                 /* 2400 an hour */
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && !c->token)
		return afd_fail(err, AFD_E_CONFIG, "token: a required field is missing");
	return afd_hosted_scopes(&c->zones, c->url, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->token && afd_auth_header(sc, "token", c->token, "Authorization", "Bearer ", &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_hosted_decode(&(struct afd_hosted_decoder){ .call = "records", .page = page }, item, sink, err);
}

const struct afd_provider afd_provider_dnsimple_zone = {
	.kind = "dnsimple-zone",
	.leg = AFD_LEG_ZONE,
	.title = "Zones at DNSimple",
	.help = "The records of zones that DNSimple serves, compared from run to run; the serial in the SOA shows whether something "
		"moved between. Needs an API token of the account (Account > Access Tokens); where the plan has scoped tokens, "
		"one that may only read zones. DNSimple does not tell here who changed a record: that comes from its webhooks.",
	.basis = "tested on the vendor's document",
	.evidence = AFD_HOSTED_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_hosted_redact, .decode = decode,
};
