/* Hex, base64 and base32. The base64 decoder is a table of our own: EVP_DecodeBlock takes blanks, padding in the
 * middle and stray bits, and one byte string would then have many texts. */
#include "core/digest.h"

#include <endian.h>

void afd_hex(struct afd_slice s, char *ret)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		ret[2 * i] = digit[s.data[i] >> 4];
		ret[2 * i + 1] = digit[s.data[i] & 15];
	}
	ret[2 * s.len] = 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int afd_unhex(const char *text, size_t text_len, uint8_t *ret, size_t n)
{
	if (text_len / 2 != n || text_len % 2)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_value(text[2 * i]), lo = hex_value(text[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return -1;
		ret[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

struct afd_hex64 afd_digest_hex(const struct afd_digest *d)
{
	struct afd_hex64 h;

	afd_hex(afd_slice(d->b, sizeof(d->b)), h.s);
	return h;
}

static const char plain_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int encode64(struct afd_slice s, const char *digits, bool pad, struct afd_buf *ret)
{
	size_t i = 0;
	char *out;

	if (s.len > SIZE_MAX / 4 * 3 - 3 || afd_buf_reserve(ret, (s.len + 2) / 3 * 4) < 0)
		return -1;
	out = (char *)ret->data + ret->len;
	for (; i + 3 <= s.len; i += 3) {
		uint32_t v = (uint32_t)s.data[i] << 16 | (uint32_t)s.data[i + 1] << 8 | s.data[i + 2];

		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = digits[v >> 6 & 63];
		*out++ = digits[v & 63];
	}
	if (i < s.len) {
		bool two = s.len - i == 2;
		uint32_t v = (uint32_t)s.data[i] << 16 | (two ? (uint32_t)s.data[i + 1] << 8 : 0);

		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		if (two)
			*out++ = digits[v >> 6 & 63];
		for (int k = two ? 1 : 2; pad && k > 0; k--)
			*out++ = '=';
	}
	*out = 0;
	ret->len = (size_t)(out - (char *)ret->data);
	return 0;
}

int afd_base64(struct afd_slice s, struct afd_buf *ret)
{
	return encode64(s, plain_digits, true, ret);
}

int afd_base64url(struct afd_slice s, struct afd_buf *ret)
{
	return encode64(s, url_digits, false, ret);
}

/* What a digit adds to three bytes at each of its four places, and a bit that says that it is one: four look-ups and
 * three ORs make three bytes, and one test tells whether all were digits. */
#define IS_DIGIT 0x80000000u
struct digits64 { uint32_t v[4][256]; };

#define D1(s, c, n) [c] = IS_DIGIT | (uint32_t)(n) << (s)
#define D2(s, c, n) D1(s, c, n), D1(s, (c) + 1, (n) + 1)
#define D4(s, c, n) D2(s, c, n), D2(s, (c) + 2, (n) + 2)
#define D8(s, c, n) D4(s, c, n), D4(s, (c) + 4, (n) + 4)
#define DIGITS(s, c62, c63) { \
	D8(s, 'A', 0), D8(s, 'I', 8), D8(s, 'Q', 16), D2(s, 'Y', 24), \
	D8(s, 'a', 26), D8(s, 'i', 34), D8(s, 'q', 42), D2(s, 'y', 50), \
	D8(s, '0', 52), D2(s, '8', 60), D1(s, c62, 62), D1(s, c63, 63) }
#define FOUR_PLACES(c62, c63) { { DIGITS(18, c62, c63), DIGITS(12, c62, c63), DIGITS(6, c62, c63), DIGITS(0, c62, c63) } }
static const struct digits64 plain_values = FOUR_PLACES('+', '/');
static const struct digits64 url_values = FOUR_PLACES('-', '_');

static inline uint32_t four_digits(const struct digits64 *t, const uint8_t *p, uint32_t *digits)
{
	uint32_t a = t->v[0][p[0]], b = t->v[1][p[1]], c = t->v[2][p[2]], d = t->v[3][p[3]];

	*digits &= a & b & c & d;
	return a | b | c | d;
}

/* S without padding */
static int decode64(struct afd_slice s, const struct digits64 *t, struct afd_buf *ret)
{
	size_t rest = s.len % 4, i = 0;
	uint32_t digits = IS_DIGIT;
	uint8_t *out;

	if (rest == 1 || afd_buf_reserve(ret, s.len / 4 * 3 + (rest ? rest - 1 : 0) + 2) < 0)
		return -1;
	out = ret->data + ret->len;
	for (; i + 8 <= s.len; i += 8, out += 6) {      /* eight bytes are written, six are meant */
		uint32_t v = four_digits(t, s.data + i, &digits), w = four_digits(t, s.data + i + 4, &digits);
		uint64_t both = htobe64((uint64_t)(v & 0xffffff) << 40 | (uint64_t)(w & 0xffffff) << 16);

		memcpy(out, &both, 8);
	}
	for (; i + 4 <= s.len; i += 4) {
		uint32_t v = four_digits(t, s.data + i, &digits);

		*out++ = (uint8_t)(v >> 16);
		*out++ = (uint8_t)(v >> 8);
		*out++ = (uint8_t)v;
	}
	if (rest) {
		uint32_t a = t->v[0][s.data[i]], b = t->v[1][s.data[i + 1]];
		uint32_t c = rest == 3 ? t->v[2][s.data[i + 2]] : IS_DIGIT, v = a | b | c;

		digits &= a & b & c;
		if (v & (rest == 3 ? 0xff : 0xffff))    /* bits behind the last byte must be zero */
			digits = 0;
		*out++ = (uint8_t)(v >> 16);
		if (rest == 3)
			*out++ = (uint8_t)(v >> 8);
	}
	if (!digits) {
		ret->data[ret->len] = 0;
		return -1;
	}
	*out = 0;
	ret->len = (size_t)(out - ret->data);
	return 0;
}

int afd_unbase64(struct afd_slice text, struct afd_buf *ret)
{
	if (text.len % 4)
		return -1;
	for (int i = 0; i < 2 && text.len && text.data[text.len - 1] == '='; i++)
		text.len--;
	return decode64(text, &plain_values, ret);
}

int afd_unbase64url(struct afd_slice text, struct afd_buf *ret)
{
	return decode64(text, &url_values, ret);
}

int afd_base32(struct afd_slice s, struct afd_buf *ret)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t acc = 0;
	unsigned bits = 0;
	char *out;

	if (s.len > SIZE_MAX / 8 - 1 || afd_buf_reserve(ret, (s.len * 8 + 4) / 5) < 0)
		return -1;
	out = (char *)ret->data + ret->len;
	for (size_t i = 0; i < s.len; i++) {
		acc = acc << 8 | s.data[i];
		for (bits += 8; bits >= 5; bits -= 5)
			*out++ = digit[acc >> (bits - 5) & 31];
		acc &= 0xff;
	}
	if (bits)
		*out++ = digit[acc << (5 - bits) & 31];
	*out = 0;
	ret->len = (size_t)(out - (char *)ret->data);
	return 0;
}
