/* Merkle proofs as text, for people with sha256sum (docs/proof-format.md): two numbers, then a hash in each line. */
#ifndef AFD_CORE_PROOF_H
#define AFD_CORE_PROOF_H

#include "core/limits.h"
#include "core/merkle.h"

enum afd_proof_kind { AFD_PROOF_INCLUSION, AFD_PROOF_CONSISTENCY };   /* index, size; first, second */
struct afd_proof { uint64_t a, b; struct afd_digest at[AFD_MAX_PROOF_NODES]; size_t n; };

int afd_proof_write(enum afd_proof_kind k, const struct afd_proof *p, struct afd_buf *ret);
/* Strictly: what it takes is what would be written. */
int afd_proof_read(enum afd_proof_kind k, struct afd_slice text, struct afd_proof *ret, struct afd_error *err);

/* What stands in the place of an item that was forgotten: its leaf, the hash of it, and the leaf of its tombstone. */
struct afd_erased { uint64_t leaf, tombstone; struct afd_digest hash; };
int afd_erased_write(const struct afd_erased *e, struct afd_buf *ret);
int afd_erased_read(struct afd_slice text, struct afd_erased *ret, struct afd_error *err);

#endif
