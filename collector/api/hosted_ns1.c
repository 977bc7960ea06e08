/* Zones at NS1: GET /zones/ZONE tells the serial and a short form of each record. */
#include "collector/api/hosted.h"
#include "collector/table.h"

struct config { const char *url, *key; struct afd_texts zones; };
static const struct config defaults = { .url = "https://api.nsone.net/v1" };
static const struct afd_field fields[] = {
	{ "api_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, key), "API key with view zones" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, zones), "zones to read" },
	{ 0 }
};

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	return afd_buf_text(&q->url, "/zones") < 0 ? afd_fail_memory(err) : afd_ask_path(q, t->subject, err);
}

static int read_answer(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		       struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *records;

	(void)own, (void)p, (void)t;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	records = afd_node_get(afd_doc_root(d), "records");
	if (!records || records->type != AFD_LIST)
		return afd_node_fail(d, records, err, "a list under \"records\"");
	ret->n = records->u.list.n;
	return 0;
}

static int add_record(struct afd_hosted *h, const struct afd_doc *d, const struct afd_node *n, struct afd_error *err)
{
	const char *domain = afd_node_word(n, "domain"), *type = afd_node_word(n, "type"), *link = afd_node_word(n, "link");
	const int64_t ttl = afd_node_number(n, "ttl", 0), tier = afd_node_number(n, "tier", 1);
	struct afd_hosted_record r = { .owner = domain, .type = type, .ttl = ttl, .raw_text = true };

	if (!domain || !type)
		return afd_node_fail(d, n, err, "a record with domain and type");
	/* answered with what stands at another name of NS1 */
	if (link && afd_hosted_own(h, domain, false, "ALIAS", ttl, err, "%s %s link", type, link) < 0)
		return -1;
	for (const struct afd_node *a = afd_node_items(n, "short_answers"); a; a = a->next) {
		if (!afd_node_text(a))
			return afd_node_fail(d, a, err, "a short answer");
		r.rdata = afd_node_text(a);
		if (afd_hosted_add(h, &r, err) < 0)
			return -1;
		/* Tiers above 1 have a chain of filters that chooses among the answers. */
		if (tier > 1 && afd_hosted_own(h, domain, false, "ROUTED", ttl, err, "%s tier=%lld %s", type, (long long)tier, r.rdata) < 0)
			return -1;
	}
	return 0;
}

static int page(struct afd_hosted *h, const struct afd_doc *d, struct afd_error *err)
{
	const struct afd_node *root = afd_doc_root(d);
	const int64_t serial = afd_node_number(root, "serial", -1);

	if (serial >= 0 && serial <= UINT32_MAX) {
		h->serial = (uint32_t)serial;
		h->has_serial = true;
	}
	for (const struct afd_node *n = afd_node_items(root, "records"); n; n = n->next)
		if (add_record(h, d, n, err) < 0)
			return -1;
	return 0;
}

static const struct afd_call calls[] = {
	{ .name = "zone", .kept = AFD_KEPT_LIST, .ask = ask, .read = read_answer },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	return afd_hosted_start(p, 0, &((const struct config *)own)->zones, err);
}

static const struct afd_pages_excess excess[] = {
	{ .path = "/account/users", .can = "it can list the users of the account", .instead = "make a key without permissions of the account" },
	{ .path = "/account/apikeys", .can = "it can list the API keys of the account", .instead = "make a key without permissions of the account" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "make an API key with the permission to view these zones alone (Account Settings > API Keys), and put it where the "
		   "configuration's api_key points",
	.pace_ms = 500, .burst = 20,
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && !c->key)
		return afd_fail(err, AFD_E_CONFIG, "api_key: a required field is missing");
	return afd_hosted_scopes(&c->zones, c->url, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->key && afd_auth_header(sc, "api_key", c->key, "X-NSONE-Key", "", &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_hosted_decode(&(struct afd_hosted_decoder){ .call = "zone", .page = page }, item, sink, err);
}

const struct afd_provider afd_provider_ns1_zone = {
	.kind = "ns1-zone",
	.leg = AFD_LEG_ZONE,
	.title = "Zones at NS1",
	.help = "Serial and records of zones, compared from run to run. Needs an API key with the permission view zones, for these zones alone "
		"(zones_allow) and without any to manage. Told is the short form of each answer: the chain of filters and the metadata of an answer "
		"are not, only that there is one (type ROUTED); linked records stand as ALIAS. Who changed what is told by the activity log.",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_HOSTED_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_hosted_redact, .decode = decode,
};
