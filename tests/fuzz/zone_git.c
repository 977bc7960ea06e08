/* Links: collector, core (crypto, jansson). What git prints (first byte 'l': a log, 't': a tree's entry), or a commit as an item ('i'). */
#include "collector/table.h"
#include "collector/zone/git.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static int declared(void *ctx, const struct afd_row_declared *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	must(r->zone && r->form && r->ref && r->part == 0);
	for (size_t i = 0; i < r->n; i++)
		must(r->rr[i].owner && r->rr[i].type && r->rr[i].rdata);
	return 0;
}

static int claim(void *ctx, const struct afd_row_claim *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	must(r->zone && r->ref && r->actor && r->at.from < r->at.to && !(r->credential && r->claimed));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_slice bytes = { data + (size > 0), size - (size > 0) };
	struct afd_record record = { .asked = (char *)(uintptr_t)"zone example.test in f of r, applies within 86400000 ms", .received_ms = INT64_C(1800000000000) };
	const struct afd_item_view item = { .record = &record, .bytes = bytes };
	struct afd_sink sink = { .declared = declared, .claim = claim };
	struct afd_git_commit c = { 0 };
	struct afd_git_entry e;
	struct afd_git_item i;
	struct afd_error err = { 0 };

	if (size && data[0] == 't') {
		if (afd_git_entry(bytes, &e, &err) > 0)
			must(afd_git_is_id(e.id));
		return 0;
	}
	if (size && data[0] == 'l') {
		while (afd_git_next(&bytes, &c, &err) > 0)
			must(afd_git_is_id(c.id));
		return 0;
	}
	/* what is read is written again byte by byte */
	if (afd_git_item_read(bytes, &i, &err) == 0) {
		AFD_AUTO(buf) struct afd_buf again = { 0 };
		AFD_AUTO(ranges) struct afd_ranges parts = { 0 };

		must(afd_git_item_write(&i, &again, &parts, &err) == 0 && parts.n >= 1);
	}
	afd_git_decode(&item, &sink, &err);
	return 0;
}
