/* libs: collector core crypto. A MerkleTreeLeaf: what is read covers every byte, and its hash is that of the bytes. */
#include "collector/ct/ct_entry.h"
#include "core/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "example.test" };
	static struct afd_ct_watch *w;
	static struct afd_sha256_ctx *sha;
	struct afd_digest a, b;
	struct afd_ct_leaf leaf;

	if (!w && (afd_ct_watch_new(names, 1, &w, NULL) < 0 || !(sha = afd_sha256_new())))
		return 0;
	if (afd_ct_merkle_leaf(afd_slice(data, size), &leaf, NULL) < 0)
		return 0;
	if (leaf.timestamped.len + 2 != size)
		abort();
	afd_ct_leaf_hash(sha, &leaf, &a);
	afd_merkle_leaf(afd_slice(data, size), &b);
	if (!afd_digest_equal(&a, &b))
		abort();
	(void)afd_ct_watch_entry(w, &leaf, NULL);
	return 0;
}
