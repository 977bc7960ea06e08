#include "collector/stored.h"
#include "collector/path.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "core/digest.h"

enum { BATCH = 200, SEEN = 8, MAX_GAPS = 64 };   /* SEEN: bytes of hash by which a file is known again */
enum step { FOLDER, FILES, DONE };

struct file { char *name; uint64_t size; int64_t modified_ms; uint8_t seen[SEEN]; bool fresh, failed; };

struct stored {
	const struct afd_stored_form *form;
	const struct afd_stored_config *config;
	const struct afd_env *env;
	const char *import_file;                  /* this one alone, whatever its name */
	char *path, *file_path, *asked;
	enum step step;
	struct file *file; size_t n, at, n_fresh, done;
	struct afd_buf before;                    /* hashes of the last run, sorted */
	int64_t until_ms;                         /* end of what was covered; NONE: nothing */
	struct afd_span told;                     /* of this run's files */
	uint64_t events;
	struct gap { struct afd_span at; char *why; } gap[MAX_GAPS]; size_t n_gap;   /* stated last: what is stated later counts */
};

/* --- small things --- */

static int compare_seen(const void *a, const void *b)
{
	return memcmp(a, b, SEEN);
}

static void mark_of(struct file *f)
{
	AFD_AUTO(mem) char *text = afd_sprintf("%s\n%" PRIu64 "\n%" PRId64, f->name, f->size, f->modified_ms);
	struct afd_digest d = { 0 };

	if (text)
		afd_sha256(afd_slice_text(text), &d);
	memcpy(f->seen, d.b, SEEN);
}

static bool has_suffix(const char *name, const char *list)
{
	const size_t len = strlen(name);

	for (const char *p = list; p && *p;) {
		const size_t n = strcspn(p, " ");

		if (n <= len && !memcmp(name + len - n, p, n))
			return true;
		p += n + strspn(p + n, " ");
	}
	return !list;
}

static bool is_packed(const char *name)
{
	return has_suffix(name, ".gz");
}

/* Blanks and what does not print as %XX: a name is one word. */
static int add_word(struct afd_buf *to, const char *text)
{
	int r = *text ? 0 : afd_buf_text(to, "-");

	for (; *text && r >= 0; text++)
		r = *text <= ' ' || *text == '%' || *text == 0x7f || (unsigned char)*text >= 0x80 ? afd_buf_printf(to, "%%%02X", (unsigned char)*text) :
		                                                                                       afd_buf_u8(to, (uint8_t)*text);
	return r;
}

static char *word_at(const char **text)
{
	const size_t n = strcspn(*text, " ");
	char *ret = malloc(n + 1), *to = ret;

	for (size_t i = 0; ret && i < n; i++) {
		unsigned byte;

		if ((*text)[i] == '%' && i + 2 < n && sscanf(*text + i + 1, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			i += 2;
		} else {
			*to++ = (*text)[i];
		}
	}
	if (ret)
		*to = '\0';
	*text += n + ((*text)[n] == ' ');
	return ret;
}

int afd_stored_asked_read(const char *asked, char **scope, char **name, struct afd_error *err)
{
	const char *p = asked ? strchr(asked, ' ') : NULL;

	*scope = *name = NULL;
	if (!p || !p[1])
		return afd_fail(err, AFD_E_PARSE, "the record does not say which file it was");
	p++;
	*scope = word_at(&p);
	*name = word_at(&p);
	if (*scope && *name)
		return 0;
	free(*scope);
	free(*name);
	*scope = *name = NULL;
	return afd_fail_memory(err);
}

int afd_stored_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct afd_stored_config *c = config;

	if (strpbrk(c->account, " \t\n"))
		return afd_fail(err, AFD_E_CONFIG, "account: expected one word");
	return afd_buf_text(ret, c->account) < 0 ? afd_fail_memory(err) : 0;
}

/* --- the cursor: {"seen":"base64 of the hashes","until":ms} --- */

static int cursor_read(struct stored *s, const char *text, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *until;
	const char *seen;

	if (!text)
		return 0;
	if (afd_json_parse(afd_slice_text(text), "cursor", &d, err) < 0)
		return -1;
	until = afd_node_get(afd_doc_root(d), "until");
	seen = afd_node_text(afd_node_get(afd_doc_root(d), "seen"));
	s->until_ms = until && until->type == AFD_INT ? until->u.i : AFD_TIME_NONE;
	if (seen && (afd_unbase64(afd_slice_text(seen), &s->before) < 0 || s->before.len % SEEN))
		return afd_fail(err, AFD_E_PARSE, "cursor: broken");
	if (s->before.len)
		qsort(s->before.data, s->before.len / SEEN, SEEN, compare_seen);
	return 0;
}

/* Those that lie there and were read; what is gone from the directory need not be known any more. One that could not be
 * read is known when its gap was stated, at the end: after a kill it is read again. */
