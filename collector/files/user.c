#include "collector/files/user.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <strings.h>

#include "collector/collect.h"
#include "core/likeness.h"
#include "core/limits.h"
#include "core/name.h"

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

int afd_uf_doc(struct afd_slice bytes, const char *name, struct afd_doc **ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	int r;

	if (bytes.len > AFD_MAX_USER_FILE)
		return afd_fail(err, AFD_E_LIMIT, "%s: %zu bytes, more than %u", name, bytes.len, AFD_MAX_USER_FILE);
	r = ends_in(name, ".json") ? afd_json_parse(bytes, name, &d, err) : afd_yaml_parse(bytes, name, &d, err);
	if (r < 0)
		return -1;
	if (afd_doc_root(d) && afd_doc_root(d)->type == AFD_NULL)
		return afd_fail(err, AFD_E_CONFIG, "%s:1: the file says nothing; where that is meant, write {}", name);
	if (!afd_doc_root(d) || afd_doc_root(d)->type != AFD_MAP)
		return afd_node_fail(d, afd_doc_root(d), err, "a map");
	*ret = afd_steal(&d);
	return 0;
}

int afd_uf_fail(const struct afd_doc *d, const struct afd_node *n, struct afd_error *err, const char *fmt, ...)
{
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!n)
		n = afd_doc_root(d);
	return afd_fail(err, AFD_E_CONFIG, "%s:%u: %s", afd_doc_name(d), n ? n->line : 1, text);
}

int afd_uf_list(const struct afd_doc *d, const struct afd_node *n, const struct afd_node **ret, struct afd_error *err)
{
	*ret = NULL;
	if (!n || n->type == AFD_NULL)
		return 0;
	if (n->type != AFD_LIST)
		return afd_node_fail(d, n, err, "a list");
	*ret = n->u.list.first;
	return 0;
}

