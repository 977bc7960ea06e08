/* The user's files: rows that keep the ledger time at which they first stood there, and a list of every edit.
 *
 * A table is what the newest file says that speaks for it, except
 *   actor, approval, approved_issuer, attestation, change_window, credential_scope, response   a row is never deleted: it is withdrawn, and what was done while it stood
 *             there is judged by it. Each file (label) has its own rows; those of one that the configuration does not name
 *             any more stay;
 *   source    a source that is dropped stays, and stays expected with all scopes that it ever had, until a "retired" row
 *             names it. So taking something out of a file never makes a result better (docs/design.md, 3). */
#include <inttypes.h>

#include "core/when.h"
#include "evidence/tables.h"

/* The tables that files may fill, and how a new version meets the old one:
 *   REPLACED  its rows are those of the newest version
 *   APPENDED  rows are added and withdrawn, those of each file by itself
 *   DATED     the same, of the newest file alone
 *   KEPT      rows are changed, never taken out
 *   SCOPES    as KEPT, without a time of their own: source has it */
enum way { REPLACED, APPENDED, DATED, KEPT, SCOPES };
static const struct { const char *name; enum way way; } user_tables[] = {
	{ "actor", DATED },
	{ "approval", APPENDED },
	{ "approved_issuer", DATED },
	{ "attestation", APPENDED },
	{ "change_window", DATED },
	{ "credential", REPLACED },
	{ "credential_scope", DATED },
	{ "domain", REPLACED },
	{ "domain_address", REPLACED },
	{ "environment", REPLACED },
	{ "environment_name", REPLACED },
	{ "owned_certificate", REPLACED },
	{ "owned_zone", REPLACED },
	{ "person", REPLACED },
	{ "policy", REPLACED },
	{ "response", APPENDED },
	{ "routing", REPLACED },
	{ "service", REPLACED },
	{ "setting", REPLACED },
	{ "severity_change", REPLACED },
	{ "source", KEPT },
	{ "source_scope", SCOPES },
	{ "supplier", REPLACED },
	{ "supplier_name", REPLACED },
	{ "waiver", REPLACED },
};

static int way_of(const char *table, enum way *ret)
{
	for (size_t i = 0; table && i < AFD_COUNT(user_tables); i++) {
		if (strcmp(table, user_tables[i].name) == 0) {
			*ret = user_tables[i].way;
			return 0;
		}
	}
	return -1;
}

/* --- taking the file's rows in --- */

static void free_row(struct afd_user_row *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].column);
		free(r->v[i].text);
	}
	free(r->v);
	free(r->table);
	free(r->key);
	free(r->content);
}

void afd_user_release(struct afd_tables *t)
{
	struct afd_user_file *f = &t->user;

	for (size_t i = 0; i < f->n; i++)
		free_row(&f->row[i]);
	for (size_t i = 0; i < f->n_table; i++)
		free(f->table[i]);
	free(f->row);
	free(f->table);
	*f = (struct afd_user_file){ 0 };
}

int afd_user_begin(struct afd_tables *t, const char *const *tables, struct afd_error *err)
{
	struct afd_user_file *f = &t->user;
	enum way way;
	size_t n = 0;

	if (f->open)
		return afd_fail(err, AFD_E_ENGINE, "a file of the user was begun twice");
	while (tables[n])
		n++;
	f->table = calloc(n + 1, sizeof(*f->table));
	if (!f->table)
		return afd_fail_memory(err);
	f->open = true;
	for (size_t i = 0; i < n; i++) {
		if (way_of(tables[i], &way) < 0)
			return afd_fail(err, AFD_E_ENGINE, "no file speaks for a table %s", tables[i]);
		f->table[i] = afd_strdup(tables[i]);
		if (!f->table[i])
			return afd_fail_memory(err);
		f->n_table++;
	}
	return 0;
}

static bool speaks_for(const struct afd_user_file *f, const char *table)
{
	for (size_t i = 0; i < f->n_table; i++)
		if (strcmp(f->table[i], table) == 0)
			return true;
	return false;
}

/* "column: value; column: value": what people read in a list of edits, and what is compared. So no two rows may give
 * the same text: what could be taken for a separator is escaped. */
