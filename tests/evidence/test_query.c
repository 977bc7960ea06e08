/* Statements of others: what they may read and call, their parameters, and their end. */
#include "support.h"

#include "core/limits.h"
#include "evidence/db.h"

static struct afd_store *store(void)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	put_text(s, &w, "cf", "page", 1, "event acc e1 a.b 10\nevent acc e2 a.c 20\nevent acc e3 a.b 30\n");
	put_text(s, &w, "user", "inv", 2, "tables domain\nrow domain a.test name=a.test in_scope:=1\nend\n");
	sequence(s);
	derive(s);
	return s;
}

static const char *const allowed[] = {
	"SELECT * FROM event",
	"SELECT count(*) FROM event",
	"SELECT e.id FROM event e JOIN domain d ON d.in_scope = 1 WHERE NOT EXISTS (SELECT 1 FROM approval a WHERE a.subject = d.name)",
	"WITH x AS (SELECT action FROM event) SELECT count(*) FROM x",
	"WITH x (a) AS (SELECT action FROM event) SELECT a FROM x UNION ALL SELECT 'y'",
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n",
	"SELECT COALESCE(mfa, 'no'), NULLIF(action, 'x'), CASE WHEN mfa IS NULL THEN 1 ELSE 0 END FROM event",
	"SELECT row_number() OVER (PARTITION BY action ORDER BY t_from), lag(id) OVER (ORDER BY id) FROM event",
	"SELECT COUNT(*) OVER (ORDER BY t_from RANGE BETWEEN 10 PRECEDING AND CURRENT ROW) FROM event",
	"SELECT substr(action, 1, 1) || 'x', length(action), replace(action, 'a', 'b'), trim(action), lower(action), upper(action) FROM event",
	"SELECT min(t_from), max(t_to), sum(t_from), total(t_from), avg(t_from), abs(-1), group_concat(id) FROM event",
	"SELECT action FROM event WHERE action LIKE 'a.%' AND id IN (1, 2) ORDER BY action NULLS LAST LIMIT 1 OFFSET 0",
	"SELECT size, engine FROM derived",
	"SELECT n.leaf FROM item_note n",
	"SELECT CAST(action AS TEXT) FROM event",
	"VALUES (1, 2)",
	"SELECT 1; -- a comment at the end",
	"SELECT 1;  \n /* another */ ",
};

static void test_allowed(void **state)
{
	struct afd_store *s = store();
	struct afd_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(allowed); i++) {
		AFD_AUTO(query) struct afd_query *q = NULL;
		int r = afd_query_open(s, allowed[i], &q, &err);

		while (r == 0 && (r = afd_query_step(q, &err)) > 0)
			r = 0;
		if (r < 0)
			fail_msg("%s: %s", allowed[i], err.text);
	}
	afd_store_close(s);
}

static const char *const denied[] = {
	/* the ledger: secrets, salts, bytes */
	"SELECT secret FROM item", "SELECT data FROM blob", "SELECT * FROM meta", "SELECT note FROM head", "SELECT hash FROM node",
	"SELECT value FROM cursor", "SELECT count(*) FROM item", "SELECT 1 FROM blob", "SELECT rowid FROM item",
	"SELECT 1 FROM event WHERE EXISTS (SELECT 1 FROM item)", "WITH x AS (SELECT secret FROM item) SELECT * FROM x",
	"SELECT (SELECT max(data) FROM blob)", "SELECT main.item.leaf FROM main.item", "SELECT \"secret\" FROM \"item\"",
	"SELECT secret FROM ITEM",
	/* SQLite's own */
	"SELECT * FROM sqlite_schema", "SELECT count(*) FROM sqlite_master", "SELECT * FROM pragma_table_info('item')",
	"SELECT count(*) FROM pragma_database_list", "SELECT * FROM json_each('[1]')", "SELECT sql FROM temp.sqlite_schema",
	/* writing, and everything that is no SELECT */
	"INSERT INTO event (id) VALUES (1)", "UPDATE event SET action = 'x'", "DELETE FROM event", "DROP TABLE event",
	"CREATE TABLE x (y)", "CREATE TEMP TABLE x (y)", "CREATE VIEW v AS SELECT 1", "ATTACH 'x' AS y", "DETACH main",
	"PRAGMA user_version", "PRAGMA writable_schema = 1", "BEGIN", "COMMIT", "SAVEPOINT x", "VACUUM", "VACUUM INTO '/tmp/x'",
	"REINDEX", "ANALYZE", "ALTER TABLE event RENAME TO x", "INSERT INTO change_claim VALUES (1, 1, 'weak', 1, 0)",
	"DELETE FROM event RETURNING id",
	/* clock, chance, memory, files */
	"SELECT date('now')", "SELECT time()", "SELECT datetime(1, 'unixepoch')", "SELECT julianday()", "SELECT unixepoch()",
	"SELECT strftime('%s', 'now')", "SELECT CURRENT_TIMESTAMP", "SELECT CURRENT_DATE", "SELECT CURRENT_TIME", "SELECT random()",
	"SELECT randomblob(4)", "SELECT zeroblob(1000000000)", "SELECT printf('%1000000000d', 1)", "SELECT format('%d', 1)",
	"SELECT load_extension('x')", "SELECT sqlite_version()", "SELECT last_insert_rowid()", "SELECT changes()",
	"SELECT json_object('a', 1)", "SELECT readfile('/etc/passwd')", "SELECT fts3_tokenizer('x')",
	/* no statement, or two */
	"", "   ", "-- nothing", "SELECT 1; SELECT 2", "SELECT 1; DELETE FROM event", "SELEC 1", "SELECT nothing FROM event",
	"EXPLAIN DELETE FROM event",
};

