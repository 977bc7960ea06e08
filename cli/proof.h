/* The proof of one finding: what its maker and its verifier share (docs/proof-format.md). */
#ifndef AFD_CLI_PROOF_H
#define AFD_CLI_PROOF_H

#include "core/doc.h"
#include "core/proof.h"
#include "core/tar.h"

/* What finding.json says; texts live in doc. */
struct proof_cite { uint64_t leaf, part; struct afd_digest hash; };
struct proof_finding {
	struct afd_doc *doc;
	const char *id, *check, *resource, *status;
	struct proof_cite *cite; size_t n;            /* sorted by leaf, part, as the report sorts them */
};
int proof_finding_read(struct afd_slice json, struct proof_finding *ret, struct afd_error *err);
void proof_finding_release(struct proof_finding *f);

/* What a JWS says before anybody has checked it: its payload, its certificates as PEM, its algorithm ("ES256"). */
struct proof_statement { struct afd_buf payload, pem; char alg[8]; };
int proof_statement_read(struct afd_slice jws, struct proof_statement *ret, struct afd_error *err);
void proof_statement_release(struct proof_statement *s);

/* Names: WHERE/LEAF/WHAT and WHERE/LEAF/part-PART followed by END. */
void proof_leaf_name(char ret[AFD_TAR_NAME], const char *where, uint64_t leaf, const char *what);
void proof_part_name(char ret[AFD_TAR_NAME], const char *where, uint64_t leaf, uint64_t part, const char *end);

/* PROOF, and VERIFY.md. What else the proof has: items that were forgotten; a tombstone behind the head; a stamped head. */
struct proof_shape { bool erased, later, stamped; };
int proof_mark(struct afd_buf *ret);
int proof_words(const struct proof_finding *f, const char *alg, const struct proof_shape *shape, struct afd_buf *ret);

#endif
