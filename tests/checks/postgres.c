/* The same SQL on PostgreSQL. Linked around the runner of the cases (--wrap, see meson.build): when a statement of the check
 * that a case is about gives its first row, the tables that it names are copied as they stand, PostgreSQL is asked the same,
 * and the rows must be the same, in any order. What a store there begins by making is made here too: rowid, and instr.
 * PGHOST and the other words of libpq say where: see test_postgres.py, which starts a server for it.
 * AFFIDAVIT_TWIST=SEED: what the cases say is changed by chance first, and what they expect is not asked: rows that nobody wrote
 * down, values that are not there, ends that are open. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "case.h"
#include "evidence/db.h"
#include "mappers/judge.h"

enum { BIGINT = 20, TEXT = 25, MOST_COLUMNS = 48, MOST_TABLES = 256, MOST_PARAMS = 32 };

int __wrap_afd_query_open(struct afd_store *s, const char *sql, struct afd_query **ret, struct afd_error *err);
int __wrap_afd_query_bind_int(struct afd_query *q, const char *name, int64_t v, struct afd_error *err);
int __wrap_afd_query_bind_text(struct afd_query *q, const char *name, const char *v, struct afd_error *err);
int __wrap_afd_query_step(struct afd_query *q, struct afd_error *err);
int __wrap_case_holds(struct afd_store *s, const struct afd_check *c, const struct afd_node *root, struct afd_error *why);
int __wrap_case_store_fill(struct case_store *s, const struct afd_node *root, struct afd_error *err);
int __real_case_store_fill(struct case_store *s, const struct afd_node *root, struct afd_error *err);
int __real_afd_query_open(struct afd_store *s, const char *sql, struct afd_query **ret, struct afd_error *err);
int __real_afd_query_bind_int(struct afd_query *q, const char *name, int64_t v, struct afd_error *err);
int __real_afd_query_bind_text(struct afd_query *q, const char *name, const char *v, struct afd_error *err);
int __real_afd_query_step(struct afd_query *q, struct afd_error *err);
int __real_case_holds(struct afd_store *s, const struct afd_check *c, const struct afd_node *root, struct afd_error *why);

struct table { char name[64], names[2048]; size_t n; bool text[MOST_COLUMNS]; };
struct param { char name[64]; Oid type; char *value; };
struct rows { char **at; size_t n; };

static PGconn *pg;
static struct table table[MOST_TABLES];
static size_t n_table;

/* What is being compared: one statement of one check, from its opening to its last row. */
static struct {
	const struct afd_check *check;
	struct afd_store *s;
	struct afd_query *q;
	const char *sql, *name;                   /* findings, population */
	bool asked;
	struct param param[MOST_PARAMS]; size_t n_param;
	struct rows here, there;
	char *why;                                /* the first difference of the case */
} now;

static void fatal(const char *what)
{
	fprintf(stderr, "postgres: %s: %s\n", what, pg ? PQerrorMessage(pg) : "");
	exit(1);
}

/* --- tables --- */

