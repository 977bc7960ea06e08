/* How the checks' statements work: no table is scanned once per row of another, and ten times the events cost at most
 * thirteen times the steps. */
#include <setjmp.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "case.h"
#include "core/file.h"
#include "growth.h"
#include "mappers/judge.h"

static char work[] = "/tmp/affidavit-plans-XXXXXX", path[64];


/* AFFIDAVIT_ONLY: those whose name begins so. */
static int each_check(void (*use)(const struct afd_check *c, void *ctx), void *ctx)
{
	const char *only = getenv("AFFIDAVIT_ONLY");
	int n = 0;

	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		struct afd_check c;
		struct afd_error err = { 0 };

		if (strncmp(e->path, "checks/", 7) != 0 || (only && strncmp(e->path + 7, only, strlen(only)) != 0))
			continue;
		if (afd_check_parse(afd_slice(e->data, e->len), e->path, &d, &c, &err) < 0)
			fail_msg("%s", err.text);
		use(&c, ctx);
		n++;
	}
	return n;
}

/* --- plans --- */

struct step { int id, parent; char detail[200]; };

static bool under_correlated(const struct step *s, size_t n, size_t i)
{
	for (int parent = s[i].parent; parent;) {
		size_t k = 0;

		while (k < n && s[k].id != parent)
			k++;
		if (k == n)
			return false;
		if (strncmp(s[k].detail, "MATERIALIZE ", 12) == 0)       /* once, wherever it is first asked for */
			return false;
		if (strncmp(s[k].detail, "CORRELATED", 10) == 0)
			return true;
		parent = s[k].parent;
	}
	return false;
}

static unsigned scans;

