/* What is looked for. Names stand in one block of text, sorted from their last byte. A table of eight bytes per name
 * finds them: it is asked for every suffix of a certificate's name, from hashes that one pass over the name gives, and a
 * small filter in front of it answers nearly all of that. Names with bytes that no host name has go the slow way, label by
 * label, among the few that end alike. */
#include <arpa/inet.h>
#include <endian.h>

#include "collector/ct/ct_watch.h"
#include "core/name.h"

enum {
	BELOW = 1,                                /* the name and all below it */
	EXACT = 2,                                /* the name alone */
	PARENT = 4,                               /* stands one label above a name: for wildcards */
	ABOVE = 8,                                /* stands anywhere above one */
	FLAGS = 15,
	NAME_BYTES = 253, MAX_LABELS = 127,
	ODD_COMPARED = 64,                        /* names that an odd one is compared with before it counts as a match */
};

/* 28 bits of the hash over the flags; where in the text. No flags: free. */
struct slot { uint32_t tag, at; };
struct afd_ct_watch {
	char *text; size_t text_len;              /* names, each with its NUL; a name's length behind the last */
	uint32_t *name; size_t n;                 /* where each begins; those that end alike lie together */
	struct slot *slot; size_t mask, used;
	uint64_t *filter; size_t filter_mask;
	bool top_level;                           /* a name of one label is among them */
	struct afd_prefixes ranges;
	struct afd_ct_alike alike;
};

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

/* --- hashes --- */

