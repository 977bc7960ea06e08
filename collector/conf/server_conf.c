#include "collector/conf/server_conf.h"

#include <strings.h>

enum { MOST_WORDS = 2000000, DEEPEST = 32 };

const char *const afd_conf_kind_name[AFD_CONF_KINDS] = {
	[AFD_CONF_BIND] = "bind", [AFD_CONF_KNOT] = "knot", [AFD_CONF_NSD] = "nsd", [AFD_CONF_POWERDNS] = "powerdns",
};

/* Nodes live in chunks, so that their addresses stay. */
struct chunk { struct chunk *next; size_t n; struct afd_conf_node at[256]; };
struct afd_conf {
	struct chunk *chunk;
	struct afd_conf_node root;
	struct word { char *text; } *word; size_t n_word, cap_word;
	const char ***list; size_t n_list, cap_list;
};

struct afd_conf *afd_conf_free(struct afd_conf *c)
{
	if (!c)
		return NULL;
	for (struct chunk *k = c->chunk, *next; k; k = next) {
		next = k->next;
		free(k);
	}
	for (size_t i = 0; i < c->n_word; i++)
		free(c->word[i].text);
	for (size_t i = 0; i < c->n_list; i++)
		free(c->list[i]);
	free(c->word);
	free(c->list);
	free(c);
	return NULL;
}

void afd_conf_release(struct afd_conf **c)
{
	*c = afd_conf_free(*c);
}

const struct afd_conf_node *afd_conf_root(const struct afd_conf *c)
{
	return &c->root;
}

/* --- building --- */

struct pending { const char **at; size_t n, cap; };       /* words of the statement under way */

static void *grown(void *at, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 64;

	if (n < *cap)
		return at;
	at = reallocarray(at, more, size);
	if (at)
		*cap = more;
	return at;
}

static const char *keep_word(struct afd_conf *c, struct afd_slice s)
{
	void *p = c->n_word < MOST_WORDS ? grown(c->word, c->n_word, &c->cap_word, sizeof(*c->word)) : NULL;

	if (!p)
		return NULL;
	c->word = p;
	c->word[c->n_word].text = afd_text_dup(s);
	return c->word[c->n_word].text ? c->word[c->n_word++].text : NULL;
}

static int push(struct afd_conf *c, struct pending *w, struct afd_slice s)
{
	const char *own = keep_word(c, s);
	void *p = own ? grown(w->at, w->n, &w->cap, sizeof(*w->at)) : NULL;

	if (!p)
		return -1;
	w->at = p;
	w->at[w->n++] = own;
	return 0;
}

/* A statement of those words below PARENT; takes the words. */
static struct afd_conf_node *add(struct afd_conf *c, struct afd_conf_node *parent, struct afd_conf_node **last, struct pending *w, unsigned line)
{
	void *p = grown(c->list, c->n_list, &c->cap_list, sizeof(*c->list));

	if (!p)
		return NULL;
	c->list = p;
	if (!c->chunk || c->chunk->n == AFD_COUNT(c->chunk->at)) {
		struct chunk *k = calloc(1, sizeof(*k));
		if (!k)
			return NULL;
		k->next = c->chunk;
		c->chunk = k;
	}
	struct afd_conf_node *n = &c->chunk->at[c->chunk->n++];
	*n = (struct afd_conf_node){ .word = w->at, .n = w->n, .parent = parent, .line = line };
	if (w->at)
		c->list[c->n_list++] = w->at;
	*w = (struct pending){ 0 };
	if (*last)
		(*last)->next = n;
	else
		parent->first = n;
	return *last = n;
}

/* --- BIND --- */

struct reader { struct afd_slice left; unsigned line; };

static bool starts(struct afd_slice s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && memcmp(s.data, with, n) == 0;
}

static void skip(struct reader *r, size_t n)
{
	for (size_t i = 0; i < n && i < r->left.len; i++)
		r->line += r->left.data[i] == '\n';
	r->left = afd_slice_sub(r->left, n, r->left.len);
}

