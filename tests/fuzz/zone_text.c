/* Links: collector, core (crypto, jansson). A zone file from a stranger: every record that is read has one text, that text
 * reads back as the same record, and the zone as a whole has no difference from itself, however its records stand. */
#include "collector/zone/zone_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

struct seen { struct afd_zone_set *set; struct afd_zone_reader *again; };

static int look(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	struct seen *s = ctx;
	struct afd_zone_rr_words keep = { 0 };
	AFD_AUTO(buf) struct afd_buf line = { 0 };
	const struct afd_zone_line none = { 0 };
	struct afd_zone_rr back;
	struct afd_rr row;

	must(afd_zone_rr_words(rr, &keep, &row, err) == 0);
	for (const char *p = row.rdata; *p; p++)
		must(*p >= 0x20 && *p < 0x7f);
	must(afd_buf_printf(&line, "%s %u CLASS%u %s %s", row.owner, row.ttl, rr->rclass, row.type, row.rdata) == 0);
	must(afd_zone_text_line(s->again, afd_buf_slice(&line), &none, &back, err) == 1);
	must(afd_dns_name_equal(back.owner, rr->owner) && back.type == rr->type && back.ttl == rr->ttl && back.rclass == rr->rclass);
	must(afd_slice_equal(back.rdata, rr->rdata));
	afd_zone_rr_words_release(&keep);
	return afd_zone_set_add(s->set, rr, err);
}

static int count(void *ctx, enum afd_zone_op op, bool ttl_only, const struct afd_zone_rr *rr, struct afd_error *err)
{
	(void)op;
	(void)ttl_only;
	(void)rr;
	(void)err;
	++*(unsigned *)ctx;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_dns_name zone;
	AFD_AUTO(zone_reader) struct afd_zone_reader *again = afd_zone_reader_new();
	struct afd_error err = { 0 };
	struct afd_digest a, b;
	enum afd_zonemd verdict;
	char why[160];
	unsigned n = 0;

	must(afd_dns_name_parse(afd_slice_text("example.test"), &zone, NULL) == 0 && again);
	AFD_AUTO(zone_set) struct afd_zone_set *set = afd_zone_set_new(&zone);
	AFD_AUTO(zone_set) struct afd_zone_set *copy = afd_zone_set_new(&zone);
	must(set && copy);
	const struct afd_zone_text_options o = { .zone = &zone, .max_records = 1000 };
	struct seen s = { set, again };
	if (afd_zone_text_walk(afd_slice(data, size), &o, look, &s, &err) < 0)
		must(err.text[0]);
	must(afd_zone_set_sort(set, &err) == 0);
	must(afd_zone_set_walk(set, afd_zone_set_take, copy, &err) == 0);
	must(afd_zone_set_sort(copy, &err) == 0);
	must(afd_zone_set_diff(set, copy, count, &n, &err) == 0 && n == 0);
	must(afd_zone_set_digest(set, &a, &err) == 0 && afd_zone_set_digest(copy, &b, &err) == 0 && afd_digest_equal(&a, &b));
	must(afd_zone_set_zonemd(set, &verdict, why, &err) == 0);
	return 0;
}
