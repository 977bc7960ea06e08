/* Checks side by side. Each helper has a connection of its own that sees what the caller's does, and the caller alone puts together
 * what they found, in the order of the checks: an assessment does not tell how many there were. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "core/limits.h"
#include "mappers/judge.h"

struct helper { struct afd_store *s; struct afd_arena arena; pthread_t thread; bool runs; struct shared *x; };
struct afd_crew { struct helper helper[AFD_MAX_CHECK_WORKERS - 1]; unsigned n; };

struct afd_crew *afd_crew_close(struct afd_crew *c)
{
	for (unsigned i = 0; c && i < c->n; i++) {
		afd_store_close(c->helper[i].s);
		afd_arena_release(&c->helper[i].arena);
	}
	free(c);
	return NULL;
}

/* One for each processor, where there is enough to do; the caller is one of them. */
static int usual_workers(struct afd_store *s, unsigned *ret, struct afd_error *err)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t bytes;

	*ret = 1;
	if (processors < 2)
		return 0;
	if (afd_store_bytes(s, &bytes, err) < 0)
		return -1;
	if (bytes >= AFD_MIN_PARALLEL_STORE)
		*ret = processors > AFD_MAX_CHECK_WORKERS ? AFD_MAX_CHECK_WORKERS : (unsigned)processors;
	return 0;
}

int afd_crew_open(struct afd_store *s, unsigned workers, struct afd_crew **ret, struct afd_error *err)
{
	struct afd_crew *c;
	int r = 0;

	*ret = NULL;
	if (!workers && usual_workers(s, &workers, err) < 0)
		return -1;
	if (workers < 2)
		return 0;
	c = calloc(1, sizeof *c);
	if (!c)
		return afd_fail_memory(err);
	while (r == 0 && c->n + 1 < workers && c->n < AFD_COUNT(c->helper) && (r = afd_store_beside(s, &c->helper[c->n].s, err)) == 0 && c->helper[c->n].s)
		c->n++;
	if (r < 0 || !c->n)
		c = afd_crew_close(c);
	*ret = c;
	return r;
}

/* --- the work --- */

struct outcome { struct afd_assessment a; struct afd_arena lists; struct afd_error err; int r; bool done; };

struct shared {
	struct afd_judge *j;                     /* the caller's */
	const struct afd_task *task;
	struct outcome *outcome;
	size_t n, next;                          /* tasks; the next that nobody took */
	pthread_mutex_t lock;                    /* over next and each done */
	pthread_cond_t done;
};

static int run_one(struct afd_judge *j, const struct afd_task *t, struct afd_error *err)
{
	return t->why ? afd_check_failed(j, t->check, t->why, err) : afd_check_run(j, t->check, err);
}

/* Takes the next task; false: there is none left. */
static bool take(struct shared *x, size_t *ret)
{
	pthread_mutex_lock(&x->lock);
	*ret = x->next;
	x->next += x->next < x->n;
	pthread_mutex_unlock(&x->lock);
	return *ret < x->n;
}

static void run(struct shared *x, size_t i, struct afd_store *s, struct afd_arena *arena)
{
	struct outcome *o = &x->outcome[i];
	struct afd_judge j = { .s = s, .arena = arena, .lists = &o->lists, .cover = x->j->cover, .a = &o->a };

	o->a.period = x->j->a->period;
	o->a.as_of_ms = x->j->a->as_of_ms;
	o->r = run_one(&j, &x->task[i], &o->err);
	pthread_mutex_lock(&x->lock);
	o->done = true;
	if (o->r < 0)                            /* what it cannot do, others cannot */
		x->next = x->n;
	pthread_cond_signal(&x->done);
	pthread_mutex_unlock(&x->lock);
}

static void *help(void *ctx)
{
	struct helper *h = ctx;

	for (size_t i; take(h->x, &i);)
		run(h->x, i, h->s, &h->arena);
	return NULL;
}