static int add_content(struct afd_buf *b, const struct afd_user_value *v)
{
	if (!v->is_int && !v->text)
		return 0;
	if (afd_buf_printf(b, "%s%s: ", b->len ? "; " : "", v->column) < 0)
		return -1;
	if (v->is_int)
		return afd_buf_printf(b, "%" PRId64, v->i);
	for (const char *p = v->text; *p; p++) {
		const unsigned char c = (unsigned char)*p;
		int r;

		if (c == ';' || c == '\\')
			r = afd_buf_printf(b, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			r = afd_buf_printf(b, "\\x%02X", c);
		else
			r = afd_buf_u8(b, c);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* Adds R's values to ROW. */
static int add_values(struct afd_user_row *row, const struct afd_row_user *r)
{
	AFD_AUTO(buf) struct afd_buf content = { 0 };
	struct afd_user_value *v = realloc(row->v, (row->n + r->n + 1) * sizeof(*v));

	if (!v)
		return -1;
	row->v = v;
	if (afd_buf_text(&content, row->content ? row->content : "") < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		const struct afd_row_user_value *from = &r->v[i];

		struct afd_user_value *to = &row->v[row->n++];

		*to = (struct afd_user_value){ afd_strdup(from->column), afd_told_dup(from->text), from->i,
			from->is_int };
		if (!to->column || (from->text && !to->text) || add_content(&content, to) < 0)
			return -1;
	}
	free(row->content);
	row->content = afd_text_dup(afd_buf_slice(&content));
	return row->content ? 0 : -1;
}

/* A source may stand in a file twice: among the sources, and among the retired. That is one row. */
static struct afd_user_row *same_source(struct afd_user_file *f, const struct afd_row_user *r)
{
	if (strcmp(r->table, "source") != 0)
		return NULL;
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->row[i].table, r->table) == 0 && strcmp(f->row[i].key, r->key) == 0)
			return &f->row[i];
	return NULL;
}

int afd_user_row(struct afd_tables *t, const struct afd_row_user *r, struct afd_error *err)
{
	struct afd_user_file *f = &t->user;
	struct afd_user_row *row;

	if (!f->open || !r->table || !speaks_for(f, r->table))
		return afd_fail(err, AFD_E_ENGINE, "a row of %s outside of a file that speaks for it",
			r->table ? r->table : "no table");
	if (!r->key)
		return afd_fail(err, AFD_E_ENGINE, "a row of %s without a key", r->table);
	row = same_source(f, r);
	if (row)
		return add_values(row, r) < 0 ? afd_fail_memory(err) : 0;
	if (f->n == f->cap) {
		const size_t cap = f->cap ? 2 * f->cap : 64;
		struct afd_user_row *p = realloc(f->row, cap * sizeof(*p));

		if (!p)
			return afd_fail_memory(err);
		f->row = p;
		f->cap = cap;
	}
	row = &f->row[f->n++];
	*row = (struct afd_user_row){ .table = afd_strdup(r->table), .key = afd_told_dup(r->key), .part = r->part };
	if (!row->table || !row->key || add_values(row, r) < 0)
		return afd_fail_memory(err);
	return 0;
}

/* --- writing typed rows --- */

/* The statement last made: rows of a table mostly give the same columns. */
struct typed { struct afd_store *s; char *sql; sqlite3_stmt *st; };

static void afd_typed_release(struct typed *w)
{
	sqlite3_finalize(w->st);
	free(w->sql);
}

static int check_columns(struct afd_store *s, const struct afd_user_row *row, struct afd_error *err)
{
	for (size_t i = 0; i < row->n; i++) {
		int64_t ours = 0;
		const int found = AFD_NUMBER(s, &ours, err,
			"SELECT name IN ('id', 'recorded_at', 'withdrawn_at', 'leaf', 'part') AND NOT (pk AND type = 'TEXT')"
			" FROM pragma_table_info(?1) WHERE name = ?2",
			afd_t(row->table), afd_t(row->v[i].column));

		if (found < 0)
			return -1;
		if (!found || ours)
			return afd_fail(err, AFD_E_ENGINE, "%s has no column %s that a file may fill", row->table,
				row->v[i].column);
	}
	return 0;
}

/* Makes W the statement SQL, which has the columns of ROW. */
static int typed_prepare(
	struct typed *w, const struct afd_buf *sql, const struct afd_user_row *row, struct afd_error *err)
{
	if (w->sql && strcmp(w->sql, (const char *)sql->data) == 0)
		return 0;
	if (check_columns(w->s, row, err) < 0)
		return -1;
	sqlite3_finalize(w->st);
	w->st = NULL;
	free(w->sql);
	w->sql = afd_text_dup(afd_buf_slice(sql));
	if (!w->sql)
		return afd_fail_memory(err);
	return sqlite3_prepare_v2(w->s->db, w->sql, -1, &w->st, NULL) == SQLITE_OK ? 0 : afd_sql_fail(w->s, err);
}

static int bind_value(sqlite3_stmt *st, int at, const struct afd_user_value *v)
{
	if (v->is_int)
		return sqlite3_bind_int64(st, at, v->i);
	return v->text ? sqlite3_bind_text(st, at, v->text, -1, SQLITE_STATIC) : sqlite3_bind_null(st, at);
}

/* Runs W with the row's values as ?1.., the N numbers of MORE after them, and KEY last unless it is NULL. */
static int typed_run(struct typed *w, const struct afd_user_row *row, const int64_t *more, size_t n, const char *key,
	struct afd_error *err)
{
	int at = 1, r = SQLITE_OK;

	for (size_t i = 0; r == SQLITE_OK && i < row->n; i++)
		r = bind_value(w->st, at++, &row->v[i]);
	for (size_t i = 0; r == SQLITE_OK && i < n; i++)
		r = sqlite3_bind_int64(w->st, at++, more[i]);
	if (r == SQLITE_OK && key)
		r = sqlite3_bind_text(w->st, at++, key, -1, SQLITE_STATIC);
	if (r == SQLITE_OK)
		r = sqlite3_step(w->st);
	if (r != SQLITE_DONE)
		afd_sql_fail(w->s, err);
	sqlite3_reset(w->st);
	sqlite3_clear_bindings(w->st);
	return r == SQLITE_DONE ? 0 : -1;
}

/* INSERT of the row's columns and MORE_COLUMNS (each with a comma in front). */
static int typed_insert(struct typed *w, const struct afd_user_row *row, const char *more_columns, const int64_t *more,
	size_t n, const char *end, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf sql = { 0 };
	int r = afd_buf_printf(&sql, "INSERT INTO %s (", row->table);

	for (size_t i = 0; r == 0 && i < row->n; i++)
		r = afd_buf_printf(&sql, "%s%s", i ? ", " : "", row->v[i].column);
	if (r == 0)
		r = afd_buf_printf(&sql, "%s) VALUES (", more_columns);
	for (size_t i = 0; r == 0 && i < row->n + n; i++)
		r = afd_buf_printf(&sql, "%s?%zu", i ? ", " : "", i + 1);
	if (r == 0)
		r = afd_buf_printf(&sql, ")%s", end);
	if (r < 0)
		return afd_fail_memory(err);
	if (typed_prepare(w, &sql, row, err) < 0)
		return -1;
	return typed_run(w, row, more, n, NULL, err);
}

/* UPDATE of the row's columns where name is its key. */
static int typed_update_source(struct typed *w, const struct afd_user_row *row, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf sql = { 0 };
	int r = afd_buf_text(&sql, "UPDATE source SET ");

	for (size_t i = 0; r == 0 && i < row->n; i++)
		r = afd_buf_printf(&sql, "%s%s = ?%zu", i ? ", " : "", row->v[i].column, i + 1);
	if (r == 0)
		r = afd_buf_printf(&sql, " WHERE name = ?%zu", row->n + 1);
	if (r < 0)
		return afd_fail_memory(err);
	if (typed_prepare(w, &sql, row, err) < 0)
		return -1;
	return typed_run(w, row, NULL, 0, row->key, err);
}

/* --- comparing with the version before --- */

/* What user_row knows of a row of the new version. */
struct known { bool found; char *content; int64_t id, recorded_at, leaf, part, seen_leaf; };
static void afd_known_release(struct known *k)
{
	free(k->content);
	k->content = NULL;
}

static int find_known(struct afd_tables *t, const char *file, const struct afd_user_row *row, bool by_content,
	struct known *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (AFD_OPEN(t->s, &st, err,
		    "SELECT id, content, recorded_at, leaf, part, seen_leaf FROM user_row WHERE table_name = ?1 AND file = ?2"
		    " AND key = ?3 AND (?4 IS NULL OR content = ?4)",
		    afd_t(row->table), afd_told(file), afd_told(row->key),
		    afd_told(by_content ? row->content : NULL)) < 0)
		return -1;
	r = afd_sql_step(t->s, st, err);
	if (r <= 0)
		return r;
	*ret = (struct known){ true, afd_column_dup(st, 1), sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 2),
	                       sqlite3_column_int64(st, 3), sqlite3_column_int64(st, 4), sqlite3_column_int64(st, 5) };
	return ret->content ? 0 : afd_fail_memory(err);
}

