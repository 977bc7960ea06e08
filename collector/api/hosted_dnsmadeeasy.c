/* Zones at DNS Made Easy: GET /V2.0/dns/managed/name finds the zone's id, .../ID/records its content. */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "collector/api/hosted.h"
#include "collector/table.h"

enum { FIND, RECORDS };

struct config { const char *url, *api_key, *secret; struct afd_texts zones; };
static const struct config defaults = { .url = "https://api.dnsmadeeasy.com" };
static const struct afd_field fields[] = {
	{ "api_key", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, api_key), "API key" },
	{ "secret_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, secret), "its secret key" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, zones), "zones to read" },
	{ 0 }
};

/* --- signature: HMAC-SHA1 of the date of the request --- */

struct auth { struct afd_auth a; struct afd_buf secret; char *key; };

/* RFC 9110, 5.6.7 */
static void http_date(int64_t now, char ret[32])
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	int year, mon, day, hour, min, sec, milli;

	afd_when_split(now, &year, &mon, &day, &hour, &min, &sec, &milli);
	snprintf(ret, 32, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[(unsigned)(now / AFD_DAY % 7)], (unsigned)day % 100, months[(unsigned)(mon + 11) % 12],
		 (unsigned)year % 10000, (unsigned)hour % 100, (unsigned)min % 100, (unsigned)sec % 100);
}

static int sign(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err)
{
	const struct auth *w = (const struct auth *)a;
	unsigned char mac[EVP_MAX_MD_SIZE];
	char date[32], hex[48] = "";
	size_t n = 0;

	http_date(now, date);
	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, w->secret.data, w->secret.len, (const unsigned char *)date, strlen(date), mac, sizeof(mac), &n) || n != 20)
		return afd_fail_memory(err);
	for (size_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", mac[i]);
	return afd_ask_header(q, "x-dnsme-apiKey", w->key, err) < 0 || afd_ask_header(q, "x-dnsme-requestDate", date, err) < 0 ||
	       afd_ask_header(q, "x-dnsme-hmac", hex, err) < 0 ? -1 : 0;
}

static void auth_free(struct afd_auth *a)
{
	struct auth *w = (struct auth *)a;

	afd_buf_wipe(&w->secret);
	free(w->key);
	free(w);
}

static int auth_new(const struct afd_source_config *sc, const struct config *c, struct afd_auth **ret, struct afd_error *err)
{
	struct auth *w = calloc(1, sizeof(*w));

	if (!w)
		return afd_fail_memory(err);
	w->a = (struct afd_auth){ .sign = sign, .free = auth_free, .name = afd_strdup(c->api_key) };
	w->key = afd_strdup(c->api_key);
	if (!w->a.name || !w->key || afd_auth_secret(sc, "secret_key", c->secret, &w->secret, err) < 0) {
		if (!w->a.name || !w->key)
			afd_fail_memory(err);
		afd_auth_free(&w->a);
		return -1;
	}
	*ret = &w->a;
	return 0;
}

/* --- asking and reading --- */

static int ask_find(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, "/V2.0/dns/managed/name") < 0)
		return afd_fail_memory(err);
	return afd_ask_query(q, "domainname", t->subject, err);
}

static int read_find(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		     struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	int64_t id;
	char text[24];

	(void)own;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	ret->n = 1;
	id = afd_node_number(afd_doc_root(d), "id", -1);
	if (id < 0)
		return afd_pages_lacking(p, t->scope, "the account has no zone of this name", err);
	snprintf(text, sizeof(text), "%" PRId64, id);
	return afd_pages_add(p, RECORDS, t->scope, text, (struct afd_span){ 0, 0 }, err);
}

static int ask_records(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, "/V2.0/dns/managed") < 0 || afd_ask_path(q, t->subject, err) < 0 || afd_buf_text(&q->url, "/records") < 0)
		return afd_fail_memory(err);
	return afd_ask_query(q, "rows", "500", err) < 0 || afd_ask_query(q, "page", t->token ? t->token : "0", err) < 0 ? -1 : 0;
}

