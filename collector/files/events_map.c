#include "collector/files/events_map.h"
#include "collector/files/user.h"
#include "collector/log_text.h"

enum { MOST_PATHS = 8, MOST_WORDS = 2000 };

/* Words that a column may hold; NULL: anything. */
static const char *const kinds[] = { "person", "credential", "system", "provider", "unknown", NULL };
static const char *const outcomes[] = { "success", "failure", "unknown", NULL };
static const char *const yes_no[] = { "yes", "no", NULL };
static const struct { const char *name; const char *const *words, *expected; } columns[AFD_EV_COLUMNS] = {
	[AFD_EV_ACCOUNT] = { "account", NULL, NULL },
	[AFD_EV_ACTION] = { "action", NULL, "a verb of docs/events.md, such as transfer-lock.remove" },
	[AFD_EV_DOMAIN] = { "domain", NULL, NULL },
	[AFD_EV_OBJECT_KIND] = { "object_kind", NULL, NULL },
	[AFD_EV_OBJECT] = { "object", NULL, NULL },
	[AFD_EV_ACTOR_KIND] = { "actor_kind", kinds, "person, credential, system, provider or unknown" },
	[AFD_EV_ACTOR] = { "actor", NULL, NULL },
	[AFD_EV_CREDENTIAL] = { "credential", NULL, NULL },
	[AFD_EV_ORIGIN] = { "origin", NULL, NULL },
	[AFD_EV_CHANNEL] = { "channel", NULL, NULL },
	[AFD_EV_MFA] = { "mfa", yes_no, "yes or no, in quotes" },
	[AFD_EV_BEFORE] = { "before", NULL, NULL },
	[AFD_EV_AFTER] = { "after", NULL, NULL },
	[AFD_EV_OUTCOME] = { "outcome", outcomes, "success, failure or unknown" },
	[AFD_EV_REF] = { "provider_ref", NULL, NULL },
	[AFD_EV_ZONE] = { "zone", NULL, NULL },
	[AFD_EV_RECORD_NAME] = { "record_name", NULL, NULL },
	[AFD_EV_RECORD_TYPE] = { "record_type", NULL, NULL },
	[AFD_EV_RECORD_DATA] = { "record_data", NULL, NULL },
};
#define COLUMN_NAMES "one of account, action, domain, object_kind, object, actor_kind, actor, credential, origin, channel, mfa, before, after, " \
	"outcome, provider_ref, zone, record_name, record_type, record_data"

static bool one_of(const char *const *words, const char *text)
{
	for (; *words; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

static bool ours(enum afd_events_column c, const char *text)
{
	if (c == AFD_EV_ACTION)
		return afd_action_find(text) != NULL;
	return c == AFD_EV_COLUMNS || !columns[c].words || one_of(columns[c].words, text);
}

/* A path or column, or several. */
static int read_from(struct afd_doc *d, const struct afd_node *n, struct afd_events_pick *ret, struct afd_error *err)
{
	const struct afd_node *first = n->type == AFD_LIST ? n->u.list.first : n;
	const size_t count = n->type == AFD_LIST ? n->u.list.n : 1;
	const char **at;

	if (count == 0 || count > MOST_PATHS)
		return afd_node_fail(d, n, err, "1 to 8 paths or columns");
	at = afd_doc_alloc(d, count * sizeof(*at));
	if (!at)
		return afd_fail_memory(err);
	for (const struct afd_node *p = first; p; p = n->type == AFD_LIST ? p->next : NULL) {
		if (!afd_node_text(p) || !*afd_node_text(p))
			return afd_node_fail(d, p, err, "a path or the name of a column");
		at[ret->n_from++] = afd_node_text(p);
	}
	ret->from = at;
	return 0;
}

/* Numbers and truth stand for themselves: "1: success". */
static int read_words(struct afd_doc *d, const struct afd_node *n, enum afd_events_column c, struct afd_events_pick *ret, struct afd_error *err)
{
	struct afd_action_row *at;

	if (n->type != AFD_MAP || n->u.list.n > MOST_WORDS)
		return afd_node_fail(d, n, err, "a map of their words to ours");
	at = afd_doc_alloc(d, (n->u.list.n + 1) * sizeof(*at));
	if (!at)
		return afd_fail_memory(err);
	for (const struct afd_node *w = n->u.list.first; w; w = w->next) {
		if (!afd_node_text(w) || !ours(c, afd_node_text(w)))
			return afd_node_fail(d, w, err, c < AFD_EV_COLUMNS && columns[c].expected ? columns[c].expected : "a text");
		at[ret->n_word++] = (struct afd_action_row){ w->key, afd_node_text(w) };
	}
	ret->word = at;
	return 0;
}

struct pick { const struct afd_node *from, *words; const char *value, *form, *zone; };
static const struct afd_field pick_fields[] = {
	{ "from", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct pick, from) },
	{ "value", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct pick, value) },
	{ "words", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct pick, words) },
	{ 0 }
};
static const struct afd_field time_fields[] = {
	{ "from", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct pick, from) },
	{ "form", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct pick, form) },
	{ "zone", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct pick, zone) },
	{ 0 }
};

