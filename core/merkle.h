/* Merkle trees as in RFC 6962, 2.1 (the same as RFC 9162, 2.1): one code for our ledger, for the parts of an
 * item, and for Certificate Transparency logs. Leaf = SHA-256(0x00 || data), node = SHA-256(0x01 || l || r). */
#ifndef AFD_CORE_MERKLE_H
#define AFD_CORE_MERKLE_H

#include "core/digest.h"

void afd_merkle_leaf(struct afd_slice data, struct afd_digest *ret);
void afd_merkle_node(const struct afd_digest *l, const struct afd_digest *r, struct afd_digest *ret);
void afd_merkle_empty(struct afd_digest *ret);   /* SHA-256 of nothing */

/* Compact range [0, size): one hash for each set bit of size, the largest subtree first. */
struct afd_merkle { uint64_t size; unsigned n; struct afd_digest at[64]; };
int afd_merkle_append(struct afd_merkle *m, const struct afd_digest *leaf);
/* Appends the root of a full subtree of 2^height leaves; size must be a multiple of 2^height, else -1. */
int afd_merkle_append_subtree(struct afd_merkle *m, const struct afd_digest *root, unsigned height);
void afd_merkle_root(const struct afd_merkle *m, struct afd_digest *ret);
/* Root over N leaf hashes in memory. */
void afd_merkle_root_of(const struct afd_digest *leaves, size_t n, struct afd_digest *ret);

/* Proofs made from a function that gives the hash of leaf I (0, or -1 with err). The proof is appended to PROOF
 * (at most AFD_MAX_PROOF_NODES), N in and out. Cost: as many calls as the tree has leaves. */
typedef int afd_merkle_get(void *ctx, uint64_t i, struct afd_digest *ret, struct afd_error *err);
int afd_merkle_inclusion(afd_merkle_get *get, void *ctx, uint64_t index, uint64_t size,
                         struct afd_digest *proof, size_t *n, struct afd_error *err);
int afd_merkle_consistency(afd_merkle_get *get, void *ctx, uint64_t first, uint64_t second,
                           struct afd_digest *proof, size_t *n, struct afd_error *err);

/* RFC 9162, 2.1.3.2 and 2.1.4.2. true only if everything holds and nothing is left over. first == second: equal
 * roots and an empty proof; first == 0: an empty proof. */
bool afd_merkle_check_inclusion(const struct afd_digest *leaf, uint64_t index, uint64_t size,
                                const struct afd_digest *proof, size_t n, const struct afd_digest *root);
bool afd_merkle_check_consistency(uint64_t first, const struct afd_digest *first_root, uint64_t second,
                                  const struct afd_digest *second_root, const struct afd_digest *proof, size_t n);

#endif
