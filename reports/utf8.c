#include "reports/utf8.h"

uint32_t afd_utf8_next(const char **s, const char *end)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)*s;
	uint8_t b = p[0];
	size_t more = b < 0x80                ? 0
		      : b >= 0xc2 && b < 0xe0 ? 1
		      : b >= 0xe0 && b < 0xf0 ? 2
		      : b >= 0xf0 && b < 0xf5 ? 3
					      : 4;
	uint32_t c = more == 0 ? b : more < 4 ? b & (0x3fu >> more) : 0;

	*s += 1;
	if (more == 4 || (size_t)(end - *s) < more)
		return AFD_UTF8_BAD;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return AFD_UTF8_BAD;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return AFD_UTF8_BAD;
	*s += more;
	return c;
}

size_t afd_utf8_put(uint32_t c, char *ret)
{
	if (c < 0x80) {
		ret[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		ret[i] = (char)(0x80 | (c & 0x3f));
	ret[0] = (char)((0xf00u >> n) | c);
	return n;
}
