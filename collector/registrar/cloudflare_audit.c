/* Account audit logs, version 2, of Cloudflare: GET accounts/ID/logs/audit, page by page, oldest first.
 *
 * A window [since, before) is covered when its last page was read. Cloudflare does not say how late an entry may
 * appear, so each window begins LAG and a bit before the end of the last one: an entry that was late by less than LAG
 * is still seen, and entries that are seen twice are one event, by their id. */
#include "collector/registrar/cloudflare.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/api/hosted.h"
#include "collector/registrar/json_walk.h"
#include "collector/registrar/secrets.h"
#include "core/digest.h"
#include "core/limits.h"
#include "collector/table.h"

#define LAG        AFD_HOUR
#define OVERLAP    (LAG + 10 * AFD_MINUTE)
#define PER_PAGE   1000
#define MAX_PAGES  20000u
#define MAX_BAD    32u
#define API        "https://api.cloudflare.com/client/v4"

struct config { const char *account, *url, *token; int64_t since; };
static const struct config defaults = { .url = API, .since = AFD_TIME_NONE };
static const struct afd_field fields[] = {
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, account), "account id" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, url), "the API, or file:DIR of recordings" },
	{ "token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, token), "may read the audit log" },
	{ "since", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct config, since), "the first run begins here" },
	{ 0 }
};

struct bad { struct afd_span at; char why[256]; };

enum phase { OPEN_RUN, PAGES, DONE };

struct state {
	const struct config *c;
	int64_t now;
	bool replay;
	struct afd_buf secret;                   /* "Bearer ..." */
	enum phase phase;

	/* from the cursor */
	int64_t until;                           /* end of the last window that was read to its end; NONE */
	uint64_t run;                            /* replay: run files read */

	struct afd_span window;
	char *page_cursor;                       /* of the next page; NULL: the first */
	uint64_t pages, entries;
	int64_t counted;                         /* sum of the provider's counts; -1: a page had none */
	struct miscount { int64_t page, told, read; } off;     /* first page whose count differs; .page 0: none */
	bool resumed;                            /* page_cursor comes from an earlier run: it may be refused */
	struct bad bad[MAX_BAD]; size_t n_bad;
	struct afd_digest *seen; size_t n_seen;  /* page cursors of this window */

	unsigned tried;                          /* of what the token should not be able to do */
	struct afd_doc *run_doc; struct afd_texts run_page;   /* replay */
	char *dir;
	char url[2048], asked[512];
};

static bool is_file(const struct config *c)
{
	return !strncmp(c->url, "file:", 5);
}

/* A token over plain HTTP would be anybody's on the way. */
static bool is_safe(const char *url)
{
	static const char *const roots[] = { "https://", "http://127.0.0.1:", "http://[::1]:", "http://localhost:" };

	for (size_t i = 0; i < AFD_COUNT(roots); i++)
		if (!strncmp(url, roots[i], strlen(roots[i])))
			return true;
	return false;
}

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	const struct config *c = config;

	if (strlen(c->account) > 100 || c->account[strspn(c->account, allowed)])
		return afd_fail(err, AFD_E_CONFIG, "account: expected an account id, got \"%.100s\"", c->account);
	if (strlen(c->url) > 1000 || (!is_file(c) && !is_safe(c->url)))
		return afd_fail(err, AFD_E_CONFIG, "url: expected https://... or file:DIR, got \"%.100s\"", c->url);
	if (!is_file(c) && !c->token)
		return afd_fail(err, AFD_E_CONFIG, "token: a required field is missing");
	if (!is_file(c) && c->since == AFD_TIME_NONE)
		return afd_fail(err, AFD_E_CONFIG, "since: a required field is missing: the first run begins there");
	return afd_buf_text(ret, c->account) < 0 ? afd_fail_memory(err) : 0;
}

/* --- the cursor ---
 * {"until":ms}; in the middle of a window also since, before, page, pages, entries, counted, bad and, where a page's
 * count was not that of its entries, off_page, off_told and off_read; for recordings run. */

struct mark {
	int64_t until, since, before, pages, entries, counted, run, off_page, off_told, off_read;
	const char *page;
	const struct afd_node *bad;
};
static const struct afd_field mark_fields[] = {
	{ "bad", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct mark, bad) },
	{ "before", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, before) },
	{ "counted", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, counted) },
	{ "entries", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, entries) },
	{ "off_page", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, off_page) },
	{ "off_read", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, off_read) },
	{ "off_told", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, off_told) },
	{ "page", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct mark, page) },
	{ "pages", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, pages) },
	{ "run", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, run) },
	{ "since", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, since) },
	{ "until", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct mark, until) },
	{ 0 }
};

