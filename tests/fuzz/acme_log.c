/* libs: collector evidence core. Logs of ACME clients, resources of cert-manager, directories of certificates: redacted, split,
 * decoded; the first byte says whose. */
#include "collector/engine.h"
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static int issuance(void *ctx, const struct afd_row_issuance *r, struct afd_error *err)
{
	static const char *const outcomes[] = { "requested", "issued", "failed", "renewed", "revoked" };
	bool known = false;

	(void)err;
	for (size_t i = 0; i < AFD_COUNT(outcomes); i++)
		known |= strcmp(outcomes[i], r->outcome) == 0;
	must(known && r->client && r->ref && *r->ref && r->at.from < r->at.to);
	for (size_t i = 0; i < r->n; i++)
		must(r->name[i] && *r->name[i]);
	seen_part(ctx, r->part);
	return 0;
}

static int held(void *ctx, const struct afd_row_held *r, struct afd_error *err)
{
	(void)err;
	must(r->place && r->cert_sha256 && r->tbs_key && r->serial && r->issuer && r->issuer_key_hash && r->spki_sha256);
	seen_part(ctx, r->part);
	return 0;
}

static int grants(void *ctx, const struct afd_row_grants *r, struct afd_error *err)
{
	(void)err;
	must(r->scope && *r->scope);
	for (size_t i = 0; i < r->n; i++) {
		must(r->grant[i].credential && r->grant[i].owner && r->grant[i].type && r->grant[i].action);
		seen_part(ctx, r->grant[i].part);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct { const char *kind, *asked; } as[] = {
		{ "acme-log", "certbot lines 1-9 of l tz=+05:30 domains=example.test" }, { "acme-log", "certbot lines 1-9 of l tz=- domains=example.test" },
		{ "acme-log", "lego lines 1-9 of l tz=UTC domains=example.test" }, { "acme-log", "cert-manager lines 1-9 of l tz=UTC domains=example.test" },
		{ "cert-manager-resources", "resources in x" }, { "certificate-dir", "certificates in x" },
		{ "dns-server-config", "configuration x server=bind zones=a.test" }, { "dns-server-config", "configuration x server=knot zones=a.test" },
		{ "dns-server-config", "configuration x server=nsd zones=a.test" },
	};
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges merged = { 0 };
	AFD_AUTO(buf) struct afd_buf kept = { 0 };
	struct afd_error err = { 0 };

	if (size < 1)
		return 0;
	size_t i = data[0] % AFD_COUNT(as);
	const struct afd_provider *p = afd_provider_find(as[i].kind);
	struct afd_slice bytes = afd_slice(data + 1, size - 1);
	if (p->redact) {
		must(p->redact(bytes, &cuts, &err) == 0 && afd_redact_apply(bytes, &cuts, &kept, &merged, &err) == 0 && kept.len == bytes.len);
		bytes = afd_buf_slice(&kept);
	}
	if (!p->split || p->split(bytes, &parts, &err) < 0) {
		parts.n = 0;
		must(afd_ranges_add(&parts, 0, bytes.len) == 0);
	}
	must_tile(&parts, bytes.len);
	struct afd_record record = { .kind = AFD_ITEM_SEGMENT, .asked = (char *)(uintptr_t)as[i].asked, .received_ms = INT64_C(1795334400000) };
	struct afd_item_view item = { .record = &record, .bytes = bytes, .parts = parts };
	struct seen seen = { .parts = parts.n };
	struct afd_sink sink = { .ctx = &seen, .issuance = issuance, .held = held, .grants = grants };
	err = (struct afd_error){ 0 };
	must(p->decode(&item, &sink, &err) == 0 || (err.code && err.text[0]));
	return 0;
}
