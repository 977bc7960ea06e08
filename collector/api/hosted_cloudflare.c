/* Zones at Cloudflare: GET /zones?name= finds the id, GET /zones/ID/dns_records the records. */
#include "collector/api/hosted.h"
#include "collector/table.h"

#include <inttypes.h>
#include <stdio.h>

#define PER_PAGE "500"
#define RECENT   (32 * AFD_DAY)
enum { FIND, RECORDS };

struct config { const char *url, *token; struct afd_texts zones; };
static const struct config defaults = { .url = "https://api.cloudflare.com/client/v4" };
static const struct afd_field fields[] = {
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, token), "API token with DNS Read for the zones" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, zones), "zones to read" },
	{ 0 }
};

/* {"success":true,"result":[...],"result_info":{...}}; an error's words are a stranger's, its number is not. */
static int parse(const struct afd_response *r, struct afd_doc **ret, struct afd_page *page, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *root, *result, *info;

	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	root = afd_doc_root(d);
	if (!afd_node_true(root, "success"))
		return afd_fail(err, AFD_E_REMOTE, "answer: success is not true; error code %" PRId64,
				afd_node_number(afd_node_items(root, "errors"), "code", 0));
	result = afd_node_get(root, "result");
	info = afd_node_get(root, "result_info");
	if (!result || result->type != AFD_LIST)
		return afd_node_fail(d, result, err, "a list under \"result\"");
	page->n = result->u.list.n;
	page->count = afd_node_number(info, "count", -1);
	page->total = afd_node_number(info, "total_count", -1);
	*ret = afd_steal(&d);
	return 0;
}

static int ask_find(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, "/zones") < 0)
		return afd_fail_memory(err);
	return afd_ask_query(q, "name", t->subject, err);
}

static int read_find(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		     struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const char *id = NULL;

	(void)own;
	if (parse(r, &d, ret, err) < 0)
		return -1;
	for (const struct afd_node *z = afd_node_items(afd_doc_root(d), "result"); z; z = z->next) {
		const char *name = afd_node_word(z, "name");
		char own_name[AFD_NAME_MAX];

		if (name && afd_name_canonical(afd_slice_text(name), own_name, NULL) == 0 && strcmp(own_name, t->scope) == 0)
			id = afd_node_word(z, "id");
	}
	if (!id || strlen(id) > 100)
		return afd_pages_lacking(p, t->scope, "the token sees no zone of this name", err);
	return afd_pages_add(p, RECORDS, t->scope, id, (struct afd_span){ 0, 0 }, err);
}

static int ask_records(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	if (afd_buf_text(&q->url, "/zones") < 0 || afd_ask_path(q, t->subject, err) < 0 || afd_buf_text(&q->url, "/dns_records") < 0)
		return afd_fail_memory(err);
	return afd_ask_query(q, "page", t->token ? t->token : "1", err) < 0 || afd_ask_query(q, "per_page", PER_PAGE, err) < 0 ? -1 : 0;
}

static int read_records(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
			struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *info;
	int64_t at;

	(void)own, (void)p, (void)t;
	if (parse(r, &d, ret, err) < 0)
		return -1;
	info = afd_node_get(afd_doc_root(d), "result_info");
	at = afd_node_number(info, "page", 1);
	return at < afd_node_number(info, "total_pages", 1) && afd_buf_printf(&ret->next, "%" PRId64, at + 1) < 0 ? afd_fail_memory(err) : 0;
}

/* Some types have their first number apart from the rest. Newer answers repeat it in the content: then the words are
 * one more. */
static char *rdata_of(const struct afd_node *n, const char *type, const char *content)
{
	static const struct { const char *type; unsigned words; } apart[] = { { "MX", 1 }, { "SRV", 3 }, { "URI", 2 } };
	int64_t priority = afd_node_number(n, "priority", -1);
	unsigned words = 0;

	for (const char *s = content; *s; s += strspn(s, " \t")) {
		words++;
		s += strcspn(s, " \t");
	}
	for (size_t i = 0; priority >= 0 && i < AFD_COUNT(apart); i++)
		if (strcmp(apart[i].type, type) == 0 && words == apart[i].words)
			return afd_sprintf("%" PRId64 " %s", priority, content);
	return afd_strdup(content);
}

/* What people wrote beside the record, and when it was touched, if that is not long ago. */
static int note(struct afd_hosted *h, const struct afd_node *n, const char *name, const char *type, struct afd_error *err)
{
	const char *comment = afd_node_word(n, "comment"), *modified = afd_node_word(n, "modified_on"), *id = afd_node_word(n, "id");
	AFD_AUTO(mem) char *label = afd_sprintf("%s %s", type, id ? id : "-");
	AFD_AUTO(mem) char *key = NULL;
	int64_t at;

	if (!label)
		return afd_fail_memory(err);
	if (comment && (!(key = afd_sprintf("comment of %s", label)) ||
			afd_hosted_note(h, "hosted-record", name, key, comment, AFD_TIME_NONE, err) < 0))
		return key ? -1 : afd_fail_memory(err);
	for (const struct afd_node *tag = afd_node_items(n, "tags"); tag; tag = tag->next) {
		AFD_AUTO(mem) char *what = afd_sprintf("tag of %s", label);

		if (!what)
			return afd_fail_memory(err);
		if (afd_node_text(tag) && afd_hosted_note(h, "hosted-record", name, what, afd_node_text(tag), AFD_TIME_NONE, err) < 0)
			return -1;
	}
	if (modified && afd_when_parse(modified, &at, NULL) == 0 && at > h->item->record->received_ms - RECENT) {
		AFD_AUTO(mem) char *what = afd_sprintf("%s of %s",
			afd_node_word(n, "created_on") && strcmp(afd_node_word(n, "created_on"), modified) == 0 ? "created" : "modified", label);

		if (!what)
			return afd_fail_memory(err);
		return afd_hosted_note(h, "hosted-record", name, what, modified, at, err);
	}
	return 0;
}

