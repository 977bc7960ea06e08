/* A list that came in pages, as one item; what records say they asked; redaction and splitting of both forms. */
#include "collector/api/pages.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/api/pages_private.h"
#include "collector/api/xml.h"
#include "collector/registrar/json_walk.h"
#include "collector/registrar/secrets.h"

#define LIST_HEAD "affidavit-list/1 "
#define MAX_LIST_PAGES 100000u

/* --- words: one blank between, "-" for none --- */

int afd_word_add(struct afd_buf *to, const char *text)
{
	if (!text || !*text)
		return afd_buf_text(to, "-");
	if (strcmp(text, "-") == 0)
		return afd_buf_text(to, "%2D");
	for (; *text; text++)
		if (*text > 0x20 && *text < 0x7f && *text != '%' ? afd_buf_u8(to, (uint8_t)*text) < 0
								 : afd_buf_printf(to, "%%%02X", (unsigned char)*text) < 0)
			return -1;
	return 0;
}

static int hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The word at *S as owned text, *S behind the blank after it. NULL: broken, or no memory. */
static char *word_take(struct afd_slice *s)
{
	const uint8_t *blank = s->len ? memchr(s->data, ' ', s->len) : NULL;
	size_t n = blank ? (size_t)(blank - s->data) : s->len, k = 0;
	char *ret = n ? malloc(n + 1) : NULL;

	if (ret && n == 1 && s->data[0] == '-')
		n = 0;
	for (size_t i = 0; ret && i < n; i++) {
		int hi = -1, lo = -1;

		if (s->data[i] != '%') {
			ret[k++] = (char)s->data[i];
			continue;
		}
		if (i + 2 < n) {
			hi = hex_digit(s->data[i + 1]);
			lo = hex_digit(s->data[i + 2]);
		}
		if (hi < 0 || lo < 0 || hi + lo == 0) {
			free(ret);
			return NULL;
		}
		ret[k++] = (char)(hi << 4 | lo);
		i += 2;
	}
	if (!ret)
		return NULL;
	ret[k] = '\0';
	n = blank ? (size_t)(blank - s->data) + 1 : s->len;
	*s = afd_slice(s->data + n, s->len - n);
	return ret;
}

/* --- lists --- */

int afd_list_begin(struct afd_buf *to, const struct afd_turn *t)
{
	return afd_buf_text(to, LIST_HEAD) < 0 || afd_word_add(to, t->call->name) < 0 || afd_buf_text(to, " ") < 0 ||
	       afd_word_add(to, t->scope) < 0 || afd_buf_text(to, " ") < 0 || afd_word_add(to, t->subject) < 0 ||
	       afd_buf_text(to, "\n") < 0;
}

int afd_list_page(struct afd_buf *to, const char *asked, struct afd_slice body)
{
	if (afd_buf_printf(to, "page %zu ", body.len) < 0)
		return -1;
	for (; *asked; asked++)
		if (afd_buf_u8(to, *asked >= 0x20 && *asked < 0x7f ? (uint8_t)*asked : '?') < 0)
			return -1;
	return afd_buf_text(to, "\n") < 0 || afd_buf_add_slice(to, body) < 0 || afd_buf_text(to, "\n") < 0 ? -1 : 0;
}

void afd_list_release(struct afd_list *l)
{
	free(l->call);
	free(l->scope);
	free(l->subject);
	free(l->page);
	*l = (struct afd_list){ 0 };
}

static bool line_take(struct afd_slice *s, struct afd_slice *ret)
{
	const uint8_t *end = s->len ? memchr(s->data, '\n', s->len) : NULL;

	if (!end)
		return false;
	*ret = afd_slice(s->data, (size_t)(end - s->data));
	*s = afd_slice(end + 1, s->len - ret->len - 1);
	return true;
}

static bool starts(struct afd_slice s, const char *with)
{
	return s.len >= strlen(with) && memcmp(s.data, with, strlen(with)) == 0;
}

static int page_take(struct afd_slice *s, struct afd_list_page *ret, struct afd_error *err)
{
	struct afd_slice line;
	uint64_t len = 0;
	size_t i = 5;

	if (!line_take(s, &line) || !starts(line, "page "))
		return afd_fail(err, AFD_E_PARSE, "list: expected a line that begins with \"page\"");
	for (; i < line.len && line.data[i] >= '0' && line.data[i] <= '9' && len <= s->len; i++)
		len = len * 10 + (uint64_t)(line.data[i] - '0');
	if (i == 5 || i == line.len || line.data[i] != ' ' || len >= s->len || s->data[len] != '\n')
		return afd_fail(err, AFD_E_PARSE, "list: a page's length does not fit");
	ret->asked = afd_slice_sub(line, i + 1, line.len);
	ret->body = afd_slice_sub(*s, 0, (size_t)len);
	*s = afd_slice(s->data + len + 1, s->len - (size_t)len - 1);
	return 0;
}

