/* Requests of a run: of a page, of a token for the credential, of what the credential should not be able to do. */
#include "collector/api/pages_private.h"

#include <inttypes.h>

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