struct bad_mark { int64_t from, to; const char *why; };
static const struct afd_field bad_fields[] = {
	{ "from", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct bad_mark, from) },
	{ "to", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct bad_mark, to) },
	{ "why", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct bad_mark, why) },
	{ 0 }
};

static int mark_bad_read(struct state *s, struct afd_doc *d, const struct afd_node *list, struct afd_error *err)
{
	for (const struct afd_node *n = list && list->type == AFD_LIST ? list->u.list.first : NULL;
	     n && s->n_bad < MAX_BAD; n = n->next) {
		struct bad_mark m = { 0 };

		if (afd_fields_read(d, n, bad_fields, &m, err) < 0)
			return -1;
		s->bad[s->n_bad].at = (struct afd_span){ m.from, m.to };
		snprintf(s->bad[s->n_bad++].why, sizeof(s->bad[0].why), "%s", m.why);
	}
	return 0;
}

static int mark_read(struct state *s, const char *text, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct mark m = { .until = AFD_TIME_NONE, .since = AFD_TIME_NONE, .before = AFD_TIME_NONE, .counted = -1 };

	if (afd_json_parse(afd_slice_text(text), "cursor", &d, err) < 0 ||
	    afd_fields_read(d, afd_doc_root(d), mark_fields, &m, err) < 0)
		return -1;
	s->until = m.until;
	s->run = m.run > 0 ? (uint64_t)m.run : 0;
	if (!m.page || m.since == AFD_TIME_NONE || m.before <= m.since)
		return 0;
	s->window = (struct afd_span){ m.since, m.before };
	s->pages = m.pages > 0 ? (uint64_t)m.pages : 0;
	s->entries = m.entries > 0 ? (uint64_t)m.entries : 0;
	s->counted = m.counted;
	s->off = (struct miscount){ m.off_page, m.off_told, m.off_read };
	s->resumed = true;
	s->phase = PAGES;
	s->page_cursor = afd_strdup(m.page);
	return s->page_cursor ? mark_bad_read(s, d, m.bad, err) : afd_fail_memory(err);
}

static json_t *mark_bad_json(const struct state *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_bad; i++)
		json_array_append_new(list, json_pack("{s:I,s:I,s:s}", "from", (json_int_t)s->bad[i].at.from, "to",
		                                      (json_int_t)s->bad[i].at.to, "why", s->bad[i].why));
	return list;
}

static int checkpoint(const struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = NULL;
	json_t *j = json_object();

	if (s->until != AFD_TIME_NONE)
		json_object_set_new(j, "until", json_integer(s->until));
	if (s->run)
		json_object_set_new(j, "run", json_integer((json_int_t)s->run));
	if (s->page_cursor && !s->replay) {
		json_object_set_new(j, "page", json_string(s->page_cursor));
		json_object_set_new(j, "since", json_integer(s->window.from));
		json_object_set_new(j, "before", json_integer(s->window.to));
		json_object_set_new(j, "pages", json_integer((json_int_t)s->pages));
		json_object_set_new(j, "entries", json_integer((json_int_t)s->entries));
		json_object_set_new(j, "counted", json_integer(s->counted));
		json_object_set_new(j, "bad", mark_bad_json(s));
		if (s->off.page) {
			json_object_set_new(j, "off_page", json_integer(s->off.page));
			json_object_set_new(j, "off_told", json_integer(s->off.told));
			json_object_set_new(j, "off_read", json_integer(s->off.read));
		}
	}
	text = j ? json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	json_decref(j);
	return text ? keep->checkpoint(keep->ctx, text, err) : afd_fail_memory(err);
}

/* --- begin and end --- */

static void end(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	afd_buf_wipe(&s->secret);
	s->run_doc = afd_doc_free(s->run_doc);
	free(s->page_cursor);
	free(s->seen);
	free(s->dir);
	free(s);
}

static void new_window(struct state *s, struct afd_span at)
{
	free(s->page_cursor);
	s->page_cursor = NULL;
	s->window = at;
	s->pages = s->entries = 0;
	s->counted = 0;
	s->off = (struct miscount){ 0 };
	s->n_bad = s->n_seen = 0;
	s->resumed = false;
	s->phase = at.from < at.to ? PAGES : DONE;
}

