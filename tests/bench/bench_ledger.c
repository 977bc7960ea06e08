/* A ledger of N items (1,000,000): how long writing, sequencing, the root, one inclusion proof and verifying all of it take, and how much memory.
 * Usage: bench_ledger FILE [N]; FILE is made and must not exist. The yardstick is hashing the same records and bytes and
 * nothing else; absolute figures are notes (docs/design.md 12). */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "evidence/plain.h"

enum { BATCH = 10000, PROOFS = 1000, PART = 64, PARTS = 4 };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long peak_mb(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss / 1024;
}

static uint64_t state = 1;

static int some_bytes(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
		out[i] = (uint8_t)(state >> 33);
	}
	return 0;
}

static int64_t a_time(void *ctx)
{
	(void)ctx;
	return INT64_C(1790000000000);
}

static const struct afd_env env = { .now_ms = a_time, .random = some_bytes };

static int put_one(struct afd_store *s, uint64_t i, struct afd_error *err)
{
	struct afd_range at[PARTS];
	char text[PART * PARTS];
	const struct afd_draft d = { .kind = AFD_ITEM_SEGMENT, .source = "ns1-updates", .decoder = "bind-update-log", .asked = "/var/log/named/update.log",
		.channel = "file", .media_type = "text/plain", .asked_ms = 1, .received_ms = (int64_t)i, .server_ms = AFD_TIME_NONE,
		.bytes = { (const uint8_t *)text, PART * PARTS }, .parts = { at, PARTS, PARTS } };

	for (unsigned k = 0; k < PARTS; k++) {
		char number[24];

		snprintf(number, sizeof(number), "%014" PRIu64 " %u ", i, k);
		memset(text + (size_t)k * PART, 'x', PART);
		memcpy(text + (size_t)k * PART, number, strlen(number));
		text[(size_t)k * PART + PART - 1] = '\n';
		at[k] = (struct afd_range){ (uint64_t)k * PART, PART };
	}
	return afd_store_put(s, &d, &env, err);
}

static int fill(struct afd_store *s, uint64_t n, struct afd_error *err)
{
	for (uint64_t i = 0; i < n;) {
		if (afd_store_begin(s, err) < 0)
			return -1;
		for (uint64_t end = i + BATCH; i < end && i < n; i++)
			if (put_one(s, i, err) < 0)
				return -1;
		if (afd_store_commit(s, err) < 0)
			return -1;
	}
	return 0;
}

static void say(const char *what, double t, double per, const char *unit)
{
	printf("%-28s %8.2f s  %10.1f %s  peak %ld MB\n", what, t, per, unit, peak_mb());
	fflush(stdout);
}

static int plain_leaf(void *ctx, const struct afd_leaf_line *l, struct afd_slice record, struct afd_slice lengths, struct afd_error *err)
{
	static const uint8_t bytes[PART * PARTS];
	struct afd_digest d;

	(void)l, (void)lengths, (void)err;
	afd_record_leaf(record, &d);
	afd_sha256(afd_slice(bytes, sizeof(bytes)), &d);
	*(uint64_t *)ctx += d.b[0];
	return 0;
}

static int proofs(struct afd_store *s, uint64_t n, struct afd_error *err)
{
	struct afd_digest proof[AFD_MAX_PROOF_NODES], root, leaf;
	size_t len = 0;

	if (afd_store_root(s, n, &root, err) < 0)
		return -1;
	for (uint64_t i = 0; i < PROOFS; i++) {
		const uint64_t at = i * 7919 % n;

		if (afd_store_inclusion(s, at, n, proof, &len, err) < 0 || afd_store_leaf_hash(s, at, &leaf, err) < 0)
			return -1;
		if (!afd_merkle_check_inclusion(&leaf, at, n, proof, len, &root))
			return afd_fail(err, AFD_E_VERIFY, "a proof that does not hold");
	}
	return 0;
}

static int bench(struct afd_store *s, uint64_t n, struct afd_error *err)
{
	struct afd_ledger_report r = { 0 };
	struct afd_digest root;
	uint64_t sum = 0;
	double t = now(), yard;

	if (fill(s, n, err) < 0)
		return -1;
	say("put", now() - t, (double)n / (now() - t), "items/s");
	t = now();
	if (afd_store_sequence(s, NULL, err) < 0)
		return -1;
	say("sequence", now() - t, (double)n / (now() - t), "items/s");
	t = now();
	for (int i = 0; i < 100; i++)
		if (afd_store_root(s, n, &root, err) < 0)
			return -1;
	say("root, 100 times", now() - t, (now() - t) * 1e4, "us each");
	t = now();
	if (proofs(s, n, err) < 0)
		return -1;
	say("inclusion proof, 1000 times", now() - t, (now() - t) * 1e6 / PROOFS, "us each");
	t = now();
	if (afd_plain_leaves(s, n, plain_leaf, &sum, err) < 0)
		return -1;
	yard = now() - t;
	say("read and hash, no checks", yard, (double)n / yard, "items/s");
	t = now();
	if (afd_store_verify(s, NULL, NULL, NULL, &r, err) < 0)
		return -1;
	say("verify all", now() - t, (double)n / (now() - t), "items/s");
	printf("%-28s %8.2f times the line before\n", "", (now() - t) / yard);
	return r.faults ? afd_fail(err, AFD_E_VERIFY, "the ledger does not hold") : 0;
}

int main(int argc, char **argv)
{
	AFD_AUTO(store) struct afd_store *s = NULL;
	struct afd_error err = { 0 };
	const uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;

	if (argc < 2 || n == 0) {
		fprintf(stderr, "usage: bench_ledger FILE [N]\n");
		return 64;
	}
	if (afd_store_open(argv[1], AFD_STORE_CREATE, &s, &err) < 0 || bench(s, n, &err) < 0) {
		fprintf(stderr, "bench_ledger: %s\n", err.text);
		return 1;
	}
	return 0;
}
