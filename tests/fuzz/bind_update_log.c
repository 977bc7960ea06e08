/* Links: collector, core (crypto, jansson). A piece of an update log; the first byte says what the record tells of its time zone. */
#include "collector/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen { uint64_t parts; };

static void must(bool cond)
{
	if (!cond)
		abort();
}

static int claim(void *ctx, const struct afd_row_claim *r, struct afd_error *err)
{
	static const char *const outcomes[] = { "applied", "failed", "refused", "denied", "bad-signature", "prerequisite" };
	const struct seen *s = ctx;
	bool known = false;

	(void)err;
	for (size_t i = 0; i < AFD_COUNT(outcomes); i++)
		known |= strcmp(outcomes[i], r->outcome) == 0;
	must(known && r->zone && r->ref && r->client && r->at.from < r->at.to && r->part < s->parts);
	must(strcmp(r->zone, "example.test") == 0 || strcmp(r->zone, "other.test") == 0 ||
	     (strcmp(r->zone, ".") == 0 && strcmp(r->outcome, "bad-signature") == 0));   /* its key may be no name at all */
	must(!(r->credential && r->claimed));
	for (size_t i = 0; i < r->n; i++)
		must(r->rr[i].owner && r->rr[i].part < s->parts && (r->rr[i].type || !r->rr[i].rdata) && (r->rr[i].add || !r->rr[i].rdata));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const asked[] = { "lines 1-9 of l tz=- zones=example.test other.test", "lines 1-9 of l tz=+05:30 zones=example.test other.test",
	                                     "lines 1-9 of l tz=UTC zones=example.test" };
	const struct afd_provider *p = &afd_provider_bind_update_log;
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_error err = { 0 };
	uint64_t at = 0;

	if (size < 1)
		return 0;
	struct afd_record record = { .kind = AFD_ITEM_SEGMENT, .asked = (char *)(uintptr_t)asked[data[0] % AFD_COUNT(asked)], .received_ms = 1 };
	struct afd_item_view item = { .record = &record, .bytes = afd_slice(data + 1, size - 1) };
	must(p->split(item.bytes, &parts, &err) == 0);
	for (size_t i = 0; i < parts.n; at += parts.at[i++].len)
		must(parts.at[i].off == at && parts.at[i].len > 0);
	must(at == size - 1);
	item.parts = parts;
	struct seen seen = { .parts = parts.n };
	struct afd_sink sink = { .ctx = &seen, .claim = claim };
	must(p->decode(&item, &sink, &err) == 0);
	return 0;
}
