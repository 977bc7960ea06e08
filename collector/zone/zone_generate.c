#include "collector/zone/zone_generate.h"

#include <inttypes.h>
#include <stdio.h>

enum { MAX_WIDTH = 255 };

static int number(struct afd_slice *t, uint64_t *ret)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; n < t->len && t->data[n] >= '0' && t->data[n] <= '9'; n++) {
		v = v * 10 + (t->data[n] - '0');
		if (v > INT32_MAX)
			return -1;
	}
	*t = afd_slice_sub(*t, n, t->len);
	*ret = v;
	return n ? 0 : -1;
}

static bool skip(struct afd_slice *t, char c)
{
	if (t->len == 0 || t->data[0] != (uint8_t)c)
		return false;
	*t = afd_slice_sub(*t, 1, t->len);
	return true;
}

int afd_generate_range(struct afd_slice t, struct afd_generate *ret)
{
	ret->step = 1;
	if (number(&t, &ret->first) < 0 || !skip(&t, '-') || number(&t, &ret->last) < 0)
		return -1;
	if (skip(&t, '/') && number(&t, &ret->step) < 0)
		return -1;
	return t.len == 0 && ret->first <= ret->last && ret->step > 0 ? 0 : -1;
}

/* Hex digits from the lowest up with dots between, WIDTH characters: an ip6.arpa name's part */
static int nibbles(struct afd_buf *ret, uint32_t v, uint64_t width, bool upper)
{
	uint64_t done = 0;

	do {
		if (afd_buf_u8(ret, (uint8_t)(upper ? "0123456789ABCDEF" : "0123456789abcdef")[v & 15]) < 0)
			return -1;
		v >>= 4;
		done++;
		if (done < width || v > 0) {
			if (afd_buf_u8(ret, '.') < 0)
				return -1;
			done++;
		}
	} while (done < width || v > 0);
	return 0;
}

/* "{offset,width,base}" behind the dollar */
static int in_braces(struct afd_slice *t, uint64_t i, struct afd_buf *ret)
{
	const bool negative = skip(t, '-');
	uint64_t offset, width = 0;
	char base = 'd';

	if (number(t, &offset) < 0 || (skip(t, ',') && number(t, &width) < 0))
		return -1;
	if (skip(t, ',')) {
		if (t->len == 0 || !strchr("doxXnN", t->data[0]))
			return -1;
		base = (char)t->data[0];
		*t = afd_slice_sub(*t, 1, t->len);
	}
	if (!skip(t, '}') || width > MAX_WIDTH)
		return -1;
	/* Below zero as BIND has it: a sign in decimal, else 32 bits of two's complement. */
	const int64_t v = negative ? (int64_t)i - (int64_t)offset : (int64_t)(i + offset);
	if (v > INT32_MAX)
		return -1;
	switch (base) {
	case 'd':
		return afd_buf_printf(ret, "%0*" PRId64, (int)width, v);
	case 'o':
		return afd_buf_printf(ret, "%0*" PRIo32, (int)width, (uint32_t)v);
	case 'x':
		return afd_buf_printf(ret, "%0*" PRIx32, (int)width, (uint32_t)v);
	case 'X':
		return afd_buf_printf(ret, "%0*" PRIX32, (int)width, (uint32_t)v);
	}
	return nibbles(ret, (uint32_t)v, width, base == 'N');
}

int afd_generate_text(struct afd_slice t, uint64_t i, struct afd_buf *ret)
{
	while (t.len) {
		int bad;
		if (t.data[0] == '\\' && t.len > 1) {             /* "\$" is a dollar; other escapes are the reader's */
			bad = afd_buf_add(ret, t.data + (t.data[1] == '$'), t.data[1] == '$' ? 1 : 2);
			t = afd_slice_sub(t, 2, t.len);
		} else if (t.data[0] != '$') {
			bad = afd_buf_u8(ret, t.data[0]);
			t = afd_slice_sub(t, 1, t.len);
		} else {
			t = afd_slice_sub(t, 1, t.len);
			if (skip(&t, '$'))                        /* "$$", the form of old */
				bad = afd_buf_u8(ret, '$');
			else
				bad = skip(&t, '{') ? in_braces(&t, i, ret) : afd_buf_printf(ret, "%" PRIu64, i);
		}
		if (bad < 0)
			return -1;
	}
	return 0;
}
