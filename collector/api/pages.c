/* The run of a source that asks an API: one list after the other, each page by page. */
#include "collector/api/pages_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/engine.h"
#include "core/limits.h"

#define MAX_PAGES      20000u

/* --- begin and end --- */

void afd_pages_end(void *state)
{
	struct afd_pages *p = state;

	if (!p)
		return;
	for (size_t i = 0; i < p->n_queue; i++)
		afd_turn_release(&p->queue[i]);
	for (size_t i = 0; i < p->n_done; i++) {
		free(p->done[i].key);
		free(p->done[i].etag);
		free(p->done[i].sha256);
	}
	for (size_t i = 0; i < p->n_mark; i++) {
		free(p->mark[i].name);
		free(p->mark[i].value);
	}
	for (size_t i = 0; i < p->n_lacking; i++) {
		free(p->lacking[i].scope);
		free(p->lacking[i].reason);
	}
	free(p->queue);
	free(p->done);
	free(p->mark);
	free(p->lacking);
	afd_turn_release(&p->resume);
	afd_ask_release(&p->ask);
	afd_buf_release(&p->asked);
	afd_buf_release(&p->list);
	afd_buf_release(&p->key);
	free(p->base);
	p->setup.auth = afd_auth_free(p->setup.auth);
	if (p->setup.spec->end && p->setup.own)
		p->setup.spec->end(p->setup.own);
	free(p);
}

static int set_base(struct afd_pages *p, const struct afd_source_config *sc, struct afd_error *err)
{
	const char *base = p->setup.base, *path;

	if (afd_pages_base_check(base, err) < 0)
		return -1;
	p->replay = strncmp(base, "file:", 5) == 0;
	if (!p->replay) {
		p->base = afd_strdup(base);
		return p->base ? 0 : afd_fail_memory(err);
	}
	path = base + 5;
	p->base = path[0] == '/' ? afd_sprintf("file:%s/run-%02" PRIu64, path, p->run + 1)
				 : afd_sprintf("file:%s/%s/run-%02" PRIu64, sc->base_dir ? sc->base_dir : ".", path, p->run + 1);
	return p->base ? 0 : afd_fail_memory(err);
}

static int begin_state(struct afd_pages *p, const struct afd_source_config *sc, const char *cursor, struct afd_error *err)
{
	if (cursor && afd_cursor_read(p, cursor, err) < 0)
		return -1;
	if (set_base(p, sc, err) < 0)
		return -1;
	return p->setup.spec->start(p->setup.own, p, err);
}

int afd_pages_begin(const struct afd_source_config *sc, const struct afd_pages_setup *setup, const char *cursor, void **ret,
		    struct afd_error *err)
{
	struct afd_pages *p = calloc(1, sizeof(*p));

	if (!p) {
		afd_auth_free(setup->auth);
		if (setup->spec->end && setup->own)
			setup->spec->end(setup->own);
		return afd_fail_memory(err);
	}
	p->setup = *setup;
	p->env = sc->env;
	p->name = sc->name;
	p->ask.url.max = 16384;
	/* whole seconds: what most APIs' times are compared with */
	p->now = afd_now(sc->env) / AFD_SECOND * AFD_SECOND;
	if (begin_state(p, sc, cursor, err) < 0) {
		afd_pages_end(p);
		return -1;
	}
	*ret = p;
	return 0;
}

/* --- taking --- */

static int remember_bad(struct turn *t, const struct afd_page *page)
{
	struct bad *b;

	if (!*page->bad_why)
		return 0;
	if (t->n_bad < MAX_BAD) {
		b = &t->bad[t->n_bad++];
		b->at = page->bad;
		return snprintf(b->why, sizeof(b->why), "page %" PRIu64 ": %.200s", t->t.page, page->bad_why);
	}
	/* too many for one gap each: the last one grows */
	b = &t->bad[MAX_BAD - 1];
	b->at.from = page->bad.from < b->at.from ? page->bad.from : b->at.from;
	b->at.to = page->bad.to > b->at.to ? page->bad.to : b->at.to;
	return 0;
}

static void count(struct turn *t, const struct afd_page *page)
{
	t->n += page->n;
	t->counted = t->counted < 0 || page->count < 0 ? -1 : t->counted + page->count;
	if (page->total >= 0)
		t->total = page->total;
	if (page->count >= 0 && (uint64_t)page->count != page->n && !t->off.page)
		t->off = (struct miscount){ (int64_t)t->t.page, page->count, (int64_t)page->n };
}

