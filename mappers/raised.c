/* What checks found, as rows for the few checks that stand on others ("after" in their head). Such a check runs behind them, over
 * the same period, and sees them in the table raised. One level deep: no check stands on one that stands on others. */
#include "mappers/judge.h"

enum { SQL_MAX = 200 * 1024 };

static const struct afd_check *by_id(const struct afd_assessment *a, const char *id)
{
	for (size_t i = 0; i < a->n_check; i++)
		if (strcmp(a->check[i].id, id) == 0)
			return &a->check[i];
	return NULL;
}

bool afd_raised_names(const struct afd_check *c, const struct afd_check *other)
{
	for (size_t i = 0; i < c->after.n; i++)
		if (strcmp(c->after.at[i], other->id) == 0)
			return true;
	return false;
}

static bool wanted(const struct afd_assessment *a, const struct afd_check *c)
{
	for (size_t i = 0; i < a->n_check; i++)
		if (afd_raised_names(&a->check[i], c))
			return true;
	return false;
}

int afd_raised_fault(const struct afd_assessment *a, const struct afd_check *c, struct afd_arena *arena, const char **ret, struct afd_error *err)
{
	*ret = NULL;
	for (size_t i = 0; i < c->after.n; i++) {
		const struct afd_check *other = by_id(a, c->after.at[i]);

		if (other && other->findings_sql && !other->after.n)
			continue;
		*ret = afd_arena_printf(arena, "%s:%u: after: %s: %s", c->label ? c->label : c->id, c->after_line, c->after.at[i],
					!other ? "no such check" : !other->findings_sql ? "a check that cannot be read" : "it stands on others itself");
		return *ret ? 0 : afd_fail_memory(err);
	}
	return 0;
}

/* --- rows --- */

struct rows { struct afd_store *s; struct afd_buf sql; };

static int flush(struct rows *w, struct afd_error *err)
{
	int r = w->sql.len ? afd_store_exec_joined(w->s, (const char *)w->sql.data, err) : 0;

	w->sql.len = 0;
	return r;
}

/* Keys are as long as a check makes them. */
static int put(struct rows *w, const struct afd_check *c, const char *finding, const char *resource, const char *key, enum afd_outcome status,
	       struct afd_error *err)
{
	const char *const text[] = { c->id, finding, resource, key, afd_outcome_name(status) };
	int r = afd_buf_text(&w->sql, w->sql.len ? ",(" : "INSERT INTO raised (check_id, finding, resource, key, status) VALUES (");

	for (size_t i = 0; i < AFD_COUNT(text) && r == 0; i++)
		r = (i && afd_buf_text(&w->sql, ",") < 0) || afd_sql_quote(&w->sql, text[i]) < 0 ? -1 : 0;
	if (r < 0 || afd_buf_text(&w->sql, ")") < 0)
		return afd_fail_memory(err);
	return w->sql.len > SQL_MAX ? flush(w, err) : 0;
}

static int put_all(struct rows *w, const struct afd_assessment *rules, const struct afd_assessment *a, struct afd_error *err)
{
	for (size_t i = 0; i < a->n_finding; i++) {
		const struct afd_finding *f = &a->finding[i];

		if (!f->would_fail && wanted(rules, f->check) && put(w, f->check, f->id, f->resource, f->key, f->status, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < a->n_result; i++) {
		const struct afd_result *r = &a->result[i];

		if ((r->outcome == AFD_NOT_EVALUABLE || r->outcome == AFD_ERROR) && wanted(rules, r->check) &&
		    put(w, r->check, "", r->resource, "", r->outcome, err) < 0)
			return -1;
	}
	return flush(w, err);
}

int afd_raised_fill(struct afd_store *s, const struct afd_assessment *rules, const struct afd_assessment *a, struct afd_error *err)
{
	struct rows w = { .s = s };
	int r = afd_store_exec_joined(s, "DELETE FROM raised", err) < 0 ? -1 : put_all(&w, rules, a, err);

	afd_buf_release(&w.sql);
	return r < 0 ? afd_within(err, "findings that others stand on") : 0;
}
