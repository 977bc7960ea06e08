/* The run of a source that asks an API: one list after the other, each page by page. */
#include "collector/api/pages_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/engine.h"
#include "core/limits.h"

#define MAX_PAGES      20000u
#define MAX_TURNS      1000000u
#define PATIENCE       (5 * AFD_MINUTE)
#define FIRST_WAIT     AFD_SECOND
#define LONGEST_WAIT   (60 * AFD_SECOND)
#define MAX_ATTEMPTS   8u
#define MAX_SILENT     3u             /* tries when there is no answer at all */

/* --- turns --- */

void afd_turn_release(struct turn *t)
{
	free((char *)t->t.scope);
	free((char *)t->t.subject);
	free((char *)t->t.token);
	free(t->seen);
	*t = (struct turn){ 0 };
}

void afd_turn_restart(struct turn *t)
{
	free((char *)t->t.token);
	t->t.token = NULL;
	t->t.page = 1;
	t->n = 0;
	t->counted = 0;
	t->total = -1;
	t->off = (struct miscount){ 0 };
	t->n_bad = t->n_seen = 0;
	t->resumed = false;
}

static bool same_list(const struct afd_turn *a, const struct afd_turn *b)
{
	return a->call == b->call && strcmp(a->scope, b->scope) == 0 && strcmp(a->subject, b->subject) == 0;
}

int afd_pages_add(struct afd_pages *p, size_t call, const char *scope, const char *subject, struct afd_span window,
		  struct afd_error *err)
{
	struct turn *more, *t;

	if (call >= p->setup.spec->n_call || !scope || !*scope)
		return afd_fail(err, AFD_E_ENGINE, "a list without a call or a scope");
	if (p->n_queue >= MAX_TURNS)
		return afd_fail(err, AFD_E_LIMIT, "more than %u lists to read", MAX_TURNS);
	more = realloc(p->queue, (p->n_queue + 1) * sizeof(*more));
	if (!more)
		return afd_fail_memory(err);
	p->queue = more;
	t = &more[p->n_queue];
	*t = (struct turn){ .index = call };
	t->t.call = &p->setup.spec->call[call];
	t->t.scope = afd_strdup(scope);
	t->t.subject = afd_strdup(subject ? subject : "");
	t->t.window = window;
	p->n_queue++;
	afd_turn_restart(t);
	if (!t->t.scope || !t->t.subject)
		return afd_fail_memory(err);
	/* A run that was cut off goes on with the page, and the window, at which it was. */
	if (p->has_resume && same_list(&t->t, &p->resume.t)) {
		afd_turn_release(t);
		*t = p->resume;
		p->resume = (struct turn){ 0 };
		p->has_resume = false;
	}
	return 0;
}

struct afd_span afd_pages_window(const struct afd_pages *p, size_t call, const char *scope, const char *subject, int64_t since)
{
	const struct afd_turn t = { .call = &p->setup.spec->call[call], .scope = scope, .subject = subject ? subject : "" };
	AFD_AUTO(mem) char *key = afd_done_key(&t);
	const struct done *d = key ? afd_done_find(p, key) : NULL;

	return (struct afd_span){ d ? d->until - t.call->overlap_ms : since, p->now };
}

int afd_pages_lacking(struct afd_pages *p, const char *scope, const char *reason, struct afd_error *err)
{
	struct lacking *more = realloc(p->lacking, (p->n_lacking + 1) * sizeof(*more));

	if (!more)
		return afd_fail_memory(err);
	p->lacking = more;
	more[p->n_lacking] = (struct lacking){ afd_strdup(scope), afd_strdup(reason) };
	p->n_lacking++;
	return more[p->n_lacking - 1].scope && more[p->n_lacking - 1].reason ? 0 : afd_fail_memory(err);
}

int64_t afd_pages_now(const struct afd_pages *p)
{
	return p->now;
}

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

/* --- asking --- */

/* Host and credential: what the provider counts requests by. */
static int pace_key(struct afd_pages *p)
{
	const char *host = strstr(p->base, "://");
	size_t n = host ? strcspn(host + 3, "/") : 0;

	p->key.len = 0;
	return afd_buf_add(&p->key, host ? host + 3 : "", n) < 0 || afd_buf_text(&p->key, " ") < 0 ||
	       afd_buf_text(&p->key, p->setup.auth && p->setup.auth->name ? p->setup.auth->name : p->name) < 0;
}

