/* Every built-in check, one by one, over a store of N rows of events (1,000,000) of all kinds; the slowest beside the same
 * question answered by a hash join in C over plain reads of the tables; processor time.
 * Usage: bench_checks DIR [N]; the store is left in DIR, and N 0 uses the one that was left there.
 * AFFIDAVIT_ONLY: the checks whose name begins so.
 * Each is told on standard error when it ends; then all, the slowest first.
 * Budget: at most 3 times the hash join, or 1 s. Exit 1 where a join finds something else than its check. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "check_joins.h"
#include "core/file.h"
#include "core/limits.h"
#include "mappers/judge.h"
#include "tests/checks/growth.h"

enum { ROWS_PER_STEP = 56, SLOWEST = 5, MAX_CHECKS = 512 };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int quit(const char *what, const struct afd_error *err)
{
	fprintf(stderr, "%s: %s\n", what, err->text);
	return 1;
}

/* --- the store --- */

static int make_store(const char *path, uint64_t n, struct afd_error *err)
{
	AFD_AUTO(store) struct afd_store *s = NULL;
	const unsigned steps = n / ROWS_PER_STEP < 20 ? 20 : (unsigned)(n / ROWS_PER_STEP);
	sqlite3 *db = NULL;

	unlink(path);
	if (afd_store_open(path, AFD_STORE_CREATE, &s, err) < 0)
		return -1;
	s = afd_store_close(s);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-2000000", NULL, NULL, NULL) != SQLITE_OK)
		return afd_fail(err, AFD_E_STORE, "%s", sqlite3_errmsg(db));
	const double start = now();
	case_row(db, "item_note", "leaf", "0", "hash", "00", "kind", "answer", "source", "test", "asked", "the bench", "received_ms", "-1d", "parts",
		 "1", NULL);
	/* all stays within the 90 days of the period */
	growth_fill(db, steps, (struct growth_pace){ .event_ms = 79 * AFD_DAY / steps, .look_ms = 70 * AFD_DAY / steps });
	printf("%d rows in %u steps, filled in %.1f s\n", sqlite3_total_changes(db), steps, now() - start);
	sqlite3_close(db);
	return 0;
}

/* --- the checks, each alone --- */

struct timed { char id[80]; double seconds; size_t findings, fails; };

