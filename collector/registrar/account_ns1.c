/* Credentials and members of an account at NS1: API keys and users with their permissions, address limits and last use. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/registrar/account_state.h"
#include "collector/registrar/json_walk.h"
#include "collector/table.h"

enum { KEYS, USERS };

struct config { const char *account, *url, *api_key; };
static const struct config defaults = { .url = "https://api.nsone.net" };
static const struct afd_field fields[] = {
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "name of the account in reports, one word" },
	{ "api_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, api_key), "API key" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ 0 }
};

static int ask_keys(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own, (void)t;
	return afd_buf_text(&q->url, "/v1/account/apikeys") < 0 ? afd_fail_memory(err) : 0;
}

static int ask_users(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own, (void)t;
	return afd_buf_text(&q->url, "/v1/account/users") < 0 ? afd_fail_memory(err) : 0;
}

static int read_list(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		     struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)own, (void)p, (void)t;
	if (afd_page_json(r, AFD_LIST, &d, err) < 0)
		return -1;
	ret->n = afd_doc_root(d)->u.list.n;
	return 0;
}

static const struct afd_call calls[] = {
	[KEYS] = { .name = "keys", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .ask = ask_keys, .read = read_list },
	[USERS] = { .name = "users", .kept = AFD_KEPT_LIST, .grade = AFD_SAMPLED, .ask = ask_users, .read = read_list },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;

	return afd_pages_add(p, KEYS, c->account, "", (struct afd_span){ 0, 0 }, err) < 0 ? -1 :
	       afd_pages_add(p, USERS, c->account, "", (struct afd_span){ 0, 0 }, err);
}

/* --- into rows --- */

/* What is granted: "dns.manage_zones"; lists that narrow it: "dns.zones_allow=a.test". */
static int add_permissions(const struct afd_node *map, const char *prefix, unsigned depth, struct afd_words *w)
{
	for (const struct afd_node *n = map && map->type == AFD_MAP && depth < 4 ? map->u.list.first : NULL; n; n = n->next) {
		AFD_AUTO(mem) char *name = afd_sprintf("%s%s%s", prefix, *prefix ? "." : "", n->key);

		if (!name)
			return -1;
		if (n->type == AFD_BOOL && n->u.i && afd_words_add(w, afd_strdup(name)) < 0)
			return -1;
		if (n->type == AFD_MAP && add_permissions(n, name, depth + 1, w) < 0)
			return -1;
		for (const struct afd_node *e = n->type == AFD_LIST ? n->u.list.first : NULL; e; e = e->next) {
			const char *text = afd_node_text(e) ? afd_node_text(e) : afd_node_word(e, "domain");

			if (text && afd_words_add(w, afd_sprintf("%s=%s", name, text)) < 0)
				return -1;
		}
	}
	return 0;
}

/* Permissions, and the teams that hand down theirs. Owned by A. */
static const char *scopes_of(struct afd_account *a, const struct afd_node *n)
{
	AFD_AUTO(words) struct afd_words w = { 0 };

	if (add_permissions(afd_node_get(n, "permissions"), "", 0, &w) < 0)
		return NULL;
	for (const struct afd_node *t = afd_node_items(n, "teams"); t; t = t->next)
		if (afd_node_text(t) && afd_words_add(&w, afd_sprintf("team=%s", afd_node_text(t))) < 0)
			return NULL;
	return afd_account_text(a, afd_words_join(&w, " "));
}

/* A list of addresses binds only where it is strict. */
static const char *limits_of(struct afd_account *a, const struct afd_node *n)
{
	AFD_AUTO(words) struct afd_words w = { 0 };
	const struct afd_node *strict = afd_node_get(n, "ip_whitelist_strict");
	const bool loose = strict && strict->type == AFD_BOOL && !strict->u.i;

	for (const struct afd_node *i = afd_node_items(n, "ip_whitelist"); i; i = i->next)
		if (afd_node_text(i) && afd_words_add(&w, afd_sprintf("%s %s", loose ? "from (not strict)" : "from", afd_node_text(i))) < 0)
			return NULL;
	return afd_account_text(a, afd_words_join(&w, "; "));
}

static int add_key(struct afd_account *a, const struct afd_node *n, struct afd_error *err)
{
	const char *id = afd_node_word(n, "id"), *scopes = scopes_of(a, n), *limits = limits_of(a, n);
	struct afd_credential_state *c;

	if (!id)
		return afd_fail(err, AFD_E_PARSE, "an API key without an id");
	if (!scopes || !limits || !(c = afd_account_credential(a)))
		return afd_fail_memory(err);
	c->id = afd_account_text(a, afd_strdup(id));
	c->kind = "api-key";
	c->name = afd_node_word(n, "name") ? afd_account_text(a, afd_strdup(afd_node_word(n, "name"))) : NULL;
	c->scopes = scopes;
	c->limits = limits;
	c->created_ms = afd_account_time(n, "created");
	c->used_ms = afd_account_time(n, "last_access");
	c->expires_ms = AFD_FOREVER;                       /* keys of NS1 have no end */
	return c->id ? 0 : afd_fail_memory(err);
}

