/* Pages of get-entries without a tree of values: the text is looked through once, and base64 goes straight from it into
 * bytes. The scanner knows the plain shape of such a page. What it does not know (escapes other than \/, nested values in
 * members that nobody asked for, anything that looks wrong) it leaves to jansson, whose word is final; what it takes,
 * jansson takes too and reads the same. */
#include "collector/ct/ct_entry.h"

enum { KNOWN_LEAF = 1, KNOWN_EXTRA = 2, OTHER_MEMBERS = 8, PLAIN_NUMBER = 15 };

struct text { const uint8_t *at, *end; };
/* Names of members of one object that are none of ours: to see that none stands twice. */
struct others { struct afd_slice name[OTHER_MEMBERS]; size_t n; };

enum verdict { TAKEN, LEFT, WRONG };      /* LEFT: to jansson; WRONG: jansson would say so too (err) */

static inline uint8_t skip_blanks(struct text *t)
{
	while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\r' || *t->at == '\t'))
		t->at++;
	return t->at < t->end ? *t->at : 0;
}

static inline bool skip_char(struct text *t, uint8_t c)
{
	if (skip_blanks(t) != c)
		return false;
	t->at++;
	return true;
}

/* Control characters and bytes above ASCII (negative), and backslashes. */
static bool is_plain(const uint8_t *p, size_t n)
{
	uint8_t odd = 0;

	for (size_t i = 0; i < n; i++)
		odd |= (uint8_t)(((int8_t)p[i] < 0x20) | (p[i] == '\\'));
	return !odd;
}

/* The only escape that some writers put into base64 is \/ */
static bool is_plain_but_slashes(struct afd_slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((int8_t)s.data[i] < 0x20)
			return false;
		if (s.data[i] == '\\' && (++i == s.len || s.data[i] != '/'))
			return false;
	}
	return true;
}

/* A string, without its quotes; false: not a plain one. TRUSTED: somebody else looks at each byte. */
static bool read_string(struct text *t, bool trusted, struct afd_slice *ret, bool *escaped)
{
	const uint8_t *quote;

	if (skip_blanks(t) != '"')
		return false;
	t->at++;
	quote = memchr(t->at, '"', (size_t)(t->end - t->at));
	if (!quote)
		return false;
	*ret = afd_slice(t->at, (size_t)(quote - t->at));
	t->at = quote + 1;
	*escaped = false;
	if (trusted ? !memchr(ret->data, '\\', ret->len) : is_plain(ret->data, ret->len))
		return true;
	*escaped = true;
	return is_plain_but_slashes(*ret);
}

static bool skip_word(struct text *t, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0)
		return false;
	t->at += n;
	return true;
}

/* A value nobody asked for. Numbers that jansson might find too large, and all that is nested, are left to it. */
static bool skip_value(struct text *t)
{
	const uint8_t *start;
	struct afd_slice s;
	bool escaped;

	switch (skip_blanks(t)) {
	case '"':
		return read_string(t, false, &s, &escaped);
	case 't':
		return skip_word(t, "true");
	case 'f':
		return skip_word(t, "false");
	case 'n':
		return skip_word(t, "null");
	}
	start = t->at;
	while (t->at < t->end && *t->at >= '0' && *t->at <= '9')
		t->at++;
	return t->at > start && t->at - start <= PLAIN_NUMBER && (*start != '0' || t->at - start == 1) &&
	       !(t->at < t->end && (*t->at == '.' || *t->at == 'e' || *t->at == 'E'));
}

static bool is_name(struct afd_slice s, const char *name, size_t n)
{
	return s.len == n && memcmp(s.data, name, n) == 0;
}
#define IS_NAME(s, literal) is_name(s, literal, sizeof(literal) - 1)

static bool skip_other(struct text *t, struct others *o, struct afd_slice name)
{
	for (size_t i = 0; i < o->n; i++)
		if (afd_slice_equal(o->name[i], name))
			return false;
	if (o->n == OTHER_MEMBERS)
		return false;
	o->name[o->n++] = name;
	return skip_value(t);
}

static bool read_name(struct text *t, struct afd_slice *ret)
{
	bool escaped;

	return read_string(t, false, ret, &escaped) && !escaped && skip_char(t, ':');
}

static int decode(struct afd_slice text, bool escaped, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf plain = { 0 };

	if (!escaped)
		return afd_unbase64(text, ret);
	if (afd_buf_reserve(&plain, text.len) < 0)
		return -1;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] != '\\')
			plain.data[plain.len++] = text.data[i];
	return afd_unbase64(afd_buf_slice(&plain), ret);
}

static int decode_leaf(struct afd_ct_page *p, struct afd_slice text, bool escaped, struct afd_ct_page_entry *e,
                       struct afd_error *err)
{
	size_t off = p->leaves.len;

	if (decode(text, escaped, &p->leaves) < 0)
		return afd_fail(err, AFD_E_PARSE, "entry %zu: leaf_input: not base64", p->n);
	e->leaf = (struct afd_range){ off, p->leaves.len - off };
	return 0;
}

static int add_entry(struct afd_ct_page *p, size_t max, const struct afd_ct_page_entry *e, struct afd_error *err)
{
	if (p->n == max)
		return afd_fail(err, AFD_E_LIMIT, "entries: more than %zu", max);
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 256;
		struct afd_ct_page_entry *at = reallocarray(p->at, cap, sizeof(*at));

		if (!at)
			return afd_fail_memory(err);
		p->at = at;
		p->cap = cap;
	}
	p->at[p->n++] = *e;
	return 0;
}

