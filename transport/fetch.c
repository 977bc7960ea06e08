/* HTTP requests under way: the one that is asked for now, and those that were said to follow it. The caller's thread moves
 * the bytes, while it waits for an answer; to unpack them (gzip, and what the source makes of a body) there are helpers, and
 * the caller itself when all of them are busy. A fetch belongs to one thread at a time, and .stage says to whom. */
#include "transport/transport_private.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define WAITING_BYTES ((size_t)16 * 1024 * 1024)

enum { FETCHES = AFD_AHEAD_MAX + 1, HELPERS_MAX = 7, LOOK_MS = 1000 };    /* one more: the answer that was given last */

enum stage { UNUSED, DUE, UNDER_WAY, ARRIVED, OPENING, READY };
struct fetch {
	struct afd_http x;                    /* the first, so that what libcurl knows of leads here */
	struct afd_fetches *all;
	enum stage stage;                         /* under the lock */
	size_t held;                              /* bytes, from ARRIVED on; under the lock */
	char *url;
	struct afd_unpack unpack;
	void *made; void (*made_free)(void *made); bool is_made;   /* false: left from earlier, to be filled anew */
	int64_t due_ms;
	uint64_t turn, said;                      /* order in which they came; in which round it was said */
	bool paused;
	int rc; struct afd_error why;
};

struct afd_fetches {
	struct afd_transport *t;
	CURLM *multi;
	struct fetch at[FETCHES];
	struct fetch *wanted, *taken;             /* waited for; given as the last answer. wanted: under the lock */
	uint64_t turns, round;
	pthread_mutex_t lock;
	pthread_cond_t arrived, opened;
	pthread_t helper[HELPERS_MAX];
	unsigned n_helpers, n_busy;               /* n_busy: under the lock */
	bool has_helpers, over;
};

/* --- unpacking --- */

/* The oldest that waits for it. What nobody waits for yet has time until memory is there. */
static struct fetch *to_open(struct afd_fetches *f)
{
	struct fetch *first = NULL;
	size_t held = 0;

	for (size_t i = 0; i < FETCHES; i++) {
		struct fetch *s = &f->at[i];

		held += s->held;
		if (s->stage == ARRIVED && (!first || s->turn < first->turn))
			first = s;
	}
	return first && (first == f->wanted || held < WAITING_BYTES) ? first : NULL;
}

static void make(struct fetch *s)
{
	if (s->made && s->made_free != s->unpack.free) {
		s->made_free(s->made);
		s->made = NULL;
	}
	s->made_free = s->unpack.free;
	s->made = s->unpack.make(&s->unpack, afd_buf_slice(&s->x.body), s->made);
	s->is_made = s->made != NULL;
}

/* The lock is held, but not while it works. */
static void open_one(struct fetch *s)
{
	struct afd_fetches *f = s->all;

	s->stage = OPENING;
	pthread_mutex_unlock(&f->lock);
	s->rc = afd_http_open(&s->x, &s->why);
	if (s->rc == 0 && s->unpack.make && s->x.r.status == 200)
		make(s);
	pthread_mutex_lock(&f->lock);
	s->held = s->x.body.len + s->x.packed.len;
	s->stage = READY;
}

