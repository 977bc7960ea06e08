/* Credentials, what they are for, and who uses, owns and provides them: people, actors, suppliers. */
#include "collector/files/inventory.h"
#include "core/likeness.h"
#include "core/name.h"

struct credential {
	const char *id, *kind, *owner, *purpose, *workload, *supplier, *storage;
	int64_t issued, rotated, retired, leaked, leak_closed;
	const struct afd_node *expires, *writes;
};
const struct afd_field afd_inv_credential_fields[] = {
	{ "id", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct credential, id) },
	{ "kind", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct credential, kind) },
	{ "owner", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct credential, owner) },
	{ "purpose", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct credential, purpose) },
	{ "class", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "workload", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct credential, workload) },
	{ "environment", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "supplier", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct credential, supplier) },
	{ "interactive", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "federated", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "issued", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct credential, issued) },
	{ "rotated", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct credential, rotated) },
	{ "expires", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct credential, expires) },
	{ "retired", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct credential, retired) },
	{ "leaked", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct credential, leaked) },
	{ "leak_closed", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct credential, leak_closed) },
	{ "storage", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct credential, storage) },
	{ "writes", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct credential, writes) },
	{ 0 }
};
static const char *const classes[] = { "privileged", "standard", NULL };

struct write { const char *owner; struct afd_texts types; };
static const struct afd_field write_fields[] = {
	{ "owner", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct write, owner) },
	{ "types", AFD_FIELD_TEXTS, AFD_REQUIRED, offsetof(struct write, types) },
	{ 0 }
};

