/* The ledger as plain files (docs/bundle-format.md): out of a store, and back into one that trusts none of them. */
#ifndef AFD_EVIDENCE_PLAIN_H
#define AFD_EVIDENCE_PLAIN_H

#include "core/proof.h"
#include "core/tar.h"
#include "evidence/derive.h"

/* --- out --- */

/* A line of ledger/leaves. */
enum afd_leaf_state { AFD_LEAF_PRESENT, AFD_LEAF_WITHHELD, AFD_LEAF_ERASED };
struct afd_leaf_line {
	uint64_t leaf, parts;         /* parts: present and withheld */
	struct afd_digest hash, sha256;   /* sha256: present only */
	enum afd_leaf_state state;
	uint8_t secret[32];           /* present and withheld */
};
#define AFD_MAX_LEAF_LINE 256u
/* Appends the line with its LF. */
int afd_leaf_line_write(const struct afd_leaf_line *l, struct afd_buf *ret);
/* LINE without LF; strictly: what it takes is what would be written. */
int afd_leaf_line_read(struct afd_slice line, struct afd_leaf_line *ret, struct afd_error *err);

/* How many leaves show why each erased one of the first SIZE is gone: SIZE, or that of the first signed head which covers
 * the last of their tombstones. */
int afd_plain_size(struct afd_store *s, uint64_t size, uint64_t *ret, struct afd_error *err);

/* The first SIZE leaves in order, each with its record and part lengths (u32be; empty when erased), until CB is left.
 * An item that is missing ends the walk with AFD_E_VERIFY. */
typedef int afd_plain_leaf(void *ctx, const struct afd_leaf_line *l, struct afd_slice record, struct afd_slice part_lengths, struct afd_error *err);
int afd_plain_leaves(struct afd_store *s, uint64_t size, afd_plain_leaf *cb, void *ctx, struct afd_error *err);
/* The bytes of those leaves, each once, in the order of their names; bytes that are not what their name says end the walk. */
typedef int afd_plain_blob(void *ctx, const struct afd_digest *sha256, struct afd_slice bytes, struct afd_error *err);
int afd_plain_blobs(struct afd_store *s, uint64_t size, afd_plain_blob *cb, void *ctx, struct afd_error *err);
/* Signed heads of at most SIZE leaves, smallest first. */
typedef int afd_plain_head(void *ctx, uint64_t size, const char *note, struct afd_error *err);
int afd_plain_heads(struct afd_store *s, uint64_t size, afd_plain_head *cb, void *ctx, struct afd_error *err);
/* The tombstone that names LEAF: *ret its leaf. 1 found, 0 none. */
int afd_plain_tombstone(struct afd_store *s, uint64_t leaf, uint64_t *ret, struct afd_error *err);

/* One part of an item that is present: its salt, and its inclusion proof under the record's parts_root. */
int afd_plain_part(const struct afd_item *i, uint64_t part, uint8_t salt[16], struct afd_proof *ret, struct afd_error *err);

/* --- back --- */

/* A store in a temporary file, planted piece by piece; then afd_store_verify() judges it as any other. What a piece says
 * that no other piece bears out is refused here or found there. Order: blobs and heads, leaves, parts, records, store. */
struct afd_planting;
int afd_plant_begin(struct afd_planting **ret, struct afd_error *err);
int afd_plant_blob(struct afd_planting *p, const struct afd_digest *sha256, struct afd_slice bytes, struct afd_error *err);
int afd_plant_head(struct afd_planting *p, uint64_t size, struct afd_slice note, struct afd_error *err);
int afd_plant_leaf(struct afd_planting *p, const struct afd_leaf_line *l, struct afd_error *err);       /* from 0, in order */
int afd_plant_parts(struct afd_planting *p, uint64_t leaf, struct afd_slice lengths, struct afd_error *err);
int afd_plant_record(struct afd_planting *p, uint64_t leaf, struct afd_slice record, struct afd_error *err);
int afd_plant_store(struct afd_planting *p, const char *origin, const char *vkey, struct afd_error *err);
/* The tree over the leaves; nothing is missing that a line announced. The store is the caller's. */
int afd_plant_finish(struct afd_planting *p, struct afd_store **ret, struct afd_error *err);
struct afd_planting *afd_planting_free(struct afd_planting *p);   /* NULL */
void afd_planting_release(struct afd_planting **p);

/* The file at hand of an archive, if it is one of the ledger's (items/..., ledger/...): 1 planted, 0 another file, left
 * unread. Files of a form that no bundle has are refused. */
int afd_plant_file(struct afd_planting *p, struct afd_tar_reader *r, struct afd_error *err);

/* --- tables --- */

/* Whether S has SIZE leaves and its derived tables speak of exactly those, by this version. 1 yes, 0 no. */
int afd_tables_current(struct afd_store *s, uint64_t size, struct afd_error *err);
/* All tables but the ledger's, as they are, and `meta`: an SQLite file at PATH, which is empty before. */
int afd_tables_write(struct afd_store *s, const char *path, struct afd_error *err);
/* Compares two such files, row by row; THEIRS is a stranger's, opened with everything off that a schema could do. Same: 1.
 * Not: 0, and WHY (at least 200 bytes) names the first table that differs. */
int afd_tables_compare(const char *ours, const char *theirs, char *why, size_t n, struct afd_error *err);

#endif