/* From where the last window ended, less the overlap, until now. */
static void next_window(struct state *s)
{
	new_window(s, (struct afd_span){ s->until == AFD_TIME_NONE ? s->c->since : s->until - OVERLAP, s->now });
}

static int bearer(struct state *s, const struct afd_source_config *sc, struct afd_error *err)
{
	struct afd_buf token = { 0 };
	int r = sc->secret(sc->secret_ctx, s->c->token, &token, err);

	if (r == 0 && (!token.len || memchr(token.data, '\n', token.len) || memchr(token.data, '\r', token.len) ||
		       memchr(token.data, 0, token.len)))
		r = afd_fail(err, AFD_E_CONFIG, "token: %s: empty, or more than one line", s->c->token);
	if (r == 0 &&
	    (afd_buf_text(&s->secret, "Bearer ") < 0 || afd_buf_add_slice(&s->secret, afd_buf_slice(&token)) < 0))
		r = afd_fail_memory(err);
	afd_buf_wipe(&token);
	return r;
}

static int begin_state(struct state *s, const struct afd_source_config *sc, const char *cursor, struct afd_error *err)
{
	const char *path = s->c->url + 5;

	if (cursor && mark_read(s, cursor, err) < 0)
		return -1;
	if (s->replay) {
		s->dir = path[0] == '/' ? afd_strdup(path)
					: afd_sprintf("%s/%s", sc->base_dir ? sc->base_dir : ".", path);
		s->phase = OPEN_RUN;
		return s->dir ? 0 : afd_fail_memory(err);
	}
	if (bearer(s, sc, err) < 0)
		return -1;
	if (!s->resumed)
		next_window(s);
	return 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret,
		 struct afd_error *err)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return afd_fail_memory(err);
	s->c = config;
	s->until = AFD_TIME_NONE;
	s->replay = is_file(s->c);
	/* whole seconds: what the API's times are compared with */
	s->now = afd_now(sc->env) / AFD_SECOND * AFD_SECOND;
	if (begin_state(s, sc, cursor, err) < 0) {
		end(s);
		return -1;
	}
	*ret = s;
	return 0;
}

/* --- asking --- */

static int escape(const char *text, struct afd_buf *ret)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text; text++)
		if (strchr(plain, *text) ? afd_buf_u8(ret, (uint8_t)*text) < 0
					 : afd_buf_printf(ret, "%%%02X", (unsigned char)*text) < 0)
			return -1;
	return 0;
}

static int page_url(struct state *s, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf cursor = { 0 };
	int n;

	if (s->replay) {
		n = snprintf(s->url, sizeof(s->url), "file:%s/%s", s->dir, s->run_page.at[s->pages]);
	} else {
		if (s->page_cursor && (afd_buf_text(&cursor, "&cursor=") < 0 || escape(s->page_cursor, &cursor) < 0))
			return afd_fail_memory(err);
		n = snprintf(s->url, sizeof(s->url),
			     "%s/accounts/%s/logs/audit?since=%s&before=%s&limit=%d&direction=asc%s", s->c->url,
			     s->c->account, afd_when_text(s->window.from).s, afd_when_text(s->window.to).s, PER_PAGE,
			     cursor.len ? (char *)cursor.data : "");
	}
	if (n < 0 || (size_t)n >= sizeof(s->url))
		return afd_fail(err, AFD_E_LIMIT, "the address of page %" PRIu64 " is too long", s->pages + 1);
	return 0;
}

static int next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct state *s = state;

	if (s->phase == DONE)
		return 0;
	*q = (struct afd_request){ .protocol = AFD_HTTP, .url = s->url, .asked = s->asked };
	if (s->phase == OPEN_RUN) {
		if (snprintf(s->url, sizeof(s->url), "file:%s/run-%02" PRIu64 ".json", s->dir, s->run + 1) >=
		    (int)sizeof(s->url))
			return afd_fail(err, AFD_E_LIMIT, "the path of the recording is too long");
		snprintf(s->asked, sizeof(s->asked), "recording, run %02" PRIu64, s->run + 1);
		return 1;
	}
	if (page_url(s, err) < 0)
		return -1;
	snprintf(s->asked, sizeof(s->asked),
		 "GET /accounts/%s/logs/audit?since=%s&before=%s&limit=%d&direction=asc page %" PRIu64, s->c->account,
		 afd_when_text(s->window.from).s, afd_when_text(s->window.to).s, PER_PAGE, s->pages + 1);
	if (s->secret.len) {
		q->authenticated = true;
		q->header[q->n_header++] = (struct afd_header){ "Authorization", (const char *)s->secret.data };
	}
	q->header[q->n_header++] = (struct afd_header){ "Accept", "application/json" };
	return 1;
}