/* true when this token came before: the provider leads us in a circle. */
static int seen_before(struct turn *t, const char *token, bool *ret, struct afd_error *err)
{
	struct afd_digest d, *at;

	afd_sha256(afd_slice_text(token), &d);
	*ret = true;
	for (size_t i = 0; i < t->n_seen; i++)
		if (afd_digest_equal(&t->seen[i], &d))
			return 0;
	*ret = false;
	at = realloc(t->seen, (t->n_seen + 1) * sizeof(*at));
	if (!at)
		return afd_fail_memory(err);
	t->seen = at;
	t->seen[t->n_seen++] = d;
	return 0;
}

static int keep_bytes(struct afd_pages *p, struct afd_keeper *keep, struct afd_slice bytes, const char *media_type,
		      struct afd_error *err)
{
	const struct afd_draft d = {
		.kind = AFD_ITEM_ANSWER, .asked = (char *)p->asked.data, .bytes = bytes, .media_type = media_type,
	};

	return keep->item(keep->ctx, &d, err);
}

/* Digest of what is in the ledger: the bytes after redaction. */
static int digest_kept(struct afd_slice body, struct afd_hex64 *ret, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges ranges = { 0 };
	AFD_AUTO(buf) struct afd_buf clean = { 0 };
	struct afd_digest d;

	if (afd_pages_redact(body, &cuts, err) < 0 || afd_redact_apply(body, &cuts, &clean, &ranges, err) < 0)
		return -1;
	afd_sha256(afd_buf_slice(&clean), &d);
	*ret = afd_digest_hex(&d);
	return 0;
}

/* The provider's counts against ours. A list may move while its pages are read: it is read once more. */
static int miscounted(struct afd_pages *p, struct turn *t, struct afd_keeper *keep, struct afd_error *err)
{
	char reason[200];

	if (t->total >= 0 && (uint64_t)t->total != t->n)
		snprintf(reason, sizeof(reason), "the provider counts %" PRId64 " in all, we read %" PRIu64, t->total, t->n);
	else
		snprintf(reason, sizeof(reason), "the provider counts %" PRId64 ", we read %" PRId64 " (page %" PRId64 ")", t->off.told,
			 t->off.read, t->off.page);
	if (t->t.call->kept == AFD_KEPT_PAGE || t->again || p->replay)
		return afd_turn_give_up(p, keep, reason, err) < 0 ? -1 : afd_cursor_write(p, keep, err);
	afd_turn_restart(t);
	t->again = true;
	p->list.len = 0;
	return 0;
}

/* RESPONSE: the answer whose ETag stands for the list, or NULL. */
static int finish(struct afd_pages *p, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	struct turn *t = &p->queue[p->at];
	AFD_AUTO(mem) char *key = afd_done_key(&t->t);
	bool window = t->t.window.from < t->t.window.to, tagged = r && t->t.call->conditional && t->t.page == 1 && *r->etag;
	struct afd_hex64 digest = { { 0 } };
	struct afd_span rest;

	if (!key)
		return afd_fail_memory(err);
	if (t->t.call->kept == AFD_KEPT_LIST && p->list.len &&
	    keep_bytes(p, keep, afd_buf_slice(&p->list), "application/vnd.affidavit.list", err) < 0)
		return -1;
	tagged = tagged && digest_kept(r->body, &digest, NULL) == 0;
	if (afd_turn_covered(p, keep, t, err) < 0 ||
	    afd_done_set(p, key, window ? t->t.window.to : p->now, tagged ? r->etag : NULL, tagged ? digest.s : NULL, err) < 0)
		return -1;
	/* It was the rest of an earlier run's window. */
	if (window && t->t.window.to < p->now - AFD_MINUTE) {
		rest = afd_pages_window(p, t->index, t->t.scope, t->t.subject, t->t.window.to);
		if (afd_pages_add(p, t->index, t->t.scope, t->t.subject, rest, err) < 0)
			return -1;
	}
	afd_turn_over(p);
	return afd_turns_lacking(p, keep, err) < 0 ? -1 : afd_cursor_write(p, keep, err);
}