/* Signals are for the caller. Whom the system does not start leaves the work to the others. */
static void start(struct afd_crew *c, struct shared *x)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	for (unsigned i = 0; i < c->n; i++) {
		c->helper[i].x = x;
		c->helper[i].runs = pthread_create(&c->helper[i].thread, NULL, help, &c->helper[i]) == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void end(struct afd_crew *c, struct shared *x)
{
	pthread_mutex_lock(&x->lock);
	x->next = x->n;
	pthread_mutex_unlock(&x->lock);
	for (unsigned i = 0; i < c->n; i++) {
		struct afd_arena *arena = &c->helper[i].arena;

		if (c->helper[i].runs)
			pthread_join(c->helper[i].thread, NULL);
		afd_arena_adopt(x->j->arena, arena);     /* the texts of what was found */
	}
	for (size_t i = 0; i < x->n; i++)
		afd_arena_release(&x->outcome[i].lists);
}

/* --- put together, by the caller --- */

static int put(struct afd_judge *j, struct outcome *o, struct afd_error *err)
{
	for (size_t i = 0; i < o->a.n_result; i++) {
		struct afd_result *p = AFD_PUSH(j->arena, j->a->result, j->a->n_result);

		if (!p)
			return afd_fail_memory(err);
		*p = o->a.result[i];
	}
	for (size_t i = 0; i < o->a.n_finding; i++) {
		struct afd_finding *p = AFD_PUSH(j->arena, j->a->finding, j->a->n_finding);

		if (!p)
			return afd_fail_memory(err);
		*p = o->a.finding[i];
	}
	afd_arena_release(&o->lists);
	return 0;
}

/* Is task I done; WAIT: until it is. Whatever comes before one that was taken was taken too. */
static bool is_done(struct shared *x, size_t i, bool wait)
{
	bool ret;

	pthread_mutex_lock(&x->lock);
	while (wait && !x->outcome[i].done)
		pthread_cond_wait(&x->done, &x->lock);
	ret = x->outcome[i].done;
	pthread_mutex_unlock(&x->lock);
	return ret;
}

/* Whoever hears of a check may say that it is enough: then what others did meanwhile is not told any more. */
static int tell(struct afd_judge *j, struct afd_judge *told, struct afd_error *err)
{
	if (told)
		afd_judge_step(told);
	return afd_query_stopped(j->s) ? afd_fail(err, AFD_E_IO, "stopped") : 0;
}

static int work(struct shared *x, struct afd_judge *told, struct afd_error *err)
{
	for (size_t at = 0, mine; at < x->n;) {
		const bool has_one = take(x, &mine);

		if (has_one)
			run(x, mine, x->j->s, x->j->arena);
		for (bool wait = !has_one; at < x->n && is_done(x, at, wait); at++) {
			if (x->outcome[at].r < 0) {
				*err = x->outcome[at].err;
				return afd_within(err, "check %s", x->task[at].check->id);
			}
			if (put(x->j, &x->outcome[at], err) < 0 || tell(x->j, told, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int run_together(struct afd_judge *j, const struct afd_task *t, size_t n, struct afd_judge *told, struct afd_error *err)
{
	struct shared x = { .j = j, .task = t, .n = n, .lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };
	int r;

	for (unsigned i = 0; i < j->crew->n; i++)
		if (afd_store_look_again(j->crew->helper[i].s, err) < 0)
			return -1;
	x.outcome = calloc(n, sizeof *x.outcome);
	if (!x.outcome)
		return afd_fail_memory(err);
	start(j->crew, &x);
	r = work(&x, told, err);
	end(j->crew, &x);
	free(x.outcome);
	return r;
}

int afd_crew_run(struct afd_judge *j, const struct afd_task *t, size_t n, struct afd_judge *told, struct afd_error *err)
{
	if (j->crew && n > 1)
		return run_together(j, t, n, told, err);
	for (size_t i = 0; i < n; i++) {
		if (run_one(j, &t[i], err) < 0)
			return afd_within(err, "check %s", t[i].check->id);
		if (tell(j, told, err) < 0)
			return -1;
	}
	return 0;
}
