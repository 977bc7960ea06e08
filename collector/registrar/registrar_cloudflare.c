/* Domains registered at Cloudflare: GET /accounts/ACCOUNT/registrar/domains and .../domains/DOMAIN. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/registrar/registrar_state.h"
#include "collector/table.h"

static const struct afd_registrar_token_config defaults = { .r = { .url = "https://api.cloudflare.com/client/v4" } };
static const struct afd_field fields[] = { AFD_REGISTRAR_TOKEN_FIELDS("API token"), { 0 } };

static int next_page(const struct afd_node *root, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret)
{
	const struct afd_node *info = afd_node_get(root, "result_info");
	const int64_t at = afd_node_number(info, "page", 1), last = afd_node_number(info, "total_pages", 1);

	(void)t, (void)r;
	ret->count = afd_node_number(info, "count", -1);
	ret->total = afd_node_number(info, "total_count", -1);
	return at < last ? afd_buf_printf(&ret->next, "%" PRId64, at + 1) : 0;
}

static const struct afd_registrar_step steps[] = { { .path = "/accounts/{account}/registrar/domains/{domain}" } };
static const struct afd_state_path paths[] = {
	{ 1, "result.name", AFD_STATE_NAME, NULL },
	{ 1, "result.registry_statuses", AFD_STATE_STATUS, NULL },
	{ 1, "result.locked", AFD_STATE_TRANSFER_LOCK, NULL },
	{ 1, "result.auto_renew", AFD_STATE_AUTO_RENEW, NULL },
	{ 1, "result.privacy", AFD_STATE_PRIVACY, NULL },
	{ 1, "result.name_servers", AFD_STATE_NAME_SERVER, NULL },
	{ 1, "result.ds_records", AFD_STATE_DS, NULL },
	{ 1, "result.current_registrar", AFD_STATE_REGISTRAR, NULL },
	{ 1, "result.created_at", AFD_STATE_CREATED, NULL },
	{ 1, "result.updated_at", AFD_STATE_UPDATED, NULL },
	{ 1, "result.expires_at", AFD_STATE_EXPIRES, NULL },
	{ 1, "result.registrant_contact", AFD_STATE_CONTACT, "registrant" },
};
static const struct afd_pages_excess excess[] = {
	{ .path = "/user/tokens?per_page=5", .can = AFD_CLOUDFLARE_USER_TOKENS, .instead = "make a token with Domain Registration: Read alone" },
	{ .path = "/zones?per_page=5", .shown = afd_cloudflare_sees_zone, .can = "it sees zones", .instead = "make a token with Domain Registration: Read alone" },
};

static const struct afd_registrar registrar = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.list = "/accounts/{account}/registrar/domains?per_page=50&page={page}", .names = "result[].name", .next = next_page,
	.step = steps, .n_step = AFD_COUNT(steps), .path = paths, .n_path = AFD_COUNT(paths),
	.header = "Authorization", .prefix = "Bearer ",
	.refused = "make an API token with the permission \"Account > Domain Registration: Read\" for this account alone, and put it where the "
		   "configuration's token points",
	.pace_ms = 250, .burst = 100,                  /* 1200 in five minutes */
};

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_registrar_token_begin(&registrar, sc, config, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_registrar_decode(&registrar, item, sink, err);
}

const struct afd_provider afd_provider_cloudflare_registrar = {
	.kind = "cloudflare-registrar",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Domains registered at Cloudflare",
	.help = "Lock, statuses at the registry, renewal, privacy, dates and registrant of the domains that Cloudflare registers, compared from run to run; "
		"account is the account's id. Needs an API token with \"Domain Registration: Read\" of this account alone. Who changed something is "
		"in the audit log (cloudflare-audit), not here.",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_REGISTRAR_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct afd_registrar_token_config), .config_defaults = &defaults,
	.scopes = afd_registrar_token_scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
