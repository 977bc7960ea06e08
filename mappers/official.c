/* The publisher's own words beside our titles: what `affidavit frameworks import` wrote out of the publisher's file. */
#include "mappers/judge.h"

struct official { const char *framework; const struct afd_node *source, *texts; };
static const struct afd_field official_fields[] = {
	{ "framework", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct official, framework), "id of the catalogue" },
	{ "source", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct official, source), "the publisher's file" },
	{ "texts", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct official, texts), NULL },
	{ 0 }
};

static const struct afd_field source_fields[] = {
	{ "file", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_official, file), "its name" },
	{ "last_modified", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0, "as it says itself" },
	{ "oscal_version", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0, "as it says itself" },
	{ "sha256", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_official, source_sha256), "of its bytes" },
	{ "title", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_official, title), "as it says itself" },
	{ "version", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_official, version), "as it says itself" },
	{ 0 }
};

struct text_row { const char *id, *title, *text; };
static const struct afd_field text_fields[] = {
	{ "id", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct text_row, id), "of a live control" },
	{ "text", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct text_row, text), NULL },
	{ "title", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct text_row, title), NULL },
	{ 0 }
};

static int read_text(struct afd_doc *d, const struct afd_node *n, struct afd_framework *f, struct afd_error *err)
{
	struct text_row row = { 0 };
	const struct afd_control *found;
	struct afd_control *c;

	if (n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "a map: id, title, text");
	if (afd_fields_read(d, n, text_fields, &row, err) < 0)
		return -1;
	found = afd_control_find(f, row.id);
	if (!found || strcmp(found->status, "live") != 0)
		return afd_node_fail(d, afd_node_get(n, "id"), err, "a live control of the framework");
	c = &f->control[found - f->control];
	if (c->official_text || c->official_title)
		return afd_node_fail(d, afd_node_get(n, "id"), err, "a control that does not stand above");
	if (!row.text && !row.title)
		return afd_node_fail(d, n, err, "a title or a text");
	c->official_title = row.title;
	c->official_text = row.text;
	f->official.n++;
	return 0;
}

int afd_official_parse(const struct afd_rule_file *file, struct afd_arena *a, struct afd_doc **keep, struct afd_catalogue *cat, size_t n,
		       struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct official o = { 0 };
	struct afd_official s = { .leaf = file->leaf };
	struct afd_framework *f;
	uint8_t digest[32];
	size_t i = 0;

	if (afd_json_parse(file->bytes, file->label, &d, err) < 0)
		return -1;
	if (afd_doc_root(d)->type != AFD_MAP)
		return afd_node_fail(d, afd_doc_root(d), err, "official texts: framework, source, texts");
	if (afd_fields_read(d, afd_doc_root(d), official_fields, &o, err) < 0)
		return -1;
	while (i < n && strcmp(cat[i].framework.id, o.framework) != 0)
		i++;
	if (i == n)
		return afd_node_fail(d, afd_node_get(afd_doc_root(d), "framework"), err, "the id of a framework");
	f = &cat[i].framework;
	if (f->official.label)
		return afd_fail(err, AFD_E_CONFIG, "%s: %s has the official texts of %s already", file->label, f->official.label, f->id);
	if (o.source->type != AFD_MAP || o.texts->type != AFD_LIST)
		return afd_node_fail(d, o.texts, err, "source as a map and texts as a list");
	if (afd_fields_read(d, o.source, source_fields, &s, err) < 0)
		return -1;
	if (strlen(s.source_sha256) != 64 || afd_unhex(s.source_sha256, 64, digest, sizeof digest) < 0)
		return afd_node_fail(d, afd_node_get(o.source, "sha256"), err, "64 hex digits");
	s.label = afd_arena_text(a, file->label);
	if (!s.label)
		return afd_fail_memory(err);
	afd_sha256(file->bytes, &s.sha256);
	f->official = s;
	for (const struct afd_node *t = o.texts->u.list.first; t; t = t->next)
		if (read_text(d, t, f, err) < 0)
			return -1;
	*keep = afd_steal(&d);
	return 0;
}