/* "txt" becomes "TXT"; NULL when it cannot be the mnemonic of a type. */
static const char *type_text(struct afd_doc *d, const char *text)
{
	size_t n = strlen(text);
	char *ret;

	if (!strcmp(text, "*"))
		return text;
	ret = n && n <= 20 ? afd_doc_alloc(d, n + 1) : NULL;
	for (size_t i = 0; ret && i < n; i++) {
		ret[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
		if (!((ret[i] >= 'A' && ret[i] <= 'Z') || (i && ret[i] >= '0' && ret[i] <= '9') ||
		      (i && ret[i] == '-')))
			return NULL;
	}
	return ret;
}

/* What TYPE was likely meant to be, where it is a slip of the pen: a right to write TXT2 is none to write TXT, and nobody would see why. Providers have types
 * of their own, so others pass. */
static const char *meant_type(const char *type)
{
	/* those that are meant by slips first, then all others of IANA's list and of providers */
	static const char *const known[] = { "AAAA", "CAA", "CDNSKEY", "CDS", "CNAME", "DNAME", "DNSKEY", "HTTPS", "NAPTR", "NSEC3PARAM", "PTR", "SOA", "SRV", "SSHFP", "SVCB",
		"TLSA", "TXT",
		"A", "A6", "AFSDB", "ALIAS", "AMTRELAY", "ANAME", "APL", "ATMA", "AVC", "AXFR", "BRID", "CERT", "CLA", "CSYNC", "DHCID", "DISABLED", "DLV", "DOA", "DS", "DSYNC", "EID",
		"EUI48", "EUI64", "GPOS", "HHIT", "HINFO", "HIP", "IPN", "IPSECKEY", "ISDN", "IXFR", "KEY", "KX", "L32", "L64", "LOC", "LP", "MB", "MD", "MF", "MG", "MINFO", "MR",
		"MX", "NID", "NIMLOC", "NINFO", "NS", "NSAP", "NSEC", "NSEC3", "NULL", "NXT", "OPENPGPKEY", "PROXIED", "PX", "RESINFO", "RKEY", "ROUTED", "RP", "RRSIG", "RT", "SIG",
		"SINK", "SMIMEA", "SPF", "TA", "TALINK", "TKEY", "TSIG", "URI", "URL", "WALLET", "WKS", "X25", "ZONEMD" };
	const size_t common = 17;
	struct afd_uf_nearest near = { 0 };

	for (size_t i = 0; i < AFD_COUNT(known); i++) {
		if (strcmp(known[i], type) == 0)
			return NULL;
		if (i < common && afd_text_far(type, known[i], 1) <= 1)
			afd_uf_near(&near, type, known[i]);
	}
	return near.word;
}

/* "_acme-challenge.www.example.test TXT": the owner, and types behind it. */
static int short_write(struct afd_inv *v, const struct afd_node *n, struct write *ret)
{
	const char *text = afd_node_text(n);
	const char **at = afd_doc_alloc(v->d, (strlen(text) / 2 + 2) * sizeof(*at));
	size_t len = strcspn(text, " ");

	if (!at)
		return afd_fail_memory(v->err);
	ret->owner = afd_uf_keep(v->d, "%.*s", (int)len, text);
	for (text += len; *(text += strspn(text, " ")); text += len) {
		len = strcspn(text, " ");
		at[ret->types.n] = afd_uf_keep(v->d, "%.*s", (int)len, text);
		if (!at[ret->types.n++])
			return afd_fail_memory(v->err);
	}
	ret->types.at = at;
	return ret->owner ? 0 : afd_fail_memory(v->err);
}

static int write_rows(struct afd_inv *v, const char *credential, const struct afd_node *n)
{
	struct write w = { 0 };
	const struct afd_node *at;
	bool below;

	if (afd_node_text(n) ? short_write(v, n, &w) < 0 : afd_fields_read(v->d, n, write_fields, &w, v->err) < 0)
		return -1;
	w.owner = afd_uf_name(v->d, afd_node_text(n) ? n : afd_node_get(n, "owner"), w.owner, true, v->err);
	if (!w.owner)
		return -1;
	at = afd_node_text(n) ? n : afd_node_get(n, "types");
	if (!w.types.n)
		return afd_node_fail(v->d, at, v->err, "at least one record type, or \"*\"");
	afd_name_base(w.owner, &below);
	for (size_t i = 0; i < w.types.n; i++) {
		const char *type = type_text(v->d, w.types.at[i]);
		const char *key = afd_uf_keep(v->d, "%s|%s|%s", credential, w.owner, type ? type : "");

		if (!type)
			return afd_uf_fail(v->d, at, v->err,
					   "types: \"%.100s\" is not a record type", w.types.at[i]);
		if (meant_type(type))
			return afd_uf_fail(v->d, at, v->err, "types: \"%s\" is no type of records, perhaps %s; a type without a name is TYPE and its number", w.types.at[i], meant_type(type));
		const struct afd_row_user_value row[] = {
			AFD_V_TEXT("credential", credential), AFD_V_TEXT("owner", w.owner),
			AFD_V_TEXT("suffix", below ? w.owner + 1 : ""), AFD_V_TEXT("type", type),
		};
		if (afd_uf_row(&v->rows, "credential_scope", key, n->line, row, AFD_COUNT(row), v->err) < 0)
			return -1;
	}
	return 0;
}

static int expiry(struct afd_inv *v, const struct afd_node *n, int64_t *ret)
{
	const char *text = afd_node_text(n);

	if (!n)
		return 0;
	if (text && strcmp(text, "never") == 0) {
		*ret = AFD_FOREVER;
		return 0;
	}
	return text && afd_when_parse(text, ret, NULL) == 0 ? 0 : afd_node_fail(v->d, n, v->err, "a time with its zone, a date, or never");
}

/* What is said of a life must be in its order. */
static int check_life(struct afd_inv *v, const struct afd_node *n, const struct credential *c, int64_t expires)
{
	if (c->issued != AFD_TIME_NONE && c->rotated != AFD_TIME_NONE && c->rotated < c->issued)
		return afd_node_fail(v->d, afd_node_get(n, "rotated"), v->err, "a time that is not before issued");
	if (c->issued != AFD_TIME_NONE && expires != AFD_TIME_NONE && expires <= c->issued)
		return afd_node_fail(v->d, afd_node_get(n, "expires"), v->err, "a time after issued");
	if (c->leak_closed != AFD_TIME_NONE && (c->leaked == AFD_TIME_NONE || c->leak_closed < c->leaked))
		return afd_node_fail(v->d, afd_node_get(n, "leak_closed"), v->err, "a time that is not before leaked");
	return 0;
}

int afd_inv_credential(struct afd_inv *v, const struct afd_node *n)
{
	struct credential c = { .issued = AFD_TIME_NONE, .rotated = AFD_TIME_NONE, .retired = AFD_TIME_NONE, .leaked = AFD_TIME_NONE,
		.leak_closed = AFD_TIME_NONE };
	struct afd_row_user_value interactive = { .column = "interactive" }, federated = { .column = "federated" };
	int64_t expires = AFD_TIME_NONE;
	const struct afd_node *w;
	const char *class;

	if (afd_fields_read(v->d, n, afd_inv_credential_fields, &c, v->err) < 0 || afd_inv_word(v, n, "class", classes, &class) < 0 ||
	    afd_inv_truth(v, n, "interactive", &interactive) < 0 || afd_inv_truth(v, n, "federated", &federated) < 0 ||
	    expiry(v, c.expires, &expires) < 0 || check_life(v, n, &c, expires) < 0 || afd_inv_refer(v, n, "workload", "service") < 0 ||
	    afd_inv_refer(v, n, "environment", "environment") < 0 || afd_inv_refer(v, n, "supplier", "supplier") < 0)
		return -1;
	/* The name of a TSIG key is a domain name (RFC 8945, 4.2): servers write it in lower case without a final dot. */
	if (c.kind && !strcmp(c.kind, "tsig-key"))
		c.id = afd_uf_name(v->d, afd_node_get(n, "id"), c.id, false, v->err);
	if (!c.id || afd_uf_list(v->d, c.writes, &w, v->err) < 0)
		return -1;
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("id", c.id), AFD_V_TEXT("kind", c.kind), AFD_V_TEXT("owner", c.owner), AFD_V_TEXT("purpose", c.purpose),
		AFD_V_TEXT("class", class), AFD_V_TEXT("workload", c.workload),
		AFD_V_TEXT("environment", afd_node_text(afd_node_get(n, "environment"))), AFD_V_TEXT("supplier", c.supplier), interactive, federated,
		AFD_V_TIME("issued_ms", c.issued), AFD_V_TIME("rotated_ms", c.rotated), AFD_V_TIME("expires_ms", expires),
		AFD_V_TIME("retired_ms", c.retired), AFD_V_TIME("leaked_ms", c.leaked), AFD_V_TIME("leak_closed_ms", c.leak_closed),
		AFD_V_TEXT("storage", c.storage),
	};
	if (afd_uf_row(&v->rows, "credential", c.id, n->line, row, AFD_COUNT(row), v->err) < 0)
		return -1;
	for (; w; w = w->next)
		if (write_rows(v, c.id, w) < 0)
			return -1;
	return 0;
}

