/* The events of a file, one by one, and what stands in them. */
#include "collector/files/events_map.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/registrar/json_walk.h"
#include "collector/registrar/secrets.h"
#include "core/limits.h"

void afd_events_kept_release(struct afd_events_kept *k)
{
	k->doc = afd_doc_free(k->doc);
	afd_csv_release(&k->csv);
	afd_csv_release(&k->header);
	k->has_header = false;
}

/* --- where one ends --- */

static size_t line_end(struct afd_slice s)
{
	const uint8_t *lf = s.len ? memchr(s.data, '\n', s.len) : NULL;

	return lf ? (size_t)(lf - s.data) + 1 : 0;
}

/* Behind the first end of a line that no quote holds open; 0: there is none. */
static size_t record_end(struct afd_slice s)
{
	bool open = false;

	for (size_t i = 0; i < s.len && i < AFD_MAX_LOG_LINE; i++) {
		open ^= s.data[i] == '"';
		if (s.data[i] == '\n' && !open)
			return i + 1;
	}
	return 0;
}

bool afd_events_cut(const struct afd_events_map *m, struct afd_slice *left, bool end, struct afd_slice *ret)
{
	size_t n = m->format == AFD_EV_CSV ? record_end(*left) : line_end(*left);

	/* A quote that is never closed: its line is broken, those behind it need not be. While the file grows it may still be closed. */
	if (!n && m->format == AFD_EV_CSV && (end || left->len >= AFD_MAX_LOG_LINE))
		n = line_end(*left);
	if (!n && end)
		n = left->len;
	if (!n)
		return false;
	*ret = afd_slice(left->data, n);
	*left = afd_slice_sub(*left, n, left->len);
	return true;
}

static struct afd_slice trim(struct afd_slice s)
{
	while (s.len && memchr(" \t\r\n", s.data[s.len - 1], 4))
		s.len--;
	while (s.len && memchr(" \t\r\n", s.data[0], 4))
		s = afd_slice_sub(s, 1, s.len);
	return s;
}

/* --- one of them --- */

