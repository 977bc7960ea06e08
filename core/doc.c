#include "core/doc_private.h"

#include <stdarg.h>
#include <stdio.h>

/* Of a large document: what is that large goes back to the system when it is freed. */
enum { FIRST_BLOCK = 16 * 1024, LARGEST_BLOCK = 1024 * 1024 };

struct block { struct block *next; size_t used, size; max_align_t data[]; };

struct afd_doc { char *name; struct block *blocks, *texts; const struct afd_node *root; };

int afd_doc_new(const char *name, struct afd_doc **ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = calloc(1, sizeof(*d));

	if (!d || !(d->name = afd_strdup(name ? name : "document")))
		return afd_fail_memory(err);
	*ret = afd_steal(&d);
	return 0;
}

static void free_blocks(struct block *b)
{
	for (struct block *next; b; b = next) {
		next = b->next;
		free(b);
	}
}

struct afd_doc *afd_doc_free(struct afd_doc *d)
{
	if (!d)
		return NULL;
	free_blocks(d->blocks);
	free_blocks(d->texts);
	free(d->name);
	free(d);
	return NULL;
}

void afd_doc_release(struct afd_doc **d)
{
	*d = afd_doc_free(*d);
}

const struct afd_node *afd_doc_root(const struct afd_doc *d)
{
	return d->root;
}

void afd_doc_set_root(struct afd_doc *d, const struct afd_node *root)
{
	d->root = root;
}

const char *afd_doc_name(const struct afd_doc *d)
{
	return d->name;
}

static void *room_for(struct block **list, size_t n)
{
	struct block *b = *list;
	size_t size;

	if (!b || b->size - b->used < n) {
		size = b && b->size < LARGEST_BLOCK ? 2 * b->size : b ? LARGEST_BLOCK : FIRST_BLOCK;
		size = n > size ? n : size;
		b = malloc(sizeof(*b) + size);
		if (!b)
			return NULL;
		*b = (struct block){ *list, 0, size };
		*list = b;
	}
	b->used += n;
	return (uint8_t *)b->data + b->used - n;
}

void *afd_doc_alloc(struct afd_doc *d, size_t n)
{
	size_t align = sizeof(max_align_t), need = (n + align - 1) / align * align;
	void *p;

	if (need < n || need > SIZE_MAX - sizeof(struct block) - LARGEST_BLOCK)
		return NULL;
	p = room_for(&d->blocks, need);
	return p ? memset(p, 0, n) : NULL;
}

char *afd_doc_text(struct afd_doc *d, const char *s, size_t n)
{
	char *p = n < SIZE_MAX / 2 ? room_for(&d->texts, n + 1) : NULL;

	if (p && n)
		memcpy(p, s, n);
	if (p)
		p[n] = 0;
	return p;
}

void afd_node_adopt(struct afd_node *parent, struct afd_node **last, struct afd_node *child)
{
	child->parent = parent;
	if (*last)
		(*last)->next = child;
	else
		parent->u.list.first = child;
	*last = child;
	parent->u.list.n++;
}

const struct afd_node *afd_node_get(const struct afd_node *map, const char *key)
{
	if (!map || map->type != AFD_MAP)
		return NULL;
	for (const struct afd_node *n = map->u.list.first; n; n = n->next)
		if (strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

const char *afd_node_text(const struct afd_node *n)
{
	return n && n->type == AFD_TEXT ? n->u.text.s : NULL;
}

const char *afd_node_type_name(const struct afd_node *n)
{
	static const char *const name[] = {
		[AFD_NULL] = "null",     [AFD_BOOL] = "true or false", [AFD_INT] = "a whole number", [AFD_REAL] = "a number",
		[AFD_TEXT] = "a string", [AFD_LIST] = "a list",        [AFD_MAP] = "a map",
	};

	return n ? name[n->type] : "nothing";
}

struct afd_shown afd_node_shown(const struct afd_node *n)
{
	struct afd_shown w;

	if (n && n->type == AFD_INT)
		snprintf(w.s, sizeof(w.s), "%lld", (long long)n->u.i);
	else if (n && n->type == AFD_BOOL)
		snprintf(w.s, sizeof(w.s), "%s", n->u.i ? "true" : "false");
	else if (n && n->type == AFD_REAL)
		snprintf(w.s, sizeof(w.s), "%g", n->u.real);
	else if (n && n->type == AFD_TEXT)
		snprintf(w.s, sizeof(w.s), "\"%.40s%s\"", n->u.text.s, n->u.text.len > 40 ? "..." : "");
	else
		snprintf(w.s, sizeof(w.s), "%s", afd_node_type_name(n));
	return w;
}

static size_t index_of(const struct afd_node *n)
{
	size_t i = 0;

	for (const struct afd_node *p = n->parent->u.list.first; p && p != n; p = p->next)
		i++;
	return i;
}

/* "a.b[3].c"; the depth is bounded by the parsers. */
static void path_of(const struct afd_node *n, struct afd_buf *ret)
{
	const struct afd_node *up[AFD_MAX_JSON_DEPTH + 2];
	size_t depth = 0;

	for (; n && n->parent && depth < AFD_COUNT(up); n = n->parent)
		up[depth++] = n;
	while (depth-- > 0) {
		if (up[depth]->key)
			afd_buf_printf(ret, "%s%.80s", ret->len ? "." : "", up[depth]->key);
		else
			afd_buf_printf(ret, "[%zu]", index_of(up[depth]));
	}
}

int afd_node_error(const struct afd_doc *d, const struct afd_node *n, const char *field, enum afd_code code,
		   struct afd_error *err, const char *fmt, ...)
{
	AFD_AUTO(buf) struct afd_buf path = { .max = 600 };
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	path_of(n, &path);
	if (field)
		afd_buf_printf(&path, "%s%s", path.len ? "." : "", field);
	return afd_fail(err, code, "%s:%u: %s%s%s", d->name, n ? n->line : 1, path.len ? (const char *)path.data : "",
			path.len ? ": " : "", text);
}

int afd_node_fail(const struct afd_doc *d, const struct afd_node *n, struct afd_error *err, const char *expected)
{
	return afd_node_error(d, n, NULL, AFD_E_PARSE, err, "expected %s, got %s", expected, afd_node_shown(n).s);
}
