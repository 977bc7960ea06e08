/* New, open, reopened, closed, learned: three quarters, and what the ledger had when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "../checks/case.h"
#include "mappers/judge.h"

static char work[] = "/tmp/affidavit-compare-XXXXXX", path[64];

static const char text[] =
	"/*\nid: t\ntitle: T\nseverity: high\nresource: zone\nwhy: W.\nremedy: R.\n*/\n"
	"SELECT c.zone AS resource, '' AS key, 'fail' AS status, 'presence' AS basis, 'It changed.' AS reason, 'change' AS ref_table,"
	" c.id AS ref_id, c.t_from AS observed_at FROM change c JOIN domain d ON d.name = c.zone"
	" WHERE c.t_from < :period_end AND c.t_to > :period_start AND NOT (d.owner = 'left' AND :period_start >= 1782864000000)\n"
	"-- population\n"
	"SELECT d.name AS resource, 'zone-changes' AS evidence, d.name AS scope, :period_start AS need_from, :period_end AS need_to,"
	" 'asserted' AS grade FROM domain d WHERE NOT (d.owner = 'left' AND :period_start >= 1782864000000)";

/* In quarters 1, 2, 3 of 2026: changed? covered? */
static const struct story { const char *zone, *changed, *covered, *owner, *ledger, *state, *gone; bool learned; } stories[] = {
	{ "closed.test", "-x-", "ccc", NULL, NULL, NULL, "closed", false },
	{ "dark-between.test", "x-x", "c-c", NULL, NULL, "open", NULL, false },
	{ "dark-now.test", "-x-", "cc-", NULL, NULL, NULL, "not-tested", false },
	{ "late.test", "-xx", "ccc", NULL, "-91d", "open", NULL, true },
	{ "late-and-closed.test", "-x-", "ccc", NULL, "-10d", NULL, "closed", true },
	{ "left.test", "-x-", "ccc", "left", NULL, NULL, "not-examined", false },
	{ "long-closed.test", "x--", "ccc", NULL, NULL, NULL, NULL, false },
	{ "new.test", "--x", "ccc", NULL, NULL, "new", NULL, false },
	{ "never.test", "---", "ccc", NULL, NULL, NULL, NULL, false },
	{ "on-time.test", "-xx", "ccc", NULL, "-92d", "open", NULL, false },
	{ "open.test", "-xx", "ccc", NULL, NULL, "open", NULL, false },
	{ "reopened.test", "x-x", "ccc", NULL, NULL, "reopened", NULL, false },
	{ "three.test", "xxx", "ccc", NULL, NULL, "open", NULL, false },
};

static void fill(sqlite3 *db)
{
	static const char *const from[] = { "-273d", "-183d", "-92d" }, *const to[] = { "-183d", "-92d", "0" }, *const at[] = { "-200d", "-100d", "-5d" },
		*const until[] = { "-200d+1ms", "-100d+1ms", "-5d+1ms" };
	char leaf[8];

	for (size_t i = 0; i < AFD_COUNT(stories); i++) {
		const struct story *s = &stories[i];

		case_row(db, "domain", "name", s->zone, "owner", s->owner ? s->owner : "o", "in_scope", "1", NULL);
		snprintf(leaf, sizeof leaf, "%zu", 100 + i);
		case_row(db, "item_note", "leaf", leaf, "kind", "answer", "ledger_ms", s->ledger ? s->ledger : "-200d", NULL);
		for (int q = 0; q < 3; q++) {
			if (s->changed[q] == 'x')
				case_row(db, "change", "zone", s->zone, "serial_from", "1", "serial_to", "2", "t_from", at[q], "t_to", until[q], "leaf", leaf, NULL);
			if (s->covered[q] == 'c')
				case_row(db, "coverage", "evidence", "zone-changes", "scope", s->zone, "t_from", from[q], "t_to", to[q], "grade", "proven", NULL);
		}
	}
}

static const struct afd_past *past(const struct afd_past *at, size_t n, const char *resource)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(at[i].resource, resource) == 0)
			return &at[i];
	return NULL;
}

