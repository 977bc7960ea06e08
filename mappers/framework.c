/* Catalogues and mappings: strict readers, because a wrong id in a report is worse than none. */
#include "mappers/judge.h"

struct catalogue {
	const char *id, *title, *version;
	struct afd_texts relations, levels;
	const struct afd_node *controls;
};

static const struct afd_field catalogue_fields[] = {
	{ "id", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct catalogue, id), "name of the file" },
	{ "title", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct catalogue, title), NULL },
	{ "version", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct catalogue, version), NULL },
	{ "publisher", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0, "who publishes the framework" },
	{ "note", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0, "for people who open the file" },
	{ "relations", AFD_FIELD_TEXTS, AFD_REQUIRED, offsetof(struct catalogue, relations), "what a mapping may say" },
	{ "levels", AFD_FIELD_TEXTS, AFD_REQUIRED, offsetof(struct catalogue, levels), "from the widest" },
	{ "controls", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct catalogue, controls), NULL },
	{ 0 }
};

static const struct afd_field control_fields[] = {
	{"id", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_control, id), NULL},
	{"title", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_control, title), "in our own words"},
	{"level", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_control, level), NULL},
	{"parent", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_control, parent), NULL},
	{"status", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_control, status), "live (default) or withdrawn"},
	{"successors", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct afd_control, successors),
	 "where a withdrawn one went"},
	{0}};

static const char *const known_relations[] = { "subset-of", "intersects-with", "indicates", "context" };

static bool among(const struct afd_texts *t, const char *s)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->at[i], s) == 0)
			return true;
	return false;
}

static struct afd_control *find_control(const struct afd_framework *f, const char *id)
{
	for (size_t i = 0; i < f->n_control; i++)
		if (strcmp(f->control[i].id, id) == 0)
			return &f->control[i];
	return NULL;
}

static int read_control(struct afd_doc *d, const struct afd_node *n, const struct catalogue *cat,
			struct afd_framework *f, struct afd_error *err)
{
	struct afd_control c = { .status = "live" };
	const struct afd_control *parent;
	bool withdrawn;

	if (n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "a map: id, title, level, ...");
	if (afd_fields_read(d, n, control_fields, &c, err) < 0)
		return -1;
	withdrawn = strcmp(c.status, "withdrawn") == 0;
	if (find_control(f, c.id))
		return afd_node_fail(d, afd_node_get(n, "id"), err, "an id that does not stand above");
	if (!among(&cat->levels, c.level))
		return afd_node_fail(d, afd_node_get(n, "level"), err, "one of the levels");
	if (!withdrawn && strcmp(c.status, "live") != 0)
		return afd_node_fail(d, afd_node_get(n, "status"), err, "live or withdrawn");
	if (!withdrawn && c.successors.n)
		return afd_node_fail(d, afd_node_get(n, "successors"), err, "none: the control is live");
	parent = c.parent ? find_control(f, c.parent) : NULL;
	if (c.parent && !parent)
		return afd_node_fail(d, afd_node_get(n, "parent"), err, "the id of a control above");
	if (!c.parent && strcmp(c.level, cat->levels.at[0]) != 0)
		return afd_node_fail(d, n, err, "a parent: it is not of the widest level");
	f->control[f->n_control++] = c;
	return 0;
}

static int check_successors(struct afd_doc *d, const struct afd_framework *f, struct afd_error *err)
{
	for (size_t i = 0; i < f->n_control; i++)
		for (size_t k = 0; k < f->control[i].successors.n; k++) {
			const struct afd_control *to = find_control(f, f->control[i].successors.at[k]);

			if (!to || strcmp(to->status, "live") != 0)
				return afd_fail(err, AFD_E_CONFIG, "%s: %s: successor %s is not a live control",
						afd_doc_name(d), f->control[i].id, f->control[i].successors.at[k]);
		}
	return 0;
}

int afd_catalogue_parse(struct afd_slice json, const char *name, struct afd_arena *a, struct afd_doc **keep,
                        struct afd_catalogue *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_texts known = { known_relations, AFD_COUNT(known_relations) };
	struct catalogue cat = { 0 };
	struct afd_framework f;

	if (afd_json_parse(json, name, &d, err) < 0)
		return -1;
	if (afd_doc_root(d)->type != AFD_MAP)
		return afd_node_fail(d, afd_doc_root(d), err, "a catalogue: id, title, version, controls");
	if (afd_fields_read(d, afd_doc_root(d), catalogue_fields, &cat, err) < 0)
		return -1;
	for (size_t i = 0; i < cat.relations.n; i++)
		if (!among(&known, cat.relations.at[i]))
			return afd_node_fail(d, afd_node_get(afd_doc_root(d), "relations"), err,
				"only subset-of, intersects-with, indicates, context");
	if (cat.controls->type != AFD_LIST || !cat.levels.n)
		return afd_node_fail(d, cat.controls, err, "levels and a list of controls");
	f = (struct afd_framework){ .id = cat.id, .title = cat.title, .version = cat.version,
		.control = afd_arena_alloc(a, (cat.controls->u.list.n + 1) * sizeof *f.control) };
	if (!f.control)
		return afd_fail_memory(err);
	for (const struct afd_node *n = cat.controls->u.list.first; n; n = n->next)
		if (read_control(d, n, &cat, &f, err) < 0)
			return -1;
	if (check_successors(d, &f, err) < 0)
		return -1;
	*ret = (struct afd_catalogue){ f, cat.relations };
	*keep = afd_steal(&d);
	return 0;
}

