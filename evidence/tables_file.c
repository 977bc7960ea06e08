/* The derived tables as a file of their own: for reading and for running checks with sqlite3, never for believing. */
#include <inttypes.h>
#include <stdio.h>

#include "evidence/db.h"
#include "evidence/plain.h"

#define MAX_CELL (64 * 1024 * 1024)

int afd_tables_current(struct afd_store *s, uint64_t size, struct afd_error *err)
{
	int64_t one = 0;

	return AFD_NUMBER(s, &one, err, "SELECT 1 FROM derived WHERE engine = ?1 AND size = ?2"
		" AND size = (SELECT max(leaf) + 1 FROM item)", afd_t(s->engine), afd_u(size));
}

struct file { sqlite3 *db; const char *path; };

static void file_release(struct file *f)
{
	sqlite3_close_v2(f->db);
	f->db = NULL;
}
#define FILE_DB __attribute__((cleanup(file_release))) struct file

static int file_fail(const struct file *f, struct afd_error *err)
{
	if ((sqlite3_errcode(f->db) & 0xff) == SQLITE_NOMEM)
		return afd_fail_memory(err);
	return afd_fail(err, AFD_E_STORE, "%s: %s", f->path, sqlite3_errmsg(f->db));
}

static int script(const struct file *f, const char *sql, struct afd_error *err)
{
	return sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : file_fail(f, err);
}

static void finalize(sqlite3_stmt **st)
{
	sqlite3_finalize(*st);
	*st = NULL;
}
#define STATEMENT __attribute__((cleanup(finalize))) sqlite3_stmt

static int prepare(const struct file *f, const char *sql, sqlite3_stmt **ret, struct afd_error *err)
{
	return sqlite3_prepare_v2(f->db, sql, -1, ret, NULL) == SQLITE_OK ? 0 : file_fail(f, err);
}

/* --- writing --- */

/* Columns come from one schema text on both sides, so they stand in the same order. Without an index the rows come in
 * the order of their rowid or primary key, which is that of the ledger: the same store gives the same bytes. */
static int copy_table(struct afd_store *s, const struct file *to, const char *table, int columns, struct afd_error *err)
{
	const struct file from = { s->db, s->path };
	STATEMENT *in = NULL, *out = NULL;
	AFD_AUTO(buf) struct afd_buf insert = { 0 };
	AFD_AUTO(mem) char *select = afd_sprintf("SELECT * FROM \"%s\" NOT INDEXED", table);
	int r;

	if (!select || afd_buf_printf(&insert, "INSERT INTO \"%s\" VALUES (?", table) < 0)
		return afd_fail_memory(err);
	for (int i = 1; i < columns; i++)
		if (afd_buf_text(&insert, ", ?") < 0)
			return afd_fail_memory(err);
	if (afd_buf_text(&insert, ")") < 0)
		return afd_fail_memory(err);
	if (prepare(&from, select, &in, err) < 0 || prepare(to, (const char *)insert.data, &out, err) < 0)
		return -1;
	if (sqlite3_column_count(in) != columns)
		return afd_fail(err, AFD_E_STORE, "%s: table %s is of another version", s->path, table);
	while ((r = sqlite3_step(in)) == SQLITE_ROW) {
		for (int i = 0; i < columns; i++)
			if (sqlite3_bind_value(out, i + 1, sqlite3_column_value(in, i)) != SQLITE_OK)
				return file_fail(to, err);
		if (sqlite3_step(out) != SQLITE_DONE)
			return file_fail(to, err);
		sqlite3_reset(out);
	}
	return r == SQLITE_DONE ? 0 : file_fail(&from, err);
}

static int copy_tables(struct afd_store *s, const struct file *to, struct afd_error *err)
{
	STATEMENT *st = NULL;
	int r;

	if (prepare(to, "SELECT t.name, (SELECT count(*) FROM pragma_table_info(t.name)) FROM sqlite_schema t WHERE t.type = 'table'"
		    " AND t.name <> 'meta' ORDER BY t.name", &st, err) < 0)
		return -1;
	while ((r = sqlite3_step(st)) == SQLITE_ROW)
		if (copy_table(s, to, (const char *)sqlite3_column_text(st, 0), sqlite3_column_int(st, 1), err) < 0)
			return -1;
	return r == SQLITE_DONE ? 0 : file_fail(to, err);
}

static int copy_meta(struct afd_store *s, const struct file *to, struct afd_error *err)
{
	static const char *const names[] = { "origin", "vkey" };
	STATEMENT *out = NULL;

	if (prepare(to, "INSERT INTO meta (name, value) VALUES (?1, ?2)", &out, err) < 0)
		return -1;
	for (size_t i = 0; i < AFD_COUNT(names); i++) {
		AFD_AUTO(mem) char *value = NULL;

		if (afd_store_meta(s, names[i], &value, err) < 0)
			return -1;
		if (!value)
			continue;
		sqlite3_bind_text(out, 1, names[i], -1, SQLITE_STATIC);
		sqlite3_bind_text(out, 2, value, -1, SQLITE_TRANSIENT);
		if (sqlite3_step(out) != SQLITE_DONE)
			return file_fail(to, err);
		sqlite3_reset(out);
	}
	return 0;
}

