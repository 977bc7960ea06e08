/* A check's file: head (YAML in the first comment), findings SELECT, "-- population", population SELECT. What both statements stand on
 * may be said once, as WITH before a line "-- findings": so that what is examined and what is found cannot come to differ. */
#include <stdio.h>

#include "core/limits.h"
#include "mappers/judge.h"

static const struct afd_field head_fields[] = {
	{"id", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_check, id), "name of the file"},
	{"title", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_check, title), "what holds when it passes"},
	{"severity", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_check, severity),
	 "critical, high, medium, low, info"},
	{"resource", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_check, resource), "kind of the things examined"},
	{"why", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_check, why), NULL},
	{"remedy", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_check, remedy), NULL},
	{"params", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0, "name: {type, default, meaning}"},
	{"answers", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct afd_check, answers), "practices, P01 to P92"},
	{"after", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct afd_check, after), "checks whose findings it reads in the table raised"},
	{"retired", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_check, retired), "why it is run no more"},
	{"false-positives", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_check, false_positives), NULL},
	{0}};

static const struct afd_field param_fields[] = {
	{ "type", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_param, type), "int, duration, time, text" },
	{ "default", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0, NULL },
	{ "words", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct afd_param, words), NULL },
	{ "meaning", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_param, meaning), NULL },
	{ 0 }
};

/* The file's name without folder and ".sql". */
static struct afd_slice stem(const char *name)
{
	const char *slash = strrchr(name, '/'), *from = slash ? slash + 1 : name;
	size_t n = strlen(from);

	if (n > 4 && strcmp(from + n - 4, ".sql") == 0)
		n -= 4;
	return afd_slice(from, n);
}

static bool is_id(const char *s, char separator)
{
	if (*s < 'a' || *s > 'z')
		return false;
	for (; *s; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= '0' && *s <= '9') && *s != separator)
			return false;
	return true;
}

static const char *find(struct afd_slice in, const char *what)
{
	return in.len ? memmem(in.data, in.len, what, strlen(what)) : NULL;
}

/* The first line of IN that is WHAT alone. */
static const char *find_line(struct afd_slice in, const char *what)
{
	const char *end = (const char *)in.data + in.len;

	for (struct afd_slice rest = in;;) {
		const char *p = find(rest, what);

		if (!p)
			return NULL;
		if ((p == (const char *)in.data || p[-1] == '\n') &&
		    (p + strlen(what) == end || p[strlen(what)] == '\n' || p[strlen(what)] == '\r'))
			return p;
		rest = afd_slice(p + 1, (size_t)(end - p - 1));
	}
}

static const char *skip_blanks(const char *from, const char *to)
{
	while (from < to && strchr(" \t\r\n", *from))
		from++;
	return from;
}

static unsigned line_of(struct afd_slice text, const char *at)
{
	unsigned line = 1;

	for (const char *p = (const char *)text.data; p < at; p++)
		line += *p == '\n';
	return line;
}

/* Without blanks and ';' at its ends. */
static struct afd_slice trimmed(const char *from, const char *to)
{
	from = skip_blanks(from, to);
	while (to > from && strchr(" \t\r\n;", to[-1]))
		to--;
	return afd_slice(from, (size_t)(to - from));
}

/* A statement's text in D: what it stands on, and itself. One WITH leads both. NULL: no memory. */
static const char *statement(struct afd_doc *d, struct afd_slice common, struct afd_slice own)
{
	const bool more = common.len && own.len > 5 && strncasecmp((const char *)own.data, "WITH", 4) == 0 && strchr(" \t\r\n", own.data[4]);
	char *ret = afd_doc_alloc(d, common.len + own.len + 3), *p = ret;

	if (!ret)
		return NULL;
	if (common.len)
		p = mempcpy(mempcpy(p, common.data, common.len), more ? ",\n" : "\n", more ? 2 : 1);
	if (more)
		own = afd_slice(own.data + 5, own.len - 5);
	*(char *)mempcpy(p, own.data, own.len) = 0;
	return ret;
}

unsigned afd_check_line(const struct afd_check *c, const char *sql, unsigned at)
{
	const unsigned own = sql == c->findings_sql ? c->findings_line : c->population_line;

	if (at == 0)
		return own;
	return at <= c->common_lines ? c->common_line + at - 1 : own + at - c->common_lines - 1;
}