static int put_edit(struct afd_tables *t, const char *table, const char *key, const char *what, const char *before,
	const char *after, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO scope_edit (table_name, key, what, before_value, after_value, t, leaf)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		afd_t(table), afd_told(key), afd_t(what), afd_told(before), afd_told(after),
		afd_i(t->ledger_ms), afd_u(t->leaf));
}

static int remember(struct afd_tables *t, const char *file, const struct afd_user_row *row, const struct known *k,
	int64_t row_id, struct afd_error *err)
{
	if (k->found && strcmp(k->content, row->content) == 0)
		return AFD_RUN(
			t->s, err, "UPDATE user_row SET seen_leaf = ?2 WHERE id = ?1", afd_i(k->id), afd_u(t->leaf));
	if (k->found)
		return AFD_RUN(t->s, err,
			"UPDATE user_row SET content = ?2, recorded_at = ?3, leaf = ?4, part = ?5, seen_leaf = ?4 WHERE id = ?1",
			afd_i(k->id), afd_told(row->content), afd_i(t->ledger_ms), afd_u(t->leaf),
			afd_u(row->part));
	return AFD_RUN(t->s, err,
		"INSERT INTO user_row (table_name, file, key, content, row_id, recorded_at, leaf, part, seen_leaf)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7)",
		afd_t(row->table), afd_told(file), afd_told(row->key), afd_told(row->content), afd_opt(row_id, -1),
		afd_i(t->ledger_ms), afd_u(t->leaf), afd_u(row->part));
}

