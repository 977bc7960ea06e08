/* inventory.yaml: which names, services and credentials there are, and whose they are. */
#include "collector/collect.h"
#include "collector/files/user.h"
#include "collector/table.h"
#include "core/name.h"
#include "core/prefix.h"

struct inventory { const struct afd_node *domains, *services, *credentials; };
static const struct afd_field inventory_fields[] = {
	{ "domains", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct inventory, domains) },
	{ "services", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct inventory, services) },
	{ "credentials", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct inventory, credentials) },
	{ 0 }
};

struct domain { const char *name, *zone, *account, *owner, *reason; bool in_scope, exact, lookalike; const struct afd_node *issuers; struct afd_texts addresses; };
static const struct afd_field domain_fields[] = {
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

struct service { const char *name, *host, *owner; };
static const struct afd_field service_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct service, name) },
	{ "host", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct service, host) },
	{ "owner", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct service, owner) },
	{ 0 }
};

struct credential { const char *id, *kind, *owner, *purpose; const struct afd_node *writes; };
static const struct afd_field credential_fields[] = {
	{ "id", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct credential, id) },
	{ "kind", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct credential, kind) },
	{ "owner", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct credential, owner) },
	{ "purpose", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct credential, purpose) },
	{ "writes", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct credential, writes) },
	{ 0 }
};

struct write { const char *owner; struct afd_texts types; };
static const struct afd_field write_fields[] = {
	{ "owner", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct write, owner) },
	{ "types", AFD_FIELD_TEXTS, AFD_REQUIRED, offsetof(struct write, types) },
	{ 0 }
};

static const char *const tables[] = { "domain", "service", "credential", "credential_scope", "approved_issuer", "domain_address", NULL };

struct reading { struct afd_doc *d; struct afd_uf_rows rows; struct afd_error *err; };

static int issuer_row(struct reading *r, const char *domain, const struct afd_node *n)
{
	struct issuer i = { .from = 0, .to = AFD_FOREVER };
	uint8_t hash[32];
	const char *key;

	if (afd_fields_read(r->d, n, issuer_fields, &i, r->err) < 0)
		return -1;
	if (!i.name == !i.key)
		return afd_uf_fail(r->d, n, r->err, "issuers: expected either \"name\" or \"key\"%s",
				   i.name ? ", got both" : ", got neither");
	if (i.key && afd_unhex(i.key, strlen(i.key), hash, sizeof(hash)) < 0)
		return afd_node_fail(r->d, afd_node_get(n, "key"), r->err,
				     "64 lower-case hex digits: SHA-256 of the issuer's public key");
	if (i.from >= i.to)
		return afd_node_fail(r->d, afd_node_get(n, "valid_to"), r->err, "a time after valid_from");
	key = afd_uf_keep(r->d, "%s|%s|%s|%lld", domain, i.key ? i.key : "", i.name ? i.name : "", (long long)i.from);
	const struct afd_row_user_value v[] = {
		AFD_V_TEXT("domain", domain),
		AFD_V_TEXT("issuer_key_hash", i.key ? i.key : ""),
		AFD_V_TEXT("issuer", i.name ? i.name : ""),
		AFD_V_INT("valid_from", i.from),
		AFD_V_INT("valid_to", i.to),
	};
	return afd_uf_row(&r->rows, "approved_issuer", key, n->line, v, AFD_COUNT(v), r->err);
}

static int zone_of(struct reading *r, const struct afd_node *n, const char *name, const char **zone)
{
	const struct afd_node *at = afd_node_get(n, "zone");

	if (!*zone)
		*zone = name;
	if (!strcmp(*zone, "none")) {
		*zone = NULL;
		return 0;
	}
	*zone = afd_uf_name(r->d, at ? at : n, *zone, false, r->err);
	if (!*zone)
		return -1;
	if (!afd_name_within(name, *zone))
		return afd_node_fail(r->d, at, r->err, "the zone that holds the name, or \"none\"");
	return 0;
}

