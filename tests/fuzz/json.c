/* Links: core. JSON: no bytes may crash the reader, and the bytes it says a list or map has are that list or map. */
#include "core/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static bool same(const struct afd_node *a, const struct afd_node *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == AFD_TEXT)
		return a->u.text.len == b->u.text.len && memcmp(a->u.text.s, b->u.text.s, a->u.text.len) == 0;
	if (a->type == AFD_REAL)
		return a->u.real == b->u.real;
	if (a->type != AFD_LIST && a->type != AFD_MAP)
		return a->u.i == b->u.i;
	return a->u.list.n == b->u.list.n && a->raw.len == b->raw.len;
}

static void walk(const struct afd_doc *d, const struct afd_node *n, struct afd_slice outer)
{
	size_t count = 0;

	must(n->line >= 1);
	if (n->type == AFD_TEXT)
		must(strlen(n->u.text.s) == n->u.text.len);
	if (n->type != AFD_LIST && n->type != AFD_MAP) {
		must(n->raw.len == 0);
		return;
	}
	must(n->raw.len >= 2 && n->raw.data >= outer.data && n->raw.data + n->raw.len <= outer.data + outer.len);
	for (const struct afd_node *c = n->u.list.first; c; c = c->next, count++) {
		must(c->parent == n && c->line >= n->line);
		if (n->type == AFD_MAP)
			must(afd_node_get(n, c->key) == c);
		walk(d, c, n->raw);
	}
	must(count == n->u.list.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL, *again = NULL;
	const struct afd_node *root, *part;
	struct afd_error err;

	if (afd_json_parse(afd_slice(data, size), "fuzz", &d, &err) < 0) {
		must(!d && err.code != AFD_OK && *err.text);
		return 0;
	}
	root = afd_doc_root(d);
	walk(d, root, afd_slice(data, size));
	afd_node_fail(d, root, &err, "something else");

	/* the last list or map inside, cut out, reads the same */
	for (part = root; (part->type == AFD_LIST || part->type == AFD_MAP) && part->u.list.first;) {
		const struct afd_node *c = part->u.list.first;

		while (c->next)
			c = c->next;
		part = c;
	}
	afd_node_fail(d, part, &err, "something else");
	if (part->parent) {
		part = part->parent;
		must(afd_json_parse(part->raw, "part", &again, &err) == 0);
		must(same(part, afd_doc_root(again)));
	}
	return 0;
}