static void skip_blanks(struct reader *r)
{
	while (r->left.len) {
		const uint8_t *end;

		if (memchr(" \t\r\n", r->left.data[0], 4)) {
			skip(r, 1);
		} else if (starts(r->left, "/*")) {
			end = memmem(r->left.data + 2, r->left.len - 2, "*/", 2);
			skip(r, end ? (size_t)(end - r->left.data) + 2 : r->left.len);
		} else if (r->left.data[0] == '#' || starts(r->left, "//")) {
			end = memchr(r->left.data, '\n', r->left.len);
			skip(r, end ? (size_t)(end - r->left.data) : r->left.len);
		} else {
			return;
		}
	}
}

static struct afd_slice take_word(struct reader *r)
{
	struct afd_slice s = r->left;
	size_t n = 0;

	if (s.data[0] == '"') {
		for (n = 1; n < s.len && s.data[n] != '"'; n++)
			n += s.data[n] == '\\' && n + 1 < s.len;
		skip(r, n + 1);
		return afd_slice_sub(s, 1, (n < s.len ? n : s.len) - 1);
	}
	while (n < s.len && !memchr(" \t\r\n;{}\"", s.data[n], 8))
		n++;
	skip(r, n);
	return afd_slice_sub(s, 0, n);
}

static int parse_bind(struct afd_conf *c, struct afd_slice text, struct afd_error *err)
{
	struct reader r = { text, 1 };
	struct afd_conf_node *parent[DEEPEST] = { &c->root }, *last[DEEPEST] = { NULL };
	struct pending w = { 0 };
	unsigned line = 1;
	size_t depth = 0;
	int rc = 0;

	for (skip_blanks(&r); rc == 0 && r.left.len; skip_blanks(&r)) {
		uint8_t ch = r.left.data[0];

		if (w.n == 0)
			line = r.line;
		if (ch == '{') {
			skip(&r, 1);
			struct afd_conf_node *n = add(c, parent[depth], &last[depth], &w, line);
			if (depth + 1 == DEEPEST)
				rc = afd_fail(err, AFD_E_LIMIT, "line %u: blocks nest too deeply", r.line);
			else if (!n)
				rc = afd_fail_memory(err);
			else
				parent[++depth] = n, last[depth] = NULL;
		} else if (ch == '}') {
			skip(&r, 1);
			if (depth == 0)
				rc = afd_fail(err, AFD_E_PARSE, "line %u: \"}\" without \"{\"", r.line);
			else if (w.n && !add(c, parent[depth], &last[depth], &w, line))
				rc = afd_fail_memory(err);
			else
				depth--;
		} else if (ch == ';') {
			skip(&r, 1);
			if (w.n && !add(c, parent[depth], &last[depth], &w, line))
				rc = afd_fail_memory(err);
		} else if (push(c, &w, take_word(&r)) < 0) {
			rc = afd_fail_memory(err);
		}
	}
	if (rc == 0 && depth)
		rc = afd_fail(err, AFD_E_PARSE, "line %u: \"{\" without \"}\"", parent[depth]->line);
	if (rc == 0 && w.n)
		rc = afd_fail(err, AFD_E_PARSE, "line %u: a statement without its \";\"", line);
	free(w.at);
	return rc;
}

/* --- lines: Knot, NSD, PowerDNS --- */

/* A line without its comment and the blanks around it; INDENT: blanks in front. */
static struct afd_slice clean(struct afd_slice line, size_t *indent)
{
	bool quoted = false;
	size_t n = 0;

	while (*indent = n, n < line.len && (line.data[n] == ' ' || line.data[n] == '\t'))
		n++;
	line = afd_slice_sub(line, n, line.len);
	for (n = 0; n < line.len && (quoted || line.data[n] != '#'); n++)
		quoted ^= line.data[n] == '"';
	while (n && memchr(" \t\r", line.data[n - 1], 3))
		n--;
	return afd_slice_sub(line, 0, n);
}

static bool next_line(struct reader *r, struct afd_slice *ret)
{
	if (!r->left.len)
		return false;
	const uint8_t *lf = memchr(r->left.data, '\n', r->left.len);
	size_t n = lf ? (size_t)(lf - r->left.data) : r->left.len;
	*ret = afd_slice_sub(r->left, 0, n);
	r->left = afd_slice_sub(r->left, n + (lf != NULL), r->left.len);
	r->line++;
	return true;
}