static int address_rows(struct reading *r, const struct domain *d, const struct afd_node *n)
{
	for (size_t i = 0; i < d->addresses.n; i++) {
		char text[AFD_PREFIX_TEXT];
		uint8_t key[AFD_PREFIX_KEY];
		const char *prefix;

		if (afd_prefix_parse(d->addresses.at[i], key) < 0 || afd_prefix_text(key, text) < 0)
			return afd_uf_fail(r->d, afd_node_get(n, "addresses"), r->err,
					   "addresses: \"%.60s\" is no address, and no range like 192.0.2.0/24 with nothing set behind the prefix",
					   d->addresses.at[i]);
		prefix = afd_uf_keep(r->d, "%s", text);
		if (!prefix)
			return afd_fail_memory(r->err);
		const struct afd_row_user_value v[] = { AFD_V_TEXT("domain", d->name), AFD_V_TEXT("prefix", prefix) };
		if (afd_uf_row(&r->rows, "domain_address", afd_uf_keep(r->d, "%s|%s", d->name, prefix), n->line, v,
			       AFD_COUNT(v), r->err) < 0)
			return -1;
	}
	return 0;
}

static int domain_row(struct reading *r, const struct afd_node *n)
{
	struct domain d = { .in_scope = true };
	const struct afd_node *issuer;

	if (afd_fields_read(r->d, n, domain_fields, &d, r->err) < 0)
		return -1;
	d.name = afd_uf_name(r->d, afd_node_get(n, "name"), d.name, false, r->err);
	if (!d.name || zone_of(r, n, d.name, &d.zone) < 0 || afd_uf_list(r->d, d.issuers, &issuer, r->err) < 0)
		return -1;
	struct afd_row_user_value v[8] = {
		AFD_V_TEXT("name", d.name),   AFD_V_TEXT("zone", d.zone),	 AFD_V_TEXT("account", d.account),
		AFD_V_TEXT("owner", d.owner), AFD_V_INT("in_scope", d.in_scope), AFD_V_TEXT("reason", d.reason),
	};
	size_t columns = 6;
	if (d.exact)
		v[columns++] = (struct afd_row_user_value)AFD_V_INT("exact", 1);
	if (d.lookalike)
		v[columns++] = (struct afd_row_user_value)AFD_V_INT("lookalike", 1);
	if (d.lookalike && !strchr(d.name, '.'))
		return afd_node_fail(r->d, afd_node_get(n, "lookalike"), r->err, "a name of two labels at least, for others to look like");
	if (afd_uf_row(&r->rows, "domain", d.name, n->line, v, columns, r->err) < 0)
		return -1;
	/* nobody looks for the addresses of what is not in scope */
	if (d.in_scope && address_rows(r, &d, n) < 0)
		return -1;
	for (; issuer; issuer = issuer->next)
		if (issuer_row(r, d.name, issuer) < 0)
			return -1;
	return 0;
}

static int service_row(struct reading *r, const struct afd_node *n)
{
	struct service s = { 0 };

	if (afd_fields_read(r->d, n, service_fields, &s, r->err) < 0)
		return -1;
	s.host = afd_uf_name(r->d, afd_node_get(n, "host"), s.host, true, r->err);
	if (!s.host)
		return -1;
	const struct afd_row_user_value v[] = {
		AFD_V_TEXT("name", s.name), AFD_V_TEXT("host", s.host), AFD_V_TEXT("owner", s.owner),
	};
	return afd_uf_row(&r->rows, "service", s.name, n->line, v, AFD_COUNT(v), r->err);
}

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

