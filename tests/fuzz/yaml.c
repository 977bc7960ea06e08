/* Links: core. YAML and the field tables over it: no bytes may crash them, keys are unique, texts hold no NUL. */
#include "core/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static void walk(const struct afd_node *n, unsigned depth)
{
	must(n->line >= 1 && depth <= 65);
	if (n->type == AFD_TEXT)
		must(strlen(n->u.text.s) == n->u.text.len);
	if (n->type != AFD_LIST && n->type != AFD_MAP)
		return;
	for (const struct afd_node *c = n->u.list.first; c; c = c->next) {
		must(c->parent == n);
		if (n->type == AFD_MAP)
			must(afd_node_get(n, c->key) == c);
		walk(c, depth + 1);
	}
}

struct all { const char *text, *name, *secret; int64_t count, at, every; bool on; struct afd_texts texts, names; const struct afd_node *node; };

static const struct afd_field fields[] = {
	{ "a", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct all, text), NULL },
	{ "b", AFD_FIELD_NAME, AFD_OPTIONAL, offsetof(struct all, name), NULL },
	{ "c", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct all, count), NULL },
	{ "d", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct all, on), NULL },
	{ "e", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct all, at), NULL },
	{ "f", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct all, every), NULL },
	{ "g", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct all, texts), NULL },
	{ "h", AFD_FIELD_NAMES, AFD_OPTIONAL, offsetof(struct all, names), NULL },
	{ "i", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct all, node), NULL },
	{ "j", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct all, secret), NULL },
	{ "k", AFD_FIELD_IGNORE, AFD_REQUIRED, 0, NULL },
	{ 0 }
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct all out = { 0 };
	struct afd_error err;

	if (afd_yaml_parse(afd_slice(data, size), "fuzz", &d, &err) < 0) {
		must(!d && err.code != AFD_OK && *err.text);
		return 0;
	}
	walk(afd_doc_root(d), 1);
	afd_fields_read(d, afd_doc_root(d), fields, &out, &err);
	if (afd_fields_read_loose(d, afd_doc_root(d), fields, &out, &err) == 0) {
		for (size_t i = 0; i < out.texts.n; i++)
			must(*out.texts.at[i]);
		for (size_t i = 0; i < out.names.n; i++)
			must(*out.names.at[i]);
	}
	return 0;
}
