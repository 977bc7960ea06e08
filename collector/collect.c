/* The engine: carries requests to the transport and answers to the ledger, and says at the end what was covered. */
#include <stdio.h>

#include "collector/collect.h"

#include "collector/engine.h"
#include "collector/revocable.h"

static void tell(const struct run *r, struct afd_progress p)
{
	p.source = r->s;
	p.items = r->items;
	if (r->c->progress)
		r->c->progress(r->c->progress_ctx, &p);
}

static bool stopped(const struct run *r)
{
	return r->c->stop && *r->c->stop;
}

/* --- one request --- */

#define TRIES          3
#define FIRST_WAIT_MS  INT64_C(1000)
#define LONGEST_ASKED  (60 * AFD_SECOND)

static bool worth_another_try(const struct afd_request *q, int got, const struct afd_response *a,
			      const struct afd_error *why)
{
	if (q->once)
		return false;
	if (got == 0)
		return a->status == 429 || (a->status >= 500 && a->status <= 599);
	return why->code == AFD_E_REMOTE || (why->code == AFD_E_IO && q->protocol != AFD_FILE);
}

/* Exponential with jitter, so that many collectors do not come back in step; a Retry-After overrules it. */
static int64_t wait_before(const struct run *r, unsigned attempt, const struct afd_response *a)
{
	int64_t base = FIRST_WAIT_MS << attempt;
	uint16_t jitter = 0;

	if (a->retry_after_ms > 0)
		return a->retry_after_ms;
	afd_random(r->c->env, &jitter, sizeof(jitter));
	return base / 2 + base / 2 * jitter / UINT16_MAX;
}

static int give_up(const struct afd_request *q, int got, const struct afd_response *a, unsigned tries,
		   struct afd_error *why)
{
	size_t n;

	/* "PATH from byte 0: PATH: could not open": once is enough */
	if (got < 0 && why && q->path && (n = strlen(q->path)) && strncmp(q->asked, q->path, n) == 0 && strncmp(why->text, q->path, n) == 0 &&
	    why->text[n] == ':' && why->text[n + 1] == ' ')
		memmove(why->text, why->text + n + 2, strlen(why->text + n + 2) + 1);
	if (got < 0)
		return tries > 1 ? afd_within(why, "%s: %u tries", q->asked, tries) : afd_within(why, "%s", q->asked);
	if (a->retry_after_ms > LONGEST_ASKED)
		return afd_fail(why, AFD_E_REMOTE, "%s: HTTP %d: the server asks to wait %lld s, longer than %lld s",
				q->asked, a->status, (long long)(a->retry_after_ms / AFD_SECOND),
				(long long)(LONGEST_ASKED / AFD_SECOND));
	return afd_fail(why, AFD_E_REMOTE, "%s: HTTP %d after %u %s", q->asked, a->status, tries,
			tries == 1 ? "try" : "tries");
}

/* Recordings have the time of their making. */
static void note_skew(struct run *r, const struct afd_request *q, const struct afd_response *a)
{
	int64_t skew;

	if (q->protocol != AFD_HTTP || a->server_ms == AFD_TIME_NONE || strcmp(a->channel, "file") == 0)
		return;
	skew = a->received_ms - a->server_ms;
	if (!r->skew_known || llabs(skew) > llabs(r->skew_ms))
		r->skew_ms = skew;
	r->skew_known = true;
}

static void sleep_for(const struct run *r, int64_t ms)
{
	if (ms > 0 && r->c->sleep_ms && !stopped(r))
		r->c->sleep_ms(r->c->sleep_ctx ? r->c->sleep_ctx : r->c->secret_ctx, ms);
}

static struct pace *find_pace(struct paces *all, const char *key)
{
	struct afd_digest d;
	struct pace *at;

	afd_sha256(afd_slice_text(key), &d);
	for (size_t i = 0; i < all->n; i++)
		if (afd_digest_equal(&all->at[i].key, &d))
			return &all->at[i];
	at = realloc(all->at, (all->n + 1) * sizeof(*at));
	if (!at)
		return NULL;
	all->at = at;
	at[all->n] = (struct pace){ d, 0 };
	return &at[all->n++];
}