/* --- one row of each way --- */

#define RECORDED ", recorded_at, leaf, part"

/* Since when the content stands there, and which item says so. */
struct since { int64_t at[3]; };
static struct since since_of(const struct afd_tables *t, const struct afd_user_row *row, const struct known *k)
{
	if (k->found && strcmp(k->content, row->content) == 0)
		return (struct since){ { k->recorded_at, k->leaf, k->part } };
	return (struct since){ { t->ledger_ms, (int64_t)t->leaf, (int64_t)row->part } };
}

static int put_source(struct afd_tables *t, struct typed *w, const struct afd_user_row *row, const struct since *since,
	struct afd_error *err)
{
	bool configured = false;

	for (size_t i = 0; i < row->n; i++)
		configured = configured || strcmp(row->v[i].column, "kind") == 0;
	if (AFD_RUN(t->s, err, "DELETE FROM source WHERE name = ?1 AND ?2", afd_told(row->key), afd_i(configured)) < 0)
		return -1;
	/* a row that only says "retired" leaves the rest as it stood */
	if (AFD_RUN(t->s, err,
		    "INSERT INTO source (name, kind, evidence, scopes, basis, lag_ms, configured, recorded_at, leaf, part)"
		    " VALUES (?1, '', '', '', '', 0, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET recorded_at = excluded.recorded_at,"
		    " leaf = excluded.leaf, part = excluded.part",
		    afd_told(row->key), afd_i(configured), afd_i(since->at[0]), afd_i(since->at[1]),
		    afd_i(since->at[2])) < 0)
		return -1;
	return typed_update_source(w, row, err);
}

