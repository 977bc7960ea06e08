/* The cursor of a source that asks an API:
 * {"done":{KEY:{"etag":..,"sha256":..,"until":ms}},"marks":{NAME:TEXT},"run":N,"turn":{...},"v":1}. */
#include "collector/api/pages_private.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

char *afd_done_key(const struct afd_turn *t)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	if (afd_word_add(&b, t->call->name) < 0 || afd_buf_text(&b, " ") < 0 || afd_word_add(&b, t->scope) < 0 ||
	    afd_buf_text(&b, " ") < 0 || afd_word_add(&b, t->subject) < 0)
		return NULL;
	return afd_strdup((char *)b.data);
}

struct done *afd_done_find(const struct afd_pages *p, const char *key)
{
	for (size_t i = 0; i < p->n_done; i++)
		if (strcmp(p->done[i].key, key) == 0)
			return &p->done[i];
	return NULL;
}

int afd_done_set(struct afd_pages *p, const char *key, int64_t until, const char *etag, const char *sha256, struct afd_error *err)
{
	struct done *d = afd_done_find(p, key), *more;

	if (!d) {
		more = realloc(p->done, (p->n_done + 1) * sizeof(*more));
		if (!more)
			return afd_fail_memory(err);
		p->done = more;
		d = &more[p->n_done];
		*d = (struct done){ .key = afd_strdup(key), .until = AFD_TIME_NONE };
		if (!d->key)
			return afd_fail_memory(err);
		p->n_done++;
	}
	d->until = until;
	free(d->etag);
	free(d->sha256);
	d->etag = afd_strdup(etag);
	d->sha256 = afd_strdup(sha256);
	return (etag && !d->etag) || (sha256 && !d->sha256) ? afd_fail_memory(err) : 0;
}

const char *afd_pages_mark(const struct afd_pages *p, const char *name)
{
	for (size_t i = 0; i < p->n_mark; i++)
		if (strcmp(p->mark[i].name, name) == 0)
			return p->mark[i].value;
	return NULL;
}

int afd_pages_mark_set(struct afd_pages *p, const char *name, const char *value, struct afd_error *err)
{
	char *own = afd_strdup(value);
	struct mark *more;

	if (!own)
		return afd_fail_memory(err);
	for (size_t i = 0; i < p->n_mark; i++)
		if (strcmp(p->mark[i].name, name) == 0) {
			free(p->mark[i].value);
			p->mark[i].value = own;
			return 0;
		}
	more = realloc(p->mark, (p->n_mark + 1) * sizeof(*more));
	if (more)
		p->mark = more;
	if (!more || !(more[p->n_mark].name = afd_strdup(name))) {
		free(own);
		return afd_fail_memory(err);
	}
	more[p->n_mark++].value = own;
	return 0;
}

/* --- reading --- */

struct top { const struct afd_node *done, *marks, *turn; int64_t run, v; };
static const struct afd_field top_fields[] = {
	{ "done", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct top, done) },
	{ "marks", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct top, marks) },
	{ "run", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct top, run) },
	{ "turn", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct top, turn) },
	{ "v", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct top, v) },
	{ 0 }
};
struct done_row { int64_t until; const char *etag, *sha256; };
static const struct afd_field done_fields[] = {
	{ "etag", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct done_row, etag) },
	{ "sha256", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct done_row, sha256) },
	{ "until", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct done_row, until) },
	{ 0 }
};
struct turn_row {
	const char *call, *scope, *subject, *token;
	int64_t from, to, page, n, counted, total, off_page, off_told, off_read;
	const struct afd_node *bad;
};
static const struct afd_field turn_fields[] = {
	{ "bad", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct turn_row, bad) },
	{ "call", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct turn_row, call) },
	{ "counted", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct turn_row, counted) },
	{ "from", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct turn_row, from) },
	{ "n", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct turn_row, n) },
	{ "off_page", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct turn_row, off_page) },
	{ "off_read", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct turn_row, off_read) },
	{ "off_told", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct turn_row, off_told) },
	{ "page", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct turn_row, page) },
	{ "scope", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct turn_row, scope) },
	{ "subject", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct turn_row, subject) },
	{ "to", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct turn_row, to) },
	{ "token", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct turn_row, token) },
	{ "total", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct turn_row, total) },
	{ 0 }
};
struct bad_row { int64_t from, to; const char *why; };
static const struct afd_field bad_fields[] = {
	{ "from", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct bad_row, from) },
	{ "to", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct bad_row, to) },
	{ "why", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct bad_row, why) },
	{ 0 }
};

static int read_bad(struct turn *t, struct afd_doc *d, const struct afd_node *list, struct afd_error *err)
{
	for (const struct afd_node *n = list && list->type == AFD_LIST ? list->u.list.first : NULL; n && t->n_bad < MAX_BAD;
	     n = n->next) {
		struct bad_row b = { 0 };

		if (afd_fields_read(d, n, bad_fields, &b, err) < 0)
			return -1;
		t->bad[t->n_bad].at = (struct afd_span){ b.from, b.to };
		snprintf(t->bad[t->n_bad++].why, sizeof(t->bad[0].why), "%s", b.why);
	}
	return 0;
}

