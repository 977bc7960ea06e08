/* How SQLite would carry a statement out: a table that is read from end to end for each row of another one grows with the square of the
 * evidence. */
#include <stdio.h>

#include "evidence/db.h"

#define MAX_STEPS 400
struct step { int id, parent; bool correlated, once; char scan[96]; };

/* MATERIALIZE: once, wherever it is first asked for. */
static bool per_row(const struct step *s, size_t n, size_t at)
{
	for (int parent = s[at].parent; parent;) {
		size_t k = 0;

		while (k < n && s[k].id != parent)
			k++;
		if (k == n || s[k].once)
			return false;
		if (s[k].correlated)
			return true;
		parent = s[k].parent;
	}
	return false;
}

int afd_query_scan(struct afd_store *s, const char *sql, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = afd_sprintf("EXPLAIN QUERY PLAN %s", sql);
	AFD_AUTO(mem) struct step *at = calloc(MAX_STEPS, sizeof(*at));
	sqlite3_stmt *st = NULL;
	size_t n = 0;

	if (!text || !at)
		return afd_fail_memory(err);
	if (sqlite3_prepare_v2(s->db, text, -1, &st, NULL) != SQLITE_OK)
		return afd_fail(err, AFD_E_ENGINE, "SQL: %s", sqlite3_errmsg(s->db));
	for (; n < MAX_STEPS && sqlite3_step(st) == SQLITE_ROW; n++) {
		const char *detail = (const char *)sqlite3_column_text(st, 3);

		at[n].id = sqlite3_column_int(st, 0);
		at[n].parent = sqlite3_column_int(st, 1);
		at[n].correlated = detail && strncmp(detail, "CORRELATED", 10) == 0;
		at[n].once = detail && strncmp(detail, "MATERIALIZE ", 12) == 0;
		if (detail && strncmp(detail, "SCAN ", 5) == 0)
			snprintf(at[n].scan, sizeof(at[n].scan), "%s", detail);
	}
	sqlite3_finalize(st);
	for (size_t i = 0; i < n; i++)
		if (at[i].scan[0] && per_row(at, n, i))
			return afd_buf_printf(ret, "%s", at[i].scan) < 0 ? afd_fail_memory(err) : 1;
	return 0;
}
