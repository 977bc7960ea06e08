/* Catalogues, and the set of all that is in force. */
#include "core/file.h"
#include "mappers/judge.h"

struct catalogue {
	struct afd_framework f;
	const char *loose_ids, *oscal_ids;
	struct afd_texts relations, levels;
	const struct afd_node *controls;
};

#define F(name, kind, need, member, help) { name, kind, need, offsetof(struct catalogue, member), help }
static const struct afd_field catalogue_fields[] = {
	F("id", AFD_FIELD_TEXT, AFD_REQUIRED, f.id, "name of the file"),
	F("title", AFD_FIELD_TEXT, AFD_REQUIRED, f.title, NULL),
	F("version", AFD_FIELD_TEXT, AFD_REQUIRED, f.version, NULL),
	F("publisher", AFD_FIELD_TEXT, AFD_OPTIONAL, f.publisher, "who publishes the framework"),
	F("source", AFD_FIELD_TEXT, AFD_OPTIONAL, f.source, "where it is published"),
	F("licence", AFD_FIELD_TEXT, AFD_OPTIONAL, f.licence, "of its text"),
	F("oscal", AFD_FIELD_TEXT, AFD_OPTIONAL, f.oscal, "the publisher's OSCAL catalogue"),
	F("oscal_ids", AFD_FIELD_TEXT, AFD_OPTIONAL, oscal_ids, "same: its ids are as they stand here; lower (default)"),
	F("loose_ids", AFD_FIELD_TEXT, AFD_OPTIONAL, loose_ids, "ask: an id in another form is ambiguous; take (default)"),
	F("order", AFD_FIELD_INT, AFD_OPTIONAL, f.order, "place in a report; 100 when not stated"),
	F("applies_when", AFD_FIELD_TEXT, AFD_OPTIONAL, f.applies_when, "it is in scope only when this is so, and stated"),
	F("applies_credential", AFD_FIELD_TEXT, AFD_OPTIONAL, f.applies_credential, "a kind of credential in the inventory that states it"),
	{ "note", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0, "for people who open the file" },
	F("relations", AFD_FIELD_TEXTS, AFD_REQUIRED, relations, "what a mapping may say"),
	F("levels", AFD_FIELD_TEXTS, AFD_REQUIRED, levels, "from the widest"),
	F("controls", AFD_FIELD_NODE, AFD_REQUIRED, controls, NULL),
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

const struct afd_control *afd_control_find(const struct afd_framework *f, const char *id)
{
	for (size_t i = 0; id && i < f->n_control; i++)
		if (strcmp(f->control[i].id, id) == 0)
			return &f->control[i];
	return NULL;
}

/* Parents stand above their children, so this ends. */
bool afd_control_within(const struct afd_framework *f, const char *child, const char *above)
{
	for (const struct afd_control *c = afd_control_find(f, child); c; c = afd_control_find(f, c->parent))
		if (strcmp(c->id, above) == 0)
			return true;
	return false;
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
	if (afd_control_find(f, c.id))
		return afd_node_fail(d, afd_node_get(n, "id"), err, "an id that does not stand above");
	if (!among(&cat->levels, c.level))
		return afd_node_fail(d, afd_node_get(n, "level"), err, "one of the levels");
	if (!withdrawn && strcmp(c.status, "live") != 0)
		return afd_node_fail(d, afd_node_get(n, "status"), err, "live or withdrawn");
	if (!withdrawn && c.successors.n)
		return afd_node_fail(d, afd_node_get(n, "successors"), err, "none: the control is live");
	parent = c.parent ? afd_control_find(f, c.parent) : NULL;
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
			const struct afd_control *to = afd_control_find(f, f->control[i].successors.at[k]);

			if (!to || strcmp(to->status, "live") != 0)
				return afd_fail(err, AFD_E_CONFIG, "%s:1: %s: successor %s is not a live control",
						afd_doc_name(d), f->control[i].id, f->control[i].successors.at[k]);
		}
	return 0;
}

/* One of two words, the second being what is meant when nothing is said. */
static int one_of(struct afd_doc *d, const char *key, const char *got, const char *yes, const char *no, bool *ret, struct afd_error *err)
{
	*ret = got && strcmp(got, yes) == 0;
	if (!got || *ret || strcmp(got, no) == 0)
		return 0;
	return afd_node_fail(d, afd_node_get(afd_doc_root(d), key), err, yes);
}

static int check_head(struct afd_doc *d, struct catalogue *cat, struct afd_error *err)
{
	const struct afd_texts known = { known_relations, AFD_COUNT(known_relations) };

	for (size_t i = 0; i < cat->relations.n; i++)
		if (!among(&known, cat->relations.at[i]))
			return afd_node_fail(d, afd_node_get(afd_doc_root(d), "relations"), err,
				"only subset-of, intersects-with, indicates, context");
	if (cat->controls->type != AFD_LIST || !cat->levels.n)
		return afd_node_fail(d, cat->controls, err, "levels and a list of controls");
	if (cat->f.applies_credential && !cat->f.applies_when)
		return afd_node_fail(d, afd_node_get(afd_doc_root(d), "applies_credential"), err, "applies_when beside it");
	return one_of(d, "loose_ids", cat->loose_ids, "ask", "take", &cat->f.loose_ids_ask, err) < 0 ||
	       one_of(d, "oscal_ids", cat->oscal_ids, "same", "lower", &cat->f.oscal_ids_same, err) < 0 ? -1 : 0;
}