/* The turn that was cut off. One whose call is not known any more is begun anew. */
static int read_turn(struct afd_pages *p, struct afd_doc *d, const struct afd_node *n, struct afd_error *err)
{
	struct turn_row r = { .counted = -1, .total = -1 };
	struct turn *t = &p->resume;

	if (afd_fields_read(d, n, turn_fields, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < p->setup.spec->n_call; i++)
		if (strcmp(p->setup.spec->call[i].name, r.call) == 0)
			t->t.call = &p->setup.spec->call[t->index = i];
	if (!t->t.call || r.page < 2)
		return 0;
	t->t.scope = afd_strdup(r.scope);
	t->t.subject = afd_strdup(r.subject ? r.subject : "");
	t->t.token = afd_strdup(r.token);
	p->has_resume = true;
	if (!t->t.scope || !t->t.subject || !t->t.token)
		return afd_fail_memory(err);
	t->t.window = (struct afd_span){ r.from, r.to };
	t->t.page = t->begun_at = (uint64_t)r.page;
	t->n = r.n > 0 ? (uint64_t)r.n : 0;
	t->counted = r.counted;
	t->total = r.total;
	t->off = (struct miscount){ r.off_page, r.off_told, r.off_read };
	t->resumed = true;
	return read_bad(t, d, r.bad, err);
}

int afd_cursor_read(struct afd_pages *p, const char *text, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct top t = { 0 };

	if (afd_json_parse(afd_slice_text(text), "cursor", &d, err) < 0 ||
	    afd_fields_read(d, afd_doc_root(d), top_fields, &t, err) < 0)
		return -1;
	if (t.v != 1)
		return afd_fail(err, AFD_E_STORE, "cursor: version %" PRId64 " is from a newer program", t.v);
	p->run = t.run > 0 ? (uint64_t)t.run : 0;
	for (const struct afd_node *n = t.done && t.done->type == AFD_MAP ? t.done->u.list.first : NULL; n; n = n->next) {
		struct done_row r = { 0 };

		if (afd_fields_read(d, n, done_fields, &r, err) < 0 || afd_done_set(p, n->key, r.until, r.etag, r.sha256, err) < 0)
			return -1;
	}
	for (const struct afd_node *n = t.marks && t.marks->type == AFD_MAP ? t.marks->u.list.first : NULL; n; n = n->next)
		if (afd_node_text(n) && afd_pages_mark_set(p, n->key, afd_node_text(n), err) < 0)
			return -1;
	return t.turn && t.turn->type == AFD_MAP ? read_turn(p, d, t.turn, err) : 0;
}

/* --- writing --- */

static json_t *turn_json(const struct turn *t)
{
	json_t *j = json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I}", "call", t->t.call->name, "scope", t->t.scope, "token", t->t.token, "from", (json_int_t)t->t.window.from, "to",
			      (json_int_t)t->t.window.to, "page", (json_int_t)t->t.page, "n", (json_int_t)t->n, "counted",
			      (json_int_t)t->counted, "total", (json_int_t)t->total);
	json_t *bad = json_array();

	for (size_t i = 0; i < t->n_bad; i++)
		json_array_append_new(bad, json_pack("{s:I,s:I,s:s}", "from", (json_int_t)t->bad[i].at.from, "to",
		                                     (json_int_t)t->bad[i].at.to, "why", t->bad[i].why));
	if (*t->t.subject)
		json_object_set_new(j, "subject", json_string(t->t.subject));
	if (t->off.page) {
		json_object_set_new(j, "off_page", json_integer(t->off.page));
		json_object_set_new(j, "off_told", json_integer(t->off.told));
		json_object_set_new(j, "off_read", json_integer(t->off.read));
	}
	if (json_object_set_new(j, "bad", bad) < 0) {
		json_decref(j);
		return NULL;
	}
	return j;
}

static json_t *done_json(const struct afd_pages *p)
{
	json_t *all = json_object();

	for (size_t i = 0; i < p->n_done; i++) {
		json_t *j = json_pack("{s:I}", "until", (json_int_t)p->done[i].until);

		if (p->done[i].etag && p->done[i].sha256) {
			json_object_set_new(j, "etag", json_string(p->done[i].etag));
			json_object_set_new(j, "sha256", json_string(p->done[i].sha256));
		}
		if (json_object_set_new(all, p->done[i].key, j) < 0)
			goto failed;
	}
	return all;
failed:
	json_decref(all);
	return NULL;
}

int afd_cursor_write(const struct afd_pages *p, struct afd_keeper *keep, struct afd_error *err)
{
	const struct turn *t = p->at < p->n_queue ? &p->queue[p->at] : NULL;
	AFD_AUTO(mem) char *text = NULL;
	json_t *j = json_pack("{s:i,s:o}", "v", 1, "done", done_json(p)), *marks = json_object();
	int bad = !j || !marks;

	for (size_t i = 0; i < p->n_mark; i++)
		bad |= json_object_set_new(marks, p->mark[i].name, json_string(p->mark[i].value)) < 0;
	bad |= json_object_set_new(j, "marks", marks) < 0;
	if (p->run)
		bad |= json_object_set_new(j, "run", json_integer((json_int_t)p->run)) < 0;
	/* Only what was kept page by page can go on in the middle. */
	if (t && t->t.token && t->t.call->kept == AFD_KEPT_PAGE && !p->replay)
		bad |= json_object_set_new(j, "turn", turn_json(t)) < 0;
	text = bad ? NULL : json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(j);
	if (!text)
		return afd_fail(err, AFD_E_ENGINE, "a cursor that is not UTF-8, or no memory");
	return keep->checkpoint(keep->ctx, text, err);
}