/* A column of the schema is a whole number or text; bytes are in the ledger alone. */
static void read_table(sqlite3 *db, struct table *t, bool rowid, struct afd_buf *make)
{
	AFD_AUTO(mem) char *sql = afd_sprintf("SELECT name, type, pk FROM pragma_table_info('%s') ORDER BY cid", t->name);
	AFD_AUTO(buf) struct afd_buf names = { 0 }, types = { 0 };
	sqlite3_stmt *st;
	bool has_id = false;

	if (!sql || sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fatal(sqlite3_errmsg(db));
	while (sqlite3_step(st) == SQLITE_ROW && t->n < MOST_COLUMNS - 1) {
		const char *name = (const char *)sqlite3_column_text(st, 0), *type = (const char *)sqlite3_column_text(st, 1);

		t->text[t->n] = strcmp(type, "INTEGER") != 0;
		has_id = has_id || (strcmp(name, "id") == 0 && !t->text[t->n] && sqlite3_column_int(st, 2));
		afd_buf_printf(&names, "%s%s", t->n ? ", " : "", name);
		afd_buf_printf(&types, "%s%s %s", t->n++ ? ", " : "", name, strcmp(type, "INTEGER") == 0 ? "bigint" : strcmp(type, "BLOB") == 0 ? "bytea" : "text");
	}
	sqlite3_finalize(st);
	if (rowid && !has_id) {
		t->n++;
		afd_buf_text(&names, ", rowid");
		afd_buf_text(&types, ", rowid bigint");
	}
	snprintf(t->names, sizeof t->names, "%s", (const char *)names.data);
	afd_buf_printf(make, "CREATE UNLOGGED TABLE %s (%s);", t->name, (const char *)types.data);
}

static void make_tables(sqlite3 *db)
{
	static const char list[] = "SELECT name, sql LIKE '%WITHOUT ROWID%' FROM (SELECT * FROM sqlite_schema UNION SELECT * FROM sqlite_temp_schema) "
				   "WHERE type = 'table' AND name NOT LIKE 'sqlite%' GROUP BY name";
	AFD_AUTO(buf) struct afd_buf make = { 0 };
	sqlite3_stmt *st = NULL;
	PGresult *r;

	afd_buf_printf(&make, "CREATE SCHEMA cases_%d; SET search_path = cases_%d;", (int)getpid(), (int)getpid());
	if (sqlite3_prepare_v2(db, list, -1, &st, NULL) != SQLITE_OK)
		fatal(sqlite3_errmsg(db));
	while (sqlite3_step(st) == SQLITE_ROW && n_table < MOST_TABLES) {
		struct table *t = &table[n_table++];

		snprintf(t->name, sizeof t->name, "%s", (const char *)sqlite3_column_text(st, 0));
		read_table(db, t, sqlite3_column_int(st, 1) == 0, &make);
	}
	sqlite3_finalize(st);
	afd_buf_text(&make, "CREATE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT strpos($1, $2)'");
	r = PQexec(pg, (const char *)make.data);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fatal("the tables");
	PQclear(r);
}

static void begin(sqlite3 *db)
{
	/* one plan for all cases of a check, and no long search for it: tables of a case have a few rows */
	static const char words[] = "SET client_min_messages = error; SET jit = off; SET plan_cache_mode = force_generic_plan;"
				    "SET join_collapse_limit = 1; SET from_collapse_limit = 1; SET statement_timeout = '20s'";

	if (pg)
		return;
	pg = PQconnectdb("");
	if (PQstatus(pg) != CONNECTION_OK)
		fatal("no connection");
	PQclear(PQexec(pg, words));
	make_tables(db);
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool names(const char *sql, const char *word)
{
	const size_t n = strlen(word);

	for (const char *p = sql; (p = strstr(p, word)); p++)
		if ((p == sql || !in_word(p[-1])) && !in_word(p[n]))
			return true;
	return false;
}

static void add_cell(struct afd_buf *b, const char *s, bool text)
{
	if (!s) {
		afd_buf_text(b, "NULL");
	} else if (!text) {
		afd_buf_text(b, s);
	} else {
		afd_buf_u8(b, '\'');
		for (; *s; s++) {
			if (*s == '\'')
				afd_buf_u8(b, '\'');
			afd_buf_u8(b, (uint8_t)*s);
		}
		afd_buf_u8(b, '\'');
	}
}

/* Adds INSERT statements for the tables that the statement names, as the run has them now. */
static int copy_tables(struct afd_buf *ret, struct afd_error *err)
{
	for (const struct table *t = table; t < table + n_table; t++) {
		AFD_AUTO(mem) char *sql = NULL;
		AFD_AUTO(query) struct afd_query *q = NULL;
		size_t n = 0;
		int got;

		if (!names(now.sql, t->name) || afd_schema_group(&now.s->groups, t->name) == 'l')
			continue;
		sql = afd_sprintf("SELECT %s FROM %s", t->names, t->name);
		if (!sql || __real_afd_query_open(now.s, sql, &q, err) < 0)
			return -1;
		for (; (got = __real_afd_query_step(q, err)) > 0; n++) {
			if (n == 0)
				afd_buf_printf(ret, "INSERT INTO %s (%s) VALUES (", t->name, t->names);
			else
				afd_buf_text(ret, "), (");
			for (size_t i = 0; i < t->n; i++) {
				afd_buf_text(ret, i ? ", " : "");
				add_cell(ret, afd_query_is_null(q, (int)i) ? NULL : afd_query_text(q, (int)i), t->text[i]);
			}
		}
		if (got < 0)
			return -1;
		afd_buf_text(ret, n ? ");" : "");
	}
	return 0;
}

/* --- statements --- */

static void differ(const char *fmt, ...) AFD_PRINTF(1, 2);
static void differ(const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	if (now.why)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	now.why = afd_sprintf("on PostgreSQL, %s: %s", now.name, text);
}

static const struct param *param_at(const char *p, size_t n)
{
	for (size_t i = 0; i < now.n_param; i++)
		if (strlen(now.param[i].name) == n && strncmp(now.param[i].name, p, n) == 0)
			return &now.param[i];
	return NULL;
}

/* The statement with $1, $2, ... in place of :name, outside of strings and comments. */
static void number_params(struct afd_buf *ret)
{
	for (const char *p = now.sql; *p;) {
		const char *end = p + 1;
		const struct param *x;

		if (*p == '\'') {
			end = strchr(p + 1, '\'');
			end = end ? end + 1 : p + strlen(p);
		} else if (strncmp(p, "--", 2) == 0) {
			end = p + strcspn(p, "\n");
		} else if (*p == ':' && in_word(p[1])) {
			while (in_word(*end))
				end++;
			x = param_at(p + 1, (size_t)(end - p - 1));
			if (x) {
				afd_buf_printf(ret, "$%d", (int)(x - now.param) + 1);
				p = end;
				continue;
			}
		}
		afd_buf_add(ret, p, (size_t)(end - p));
		p = end;
	}
}

static bool went(PGresult *r, ExecStatusType want)
{
	const bool ok = PQresultStatus(r) == want;

	if (!ok)
		differ("%s", PQresultErrorMessage(r));
	PQclear(r);
	return ok;
}

/* Statements of the last check stay prepared: its cases come one after the other. */
static bool prepare(void)
{
	static struct { char check[80], *why; bool done; } last[2];
	const size_t which = strcmp(now.name, "findings") == 0;
	AFD_AUTO(buf) struct afd_buf sql = { 0 };
	AFD_AUTO(mem) char *forget = afd_sprintf("DEALLOCATE %s", now.name);
	Oid type[MOST_PARAMS];

	if (strcmp(last[which].check, now.check->id) != 0) {
		if (last[which].done)
			PQclear(PQexec(pg, forget));
		afd_mem_release(&last[which].why);
		snprintf(last[which].check, sizeof last[which].check, "%s", now.check->id);
		for (size_t i = 0; i < now.n_param; i++)
			type[i] = now.param[i].type;
		number_params(&sql);
		last[which].done = went(PQprepare(pg, now.name, (const char *)sql.data, (int)now.n_param, type), PGRES_COMMAND_OK);
		if (!last[which].done)
			last[which].why = afd_strdup(now.why);
	}
	if (!last[which].done && !now.why)
		now.why = afd_strdup(last[which].why);
	return last[which].done;
}

static void add_row(struct rows *r, struct afd_buf *b)
{
	r->at = realloc(r->at, (r->n + 1) * sizeof *r->at);
	if (!r->at)
		fatal("memory");
	r->at[r->n++] = (char *)b->data;
	*b = (struct afd_buf){ 0 };
}

static void read_rows(PGresult *r)
{
	for (int i = 0; i < PQntuples(r); i++) {
		struct afd_buf b = { 0 };

		for (int c = 0; c < PQnfields(r); c++)
			afd_buf_printf(&b, "%s|", PQgetisnull(r, i, c) ? "NULL" : PQgetvalue(r, i, c));
		add_row(&now.there, &b);
	}
}

/* Asks PostgreSQL. What is inserted is rolled back. */
static void ask(void)
{
	AFD_AUTO(buf) struct afd_buf copy = { 0 };
	struct afd_error err = { 0 };
	const char *value[MOST_PARAMS];
	PGresult *r;

	now.asked = true;
	if (!prepare())
		return;
	afd_buf_text(&copy, "BEGIN;");
	if (copy_tables(&copy, &err) < 0) {
		differ("%s", err.text);
		return;
	}
	for (size_t i = 0; i < now.n_param; i++)
		value[i] = now.param[i].value;
	if (went(PQexec(pg, (const char *)copy.data), PGRES_COMMAND_OK)) {
		r = PQexecPrepared(pg, now.name, (int)now.n_param, value, NULL, NULL, 0);
		if (PQresultStatus(r) == PGRES_TUPLES_OK)
			read_rows(r);
		else
			differ("%s", PQresultErrorMessage(r));
		PQclear(r);
	}
	PQclear(PQexec(pg, "ROLLBACK"));
}

static int compare_rows(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void release_rows(struct rows *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->at[i]);
	free(r->at);
	*r = (struct rows){ 0 };
}

/* The rows in any order: the program puts them in its own. */
static void compare(void)
{
	struct rows *a = &now.here, *b = &now.there;

	if (a->n)
		qsort(a->at, a->n, sizeof *a->at, compare_rows);
	if (b->n)
		qsort(b->at, b->n, sizeof *b->at, compare_rows);
	if (!now.why && a->n != b->n)
		differ("%zu rows on SQLite, %zu on PostgreSQL; the first %s and %s", a->n, b->n, a->n ? a->at[0] : "-", b->n ? b->at[0] : "-");
	for (size_t i = 0; i < a->n && i < b->n && !now.why; i++)
		if (strcmp(a->at[i], b->at[i]) != 0)
			differ("SQLite says %s PostgreSQL says %s", a->at[i], b->at[i]);
	release_rows(a);
	release_rows(b);
}

/* --- rows that nobody wrote down --- */

static bool may_be_open(const char *column)
{
	static const char *const names_of[] = { "valid_to", "withdrawn_at", "expires_ms", "retired_ms", "expires" };

	for (size_t i = 0; i < AFD_COUNT(names_of); i++)
		if (strcmp(names_of[i], column) == 0)
			return true;
	return false;
}

/* In one of eight: what the last row had in that place, nothing, or an open end. */
static void twist_row(const struct afd_node *row, const struct afd_node *last, uint64_t *seed)
{
	static const char open_end[] = "forever";

	for (const struct afd_node *at = row->u.list.first; at; at = at->next) {
		const struct afd_node *other = last ? afd_node_get(last, at->key) : NULL;
		struct afd_node *n = (struct afd_node *)at;      /* the case's own, read for this run alone */

		*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		if (*seed >> 61 || n->type == AFD_LIST || strcmp(n->key, "id") == 0 || strcmp(n->key, "t") == 0)
			continue;
		if (may_be_open(n->key)) {
			n->type = AFD_TEXT;
			n->u.text.s = open_end;
		} else if (other && other->type == n->type && *seed >> 60 & 1) {
			n->u = other->u;
		} else {
			n->type = AFD_NULL;
		}
	}
}

int __wrap_case_store_fill(struct case_store *s, const struct afd_node *root, struct afd_error *err)
{
	static uint64_t seed;
	const char *twist = getenv("AFFIDAVIT_TWIST");

	if (!twist)
		return __real_case_store_fill(s, root, err);
	seed = seed ? seed : strtoull(twist, NULL, 10);
	for (const struct afd_node *table_of = root->u.list.first; table_of; table_of = table_of->next)
		for (const struct afd_node *row = table_of->type == AFD_LIST ? table_of->u.list.first : NULL, *last = NULL; row; last = row, row = row->next)
			if (row->type == AFD_MAP && strcmp(table_of->key, "findings") != 0 && strcmp(table_of->key, "periods") != 0)
				twist_row(row, last, &seed);
	__real_case_store_fill(s, root, err);        /* as far as it goes: rows may lack what they need now */
	return 0;
}

/* --- what the runner calls --- */

int __wrap_afd_query_open(struct afd_store *s, const char *sql, struct afd_query **ret, struct afd_error *err)
{
	const int r = __real_afd_query_open(s, sql, ret, err);

	if (r < 0 || !now.check || (sql != now.check->findings_sql && sql != now.check->population_sql))
		return r;
	for (size_t i = 0; i < now.n_param; i++)
		free(now.param[i].value);
	now.n_param = 0;
	release_rows(&now.here);                 /* of a run that ended before its last row */
	release_rows(&now.there);
	now.s = s;
	now.q = *ret;
	now.sql = sql;
	now.name = sql == now.check->findings_sql ? "findings" : "population";
	now.asked = false;
	return r;
}

static void add_param(struct afd_query *q, const char *name, Oid type, char *value)
{
	struct param *p = &now.param[now.n_param];

	if (q != now.q || now.n_param == MOST_PARAMS) {
		free(value);
		return;
	}
	snprintf(p->name, sizeof p->name, "%s", name);
	p->type = type;
	p->value = value;
	now.n_param++;
}

int __wrap_afd_query_bind_int(struct afd_query *q, const char *name, int64_t v, struct afd_error *err)
{
	add_param(q, name, BIGINT, afd_sprintf("%lld", (long long)v));
	return __real_afd_query_bind_int(q, name, v, err);
}

int __wrap_afd_query_bind_text(struct afd_query *q, const char *name, const char *v, struct afd_error *err)
{
	add_param(q, name, TEXT, v ? afd_strdup(v) : NULL);
	return __real_afd_query_bind_text(q, name, v, err);
}

int __wrap_afd_query_step(struct afd_query *q, struct afd_error *err)
{
	const int got = __real_afd_query_step(q, err);
	struct afd_buf b = { 0 };

	if (!q || q != now.q)
		return got;
	if (!now.asked)
		ask();
	if (got > 0) {
		for (int c = 0; c < afd_query_columns(q); c++)
			afd_buf_printf(&b, "%s|", afd_query_is_null(q, c) ? "NULL" : afd_query_text(q, c));
		add_row(&now.here, &b);
		return got;
	}
	now.q = NULL;
	if (got < 0)
		differ("%s", err->text);
	compare();
	return got;
}

int __wrap_case_holds(struct afd_store *s, const struct afd_check *c, const struct afd_node *root, struct afd_error *why)
{
	int r;

	begin(s->db);
	now.check = c;
	afd_mem_release(&now.why);
	r = __real_case_holds(s, c, root, why);
	now.check = NULL;
	now.q = NULL;
	if (getenv("AFFIDAVIT_TWIST"))
		r = 0;
	return now.why ? afd_fail(why, AFD_E_VERIFY, "%s", now.why) : r;
}