int afd_catalogue_parse(struct afd_slice json, const char *name, struct afd_arena *a, struct afd_doc **keep,
                        struct afd_catalogue *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct catalogue cat = { .f.order = 100 };
	struct afd_framework *f = &cat.f;

	if (afd_json_parse(json, name, &d, err) < 0)
		return -1;
	if (afd_doc_root(d)->type != AFD_MAP)
		return afd_node_fail(d, afd_doc_root(d), err, "a catalogue: id, title, version, controls");
	if (afd_fields_read(d, afd_doc_root(d), catalogue_fields, &cat, err) < 0 || check_head(d, &cat, err) < 0)
		return -1;
	f->in_scope = !f->applies_when;
	f->control = afd_arena_alloc(a, (cat.controls->u.list.n + 1) * sizeof *f->control);
	if (!f->control)
		return afd_fail_memory(err);
	for (const struct afd_node *n = cat.controls->u.list.first; n; n = n->next)
		if (read_control(d, n, &cat, f, err) < 0)
			return -1;
	if (check_successors(d, f, err) < 0)
		return -1;
	*ret = (struct afd_catalogue){ *f, cat.relations };
	*keep = afd_steal(&d);
	return 0;
}

/* --- all of them --- */

bool afd_rule_withdrawn(struct afd_slice bytes)
{
	return bytes.len == strlen(AFD_RULE_WITHDRAWN) && memcmp(bytes.data, AFD_RULE_WITHDRAWN, bytes.len) == 0;
}

bool afd_rule_is_ours(const char *label)
{
	return afd_embedded_find(label) != NULL;
}

static int rank(const struct afd_rule_file *f)
{
	if (strcmp(f->decoder, "framework") == 0)
		return afd_rule_is_ours(f->label) ? 0 : 1;
	if (strcmp(f->decoder, "mapping") == 0)
		return afd_rule_is_ours(f->label) ? 2 : 3;
	return 4;
}

static int compare_file(const void *x, const void *y)
{
	const struct afd_rule_file *a = x, *b = y;

	return rank(a) != rank(b) ? rank(a) - rank(b) : strcmp(a->label, b->label);
}

void afd_rule_files_sort(struct afd_rule_file *f, size_t n)
{
	if (n)
		qsort(f, n, sizeof *f, compare_file);
}

int afd_catalogue_compare(const void *x, const void *y)
{
	const struct afd_framework *a = &((const struct afd_catalogue *)x)->framework, *b = &((const struct afd_catalogue *)y)->framework;

	return a->order != b->order ? (a->order < b->order ? -1 : 1) : strcmp(a->id, b->id);
}

struct loaded {
	struct afd_frameworks f;                      /* first: what callers hold */
	struct afd_arena arena;
	struct afd_doc **doc; size_t n_doc;
};

struct afd_frameworks *afd_frameworks_free(struct afd_frameworks *f)
{
	struct loaded *l = (struct loaded *)(void *)f;

	if (!l)
		return NULL;
	for (size_t i = 0; i < l->n_doc; i++)
		afd_doc_release(&l->doc[i]);
	afd_arena_release(&l->arena);
	free(l);
	return NULL;
}

void afd_frameworks_release(struct afd_frameworks **f)
{
	*f = afd_frameworks_free(*f);
}

static int load_catalogue(struct loaded *l, const struct afd_rule_file *f, struct afd_doc **keep, struct afd_error *err)
{
	struct afd_catalogue c, *p;

	if (afd_catalogue_parse(f->bytes, f->label, &l->arena, keep, &c, err) < 0)
		return -1;
	for (size_t i = 0; i < l->f.n; i++)
		if (strcmp(l->f.at[i].framework.id, c.framework.id) == 0)
			return afd_fail(err, AFD_E_CONFIG, "%s:1: id: there is a framework %s already; give yours another id", f->label, c.framework.id);
	p = AFD_PUSH(&l->arena, l->f.at, l->f.n);
	if (!p)
		return afd_fail_memory(err);
	c.framework.leaf = f->leaf;
	*p = c;
	return 0;
}

static int load_file(struct loaded *l, const struct afd_rule_file *f, const struct afd_check *check, size_t n_check, struct afd_error *err)
{
	struct afd_doc **keep = AFD_PUSH(&l->arena, l->doc, l->n_doc);

	if (!keep)
		return afd_fail_memory(err);
	if (strcmp(f->decoder, "framework") == 0)
		return load_catalogue(l, f, keep, err);
	if (strcmp(f->decoder, "mapping") == 0)
		return afd_mapping_parse(f, &l->arena, keep, l->f.at, l->f.n, check, n_check, err);
	return afd_official_parse(f, &l->arena, keep, l->f.at, l->f.n, err);
}

int afd_frameworks_load(struct afd_rule_file *f, size_t n, const struct afd_check *check, size_t n_check,
			struct afd_frameworks **ret, struct afd_error *err)
{
	struct loaded *l = calloc(1, sizeof *l);

	if (!l)
		return afd_fail_memory(err);
	afd_rule_files_sort(f, n);
	for (size_t i = 0; i < n; i++)
		if (!afd_rule_withdrawn(f[i].bytes) && load_file(l, &f[i], check, n_check, err) < 0) {
			afd_frameworks_free(&l->f);
			return -1;
		}
	if (l->f.n)
		qsort(l->f.at, l->f.n, sizeof *l->f.at, afd_catalogue_compare);
	*ret = &l->f;
	return 0;
}
