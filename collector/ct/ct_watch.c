/* What is looked for. Names stand in one block of text, in canonical order (RFC 4034, 6.1). A table of eight bytes per name
 * finds them: it is asked for every suffix of a certificate's name, from hashes that one pass over the name gives, and a
 * small filter in front of it answers nearly all of that. Names with bytes that no host name has go the slow way, label by
 * label, among the few that end alike. */
#include <arpa/inet.h>

#include "collector/ct/ct_watch.h"
#include "core/name.h"

enum {
	BELOW = 1,                                /* the name and all below it */
	EXACT = 2,                                /* the name alone */
	PARENT = 4,                               /* stands one label above a name: for wildcards */
	FLAGS = 7,
	NAME_BYTES = 253, PAD = 8, MAX_LABELS = 127,
	ODD_COMPARED = 64,                        /* names that an odd one is compared with before it counts as a match */
};

/* 29 bits of the hash over the flags; where in the text. No flags: free. */
struct slot { uint32_t tag, at; };
struct afd_ct_watch {
	char *text; size_t text_len;              /* names, each with its NUL; PAD bytes and a name's length behind the last */
	uint32_t *name; size_t n;                 /* where each begins, in canonical order */
	struct slot *slot; size_t mask, used;
	uint64_t *filter; size_t filter_mask;
	uint64_t depths[2];                       /* how many labels the names with BELOW have */
	struct afd_ct_ranges ranges;
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

/* One label more on the left. P has PAD readable bytes behind it. */
static inline uint64_t hash_label(uint64_t h, const uint8_t *p, size_t n)
{
	uint64_t v;

	h += n;
	for (; n > 8; n -= 8, p += 8) {
		memcpy(&v, p, 8);
		h = mix(h ^ v);
	}
	memcpy(&v, p, 8);
	return mix(h ^ (n == 8 ? v : v & ((UINT64_C(1) << 8 * n) - 1)));
}

static uint64_t hash_name(const char *name, size_t n)
{
	uint8_t copy[NAME_BYTES + PAD + 1] = { 0 };
	uint64_t h = SEED;

	if (n > NAME_BYTES)
		return 0;                         /* nobody asks for it */
	memcpy(copy, name, n);
	for (size_t end = n;;) {
		size_t start = end;

		while (start > 0 && copy[start - 1] != '.')
			start--;
		h = hash_label(h, copy + start, end - start);
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

static inline uint32_t flags_of(const struct afd_ct_watch *w, uint64_t h, const void *name, size_t len)
{
	return filter_has(w, h) ? find(w, h, name, len)->tag & FLAGS : 0;
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

static int insert(struct afd_ct_watch *w, const char *name, uint32_t flag)
{
	size_t len = strlen(name);
	uint64_t h = hash_name(name, len);
	struct slot *s;

	if (5 * w->used >= 4 * w->mask && grow(w) < 0)
		return -1;
	s = find(w, h, name, len);
	if (!(s->tag & FLAGS)) {
		*s = (struct slot){ tag_of(h), (uint32_t)(name - w->text) };
		w->used++;
	}
	s->tag |= flag;
	return 0;
}

static int make_filter(struct afd_ct_watch *w)
{
	size_t words = 64;

	while (words < w->used / 4)
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
	char plain[AFD_NAME_MAX], address[INET6_ADDRSTRLEN] = "";
	uint8_t key[AFD_RANGE_KEY];
	bool marked = text.len > 0 && (text.data[0] == '=' || text.data[0] == '~');
	struct afd_slice name = afd_slice_sub(text, marked, text.len);

	if (!marked && text.len > 0 && text.len < sizeof(plain)) {
		memcpy(plain, text.data, text.len);
		plain[text.len] = 0;
		if (strlen(plain) == text.len && afd_ct_range_parse(plain, key) == 0) {
			inet_ntop(key[0] == 4 ? AF_INET : AF_INET6, key + 2, address, sizeof(address));
			return afd_buf_printf(ret, "%s/%u", address, key[1]) < 0 ? afd_fail_memory(err) : 0;
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
	uint8_t key[AFD_RANGE_KEY];
	size_t len = strlen(name);

	if (is_range(rule))
		return afd_ct_range_parse(rule, key) == 0 && afd_ct_ranges_has(&w->ranges, key);
	if (*rule == '~')
		return afd_ct_alike_has(&w->alike, name);
	return len <= NAME_BYTES && find(w, hash_name(name, len), name, len)->tag & (*rule == '=' ? EXACT : BELOW);
}

static int by_canonical_order(const void *a, const void *b)
{
	return afd_name_compare(*(const char *const *)a, *(const char *const *)b);
}

static size_t labels_of(const char *name)
{
	size_t n = 1;

	while ((name = strchr(name, '.')))
		name++, n++;
	return n;
}

static void add_depth(struct afd_ct_watch *w, const char *name)
{
	size_t n = labels_of(name);

	if (n <= MAX_LABELS)
		w->depths[n / 64] |= UINT64_C(1) << n % 64;
}

/* The names of RULE, sorted, into the text: one after the other, so that those that end alike lie together. */
static int lay_names(struct afd_ct_watch *w, const char *const *rule, size_t n, struct afd_error *err)
{
	AFD_AUTO(mem) const char **sorted = calloc(n + 1, sizeof(*sorted));
	size_t len = 0, at = 0;

	if (!sorted)
		return afd_fail_memory(err);
	for (size_t i = 0; i < n; i++)
		if (!is_range(rule[i])) {
			sorted[w->n++] = name_of(rule[i]);
			len += strlen(name_of(rule[i])) + 1;
		}
	if (len > UINT32_MAX)
		return afd_fail(err, AFD_E_LIMIT, "names to look for: more than %u bytes", UINT32_MAX);
	qsort(sorted, w->n, sizeof(*sorted), by_canonical_order);
	w->text = calloc(len + NAME_BYTES + PAD, 1);
	w->name = calloc(w->n + 1, sizeof(*w->name));
	if (!w->text || !w->name)
		return afd_fail_memory(err);
	w->text_len = len;
	for (size_t i = 0; i < w->n; i++) {
		size_t one = strlen(sorted[i]) + 1;

		memcpy(w->text + at, sorted[i], one);
		w->name[i] = (uint32_t)at;
		at += one;
	}
	return 0;
}

/* Where a name stands in the text; it does. */
static const char *text_of(const struct afd_ct_watch *w, const char *name)
{
	size_t lo = 0, hi = w->n;

	while (lo + 1 < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (afd_name_compare(w->text + w->name[mid], name) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	return w->text + w->name[lo];
}

static int add_rule(struct afd_ct_watch *w, const char *rule, struct afd_error *err)
{
	const char *name, *dot;
	uint8_t key[AFD_RANGE_KEY];

	if (is_range(rule)) {
		if (afd_ct_range_parse(rule, key) < 0)
			return afd_fail(err, AFD_E_PARSE, "%s: not a range of addresses", rule);
		afd_ct_ranges_add(&w->ranges, key);
		return 0;
	}
	name = text_of(w, name_of(rule));
	if (*rule == '~')
		return afd_ct_alike_add(&w->alike, name, err);
	dot = strchr(name, '.');
	if (insert(w, name, *rule == '=' ? EXACT : BELOW) < 0 || (dot && dot[1] && insert(w, dot + 1, PARENT) < 0))
		return afd_fail_memory(err);
	if (*rule != '=')
		add_depth(w, name);
	return 0;
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
	if (!w || grow(w) < 0 || afd_ct_ranges_begin(&w->ranges, n_ranges) < 0)
		return afd_fail_memory(err);
	if (lay_names(w, rule, n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (add_rule(w, rule[i], err) < 0)
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
	afd_ct_ranges_release(&w->ranges);
	afd_ct_alike_release(&w->alike);
	free(w);
	return NULL;
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

/* Names at or below END stand side by side; the first of them. */
static size_t first_below(const struct afd_ct_watch *w, const char *end)
{
	size_t lo = 0, hi = *end ? w->n : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (afd_name_compare(w->text + w->name[mid], end) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool odd_labels_match(const struct afd_ct_watch *w, struct afd_slice name)
{
	char end[NAME_BYTES + 1];
	size_t compared = 0;

	if (plain_end(name, end) > 0 && afd_ct_watch_matches(w, afd_slice_text(end)))
		return true;
	for (size_t i = first_below(w, end); i < w->n; i++) {
		const char *watched = w->text + w->name[i];

		if (*end && !afd_name_within(watched, end))
			break;
		/* many names end like this one: whatever it means, it may well mean one of them */
		if (compared++ == ODD_COMPARED || odd_name_could_be(name, watched))
			return true;
	}
	return false;
}

static bool odd_name_matches(const struct afd_ct_watch *w, struct afd_slice name)
{
	const uint8_t *nul = memchr(name.data, 0, name.len), *cut;

	/* Old clients stopped reading at a NUL: what stands before it counts as a name of its own. */
	if (nul && nul > name.data && afd_ct_watch_matches(w, afd_slice(name.data, (size_t)(nul - name.data))))
		return true;
	while (name.len > 0 && (name.data[0] == ' ' || name.data[0] == '\t'))
		name = afd_slice_sub(name, 1, name.len - 1);
	while (name.len > 0 && memchr(" \t\r\n.", name.data[name.len - 1], 5))
		name.len--;
	/* "https://host/path" in place of a host */
	cut = memmem(name.data, name.len, "://", 3);
	if (cut)
		name = afd_slice(cut + 3, name.len - (size_t)(cut + 3 - name.data));
	cut = memchr(name.data, '/', name.len);
	if (cut)
		name.len = (size_t)(cut - name.data);
	cut = memchr(name.data, ':', name.len);
	if (cut && !memchr(cut + 1, ':', name.len - (size_t)(cut + 1 - name.data)))
		name.len = (size_t)(cut - name.data);
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
		return afd_ct_ranges_hold(&w->ranges, afd_slice(raw, 4));
	return inet_pton(AF_INET6, text, raw) == 1 && afd_ct_ranges_hold(&w->ranges, afd_slice(raw, 16));
}

bool afd_ct_watch_address(const struct afd_ct_watch *w, struct afd_slice raw)
{
	return afd_ct_ranges_hold(&w->ranges, raw);
}

/* --- names --- */

/* LOWER: plain bytes, N of them, DOT the places of the dots. Every suffix from the right; the whole name last. */
static bool suffixes_match(const struct afd_ct_watch *w, const uint8_t *lower, size_t n, const uint8_t *dot, size_t n_dots, bool wildcard)
{
	size_t end = n, depth = 1;
	uint64_t h = SEED;

	for (; n_dots > 0; depth++) {
		size_t start = (size_t)dot[--n_dots] + 1;

		h = hash_label(h, lower + start, end - start);
		if (depth <= MAX_LABELS && w->depths[depth / 64] >> depth % 64 & 1 && flags_of(w, h, lower + start, n - start) & BELOW)
			return true;
		end = start - 1;
	}
	h = hash_label(h, lower, end);
	return flags_of(w, h, lower, n) & (wildcard ? BELOW | PARENT : BELOW | EXACT);
}

bool afd_ct_watch_matches(const struct afd_ct_watch *w, struct afd_slice name)
{
	uint8_t lower[NAME_BYTES + PAD + 1], dot[NAME_BYTES + 1];
	size_t n = name.len, n_dots = 0;
	const struct afd_slice whole = name;
	bool wildcard, odd = false;

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
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = plain_byte[name.data[i]];

		lower[i] = c;
		dot[n_dots] = (uint8_t)i;
		n_dots += c == '.';
		odd |= !c;
	}
	memset(lower + name.len, 0, PAD);
	if (odd)
		return odd_name_matches(w, whole) || address_text_matches(w, whole);
	if (suffixes_match(w, lower, name.len, dot, n_dots, wildcard))
		return true;
	return (w->ranges.n > 0 && address_text_matches(w, name)) ||
	       (w->alike.n > 0 && afd_ct_alike_finds(&w->alike, (const char *)lower));
}

bool afd_ct_is_title(struct afd_slice cn)
{
	while (cn.len > 0 && cn.data[cn.len - 1] == ' ')
		cn.len--;
	while (cn.len > 0 && cn.data[0] == ' ')
		cn = afd_slice_sub(cn, 1, cn.len - 1);
	return cn.len == 0 || memchr(cn.data, ' ', cn.len);
}

static int match_name(void *p, enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw)
{
	const struct afd_ct_watch *w = p;

	if (kind == AFD_CT_IP)
		return w->ranges.n > 0 && afd_ct_ranges_hold(&w->ranges, raw);
	if (kind == AFD_CT_CN && afd_ct_is_title(raw))
		return 0;
	if (tag == TAG_BMP || tag == TAG_UNIVERSAL || tag == TAG_T61) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };
		int rc = afd_ct_string_utf8(tag, raw, &text);

		if (rc < 0)
			return 1;
		return afd_ct_watch_matches(w, rc == 1 ? afd_buf_slice(&text) : raw);
	}
	return afd_ct_watch_matches(w, raw);
}

int afd_ct_watch_entry(const struct afd_ct_watch *w, const struct afd_ct_leaf *leaf, struct afd_error *err)
{
	struct afd_ct_cert cert;

	if (afd_ct_leaf_cert(leaf, &cert, err) < 0)
		return -1;
	return afd_ct_names(&cert, match_name, (void *)w, err);
}
