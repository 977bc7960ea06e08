/* libs: collector evidence core. Receipts of what was told: split and decoded; what was read is written and read again. */
#include "collector/notice.h"
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each row as a receipt of its own must be taken. */
static int again(void *ctx, const struct afd_row_notice *r, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };

	if (afd_notice_write(r, 1, &text, &parts, NULL) < 0)
		abort();
	must_tile(&parts, text.len);
	if (parts.n != 3 || seen_decode(AFD_NOTICE_DECODER, "x", afd_buf_slice(&text), &parts) != 1)
		abort();
	return seen_notice(ctx, r, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_slice in = afd_slice(data, size);
	struct afd_range whole = { 0, size };
	struct afd_record record = { .kind = AFD_ITEM_RUN, .source = (char *)"engine", .decoder = (char *)AFD_NOTICE_DECODER };
	struct seen seen = { 0 };
	struct afd_sink sink = { .ctx = &seen, .notice = again };
	struct afd_item_view view = { .record = &record, .bytes = in, .parts = { &whole, 1, 1 } };
	struct afd_error err = { 0 };

	if (afd_decode_item(NULL, &view, &sink, &err) == 0)
		abort();                  /* one part cannot be a receipt */
	if (afd_notice_split(in, &parts, NULL) < 0)
		return 0;
	must_tile(&parts, size);
	view.parts = parts;
	seen.parts = parts.n;
	if (afd_decode_item(NULL, &view, &sink, &err) == 0 ? seen.rows == 0 : !err.code || !err.text[0])
		abort();
	return 0;
}