static void test_denied(void **state)
{
	struct afd_store *s = store();
	AFD_AUTO(mem) char *before = dump_derived(s);
	AFD_AUTO(mem) char *after = NULL;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(denied); i++) {
		struct afd_query *q = NULL;
		struct afd_error err = { 0 };

		if (afd_query_open(s, denied[i], &q, &err) == 0)
			fail_msg("%s was taken", denied[i]);
		if (err.code != AFD_E_ENGINE)
			fail_msg("%s: code %d, %s", denied[i], err.code, err.text);
	}
	after = dump_derived(s);
	assert_string_equal(before, after);
	afd_store_close(s);
}

static void test_parameters(void **state)
{
	struct afd_store *s = store();
	struct afd_error err = { 0 };
	AFD_AUTO(query) struct afd_query *q = NULL;

	(void)state;
	OK(afd_query_open(s, "SELECT id, provider_ref, mfa FROM event WHERE t_from >= :from AND action = :action ORDER BY id", &q, &err));
	OK(afd_query_bind_int(q, "from", 15, &err));
	OK(afd_query_bind_text(q, ":action", "a.b", &err));
	OK(afd_query_bind_int(q, "as_of", 1, &err));   /* not in it: ignored */
	assert_int_equal(afd_query_columns(q), 3);
	assert_string_equal(afd_query_column_name(q, 1), "provider_ref");
	assert_int_equal(afd_query_step(q, &err), 1);
	assert_int_equal(afd_query_int(q, 0), 3);
	assert_string_equal(afd_query_text(q, 1), "e3");
	assert_true(afd_query_is_null(q, 2));
	assert_null(afd_query_text(q, 2));
	assert_int_equal(afd_query_step(q, &err), 0);
	assert_int_equal(afd_query_step(q, &err), 0);   /* the end stays the end */
	/* bound anew, it begins again */
	OK(afd_query_bind_int(q, "from", 0, &err));
	assert_int_equal(afd_query_step(q, &err), 1);
	assert_int_equal(afd_query_int(q, 0), 1);
	assert_int_equal(afd_query_step(q, &err), 1);
	assert_int_equal(afd_query_step(q, &err), 0);
	assert_true(afd_query_vm_steps(q) > 10);
	q = afd_query_close(q);
	/* a text is a text: nothing in it becomes SQL */
	OK(afd_query_open(s, "SELECT count(*) FROM event WHERE action = :a", &q, &err));
	OK(afd_query_bind_text(q, "a", "x' OR '1'='1", &err));
	assert_int_equal(afd_query_step(q, &err), 1);
	assert_int_equal(afd_query_int(q, 0), 0);
	q = afd_query_close(q);
	/* opened again it knows nothing of the last time: not its place, not its parameters, not its steps */
	OK(afd_query_open(s, "SELECT count(*) FROM event WHERE action = :a", &q, &err));
	assert_int_equal(afd_query_vm_steps(q), 0);
	assert_int_equal(afd_query_step(q, &err), 1);
	assert_int_equal(afd_query_int(q, 0), 0);
	q = afd_query_close(q);
	afd_store_close(s);
}

