/* YAML: the part of it that has one meaning. Anchors, aliases, tags, merge keys and second documents are refused, and
 * of the plain scalars only whole numbers, true, false and null are more than text: "no", "on" and 0123 are text. */
#include "core/doc_private.h"

#include <yaml.h>

struct frame { struct afd_node *node, *last; char *key; };

struct reader {
	struct afd_doc *doc;
	yaml_event_t *event;
	struct frame stack[AFD_MAX_JSON_DEPTH];
	unsigned depth, documents;
	struct afd_node *root;
	struct afd_error *err;
};

static unsigned line_of(const struct reader *r)
{
	return (unsigned)r->event->start_mark.line + 1;
}

static int refuse(const struct reader *r, const char *what)
{
	return afd_fail(r->err, AFD_E_PARSE, "%s:%u: %s", afd_doc_name(r->doc), line_of(r), what);
}

/* -?(0|[1-9][0-9]*) */
static bool looks_whole(const char *s)
{
	if (*s == '-')
		s++;
	if (*s == '0')
		return !s[1];
	return *s && s[strspn(s, "0123456789")] == 0;
}

static int plain(const struct reader *r, struct afd_node *n)
{
	const char *s = n->u.text.s;
	bool negative = *s == '-';
	uint64_t v = 0, max = (uint64_t)INT64_MAX + negative;

	if (!*s || strcmp(s, "~") == 0 || strcmp(s, "null") == 0) {
		n->type = AFD_NULL;
	} else if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0) {
		n->type = AFD_BOOL;
		n->u.i = *s == 't';
	} else if (looks_whole(s)) {
		for (s += negative; *s; s++) {
			if (v > (max - (uint64_t)(*s - '0')) / 10)
				return refuse(r, "whole number out of range");
			v = v * 10 + (uint64_t)(*s - '0');
		}
		n->type = AFD_INT;
		n->u.i = negative ? (int64_t)-v : (int64_t)v;
	}
	return 0;
}

/* Puts N where the reader stands: as the root, the next of a list, or the value of the key read before. */
static int place(struct reader *r, struct afd_node *n)
{
	struct frame *f = r->depth ? &r->stack[r->depth - 1] : NULL;

	if (!f) {
		r->root = n;
		return 0;
	}
	if (f->node->type == AFD_MAP) {
		if (!f->key)
			return refuse(r, "a key of a map must be text");
		n->key = afd_steal(&f->key);
	}
	afd_node_adopt(f->node, &f->last, n);
	return 0;
}

static int new_node(struct reader *r, enum afd_node_type type, struct afd_node **ret)
{
	struct afd_node *n = afd_doc_alloc(r->doc, sizeof(*n));

	if (!n)
		return afd_fail_memory(r->err);
	n->type = type;
	n->line = line_of(r);
	*ret = n;
	return 0;
}

static int on_scalar(struct reader *r)
{
	const char *s = (const char *)r->event->data.scalar.value;
	size_t len = r->event->data.scalar.length;
	struct frame *f = r->depth ? &r->stack[r->depth - 1] : NULL;
	bool is_plain = r->event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct afd_node *n = NULL;
	char *text;

	if (r->event->data.scalar.anchor)
		return refuse(r, "anchors are not allowed");
	if (r->event->data.scalar.tag)
		return refuse(r, "tags are not allowed");
	if (strlen(s) != len)
		return refuse(r, "a NUL character is not allowed");
	text = afd_doc_text(r->doc, s, len);
	if (!text)
		return afd_fail_memory(r->err);
	if (f && f->node->type == AFD_MAP && !f->key) {
		if (is_plain && strcmp(text, "<<") == 0)
			return refuse(r, "merge keys are not allowed");
		if (!*text && is_plain)           /* "" in quotes is one: octoDNS names the apex so */
			return refuse(r, "a key of a map must not be empty");
		f->key = text;
		return 0;
	}
	if (new_node(r, AFD_TEXT, &n) < 0)
		return -1;
	n->u.text.s = text;
	n->u.text.len = len;
	if (is_plain && plain(r, n) < 0)
		return -1;
	return place(r, n);
}

static int on_start(struct reader *r, enum afd_node_type type, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct afd_node *n = NULL;

	if (anchor)
		return refuse(r, "anchors are not allowed");
	if (tag)
		return refuse(r, "tags are not allowed");
	if (r->depth == AFD_COUNT(r->stack))
		return afd_fail(r->err, AFD_E_LIMIT, "%s:%u: nested deeper than %u", afd_doc_name(r->doc), line_of(r),
				AFD_MAX_JSON_DEPTH);
	if (new_node(r, type, &n) < 0 || place(r, n) < 0)
		return -1;
	r->stack[r->depth++] = (struct frame){ .node = n };
	return 0;
}

