/* The runner: how a check's file is read, what it must not do, and how its rows become one outcome per resource. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "../checks/case.h"
#include "evidence/db.h"
#include "mappers/judge.h"

static char work[] = "/tmp/affidavit-run-XXXXXX", path[64];

#define HEAD "/*\nid: t\ntitle: T\nseverity: high\nresource: thing\nwhy: W.\nremedy: R.\n"
#define POP(resource)                                                                                                  \
	"\n-- population\nSELECT " resource                                                                            \
	" AS resource, NULL AS evidence, NULL AS scope, 0 AS need_from, 0 AS need_to, NULL AS grade"

/* --- files --- */

static void files(void **state)
{
	static const struct { const char *text, *says;
	} rows[] = {
		{HEAD "*/\nSELECT 1;\n-- population\nSELECT 2;\n", NULL},
		{HEAD "*/\nSELECT 1\r\n-- population\r\nSELECT 2", NULL},
		{HEAD "answers: [P01]\nfalse-positives: None.\nparams:\n  n: {type: int, default: 3, meaning: m}\n  d: "
		      "{type: duration, default: 24h, meaning: m}\n*/\nSELECT 1\n-- population\nSELECT 2\n",
		 NULL},
		{"SELECT 1\n-- population\nSELECT 2\n", "a head between"},
		{HEAD "\nSELECT 1\n-- population\nSELECT 2\n", "a head between"},
		{HEAD "*/\nSELECT 1; SELECT 2\n", "-- population"},
		{HEAD "*/\nSELECT 1 --   population\nSELECT 2\n", "-- population"},
		{HEAD "*/\nSELECT 'x\n-- population of y'\n", "-- population"},
		{HEAD "*/\n\n-- population\nSELECT 2\n", "expected a statement here"},
		{HEAD "*/\nSELECT 1\n-- population\n;\n", "expected a statement here"},
		{HEAD "owner: me\n*/\nSELECT 1\n-- population\nSELECT 2\n", "owner"},
		{"/*\nid: other\ntitle: T\nseverity: high\nresource: thing\nwhy: W.\nremedy: R.\n*/\nSELECT 1\n-- "
		 "population\nSELECT 2\n",
		 "name of the file"},
		{"/*\nid: t\ntitle: T\nseverity: serious\nresource: thing\nwhy: W.\nremedy: R.\n*/\nSELECT 1\n-- "
		 "population\nSELECT 2\n",
		 "critical, high"},
		{"/*\nid: t\ntitle: T\nseverity: high\nresource: thing\nwhy: W.\n*/\nSELECT 1\n-- population\nSELECT "
		 "2\n",
		 "remedy"},
		{HEAD "params: {n: {type: float, default: 3, meaning: m}}\n*/\nSELECT 1\n-- population\nSELECT 2\n",
		 "int, duration, time or text"},
		{HEAD "params: {n: {type: int, default: x, meaning: m}}\n*/\nSELECT 1\n-- population\nSELECT 2\n",
		 "whole number"},
		{HEAD "params: {n: {type: int, meaning: m}}\n*/\nSELECT 1\n-- population\nSELECT 2\n", "default"},
		{HEAD "params: {N-1: {type: int, default: 1, meaning: m}}\n*/\nSELECT 1\n-- population\nSELECT 2\n",
		 "letters, digits"},
		{HEAD "*/\nSELECT 0\n-- findings\nSELECT 1\n-- population\nSELECT 2\n", "expected WITH"},
		{HEAD "*/\n-- findings\nSELECT 1\n-- population\nSELECT 2\n", "expected WITH"},
		{HEAD "*/\nWITH a AS (SELECT 1)\n-- findings\n-- population\nSELECT 2\n", "expected a statement here"},
		{HEAD "params: [n]\n*/\nSELECT 1\n-- population\nSELECT 2\n", "map of parameters"},
		{"", "head"},
		{"/*", "head"},
		{"/*/\ni", "head"},
		{"/**/", ""},
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		struct afd_error err = { 0 };
		struct afd_check c;
		int r = afd_check_parse(afd_slice_text(rows[i].text), "checks/t.sql", &d, &c, &err);

		if (r != (rows[i].says ? -1 : 0))
			fail_msg("row %zu: %s", i, r < 0 ? err.text : "was taken");
		if (rows[i].says && !strstr(err.text, rows[i].says))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.text, rows[i].says);
		if (r == 0) {
			assert_string_equal(c.findings_sql, "SELECT 1");
			assert_string_equal(c.population_sql, "SELECT 2");
		}
	}
}