/* The same statement twice at the same time is two statements. */
static void test_one_statement_twice(void **state)
{
	struct afd_store *s = store();
	struct afd_error err = { 0 };
	AFD_AUTO(query) struct afd_query *a = NULL;
	AFD_AUTO(query) struct afd_query *b = NULL;

	(void)state;
	for (int round = 0; round < 2; round++) {
		OK(afd_query_open(s, "SELECT id FROM event ORDER BY id", &a, &err));
		assert_int_equal(afd_query_step(a, &err), 1);
		OK(afd_query_open(s, "SELECT id FROM event ORDER BY id", &b, &err));
		assert_int_equal(afd_query_step(b, &err), 1);
		assert_int_equal(afd_query_step(a, &err), 1);
		assert_int_equal(afd_query_int(a, 0), 2);
		assert_int_equal(afd_query_int(b, 0), 1);
		a = afd_query_close(a);                 /* not at its end */
		b = afd_query_close(b);
	}
	afd_store_close(s);
}

/* Two at once: each keeps its own place and count. */
static void test_two_queries(void **state)
{
	struct afd_store *s = store();
	struct afd_error err = { 0 };
	AFD_AUTO(query) struct afd_query *outer = NULL;
	int seen = 0;

	(void)state;
	OK(afd_query_open(s, "SELECT id FROM event ORDER BY id", &outer, &err));
	while (afd_query_step(outer, &err) > 0) {
		AFD_AUTO(query) struct afd_query *inner = NULL;

		OK(afd_query_open(s, "SELECT count(*) FROM event WHERE id < :id", &inner, &err));
		OK(afd_query_bind_int(inner, "id", afd_query_int(outer, 0), &err));
		assert_int_equal(afd_query_step(inner, &err), 1);
		assert_int_equal(afd_query_int(inner, 0), seen++);
	}
	assert_int_equal(seen, 3);
	outer = afd_query_close(outer);
	afd_store_close(s);
}

/* Work is the same number of steps each time, so growth tests can count on it. */
static void test_steps_repeat(void **state)
{
	int64_t steps[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct afd_store *s = store();
		struct afd_error err = { 0 };
		AFD_AUTO(query) struct afd_query *q = NULL;

		OK(afd_query_open(s, "SELECT a.id FROM event a, event b, event c", &q, &err));
		while (afd_query_step(q, &err) > 0)
			;
		steps[i] = afd_query_vm_steps(q);
		q = afd_query_close(q);
		afd_store_close(s);
	}
	assert_int_equal(steps[0], steps[1]);
}

