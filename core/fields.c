/* Tables of fields: what a map may hold, of which kind, and where in a struct it goes. */
#include "core/doc_private.h"
#include "core/name.h"
#include "core/when.h"

struct read {
	struct afd_doc *doc;
	const struct afd_field *field;
	const struct afd_node *node;
	enum afd_code code;
	struct afd_error *err;
};

static int expected(const struct read *r, const struct afd_node *n, const char *what)
{
	return afd_node_error(r->doc, n, NULL, r->code, r->err, "expected %s, got %s", what, afd_node_shown(n).s);
}

static int read_text(const struct read *r, void *out)
{
	if (r->code == AFD_E_CONFIG && (r->node->type == AFD_INT || r->node->type == AFD_BOOL))
		return expected(r, r->node, "a string: write it in quotes");      /* account: 123456789012 */
	if (r->node->type != AFD_TEXT || r->node->u.text.len == 0)
		return expected(r, r->node, "a string that is not empty");
	*(const char **)out = r->node->u.text.s;
	return 0;
}

static int canonical(const struct read *r, const struct afd_node *n, const char **ret)
{
	char name[AFD_NAME_MAX];
	struct afd_error why;
	char *copy;

	if (n->type != AFD_TEXT)
		return expected(r, n, "a DNS name");
	if (afd_name_canonical(afd_slice(n->u.text.s, n->u.text.len), name, &why) < 0)
		return afd_node_error(r->doc, n, NULL, r->code, r->err, "%s", why.text);
	copy = afd_doc_text(r->doc, name, strlen(name));
	if (!copy)
		return afd_fail_memory(r->err);
	*ret = copy;
	return 0;
}

static int read_name(const struct read *r, void *out)
{
	return canonical(r, r->node, out);
}

static int read_int(const struct read *r, void *out)
{
	if (r->node->type != AFD_INT)
		return expected(r, r->node, "a whole number");
	*(int64_t *)out = r->node->u.i;
	return 0;
}

static int read_bool(const struct read *r, void *out)
{
	if (r->node->type != AFD_BOOL)
		return expected(r, r->node, "true or false");
	*(bool *)out = r->node->u.i != 0;
	return 0;
}

static int read_time(const struct read *r, void *out)
{
	if (r->node->type != AFD_TEXT || afd_when_parse(r->node->u.text.s, out, NULL) < 0)
		return expected(r, r->node, "a date, or a time with its zone, as 2026-07-01 or 2026-07-01T09:30:00Z");
	return 0;
}

static int read_duration(const struct read *r, void *out)
{
	if (r->node->type != AFD_TEXT || afd_duration_parse(r->node->u.text.s, out, NULL) < 0)
		return expected(r, r->node, "a duration as 90d, 36h, 15m, 30s or 250ms");
	return 0;
}

static int read_list(const struct read *r, void *out, bool names)
{
	struct afd_texts t = { 0 };
	const char **at;

	if (r->node->type != AFD_LIST)
		return expected(r, r->node, names ? "a list of DNS names" : "a list of strings");
	at = afd_doc_alloc(r->doc, (r->node->u.list.n + 1) * sizeof(*at));
	if (!at)
		return afd_fail_memory(r->err);
	for (const struct afd_node *n = r->node->u.list.first; n; n = n->next, t.n++) {
		if (names && canonical(r, n, &at[t.n]) < 0)
			return -1;
		if (!names && (n->type != AFD_TEXT || n->u.text.len == 0))
			return expected(r, n, "a string that is not empty");
		if (!names)
			at[t.n] = n->u.text.s;
	}
	t.at = at;
	*(struct afd_texts *)out = t;
	return 0;
}

static int read_texts(const struct read *r, void *out)
{
	return read_list(r, out, false);
}

static int read_names(const struct read *r, void *out)
{
	return read_list(r, out, true);
}

static int read_map(struct read r, const struct afd_node *map, const struct afd_field *fields, bool strict, void *out);

/* The fields below are only checked here; who reads the node later fills the struct. */
static int check_sub(const struct read *r)
{
	size_t size = 0;
	void *scratch;

	for (const struct afd_field *f = r->field->sub; f->name; f++)
		if (f->offset + sizeof(struct afd_texts) > size)
			size = f->offset + sizeof(struct afd_texts);
	scratch = afd_doc_alloc(r->doc, size);
	if (!scratch)
		return afd_fail_memory(r->err);
	return read_map((struct read){ .doc = r->doc, .code = r->code, .err = r->err }, r->node, r->field->sub, true, scratch);
}