static int write_rows(struct reading *r, const char *credential, const struct afd_node *n)
{
	struct write w = { 0 };
	bool below;

	if (afd_fields_read(r->d, n, write_fields, &w, r->err) < 0)
		return -1;
	w.owner = afd_uf_name(r->d, afd_node_get(n, "owner"), w.owner, true, r->err);
	if (!w.owner)
		return -1;
	if (!w.types.n)
		return afd_node_fail(r->d, afd_node_get(n, "types"), r->err, "at least one record type, or \"*\"");
	afd_name_base(w.owner, &below);
	for (size_t i = 0; i < w.types.n; i++) {
		const char *type = type_text(r->d, w.types.at[i]);
		const char *key = afd_uf_keep(r->d, "%s|%s|%s", credential, w.owner, type ? type : "");

		if (!type)
			return afd_uf_fail(r->d, afd_node_get(n, "types"), r->err,
					   "types: \"%.100s\" is not a record type", w.types.at[i]);
		const struct afd_row_user_value v[] = {
			AFD_V_TEXT("credential", credential), AFD_V_TEXT("owner", w.owner),
			AFD_V_TEXT("suffix", below ? w.owner + 1 : ""), AFD_V_TEXT("type", type),
		};
		if (afd_uf_row(&r->rows, "credential_scope", key, n->line, v, AFD_COUNT(v), r->err) < 0)
			return -1;
	}
	return 0;
}

static int credential_rows(struct reading *r, const struct afd_node *n)
{
	struct credential c = { 0 };
	const struct afd_node *w;

	if (afd_fields_read(r->d, n, credential_fields, &c, r->err) < 0)
		return -1;
	/* The name of a TSIG key is a domain name (RFC 8945, 4.2): servers write it in lower case without a final dot.
	 */
	if (c.kind && !strcmp(c.kind, "tsig-key"))
		c.id = afd_uf_name(r->d, afd_node_get(n, "id"), c.id, false, r->err);
	if (!c.id || afd_uf_list(r->d, c.writes, &w, r->err) < 0)
		return -1;
	const struct afd_row_user_value v[] = {
		AFD_V_TEXT("id", c.id),
		AFD_V_TEXT("kind", c.kind),
		AFD_V_TEXT("owner", c.owner),
		AFD_V_TEXT("purpose", c.purpose),
	};
	if (afd_uf_row(&r->rows, "credential", c.id, n->line, v, AFD_COUNT(v), r->err) < 0)
		return -1;
	for (; w; w = w->next)
		if (write_rows(r, c.id, w) < 0)
			return -1;
	return 0;
}

static int each(struct reading *r, const struct afd_node *list, int (*row)(struct reading *r, const struct afd_node *n))
{
	const struct afd_node *n;

	if (afd_uf_list(r->d, list, &n, r->err) < 0)
		return -1;
	for (; n; n = n->next)
		if (row(r, n) < 0)
			return -1;
	return 0;
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct inventory inv = { 0 };
	struct reading r = { .err = err };
	int bad;

	if (afd_uf_doc(item->bytes, item->record->asked, &d, err) < 0 ||
	    afd_fields_read(d, afd_doc_root(d), inventory_fields, &inv, err) < 0)
		return -1;
	r.d = d;
	bad = each(&r, inv.domains, domain_row) < 0 || each(&r, inv.services, service_row) < 0 ||
	      each(&r, inv.credentials, credential_rows) < 0 ||
	      afd_uf_tell(&r.rows, afd_doc_name(d), tables, sink, err) < 0;
	afd_uf_rows_release(&r.rows);
	return bad ? -1 : 0;
}

const struct afd_provider afd_provider_inventory = {
	.kind = "inventory", .leg = AFD_LEG_USER, .title = "inventory",
	.help = "Domains, services and credentials, with their owners and who may issue certificates.",
	.decode = decode,
};

/* --- the names to look for --- */

static bool has_value(const struct afd_row_user *row, const char *column, int64_t value)
{
	for (size_t i = 0; i < row->n; i++)
		if (!strcmp(row->v[i].column, column) && row->v[i].i == value)
			return true;
	return false;
}

static int add_rule(struct afd_watch_list *w, const char *mark, const char *text, struct afd_error *err)
{
	char **name = realloc(w->name, (w->watch.n + 1) * sizeof(*name));

	if (!name)
		return afd_fail_memory(err);
	w->name = name;
	name[w->watch.n] = afd_sprintf("%s%s", mark, text);
	return name[w->watch.n] ? (w->watch.n++, 0) : afd_fail_memory(err);
}

