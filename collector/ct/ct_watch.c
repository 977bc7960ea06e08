/* What is looked for. Names stand in one block of text, sorted from their last byte. A table of eight bytes per name
 * finds them: it is asked for every suffix of a certificate's name, from hashes that one pass over the name gives, and a
 * small filter in front of it answers nearly all of that. Names with bytes that no host name has go the slow way, label by
 * label, among the few that end alike. */
#include <arpa/inet.h>

#include "collector/ct/ct_watch.h"
#include "core/name.h"

/* Lower case of the bytes that host names have ('_' too); 0 for all others. */
static const uint8_t plain_byte[256] = {
	['-'] = '-', ['.'] = '.', ['_'] = '_',
	['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
	['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i',
	['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r',
	['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
	['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i',
	['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r',
	['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
};

/* --- names that no host has --- */

/* The label that ends at END (not included); its start. */
static size_t label_start(struct afd_slice s, size_t end)
{
	while (end > 0 && s.data[end - 1] != '.')
		end--;
	return end;
}

static bool label_could_be(struct afd_slice odd, struct afd_slice watched)
{
	for (size_t i = 0; i < odd.len; i++)
		if (!plain_byte[odd.data[i]] && memchr("*?%\\", odd.data[i], 4))
			return true;      /* a pattern, a redaction, an escape */
	for (size_t i = 0; i < odd.len; i++)
		if (odd.data[i] <= 0x20 || odd.data[i] >= 0x7f)
			return true;      /* what another reader makes of it nobody knows */
	if (odd.len != watched.len)
		return false;
	for (size_t i = 0; i < odd.len; i++)
		if (plain_byte[odd.data[i]] != watched.data[i])
			return false;
	return true;
}

/* Label by label from the right. A name shorter than the watched one matches only as a pattern one label above. */
static bool odd_name_could_be(struct afd_slice odd, const char *watched)
{
	struct afd_slice w = afd_slice_text(watched);
	size_t oe = odd.len, we = w.len;

	for (;;) {
		size_t os = label_start(odd, oe), ws = label_start(w, we);

		if (!label_could_be(afd_slice_sub(odd, os, oe - os), afd_slice_sub(w, ws, we - ws)))
			return false;
		if (ws == 0)
			return true;
		if (os == 0)
			return false;
		oe = os - 1;
		we = ws - 1;
	}
}

/* The part of the name from the right that has only bytes of host names, from a label's start; lower case. */
static size_t plain_end(struct afd_slice odd, char ret[NAME_BYTES + 1])
{
	size_t start = odd.len, at = odd.len;

	while (at > 0 && plain_byte[odd.data[at - 1]] && odd.len - at < NAME_BYTES)
		if (odd.data[--at] == '.')
			start = at + 1;
	if (at == 0)
		start = 0;
	for (size_t i = start; i < odd.len; i++)
		ret[i - start] = (char)plain_byte[odd.data[i]];
	ret[odd.len - start] = 0;
	return odd.len - start;
}

/* Names that end in END stand side by side; the first of them. */
static size_t first_with_end(const struct afd_ct_watch *w, const char *end)
{
	size_t lo = 0, hi = *end ? w->n : 0, len = strlen(end);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const char *name = w->text + w->name[mid];

		if (compare_ends(name, strlen(name), end, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && memcmp(name + n - m, end, m) == 0;
}

static bool odd_labels_match(const struct afd_ct_watch *w, struct afd_slice name)
{
	char end[NAME_BYTES + 1];
	size_t compared = 0;

	if (plain_end(name, end) > 0 && afd_ct_watch_matches(w, afd_slice_text(end)))
		return true;
	for (size_t i = first_with_end(w, end); i < w->n; i++) {
		const char *watched = w->text + w->name[i];

		if (!ends_in(watched, end))
			break;
		/* many names end like this one: whatever it means, it may well mean one of them */
		if (compared++ == ODD_COMPARED || odd_name_could_be(name, watched))
			return true;
	}
	return false;
}

static bool odd_name_matches(const struct afd_ct_watch *w, struct afd_slice name)
{
	const uint8_t *nul = memchr(name.data, 0, name.len);

	/* Old clients stopped reading at a NUL: what stands before it counts as a name of its own. */
	if (nul && nul > name.data && afd_ct_watch_matches(w, afd_slice(name.data, (size_t)(nul - name.data))))
		return true;
	name = afd_ct_host_within(name);
	return name.len > 0 && odd_labels_match(w, name);
}

/* "192.0.2.1" in place of a name */
static bool address_text_matches(const struct afd_ct_watch *w, struct afd_slice name)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t raw[16];

	if (w->ranges.n == 0 || name.len == 0 || name.len >= sizeof(text))
		return false;
	memcpy(text, name.data, name.len);
	text[name.len] = 0;
	if (inet_pton(AF_INET, text, raw) == 1)
		return afd_prefixes_hold(&w->ranges, afd_slice(raw, 4));
	return inet_pton(AF_INET6, text, raw) == 1 && afd_prefixes_hold(&w->ranges, afd_slice(raw, 16));
}

bool afd_ct_watch_address(const struct afd_ct_watch *w, struct afd_slice raw)
{
	return afd_prefixes_hold(&w->ranges, raw);
}

/* --- names --- */

#define ONES UINT64_C(0x0101010101010101)
#define HIGH (ONES << 7)
/* The high bit of each byte of X that lies in [lo, hi]; all bytes of X are below 0x80. */
#define BETWEEN(x, lo, hi) (((x) + (0x80 - (lo)) * ONES) & ~((x) + (0x7f - (hi)) * ONES) & HIGH)

/* Where the dots of N bytes at P are, eight bytes at a time; -1: there are bytes that no host name has. P has 8 readable
 * bytes, and N more. */
static inline int find_dots(const uint8_t *p, size_t n, uint8_t *dot)
{
	int n_dots = 0;

	for (size_t i = 0; i < n; i += 8) {
		uint64_t x = load(p, n < 8 ? 8 : n, i), ok, dots;

		if (n - i < 8)
			x = (x & ~(UINT64_MAX << 8 * (n - i))) | ('a' * ONES) << 8 * (n - i);
		/* FOLD makes letters of nothing but letters: 0x41..0x5a and 0x61..0x7a */
		ok = BETWEEN((x & ~HIGH) | FOLD, 'a', 'z') | BETWEEN(x, '0', '9') | BETWEEN(x, '-', '.') | BETWEEN(x, '_', '_');
		if (__builtin_expect((x & HIGH) != 0 || ok != HIGH, 0))
			return -1;
		for (dots = BETWEEN(x, '.', '.'); dots; dots &= dots - 1)
			dot[n_dots++] = (uint8_t)(i + (size_t)__builtin_ctzll(dots) / 8);
	}
	return n_dots;
}

static void lower_case(const uint8_t *p, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = (char)plain_byte[p[i]];
	ret[n] = 0;
}

static uint32_t folded_flags(const struct afd_ct_watch *w, uint64_t h, const uint8_t *p, size_t n)
{
	char lower[NAME_BYTES + 1];

	lower_case(p, n, lower);
	return find(w, h, lower, n)->tag & FLAGS;
}

/* The name P of N plain bytes, DOT the places of its dots. From the right, label by label, as long as something that is
 * looked for lies there or below: nearly every name ends at its second label. */
static bool suffixes_match(const struct afd_ct_watch *w, const uint8_t *p, size_t n, const uint8_t *dot, int n_dots, bool wildcard)
{
	size_t end = n, from, room = n < 8 ? 8 : n;
	uint64_t h = SEED;
	uint32_t flags = 0;

	do {
		from = n_dots > 0 ? (size_t)dot[--n_dots] + 1 : 0;
		h = hash_label(h, p, room, from, end);
		if (end == n && from > 0 && !w->top_level) {
			end = from - 1;           /* all the world is in .com */
			continue;
		}
		flags = filter_has(w, h) ? folded_flags(w, h, p + from, n - from) : 0;
		if (flags & BELOW)
			return true;
		if (from > 0 && !(flags & ABOVE))
			return false;
		end = from - 1;
	} while (from > 0);
	return flags & (wildcard ? PARENT : EXACT);
}

/* Looked for where a few are: it costs more than all the rest. */
static bool is_alike(const struct afd_ct_watch *w, const uint8_t *p, size_t n)
{
	char lower[NAME_BYTES + 1];

	lower_case(p, n, lower);
	return afd_ct_alike_finds(&w->alike, lower);
}

bool afd_ct_watch_matches(const struct afd_ct_watch *w, struct afd_slice name)
{
	const struct afd_slice whole = name;
	uint8_t few[8] = { 0 }, dot[NAME_BYTES + 8];
	size_t n = name.len;
	bool wildcard;
	int n_dots;

	if (n > 0 && name.data[n - 1] == '.')
		n--;
	if (n == 0)
		return false;
	if (n == 1 && name.data[0] == '*')
		return w->n > 0;          /* any name at all */
	wildcard = n > 2 && name.data[0] == '*' && name.data[1] == '.';
	name = afd_slice_sub(name, wildcard ? 2 : 0, wildcard ? n - 2 : n);
	if (name.len > NAME_BYTES)
		return odd_name_matches(w, whole);
	if (name.len < 8)
		name.data = memcpy(few, name.data, name.len);
	n_dots = find_dots(name.data, name.len, dot);
	if (n_dots < 0)
		return odd_name_matches(w, whole) || address_text_matches(w, whole);
	if (suffixes_match(w, name.data, name.len, dot, n_dots, wildcard))
		return true;
	return (w->ranges.n > 0 && address_text_matches(w, name)) || (w->alike.n > 0 && is_alike(w, name.data, name.len));
}

bool afd_ct_is_title(struct afd_slice cn)
{
	while (cn.len > 0 && cn.data[cn.len - 1] == ' ')
		cn.len--;
	while (cn.len > 0 && cn.data[0] == ' ')
		cn = afd_slice_sub(cn, 1, cn.len - 1);
	return cn.len == 0 || memchr(cn.data, ' ', cn.len);
}

enum { REMEMBERED = 4 };
/* The alternative names so far: a common name nearly always repeats one, and what did not match then does not now. */
struct matching { const struct afd_ct_watch *w; struct afd_slice dns[REMEMBERED]; size_t n; };

static bool was_asked(const struct matching *m, struct afd_slice raw)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->dns[i].len == raw.len && memcmp(m->dns[i].data, raw.data, raw.len) == 0)
			return true;
	return false;
}

static int match_common_name(const struct matching *m, uint8_t tag, struct afd_slice raw)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	int rc;

	if (raw.len == 0 || was_asked(m, raw) || afd_ct_is_title(raw))
		return 0;
	if (tag != TAG_BMP && tag != TAG_UNIVERSAL && tag != TAG_T61)
		return afd_ct_watch_matches(m->w, raw);
	rc = afd_ct_string_utf8(tag, raw, &text);
	return rc < 0 || afd_ct_watch_matches(m->w, rc == 1 ? afd_buf_slice(&text) : raw);
}

static int match_name(void *p, enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw)
{
	struct matching *m = p;

	if (kind == AFD_CT_IP)
		return m->w->ranges.n > 0 && afd_prefixes_hold(&m->w->ranges, raw);
	if (kind == AFD_CT_CN)
		return match_common_name(m, tag, raw);
	if (m->n < REMEMBERED)
		m->dns[m->n++] = raw;
	return afd_ct_watch_matches(m->w, raw);
}

int afd_ct_watch_entry(const struct afd_ct_watch *w, const struct afd_ct_leaf *leaf, struct afd_error *err)
{
	struct matching m = { .w = w, .n = 0 };
	struct afd_ct_cert cert;

	if (afd_ct_leaf_cert(leaf, &cert, err) < 0)
		return -1;
	return afd_ct_names(&cert, match_name, &m, err);
}