static int checkpoint(struct stored *s, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf hashes = { 0 };
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	for (size_t i = 0; i < s->n; i++)
		if ((!s->file[i].fresh || (i < s->at && (!s->file[i].failed || s->step == DONE))) && afd_buf_add(&hashes, s->file[i].seen, SEEN) < 0)
			return afd_fail_memory(err);
	if (afd_buf_text(&text, "{\"seen\":\"") < 0 || afd_base64(afd_buf_slice(&hashes), &text) < 0 || afd_buf_text(&text, "\"") < 0 ||
	    (s->until_ms != AFD_TIME_NONE && afd_buf_printf(&text, ",\"until\":%" PRId64, s->until_ms) < 0) || afd_buf_text(&text, "}") < 0)
		return afd_fail_memory(err);
	return keep->checkpoint(keep->ctx, (const char *)text.data, err);
}

/* --- begin and end --- */

void afd_stored_end(void *state)
{
	struct stored *s = state;

	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->file[i].name);
	free(s->file);
	free(s->path);
	free(s->file_path);
	free(s->asked);
	for (size_t i = 0; i < s->n_gap; i++)
		free(s->gap[i].why);
	afd_buf_release(&s->before);
	free(s);
}

int afd_stored_begin(const struct afd_stored_form *form, const struct afd_source_config *c, const struct afd_stored_config *config,
                     const char *cursor, void **ret, struct afd_error *err)
{
	struct stored *s = calloc(1, sizeof(*s));

	if (!s)
		return afd_fail_memory(err);
	*s = (struct stored){ .form = form, .config = config, .env = c->env, .import_file = c->import_file, .until_ms = AFD_TIME_NONE,
		.told = { AFD_FOREVER, INT64_MIN } };
	s->path = afd_path_of(c, c->import_file ? c->import_dir : config->path);
	if (c->import_file && s->path) {
		s->file = calloc(1, sizeof(*s->file));
		s->n = s->n_fresh = 1;
		s->step = FILES;
		if (s->file)
			*s->file = (struct file){ .name = afd_strdup(c->import_file), .fresh = true };
	}
	if ((s->n && (!s->file || !s->file->name)) || !s->path) {
		s->n = s->file ? s->n : 0;
		afd_stored_end(s);
		return afd_fail_memory(err);
	}
	if (cursor_read(s, cursor, err) < 0) {
		afd_stored_end(s);
		return -1;
	}
	*ret = s;
	return 0;
}

/* --- asking --- */

static int name_file(struct stored *s, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf asked = { 0 };
	const struct file *f = &s->file[s->at];

	free(s->file_path);
	free(s->asked);
	s->asked = NULL;
	s->file_path = afd_sprintf("%s/%s", s->path, f->name);
	if (!s->file_path || afd_buf_printf(&asked, "%s ", s->form->word) < 0 || add_word(&asked, s->config->account) < 0 || afd_buf_text(&asked, " ") < 0 ||
	    add_word(&asked, f->name) < 0 || (s->form->more && afd_buf_printf(&asked, " %s", s->form->more) < 0))
		return afd_fail_memory(err);
	s->asked = afd_strdup((const char *)asked.data);
	return s->asked ? 0 : afd_fail_memory(err);
}

int afd_stored_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct stored *s = state;

	if (s->step == FOLDER) {
		*q = (struct afd_request){ .protocol = AFD_FOLDER, .path = s->path, .asked = "directory" };
		return 1;
	}
	while (s->at < s->n && !s->file[s->at].fresh)
		s->at++;
	if (s->step == DONE || s->at == s->n)
		return 0;
	if (name_file(s, err) < 0)
		return -1;
	*q = (struct afd_request){ .protocol = AFD_FILE, .path = s->file_path, .asked = s->asked, .max = s->form->max_file, .no_link = true,
		.gunzip = is_packed(s->file[s->at].name) };
	return 1;
}

/* --- taking --- */

static int cover(const struct stored *s, struct afd_keeper *keep, struct afd_span at, enum afd_grade grade, const char *reason, struct afd_error *err)
{
	const struct afd_row_coverage c = { .evidence = s->form->evidence, .scope = s->config->account, .at = at, .grade = grade, .reason = reason,
		.provider_count = -1, .stored_count = grade == AFD_GAP ? -1 : (int64_t)s->events, .lag_ms = s->form->lag_ms };

	return keep->cover(keep->ctx, &c, err);
}

static int finish(struct stored *s, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_span at = s->told;

	s->step = DONE;
	if (s->until_ms != AFD_TIME_NONE && s->until_ms < at.from)
		at.from = s->until_ms;
	if (s->n_fresh && at.from < at.to) {
		if (cover(s, keep, at, AFD_ASSERTED, "as far as the files go; that none lacks is the word of who keeps them", err) < 0)
			return -1;
		s->until_ms = s->until_ms == AFD_TIME_NONE || at.to > s->until_ms ? at.to : s->until_ms;
	}
	for (size_t i = 0; i < s->n_gap; i++)
		if (cover(s, keep, s->gap[i].at, AFD_GAP, s->gap[i].why, err) < 0)
			return -1;
	return checkpoint(s, keep, err);
}

