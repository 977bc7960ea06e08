/* libs: evidence core crypto jansson yaml sqlite3. The record parser: what it takes must be what the writer writes. */
#include <assert.h>

#include "evidence/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct afd_slice text = { data, size };
	struct afd_error err = { 0 };
	struct afd_record r;
	struct afd_buf again = { 0 };

	if (afd_record_parse(text, &r, &err) < 0) {
		assert(err.code != AFD_OK && err.text[0]);
		return 0;
	}
	assert(afd_record_write(&r, &again, NULL) == 0);
	assert(afd_slice_equal(text, afd_buf_slice(&again)));
	assert(r.source && *r.source && r.decoder && r.asked && r.channel && r.media_type);
	assert((r.kind == AFD_ITEM_TOMBSTONE) == (r.rule != NULL));
	for (size_t i = 0; i < r.redacted.n; i++)
		assert(r.redacted.at[i].len > 0 && r.redacted.at[i].off + r.redacted.at[i].len <= r.length);
	afd_buf_release(&again);
	afd_record_release(&r);
	return 0;
}