/* --- people and actors --- */

static int actor_row(struct afd_inv *v, const struct afd_node *n, const char *name, const char *account, const char *kind, const char *person,
		     const char *credential)
{
	const char *key = afd_uf_keep(v->d, "%s|%s", name, account ? account : "");
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("name", name), AFD_V_TEXT("account", account ? account : ""), AFD_V_TEXT("kind", kind), AFD_V_TEXT("person", person),
		AFD_V_TEXT("credential", credential),
	};

	return afd_uf_row(&v->rows, "actor", key, n->line, row, AFD_COUNT(row), v->err);
}

struct person { const char *id, *name, *email, *team, *role; int64_t left; const struct afd_node *logins; };
const struct afd_field afd_inv_person_fields[] = {
	{ "id", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct person, id) },
	{ "kind", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "name", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct person, name) },
	{ "email", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct person, email) },
	{ "team", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct person, team) },
	{ "role", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct person, role) },
	{ "left", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct person, left) },
	{ "logins", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct person, logins) },
	{ 0 }
};
struct login { const char *name, *account; };
static const struct afd_field login_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct login, name) },
	{ "account", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct login, account) },
	{ 0 }
};
static const char *const person_kinds[] = { "person", "team", NULL };

int afd_inv_person(struct afd_inv *v, const struct afd_node *n)
{
	struct person p = { .left = AFD_TIME_NONE };
	const struct afd_node *l;
	const char *kind;

	if (afd_fields_read(v->d, n, afd_inv_person_fields, &p, v->err) < 0 || afd_inv_word(v, n, "kind", person_kinds, &kind) < 0 ||
	    afd_uf_list(v->d, p.logins, &l, v->err) < 0)
		return -1;
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("id", p.id), AFD_V_TEXT("kind", kind ? kind : "person"), AFD_V_TEXT("name", p.name), AFD_V_TEXT("email", p.email),
		AFD_V_TEXT("team", p.team), AFD_V_TEXT("role", p.role), AFD_V_TIME("left_ms", p.left),
	};
	if (afd_uf_row(&v->rows, "person", p.id, n->line, row, AFD_COUNT(row), v->err) < 0)
		return -1;
	for (; l; l = l->next) {
		struct login login = { .name = afd_node_text(l) };

		if (!(login.name && *login.name) && afd_fields_read(v->d, l, login_fields, &login, v->err) < 0)
			return -1;
		if (actor_row(v, l, login.name, login.account, "person", p.id, NULL) < 0)
			return -1;
	}
	return 0;
}