/* That memory ended is the one error here that is not the line's own. */
static int unreadable(struct afd_events_kept *keep, struct afd_events_unit *ret, const struct afd_error *why, struct afd_error *err)
{
	const char *text = why->text;

	if (why->code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	snprintf(keep->why, sizeof(keep->why), "%.180s", text);
	ret->why = keep->why;
	ret->node = NULL;
	ret->csv = NULL;
	return 0;
}

static int read_json(struct afd_slice bytes, struct afd_events_kept *keep, struct afd_events_unit *ret, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	struct afd_error why = { 0 };

	keep->doc = afd_doc_free(keep->doc);
	if (afd_json_parse(bytes, "line", &keep->doc, &why) < 0)
		return unreadable(keep, ret, &why, err);
	ret->node = afd_doc_root(keep->doc);
	if (ret->node->type != AFD_MAP)
		return afd_fail(&why, AFD_E_PARSE, "expected an object, got %s", afd_node_type_name(ret->node)), unreadable(keep, ret, &why, err);
	/* A secret that cannot be cut out of JSON is cut as text: then it is none any more, and nobody can read it later. */
	return afd_secrets_cut(bytes, &cuts, &why) < 0 ? unreadable(keep, ret, &why, err) : 0;
}

static int read_header(const struct afd_events_map *m, struct afd_slice bytes, struct afd_events_kept *keep, struct afd_error *err)
{
	const struct afd_events_pick *p;

	if (afd_csv_begin_with(&keep->header, "header", bytes, m->delimiter, err) < 0 || afd_csv_next(&keep->header, err) < 0)
		return -1;
	keep->has_header = true;
	for (size_t c = 0; c <= AFD_EV_COLUMNS; c++) {
		p = c < AFD_EV_COLUMNS ? &m->column[c] : &m->time;
		for (size_t i = 0; i < p->n_from; i++) {
			size_t k = 0;

			while (k < keep->header.n && strcmp(afd_csv_field(&keep->header, k), p->from[i]) != 0)
				k++;
			if (k == keep->header.n)
				return afd_fail(err, AFD_E_PARSE, "expected a column \"%.60s\", which the map names; the first line has none", p->from[i]);
		}
	}
	return 0;
}

static int read_csv(const struct afd_events_map *m, struct afd_slice bytes, struct afd_events_kept *keep, struct afd_events_unit *ret, struct afd_error *err)
{
	const size_t n = m->header.n ? m->header.n : keep->header.n;
	struct afd_error why = { 0 };

	afd_csv_release(&keep->csv);
	if (afd_csv_begin_with(&keep->csv, "record", bytes, m->delimiter, &why) < 0 || afd_csv_next(&keep->csv, &why) < 0)
		return unreadable(keep, ret, &why, err);
	ret->csv = &keep->csv;
	ret->header = m->header.n ? NULL : &keep->header;
	if (keep->csv.n != n)
		return afd_fail(&why, AFD_E_PARSE, "expected %zu fields, got %zu", n, keep->csv.n), unreadable(keep, ret, &why, err);
	return 0;
}

int afd_events_unit_read(const struct afd_events_map *m, struct afd_slice bytes, struct afd_events_kept *keep, struct afd_events_unit *ret,
                         struct afd_error *err)
{
	struct afd_error why = { 0 };

	ret->map = m;
	ret->bytes = bytes;
	ret->why = NULL;
	ret->node = NULL;
	ret->csv = ret->header = NULL;
	if (bytes.len > AFD_MAX_LOG_LINE * 16)
		return afd_fail(&why, AFD_E_LIMIT, "longer than a mebibyte"), unreadable(keep, ret, &why, err);
	return m->format == AFD_EV_CSV ? read_csv(m, bytes, keep, ret, err) : read_json(bytes, keep, ret, err);
}

static bool is_header(const struct afd_events_unit *u)
{
	for (size_t i = 0; u->csv && i < u->csv->n; i++)
		if (i >= u->map->header.n || strcmp(afd_csv_field(u->csv, i), u->map->header.at[i]) != 0)
			return false;
	return u->csv && u->map->header.n && u->map->header.n == u->csv->n;
}

bool afd_events_empty(const struct afd_events_unit *u)
{
	return !trim(u->bytes).len || is_header(u);
}

/* --- all of them --- */

struct walk { const struct afd_events_map *m; struct afd_slice body; afd_events_see *see; void *ctx; struct afd_events_kept *keep; };

static int each_line(const struct walk *w, struct afd_error *err)
{
	struct afd_slice left = w->body, bytes;
	struct afd_events_unit u = { .line = 1 };

	if (left.len >= 3 && memcmp(left.data, "\xef\xbb\xbf", 3) == 0)
		left = afd_slice_sub(left, 3, left.len);
	if (w->m->format == AFD_EV_CSV && !w->m->header.n && afd_events_cut(w->m, &left, true, &bytes)) {
		if (read_header(w->m, bytes, w->keep, err) < 0)
			return -1;
		u.line = w->keep->header.line;
	}
	while (afd_events_cut(w->m, &left, true, &bytes)) {
		unsigned lines = 0;

		for (size_t i = 0; i < bytes.len; i++)
			lines += bytes.data[i] == '\n';
		u.at = (struct afd_range){ (uint64_t)(bytes.data - w->body.data), bytes.len };
		if (afd_events_unit_read(w->m, bytes, w->keep, &u, err) < 0 || (!afd_events_empty(&u) && w->see(w->ctx, &u, err) < 0))
			return -1;
		u.line += lines;
	}
	return 0;
}

static const struct afd_node *at_path(const struct afd_node *n, const char *path);

static int each_element(const struct walk *w, struct afd_error *err)
{
	struct afd_events_unit u = { .map = w->m };
	const char *name = w->m->name ? w->m->name : "document";
	const struct afd_node *list;

	if (afd_json_parse(w->body, name, &w->keep->doc, err) < 0)
		return -1;
	list = afd_doc_root(w->keep->doc);
	if (w->m->list)
		list = at_path(list, w->m->list);
	if (!list || list->type != AFD_LIST)
		return afd_fail(err, AFD_E_PARSE, "%s%sexpected a list%s%.60s, got %s", w->m->name ? name : "", w->m->name ? ":1: " : "", w->m->list ? " at " : "", w->m->list ? w->m->list : "", afd_node_type_name(list));
	for (const struct afd_node *e = list->u.list.first; e; e = e->next) {
		u.line = e->line;
		u.node = e->type == AFD_MAP ? e : NULL;
		u.why = u.node ? NULL : "expected an object";
		u.bytes = e->type == AFD_MAP || e->type == AFD_LIST ? e->raw : afd_slice("", 0);
		/* what is no container has no place of its own: it stands with its neighbour */
		u.at = u.bytes.len ? (struct afd_range){ (uint64_t)(u.bytes.data - w->body.data), u.bytes.len } : (struct afd_range){ u.at.off + u.at.len, 0 };
		if (w->see(w->ctx, &u, err) < 0)
			return -1;
	}
	return 0;
}

int afd_events_each(const struct afd_events_map *m, struct afd_slice body, afd_events_see *see, void *ctx, struct afd_error *err)
{
	struct afd_events_kept keep = { 0 };
	const struct walk w = { m, body, see, ctx, &keep };
	const int r = m->format == AFD_EV_JSON ? each_element(&w, err) : each_line(&w, err);

	afd_events_kept_release(&keep);
	return r;
}

/* --- values --- */

static const struct afd_node *step(const struct afd_node *n, const char *name, size_t len)
{
	size_t i = 0;

	if (n->type == AFD_MAP) {
		for (const struct afd_node *c = n->u.list.first; c; c = c->next)
			if (strlen(c->key) == len && memcmp(c->key, name, len) == 0)
				return c;
		return NULL;
	}
	if (n->type != AFD_LIST || !len || len > 6)
		return NULL;
	for (size_t k = 0; k < len; k++) {
		if (name[k] < '0' || name[k] > '9')
			return NULL;
		i = i * 10 + (size_t)(name[k] - '0');
	}
	for (const struct afd_node *c = n->u.list.first; c; c = c->next)
		if (i-- == 0)
			return c;
	return NULL;
}

/* A name that holds dots itself counts first: "user.email" may be one key. */
static const struct afd_node *at_path(const struct afd_node *n, const char *path)
{
	while (n && *path) {
		const size_t all = strlen(path);
		const struct afd_node *whole = step(n, path, all);
		const size_t len = whole ? all : strcspn(path, ".");

		n = whole ? whole : step(n, path, len);
		path += len + (path[len] == '.');
	}
	return n;
}

static int node_text(const struct afd_node *n, struct afd_buf *ret)
{
	switch (n ? n->type : AFD_NULL) {
	case AFD_TEXT: return afd_buf_add(ret, n->u.text.s, n->u.text.len);
	case AFD_INT: return afd_buf_printf(ret, "%" PRId64, n->u.i);
	case AFD_BOOL: return afd_buf_text(ret, n->u.i ? "true" : "false");
	case AFD_REAL: return afd_buf_printf(ret, "%.6f", n->u.real);
	case AFD_LIST:
	case AFD_MAP: return n->u.list.n ? afd_buf_add_slice(ret, n->raw) : 0;
	default: return 0;
	}
}

static int one_value(const struct afd_events_unit *u, const char *from, struct afd_buf *ret)
{
	const size_t n = u->header ? u->header->n : u->map->header.n;

	if (u->node)
		return node_text(at_path(u->node, from), ret);
	for (size_t i = 0; u->csv && i < n && i < u->csv->n; i++)
		if (strcmp(u->header ? afd_csv_field(u->header, i) : u->map->header.at[i], from) == 0)
			return afd_buf_text(ret, afd_csv_field(u->csv, i));
	return 0;
}

/* '*' alone is what was cut. */
static bool told(struct afd_slice s)
{
	s = trim(s);
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] != '*')
			return true;
	return false;
}