/* Whole requests are made here from P->ask. */
static int fill(struct afd_pages *p, struct afd_request *q, struct afd_error *err)
{
	const struct afd_pages_spec *spec = p->setup.spec;

	if (pace_key(p))
		return afd_fail_memory(err);
	q->url = (char *)p->ask.url.data;
	q->asked = (char *)p->asked.data;
	q->post = afd_buf_slice(&p->ask.body);
	q->post_type = p->ask.media_type;
	q->authenticated = p->setup.auth != NULL;
	q->pace_ms = p->replay ? 0 : spec->pace_ms;
	q->burst = spec->burst;
	q->pace_key = (char *)p->key.data;
	q->after_ms = p->wait_ms;
	q->once = true;
	for (size_t i = 0; i < p->ask.n_header; i++)
		q->header[q->n_header++] = (struct afd_header){ p->ask.header[i].name, (char *)p->ask.header[i].value.data };
	return 1;
}

static int new_ask(struct afd_pages *p, struct afd_error *err)
{
	afd_ask_release(&p->ask);
	p->ask.url.max = 16384;
	p->asked.len = 0;
	p->ask.base = strlen(p->base);
	return afd_buf_text(&p->ask.url, p->base) < 0 ? afd_fail_memory(err) : 0;
}

static int ask_recording(struct afd_pages *p, const struct turn *t, struct afd_request *q, struct afd_error *err)
{
	if (new_ask(p, err) < 0)
		return -1;
	if (afd_buf_printf(&p->ask.url, "/%04" PRIu64, p->answers + 1) < 0 || afd_asked_write(&p->asked, &t->t, "a recording") < 0)
		return afd_fail_memory(err);
	return fill(p, q, err);
}

/* ETag of the list as it was read last, when there is one. */
static int ask_if_changed(struct afd_pages *p, const struct turn *t, struct afd_error *err)
{
	AFD_AUTO(mem) char *key = afd_done_key(&t->t);
	const struct done *d = key ? afd_done_find(p, key) : NULL;

	if (!t->t.call->conditional || t->t.token || !d || !d->etag || !d->sha256)
		return key ? 0 : afd_fail_memory(err);
	return afd_ask_header(&p->ask, "If-None-Match", d->etag, err);
}

static int ask_page(struct afd_pages *p, const struct turn *t, struct afd_request *q, struct afd_error *err)
{
	const struct afd_pages_spec *spec = p->setup.spec;
	struct afd_auth *auth = p->setup.auth;
	const char *what;

	if (new_ask(p, err) < 0 || t->t.call->ask(p->setup.own, &t->t, &p->ask, err) < 0 ||
	    afd_ask_header(&p->ask, "Accept", spec->accept ? spec->accept : "application/json", err) < 0 ||
	    ask_if_changed(p, t, err) < 0)
		return -1;
	if (auth && auth->sign && auth->sign(auth, afd_now(p->env) + p->wait_ms, &p->ask, err) < 0)
		return -1;
	if (!p->ask.asked.len && (afd_buf_printf(&p->ask.asked, "%s %s", p->ask.media_type ? "POST" : "GET",
						 (char *)p->ask.url.data + p->ask.base) < 0))
		return afd_fail_memory(err);
	what = (char *)p->ask.asked.data;
	if (afd_asked_write(&p->asked, &t->t, what) < 0)
		return afd_fail_memory(err);
	return fill(p, q, err);
}

static int ask_token(struct afd_pages *p, struct afd_request *q, struct afd_error *err)
{
	int r;

	if (!p->setup.auth || !p->setup.auth->token_ask || p->replay)
		return 0;
	if (new_ask(p, err) < 0)
		return -1;
	p->ask.url.len = 0;
	r = p->setup.auth->token_ask(p->setup.auth, afd_now(p->env), &p->ask, err);
	p->fetching = r > 0;
	if (r <= 0)
		return r;
	if (afd_ask_header(&p->ask, "Accept", "application/json", err) < 0)
		return -1;
	return afd_buf_text(&p->asked, "token of the credential") < 0 ? afd_fail_memory(err) : fill(p, q, err);
}

int afd_pages_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct afd_pages *p = state;
	int r;

	if (p->at >= p->n_queue)
		return 0;
	if (p->replay)
		return ask_recording(p, &p->queue[p->at], q, err);
	r = ask_token(p, q, err);
	return r ? r : ask_page(p, &p->queue[p->at], q, err);
}

/* --- what the credential should not be able to do --- */

static enum afd_excess_told excess_told(void *state, const struct afd_response *r)
{
	const struct afd_pages *p = state;
	const struct afd_pages_spec *spec = p->setup.spec;
	const struct afd_pages_excess *e = &spec->excess[p->excess - 1];
	const enum afd_judged judged = spec->judge ? spec->judge(r) : afd_judge_status(r);

