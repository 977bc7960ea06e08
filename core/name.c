#include "core/name.h"

#define NAME_WIRE_MAX 255       /* RFC 1035, 2.3.4 */
#define LABEL_MAX 63
#define LABELS_MAX 128

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* How many bytes of text one byte of a label takes at P; 0 when it is none. */
static size_t char_len(const uint8_t *p, size_t left)
{
	if (p[0] <= 0x20 || p[0] >= 0x7f)
		return 0;
	if (p[0] != '\\')
		return 1;
	if (left < 2 || p[1] <= 0x20 || p[1] >= 0x7f)
		return 0;
	if (!is_digit(p[1]))
		return 2;
	if (left < 4 || !is_digit(p[2]) || !is_digit(p[3]) || (p[1] - '0') * 100 + (p[2] - '0') * 10 + p[3] - '0' > 255)
		return 0;
	return 4;
}

static int refuse(struct afd_error *err, struct afd_slice text, const char *why)
{
	return afd_fail(err, AFD_E_PARSE, "not a DNS name, %s: \"%.*s\"", why, (int)(text.len < 100 ? text.len : 100),
			text.len ? (const char *)text.data : "");
}

int afd_name_canonical(struct afd_slice text, char ret[AFD_NAME_MAX], struct afd_error *err)
{
	size_t wire = 1, label = 0, out = 0, step;
	char name[AFD_NAME_MAX];

	if (text.len == 0)
		return refuse(err, text, "it is empty");
	if (text.len == 1 && text.data[0] == '.') {
		memcpy(ret, ".", 2);
		return 0;
	}
	for (size_t i = 0; i < text.len; i += step) {
		const uint8_t *p = text.data + i;

		if (*p >= 0x80)
			return refuse(err, text, "write international labels in their xn-- form");
		step = char_len(p, text.len - i);
		if (step == 0)
			return refuse(err, text, "blank, control character or broken escape");
		if (*p == '.') {
			if (label == 0)
				return refuse(err, text, "an empty label");
			label = 0;
			if (i + 1 == text.len)
				break;
		} else {
			if (*p == '*' && (i != 0 || (text.len > 1 && p[1] != '.')))
				return refuse(err, text, "'*' is allowed only as the whole first label");
			if (label == 0)
				wire++;
			wire++;
			if (++label > LABEL_MAX)
				return refuse(err, text, "a label is longer than 63");
			if (wire > NAME_WIRE_MAX)
				return refuse(err, text, "it is longer than 255");
		}
		for (size_t k = 0; k < step; k++)
			name[out++] = (char)(p[k] >= 'A' && p[k] <= 'Z' ? p[k] + 32 : p[k]);
	}
	memcpy(ret, name, out);
	ret[out] = 0;
	return 0;
}

/* A dot behind an odd number of backslashes belongs to its label. */
static bool is_separator(const char *name, const char *dot)
{
	size_t n = 0;

	while (dot - n > name && dot[-1 - (ptrdiff_t)n] == '\\')
		n++;
	return n % 2 == 0;
}

bool afd_name_within(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	if (strcmp(zone, ".") == 0)
		return true;
	if (n < z || memcmp(name + n - z, zone, z) != 0)
		return false;
	return n == z || (name[n - z - 1] == '.' && is_separator(name, name + n - z - 1));
}

struct labels { size_t n; struct { const char *s; size_t len; } at[LABELS_MAX]; };

static void split(const char *name, struct labels *ret)
{
	const char *start = name;

	ret->n = 0;
	if (strcmp(name, ".") == 0)
		return;
	for (const char *p = name;; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			continue;
		}
		if (*p && *p != '.')
			continue;
		if (ret->n < LABELS_MAX) {
			ret->at[ret->n].s = start;
			ret->at[ret->n++].len = (size_t)(p - start);
		}
		if (!*p)
			return;
		start = p + 1;
	}
}

/* Next byte of a label, escapes resolved; -1 at its end. */
static int next_byte(const char **p, const char *end)
{
	const char *s = *p;

	if (s == end)
		return -1;
	if (*s != '\\' || end - s < 2) {
		*p = s + 1;
		return (unsigned char)*s;
	}
	if (!is_digit((uint8_t)s[1]) || end - s < 4) {
		*p = s + 2;
		return (unsigned char)s[1];
	}
	*p = s + 4;
	return (s[1] - '0') * 100 + (s[2] - '0') * 10 + s[3] - '0';
}

static int label_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const char *a_end = a + a_len, *b_end = b + b_len;

	for (;;) {
		int x = next_byte(&a, a_end), y = next_byte(&b, b_end);

		if (x != y || x < 0)
			return x - y;
	}
}

int afd_name_compare(const char *a, const char *b)
{
	struct labels x, y;

	split(a, &x);
	split(b, &y);
	for (size_t i = 1; i <= x.n && i <= y.n; i++) {
		int c = label_compare(x.at[x.n - i].s, x.at[x.n - i].len, y.at[y.n - i].s, y.at[y.n - i].len);

		if (c)
			return c < 0 ? -1 : 1;
	}
	return x.n < y.n ? -1 : x.n > y.n;
}

const char *afd_name_base(const char *name, bool *wildcard)
{
	*wildcard = name[0] == '*' && (name[1] == '.' || !name[1]);
	if (!*wildcard)
		return name;
	return name[1] ? name + 2 : ".";
}