/* Words of "a b", "[ a, "b" ]". */
static int push_values(struct afd_conf *c, struct pending *w, struct afd_slice s)
{
	while (s.len) {
		size_t n = 0;

		if (memchr(" \t,[]", s.data[0], 5)) {
			s = afd_slice_sub(s, 1, s.len);
			continue;
		}
		if (s.data[0] == '"') {
			for (n = 1; n < s.len && s.data[n] != '"';)
				n++;
			if (push(c, w, afd_slice_sub(s, 1, n - 1)) < 0)
				return -1;
			s = afd_slice_sub(s, n + 1, s.len);
			continue;
		}
		while (n < s.len && !memchr(" \t,]", s.data[n], 4))
			n++;
		if (push(c, w, afd_slice_sub(s, 0, n)) < 0)
			return -1;
		s = afd_slice_sub(s, n, s.len);
	}
	return 0;
}

/* "name: values" or "name=values" */
static bool split_line(struct afd_slice line, char at, struct afd_slice *name, struct afd_slice *rest)
{
	const uint8_t *p = line.len ? memchr(line.data, at, line.len) : NULL;
	size_t n;

	if (!p)
		return false;
	n = (size_t)(p - line.data);
	*rest = afd_slice_sub(line, n + 1, line.len);
	while (n && (line.data[n - 1] == ' ' || line.data[n - 1] == '\t'))
		n--;
	*name = afd_slice_sub(line, 0, n);
	return n > 0;
}

/* A clause has no values and no "- " in front; items of Knot begin with "- ", NSD's at each clause. */
static int parse_clauses(struct afd_conf *c, struct afd_slice text, bool knot, struct afd_error *err)
{
	struct reader r = { text, 0 };
	struct afd_conf_node *item = NULL, *last = NULL, *last_in = NULL;
	struct afd_slice line, name, rest, clause = { 0 };
	struct pending w = { 0 };
	size_t indent;
	int rc = 0;

	while (rc == 0 && next_line(&r, &line)) {
		bool dash;

		line = clean(line, &indent);
		if (!line.len)
			continue;
		dash = knot && line.len > 2 && line.data[0] == '-' && line.data[1] == ' ';
		if (dash)
			line = afd_slice_sub(line, 2, line.len);
		while (dash && line.len && line.data[0] == ' ')
			line = afd_slice_sub(line, 1, line.len);
		if (!split_line(line, ':', &name, &rest)) {
			rc = afd_fail(err, AFD_E_PARSE, "line %u: expected \"name: value\"", r.line);
			break;
		}
		while (rest.len && (rest.data[0] == ' ' || rest.data[0] == '\t'))
			rest = afd_slice_sub(rest, 1, rest.len);
		bool opens = !rest.len && !dash && (!knot || indent == 0);
		if (opens) {
			clause = name;
			item = NULL;
		}
		if (opens && knot)
			continue;
		if (opens || dash || !item) {
			if (push(c, &w, clause.len ? clause : name) < 0 || !(item = add(c, &c->root, &last, &w, r.line))) {
				rc = afd_fail_memory(err);
				break;
			}
			last_in = NULL;
		}
		if (!opens && (push(c, &w, name) < 0 || push_values(c, &w, rest) < 0 || !add(c, item, &last_in, &w, r.line)))
			rc = afd_fail_memory(err);
	}
	free(w.at);
	return rc;
}

static int parse_lines(struct afd_conf *c, struct afd_slice text, struct afd_error *err)
{
	struct reader r = { text, 0 };
	struct afd_conf_node *last = NULL;
	struct afd_slice line, name, rest;
	struct pending w = { 0 };
	size_t indent;
	int rc = 0;

	while (rc == 0 && next_line(&r, &line)) {
		line = clean(line, &indent);
		if (!line.len)
			continue;
		if (!split_line(line, '=', &name, &rest))
			name = line, rest = afd_slice_sub(line, line.len, 0);
		if (name.len && name.data[name.len - 1] == '+')
			name.len--;
		if (push(c, &w, name) < 0 || push_values(c, &w, rest) < 0 || !add(c, &c->root, &last, &w, r.line))
			rc = afd_fail_memory(err);
	}
	free(w.at);
	return rc;
}

