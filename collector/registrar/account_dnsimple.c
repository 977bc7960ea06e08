/* What an account at DNSimple tells of itself: whose token this is and how many accounts it reaches, domains that somebody pushes into the account, and
 * changes of registrants that were asked for. It lists no tokens. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/registrar/account_state.h"
#include "collector/table.h"
#include "core/name.h"

enum { WHOAMI, ACCOUNTS, PUSHES, CHANGES };

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

static int ask_accounts(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own, (void)t;
	return afd_buf_text(&q->url, "/v2/accounts") < 0 ? afd_fail_memory(err) : 0;
}

/* Of account T->scope, page after page: PATH. */
static int ask_list(const struct afd_turn *t, const char *path, const char *page, struct afd_ask *q, struct afd_error *err)
{
	if (afd_buf_text(&q->url, "/v2") < 0 || afd_ask_path(q, t->scope, err) < 0 || afd_buf_text(&q->url, path) < 0)
		return afd_fail_memory(err);
	return afd_ask_query(q, "per_page", "100", err) < 0 || afd_ask_query(q, "page", page, err) < 0 ? -1 : 0;
}

static int ask_pushes(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	return ask_list(t, "/pushes", t->token ? t->token : "1", q, err);
}

/* A change names its domain by a number, so the domains come first; "c1" is the first page of the changes. */
static int ask_changes(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (t->token && t->token[0] == 'c')
		return ask_list(t, "/registrar/registrant_changes", t->token + 1, q, err);
	return ask_list(t, "/domains", t->token ? t->token : "1", q, err);
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

static int read_changes(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
			struct afd_error *err)
{
	const bool changes = t->token && t->token[0] == 'c';
	AFD_AUTO(buf) struct afd_buf next = { 0 };

	if (read_answer(own, p, t, r, ret, err) < 0)
		return -1;
	ret->total = -1;                          /* of two lists together nobody tells it */
	if (afd_buf_add_slice(&next, afd_buf_slice(&ret->next)) < 0)
		return afd_fail_memory(err);
	ret->next.len = 0;
	if (next.len ? afd_buf_printf(&ret->next, "%s%.*s", changes ? "c" : "", (int)next.len, (char *)next.data) < 0 :
		       !changes && afd_buf_text(&ret->next, "c1") < 0)
		return afd_fail_memory(err);
	return 0;
}

static const struct afd_call calls[] = {
	[WHOAMI] = { .name = "whoami", .kept = AFD_KEPT_LIST, .ask = ask_whoami, .read = read_answer },
	[ACCOUNTS] = { .name = "accounts", .kept = AFD_KEPT_LIST, .ask = ask_accounts, .read = read_answer },
	[PUSHES] = { .name = "pushes", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .ask = ask_pushes, .read = read_answer },
	[CHANGES] = { .name = "changes", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .ask = ask_changes, .read = read_changes },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;

	for (size_t i = 0; i < AFD_COUNT(calls); i++)
		if (afd_pages_add(p, (int)i, c->account, "", (struct afd_span){ 0, 0 }, err) < 0)
			return -1;
	return 0;
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
	if (strcmp(l->call, "accounts") == 0) {
		o.name = "accounts-of-token";
		o.number = data && data->type == AFD_LIST ? (int64_t)data->u.list.n : 1;
		o.value = o.number > 1 ? "several" : "one";
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

/* --- changes of registrants --- */

/* The name of domain ID in a page of domains, or NULL. */
static const char *name_in(const struct afd_node *page, int64_t id)
{
	for (const struct afd_node *n = afd_node_items(page, "data"); n; n = n->next)
		if (afd_node_number(n, "id", -1) == id && afd_node_word(n, "name"))
			return afd_node_word(n, "name");
	return NULL;
}

/* It was asked for at created_at and came to what it is now at updated_at; by whom is not told. */
static int tell_change(const struct afd_list *l, const struct afd_node *n, const char *domain, struct afd_sink *sink, struct afd_error *err)
{
	const int64_t id = afd_node_number(n, "id", -1), from = afd_account_time(n, "created_at"), to = afd_account_time(n, "updated_at");
	const char *state = afd_node_word(n, "state");
	AFD_AUTO(mem) char *ref = afd_sprintf("registrant-change:%" PRId64, id);
	AFD_AUTO(mem) char *contact = afd_sprintf("%" PRId64, afd_node_number(n, "contact_id", -1));
	char name[AFD_NAME_MAX];
	const bool named = domain && afd_name_canonical(afd_slice_text(domain), name, NULL) == 0;
	const struct afd_row_event e = {
		.account = l->scope, .action = "contact.change", .raw_action = "registrant_change", .domain = named ? name : NULL, .object_kind = "contact",
		.object = contact, .actor_kind = "unknown", .after = state, .provider_ref = ref, .record_kind = "job",
		.at = { from, to != AFD_TIME_NONE && to >= from ? to + 1 : from + 1 },
		.outcome = state && !strcmp(state, "completed") ? "success" : state && !strncmp(state, "cancel", 6) ? "failure" : "unknown",
	};

	if (!ref || !contact)
		return afd_fail_memory(err);
	return id < 0 || from == AFD_TIME_NONE ? 0 : sink->event(sink->ctx, &e, err);
}

/* Pages of domains have names, those of changes have contacts. */
static int tell_changes(const struct afd_list *l, const struct afd_node *const *page, struct afd_sink *sink, struct afd_error *err)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct afd_node *data = afd_node_get(page[i], "data"), *first = data && data->type == AFD_LIST ? data->u.list.first : data;

		for (const struct afd_node *n = first; n; n = data->type == AFD_LIST ? n->next : NULL) {
			const char *domain = NULL;

			if (!afd_node_get(n, "contact_id"))
				continue;
			for (size_t k = 0; k < l->n && !domain; k++)
				domain = name_in(page[k], afd_node_number(n, "domain_id", -1));
			if (tell_change(l, n, domain, sink, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int decode_changes(const struct afd_list *l, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_node **page = calloc(l->n + 1, sizeof(const struct afd_node *));
	struct afd_doc **doc = calloc(l->n + 1, sizeof(*doc));
	int r = page && doc ? 0 : afd_fail_memory(err);

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		r = afd_json_parse(l->page[i].body, "answer", &doc[i], err);
		page[i] = r == 0 ? afd_doc_root(doc[i]) : NULL;
	}
	if (r == 0)
		r = tell_changes(l, page, sink, err);
	for (size_t i = 0; doc && i < l->n; i++)
		afd_doc_release(&doc[i]);
	free(doc);
	free(page);
	return r;
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };

	if (afd_pages_unchanged(item))
		return 0;
	if (afd_list_read(item->bytes, &l, err) < 0)
		return -1;
	if (strcmp(l.call, "changes") == 0)
		return decode_changes(&l, sink, err);
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
	.title = "An account at DNSimple: whose token, pushes, changes of registrants",
	.help = "Whether the token is the account's or a person's (which reaches every account of that person: broader than needed) and how many accounts it "
		"reaches, domains that somebody pushes into the account, and changes of registrants with what became of them (by whom is not told). Needs an "
		"API token of the account (Account > Access Tokens). DNSimple lists neither tokens nor members: those are in its webhooks.",
	.basis = "tested on the vendor's document",
	.evidence = AFD_ACCOUNT_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
