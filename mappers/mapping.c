/* Mappings: which check says something about which control. Those of others are laid over ours. */
#include "mappers/judge.h"

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
	{"cited", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct link_row, link.cited), "another id, as your own papers have it"},
	{0}};

struct reading {
	struct afd_doc *d;
	struct afd_arena *a;
	struct afd_framework *f;
	const struct afd_texts *relations;
	const struct afd_check *check; size_t n_check;
};

static bool among(const struct afd_texts *t, const char *s)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->at[i], s) == 0)
			return true;
	return false;
}

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

/* The id of a live control, exactly; for others the error says what could be meant. */
static int find_control(const struct reading *r, const struct afd_node *n, const char *id, struct afd_control **ret, struct afd_error *err)
{
	const struct afd_control *c = afd_control_find(r->f, id), *like = c ? NULL : afd_control_like(r->f, id);
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	if (c && strcmp(c->status, "live") == 0) {
		*ret = &r->f->control[c - r->f->control];
		return 0;
	}
	if (c || (like && strcmp(like->status, "live") != 0))
		return withdrawn_control(r->d, n, c ? c : like, err);
	if (afd_buf_printf(&text, "a control of the framework%s%s", like ? ", perhaps " : "", like ? like->id : "") < 0)
		return afd_fail_memory(err);
	return afd_node_fail(r->d, afd_node_get(n, "control"), err, (const char *)text.data);
}

/* Where papers cite another id, it must have led here: else one of the two is a slip. An id that was never one says nothing. */
static int check_cited(const struct reading *r, const struct afd_node *n, const struct link_row *row, struct afd_error *err)
{
	const struct afd_control *c = row->link.cited ? afd_control_like(r->f, row->link.cited) : NULL;

	if (!c || r->f->loose_ids_ask)
		return 0;
	if (strcmp(c->status, "live") == 0)
		return strcmp(c->id, row->control) == 0 ? 0
			: afd_node_fail(r->d, afd_node_get(n, "cited"), err, "an id that is not the one of another live control");
	for (size_t i = 0; i < c->successors.n; i++)
		if (afd_control_within(r->f, row->control, c->successors.at[i]))
			return 0;
	return c->successors.n ? withdrawn_control(r->d, n, c, err) : 0;
}

/* A row of another author takes the place of ours; two others are a conflict that people must settle. */
static int place(const struct reading *r, const struct afd_node *n, struct afd_control *c, const struct afd_link *link, struct afd_error *err)
{
	struct afd_mapping_file *mine = &r->f->mapping[link->mapping];
	struct afd_link *p = NULL;

	for (size_t i = 0; i < c->n_link && !p; i++)
		if (strcmp(c->link[i].check, link->check) == 0)
			p = &c->link[i];
	if (p && (p->mapping == link->mapping || !r->f->mapping[p->mapping].ours))
		return afd_fail(err, AFD_E_CONFIG, "%s:%u: check %s and control %s stand in %s:%u already: %s", afd_doc_name(r->d), n->line, link->check, c->id,
				r->f->mapping[p->mapping].label, p->line, p->mapping == link->mapping ? "keep one of the rows" : "two mappings contradict each other");
	mine->rows++;
	if (p) {
		r->f->mapping[p->mapping].rows--;
		mine->replaces++;
		*p = *link;
		p->replaces = true;
		return 0;
	}
	p = AFD_PUSH(r->a, c->link, c->n_link);
	if (!p)
		return afd_fail_memory(err);
	*p = *link;
	return 0;
}

static int read_link(const struct reading *r, const struct afd_node *n, struct afd_error *err)
{
	struct link_row row = { .link = { .mapping = r->f->n_mapping - 1, .line = n->line } };
	struct afd_control *c = NULL;
	size_t i = 0;

	if (n->type != AFD_MAP)
		return afd_node_fail(r->d, n, err, "a map: check, control, relation, rationale, limit");
	if (afd_fields_read(r->d, n, link_fields, &row, err) < 0)
		return -1;
	while (i < r->n_check && strcmp(r->check[i].id, row.link.check) != 0)
		i++;
	if (i == r->n_check)
		return afd_node_fail(r->d, afd_node_get(n, "check"), err, "the id of a check");
	if (find_control(r, n, row.control, &c, err) < 0)
		return -1;
	if (!among(r->relations, row.link.relation))
		return afd_node_fail(r->d, afd_node_get(n, "relation"), err, "a relation that the framework allows");
	return check_cited(r, n, &row, err) < 0 ? -1 : place(r, n, c, &row.link, err);
}

int afd_mapping_parse(const struct afd_rule_file *file, struct afd_arena *a, struct afd_doc **keep, struct afd_catalogue *cat, size_t n,
		      const struct afd_check *check, size_t n_check, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct afd_mapping_file *mine;
	struct mapping m = { 0 };
	size_t i = 0;
	int64_t t;

	if (afd_yaml_parse(file->bytes, file->label, &d, err) < 0)
		return -1;
	if (afd_doc_root(d)->type != AFD_MAP)
		return afd_node_fail(d, afd_doc_root(d), err, "a mapping: framework, version, author, date, links");
	if (afd_fields_read(d, afd_doc_root(d), mapping_fields, &m, err) < 0)
		return -1;
	while (i < n && strcmp(cat[i].framework.id, m.framework) != 0)
		i++;
	if (i == n)
		return afd_node_fail(d, afd_node_get(afd_doc_root(d), "framework"), err, "the id of a framework");
	if (afd_when_parse(m.date, &t, NULL) < 0)
		return afd_node_fail(d, afd_node_get(afd_doc_root(d), "date"), err, "a date, as 2026-07-01");
	if (m.links->type != AFD_LIST)
		return afd_node_fail(d, m.links, err, "a list of links");
	const struct reading r = { .d = d, .a = a, .f = &cat[i].framework, .relations = &cat[i].relations, .check = check, .n_check = n_check };

	mine = AFD_PUSH(a, r.f->mapping, r.f->n_mapping);
	if (!mine)
		return afd_fail_memory(err);
	*mine = (struct afd_mapping_file){ .label = afd_arena_text(a, file->label), .version = m.version, .author = m.author, .date = m.date,
		.leaf = file->leaf, .ours = afd_rule_is_ours(file->label) };
	if (!mine->label)
		return afd_fail_memory(err);
	afd_sha256(file->bytes, &mine->sha256);
	for (const struct afd_node *l = m.links->u.list.first; l; l = l->next)
		if (read_link(&r, l, err) < 0)
			return -1;
	*keep = afd_steal(&d);
	return 0;
}