static int put_typed(struct afd_tables *t, struct typed *w, enum way way, const struct afd_user_row *row,
	const struct known *k, int64_t *row_id, struct afd_error *err)
{
	const struct since s = since_of(t, row, k);
	const int64_t approved[] = { s.at[0], s.at[1], s.at[2], AFD_FOREVER };

	switch (way) {
	case REPLACED:
		return typed_insert(w, row, RECORDED, s.at, 3, "", err);
	case APPENDED:
	case DATED:
		if (k->found)
			return 0;
		if (typed_insert(w, row, RECORDED ", withdrawn_at", approved, 4, "", err) < 0)
			return -1;
		*row_id = sqlite3_last_insert_rowid(t->s->db);
		return 0;
	case KEPT:
		return put_source(t, w, row, &s, err);
	case SCOPES:
		return typed_insert(w, row, "", NULL, 0, " ON CONFLICT (source, evidence, scope) DO UPDATE SET"
		                    " retired_ms = excluded.retired_ms, lag_ms = excluded.lag_ms", err);
	}
	return 0;
}

static int put_row(struct afd_tables *t, struct typed *w, enum way way, const char *file, bool first,
	const struct afd_user_row *row, struct afd_error *err)
{
	AFD_AUTO(known) struct known k = { 0 };
	int64_t row_id = -1;

	if (way == SCOPES)
		return put_typed(t, w, way, row, &k, &row_id, err);
	if (find_known(t, file, row, way == APPENDED || way == DATED, &k, err) < 0)
		return -1;
	if (k.found && k.seen_leaf == (int64_t)t->leaf) {
		if (strcmp(k.content, row->content) == 0)
			return 0;
		return afd_fail(
			err, AFD_E_PARSE, "it stands there twice, as \"%s\" and as \"%s\"", k.content, row->content);
	}
	if (!first && !k.found && put_edit(t, row->table, row->key, "added", NULL, row->content, err) < 0)
		return -1;
	if (!first && k.found && strcmp(k.content, row->content) != 0 &&
	    put_edit(t, row->table, row->key, "changed", k.content, row->content, err) < 0)
		return -1;
	if (put_typed(t, w, way, row, &k, &row_id, err) < 0)
		return -1;
	return remember(t, file, row, &k, row_id, err);
}

/* --- a whole table --- */

