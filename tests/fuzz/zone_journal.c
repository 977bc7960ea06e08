/* Links: collector, core (crypto, jansson). A journal: the first byte chooses its form. What a scan accepts tiles, and rows cite parts
 * that are there. */
#include "collector/table.h"
#include "collector/zone/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

struct seen { uint64_t parts; };

static void check(const struct afd_rr *rr, size_t n)
{
	for (size_t i = 0; i < n; i++)
		must(rr[i].owner && rr[i].type && rr[i].rdata && strlen(rr[i].owner) < 1024);
}

static int diff(void *ctx, const struct afd_row_diff *r, struct afd_error *err)
{
	const struct seen *s = ctx;

	(void)err;
	must(strcmp(r->zone, "example.test") == 0 && r->part < s->parts && r->from != r->to);
	check(r->del, r->n_del);
	check(r->add, r->n_add);
	return 0;
}

static int zone(void *ctx, const struct afd_row_zone *r, struct afd_error *err)
{
	const struct seen *s = ctx;

	(void)err;
	must(r->past && r->part < s->parts);
	check(r->rr, r->n);
	return 0;
}

static int serial(void *ctx, const struct afd_row_serial *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	must(r->zone != NULL);
	return 0;
}

static int claim(void *ctx, const struct afd_row_claim *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	must(r->zone && r->ref && r->credential && r->at.from < r->at.to && r->has_serials);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct { const char *asked; enum afd_journal_form form; } forms[] = {
		{ "bind-jnl zone=example.test xhdr=2 more=0 increment=0 source=- tail=0 tz=- of j", AFD_JOURNAL_BIND },
		{ "bind-jnl-head zone=example.test xhdr=0 more=0 increment=0 source=7 tail=0 tz=- of j", AFD_JOURNAL_BIND },
		{ "bind-journalprint zone=example.test xhdr=0 more=0 increment=0 source=- tail=9 tz=- of j", AFD_JOURNAL_BIND_TEXT },
		{ "knot-journalprint zone=example.test xhdr=0 more=1 increment=1 source=- tail=0 tz=- of j", AFD_JOURNAL_KNOT },
		{ "nsd-ixfr zone=example.test xhdr=0 more=0 increment=0 source=- tail=0 tz=Z of j", AFD_JOURNAL_NSD },
	};
	const size_t k = size ? (uint8_t)(data[0] - '0') % AFD_COUNT(forms) : 0;
	struct afd_slice bytes = { data + (size > 0), size - (size > 0) };
	AFD_AUTO(journal_steps) struct afd_journal_steps steps = { 0 };
	struct afd_record record = { .asked = (char *)(uintptr_t)forms[k].asked, .received_ms = 1 };
	const struct afd_item_view item = { .record = &record, .bytes = bytes };
	struct seen s = { .parts = 1 };
	struct afd_sink sink = { .ctx = &s, .diff = diff, .zone = zone, .serial = serial, .claim = claim };
	struct afd_error err = { 0 };
	struct afd_jnl_head head;
	size_t cut = 0, at = 0;

	afd_journal_detect(bytes);
	afd_jnl_head(bytes, bytes.len, &head, NULL);
	if (forms[k].form != AFD_JOURNAL_BIND && afd_journal_scan(bytes, forms[k].form, &steps, &cut, &err) == 0) {
		must(cut <= bytes.len);
		for (size_t i = 0; i < steps.n; i++) {
			must(steps.at[i].off >= at && steps.at[i].len > 0 && steps.at[i].len <= bytes.len - steps.at[i].off && (i == 0 || steps.at[i].off == at));
			at = steps.at[i].off + steps.at[i].len;
		}
		must(steps.n == 0 || at + cut == bytes.len);
	}
	s.parts = steps.n ? steps.n : forms[k].form == AFD_JOURNAL_BIND ? UINT64_MAX : 1;
	afd_journal_decode(&item, &sink, &err);
	return 0;
}