static int list_pages(struct afd_slice s, struct afd_list *ret, struct afd_error *err)
{
	size_t cap = 0;

	while (s.len) {
		if (ret->n == MAX_LIST_PAGES)
			return afd_fail(err, AFD_E_LIMIT, "list: more than %u pages", MAX_LIST_PAGES);
		if (ret->n == cap) {
			struct afd_list_page *more = realloc(ret->page, (cap = cap ? 2 * cap : 8) * sizeof(*more));

			if (!more)
				return afd_fail_memory(err);
			ret->page = more;
		}
		if (page_take(&s, &ret->page[ret->n], err) < 0)
			return -1;
		ret->n++;
	}
	return 0;
}

int afd_list_read(struct afd_slice bytes, struct afd_list *ret, struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };
	struct afd_slice line;

	if (!starts(bytes, LIST_HEAD) || !line_take(&bytes, &line))
		return afd_fail(err, AFD_E_PARSE, "list: expected \"%s\"", LIST_HEAD);
	line = afd_slice_sub(line, strlen(LIST_HEAD), line.len);
	if (!(l.call = word_take(&line)) || !(l.scope = word_take(&line)) || !(l.subject = word_take(&line)) || line.len)
		return afd_fail(err, AFD_E_PARSE, "list: expected a call, a scope and a subject in its first line");
	if (list_pages(bytes, &l, err) < 0)
		return -1;
	*ret = l;
	l = (struct afd_list){ 0 };
	return 0;
}

/* --- what was asked --- */

static int time_add(struct afd_buf *to, int64_t ms, bool given)
{
	return afd_buf_printf(to, " %s", given ? afd_when_text(ms).s : "-");
}

int afd_asked_write(struct afd_buf *to, const struct afd_turn *t, const char *what)
{
	bool window = t->window.from < t->window.to;

	if (afd_word_add(to, t->call->name) < 0 || afd_buf_text(to, " ") < 0 || afd_word_add(to, t->scope) < 0 ||
	    afd_buf_text(to, " ") < 0 || afd_word_add(to, t->subject) < 0 || time_add(to, t->window.from, window) < 0 ||
	    time_add(to, t->window.to, window) < 0)
		return -1;
	return afd_buf_printf(to, " page %" PRIu64 ": %s", t->page, what);
}

void afd_asked_release(struct afd_asked *a)
{
	free(a->call);
	free(a->scope);
	free(a->subject);
	*a = (struct afd_asked){ 0 };
}

static int asked_time(struct afd_slice *s, int64_t *ret)
{
	AFD_AUTO(mem) char *w = word_take(s);

	*ret = 0;
	return !w ? -1 : !*w ? 0 : afd_when_parse(w, ret, NULL);
}

int afd_asked_read(const char *asked, struct afd_asked *ret, struct afd_error *err)
{
	AFD_AUTO(asked) struct afd_asked a = { 0 };
	struct afd_slice s = afd_slice_text(asked ? asked : "");

	if (!(a.call = word_take(&s)) || !(a.scope = word_take(&s)) || !(a.subject = word_take(&s)) ||
	    asked_time(&s, &a.window.from) < 0 || asked_time(&s, &a.window.to) < 0 || !starts(s, "page ") || !*a.call || !*a.scope)
		return afd_fail(err, AFD_E_PARSE, "the record does not say what was asked");
	s = afd_slice_sub(s, 5, s.len);
	for (size_t i = 0; i < s.len && i < 18 && s.data[i] >= '0' && s.data[i] <= '9'; i++)
		a.page = a.page * 10 + (uint64_t)(s.data[i] - '0');
	*ret = a;
	a = (struct afd_asked){ 0 };
	return 0;
}

/* --- redaction and splitting --- */

static bool looks_like_xml(struct afd_slice s)
{
	size_t i = starts(s, "\xef\xbb\xbf") ? 3 : 0;

	while (i < s.len && memchr(" \t\r\n", s.data[i], 4))
		i++;
	return i < s.len && s.data[i] == '<';
}

static int redact_page(struct afd_slice whole, struct afd_slice page, struct afd_ranges *cuts, struct afd_error *err)
{
	size_t from = cuts->n;

	if ((looks_like_xml(page) ? afd_xml_secrets_cut(page, cuts, err) : afd_secrets_cut(page, cuts, err)) < 0)
		return -1;
	for (size_t i = from; i < cuts->n; i++)
		cuts->at[i].off += (uint64_t)(page.data - whole.data);
	return 0;
}

int afd_pages_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };

	if (!starts(bytes, LIST_HEAD))
		return redact_page(bytes, bytes, cuts, err);
	if (afd_list_read(bytes, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++)
		if (redact_page(bytes, l.page[i].body, cuts, err) < 0)
			return afd_within(err, "page %zu", i + 1);
	return 0;
}

int afd_pages_split(struct afd_slice bytes, const char *key, struct afd_ranges *parts, struct afd_error *err)
{
	if (starts(bytes, LIST_HEAD) || looks_like_xml(bytes))
		return afd_ranges_add(parts, 0, bytes.len) < 0 ? afd_fail_memory(err) : 0;
	return afd_json_tile(bytes, key, parts, err);
}

bool afd_pages_unchanged(const struct afd_item_view *item)
{
	return starts(item->bytes, AFD_UNCHANGED_HEAD);
}