static int withdraw(struct afd_tables *t, const char *table, const char *file, struct afd_error *err)
{
	AFD_AUTO(mem) char *sql = afd_sprintf("UPDATE %s SET withdrawn_at = %" PRId64 " WHERE id IN (SELECT row_id FROM user_row"
		" WHERE table_name = '%s' AND file = ?1 AND seen_leaf <> %" PRIu64 ")", table, t->ledger_ms, table, t->leaf);
	sqlite3_stmt *st = NULL;
	int r;

	if (!sql)
		return afd_fail_memory(err);
	r = sqlite3_prepare_v2(t->s->db, sql, -1, &st, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(st, 1, file, -1, SQLITE_STATIC);
	if (r == SQLITE_OK)
		r = sqlite3_step(st);
	if (r != SQLITE_DONE)
		afd_sql_fail(t->s, err);
	sqlite3_finalize(st);
	return r == SQLITE_DONE ? 0 : -1;
}

/* Rows of the version before that the new one lacks. */
static int put_removed(struct afd_tables *t, const char *table, enum way way, const char *file, struct afd_error *err)
{
	if (AFD_RUN(t->s, err, "INSERT INTO scope_edit (table_name, key, what, before_value, after_value, t, leaf)"
	            " SELECT table_name, key, 'removed', content, NULL, ?3, ?4 FROM user_row"
	            " WHERE table_name = ?1 AND file = ?2 AND seen_leaf <> ?4 ORDER BY key, id",
	            afd_t(table), afd_told(file), afd_i(t->ledger_ms), afd_u(t->leaf)) < 0)
		return -1;
	if ((way == APPENDED || way == DATED) && withdraw(t, table, file, err) < 0)
		return -1;
	return AFD_RUN(t->s, err, "DELETE FROM user_row WHERE table_name = ?1 AND file = ?2 AND seen_leaf <> ?3",
	               afd_t(table), afd_told(file), afd_u(t->leaf));
}

/* Makes room for the new version. */
static int clear(struct afd_tables *t, const char *table, enum way way, struct afd_error *err)
{
	char *sql;
	int r;

	if (way == KEPT)
		return afd_sql_run(t->s, "UPDATE source SET configured = 0, retired_ms = NULL, retired_reason = NULL"
			" WHERE name NOT IN (SELECT source FROM listed_source)",
			NULL, 0, NULL, err);
	if (way != REPLACED)
		return 0;
	sql = sqlite3_mprintf("DELETE FROM \"%w\"", table);
	r = sql ? afd_sql_script(t->s, sql, err) : afd_fail_memory(err);
	sqlite3_free(sql);
	return r;
}

static int put_table(struct afd_tables *t, const char *table, struct afd_error *err)
{
	AFD_AUTO(typed) struct typed w = { .s = t->s };
	enum way way = REPLACED;
	const char *file;
	int64_t one;
	int spoken;

	if (way_of(table, &way) < 0 || clear(t, table, way, err) < 0)
		return -1;
	/* the inventory is one, whatever its files are called */
	file = way == APPENDED && strcmp(t->record->decoder, "inventory") != 0 ? t->record->asked : "";
	/* a file that joins later is an edit like any other: only the first that ever spoke for the table is none */
	spoken = AFD_NUMBER(t->s, &one, err, "SELECT 1 FROM user_file WHERE table_name = ?1 LIMIT 1", afd_t(table));
	if (spoken < 0 || AFD_RUN(t->s, err, "INSERT INTO user_file (table_name, file, leaf) VALUES (?1, ?2, ?3)"
	                          " ON CONFLICT (table_name, file) DO NOTHING",
	                          afd_t(table), afd_told(file), afd_u(t->leaf)) < 0)
		return -1;
	for (size_t i = 0; i < t->user.n; i++) {
		const struct afd_user_row *row = &t->user.row[i];

		if (strcmp(row->table, table) == 0 && put_row(t, &w, way, file, spoken == 0, row, err) < 0)
			return afd_within(err, "%s %s", table, row->key);
	}
	return put_removed(t, table, way, file, err);
}

/* Scopes of all sources, of dropped ones too: each name in source.scopes once, and when its source was retired. */
static int put_scopes(struct afd_tables *t, struct afd_error *err)
{
	if (afd_sql_run(t->s,
		    "WITH RECURSIVE cut (source, evidence, lag_ms, scope, rest) AS ("
		    " SELECT name, evidence, lag_ms, '', trim(scopes) || ' ' FROM source WHERE evidence <> ''"
		    " UNION ALL"
		    " SELECT source, evidence, lag_ms, substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1)"
		    " FROM cut WHERE rest <> '')"
		    " INSERT INTO source_scope (source, evidence, scope, retired_ms, lag_ms)"
		    " SELECT source, evidence, scope, 9223372036854775807, lag_ms FROM cut WHERE scope <> ''"
		    " ON CONFLICT (source, evidence, scope) DO UPDATE SET lag_ms = excluded.lag_ms",
		    NULL, 0, NULL, err) < 0)
		return -1;
	return afd_sql_run(t->s, "UPDATE source_scope SET retired_ms = coalesce((SELECT s.retired_ms FROM source s"
	                   " WHERE s.name = source_scope.source), 9223372036854775807)"
	                   " WHERE source NOT IN (SELECT source FROM listed_source)", NULL, 0, NULL, err);
}

int afd_user_end(struct afd_tables *t, struct afd_error *err)
{
	struct afd_user_file *f = &t->user;

	if (!f->open)
		return afd_fail(err, AFD_E_ENGINE, "a file of the user was ended that was not begun");
	for (size_t i = 0; i < f->n_table; i++)
		if (put_table(t, f->table[i], err) < 0)
			return -1;
	if ((speaks_for(f, "source") || speaks_for(f, "source_scope")) && put_scopes(t, err) < 0)
		return -1;
	afd_user_release(t);
	return 0;
}