struct actor { const char *name, *account, *person, *credential; };
const struct afd_field afd_inv_actor_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct actor, name) },
	{ "account", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct actor, account) },
	{ "kind", AFD_FIELD_IGNORE, AFD_REQUIRED, 0 },
	{ "person", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct actor, person) },
	{ "credential", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct actor, credential) },
	{ 0 }
};
static const char *const actor_kinds[] = { "person", "automation", "provider", NULL };

int afd_inv_actor(struct afd_inv *v, const struct afd_node *n)
{
	struct actor a = { 0 };
	const char *kind;

	if (afd_fields_read(v->d, n, afd_inv_actor_fields, &a, v->err) < 0 || afd_inv_word(v, n, "kind", actor_kinds, &kind) < 0 ||
	    afd_inv_refer(v, n, "person", "person") < 0 || afd_inv_refer(v, n, "credential", "credential") < 0)
		return -1;
	return actor_row(v, n, a.name, a.account, kind, a.person, a.credential);
}

/* --- suppliers --- */

struct supplier {
	const char *name, *owner, *contract;
	int64_t reviewed;
	struct afd_texts shown[5];
};
enum { NAME_SERVERS, TARGETS, REGISTRARS, ISSUERS, ACCOUNTS };
const struct afd_field afd_inv_supplier_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct supplier, name) },
	{ "kind", AFD_FIELD_IGNORE, AFD_REQUIRED, 0 },
	{ "tier", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "owner", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct supplier, owner) },
	{ "contract", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct supplier, contract) },
	{ "reviewed", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct supplier, reviewed) },
	{ "name_servers", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct supplier, shown[NAME_SERVERS]) },
	{ "targets", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct supplier, shown[TARGETS]) },
	{ "registrars", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct supplier, shown[REGISTRARS]) },
	{ "issuers", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct supplier, shown[ISSUERS]) },
	{ "accounts", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct supplier, shown[ACCOUNTS]) },
	{ 0 }
};
static const char *const supplier_kinds[] = { "registrar", "dns", "ca", "cdn", "other", NULL };
static const struct { const char *field, *kind; bool is_name; } shown_as[] = {
	[NAME_SERVERS] = { "name_servers", "name-server", true }, [TARGETS] = { "targets", "target", true },
	[REGISTRARS] = { "registrars", "registrar", false }, [ISSUERS] = { "issuers", "issuer", false },
	[ACCOUNTS] = { "accounts", "account", false },
};

static int supplier_names(struct afd_inv *v, const struct afd_node *n, const struct supplier *s, size_t k)
{
	const struct afd_node *list = afd_node_get(n, shown_as[k].field), *at = list ? list->u.list.first : NULL;

	for (size_t i = 0; i < s->shown[k].n && at; i++, at = at->next) {
		const char *name = s->shown[k].at[i], *key;
		bool below = false;

		if (shown_as[k].is_name) {
			name = afd_uf_name(v->d, at, name, true, v->err);
			if (!name)
				return -1;
			afd_name_base(name, &below);
		}
		key = afd_uf_keep(v->d, "%s|%s|%s", s->name, shown_as[k].kind, name);
		const struct afd_row_user_value row[] = {
			AFD_V_TEXT("supplier", s->name), AFD_V_TEXT("kind", shown_as[k].kind), AFD_V_TEXT("name", name),
			AFD_V_TEXT("suffix", below ? name + 1 : ""),
		};
		if (afd_uf_row(&v->rows, "supplier_name", key, at->line, row, AFD_COUNT(row), v->err) < 0)
			return -1;
	}
	return 0;
}

int afd_inv_supplier(struct afd_inv *v, const struct afd_node *n)
{
	struct supplier s = { .reviewed = AFD_TIME_NONE };
	const char *kind, *tier;

	if (afd_fields_read(v->d, n, afd_inv_supplier_fields, &s, v->err) < 0 || afd_inv_word(v, n, "kind", supplier_kinds, &kind) < 0 ||
	    afd_inv_word(v, n, "tier", afd_inv_tiers, &tier) < 0)
		return -1;
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("name", s.name), AFD_V_TEXT("kind", kind), AFD_V_TEXT("tier", tier), AFD_V_TEXT("owner", s.owner),
		AFD_V_TEXT("contract", s.contract), AFD_V_TIME("reviewed_ms", s.reviewed),
	};
	if (afd_uf_row(&v->rows, "supplier", s.name, n->line, row, AFD_COUNT(row), v->err) < 0)
		return -1;
	for (size_t k = 0; k < AFD_COUNT(shown_as); k++)
		if (supplier_names(v, n, &s, k) < 0)
			return -1;
	return 0;
}