/* A token bucket: BURST requests at once, then one per pace. */
static void keep_shared_pace(const struct run *r, const struct afd_request *q)
{
	struct pace *p = find_pace(r->paces, q->pace_key);
	int64_t now = afd_now(r->c->env), room = q->pace_ms * (q->burst > 1 ? (int64_t)q->burst - 1 : 0);

	if (!p)
		return;
	/* a clock that was set back must not make us wait for longer than an empty bucket asks */
	if (p->full_ms > now + room + q->pace_ms)
		p->full_ms = now + room + q->pace_ms;
	sleep_for(r, p->full_ms - room - now);
	p->full_ms = (p->full_ms > now ? p->full_ms : now) + q->pace_ms;
}

/* No sooner after the last request than the source wants to be seen. */
static int64_t earliest(const struct run *r, const struct afd_request *q)
{
	int64_t now = afd_now(r->c->env), due = r->last_ms + q->pace_ms;

	return q->pace_ms > 0 && r->requests > 0 && due > now ? due : now;
}

static void wait_until(struct run *r, const struct afd_request *q, int64_t due, unsigned n)
{
	int64_t wait = due - afd_now(r->c->env), most = q->pace_ms * n;

	sleep_for(r, wait < most ? wait : most);
}

static void keep_pace(struct run *r, const struct afd_request *q)
{
	if (q->pace_ms > 0 && q->pace_key && r->paces)
		keep_shared_pace(r, q);
	else
		wait_until(r, q, earliest(r, q), 1);
	r->last_ms = afd_now(r->c->env);
	r->requests++;
}

/* The source asks again, after a while. 0, or -1: nobody can wait here. */
static int wait_as_asked(const struct run *r, const struct afd_request *q, struct afd_error *why)
{
	const struct afd_progress p = { .kind = AFD_P_RETRY, .text = q->asked, .wait_ms = q->after_ms };

	if (q->after_ms <= 0)
		return 0;
	if (!r->c->sleep_ms || stopped(r))
		return afd_fail(why, AFD_E_USAGE, "%s: not asked again", q->asked);
	tell(r, p);
	sleep_for(r, q->after_ms);
	return 0;
}

/* --- requests ahead --- */

/* It is asked for once, however often it is said. *due: when it is or was to be begun. */
static bool say_ahead(struct run *r, const struct afd_request *q, int64_t *due)
{
	int got;

	*due = earliest(r, q);
	got = afd_transport_ahead(r->c->transport, q, due);
	if (got == 1) {
		r->last_ms = *due;
		r->requests++;
	}
	return got >= 0;
}

/* Whoever refuses is asked for one thing at a time for a while, and for nothing before that is due. */
static void stand_back(struct run *r)
{
	afd_transport_forget(r->c->transport);
	r->last_ms = afd_now(r->c->env);
	r->window = 0;
}

/* Q, and behind it what the source will ask next: more of that with each good answer, and nothing after a bad one. */
static bool look_ahead(struct run *r, void *state, const struct afd_request *q)
{
	const struct afd_provider *p = r->s->provider;
	struct afd_request more = { 0 };
	int64_t due, later;

	if (!p->ahead || r->window == 0 || q->pace_key || q->after_ms > 0 || !say_ahead(r, q, &due))
		return false;
	for (unsigned i = 1; i < r->window && p->ahead(state, i, &more) > 0; i++)
		say_ahead(r, &more, &later);
	wait_until(r, q, due, AFD_AHEAD_MAX);
	return true;
}

