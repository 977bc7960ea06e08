/* libs: collector core crypto libdeflate. A data tile, gzip or not; first byte of the input: how many entries. */
#include "collector/ct/tiles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct afd_ct_leaf leaf[AFD_TILE_WIDTH];
	static struct afd_digest hash[AFD_TILE_WIDTH];
	struct afd_buf buf = { 0 };
	struct afd_slice s;
	size_t total = 0;
	unsigned width;

	if (size < 1)
		return 0;
	width = data[0] + 1u;
	if (afd_tile_open(afd_slice(data + 1, size - 1), 1 << 20, &buf, &s, NULL) == 0) {
		if (s.len > 1 << 20 && s.data == buf.data)
			abort();
		if (afd_tile_leaves(s, width, true, leaf, NULL) == 0) {
			for (unsigned i = 0; i < width; i++)
				total += leaf[i].timestamped.len + leaf[i].extra.len;
			if (total != s.len)
				abort();
		}
		(void)afd_tile_leaves(s, width, false, leaf, NULL);
		(void)afd_tile_hashes(s, width, true, hash, NULL);
		(void)afd_tile_hashes(s, width, false, hash, NULL);
	}
	afd_buf_release(&buf);
	return 0;
}
