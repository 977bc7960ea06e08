/* The lists that a run reads, one after the other. */
#include "collector/api/pages_private.h"

#define MAX_TURNS 1000000u

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
	t->t.page = t->begun_at = 1;
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