static int read_pick(struct afd_doc *d, const struct afd_node *n, enum afd_events_column c, struct afd_events_pick *ret, struct afd_error *err)
{
	struct pick p = { 0 };

	if (n->type == AFD_TEXT || n->type == AFD_LIST)
		return read_from(d, n, ret, err);
	if (n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "a path or column, a list of them, or a map with from, value, words");
	if (afd_fields_read(d, n, pick_fields, &p, err) < 0)
		return -1;
	if (!p.from && !p.value)
		return afd_node_fail(d, n, err, "from or value in it");
	if (p.value && !ours(c, p.value))
		return afd_node_fail(d, afd_node_get(n, "value"), err, columns[c].expected);
	ret->value = p.value;
	if (p.words && read_words(d, p.words, c, ret, err) < 0)
		return -1;
	return p.from ? read_from(d, p.from, ret, err) : 0;
}

static int read_time(struct afd_doc *d, const struct afd_node *n, struct afd_events_map *ret, struct afd_error *err)
{
	struct pick p = { 0 };

	if (n->type == AFD_TEXT || n->type == AFD_LIST)
		return read_from(d, n, &ret->time, err);
	if (n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "a path or column, a list of them, or a map with from, form, zone");
	if (afd_fields_read(d, n, time_fields, &p, err) < 0 || read_from(d, p.from, &ret->time, err) < 0)
		return -1;
	ret->form = p.form && strcmp(p.form, "rfc3339") == 0 ? NULL : p.form;
	ret->zoned = p.zone != NULL;
	if (p.zone && !afd_log_zone(afd_slice_text(p.zone), &ret->ahead))
		return afd_node_fail(d, afd_node_get(n, "zone"), err, "UTC or +hh:mm");
	if (!afd_events_form_good(ret->form, ret->zoned))
		return afd_node_fail(d, afd_node_get(n, "form"), err,
		                     "rfc3339, unix, unix-ms, unix-us, unix-ns, or a form with at least %Y %m %d and with %z, or zone: beside it");
	return 0;
}

static int read_fields(struct afd_doc *d, const struct afd_node *n, struct afd_events_map *ret, struct afd_error *err)
{
	if (n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "a map of our columns to theirs");
	for (const struct afd_node *f = n->u.list.first; f; f = f->next) {
		size_t c = 0;

		while (c < AFD_EV_COLUMNS && strcmp(columns[c].name, f->key) != 0)
			c++;
		if (c == AFD_EV_COLUMNS)
			return afd_uf_fail(d, f, err, "map.fields: expected " COLUMN_NAMES ", got \"%.40s\"", f->key);
		if (read_pick(d, f, (enum afd_events_column)c, &ret->column[c], err) < 0)
			return -1;
	}
	if (!ret->column[AFD_EV_ACTION].n_from && !ret->column[AFD_EV_ACTION].value)
		return afd_uf_fail(d, n, err, "map.fields: action is missing: what says what was done");
	return 0;
}