#define SEED UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t mix(uint64_t a)
{
	unsigned __int128 m = (unsigned __int128)a * UINT64_C(0xa0761d6478bd642f);

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Bytes of names as they are hashed: letters in lower case, others something of their own. */
#define FOLD UINT64_C(0x2020202020202020)

/* Up to eight bytes at AT of the N at P. N is 8 at least. */
static inline uint64_t load(const uint8_t *p, size_t n, size_t at)
{
	uint64_t v;

	if (__builtin_expect(at + 8 <= n, 1)) {
		memcpy(&v, p + at, 8);
		return le64toh(v);
	}
	memcpy(&v, p + n - 8, 8);
	return le64toh(v) >> 8 * (at + 8 - n);
}

/* One label more on the left: [from, to) of the N bytes at P. */
static inline uint64_t hash_label(uint64_t h, const uint8_t *p, size_t n, size_t from, size_t to)
{
	size_t left = to - from;

	h += left;
	for (; left > 8; left -= 8, from += 8)
		h = mix(h ^ (load(p, n, from) | FOLD));
	return left == 0 ? mix(h) : mix(h ^ ((load(p, n, from) | FOLD) & UINT64_MAX >> (64 - 8 * left)));
}

static uint64_t hash_name(const char *name, size_t n)
{
	uint8_t copy[8] = { 0 };
	const uint8_t *p = (const uint8_t *)name;
	size_t room = n < 8 ? 8 : n;
	uint64_t h = SEED;

	if (n > NAME_BYTES)
		return 0;                         /* nobody asks for it */
	if (n < 8)
		p = memcpy(copy, name, n);
	for (size_t end = n;;) {
		const uint8_t *dot = memrchr(p, '.', end);
		size_t start = dot ? (size_t)(dot - p) + 1 : 0;

		h = hash_label(h, p, room, start, end);
		if (start == 0)
			return h;
		end = start - 1;
	}
}

/* --- the table --- */

static inline uint32_t tag_of(uint64_t h)
{
	return (uint32_t)(h >> 32) & ~(uint32_t)FLAGS;
}

static inline uint64_t filter_bits(uint64_t h)
{
	return UINT64_C(1) << (h >> 52 & 63) | UINT64_C(1) << (h >> 58);
}

static inline bool filter_has(const struct afd_ct_watch *w, uint64_t h)
{
	uint64_t bits = filter_bits(h);

	return (w->filter[h & w->filter_mask] & bits) == bits;
}

/* The slot of a name, or the free one where it would go. */
static struct slot *find(const struct afd_ct_watch *w, uint64_t h, const void *name, size_t len)
{
	uint32_t tag = tag_of(h);
	size_t i = (size_t)h & w->mask;

	for (; w->slot[i].tag & FLAGS; i = (i + 1) & w->mask) {
		const char *at = w->text + w->slot[i].at;

		if ((w->slot[i].tag & ~(uint32_t)FLAGS) == tag && memcmp(at, name, len) == 0 && at[len] == 0)
			break;
	}
	return &w->slot[i];
}

static int grow(struct afd_ct_watch *w)
{
	struct slot *old = w->slot;
	size_t n = w->slot ? w->mask + 1 : 0, size = n ? 2 * n : 16;

	w->slot = calloc(size, sizeof(*w->slot));
	if (!w->slot) {
		w->slot = old;
		return -1;
	}
	w->mask = size - 1;
	for (size_t i = 0; i < n; i++) {
		const char *name = w->text + old[i].at;
		size_t len = strlen(name);

		if (old[i].tag & FLAGS)
			*find(w, hash_name(name, len), name, len) = old[i];
	}
	free(old);
	return 0;
}

/* The flags that NAME had, or -1. */
static int insert(struct afd_ct_watch *w, const char *name, uint32_t flags)
{
	size_t len = strlen(name);
	uint64_t h = hash_name(name, len);
	struct slot *s;
	int had;

	if (5 * w->used >= 4 * w->mask && grow(w) < 0)
		return -1;
	s = find(w, h, name, len);
	if (!(s->tag & FLAGS)) {
		*s = (struct slot){ tag_of(h), (uint32_t)(name - w->text) };
		w->used++;
	}
	had = (int)(s->tag & FLAGS);
	s->tag |= flags;
	return had;
}

static int make_filter(struct afd_ct_watch *w)
{
	size_t words = 64;

	while (words < w->used / 8)      /* 8 to 16 bits for each: what matters is that it stays in the cache */
		words *= 2;
	w->filter = calloc(words, sizeof(*w->filter));
	w->filter_mask = words - 1;
	for (size_t i = 0; w->filter && i <= w->mask; i++) {
		const char *name = w->text + w->slot[i].at;
		uint64_t h = w->slot[i].tag & FLAGS ? hash_name(name, strlen(name)) : 0;

		if (w->slot[i].tag & FLAGS)
			w->filter[h & w->filter_mask] |= filter_bits(h);
	}
	return w->filter ? 0 : -1;
}

/* --- rules --- */

static bool is_range(const char *rule)
{
	return strchr(rule, '/') != NULL;
}

static const char *name_of(const char *rule)
{
	return rule + (*rule == '=' || *rule == '~');
}

int afd_ct_rule_canonical(struct afd_slice text, struct afd_buf *ret, struct afd_error *err)
{
	char plain[AFD_NAME_MAX];
	uint8_t key[AFD_PREFIX_KEY];
	bool marked = text.len > 0 && (text.data[0] == '=' || text.data[0] == '~');
	struct afd_slice name = afd_slice_sub(text, marked, text.len);

	if (!marked && text.len > 0 && text.len < sizeof(plain)) {
		memcpy(plain, text.data, text.len);
		plain[text.len] = 0;
		if (strlen(plain) == text.len && afd_prefix_parse(plain, key) == 0) {
			return afd_prefix_text(key, plain) < 0 || afd_buf_text(ret, plain) < 0 ? afd_fail_memory(err) : 0;
		}
	}
	if (text.len > 0 && memchr(text.data, '/', text.len))
		return afd_fail(err, AFD_E_PARSE, "not a range of addresses: \"%.*s\"", (int)(text.len < 100 ? text.len : 100), (const char *)text.data);
	if (afd_name_canonical(name, plain, err) < 0)
		return -1;
	return (marked && afd_buf_u8(ret, text.data[0]) < 0) || afd_buf_text(ret, plain) < 0 ? afd_fail_memory(err) : 0;
}

bool afd_ct_watch_has(const struct afd_ct_watch *w, const char *rule)
{
	const char *name = name_of(rule);
	uint8_t key[AFD_PREFIX_KEY];
	size_t len = strlen(name);

	if (is_range(rule))
		return afd_prefix_parse(rule, key) == 0 && afd_prefixes_has(&w->ranges, key);
	if (*rule == '~')
		return afd_ct_alike_has(&w->alike, name);
	return len <= NAME_BYTES && find(w, hash_name(name, len), name, len)->tag & (*rule == '=' ? EXACT : BELOW);
}

/* A rule's name while they are sorted: its last eight bytes as a number, the last byte on top. */
struct sorting { uint64_t end; const char *rule; uint32_t len; };

static uint64_t end_of(const char *name, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | (i < n ? (uint8_t)name[n - 1 - i] : 0);
	return v;
}

/* By bytes from the last to the first. */
static int compare_ends(const char *a, size_t n, const char *b, size_t m)
{
	while (n > 0 && m > 0 && a[n - 1] == b[m - 1])
		n--, m--;
	return n == 0 || m == 0 ? (n > 0) - (m > 0) : (uint8_t)a[n - 1] < (uint8_t)b[m - 1] ? -1 : 1;
}

static int by_end(const void *p, const void *q)
{
	const struct sorting *a = p, *b = q;

	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	return compare_ends(name_of(a->rule), a->len, name_of(b->rule), b->len);
}

static int add_name(struct afd_ct_watch *w, char mark, const char *name, struct afd_error *err)
{
	const char *dot = strchr(name, '.');
	uint32_t flags = PARENT | ABOVE;

	if (mark == '~')
		return afd_ct_alike_add(&w->alike, name, err);
	w->top_level |= !dot;
	if (insert(w, name, mark == '=' ? EXACT : BELOW) < 0)
		return afd_fail_memory(err);
	for (; dot && dot[1]; dot = strchr(dot + 1, '.')) {
		int had = insert(w, dot + 1, flags);

		if (had < 0)
			return afd_fail_memory(err);
		if (had & ABOVE)
			break;                    /* and so are all above it */
		flags = ABOVE;
	}
	return 0;
}

static int add_names(struct afd_ct_watch *w, const struct sorting *s, struct afd_error *err)
{
	size_t at = 0, len = 0;

	for (size_t i = 0; i < w->n; i++)
		len += s[i].len + 1;
	if (len > UINT32_MAX)
		return afd_fail(err, AFD_E_LIMIT, "names to look for: more than %u bytes", UINT32_MAX);
	w->text = calloc(len + NAME_BYTES + 8, 1);
	w->name = calloc(w->n + 1, sizeof(*w->name));
	if (!w->text || !w->name)
		return afd_fail_memory(err);
	w->text_len = len;
	for (size_t i = 0; i < w->n; at += s[i++].len + 1) {
		memcpy(w->text + at, name_of(s[i].rule), s[i].len);
		w->name[i] = (uint32_t)at;
		if (add_name(w, *s[i].rule, w->text + at, err) < 0)
			return -1;
	}
	return 0;
}

static int add_rules(struct afd_ct_watch *w, const char *const *rule, size_t n, struct afd_error *err)
{
	AFD_AUTO(mem) struct sorting *s = calloc(n + 1, sizeof(*s));
	uint8_t key[AFD_PREFIX_KEY];

	if (!s)
		return afd_fail_memory(err);
	for (size_t i = 0; i < n; i++) {
		const char *name = name_of(rule[i]);
		size_t len = strlen(name);

		if (!is_range(rule[i])) {
			s[w->n++] = (struct sorting){ end_of(name, len), rule[i], (uint32_t)len };
			continue;
		}
		if (afd_prefix_parse(rule[i], key) < 0)
			return afd_fail(err, AFD_E_PARSE, "%s: not a range of addresses", rule[i]);
		afd_prefixes_add(&w->ranges, key);
	}
	qsort(s, w->n, sizeof(*s), by_end);
	return add_names(w, s, err);
}

static void afd_ct_watch_release(struct afd_ct_watch **w)
{
	*w = afd_ct_watch_free(*w);
}

int afd_ct_watch_new(const char *const *rule, size_t n, struct afd_ct_watch **ret, struct afd_error *err)
{
	AFD_AUTO(ct_watch) struct afd_ct_watch *w = calloc(1, sizeof(*w));
	size_t n_ranges = 0;

	for (size_t i = 0; i < n; i++)
		n_ranges += is_range(rule[i]);
	if (!w || grow(w) < 0 || afd_prefixes_begin(&w->ranges, n_ranges) < 0)
		return afd_fail_memory(err);
	if (add_rules(w, rule, n, err) < 0)
		return -1;
	if (make_filter(w) < 0)
		return afd_fail_memory(err);
	*ret = afd_steal(&w);
	return 0;
}

struct afd_ct_watch *afd_ct_watch_free(struct afd_ct_watch *w)
{
	if (!w)
		return NULL;
	free(w->text);
	free(w->name);
	free(w->slot);
	free(w->filter);
	afd_prefixes_release(&w->ranges);
	afd_ct_alike_release(&w->alike);
	free(w);
	return NULL;
}

size_t afd_ct_watch_size(const struct afd_ct_watch *w)
{
	return sizeof(*w) + w->text_len + w->n * sizeof(*w->name) + (w->mask + 1) * sizeof(*w->slot) +
	       (w->filter_mask + 1) * sizeof(*w->filter) + (w->ranges.mask + 1) * sizeof(*w->ranges.key) +
	       (w->alike.slot ? (w->alike.mask + 1) * sizeof(*w->alike.slot) : 0);
}

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
