/* Zones at Azure DNS: record sets of Microsoft.Network/dnsZones. */
#include "collector/api/hosted.h"
#include "collector/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#define API_VERSION "2018-05-01"

struct config { const char *url, *login, *tenant, *client_id, *secret, *subscription, *group; struct afd_texts zones; };
static const struct config defaults = { .url = "https://management.azure.com", .login = "https://login.microsoftonline.com" };
static const struct afd_field fields[] = {
	{ "client_id", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, client_id), "of the app registration" },
	{ "client_secret", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, secret), "its secret" },
	{ "login_url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, login), "where tokens come from" },
	{ "resource_group", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, group), "that holds the zones" },
	{ "subscription", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, subscription), "subscription id" },
	{ "tenant", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, tenant), "directory (tenant) id" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, zones), "zones to read" },
	{ 0 }
};

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	const struct config *c = own;

	if (t->token)
		return afd_buf_text(&q->url, t->token) < 0 ? afd_fail_memory(err) : 0;
	if (afd_buf_text(&q->url, "/subscriptions") < 0 || afd_ask_path(q, c->subscription, err) < 0 ||
	    afd_buf_text(&q->url, "/resourceGroups") < 0 || afd_ask_path(q, c->group, err) < 0 ||
	    afd_buf_text(&q->url, "/providers/Microsoft.Network/dnsZones") < 0 || afd_ask_path(q, t->subject, err) < 0 ||
	    afd_buf_text(&q->url, "/recordsets?api-version=" API_VERSION) < 0)
		return afd_fail_memory(err);
	return 0;
}

int afd_azure_next(const char *base, const char *link, struct afd_buf *ret, struct afd_error *err)
{
	size_t n = strlen(base);

	if (!link || strncmp(base, "file:", 5) == 0)
		return 0;
	for (const char *s = link; *s; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return afd_fail(err, AFD_E_PARSE, "nextLink is no address");
	if (strncasecmp(link, base, n) != 0 || link[n] != '/')
		return afd_fail(err, AFD_E_PARSE, "nextLink leads to another server than was asked");
	return afd_buf_text(ret, link + n) < 0 ? afd_fail_memory(err) : 0;
}

static int read_answer(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		       struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *sets;

	(void)p, (void)t;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	sets = afd_node_get(afd_doc_root(d), "value");
	if (!sets || sets->type != AFD_LIST)
		return afd_node_fail(d, sets, err, "a list under \"value\"");
	ret->n = sets->u.list.n;
	return afd_azure_next(((const struct config *)own)->url, afd_node_word(afd_doc_root(d), "nextLink"), &ret->next, err);
}

/* --- decoding --- */

/* Keys come in either case ("ARecords", "aRecords"). */
static const struct afd_node *get(const struct afd_node *map, const char *key)
{
	for (const struct afd_node *n = map && map->type == AFD_MAP ? map->u.list.first : NULL; n; n = n->next)
		if (strcasecmp(n->key, key) == 0)
			return n;
	return NULL;
}

/* How the data of a type is spread over keys; rows of one type in the order of its text. kind: w a word, n a number, m a name. */
static const struct { const char *type, *list; bool single; struct { const char *key; char kind; } part[7]; } shapes[] = {
	{ "A", "ARecords", false, { { "ipv4Address", 'w' } } },
	{ "AAAA", "AAAARecords", false, { { "ipv6Address", 'w' } } },
	{ "CAA", "caaRecords", false, { { "flags", 'n' }, { "tag", 'w' }, { "value", 'q' } } },
	{ "CNAME", "CNAMERecord", true, { { "cname", 'm' } } },
	{ "DS", "DSRecords", false, { { "keyTag", 'n' }, { "algorithm", 'n' }, { "digest.algorithmType", 'n' }, { "digest.value", 'w' } } },
	{ "MX", "MXRecords", false, { { "preference", 'n' }, { "exchange", 'm' } } },
	{ "NAPTR", "NAPTRRecords", false, { { "order", 'n' }, { "preference", 'n' }, { "flags", 'q' }, { "services", 'q' }, { "regexp", 'q' },
	  { "replacement", 'm' } } },
	{ "NS", "NSRecords", false, { { "nsdname", 'm' } } },
	{ "PTR", "PTRRecords", false, { { "ptrdname", 'm' } } },
	{ "SOA", "SOARecord", true, { { "host", 'm' }, { "email", 'm' }, { "serialNumber", 'n' }, { "refreshTime", 'n' }, { "retryTime", 'n' },
	  { "expireTime", 'n' }, { "minimumTTL", 'n' } } },
	{ "SRV", "SRVRecords", false, { { "priority", 'n' }, { "weight", 'n' }, { "port", 'n' }, { "target", 'm' } } },
	{ "TLSA", "TLSARecords", false, { { "usage", 'n' }, { "selector", 'n' }, { "matchingType", 'n' }, { "certAssociationData", 'w' } } },
	{ "TXT", "TXTRecords", false, { { "value", 't' } } },
};

static int quote(const char *text, struct afd_buf *ret)
{
	if (afd_buf_text(ret, "\"") < 0)
		return -1;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\' ? afd_buf_printf(ret, "\\%c", c) < 0
		    : c < 0x20 || c >= 0x7f ? afd_buf_printf(ret, "\\%03u", c) < 0 : afd_buf_u8(ret, c) < 0)
			return -1;
	}
	return afd_buf_text(ret, "\"");
}