/* One object of the list, behind its brace. */
static enum verdict scan_entry(struct text *t, struct afd_ct_page *p, struct afd_ct_page_entry *e, struct afd_error *err)
{
	struct others others = { .n = 0 };
	struct afd_slice name, value;
	unsigned known = 0;
	bool escaped;

	if (skip_char(t, '}'))
		return LEFT;
	do {
		if (!read_name(t, &name))
			return LEFT;
		if (IS_NAME(name, "leaf_input")) {
			if (known & KNOWN_LEAF || !read_string(t, true, &value, &escaped))
				return LEFT;
			if (decode_leaf(p, value, escaped, e, err) < 0)
				return WRONG;
			known |= KNOWN_LEAF;
		} else if (IS_NAME(name, "extra_data")) {
			if (known & KNOWN_EXTRA || !read_string(t, false, &e->extra, &e->extra_escaped))
				return LEFT;
			known |= KNOWN_EXTRA;
		} else if (!skip_other(t, &others, name)) {
			return LEFT;
		}
	} while (skip_char(t, ','));
	return skip_char(t, '}') && known == (KNOWN_LEAF | KNOWN_EXTRA) ? TAKEN : LEFT;
}

static enum verdict scan_list(struct text *t, size_t max, struct afd_ct_page *p, struct afd_error *err)
{
	struct afd_ct_page_entry e = { 0 };
	enum verdict v;

	if (!skip_char(t, '['))
		return LEFT;
	if (skip_char(t, ']'))
		return TAKEN;
	do {
		if (!skip_char(t, '{'))
			return LEFT;
		v = scan_entry(t, p, &e, err);
		if (v != TAKEN)
			return v;
		if (add_entry(p, max, &e, err) < 0)
			return WRONG;
	} while (skip_char(t, ','));
	return skip_char(t, ']') ? TAKEN : LEFT;
}

static enum verdict scan(struct text *t, size_t max, struct afd_ct_page *p, struct afd_error *err)
{
	struct others others = { .n = 0 };
	struct afd_slice name;
	enum verdict v;
	bool seen = false;

	if (!skip_char(t, '{') || skip_blanks(t) == '}')
		return LEFT;
	do {
		if (!read_name(t, &name))
			return LEFT;
		if (IS_NAME(name, "entries")) {
			v = seen ? LEFT : scan_list(t, max, p, err);
			if (v != TAKEN)
				return v;
			seen = true;
		} else if (!skip_other(t, &others, name)) {
			return LEFT;
		}
	} while (skip_char(t, ','));
	if (!seen || !skip_char(t, '}'))
		return LEFT;
	skip_blanks(t);
	return t->at == t->end ? TAKEN : LEFT;
}

static void empty(struct afd_ct_page *p)
{
	p->n = p->leaves.len = 0;
	p->doc = afd_doc_free(p->doc);
}

int afd_ct_scan_entries(struct afd_slice json, size_t max, struct afd_ct_page *ret, struct afd_error *err)
{
	struct text t = { json.data, json.data + json.len };

	empty(ret);
	switch (scan(&t, max, ret, err)) {
	case TAKEN:
		return 0;
	case WRONG:
		return -1;
	case LEFT:
		break;
	}
	return afd_ct_parse_entries(json, max, ret, err);
}

static const char *member(const struct afd_node *n, const char *key, size_t *len)
{
	const struct afd_node *v = afd_node_get(n, key);
	const char *text = v ? afd_node_text(v) : NULL;

	*len = text ? v->u.text.len : 0;
	return text;
}

int afd_ct_parse_entries(struct afd_slice json, size_t max, struct afd_ct_page *ret, struct afd_error *err)
{
	const struct afd_node *list;
	size_t leaf_len, extra_len;

	empty(ret);
	if (afd_json_parse(json, "get-entries", &ret->doc, err) < 0)
		return -1;
	list = afd_node_get(afd_doc_root(ret->doc), "entries");
	if (!list || list->type != AFD_LIST)
		return afd_fail(err, AFD_E_PARSE, "entries: expected a list, got %s", afd_node_type_name(list));
	for (const struct afd_node *n = list->u.list.first; n; n = n->next) {
		const char *leaf = member(n, "leaf_input", &leaf_len), *extra = member(n, "extra_data", &extra_len);
		struct afd_ct_page_entry e = { .extra = afd_slice(extra, extra_len) };

		if (!leaf || !extra)
			return afd_fail(err, AFD_E_PARSE, "entry %zu: expected leaf_input and extra_data", ret->n);
		if (decode_leaf(ret, afd_slice(leaf, leaf_len), false, &e, err) < 0 || add_entry(ret, max, &e, err) < 0)
			return -1;
	}
	return 0;
}

int afd_ct_page_extra(const struct afd_ct_page *p, size_t i, struct afd_buf *ret, struct afd_error *err)
{
	if (decode(p->at[i].extra, p->at[i].extra_escaped, ret) < 0)
		return afd_fail(err, AFD_E_PARSE, "entry %zu: extra_data: not base64", i);
	return 0;
}

void afd_ct_page_release(struct afd_ct_page *p)
{
	empty(p);
	free(p->at);
	afd_buf_release(&p->leaves);
	*p = (struct afd_ct_page){ 0 };
}
