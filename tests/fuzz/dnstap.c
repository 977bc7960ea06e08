/* Links: collector, core (crypto, jansson). A stream of frames: what is read stays inside, and every claim is one of those that there are. */
#include "collector/table.h"
#include "collector/zone/dnstap.h"
#include "collector/zone/tsig_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static int claim(void *ctx, const struct afd_row_claim *r, struct afd_error *err)
{
	const uint64_t *parts = ctx;

	(void)err;
	must(r->zone && r->ref && r->client && r->outcome && r->at.from < r->at.to && r->part < *parts && strcmp(r->kind, "dnstap") == 0);
	must(strcmp(r->zone, "example.test") == 0 && !(r->credential && r->claimed));
	must(!r->credential || strcmp(r->outcome, "bad-signature") != 0);
	for (size_t i = 0; i < r->n; i++)
		must(r->rr[i].owner && (r->rr[i].type || !r->rr[i].rdata) && (r->rr[i].add || !r->rr[i].has_ttl));
	return 0;
}

static void each_frame(struct afd_slice left)
{
	struct afd_tsig_keys keys = { 0 };
	struct afd_slice frame, packet;
	struct afd_dns_message m;
	struct afd_dnstap tap;
	bool response;
	char client[64];

	must(afd_tsig_keys_read(afd_slice_text("key alice { algorithm hmac-sha256; secret c2VjcmV0; };"), &keys, NULL) == 0);
	while (afd_frame_next(&left, &frame, NULL) > 0) {
		if (afd_frame_control(frame) || afd_dnstap_read(frame, &tap, NULL) < 0 || !afd_dnstap_update(&tap, &packet, &response))
			continue;
		afd_dnstap_client(&tap, client);
		if (afd_dns_parse(packet, &m, NULL) == 0)
			must(strchr("vfn-", afd_tsig_keys_verdict(&keys, &m)) != NULL);
	}
	afd_tsig_keys_release(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct afd_provider *p = &afd_provider_dnstap;
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_error err = { 0 };
	uint64_t at = 0;

	each_frame(afd_slice(data, size));
	if (size == 0)
		return 0;
	struct afd_record record = { .kind = AFD_ITEM_SEGMENT, .asked = (char *)(uintptr_t)"frames 1-9 of l tz=- macs=vfn- zones=example.test", .received_ms = 1 };
	struct afd_item_view item = { .record = &record, .bytes = afd_slice(data, size) };
	must(p->split(item.bytes, &parts, &err) == 0);
	for (size_t i = 0; i < parts.n; at += parts.at[i++].len)
		must(parts.at[i].off == at && parts.at[i].len > 0);
	must(at == size);
	item.parts = parts;
	uint64_t n = parts.n;
	struct afd_sink sink = { .ctx = &n, .claim = claim };
	must(p->decode(&item, &sink, &err) == 0);
	return 0;
}
