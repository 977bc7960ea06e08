/* How much slower than plain leaf hashing is reading a tile: parse, leaf hash, root, and match of 1 and of 1e6 watched
 * names? Ratios in one run; absolute figures are notes. Usage: bench_ct TILE (a data tile of 256 leaves, made by
 * tests/make-ctlog or recorded). Budget: at least 0.4 (docs/design.md 12). */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "collector/ct/ct_entry.h"
#include "collector/ct/tiles.h"
#include "core/file.h"
#include "core/merkle.h"

enum { ROUNDS = 400, LEAVES = 256 };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The yardstick: nothing but SHA-256 over each leaf. */
static double plain(const struct afd_ct_leaf *leaf, struct afd_sha256_ctx *c)
{
	struct afd_digest d;
	double t = now();

	for (int r = 0; r < ROUNDS; r++)
		for (int i = 0; i < LEAVES; i++)
			afd_ct_leaf_hash(c, &leaf[i], &d);
	return now() - t;
}

static double whole(struct afd_slice tile, const struct afd_ct_watch *w, struct afd_sha256_ctx *c, unsigned *hits)
{
	static struct afd_ct_leaf leaf[LEAVES];
	static struct afd_digest hash[LEAVES];
	struct afd_merkle tree = { 0 };
	const struct afd_ct_paths none = { 0 };
	double t = now();

	*hits = 0;
	for (int r = 0; r < ROUNDS; r++) {
		if (afd_tile_leaves(tile, LEAVES, true, leaf, NULL) < 0)
			return -1;
		for (int i = 0; i < LEAVES; i++) {
			afd_ct_leaf_hash(c, &leaf[i], &hash[i]);
			*hits += afd_ct_watch_entry(w, &leaf[i], NULL) == 1;
		}
		if (afd_ct_grow_tile(&tree, hash, &none) < 0)
			return -1;
	}
	return now() - t;
}

static int watch_of(size_t n, struct afd_ct_watch **ret)
{
	char **name = calloc(n, sizeof(*name));
	int r;

	for (size_t i = 0; name && i < n; i++)
		name[i] = afd_sprintf("name%zu.watched.test", i);
	r = name ? afd_ct_watch_new((const char *const *)name, n, ret, NULL) : -1;
	for (size_t i = 0; name && i < n; i++)
		free(name[i]);
	free(name);
	return r;
}

int main(int argc, char **argv)
{
	static struct afd_ct_leaf leaf[LEAVES];
	static const size_t sizes[] = { 1, 1000000 };
	AFD_AUTO(buf) struct afd_buf file = { 0 };
	AFD_AUTO(buf) struct afd_buf open = { 0 };
	struct afd_error err = { 0 };
	struct afd_slice tile;
	struct afd_sha256_ctx *c = afd_sha256_new();
	double yard;

	if (argc != 2 || !c || afd_file_read(argv[1], AFD_MAX_CT_TILE, &file, &err) < 0 ||
	    afd_tile_open(afd_buf_slice(&file), AFD_MAX_CT_TILE, &open, &tile, &err) < 0 ||
	    afd_tile_leaves(tile, LEAVES, true, leaf, &err) < 0) {
		fprintf(stderr, "usage: bench_ct TILE: %s\n", err.text);
		return 64;
	}
	plain(leaf, c);
	yard = plain(leaf, c);
	printf("plain leaf hashing        1.00   %9.0f entries/s\n", ROUNDS * LEAVES / yard);
	for (size_t k = 0; k < AFD_COUNT(sizes); k++) {
		struct afd_ct_watch *w = NULL;
		unsigned hits;
		double t;

		if (watch_of(sizes[k], &w) < 0)
			return 1;
		whole(tile, w, c, &hits);
		t = whole(tile, w, c, &hits);
		printf("hash, root, match %7zu %5.2f   %9.0f entries/s, %u hits\n", sizes[k], yard / t, ROUNDS * LEAVES / t, hits);
		afd_ct_watch_free(w);
	}
	afd_sha256_free(c);
	return 0;
}
