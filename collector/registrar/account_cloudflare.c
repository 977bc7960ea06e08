/* Credentials and members of an account at Cloudflare: its tokens, its members, and whether it asks for a second factor. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/registrar/account_state.h"
#include "collector/table.h"

enum { TOKENS, USER_TOKENS, MEMBERS, SETTINGS };

struct config { const char *account, *url, *token; bool user; };
static const struct config defaults = { .url = "https://api.cloudflare.com/client/v4" };
static const struct afd_field fields[] = {
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "the account's id" },
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, token), "API token" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "user_tokens", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct config, user), "true: also the tokens of the person who made this one" },
	{ 0 }
};

/* --- asking --- */

static int ask_path(const struct afd_turn *t, const char *what, struct afd_ask *q, struct afd_error *err)
{
	if (afd_buf_text(&q->url, "/accounts") < 0 || afd_ask_path(q, t->scope, err) < 0 || afd_buf_text(&q->url, what) < 0)
		return afd_fail_memory(err);
	return 0;
}

static int ask_page(const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	return afd_ask_query(q, "per_page", "50", err) < 0 || afd_ask_query(q, "page", t->token ? t->token : "1", err) < 0 ? -1 : 0;
}

static int ask_tokens(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	return ask_path(t, "/tokens", q, err) < 0 ? -1 : ask_page(t, q, err);
}

static int ask_user_tokens(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	return afd_buf_text(&q->url, "/user/tokens") < 0 ? afd_fail_memory(err) : ask_page(t, q, err);
}

static int ask_members(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	return ask_path(t, "/members", q, err) < 0 ? -1 : ask_page(t, q, err);
}

static int ask_settings(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	return ask_path(t, "", q, err);
}

static int success(const struct afd_response *r, struct afd_doc **ret, struct afd_error *err)
{
	if (afd_page_json(r, AFD_MAP, ret, err) < 0)
		return -1;
	return afd_node_true(afd_doc_root(*ret), "success") ? 0 : afd_fail(err, AFD_E_REMOTE, "answer: success is not true");
}

static int read_list(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		     struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *result, *info;
	int64_t at;

	(void)own, (void)p, (void)t;
	if (success(r, &d, err) < 0)
		return -1;
	result = afd_node_get(afd_doc_root(d), "result");
	if (!result || result->type != AFD_LIST)
		return afd_node_fail(d, result, err, "a list under \"result\"");
	info = afd_node_get(afd_doc_root(d), "result_info");
	ret->n = result->u.list.n;
	ret->count = afd_node_number(info, "count", -1);
	ret->total = afd_node_number(info, "total_count", -1);
	at = afd_node_number(info, "page", 1);
	return at < afd_node_number(info, "total_pages", 1) && afd_buf_printf(&ret->next, "%" PRId64, at + 1) < 0 ? afd_fail_memory(err) : 0;
}

static int read_settings(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
			 struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)own, (void)p, (void)t;
	ret->n = 1;
	return success(r, &d, err);
}

static const struct afd_call calls[] = {
	[TOKENS] = { .name = "tokens", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .ask = ask_tokens, .read = read_list },
	[USER_TOKENS] = { .name = "user-tokens", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .ask = ask_user_tokens, .read = read_list },
	[MEMBERS] = { .name = "members", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .ask = ask_members, .read = read_list },
	[SETTINGS] = { .name = "settings", .kept = AFD_KEPT_LIST, .ask = ask_settings, .read = read_settings },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;
	AFD_AUTO(mem) char *user = afd_sprintf("%s/user", c->account);
	const struct afd_span now = { 0, 0 };

	if (!user)
		return afd_fail_memory(err);
	if (afd_pages_add(p, TOKENS, c->account, "", now, err) < 0 || afd_pages_add(p, MEMBERS, c->account, "", now, err) < 0 ||
	    afd_pages_add(p, SETTINGS, c->account, "", now, err) < 0)
		return -1;
	return c->user ? afd_pages_add(p, USER_TOKENS, user, "", now, err) : 0;
}

/* --- tokens --- */

static int add_scopes(const struct afd_node *token, struct afd_words *w)
{
	for (const struct afd_node *p = afd_node_items(token, "policies"); p; p = p->next) {
		const char *effect = afd_node_word(p, "effect");
		const struct afd_node *resources = afd_node_get(p, "resources");

		for (const struct afd_node *g = afd_node_items(p, "permission_groups"); g; g = g->next) {
			const char *name = afd_node_word(g, "name") ? afd_node_word(g, "name") : afd_node_word(g, "id");
			const struct afd_node *r = resources && resources->type == AFD_MAP ? resources->u.list.first : NULL;

			do {
				if (name && afd_words_add(w, afd_sprintf("%s%s%s%s%s%s", effect && strcmp(effect, "allow") != 0 ? "deny " : "", name, r ? " on " : "",
									 r ? r->key : "", r && afd_node_text(r) ? "=" : "", r && afd_node_text(r) ? afd_node_text(r) : "")) < 0)
					return -1;
				r = r ? r->next : NULL;
			} while (r);
		}
	}
	return 0;
}