int afd_conf_parse(enum afd_conf_kind kind, struct afd_slice text, struct afd_conf **ret, struct afd_error *err)
{
	AFD_AUTO(conf) struct afd_conf *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return afd_fail_memory(err);
	if (text.len && memchr(text.data, 0, text.len))
		return afd_fail(err, AFD_E_PARSE, "a NUL byte");
	switch (kind) {
	case AFD_CONF_BIND: rc = parse_bind(c, text, err); break;
	case AFD_CONF_KNOT: rc = parse_clauses(c, text, true, err); break;
	case AFD_CONF_NSD: rc = parse_clauses(c, text, false, err); break;
	case AFD_CONF_POWERDNS: rc = parse_lines(c, text, err); break;
	default: rc = afd_fail(err, AFD_E_USAGE, "no such server"); break;
	}
	if (rc < 0)
		return -1;
	*ret = afd_steal(&c);
	return 0;
}

/* --- looking --- */

const char *afd_conf_word(const struct afd_conf_node *n, size_t i)
{
	return n && i < n->n ? n->word[i] : "";
}

const struct afd_conf_node *afd_conf_get(const struct afd_conf_node *n, const char *name, const struct afd_conf_node *after)
{
	for (const struct afd_conf_node *k = after ? after->next : n ? n->first : NULL; k; k = k->next)
		if (strcasecmp(afd_conf_word(k, 0), name) == 0)
			return k;
	return NULL;
}

const char *afd_conf_value(const struct afd_conf_node *n, const char *name)
{
	const struct afd_conf_node *k = afd_conf_get(n, name, NULL);

	return k ? afd_conf_word(k, 1) : NULL;
}

bool afd_conf_has(const struct afd_conf_node *n, size_t i, const char *w)
{
	for (; n && i < n->n; i++)
		if (strcasecmp(n->word[i], w) == 0)
			return true;
	return false;
}

static bool holds(struct afd_slice s, const char *what)
{
	return s.data && s.len && memmem(s.data, s.len, what, strlen(what));
}

enum afd_conf_kind afd_conf_guess(struct afd_slice s)
{
	if (holds(s, "{") && holds(s, "};"))
		return AFD_CONF_BIND;
	if (holds(s, "- domain:") || holds(s, "- id:") || holds(s, "- target:"))
		return AFD_CONF_KNOT;
	if (holds(s, "server:") || holds(s, "zone:") || holds(s, "pattern:"))
		return AFD_CONF_NSD;
	return holds(s, "launch=") || holds(s, "\nlaunch") || holds(s, "setgid=") ? AFD_CONF_POWERDNS : AFD_CONF_KINDS;
}

/* --- secrets --- */

static int cut_value(struct afd_slice text, size_t from, struct afd_ranges *cuts)
{
	while (from < text.len && memchr(" \t\":=", text.data[from], 5))
		from++;
	size_t to = from;
	while (to < text.len && !memchr(" \t\r\n\";,}", text.data[to], 8))
		to++;
	return to > from ? afd_ranges_add(cuts, from, to - from) : 0;
}

int afd_conf_cut(enum afd_conf_kind kind, struct afd_slice text, struct afd_ranges *cuts, struct afd_error *err)
{
	static const char *const words[] = { "secret", "api-key", "webserver-password", "password", "shared-secret" };

	(void)kind;
	for (size_t k = 0; k < AFD_COUNT(words); k++) {
		size_t n = strlen(words[k]);

		for (size_t at = 0; at + n < text.len; at += n) {
			const uint8_t *p = memmem(text.data + at, text.len - at, words[k], n);
			if (!p)
				break;
			at = (size_t)(p - text.data);
			if (memchr(" \t\":=", text.data[at + n], 5) && cut_value(text, at + n, cuts) < 0)
				return afd_fail_memory(err);
		}
	}
	return 0;
}
