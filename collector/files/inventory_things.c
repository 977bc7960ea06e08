/* What is owned: domains, zones, services, certificates, and the environments that they belong to. */
#include "collector/files/inventory.h"
#include "core/name.h"
#include "core/prefix.h"

struct domain {
	const char *name, *zone, *account, *owner, *reason, *registrar;
	bool in_scope, exact, lookalike;
	const struct afd_node *issuers;
	struct afd_texts addresses;
};
const struct afd_field afd_inv_domain_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct domain, name) },
	{ "zone", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct domain, zone) },
	{ "account", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct domain, account) },
	{ "owner", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct domain, owner) },
	{ "in_scope", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct domain, in_scope) },
	{ "reason", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct domain, reason) },
	{ "issuers", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct domain, issuers) },
	{ "exact", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct domain, exact) },
	{ "lookalike", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct domain, lookalike) },
	{ "addresses", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct domain, addresses) },
	{ "tier", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "environment", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "registrar", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct domain, registrar) },
	{ 0 }
};

struct issuer { const char *name, *key; int64_t from, to; };
static const struct afd_field issuer_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct issuer, name) },
	{ "key", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct issuer, key) },
	{ "valid_from", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct issuer, from) },
	{ "valid_to", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct issuer, to) },
	{ 0 }
};

static int issuer_row(struct afd_inv *v, const char *domain, const struct afd_node *n)
{
	struct issuer i = { .from = 0, .to = AFD_FOREVER };
	uint8_t hash[32];
	const char *key;

	/* a text alone: a name, or the digits of a key */
	if (afd_node_text(n) && *afd_node_text(n))
		*(strlen(afd_node_text(n)) == 64 && strspn(afd_node_text(n), "0123456789abcdef") == 64 ? &i.key : &i.name) = afd_node_text(n);
	else if (afd_fields_read(v->d, n, issuer_fields, &i, v->err) < 0)
		return -1;
	if (!i.name == !i.key)
		return afd_uf_fail(v->d, n, v->err, "issuers: expected either \"name\" or \"key\"%s",
				   i.name ? ", got both" : ", got neither");
	if (i.key && afd_unhex(i.key, strlen(i.key), hash, sizeof(hash)) < 0)
		return afd_node_fail(v->d, afd_node_get(n, "key"), v->err,
				     "64 lower-case hex digits: SHA-256 of the issuer's public key");
	if (i.from >= i.to)
		return afd_node_fail(v->d, afd_node_get(n, "valid_to"), v->err, "a time after valid_from");
	key = afd_uf_keep(v->d, "%s|%s|%s|%lld", domain, i.key ? i.key : "", i.name ? i.name : "", (long long)i.from);
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("domain", domain),
		AFD_V_TEXT("issuer_key_hash", i.key ? i.key : ""),
		AFD_V_TEXT("issuer", i.name ? i.name : ""),
		AFD_V_INT("valid_from", i.from),
		AFD_V_INT("valid_to", i.to),
	};
	return afd_uf_row(&v->rows, "approved_issuer", key, n->line, row, AFD_COUNT(row), v->err);
}

static int zone_of(struct afd_inv *v, const struct afd_node *n, const char *name, const char **zone)
{
	const struct afd_node *at = afd_node_get(n, "zone");

	if (!*zone)
		*zone = name;
	if (!strcmp(*zone, "none")) {
		*zone = NULL;
		return 0;
	}
	*zone = afd_uf_host(v->d, at ? at : n, *zone, false, v->err);
	if (!*zone)
		return -1;
	if (!afd_name_within(name, *zone))
		return afd_node_fail(v->d, at, v->err, "the zone that holds the name, or \"none\"");
	return 0;
}

static int address_rows(struct afd_inv *v, const struct domain *d, const struct afd_node *n)
{
	for (size_t i = 0; i < d->addresses.n; i++) {
		char text[AFD_PREFIX_TEXT];
		uint8_t key[AFD_PREFIX_KEY];
		const char *prefix;

		if (afd_prefix_parse(d->addresses.at[i], key) < 0 || afd_prefix_text(key, text) < 0)
			return afd_uf_fail(v->d, afd_node_get(n, "addresses"), v->err,
					   "addresses: \"%.60s\" is no address, and no range like 192.0.2.0/24 with nothing set behind the prefix",
					   d->addresses.at[i]);
		prefix = afd_uf_keep(v->d, "%s", text);
		if (!prefix)
			return afd_fail_memory(v->err);
		const struct afd_row_user_value row[] = { AFD_V_TEXT("domain", d->name), AFD_V_TEXT("prefix", prefix) };
		if (afd_uf_row(&v->rows, "domain_address", afd_uf_keep(v->d, "%s|%s", d->name, prefix), n->line, row,
			       AFD_COUNT(row), v->err) < 0)
			return -1;
	}
	return 0;
}

/* No top-level domain is a number (RFC 3696, 2): 192.0.2.1 is an address. */
static bool is_address(const char *name)
{
	const char *last = strrchr(name, '.');

	return last && last[1] && strspn(last + 1, "0123456789") == strlen(last + 1);
}

