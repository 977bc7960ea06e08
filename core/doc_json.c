/* JSON: jansson says whether the text is JSON and what the values are. A second walk over the same bytes, in the same
 * order, only finds where each value stands: its line, and for lists and maps their bytes. */
#include "core/doc_private.h"

#include <jansson.h>

static void afd_json_release(json_t **j)
{
	json_decref(*j);
	*j = NULL;
}

struct walk {
	struct afd_doc *doc;
	const uint8_t *at, *end;
	unsigned line, depth;
	struct afd_error *err;
};

static int node_of(struct walk *w, json_t *j, struct afd_node **ret);

static int lost(const struct walk *w)
{
	return afd_fail(w->err, AFD_E_PARSE, "%s:%u: not JSON", afd_doc_name(w->doc), w->line);
}

static void skip_blanks(struct walk *w)
{
	for (; w->at < w->end && (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r'); w->at++)
		w->line += *w->at == '\n';
}

static bool skip_char(struct walk *w, char c)
{
	skip_blanks(w);
	if (w->at == w->end || *w->at != (uint8_t)c)
		return false;
	w->at++;
	return true;
}

static bool skip_string(struct walk *w)
{
	if (!skip_char(w, '"'))
		return false;
	for (; w->at < w->end && *w->at != '"'; w->at++)
		if (*w->at == '\\' && w->end - w->at > 1)
			w->at++;
	return skip_char(w, '"');
}

/* A number, true, false or null: everything up to what may follow one */
static bool skip_word(struct walk *w)
{
	const uint8_t *start = w->at;

	while (w->at < w->end && *w->at > 0x20 && *w->at != ',' && *w->at != ']' && *w->at != '}')
		w->at++;
	return w->at > start;
}

static int list_of(struct walk *w, json_t *j, struct afd_node *n)
{
	struct afd_node *last = NULL, *child;
	json_t *value;
	size_t i;

	if (!skip_char(w, '['))
		return lost(w);
	json_array_foreach(j, i, value) {
		if (i > 0 && !skip_char(w, ','))
			return lost(w);
		if (node_of(w, value, &child) < 0)
			return -1;
		afd_node_adopt(n, &last, child);
	}
	return skip_char(w, ']') ? 0 : lost(w);
}

static int map_of(struct walk *w, json_t *j, struct afd_node *n)
{
	struct afd_node *last = NULL, *child;
	const char *key;
	json_t *value;

	if (!skip_char(w, '{'))
		return lost(w);
	json_object_foreach(j, key, value) {          /* jansson keeps the order of the text */
		if ((last && !skip_char(w, ',')) || !skip_string(w) || !skip_char(w, ':'))
			return lost(w);
		if (node_of(w, value, &child) < 0)
			return -1;
		child->key = afd_doc_text(w->doc, key, strlen(key));
		if (!child->key)
			return afd_fail_memory(w->err);
		afd_node_adopt(n, &last, child);
	}
	return skip_char(w, '}') ? 0 : lost(w);
}

static int scalar_of(struct walk *w, json_t *j, struct afd_node *n)
{
	if (!json_is_string(j)) {
		n->type = json_is_null(j) ? AFD_NULL : json_is_boolean(j) ? AFD_BOOL : json_is_integer(j) ? AFD_INT : AFD_REAL;
		if (n->type == AFD_REAL)
			n->u.real = json_real_value(j);
		else
			n->u.i = json_is_integer(j) ? json_integer_value(j) : json_is_true(j);
		return skip_word(w) ? 0 : lost(w);
	}
	n->type = AFD_TEXT;
	n->u.text.len = json_string_length(j);
	n->u.text.s = afd_doc_text(w->doc, json_string_value(j), n->u.text.len);
	if (!n->u.text.s)
		return afd_fail_memory(w->err);
	return skip_string(w) ? 0 : lost(w);
}

static int node_of(struct walk *w, json_t *j, struct afd_node **ret)
{
	struct afd_node *n = afd_doc_alloc(w->doc, sizeof(*n));
	const uint8_t *start;
	int r;

	if (!n)
		return afd_fail_memory(w->err);
	skip_blanks(w);
	n->line = w->line;
	start = w->at;
	*ret = n;
	if (!json_is_array(j) && !json_is_object(j))
		return scalar_of(w, j, n);

	if (++w->depth > AFD_MAX_JSON_DEPTH)
		return afd_fail(w->err, AFD_E_LIMIT, "%s:%u: nested deeper than %u", afd_doc_name(w->doc), w->line,
				AFD_MAX_JSON_DEPTH);
	n->type = json_is_array(j) ? AFD_LIST : AFD_MAP;
	r = n->type == AFD_LIST ? list_of(w, j, n) : map_of(w, j, n);
	w->depth--;
	n->raw = afd_slice(start, (size_t)(w->at - start));
	return r;
}

/* An upper bound of the values in the text, before anybody allocates one: each stands behind one of these characters. */
static bool has_too_many(struct afd_slice s)
{
	size_t n = 1;
	bool in_string = false;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (c == '"')
			in_string = !in_string;
		else if (in_string)
			i += c == '\\';
		else
			n += c == ',' || c == '[' || c == '{';
	}
	return n > AFD_MAX_JSON_VALUES;
}

int afd_json_parse(struct afd_slice bytes, const char *name, struct afd_doc **ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(json) json_t *j = NULL;
	struct walk w = { .at = bytes.data, .end = bytes.data + bytes.len, .line = 1, .err = err };
	struct afd_node *root;
	json_error_t je;

	if (afd_doc_new(name, &d, err) < 0)
		return -1;
	if (has_too_many(bytes))
		return afd_fail(err, AFD_E_LIMIT, "%s: more than %u values", afd_doc_name(d), AFD_MAX_JSON_VALUES);
	j = json_loadb(bytes.len ? (const char *)bytes.data : "", bytes.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (!j)
		return afd_fail(err, AFD_E_PARSE, "%s:%d: not JSON: %s", afd_doc_name(d), je.line > 0 ? je.line : 1, je.text);

	w.doc = d;
	if (node_of(&w, j, &root) < 0)
		return -1;
	skip_blanks(&w);
	if (w.at != w.end)
		return lost(&w);
	afd_doc_set_root(d, root);
	*ret = afd_steal(&d);
	return 0;
}
