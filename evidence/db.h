/* The store's SQLite connection: statements by their text, arguments by their kind, one writer at a time. Private. */
#ifndef AFD_EVIDENCE_DB_H
#define AFD_EVIDENCE_DB_H

#include <sqlite3.h>

#include "evidence/store.h"

#define AFD_STORE_APPLICATION 0x41464456   /* "AFDV" in SQLite's application id: this file is ours */
#define AFD_STORE_FORMAT      1            /* SQLite's user version */
#define AFD_WAIT_MS           10000        /* for a moment in which the writer commits; never for the writer itself */

/* What statements that are being prepared may do; evidence/query.c keeps the rules. */
enum afd_guard { AFD_GUARD_NONE, AFD_GUARD_QUERY, AFD_GUARD_JOINED };

/* Statements of others that stay prepared when they are closed: all checks, and what they cite. */
enum { AFD_MAX_IDLE_QUERIES = 1000, AFD_IDLE_BUCKETS = 512 };

struct afd_sql_slot { const char *sql; sqlite3_stmt *st; };

/* Tables of schema.sql by name, with the group that each belongs to: looked up for every word of every check. */
enum { AFD_MAX_TABLES = 256 };
struct afd_schema_groups { struct afd_schema_named { struct afd_slice name; char group; } at[AFD_MAX_TABLES]; size_t n; };

/* "VERSION+DIGEST": two builds of one version may have other tables. */
enum { AFD_ENGINE_LEN = 48 };

struct afd_store {
	sqlite3 *db, *lock;                    /* lock: holds PATH.lock while we may write; else NULL */
	char *path;
	bool writable, open, temp_joined;      /* open: between begin and commit; temp_joined: joined tables are temporary */
	bool foreign_tables;                   /* another program made the derived tables */
	enum afd_guard guard;
	struct afd_query *idle[AFD_IDLE_BUCKETS];
	unsigned n_idle;
	struct afd_query *running;             /* whose steps the progress handler counts */
	unsigned fault_line;                   /* of the last statement that was refused, from 1; 0: nobody knows */
	const volatile int *stop;              /* not 0: statements end; NULL: nothing stops them */
	int64_t budget;                        /* steps that a query may take */
	struct afd_schema_groups groups;
	char engine[AFD_ENGINE_LEN];           /* which program makes these tables */
	struct afd_sql_slot slot[256];         /* prepared statements, by the address of their text */
};

/* One argument of a statement. */
struct afd_arg { char kind; int64_t i; const void *p; size_t n; };
static inline struct afd_arg afd_i(int64_t v) { return (struct afd_arg){ 'i', v, NULL, 0 }; }
static inline struct afd_arg afd_u(uint64_t v) { return (struct afd_arg){ 'i', (int64_t)v, NULL, 0 }; }
static inline struct afd_arg afd_t(const char *s) { return (struct afd_arg){ 't', 0, s, s ? strlen(s) : 0 }; }
/* text that strangers wrote: bytes that are not UTF-8 become \xHH, so that reports can always be written */
static inline struct afd_arg afd_told(const char *s) { return (struct afd_arg){ 'T', 0, s, s ? strlen(s) : 0 }; }
static inline struct afd_arg afd_b(const void *p, size_t n) { return (struct afd_arg){ 'b', 0, p, n }; }
static inline struct afd_arg afd_d(const struct afd_digest *d) { return (struct afd_arg){ 'b', 0, d->b, 32 }; }
static inline struct afd_arg afd_null(void) { return (struct afd_arg){ 'n', 0, NULL, 0 }; }
/* NULL for AFD_TIME_NONE, and for the -1 of counts that nobody knows */
static inline struct afd_arg afd_opt(int64_t v, int64_t none)
{
	return (struct afd_arg){ v == none ? 'n' : 'i', v, NULL, 0 };
}

/* Statements: SQL must be a constant, its address is the key under which it stays prepared. The argument arrays are
 * made by the macros. What is bound must live until the statement is reset. */
#define AFD_ARGS(...)                                                                                                  \
	(const struct afd_arg[]){ __VA_ARGS__ },                                                                      \
		sizeof((const struct afd_arg[]){ __VA_ARGS__ }) / sizeof(struct afd_arg)
/* Runs a statement to its end; *changed (may be NULL): rows written. */
int afd_sql_run(
	struct afd_store *s, const char *sql, const struct afd_arg *a, size_t n, int *changed, struct afd_error *err);