/* --- taking --- */

static int cover(const struct state *s, struct afd_keeper *keep, struct afd_span at, enum afd_grade grade,
		 const char *reason, struct afd_error *err)
{
	const struct afd_row_coverage c = {
		.evidence = AFD_CLOUDFLARE_EVIDENCE, .scope = s->c->account, .at = at, .grade = grade, .reason = reason,
		.provider_count = grade == AFD_GAP || s->counted < 0 ? -1 : s->counted,
		.stored_count = grade == AFD_GAP ? -1 : (int64_t)s->entries, .lag_ms = LAG,
	};

	return at.from < at.to ? keep->cover(keep->ctx, &c, err) : 0;
}

/* The window ends here unread. What an earlier window covered stays covered. */
static int give_up(struct state *s, struct afd_keeper *keep, const char *reason, struct afd_error *err)
{
	struct afd_span at = s->window;

	s->phase = DONE;
	if (s->until != AFD_TIME_NONE && s->until > at.from && s->until < at.to)
		at.from = s->until;
	return cover(s, keep, at, AFD_GAP, reason, err);
}

static bool plain_file_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return *name && *name != '.' && strlen(name) < 200 && !name[strspn(name, allowed)];
}

struct recording { int64_t since, before; struct afd_texts pages; };
static const struct afd_field recording_fields[] = {
	{ "since", AFD_FIELD_TIME, AFD_REQUIRED, offsetof(struct recording, since) },
	{ "before", AFD_FIELD_TIME, AFD_REQUIRED, offsetof(struct recording, before) },
	{ "pages", AFD_FIELD_TEXTS, AFD_REQUIRED, offsetof(struct recording, pages) },
	{ 0 }
};

/* run-NN.json: {"since": T, "before": T, "pages": ["page-0001.json", ...]}: what one run asked, and the answers. */
static int take_recording(struct state *s, const struct afd_response *r, const struct afd_error *why,
			  struct afd_error *err)
{
	struct recording rec = { 0 };

	if (!r)
		return afd_fail(err, why->code, "%s", why->text);
	if (r->status == 404) {
		s->phase = DONE;
		return 0;
	}
	if (r->status && r->status != 200)
		return afd_fail(err, AFD_E_REMOTE, "%s: status %d", s->asked, r->status);
	s->run_doc = afd_doc_free(s->run_doc);
	if (afd_json_parse(r->body, s->asked, &s->run_doc, err) < 0 ||
	    afd_fields_read(s->run_doc, afd_doc_root(s->run_doc), recording_fields, &rec, err) < 0)
		return -1;
	if (rec.since >= rec.before)
		return afd_node_fail(s->run_doc, afd_node_get(afd_doc_root(s->run_doc), "before"), err,
				     "a time after since");
	if (!rec.pages.n || rec.pages.n > MAX_PAGES)
		return afd_node_fail(s->run_doc, afd_node_get(afd_doc_root(s->run_doc), "pages"), err,
				     "1 to 20000 pages");
	for (size_t i = 0; i < rec.pages.n; i++)
		if (!plain_file_name(rec.pages.at[i]))
			return afd_fail(err, AFD_E_CONFIG, "%s: pages[%zu]: expected a file name without a path",
					s->asked, i);
	new_window(s, (struct afd_span){ rec.since, rec.before });
	s->run_page = rec.pages;
	return 0;
}

static void remember_bad(struct state *s, const struct afd_cloudflare_bad *bad)
{
	struct bad *b;

	if (!bad->n)
		return;
	if (s->n_bad < MAX_BAD) {
		b = &s->bad[s->n_bad++];
		b->at = bad->at;
		snprintf(b->why, sizeof(b->why), "page %" PRIu64 ": %.200s%s", s->pages, bad->why,
			 bad->n > 1 ? " (and others)" : "");
		return;
	}
	/* too many for one gap each: the last one grows */
	b = &s->bad[MAX_BAD - 1];
	b->at.from = bad->at.from < b->at.from ? bad->at.from : b->at.from;
	b->at.to = bad->at.to > b->at.to ? bad->at.to : b->at.to;
}