static int by_key_then_line(const void *a, const void *b)
{
	const struct afd_node *x = *(const struct afd_node *const *)a, *y = *(const struct afd_node *const *)b;
	int c = strcmp(x->key, y->key);

	return c ? c : (x->line > y->line) - (x->line < y->line);
}

static int on_map_end(struct reader *r)
{
	const struct afd_node *map = r->stack[r->depth - 1].node;
	AFD_AUTO(mem) const struct afd_node **sorted = calloc(map->u.list.n + 1, sizeof(*sorted));
	size_t n = 0;

	if (!sorted)
		return afd_fail_memory(r->err);
	for (const struct afd_node *c = map->u.list.first; c; c = c->next)
		sorted[n++] = c;
	qsort(sorted, n, sizeof(*sorted), by_key_then_line);
	for (size_t i = 1; i < n; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			return afd_fail(r->err, AFD_E_PARSE, "%s:%u: the key \"%.80s\" stands there already, at line %u",
					afd_doc_name(r->doc), sorted[i]->line, sorted[i]->key, sorted[i - 1]->line);
	r->depth--;
	return 0;
}

static int on_document(struct reader *r)
{
	if (r->event->data.document_start.tag_directives.start != r->event->data.document_start.tag_directives.end)
		return refuse(r, "tags are not allowed");
	return ++r->documents > 1 ? refuse(r, "a second document is not allowed") : 0;
}

static int on_event(struct reader *r)
{
	yaml_event_t *e = r->event;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(r);
	case YAML_ALIAS_EVENT:
		return refuse(r, "aliases are not allowed");
	case YAML_SCALAR_EVENT:
		return on_scalar(r);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(r, AFD_LIST, e->data.sequence_start.anchor, e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return on_start(r, AFD_MAP, e->data.mapping_start.anchor, e->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
		r->depth--;
		return 0;
	case YAML_MAPPING_END_EVENT:
		return on_map_end(r);
	default:
		return 0;
	}
}

/* What stands before the first token that libyaml made has no mark yet: bytes that are no text have only their offset. */
static size_t bad_line(const yaml_parser_t *p, struct afd_slice bytes)
{
	size_t line = 1;

	if (p->error != YAML_READER_ERROR)
		return (p->problem_mark.line ? p->problem_mark.line : p->mark.line) + 1;
	for (size_t i = 0; i < bytes.len && i < p->problem_offset; i++)
		line += bytes.data[i] == '\n';
	return line;
}

static int not_yaml(const yaml_parser_t *p, const struct reader *r, struct afd_slice bytes)
{
	const size_t line = bad_line(p, bytes), from = p->context_mark.line + 1;
	const char *name = afd_doc_name(r->doc), *problem = p->problem ? p->problem : "unreadable";

	if (p->error == YAML_READER_ERROR && strstr(problem, "UTF-8"))
		return afd_fail(r->err, AFD_E_PARSE, "%s:%zu: not YAML: %s; save the file as UTF-8", name, line, problem);
	if (strstr(problem, "cannot start any token"))
		return afd_fail(r->err, AFD_E_PARSE, "%s:%zu: not YAML: %s: indent with blanks, not with tabs, and put a word that begins with @, ` or %% in quotes",
				name, line, problem);
	if (p->context && from < line)
		return afd_fail(r->err, AFD_E_PARSE, "%s:%zu: not YAML: %s, %s that begins at line %zu", name, line, problem, p->context, from);
	return afd_fail(r->err, AFD_E_PARSE, "%s:%zu: not YAML: %s", name, line, problem);
}

static int read_all(yaml_parser_t *p, struct reader *r, struct afd_slice bytes)
{
	for (;;) {
		yaml_event_t e;
		bool done;
		int x;

		if (!yaml_parser_parse(p, &e)) {
			if (p->error == YAML_MEMORY_ERROR)
				return afd_fail_memory(r->err);
			return not_yaml(p, r, bytes);
		}
		r->event = &e;
		done = e.type == YAML_STREAM_END_EVENT;
		x = on_event(r);
		yaml_event_delete(&e);
		if (x < 0 || done)
			return x;
	}
}

int afd_yaml_parse(struct afd_slice bytes, const char *name, struct afd_doc **ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct reader r = { .err = err };
	yaml_parser_t p;
	int x;

	if (afd_doc_new(name, &d, err) < 0)
		return -1;
	if (!yaml_parser_initialize(&p))
		return afd_fail_memory(err);
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, bytes.len ? bytes.data : (const uint8_t *)"", bytes.len);
	r.doc = d;
	x = read_all(&p, &r, bytes);
	yaml_parser_delete(&p);
	if (x < 0)
		return -1;
	if (!r.root) {                                    /* an empty file is null at its first line */
		r.root = afd_doc_alloc(d, sizeof(*r.root));
		if (!r.root)
			return afd_fail_memory(err);
		r.root->line = 1;
	}
	afd_doc_set_root(d, r.root);
	*ret = afd_steal(&d);
	return 0;
}
