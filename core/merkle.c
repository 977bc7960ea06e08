#include "core/merkle.h"
#include "core/limits.h"

void afd_merkle_leaf(struct afd_slice data, struct afd_digest *ret)
{
	const struct afd_slice part[2] = { afd_slice("\0", 1), data };

	afd_sha256_parts(part, 2, ret);
}

void afd_merkle_node(const struct afd_digest *l, const struct afd_digest *r, struct afd_digest *ret)
{
	uint8_t in[65];

	in[0] = 1;
	memcpy(in + 1, l->b, 32);
	memcpy(in + 33, r->b, 32);
	afd_sha256(afd_slice(in, sizeof(in)), ret);
}

void afd_merkle_empty(struct afd_digest *ret)
{
	afd_sha256(afd_slice(NULL, 0), ret);
}

int afd_merkle_append_subtree(struct afd_merkle *m, const struct afd_digest *root, unsigned height)
{
	struct afd_digest d = *root;

	if (height > 63 || m->size & ((UINT64_C(1) << height) - 1) || m->size > UINT64_MAX - (UINT64_C(1) << height))
		return -1;
	for (unsigned h = height; m->size >> h & 1; h++)
		afd_merkle_node(&m->at[--m->n], &d, &d);
	m->at[m->n++] = d;
	m->size += UINT64_C(1) << height;
	return 0;
}

int afd_merkle_append(struct afd_merkle *m, const struct afd_digest *leaf)
{
	return afd_merkle_append_subtree(m, leaf, 0);
}

void afd_merkle_root(const struct afd_merkle *m, struct afd_digest *ret)
{
	struct afd_digest d;

	if (m->n == 0) {
		afd_merkle_empty(ret);
		return;
	}
	d = m->at[m->n - 1];
	for (unsigned i = m->n - 1; i-- > 0;)
		afd_merkle_node(&m->at[i], &d, &d);
	*ret = d;
}

void afd_merkle_root_of(const struct afd_digest *leaves, size_t n, struct afd_digest *ret)
{
	struct afd_merkle m = { 0 };

	for (size_t i = 0; i < n; i++)
		afd_merkle_append(&m, &leaves[i]);
	afd_merkle_root(&m, ret);
}

/* Largest power of two below n; n > 1 */
static uint64_t split(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static int range_root(afd_merkle_get *get, void *ctx, struct afd_range r, struct afd_digest *ret, struct afd_error *err)
{
	struct afd_merkle m = { 0 };

	for (uint64_t i = 0; i < r.len; i++) {
		struct afd_digest leaf;

		if (get(ctx, r.off + i, &leaf, err) < 0)
			return -1;
		afd_merkle_append(&m, &leaf);
	}
	afd_merkle_root(&m, ret);
	return 0;
}

/* PATH was collected from the top down; a proof is read from the bottom up. */
static int path_roots(afd_merkle_get *get, void *ctx, const struct afd_range *path, unsigned depth,
		      struct afd_digest *proof, size_t *n, struct afd_error *err)
{
	if (*n > AFD_MAX_PROOF_NODES || depth > AFD_MAX_PROOF_NODES - *n)
		return afd_fail(err, AFD_E_LIMIT, "proof: more than %u nodes", AFD_MAX_PROOF_NODES);
	for (unsigned i = 0; i < depth; i++)
		if (range_root(get, ctx, path[depth - 1 - i], &proof[*n + i], err) < 0)
			return -1;
	*n += depth;
	return 0;
}

/* RFC 9162, 2.1.3.1 */
int afd_merkle_inclusion(afd_merkle_get *get, void *ctx, uint64_t index, uint64_t size, struct afd_digest *proof,
			 size_t *n, struct afd_error *err)
{
	struct afd_range path[65];
	unsigned depth = 0;
	uint64_t lo = 0, len = size;

	if (index >= size)
		return afd_fail(err, AFD_E_USAGE, "leaf %llu is not in a tree of %llu", (unsigned long long)index,
				(unsigned long long)size);
	while (len > 1) {
		uint64_t k = split(len);

		if (index - lo < k) {
			path[depth++] = (struct afd_range){ lo + k, len - k };
			len = k;
		} else {
			path[depth++] = (struct afd_range){ lo, k };
			lo += k;
			len -= k;
		}
	}
	return path_roots(get, ctx, path, depth, proof, n, err);
}

/* RFC 9162, 2.1.4.1 */
int afd_merkle_consistency(afd_merkle_get *get, void *ctx, uint64_t first, uint64_t second, struct afd_digest *proof,
			   size_t *n, struct afd_error *err)
{
	struct afd_range path[65];
	unsigned depth = 0;
	uint64_t lo = 0, len = second, m = first;
	bool known = true;                    /* the subtree reached is the first tree itself */

	if (first > second)
		return afd_fail(err, AFD_E_USAGE, "a tree of %llu has no earlier state of %llu", (unsigned long long)second,
				(unsigned long long)first);
	if (first == 0 || first == second)
		return 0;
	while (m != len) {
		uint64_t k = split(len);

		if (m <= k) {
			path[depth++] = (struct afd_range){ lo + k, len - k };
			len = k;
		} else {
			path[depth++] = (struct afd_range){ lo, k };
			lo += k;
			len -= k;
			m -= k;
			known = false;
		}
	}
	if (!known)
		path[depth++] = (struct afd_range){ lo, len };
	return path_roots(get, ctx, path, depth, proof, n, err);
}

/* RFC 9162, 2.1.3.2 */
bool afd_merkle_check_inclusion(const struct afd_digest *leaf, uint64_t index, uint64_t size,
				const struct afd_digest *proof, size_t n, const struct afd_digest *root)
{
	struct afd_digest r = *leaf;
	uint64_t fn = index, sn = size - 1;

	if (index >= size)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			afd_merkle_node(&proof[i], &r, &r);
			for (; !(fn & 1) && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			afd_merkle_node(&r, &proof[i], &r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && afd_digest_equal(&r, root);
}

/* RFC 9162, 2.1.4.2; the cases that stand outside its loop first */
bool afd_merkle_check_consistency(uint64_t first, const struct afd_digest *first_root, uint64_t second,
				  const struct afd_digest *second_root, const struct afd_digest *proof, size_t n)
{
	struct afd_digest fr, sr, empty;
	uint64_t fn = first - 1, sn = second - 1;
	size_t i = 0;

	if (first > second)
		return false;
	if (first == second)
		return n == 0 && afd_digest_equal(first_root, second_root);
	if (first == 0) {
		afd_merkle_empty(&empty);
		return n == 0 && afd_digest_equal(first_root, &empty);
	}
	if (n == 0)
		return false;
	for (; fn & 1; fn >>= 1)
		sn >>= 1;
	fr = sr = (first & (first - 1)) == 0 ? *first_root : proof[i++];   /* a power of two is its own first node */
	for (; i < n; i++) {
		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			afd_merkle_node(&proof[i], &fr, &fr);
			afd_merkle_node(&proof[i], &sr, &sr);
			for (; !(fn & 1) && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			afd_merkle_node(&sr, &proof[i], &sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && afd_digest_equal(&fr, first_root) && afd_digest_equal(&sr, second_root);
}
