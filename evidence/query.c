/* Statements of others: checks and joins. An authorizer lets them read derived tables and call plain functions, and
 * nothing else; a budget of steps ends them.
 *
 * Time limit: this folder has no clock, and a verdict that depends on how fast a machine is would not repeat. So
 * AFD_MAX_CHECK_SECONDS is counted in steps of SQLite's machine, at STEPS_PER_SECOND, which a slow machine makes. */
#include <strings.h>

#include "evidence/db.h"

#define STEPS_PER_SECOND INT64_C(20000000)
#define STEPS_PER_LOOK   10000

struct afd_query {
	struct afd_store *s;
	sqlite3_stmt *st;
	char *sql;                  /* under which it is found again */
	struct afd_query *next;     /* idle ones of one bucket */
	int64_t steps, looked;      /* done in finished calls; counted by the progress handler in the present one */
	bool stepped, done;
};

/* What a statement may call: no clock, no chance, nothing that reaches outside. Sorted. */
static const char *const functions[] = {
	"abs", "avg", "char", "coalesce", "count", "cume_dist", "dense_rank", "first_value", "glob",
	"group_concat", "hex", "ifnull", "iif", "instr", "lag", "last_value", "lead", "length", "like",
	"likelihood", "likely", "lower", "ltrim", "max", "min", "nth_value", "ntile", "nullif", "percent_rank",
	"quote", "rank", "replace", "round", "row_number", "rtrim", "sign", "substr", "substring", "sum",
	"total", "trim", "typeof", "unicode", "unlikely", "upper",
};

static int compare_name(const void *a, const void *b)
{
	return strcasecmp(a, *(const char *const *)b);
}

static bool function_allowed(const char *name)
{
	return name && bsearch(name, functions, AFD_COUNT(functions), sizeof(functions[0]), compare_name);
}

/* SQLite asks with an empty column for a table of which only the rows count; it then names common table expressions
 * too, which are nobody's tables. */
static bool read_allowed(const struct afd_schema_groups *g, const char *table, const char *column)
{
	static const char *const inner[] = { "sqlite_", "pragma_", "json_", "dbstat", "bytecode", "tables_used" };
	const char group = table ? afd_schema_group(g, table) : 0;

	if (group)
		return group != 'l';
	if (!table || (column && *column))
		return false;
	for (size_t i = 0; i < AFD_COUNT(inner); i++)
		if (strncasecmp(table, inner[i], strlen(inner[i])) == 0)
			return false;
	return true;
}

static int authorize(void *ctx, int action, const char *a, const char *b, const char *db, const char *trigger)
{
	const struct afd_store *s = ctx;
	bool ok = false;

	(void)db;
	(void)trigger;
	if (s->guard == AFD_GUARD_NONE)
		return SQLITE_OK;
	if (action == SQLITE_SELECT || action == SQLITE_RECURSIVE)
		ok = true;
	else if (action == SQLITE_READ)
		ok = read_allowed(&s->groups, a, b);
	else if (action == SQLITE_FUNCTION)
		ok = function_allowed(b);
	else if (action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE)
		ok = s->guard == AFD_GUARD_JOINED && afd_schema_group(&s->groups, a) == 'j';
	return ok ? SQLITE_OK : SQLITE_DENY;
}

static int look(void *ctx)
{
	const struct afd_store *s = ctx;

	if (afd_query_stopped(s))
		return 1;
	if (!s->running)
		return 0;
	s->running->looked += STEPS_PER_LOOK;
	return s->running->steps + s->running->looked > s->budget;
}

void afd_query_budget(struct afd_store *s, int64_t steps)
{
	s->budget = steps;
}

void afd_query_heed(struct afd_store *s, const volatile int *stop)
{
	s->stop = stop;
}

bool afd_query_stopped(const struct afd_store *s)
{
	return s->stop && __atomic_load_n(s->stop, __ATOMIC_RELAXED);   /* by any of several threads */
}

void afd_guard_install(struct afd_store *s)
{
	sqlite3_set_authorizer(s->db, authorize, s);
	sqlite3_progress_handler(s->db, STEPS_PER_LOOK, look, s);
	s->budget = AFD_MAX_CHECK_SECONDS * STEPS_PER_SECOND;
}

static unsigned line_at(const char *sql, int offset)
{
	unsigned line = 1;

	if (offset < 0)
		return 0;
	for (const char *p = sql; *p && p < sql + offset; p++)
		line += *p == '\n';
	return line;
}