int afd_events_value(const struct afd_events_unit *u, const struct afd_events_pick *p, const char *joiner, struct afd_buf *ret, struct afd_error *err)
{
	bool any = false;

	if (afd_buf_text(ret, "") < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < p->n_from; i++) {
		AFD_AUTO(buf) struct afd_buf one = { 0 };

		if (one_value(u, p->from[i], &one) < 0)
			return afd_fail_memory(err);
		if (!told(afd_buf_slice(&one)))
			continue;
		if ((any && afd_buf_text(ret, joiner) < 0) || afd_buf_add_slice(ret, trim(afd_buf_slice(&one))) < 0)
			return afd_fail_memory(err);
		any = true;
	}
	if (!any && p->value) {
		any = true;
		if (afd_buf_text(ret, p->value) < 0)
			return afd_fail_memory(err);
	}
	return any;
}

/* --- secrets --- */

struct cutter { const struct afd_events_map *m; struct afd_slice body; struct afd_ranges *cuts; int inside; uint64_t base; };

static bool named(const struct afd_events_map *m, struct afd_slice name)
{
	for (size_t i = 0; i < m->secrets.n; i++)
		if (strlen(m->secrets.at[i]) == name.len && memcmp(m->secrets.at[i], name.data, name.len) == 0)
			return true;
	return false;
}

