/* Which reports were signed from this store: what the next statement names as its predecessor. */
#include <inttypes.h>

#include "evidence/db.h"

/* Stores of the first days have no such table; for a reader that is the same as an empty one. */
static int have_table(struct afd_store *s, struct afd_error *err)
{
	int64_t one;

	return afd_sql_number(s, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'published'", NULL, 0, &one, err);
}

void afd_published_release(struct afd_published *p)
{
	free(p->label);
	free(p->report_id);
	free(p->signer);
	*p = (struct afd_published){ 0 };
}

static int read_row(sqlite3_stmt *st, struct afd_published *p, struct afd_error *err)
{
	p->number = (uint64_t)sqlite3_column_int64(st, 0);
	p->made_ms = sqlite3_column_int64(st, 1);
	p->period_from = sqlite3_column_int64(st, 2);
	p->period_to = sqlite3_column_int64(st, 3);
	p->label = afd_column_dup(st, 4);
	p->as_of_ms = sqlite3_column_int64(st, 5);
	p->size = (uint64_t)sqlite3_column_int64(st, 6);
	p->report_id = afd_column_dup(st, 8);
	p->signer = afd_column_dup(st, 11);
	p->valid_from = sqlite3_column_int64(st, 13);
	p->valid_to = sqlite3_column_int64(st, 14);
	if (!afd_column_digest(st, 7, &p->root) || !afd_column_digest(st, 9, &p->report) ||
	    !afd_column_digest(st, 10, &p->statement) || !afd_column_digest(st, 12, &p->certificate))
		return afd_fail(err, AFD_E_STORE, "published report %" PRIu64 ": a hash in it is not 32 bytes", p->number);
	return p->label && p->report_id && p->signer ? 0 : afd_fail_memory(err);
}

int afd_store_published(struct afd_store *s, uint64_t number, struct afd_published *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	AFD_AUTO(published) struct afd_published p = { 0 };
	int r = have_table(s, err);

	if (r <= 0)
		return r;
	if (AFD_OPEN(s, &st, err,
		"SELECT number, made_ms, period_from, period_to, label, as_of, size, root, report_id, report, statement,"
		" signer, certificate, valid_from, valid_to FROM published WHERE ?1 IN (0, number) ORDER BY number DESC LIMIT 1",
		afd_u(number)) < 0)
		return -1;
	r = afd_sql_step(s, st, err);
	if (r <= 0)
		return r;
	if (read_row(st, &p, err) < 0)
		return -1;
	*ret = p;
	p = (struct afd_published){ 0 };
	return 1;
}

static int next_number(struct afd_store *s, uint64_t *ret, struct afd_error *err)
{
	int64_t n = 0;

	if (afd_sql_number(s, "SELECT max(number) FROM published", NULL, 0, &n, err) < 0)
		return -1;
	*ret = (uint64_t)n + 1;
	return 0;
}

int afd_store_publish(struct afd_store *s, const struct afd_published *p, struct afd_error *err)
{
	uint64_t next;
	int r;

	if (afd_store_need_write(s, err) < 0)
		return -1;
	r = have_table(s, err);
	if (r < 0 || (r == 0 && afd_schema_add_ledger_table(s, "published", err) < 0) || next_number(s, &next, err) < 0)
		return -1;
	if (p->number != next)
		return afd_fail(err, AFD_E_STORE, "report %" PRIu64 " was to be the next of this store, which is at %" PRIu64, p->number, next);
	return AFD_RUN(s, err,
		"INSERT INTO published (number, made_ms, period_from, period_to, label, as_of, size, root, report_id, report,"
		" statement, signer, certificate, valid_from, valid_to)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
		afd_u(p->number), afd_i(p->made_ms), afd_i(p->period_from), afd_i(p->period_to), afd_t(p->label), afd_i(p->as_of_ms),
		afd_u(p->size), afd_d(&p->root), afd_t(p->report_id), afd_d(&p->report), afd_d(&p->statement), afd_t(p->signer),
		afd_d(&p->certificate), afd_i(p->valid_from), afd_i(p->valid_to));
}