static int read_node(const struct read *r, void *out)
{
	if (r->field->sub && check_sub(r) < 0)
		return -1;
	*(const struct afd_node **)out = r->node;
	return 0;
}

static int read_secret(const struct read *r, void *out)
{
	static const char *const prefix[] = { "env:", "exec:", "fd:", "file:" };
	const char *s = afd_node_text(r->node);

	for (size_t i = 0; s && i < AFD_COUNT(prefix); i++)
		if (strncmp(s, prefix[i], strlen(prefix[i])) == 0 && s[strlen(prefix[i])]) {
			*(const char **)out = s;
			return 0;
		}
	/* What stands there may be the secret itself: it is not repeated. */
	return afd_node_error(r->doc, r->node, NULL, r->code, r->err,
			      "expected env:NAME, file:PATH, fd:N or exec:COMMAND; a literal secret is not allowed");
}

static int read_nothing(const struct read *r, void *out)
{
	(void)r;
	(void)out;
	return 0;
}

static int (*const read_kind[])(const struct read *r, void *out) = {
	[AFD_FIELD_TEXT] = read_text,
	[AFD_FIELD_NAME] = read_name,
	[AFD_FIELD_INT] = read_int,
	[AFD_FIELD_BOOL] = read_bool,
	[AFD_FIELD_TIME] = read_time,
	[AFD_FIELD_DURATION] = read_duration,
	[AFD_FIELD_TEXTS] = read_texts,
	[AFD_FIELD_NAMES] = read_names,
	[AFD_FIELD_NODE] = read_node,
	[AFD_FIELD_SECRET] = read_secret,
	[AFD_FIELD_IGNORE] = read_nothing,
};

static const struct afd_field *find(const struct afd_field *fields, const char *key)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, key) == 0)
			return fields;
	return NULL;
}

static int unknown(const struct read *r, const struct afd_field *fields)
{
	AFD_AUTO(buf) struct afd_buf known = { .max = 500 };

	for (const struct afd_field *f = fields; f->name; f++)
		afd_buf_printf(&known, "%s%s", known.len ? ", " : "", f->name);
	return afd_node_error(r->doc, r->node, NULL, r->code, r->err, "unknown field; known here: %s",
			      known.len ? (const char *)known.data : "none");
}

/* Strangers write "" where they mean nothing. */
static bool is_absent(const struct read *r, bool strict)
{
	if (r->node->type == AFD_NULL)
		return true;
	return !strict && r->node->type == AFD_TEXT && r->node->u.text.len == 0;
}

static int read_map(struct read r, const struct afd_node *map, const struct afd_field *fields, bool strict, void *out)
{
	if (!map || map->type != AFD_MAP)
		return expected(&r, map, "a map");
	for (r.node = map->u.list.first; r.node; r.node = r.node->next) {
		r.field = find(fields, r.node->key);
		if (!r.field && strict)
			return unknown(&r, fields);
		if (!r.field || (r.field->need == AFD_OPTIONAL && is_absent(&r, strict)))
			continue;
		if (read_kind[r.field->kind](&r, (char *)out + r.field->offset) < 0)
			return -1;
	}
	for (r.field = fields; r.field->name; r.field++)
		if (r.field->need == AFD_REQUIRED && !afd_node_get(map, r.field->name))
			return afd_node_error(r.doc, map, r.field->name, r.code, r.err, "a required field is missing");
	return 0;
}

int afd_fields_read(struct afd_doc *d, const struct afd_node *map, const struct afd_field *fields, void *out,
		    struct afd_error *err)
{
	return read_map((struct read){ .doc = d, .code = AFD_E_CONFIG, .err = err }, map, fields, true, out);
}

int afd_fields_read_loose(struct afd_doc *d, const struct afd_node *map, const struct afd_field *fields, void *out,
			  struct afd_error *err)
{
	return read_map((struct read){ .doc = d, .code = AFD_E_PARSE, .err = err }, map, fields, false, out);
}
