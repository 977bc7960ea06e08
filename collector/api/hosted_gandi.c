/* Zones at Gandi (LiveDNS): GET /domains/ZONE/records, and the list of snapshots that Gandi itself keeps. */
#include "collector/api/hosted.h"
#include "collector/table.h"

#include <inttypes.h>
#include <stdio.h>

enum { RECORDS, SNAPSHOTS };

struct config { const char *url, *token; struct afd_texts zones; };
static const struct config defaults = { .url = "https://api.gandi.net/v5/livedns" };
static const struct afd_field fields[] = {
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, token), "personal access token" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, zones), "zones to read" },
	{ 0 }
};

static int ask(const struct afd_turn *t, const char *what, struct afd_ask *q, struct afd_error *err)
{
	if (afd_buf_text(&q->url, "/domains") < 0 || afd_ask_path(q, t->subject, err) < 0 || afd_buf_text(&q->url, what) < 0)
		return afd_fail_memory(err);
	return t->token ? afd_ask_query(q, "page", t->token, err) : 0;
}

static int ask_records(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	return ask(t, "/records", q, err);
}

static int ask_snapshots(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)own;
	return ask(t, "/snapshots", q, err);
}

/* Further pages are announced by a Link with rel="next" (RFC 8288); only that there is one is taken from it. */
static int read_answer(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		       struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)own, (void)p;
	if (afd_page_json(r, AFD_LIST, &d, err) < 0)
		return -1;
	ret->n = afd_doc_root(d)->u.list.n;
	if (!ret->n || (!strstr(r->link, "rel=\"next\"") && !strstr(r->link, "rel=next")))
		return 0;
	return afd_buf_printf(&ret->next, "%" PRIu64, t->page + 1) < 0 ? afd_fail_memory(err) : 0;
}

static int page(struct afd_hosted *h, const struct afd_doc *d, struct afd_error *err)
{
	for (const struct afd_node *n = afd_doc_root(d)->type == AFD_LIST ? afd_doc_root(d)->u.list.first : NULL; n; n = n->next) {
		struct afd_hosted_record r = { .owner = afd_node_word(n, "rrset_name"), .type = afd_node_word(n, "rrset_type"),
			.ttl = afd_node_number(n, "rrset_ttl", 0), .relative = true, .origin = true };

		if (!r.owner || !r.type)
			return afd_node_fail(d, n, err, "a set of records with rrset_name and rrset_type");
		for (const struct afd_node *v = afd_node_items(n, "rrset_values"); v; v = v->next) {
			r.rdata = afd_node_text(v);
			if (!r.rdata)
				return afd_node_fail(d, v, err, "a value");
			if (strcmp(r.type, "ALIAS") == 0 ? afd_hosted_own(h, r.owner, true, "ALIAS", r.ttl, err, "%s", r.rdata) < 0 :
			    afd_hosted_add(h, &r, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* That there are earlier contents, and of when: whoever looks into a change can ask Gandi for them. */
static int snapshots(const struct afd_list *l, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_hosted h = { .zone = l->scope, .item = item, .sink = sink };

	for (size_t i = 0; i < l->n; i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;

		if (afd_json_parse(l->page[i].body, "answer", &d, err) < 0)
			return -1;
		for (const struct afd_node *n = afd_doc_root(d)->type == AFD_LIST ? afd_doc_root(d)->u.list.first : NULL; n; n = n->next) {
			const char *id = afd_node_word(n, "id"), *name = afd_node_word(n, "name"), *at = afd_node_word(n, "created_at");
			AFD_AUTO(mem) char *label = afd_sprintf("%s snapshot %s", afd_node_true(n, "automatic") ? "automatic" : "manual", id ? id : "-");
			int64_t ms = AFD_TIME_NONE;

			if (!label)
				return afd_fail_memory(err);
			if (at)
				afd_when_parse(at, &ms, NULL);
			if (afd_hosted_note(&h, "hosted-zone", l->scope, label, name ? name : "", ms, err) < 0)
				return -1;
		}
	}
	return 0;
}

static const struct afd_call calls[] = {
	[RECORDS] = { .name = "records", .kept = AFD_KEPT_LIST, .numbered = true, .ask = ask_records, .read = read_answer },
	[SNAPSHOTS] = { .name = "snapshots", .kept = AFD_KEPT_LIST, .numbered = true, .absent_ends = true, .ask = ask_snapshots, .read = read_answer },
};

static int start(void *own, struct afd_pages *p, struct afd_error *err)
{
	const struct config *c = own;

	return afd_hosted_start(p, RECORDS, &c->zones, err) < 0 ? -1 : afd_hosted_start(p, SNAPSHOTS, &c->zones, err);
}

static const struct afd_pages_spec spec = {
	.call = calls, .n_call = AFD_COUNT(calls), .start = start,
	.refused = "make a personal access token for the organisation with the permission to see its domains and their records (Account > "
		   "Personal Access Tokens; it has an end), and put it where the configuration's token points",
	.pace_ms = 200, .burst = 10,                   /* 1000 a minute */
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
	return afd_hosted_decode(&(struct afd_hosted_decoder){ .call = "records", .no_serial = true, .page = page, .other = snapshots },
				 item, sink, err);
}

const struct afd_provider afd_provider_gandi_zone = {
	.kind = "gandi-zone",
	.leg = AFD_LEG_ZONE,
	.title = "Zones at Gandi (LiveDNS)",
	.help = "Records of zones, compared from run to run: what came and went between two runs is not seen, so coverage is sampled; and the list of "
		"snapshots that Gandi keeps of earlier contents. Needs a personal access token of the organisation that may only see domains and their "
		"technical configuration (Account > Personal Access Tokens). Gandi does not tell what a token may do, so `doctor` cannot say whether "
		"it is broader. Gandi tells neither serial nor SOA here, nor who changed a record.",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_HOSTED_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_hosted_redact, .decode = decode,
};
