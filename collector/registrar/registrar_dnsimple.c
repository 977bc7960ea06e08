/* Domains in an account at DNSimple: GET /v2/ACCOUNT/domains, and of each its registrant, the lock, the delegation, the DS data and
 * whether DNSimple signs the zone. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/registrar/registrar_state.h"
#include "collector/table.h"

static const struct afd_registrar_token_config defaults = { .r = { .url = "https://api.dnsimple.com" } };
static const struct afd_field fields[] = { AFD_REGISTRAR_TOKEN_FIELDS("API token of the account"), { 0 } };

static int next_page(const struct afd_node *root, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret)
{
	const struct afd_node *pages = afd_node_get(root, "pagination");
	const int64_t at = afd_node_number(pages, "current_page", 1), last = afd_node_number(pages, "total_pages", 1);

	(void)t, (void)r;
	ret->total = afd_node_number(pages, "total_entries", -1);
	return at < last ? afd_buf_printf(&ret->next, "%" PRId64, at + 1) : 0;
}

enum { DOMAIN = 1, LOCK, DELEGATION, DS, DNSSEC, REGISTRANT };
static const struct afd_registrar_step steps[] = {
	{ .path = "/v2/{account}/domains/{domain}", .each = "/v2/{account}/contacts/{id}", .at = "data.registrant_id", .each_as = REGISTRANT },
	{ .path = "/v2/{account}/registrar/domains/{domain}/transfer_lock" },
	{ .path = "/v2/{account}/registrar/domains/{domain}/delegation" },
	{ .path = "/v2/{account}/domains/{domain}/ds_records?per_page=100" },
	{ .path = "/v2/{account}/domains/{domain}/dnssec" },
};
static const struct afd_state_path paths[] = {
	{ DOMAIN, "data.name", AFD_STATE_NAME, NULL },
	{ DOMAIN, "data.state", AFD_STATE_STATUS, NULL },
	{ DOMAIN, "data.auto_renew", AFD_STATE_AUTO_RENEW, NULL },
	{ DOMAIN, "data.private_whois", AFD_STATE_PRIVACY, NULL },
	{ DOMAIN, "data.created_at", AFD_STATE_CREATED, NULL },
	{ DOMAIN, "data.updated_at", AFD_STATE_UPDATED, NULL },
	{ DOMAIN, "data.expires_on", AFD_STATE_EXPIRES, NULL },        /* older answers have the day alone */
	{ DOMAIN, "data.expires_at", AFD_STATE_EXPIRES, NULL },
	{ LOCK, "data.enabled", AFD_STATE_TRANSFER_LOCK, NULL },
	{ DELEGATION, "data", AFD_STATE_NAME_SERVER, NULL },
	{ DS, "data[]", AFD_STATE_DS, NULL },
	{ REGISTRANT, "data", AFD_STATE_CONTACT, "registrant" },
};

/* enabled: DNSimple is to sign; active: it does. */
static int event(const struct afd_list *l, unsigned step, const struct afd_node *answer, const struct afd_item_view *item, struct afd_sink *sink,
		 struct afd_error *err)
{
	const struct afd_node *data = afd_node_get(answer, "data"), *enabled = afd_node_get(data, "enabled"), *active = afd_node_get(data, "active");
	const struct afd_row_observation o = { .kind = "domain-setting", .subject = l->scope, .name = "dnssec", .number = AFD_TIME_NONE,
		.at = afd_instant(item->record->received_ms),
		.value = !enabled || enabled->type != AFD_BOOL ? NULL : !enabled->u.i ? "disabled" :
			 active && active->type == AFD_BOOL && !active->u.i ? "enabled, not active" : "enabled" };

	return step == DNSSEC && o.value ? sink->observation(sink->ctx, &o, err) : 0;
}

static const struct afd_pages_excess excess[] = { AFD_DNSIMPLE_EXCESS };

static const struct afd_registrar registrar = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.list = "/v2/{account}/domains?per_page=100&page={page}", .names = "data[].name", .next = next_page,
	.step = steps, .n_step = AFD_COUNT(steps), .path = paths, .n_path = AFD_COUNT(paths), .event = event,
	.header = "Authorization", .prefix = "Bearer ",
	.refused = "make an account token under Account > Access Tokens, and put it where the configuration's token points",
	.pace_ms = 1500, .burst = 100,                 /* 2400 an hour */
};

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_registrar_token_begin(&registrar, sc, config, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_registrar_decode(&registrar, item, sink, err);
}

const struct afd_provider afd_provider_dnsimple_registrar = {
	.kind = "dnsimple-registrar",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Domains in an account at DNSimple",
	.help = "Lock, renewal, privacy, registrant, delegation, DS data, signing, state and dates of the account's domains, compared from run to run; account is the account's "
		"number. Needs an API token of the account (Account > Access Tokens); where the plan has scoped tokens, one that may only read domains and contacts. "
		"DNSimple does not tell here who changed something: that comes from its webhooks.",
	.basis = "tested on the vendor's document",
	.evidence = AFD_REGISTRAR_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct afd_registrar_token_config), .config_defaults = &defaults,
	.scopes = afd_registrar_token_scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
