#include "core/likeness.h"
#include "core/name.h"

enum { LABEL_POINTS = 63, SHORT = 3, MEDIUM = 7 };

/* --- what a letter looks like --- */

/* U+00E0..U+017F; '.' stays as it is */
static const char latin[] =
	"aaaaaaaceeeeiiiidnooooo.ouuuuypy" /* U+00E0 */
	"aaaaaaccccccccddddeeeeeeeeeegggg" /* U+0100 */
	"gggghhhhiiiiiiiiiilljjkkklllllll" /* U+0120 */
	"lllnnnnnnnnnoooooooorrrrrrssssss" /* U+0140 */
	"ssttttttuuuuuuuuuuuuwwyyyzzzzzzf" /* U+0160 */;

static const struct { uint16_t from; char to; } looks[] = {
	{ 0x0251, 'a' }, { 0x0261, 'g' }, { 0x0269, 'l' }, { 0x026a, 'l' }, { 0x0280, 'r' }, { 0x028f, 'y' }, { 0x1d00, 'a' },
	{ 0x03ac, 'a' }, { 0x03ad, 'e' }, { 0x03ae, 'n' }, { 0x03af, 'l' }, { 0x03b1, 'a' }, { 0x03b3, 'y' }, { 0x03b5, 'e' },
	{ 0x03b7, 'n' }, { 0x03b9, 'l' }, { 0x03ba, 'k' }, { 0x03bd, 'v' }, { 0x03bf, 'o' }, { 0x03c1, 'p' }, { 0x03c3, 'o' },
	{ 0x03c4, 't' }, { 0x03c5, 'u' }, { 0x03c7, 'x' }, { 0x03c9, 'w' }, { 0x03cc, 'o' },
	{ 0x0430, 'a' }, { 0x0432, 'b' }, { 0x0433, 'r' }, { 0x0435, 'e' }, { 0x0437, 'e' }, { 0x0438, 'u' }, { 0x0439, 'u' }, { 0x043a, 'k' },
	{ 0x043c, 'm' }, { 0x043d, 'h' }, { 0x043e, 'o' }, { 0x043f, 'n' }, { 0x0440, 'p' }, { 0x0441, 'c' }, { 0x0442, 't' },
	{ 0x0443, 'y' }, { 0x0445, 'x' }, { 0x0448, 'w' }, { 0x044c, 'b' }, { 0x0450, 'e' }, { 0x0451, 'e' }, { 0x0455, 's' }, { 0x0456, 'l' },
	{ 0x0457, 'l' }, { 0x0458, 'j' }, { 0x045b, 'h' }, { 0x0475, 'v' }, { 0x04bb, 'h' }, { 0x04cf, 'l' }, { 0x0501, 'd' },
	{ 0x051b, 'q' }, { 0x051d, 'w' }, { 0x0561, 'w' }, { 0x0563, 'q' }, { 0x0570, 'h' }, { 0x0578, 'n' }, { 0x057d, 'u' },
	{ 0x0585, 'o' }, { 0x0581, 'g' }, { 0x0e01, 'n' }, { 0x1e37, 'l' },
};

static uint32_t look_of(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (c < 0x80)
		return c == '0' ? 'o' : c == '1' || c == 'i' ? 'l' : c;
	if (c >= 0xe0 && c <= 0x17f) {
		char to = latin[c - 0xe0];

		return to == '.' ? c : to == 'i' ? 'l' : (uint32_t)to;
	}
	if (c >= 0xff01 && c <= 0xff5e)              /* the wide forms */
		return look_of(c - 0xfee0);
	for (size_t i = 0; i < AFD_COUNT(looks); i++)
		if (looks[i].from == c)
			return (uint32_t)looks[i].to;
	return c;
}

/* --- Punycode, RFC 3492 --- */

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST_POINT = 128 };

static uint32_t adapt(uint32_t delta, uint32_t n, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / n;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static int digit_value(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' : c >= 'A' && c <= 'Z' ? c - 'A' : c >= '0' && c <= '9' ? c - '0' + 26 : -1;
}

/* One number from *AT on (section 6.2); false: broken. */
static bool read_delta(struct afd_slice s, size_t *at, uint32_t bias, uint32_t *i)
{
	uint64_t sum = *i, weight = 1;

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
		int digit = *at < s.len ? digit_value(s.data[(*at)++]) : -1;

		if (digit < 0)
			return false;
		sum += (uint64_t)digit * weight;
		if (sum > UINT32_MAX)
			return false;
		*i = (uint32_t)sum;
		if ((uint32_t)digit < t)
			return true;
		weight *= BASE - t;
		if (weight > UINT32_MAX)
			return false;
	}
}