static const struct afd_node *get_path(const struct afd_node *map, const char *path)
{
	const char *dot = strchr(path, '.');
	char first[32];

	if (!dot)
		return get(map, path);
	snprintf(first, sizeof(first), "%.*s", (int)(dot - path), path);
	return get(get(map, first), dot + 1);
}

static int strings(const struct afd_node *n, struct afd_buf *ret)
{
	for (const struct afd_node *s = n && n->type == AFD_LIST ? n->u.list.first : NULL; s; s = s->next)
		if (!afd_node_text(s) || (ret->len && afd_buf_text(ret, " ") < 0) || quote(afd_node_text(s), ret) < 0)
			return -1;
	return ret->len ? 0 : quote("", ret);
}

static int part_text(const struct afd_node *n, char kind, struct afd_buf *ret)
{
	const char *text = afd_node_text(n);

	if (kind == 't')
		return strings(n, ret);
	if (kind == 'n')
		return n && n->type == AFD_INT ? afd_buf_printf(ret, "%" PRId64, n->u.i) : -1;
	if (!text)
		return -1;
	return kind == 'q' ? quote(text, ret) : afd_buf_text(ret, kind == 'm' && !*text ? "." : text);
}

static int rdata_of(size_t shape, const struct afd_node *n, struct afd_buf *ret)
{
	for (size_t i = 0; i < 7 && shapes[shape].part[i].key; i++)
		if ((i && afd_buf_text(ret, " ") < 0) || part_text(get_path(n, shapes[shape].part[i].key), shapes[shape].part[i].kind, ret) < 0)
			return -1;
	return 0;
}

static int add_one(struct afd_hosted *h, size_t shape, const struct afd_node *n, const char *name, int64_t ttl, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	if (rdata_of(shape, n, &text) < 0)
		return afd_fail(err, AFD_E_PARSE, "%.60s: a record of type %s without its data", name, shapes[shape].type);
	return afd_hosted_add(h, &(struct afd_hosted_record){ .owner = name, .type = shapes[shape].type, .rdata = (char *)text.data, .ttl = ttl,
	                                                      .relative = true }, err);
}

/* "Microsoft.Network/dnszones/TXT" */
static const char *short_type(const struct afd_node *set)
{
	const char *type = afd_node_word(set, "type"), *slash = type ? strrchr(type, '/') : NULL;

	return slash ? slash + 1 : type;
}

static int add_set(struct afd_hosted *h, const struct afd_doc *d, const struct afd_node *set, struct afd_error *err)
{
	const char *name = afd_node_word(set, "name"), *type = short_type(set);
	const struct afd_node *properties = afd_node_get(set, "properties"), *ttl_node = get(properties, "TTL"), *list;
	const char *target = afd_node_text(get(get(properties, "targetResource"), "id"));
	const int64_t ttl = ttl_node && ttl_node->type == AFD_INT ? ttl_node->u.i : 0;

	if (!name || !type || !properties)
		return afd_node_fail(d, set, err, "a record set with name, type and properties");
	/* an alias: Azure answers with the addresses of a resource */
	if (target && *target && afd_hosted_own(h, name, true, "ALIAS", ttl, err, "%s %s", type, target) < 0)
		return -1;
	for (size_t i = 0; i < AFD_COUNT(shapes); i++) {
		if (strcasecmp(shapes[i].type, type) != 0)
			continue;
		list = get(properties, shapes[i].list);
		if (shapes[i].single)
			return list && list->type == AFD_MAP ? add_one(h, i, list, name, ttl, err) : 0;
		for (const struct afd_node *n = list && list->type == AFD_LIST ? list->u.list.first : NULL; n; n = n->next)
			if (add_one(h, i, n, name, ttl, err) < 0)
				return -1;
		return 0;
	}
	/* a type of which nobody knows here how it is spread: as it stands */
	return afd_hosted_own(h, name, true, type, ttl, err, "%.*s", (int)properties->raw.len, (const char *)properties->raw.data);
}