enum { AUTOMATIC = 1, AUTOMATIC_SECONDS = 300 };

/* The time that caches get: 1 stands for "automatic". */
static int64_t ttl_of(const struct afd_node *n)
{
	int64_t ttl = afd_node_number(n, "ttl", 0);

	return ttl == AUTOMATIC ? AUTOMATIC_SECONDS : ttl;
}

static int page(struct afd_hosted *h, const struct afd_doc *d, struct afd_error *err)
{
	for (const struct afd_node *n = afd_node_items(afd_doc_root(d), "result"); n; n = n->next) {
		const char *name = afd_node_word(n, "name"), *type = afd_node_word(n, "type");
		const char *content = afd_node_text(afd_node_get(n, "content"));
		AFD_AUTO(mem) char *rdata = NULL;
		struct afd_hosted_record r = { .owner = name, .type = type, .ttl = ttl_of(n), .raw_text = true };

		if (!name || !type || !content)
			return afd_node_fail(d, n, err, "a record with name, type and content");
		r.rdata = rdata = rdata_of(n, type, content);
		if (!rdata)
			return afd_fail_memory(err);
		if (afd_hosted_add(h, &r, err) < 0 ||
		    (afd_node_true(n, "proxied") && afd_hosted_own(h, name, false, "PROXIED", r.ttl, err, "%s %s", type, rdata) < 0) ||
		    note(h, n, name, type, err) < 0)
			return -1;
	}
	return 0;
}

static const struct afd_call calls[] = {
	[FIND] = { .name = "zone", .kept = AFD_KEPT_LIST, .ask = ask_find, .read = read_find },
	[RECORDS] = { .name = "records", .kept = AFD_KEPT_LIST, .ask = ask_records, .read = read_records },
};

/* A token that is no token at all is answered with 400 and one of these. */
static enum afd_judged judge(const struct afd_response *r)
{
	if (r->status == 400 && (afd_body_says(r, "\"code\":6003") || afd_body_says(r, "\"code\":6111") || afd_body_says(r, "\"code\":9109")))
		return AFD_JUDGED_REFUSED;
	return afd_judge_status(r);
}

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	return afd_hosted_start(p, FIND, &((const struct config *)own)->zones, err);
}

bool afd_cloudflare_sees_zone(void *own, const struct afd_response *r)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)own;
	return afd_page_json(r, AFD_MAP, &d, NULL) == 0 && afd_node_items(afd_doc_root(d), "result");
}

/* One that is not in the configuration. */
static bool sees_other_zone(void *own, const struct afd_response *r)
{
	const struct config *c = own;
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (afd_page_json(r, AFD_MAP, &d, NULL) < 0)
		return false;
	for (const struct afd_node *z = afd_node_items(afd_doc_root(d), "result"); z; z = z->next) {
		const char *name = afd_node_word(z, "name");
		char own_name[AFD_NAME_MAX];
		bool ours = !name || afd_name_canonical(afd_slice_text(name), own_name, NULL) < 0;

		for (size_t i = 0; !ours && i < c->zones.n; i++)
			ours = strcmp(own_name, c->zones.at[i]) == 0;
		if (!ours)
			return true;
	}
	return false;
}

static const struct afd_pages_excess excess[] = {
	{ .path = "/user/tokens?per_page=5", .can = AFD_CLOUDFLARE_USER_TOKENS, .instead = "make a token with Zone Read and DNS Read, without User > API Tokens" },
	{ .path = "/zones?per_page=50", .shown = sees_other_zone, .can = "it sees zones that are not in this source's configuration",
	  .instead = "make a token whose Zone Resources are these zones alone" },
};

static const struct afd_pages_spec spec = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.call = calls, .n_call = AFD_COUNT(calls), .judge = judge, .start = start,
	.refused = "make an API token with the permissions Zone Read and DNS Read for these zones (My Profile > API Tokens), and put it "
		   "where the configuration's token points",
	.pace_ms = 250, .burst = 600,                  /* 1200 in 5 minutes for each user, also for what else the user runs */
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->url, "file:", 5) != 0 && !c->token)
		return afd_fail(err, AFD_E_CONFIG, "token: a required field is missing");
	return afd_hosted_scopes(&c->zones, c->url, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_pages_setup setup = { .spec = &spec, .base = c->url, .own = (void *)c };

	if (c->token && afd_auth_header(sc, "token", c->token, "Authorization", "Bearer ", &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_hosted_decode(&(struct afd_hosted_decoder){ .call = "records", .no_serial = true, .page = page }, item, sink, err);
}

const struct afd_provider afd_provider_cloudflare_zone = {
	.kind = "cloudflare-zone",
	.leg = AFD_LEG_ZONE,
	.title = "Zones at Cloudflare",
	.help = "The DNS records of zones, compared from run to run: what came and went between two runs is not seen, so coverage is "
		"sampled. Needs an API token with Zone Read and DNS Read, limited to these zones (My Profile > API Tokens). A record that "
		"is proxied stands as type PROXIED, too: resolvers get Cloudflare's addresses; a TTL of 1 means automatic: 300 seconds. SOA and "
		"the apex NS are not told. Who changed a record is told by cloudflare-audit.",
	.basis = "tested on the vendor's document",
	.evidence = AFD_HOSTED_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_hosted_redact, .decode = decode,
};
