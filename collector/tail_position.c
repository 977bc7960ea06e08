#include "collector/tail_position.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

void afd_tail_mark_set(struct afd_tail_mark *m, struct afd_slice s)
{
	m->len = s.len < AFD_TAIL_MARK ? s.len : AFD_TAIL_MARK;
	afd_sha256(afd_slice_sub(s, 0, m->len), &m->digest);
}

bool afd_tail_mark_holds(struct afd_slice s, const struct afd_tail_mark *m)
{
	struct afd_tail_mark got;

	afd_tail_mark_set(&got, afd_slice_sub(s, 0, m->len));
	return got.len == m->len && afd_digest_equal(&got.digest, &m->digest);
}

static bool read_u64(const struct afd_node *map, const char *key, uint64_t *ret)
{
	const char *s = afd_node_text(afd_node_get(map, key));
	char *end;

	if (!s || *s < '0' || *s > '9')
		return false;
	*ret = strtoull(s, &end, 10);
	return *end == 0;
}

static bool read_i64(const struct afd_node *map, const char *key, int64_t *ret)
{
	const struct afd_node *n = afd_node_get(map, key);

	if (!n || n->type != AFD_INT)
		return false;
	*ret = n->u.i;
	return true;
}

static bool read_mark(const struct afd_node *map, const char *key, const char *len_key, struct afd_tail_mark *ret)
{
	const char *hex = afd_node_text(afd_node_get(map, key));
	int64_t len;

	if (!hex || !read_i64(map, len_key, &len) || len < 0 || len > AFD_TAIL_MARK ||
	    afd_unhex(hex, strlen(hex), ret->digest.b, sizeof(ret->digest.b)) < 0)
		return false;
	ret->len = (size_t)len;
	return true;
}

static const struct afd_node *first_of(const struct afd_node *list)
{
	return list && list->type == AFD_LIST ? list->u.list.first : NULL;
}

static const char *scope_of_config(const struct afd_texts *scopes, const char *name)
{
	for (size_t i = 0; name && i < scopes->n; i++)
		if (strcmp(scopes->at[i], name) == 0)
			return scopes->at[i];
	return NULL;
}

/* A scope's last span grows rather than that it has more than UNCLEAR_MAX. */
enum { UNCLEAR_MAX = 8 };

int afd_tail_position_unclear(struct afd_tail_position *p, const struct afd_tail_unclear *u)
{
	struct afd_tail_unclear *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->n_unclear; i++)
		if (strcmp(p->unclear[i].scope, u->scope) == 0) {
			last = &p->unclear[i];
			n++;
		}
	if (last && (n >= UNCLEAR_MAX || (u->at.from >= last->at.from && u->at.from <= last->at.to))) {
		if (u->at.from < last->at.from)
			last->at.from = u->at.from;
		if (u->at.to > last->at.to)
			last->at.to = u->at.to;
		last->lines += u->lines;
		return 0;
	}
	struct afd_tail_unclear *at = reallocarray(p->unclear, p->n_unclear + 1, sizeof(*at));
	if (!at)
		return -1;
	p->unclear = at;
	at[p->n_unclear++] = *u;
	return 0;
}

int afd_tail_position_read(struct afd_tail_position *p, const struct afd_texts *scopes, const char *cursor,
                           struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	int64_t offset, lines, lines_then;

	p->until_ms = AFD_TIME_NONE;
	if (!cursor)
		return 0;
	if (afd_json_parse(afd_slice_text(cursor), "cursor", &d, err) < 0)
		return -1;
	const struct afd_node *root = afd_doc_root(d);
	if (!read_u64(root, "device", &p->file.id[0]) || !read_u64(root, "inode", &p->file.id[1]) ||
	    !read_i64(root, "offset", &offset) || !read_i64(root, "lines", &lines) || offset < 0 || lines < 0 ||
	    !read_mark(root, "head", "head_len", &p->file.head) || !read_mark(root, "tail", "tail_len", &p->tail) ||
	    (uint64_t)offset < p->tail.len)
		return afd_fail(err, AFD_E_PARSE, "cursor: not one of this source");
	read_i64(root, "until", &p->until_ms);
	for (const struct afd_node *n = first_of(afd_node_get(root, "unclear")); n; n = n->next) {
		const char *scope = scope_of_config(scopes, afd_node_text(afd_node_get(n, "zone")));
		struct afd_tail_unclear u = { .scope = scope };
		if (!scope || !read_i64(n, "from", &u.at.from) || !read_i64(n, "to", &u.at.to) ||
		    !read_i64(n, "lines", &lines_then) || lines_then < 1 || u.at.from >= u.at.to)
			continue;
		u.lines = (uint64_t)lines_then;
		if (afd_tail_position_unclear(p, &u) < 0)
			return afd_fail_memory(err);
	}
	p->known = true;
	p->offset = (uint64_t)offset;
	p->lines = (uint64_t)lines;
	return 0;
}

static void write_mark(json_t *j, const char *key, const char *len_key, const struct afd_tail_mark *m)
{
	json_object_set_new(j, key, json_string(afd_digest_hex(&m->digest).s));
	json_object_set_new(j, len_key, json_integer((json_int_t)m->len));
}

char *afd_tail_position_write(const struct afd_tail_position *p)
{
	json_t *j = json_object();
	char number[2][24];

	for (int i = 0; i < 2; i++)
		snprintf(number[i], sizeof(number[i]), "%" PRIu64, p->file.id[i]);
	json_object_set_new(j, "device", json_string(number[0]));
	json_object_set_new(j, "inode", json_string(number[1]));
	write_mark(j, "head", "head_len", &p->file.head);
	write_mark(j, "tail", "tail_len", &p->tail);
	json_object_set_new(j, "offset", json_integer((json_int_t)p->offset));
	json_object_set_new(j, "lines", json_integer((json_int_t)p->lines));
	if (p->until_ms != AFD_TIME_NONE)
		json_object_set_new(j, "until", json_integer(p->until_ms));
	json_t *unclear = p->n_unclear ? json_array() : NULL;
	for (size_t i = 0; i < p->n_unclear; i++) {
		const struct afd_tail_unclear *u = &p->unclear[i];
		json_array_append_new(unclear, json_pack("{s:s,s:I,s:I,s:I}", "zone", u->scope, "from",
		                                         (json_int_t)u->at.from, "to", (json_int_t)u->at.to, "lines",
		                                         (json_int_t)u->lines));
	}
	if (unclear)
		json_object_set_new(j, "unclear", unclear);
	char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(j);
	return text;
}

void afd_tail_position_release(struct afd_tail_position *p)
{
	free(p->unclear);
	*p = (struct afd_tail_position){ 0 };
}