const char *afd_uf_keep(struct afd_doc *d, const char *fmt, ...)
{
	va_list ap;
	char *ret;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	ret = n < 0 ? NULL : afd_doc_alloc(d, (size_t)n + 1);
	if (!ret)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(ret, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return ret;
}

static bool is_ascii(const char *text)
{
	while (*text > 0)
		text++;
	return !*text;
}

const char *afd_uf_finding(struct afd_doc *d, const struct afd_node *n, const char *text, struct afd_error *err)
{
	const char *ret;
	char id[17];

	if (!afd_finding_id_read(text, id)) {
		afd_node_fail(d, n, err, "a finding id of 16 of A-Z 2-7");
		return NULL;
	}
	ret = afd_uf_keep(d, "%s", id);
	if (!ret)
		afd_fail_memory(err);
	return ret;
}

const char *afd_uf_name(struct afd_doc *d, const struct afd_node *n, const char *text, bool wildcard,
			struct afd_error *err)
{
	char name[AFD_NAME_MAX];
	const char *ret;

	if (afd_name_canonical(afd_slice_text(text), name, NULL) < 0) {
		afd_node_fail(d, n, err, is_ascii(text) ? "a domain name" : "a domain name, international labels in their xn-- form");
		return NULL;
	}
	if (strstr(text, "://")) {
		afd_node_fail(d, n, err, "a name alone, without scheme and path");
		return NULL;
	}
	if (!wildcard && name[0] == '*') {
		afd_node_fail(d, n, err, "a name without a wildcard");
		return NULL;
	}
	ret = n && text == afd_node_text(n) && !strcmp(name, text) ? text : afd_uf_keep(d, "%s", name);
	if (!ret)
		afd_fail_memory(err);
	return ret;
}

const char *afd_uf_host(struct afd_doc *d, const struct afd_node *n, const char *text, bool wildcard, struct afd_error *err)
{
	const char *ret = afd_uf_name(d, n, text, wildcard, err), *dot = ret ? strrchr(ret, '.') : NULL;

	/* a "/" is good but in the last label (RFC 2317, 4) */
	if (ret && (strpbrk(ret, ":@,;") || (dot && strchr(dot, '/')))) {
		afd_node_fail(d, n, err, "a name alone, without port, path or user");
		return NULL;
	}
	return ret;
}

void afd_uf_near(struct afd_uf_nearest *n, const char *text, const char *word)
{
	const unsigned slack = strlen(word) <= 3 ? 1 : 2;
	unsigned far = strcasecmp(text, word) == 0 ? 0 : afd_text_far(text, word, slack);

	/* the beginning of a word is meant for it */
	if (far > slack && strlen(text) >= 3 && strncasecmp(text, word, strlen(text)) == 0)
		far = slack;
	if (far <= slack && (!n->word || far < n->far))
		*n = (struct afd_uf_nearest){ word, far };
}

int afd_uf_word(const struct afd_doc *d, const struct afd_node *n, const char *const *words, const char **ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf all = { .max = 400 };
	struct afd_uf_nearest near = { 0 };
	const char *text = afd_node_text(n);

	*ret = NULL;
	if (!n || n->type == AFD_NULL)
		return 0;
	for (size_t i = 0; words[i]; i++) {
		if (text && strcmp(text, words[i]) == 0) {
			*ret = words[i];
			return 0;
		}
		if (text)
			afd_uf_near(&near, text, words[i]);
		afd_buf_printf(&all, "%s%s", !i ? "" : words[i + 1] ? ", " : " or ", words[i]);
	}
	if (near.word)
		afd_buf_printf(&all, " (perhaps %s)", near.word);
	return afd_node_fail(d, n, err, all.len ? (const char *)all.data : "a word");
}

/* --- rows --- */

enum { CHUNK_BYTES = 64 * 1024 };
struct afd_uf_chunk { struct afd_uf_chunk *next; size_t used; max_align_t room[CHUNK_BYTES / sizeof(max_align_t)]; };

static void *room_for(struct afd_uf_rows *r, size_t n)
{
	struct afd_uf_chunk *c = r->chunk;
	void *ret;

	if (!c || n > sizeof(c->room) - c->used) {
		c = malloc(sizeof(*c));
		if (!c)
			return NULL;
		c->next = r->chunk;
		c->used = 0;
		r->chunk = c;
	}
	ret = (char *)c->room + c->used;
	c->used += n;
	return ret;
}

static const struct afd_uf_form *form_of(struct afd_uf_rows *r, const struct afd_row_user_value *v, size_t n)
{
	struct afd_uf_form *f = r->form;
	size_t i;

	for (; f; f = f->next) {
		for (i = 0; i < n && i < f->n && !strcmp(f->column[i], v[i].column); i++)
			;
		if (i == n && f->n == n)
			return f;
	}
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	for (f->n = 0; f->n < n; f->n++)
		f->column[f->n] = v[f->n].column;
	f->next = r->form;
	return r->form = f;
}

int afd_uf_row(struct afd_uf_rows *r, const char *table, const char *key, unsigned line,
                 const struct afd_row_user_value *v, size_t n, struct afd_error *err)
{
	struct afd_uf_kept *k;

	if (n > AFD_UF_MAX_VALUES || !key)
		return afd_fail_memory(err);
	if (r->n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 64;
		struct afd_uf_kept **at = reallocarray(r->at, cap, sizeof(*at));

		if (!at)
			return afd_fail_memory(err);
		r->at = at;
		r->cap = cap;
	}
	k = room_for(r, sizeof(*k) + n * sizeof(k->v[0]));
	if (!k)
		return afd_fail_memory(err);
	*k = (struct afd_uf_kept){ .table = table, .key = key, .file = r->file, .form = form_of(r, v, n), .line = line };
	if (!k->form)
		return afd_fail_memory(err);
	for (size_t i = 0; i < n; i++) {
		k->ints |= (uint32_t)v[i].is_int << i;
		if (v[i].is_int)
			k->v[i].i = v[i].i;
		else
			k->v[i].text = v[i].text;
	}
	r->at[r->n++] = k;
	return 0;
}

static size_t key_hash(const char *table, const char *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (const char *p = table; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	for (const char *p = key; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 29);
}

/* What sets B, a second row of the same key, against A: people want to know whether it is a copy or a contradiction. */
static void tell_difference(const struct afd_uf_kept *a, const struct afd_uf_kept *b, struct afd_buf *ret)
{
	for (size_t i = 0; a->form == b->form && i < a->form->n; i++) {
		const char *x, *y;

		if (a->ints >> i & 1 || b->ints >> i & 1)
			continue;
		x = a->v[i].text;
		y = b->v[i].text;
		if ((x || y) && (!x || !y || strcmp(x, y) != 0)) {
			afd_buf_printf(ret, ", and with another %s: \"%.100s\" there, \"%.100s\" here", a->form->column[i], x ? x : "", y ? y : "");
			return;
		}
	}
}

/* As people call it, whose section is "zones" and not "owned_zone". */
static const char *thing(const char *table)
{
	static const struct { const char *table, *thing; } rows[] = {
		{ "approved_issuer", "issuer" }, { "change_window", "window" }, { "credential_scope", "right to write" }, { "domain_address", "address" },
		{ "environment_name", "name in an environment" }, { "owned_certificate", "certificate" }, { "owned_zone", "zone" }, { "supplier_name", "name of a supplier" },
	};

	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		if (strcmp(rows[i].table, table) == 0)
			return rows[i].thing;
	return table;
}

static int refuse_double(const struct afd_uf_kept *a, const struct afd_uf_kept *b, const char *name, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf more = { .max = 400 };
	const char *const there = a->file ? a->file : name, *const here = b->file ? b->file : name;

	tell_difference(a, b, &more);
	if (strcmp(there, here) != 0)
		return afd_fail(err, AFD_E_CONFIG, "%s:%u: %s \"%.300s\" stands twice, first in %s:%u%s", here, b->line, thing(b->table), b->key, there,
				a->line, more.len ? (const char *)more.data : "");
	return afd_fail(err, AFD_E_CONFIG, "%s:%u: %s \"%.300s\" stands here twice, first in line %u%s", here, b->line, thing(b->table), b->key, a->line,
			more.len ? (const char *)more.data : "");
}

/* In the order of the file: of two the later one is told. */
int afd_uf_settle(struct afd_uf_rows *r, const char *name, struct afd_error *err)
{
	size_t size = 16;

	while (size < 2 * r->n)
		size *= 2;
	r->index = calloc(size, sizeof(*r->index));
	r->index_size = size;
	if (!r->index)
		return afd_fail_memory(err);
	for (size_t i = 0; i < r->n; i++) {
		const struct afd_uf_kept *k = r->at[i];
		size_t at = key_hash(k->table, k->key) & (size - 1);

		for (; r->index[at]; at = (at + 1) & (size - 1))
			if (!strcmp(r->index[at]->key, k->key) && !strcmp(r->index[at]->table, k->table))
				return refuse_double(r->index[at], k, name, err);
		r->index[at] = k;
	}
	return 0;
}

const struct afd_uf_kept *afd_uf_find(const struct afd_uf_rows *r, const char *table, const char *key)
{
	size_t at = r->index ? key_hash(table, key) & (r->index_size - 1) : 0;

	for (; r->index && r->index[at]; at = (at + 1) & (r->index_size - 1))
		if (!strcmp(r->index[at]->key, key) && !strcmp(r->index[at]->table, table))
			return r->index[at];
	return NULL;
}

int afd_uf_tell(struct afd_uf_rows *r, const char *name, const char *const *tables, struct afd_sink *sink,
		struct afd_error *err)
{
	if ((!r->index && afd_uf_settle(r, name, err) < 0) || sink->user_begin(sink->ctx, tables, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		const struct afd_uf_kept *k = r->at[i];
		struct afd_row_user_value v[AFD_UF_MAX_VALUES];
		const struct afd_row_user row = { .table = k->table, .key = k->key, .v = v, .n = k->form->n };

		for (size_t c = 0; c < row.n; c++) {
			const bool is_int = k->ints >> c & 1;

			v[c] = (struct afd_row_user_value){ .column = k->form->column[c], .is_int = is_int,
			                                    .text = is_int ? NULL : k->v[c].text, .i = is_int ? k->v[c].i : 0 };
		}
		if (sink->user(sink->ctx, &row, err) < 0)
			return -1;
	}
	return sink->user_end(sink->ctx, err);
}

void afd_uf_rows_release(struct afd_uf_rows *r)
{
	for (struct afd_uf_chunk *c = r->chunk, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	for (struct afd_uf_form *f = r->form, *next; f; f = next) {
		next = f->next;
		free(f);
	}
	free(r->at);
	free(r->index);
	*r = (struct afd_uf_rows){ 0 };
}

/* --- reading without keeping --- */

static int no_tables(void *ctx, const char *const *tables, struct afd_error *err)
{
	(void)ctx, (void)tables, (void)err;
	return 0;
}

static int no_row(void *ctx, const struct afd_row_user *r, struct afd_error *err)
{
	(void)ctx, (void)r, (void)err;
	return 0;
}

static int no_end(void *ctx, struct afd_error *err)
{
	(void)ctx, (void)err;
	return 0;
}

int afd_user_file_check(const char *decoder, const char *label, struct afd_slice bytes, struct afd_error *err)
{
	const struct afd_provider *p = afd_provider_find(decoder);
	struct afd_sink nowhere = { .user_begin = no_tables, .user = no_row, .user_end = no_end };
	struct afd_range whole = { 0, bytes.len };
	struct afd_record record = { .kind = AFD_ITEM_FILE };
	struct afd_item_view view = { .record = &record, .bytes = bytes, .parts = { &whole, 1, 1 } };

	if (!p || p->leg != AFD_LEG_USER)
		return afd_fail(err, AFD_E_USAGE, "\"%s\" is not a kind of user file", decoder);
	if (bytes.len > AFD_MAX_USER_FILE)
		return afd_fail(err, AFD_E_LIMIT, "%s: %zu bytes, more than %u", label, bytes.len, AFD_MAX_USER_FILE);
	record.asked = (char *)label;
	record.decoder = (char *)decoder;
	return p->decode(&view, &nowhere, err);
}
