/* Content-Encoding gzip. Not left to libcurl, which takes a stream that ends too early for a whole one: half a page must
 * never look like a page. RFC 1952: one member or several, each with its checksum and length. */
#include "transport/transport_private.h"

#include <libdeflate.h>

static void afd_unpacker_release(struct libdeflate_decompressor **d)
{
	libdeflate_free_decompressor(*d);
	*d = NULL;
}

size_t afd_gzip_packed_max(size_t max)
{
	return max < SIZE_MAX / 2 ? max + max / 1024 + 64 : max;       /* what cannot be compressed grows by less */
}

/* A guess, from the length that stands at the very end; a lie costs another try, never more than MAX. */
static size_t first_guess(struct afd_slice in)
{
	const uint8_t *p = in.data + (in.len < 4 ? 0 : in.len - 4);
	size_t said = in.len < 4 ? 0 : (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;

	return said < 64 ? 64 : said;
}

/* One member from the front of *IN, appended to RET. */
static int one_member(struct libdeflate_decompressor *d, struct afd_slice *in, size_t max, struct afd_buf *ret,
		      struct afd_error *err)
{
	size_t room = first_guess(*in), used = 0, made = 0;

	for (;;) {
		if (room > max - ret->len)
			room = max - ret->len;
		if (afd_buf_reserve(ret, room) < 0)
			return afd_fail_memory(err);
		switch (libdeflate_gzip_decompress_ex(d, in->data, in->len, ret->data + ret->len, room, &used, &made)) {
		case LIBDEFLATE_SUCCESS:
			ret->len += made;
			ret->data[ret->len] = 0;
			*in = afd_slice_sub(*in, used, in->len);
			return 0;
		case LIBDEFLATE_INSUFFICIENT_SPACE:
			if (room >= max - ret->len)
				return afd_fail(err, AFD_E_LIMIT, "the answer is larger than %zu bytes", max);
			room = room > SIZE_MAX / 2 ? SIZE_MAX : room * 2;
			continue;
		default:
			return afd_fail(err, AFD_E_REMOTE, "the answer is not compressed as it says");
		}
	}
}

int afd_gunzip(struct afd_slice in, size_t max, struct afd_buf *ret, struct afd_error *err)
{
	__attribute__((cleanup(afd_unpacker_release))) struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();

	if (!d)
		return afd_fail_memory(err);
	while (in.len)
		if (one_member(d, &in, max, ret, err) < 0)
			return -1;
	return 0;
}
