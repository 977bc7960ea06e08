/* Approvals out of a ticket system: CSV, JSON lines or JSON, and a map that says where our columns stand in it.
 *
 *   format: csv                       # json-lines, json with list:, csv with delimiter: and header:
 *   status: {from: Status, in: [Approved, Done]}     # other rows are no approvals
 *   form: "%d.%m.%Y %H:%M"            # of times; nothing: RFC 3339
 *   zone: "+02:00"                    # of times that do not say theirs
 *   valid_for: 4h                     # where valid_to is not told
 *   fields:
 *     ticket: Key
 *     subject: Domain                 # several names, with blanks, commas or semicolons between: an approval for each
 *     kind: {from: Type, words: {"Name servers": ns.change}}   # a row with another word is none of ours
 *     valid_from: Start
 *     valid_to: End
 *     approver: Approved by
 *     requester: Reporter             # optional */
#include <strings.h>

#include "collector/files/approvals.h"
#include "collector/files/events_map.h"
#include "collector/log_text.h"
#include "core/limits.h"

enum { TICKET, SUBJECT, KIND, VALID_FROM, VALID_TO, APPROVER, REQUESTER, STATUS, COLUMNS };
static const struct { const char *name; bool needed; } columns[COLUMNS] = {
	[TICKET] = { "ticket", true }, [SUBJECT] = { "subject", true }, [KIND] = { "kind", true }, [VALID_FROM] = { "valid_from", true },
	[VALID_TO] = { "valid_to", false }, [APPROVER] = { "approver", true }, [REQUESTER] = { "requester", false }, [STATUS] = { "status", false },
};

struct map {
	struct afd_events_map shape;
	struct afd_events_pick pick[COLUMNS];
	struct afd_texts in;
	const char *form;
	bool zoned; int64_t ahead, valid_for;
};

/* --- the map --- */

struct top {
	struct afd_events_shape shape;
	const char *form, *zone;
	int64_t valid_for;
	const struct afd_node *status, *fields;
};
static const struct afd_field top_fields[] = {
	{ "format", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct top, shape.format) },
	{ "list", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct top, shape.list) },
	{ "delimiter", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct top, shape.delimiter) },
	{ "header", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct top, shape.header) },
	{ "status", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct top, status) },
	{ "form", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct top, form) },
	{ "zone", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct top, zone) },
	{ "valid_for", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct top, valid_for) },
	{ "fields", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct top, fields) },
	{ 0 }
};

struct status { const struct afd_node *from; struct afd_texts in; };
static const struct afd_field status_fields[] = {
	{ "from", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct status, from) },
	{ "in", AFD_FIELD_TEXTS, AFD_REQUIRED, offsetof(struct status, in) },
	{ 0 }
};

static int read_fields(struct afd_doc *d, const struct afd_node *n, struct map *m, struct afd_error *err)
{
	if (n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "a map of our columns to theirs");
	for (const struct afd_node *f = n->u.list.first; f; f = f->next) {
		size_t c = 0;

		while (c < STATUS && strcmp(columns[c].name, f->key) != 0)
			c++;
		if (c == STATUS)
			return afd_uf_fail(d, f, err, "fields: expected one of ticket, subject, kind, valid_from, valid_to, approver, requester, got \"%.40s\"", f->key);
		if (afd_events_pick_read(d, f, &m->pick[c], err) < 0)
			return -1;
	}
	for (size_t c = 0; c < STATUS; c++)
		if (columns[c].needed && !m->pick[c].n_from && !m->pick[c].value)
			return afd_uf_fail(d, n, err, "fields: %s is missing", columns[c].name);
	if (!m->pick[VALID_TO].n_from && !m->pick[VALID_TO].value && m->valid_for == AFD_TIME_NONE)
		return afd_uf_fail(d, n, err, "fields: valid_to is missing, and valid_for as well");
	return 0;
}

/* A verb that is none would be found with the first ticket of its kind, maybe months later. */
static int check_verbs(struct afd_doc *d, const struct afd_node *fields, struct afd_error *err)
{
	const struct afd_node *kind = afd_node_get(fields, "kind"), *words = kind && kind->type == AFD_MAP ? afd_node_get(kind, "words") : NULL;

	for (const struct afd_node *w = words ? words->u.list.first : NULL; w; w = w->next)
		if (!afd_node_text(w) || !afd_action_find(afd_node_text(w)))
			return afd_node_fail(d, w, err, afd_approval_kind_expected(d, afd_node_text(w) ? afd_node_text(w) : ""));
	return 0;
}