static int take_folder(struct stored *s, struct afd_slice list, struct afd_error *err)
{
	while (list.len) {
		const uint8_t *lf = memchr(list.data, '\n', list.len);
		const size_t n = lf ? (size_t)(lf - list.data) : list.len;
		AFD_AUTO(mem) char *line = strndup((const char *)list.data, n);
		struct file f = { 0 }, *at;
		char *end;

		if (!line)
			return afd_fail_memory(err);
		list = afd_slice_sub(list, n + (lf != NULL), list.len);
		f.size = strtoull(line, &end, 10);
		f.modified_ms = strtoll(end, &end, 10);
		if (*end != ' ' || !has_suffix(end + 1, s->form->suffix))
			continue;
		f.name = afd_strdup(end + 1);
		at = reallocarray(s->file, s->n + 1, sizeof(*at));
		if (!f.name || !at) {
			free(f.name);
			s->file = at ? at : s->file;
			return afd_fail_memory(err);
		}
		mark_of(&f);
		f.fresh = !s->before.len || !bsearch(f.seen, s->before.data, s->before.len / SEEN, SEEN, compare_seen);
		s->n_fresh += f.fresh;
		s->file = at;
		s->file[s->n++] = f;
	}
	s->step = FILES;
	return 0;
}

static void widen(struct afd_span *s, struct afd_span by)
{
	s->from = by.from < s->from ? by.from : s->from;
	s->to = by.to > s->to ? by.to : s->to;
}

/* The file is known from here on, so its gap must outlive the run; after too many the rest is told in one. */
static int add_gap(struct stored *s, struct afd_span at, const char *why, struct afd_error *err)
{
	struct gap *g = &s->gap[s->n_gap < MAX_GAPS ? s->n_gap : MAX_GAPS - 1];
	char *reason = s->n_gap < MAX_GAPS ? afd_sprintf("%.200s: %s", s->file[s->at].name, why) :
	                                     afd_strdup("more files than can be listed here could not be read");

	if (!reason)
		return afd_fail_memory(err);
	if (s->n_gap == MAX_GAPS)
		widen(&at, g->at);
	free(g->why);
	*g = (struct gap){ at, reason };
	s->n_gap += s->n_gap < MAX_GAPS;
	return 0;
}

static int file_gap(struct stored *s, const char *why, struct afd_error *err)
{
	s->file[s->at].failed = true;
	return add_gap(s, afd_instant(s->file[s->at].modified_ms), why, err);
}

/* 0, or -1: it is not of the form. */
static int ask_form(const struct afd_stored_form *form, struct afd_slice bytes, struct afd_stored_told *ret, struct afd_error *err)
{
	return form->told_with ? form->told_with(form->with, bytes, ret, err) : form->told ? form->told(bytes, ret, err) : 0;
}

static int take_file(struct stored *s, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	const struct file *f = &s->file[s->at];
	const struct afd_draft d = { .kind = AFD_ITEM_SEGMENT, .asked = s->asked, .bytes = r->body, .media_type = s->form->media_type, .server_ms = f->modified_ms };
	struct afd_stored_told told = { .at = afd_instant(f->modified_ms), .n = 1 };
	struct afd_error bad = { 0 };

	if (r->file_size > s->form->max_file || r->body.len > s->form->max_file)
		return file_gap(s, "larger than what is read of one file", err);
	if (keep->item(keep->ctx, &d, err) < 0)
		return -1;
	if (ask_form(s->form, r->body, &told, &bad) < 0)
		return bad.code == AFD_E_MEMORY ? afd_fail_memory(err) : file_gap(s, bad.text, err);
	if (told.at.from < told.at.to)
		widen(&s->told, told.at);
	s->events += told.n;
	for (size_t i = 0; i < told.n_bad && i < AFD_COUNT(told.bad); i++)
		if (add_gap(s, told.bad[i].at, told.bad[i].why, err) < 0)
			return -1;
	return 0;
}

/* No listing told of it. */
static bool known_already(struct stored *s, const struct afd_response *r)
{
	struct file *f = s->file;

	f->size = r->file_size;
	f->modified_ms = r->server_ms;
	mark_of(f);
	return s->before.len && bsearch(f->seen, s->before.data, s->before.len / SEEN, SEEN, compare_seen);
}

int afd_stored_take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct stored *s = state;
	const int64_t now = afd_now(s->env);

	if (s->step == FOLDER) {
		if (!r) {
			s->step = DONE;
			return cover(s, keep, s->until_ms != AFD_TIME_NONE && s->until_ms < now ? (struct afd_span){ s->until_ms, now } : afd_instant(now),
				AFD_GAP, why ? why->text : "no answer", err);
		}
		if (take_folder(s, r->body, err) < 0)
			return -1;
		return s->n_fresh ? 0 : finish(s, keep, err);
	}
	if (s->import_file && r && known_already(s, r)) {
		s->step = DONE;
		return 0;
	}
	if (r ? take_file(s, r, keep, err) < 0 : file_gap(s, why ? why->text : "no answer", err) < 0)
		return -1;
	s->at++;
	keep->progress(keep->ctx, ++s->done, s->n_fresh, "files");
	if (s->done == s->n_fresh)
		return finish(s, keep, err);
	return s->done % BATCH == 0 ? checkpoint(s, keep, err) : 0;
}