static int by_time(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

/* Statements, findings and results of one check, as assess runs it; the join of the tables is done. */
static int time_check(struct afd_store *s, const struct afd_check *c, struct timed *ret, struct afd_error *err)
{
	struct afd_arena arena = { 0 };
	struct afd_assessment a = { .period = { T0 - 90 * AFD_DAY, T0 }, .period_label = "bench", .as_of_ms = T0 };
	struct afd_judge j = { .s = s, .arena = &arena, .a = &a };
	int r = afd_cover_index_load(s, &arena, &j.cover, err);
	const double start = now();

	if (r == 0)
		r = afd_check_run(&j, c, err);
	snprintf(ret->id, sizeof ret->id, "%s", c->id);
	ret->seconds = now() - start;
	ret->findings = a.n_finding;
	ret->fails = 0;
	for (size_t i = 0; i < a.n_finding; i++)
		ret->fails += a.finding[i].status == AFD_FAIL;
	for (size_t i = 0; i < a.n_result && r == 0; i++)
		if (a.result[i].outcome == AFD_ERROR)
			r = afd_fail(err, AFD_E_ENGINE, "%s: %s", c->id, a.result[i].reason);
	afd_arena_release(&arena);
	return r;
}

static int time_checks(struct afd_store *s, struct timed *t, size_t *n)
{
	const char *only = getenv("AFFIDAVIT_ONLY");

	*n = 0;
	for (const struct afd_embedded *e = afd_embedded_files; e->path && *n < MAX_CHECKS; e++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		struct afd_check c;
		struct afd_error err = { 0 };

		if (strncmp(e->path, "checks/", 7) != 0 || (only && strncmp(e->path + 7, only, strlen(only)) != 0))
			continue;
		if (afd_check_parse(afd_slice(e->data, e->len), e->path, &d, &c, &err) < 0)
			return quit(e->path, &err);
		if (time_check(s, &c, &t[*n], &err) < 0)      /* over the budget of steps, and the like: said, and the rest goes on */
			printf("%s: %s\n", c.id, err.text);
		fprintf(stderr, "%3zu %s %.3f s\n", *n + 1, c.id, t[*n].seconds);
		++*n;
	}
	qsort(t, *n, sizeof *t, by_time);
	return 0;
}

/* --- beside a hash join --- */

/* 1 where the join finds something else. */
static int compare_join(struct afd_store *s, const struct timed *t, bool slow, struct afd_error *err)
{
	const struct check_join *j = check_joins;
	size_t findings[2] = { 0, (size_t)UNTOLD };

	while (j->check && strcmp(j->check, t->id) != 0)
		j++;
	if (!j->check) {
		if (slow)
			printf("%-32s %7.3f s, no hash join written\n", t->id, t->seconds);
		return 0;
	}
	const double start = now();
	if (j->count(s, findings, err) < 0)
		return -1;
	const double took = now() - start;
	const bool same = findings[0] == t->findings && (findings[1] == (size_t)UNTOLD || findings[1] == t->fails);
	printf("%-32s %7.3f s, hash join %7.3f s: %5.2f times (budget 3, or 1 s)%s\n", t->id, t->seconds, took, t->seconds / took,
	       same ? "" : "; IT COUNTS OTHERWISE");
	if (!same)
		printf("  findings, fails: %zu, %zu of the check; %zu, %zd of the join\n", t->findings, t->fails, findings[0], (ssize_t)findings[1]);
	return !same;
}

/* --- all of them, on one thread and side by side --- */

static double wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int together(const char *path, struct afd_error *err)
{
	AFD_AUTO(store) struct afd_store *s = NULL;
	static struct afd_doc *doc[MAX_CHECKS];
	static struct afd_check check[MAX_CHECKS];
	size_t n = 0;
	int r = afd_store_open(path, AFD_STORE_WRITE, &s, err);

	for (const struct afd_embedded *e = afd_embedded_files; e->path && n < MAX_CHECKS && r == 0; e++)
		if (strncmp(e->path, "checks/", 7) == 0 && (r = afd_check_parse(afd_slice(e->data, e->len), e->path, &doc[n], &check[n], err)) == 0)
			n++;
	for (unsigned workers = 1; workers <= AFD_MAX_CHECK_WORKERS && r == 0; workers *= 2) {
		AFD_AUTO(assessment) struct afd_assessment *a = NULL;
		const struct afd_assess_how how = { .alone = true, .workers = workers };
		const double cpu = now(), clock = wall();

		r = afd_assess_checks_so(s, (struct afd_span){ T0 - 90 * AFD_DAY, T0 }, "bench", T0, check, n, &how, &a, err);
		if (r == 0)
			printf("assessment on %u thread%s: %.2f s by the clock, %.2f s of processors\n", workers, workers == 1 ? "" : "s", wall() - clock, now() - cpu);
	}
	for (size_t i = 0; i < n; i++)
		afd_doc_release(&doc[i]);
	return r;
}

int main(int argc, char **argv)
{
	static struct timed t[MAX_CHECKS];
	AFD_AUTO(store) struct afd_store *s = NULL;
	struct afd_error err = { 0 };
	double sum = 0;
	bool differ = false;
	size_t n;

	if (argc < 2 || argc > 3)
		return fprintf(stderr, "usage: bench_checks DIR [N]\n"), 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	AFD_AUTO(mem) char *path = afd_sprintf("%s/checks.db", argv[1]);
	const uint64_t rows = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
	if ((rows && make_store(path, rows, &err) < 0) || afd_store_open(path, AFD_STORE_READ, &s, &err) < 0)
		return quit(argv[1], &err);
	const double start = now();
	if (afd_join(s, &err) < 0 || afd_period_fill(s, (struct afd_span){ T0 - 90 * AFD_DAY, T0 }, T0, &err) < 0)
		return quit("join", &err);
	printf("join %.2f s\n", now() - start);
	if (time_checks(s, t, &n) != 0)
		return 1;
	for (size_t i = 0; i < n; i++) {
		printf("%9.3f s %7zu findings  %s\n", t[i].seconds, t[i].findings, t[i].id);
		sum += t[i].seconds;
	}
	printf("%9.3f s  all %zu\n", sum, n);
	for (size_t i = 0; i < n; i++) {
		const int r = compare_join(s, &t[i], i < SLOWEST, &err);

		if (r < 0)
			return quit(t[i].id, &err);
		differ = differ || r;
	}
	s = afd_store_close(s);
	return !getenv("AFFIDAVIT_ONLY") && together(path, &err) < 0 ? quit("assessment", &err) : differ;
}