int afd_inv_domain(struct afd_inv *v, const struct afd_node *n)
{
	struct domain d = { .in_scope = true };
	const struct afd_node *issuer;
	const char *tier;

	if (afd_fields_read(v->d, n, afd_inv_domain_fields, &d, v->err) < 0 || afd_inv_word(v, n, "tier", afd_inv_tiers, &tier) < 0)
		return -1;
	d.name = afd_uf_host(v->d, afd_node_get(n, "name"), d.name, false, v->err);
	if (d.name && is_address(d.name))
		return afd_node_fail(v->d, afd_node_get(n, "name"), v->err, "a domain name, and no address (of a domain: addresses)");
	if (!d.name || zone_of(v, n, d.name, &d.zone) < 0 || afd_uf_list(v->d, d.issuers, &issuer, v->err) < 0 ||
	    afd_inv_refer(v, n, "environment", "environment") < 0)
		return -1;
	struct afd_row_user_value row[11] = {
		AFD_V_TEXT("name", d.name),   AFD_V_TEXT("zone", d.zone),        AFD_V_TEXT("account", d.account),
		AFD_V_TEXT("owner", d.owner), AFD_V_INT("in_scope", d.in_scope), AFD_V_TEXT("reason", d.reason),
		AFD_V_TEXT("tier", tier),     AFD_V_TEXT("environment", afd_node_text(afd_node_get(n, "environment"))),
		AFD_V_TEXT("registrar", d.registrar),
	};
	size_t columns = 9;
	if (d.exact)
		row[columns++] = (struct afd_row_user_value)AFD_V_INT("exact", 1);
	if (d.lookalike)
		row[columns++] = (struct afd_row_user_value)AFD_V_INT("lookalike", 1);
	if (d.lookalike && !strchr(d.name, '.'))
		return afd_node_fail(v->d, afd_node_get(n, "lookalike"), v->err, "a name of two labels at least, for others to look like");
	if (afd_uf_row(&v->rows, "domain", d.name, n->line, row, columns, v->err) < 0 ||
	    afd_inv_put(v, &(struct afd_inv_place){ v->d, n, d.name, row[7].text, false }) < 0)
		return -1;
	/* nobody looks for the addresses of what is not in scope */
	if (d.in_scope && address_rows(v, &d, n) < 0)
		return -1;
	for (; issuer; issuer = issuer->next)
		if (issuer_row(v, d.name, issuer) < 0)
			return -1;
	return 0;
}

struct zone { const char *name, *owner, *supplier; };
const struct afd_field afd_inv_zone_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct zone, name) },
	{ "owner", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct zone, owner) },
	{ "tier", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "environment", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "signed", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "supplier", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct zone, supplier) },
	{ 0 }
};

int afd_inv_zone(struct afd_inv *v, const struct afd_node *n)
{
	struct zone z = { 0 };
	struct afd_row_user_value wants = { .column = "signed" };
	const char *tier;

	if (afd_fields_read(v->d, n, afd_inv_zone_fields, &z, v->err) < 0 || afd_inv_word(v, n, "tier", afd_inv_tiers, &tier) < 0 ||
	    afd_inv_truth(v, n, "signed", &wants) < 0 || afd_inv_refer(v, n, "environment", "environment") < 0 ||
	    afd_inv_refer(v, n, "supplier", "supplier") < 0)
		return -1;
	z.name = afd_uf_host(v->d, afd_node_get(n, "name"), z.name, false, v->err);
	if (!z.name)
		return -1;
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("name", z.name), AFD_V_TEXT("owner", z.owner), AFD_V_TEXT("tier", tier),
		AFD_V_TEXT("environment", afd_node_text(afd_node_get(n, "environment"))), wants, AFD_V_TEXT("supplier", z.supplier),
	};
	return afd_uf_row(&v->rows, "owned_zone", z.name, n->line, row, AFD_COUNT(row), v->err);
}

struct service { const char *name, *host, *owner, *supplier; int64_t retired; };
const struct afd_field afd_inv_service_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct service, name) },
	{ "host", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct service, host) },
	{ "owner", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct service, owner) },
	{ "tier", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "environment", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "exposure", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "renewal", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "validation", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "supplier", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct service, supplier) },
	{ "retired", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct service, retired) },
	{ 0 }
};
static const char *const exposures[] = { "public", "internal", NULL };
static const char *const renewals[] = { "automatic", "manual", NULL };
static const char *const validations[] = { "dns-01", "http-01", "tls-alpn-01", "dns-persist-01", "other", NULL };