/* The list ends here, and the next run begins it anew: its token would lead into the same circle. */
static int leave_circle(struct afd_pages *p, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	return afd_turn_give_up(p, keep, reason, err) < 0 ? -1 : afd_cursor_write(p, keep, err);
}

static int more_pages(struct afd_pages *p, const struct afd_page *page, struct afd_slice body, struct afd_keeper *keep, struct afd_error *err)
{
	struct turn *t = &p->queue[p->at];
	const uint64_t most = t->t.call->max_pages ? t->t.call->max_pages : MAX_PAGES;
	const char *token = (char *)page->next.data;
	struct afd_digest same = t->last;
	char reason[100];
	bool circle;
	char *own;

	if (t->t.page - t->begun_at + 1 >= most) {
		snprintf(reason, sizeof(reason), "more pages than the ceiling of %" PRIu64, most);
		return afd_turn_give_up(p, keep, reason, err);
	}
	if (seen_before(t, token, &circle, err) < 0)
		return -1;
	if (circle)
		return leave_circle(p, "the token of a page came a second time: the pages run in a circle", keep, err);
	afd_sha256(body, &t->last);
	if (t->t.call->numbered && page->n && t->t.page > t->begun_at && afd_digest_equal(&same, &t->last))
		return leave_circle(p, "the page before it came again: the pages run in a circle", keep, err);
	own = afd_strdup(token);
	if (!own)
		return afd_fail_memory(err);
	free((char *)t->t.token);
	t->t.token = own;
	t->t.page++;
	return t->t.call->kept == AFD_KEPT_PAGE && !p->replay ? afd_cursor_write(p, keep, err) : 0;
}

static int keep_page(struct afd_pages *p, const struct turn *t, const struct afd_response *r, struct afd_keeper *keep,
		     struct afd_error *err)
{
	if (t->t.call->kept == AFD_KEPT_PAGE)
		return keep_bytes(p, keep, r->body, NULL, err);
	if (p->list.len > AFD_MAX_ITEM - 4096 || r->body.len > AFD_MAX_ITEM - 4096 - p->list.len)
		return afd_fail(err, AFD_E_LIMIT, "the list is larger than %u bytes", AFD_MAX_ITEM);
	if ((!p->list.len && afd_list_begin(&p->list, &t->t)) ||
	    afd_list_page(&p->list, (char *)p->asked.data, r->body) < 0)
		return afd_fail_memory(err);
	return 0;
}

