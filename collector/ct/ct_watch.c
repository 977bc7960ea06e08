/* The names looked for: a hash table of them and of what stands one label above, asked for every suffix of a name in
 * one pass over its bytes. Names with bytes that no host name has go the slow way, label by label. */
#include "collector/ct/ct_cert.h"

enum { WATCHED = 1, PARENT = 2, NAME_BYTES = 253 };

struct slot { uint64_t hash; const char *name; uint32_t len; uint32_t flags; };
struct afd_ct_watch {
	struct slot *slot; size_t mask;
	char **name; size_t n;
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

/* FNV-1a from the last byte to the first, so that one pass gives the hash of every suffix. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
static inline uint64_t hash_step(uint64_t h, uint8_t c)
{
	return (h ^ c) * UINT64_C(0x100000001b3);
}

static inline size_t slot_of(const struct afd_ct_watch *w, uint64_t h)
{
	return (size_t)(h ^ h >> 32) & w->mask;
}

static struct slot *find(const struct afd_ct_watch *w, uint64_t h, const void *name, size_t len)
{
	size_t i = slot_of(w, h);

	while (w->slot[i].name && (w->slot[i].hash != h || w->slot[i].len != len || memcmp(w->slot[i].name, name, len) != 0))
		i = (i + 1) & w->mask;
	return &w->slot[i];
}

static uint64_t hash_of(const char *name, size_t len)
{
	uint64_t h = HASH_START;

	while (len-- > 0)
		h = hash_step(h, (uint8_t)name[len]);
	return h;
}

bool afd_ct_watch_has(const struct afd_ct_watch *w, const char *name)
{
	size_t len = strlen(name);

	return find(w, hash_of(name, len), name, len)->flags & WATCHED;
}

static void insert(struct afd_ct_watch *w, const char *name, uint32_t flag)
{
	size_t len = strlen(name);
	uint64_t h = hash_of(name, len);
	struct slot *s = find(w, h, name, len);

	*s = (struct slot){ h, name, (uint32_t)len, s->flags | flag };
}

int afd_ct_watch_new(const char *const *name, size_t n, struct afd_ct_watch **ret, struct afd_error *err)
{
	struct afd_ct_watch *w = calloc(1, sizeof(*w));
	size_t size = 16;

	while (size < 4 * n)
		size *= 2;
	if (w)
		w->slot = calloc(size, sizeof(*w->slot));
	if (w)
		w->name = calloc(n + 1, sizeof(*w->name));
	if (!w || !w->slot || !w->name)
		goto memory;
	w->mask = size - 1;
	for (; w->n < n; w->n++) {
		const char *dot;

		w->name[w->n] = afd_strdup(name[w->n]);
		if (!w->name[w->n])
			goto memory;
		insert(w, w->name[w->n], WATCHED);
		dot = strchr(w->name[w->n], '.');
		if (dot && dot[1])
			insert(w, dot + 1, PARENT);
	}
	*ret = w;
	return 0;
memory:
	afd_ct_watch_free(w);
	return afd_fail_memory(err);
}

struct afd_ct_watch *afd_ct_watch_free(struct afd_ct_watch *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < w->n; i++)
		free(w->name[i]);
	free(w->name);
	free(w->slot);
	free(w);
	return NULL;
}

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
	if (cut)
		name.len = (size_t)(cut - name.data);
	if (name.len == 0)
		return false;
	for (size_t i = 0; i < w->n; i++)
		if (odd_name_could_be(name, w->name[i]))
			return true;
	return false;
}

bool afd_ct_watch_matches(const struct afd_ct_watch *w, struct afd_slice name)
{
	uint8_t lower[NAME_BYTES + 1];
	uint64_t h = HASH_START;
	size_t start = 0, n = name.len;
	bool wildcard;

	if (n > 0 && name.data[n - 1] == '.')
		n--;
	if (n == 0)
		return false;
	if (n == 1 && name.data[0] == '*')
		return w->n > 0;          /* any name at all */
	wildcard = n > 2 && name.data[0] == '*' && name.data[1] == '.';
	if (wildcard)
		start = 2;
	if (n - start > NAME_BYTES)
		return odd_name_matches(w, name);
	for (size_t i = n; i-- > start;) {
		uint8_t c = plain_byte[name.data[i]];

		if (!c)
			return odd_name_matches(w, name);
		if (c == '.' && find(w, h, lower + (i + 1 - start), n - i - 1)->flags & WATCHED)
			return true;
		lower[i - start] = c;
		h = hash_step(h, c);
	}
	return find(w, h, lower, n - start)->flags & (wildcard ? WATCHED | PARENT : WATCHED);
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

	if (kind == AFD_CT_IP || (kind == AFD_CT_CN && afd_ct_is_title(raw)))
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