	if (judged == AFD_JUDGED_THROTTLED)
		return AFD_EXCESS_UNTOLD;
	if (r->status != 200 || judged != AFD_JUDGED_PAGE)
		return AFD_EXCESS_NO;
	return !e->shown || e->shown(p->setup.own, r) ? AFD_EXCESS_YES : AFD_EXCESS_NO;
}

/* 1: not with this configuration */
static int ask_excess(struct afd_pages *p, const struct afd_pages_excess *e, struct afd_error *err)
{
	const char *accept = p->setup.spec->accept;
	struct afd_auth *auth = p->setup.auth;
	int r;

	if (new_ask(p, err) < 0)
		return -1;
	if (e->path && afd_buf_text(&p->ask.url, e->path) < 0)
		return afd_fail_memory(err);
	r = e->ask ? e->ask(p->setup.own, &p->ask, err) : 0;
	if (r)
		return r;
	if (afd_ask_header(&p->ask, "Accept", accept ? accept : "application/json", err) < 0 ||
	    (auth && auth->sign && auth->sign(auth, afd_now(p->env), &p->ask, err) < 0))
		return -1;
	return afd_buf_text(&p->asked, "whether the credential can do more") < 0 ? afd_fail_memory(err) : 0;
}

int afd_pages_excess(void *state, const struct afd_response *last, struct afd_excess *ret, struct afd_error *err)
{
	struct afd_pages *p = state;
	int r = 1;

	if (p->fetching) {
		p->fetching = false;
		if (!last || p->setup.auth->token_take(p->setup.auth, last, afd_now(p->env), err) < 0)
			return -1;
	}
	if (p->replay || !p->setup.auth)
		return 0;
	while (r == 1) {
		if (p->excess >= p->setup.spec->n_excess)
			return 0;
		r = ask_excess(p, &p->setup.spec->excess[p->excess++], err);
	}
	if (r < 0)
		return -1;
	*ret = (struct afd_excess){ .can = p->setup.spec->excess[p->excess - 1].can, .instead = p->setup.spec->excess[p->excess - 1].instead,
		.told = excess_told };
	return fill(p, &ret->q, err);
}

/* --- stating --- */

/* Of states: since what this scope was last read to. What this run itself read says nothing of what it missed. */
static struct afd_span since_last(const struct afd_pages *p, const char *scope)
{
	AFD_AUTO(buf) struct afd_buf word = { 0 };
	int64_t last = AFD_TIME_NONE;

	if (afd_word_add(&word, scope) < 0)
		return afd_instant(p->now);
	for (size_t i = 0; i < p->n_done; i++) {
		const char *at = strchr(p->done[i].key, ' ');

		if (at && strncmp(at + 1, (char *)word.data, word.len) == 0 && at[1 + word.len] == ' ' && p->done[i].until < p->now &&
		    p->done[i].until > last)
			last = p->done[i].until;
	}
	return last == AFD_TIME_NONE ? afd_instant(p->now) : (struct afd_span){ last, p->now };
}

static int state_gap(const struct afd_pages *p, struct afd_keeper *keep, const char *scope, struct afd_span at, const char *reason,
		     struct afd_error *err)
{
	const struct afd_row_coverage c = {
		.scope = scope, .at = at, .grade = AFD_GAP, .reason = reason, .provider_count = -1, .stored_count = -1,
	};

	(void)p;
	return at.from < at.to ? keep->cover(keep->ctx, &c, err) : 0;
}

static int state_lacking(struct afd_pages *p, struct afd_keeper *keep, struct afd_error *err)
{
	for (size_t i = 0; i < p->n_lacking; i++) {
		struct lacking *l = &p->lacking[i];

		if (state_gap(p, keep, l->scope, since_last(p, l->scope), l->reason, err) < 0)
			return -1;
		free(l->scope);
		free(l->reason);
		*l = (struct lacking){ 0 };
	}
	p->n_lacking = 0;
	return 0;
}

static void turn_over(struct afd_pages *p)
{
	p->at++;
	p->list.len = 0;
	p->attempt = 0;
	p->wait_ms = 0;
	p->reason[0] = '\0';
}

