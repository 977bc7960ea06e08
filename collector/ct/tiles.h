/* Tiles of static-ct-api logs: their paths, their content, and a Merkle tree that grows by them. */
#ifndef AFD_COLLECTOR_CT_TILES_H
#define AFD_COLLECTOR_CT_TILES_H

#include "collector/ct/ct_entry.h"
#include "core/limits.h"
#include "core/merkle.h"

enum { AFD_TILE_DATA = -1, AFD_TILE_WIDTH = 256, AFD_TILE_LEVELS = 6 };   /* levels 0..5 */

/* "tile/data/x001/x234/067", "tile/2/000.p/17"; width 256: a full tile. */
int afd_tile_path(int level, uint64_t n, unsigned width, struct afd_buf *ret);
/* Items in tile N of LEVEL of a tree of SIZE; 0: there is no such tile. */
unsigned afd_tile_width(int level, uint64_t n, uint64_t size);
/* Splits a data tile into its first WIDTH leaves. EXACT: nothing may follow them. */
int afd_tile_leaves(struct afd_slice tile, unsigned width, bool exact, struct afd_ct_leaf *ret, struct afd_error *err);
/* A hash tile's first WIDTH hashes; 0, or -1 when it is too short. EXACT as above. */
int afd_tile_hashes(struct afd_slice tile, unsigned width, bool exact, struct afd_digest *ret, struct afd_error *err);
/* Bytes as they lie in a log's directory: gzip (RFC 1952) is opened into BUF under the ceiling MAX, else *ret = BYTES. */
int afd_tile_open(struct afd_slice bytes, size_t max, struct afd_buf *buf, struct afd_slice *ret, struct afd_error *err);

/* The inclusion proof of one leaf, made while the tree grows over it. */
struct afd_ct_path { uint64_t index; size_t n; struct afd_digest at[AFD_MAX_PROOF_NODES]; };
/* Leaves whose proofs are wanted, by rising index; borrowed. */
struct afd_ct_paths { struct afd_ct_path *const *at; size_t n; };

/* Appends the root of a full subtree of 2^height leaves at the end of TREE (whose size must be a multiple of that, else
 * -1), and to each path the sibling that it meets on the way. */
int afd_ct_grow(struct afd_merkle *tree, const struct afd_digest *root, unsigned height, const struct afd_ct_paths *paths);
/* Appends all 256 leaf hashes of a tile at once; paths inside get their siblings within the tile first. */
int afd_ct_grow_tile(struct afd_merkle *tree, const struct afd_digest *leaf, const struct afd_ct_paths *paths);
/* The root; paths get their last siblings: they are whole proofs then, and TREE must not grow under them any more. */
void afd_ct_finish(const struct afd_merkle *tree, struct afd_digest *root, const struct afd_ct_paths *paths);

/* From TREE to a tree of SIZE by a consistency proof between them (RFC 9162, 2.1.4.1): its nodes to the left must be
 * those of TREE, the ones to the right lie behind it; paths get theirs, and *root is where it leads to. -1: no such proof. */
int afd_ct_extend(const struct afd_merkle *tree, uint64_t size, const struct afd_digest *proof, size_t n, const struct afd_ct_paths *paths,
                  struct afd_digest *root);

/* From AT to the end of a tree of SIZE by as few hashes as there are: the next one is item *ITEM of tile *N of *LEVEL and
 * stands for 256^level leaves. false: AT is the end. */
bool afd_ct_stride(uint64_t at, uint64_t size, unsigned *level, uint64_t *n, unsigned *item);

#endif
