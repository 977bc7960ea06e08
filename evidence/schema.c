/* The tables: schema.sql, built into the program, cut at its "-- group NAME" marks. */
#include <stdio.h>

#include "core/file.h"
#include "evidence/db.h"

static struct afd_slice schema_text(void)
{
	const struct afd_embedded *e = afd_embedded_find("evidence/schema.sql");

	return e ? afd_slice(e->data, e->len) : afd_slice(NULL, 0);
}

/* Walks the lines of the schema; GROUP is that of the line. */
struct walk { struct afd_slice rest, line, group; };

static bool next_line(struct walk *w)
{
	static const char mark[] = "-- group ";
	const uint8_t *lf;

	if (w->rest.len == 0)
		return false;
	lf = memchr(w->rest.data, '\n', w->rest.len);
	w->line = afd_slice(w->rest.data, lf ? (size_t)(lf - w->rest.data) : w->rest.len);
	w->rest = afd_slice_sub(w->rest, w->line.len + (lf ? 1 : 0), w->rest.len);
	if (w->line.len > sizeof(mark) - 1 && memcmp(w->line.data, mark, sizeof(mark) - 1) == 0)
		w->group = afd_slice_sub(w->line, sizeof(mark) - 1, w->line.len);
	return true;
}

/* "PREFIXname ..." gives name, or nothing. */
static struct afd_slice name_after(struct afd_slice line, const char *prefix)
{
	const size_t n = strlen(prefix);
	size_t end = n;

	if (line.len <= n || memcmp(line.data, prefix, n) != 0)
		return afd_slice(NULL, 0);
	while (end < line.len && line.data[end] != ' ')
		end++;
	return afd_slice_sub(line, n, end - n);
}

static bool is(struct afd_slice s, const char *text)
{
	return afd_slice_equal(s, afd_slice_text(text));
}

static int compare_named(const void *a, const void *b)
{
	const struct afd_slice *x = &((const struct afd_schema_named *)a)->name, *y = &((const struct afd_schema_named *)b)->name;
	const int r = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

	return r ? r : (x->len > y->len) - (x->len < y->len);
}

void afd_schema_groups_read(struct afd_schema_groups *ret)
{
	struct walk w = { .rest = schema_text() };

	ret->n = 0;
	while (next_line(&w) && ret->n < AFD_MAX_TABLES) {
		const struct afd_slice name = name_after(w.line, "CREATE TABLE ");

		if (name.len)
			ret->at[ret->n++] = (struct afd_schema_named){ name, is(w.group, "ledger") ? 'l' : is(w.group, "joined") ? 'j' : 'd' };
	}
	qsort(ret->at, ret->n, sizeof(ret->at[0]), compare_named);
}

char afd_schema_group(const struct afd_schema_groups *g, const char *table)
{
	const struct afd_schema_named key = { afd_slice_text(table), 0 }, *found = bsearch(&key, g->at, g->n, sizeof(g->at[0]), compare_named);

	return found ? found->group : 0;
}

enum part { LEDGER, DERIVED, JOINED };

static bool wanted(struct afd_slice group, enum part part)
{
	if (part == JOINED)
		return is(group, "joined");
	return group.len && is(group, "ledger") == (part == LEDGER);
}

/* The statements of one part as text; TEMP puts them into the connection's temporary space. */
static int collect(enum part part, bool temp, struct afd_buf *ret)
{
	static const struct { const char *found, *put; } names[] = {
		{ "CREATE TABLE ", "CREATE TEMP TABLE " },
		{ "CREATE INDEX ", "CREATE INDEX temp." },
	};
	struct walk w = { .rest = schema_text() };

	while (next_line(&w)) {
		struct afd_slice line = w.line;

		if (!wanted(w.group, part))
			continue;
		for (size_t i = 0; temp && i < AFD_COUNT(names); i++) {
			if (name_after(line, names[i].found).len) {
				line = afd_slice_sub(line, strlen(names[i].found), line.len);
				if (afd_buf_text(ret, names[i].put) < 0)
					return -1;
				break;
			}
		}
		if (afd_buf_add_slice(ret, line) < 0 || afd_buf_text(ret, "\n") < 0)
			return -1;
	}
	return ret->len ? 0 : -1;
}

static int make(struct afd_store *s, enum part part, bool temp, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf sql = { 0 };

	if (collect(part, temp, &sql) < 0)
		return afd_fail(err, AFD_E_ENGINE, "the schema is not in the program");
	return afd_sql_script(s, (const char *)sql.data, err);
}

/* A comment that says more makes no other table. */
static struct afd_slice statement_of(struct afd_slice line)
{
	size_t n = 0;

	while (n < line.len && !(line.data[n] == '-' && n + 1 < line.len && line.data[n + 1] == '-'))
		n++;
	while (n > 0 && line.data[n - 1] == ' ')
		n--;
	return afd_slice_sub(line, 0, n);
}