/* The map's own names: all strings at and below them. */
static int see_named(void *ctx, const struct afd_json_at *at, struct afd_error *err)
{
	struct cutter *c = ctx;

	if (at->kind == AFD_JSON_CLOSE) {
		c->inside = c->inside == (int)at->depth ? -1 : c->inside;
		return 0;
	}
	if (c->inside < 0 && at->key.len && named(c->m, at->key) && (at->kind == AFD_JSON_OPEN_MAP || at->kind == AFD_JSON_OPEN_LIST))
		c->inside = (int)at->depth;
	if (at->kind == AFD_JSON_STRING && at->len && (c->inside >= 0 || (at->key.len && named(c->m, at->key))))
		return afd_ranges_add(c->cuts, c->base + at->off, at->len) < 0 ? afd_fail_memory(err) : 0;
	return 0;
}

static int cut_json(struct cutter *c, struct afd_range at, struct afd_error *err)
{
	const struct afd_slice bytes = afd_slice_sub(c->body, (size_t)at.off, (size_t)at.len);
	const size_t before = c->cuts->n;

	if (afd_secrets_cut(bytes, c->cuts, err) < 0)
		return -1;
	for (size_t i = before; i < c->cuts->n; i++)
		c->cuts->at[i].off += at.off;
	c->inside = -1;
	c->base = at.off;
	return c->m->secrets.n ? afd_json_walk(bytes, see_named, c, err) : 0;
}

static int cut_record(struct cutter *c, const struct afd_events_unit *u, struct afd_error *err)
{
	for (size_t i = 0; i < u->csv->n; i++) {
		const char *name = u->header ? afd_csv_field(u->header, i) : u->map->header.at[i], *value = afd_csv_field(u->csv, i);
		const struct afd_range at = { u->at.off + u->csv->raw[i].off, u->csv->raw[i].len };

		if (named(c->m, afd_slice_text(name)) || afd_secret_named(afd_slice_text(name), afd_slice_text(value))) {
			if (at.len && afd_ranges_add(c->cuts, at.off, at.len) < 0)
				return afd_fail_memory(err);
		} else if (afd_secrets_cut_text(c->body, at, c->cuts, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* A broken line is searched as text: what stands behind the names of secrets goes. */
static int cut_broken(struct cutter *c, struct afd_range at, struct afd_error *err)
{
	while (at.len && memchr("\r\n", c->body.data[at.off + at.len - 1], 2))
		at.len--;
	return at.len ? afd_secrets_cut_text(c->body, at, c->cuts, err) : 0;
}

static int see_secrets(void *ctx, const struct afd_events_unit *u, struct afd_error *err)
{
	struct cutter *c = ctx;

	if (u->why)
		return cut_broken(c, u->at, err);
	return u->csv ? cut_record(c, u, err) : cut_json(c, u->at, err);
}

int afd_events_cut_secrets(const struct afd_events_map *m, struct afd_slice body, struct afd_ranges *cuts, struct afd_error *err)
{
	struct cutter c = { .m = m, .body = body, .cuts = cuts, .inside = -1 };
	struct afd_error why = { 0 };

	if (m->format == AFD_EV_JSON) {
		if (afd_secrets_cut(body, cuts, err) < 0)
			return -1;
		return m->secrets.n ? afd_json_walk(body, see_named, &c, err) : 0;
	}
	if (afd_events_each(m, body, see_secrets, &c, &why) < 0) {
		if (err)
			*err = why;
		return -1;
	}
	return 0;
}
