/* Tiles: where they are, and a tree that grows over them and makes the proofs of its hits on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <libdeflate.h>

#include "collector/ct/tiles.h"

static void paths(void **state)
{
	static const struct { int level; uint64_t n; unsigned width; const char *path; } row[] = {
		{ 0, 0, 256, "tile/0/000" },
		{ AFD_TILE_DATA, 0, 256, "tile/data/000" },
		{ AFD_TILE_DATA, 1234067, 256, "tile/data/x001/x234/067" },
		{ 2, 999, 1, "tile/2/999.p/1" },
		{ 1, 1000, 255, "tile/1/x001/000.p/255" },
		{ 5, UINT64_MAX, 256, "tile/5/x018/x446/x744/x073/x709/x551/615" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf b = { 0 };

		assert_int_equal(afd_tile_path(row[i].level, row[i].n, row[i].width, &b), 0);
		assert_string_equal((char *)b.data, row[i].path);
	}
}

static void widths(void **state)
{
	/* 70,000 entries is the example of static-ct-api */
	static const struct { int level; uint64_t n, size; unsigned width; } row[] = {
		{ AFD_TILE_DATA, 0, 70000, 256 }, { AFD_TILE_DATA, 272, 70000, 256 }, { AFD_TILE_DATA, 273, 70000, 112 }, { AFD_TILE_DATA, 274, 70000, 0 },
		{ 0, 273, 70000, 112 }, { 1, 0, 70000, 256 }, { 1, 1, 70000, 17 }, { 1, 2, 70000, 0 }, { 2, 0, 70000, 1 }, { 3, 0, 70000, 0 },
		{ 0, 0, 0, 0 }, { 0, 0, 1, 1 }, { 0, 0, 256, 256 }, { 0, 1, 256, 0 }, { 5, 0, UINT64_MAX, 256 }, { 0, UINT64_MAX / 256, UINT64_MAX, 255 },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++)
		if (afd_tile_width(row[i].level, row[i].n, row[i].size) != row[i].width)
			fail_msg("row %zu: expected %u, got %u", i, row[i].width, afd_tile_width(row[i].level, row[i].n, row[i].size));
}

/* --- a tree of any size with proofs for all its leaves --- */

enum { MOST = 700 };
static struct afd_digest leaves[MOST];

static int make_leaves(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MOST; i++)
		afd_merkle_leaf(afd_slice(&i, sizeof(i)), &leaves[i]);
	return 0;
}

struct tracked { struct afd_ct_path path[MOST], *at[MOST]; size_t n; };

/* Grows TREE to SIZE as the provider does: tile by tile, single leaves where no whole tile fits; EACH-th leaf is a hit. */
static void grow_to(struct afd_merkle *tree, uint64_t size, struct tracked *t, unsigned each)
{
	while (tree->size < size) {
		bool whole = tree->size % 256 == 0 && size - tree->size >= 256;
		uint64_t end = tree->size + (whole ? 256 : 1);
		struct afd_ct_paths p;

		for (uint64_t i = tree->size; t && i < end; i++)
			if (i % each == 0) {
				t->path[t->n] = (struct afd_ct_path){ .index = i };
				t->at[t->n] = &t->path[t->n];
				t->n++;
			}
		p = (struct afd_ct_paths){ t ? t->at : NULL, t ? t->n : 0 };
		if (whole)
			assert_int_equal(afd_ct_grow_tile(tree, &leaves[tree->size], &p), 0);
		else
			assert_int_equal(afd_ct_grow(tree, &leaves[tree->size], 0, &p), 0);
	}
}

static void proofs_hold(const struct tracked *t, uint64_t size, const struct afd_digest *root)
{
	for (size_t i = 0; i < t->n; i++)
		if (!afd_merkle_check_inclusion(&leaves[t->path[i].index], t->path[i].index, size, t->path[i].at, t->path[i].n, root))
			fail_msg("the proof of leaf %u in a tree of %u does not hold", (unsigned)t->path[i].index, (unsigned)size);
}

static void proofs_of_every_leaf_of_every_size(void **state)
{
	struct tracked *t = malloc(sizeof(*t));

	(void)state;
	for (uint64_t size = 0; size <= MOST; size += size < 40 ? 1 : 33) {
		struct afd_merkle tree = { 0 };
		struct afd_digest root, want;
		struct afd_ct_paths p;

		t->n = 0;
		grow_to(&tree, size, t, size < 40 ? 1 : 7);
		p = (struct afd_ct_paths){ t->at, t->n };
		afd_ct_finish(&tree, &root, &p);
		afd_merkle_root_of(leaves, size, &want);
		assert_true(afd_digest_equal(&root, &want));
		afd_merkle_root(&tree, &want);
		assert_true(afd_digest_equal(&root, &want));
		proofs_hold(t, size, &root);
	}
	free(t);
}