/* SAID: it is under way already, or its turn has come. */
static int ask(struct run *r, const struct afd_request *q, bool said, struct afd_response *ret, struct afd_error *why)
{
	for (unsigned attempt = 0;; attempt++) {
		struct afd_progress p = { .kind = AFD_P_RETRY, .text = why->text };
		int got;

		*ret = (struct afd_response){ .server_ms = AFD_TIME_NONE, .retry_after_ms = -1 };
		*why = (struct afd_error){ 0 };
		if (wait_as_asked(r, q, why) < 0)
			return -1;
		if (!said || attempt > 0)
			keep_pace(r, q);
		got = afd_transport_do(r->c->transport, q, ret, why);
		if (got == 0)
			note_skew(r, q, ret);
		if (!worth_another_try(q, got, ret, why))
			return got < 0 ? give_up(q, got, ret, 1, why) : 0;
		stand_back(r);
		if (attempt + 1 == TRIES || !r->c->sleep_ms || stopped(r) || ret->retry_after_ms > LONGEST_ASKED)
			return give_up(q, got, ret, attempt + 1, why);
		if (got == 0)
			afd_fail(why, AFD_E_REMOTE, "%s: HTTP %d", q->asked, ret->status);
		p.wait_ms = wait_before(r, attempt, ret);
		tell(r, p);
		r->c->sleep_ms(r->c->sleep_ctx ? r->c->sleep_ctx : r->c->secret_ctx, p.wait_ms);
	}
}

int afd_run_ask(struct run *r, const struct afd_request *q, struct afd_response *ret, struct afd_error *why)
{
	return ask(r, q, false, ret, why);
}

int afd_run_ask_ahead(struct run *r, void *state, const struct afd_request *q, struct afd_response *ret, struct afd_error *why)
{
	int got = ask(r, q, look_ahead(r, state, q), ret, why);

	if (got == 0 && r->window < AFD_AHEAD_MAX)
		r->window++;
	return got;
}

/* --- one source --- */

static int no_secret(void *ctx, const char *ref, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx, (void)ret;
	return afd_fail(err, AFD_E_CONFIG, "%s: no way to resolve secrets here", ref);
}

static int walk(struct run *r, void *state, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_response answer;
	int more;

	for (;;) {
		struct afd_request q = { 0 };
		struct afd_error why = { 0 };

		if (stopped(r))
			return 1;
		more = r->s->provider->next(state, &q, err);
		if (more <= 0)
			return more;
		if (!q.asked)
			q.asked = q.url ? "request" : r->s->name;
		r->asked = q.asked;
		r->answer = afd_run_ask_ahead(r, state, &q, &answer, &why) < 0 ? NULL : &answer;
		/* Without an answer after SIGINT there is nothing to hold against the server. */
		if (!r->answer && stopped(r))
			return 1;
		if (r->s->provider->take(state, r->answer, r->answer ? NULL : &why, keep, err) < 0)
			return -1;
	}
}

/* 0 done, 1 stopped, -1 the source failed (or the store: r->store_failed). */
static int run_source(struct run *r, struct afd_error *err)
{
	__attribute__((cleanup(afd_revocable_release))) struct afd_revocable_list revocable = { 0 };
	const struct afd_source_config config = {
		.name = r->s->name, .doc = r->s->doc, .node = r->s->node, .base_dir = r->s->base_dir,
		.secret = r->c->secret ? r->c->secret : no_secret, .secret_ctx = r->c->secret_ctx,
		.watch = r->c->watch, .env = r->c->env, .contact = r->c->contact, .back = r->c->back,
		.import_dir = r->c->import_dir, .import_file = r->c->import_file, .revocable = &revocable,
	};
	struct afd_keeper keep = afd_run_keeper(r);
	void *state = NULL;
	int got;

	if (afd_run_open(r, err) < 0 ||
	    (r->s->provider->revocable && afd_revocable_load(r->c->store, afd_now(r->c->env), &revocable, err) < 0))
		return -1;
	if (r->s->provider->begin(&config, r->s->config, r->cursor, &state, err) < 0)
		return -1;
	got = walk(r, state, &keep, err);
	afd_transport_forget(r->c->transport);
	r->s->provider->end(state);
	return got;
}

static void tell_end(struct run *r, int got, const struct afd_error *why)
{
	struct afd_progress p = { .kind = got < 0 || r->refused ? AFD_P_FAILED : AFD_P_DONE, .until_ms = AFD_TIME_NONE };

	p.text = got < 0 ? why->text : got > 0 ? "stopped" : r->refused;
	for (size_t i = 0; i < r->said.n; i++) {
		const struct afd_row_coverage *c = &r->said.at[i];

		if (c->grade == AFD_GAP && !p.text)
			p.text = c->reason;
		if (c->grade != AFD_GAP && c->at.to >= p.until_ms) {
			p.until_ms = c->at.to;
			p.grade = c->grade;
		}
	}
	tell(r, p);
}