/* What stands before "-- findings" begins both statements; a fault is on the line of the file all the same. */
static void common_part(void **state)
{
	static const char text[] = HEAD "*/\nWITH a AS (\n  SELECT 1\n)\n\n-- findings\n\nwith b AS (\n  SELECT 2\n)\nSELECT 3\n-- population\nSELECT 4;\n";
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct afd_error err = { 0 };
	struct afd_check c;

	(void)state;
	if (afd_check_parse(afd_slice_text(text), "t.sql", &d, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(c.findings_sql, "WITH a AS (\n  SELECT 1\n),\nb AS (\n  SELECT 2\n)\nSELECT 3");
	assert_string_equal(c.population_sql, "WITH a AS (\n  SELECT 1\n)\nSELECT 4");
	assert_int_equal(afd_check_line(&c, c.findings_sql, 2), 10);
	assert_int_equal(afd_check_line(&c, c.findings_sql, 4), 15);
	assert_int_equal(afd_check_line(&c, c.findings_sql, 7), 18);
	assert_int_equal(afd_check_line(&c, c.findings_sql, 0), 15);
	assert_int_equal(afd_check_line(&c, c.population_sql, 1), 9);
	assert_int_equal(afd_check_line(&c, c.population_sql, 4), 20);
}

/* --- running --- */

static void fresh(void)
{
	struct afd_error err = { 0 };
	sqlite3 *db = case_open(path, &err);

	assert_non_null(db);
	case_row(db, "change", "id", "1", "zone", "z.test", "serial_from", "1", "serial_to", "2", "t_from", "-1d",
		 "t_to", "-1d+1ms", NULL);
	case_row(db, "coverage", "evidence", "zone-changes", "scope", "z.test", "t_from", "-90d", "t_to", "0", "grade",
		 "proven", NULL);
	case_row(db, "coverage", "evidence", "zone-claims", "scope", "z.test", "t_from", "-90d", "t_to", "-1d", "grade",
		 "asserted", NULL);
	sqlite3_close(db);
}

static struct afd_doc *kept;      /* texts of the last check: the assessment points into them */

static int run(const char *text, struct afd_assessment **ret, struct afd_error *err)
{
	AFD_AUTO(store) struct afd_store *s = NULL;
	struct afd_check c;
	int r;

	afd_doc_release(&kept);
	if (afd_check_parse(afd_slice_text(text), "t.sql", &kept, &c, err) < 0)
		fail_msg("%s", err->text);
	if (afd_store_open(path, AFD_STORE_READ, &s, err) < 0)
		fail_msg("%s", err->text);
	r = afd_assess_checks(s, (struct afd_span){ T0 - 90 * AFD_DAY, T0 }, "x", T0, &c, 1, ret, err);
	return r;
}

#define ROW(resource, key, status, basis, table, id)                                                                   \
	"SELECT " resource " AS resource, " key " AS key, '" status "' AS status, '" basis                             \
	"' AS basis, 'Because.' AS reason, " table " AS ref_table, " id " AS ref_id, 5 AS observed_at"
#define OK_ROW ROW("'r'", "'k'", "fail", "presence", "'change'", "1")

static void contracts(void **state)
{
	static const struct { const char *text, *says;
	} rows[] = {
		{HEAD "*/\n" OK_ROW POP("'r'"), NULL},
		{HEAD "*/\n" OK_ROW POP("'q'"), "\"r\" is not in the population"},
		{HEAD "*/\n" ROW("'a'", "'k'", "fail", "presence", "'change'", "1") POP("'r'"),
		 "\"a\" is not in the population"},
		{HEAD "*/\n" ROW("'r'", "'k'", "pass", "presence", "'change'", "1") POP("'r'"), "status \"pass\""},
		{HEAD "*/\n" ROW("'r'", "'k'", "bad", "presence", "'change'", "1") POP("'r'"), "status \"bad\""},
		{HEAD "*/\n" ROW("'r'", "'k'", "fail", "guess", "'change'", "1") POP("'r'"), "basis \"guess\""},
		{HEAD "*/\n" ROW("'r'", "'k'", "fail", "presence", "NULL", "NULL") POP("'r'"),
		 "a fail without evidence"},
		{HEAD "*/\n" ROW("'r'", "'k'", "review", "presence", "NULL", "NULL") POP("'r'"), NULL},
		{HEAD "*/\n" ROW("'r'", "'k'", "fail", "presence", "'change'", "99") POP("'r'"),
		 "99 is not a row of change"},
		{HEAD "*/\n" ROW("'r'", "'k'", "fail", "presence", "'derived'", "1") POP("'r'"),
		 "not a table that can be cited"},
		{HEAD "*/\n" ROW("'r'", "NULL", "fail", "presence", "'change'", "1") POP("'r'"),
		 "without resource, key or reason"},
		{HEAD "*/\nSELECT 'r' AS resource, 'k' AS key, 'fail' AS status, 'presence' AS basis, 'B.' AS reason, "
		      "'change' AS ref_table, 1 AS ref_id" POP("'r'"),
		 "\"observed_at\" is missing"},
		{HEAD "*/\n" OK_ROW ", 1 AS more" POP("'r'"), "expected 8 columns, got 9"},
		{HEAD "*/\n" OK_ROW ", 1 AS key" POP("'r'"), "twice"},
		{HEAD "*/\n" OK_ROW "\n-- population\nSELECT 'r' AS resource", "is missing"},
		{HEAD "*/\n" OK_ROW "\n-- population\nSELECT 'r' AS resource, 'ct' AS evidence, 'z' AS scope, 0 AS "
				    "need_from, 1 AS need_to, 'gap' AS grade",
		 "grade \"gap\""},
		{HEAD "*/\n" OK_ROW POP("''"), "a row without resource"},
		{HEAD "*/\n" OK_ROW POP("NULL"), "a row without resource"},
		{HEAD "*/\n" OK_ROW "\n-- population\nSELECT NULL AS resource, 'shared' AS evidence, NULL AS scope, 0 AS need_from, 0 AS need_to, NULL AS grade",
		 "a row without resource"},
		{HEAD "*/\n" OK_ROW "\n-- population\nSELECT NULL AS resource, 'ct' AS evidence, 'z' AS scope, 0 AS need_from, 1 AS need_to, NULL AS grade",
		 "grade \"NULL\""},
		{HEAD "*/\n" OK_ROW "\n-- population\nSELECT 'r' AS resource, 'shared' AS evidence, NULL AS scope, 0 AS need_from, 0 AS need_to, NULL AS grade",
		 "r asks for shared needs, and no row without resource states one"},
		{HEAD "*/\nSELECT 'r' AS resource, 'k' AS key, 'fail' AS status, 'presence' AS basis, 'B.' AS reason, 'change' AS ref_table, 1 AS ref_id,\n"
		      "0 AS observed_at FROM change c\nWHERE c.id > :mx" POP("'r'"), ":mx: no such parameter"},
		{HEAD "*/\n" OK_ROW POP("?"), "?: no such parameter"},
		{HEAD "after: [elsewhere]\n*/\n" OK_ROW POP("'r'"), "after: elsewhere: no such check"},
		{HEAD "after: [t]\n*/\n" OK_ROW POP("'r'"), "after: t: it stands on others itself"},
		{HEAD "*/\nSELECT * FROM no_such_table" POP("'r'"), "no_such_table"},
		{HEAD "*/\nSELECT * FROM item" POP("'r'"), ""},
		{HEAD "*/\nDELETE FROM change" POP("'r'"), ""},
	};

	(void)state;
	fresh();
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		struct afd_error err = { 0 };

		if (run(rows[i].text, &a, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(a->n_result, 1);
		if (!rows[i].says) {
			assert_true(a->result[0].outcome != AFD_ERROR);
			continue;
		}
		if (a->result[0].outcome != AFD_ERROR || !strstr(a->result[0].reason, rows[i].says))
			fail_msg("row %zu: %s: %s", i, afd_outcome_name(a->result[0].outcome),
				 a->result[0].reason ? a->result[0].reason : "");
		assert_int_equal(a->n_finding, 0);               /* what it said before counts for nothing */
		assert_int_equal(a->counts.by[AFD_ERROR], 1);
	}
}

/* What is not covered is said of each resource as it is there, also where the one before lacks almost the same. */
static void words_of_holes(void **state)
{
#define NEED(resource, evidence, scope, from, to) \
	"SELECT '" resource "' AS resource, '" evidence "' AS evidence, " scope " AS scope, " from " AS need_from, " to " AS need_to, 'asserted' AS grade"
	static const char text[] = HEAD "*/\n" OK_ROW " WHERE 1 = 0\n-- population\n"
		NEED("a", "zone-claims", "'z.test'", ":period_start", ":period_end") " UNION ALL "
		NEED("b", "zone-claims", "'z.test'", ":period_start", ":period_end") " UNION ALL "
		NEED("c", "zone-claims", "'y.test'", ":period_start", ":period_end") " UNION ALL "
		NEED("d", "zone-transfers", "'y.test'", ":period_start", ":period_end") " UNION ALL "
		NEED("e", "zone-transfers", "'y.test'", ":period_start", ":period_start + 60000") " UNION ALL "
		NEED("f", "zone-transfers", "'y.test'", ":period_start + 1000", ":period_start + 60000") " UNION ALL "
		NEED("g", "zone-transfers", "NULL", ":period_start + 1000", ":period_start + 60000") " UNION ALL "
		NEED("h", "zone-claims", "'z.test'", ":period_start", ":period_end") "\n";
	static const char *const says[] = {
		"log of zone z.test from 2026-09-30 00:00:00", "log of zone z.test from 2026-09-30 00:00:00", "update log of zone y.test from 2026-07-03 00:00:00",
		"transfer log of zone y.test from 2026-07-03 00:00:00 until 2026-10-01", "y.test from 2026-07-03 00:00:00 until 2026-07-03 00:01:00",
		"y.test from 2026-07-03 00:00:01", "The inventory does not say", "update log of zone z.test from 2026-09-30 00:00:00",
	};
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };

	(void)state;
	fresh();
	if (run(text, &a, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(a->n_result, AFD_COUNT(says));
	for (size_t i = 0; i < AFD_COUNT(says); i++)
		if (!a->result[i].reason || !strstr(a->result[i].reason, says[i]))
			fail_msg("%s: %s", a->result[i].resource, a->result[i].reason ? a->result[i].reason : "");
#undef NEED
}

/* More gaps than are kept in words at once, each of two resources that do not come one after the other. */
static void words_of_many_holes(void **state)
{
	static const char text[] = HEAD "*/\n" OK_ROW " WHERE 1 = 0\n-- population\n"
		"WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT n.i + 1 FROM n WHERE n.i < 69999)\n"
		"SELECT (n.i / 35000) || ' z' || (n.i % 35000) || '.test' AS resource, 'zone-claims' AS evidence, 'z' || (n.i % 35000) || '.test' AS scope,"
		" :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade FROM n\n";
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };

	(void)state;
	fresh();
	if (run(text, &a, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(a->n_result, 70000);
	for (size_t i = 0; i < a->n_result; i++) {
		const struct afd_result *r = &a->result[i];
		AFD_AUTO(mem) char *says = afd_sprintf("log of zone %s from 2026-07-03 00:00:00", r->resource + 2);

		if (!r->reason || !strstr(r->reason, says))
			fail_msg("%s: %s", r->resource, r->reason ? r->reason : "");
	}
}

/* One resource; needs covered or not; rows of each status and basis. */
static void outcomes(void **state)
{
	static const struct {
		const char *rows;
		bool covered;
		const char *outcome;
		unsigned findings, would_fail;
	} table[] = {
		{ROW("'r'", "'k'", "fail", "presence", "'change'", "1") " WHERE 1 = 0", true, "pass", 0, 0},
		{ROW("'r'", "'k'", "fail", "presence", "'change'", "1") " WHERE 1 = 0", false, "not-evaluable", 0, 0},
		{ROW("'r'", "'k'", "fail", "presence", "'change'", "1"), true, "fail", 1, 0},
		{ROW("'r'", "'k'", "fail", "presence", "'change'", "1"), false, "fail", 1, 0},
		{ROW("'r'", "'k'", "fail", "absence", "'change'", "1"), true, "fail", 1, 0},
		{ROW("'r'", "'k'", "fail", "absence", "'change'", "1"), false, "not-evaluable", 1, 1},
		{ROW("'r'", "'k'", "review", "presence", "'change'", "1"), true, "review", 1, 0},
		{ROW("'r'", "'k'", "review", "presence", "'change'", "1"), false, "not-evaluable", 1, 0},
		{ROW("'r'", "'k'", "review", "absence", "'change'", "1"), false, "not-evaluable", 1, 1},
		{ROW("'r'", "'k'", "not-applicable", "presence", "'change'", "1"), true, "not-applicable", 0, 0},
		{ROW("'r'", "'k'", "not-applicable", "presence", "'change'", "1"), false, "not-evaluable", 0, 0},
		{ROW("'r'", "'a'", "not-applicable", "presence", "'change'",
		     "1") " UNION ALL " ROW("'r'", "'b'", "review", "presence", "'change'", "1"),
		 true, "review", 1, 0},
		{ROW("'r'", "'a'", "review", "presence", "'change'",
		     "1") " UNION ALL " ROW("'r'", "'b'", "fail", "presence", "'change'", "1"),
		 true, "fail", 2, 0},
		{ROW("'r'", "'a'", "fail", "absence", "'change'", "1") " UNION ALL " ROW("'r'", "'b'", "fail",
											 "presence", "'change'", "1"),
		 false, "fail", 2, 1},
		{ROW("'r'", "'a'", "review", "presence", "'change'",
		     "1") " UNION ALL " ROW("'r'", "'a'", "fail", "presence", "'change'", "1"),
		 true, "fail", 1, 0},
		{ROW("'r'", "'a'", "fail", "absence", "'change'", "1") " UNION ALL " ROW("'r'", "'a'", "fail",
											 "presence", "'change'", "1"),
		 false, "fail", 1, 0},
	};

	(void)state;
	fresh();
	for (size_t i = 0; i < AFD_COUNT(table); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		AFD_AUTO(mem)
		char *text = afd_sprintf(
			HEAD "*/\n%s\n-- population\nSELECT 'r' AS resource, '%s' AS evidence, 'z.test' AS scope,"
			     " :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade\n",
			table[i].rows, table[i].covered ? "zone-changes" : "zone-claims");
		struct afd_error err = { 0 };
		unsigned would = 0;

		if (run(text, &a, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(a->n_result, 1);
		for (size_t k = 0; k < a->n_finding; k++)
			would += a->finding[k].would_fail;
		if (strcmp(afd_outcome_name(a->result[0].outcome), table[i].outcome) != 0 ||
		    a->n_finding != table[i].findings || would != table[i].would_fail)
			fail_msg("row %zu: %s, %zu findings, %u set aside", i, afd_outcome_name(a->result[0].outcome),
				 a->n_finding, would);
		assert_int_equal(a->result[0].outcome == AFD_NOT_EVALUABLE || a->result[0].outcome == AFD_NOT_APPLICABLE, a->result[0].reason != NULL);
		assert_int_equal(a->result[0].grade, table[i].covered ? AFD_PROVEN : AFD_GAP);
		assert_int_equal(a->counts.population, 1);
	}
}

static void needs_that_meet_become_one(void **state)
{
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };

	(void)state;
	fresh();
	if (run(HEAD
		"*/\n" OK_ROW " WHERE 1 = 0\n-- population\n"
		"SELECT 'r' AS resource, 'zone-changes' AS evidence, 'z.test' AS scope, :period_start AS need_from, "
		":period_start + 10 AS need_to, 'sampled' AS grade"
		" UNION ALL SELECT 'r', 'zone-changes', 'z.test', :period_start + 10, :period_start + 20, 'sampled'"
		" UNION ALL SELECT 'r', 'zone-changes', 'z.test', :period_start + 5, :period_start + 8, 'sampled'"
		" UNION ALL SELECT 'r', 'zone-changes', 'z.test', :period_start + 30, :period_start + 40, 'sampled'",
		&a, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(a->result[0].n_need, 2);
	assert_int_equal(a->result[0].need[0].span.to - a->result[0].need[0].span.from, 20);
}

/* What many need is stated once, without a resource: those that ask for it have it behind their own needs. */
static void needs_may_be_shared(void **state)
{
#define NEED(resource, evidence, from, to) "SELECT " resource " AS resource, '" evidence "' AS evidence, 'z.test' AS scope, :period_start + " from \
		" AS need_from, :period_start + " to " AS need_to, 'sampled' AS grade"
#define ASKS(resource) "SELECT " resource ", 'shared', NULL, :period_start, :period_start, NULL"
	static const struct { const char *population; const char *outcome[3]; unsigned needs[3]; } table[] = {
		{NEED("'a'", "zone-changes", "0", "9") " UNION ALL " ASKS("'a'") " UNION ALL " ASKS("'b'") " UNION ALL "
		 NEED("NULL", "zone-changes", "0", "10") " UNION ALL " NEED("NULL", "zone-changes", "10", "20"), {"pass", "pass"}, {2, 1}},
		{NEED("'a'", "zone-changes", "0", "9") " UNION ALL " ASKS("'b'") " UNION ALL " ASKS("'c'") " UNION ALL "
		 NEED("NULL", "zone-transfers", "0", "10"), {"pass", "not-evaluable", "not-evaluable"}, {1, 1, 1}},
		{NEED("'a'", "zone-transfers", "0", "9") " UNION ALL " ASKS("'a'") " UNION ALL " ASKS("'b'") " UNION ALL "
		 NEED("NULL", "zone-changes", "0", "10"), {"not-evaluable", "pass"}, {2, 1}},
		{NEED("'a'", "zone-changes", "0", "9") " UNION ALL " NEED("NULL", "zone-transfers", "0", "10"), {"pass"}, {1}},
		/* of a time of its own: what lies within, or nothing */
		{NEED("'a'", "shared", "5", "9") " UNION ALL " NEED("'b'", "shared", "10", "20") " UNION ALL " NEED("'c'", "shared", "9", "7")
		 " UNION ALL " NEED("NULL", "zone-transfers", "0", "10") " UNION ALL " NEED("NULL", "zone-changes", "4", "30"),
		 {"not-evaluable", "pass", "pass"}, {2, 1, 0}},
	};

	(void)state;
	fresh();
	for (size_t i = 0; i < AFD_COUNT(table); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		AFD_AUTO(mem) char *text = afd_sprintf(HEAD "*/\n" OK_ROW " WHERE 1 = 0\n-- population\n%s\n", table[i].population);
		struct afd_error err = { 0 };

		if (run(text, &a, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		for (size_t k = 0; k < a->n_result; k++) {
			const struct afd_result *r = &a->result[k];

			if (strcmp(afd_outcome_name(r->outcome), table[i].outcome[k]) != 0 || r->n_need != table[i].needs[k])
				fail_msg("row %zu, %s: %s, %zu needs", i, r->resource, afd_outcome_name(r->outcome), r->n_need);
			assert_int_equal(r->outcome == AFD_NOT_EVALUABLE, r->reason != NULL);
			assert_int_equal(r->outcome == AFD_NOT_EVALUABLE ? AFD_GAP : AFD_PROVEN, r->grade);
		}
		assert_true(a->n_result == 3 || !table[i].outcome[a->n_result]);
	}
}

static void evidence_is_sorted_and_once(void **state)
{
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_error err = { 0 };
	sqlite3 *db;

	(void)state;
	fresh();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	case_row(db, "change", "id", "2", "zone", "z.test", "leaf", "9", "part", "3", NULL);
	case_row(db, "change", "id", "3", "zone", "z.test", "leaf", "9", "part", "1", NULL);
	sqlite3_close(db);
	if (run(HEAD "*/\n" ROW("'r'", "'k'", "fail", "presence", "'change'", "c.id") " FROM change c UNION ALL "
	        ROW("'r'", "'k'", "fail", "presence", "'change'", "c.id") " FROM change c" POP("'r'"), &a, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(a->n_finding, 1);
	assert_int_equal(a->finding[0].n_reason, 1);
	assert_int_equal(a->finding[0].n_evidence, 3);
	assert_int_equal(a->finding[0].evidence[0].leaf, 0);
	assert_string_equal(a->finding[0].evidence[0].hash, "00");
	assert_int_equal(a->finding[0].evidence[1].part, 1);
	assert_int_equal(a->finding[0].evidence[2].part, 3);
}

/* What a check does wrong is said with its file and line. The budget is made small here, as the whole one takes minutes. */
static void faults_name_their_line(void **state)
{
	static const struct { const char *findings, *says; } rows[] = {
		{ "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)\nSELECT max(i) AS resource, '' AS key, 'fail' AS status, 'presence' AS basis, 'B' AS reason,"
		  " NULL AS ref_table, NULL AS ref_id, 0 AS observed_at FROM n", "mine/t.sql:9: the statement took too many steps" },
		{ "SELECT 1\n\nFROM change WHERE )", "mine/t.sql:11: SQL: near" },
		{ "SELECT 1\n\nFROM nowhere", "mine/t.sql:9: SQL: no such table: nowhere" },
		{ "DELETE FROM domain", "mine/t.sql:9: SQL: not authorized" },
		{ "SELECT 1 AS resource", "mine/t.sql:9: findings: column \"key\" is missing" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		AFD_AUTO(store) struct afd_store *s = NULL;
		AFD_AUTO(mem) char *text = afd_sprintf(HEAD "*/\n%s" POP("'r'"), rows[i].findings);
		struct afd_error err = { 0 };
		struct afd_check c;

		fresh();
		afd_doc_release(&kept);
		if (afd_check_parse(afd_slice_text(text), "t.sql", &kept, &c, &err) < 0 || afd_store_open(path, AFD_STORE_READ, &s, &err) < 0)
			fail_msg("%s", err.text);
		c.label = "mine/t.sql";
		afd_query_budget(s, 2000000);
		if (afd_assess_checks_compared(s, (struct afd_span){ T0 - 90 * AFD_DAY, T0 }, "x", T0, &c, 1, &a, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(a->n_result, 1);
		assert_int_equal(a->result[0].outcome, AFD_ERROR);
		if (strncmp(a->result[0].reason, rows[i].says, strlen(rows[i].says)) != 0)
			fail_msg("row %zu: %s", i, a->result[0].reason);
	}
}

/* --- policy, waivers, gate --- */

struct policy { const char *check, *name, *value; };

static void put_policy(const struct policy *p)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (; p->check; p++)
		case_row(db, "policy", "check_id", p->check, "name", p->name, "value", p->value, NULL);
	sqlite3_close(db);
}

static void one_is_not_many(void **state)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "", "" },
		{ "1", "1" },
		{ "1 ", "1 " },
		{ "1 minutes", "1 minute" },
		{ "recorded 1 minutes later, of 11 minutes, 1 hours.", "recorded 1 minute later, of 11 minutes, 1 hour." },
		{ "2 minutes, 0.1 minutes, -1 minutes, a1 minutes", "2 minutes, 0.1 minutes, -1 minutes, a1 minutes" },
		{ "(1 times in the period)", "(1 time in the period)" },
		{ "1 minutess, 1 minute, 1 namesake", "1 minutess, 1 minute, 1 namesake" },
		{ "any of the 1 accounts, the last of 1 certificates, the 1 days of 1 days", "any of the 1 accounts, the last of 1 certificates, the 1 day of 1 day" },
		{ "1 addresses 1 addresses 1 addresses", "1 address 1 address 1 address" },
		{ "1 others 1 of the 1 others", "1 other 1 of the 1 others" },
		{ "beside 1 types of records: 1 sets (1 windows)", "beside 1 type of records: 1 set (1 window)" },
		{ "1 logins failed; 1 are a finding.", "1 login failed; 1 is a finding." },
		{ "1 hours are allowed, (1 suppliers are the least), 1 days were left; 1 have", "1 hour is allowed, (1 supplier is the least), 1 day was left; 1 has" },
		{ "11 are, 2 and 1 are, 1 area, 1 minutes areas, the 1 accounts are", "11 are, 2 and 1 are, 1 area, 1 minute areas, the 1 accounts are" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		char text[200];

		snprintf(text, sizeof text, "%s", rows[i].text);
		afd_count_words(text);
		assert_string_equal(text, rows[i].want);
	}
}

static void policies(void **state)
{
	static const char text[] = HEAD "params: {n: {type: int, default: 1, meaning: m}, d: {type: duration, default: "
					"1h, meaning: m}, s: {type: text, default: x, meaning: m}, w: {type: time, default: 1970-01-02, meaning: m}}\n*/\n"
					"SELECT 'r' AS resource, :n || ' ' || :d || ' ' || :s || ' ' || :w AS key, 'review' AS "
					"status, 'presence' AS basis, 'B.' AS reason, NULL AS ref_table,"
					" NULL AS ref_id, NULL AS observed_at" POP("'r'");
	static const struct { struct policy p[4]; const char *key, *says; } rows[] = {
		{ { { 0 } }, "1 3600000 x 86400000", NULL },
		{ { { "t", "n", "7" }, { "t", "d", "2m" }, { "t", "s", "y" } }, "7 120000 y 86400000", NULL },
		{ { { "t", "n", "-7" } }, NULL, "params.t.n" },
		{ { { "t", "w", "1970-01-01T00:00:01Z" } }, "1 3600000 x 1000", NULL },
		{ { { "t", "w", "86400000" } }, NULL, "params.t.w" },
		{ { { "t", "m", "1" } }, NULL, "params.t.m" },
		{ { { "u", "n", "1" } }, "1 3600000 x 86400000", "params.u" },
		{ { { "t", "n", "1h" } }, NULL, "params.t.n" },
		{ { { "t", "d", "1" } }, NULL, "params.t.d" },
		{ { { "gate", "fail_on", "low" } }, "1 3600000 x 86400000", NULL },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		struct afd_error err = { 0 };
		AFD_AUTO(store) struct afd_store *s = NULL;
		struct afd_gate g;

		fresh();
		put_policy(rows[i].p);
		if (run(text, &a, &err) < 0 || afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 ||
		    afd_gate_decide(s, a, NULL, &g, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(g.exit_code, rows[i].says ? 3 : 0);
		assert_int_equal(g.errors, rows[i].says ? 1 : 0);
		assert_int_equal(a->n_result, 1);
		if (!rows[i].key) {                              /* the check itself does not run */
			assert_int_equal(a->result[0].outcome, AFD_ERROR);
			if (!strstr(a->result[0].reason, rows[i].says))
				fail_msg("row %zu: %s", i, a->result[0].reason);
			assert_int_equal(a->n_finding, 0);
			continue;
		}
		assert_int_equal(a->n_finding, 1);
		assert_string_equal(a->finding[0].key, rows[i].key);
		assert_int_equal(a->policy_faults, rows[i].says ? 1 : 0);
		assert_int_equal(a->n_fault, a->policy_faults);
		if (rows[i].says && !strstr(a->fault[0].reason, rows[i].says))
			fail_msg("row %zu: %s", i, a->fault[0].reason);
	}
}

/* Who changes a severity says why and who allowed it; else the check's own stays, and the gate hears of it. */
static void severities(void **state)
{
	static const struct { const char *check, *severity, *reason, *approver, *in_force, *usual, *says; } rows[] = {
		{ NULL, NULL, NULL, NULL, "high", NULL, NULL },
		{ "t", "low", "r", "a", "low", "high", NULL },
		{ "t", "critical", "r", "a", "critical", "high", NULL },
		{ "t", "high", "r", "a", "high", "high", NULL },
		{ "u", "low", "r", "a", "high", NULL, "severities.u: there is no such check" },
		{ "t", "severe", "r", "a", "high", NULL, "severities.t: expected critical" },
		{ "t", "low", "", "a", "high", NULL, "severities.t: expected a reason" },
		{ "t", "low", "r", "", "high", NULL, "severities.t: expected a reason" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		struct afd_error err = { 0 };
		sqlite3 *db;

		fresh();
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		if (rows[i].check)
			case_row(db, "severity_change", "check_id", rows[i].check, "severity", rows[i].severity, "reason",
				 rows[i].reason, "approver", rows[i].approver, NULL);
		sqlite3_close(db);
		if (run(HEAD "*/\n" OK_ROW POP("'r'"), &a, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		assert_string_equal(a->finding[0].check->severity, rows[i].in_force);
		if (rows[i].usual) {
			assert_string_equal(a->check[0].severity_usual, rows[i].usual);
			assert_string_equal(a->check[0].severity_reason, "r");
			assert_string_equal(a->check[0].severity_approver, "a");
		} else {
			assert_null(a->check[0].severity_usual);
		}
		assert_int_equal(a->policy_faults, rows[i].says ? 1 : 0);
		if (rows[i].says && !strstr(a->fault[0].reason, rows[i].says))
			fail_msg("row %zu: %s", i, a->fault[0].reason);
	}
}

static void put_waiver(const char *finding, const char *check, const char *resource, const char *before)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (finding)
		case_row(db, "waiver", "id", "W", "finding", finding, "owner", "o", "approver", "a", "reason", "r",
			 "expires", "1d", NULL);
	else
		case_row(db, "waiver", "id", "W", "check_id", check, "resource", resource, "observed_before", before,
			 "owner", "o", "approver", "a", "reason", "r", "expires", "1d", NULL);
	sqlite3_close(db);
}

static void gates(void **state)
{
	static const char two[] = HEAD "*/\n" ROW("'r'", "'a'", "fail", "presence", "'change'", "1") " UNION ALL "
		ROW("'r'", "'b'", "fail", "presence", "'change'", "1") POP("'r'");
	static const char fails[] = HEAD "*/\n" OK_ROW POP("'r'");
	static const char asks[] = HEAD "*/\n" ROW("'r'", "'k'", "review", "presence", "'change'", "1") POP("'r'");
	static const char passes[] = HEAD "*/\n" OK_ROW " WHERE 1 = 0" POP("'r'");
	static const char empty[] = HEAD "*/\n" OK_ROW " WHERE 1 = 0" POP("'r'") " WHERE 1 = 0";
	static const char broken[] = HEAD "*/\n" OK_ROW POP("'q'");
	static const char aside[] =
		HEAD "*/\n" ROW("'r'", "'k'", "fail", "absence", "'change'",
				"1") "\n-- population\nSELECT 'r' AS resource, 'ct' AS evidence, 'z.test' AS scope, "
				     ":period_start AS need_from, :period_end AS need_to, 'proven' AS grade";
	static const struct {
		const char *what, *text;
		struct policy p[4];
		const char *finding;
		int code;
		unsigned violations, waived;
	} rows[] = {
		{"clean", passes, {{0}}, NULL, 0, 0, 0},
		{"a fail", fails, {{0}}, NULL, 2, 1, 0},
		{"a fail below the line", fails, {{"gate", "fail_on", "critical"}}, NULL, 0, 0, 0},
		{"a fail on the line", fails, {{"gate", "fail_on", "high"}}, NULL, 2, 1, 0},
		{"a question", asks, {{0}}, NULL, 0, 0, 0},
		{"a question that fails", asks, {{"gate", "review_fails", "true"}}, NULL, 2, 1, 0},
		{"a question that fails, below the line",
		 asks,
		 {{"gate", "review_fails", "1"}, {"gate", "fail_on", "critical"}},
		 NULL,
		 0,
		 0,
		 0},
		{"nothing in scope", empty, {{0}}, NULL, 3, 0, 0},
		{"a check that breaks its contract", broken, {{0}}, NULL, 3, 0, 0},
		{"would fail, not covered", aside, {{0}}, NULL, 3, 0, 0},
		{"waived", fails, {{0}}, "@ID@", 0, 0, 1},
		{"one of two waived", two, {{0}}, "@ID-A@", 2, 1, 1},
		{"another waived", fails, {{0}}, "AAAAAAAAAAAAAAAA", 2, 1, 0},
	};
	char id[17], id_a[17];

	(void)state;
	afd_finding_id("t", "r", "k", id);
	afd_finding_id("t", "r", "a", id_a);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		AFD_AUTO(store) struct afd_store *s = NULL;
		struct afd_error err = { 0 };
		struct afd_gate g;

		fresh();
		put_policy(rows[i].p);
		if (rows[i].finding)
			put_waiver(strcmp(rows[i].finding, "@ID@") == 0	    ? id
				   : strcmp(rows[i].finding, "@ID-A@") == 0 ? id_a
									    : rows[i].finding,
				   NULL, NULL, NULL);
		if (run(rows[i].text, &a, &err) < 0 || afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 ||
		    afd_gate_decide(s, a, NULL, &g, &err) < 0)
			fail_msg("%s: %s", rows[i].what, err.text);
		if (g.exit_code != rows[i].code || g.violations != rows[i].violations || g.waived != rows[i].waived)
			fail_msg("%s: exit %d, %u violations, %u waived", rows[i].what, g.exit_code, g.violations,
				 g.waived);
		if (a->n_result && rows[i].waived)
			assert_int_equal(a->result[0].waived, rows[i].violations == 0);
		assert_int_equal(a->counts.waived, rows[i].waived && rows[i].violations == 0);
	}
}

/* What cannot be read counts in its time; what is lost counts always, for nobody knows its time. */
static void gates_of_what_is_lost(void **state)
{
	static const struct { const char *kind, *received; unsigned errors; } rows[] = {
		{ "answer", "-5d", 1 }, { "answer", "-90d", 1 }, { "answer", "-91d", 0 }, { "answer", "0", 1 }, { "answer", "1h", 0 },
		{ "erased", "-91d", 0 }, { "erased", "-5d", 0 }, { "missing", "-2000d", 1 }, { "damaged", "5d", 1 }, { NULL, NULL, 1 },
	};
	static const char passes[] = HEAD "*/\n" OK_ROW " WHERE 1 = 0" POP("'r'");

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		AFD_AUTO(store) struct afd_store *s = NULL;
		struct afd_error err = { 0 };
		struct afd_gate g;
		sqlite3 *db;

		fresh();
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		if (rows[i].kind)
			case_row(db, "item_note", "leaf", "7", "kind", rows[i].kind, "received_ms", rows[i].received, NULL);
		case_row(db, "decode_error", "leaf", "7", "reason", "r", NULL);
		sqlite3_close(db);
		if (run(passes, &a, &err) < 0 || afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 ||
		    afd_gate_decide(s, a, NULL, &g, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		if (g.errors != rows[i].errors || g.exit_code != (rows[i].errors ? 3 : 0))
			fail_msg("row %zu: exit %d, %u errors", i, g.exit_code, g.errors);
	}
}

/* What nobody can read never makes the gate milder, and never passes unseen. */
static void gate_settings_are_read_strictly(void **state)
{
	static const struct { struct policy p[3]; const char *says; } bad[] = {
		{ { { "gate", "fail_on", "severe" } }, "gate.fail_on: expected critical" },
		{ { { "gate", "review_fails", "perhaps" } }, "gate.review_fails: expected true" },
		{ { { "gate", "colour", "red" } }, "gate.colour: there is no such setting" },
		{ { { "gate", "incomplete", "no" } }, "gate.incomplete: expected fail or warn" },
		{ { { "gate", "rules.001.fail", "true" }, { "gate", "rules.001.check", "u" } }, "rule 1: there is no such check: u" },
		{ { { "gate", "rules.001.fail", "true" }, { "gate", "rules.001.control", "PR.XX-09" } }, "rule 1: there is no such control: PR.XX-09" },
		{ { { "gate", "rules.001.fail", "true" }, { "gate", "rules.001.framework", "csf" } }, "rule 1: there is no such framework: csf" },
		{ { { "gate", "rules.001.colour", "true" } }, "gate.rules.001.colour: there is no such setting" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(bad); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		AFD_AUTO(store) struct afd_store *s = NULL;
		struct afd_error err = { 0 };
		struct afd_gate g;

		fresh();
		put_policy(bad[i].p);
		if (run(HEAD "*/\n" OK_ROW " WHERE 1 = 0" POP("'r'"), &a, &err) < 0 ||
		    afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 || afd_gate_decide(s, a, NULL, &g, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(g.errors, 1);
		assert_int_equal(g.exit_code, 3);
		if (!strstr(a->fault[0].reason, bad[i].says))
			fail_msg("row %zu: %s", i, a->fault[0].reason);
	}
}

/* The first rule that speaks of a finding decides; then fail_on. A baseline hides what is in it and nothing else. */
static void gate_rules(void **state)
{
	static const char both[] = HEAD "*/\n" ROW("'www.example.test:443'", "'f'", "fail", "presence", "'change'", "1") " UNION ALL "
		ROW("'b.test'", "'q'", "review", "presence", "'change'", "1") POP("'www.example.test:443'") " UNION ALL SELECT 'b.test', NULL, NULL, NULL, NULL, NULL";
	static const struct {
		const char *what;
		struct policy p[7];
		bool known;
		int code;
		unsigned violations;
	} rows[] = {
		{ "no rule", { { 0 } }, false, 2, 1 },
		{ "off by check", { { "gate", "rules.001.check", "t" }, { "gate", "rules.001.fail", "false" } }, false, 0, 0 },
		{ "on by check below the line",
		  { { "gate", "fail_on", "critical" }, { "gate", "rules.001.check", "t" }, { "gate", "rules.001.fail", "true" } }, false, 2, 1 },
		{ "reviews too", { { "gate", "rules.001.check", "t" }, { "gate", "rules.001.review", "true" } }, false, 2, 2 },
		{ "the first wins",
		  { { "gate", "rules.001.severity", "high" }, { "gate", "rules.001.fail", "false" }, { "gate", "rules.002.check", "t" },
		    { "gate", "rules.002.fail", "true" } }, false, 0, 0 },
		{ "the tenth comes after the second",
		  { { "gate", "rules.002.severity", "high" }, { "gate", "rules.002.fail", "false" }, { "gate", "rules.010.check", "t" },
		    { "gate", "rules.010.fail", "true" } }, false, 0, 0 },
		{ "one that does not fit is passed over",
		  { { "gate", "rules.001.severity", "low info" }, { "gate", "rules.001.fail", "false" } }, false, 2, 1 },
		{ "one of a list fits",
		  { { "gate", "rules.001.severity", "low high" }, { "gate", "rules.001.fail", "false" } }, false, 0, 0 },
		{ "one that says nothing of fails is passed over",
		  { { "gate", "rules.001.check", "t" }, { "gate", "rules.001.review", "false" } }, false, 2, 1 },
		{ "by resource", { { "gate", "rules.001.resource", "b.test" }, { "gate", "rules.001.fail", "false" } }, false, 2, 1 },
		{ "by tier", { { "gate", "rules.001.tier", "critical" }, { "gate", "rules.001.fail", "false" } }, false, 0, 0 },
		{ "by another tier", { { "gate", "rules.001.tier", "low" }, { "gate", "rules.001.fail", "false" } }, false, 2, 1 },
		{ "all must fit",
		  { { "gate", "rules.001.tier", "critical" }, { "gate", "rules.001.severity", "low" }, { "gate", "rules.001.fail", "false" } },
		  false, 2, 1 },
		{ "known", { { 0 } }, true, 0, 0 },
		{ "known, and a new one", { { "gate", "review_fails", "true" } }, true, 2, 1 },
	};
	char id[17];
	const char *const known[] = { id };

	(void)state;
	afd_finding_id("t", "www.example.test:443", "f", id);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		AFD_AUTO(store) struct afd_store *s = NULL;
		const struct afd_baseline b = { known, 1 };
		struct afd_error err = { 0 };
		struct afd_gate g;
		sqlite3 *db;

		fresh();
		put_policy(rows[i].p);
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		case_row(db, "domain", "name", "example.test", "tier", "critical", NULL);
		sqlite3_close(db);
		if (run(both, &a, &err) < 0 || afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 ||
		    afd_gate_decide(s, a, rows[i].known ? &b : NULL, &g, &err) < 0)
			fail_msg("%s: %s", rows[i].what, err.text);
		if (g.exit_code != rows[i].code || g.violations != rows[i].violations || g.known != rows[i].known)
			fail_msg("%s: exit %d, %u violations, %u known", rows[i].what, g.exit_code, g.violations, g.known);
	}
}

/* Missing evidence may be a warning; a check that cannot run never is, and neither hides in a baseline. */
static void gates_of_missing_evidence(void **state)
{
	static const char gap[] = HEAD "*/\n" OK_ROW " WHERE 1 = 0"
		"\n-- population\nSELECT 'r' AS resource, 'ct' AS evidence, 'z.test' AS scope, :period_start AS need_from, :period_end AS need_to, 'proven' AS grade";
	static const char broken[] = HEAD "*/\n" OK_ROW POP("'q'");
	static const struct { const char *text, *incomplete; int code; bool warned; } rows[] = {
		{ gap, "fail", 3, false }, { gap, "warn", 0, true }, { broken, "warn", 3, false },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		const struct policy p[2] = { { "gate", "incomplete", rows[i].incomplete } };
		const struct afd_baseline none = { 0 };
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		AFD_AUTO(store) struct afd_store *s = NULL;
		struct afd_error err = { 0 };
		struct afd_gate g;

		fresh();
		put_policy(p);
		if (run(rows[i].text, &a, &err) < 0 || afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 ||
		    afd_gate_decide(s, a, &none, &g, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		if (g.exit_code != rows[i].code || g.warned != rows[i].warned)
			fail_msg("row %zu: exit %d", i, g.exit_code);
	}
}

static void waived_by_resource_and_time(void **state)
{
	static const struct { const char *resource, *before; bool waived; } rows[] = {
		{ "r", "-1d", true },            /* observed_at is 5 ms after 1970 */
		{ "q", "-1d", false },
		{ "r", "1970-01-01T00:00:00.005Z", false },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		struct afd_error err = { 0 };

		fresh();
		put_waiver(NULL, "t", rows[i].resource, rows[i].before);
		if (run(HEAD "*/\n" OK_ROW POP("'r'"), &a, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(a->finding[0].waiver != NULL, rows[i].waived);
		assert_int_equal(a->result[0].outcome, AFD_FAIL);        /* waived is a mark, not an outcome */
		assert_int_equal(a->n_waiver, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(common_part),
		cmocka_unit_test(contracts),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(words_of_holes), cmocka_unit_test(words_of_many_holes),
		cmocka_unit_test(needs_that_meet_become_one),
		cmocka_unit_test(needs_may_be_shared),
		cmocka_unit_test(evidence_is_sorted_and_once),
		cmocka_unit_test(faults_name_their_line),
		cmocka_unit_test(one_is_not_many),
		cmocka_unit_test(policies),
		cmocka_unit_test(severities),
		cmocka_unit_test(gates), cmocka_unit_test(gates_of_what_is_lost),
		cmocka_unit_test(gate_settings_are_read_strictly),
		cmocka_unit_test(gate_rules),
		cmocka_unit_test(gates_of_missing_evidence),
		cmocka_unit_test(waived_by_resource_and_time),
	};
	int r;

	if (!mkdtemp(work))
		return 1;
	snprintf(path, sizeof path, "%s/run.db", work);
	r = cmocka_run_group_tests_name("run", tests, NULL, NULL);
	afd_doc_release(&kept);
	case_clean(path, work);
	return r;
}
