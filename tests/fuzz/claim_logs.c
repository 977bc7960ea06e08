/* Links: collector, core (crypto, jansson). Logs of Knot, PowerDNS and NSD; the first byte says whose. */
#include "collector/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static int claim(void *ctx, const struct afd_row_claim *r, struct afd_error *err)
{
	static const char *const outcomes[] = { "applied", "no-change", "failed", "refused", "denied", "bad-signature", "prerequisite" };
	const uint64_t *parts = ctx;
	bool known = false;

	(void)err;
	for (size_t i = 0; i < AFD_COUNT(outcomes); i++)
		known |= strcmp(outcomes[i], r->outcome) == 0;
	must(known && r->ref && r->at.from < r->at.to && r->part < *parts && !(r->credential && r->claimed));
	must(strcmp(r->zone, "example.test") == 0 || strcmp(r->zone, "other.test") == 0);
	for (size_t i = 0; i < r->n; i++)
		must(r->rr[i].owner && r->rr[i].part < *parts && !r->rr[i].rdata);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct afd_provider *const logs[] = { &afd_provider_knot_log, &afd_provider_pdns_log, &afd_provider_nsd_log };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_error err = { 0 };
	uint64_t at = 0;

	if (size < 2)
		return 0;
	const struct afd_provider *p = logs[data[0] % AFD_COUNT(logs)];
	struct afd_record record = { .kind = AFD_ITEM_SEGMENT, .asked = (char *)(uintptr_t)"lines 1-9 of l tz=UTC zones=example.test other.test",
	                             .received_ms = INT64_C(1795305000000) };
	struct afd_item_view item = { .record = &record, .bytes = afd_slice(data + 1, size - 1) };
	must(p->split(item.bytes, &parts, &err) == 0);
	for (size_t i = 0; i < parts.n; at += parts.at[i++].len)
		must(parts.at[i].off == at && parts.at[i].len > 0);
	must(at == size - 1);
	item.parts = parts;
	uint64_t n = parts.n;
	struct afd_sink sink = { .ctx = &n, .claim = claim };
	must(p->decode(&item, &sink, &err) == 0);
	return 0;
}
