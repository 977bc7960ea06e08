/* libs: collector evidence core. Answers of HTTP sources. The first line names the source, the rest is what the provider answers,
 * to whatever it is asked: the source reads it as a run does, and what it keeps is redacted, split and decoded. */
#include "collector/collect.h"
#include "collector/engine.h"
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ZONES "zones: [example.test], url: 'file:/nowhere'"
static const char yaml[] =
	"organisation: X\ninventory: i.yaml\nsources:\n"
	"  - {name: aws-cloudtrail, type: aws-cloudtrail, account: '111122223333', zones: [example.test=Z1], services: [route53], url: 'file:/nowhere'}\n"
	"  - {name: azure-activity, type: azure-activity, subscription: s, providers: [Microsoft.Network], url: 'file:/nowhere'}\n"
	"  - {name: google-audit, type: google-audit, project: p, zones: [example.test=z1], url: 'file:/nowhere'}\n"
	"  - {name: akamai-events, type: akamai-events, account: a, url: 'file:/nowhere'}\n"
	"  - {name: infoblox-audit, type: infoblox-audit, account: a, url: 'file:/nowhere'}\n"
	"  - {name: ns1-activity, type: ns1-activity, account: a, url: 'file:/nowhere'}\n"
	"  - {name: azure-dns, type: azure-dns, subscription: s, resource_group: g, " ZONES "}\n"
	"  - {name: cloudflare-zone, type: cloudflare-zone, " ZONES "}\n"
	"  - {name: dnsimple-zone, type: dnsimple-zone, account: '1', " ZONES "}\n"
	"  - {name: dnsmadeeasy-zone, type: dnsmadeeasy-zone, " ZONES "}\n"
	"  - {name: gandi-zone, type: gandi-zone, " ZONES "}\n"
	"  - {name: google-dns, type: google-dns, project: p, " ZONES "}\n"
	"  - {name: ns1-zone, type: ns1-zone, " ZONES "}\n"
	"  - {name: powerdns-zone, type: powerdns-zone, " ZONES "}\n"
	"  - {name: aws-iam, type: aws-iam, account: a, url: 'file:/nowhere'}\n"
	"  - {name: dnsimple-account, type: dnsimple-account, account: a, url: 'file:/nowhere'}\n"
	"  - {name: cloudflare-account, type: cloudflare-account, account: a, url: 'file:/nowhere'}\n"
	"  - {name: cloudflare-audit-v1, type: cloudflare-audit-v1, account: a, url: 'file:/nowhere'}\n"
	"  - {name: ns1-account, type: ns1-account, account: a, url: 'file:/nowhere'}\n"
	"  - {name: namecheap-registrar, type: namecheap-registrar, account: a, url: 'file:/nowhere'}\n"
	"  - {name: ovh-registrar, type: ovh-registrar, account: a, url: 'file:/nowhere'}\n"
	"  - {name: porkbun-registrar, type: porkbun-registrar, account: a, url: 'file:/nowhere'}\n"
	"  - {name: cloudflare-registrar, type: cloudflare-registrar, account: a, url: 'file:/nowhere'}\n"
	"  - {name: dnsimple-registrar, type: dnsimple-registrar, account: a, url: 'file:/nowhere'}\n"
	"  - {name: gandi-registrar, type: gandi-registrar, account: a, url: 'file:/nowhere'}\n"
	"  - {name: godaddy-registrar, type: godaddy-registrar, account: a, url: 'file:/nowhere'}\n"
	"  - {name: route53-zone, type: route53-zone, " ZONES "}\n";

struct kept { const struct afd_source *s; const char *asked; };

static void check_rr(const struct afd_rr *rr, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!rr[i].owner || !rr[i].type || !*rr[i].type || !rr[i].rdata)
			abort();
}

static int seen_zone(void *ctx, const struct afd_row_zone *r, struct afd_error *err)
{
	(void)err;
	check_rr(r->rr, r->n);
	if (!r->zone)
		abort();
	seen_part(ctx, r->part);
	return 0;
}

static int seen_diff(void *ctx, const struct afd_row_diff *r, struct afd_error *err)
{
	(void)err;
	check_rr(r->del, r->n_del);
	check_rr(r->add, r->n_add);
	seen_part(ctx, r->part);
	return 0;
}