static void *help(void *ctx)
{
	struct afd_fetches *f = ctx;
	struct fetch *s;

	pthread_mutex_lock(&f->lock);
	while (!f->over) {
		s = to_open(f);
		if (!s) {
			pthread_cond_wait(&f->arrived, &f->lock);
			continue;
		}
		f->n_busy++;
		open_one(s);
		f->n_busy--;
		pthread_cond_broadcast(&f->opened);
		curl_multi_wakeup(f->multi);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

/* One for each processor that is not the caller's. Without any the caller does it all. Signals are for the caller. */
static void start_helpers(struct afd_fetches *f)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	sigset_t all, before;

	if (f->has_helpers)
		return;
	f->has_helpers = true;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	while (f->n_helpers < HELPERS_MAX && f->n_helpers + 1 < processors &&
	       pthread_create(&f->helper[f->n_helpers], NULL, help, f) == 0)
		f->n_helpers++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* --- moving bytes --- */

static enum stage stage_of(struct fetch *s)
{
	enum stage stage;

	pthread_mutex_lock(&s->all->lock);
	stage = s->stage;
	pthread_mutex_unlock(&s->all->lock);
	return stage;
}

static void set_stage(struct fetch *s, enum stage stage)
{
	pthread_mutex_lock(&s->all->lock);
	s->stage = stage;
	s->held = stage == ARRIVED ? s->x.body.len : 0;
	pthread_cond_signal(&s->all->arrived);
	pthread_mutex_unlock(&s->all->lock);
}

/* Of those that nobody waits for yet, no more is taken than that all together stay below the ceiling. */
static bool is_full(struct afd_http *x)
{
	struct fetch *s = (struct fetch *)x;
	struct afd_fetches *f = s->all;
	size_t held = 0;

	if (s == f->wanted)
		return false;
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < FETCHES; i++)
		held += f->at[i].stage == UNDER_WAY ? f->at[i].x.body.len : f->at[i].held;
	pthread_mutex_unlock(&f->lock);
	s->paused = held > WAITING_BYTES;
	return s->paused;
}

static void arrived(struct fetch *s, CURLcode code)
{
	curl_multi_remove_handle(s->all->multi, s->x.curl);
	s->rc = afd_http_end(&s->x, code, &s->why);
	s->x.r.received_ms = afd_now(s->all->t->env);
	set_stage(s, s->rc < 0 ? READY : ARRIVED);
}

static void begin(struct fetch *s)
{
	s->x.r.asked_ms = afd_now(s->all->t->env);
	if (afd_file_path(s->url)) {
		s->rc = afd_replay_do(s->url, s->x.max_body, &s->x.body, &s->x.r, &s->why);
		s->x.r.received_ms = afd_now(s->all->t->env);
		set_stage(s, s->rc < 0 ? READY : ARRIVED);
	} else if (curl_multi_add_handle(s->all->multi, s->x.curl) == CURLM_OK) {
		set_stage(s, UNDER_WAY);
	} else {
		s->rc = afd_fail_memory(&s->why);
		set_stage(s, READY);
	}
}

/* The oldest whose time has not come; the caller's thread alone makes and takes those. */
static struct fetch *next_due(struct afd_fetches *f)
{
	struct fetch *first = NULL;

	for (size_t i = 0; i < FETCHES; i++)
		if (stage_of(&f->at[i]) == DUE && (!first || f->at[i].turn < first->turn))
			first = &f->at[i];
	return first;
}

/* Begins what is due. How long until the next one is. */
static int begin_due(struct afd_fetches *f)
{
	struct fetch *s;
	int64_t wait;

	while ((s = next_due(f))) {
		wait = s->due_ms - afd_now(f->t->env);
		if (wait > 0)
			return wait < LOOK_MS ? (int)wait : LOOK_MS;
		begin(s);
	}
	return LOOK_MS;
}

static void move(struct afd_fetches *f)
{
	int running, left;
	struct CURLMsg *m;
	char *s;

	curl_multi_perform(f->multi, &running);
	while ((m = curl_multi_info_read(f->multi, &left)))
		if (m->msg == CURLMSG_DONE) {
			CURLcode code = m->data.result;       /* m is gone with its handle */

			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
			arrived((struct fetch *)s, code);
		}
}

static void resume(struct afd_fetches *f)
{
	for (size_t i = 0; i < FETCHES; i++)
		if (f->at[i].paused) {
			f->at[i].paused = false;
			curl_easy_pause(f->at[i].x.curl, CURLPAUSE_CONT);
		}
}

static void wait_for(struct fetch *s)
{
	struct afd_fetches *f = s->all;
	struct fetch *mine;
	bool ready = false;
	int look;

	pthread_mutex_lock(&f->lock);
	f->wanted = s;
	pthread_cond_signal(&f->arrived);
	pthread_mutex_unlock(&f->lock);
	resume(f);
	while (!ready) {
		look = begin_due(f);
		move(f);
		pthread_mutex_lock(&f->lock);
		mine = s->stage != READY && f->n_busy == f->n_helpers ? to_open(f) : NULL;
		if (mine)
			open_one(mine);
		ready = s->stage == READY;
		pthread_mutex_unlock(&f->lock);
		if (!ready && !mine)
			curl_multi_poll(f->multi, NULL, 0, look, NULL);
	}
	pthread_mutex_lock(&f->lock);
	f->wanted = NULL;
	pthread_mutex_unlock(&f->lock);
}

/* --- the list --- */

static void drop(struct fetch *s)
{
	struct afd_fetches *f = s->all;

	pthread_mutex_lock(&f->lock);
	while (s->stage == OPENING)
		pthread_cond_wait(&f->opened, &f->lock);
	if (s->stage == UNDER_WAY)
		curl_multi_remove_handle(f->multi, s->x.curl);
	s->stage = UNUSED;
	s->held = 0;
	pthread_mutex_unlock(&f->lock);
	s->paused = s->is_made = false;
	free(s->url);
	s->url = NULL;
	if (f->taken == s)
		f->taken = NULL;
	afd_http_clear(&s->x);
}

static struct fetch *find(struct afd_fetches *f, const struct afd_request *q)
{
	for (size_t i = 0; i < FETCHES; i++) {
		struct fetch *s = &f->at[i];

		if (s->url && s != f->taken && !q->post_type && !q->n_header && strcmp(s->url, q->url) == 0 &&
		    s->unpack.make == q->unpack.make && s->unpack.at == q->unpack.at && s->unpack.n == q->unpack.n)
			return s;
	}
	return NULL;
}

/* NULL: there is no room, or err says why not. */
static struct fetch *add(struct afd_fetches *f, const struct afd_request *q, int64_t due_ms, struct afd_error *err)
{
	struct fetch *s = NULL;

	for (size_t i = 0; i < FETCHES && !s; i++)
		s = f->at[i].url ? NULL : &f->at[i];
	if (!s)
		return NULL;
	s->url = afd_strdup(q->url);
	if (!s->url) {
		afd_fail_memory(err);
		return NULL;
	}
	if (afd_http_begin(&s->x, q, err) < 0) {
		drop(s);
		return NULL;
	}
	s->x.full = is_full;
	curl_easy_setopt(s->x.curl, CURLOPT_PRIVATE, (char *)s);
	curl_easy_setopt(s->x.curl, CURLOPT_PIPEWAIT, 1L);        /* one connection, where it carries many requests */
	s->unpack = q->unpack;
	s->due_ms = due_ms;
	s->turn = f->turns++;
	s->rc = 0;
	s->why = (struct afd_error){ 0 };
	set_stage(s, DUE);
	return s;
}

int afd_transport_ahead(struct afd_transport *t, const struct afd_request *q, int64_t *due_ms)
{
	struct afd_fetches *f = t->fetches;
	struct fetch *s;
	size_t n = 0;

	if (q->protocol != AFD_HTTP || !q->url || q->post_type || q->n_header)
		return -1;
	s = find(f, q);
	if (s) {
		*due_ms = s->due_ms;
		s->said = f->round;
		return 0;
	}
	for (size_t i = 0; i < FETCHES; i++)
		n += f->at[i].url && &f->at[i] != f->taken;
	s = n < AFD_AHEAD_MAX ? add(f, q, *due_ms, &(struct afd_error){ 0 }) : NULL;
	if (!s)
		return -1;
	s->said = f->round;
	if (n > 0 && s->unpack.make)
		start_helpers(f);
	return 1;
}

void afd_transport_forget(struct afd_transport *t)
{
	struct afd_fetches *f = t->fetches;

	for (size_t i = 0; i < FETCHES; i++) {
		drop(&f->at[i]);
		if (f->at[i].made)
			f->at[i].made_free(f->at[i].made);
		f->at[i].made = NULL;
	}
}

/* Memory of those that nobody needed since the last answer. */
static void shrink(struct afd_fetches *f)
{
	for (size_t i = 0; i < FETCHES; i++) {
		struct fetch *s = &f->at[i];

		if (s->url)
			continue;
		afd_buf_release(&s->x.body);
		afd_buf_release(&s->x.packed);
		if (s->made)
			s->made_free(s->made);
		s->made = NULL;
	}
}

int afd_fetch_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	struct afd_fetches *f = t->fetches;
	struct fetch *s;

	if (!q->url)
		return afd_fail(err, AFD_E_USAGE, "no address");
	s = find(f, q);
	shrink(f);
	for (size_t i = 0; i < FETCHES; i++)
		if (f->at[i].url && &f->at[i] != s && (&f->at[i] == f->taken || f->at[i].said != f->round))
			drop(&f->at[i]);
	f->round++;
	if (!s)
		s = add(f, q, 0, err);
	if (!s)
		return -1;
	if (stage_of(s) == DUE)
		begin(s);
	wait_for(s);
	f->taken = s;
	if (s->rc < 0) {
		if (err)
			*err = s->why;
		drop(s);
		return -1;
	}
	*ret = s->x.r;
	ret->body = afd_buf_slice(&s->x.body);
	ret->unpacked = s->is_made ? s->made : NULL;
	return 0;
}