struct top { const char *format, *list, *delimiter; struct afd_texts header, secrets; const struct afd_node *time, *fields; };
static const struct afd_field top_fields[] = {
	{ "format", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct top, format) },
	{ "list", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct top, list) },
	{ "delimiter", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct top, delimiter) },
	{ "header", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct top, header) },
	{ "secrets", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct top, secrets) },
	{ "time", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct top, time) },
	{ "fields", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct top, fields) },
	{ 0 }
};

/* A column that the header, given here, does not have would be found lacking only when a file comes. */
static int check_header(const struct afd_doc *d, const struct afd_node *n, const struct afd_events_map *m, struct afd_error *err)
{
	for (size_t c = 0; m->header.n && c <= AFD_EV_COLUMNS; c++) {
		const struct afd_events_pick *p = c < AFD_EV_COLUMNS ? &m->column[c] : &m->time;

		for (size_t i = 0; i < p->n_from; i++) {
			size_t k = 0;

			while (k < m->header.n && strcmp(m->header.at[k], p->from[i]) != 0)
				k++;
			if (k == m->header.n)
				return afd_uf_fail(d, afd_node_get(n, "header"), err, "map.header: expected a column \"%.60s\", which the map names; it is not there",
				                   p->from[i]);
		}
	}
	return 0;
}

static int read_delimiter(const struct afd_doc *d, const struct afd_node *n, const char *text, char *ret, struct afd_error *err)
{
	*ret = !text ? ',' : strcmp(text, "tab") == 0 ? '\t' : text[0];
	if (text && strcmp(text, "tab") != 0 && (strlen(text) != 1 || !strchr(",;|\t:", text[0])))
		return afd_node_fail(d, afd_node_get(n, "delimiter"), err, "one of , ; | : or tab");
	return 0;
}

int afd_events_pick_read(struct afd_doc *d, const struct afd_node *n, struct afd_events_pick *ret, struct afd_error *err)
{
	*ret = (struct afd_events_pick){ 0 };
	return read_pick(d, n, AFD_EV_COLUMNS, ret, err);
}

int afd_events_shape_read(struct afd_doc *d, const struct afd_node *n, const struct afd_events_shape *t, struct afd_events_map *ret, struct afd_error *err)
{
	static const char *const formats[] = { "json-lines", "json", "csv" };
	size_t format = 0;

	while (format < AFD_COUNT(formats) && strcmp(formats[format], t->format) != 0)
		format++;
	if (format == AFD_COUNT(formats))
		return afd_node_fail(d, afd_node_get(n, "format"), err, "json-lines, json or csv");
	ret->format = (enum afd_events_format)format;
	ret->list = t->list;
	ret->header = t->header;
	if (t->list && ret->format != AFD_EV_JSON)
		return afd_uf_fail(d, afd_node_get(n, "list"), err, "map.list: only for the format json");
	if ((t->header.n || t->delimiter) && ret->format != AFD_EV_CSV)
		return afd_uf_fail(d, n, err, "map: header and delimiter are for the format csv");
	if (t->header.n > AFD_CSV_MAX_FIELDS)
		return afd_uf_fail(d, afd_node_get(n, "header"), err, "map.header: more than %d columns", AFD_CSV_MAX_FIELDS);
	return read_delimiter(d, n, t->delimiter, &ret->delimiter, err);
}

int afd_events_map_read(struct afd_doc *d, const struct afd_node *n, struct afd_events_map *ret, struct afd_error *err)
{
	struct top t = { 0 };

	*ret = (struct afd_events_map){ 0 };
	if (!n || n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "a map with format, time and fields");
	if (afd_fields_read(d, n, top_fields, &t, err) < 0)
		return -1;
	ret->secrets = t.secrets;
	if (afd_events_shape_read(d, n, &(struct afd_events_shape){ t.format, t.list, t.delimiter, t.header }, ret, err) < 0 ||
	    read_time(d, t.time, ret, err) < 0 || read_fields(d, t.fields, ret, err) < 0)
		return -1;
	return check_header(d, n, ret, err);
}
