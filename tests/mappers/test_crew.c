/* Checks side by side: the same assessment whoever runs them, and an end to all when one must end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <pthread.h>

#include <cmocka.h>

#include "../checks/case.h"
#include "../checks/growth.h"
#include "core/file.h"
#include "evidence/db.h"
#include "mappers/judge.h"

enum { CHECKS = 512 };

static char work[] = "/tmp/affidavit-crew-XXXXXX", path[64];
static const struct afd_span quarter = { T0 - 90 * AFD_DAY, T0 };
static struct afd_doc *doc[CHECKS];
static struct afd_check check[CHECKS];
static size_t n_check;

/* One that cannot run, and one that does not end: faults are told in their place too. */
static const char *const faulty[] = {
	"/*\nid: m-broken\ntitle: T\nseverity: high\nresource: thing\nwhy: W.\nremedy: R.\n*/\nSELECT nothing\n-- population\nSELECT 1",
	"/*\nid: m-endless\ntitle: T\nseverity: high\nresource: thing\nwhy: W.\nremedy: R.\n*/\n"
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n\n-- population\n"
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'a' AS resource, NULL AS evidence, NULL AS scope, 0 AS need_from, 0 AS need_to,"
	" NULL AS grade FROM n WHERE i < 0",
};

static int read_check(struct afd_slice text, const char *name)
{
	struct afd_error err = { 0 };

	if (n_check == CHECKS || afd_check_parse(text, name, &doc[n_check], &check[n_check], &err) < 0)
		return -1;
	n_check++;
	return 0;
}

static int make(void **state)
{
	struct afd_error err = { 0 };
	sqlite3 *db = case_open(path, &err);

	(void)state;
	if (!db)
		return -1;
	growth_fill(db, 40, (struct growth_pace){ .event_ms = 60 * 60000, .look_ms = 60 * 60000 });
	sqlite3_close(db);
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++)
		if (strncmp(e->path, "checks/", 7) == 0 && read_check(afd_slice(e->data, e->len), e->path) < 0)
			return -1;
	for (size_t i = 0; i < AFD_COUNT(faulty); i++)
		if (read_check(afd_slice_text(faulty[i]), NULL) < 0)
			return -1;
	return 0;
}

static int clean(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_check; i++)
		afd_doc_release(&doc[i]);
	case_clean(path, work);
	return 0;
}

/* --- the same from one, two and four --- */

struct heard { pthread_t caller; uint64_t last, total; bool wrong; volatile int stop; uint64_t stop_at; };

static void hear(void *ctx, uint64_t done, uint64_t total)
{
	struct heard *h = ctx;

	h->wrong |= !pthread_equal(pthread_self(), h->caller) || done != h->last + 1;
	h->last = done;
	h->total = total;
	if (done == h->stop_at)
		__atomic_store_n(&h->stop, 1, __ATOMIC_RELAXED);
}

static int assess(struct afd_store *s, unsigned workers, struct heard *h, struct afd_assessment **ret, struct afd_error *err)
{
	h->caller = pthread_self();

	const struct afd_assess_how how = { .step = hear, .ctx = h, .stop = &h->stop, .workers = workers };

	return afd_assess_checks_so(s, quarter, "q", T0, check, n_check, &how, ret, err);
}

static void same_texts(const char *const *x, size_t n, const char *const *y, size_t m)
{
	assert_int_equal(n, m);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(x[i], y[i]);
}

static void same(const struct afd_assessment *x, const struct afd_assessment *y)
{
	assert_int_equal(x->n_result, y->n_result);
	for (size_t i = 0; i < x->n_result; i++) {
		const struct afd_result *a = &x->result[i], *b = &y->result[i];

		assert_string_equal(a->check->id, b->check->id);
		assert_string_equal(a->resource, b->resource);
		assert_int_equal(a->outcome, b->outcome);
		assert_true(afd_same_text(a->reason, b->reason));
		assert_int_equal(a->n_need, b->n_need);
	}
	assert_int_equal(x->n_finding, y->n_finding);
	for (size_t i = 0; i < x->n_finding; i++) {
		const struct afd_finding *a = &x->finding[i], *b = &y->finding[i];

		assert_string_equal(a->id, b->id);
		assert_true(afd_same_text(a->state, b->state));
		same_texts(a->reason, a->n_reason, b->reason, b->n_reason);
		assert_int_equal(a->n_evidence, b->n_evidence);
		for (size_t k = 0; k < a->n_evidence; k++) {
			assert_int_equal(a->evidence[k].row, b->evidence[k].row);
			assert_string_equal(a->evidence[k].what, b->evidence[k].what);
		}
	}
	assert_int_equal(x->comparison.closed, y->comparison.closed);
	assert_int_equal(x->comparison.n_gone, y->comparison.n_gone);
}