/* Pages count from 0. */
static int read_records(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
			struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *data;
	int64_t at;

	(void)own, (void)p, (void)t;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	data = afd_node_get(afd_doc_root(d), "data");
	if (!data || data->type != AFD_LIST)
		return afd_node_fail(d, data, err, "a list of records under \"data\"");
	ret->n = data->u.list.n;
	ret->total = afd_node_number(afd_doc_root(d), "totalRecords", -1);
	at = afd_node_number(afd_doc_root(d), "page", 0);
	return at + 1 < afd_node_number(afd_doc_root(d), "totalPages", 1) && afd_buf_printf(&ret->next, "%" PRId64, at + 1) < 0 ? afd_fail_memory(err) : 0;
}

/* Numbers stand apart from the value. Owned. */
static char *rdata_of(const struct afd_node *n, const char *type, const char *value)
{
	if (!strcmp(type, "MX"))
		return afd_sprintf("%" PRId64 " %s", afd_node_number(n, "mxLevel", 0), value);
	if (!strcmp(type, "SRV"))
		return afd_sprintf("%" PRId64 " %" PRId64 " %" PRId64 " %s", afd_node_number(n, "priority", 0), afd_node_number(n, "weight", 0),
				   afd_node_number(n, "port", 0), value);
	if (!strcmp(type, "CAA"))
		return afd_sprintf("%" PRId64 " %s %s", afd_node_number(n, "issuerCritical", 0), afd_node_word(n, "caaType") ? afd_node_word(n, "caaType") : "issue", value);
	return afd_strdup(value);
}

static int page(struct afd_hosted *h, const struct afd_doc *d, struct afd_error *err)
{
	for (const struct afd_node *n = afd_node_items(afd_doc_root(d), "data"); n; n = n->next) {
		const char *name = afd_node_text(afd_node_get(n, "name")), *type = afd_node_word(n, "type");
		const char *value = afd_node_text(afd_node_get(n, "value")), *location = afd_node_word(n, "gtdLocation");
		const int64_t ttl = afd_node_number(n, "ttl", 0);
		AFD_AUTO(mem) char *rdata = NULL;

		if (!name || !type || !value)
			return afd_node_fail(d, n, err, "a record with name, type and value");
		rdata = rdata_of(n, type, value);
		if (!rdata)
			return afd_fail_memory(err);
		if (!strcmp(type, "ANAME") ? afd_hosted_own(h, name, true, "ALIAS", ttl, err, "A %s", value) < 0 :
		    afd_hosted_add(h, &(struct afd_hosted_record){ .owner = name, .type = type, .rdata = rdata, .ttl = ttl, .relative = true, .origin = true,
			                                           .raw_text = true }, err) < 0)
			return -1;
		if (location && strcmp(location, "DEFAULT") != 0 && afd_hosted_own(h, name, true, "ROUTED", ttl, err, "%s location=%s %s", type, location, rdata) < 0)
			return -1;
	}
	return 0;
}

static const struct afd_call calls[] = {
	[FIND] = { .name = "find", .kept = AFD_KEPT_LIST, .ask = ask_find, .read = read_find },
	[RECORDS] = { .name = "records", .kept = AFD_KEPT_LIST, .ask = ask_records, .read = read_records },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	return afd_hosted_start(p, FIND, &((const struct config *)own)->zones, err);
}

static const struct afd_pages_spec spec = {
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "make an API key under Config > Account Information, look whether our clock is right (the date is signed), and put the secret key where the "
		   "configuration's secret_key points",
	.pace_ms = 2000, .burst = 50,                  /* 150 in five minutes */
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && (!c->api_key || !c->secret))
		return afd_fail(err, AFD_E_CONFIG, "api_key, secret_key: a required field is missing");
	return afd_hosted_scopes(&c->zones, c->url, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->api_key && auth_new(sc, c, &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_hosted_decode(&(struct afd_hosted_decoder){ .call = "records", .no_serial = true, .page = page }, item, sink, err);
}

const struct afd_provider afd_provider_dnsmadeeasy_zone = {
	.kind = "dnsmadeeasy-zone",
	.leg = AFD_LEG_ZONE,
	.title = "Zones at DNS Made Easy",
	.help = "Records of zones, compared from run to run: what came and went between two runs is not seen, so coverage is sampled. Needs an API key with its secret key; "
		"keys cannot be narrowed, so one of a user with few rights. DNS Made Easy tells neither serial nor who changed a record.",
	.whole = "DNS Made Easy has no key that only reads: use one of a user with few rights",
	.basis = "on clients of the vendor's API, not tested on a real answer",
	.evidence = AFD_HOSTED_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_hosted_redact, .decode = decode,
};
