#include "check.h"
#include "core/limits.h"
#include "core/merkle.h"

#define SIZES 40

static struct afd_digest leaf[SIZES], root[SIZES];

/* RFC 6962, 2.1 word for word: the oracle for everything else */
static void mth(size_t from, size_t n, struct afd_digest *ret)
{
	struct afd_digest l, r;
	size_t k = 1;

	if (n == 1) {
		*ret = leaf[from];
		return;
	}
	while (k * 2 < n)
		k *= 2;
	mth(from, k, &l);
	mth(from + k, n - k, &r);
	afd_merkle_node(&l, &r, ret);
}

static int make_tree(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZES; i++) {
		uint8_t b[2] = { (uint8_t)i, 0x55 };

		afd_merkle_leaf(afd_slice(b, i % 3), &leaf[i]);
	}
	afd_merkle_empty(&root[0]);
	for (size_t n = 1; n < SIZES; n++)
		mth(0, n, &root[n]);
	return 0;
}

static int get_leaf(void *ctx, uint64_t i, struct afd_digest *ret, struct afd_error *err)
{
	size_t *calls = ctx;

	if (i >= SIZES)
		return afd_fail(err, AFD_E_STORE, "no such leaf");
	++*calls;
	*ret = leaf[i];
	return 0;
}