/* The list ends here unread. What an earlier window covered stays covered. */
static int give_up(struct afd_pages *p, struct afd_keeper *keep, const char *reason, struct afd_error *err)
{
	const struct turn *t = &p->queue[p->at];
	AFD_AUTO(mem) char *key = afd_done_key(&t->t);
	AFD_AUTO(mem) char *text = afd_sprintf("%s%s%s: %s", t->t.call->name, *t->t.subject ? " of " : "", t->t.subject, reason);
	struct afd_span at = t->t.window;
	const struct done *d = key ? afd_done_find(p, key) : NULL;

	if (!key || !text)
		return afd_fail_memory(err);
	if (at.from >= at.to)
		at = since_last(p, t->t.scope);
	else if (d && d->until > at.from && d->until < at.to)
		at.from = d->until;
	if (state_gap(p, keep, t->t.scope, at, text, err) < 0)
		return -1;
	turn_over(p);
	return state_lacking(p, keep, err);
}

/* A credential that is not known at all ends the run; one that may not do this one thing does not. */
static int refused(struct afd_pages *p, struct afd_keeper *keep, int status, const char *why, struct afd_error *err)
{
	const char *todo = p->setup.spec->refused;
	AFD_AUTO(mem) char *text = status ? afd_sprintf("the credential was refused (HTTP %d): %s", status, todo) :
					    afd_sprintf("the credential was refused: %s: %s", why, todo);

	if (!text)
		return afd_fail_memory(err);
	keep->refused(keep->ctx, text);
	if (give_up(p, keep, text, err) < 0)
		return -1;
	while (status != 403 && p->at < p->n_queue)
		if (give_up(p, keep, text, err) < 0)
			return -1;
	return 0;
}

/* --- trying again --- */

static int64_t jitter(const struct afd_pages *p)
{
	int64_t cap = p->attempt < 6 ? FIRST_WAIT << p->attempt : LONGEST_WAIT;
	uint16_t chance = 0;

	afd_random(p->env, &chance, sizeof(chance));
	return 1 + (cap < LONGEST_WAIT ? cap : LONGEST_WAIT) * chance / UINT16_MAX;
}

/* 1: the same request again after p->wait_ms; 0: patience is at its end. */
static int again(struct afd_pages *p, int64_t asked_to_wait, unsigned most)
{
	int64_t wait = asked_to_wait > 0 ? asked_to_wait : jitter(p), patience = p->setup.spec->patience_ms;

	if (p->replay || ++p->attempt >= most || p->waited_ms + wait > (patience ? patience : PATIENCE))
		return 0;
	p->waited_ms += wait;
	p->wait_ms = wait;
	return 1;
}

static int throttled(struct afd_pages *p, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	const int64_t patience = p->setup.spec->patience_ms ? p->setup.spec->patience_ms : PATIENCE;
	bool more = again(p, r->retry_after_ms, MAX_ATTEMPTS) == 1;

	snprintf(p->reason, sizeof(p->reason), "HTTP %d: throttled or out of order after %u %s", r->status, p->attempt,
		 p->attempt == 1 ? "try" : "tries");
	if (more)
		return 0;
	if (r->retry_after_ms > 0)
		snprintf(p->reason + strlen(p->reason), sizeof(p->reason) - strlen(p->reason),
			 "; the server asks to wait %lld s, our patience in one run is %lld s", (long long)(r->retry_after_ms / AFD_SECOND),
			 (long long)(patience / AFD_SECOND));
	return give_up(p, keep, p->reason, err);
}

/* AFD_E_USAGE: nobody can wait here; then what we waited for is the reason. The engine puts what was asked in front, which
 * the gap says already. */