static int collect_source(const struct afd_collect *c, const struct afd_source *s, struct paces *paces,
			  struct afd_collected *ret, struct afd_error *err);

/* Is S to run? PARENT: what brought it; those that it brings have names that begin with its own and a dot. */
static bool is_wanted(const struct afd_collect *c, const struct afd_source *s, const struct afd_source *parent)
{
	size_t n = strlen(s->name);

	for (size_t i = 0; i < c->n_only; i++)
		if (strcmp(c->only[i], s->name) == 0 || (parent && strcmp(c->only[i], parent->name) == 0) ||
		    (s->provider->more && strncmp(c->only[i], s->name, n) == 0 && c->only[i][n] == '.'))
			return true;
	return c->n_only == 0;
}

/* The sources that this one brought. That they could not be made is its own failure, told at its end. */
static int collect_more(const struct run *r, struct afd_collected *ret, struct afd_error *err)
{
	struct afd_more_sources more = { 0 };
	struct afd_error why = { 0 };
	int rc = 0;

	if (r->s->provider->more(r->s, r->cursor, afd_now(r->c->env), &more, &why) < 0) {
		tell(r, (struct afd_progress){ .kind = AFD_P_FAILED, .text = why.text });
		ret->failed++;
	} else {
		for (size_t i = 0; i < more.n && rc == 0 && !stopped(r); i++)
			if (is_wanted(r->c, &more.at[i], r->s))
				rc = collect_source(r->c, &more.at[i], r->paces, ret, err);
	}
	if (more.release)
		more.release(&more);
	return rc;
}

/* -1 only when the store failed. */
static int collect_source(const struct afd_collect *c, const struct afd_source *s, struct paces *paces,
			  struct afd_collected *ret, struct afd_error *err)
{
	AFD_AUTO(run_state) struct run r = {
		.c = c, .s = s, .started_ms = afd_now(c->env), .until_ms = AFD_TIME_NONE, .paces = paces,
		.cursor_name = c->import_file ? afd_sprintf("import %s %s/%s", s->name, c->import_dir, c->import_file) : afd_strdup(s->name),
	};
	struct afd_error why = { 0 };
	int got;

	if (!r.cursor_name)
		return afd_fail_memory(err);
	tell(&r, (struct afd_progress){ .kind = AFD_P_BEGIN });
	got = run_source(&r, &why);
	if (!r.store_failed && afd_run_finish(&r, got, &why) < 0)
		r.store_failed = true;
	if (r.store_failed) {
		if (err)
			*err = why;
		return afd_within(err, "source %s", s->name);
	}
	tell_end(&r, got, &why);
	if (r.skew_known && (!*ret->skew_source || llabs(r.skew_ms) > llabs(ret->skew_ms))) {
		ret->skew_ms = r.skew_ms;
		snprintf(ret->skew_source, sizeof(ret->skew_source), "%s", s->name);
	}
	ret->sources++;
	ret->failed += got < 0 || r.refused;
	ret->refused += r.refused != NULL;
	ret->items += r.items;
	ret->gaps += r.gaps;
	return s->provider->more && got <= 0 ? collect_more(&r, ret, err) : 0;
}

int afd_collect_run(const struct afd_collect *c, const struct afd_source *s, size_t n, struct afd_collected *ret,
		    struct afd_error *err)
{
	struct paces paces = { 0 };
	int rc = 0;

	*ret = (struct afd_collected){ 0 };
	/* What tells single steps first: a whole content that comes before would leave them nothing to tell. */
	for (int later = 0; later <= 1; later++)
		for (size_t i = 0; rc == 0 && i < n && !(c->stop && *c->stop); i++)
			if (s[i].provider->history == !later && is_wanted(c, &s[i], NULL))
				rc = collect_source(c, &s[i], &paces, ret, err);
	free(paces.at);
	return rc;
}
