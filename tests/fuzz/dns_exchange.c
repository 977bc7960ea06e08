/* Links: collector, core (crypto, jansson). A zone transfer as an item of a stranger's store: split into parts that tile it, decoded
 * into rows that cite them; what is refused has said nothing before. */
#include "collector/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen { uint64_t parts, rows; uint32_t serial; bool diff; };

static void must(bool cond)
{
	if (!cond)
		abort();
}

static void look_at(const struct afd_rr *rr, size_t n)
{
	for (size_t i = 0; i < n; i++)
		must(rr[i].owner && rr[i].owner[0] && rr[i].type && rr[i].type[0] && rr[i].rdata);
}

static int zone(void *ctx, const struct afd_row_zone *r, struct afd_error *err)
{
	struct seen *s = ctx;

	(void)err;
	must(s->rows++ == 0 && r->part > 0 && r->part < s->parts && r->n > 0 && strcmp(r->rr[0].type, "SOA") == 0);
	for (size_t i = 1; i < r->n; i++)
		must(strcmp(r->rr[i].type, "SOA") != 0);
	look_at(r->rr, r->n);
	return 0;
}

static int diff(void *ctx, const struct afd_row_diff *r, struct afd_error *err)
{
	struct seen *s = ctx;

	(void)err;
	must(r->part > 0 && r->part < s->parts && r->n_del > 0 && r->n_add > 0);
	must(s->rows++ == 0 || (s->diff && s->serial == r->from));
	s->diff = true;
	s->serial = r->to;
	look_at(r->del, r->n_del);
	look_at(r->add, r->n_add);
	return 0;
}

static int serial(void *ctx, const struct afd_row_serial *r, struct afd_error *err)
{
	struct seen *s = ctx;

	(void)err;
	must(s->rows++ == 0 && r->part == 1);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct afd_provider *p = &afd_provider_dns_transfer;
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_record record = { .kind = AFD_ITEM_ANSWER, .channel = (char *)"tcp 192.0.2.1:53 no tsig", .received_ms = 1 };
	struct afd_item_view item = { .record = &record, .bytes = afd_slice(data, size) };
	struct seen seen = { 0 };
	struct afd_sink sink = { .ctx = &seen, .zone = zone, .diff = diff, .serial = serial };
	struct afd_error err = { 0 };
	uint64_t at = 0;

	if (p->split(item.bytes, &parts, &err) == 0) {
		for (size_t i = 0; i < parts.n; at += parts.at[i++].len)
			must(parts.at[i].off == at);
		must(at == size);
	}
	item.parts = parts;
	seen.parts = parts.n;
	if (p->decode(&item, &sink, &err) < 0)
		must(err.text[0] && seen.rows == 0);
	else
		must(seen.rows > 0);
	return 0;
}