static int add_host(struct afd_watch_list *w, const struct afd_row_user *row, struct afd_error *err)
{
	char **host = realloc(w->host, (w->watch.n_host + 1) * sizeof(*host));

	if (!host)
		return afd_fail_memory(err);
	w->host = host;
	for (size_t i = 0; i < row->n; i++)
		if (strcmp(row->v[i].column, "host") == 0 && row->v[i].text) {
			host[w->watch.n_host] = afd_strdup(row->v[i].text);
			return host[w->watch.n_host] ? (w->watch.n_host++, 0) : afd_fail_memory(err);
		}
	return 0;
}

/* Rules as the lists of the ledger have them (collector/ct/ct_entry.h). */
static int watch_row(void *ctx, const struct afd_row_user *row, struct afd_error *err)
{
	struct afd_watch_list *w = ctx;

	if (!strcmp(row->table, "domain_address"))
		return add_rule(w, "", row->v[1].text, err);
	if (!strcmp(row->table, "service"))
		return add_host(w, row, err);
	if (strcmp(row->table, "domain") || has_value(row, "in_scope", 0))
		return 0;
	if (add_rule(w, has_value(row, "exact", 1) ? "=" : "", row->key, err) < 0)
		return -1;
	return has_value(row, "lookalike", 1) ? add_rule(w, "~", row->key, err) : 0;
}

static int watch_tables(void *ctx, const char *const *t, struct afd_error *err)
{
	(void)ctx, (void)t, (void)err;
	return 0;
}

static int watch_end(void *ctx, struct afd_error *err)
{
	(void)ctx, (void)err;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Two domains may name one range. */
static void watch_unique(struct afd_watch_list *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->watch.n; i++) {
		if (n > 0 && !strcmp(w->name[n - 1], w->name[i]))
			free(w->name[i]);
		else
			w->name[n++] = w->name[i];
	}
	w->watch.n = n;
}

static int watch_digest(struct afd_watch_list *w, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_digest digest;

	for (size_t i = 0; i < w->watch.n; i++)
		if (afd_buf_printf(&text, "%s\n", w->name[i]) < 0)
			return afd_fail_memory(err);
	afd_sha256(afd_buf_slice(&text), &digest);
	w->watch.digest = afd_digest_hex(&digest);
	return 0;
}

int afd_watch_from_inventory(struct afd_slice bytes, const char *path, struct afd_watch_list **ret,
			     struct afd_error *err)
{
	AFD_AUTO(watch_list) struct afd_watch_list *w = calloc(1, sizeof(*w));
	struct afd_sink sink = { .ctx = w, .user_begin = watch_tables, .user = watch_row, .user_end = watch_end };
	struct afd_record record = { .kind = AFD_ITEM_FILE, .asked = (char *)path };
	struct afd_item_view view = { .record = &record, .bytes = bytes };

	if (!w)
		return afd_fail_memory(err);
	if (decode(&view, &sink, err) < 0)
		return -1;
	if (w->watch.n)
		qsort(w->name, w->watch.n, sizeof(*w->name), by_bytes);
	if (w->watch.n_host)
		qsort(w->host, w->watch.n_host, sizeof(*w->host), by_bytes);
	watch_unique(w);
	if (watch_digest(w, err) < 0)
		return -1;
	w->watch.name = (const char *const *)w->name;
	w->watch.host = (const char *const *)w->host;
	*ret = afd_steal(&w);
	return 0;
}

struct afd_watch_list *afd_watch_list_free(struct afd_watch_list *w)
{
	for (size_t i = 0; w && i < w->watch.n; i++)
		free(w->name[i]);
	for (size_t i = 0; w && i < w->watch.n_host; i++)
		free(w->host[i]);
	if (w) {
		free(w->name);
		free(w->host);
	}
	free(w);
	return NULL;
}

void afd_watch_list_release(struct afd_watch_list **w)
{
	*w = afd_watch_list_free(*w);
}
