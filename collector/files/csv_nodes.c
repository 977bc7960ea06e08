/* Lines of CSV as nodes, so that one reader serves both forms and errors read the same. */
#include <strings.h>

#include "collector/files/csv.h"
#include "collector/files/inventory.h"
#include "core/limits.h"

bool afd_csv_named(const char *name)
{
	const size_t n = strlen(name);

	return n >= 4 && strcasecmp(name + n - 4, ".csv") == 0;
}

int afd_csv_doc(struct afd_slice bytes, const char *name, struct afd_doc **ret, struct afd_error *err)
{
	if (bytes.len > AFD_MAX_USER_FILE)
		return afd_fail(err, AFD_E_LIMIT, "%s: %zu bytes, more than %u", name, bytes.len, AFD_MAX_USER_FILE);
	return afd_json_parse(afd_slice_text("{}"), name, ret, err);
}

struct table {
	struct afd_doc *d;
	struct afd_csv csv;
	const char *column[AFD_CSV_MAX_FIELDS]; size_t n;
	int section;                              /* column that names it; -1: none */
	struct afd_node *list[16], *last[16];     /* of each section: for the path in messages */
	struct afd_error *err;
};

static const struct afd_field *field_of(const struct afd_inv_section *s, const char *name)
{
	for (const struct afd_field *f = s->fields; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

/* A column that no section has would be lost for every line that leaves it empty. */
static int check_column(struct table *t, const struct afd_inv_section *section, const char *name)
{
	AFD_AUTO(buf) struct afd_buf known = { .max = 500 };
	struct afd_uf_nearest near = { 0 };

	for (const struct afd_inv_section *s = section ? section : afd_inv_sections; s->name; s++) {
		for (const struct afd_field *f = s->fields; f->name; f++) {
			if (strcmp(f->name, name) == 0)
				return 0;
			afd_uf_near(&near, name, f->name);
			if (section)
				afd_buf_printf(&known, "%s%s", known.len ? ", " : "; known here: ", f->name);
		}
		if (section)
			break;
	}
	if (strpbrk(name, ";\t|"))
		return afd_fail(t->err, AFD_E_CONFIG, "%s:%u: %.60s: one column; write commas between them", t->csv.name, t->csv.record_line, name);
	return afd_fail(t->err, AFD_E_CONFIG, "%s:%u: %.60s: unknown column%s%s%s", t->csv.name, t->csv.record_line, *name ? name : "\"\"", near.word ? ", perhaps " : "", near.word ? near.word : "",
			known.len ? (const char *)known.data : "");
}

/* Blanks around a value are nobody's name: " ann" would own what no " ann" among the people owns. */
static struct afd_slice trim(const char *text)
{
	size_t n;

	text += strspn(text, " ");
	n = strlen(text);
	while (n && text[n - 1] == ' ')
		n--;
	return afd_slice(text, n);
}

static int read_head(struct table *t, const struct afd_inv_section *section)
{
	int r;

	while ((r = afd_csv_next(&t->csv, t->err)) > 0 && afd_csv_blank(&t->csv))
		;
	if (r < 0)
		return -1;
	if (r == 0)
		return afd_fail(t->err, AFD_E_CONFIG, "%s:1: expected a line with the names of the columns, got nothing", t->csv.name);
	for (t->section = -1, t->n = 0; t->n < t->csv.n; t->n++) {
		const struct afd_slice head = trim(afd_csv_field(&t->csv, t->n));
		const char *name = afd_uf_keep(t->d, "%.*s", (int)head.len, head.len ? (const char *)head.data : "");

		if (!name)
			return afd_fail_memory(t->err);
		for (size_t i = 0; i < t->n; i++)
			if (strcmp(t->column[i], name) == 0)
				return afd_fail(t->err, AFD_E_CONFIG, "%s:%u: column \"%.60s\" stands here twice", t->csv.name, t->csv.record_line, name);
		t->column[t->n] = name;
		if (!section && strcmp(name, "section") == 0)
			t->section = (int)t->n;
		else if (check_column(t, section, name) < 0)
			return -1;
	}
	if (!section && t->section < 0)
		return afd_fail(t->err, AFD_E_CONFIG, "%s:%u: which section of the inventory is it? Name the file after it (domains.csv), say it in the "
				"configuration, or add a column \"section\"", t->csv.name, t->csv.record_line);
	return 0;
}

static struct afd_node *new_node(struct table *t, const struct afd_node *parent, enum afd_node_type type, const char *key)
{
	struct afd_node *n = afd_doc_alloc(t->d, sizeof(*n));

	if (n)
		*n = (struct afd_node){ .type = type, .line = t->csv.record_line, .key = key, .parent = parent };
	return n;
}

static void adopt(struct afd_node *parent, struct afd_node **last, struct afd_node *child)
{
	if (*last)
		(*last)->next = child;
	else
		parent->u.list.first = child;
	*last = child;
	parent->u.list.n++;
}

static int text_node(struct table *t, struct afd_node *n, const char *text, size_t len)
{
	char *copy = afd_doc_alloc(t->d, len + 1);

	if (!copy)
		return afd_fail_memory(t->err);
	memcpy(copy, text, len);
	n->u.text.s = copy;
	n->u.text.len = len;
	return 0;
}

/* "a; b": several. */
static int fill_list(struct table *t, struct afd_node *list, const char *text)
{
	struct afd_node *last = NULL;

	while (*text) {
		size_t len = strcspn(text, ";"), skip = strspn(text, " "), n = len;

		while (n > skip && text[n - 1] == ' ')
			n--;
		if (n > skip) {
			struct afd_node *e = new_node(t, list, AFD_TEXT, NULL);

			if (!e || text_node(t, e, text + skip, n - skip) < 0)
				return afd_fail_memory(t->err);
			adopt(list, &last, e);
		}
		text += len + (text[len] == ';');
	}
	return 0;
}

static bool is_truth(const char *text, bool *ret)
{
	*ret = strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0;       /* spreadsheets write TRUE */
	return *ret || strcasecmp(text, "false") == 0 || strcasecmp(text, "no") == 0;
}

/* Fields whose form is not a text: the tables of fields leave those with words and truths to their readers. */
static bool holds_truth(const struct afd_field *f)
{
	return f->kind == AFD_FIELD_BOOL || strcmp(f->name, "signed") == 0 || strcmp(f->name, "interactive") == 0 || strcmp(f->name, "federated") == 0;
}

static bool holds_list(const struct afd_field *f)
{
	return f->kind == AFD_FIELD_TEXTS || (f->kind == AFD_FIELD_NODE && strcmp(f->name, "expires") != 0);
}

static int cell(struct table *t, struct afd_node *map, struct afd_node **last, const struct afd_field *f, const char *name, const char *text)
{
	struct afd_node *n = new_node(t, map, AFD_TEXT, name);
	const struct afd_slice bare = trim(text);
	bool truth;

	if (!n || text_node(t, n, (const char *)bare.data, bare.len) < 0)
		return afd_fail_memory(t->err);
	if (f && holds_truth(f) && is_truth(n->u.text.s, &truth)) {
		n->type = AFD_BOOL;
		n->u.i = truth;
	} else if (f && holds_list(f)) {
		n->type = AFD_LIST;
		n->u.list.first = NULL;
		n->u.list.n = 0;
		if (fill_list(t, n, text) < 0)
			return -1;
	}
	adopt(map, last, n);
	return 0;
}

/* The section of the line, and the list of its entries so far. */
static int section_of(struct table *t, const struct afd_inv_section *section, const struct afd_inv_section **ret, size_t *at)
{
	const char *name = section ? section->name : afd_csv_field(&t->csv, (size_t)t->section);
	struct afd_uf_nearest near = { 0 };

	for (const struct afd_inv_section *s = afd_inv_sections; s->name && !section; s++)
		afd_uf_near(&near, name, s->name);
	*ret = section ? section : afd_inv_section_find(name);
	if (!*ret)
		return afd_fail(t->err, AFD_E_CONFIG, "%s:%u: section: expected the name of a section, got \"%.60s\"%s%s%s", t->csv.name, t->csv.record_line, name,
				near.word ? " (perhaps " : "", near.word ? near.word : "", near.word ? ")" : "");
	*at = section ? 0 : (size_t)(*ret - afd_inv_sections) + 1;
	if (t->list[*at])
		return 0;
	t->list[*at] = new_node(t, afd_doc_root(t->d), AFD_LIST, (*ret)->name);
	return t->list[*at] ? 0 : afd_fail_memory(t->err);
}

static int record(struct table *t, const struct afd_inv_section *section, afd_csv_see *see, void *ctx)
{
	const struct afd_inv_section *s;
	struct afd_node *map, *last = NULL;
	size_t at = 0;

	if (t->csv.n != t->n)
		return afd_fail(t->err, AFD_E_CONFIG, "%s:%u: expected %zu fields, got %zu", t->csv.name, t->csv.record_line, t->n, t->csv.n);
	if (section_of(t, section, &s, &at) < 0)
		return -1;
	map = new_node(t, t->list[at], AFD_MAP, NULL);
	if (!map)
		return afd_fail_memory(t->err);
	adopt(t->list[at], &t->last[at], map);
	for (size_t i = 0; i < t->n; i++) {
		const char *text = afd_csv_field(&t->csv, i);

		if ((int)i != t->section && text[strspn(text, " ")] && cell(t, map, &last, field_of(s, t->column[i]), t->column[i], text) < 0)
			return -1;
	}
	return see(ctx, s, map, t->err);
}

int afd_csv_nodes(struct afd_doc *d, struct afd_slice bytes, const struct afd_inv_section *section, afd_csv_see *see, void *ctx, struct afd_error *err)
{
	struct table t = { .d = d, .err = err };
	int r = afd_csv_begin(&t.csv, afd_doc_name(d), bytes, err);

	if (r == 0)
		r = read_head(&t, section);
	while (r == 0 && (r = afd_csv_next(&t.csv, err)) > 0)
		r = afd_csv_blank(&t.csv) ? 0 : record(&t, section, see, ctx);
	afd_csv_release(&t.csv);
	return r;
}
