#include <stdarg.h>
#include <stdio.h>

#include "mappers/judge.h"

/* --- INSERT statements of a bounded size --- */

enum { ROWS_MAX = 2000, SQL_MAX = 200 * 1024 };

int afd_sql_quote(struct afd_buf *b, const char *s)
{
	int r = afd_buf_text(b, "'");

	for (; r == 0 && *s; s++)
		r = *s == '\'' ? afd_buf_text(b, "''") : afd_buf_add(b, s, 1);
	return r == 0 ? afd_buf_text(b, "'") : -1;
}

int afd_inserts_flush(struct afd_inserts *i, struct afd_error *err)
{
	int r = i->rows ? afd_store_exec_joined(i->s, (const char *)i->sql.data, err) : 0;

	i->rows = 0;
	i->sql.len = 0;
	return r;
}

int afd_inserts_row(struct afd_inserts *i, struct afd_error *err, const char *fmt, ...)
{
	char one[4096];
	va_list ap;
	int n;

	if (i->rows == ROWS_MAX || i->sql.len > SQL_MAX)
		if (afd_inserts_flush(i, err) < 0)
			return -1;
	va_start(ap, fmt);
	n = vsnprintf(one, sizeof one, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof one)
		return afd_fail(err, AFD_E_LIMIT, "%s: a row is too long", i->into);
	if (afd_buf_printf(&i->sql, i->rows ? ",(" : "INSERT INTO %s VALUES (", i->into) < 0 ||
	    afd_buf_add(&i->sql, one, (size_t)n) < 0 || afd_buf_text(&i->sql, ")") < 0)
		return afd_fail_memory(err);
	i->rows++;
	return 0;
}

void afd_inserts_release(struct afd_inserts *i)
{
	afd_buf_release(&i->sql);
}

/* --- names of certificates in domains of the inventory --- */

struct domains { char **name; size_t n; };   /* sorted */

static const char *longest_domain(const struct domains *d, const char *name)
{
	for (const char *p = name; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL) {
		size_t lo = 0, hi = d->n;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;
			int c = strcmp(d->name[mid], p);

			if (c == 0)
				return d->name[mid];
			if (c < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
	}
	return NULL;
}

static int join_certificates(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(arena) struct afd_arena a = { 0 };
	AFD_AUTO(inserts)
	struct afd_inserts ins = {.s = s, .into = "certificate_domain(certificate_id,name_id,domain)"};
	AFD_AUTO(query) struct afd_query *names = NULL, *domains = NULL;
	struct domains d = { 0 };
	int r;

	if (afd_query_open(s, "SELECT name FROM domain ORDER BY name", &domains, err) < 0)
		return -1;
	while ((r = afd_query_step(domains, err)) > 0) {
		char **p = AFD_PUSH(&a, d.name, d.n);

		if (!p || !(*p = afd_arena_text(&a, afd_query_text(domains, 0))))
			return afd_fail_memory(err);
	}
	if (r < 0 ||
	    afd_query_open(s, "SELECT certificate_id, id, base FROM certificate_name WHERE kind <> 'ip' ORDER BY id",
			   &names, err) < 0)
		return -1;
	while ((r = afd_query_step(names, err)) > 0) {
		AFD_AUTO(buf) struct afd_buf quoted = { 0 };
		const char *domain = longest_domain(&d, afd_query_text(names, 2));

		if (!domain)
			continue;
		if (afd_sql_quote(&quoted, domain) < 0)
			return afd_fail_memory(err);
		if (afd_inserts_row(&ins, err, "%lld,%lld,%s", (long long)afd_query_int(names, 0),
				    (long long)afd_query_int(names, 1), (const char *)quoted.data) < 0)
			return -1;
	}
	return r < 0 ? -1 : afd_inserts_flush(&ins, err);
}

int afd_join(struct afd_store *s, struct afd_error *err)
{
	static const char *const empty[] = {
		"DELETE FROM change_claim",
		"DELETE FROM change_time",
		"DELETE FROM need_coverage",
		"DELETE FROM certificate_domain",
	};

	for (size_t i = 0; i < AFD_COUNT(empty); i++)
		if (afd_store_exec_joined(s, empty[i], err) < 0)
			return afd_within(err, "join");
	if (afd_join_claims(s, err) < 0 || join_certificates(s, err) < 0 || afd_join_coverage(s, err) < 0)
		return afd_within(err, "join");
	return 0;
}