static void each_story(void **state)
{
	AFD_AUTO(assessment) struct afd_assessment *a = NULL, *alone = NULL;
	AFD_AUTO(store) struct afd_store *s = NULL;
	AFD_AUTO(doc) struct afd_doc *keep = NULL;
	struct afd_error err = { 0 };
	struct afd_check c;
	struct afd_span quarter;
	sqlite3 *db = case_open(path, &err);
	unsigned learned = 0, gone = 0, found = 0;

	(void)state;
	assert_non_null(db);
	fill(db);
	sqlite3_close(db);
	assert_int_equal(afd_period_parse("2026-Q3", &quarter, &err), 0);
	assert_int_equal(quarter.to, T0);
	assert_int_equal(afd_check_parse(afd_slice_text(text), "t.sql", &keep, &c, &err), 0);
	if (afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 ||
	    afd_assess_checks_compared(s, quarter, "2026-Q3", T0, &c, 1, &a, &err) < 0 ||
	    afd_assess_checks(s, quarter, "2026-Q3", T0, &c, 1, &alone, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(alone->comparison.made);
	assert_true(a->comparison.made);
	assert_int_equal(alone->n_finding, a->n_finding);
	for (size_t i = 0; i < AFD_COUNT(stories); i++) {
		const struct story *t = &stories[i];
		const struct afd_past *g = past(a->comparison.gone, a->comparison.n_gone, t->zone);
		const struct afd_past *l = past(a->comparison.learned, a->comparison.n_learned, t->zone);
		const char *is = NULL;

		for (size_t k = 0; k < a->n_finding; k++)
			if (strcmp(a->finding[k].resource, t->zone) == 0)
				is = a->finding[k].state;
		if (!afd_same_text(is, t->state) || !afd_same_text(g ? g->state : NULL, t->gone) || !l != !t->learned)
			fail_msg("%s: %s, gone %s, %slearned", t->zone, is ? is : "nothing", g ? g->state : "not", l ? "" : "not ");
		if (l)
			assert_int_equal(l->leaf, 100 + i);
		found += t->state != NULL;
		gone += t->gone != NULL;
		learned += t->learned;
	}
	assert_int_equal(a->n_finding, found);
	assert_int_equal(a->comparison.n_gone, gone);
	assert_int_equal(a->comparison.n_learned, learned);
	assert_int_equal(a->comparison.fresh + a->comparison.open + a->comparison.reopened, found);
	assert_int_equal(a->comparison.closed, 2);
	assert_int_equal(a->comparison.not_tested, 1);
	assert_int_equal(a->comparison.not_examined, 1);
	assert_int_equal(a->comparison.by[AFD_NOT_EVALUABLE], 1);        /* dark-between.test */
	s = afd_store_close(s);
	case_clean(path, work);
}

/* A check that finds what another found has its states: it saw the findings of each period, and of no other. */
static void on_others(void **state)
{
	static const char twin[] =
		"/*\nid: a\ntitle: T\nseverity: high\nresource: zone\nwhy: W.\nremedy: R.\nafter: [t]\n*/\n"
		"SELECT r.resource, r.key, r.status, 'presence' AS basis, 'It was found.' AS reason, 'domain' AS ref_table, d.rowid AS ref_id, 5 AS observed_at"
		" FROM raised r JOIN domain d ON d.name = r.resource WHERE r.check_id = 't' AND r.finding <> ''\n"
		"-- population\n"
		"SELECT d.name AS resource, NULL AS evidence, NULL AS scope, 0 AS need_from, 0 AS need_to, NULL AS grade FROM domain d";
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	AFD_AUTO(store) struct afd_store *s = NULL;
	AFD_AUTO(doc) struct afd_doc *keep = NULL, *keep_twin = NULL;
	struct afd_error err = { 0 };
	struct afd_check c[2];
	struct afd_span quarter;
	sqlite3 *db = case_open(path, &err);
	unsigned twins = 0, gone = 0;

	(void)state;
	assert_non_null(db);
	fill(db);
	sqlite3_close(db);
	assert_int_equal(afd_period_parse("2026-Q3", &quarter, &err), 0);
	if (afd_check_parse(afd_slice_text(twin), "a.sql", &keep_twin, &c[0], &err) < 0 ||
	    afd_check_parse(afd_slice_text(text), "t.sql", &keep, &c[1], &err) < 0 || afd_store_open(path, AFD_STORE_READ, &s, &err) < 0 ||
	    afd_assess_checks_compared(s, quarter, "2026-Q3", T0, c, 2, &a, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < a->n_finding; i++)
		for (size_t k = 0; k < a->n_finding; k++)
			if (strcmp(a->finding[i].check->id, "a") == 0 && strcmp(a->finding[k].check->id, "t") == 0 &&
			    strcmp(a->finding[i].resource, a->finding[k].resource) == 0) {
				/* its own population needs nothing: what was dark for the other was not there for it */
				if (strncmp(a->finding[i].resource, "dark", 4) != 0)
					assert_string_equal(a->finding[i].state, a->finding[k].state);
				twins++;
			}
	for (size_t i = 0; i < a->comparison.n_gone; i++)
		gone += strcmp(a->comparison.gone[i].check->id, "a") == 0;
	assert_int_equal(a->n_finding, 2 * twins);
	assert_true(twins > 5);
	assert_int_equal(2 * gone, a->comparison.n_gone);
}

static void periods(void **state)
{
	static const struct { const char *period, *before; } rows[] = {
		{ "2026-Q3", "2026-Q2" }, { "2026-Q1", "2025-Q4" }, { "2026-03", "2026-02" }, { "2024-03", "2024-02" }, { "2026-01", "2025-12" },
		{ "2026", "2025" }, { "2026-07-01..2026-07-08", "2026-06-24..2026-07-01" }, { "2026-07-15..2026-08-15", "2026-06-14..2026-07-15" },
		{ "2026-02-01..2026-04-01", "2025-12-01..2026-02-01" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_span p, want, got;

		assert_int_equal(afd_period_parse(rows[i].period, &p, NULL), 0);
		assert_int_equal(afd_period_parse(rows[i].before, &want, NULL), 0);
		got = afd_period_before(p);
		if (got.from != want.from || got.to != want.to)
			fail_msg("%s: %s until %s", rows[i].period, afd_when_text(got.from).s, afd_when_text(got.to).s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(on_others), cmocka_unit_test(each_story), cmocka_unit_test(periods) };
	int r;

	if (!mkdtemp(work))
		return 99;
	snprintf(path, sizeof path, "%s/s.db", work);
	r = cmocka_run_group_tests_name("compare", tests, NULL, NULL);
	return r;
}