/* --- mappings --- */

struct mapping { const char *framework, *version, *author, *date; const struct afd_node *links; };
static const struct afd_field mapping_fields[] = {
	{ "framework", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct mapping, framework), "id of the catalogue" },
	{ "version", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct mapping, version), "of this mapping" },
	{ "author", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct mapping, author), NULL },
	{ "date", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct mapping, date), NULL },
	{ "links", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct mapping, links), NULL },
	{ 0 }
};

struct link_row { struct afd_link link; const char *control; };
static const struct afd_field link_fields[] = {
	{"check", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct link_row, link.check), NULL},
	{"control", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct link_row, control), NULL},
	{"relation", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct link_row, link.relation), NULL},
	{"rationale", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct link_row, link.rationale), "why it says something"},
	{"limit", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct link_row, link.limit), "what it does not say"},
	{0}};

static int withdrawn_control(struct afd_doc *d, const struct afd_node *n, const struct afd_control *c,
			     struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	if (afd_buf_printf(&text, "a live control: %s is withdrawn, see ", c->id) < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < c->successors.n; i++)
		if (afd_buf_printf(&text, "%s%s", i ? ", " : "", c->successors.at[i]) < 0)
			return afd_fail_memory(err);
	if (!c->successors.n && afd_buf_text(&text, "the framework itself, it has no single successor") < 0)
		return afd_fail_memory(err);
	return afd_node_fail(d, afd_node_get(n, "control"), err, (const char *)text.data);
}

static int read_link(struct afd_doc *d, const struct afd_node *n, struct afd_arena *a, struct afd_catalogue *cat,
                     const struct afd_check *check, size_t n_check, struct afd_error *err)
{
	struct link_row row = { 0 };
	struct afd_control *c;
	struct afd_link *link;
	size_t i = 0;

	if (n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "a map: check, control, relation, rationale, limit");
	if (afd_fields_read(d, n, link_fields, &row, err) < 0)
		return -1;
	while (i < n_check && strcmp(check[i].id, row.link.check) != 0)
		i++;
	if (i == n_check)
		return afd_node_fail(d, afd_node_get(n, "check"), err, "the id of a check");
	c = find_control(&cat->framework, row.control);
	if (!c)
		return afd_node_fail(d, afd_node_get(n, "control"), err, "a control of the framework");
	if (strcmp(c->status, "live") != 0)
		return withdrawn_control(d, n, c, err);
	if (!among(&cat->relations, row.link.relation))
		return afd_node_fail(d, afd_node_get(n, "relation"), err, "a relation that the framework allows");
	for (i = 0; i < c->n_link; i++)
		if (strcmp(c->link[i].check, row.link.check) == 0)
			return afd_node_fail(d, n, err, "a check and control that do not stand above");
	link = AFD_PUSH(a, c->link, c->n_link);
	if (!link)
		return afd_fail_memory(err);
	*link = row.link;
	return 0;
}

int afd_mapping_parse(struct afd_slice yaml, const char *name, struct afd_arena *a, struct afd_doc **keep,
		      struct afd_catalogue *cat, size_t n, const struct afd_check *check, size_t n_check,
		      struct afd_catalogue **ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct mapping m = { 0 };
	struct afd_framework *f;
	size_t i = 0;
	int64_t t;

	if (afd_yaml_parse(yaml, name, &d, err) < 0)
		return -1;
	if (afd_doc_root(d)->type != AFD_MAP)
		return afd_node_fail(d, afd_doc_root(d), err, "a mapping: framework, version, author, date, links");
	if (afd_fields_read(d, afd_doc_root(d), mapping_fields, &m, err) < 0)
		return -1;
	while (i < n && strcmp(cat[i].framework.id, m.framework) != 0)
		i++;
	if (i == n)
		return afd_node_fail(d, afd_node_get(afd_doc_root(d), "framework"), err, "the id of a framework");
	if (afd_when_parse(m.date, &t, err) < 0)
		return afd_within(err, "%s: date", name);
	if (m.links->type != AFD_LIST)
		return afd_node_fail(d, m.links, err, "a list of links");
	for (const struct afd_node *l = m.links->u.list.first; l; l = l->next)
		if (read_link(d, l, a, &cat[i], check, n_check, err) < 0)
			return -1;
	f = &cat[i].framework;
	f->mapping_version = m.version;
	f->mapping_author = m.author;
	f->mapping_date = m.date;
	*ret = &cat[i];
	*keep = afd_steal(&d);
	return 0;
}