int afd_tables_write(struct afd_store *s, const char *path, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf schema = { 0 };
	FILE_DB to = { NULL, path };

	if (afd_schema_tables(&schema, err) < 0)
		return -1;
	if (sqlite3_open_v2(path, &to.db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return file_fail(&to, err);
	/* it is made in one go and thrown away when that fails, so nothing needs a journal */
	if (script(&to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN", err) < 0 ||
	    script(&to, (const char *)schema.data, err) < 0 || copy_meta(s, &to, err) < 0 || copy_tables(s, &to, err) < 0)
		return -1;
	return script(&to, "COMMIT", err);
}

/* --- comparing --- */

/* Read only, no journal, no extension, no trusted schema, no views or triggers: what is read is rows of plain tables. */
static int open_hostile(struct file *f, struct afd_error *err)
{
	if (sqlite3_open_v2(f->path, &f->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		return file_fail(f, err);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(f->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_limit(f->db, SQLITE_LIMIT_LENGTH, MAX_CELL);
	sqlite3_limit(f->db, SQLITE_LIMIT_ATTACHED, 0);
	return script(f, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA query_only=ON", err);
}

static bool same_cell(sqlite3_stmt *a, sqlite3_stmt *b, int i)
{
	const int type = sqlite3_column_type(a, i);

	if (type != sqlite3_column_type(b, i))
		return false;
	if (type == SQLITE_INTEGER)
		return sqlite3_column_int64(a, i) == sqlite3_column_int64(b, i);
	if (type == SQLITE_NULL)
		return true;
	return type != SQLITE_FLOAT && afd_slice_equal(afd_column_bytes(a, i), afd_column_bytes(b, i));
}

/* 1 the same rows, 0 not: *row tells where. A fault of theirs is a difference, not a failure of the work. */
static int same_rows(const struct file *ours, const struct file *theirs, const char *sql, uint64_t *row, struct afd_error *err)
{
	STATEMENT *a = NULL, *b = NULL;

	*row = 0;
	if (prepare(ours, sql, &a, err) < 0)
		return -1;
	if (sqlite3_prepare_v2(theirs->db, sql, -1, &b, NULL) != SQLITE_OK)
		return 0;
	if (sqlite3_column_count(a) != sqlite3_column_count(b))
		return 0;
	for (;; ++*row) {
		const int ra = sqlite3_step(a), rb = sqlite3_step(b);

		if (ra != SQLITE_ROW && ra != SQLITE_DONE)
			return file_fail(ours, err);
		if (ra != rb)
			return 0;
		if (ra == SQLITE_DONE)
			return 1;
		for (int i = 0; i < sqlite3_column_count(a); i++)
			if (!same_cell(a, b, i))
				return 0;
	}
}

static bool is_sound(const struct file *f)
{
	STATEMENT *st = NULL;

	return sqlite3_prepare_v2(f->db, "PRAGMA integrity_check(1)", -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW &&
	       afd_slice_equal(afd_column_bytes(st, 0), afd_slice_text("ok"));
}

static int same_tables(const struct file *ours, const struct file *theirs, char *why, size_t n, struct afd_error *err)
{
	STATEMENT *st = NULL;
	uint64_t row;
	int r, same;

	/* the very same words: then no table is virtual, no column computed, and no name means something else */
	same = same_rows(ours, theirs, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name", &row, err);
	if (same <= 0) {
		snprintf(why, n, "its tables are others than those of the schema");
		return same;
	}
	if (prepare(ours, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", &st, err) < 0)
		return -1;
	while ((r = sqlite3_step(st)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		AFD_AUTO(mem) char *sql = afd_sprintf("SELECT * FROM \"%s\" NOT INDEXED", name);

		if (!sql)
			return afd_fail_memory(err);
		same = same_rows(ours, theirs, sql, &row, err);
		if (same <= 0) {
			snprintf(why, n, "table %s, row %" PRIu64 ", is not what the ledger gives", name, row + 1);
			return same;
		}
	}
	if (r != SQLITE_DONE)
		return file_fail(ours, err);
	/* tables were read row by row; a reader's query goes by the indexes, which could lead elsewhere */
	if (!is_sound(theirs)) {
		snprintf(why, n, "an index does not lead to the rows of its table, or pages are damaged");
		return 0;
	}
	return 1;
}

int afd_tables_compare(const char *ours, const char *theirs, char *why, size_t n, struct afd_error *err)
{
	FILE_DB a = { NULL, ours };
	FILE_DB b = { NULL, theirs };
	struct afd_error bad = { 0 };

	if (open_hostile(&a, err) < 0)
		return -1;
	if (open_hostile(&b, &bad) < 0) {
		snprintf(why, n, "it cannot be read: %.150s", bad.text);
		return 0;
	}
	return same_tables(&a, &b, why, n, err);
}