/* Hits before a point, the rest only by hashes of tiles. */
static void proofs_over_strides(void **state)
{
	static const struct { uint64_t at, size; } row[] = {
		{ 0, 1 }, { 0, 256 }, { 0, 700 }, { 256, 256 }, { 256, 257 }, { 256, 512 }, { 256, 700 }, { 512, 699 }, { 10, 300 }, { 255, 700 },
	};
	struct tracked *t = malloc(sizeof(*t));

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		struct afd_merkle tree = { 0 };
		struct afd_digest root, want, hash;
		struct afd_ct_paths p;
		unsigned level, item, hashes = 0;
		uint64_t n;

		t->n = 0;
		grow_to(&tree, row[i].at, t, 3);
		p = (struct afd_ct_paths){ t->at, t->n };
		while (afd_ct_stride(tree.size, row[i].size, &level, &n, &item)) {
			uint64_t span = UINT64_C(1) << 8 * level;

			assert_int_equal((n * 256 + item) * span, tree.size);
			assert_true(tree.size + span <= row[i].size);
			assert_true(item < afd_tile_width((int)level, n, row[i].size));
			afd_merkle_root_of(&leaves[tree.size], span, &hash);
			assert_int_equal(afd_ct_grow(&tree, &hash, 8 * level, &p), 0);
			hashes++;
		}
		assert_int_equal(tree.size, row[i].size);
		assert_true(hashes <= 255 * 2 + 2);
		afd_ct_finish(&tree, &root, &p);
		afd_merkle_root_of(leaves, row[i].size, &want);
		assert_true(afd_digest_equal(&root, &want));
		proofs_hold(t, row[i].size, &root);
	}
	free(t);
}

static void a_subtree_must_fit_its_place(void **state)
{
	struct afd_merkle tree = { 0 };

	(void)state;
	assert_int_equal(afd_ct_grow(&tree, &leaves[0], 0, NULL), 0);
	assert_int_equal(afd_ct_grow(&tree, &leaves[0], 1, NULL), -1);
	assert_int_equal(afd_ct_grow_tile(&tree, leaves, NULL), -1);
	assert_int_equal(afd_ct_grow(&tree, &leaves[0], 64, NULL), -1);
	assert_int_equal(tree.size, 1);
}

static void large_sizes_stride_in_few_steps(void **state)
{
	uint64_t at = 0, size = UINT64_C(1587930800), n;
	unsigned level, item, tiles = 0, last_level = 99;
	uint64_t last_n = UINT64_MAX;

	(void)state;
	while (afd_ct_stride(at, size, &level, &n, &item)) {
		tiles += level != last_level || n != last_n;
		last_level = level;
		last_n = n;
		at += UINT64_C(1) << 8 * level;
	}
	assert_int_equal(at, size);
	assert_int_equal(tiles, 4);
}

/* --- gzip --- */

static void gzip_is_opened_under_its_ceiling(void **state)
{
	enum { N = 100000 };
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
	uint8_t *plain = calloc(1, N), *packed = malloc(N);
	AFD_AUTO(buf) struct afd_buf buf = { 0 };
	struct afd_error err = { 0 };
	struct afd_slice got, bytes;

	(void)state;
	bytes = afd_slice(packed, libdeflate_gzip_compress(c, plain, N, packed, N));
	libdeflate_free_compressor(c);
	assert_int_equal(afd_tile_open(bytes, N, &buf, &got, &err), 0);
	assert_int_equal(got.len, N);
	assert_memory_equal(got.data, plain, N);
	assert_int_equal(afd_tile_open(bytes, N - 1, &buf, &got, &err), -1);
	assert_int_equal(err.code, AFD_E_LIMIT);
	assert_int_equal(afd_tile_open(afd_slice_sub(bytes, 0, bytes.len - 1), N, &buf, &got, &err), -1);
	packed[bytes.len - 8] ^= 1;       /* its CRC-32 */
	assert_int_equal(afd_tile_open(bytes, N, &buf, &got, &err), -1);
	assert_int_equal(err.code, AFD_E_PARSE);
	assert_int_equal(afd_tile_open(afd_slice(plain, N), 1, &buf, &got, &err), 0);      /* no gzip: as it is */
	assert_ptr_equal(got.data, plain);
	free(plain);
	free(packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(widths),
		cmocka_unit_test(proofs_of_every_leaf_of_every_size),
		cmocka_unit_test(proofs_over_strides),
		cmocka_unit_test(a_subtree_must_fit_its_place),
		cmocka_unit_test(large_sizes_stride_in_few_steps),
		cmocka_unit_test(gzip_is_opened_under_its_ceiling),
	};

	return cmocka_run_group_tests(tests, make_leaves, NULL);
}