static int add_limits(const struct afd_node *token, struct afd_words *w)
{
	static const struct { const char *key, *words; } what[] = { { "in", "from" }, { "not_in", "not from" } };
	const struct afd_node *ip = afd_node_get(afd_node_get(token, "condition"), "request_ip");
	const char *begins = afd_node_word(token, "not_before");

	for (size_t i = 0; i < AFD_COUNT(what); i++)
		for (const struct afd_node *n = afd_node_items(ip, what[i].key); n; n = n->next)
			if (afd_node_text(n) && afd_words_add(w, afd_sprintf("%s %s", what[i].words, afd_node_text(n))) < 0)
				return -1;
	return begins ? afd_words_add(w, afd_sprintf("not before %s", begins)) : 0;
}

static int add_token(struct afd_account *a, const struct afd_node *n, struct afd_error *err)
{
	AFD_AUTO(words) struct afd_words scopes = { 0 };
	AFD_AUTO(words) struct afd_words limits = { 0 };
	struct afd_credential_state *c;
	const char *s, *l;

	if (!afd_node_word(n, "id"))
		return afd_fail(err, AFD_E_PARSE, "a token without an id");
	if (add_scopes(n, &scopes) < 0 || add_limits(n, &limits) < 0 || !(s = afd_account_text(a, afd_words_join(&scopes, "; "))) ||
	    !(l = afd_account_text(a, afd_words_join(&limits, "; "))) || !(c = afd_account_credential(a)))
		return afd_fail_memory(err);
	c->id = afd_account_text(a, afd_strdup(afd_node_word(n, "id")));
	c->kind = "api-token";
	c->name = afd_node_word(n, "name") ? afd_account_text(a, afd_strdup(afd_node_word(n, "name"))) : NULL;
	c->status = afd_node_word(n, "status") ? afd_account_text(a, afd_strdup(afd_node_word(n, "status"))) : NULL;
	c->scopes = s;
	c->limits = l;
	c->created_ms = afd_account_time(n, "issued_on");
	c->used_ms = afd_account_time(n, "last_used_on");
	/* left out where the token has no end */
	c->expires_ms = afd_node_word(n, "expires_on") ? afd_account_time(n, "expires_on") : AFD_FOREVER;
	return c->id ? 0 : afd_fail_memory(err);
}

static int page_tokens(struct afd_account *a, const struct afd_node *root, struct afd_error *err)
{
	for (const struct afd_node *n = afd_node_items(root, "result"); n; n = n->next)
		if (add_token(a, n, err) < 0)
			return -1;
	return 0;
}

/* --- members --- */

static int add_roles(const struct afd_node *member, struct afd_words *w)
{
	for (const struct afd_node *r = afd_node_items(member, "roles"); r; r = r->next) {
		const char *name = afd_node_text(r) ? afd_node_text(r) : afd_node_word(r, "name");

		if (name && afd_words_add(w, afd_strdup(name)) < 0)
			return -1;
	}
	return add_scopes(member, w);
}

static int add_member(struct afd_account *a, const struct afd_node *n, struct afd_error *err)
{
	AFD_AUTO(words) struct afd_words roles = { 0 };
	const struct afd_node *user = afd_node_get(n, "user"), *mfa = afd_node_get(user, "two_factor_authentication_enabled");
	const char *first = afd_node_word(user, "first_name"), *last = afd_node_word(user, "last_name");
	const char *email = afd_node_word(user, "email") ? afd_node_word(user, "email") : afd_node_word(n, "email");
	struct afd_member_state *m;
	const char *r;

	if (!afd_node_word(n, "id"))
		return afd_fail(err, AFD_E_PARSE, "a member without an id");
	if (add_roles(n, &roles) < 0 || !(r = afd_account_text(a, afd_words_join(&roles, "; "))) || !(m = afd_account_member(a)))
		return afd_fail_memory(err);
	m->id = afd_account_text(a, afd_strdup(afd_node_word(n, "id")));
	m->email = email ? afd_account_text(a, afd_strdup(email)) : NULL;
	m->name = first || last ? afd_account_text(a, afd_sprintf("%s%s%s", first ? first : "", first && last ? " " : "", last ? last : "")) : NULL;
	m->status = afd_node_word(n, "status") ? afd_account_text(a, afd_strdup(afd_node_word(n, "status"))) : NULL;
	m->roles = r;
	m->mfa = mfa && mfa->type == AFD_BOOL ? (mfa->u.i ? AFD_YES : AFD_NO) : AFD_NOT_STATED;
	return m->id ? 0 : afd_fail_memory(err);
}