static int take_page(struct afd_pages *p, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_page page = { .count = -1, .total = -1 };
	AFD_AUTO(buf) struct afd_buf next = { 0 };
	struct afd_error why = { 0 };
	struct turn *t = &p->queue[p->at];
	const struct afd_turn turn = t->t;         /* read() may add turns, and the queue move; its texts stay */
	size_t at = p->at;
	int got;

	p->attempt = 0;
	p->wait_ms = 0;
	p->answers++;
	got = turn.call->read(p->setup.own, p, &turn, r, &page, &why);
	next = page.next;
	t = &p->queue[at];
	if (got < 0 && why.code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	if (got < 0 && why.code == AFD_E_REMOTE)
		return afd_turn_give_up(p, keep, why.text, err);
	/* Bytes of a log that are no page are kept too: the engine withholds what it cannot search for secrets. */
	if (got < 0 && t->t.call->kept == AFD_KEPT_PAGE && keep_bytes(p, keep, r->body, NULL, err) < 0)
		return -1;
	if (got < 0)
		return afd_turn_give_up(p, keep, why.text, err);
	if (keep_page(p, t, r, keep, &why) < 0)
		return why.code == AFD_E_LIMIT ? afd_turn_give_up(p, keep, why.text, err) : (*err = why, -1);
	t->resumed = false;
	count(t, &page);
	remember_bad(t, &page);
	keep->progress(keep->ctx, t->n, t->total > 0 ? (uint64_t)t->total : 0, "entries");
	if (next.len)
		return more_pages(p, &page, r->body, keep, err);
	if (t->off.page || (t->total >= 0 && (uint64_t)t->total != t->n))
		return miscounted(p, t, keep, err);
	return finish(p, r, keep, err);
}

/* 304: the earlier body stands, and is cited. */
static int take_unchanged(struct afd_pages *p, struct afd_keeper *keep, struct afd_error *err)
{
	struct turn *t = &p->queue[p->at];
	AFD_AUTO(mem) char *key = afd_done_key(&t->t);
	AFD_AUTO(mem) char *etag = NULL, *sha256 = NULL;
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	const struct done *d = key ? afd_done_find(p, key) : NULL;

	if (!d || !d->etag || !d->sha256)
		return afd_turn_give_up(p, keep, "HTTP 304 to a request that set no condition", err);
	if (afd_buf_printf(&text, AFD_UNCHANGED_HEAD "\"seen\":%" PRId64 ",\"sha256\":\"%s\"}}", d->until, d->sha256) < 0 ||
	    !(etag = afd_strdup(d->etag)) || !(sha256 = afd_strdup(d->sha256)))
		return afd_fail_memory(err);
	if (keep_bytes(p, keep, afd_buf_slice(&text), "application/json", err) < 0 || afd_turn_covered(p, keep, t, err) < 0 ||
	    afd_done_set(p, key, p->now, etag, sha256, err) < 0)
		return -1;
	afd_turn_over(p);
	return afd_cursor_write(p, keep, err);
}

static int take_token(struct afd_pages *p, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep,
		      struct afd_error *err)
{
	struct afd_error said = { 0 };

	p->fetching = false;
	if (!r)
		return afd_turn_silent(p, why, keep, err);
	if (afd_judge_status(r) == AFD_JUDGED_THROTTLED)
		return afd_turn_throttled(p, r, keep, err);
	p->attempt = 0;
	p->wait_ms = 0;
	if (p->setup.auth->token_take(p->setup.auth, r, afd_now(p->env), &said) < 0)
		return said.code == AFD_E_MEMORY ? afd_fail_memory(err) : afd_turn_refused(p, keep, 0, said.text, err);
	return 0;
}

static int other_answer(struct afd_pages *p, enum afd_judged judged, const struct afd_response *r, struct afd_keeper *keep,
			struct afd_error *err)
{
	struct turn *t = &p->queue[p->at];
	char reason[100];

	if (judged == AFD_JUDGED_ABSENT && t->t.call->absent_ends && !t->t.token)
		return finish(p, NULL, keep, err);
	/* A token of an earlier run may have grown too old; the list is read from its beginning. */
	if (t->resumed && r->status >= 400 && r->status < 500) {
		afd_turn_restart(t);
		return 0;
	}
	snprintf(reason, sizeof(reason), "HTTP %d%s", r->status, judged == AFD_JUDGED_ABSENT ? ": the provider knows no such thing" : "");
	return afd_turn_give_up(p, keep, reason, err);
}

/* A recording that has no first answer is a run that has nothing new; one that has no further answer was cut off. */
static int recording_ends(struct afd_pages *p, struct afd_keeper *keep, struct afd_error *err)
{
	if (p->answers) {
		p->run++;
		while (p->at < p->n_queue)
			if (afd_turn_give_up(p, keep, "the recording ends before the last page", err) < 0)
				return -1;
		return afd_cursor_write(p, keep, err);
	}
	p->at = p->n_queue;
	return 0;
}

static int take_answer(struct afd_pages *p, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	const enum afd_judged judged = p->setup.spec->judge ? p->setup.spec->judge(r) : afd_judge_status(r);

	switch (judged) {
	case AFD_JUDGED_PAGE:
		return take_page(p, r, keep, err);
	case AFD_JUDGED_UNCHANGED:
		return take_unchanged(p, keep, err);
	case AFD_JUDGED_THROTTLED:
		return afd_turn_throttled(p, r, keep, err);
	case AFD_JUDGED_REFUSED:
		return afd_turn_refused(p, keep, r->status, "", err);
	default:
		return other_answer(p, judged, r, keep, err);
	}
}

int afd_pages_take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep,
		   struct afd_error *err)
{
	struct afd_pages *p = state;

	if (p->fetching)
		return take_token(p, r, why, keep, err);
	if (!r)
		return afd_turn_silent(p, why, keep, err);
	if (p->replay && r->status == 404)
		return recording_ends(p, keep, err);
	if (take_answer(p, r, keep, err) < 0)
		return -1;
	if (p->replay && p->at >= p->n_queue) {
		p->run++;
		return afd_cursor_write(p, keep, err);
	}
	return 0;
}
