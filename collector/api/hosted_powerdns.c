/* Zones of a PowerDNS server, through its API: GET /servers/ID/zones/ZONE. A change through the API moves content, but not
 * the serial unless SOA-EDIT-API is set: content is compared, too. */
#include "collector/api/hosted.h"
#include "collector/table.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/digest.h"

struct config { const char *url, *key, *server; struct afd_texts zones; };
static const struct config defaults = { .server = "localhost" };
static const struct afd_field fields[] = {
	{ "api_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, key), "api-key of pdns.conf" },
	{ "server", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, server), "server id in the API" },
	{ "url", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, url), "https://host:8081/api/v1, http on the loopback alone, or file:DIR" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, zones), "zones to read" },
	{ 0 }
};

static int ask(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	const struct config *c = own;
	AFD_AUTO(mem) char *zone = afd_sprintf("%s.", t->subject);

	if (!zone || afd_buf_text(&q->url, "/servers") < 0)
		return afd_fail_memory(err);
	if (afd_ask_path(q, c->server, err) < 0 || afd_buf_text(&q->url, "/zones") < 0)
		return -1;
	return afd_ask_path(q, zone, err);
}

static int read_answer(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		       struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *sets;

	(void)own, (void)p, (void)t;
	if (afd_page_json(r, AFD_MAP, &d, err) < 0)
		return -1;
	sets = afd_node_get(afd_doc_root(d), "rrsets");
	if (!sets || sets->type != AFD_LIST)
		return afd_node_fail(d, sets, err, "a list under \"rrsets\"");
	ret->n = sets->u.list.n;
	return 0;
}

/* Who wrote what to a set of records, as whoever used the API put it there: a claim about the set as it stands. */
static int tell_comment(struct afd_hosted *h, const struct afd_node *c, const char *name, const char *type, size_t first,
			struct afd_error *err)
{
	const char *account = afd_node_word(c, "account"), *content = afd_node_text(afd_node_get(c, "content"));
	const int64_t modified = afd_node_number(c, "modified_at", 0);
	AFD_AUTO(mem) char *text = afd_sprintf("%s\n%s", account ? account : "", content ? content : "");
	AFD_AUTO(mem) char *ref = NULL;
	struct afd_claim_rr *rr;
	struct afd_digest digest;
	struct afd_row_claim row;
	int r;

	if (!text)
		return afd_fail_memory(err);
	if (modified <= 0 || modified > INT64_MAX / AFD_SECOND) {   /* 0: this version did not note when */
		AFD_AUTO(mem) char *what = afd_sprintf("comment of %s by %s", type, account ? account : "-");

		return what ? afd_hosted_note(h, "hosted-record", name, what, content ? content : "", AFD_TIME_NONE, err) : afd_fail_memory(err);
	}
	afd_sha256(afd_slice_text(text), &digest);
	ref = afd_sprintf("comment:%s/%s/%" PRId64 "/%.16s", name, type, modified, afd_digest_hex(&digest).s);
	rr = calloc(h->n - first + 1, sizeof(*rr));
	if (!ref || !rr) {
		free(rr);
		return afd_fail_memory(err);
	}
	for (size_t i = first; i < h->n; i++)
		rr[i - first] = (struct afd_claim_rr){ .owner = h->rr[i].owner, .type = h->rr[i].type, .rdata = h->rr[i].rdata, .add = true };
	row = (struct afd_row_claim){
		.zone = h->zone, .outcome = "applied", .kind = "api-comment", .actor = account, .ref = ref,
		.at = { modified * AFD_SECOND, (modified + 1) * AFD_SECOND }, .rr = rr, .n = h->n - first,
	};
	r = h->sink->claim(h->sink->ctx, &row, err);
	free(rr);
	return r;
}

static int add_set(struct afd_hosted *h, const struct afd_doc *d, const struct afd_node *s, struct afd_error *err)
{
	const char *name = afd_node_word(s, "name"), *type = afd_node_word(s, "type");
	const int64_t ttl = afd_node_number(s, "ttl", 0);
	const size_t first = h->n;

	if (!name || !type)
		return afd_node_fail(d, s, err, "a set of records with name and type");
	for (const struct afd_node *r = afd_node_items(s, "records"); r; r = r->next) {
		const char *content = afd_node_text(afd_node_get(r, "content"));

		if (!content)
			return afd_node_fail(d, r, err, "a record with content");
		/* is there, and is not served */
		if (afd_node_true(r, "disabled") ? afd_hosted_own(h, name, false, "DISABLED", ttl, err, "%s %s", type, content) < 0 :
		    strcmp(type, "ALIAS") == 0 ? afd_hosted_own(h, name, false, "ALIAS", ttl, err, "%s", content) < 0 :
		    afd_hosted_add(h, &(struct afd_hosted_record){ .owner = name, .type = type, .rdata = content, .ttl = ttl }, err) < 0)
			return -1;
	}
	for (const struct afd_node *c = afd_node_items(s, "comments"); c; c = c->next)
		if (tell_comment(h, c, h->n > first ? h->rr[first].owner : h->zone, type, first, err) < 0)
			return -1;
	return 0;
}

static int page(struct afd_hosted *h, const struct afd_doc *d, struct afd_error *err)
{
	const struct afd_node *root = afd_doc_root(d);
	const char *edit = afd_node_text(afd_node_get(root, "soa_edit_api"));
	/* what is served: the serial after SOA-EDIT */
	const int64_t serial = afd_node_number(root, "edited_serial", afd_node_number(root, "serial", -1));

	if (serial >= 0 && serial <= UINT32_MAX) {
		h->serial = (uint32_t)serial;
		h->has_serial = true;
	}
	h->loose = !edit || !*edit;
	for (const struct afd_node *s = afd_node_items(root, "rrsets"); s; s = s->next)
		if (add_set(h, d, s, err) < 0)
			return -1;
	return edit ? afd_hosted_note(h, "hosted-zone", h->zone, "soa-edit-api", edit, AFD_TIME_NONE, err) : 0;
}

static const struct afd_call calls[] = {
	{ .name = "zone", .kept = AFD_KEPT_LIST, .ask = ask, .read = read_answer },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	return afd_hosted_start(p, 0, &((const struct config *)own)->zones, err);
}

static const struct afd_pages_spec spec = {
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "put the api-key of pdns.conf where the configuration's api_key points, and see that webserver-allow-from holds our address",
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

	if (c->key && afd_auth_header(sc, "api_key", c->key, "X-API-Key", "", &setup.auth, err) < 0)
		return -1;
	return afd_pages_begin(sc, &setup, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_hosted_decode(&(struct afd_hosted_decoder){ .call = "zone", .page = page }, item, sink, err);
}

const struct afd_provider afd_provider_powerdns_zone = {
	.kind = "powerdns-zone",
	.leg = AFD_LEG_ZONE,
	.title = "Zones of a PowerDNS server, by its API",
	.help = "Records, disabled records and comments of zones as PowerDNS (4.x) has them in its database. A change through the API moves the "
		"serial only where SOA-EDIT-API is set: without it transfers are blind to such changes, and this source is not. Set it: "
		"pdnsutil set-meta ZONE SOA-EDIT-API INCREASE. The API key can write as well: PowerDNS has no key that only "
		"reads, so put a proxy in front that lets GET through alone, or run this program beside the server. Comments are claims: "
		"whoever uses the API writes them.",
	.whole = "PowerDNS has no key that only reads: put a proxy in front that lets GET through alone, or run this program beside the server",
	.basis = "tested on a real server",
	.evidence = AFD_HOSTED_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_hosted_redact, .decode = decode,
};
