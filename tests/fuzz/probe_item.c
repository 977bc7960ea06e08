/* Links: collector, evidence, core (crypto, jansson, ldns). What a probe recorded, as an item of a stranger's store: split into parts that
 * tile it, decoded into answers or into verdicts. */
#include "collector/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t parts_of;

static void must(bool cond)
{
	if (!cond)
		abort();
}

static int answer(void *ctx, const struct afd_row_answer *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	must(r->part < parts_of && r->purpose && r->zone && r->qname[0] && r->qtype[0] && r->outcome[0]);
	for (size_t i = 0; i < r->n; i++)
		must(r->rr[i].section && r->rr[i].rr.owner[0] && r->rr[i].rr.type[0] && r->rr[i].rr.rdata);
	return 0;
}

static int dnssec(void *ctx, const struct afd_row_dnssec *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	must(r->part < parts_of && r->zone && r->name[0] && r->type[0] && r->validator[0] && r->state[0] && r->reason);
	return 0;
}

static int observation(void *ctx, const struct afd_row_observation *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	must(r->part < parts_of && r->value[0] && r->at.from < r->at.to);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct afd_provider *p = &afd_provider_dns_probe;
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_record record = { .kind = AFD_ITEM_ANSWER, .channel = (char *)"-", .received_ms = 1 };
	struct afd_item_view item = { .record = &record, .bytes = afd_slice(data, size) };
	struct afd_sink sink = { .answer = answer, .dnssec = dnssec, .observation = observation };
	struct afd_error err = { 0 };
	uint64_t at = 0;

	if (p->split(item.bytes, &parts, &err) == 0) {
		for (size_t i = 0; i < parts.n; at += parts.at[i++].len)
			must(parts.at[i].off == at);
		must(at == size);
	}
	item.parts = parts;
	parts_of = parts.n;
	if (p->decode(&item, &sink, &err) < 0)
		must(err.text[0]);
	return 0;
}
