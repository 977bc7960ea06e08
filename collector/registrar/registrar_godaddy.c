/* Domains in an account at GoDaddy: GET /v1/domains and /v1/domains/DOMAIN. */
#include <stdio.h>

#include "collector/registrar/registrar_state.h"
#include "collector/table.h"

#define PER_PAGE 500

static const struct afd_registrar_token_config defaults = { .r = { .url = "https://api.godaddy.com" } };
static const struct afd_field fields[] = { AFD_REGISTRAR_TOKEN_FIELDS("API key as KEY:SECRET"), { 0 } };

/* The next page begins behind the last name of this one. */
static int next_page(const struct afd_node *root, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret)
{
	const struct afd_node *last = root->u.list.first;
	const char *name;

	(void)t, (void)r;
	while (last && last->next)
		last = last->next;
	name = afd_node_word(last, "domain");
	if (ret->n < PER_PAGE || !name)
		return 0;
	return afd_buf_text(&ret->next, "&marker=") < 0 ? -1 : afd_escape(name, &ret->next);
}

static const struct afd_registrar_step steps[] = { { .path = "/v1/domains/{domain}" } };
static const struct afd_state_path paths[] = {
	{ 1, "domain", AFD_STATE_NAME, NULL },
	{ 1, "status", AFD_STATE_STATUS, NULL },
	{ 1, "locked", AFD_STATE_TRANSFER_LOCK, NULL },
	{ 1, "renewAuto", AFD_STATE_AUTO_RENEW, NULL },
	{ 1, "privacy", AFD_STATE_PRIVACY, NULL },
	{ 1, "authCode", AFD_STATE_AUTH_CODE, NULL },
	{ 1, "nameServers", AFD_STATE_NAME_SERVER, NULL },
	{ 1, "createdAt", AFD_STATE_CREATED, NULL },
	{ 1, "expires", AFD_STATE_EXPIRES, NULL },
	{ 1, "contactRegistrant", AFD_STATE_CONTACT, "registrant" },
	{ 1, "contactAdmin", AFD_STATE_CONTACT, "admin" },
	{ 1, "contactTech", AFD_STATE_CONTACT, "tech" },
	{ 1, "contactBilling", AFD_STATE_CONTACT, "billing" },
};
static const struct afd_registrar registrar = {
	.list = "/v1/domains?limit=500{token}", .names = "[].domain", .next = next_page,
	.step = steps, .n_step = AFD_COUNT(steps), .path = paths, .n_path = AFD_COUNT(paths),
	.header = "Authorization", .prefix = "sso-key ",
	.refused = "make a production key at developer.godaddy.com (the API is closed to small accounts), and put key and secret, with ':' between, where the configuration's "
		   "token points",
	.pace_ms = 1000, .burst = 5,                   /* 60 a minute for each end point */
};

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_registrar_token_begin(&registrar, sc, config, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_registrar_decode(&registrar, item, sink, err);
}

const struct afd_provider afd_provider_godaddy_registrar = {
	.kind = "godaddy-registrar",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Domains in an account at GoDaddy",
	.help = "Lock, renewal, privacy, name servers, status, dates and contacts of the account's domains, compared from run to run. Needs a production key "
		"(KEY:SECRET); GoDaddy's keys cannot be narrowed: whoever has one can change everything, so keep it apart and roll it. GoDaddy tells "
		"neither who changed something nor DS data here; the transfer code that it shows in plain is cut out before anything is stored.",
	.whole = "GoDaddy has no key that only reads: whoever has it can change everything; keep it apart and roll it",
	.basis = "on clients of the vendor's API, not tested on a real answer",
	.evidence = AFD_REGISTRAR_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct afd_registrar_token_config), .config_defaults = &defaults,
	.scopes = afd_registrar_token_scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