static int read_map(struct afd_doc *d, struct map *m, struct afd_error *err)
{
	struct top t = { .valid_for = AFD_TIME_NONE };
	struct status s = { 0 };
	const struct afd_node *root = afd_doc_root(d);

	if (afd_fields_read(d, root, top_fields, &t, err) < 0 || afd_fields_read(d, t.status, status_fields, &s, err) < 0 ||
	    afd_events_shape_read(d, root, &t.shape, &m->shape, err) < 0 || afd_events_pick_read(d, s.from, &m->pick[STATUS], err) < 0)
		return -1;
	m->in = s.in;
	m->valid_for = t.valid_for;
	m->form = t.form && strcmp(t.form, "rfc3339") != 0 ? t.form : NULL;
	m->zoned = t.zone != NULL;
	if (!m->in.n)
		return afd_node_fail(d, afd_node_get(t.status, "in"), err, "at least one word of the tickets that are approved");
	if (m->valid_for != AFD_TIME_NONE && m->valid_for <= 0)
		return afd_node_fail(d, afd_node_get(root, "valid_for"), err, "a duration of some length");
	if (t.zone && !afd_log_zone(afd_slice_text(t.zone), &m->ahead))
		return afd_node_fail(d, afd_node_get(root, "zone"), err, "UTC or +hh:mm");
	if (!afd_events_form_good(m->form, m->zoned))
		return afd_node_fail(d, afd_node_get(root, "form"), err, "rfc3339, unix, unix-ms, unix-us, unix-ns, or a form with at least %Y %m %d and with %z, or zone: beside it");
	return read_fields(d, t.fields, m, err) < 0 || check_verbs(d, t.fields, err) < 0 ? -1 : 0;
}

/* --- the export --- */

struct tickets {
	struct afd_doc *d;
	const char *name, *map_name; const struct map *m;
	struct afd_uf_rows *rows;
	const char *text[COLUMNS];
	bool began, any_status;
};

static int wrong(const struct tickets *t, const struct afd_events_unit *u, size_t c, const char *expected, struct afd_error *err)
{
	return afd_fail(err, AFD_E_CONFIG, "%s:%u: %s: expected %s, got %s%.100s%s", t->name, u->line, columns[c].name, expected, t->text[c] ? "\"" : "nothing",
			t->text[c] ? t->text[c] : "", t->text[c] ? "\"" : "");
}

/* A column that the map names and the export lacks, as the word of another language, would make no ticket an approval, and nobody hear of it. A
 * name that stands twice is a list as some systems export it: of subjects that is good. */
static int check_columns(const struct tickets *t, const struct afd_csv *header, struct afd_error *err)
{
	for (size_t c = 0; c < COLUMNS; c++)
		for (size_t i = 0; i < t->m->pick[c].n_from; i++) {
			const char *from = t->m->pick[c].from[i];
			size_t n = 0;

			for (size_t k = 0; k < header->n; k++)
				n += strcmp(afd_csv_field(header, k), from) == 0;
			if (!n)
				return afd_fail(err, AFD_E_CONFIG, "%s:1: expected a column \"%.60s\", which %s names as %s; the first line has none", t->name, from, t->map_name, columns[c].name);
			if (n > 1 && c != SUBJECT)
				return afd_fail(err, AFD_E_CONFIG, "%s:1: column \"%.60s\" stands here %zu times: which of them is the %s?", t->name, from, n, columns[c].name);
		}
	return 0;
}

/* The further columns of the same name. */
static int more_subjects(const struct afd_events_unit *u, const struct afd_events_pick *p, struct afd_buf *ret)
{
	for (size_t i = 0; u->header && i < p->n_from; i++) {
		bool first = true;

		for (size_t k = 0; k < u->header->n && k < u->csv->n; k++) {
			if (strcmp(afd_csv_field(u->header, k), p->from[i]) != 0)
				continue;
			if (!first && afd_buf_printf(ret, " %s", afd_csv_field(u->csv, k)) < 0)
				return -1;
			first = false;
		}
	}
	return 0;
}

static int read_texts(struct tickets *t, const struct afd_events_unit *u, struct afd_error *err)
{
	for (size_t c = 0; c < COLUMNS; c++) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };

		t->text[c] = NULL;
		if (afd_events_value(u, &t->m->pick[c], " ", &text, err) < 0)
			return -1;
		if (c == SUBJECT && more_subjects(u, &t->m->pick[c], &text) < 0)
			return afd_fail_memory(err);
		if (text.len && !(t->text[c] = afd_uf_keep(t->d, "%s", (const char *)text.data)))
			return afd_fail_memory(err);
	}
	return 0;
}

/* Ticket systems write one word in several ways: "Approved" on the page, "APPROVED" in an export. */
static bool is_approved(const struct tickets *t)
{
	for (size_t i = 0; t->text[STATUS] && i < t->m->in.n; i++)
		if (strcasecmp(t->text[STATUS], t->m->in.at[i]) == 0)
			return true;
	return false;
}