int afd_inv_service(struct afd_inv *v, const struct afd_node *n)
{
	struct service s = { .retired = AFD_TIME_NONE };
	const char *tier, *exposure, *renewal, *validation, *environment = afd_node_text(afd_node_get(n, "environment"));

	if (afd_fields_read(v->d, n, afd_inv_service_fields, &s, v->err) < 0 || afd_inv_word(v, n, "tier", afd_inv_tiers, &tier) < 0 ||
	    afd_inv_word(v, n, "exposure", exposures, &exposure) < 0 || afd_inv_word(v, n, "renewal", renewals, &renewal) < 0 ||
	    afd_inv_word(v, n, "validation", validations, &validation) < 0 || afd_inv_refer(v, n, "environment", "environment") < 0 ||
	    afd_inv_refer(v, n, "supplier", "supplier") < 0)
		return -1;
	s.host = afd_uf_host(v->d, afd_node_get(n, "host"), s.host, true, v->err);
	if (!s.host || afd_inv_put(v, &(struct afd_inv_place){ v->d, n, s.host, environment, false }) < 0)
		return -1;
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("name", s.name), AFD_V_TEXT("host", s.host), AFD_V_TEXT("owner", s.owner), AFD_V_TEXT("tier", tier),
		AFD_V_TEXT("environment", environment), AFD_V_TEXT("exposure", exposure), AFD_V_TEXT("renewal", renewal),
		AFD_V_TEXT("validation", validation), AFD_V_TEXT("supplier", s.supplier), AFD_V_TIME("retired_ms", s.retired),
	};
	return afd_uf_row(&v->rows, "service", s.name, n->line, row, AFD_COUNT(row), v->err);
}

struct certificate { const char *id, *host, *service, *owner, *serial, *sha256, *issuer; };
const struct afd_field afd_inv_certificate_fields[] = {
	{ "id", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct certificate, id) },
	{ "host", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct certificate, host) },
	{ "service", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct certificate, service) },
	{ "owner", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct certificate, owner) },
	{ "serial", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct certificate, serial) },
	{ "sha256", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct certificate, sha256) },
	{ "issuer", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct certificate, issuer) },
	{ 0 }
};

int afd_inv_certificate(struct afd_inv *v, const struct afd_node *n)
{
	struct certificate c = { 0 };

	if (afd_fields_read(v->d, n, afd_inv_certificate_fields, &c, v->err) < 0 || afd_inv_refer(v, n, "service", "service") < 0)
		return -1;
	c.host = afd_uf_host(v->d, afd_node_get(n, "host"), c.host, true, v->err);
	if (!c.host)
		return -1;
	/* as tables have them: two digits for each byte, no colons (RFC 5280, 4.1.2.2: at most 20 bytes) */
	if (c.serial && (strlen(c.serial) % 2 || strlen(c.serial) > 40 || c.serial[strspn(c.serial, "0123456789abcdef")]))
		return afd_node_fail(v->d, afd_node_get(n, "serial"), v->err, "lower-case hex digits, two for each byte");
	if (c.sha256 && (strlen(c.sha256) != 64 || c.sha256[strspn(c.sha256, "0123456789abcdef")]))
		return afd_node_fail(v->d, afd_node_get(n, "sha256"), v->err, "64 lower-case hex digits: SHA-256 of the whole certificate");
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("id", c.id), AFD_V_TEXT("host", c.host), AFD_V_TEXT("service", c.service), AFD_V_TEXT("owner", c.owner),
		AFD_V_TEXT("serial", c.serial), AFD_V_TEXT("cert_sha256", c.sha256), AFD_V_TEXT("issuer", c.issuer),
	};
	return afd_uf_row(&v->rows, "owned_certificate", c.id, n->line, row, AFD_COUNT(row), v->err);
}

struct environment { const char *name, *owner; struct afd_texts names; };
const struct afd_field afd_inv_environment_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct environment, name) },
	{ "kind", AFD_FIELD_IGNORE, AFD_REQUIRED, 0 },
	{ "owner", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct environment, owner) },
	{ "names", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct environment, names) },
	{ 0 }
};
static const char *const environment_kinds[] = { "production", "test", NULL };

static int environment_name(struct afd_inv *v, const struct environment *e, const struct afd_node *n, const char *text)
{
	const char *name = afd_uf_host(v->d, n, text, true, v->err), *key;
	bool below = false;

	if (!name)
		return -1;
	afd_name_base(name, &below);
	key = afd_uf_keep(v->d, "%s|%s", e->name, name);
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("environment", e->name), AFD_V_TEXT("name", name), AFD_V_TEXT("suffix", below ? name + 1 : ""),
	};
	if (afd_uf_row(&v->rows, "environment_name", key, n->line, row, AFD_COUNT(row), v->err) < 0)
		return -1;
	return afd_inv_put(v, &(struct afd_inv_place){ v->d, n, name, e->name, true });
}

int afd_inv_environment(struct afd_inv *v, const struct afd_node *n)
{
	struct environment e = { 0 };
	const struct afd_node *at = afd_node_get(n, "names");
	const char *kind;

	if (afd_fields_read(v->d, n, afd_inv_environment_fields, &e, v->err) < 0 || afd_inv_word(v, n, "kind", environment_kinds, &kind) < 0)
		return -1;
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("name", e.name), AFD_V_TEXT("kind", kind), AFD_V_TEXT("owner", e.owner),
	};
	if (afd_uf_row(&v->rows, "environment", e.name, n->line, row, AFD_COUNT(row), v->err) < 0)
		return -1;
	at = at ? at->u.list.first : NULL;
	for (size_t i = 0; i < e.names.n && at; i++, at = at->next)
		if (environment_name(v, &e, at, e.names.at[i]) < 0)
			return -1;
	return 0;
}