static void decode(const struct kept *k, const char *asked, struct afd_slice bytes, const struct afd_ranges *parts)
{
	struct afd_record record = { .kind = AFD_ITEM_ANSWER, .source = (char *)k->s->name, .decoder = (char *)k->s->provider->kind,
		.asked = (char *)asked, .received_ms = INT64_C(1785585600000) };
	struct afd_item_view view = { .record = &record, .bytes = bytes, .parts = *parts };
	struct seen seen = { .parts = parts->n };
	struct afd_sink sink = { .ctx = &seen, .zone = seen_zone, .diff = seen_diff, .claim = seen_claim, .observation = seen_observation,
		.event = seen_event, .coverage = seen_coverage, .domain_state = seen_domain_state, .credentials = seen_credentials,
		.members = seen_members };
	struct afd_error err = { 0 };

	if (afd_decode_item(NULL, &view, &sink, &err) < 0 && (!err.code || !err.text[0]))
		abort();                  /* a refusal says why */
}

static int keep_item(void *ctx, const struct afd_draft *d, struct afd_error *err)
{
	const struct kept *k = ctx;
	AFD_AUTO(buf) struct afd_buf clean = { 0 };
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges merged = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };

	if (k->s->provider->redact && k->s->provider->redact(d->bytes, &cuts, NULL) < 0)
		return 0;
	if (afd_redact_apply(d->bytes, &cuts, &clean, &merged, err) < 0)
		abort();
	if (!k->s->provider->split || k->s->provider->split(afd_buf_slice(&clean), &parts, NULL) < 0) {
		parts.n = 0;
		afd_ranges_add(&parts, 0, clean.len);
	}
	must_tile(&parts, clean.len);
	decode(k, d->asked, afd_buf_slice(&clean), &parts);
	return 0;
}

static int keep_cover(void *ctx, const struct afd_row_coverage *c, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!c->scope || c->at.from >= c->at.to || !c->reason)
		abort();
	return 0;
}

static int keep_checkpoint(void *ctx, const char *cursor, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)ctx, (void)err;
	if (afd_json_parse(afd_slice_text(cursor), "cursor", &d, NULL) < 0)
		abort();
	return 0;
}

static void keep_progress(void *ctx, uint64_t done, uint64_t total, const char *unit)
{
	(void)ctx, (void)done, (void)total, (void)unit;
}

static void keep_refused(void *ctx, const char *why)
{
	(void)ctx;
	if (!why || !*why)
		abort();
}

static int64_t noon(void *ctx)
{
	(void)ctx;
	return INT64_C(1785585600000);
}

static int no_chance(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0, n);
	return 0;
}

/* The same answer, whatever is asked, a few times. */
static void answer(const struct afd_source *s, struct afd_slice body)
{
	static const struct afd_env env = { .now_ms = noon, .random = no_chance };
	const struct afd_source_config config = { .name = s->name, .doc = s->doc, .node = s->node, .base_dir = s->base_dir, .env = &env };
	struct kept k = { .s = s };
	struct afd_keeper keep = { &k, keep_item, keep_cover, keep_checkpoint, keep_progress, keep_refused };
	struct afd_error err = { 0 };
	void *state = NULL;

	if (s->provider->begin(&config, s->config, NULL, &state, &err) < 0)
		abort();
	for (int i = 0; i < 6; i++) {
		struct afd_request q = { 0 };
		const struct afd_response r = { .status = 200, .body = body, .server_ms = AFD_TIME_NONE, .retry_after_ms = -1 };

		if (s->provider->next(state, &q, &err) <= 0)
			break;
		k.asked = q.asked;
		if (s->provider->take(state, &r, NULL, &keep, &err) < 0)
			break;
	}
	s->provider->end(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct afd_config *config;
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	struct afd_error err = { 0 };

	if (!config && afd_config_parse(afd_slice_text(yaml), "/fuzz/affidavit.yaml", &config, &err) < 0)
		abort();
	for (size_t i = 0; end && i < config->n_source; i++)
		if (afd_slice_equal(afd_slice(data, (size_t)(end - data)), afd_slice_text(config->source[i].name)))
			answer(&config->source[i], afd_slice(end + 1, size - (size_t)(end - data) - 1));
	return 0;
}