static void same_whoever_runs_them(void **state)
{
	static const unsigned workers[] = { 1, 2, 4 };
	AFD_AUTO(assessment) struct afd_assessment *first = NULL;
	AFD_AUTO(store) struct afd_store *s = NULL;
	struct afd_error err = { 0 };
	uint64_t steps = 0;

	(void)state;
	if (afd_store_open(path, AFD_STORE_WRITE, &s, &err) < 0)
		fail_msg("%s", err.text);
	afd_query_budget(s, 2000000);
	for (size_t i = 0; i < AFD_COUNT(workers); i++) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		struct heard h = { .stop_at = UINT64_MAX };
		unsigned errors = 0;

		if (assess(s, workers[i], &h, &a, &err) < 0)
			fail_msg("%u workers: %s", workers[i], err.text);
		for (size_t k = 0; k < a->n_result; k++)
			errors += a->result[k].outcome == AFD_ERROR;
		assert_int_equal(errors, AFD_COUNT(faulty));
		assert_true(a->n_finding > 1000);
		assert_false(h.wrong);
		assert_int_equal(h.last, h.total);
		if (!first) {
			first = a;
			a = NULL;
			steps = h.last;
			continue;
		}
		assert_int_equal(h.last, steps);
		same(first, a);
	}
}

/* --- the end of all --- */

static void all_end_when_told(void **state)
{
	AFD_AUTO(store) struct afd_store *s = NULL;
	struct afd_error err = { 0 };

	(void)state;
	if (afd_store_open(path, AFD_STORE_WRITE, &s, &err) < 0)
		fail_msg("%s", err.text);
	afd_query_budget(s, 2000000);
	/* in the first period, and in the one before it */
	for (unsigned i = 0; i < 2; i++) {
		struct heard h = { .stop_at = i ? n_check + 5 : 5 };
		struct afd_assessment *a = NULL;

		assert_int_equal(assess(s, 4, &h, &a, &err), -1);
		assert_non_null(strstr(err.text, "stopped"));
		assert_int_equal(h.last, h.stop_at);             /* whatever others had done by then */
	}
}

/* --- who has helpers --- */

static void readers_beside_a_writer(void **state)
{
	struct afd_store *s = NULL, *b = NULL;
	struct afd_crew *c = NULL;
	struct afd_error err = { 0 };
	AFD_AUTO(query) struct afd_query *q = NULL;

	(void)state;
	assert_int_equal(afd_store_open(path, AFD_STORE_READ, &s, &err), 0);
	assert_int_equal(afd_store_beside(s, &b, &err), 0);
	assert_null(b);                                   /* a collection may write what it would not see */
	s = afd_store_close(s);
	assert_int_equal(afd_store_open(":memory:", AFD_STORE_CREATE, &s, &err), 0);
	assert_int_equal(afd_store_beside(s, &b, &err), 0);
	assert_null(b);
	s = afd_store_close(s);

	assert_int_equal(afd_store_open(path, AFD_STORE_WRITE, &s, &err), 0);
	assert_int_equal(afd_store_begin(s, &err), 0);
	assert_int_equal(afd_store_beside(s, &b, &err), 0);
	assert_null(b);                                   /* it would not see what is not committed */
	afd_store_rollback(s);
	assert_int_equal(afd_crew_open(s, 0, &c, &err), 0);
	assert_null(c);                                   /* too small to be worth it */
	assert_int_equal(afd_crew_open(s, 100, &c, &err), 0);
	assert_non_null(c);
	c = afd_crew_close(c);

	assert_int_equal(afd_store_beside(s, &b, &err), 0);
	assert_non_null(b);
	assert_int_equal(afd_store_exec_joined(s, "DELETE FROM raised; INSERT INTO raised VALUES ('c', 'f', 'r', 'k', 'fail')", &err), 0);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(again ? afd_store_look_again(b, &err) : 0, 0);
		assert_int_equal(afd_query_open(b, "SELECT COUNT(*) FROM raised", &q, &err), 0);
		assert_int_equal(afd_query_step(q, &err), 1);
		assert_int_equal(afd_query_int(q, 0), again);
		afd_query_release(&q);
	}
	afd_store_close(b);
	afd_store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_beside_a_writer),
		cmocka_unit_test(same_whoever_runs_them),
		cmocka_unit_test(all_end_when_told),
	};

	if (!mkdtemp(work))
		return 1;
	snprintf(path, sizeof path, "%s/crew.db", work);
	return cmocka_run_group_tests_name("crew", tests, make, clean);
}
