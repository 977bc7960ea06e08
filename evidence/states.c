/* Events out of differences: what one of two states does not tell gives none. */
#include "evidence/states.h"

#include <inttypes.h>

char *afd_column_text(sqlite3_stmt *st, int i)
{
	return afd_told_dup((const char *)sqlite3_column_text(st, i));
}

int64_t afd_known_flag(enum afd_known k)
{
	return k == AFD_YES ? 1 : k == AFD_NO ? 0 : -1;
}

bool afd_texts_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A log's own event names who and when; a difference of looks does not. */
int afd_difference_put(const struct afd_difference *d, const char *verb, const char *before, const char *after, struct afd_error *err)
{
	AFD_AUTO(mem) char *ref = d->like ? afd_sprintf("%s:%s", d->like->provider_ref, verb) :
	                                    afd_sprintf("state:%s:%s:%" PRIu64 ".%" PRIu64, verb, d->object, d->t->leaf, d->part);
	struct afd_row_event e = { .actor_kind = "unknown", .outcome = "success", .record_kind = "state-difference", .at = d->at };

	if (!ref)
		return afd_fail_memory(err);
	if (d->like)
		e = *d->like;
	e.account = d->account ? d->account : "";
	e.action = verb;
	e.domain = d->domain;
	e.object_kind = d->object_kind;
	e.object = d->object;
	e.before = before;
	e.after = after;
	e.provider_ref = ref;
	e.part = d->part;
	return afd_put_event(d->t, &e, err);
}

int afd_difference_flag(const struct afd_difference *d, int64_t before, int64_t after, const char *on, const char *off, struct afd_error *err)
{
	if (before < 0 || after < 0 || before == after)
		return 0;
	return afd_difference_put(d, after ? on : off, before ? "yes" : "no", after ? "yes" : "no", err);
}

int afd_difference_text(const struct afd_difference *d, const char *before, const char *after, const char *verb, struct afd_error *err)
{
	return !before || !after || strcmp(before, after) == 0 ? 0 : afd_difference_put(d, verb, before, after, err);
}

struct afd_span afd_between_looks(int64_t last, int64_t now)
{
	return (struct afd_span){ last < now ? last : now, (last < now ? now : last) + 1 };
}