static int silent(struct afd_pages *p, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	const char *text = why->text;
	bool may_pass = why->code == AFD_E_REMOTE || why->code == AFD_E_IO;

	if (strncmp(text, (char *)p->asked.data, p->asked.len) == 0 && strncmp(text + p->asked.len, ": ", 2) == 0)
		text += p->asked.len + 2;
	if (why->code != AFD_E_USAGE || !*p->reason)
		snprintf(p->reason, sizeof(p->reason), "%s", text);
	if (may_pass && again(p, 0, MAX_SILENT))
		return 0;
	return give_up(p, keep, p->reason, err);
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

/* Everything of the list was read. */
static int state_read(const struct afd_pages *p, struct afd_keeper *keep, const struct turn *t, struct afd_error *err)
{
	struct afd_span at = t->t.window;
	const struct afd_row_coverage c = {
		.scope = t->t.scope,
		.at = at.from < at.to ? at : since_last(p, t->t.scope),
		.grade = t->total >= 0 && t->t.call->grade == AFD_ASSERTED ? AFD_PROVEN : t->t.call->grade,
		.reason = t->total >= 0 ? "read to the last page; the provider counts as many" : "read to the last page",
		.provider_count = t->total >= 0 ? t->total : t->counted,
		.stored_count = (int64_t)t->n,
	};

	if (t->t.call->grade != AFD_GAP && c.at.from < c.at.to && keep->cover(keep->ctx, &c, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n_bad; i++)
		if (state_gap(p, keep, t->t.scope, t->bad[i].at, t->bad[i].why, err) < 0)
			return -1;
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
		return give_up(p, keep, reason, err) < 0 ? -1 : afd_cursor_write(p, keep, err);
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
	if (state_read(p, keep, t, err) < 0 ||
	    afd_done_set(p, key, window ? t->t.window.to : p->now, tagged ? r->etag : NULL, tagged ? digest.s : NULL, err) < 0)
		return -1;
	/* It was the rest of an earlier run's window. */
	if (window && t->t.window.to < p->now - AFD_MINUTE) {
		rest = afd_pages_window(p, t->index, t->t.scope, t->t.subject, t->t.window.to);
		if (afd_pages_add(p, t->index, t->t.scope, t->t.subject, rest, err) < 0)
			return -1;
	}
	turn_over(p);
	return state_lacking(p, keep, err) < 0 ? -1 : afd_cursor_write(p, keep, err);
}

static int more_pages(struct afd_pages *p, const char *token, struct afd_keeper *keep, struct afd_error *err)
{
	struct turn *t = &p->queue[p->at];
	const uint64_t most = t->t.call->max_pages ? t->t.call->max_pages : MAX_PAGES;
	char reason[100];
	bool circle;
	char *own;

	if (t->t.page >= most) {
		snprintf(reason, sizeof(reason), "more pages than the ceiling of %" PRIu64, most);
		return give_up(p, keep, reason, err);
	}
	if (seen_before(t, token, &circle, err) < 0)
		return -1;
	if (circle)
		return give_up(p, keep, "the token of a page came a second time: the pages run in a circle", err);
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
		return give_up(p, keep, why.text, err);
	/* Bytes of a log that are no page are kept too: the engine withholds what it cannot search for secrets. */
	if (got < 0 && t->t.call->kept == AFD_KEPT_PAGE && keep_bytes(p, keep, r->body, NULL, err) < 0)
		return -1;
	if (got < 0)
		return give_up(p, keep, why.text, err);
	if (keep_page(p, t, r, keep, &why) < 0)
		return why.code == AFD_E_LIMIT ? give_up(p, keep, why.text, err) : (*err = why, -1);
	t->resumed = false;
	count(t, &page);
	remember_bad(t, &page);
	keep->progress(keep->ctx, t->n, t->total > 0 ? (uint64_t)t->total : 0, "entries");
	if (next.len)
		return more_pages(p, (char *)next.data, keep, err);
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
		return give_up(p, keep, "HTTP 304 to a request that set no condition", err);
	if (afd_buf_printf(&text, AFD_UNCHANGED_HEAD "\"seen\":%" PRId64 ",\"sha256\":\"%s\"}}", d->until, d->sha256) < 0 ||
	    !(etag = afd_strdup(d->etag)) || !(sha256 = afd_strdup(d->sha256)))
		return afd_fail_memory(err);
	if (keep_bytes(p, keep, afd_buf_slice(&text), "application/json", err) < 0 || state_read(p, keep, t, err) < 0 ||
	    afd_done_set(p, key, p->now, etag, sha256, err) < 0)
		return -1;
	turn_over(p);
	return afd_cursor_write(p, keep, err);
}

static int take_token(struct afd_pages *p, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep,
		      struct afd_error *err)
{
	struct afd_error said = { 0 };

	p->fetching = false;
	if (!r)
		return silent(p, why, keep, err);
	if (afd_judge_status(r) == AFD_JUDGED_THROTTLED)
		return throttled(p, r, keep, err);
	p->attempt = 0;
	p->wait_ms = 0;
	if (p->setup.auth->token_take(p->setup.auth, r, afd_now(p->env), &said) < 0)
		return said.code == AFD_E_MEMORY ? afd_fail_memory(err) : refused(p, keep, 0, said.text, err);
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
	return give_up(p, keep, reason, err);
}

/* A recording that has no first answer is a run that has nothing new; one that has no further answer was cut off. */
static int recording_ends(struct afd_pages *p, struct afd_keeper *keep, struct afd_error *err)
{
	if (p->answers) {
		p->run++;
		while (p->at < p->n_queue)
			if (give_up(p, keep, "the recording ends before the last page", err) < 0)
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
		return throttled(p, r, keep, err);
	case AFD_JUDGED_REFUSED:
		return refused(p, keep, r->status, "", err);
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
		return silent(p, why, keep, err);
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
