/* libs: collector evidence core. An anchor of the ledger: a note and an answer, cut at every place where the note can end. */
#include "collector/anchor.h"
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int seen_anchor(void *ctx, const struct afd_row_anchor *r, struct afd_error *err)
{
	(void)err;
	if (!r->root || !r->note_sha256 || !r->authority || (r->time_ms == AFD_TIME_NONE) != (r->reason != NULL))
		abort();
	seen_part(ctx, r->part);
	return 0;
}

static void decode(struct afd_slice bytes, uint64_t at, enum afd_item_kind kind)
{
	struct afd_range two[2] = { { 0, at }, { at, bytes.len - at } };
	struct afd_record record = { .kind = kind, .source = (char *)"tsa:x", .decoder = (char *)AFD_ANCHOR_DECODER };
	struct afd_item_view view = { .record = &record, .bytes = bytes, .parts = { two, 2, 2 } };
	struct seen seen = { .parts = 2 };
	struct afd_sink sink = { .ctx = &seen, .anchor = seen_anchor };
	struct afd_error err = { 0 };

	if (afd_decode_item(NULL, &view, &sink, &err) < 0 && (!err.code || !err.text[0]))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_slice in = afd_slice(data, size);
	struct afd_token_claim claim;
	size_t cuts = 0;

	afd_token_claim(in, &claim, NULL);
	for (size_t i = 1; i < size && cuts < 8; i++)
		if (data[i - 1] == '\n' && data[i] != '\n') {
			decode(in, i, AFD_ITEM_ANSWER);
			decode(in, i, AFD_ITEM_RUN);
			cuts++;
		}
	return 0;
}
