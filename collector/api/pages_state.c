/* What a run states at the end of a list, and whether it tries again. */
#include "collector/api/pages_private.h"

#include <inttypes.h>
#include <stdio.h>

#define PATIENCE       (5 * AFD_MINUTE)
#define FIRST_WAIT     AFD_SECOND
#define LONGEST_WAIT   (60 * AFD_SECOND)
#define MAX_ATTEMPTS   8u
#define MAX_SILENT     3u             /* tries when there is no answer at all */

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

/* Everything of the list was read. */
int afd_turn_covered(const struct afd_pages *p, struct afd_keeper *keep, const struct turn *t, struct afd_error *err)
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

int afd_turns_lacking(struct afd_pages *p, struct afd_keeper *keep, struct afd_error *err)
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

void afd_turn_over(struct afd_pages *p)
{
	p->at++;
	p->list.len = 0;
	p->attempt = 0;
	p->wait_ms = 0;
	p->reason[0] = '\0';
}

/* The list ends here unread. What an earlier window covered stays covered. */
int afd_turn_give_up(struct afd_pages *p, struct afd_keeper *keep, const char *reason, struct afd_error *err)
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
	afd_turn_over(p);
	return afd_turns_lacking(p, keep, err);
}

/* A credential that is not known at all ends the run; one that may not do this one thing does not. */
int afd_turn_refused(struct afd_pages *p, struct afd_keeper *keep, int status, const char *why, struct afd_error *err)
{
	const char *todo = p->setup.spec->refused;
	AFD_AUTO(mem) char *text = status ? afd_sprintf("the credential was refused (HTTP %d): %s", status, todo) :
					    afd_sprintf("the credential was refused: %s: %s", why, todo);

	if (!text)
		return afd_fail_memory(err);
	keep->refused(keep->ctx, text);
	if (afd_turn_give_up(p, keep, text, err) < 0)
		return -1;
	while (status != 403 && p->at < p->n_queue)
		if (afd_turn_give_up(p, keep, text, err) < 0)
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

int afd_turn_throttled(struct afd_pages *p, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
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
	return afd_turn_give_up(p, keep, p->reason, err);
}

/* AFD_E_USAGE: nobody can wait here; then what we waited for is the reason. The engine puts what was asked in front, which
 * the gap says already. */
int afd_turn_silent(struct afd_pages *p, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	const char *text = why->text;
	bool may_pass = why->code == AFD_E_REMOTE || why->code == AFD_E_IO;

	if (strncmp(text, (char *)p->asked.data, p->asked.len) == 0 && strncmp(text + p->asked.len, ": ", 2) == 0)
		text += p->asked.len + 2;
	if (why->code != AFD_E_USAGE || !*p->reason)
		snprintf(p->reason, sizeof(p->reason), "%s", text);
	if (may_pass && again(p, 0, MAX_SILENT))
		return 0;
	return afd_turn_give_up(p, keep, p->reason, err);
}