#define AFD_RUN(s, err, sql, ...) afd_sql_run(s, sql, AFD_ARGS(__VA_ARGS__), NULL, err)
/* A statement with its arguments, ready to step; give back with AFD_AUTO(stmt). */
int afd_sql_open(struct afd_store *s, const char *sql, const struct afd_arg *a, size_t n, sqlite3_stmt **ret,
	struct afd_error *err);
#define AFD_OPEN(s, ret, err, sql, ...) afd_sql_open(s, sql, AFD_ARGS(__VA_ARGS__), ret, err)
int afd_sql_step(struct afd_store *s, sqlite3_stmt *st, struct afd_error *err);   /* 1 a row, 0 the end, -1 */
void afd_stmt_release(sqlite3_stmt **st);                                          /* resets, keeps it prepared */
/* One number of one row: 1 found, 0 none (*ret untouched) or NULL. */
int afd_sql_number(
	struct afd_store *s, const char *sql, const struct afd_arg *a, size_t n, int64_t *ret, struct afd_error *err);
#define AFD_NUMBER(s, ret, err, sql, ...) afd_sql_number(s, sql, AFD_ARGS(__VA_ARGS__), ret, err)

char *afd_told_dup(const char *s);   /* the text that afd_told() binds, owned; NULL for NULL or no memory */

/* Text without arguments, any number of statements, not kept. */
int afd_sql_script(struct afd_store *s, const char *sql, struct afd_error *err);
/* The connection's last error as ours; always -1. */
int afd_sql_fail(struct afd_store *s, struct afd_error *err);

struct afd_slice afd_column_bytes(sqlite3_stmt *st, int i);   /* until the next step */
bool afd_column_digest(sqlite3_stmt *st, int i, struct afd_digest *ret);   /* false: not 32 bytes */
char *afd_column_dup(sqlite3_stmt *st, int i);                /* owned; NULL for NULL or no memory */

/* A piece of work that happens whole or not at all, inside or outside of the caller's transaction. */
int afd_step_begin(struct afd_store *s, struct afd_error *err);
int afd_step_end(struct afd_store *s, int result, struct afd_error *err);   /* keeps it if result is 0; returns result */
int afd_store_need_write(const struct afd_store *s, struct afd_error *err);

/* schema.c */
int afd_schema_create(struct afd_store *s, struct afd_error *err);
/* A table of the ledger that came later than the store. */
int afd_schema_add_ledger_table(struct afd_store *s, const char *table, struct afd_error *err);
/* Drops everything that is not of the ledger, and makes the derived tables anew, empty. */
int afd_schema_reset_derived(struct afd_store *s, struct afd_error *err);
/* Joined tables in the connection's own temporary space: for readers. */
int afd_schema_temp_joined(struct afd_store *s, struct afd_error *err);
/* The statements that make all tables but the ledger's, and one for `meta`: for a file of their own. */
int afd_schema_tables(struct afd_buf *ret, struct afd_error *err);
/* Which group of schema.sql TABLE belongs to: 'l' ledger, 'j' joined, 'd' any other derived group, 0 none. */
char afd_schema_group(const struct afd_schema_groups *g, const char *table);
void afd_schema_groups_read(struct afd_schema_groups *ret);
/* This program's version and the digest of its derived tables, as `derived` keeps it. */
int afd_schema_engine(char ret[static AFD_ENGINE_LEN], struct afd_error *err);
/* Notes whether the derived tables of S are another program's. */
int afd_schema_whose(struct afd_store *s, struct afd_error *err);
/* What mends the fault MESSAGE of SQLite, to be put behind it; empty where nothing is known to. */
const char *afd_schema_hint(const struct afd_store *s, const char *message);

/* ledger.c */
int afd_ledger_subtree(
	struct afd_store *s, unsigned level, uint64_t idx, struct afd_digest *ret, struct afd_error *err);

/* query.c: rules for statements of others, and the count of their steps */
void afd_guard_install(struct afd_store *s);
void afd_query_budget(struct afd_store *s, int64_t steps);
void afd_query_forget(struct afd_store *s);   /* statements that stayed prepared: before the connection is closed, or to keep others */

/* An empty store in a temporary file that SQLite removes by itself. */
int afd_store_open_temp(struct afd_store **ret, struct afd_error *err);

#endif
