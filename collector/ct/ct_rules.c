/* Making a list of what is looked for: rules are checked, sorted and laid into one text, then the table and its filter. */
#include "collector/ct/ct_watch.h"
#include "core/name.h"

uint64_t afd_ct_hash_name(const char *name, size_t n)
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
			*find(w, afd_ct_hash_name(name, len), name, len) = old[i];
	}
	free(old);
	return 0;
}

/* The flags that NAME had, or -1. */
static int insert(struct afd_ct_watch *w, const char *name, uint32_t flags)
{
	size_t len = strlen(name);
	uint64_t h = afd_ct_hash_name(name, len);
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
		uint64_t h = w->slot[i].tag & FLAGS ? afd_ct_hash_name(name, strlen(name)) : 0;

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

	if (!marked && text.len > 0 && text.len < sizeof(plain) && memchr(text.data, '/', text.len)) {
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
	return len <= NAME_BYTES && find(w, afd_ct_hash_name(name, len), name, len)->tag & (*rule == '=' ? EXACT : BELOW);
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