static int page_keys(struct afd_account *a, const struct afd_node *root, struct afd_error *err)
{
	for (const struct afd_node *n = root->type == AFD_LIST ? root->u.list.first : NULL; n; n = n->next)
		if (add_key(a, n, err) < 0)
			return -1;
	return 0;
}

static int add_user(struct afd_account *a, const struct afd_node *n, struct afd_error *err)
{
	const char *id = afd_node_word(n, "username"), *scopes = scopes_of(a, n);
	const struct afd_node *mfa = afd_node_get(n, "2fa_enabled") ? afd_node_get(n, "2fa_enabled") : afd_node_get(n, "two_factor_auth_enabled");
	struct afd_member_state *m;

	if (!id)
		return afd_fail(err, AFD_E_PARSE, "a user without a username");
	if (!scopes || !(m = afd_account_member(a)))
		return afd_fail_memory(err);
	m->id = afd_account_text(a, afd_strdup(id));
	m->name = afd_node_word(n, "name") ? afd_account_text(a, afd_strdup(afd_node_word(n, "name"))) : NULL;
	m->email = afd_node_word(n, "email") ? afd_account_text(a, afd_strdup(afd_node_word(n, "email"))) : NULL;
	m->roles = scopes;
	m->mfa = mfa && mfa->type == AFD_BOOL ? (mfa->u.i ? AFD_YES : AFD_NO) : AFD_NOT_STATED;
	m->seen_login_ms = afd_account_time(n, "last_access");
	return m->id ? 0 : afd_fail_memory(err);
}

static int page_users(struct afd_account *a, const struct afd_node *root, struct afd_error *err)
{
	for (const struct afd_node *n = root->type == AFD_LIST ? root->u.list.first : NULL; n; n = n->next)
		if (add_user(a, n, err) < 0)
			return -1;
	return 0;
}

static const struct afd_account_list lists[] = {
	{ .call = "keys", .credentials = true, .page = page_keys },
	{ .call = "users", .members = true, .page = page_users },
};

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_account_tell(lists, AFD_COUNT(lists), item, sink, err);
}

/* --- secrets: the key itself, whatever it looks like --- */

struct keys { struct afd_ranges *cuts; uint64_t base; };

static int see(void *ctx, const struct afd_json_at *v, struct afd_error *err)
{
	const struct keys *k = ctx;

	if (v->kind != AFD_JSON_STRING || !v->len || !afd_slice_equal(v->key, afd_slice_text("key")))
		return 0;
	return afd_ranges_add(k->cuts, k->base + v->off, v->len) < 0 ? afd_fail_memory(err) : 0;
}

static int redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };

	if (afd_pages_redact(bytes, cuts, err) < 0)
		return -1;
	if (afd_list_read(bytes, &l, NULL) < 0)
		return 0;
	for (size_t i = 0; i < l.n; i++) {
		struct keys k = { cuts, (uint64_t)(l.page[i].body.data - bytes.data) };

		if (afd_json_walk(l.page[i].body, see, &k, err) < 0)
			return -1;
	}
	return 0;
}

/* --- the source --- */

static bool sees_zone(void *own, const struct afd_response *r)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)own;
	return afd_page_json(r, AFD_LIST, &d, NULL) == 0 && afd_doc_root(d)->u.list.n;
}

static const struct afd_pages_excess excess[] = {
	{ .path = "/zones", .shown = sees_zone, .can = "it sees zones", .instead = "make a key without permissions of DNS" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "make an API key with view permission on API keys and users (account: manage_apikeys and manage_users are what NS1 asks for), limited to "
		   "our addresses, and put it where the configuration's api_key points",
	.pace_ms = 500, .burst = 10,
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && !c->api_key)
		return afd_fail(err, AFD_E_CONFIG, "api_key: a required field is missing");
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

	if (c->api_key && afd_auth_header(sc, "api_key", c->api_key, "X-NSONE-Key", "", &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

const struct afd_provider afd_provider_ns1_account = {
	.kind = "ns1-account",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Credentials and members of an account at NS1",
	.help = "API keys and users with permissions, address limits, teams and last use. The keys themselves stand in NS1's answer and are cut out before anything "
		"is stored. NS1 shows the list only to keys that may manage keys (account.manage_apikeys, account.manage_users): limit this one to your "
		"addresses, strictly. NS1 tells no end of a key: it has none.",
	.basis = "on clients of the vendor's API, not tested on a real answer",
	.evidence = AFD_ACCOUNT_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = redact, .decode = decode,
};