static int page_members(struct afd_account *a, const struct afd_node *root, struct afd_error *err)
{
	for (const struct afd_node *n = afd_node_items(root, "result"); n; n = n->next)
		if (add_member(a, n, err) < 0)
			return -1;
	return 0;
}

/* --- settings --- */

static int settings(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *map;

	if (afd_list_read(item->bytes, &l, err) < 0)
		return -1;
	if (strcmp(l.call, "settings") != 0 || !l.n)
		return 0;
	if (afd_json_parse(l.page[0].body, "answer", &d, err) < 0)
		return -1;
	map = afd_node_get(afd_node_get(afd_doc_root(d), "result"), "settings");
	for (const struct afd_node *n = map && map->type == AFD_MAP ? map->u.list.first : NULL; n; n = n->next) {
		const struct afd_row_observation o = {
			.kind = "account-setting", .subject = l.scope, .name = n->key,
			.value = n->type == AFD_BOOL ? (n->u.i ? "true" : "false") : afd_node_text(n) ? afd_node_text(n) : "",
			.number = n->type == AFD_INT || n->type == AFD_BOOL ? n->u.i : AFD_TIME_NONE, .at = afd_instant(item->record->received_ms),
		};

		if (n->type != AFD_NULL && n->type != AFD_MAP && n->type != AFD_LIST && sink->observation(sink->ctx, &o, err) < 0)
			return -1;
	}
	return 0;
}

static const struct afd_account_list lists[] = {
	{ .call = "tokens", .credentials = true, .page = page_tokens },
	{ .call = "user-tokens", .credentials = true, .page = page_tokens },
	{ .call = "members", .members = true, .page = page_members },
};

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	if (afd_pages_unchanged(item))
		return 0;
	return afd_account_tell(lists, AFD_COUNT(lists), item, sink, err) < 0 ? -1 : settings(item, sink, err);
}

/* --- the source --- */

/* Where the user's tokens are to be read, it must be able to. */
static int ask_user_excess(void *own, struct afd_ask *q, struct afd_error *err)
{
	if (((const struct config *)own)->user)
		return 1;
	return afd_buf_text(&q->url, "/user/tokens?per_page=5") < 0 ? afd_fail_memory(err) : 0;
}

static const struct afd_pages_excess excess[] = {
	{ .ask = ask_user_excess, .can = AFD_CLOUDFLARE_USER_TOKENS, .instead = "make a token without User > API Tokens, or set user_tokens if they are wanted" },
	{ .path = "/zones?per_page=5", .shown = afd_cloudflare_sees_zone, .can = "it sees zones",
	  .instead = "make a token with Account API Tokens: Read and Account Settings: Read alone" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "make an API token with \"Account > Account API Tokens: Read\" and \"Account > Account Settings: Read\" for this account alone (for "
		   "user_tokens also \"User > API Tokens: Read\"), and put it where the configuration's token points",
	.pace_ms = 250, .burst = 100,
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && !c->token)
		return afd_fail(err, AFD_E_CONFIG, "token: a required field is missing");
	if (c->account[strcspn(c->account, " \t/?#")])
		return afd_fail(err, AFD_E_CONFIG, "account: expected an id");
	if (afd_pages_base_check(c->url, err) < 0)
		return -1;
	return afd_buf_printf(ret, "%s", c->account) < 0 || (c->user && afd_buf_printf(ret, " %s/user", c->account) < 0) ? afd_fail_memory(err) : 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->token && afd_auth_header(sc, "token", c->token, "Authorization", "Bearer ", &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

const struct afd_provider afd_provider_cloudflare_account = {
	.kind = "cloudflare-account",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Credentials and members of an account at Cloudflare",
	.help = "API tokens of the account with permissions, end, last use and address limits; members with roles and second factor; the account's settings "
		"(enforce_twofactor). Needs an API token with \"Account API Tokens: Read\" and \"Account Settings: Read\" of this account alone. Tokens of "
		"persons are seen by themselves only: user_tokens reads those of whoever made this one. A person's global API key is in no list.",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_ACCOUNT_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
