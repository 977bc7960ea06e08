/* Cosignatures of witnesses under our own heads: lines of a signed note that came later than the head's own. */
#include <inttypes.h>

#include "evidence/db.h"

/* Stores of the first days have no such table; for a reader that is the same as an empty one. */
static int have_table(struct afd_store *s, struct afd_error *err)
{
	int64_t one;

	return afd_sql_number(s, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'cosignature'", NULL, 0, &one, err);
}

int afd_store_cosign(struct afd_store *s, uint64_t size, const char *line, struct afd_error *err)
{
	int r;

	if (afd_store_need_write(s, err) < 0)
		return -1;
	if (afd_step_begin(s, err) < 0)
		return -1;
	r = have_table(s, err);
	if (r == 0)
		r = afd_schema_add_ledger_table(s, "cosignature", err);
	if (r >= 0)
		r = AFD_RUN(s, err, "INSERT INTO cosignature (size, line) VALUES (?1, ?2) ON CONFLICT (size, line) DO NOTHING",
			afd_u(size), afd_t(line));
	return afd_step_end(s, r, err);
}

int afd_store_cosignatures(struct afd_store *s, uint64_t size, struct afd_buf *ret, size_t *ret_n, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r = have_table(s, err);

	*ret_n = 0;
	if (r <= 0)
		return r;
	if (AFD_OPEN(s, &st, err, "SELECT line FROM cosignature WHERE size = ?1 ORDER BY line", afd_u(size)) < 0)
		return -1;
	while ((r = afd_sql_step(s, st, err)) > 0) {
		const char *line = (const char *)sqlite3_column_text(st, 0);

		if (ret->len > AFD_MAX_NOTE)
			return afd_fail(err, AFD_E_LIMIT, "head of %" PRIu64 " leaves: its cosignatures are too long", size);
		if (!line || afd_buf_printf(ret, "%s\n", line) < 0)
			return afd_fail_memory(err);
		++*ret_n;
	}
	return r;
}