unsigned afd_query_fault_line(const struct afd_store *s)
{
	return s->fault_line;
}

/* Prepares the first statement of SQL under the guard. */
static int prepare(struct afd_store *s, enum afd_guard guard, const char *sql, sqlite3_stmt **ret, const char **tail,
	struct afd_error *err)
{
	const enum afd_guard before = s->guard;
	int r;

	s->guard = guard;
	r = sqlite3_prepare_v2(s->db, sql, -1, ret, tail);
	s->guard = before;
	s->fault_line = r == SQLITE_OK ? 0 : line_at(sql, sqlite3_error_offset(s->db));
	if (r == SQLITE_OK)
		return 0;
	if ((r & 0xff) == SQLITE_AUTH)
		return afd_fail(err, AFD_E_ENGINE,
			"SQL: %s: statements may only read derived tables with plain functions", sqlite3_errmsg(s->db));
	if ((r & 0xff) == SQLITE_ERROR || (r & 0xff) == SQLITE_TOOBIG)
		return afd_fail(err, AFD_E_ENGINE, "SQL: %s%s", sqlite3_errmsg(s->db), afd_schema_hint(s, sqlite3_errmsg(s->db)));
	return afd_sql_fail(s, err);
}

/* --- statements that were closed stay prepared: a check is asked about three periods, and to prepare it costs more than to ask --- */

static struct afd_query **bucket(struct afd_store *s, const char *sql)
{
	uint32_t h = 2166136261u;                       /* FNV-1a */

	for (const char *c = sql; *c; c++)
		h = (h ^ (uint8_t)*c) * 16777619u;
	return &s->idle[h % AFD_COUNT(s->idle)];
}

static struct afd_query *take_idle(struct afd_store *s, const char *sql)
{
	for (struct afd_query **at = bucket(s, sql), *q; (q = *at); at = &q->next)
		if (strcmp(q->sql, sql) == 0) {
			*at = q->next;
			s->n_idle--;
			*q = (struct afd_query){ .s = s, .st = q->st, .sql = q->sql };
			return q;
		}
	return NULL;
}

static struct afd_query *finalize(struct afd_query *q)
{
	sqlite3_finalize(q->st);
	free(q->sql);
	free(q);
	return NULL;
}

void afd_query_forget(struct afd_store *s)
{
	for (size_t i = 0; i < AFD_COUNT(s->idle); i++) {
		for (struct afd_query *q = s->idle[i], *next; q; q = next) {
			next = q->next;
			finalize(q);
		}
		s->idle[i] = NULL;
	}
	s->n_idle = 0;
}

static int prepare_query(struct afd_store *s, const char *sql, struct afd_query **ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = calloc(1, sizeof(*q));
	sqlite3_stmt *more = NULL;
	const char *tail;
	int r;

	if (!q)
		return afd_fail_memory(err);
	q->s = s;
	if (prepare(s, AFD_GUARD_QUERY, sql, &q->st, &tail, err) < 0)
		return -1;
	if (!q->st)
		return afd_fail(err, AFD_E_ENGINE, "SQL: no statement");
	r = prepare(s, AFD_GUARD_QUERY, tail, &more, &tail, err);
	sqlite3_finalize(more);
	if (r < 0)
		return -1;
	if (more)
		return afd_fail(err, AFD_E_ENGINE, "SQL: more than one statement");
	if (!sqlite3_stmt_readonly(q->st))
		return afd_fail(err, AFD_E_ENGINE, "SQL: only SELECT is allowed");
	q->sql = afd_strdup(sql);                        /* only what passed all of this is ever kept */
	if (!q->sql)
		return afd_fail_memory(err);
	*ret = afd_steal(&q);
	return 0;
}

int afd_query_open(struct afd_store *s, const char *sql, struct afd_query **ret, struct afd_error *err)
{
	if (strlen(sql) > AFD_MAX_SQL)
		return afd_fail(err, AFD_E_LIMIT, "SQL: longer than %u bytes", AFD_MAX_SQL);
	s->fault_line = 0;
	*ret = take_idle(s, sql);
	return *ret ? 0 : prepare_query(s, sql, ret, err);
}