int afd_schema_engine(char ret[static AFD_ENGINE_LEN], struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf all = { 0 };
	struct walk w = { .rest = schema_text() };
	struct afd_digest d;

	while (next_line(&w))
		if (wanted(w.group, DERIVED) && (afd_buf_add_slice(&all, statement_of(w.line)) < 0 || afd_buf_u8(&all, '\n') < 0))
			return afd_fail_memory(err);
	afd_sha256(afd_buf_slice(&all), &d);
	snprintf(ret, AFD_ENGINE_LEN, "%s+%.12s", AFD_VERSION, afd_digest_hex(&d).s);
	return 0;
}

int afd_schema_whose(struct afd_store *s, struct afd_error *err)
{
	int64_t there = 0, one = 0;

	/* the program before this one may have had no such table */
	if (afd_sql_number(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'derived'", NULL, 0, &there, err) < 0 ||
	    (there && AFD_NUMBER(s, &one, err, "SELECT 1 FROM derived WHERE engine <> ?1", afd_t(s->engine)) < 0))
		return -1;
	s->foreign_tables = one == 1;
	return 0;
}

const char *afd_schema_hint(const struct afd_store *s, const char *message)
{
	static const char table[] = "no such table: ", hint[] = ": another version of this program made the tables; `affidavit rebuild` makes them again";
	const char group = strncmp(message, table, sizeof(table) - 1) == 0 ? afd_schema_group(&s->groups, message + sizeof(table) - 1) : 0;

	if (group && group != 'l')
		return hint;
	return s->foreign_tables && strstr(message, "column") ? hint : "";
}

int afd_schema_create(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(mem) char *marks = afd_sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d;"
	                                        "INSERT INTO meta (name, value) VALUES ('format', '%d')",
	                                        AFD_STORE_APPLICATION, AFD_STORE_FORMAT, AFD_STORE_FORMAT);
	int r;

	if (!marks)
		return afd_fail_memory(err);
	if (afd_step_begin(s, err) < 0)
		return -1;
	r = make(s, LEDGER, false, err);
	if (r == 0)
		r = make(s, DERIVED, false, err);
	if (r == 0)
		r = afd_sql_script(s, marks, err);
	return afd_step_end(s, r, err);
}

int afd_schema_add_ledger_table(struct afd_store *s, const char *table, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf sql = { 0 };
	struct walk w = { .rest = schema_text() };
	bool in = false;

	while (next_line(&w)) {
		if (!in && !(wanted(w.group, LEDGER) && is(name_after(w.line, "CREATE TABLE "), table)))
			continue;
		in = true;
		if (afd_buf_add_slice(&sql, w.line) < 0 || afd_buf_text(&sql, "\n") < 0)
			return afd_fail_memory(err);
		if (w.line.len && w.line.data[0] == ')')
			return afd_sql_script(s, (const char *)sql.data, err);
	}
	return afd_fail(err, AFD_E_ENGINE, "the schema has no table %s", table);
}

/* Names of all tables that are not the ledger's: those of an older version too. */
static int list_derived(struct afd_store *s, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (AFD_OPEN(s, &st, err,
		    "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> ?1 ORDER BY name",
		    afd_t("sqlite_")) < 0)
		return -1;
	while ((r = afd_sql_step(s, st, err)) > 0) {
		const char *name = (const char *)sqlite3_column_text(st, 0);

		if (name && afd_schema_group(&s->groups, name) != 'l' && (afd_buf_text(ret, name) < 0 || afd_buf_u8(ret, 0) < 0))
			return afd_fail_memory(err);
	}
	return r;
}

int afd_schema_reset_derived(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf names = { 0 };

	if (list_derived(s, &names, err) < 0)
		return -1;
	for (size_t at = 0; at < names.len; at += strlen((const char *)names.data + at) + 1) {
		char *sql = sqlite3_mprintf("DROP TABLE \"%w\"", (const char *)names.data + at);
		int r = sql ? afd_sql_script(s, sql, err) : afd_fail_memory(err);

		sqlite3_free(sql);
		if (r < 0)
			return -1;
	}
	return make(s, DERIVED, false, err);
}

int afd_schema_tables(struct afd_buf *ret, struct afd_error *err)
{
	if (afd_buf_text(ret, "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;\n") < 0)
		return afd_fail_memory(err);
	return collect(DERIVED, false, ret) < 0 ? afd_fail(err, AFD_E_ENGINE, "the schema is not in the program") : 0;
}

int afd_schema_temp_joined(struct afd_store *s, struct afd_error *err)
{
	if (s->temp_joined)
		return 0;
	if (make(s, JOINED, true, err) < 0)
		return -1;
	s->temp_joined = true;
	return 0;
}