/* true when this page cursor came before: the provider leads us in a circle. */
static int seen_before(struct state *s, const char *cursor, bool *ret, struct afd_error *err)
{
	struct afd_digest d, *at;

	afd_sha256(afd_slice_text(cursor), &d);
	*ret = true;
	for (size_t i = 0; i < s->n_seen; i++)
		if (afd_digest_equal(&s->seen[i], &d))
			return 0;
	*ret = false;
	at = realloc(s->seen, (s->n_seen + 1) * sizeof(*at));
	if (!at)
		return afd_fail_memory(err);
	s->seen = at;
	s->seen[s->n_seen++] = d;
	return 0;
}

/* Every page was read: the window is covered, except around entries that nobody could read. When the provider speaks of
 * entries that we did not get, nothing is covered, and the next run asks for the window again. */
static int finish_window(struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	char reason[128];

	snprintf(reason, sizeof(reason), "the provider counts %" PRId64 ", we read %" PRId64 " (page %" PRId64 ")",
		 s->off.told, s->off.read, s->off.page);
	if (s->off.page ? cover(s, keep, s->window, AFD_GAP, reason, err) < 0
			: cover(s, keep, s->window, AFD_ASSERTED, "read to the last page", err) < 0)
		return -1;
	for (size_t i = 0; i < s->n_bad; i++)
		if (cover(s, keep, s->bad[i].at, AFD_GAP, s->bad[i].why, err) < 0)
			return -1;
	if (!s->off.page)
		s->until = s->window.to;
	free(s->page_cursor);
	s->page_cursor = NULL;
	if (s->replay) {
		s->run++;
		s->phase = DONE;
	} else if (s->window.to < s->now - AFD_MINUTE) {
		next_window(s);        /* it was the rest of an earlier run's window */
	} else {
		s->phase = DONE;
	}
	return checkpoint(s, keep, err);
}

/* An empty page may lie between full ones, so its cursor is followed. Only a page that is empty and leads to itself is
 * the end: asked again it would say the same. */
static bool leads_on(const struct state *s, const struct afd_cloudflare_page *p)
{
	return p->cursor && (p->n || !s->page_cursor || strcmp(p->cursor, s->page_cursor));
}

static int more_pages(struct state *s, const char *cursor, struct afd_keeper *keep, struct afd_error *err)
{
	bool again;
	char *own;

	if (s->pages >= MAX_PAGES)
		return give_up(s, keep, "more pages than the ceiling of 20000", err);
	if (seen_before(s, cursor, &again, err) < 0)
		return -1;
	if (again) {
		/* the next run begins the window anew: this cursor would lead into the same circle */
		free(s->page_cursor);
		s->page_cursor = NULL;
		return give_up(s, keep, "the provider's page cursor came a second time: its pages run in a circle", err) < 0 ? -1 :
		       checkpoint(s, keep, err);
	}
	if (s->replay && s->pages == s->run_page.n)
		return give_up(s, keep, "the recording ends before the last page", err);
	own = afd_strdup(cursor);
	if (!own)
		return afd_fail_memory(err);
	free(s->page_cursor);
	s->page_cursor = own;
	return s->replay ? 0 : checkpoint(s, keep, err);
}

static int take_page(struct state *s, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(cloudflare_page) struct afd_cloudflare_page p = { 0 };
	const struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .asked = s->asked, .bytes = r->body };
	struct afd_cloudflare_bad bad;
	struct afd_error why = { 0 };

	if (afd_cloudflare_page_read(r->body, &p, &why) < 0 && why.code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	if (why.code == AFD_E_REMOTE)
		return give_up(s, keep, why.text, err);
	/* Bytes that are no page are kept too: the engine withholds what it cannot search for secrets. */
	if (keep->item(keep->ctx, &d, err) < 0)
		return -1;
	if (why.code)
		return give_up(s, keep, why.text, err);
	s->pages++;
	s->entries += p.n;
	s->counted = s->counted < 0 || p.count < 0 ? -1 : s->counted + p.count;
	if (p.count >= 0 && (uint64_t)p.count != p.n && !s->off.page)
		s->off = (struct miscount){ (int64_t)s->pages, p.count, (int64_t)p.n };
	afd_cloudflare_page_bad(&p, s->window, &bad);
	remember_bad(s, &bad);
	keep->progress(keep->ctx, s->entries, 0, "entries");
	return leads_on(s, &p) ? more_pages(s, p.cursor, keep, err) : finish_window(s, keep, err);
}