/* Eight leaves and their roots from the reference tests of Certificate Transparency */
static void known_roots(void **state)
{
	static const struct { const char *data; size_t len; const char *root; } row[] = {
		{ "", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
		{ "\0", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
		{ "\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
		{ "\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
		{ "\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
		{ "\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
		{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
		{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
		  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
	};
	struct afd_merkle m = { 0 };
	struct afd_digest d;

	(void)state;
	afd_merkle_root(&m, &d);
	assert_string_equal(afd_digest_hex(&d).s, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		afd_merkle_leaf(afd_slice(row[i].data, row[i].len), &d);
		assert_int_equal(afd_merkle_append(&m, &d), 0);
		afd_merkle_root(&m, &d);
		assert_string_equal(afd_digest_hex(&d).s, row[i].root);
	}
}

static void compact_range_gives_the_same_roots(void **state)
{
	struct afd_merkle m = { 0 };
	struct afd_digest d;

	(void)state;
	for (size_t n = 0; n < SIZES; n++) {
		afd_merkle_root(&m, &d);
		assert_true(afd_digest_equal(&d, &root[n]));
		afd_merkle_root_of(leaf, n, &d);
		assert_true(afd_digest_equal(&d, &root[n]));
		assert_int_equal(m.size, n);
		assert_int_equal(m.n, __builtin_popcountll(n));
		assert_int_equal(afd_merkle_append(&m, &leaf[n]), 0);
	}
}

static void whole_subtrees_can_be_appended(void **state)
{
	struct afd_merkle m = { 0 };
	struct afd_digest d;

	(void)state;
	for (unsigned height = 0; height < 4; height++)        /* 16 = 8 + 8: the largest first, then 4 2 1 */
		for (size_t at = 0; at + (1u << height) < SIZES; at += 1u << height) {
			mth(at, 1u << height, &d);
			if (at == 0)
				m = (struct afd_merkle){ 0 };
			assert_int_equal(afd_merkle_append_subtree(&m, &d, height), 0);
			afd_merkle_root(&m, &d);
			assert_true(afd_digest_equal(&d, &root[at + (1u << height)]));
		}
	m = (struct afd_merkle){ .size = 6, .n = 2 };
	assert_int_equal(afd_merkle_append_subtree(&m, &d, 2), -1);       /* 6 is not a multiple of 4 */
	assert_int_equal(afd_merkle_append_subtree(&m, &d, 64), -1);
	m = (struct afd_merkle){ .size = UINT64_MAX, .n = 64 };
	assert_int_equal(afd_merkle_append(&m, &d), -1);
	assert_int_equal(m.n, 64);
}

static unsigned refused;

/* Whatever is changed in a proof of inclusion, it no longer holds. */
static void tamper_inclusion(uint64_t index, uint64_t size, struct afd_digest *proof, size_t n)
{
	struct afd_digest other = leaf[index];

	other.b[7] ^= 1;
	assert_false(afd_merkle_check_inclusion(&other, index, size, proof, n, &root[size]));
	assert_false(afd_merkle_check_inclusion(&leaf[index], index, size, proof, n + 1, &root[size]));
	assert_false(afd_merkle_check_inclusion(&leaf[index], size, size, proof, n, &root[size]));
	assert_false(afd_merkle_check_inclusion(&leaf[index], index, 0, proof, n, &root[size]));
	refused += 4;
	for (size_t i = 0; i < n; i++, refused += 2) {
		proof[i].b[i] ^= 0x80;
		assert_false(afd_merkle_check_inclusion(&leaf[index], index, size, proof, n, &root[size]));
		proof[i].b[i] ^= 0x80;
		assert_false(afd_merkle_check_inclusion(&leaf[index], index, size, proof, i, &root[size]));
	}
	for (uint64_t k = 0; k < size; k++)
		if (k != index) {
			assert_false(afd_merkle_check_inclusion(&leaf[index], k, size, proof, n, &root[size]));
			refused++;
		}
}

static void every_inclusion_proof(void **state)
{
	unsigned proofs = 0;

	(void)state;
	refused = 0;
	for (uint64_t size = 1; size < SIZES; size++)
		for (uint64_t index = 0; index < size; index++, proofs++) {
			struct afd_digest proof[AFD_MAX_PROOF_NODES + 1] = { 0 };
			size_t n = 0, calls = 0;

			assert_int_equal(afd_merkle_inclusion(get_leaf, &calls, index, size, proof, &n, NULL), 0);
			assert_int_equal(calls, size - 1);
			assert_true(afd_merkle_check_inclusion(&leaf[index], index, size, proof, n, &root[size]));
			tamper_inclusion(index, size, proof, n);
		}
	assert_int_equal(proofs, 39 * 40 / 2);
	assert_true(refused > 20000);
}

static void tamper_consistency(uint64_t first, uint64_t second, struct afd_digest *proof, size_t n)
{
	struct afd_digest a = root[first], b = root[second];

	a.b[3] ^= 1;
	b.b[30] ^= 1;
	assert_false(afd_merkle_check_consistency(first, &a, second, &root[second], proof, n));
	if (first > 0)                                /* every tree begins with the empty one */
		assert_false(afd_merkle_check_consistency(first, &root[first], second, &b, proof, n));
	assert_false(afd_merkle_check_consistency(first, &root[first], second, &root[second], proof, n + 1));
	assert_false(afd_merkle_check_consistency(second + 1, &root[first], second, &root[second], proof, n));
	refused += 4;
	for (size_t i = 0; i < n; i++, refused += 2) {
		proof[i].b[i] ^= 0x80;
		assert_false(afd_merkle_check_consistency(first, &root[first], second, &root[second], proof, n));
		proof[i].b[i] ^= 0x80;
		assert_false(afd_merkle_check_consistency(first, &root[first], second, &root[second], proof, i));
	}
}

static void every_consistency_proof(void **state)
{
	unsigned proofs = 0;

	(void)state;
	refused = 0;
	for (uint64_t second = 0; second < SIZES; second++)
		for (uint64_t first = 0; first <= second; first++, proofs++) {
			struct afd_digest proof[AFD_MAX_PROOF_NODES + 1] = { 0 };
			size_t n = 0, calls = 0;

			assert_int_equal(afd_merkle_consistency(get_leaf, &calls, first, second, proof, &n, NULL), 0);
			assert_true(calls <= second);
			assert_int_equal(n == 0, first == 0 || first == second);
			assert_true(afd_merkle_check_consistency(first, &root[first], second, &root[second], proof, n));
			tamper_consistency(first, second, proof, n);
		}
	assert_int_equal(proofs, 40 * 41 / 2);
	assert_true(refused > 5000);
}

/* A tree that forgot or changed an old leaf is never consistent with the old one. */
static void a_rewritten_tree_is_not_consistent(void **state)
{
	struct afd_digest proof[AFD_MAX_PROOF_NODES], was = leaf[4], other;
	size_t n = 0, calls = 0;

	(void)state;
	leaf[4].b[0] ^= 1;
	mth(0, 12, &other);
	assert_int_equal(afd_merkle_consistency(get_leaf, &calls, 7, 12, proof, &n, NULL), 0);
	leaf[4] = was;
	assert_false(afd_merkle_check_consistency(7, &root[7], 12, &other, proof, n));
}

static void proofs_that_cannot_be(void **state)
{
	struct afd_digest proof[AFD_MAX_PROOF_NODES];
	size_t n = 0, calls = 0;
	struct afd_error e;

	(void)state;
	assert_error(afd_merkle_inclusion(get_leaf, &calls, 5, 5, proof, &n, &e), &e, AFD_E_USAGE,
		     "leaf 5 is not in a tree of 5");
	assert_error(afd_merkle_consistency(get_leaf, &calls, 6, 5, proof, &n, &e), &e, AFD_E_USAGE,
		     "a tree of 5 has no earlier state of 6");
	assert_error(afd_merkle_inclusion(get_leaf, &calls, 0, 41, proof, &n, &e), &e, AFD_E_STORE, "no such leaf");
	n = AFD_MAX_PROOF_NODES - 1;
	assert_error(afd_merkle_inclusion(get_leaf, &calls, 0, 4, proof, &n, &e), &e, AFD_E_LIMIT,
		     "proof: more than 64 nodes");
	/* the proof is appended */
	n = 1;
	assert_int_equal(afd_merkle_inclusion(get_leaf, &calls, 0, 4, proof, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_true(afd_merkle_check_inclusion(&leaf[0], 0, 4, proof + 1, 2, &root[4]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_roots),
		cmocka_unit_test(compact_range_gives_the_same_roots),
		cmocka_unit_test(whole_subtrees_can_be_appended),
		cmocka_unit_test(every_inclusion_proof),
		cmocka_unit_test(every_consistency_proof),
		cmocka_unit_test(a_rewritten_tree_is_not_consistent),
		cmocka_unit_test(proofs_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, make_tree, NULL);
}
