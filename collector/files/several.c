#include "collector/files/several.h"

#include "collector/collect.h"

#include <inttypes.h>

static const char head[] = "affidavit files 1\n";
enum { HEAD = sizeof(head) - 1 };

bool afd_several_is(struct afd_slice bytes)
{
	return bytes.len >= HEAD && memcmp(bytes.data, head, HEAD) == 0;
}

void afd_several_begin(struct afd_several *s, const char *name, struct afd_slice bytes)
{
	*s = (struct afd_several){ name, afd_slice_sub(bytes, HEAD, bytes.len) };
}

static int bad(const struct afd_several *s, struct afd_error *err)
{
	return afd_fail(err, AFD_E_PARSE, "%s: not what several files as one item look like", s->name);
}

/* A word of LINE, and the blank behind it. */
static bool word(struct afd_slice *line, struct afd_slice *ret)
{
	const uint8_t *blank = line->len ? memchr(line->data, ' ', line->len) : NULL;
	const size_t n = blank ? (size_t)(blank - line->data) : 0;

	if (!n)
		return false;
	*ret = afd_slice_sub(*line, 0, n);
	*line = afd_slice_sub(*line, n + 1, line->len);
	return true;
}

static bool number(struct afd_slice s, size_t most, size_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9' || *ret > most)
			return false;
		*ret = *ret * 10 + (s.data[i] - '0');
	}
	return s.len && *ret <= most;
}

static bool is(struct afd_slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

int afd_several_next(struct afd_several *s, struct afd_several_part *ret, struct afd_error *err)
{
	const uint8_t *end = s->rest.len ? memchr(s->rest.data, '\n', s->rest.len) : NULL;
	struct afd_slice line, kind, second, length;
	size_t n;

	*ret = (struct afd_several_part){ 0 };
	if (!s->rest.len)
		return 0;
	if (!end)
		return bad(s, err);
	line = afd_slice_sub(s->rest, 0, (size_t)(end - s->rest.data));
	s->rest = afd_slice_sub(s->rest, line.len + 1, s->rest.len);
	if (!word(&line, &kind) || !word(&line, &second))
		return bad(s, err);
	ret->is_digest = is(kind, "digest");
	if (ret->is_digest) {
		ret->name = line;
		ret->bytes = second;
		return second.len == 64 && line.len ? 1 : bad(s, err);
	}
	if (!is(kind, "file") || second.len >= sizeof(ret->section) || !word(&line, &length) || !line.len ||
	    !number(length, s->rest.len, &n) || n >= s->rest.len || s->rest.data[n] != '\n')
		return bad(s, err);
	memcpy(ret->section, second.data, second.len);
	ret->name = line;
	ret->bytes = afd_slice_sub(s->rest, 0, n);
	s->rest = afd_slice_sub(s->rest, n + 1, s->rest.len);
	return 1;
}

int afd_several_head(struct afd_buf *b, struct afd_error *err)
{
	return afd_buf_text(b, head) < 0 ? afd_fail_memory(err) : 0;
}

static int good_name(const char *name, struct afd_error *err)
{
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return afd_fail(err, AFD_E_CONFIG, "a control character in the name of a file");
	return *name ? 0 : afd_fail(err, AFD_E_CONFIG, "a file without a name");
}

int afd_several_file(struct afd_buf *b, const char *section, const char *name, struct afd_slice bytes, struct afd_error *err)
{
	if (good_name(name, err) < 0)
		return -1;
	if (afd_buf_printf(b, "file %s %zu %s\n", section ? section : "-", bytes.len, name) < 0 || afd_buf_add(b, bytes.data, bytes.len) < 0 ||
	    afd_buf_text(b, "\n") < 0)
		return afd_fail_memory(err);
	return 0;
}

int afd_several_digest(struct afd_buf *b, const char *hex, const char *name, struct afd_error *err)
{
	if (good_name(name, err) < 0)
		return -1;
	return afd_buf_printf(b, "digest %s %s\n", hex, name) < 0 ? afd_fail_memory(err) : 0;
}

/* --- making one --- */

int afd_wanted_add(struct afd_wanted *w, const char *name, const char *by, unsigned line, struct afd_error *err)
{
	struct afd_wanted_file *p;

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->at[i].name, name) == 0)
			return 0;
	p = reallocarray(w->at, w->n + 1, sizeof(*p));
	if (!p)
		return afd_fail_memory(err);
	w->at = p;
	p[w->n] = (struct afd_wanted_file){ afd_strdup(name), afd_strdup(by), line };
	w->n++;                                   /* what could be made of it is released with the rest */
	return p[w->n - 1].name && p[w->n - 1].by ? 0 : afd_fail_memory(err);
}

void afd_wanted_release(struct afd_wanted *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->at[i].name);
		free(w->at[i].by);
	}
	free(w->at);
	*w = (struct afd_wanted){ 0 };
}

static bool may_want(const char *decoder)
{
	return strcmp(decoder, "inventory") == 0 || strcmp(decoder, "attestations") == 0;
}

static int add_digests(const char *decoder, const char *label, afd_user_read *read, void *ctx, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(wanted) struct afd_wanted w = { 0 };

	if (may_want(decoder) && afd_inventory_documents(decoder, afd_buf_slice(ret), label, &w, err) < 0)
		return -1;
	for (size_t i = 0; i < w.n; i++) {
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };
		struct afd_digest digest;

		if (read(ctx, w.at[i].name, &bytes, err) < 0)
			return afd_within(err, "%s:%u: a document that it names", w.at[i].by, w.at[i].line);
		afd_sha256(afd_buf_slice(&bytes), &digest);
		if (afd_several_digest(ret, afd_digest_hex(&digest).s, w.at[i].name, err) < 0)
			return -1;
	}
	return (int)(w.n > 0);
}

int afd_user_item(const char *decoder, const char *label, const struct afd_user_part *part, size_t n, afd_user_read *read, void *ctx,
		  struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf first = { 0 };
	int documents;

	if (afd_several_head(ret, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };

		if (read(ctx, part[i].path, &bytes, err) < 0 || afd_several_file(ret, part[i].section, part[i].path, afd_buf_slice(&bytes), err) < 0)
			return -1;
		if (n == 1 && !part[i].section) {
			first = bytes;
			bytes = (struct afd_buf){ 0 };
		}
	}
	documents = add_digests(decoder, label, read, ctx, ret, err);
	if (documents < 0)
		return -1;
	if (n == 1 && !part[0].section && !documents) {
		afd_buf_release(ret);
		*ret = first;
		first = (struct afd_buf){ 0 };
	}
	return 0;
}