/* The run has failed, and what to do is told. */
static int refused(struct state *s, struct afd_keeper *keep, int status, struct afd_error *err)
{
	char text[400];

	snprintf(text, sizeof(text), "the credential was refused (HTTP %d): make an API token with the permission \"Account > Account Settings: Read\" for this "
		 "account alone, and put it where the configuration's token points", status);
	keep->refused(keep->ctx, text);
	return give_up(s, keep, text, err);
}

static int take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep,
		struct afd_error *err)
{
	struct state *s = state;
	char reason[32];

	if (s->phase == OPEN_RUN)
		return take_recording(s, r, why, err);
	if (!r)
		return give_up(s, keep, why->text, err);
	if (r->status == 200 || (s->replay && !r->status)) {
		s->resumed = false;
		return take_page(s, r, keep, err);
	}
	if (r->status == 401 || r->status == 403)
		return refused(s, keep, r->status, err);
	/* A page cursor of an earlier run may have grown too old; the window is asked again from its beginning. */
	if (s->resumed && r->status >= 400 && r->status < 500) {
		new_window(s, s->window);
		return 0;
	}
	snprintf(reason, sizeof(reason), "HTTP %d", r->status);
	return give_up(s, keep, reason, err);
}

/* --- what the token should not be able to do --- */

static enum afd_excess_told excess_told(void *state, const struct afd_response *r)
{
	struct state *s = state;

	if (afd_judge_status(r) == AFD_JUDGED_THROTTLED)
		return AFD_EXCESS_UNTOLD;
	if (r->status != 200)
		return AFD_EXCESS_NO;
	return s->tried == 1 || afd_cloudflare_sees_zone(NULL, r) ? AFD_EXCESS_YES : AFD_EXCESS_NO;
}

static int excess(void *state, const struct afd_response *last, struct afd_excess *ret, struct afd_error *err)
{
	static const struct { const char *path, *can; } tries[] = { { "/user/tokens?per_page=5", AFD_CLOUDFLARE_USER_TOKENS }, { "/zones?per_page=5", "it sees zones" } };
	struct state *s = state;

	(void)last, (void)err;
	if (s->replay || s->tried == AFD_COUNT(tries))
		return 0;
	snprintf(s->url, sizeof(s->url), "%s%s", s->c->url, tries[s->tried].path);
	*ret = (struct afd_excess){ .q = { .protocol = AFD_HTTP, .url = s->url, .asked = "whether the credential can do more", .authenticated = true },
		.can = tries[s->tried].can, .instead = "make a token with Account Settings: Read alone", .told = excess_told };
	ret->q.header[ret->q.n_header++] = (struct afd_header){ "Authorization", (const char *)s->secret.data };
	ret->q.header[ret->q.n_header++] = (struct afd_header){ "Accept", "application/json" };
	s->tried++;
	return 1;
}

static int redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	return afd_secrets_cut(bytes, cuts, err);
}

static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	return afd_json_tile(bytes, "result", parts, err);
}

const struct afd_provider afd_provider_cloudflare_audit = {
	.kind = "cloudflare-audit",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Cloudflare account audit log (version 2)",
	.help = "Who did what in a Cloudflare account: changes of records, zones, tokens, members and registered "
		"domains, with the token that was used. Needs an API token with \"Account Settings: Read\" of this account alone "
		"(My Profile > API Tokens > Create Custom Token). Cloudflare keeps 18 months. Not told: calls that only read, some "
		"products, and how late an entry may come: windows overlap by 70 minutes.",
	.basis = "tested on the vendor's document",
	.same_log = "the audit log",
	.evidence = AFD_CLOUDFLARE_EVIDENCE,
	.lag_ms = LAG,
	.fields = fields,
	.config_size = sizeof(struct config),
	.config_defaults = &defaults,
	.scopes = scopes,
	.begin = begin,
	.next = next,
	.take = take,
	.end = end,
	.excess = excess,
	.redact = redact,
	.split = split,
	.decode = afd_cloudflare_decode,
};