static int page(struct afd_hosted *h, const struct afd_doc *d, struct afd_error *err)
{
	for (const struct afd_node *n = afd_node_items(afd_doc_root(d), "value"); n; n = n->next)
		if (add_set(h, d, n, err) < 0)
			return -1;
	return 0;
}

/* --- the source --- */

static const struct afd_call calls[] = {
	{ .name = "records", .kept = AFD_KEPT_LIST, .ask = ask, .read = read_answer },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	return afd_hosted_start(p, 0, &((const struct config *)own)->zones, err);
}

/* Operations that a role grants: those of reading, and what every reader's role holds besides (support, queries), change nothing here. */
static bool changes(const char *action)
{
	static const char *const reach[] = { "*", "*/write", "*/delete", "*/action" };
	static const char *const places[] = { "Microsoft.Network/", "Microsoft.Authorization/", "Microsoft.DomainRegistration/" };
	const size_t n = strlen(action);

	for (size_t i = 0; i < AFD_COUNT(reach); i++)
		if (strcasecmp(action, reach[i]) == 0)
			return true;
	for (size_t i = 0; i < AFD_COUNT(places); i++)
		if (strncasecmp(action, places[i], strlen(places[i])) == 0)
			return n < 5 || strcasecmp(action + n - 5, "/read") != 0;
	return false;
}

bool afd_azure_changes(void *own, const struct afd_response *r)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)own;
	if (afd_page_json(r, AFD_MAP, &d, NULL) < 0)
		return false;
	for (const struct afd_node *p = afd_node_items(afd_doc_root(d), "value"); p; p = p->next)
		for (const struct afd_node *a = afd_node_items(p, "actions"); a; a = a->next)
			if (afd_node_text(a) && changes(afd_node_text(a)))
				return true;
	return false;
}

/* What may be done with the first zone. */
static int ask_permissions(void *own, struct afd_ask *q, struct afd_error *err)
{
	const struct config *c = own;

	if (!c->zones.n)
		return 1;
	if (afd_buf_text(&q->url, "/subscriptions") < 0 || afd_ask_path(q, c->subscription, err) < 0 ||
	    afd_buf_text(&q->url, "/resourceGroups") < 0 || afd_ask_path(q, c->group, err) < 0 ||
	    afd_buf_text(&q->url, "/providers/Microsoft.Network/dnsZones") < 0 || afd_ask_path(q, c->zones.at[0], err) < 0 ||
	    afd_buf_text(&q->url, "/providers/Microsoft.Authorization/permissions?api-version=2022-04-01") < 0)
		return afd_fail_memory(err);
	return 0;
}

static const struct afd_pages_excess excess[] = {
	{ .ask = ask_permissions, .shown = afd_azure_changes, .can = "its roles may change the zone, or who may change it",
	  .instead = "take its other roles from the app registration: Reader on the zones is enough" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "give the app registration the role Reader on the zones, or make it a new client secret, and put that where the configuration's "
		   "client_secret points",
	.pace_ms = 100, .burst = 100,
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && (!c->tenant || !c->client_id || !c->secret))
		return afd_fail(err, AFD_E_CONFIG, "tenant, client_id, client_secret: a required field is missing");
	return afd_hosted_scopes(&c->zones, c->url, ret, err);
}

/* Scope of tokens for the API: of the vendor's, or of the national cloud whose address was configured. */
static int make_auth(const struct afd_source_config *sc, const struct config *c, struct afd_auth **ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *scope = afd_sprintf("%s/.default", c->url);
	AFD_AUTO(buf) struct afd_buf url = { 0 };

	if (!scope || afd_buf_text(&url, c->login) < 0 || afd_buf_text(&url, "/") < 0 || afd_escape(c->tenant, &url) < 0 ||
	    afd_buf_text(&url, "/oauth2/v2.0/token") < 0)
		return afd_fail_memory(err);
	return afd_auth_client(sc, &(struct afd_client_credentials){ (char *)url.data, c->client_id, c->secret, scope }, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->secret && make_auth(sc, c, &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	/* The SOA's serial of Azure is 1 unless somebody sets it by hand. */
	return afd_hosted_decode(&(struct afd_hosted_decoder){ .call = "records", .no_serial = true, .page = page }, item, sink, err);
}

const struct afd_provider afd_provider_azure_dns = {
	.kind = "azure-dns",
	.leg = AFD_LEG_ZONE,
	.title = "Zones at Azure DNS",
	.help = "Record sets of public zones, compared from run to run: what came and went between two runs is not seen, so coverage is sampled. Needs "
		"an app registration with a client secret and the role Reader on these zones, no more (az role assignment create --role Reader "
		"--scope ZONE). Alias records stand as type ALIAS with their target. Who changed a record is told by the activity log.",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_HOSTED_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_hosted_redact, .decode = decode,
};