struct afd_fetches *afd_fetches_new(struct afd_transport *t)
{
	struct afd_fetches *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->t = t;
	f->round = 1;
	f->multi = curl_multi_init();
	if (!f->multi) {
		free(f);
		return NULL;
	}
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->arrived, NULL);
	pthread_cond_init(&f->opened, NULL);
	for (size_t i = 0; i < FETCHES; i++) {
		f->at[i].all = f;
		f->at[i].x.t = t;
	}
	return f;
}

struct afd_fetches *afd_fetches_free(struct afd_fetches *f)
{
	afd_transport_forget(f->t);
	pthread_mutex_lock(&f->lock);
	f->over = true;
	pthread_cond_broadcast(&f->arrived);
	pthread_mutex_unlock(&f->lock);
	for (unsigned i = 0; i < f->n_helpers; i++)
		pthread_join(f->helper[i], NULL);
	for (size_t i = 0; i < FETCHES; i++) {
		if (f->at[i].x.curl)
			curl_easy_cleanup(f->at[i].x.curl);
		afd_buf_release(&f->at[i].x.body);
		afd_buf_release(&f->at[i].x.packed);
	}
	curl_multi_cleanup(f->multi);
	pthread_cond_destroy(&f->opened);
	pthread_cond_destroy(&f->arrived);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return NULL;
}