/* The code points of what follows "xn--"; 0: broken */
static size_t decode_punycode(struct afd_slice s, uint32_t ret[LABEL_POINTS])
{
	const uint8_t *dash = s.len ? memrchr(s.data, '-', s.len) : NULL;
	size_t n = dash ? (size_t)(dash - s.data) : 0, at = dash ? n + 1 : 0;
	uint32_t point = FIRST_POINT, bias = FIRST_BIAS, i = 0;

	if (n > LABEL_POINTS)
		return 0;
	for (size_t k = 0; k < n; k++)
		ret[k] = s.data[k];
	while (at < s.len) {
		uint32_t before = i;

		if (n == LABEL_POINTS || !read_delta(s, &at, bias, &i))
			return 0;
		bias = adapt(i - before, (uint32_t)n + 1, before == 0);
		if (i / (n + 1) > 0x10ffff - point)
			return 0;
		point += (uint32_t)(i / (n + 1));
		i %= (uint32_t)(n + 1);
		memmove(&ret[i + 1], &ret[i], (n - i) * sizeof(ret[0]));
		ret[i++] = point;
		n++;
	}
	return n;
}

/* --- labels --- */

static size_t put_point(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

size_t afd_label_skeleton(struct afd_slice label, char ret[AFD_SKELETON_MAX])
{
	uint32_t point[LABEL_POINTS];
	size_t n = 0, len = 0;

	ret[0] = 0;
	if (label.len >= 4 && strncasecmp((const char *)label.data, "xn--", 4) == 0) {
		n = decode_punycode(afd_slice_sub(label, 4, label.len), point);
	} else if (label.len <= LABEL_POINTS) {
		for (; n < label.len; n++)
			point[n] = label.data[n];
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t c = look_of(point[i]);

		/* two letters that look like one */
		if (len > 0 && ((c == 'n' && ret[len - 1] == 'r') || (c == 'v' && ret[len - 1] == 'v'))) {
			ret[len - 1] = c == 'n' ? 'm' : 'w';
			continue;
		}
		len += put_point(ret + len, c);
	}
	ret[len] = 0;
	return len;
}

unsigned afd_likeness_slack(size_t len)
{
	return len <= SHORT ? 0 : len <= MEDIUM ? 1 : 2;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to insert, take away, change or swap with their neighbour; more than MAX is MAX + 1. */
static size_t distance(const char *a, size_t n, const char *b, size_t m, size_t max)
{
	size_t row[3][AFD_SKELETON_MAX + 1];

	if (n > m + max || m > n + max)
		return max + 1;
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *last = row[(i - 1) % 3], *before = row[(i + 1) % 3], best;

		now[0] = best = i;
		for (size_t j = 1; j <= m; j++) {
			now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
			best = least(best, now[j]);
		}
		if (best > max)
			return max + 1;
	}
	return row[n % 3][m];
}

unsigned afd_text_far(const char *a, const char *b, unsigned max)
{
	const size_t n = strnlen(a, AFD_SKELETON_MAX), m = strnlen(b, AFD_SKELETON_MAX);

	if (n >= AFD_SKELETON_MAX || m >= AFD_SKELETON_MAX)
		return max + 1;
	return (unsigned)distance(a, n, b, m, max);
}

const char *afd_likeness_text(enum afd_likeness l)
{
	static const char *const text[] = {
		[AFD_UNLIKE] = "not alike",
		[AFD_LIKE_LETTERS] = "letters that look the same",
		[AFD_LIKE_SPELLING] = "spelled almost the same",
		[AFD_LIKE_OTHER_PARENT] = "the same label under another parent",
	};

	return text[l];
}

enum afd_likeness afd_name_likeness(const char *name, const char *ours)
{
	const char *our_dot = strchr(ours, '.');
	char skeleton[AFD_SKELETON_MAX], other[AFD_SKELETON_MAX];
	size_t n, m;

	if (!our_dot || afd_name_within(name, ours))
		return AFD_UNLIKE;
	n = afd_label_skeleton(afd_slice(ours, (size_t)(our_dot - ours)), skeleton);
	for (const char *dot; n > 0 && (dot = strchr(name, '.')); name = dot + 1) {
		bool same_parent = strcmp(dot, our_dot) == 0;
		size_t slack = same_parent ? afd_likeness_slack(n) : 0, far;

		m = afd_label_skeleton(afd_slice(name, (size_t)(dot - name)), other);
		if (m == 0 || (!same_parent && n <= SHORT))
			continue;
		far = distance(skeleton, n, other, m, slack);
		if (far == 0)
			return same_parent ? AFD_LIKE_LETTERS : AFD_LIKE_OTHER_PARENT;
		if (far <= slack)
			return AFD_LIKE_SPELLING;
	}
	return AFD_UNLIKE;
}