/* Their word for the kind, in ours; NULL: none of ours. */
static const char *kind_of(const struct tickets *t)
{
	const struct afd_events_pick *p = &t->m->pick[KIND];

	for (size_t i = 0; t->text[KIND] && i < p->n_word; i++)
		if (strcasecmp(p->word[i].raw, t->text[KIND]) == 0)
			return p->word[i].verb;
	return p->n_word ? NULL : t->text[KIND];
}

static int time_of(const struct tickets *t, const struct afd_events_unit *u, size_t c, int64_t *ret, struct afd_error *err)
{
	struct afd_span at;

	if (afd_when_parse(t->text[c], ret, NULL) == 0 && !t->m->form)
		return 0;
	if (afd_events_time_read(t->text[c], t->m->form, t->m->zoned, t->m->ahead, &at) < 0)
		return wrong(t, u, c, t->m->form ? t->m->form : "a date, or a time with its zone (RFC 3339)", err);
	*ret = at.from;
	return 0;
}

static int put_each(struct tickets *t, const struct afd_events_unit *u, struct afd_approval *a, struct afd_error *err)
{
	static const char between[] = " ,;\t";

	for (const char *at = t->text[SUBJECT] + strspn(t->text[SUBJECT], between); *at; at += strspn(at, between)) {
		const size_t n = strcspn(at, between);
		const char *word = afd_uf_keep(t->d, "%.*s", (int)n, at);

		if (!word)
			return afd_fail_memory(err);
		a->subject = afd_uf_name(t->d, NULL, word, false, NULL);
		if (!a->subject)
			return wrong(t, u, SUBJECT, "domain names", err);
		if (afd_approval_row(t->d, t->rows, a, u->line, err) < 0)
			return -1;
		at += n;
	}
	return 0;
}

static int see(void *ctx, const struct afd_events_unit *u, struct afd_error *err)
{
	struct tickets *t = ctx;
	struct afd_approval a = { 0 };

	if (u->why)
		return afd_fail(err, AFD_E_CONFIG, "%s:%u: %s", t->name, u->line, u->why);
	if (afd_events_empty(u))
		return 0;
	if (!t->began && u->header && check_columns(t, u->header, err) < 0)
		return -1;
	t->began = true;
	if (read_texts(t, u, err) < 0)
		return -1;
	t->any_status |= t->text[STATUS] != NULL;
	if (!is_approved(t) || !(a.kind = kind_of(t)))
		return 0;
	for (size_t c = 0; c < STATUS; c++)
		if (columns[c].needed && !t->text[c])
			return wrong(t, u, c, "a text", err);
	if (!afd_action_find(a.kind))
		return wrong(t, u, KIND, afd_approval_kind_expected(t->d, a.kind), err);
	if (time_of(t, u, VALID_FROM, &a.from, err) < 0 || (t->text[VALID_TO] && time_of(t, u, VALID_TO, &a.to, err) < 0))
		return -1;
	if (!t->text[VALID_TO] && t->m->valid_for == AFD_TIME_NONE)
		return wrong(t, u, VALID_TO, "a time", err);
	if (!t->text[VALID_TO] && __builtin_add_overflow(a.from, t->m->valid_for, &a.to))
		return wrong(t, u, VALID_FROM, "a time of this age", err);
	if (a.from >= a.to)
		return wrong(t, u, VALID_TO, "a time after valid_from", err);
	a.ticket = t->text[TICKET];
	a.approver = t->text[APPROVER];
	a.requester = t->text[REQUESTER];
	return put_each(t, u, &a, err);
}

int afd_tickets_read(struct afd_doc *d, struct afd_slice map, const char *map_name, struct afd_slice export, const char *name,
		     struct afd_uf_rows *rows, struct afd_doc **map_doc, struct afd_error *err)
{
	struct map m = { 0 };
	struct tickets t = { .d = d, .name = name, .map_name = map_name, .m = &m, .rows = rows };

	rows->file = afd_uf_keep(d, "%s", name);
	if (!rows->file)
		return afd_fail_memory(err);
	if (afd_uf_doc(map, map_name, map_doc, err) < 0 || read_map(*map_doc, &m, err) < 0)
		return -1;
	m.shape.name = name;
	if (afd_events_each(&m.shape, export, see, &t, err) < 0)
		return -1;
	if (t.began && !t.any_status)
		return afd_fail(err, AFD_E_CONFIG, "%s:1: no ticket has a status at \"%.60s\", which %s names", name, m.pick[STATUS].n_from ? m.pick[STATUS].from[0] : "", map_name);
	return 0;
}
