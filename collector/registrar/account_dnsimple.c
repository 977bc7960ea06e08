/* What an account at DNSimple tells of itself: whose token this is, and domains that somebody pushes into it. It lists no tokens. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/registrar/account_state.h"
#include "collector/table.h"

enum { WHOAMI, PUSHES };

struct config { const char *account, *url, *token; };
static const struct config defaults = { .url = "https://api.dnsimple.com" };
static const struct afd_field fields[] = {
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "account id, a number" },
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, token), "API token of the account" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ 0 }
};

static int ask_whoami(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own, (void)t;
	return afd_buf_text(&q->url, "/v2/whoami") < 0 ? afd_fail_memory(err) : 0;
}

static int ask_pushes(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, "/v2") < 0 || afd_ask_path(q, t->scope, err) < 0 || afd_buf_text(&q->url, "/pushes") < 0)
		return afd_fail_memory(err);
	return afd_ask_query(q, "per_page", "100", err) < 0 || afd_ask_query(q, "page", t->token ? t->token : "1", err) < 0 ? -1 : 0;
}

static int read_answer(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		       struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *data, *pages;
	int64_t at;

	(void)own, (void)p, (void)t;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	data = afd_node_get(afd_doc_root(d), "data");
	if (!data || (data->type != AFD_MAP && data->type != AFD_LIST))
		return afd_node_fail(d, data, err, "\"data\"");
	pages = afd_node_get(afd_doc_root(d), "pagination");
	ret->n = data->type == AFD_LIST ? data->u.list.n : 1;
	ret->total = afd_node_number(pages, "total_entries", -1);
	at = afd_node_number(pages, "current_page", 1);
	return at < afd_node_number(pages, "total_pages", 1) && afd_buf_printf(&ret->next, "%" PRId64, at + 1) < 0 ? afd_fail_memory(err) : 0;
}

static const struct afd_call calls[] = {
	[WHOAMI] = { .name = "whoami", .kept = AFD_KEPT_LIST, .ask = ask_whoami, .read = read_answer },
	[PUSHES] = { .name = "pushes", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .ask = ask_pushes, .read = read_answer },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;

	return afd_pages_add(p, WHOAMI, c->account, "", (struct afd_span){ 0, 0 }, err) < 0 ? -1 :
	       afd_pages_add(p, PUSHES, c->account, "", (struct afd_span){ 0, 0 }, err);
}

static int tell(const struct afd_list *l, const struct afd_node *data, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_row_observation o = { .kind = "account-setting", .subject = l->scope, .name = "token-of", .number = AFD_TIME_NONE,
		.at = afd_instant(item->record->received_ms) };
	const struct afd_node *user = afd_node_get(data, "user");
	char name[40];

	if (strcmp(l->call, "whoami") == 0) {
		/* a person's token reaches every account of that person */
		o.value = user && user->type == AFD_MAP ? "user" : "account";
		return sink->observation(sink->ctx, &o, err);
	}
	o.kind = "domain-push";
	for (const struct afd_node *n = data && data->type == AFD_LIST ? data->u.list.first : NULL; n; n = n->next) {
		snprintf(name, sizeof(name), "push %lld", (long long)afd_node_number(n, "id", -1));
		o.name = name;
		o.value = afd_node_word(n, "accepted_at") ? "accepted" : "pending";
		o.number = afd_account_time(n, "created_at");
		if (sink->observation(sink->ctx, &o, err) < 0)
			return -1;
	}
	return 0;
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };

	if (afd_pages_unchanged(item))
		return 0;
	if (afd_list_read(item->bytes, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;

		if (afd_json_parse(l.page[i].body, "answer", &d, err) < 0 || tell(&l, afd_node_get(afd_doc_root(d), "data"), item, sink, err) < 0)
			return -1;
	}
	return 0;
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
	if (c->account[strcspn(c->account, " \t")])
		return afd_fail(err, AFD_E_CONFIG, "account: expected one word");
	if (afd_pages_base_check(c->url, err) < 0)
		return -1;
	return afd_buf_text(ret, c->account) < 0 ? afd_fail_memory(err) : 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->token && afd_auth_header(sc, "token", c->token, "Authorization", "Bearer ", &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

const struct afd_provider afd_provider_dnsimple_account = {
	.kind = "dnsimple-account",
	.leg = AFD_LEG_ACCOUNT,
	.title = "An account at DNSimple: whose token, which pushes",
	.help = "Whether the token is the account's or a person's (which reaches every account of that person: broader than needed), and domains that somebody "
		"pushes into the account. Needs an API token of the account. DNSimple lists neither tokens nor members: those are in its webhooks.",
	.basis = "tested on the vendor's document",
	.evidence = AFD_ACCOUNT_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
