/* A process that is killed at any moment leaves a store that opens, verifies and goes on. Rounds and the seed can be set
 * by AFFIDAVIT_KILL_ROUNDS and AFFIDAVIT_KILL_SEED; the seed is printed. */
#include "support.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "evidence/db.h"

static struct signer key;

/* xorshift64: the moments of the kills. */
static uint64_t chance(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* What the killed process does, until it is killed: collect in transactions with a cursor, sequence, sign, derive,
 * rebuild, erase. The number in the cursor is that of the last item put with it. */
static void work(const char *name, uint64_t seed)
{
	struct afd_store *s = NULL;
	struct afd_error err = { 0 };
	struct world w = { .now = 1, .next = (uint8_t)seed };
	const struct afd_env env = world_env(&w);
	AFD_AUTO(mem) char *cursor = NULL;
	uint64_t n, size;

	if (afd_store_open(name, AFD_STORE_CREATE, &s, &err) < 0 || afd_store_cursor(s, "src", &cursor, &err) < 0)
		_exit(1);
	if (afd_store_meta_set(s, "origin", key.name, &err) < 0 || afd_store_meta_set(s, "vkey", key.vkey, &err) < 0)
		_exit(1);
	n = cursor ? strtoull(cursor, NULL, 10) : 0;
	for (unsigned step = 0;; step++) {
		int r = afd_store_begin(s, &err);

		for (int i = 0; r == 0 && i < 20; i++) {
			char text[200];

			snprintf(text, sizeof(text), "event acc e%" PRIu64 " a.b %" PRIu64 "\n%s", n, n,
			         n % 7 == 3 ? "fail broken\n" : n % 7 == 5 ? "tables domain\nrow domain a.test name=a.test in_scope:=1\nend\n" : "");
			n++;
			put_text(s, &w, "src", "page", (int64_t)n, text);
		}
		if (r == 0) {
			char text[32];

			snprintf(text, sizeof(text), "%" PRIu64, n);
			r = afd_store_cursor_set(s, "src", text, 1, &err);
		}
		if (r == 0)
			r = afd_store_commit(s, &err);
		if (r == 0)
			r = afd_store_sequence(s, &size, &err);
		if (r == 0)
			sign_head(s, &key, size);
		if (r == 0 && step % 5 == 4)
			r = afd_rebuild(s, text_decode, NULL, &err);
		else if (r == 0)
			r = afd_derive(s, text_decode, NULL, &err);
		if (r == 0 && step % 3 == 2) {
			int64_t leaf = -1;

			r = afd_sql_number(s, "SELECT min(leaf) FROM item WHERE erased = 0 AND leaf IS NOT NULL"
			                   " AND record NOT LIKE '%kind tombstone%'", NULL, 0, &leaf, &err) < 0 ? -1 : 0;
			if (r == 0 && leaf >= 0)
				r = afd_store_erase(s, (uint64_t)leaf, "rule", "alice", &env, &err);
		}
		if (r < 0) {
			fprintf(stderr, "%s\n", err.text);
			_exit(1);
		}
	}
}

static void print_fault(void *ctx, uint64_t leaf, const char *what)
{
	(void)ctx;
	print_error("leaf %" PRIu64 ": %s\n", leaf, what);
}

/* What must hold after each kill. */
static void check(const char *name, uint64_t *signed_size)
{
	struct afd_store *s = NULL;
	struct afd_error err = { 0 };
	struct afd_ledger_report r;
	struct afd_head h = { 0 };
	AFD_AUTO(mem) char *cursor = NULL;
	AFD_AUTO(mem) char *vkey = NULL;
	AFD_AUTO(mem) char *one = NULL;
	AFD_AUTO(mem) char *other = NULL;
	int64_t n = 0, tombstones = 0;

	/* a reader may come first, and finds no fault but a tombstone that is still in the inbox; before the store was
	 * made there is nothing to read */
	if (afd_store_open(name, AFD_STORE_READ, &s, &err) == 0) {
		OK(afd_store_verify(s, NULL, NULL, NULL, &r, &err));
		assert_true(r.faults <= 1);
		s = afd_store_close(s);
	} else {
		assert_int_equal(*signed_size, 0);
		err.text[0] = '\0';
	}
	OK(afd_store_open(name, AFD_STORE_CREATE, &s, &err));
	/* the cursor and its items: both or none */
	OK(afd_store_cursor(s, "src", &cursor, &err));
	OK(afd_sql_number(s, "SELECT count(*) FROM item", NULL, 0, &n, &err));
	OK(afd_sql_number(s, "SELECT count(*) FROM item WHERE record LIKE '%kind tombstone%'", NULL, 0, &tombstones, &err));
	assert_int_equal(n - tombstones, cursor ? strtoll(cursor, NULL, 10) : 0);
	/* what was signed is still there: nothing that was committed is lost */
	sequence(s);
	OK(afd_store_meta(s, "vkey", &vkey, &err));   /* none when it was killed before it said so */
	OK(afd_store_verify(s, vkey, print_fault, NULL, &r, &err));
	assert_int_equal(r.faults, 0);
	if (afd_store_head(s, AFD_ANY_SIZE, &h, &err) == 1) {
		assert_true(h.size >= *signed_size);
		*signed_size = h.size;
		afd_head_release(&h);
	}
	/* tables that go on from where they were are those that are made anew */
	derive(s);
	one = dump_derived(s);
	OK(afd_rebuild(s, text_decode, NULL, &err));
	other = dump_derived(s);
	assert_string_equal(one, other);
	afd_store_close(s);
}

static void test_kills(void **state)
{
	const char *rounds = getenv("AFFIDAVIT_KILL_ROUNDS"), *given = getenv("AFFIDAVIT_KILL_SEED");
	const uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) | 1;
	AFD_AUTO(mem) char *name = afd_strdup(scratch());
	uint64_t x = seed, signed_size = 0;
	unsigned killed = 0;

	(void)state;
	print_message("# AFFIDAVIT_KILL_SEED=%" PRIu64 "\n", seed);
	signer_make(&key, "ledger.example/one");
	for (long i = 0; i < (rounds ? strtol(rounds, NULL, 10) : 20); i++) {
		pid_t pid;
		int status;

		fflush(stdout);
		pid = fork();
		if (pid == 0)
			work(name, x);
		/* the first rounds die young: while the store is being made */
		usleep((useconds_t)(chance(&x) % (i < 5 ? 30000 : 250000)));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSIGNALED(status))
			fail_msg("the worker ended by itself: %d", WEXITSTATUS(status));
		killed++;
		check(name, &signed_size);
	}
	assert_true(killed == 0 || signed_size > 0);
	scratch_remove();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kills),
	};

	return cmocka_run_group_tests_name("evidence kill", tests, NULL, NULL);
}