/* The statements behind the head that ends at FROM. */
static int read_statements(struct afd_doc *d, struct afd_slice text, const char *from, const char *shown, struct afd_check *c, struct afd_error *err)
{
	static const char findings_mark[] = "-- findings", population_mark[] = "-- population";
	const char *eof = (const char *)text.data + text.len, *findings, *population, *begin = from;
	struct afd_slice common = { 0 }, own, other;

	population = find_line(afd_slice(from, (size_t)(eof - from)), population_mark);
	if (!population)
		return afd_fail(err, AFD_E_ENGINE, "%s:%u: expected a line \"%s\" between the two statements, got the end of the file", shown,
				line_of(text, eof), population_mark);
	findings = find_line(afd_slice(from, (size_t)(population - from)), findings_mark);
	if (findings) {
		common = trimmed(from, findings);
		begin = findings + strlen(findings_mark);
		c->common_line = line_of(text, skip_blanks(from, findings));
		c->common_lines = common.len ? line_of(common, (const char *)common.data + common.len) : 0;
		if (common.len < 4 || strncasecmp((const char *)common.data, "WITH", 4) != 0)
			return afd_fail(err, AFD_E_ENGINE, "%s:%u: expected WITH and what both statements stand on before the line \"%s\"", shown,
			                c->common_line, findings_mark);
	}
	own = trimmed(begin, population);
	other = trimmed(population + strlen(population_mark), eof);
	if (!own.len || !other.len)
		return afd_fail(err, AFD_E_ENGINE, "%s:%u: expected a statement here: findings, a line \"-- population\", population", shown,
				line_of(text, own.len ? eof : population));
	c->findings_line = line_of(text, (const char *)own.data);
	c->population_line = line_of(text, (const char *)other.data);
	c->findings_sql = statement(d, common, own);
	c->population_sql = statement(d, common, other);
	return c->findings_sql && c->population_sql ? 0 : afd_fail_memory(err);
}

/* A word that the statement does not know would silently mean something else, mostly nothing. */
static int check_words(const struct afd_param *p, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf all = { .max = 400 };
	const char *at = p->value;

	for (size_t i = 0; i < p->words.n; i++)
		afd_buf_printf(&all, "%s%s", !i ? "" : i + 1 < p->words.n ? ", " : " or ", p->words.at[i]);
	for (size_t n; p->words.n && *(at += strspn(at, " ")); at += n) {
		size_t i = 0;

		n = strcspn(at, " ");
		while (i < p->words.n && (strlen(p->words.at[i]) != n || memcmp(p->words.at[i], at, n) != 0))
			i++;
		if (i == p->words.n)
			return afd_fail(err, AFD_E_CONFIG, "expected %s, got \"%.*s\"", all.len ? (const char *)all.data : "another word", (int)(n < 60 ? n : 60), at);
	}
	return 0;
}

int afd_param_int(const struct afd_param *p, int64_t *ret, struct afd_error *err)
{
	char *end;

	*ret = 0;
	if (strcmp(p->type, "text") == 0)
		return check_words(p, err);
	if (strcmp(p->type, "duration") == 0)
		return afd_duration_parse(p->value, ret, NULL) < 0 ?
			afd_fail(err, AFD_E_CONFIG, "expected a duration as 90d, 36h or 15m, got \"%s\"", p->value) : 0;
	if (strcmp(p->type, "time") == 0)
		return afd_when_parse(p->value, ret, NULL) < 0 ?
			afd_fail(err, AFD_E_CONFIG, "expected a date, or a time with its zone, got \"%s\"", p->value) : 0;
	*ret = strtoll(p->value, &end, 10);
	if (!*p->value || *end)
		return afd_fail(err, AFD_E_CONFIG, "expected a whole number, got \"%s\"", p->value);
	if (*ret < 0 || *ret > AFD_FOREVER / 1000)
		return afd_fail(err, AFD_E_CONFIG, "expected a whole number of at least 0 that can be reckoned with, got \"%s\"", p->value);
	return 0;
}

