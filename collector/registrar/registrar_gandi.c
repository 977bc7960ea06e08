/* Domains in an account at Gandi: GET /v5/domain/domains, /v5/domain/domains/DOMAIN and its DNSSEC keys. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/registrar/registrar_state.h"
#include "collector/table.h"

static const struct afd_registrar_token_config defaults = { .r = { .url = "https://api.gandi.net" } };
static const struct afd_field fields[] = { AFD_REGISTRAR_TOKEN_FIELDS("personal access token"), { 0 } };

/* Further pages are announced by a Link with rel="next" (RFC 8288). */
static int next_page(const struct afd_node *root, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret)
{
	(void)root;
	if (!ret->n || (!strstr(r->link, "rel=\"next\"") && !strstr(r->link, "rel=next")))
		return 0;
	return afd_buf_printf(&ret->next, "%" PRIu64, t->page + 1);
}

static const struct afd_registrar_step steps[] = {
	{ .path = "/v5/domain/domains/{domain}" },
	{ .path = "/v5/domain/domains/{domain}/dnskeys" },
};
static const struct afd_state_path paths[] = {
	{ 1, "fqdn", AFD_STATE_NAME, NULL },
	{ 1, "status[]", AFD_STATE_STATUS, NULL },
	{ 1, "nameservers[]", AFD_STATE_NAME_SERVER, NULL },
	{ 1, "nameserver.hosts[]", AFD_STATE_NAME_SERVER, NULL },
	{ 1, "autorenew", AFD_STATE_AUTO_RENEW, NULL },           /* a word in lists, a map in the domain's own answer */
	{ 1, "autorenew.enabled", AFD_STATE_AUTO_RENEW, NULL },
	{ 1, "authinfo", AFD_STATE_AUTH_CODE, NULL },
	{ 1, "dates.created_at", AFD_STATE_CREATED, NULL },
	{ 1, "dates.registry_created_at", AFD_STATE_CREATED, NULL },
	{ 1, "dates.updated_at", AFD_STATE_UPDATED, NULL },
	{ 1, "dates.registry_ends_at", AFD_STATE_EXPIRES, NULL },
	{ 1, "contacts.owner", AFD_STATE_CONTACT, "registrant" },
	{ 1, "contacts.admin", AFD_STATE_CONTACT, "admin" },
	{ 1, "contacts.tech", AFD_STATE_CONTACT, "tech" },
	{ 1, "contacts.bill", AFD_STATE_CONTACT, "billing" },
	{ 2, "[]", AFD_STATE_DS, NULL },
};
static const struct afd_registrar registrar = {
	.list = "/v5/domain/domains?per_page=100&page={page}", .names = "[].fqdn", .next = next_page,
	.step = steps, .n_step = AFD_COUNT(steps), .path = paths, .n_path = AFD_COUNT(paths),
	.header = "Authorization", .prefix = "Bearer ",
	.refused = "make a personal access token for the organisation with the permission to see its domains (Account > Personal Access Tokens; "
		   "it has an end), and put it where the configuration's token points",
	.pace_ms = 200, .burst = 10,                   /* 1000 a minute */
};

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_registrar_token_begin(&registrar, sc, config, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_registrar_decode(&registrar, item, sink, err);
}

const struct afd_provider afd_provider_gandi_registrar = {
	.kind = "gandi-registrar",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Domains in an account at Gandi",
	.help = "Statuses and locks, name servers, DNSSEC keys, dates, renewal and contacts of the account's domains, compared from run to run: what differs "
		"becomes an event between two looks. Needs a personal access token of the organisation that may see domains and nothing else; it has an end. "
		"Gandi does not tell what a token may do, so `doctor` cannot say whether it is broader. "
		"Gandi tells neither who changed something nor when; the transfer code that it shows is cut out before anything is stored.",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_REGISTRAR_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct afd_registrar_token_config), .config_defaults = &defaults,
	.scopes = afd_registrar_token_scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