static void explain(sqlite3 *db, const struct afd_check *c, const char *sql)
{
	char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	struct step s[200];
	sqlite3_stmt *st = NULL;
	size_t n = 0;

	if (sqlite3_prepare_v2(db, text, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", c->id, sqlite3_errmsg(db));
	while (sqlite3_step(st) == SQLITE_ROW && n < AFD_COUNT(s)) {
		s[n].id = sqlite3_column_int(st, 0);
		s[n].parent = sqlite3_column_int(st, 1);
		snprintf(s[n++].detail, sizeof s[0].detail, "%s", (const char *)sqlite3_column_text(st, 3));
	}
	sqlite3_finalize(st);
	sqlite3_free(text);
	assert_true(n > 0 && n < AFD_COUNT(s));
	for (size_t i = 0; i < n; i++)
		if (strncmp(s[i].detail, "SCAN ", 5) == 0 && under_correlated(s, n, i)) {
			print_error("%s: %s inside a correlated subquery\n", c->id, s[i].detail);
			scans++;
		}
}

static void plan_of(const struct afd_check *c, void *ctx)
{
	explain(ctx, c, c->findings_sql);
	explain(ctx, c, c->population_sql);
}

static void no_scan_per_row(void **state)
{
	struct afd_error err = { 0 };
	sqlite3 *db = case_open(path, &err);

	(void)state;
	assert_non_null(db);
	assert_true(each_check(plan_of, db) >= (getenv("AFFIDAVIT_ONLY") ? 1 : 9));
	assert_int_equal(scans, 0);   /* each is named above */
	sqlite3_close(db);
}

/* The test of the test: a plan that must be refused. */
static void a_scan_per_row_is_seen(void **state)
{
	static const struct step s[] = {{1, 0, "SCAN e"}, {5, 0, "CORRELATED SCALAR SUBQUERY 1"}, {9, 5, "SCAN a"}};

	(void)state;
	assert_false(under_correlated(s, 3, 0));
	assert_true(under_correlated(s, 3, 2));
}

/* --- growth --- */

static void fill(unsigned n)
{
	struct afd_error err = { 0 };
	sqlite3 *db = case_open(path, &err);

	assert_non_null(db);
	growth_fill(db, n, (struct growth_pace){ .event_ms = 60000, .look_ms = 25 * 60000 });
	sqlite3_close(db);
}

struct cost { struct afd_store *s; int64_t steps[256]; const char *id[256]; size_t n; };

static int64_t steps_of(struct afd_store *s, const struct afd_check *c, const char *sql)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_error err = { 0 };
	int64_t v;
	int r;

	if (afd_query_open(s, sql, &q, &err) < 0 ||
	    afd_query_bind_int(q, "period_start", T0 - 90 * AFD_DAY, &err) < 0 ||
	    afd_query_bind_int(q, "period_end", T0, &err) < 0 || afd_query_bind_int(q, "as_of", T0, &err) < 0)
		fail_msg("%s: %s", c->id, err.text);
	for (size_t i = 0; i < c->n_param; i++) {
		const struct afd_param *p = &c->param[i];

		if (strcmp(p->type, "text") == 0 ? afd_query_bind_text(q, p->name, p->value, &err) < 0
						 : afd_param_int(p, &v, &err) < 0 || afd_query_bind_int(q, p->name, v, &err) < 0)
			fail_msg("%s: %s", c->id, err.text);
	}
	while ((r = afd_query_step(q, &err)) > 0)
		;
	if (r < 0)
		fail_msg("%s: %s", c->id, err.text);
	return afd_query_vm_steps(q);
}

static void cost_of(const struct afd_check *c, void *ctx)
{
	struct cost *x = ctx;

	x->id[x->n] = afd_strdup(c->id);
	x->steps[x->n++] = steps_of(x->s, c, c->findings_sql) + steps_of(x->s, c, c->population_sql);
}

static void measure(unsigned n, struct cost *x)
{
	/* what the checks before would have left for those that stand on them: one finding for each certificate */
	static const char raised_sql[] = "INSERT INTO raised (check_id, finding, resource, key, status)"
		" SELECT DISTINCT 'issuer-not-approved', 'F' || c.id, d.domain, c.tbs_key, 'fail' FROM certificate c"
		" JOIN certificate_domain d ON d.certificate_id = c.id";
	struct afd_error err = { 0 };

	fill(n);
	if (afd_store_open(path, AFD_STORE_READ, &x->s, &err) < 0 || afd_join(x->s, &err) < 0 ||
	    afd_period_fill(x->s, (struct afd_span){ T0 - 90 * AFD_DAY, T0 }, T0, &err) < 0 || afd_store_exec_joined(x->s, raised_sql, &err) < 0)
		fail_msg("%s", err.text);
	each_check(cost_of, x);
	x->s = afd_store_close(x->s);
}

/* Checks whose rows do not grow with events, and why: what the growth data does not fill proves nothing. */
static const struct { const char *check, *why; } steady[] = {
	{ "access-reviewed", "the join keeps the newest attestations alone, and so for the next seven" },
	{ "failover-tested", "attested" }, { "policy-reviewed", "attested" }, { "recovery-tested", "attested" }, { "revocation-tested", "attested" },
	{ "rollback-tested", "attested" }, { "trend-reviewed", "attested" }, { "trust-path-reviewed", "attested" },
	{ "alert-routing-defined", "a few lines of the policy" },
	{ "inventory-tiers", "domains, as many in either" },
	{ "registrar-monitored", "domains, as many in either" },
	{ "name-server-diversity", "domains, as many in either; the newest look alone counts" },
};

static bool is_steady(const char *check)
{
	for (size_t i = 0; i < AFD_COUNT(steady); i++)
		if (strcmp(steady[i].check, check) == 0)
			return true;
	return false;
}

static void growth(void **state)
{
	struct cost small = { 0 }, large = { 0 };
	unsigned steep = 0;

	(void)state;
	measure(400, &small);
	measure(4000, &large);
	assert_int_equal(small.n, large.n);
	for (size_t i = 0; i < small.n; i++) {
		print_message("# %s: %lld steps, %lld\n", small.id[i], (long long)small.steps[i],
			      (long long)large.steps[i]);
		if (large.steps[i] > 13 * small.steps[i]) {
			print_error("%s: %lld steps for 400 events, %lld for 4000\n", small.id[i], (long long)small.steps[i],
				    (long long)large.steps[i]);
			steep++;
		}
		if ((large.steps[i] < 3 * small.steps[i]) != is_steady(small.id[i])) {
			print_error("%s: %lld steps for 400 events, %lld for 4000: %s\n", small.id[i], (long long)small.steps[i], (long long)large.steps[i],
				    is_steady(small.id[i]) ? "it grows, and is listed as one that does not" : "growth.c fills no table of it");
			steep++;
		}
	}
	for (size_t i = 0; i < small.n; i++) {
		free((char *)small.id[i]);
		free((char *)large.id[i]);
	}
	assert_int_equal(steep, 0);   /* each is named above */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_scan_per_row),
		cmocka_unit_test(a_scan_per_row_is_seen),
		cmocka_unit_test(growth),
	};
	int r;

	if (!mkdtemp(work))
		return 1;
	snprintf(path, sizeof path, "%s/plan.db", work);
	r = cmocka_run_group_tests_name("plans", tests, NULL, NULL);
	case_clean(path, work);
	return r;
}