static int read_param(struct afd_doc *d, const struct afd_node *n, struct afd_param *ret, struct afd_error *err)
{
	const struct afd_node *value = afd_node_get(n, "default");
	char number[32];
	int64_t v;

	*ret = (struct afd_param){ .name = n->key };
	if (n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "type, default and meaning");
	if (afd_fields_read(d, n, param_fields, ret, err) < 0)
		return -1;
	if (ret->words.n && strcmp(ret->type, "text") != 0)
		return afd_node_fail(d, afd_node_get(n, "words"), err, "a parameter of type text");
	if (!is_id(ret->name, '_'))
		return afd_node_fail(d, n, err, "a name of letters, digits and '_'");
	if (strcmp(ret->type, "int") != 0 && strcmp(ret->type, "duration") != 0 && strcmp(ret->type, "time") != 0 && strcmp(ret->type, "text") != 0)
		return afd_node_fail(d, afd_node_get(n, "type"), err, "int, duration, time or text");
	if (value && value->type == AFD_INT) {
		char *copy;

		snprintf(number, sizeof number, "%lld", (long long)value->u.i);
		copy = afd_doc_alloc(d, strlen(number) + 1);
		if (!copy)
			return afd_fail_memory(err);
		memcpy(copy, number, strlen(number));
		ret->value = copy;
	} else {
		ret->value = afd_node_text(value);
	}
	if (!ret->value)
		return afd_node_fail(d, value ? value : n, err, "a default");
	return afd_param_int(ret, &v, err) < 0 ? afd_within(err, "%s:%u: params.%s.default", afd_doc_name(d), n->line, ret->name) : 0;
}

static int read_params(struct afd_doc *d, const struct afd_node *map, struct afd_check *ret, struct afd_error *err)
{
	if (!map || map->type == AFD_NULL)
		return 0;
	if (map->type != AFD_MAP)
		return afd_node_fail(d, map, err, "a map of parameters");
	ret->param = afd_doc_alloc(d, (map->u.list.n + 1) * sizeof *ret->param);
	if (!ret->param)
		return afd_fail_memory(err);
	for (const struct afd_node *n = map->u.list.first; n; n = n->next)
		if (read_param(d, n, &ret->param[ret->n_param++], err) < 0)
			return -1;
	return 0;
}

static int read_head(struct afd_doc *d, const char *name, struct afd_check *ret, struct afd_error *err)
{
	const struct afd_node *root = afd_doc_root(d);

	if (root->type != AFD_MAP)
		return afd_node_fail(d, root, err, "a map: id, title, severity, ...");
	if (afd_fields_read(d, root, head_fields, ret, err) < 0 ||
	    read_params(d, afd_node_get(root, "params"), ret, err) < 0)
		return -1;
	if (!is_id(ret->id, '-') || (name && !afd_slice_equal(stem(name), afd_slice_text(ret->id))))
		return afd_node_fail(d, afd_node_get(root, "id"), err, "the name of the file, in lower case with '-'");
	if (afd_severity_rank(ret->severity) < 0)
		return afd_node_fail(d, afd_node_get(root, "severity"), err, "critical, high, medium, low or info");
	return 0;
}

int afd_check_parse(struct afd_slice text, const char *name, struct afd_doc **keep, struct afd_check *ret,
		    struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const char *shown = name ? name : "check", *end;
	const struct afd_slice whole = text;
	struct afd_check c = { 0 };

	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)        /* a byte order mark, as some editors write it */
		text = afd_slice_sub(text, 3, text.len);
	if (text.len > AFD_MAX_SQL)
		return afd_fail(err, AFD_E_LIMIT, "%s: larger than %u bytes", shown, AFD_MAX_SQL);
	if (text.len < 4 || memcmp(text.data, "/*", 2) != 0 || memchr(text.data, 0, text.len) ||
	    !(end = find(afd_slice(text.data + 2, text.len - 2), "*/")))
		return afd_fail(err, AFD_E_ENGINE, "%s:1: expected a head between /* and */ at the beginning", shown);
	if (afd_yaml_parse(afd_slice(text.data + 2, (size_t)(end - (const char *)text.data) - 2), shown, &d, err) < 0)
		return -1;
	if (read_head(d, name, &c, err) < 0)
		return -1;
	if (read_statements(d, text, end + 2, shown, &c, err) < 0)
		return -1;
	c.after_line = afd_node_get(afd_doc_root(d), "after") ? afd_node_get(afd_doc_root(d), "after")->line : 0;
	afd_sha256(whole, &c.sha256);
	*ret = c;
	*keep = afd_steal(&d);
	return 0;
}