/* The budget is made small here, as the whole one takes minutes. */
static void test_endless_statement(void **state)
{
	struct afd_store *s = store();
	struct afd_error err = { 0 };
	AFD_AUTO(query) struct afd_query *q = NULL;

	(void)state;
	afd_query_budget(s, 1000000);
	OK(afd_query_open(s, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", &q, &err));
	REFUSED(afd_query_step(q, &err), "too many steps");
	assert_int_equal(err.code, AFD_E_LIMIT);
	q = afd_query_close(q);
	/* many small steps count like one large one */
	err.code = AFD_OK;
	OK(afd_query_open(s, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", &q, &err));
	for (int i = 0; i < 1000000; i++)
		if (afd_query_step(q, &err) < 0)
			break;
	assert_int_equal(err.code, AFD_E_LIMIT);
	q = afd_query_close(q);
	/* and the next one starts afresh */
	OK(afd_query_open(s, "SELECT count(*) FROM event", &q, &err));
	assert_int_equal(afd_query_step(q, &err), 1);
	q = afd_query_close(q);
	afd_store_close(s);
}

/* Stopped, a statement ends: a long one in the middle, a short one before it begins; and it goes on when nobody stops it. */
static void test_stopped(void **state)
{
	struct afd_store *s = store();
	struct afd_error err = { 0 };
	AFD_AUTO(query) struct afd_query *q = NULL;
	volatile int stop = 0;

	(void)state;
	afd_query_heed(s, &stop);
	OK(afd_query_open(s, "SELECT id FROM event ORDER BY id", &q, &err));
	assert_int_equal(afd_query_step(q, &err), 1);
	stop = 1;
	assert_true(afd_query_stopped(s));
	REFUSED(afd_query_step(q, &err), "stopped");
	assert_int_equal(err.code, AFD_E_IO);
	afd_query_heed(s, NULL);
	assert_false(afd_query_stopped(s));
	err.code = AFD_OK;
	assert_int_equal(afd_query_step(q, &err), 1);
	q = afd_query_close(q);
	afd_store_close(s);
}

static void test_long_statement(void **state)
{
	struct afd_store *s = store();
	struct afd_error err = { 0 };
	struct afd_query *q = NULL;
	char *sql = calloc(1, AFD_MAX_SQL + 2);

	(void)state;
	memset(sql, ' ', AFD_MAX_SQL + 1);
	REFUSED(afd_query_open(s, sql, &q, &err), "longer than");
	free(sql);
	afd_store_close(s);
}

/* --- joined tables --- */

static void test_joined(void **state)
{
	struct afd_store *s = store();
	struct afd_error err = { 0 };
	AFD_AUTO(query) struct afd_query *q = NULL;

	(void)state;
	OK(afd_store_exec_joined(s, "DELETE FROM change_claim; INSERT INTO change_claim (change_id, claim_id, confidence, rank, ambiguous)"
	                         " SELECT id, id, 'weak', 1, 0 FROM event; UPDATE change_claim SET ambiguous = 1 WHERE change_id = 2;"
	                         " INSERT INTO change_claim VALUES (9, 9, 'x', 1, 0) ON CONFLICT DO NOTHING;", &err));
	OK(afd_query_open(s, "SELECT count(*), sum(ambiguous) FROM change_claim", &q, &err));
	assert_int_equal(afd_query_step(q, &err), 1);
	assert_int_equal(afd_query_int(q, 0), 4);
	assert_int_equal(afd_query_int(q, 1), 1);
	q = afd_query_close(q);
	REFUSED(afd_store_exec_joined(s, "DELETE FROM event", &err), "not authorized");
	REFUSED(afd_store_exec_joined(s, "UPDATE item SET erased = 1", &err), "not authorized");
	REFUSED(afd_store_exec_joined(s, "INSERT INTO change_time SELECT 1, secret, 1 FROM item", &err), "prohibited");
	REFUSED(afd_store_exec_joined(s, "DROP TABLE change_claim", &err), "not authorized");
	REFUSED(afd_store_exec_joined(s, "PRAGMA journal_mode = DELETE", &err), "not authorized");
	/* all or nothing */
	REFUSED(afd_store_exec_joined(s, "DELETE FROM change_claim; INSERT INTO change_claim VALUES (1, 1, NULL, 1, 0)", &err), "NOT NULL");
	assert_rows(s, "SELECT count(*) FROM change_claim", "4\n");
	afd_store_close(s);
}

/* A reader joins too, in tables that nobody else sees. */
static void test_joined_by_a_reader(void **state)
{
	const char *name = scratch();
	struct afd_store *s = NULL, *reader = NULL;
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	AFD_AUTO(query) struct afd_query *q = NULL;

	(void)state;
	OK(afd_store_open(name, AFD_STORE_CREATE, &s, &err));
	put_many(s, &w, 3);
	sequence(s);
	derive(s);
	OK(afd_store_exec_joined(s, "INSERT INTO change_claim VALUES (1, 1, 'weak', 1, 0)", &err));
	OK(afd_store_open(name, AFD_STORE_READ, &reader, &err));
	OK(afd_store_begin(reader, &err));
	OK(afd_store_exec_joined(reader, "DELETE FROM change_claim", &err));
	OK(afd_store_exec_joined(reader, "INSERT INTO change_claim VALUES (2, 2, 'exact', 4, 0), (3, 3, 'exact', 4, 0)", &err));
	OK(afd_store_commit(reader, &err));
	REFUSED(afd_store_exec_joined(reader, "DELETE FROM watch", &err), "not authorized");
	OK(afd_query_open(reader, "SELECT c.change_id FROM change_claim c JOIN watch w ON 1 = 1 GROUP BY 1 ORDER BY 1", &q, &err));
	assert_int_equal(afd_query_step(q, &err), 1);
	assert_int_equal(afd_query_int(q, 0), 2);
	assert_int_equal(afd_query_step(q, &err), 1);
	assert_int_equal(afd_query_step(q, &err), 0);
	q = afd_query_close(q);
	assert_rows(s, "SELECT change_id FROM change_claim", "1\n");
	afd_store_close(reader);
	afd_store_close(s);
	scratch_remove();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_two_queries),
		cmocka_unit_test(test_one_statement_twice),
		cmocka_unit_test(test_steps_repeat),
		cmocka_unit_test(test_endless_statement),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_long_statement),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_joined_by_a_reader),
	};

	return cmocka_run_group_tests_name("evidence query", tests, NULL, NULL);
}