/* 0 when the statement has no such parameter. */
static int parameter(struct afd_query *q, const char *name, struct afd_error *err)
{
	AFD_AUTO(mem) char *full = name[0] == ':' ? afd_strdup(name) : afd_sprintf(":%s", name);

	if (!full)
		return afd_fail_memory(err);
	if (q->stepped) {
		sqlite3_reset(q->st);
		q->stepped = q->done = false;
	}
	return sqlite3_bind_parameter_index(q->st, full);
}

int afd_query_bind_int(struct afd_query *q, const char *name, int64_t v, struct afd_error *err)
{
	const int at = parameter(q, name, err);

	if (at <= 0)
		return at;
	return sqlite3_bind_int64(q->st, at, v) == SQLITE_OK ? 0 : afd_sql_fail(q->s, err);
}

int afd_query_bind_text(struct afd_query *q, const char *name, const char *v, struct afd_error *err)
{
	const int at = parameter(q, name, err);

	if (at <= 0)
		return at;
	return sqlite3_bind_text(q->st, at, v, -1, SQLITE_TRANSIENT) == SQLITE_OK ? 0 : afd_sql_fail(q->s, err);
}

int afd_query_step(struct afd_query *q, struct afd_error *err)
{
	struct afd_query *const before = q->s->running;
	int r;

	if (q->done)
		return 0;
	if (afd_query_stopped(q->s))                     /* few statements are long enough for the progress handler to look */
		return afd_fail(err, AFD_E_IO, "stopped");
	if (q->steps > q->s->budget)
		return afd_fail(err, AFD_E_LIMIT, "the statement took too many steps");
	q->stepped = true;
	q->s->running = q;
	r = afd_sql_step(q->s, q->st, err);
	q->s->running = before;
	q->steps += (uint32_t)sqlite3_stmt_status(q->st, SQLITE_STMTSTATUS_VM_STEP, 1);
	q->looked = 0;
	q->done = r <= 0;
	return r;
}

int afd_query_columns(struct afd_query *q)
{
	return sqlite3_column_count(q->st);
}

int afd_query_parameters(struct afd_query *q)
{
	return sqlite3_bind_parameter_count(q->st);
}

const char *afd_query_parameter(struct afd_query *q, int i)
{
	return sqlite3_bind_parameter_name(q->st, i + 1);
}

const char *afd_query_column_name(struct afd_query *q, int i)
{
	return sqlite3_column_name(q->st, i);
}

int64_t afd_query_int(struct afd_query *q, int i)
{
	return sqlite3_column_int64(q->st, i);
}

const char *afd_query_text(struct afd_query *q, int i)
{
	return (const char *)sqlite3_column_text(q->st, i);
}

bool afd_query_is_null(struct afd_query *q, int i)
{
	return sqlite3_column_type(q->st, i) == SQLITE_NULL;
}

int64_t afd_query_vm_steps(struct afd_query *q)
{
	return q->steps;
}

struct afd_query *afd_query_close(struct afd_query *q)
{
	if (!q)
		return NULL;
	if (!q->sql || q->s->n_idle >= AFD_MAX_IDLE_QUERIES)
		return finalize(q);
	sqlite3_reset(q->st);
	sqlite3_clear_bindings(q->st);
	sqlite3_stmt_status(q->st, SQLITE_STMTSTATUS_VM_STEP, 1);

	struct afd_query **const at = bucket(q->s, q->sql);

	q->next = *at;
	*at = q;
	q->s->n_idle++;
	return NULL;
}

void afd_query_release(struct afd_query **q)
{
	*q = afd_query_close(*q);
}

/* --- the mappers' own tables --- */

static int run_joined(struct afd_store *s, const char *sql, struct afd_error *err)
{
	for (const char *at = sql, *tail; *at; at = tail) {
		sqlite3_stmt *st = NULL;
		int r;

		if (prepare(s, AFD_GUARD_JOINED, at, &st, &tail, err) < 0)
			return -1;
		while ((r = st ? afd_sql_step(s, st, err) : 0) > 0)
			;
		sqlite3_finalize(st);
		if (r < 0)
			return -1;
	}
	return 0;
}

int afd_store_exec_joined(struct afd_store *s, const char *sql, struct afd_error *err)
{
	/* a reader joins in its own temporary tables, so that a report can be made while a collection writes */
	if (!s->writable && afd_schema_temp_joined(s, err) < 0)
		return -1;
	if (afd_step_begin(s, err) < 0)
		return -1;
	return afd_step_end(s, run_joined(s, sql, err), err);
}
