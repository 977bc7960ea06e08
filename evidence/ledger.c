/* The tree: the inbox becomes leaves, leaves become nodes, and roots and proofs are read back in log n steps. */
#include <inttypes.h>

#include "core/note.h"
#include "evidence/db.h"

#define BATCH 1024   /* inbox items held in memory at once */

/* --- reading the tree --- */

int afd_store_size(struct afd_store *s, uint64_t *ret, struct afd_error *err)
{
	int64_t n = 0;

	if (afd_sql_number(s, "SELECT max(leaf) + 1 FROM item", NULL, 0, &n, err) < 0)
		return -1;
	*ret = (uint64_t)n;
	return 0;
}

static int need_size(struct afd_store *s, uint64_t size, struct afd_error *err)
{
	uint64_t have;

	if (afd_store_size(s, &have, err) < 0)
		return -1;
	if (size > have)
		return afd_fail(err, AFD_E_VERIFY,
			"a tree of %" PRIu64 " leaves was asked for, the ledger has %" PRIu64, size, have);
	return 0;
}

int afd_store_leaf_hash(struct afd_store *s, uint64_t leaf, struct afd_digest *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (AFD_OPEN(s, &st, err, "SELECT hash FROM item WHERE leaf = ?1", afd_u(leaf)) < 0)
		return -1;
	r = afd_sql_step(s, st, err);
	if (r == 0)
		return afd_fail(err, AFD_E_VERIFY, "there is no leaf %" PRIu64, leaf);
	if (r > 0 && !afd_column_digest(st, 0, ret))
		return afd_fail(err, AFD_E_STORE, "leaf %" PRIu64 ": its hash is not 32 bytes", leaf);
	return r < 0 ? -1 : 0;
}

int afd_ledger_subtree(struct afd_store *s, unsigned level, uint64_t idx, struct afd_digest *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (level == 0)
		return afd_store_leaf_hash(s, idx, ret, err);
	if (AFD_OPEN(s, &st, err, "SELECT hash FROM node WHERE level = ?1 AND idx = ?2", afd_i(level), afd_u(idx)) < 0)
		return -1;
	r = afd_sql_step(s, st, err);
	if (r == 0)
		return afd_fail(err, AFD_E_STORE, "node %u/%" PRIu64 " is missing", level, idx);
	if (r > 0 && !afd_column_digest(st, 0, ret))
		return afd_fail(err, AFD_E_STORE, "node %u/%" PRIu64 " is not 32 bytes", level, idx);
	return r < 0 ? -1 : 0;
}

/* MTH(D[start:start+n]) of RFC 6962, 2.1. START is a multiple of the smallest power of two that is at least N, so the
 * range falls into stored subtrees, one for each bit of N. */
static int range_root(struct afd_store *s, uint64_t start, uint64_t n, struct afd_digest *ret, struct afd_error *err)
{
	struct afd_merkle m = { 0 };

	for (int level = 63; level >= 0; level--) {
		const uint64_t width = UINT64_C(1) << level;
		struct afd_digest h;

		if (!(n & width))
			continue;
		if (afd_ledger_subtree(s, (unsigned)level, start >> level, &h, err) < 0)
			return -1;
		if (afd_merkle_append_subtree(&m, &h, (unsigned)level) < 0)
			return afd_fail(err, AFD_E_STORE, "the tree cannot be put together at leaf %" PRIu64, start);
		start += width;
	}
	afd_merkle_root(&m, ret);
	return 0;
}

int afd_store_root(struct afd_store *s, uint64_t size, struct afd_digest *ret, struct afd_error *err)
{
	if (need_size(s, size, err) < 0)
		return -1;
	return range_root(s, 0, size, ret, err);
}

/* Largest power of two below N, for N > 1. */
static uint64_t split_of(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static void reverse(struct afd_digest *proof, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		const struct afd_digest d = proof[i];

		proof[i] = proof[n - 1 - i];
		proof[n - 1 - i] = d;
	}
}

/* PATH(m, D[n]) of RFC 6962, 2.1.1, from the root down; the path is then turned round. */
int afd_store_inclusion(
	struct afd_store *s, uint64_t leaf, uint64_t size, struct afd_digest *proof, size_t *n, struct afd_error *err)
{
	uint64_t start = 0, m = leaf, width = size;

	*n = 0;
	if (need_size(s, size, err) < 0)
		return -1;
	if (leaf >= size)
		return afd_fail(
			err, AFD_E_VERIFY, "leaf %" PRIu64 " is not in a tree of %" PRIu64 " leaves", leaf, size);
	while (width > 1) {
		const uint64_t k = split_of(width);
		const bool left = m < k;

		if (range_root(s, left ? start + k : start, left ? width - k : k, &proof[*n], err) < 0)
			return -1;
		++*n;
		start += left ? 0 : k;
		m -= left ? 0 : k;
		width = left ? k : width - k;
	}
	reverse(proof, *n);
	return 0;
}

/* SUBPROOF(m, D[n], b) of RFC 6962, 2.1.2, from the root down; the path is then turned round. */
int afd_store_consistency(struct afd_store *s, uint64_t first, uint64_t second, struct afd_digest *proof, size_t *n,
	struct afd_error *err)
{
	uint64_t start = 0, m = first, width = second;
	bool whole = true;   /* b: the subtree is the whole old tree, whose root the verifier has */

	*n = 0;
	if (need_size(s, second, err) < 0)
		return -1;
	if (first > second)
		return afd_fail(err, AFD_E_VERIFY, "a tree of %" PRIu64 " leaves cannot be older than one of %" PRIu64,
			first, second);
	if (first == 0 || first == second)
		return 0;
	while (m != width) {
		const uint64_t k = split_of(width);
		const bool left = m <= k;

		if (range_root(s, left ? start + k : start, left ? width - k : k, &proof[*n], err) < 0)
			return -1;
		++*n;
		start += left ? 0 : k;
		m -= left ? 0 : k;
		width = left ? k : width - k;
		whole = whole && left;
	}
	if (!whole) {
		if (range_root(s, start, width, &proof[*n], err) < 0)
			return -1;
		++*n;
	}
	reverse(proof, *n);
	return 0;
}

/* --- growing it --- */

/* The right edge: at[l] is the full subtree of height l that waits for its right neighbour. */
struct edge { uint64_t size; struct afd_digest at[64]; };

static int load_edge(struct afd_store *s, struct edge *e, struct afd_error *err)
{
	if (afd_store_size(s, &e->size, err) < 0)
		return -1;
	for (unsigned level = 0; level < 63; level++)
		if ((e->size >> level & 1) &&
			afd_ledger_subtree(s, level, (e->size >> level) - 1, &e->at[level], err) < 0)
			return -1;
	return 0;
}

static int grow(struct afd_store *s, struct edge *e, const struct afd_digest *leaf, struct afd_error *err)
{
	struct afd_digest h = *leaf;
	uint64_t idx = e->size;
	unsigned level = 0;

	for (; idx & 1; level++, idx >>= 1) {
		afd_merkle_node(&e->at[level], &h, &h);
		if (AFD_RUN(s, err, "INSERT INTO node (level, idx, hash) VALUES (?1, ?2, ?3)", afd_i(level + 1),
			    afd_u(idx >> 1), afd_d(&h)) < 0)
			return -1;
	}
	e->at[level] = h;
	e->size++;
	return 0;
}

struct waiting { int64_t id; struct afd_digest hash; };

static int read_inbox(struct afd_store *s, struct waiting *w, size_t *n, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	*n = 0;
	if (AFD_OPEN(s, &st, err, "SELECT id, hash FROM item WHERE leaf IS NULL ORDER BY id LIMIT ?1", afd_i(BATCH)) <
		0)
		return -1;
	while ((r = afd_sql_step(s, st, err)) > 0) {
		w[*n].id = sqlite3_column_int64(st, 0);
		if (!afd_column_digest(st, 1, &w[*n].hash))
			return afd_fail(err, AFD_E_STORE, "item %" PRId64 ": its hash is not 32 bytes", w[*n].id);
		++*n;
	}
	return r;
}

static int sequence(struct afd_store *s, struct edge *e, struct waiting *w, struct afd_error *err)
{
	size_t n;

	if (load_edge(s, e, err) < 0)
		return -1;
	do {
		if (read_inbox(s, w, &n, err) < 0)
			return -1;
		for (size_t i = 0; i < n; i++)
			if (AFD_RUN(s, err, "UPDATE item SET leaf = ?2 WHERE id = ?1", afd_i(w[i].id), afd_u(e->size)) <
					0 ||
				grow(s, e, &w[i].hash, err) < 0)
				return -1;
	} while (n > 0);
	return 0;
}

int afd_store_sequence(struct afd_store *s, uint64_t *ret_size, struct afd_error *err)
{
	AFD_AUTO(mem) struct waiting *w = NULL;
	struct edge e = { 0 };
	int r;

	if (afd_store_need_write(s, err) < 0)
		return -1;
	w = calloc(BATCH, sizeof(*w));
	if (!w)
		return afd_fail_memory(err);
	if (afd_step_begin(s, err) < 0)
		return -1;
	r = sequence(s, &e, w, err);
	if (afd_step_end(s, r, err) < 0)
		return afd_within(err, "sequencing");
	if (ret_size)
		*ret_size = e.size;
	return 0;
}

/* --- heads --- */

/* A head that does not say what the tree is would sign a lie; one of another ledger would let its key vouch for ours. */
static int check_head(struct afd_store *s, struct afd_slice note, struct afd_checkpoint *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *origin = NULL;
	struct afd_note n = { .n = 0 };
	struct afd_digest root;
	int r;

	if (afd_note_parse(note, &n, err) < 0)
		return -1;
	r = afd_checkpoint_parse(n.text, ret, err);
	afd_note_release(&n);
	if (r < 0 || afd_store_root(s, ret->size, &root, err) < 0)
		return -1;
	if (!afd_digest_equal(&root, &ret->root))
		return afd_fail(err, AFD_E_VERIFY, "its root is not that of our tree of %" PRIu64 " leaves", ret->size);
	if (afd_store_meta(s, "origin", &origin, err) < 0)
		return -1;
	if (origin && strcmp(origin, ret->origin) != 0)
		return afd_fail(err, AFD_E_VERIFY, "it speaks for %s, this ledger is %s", ret->origin, origin);
	return 0;
}

int afd_store_put_head(struct afd_store *s, struct afd_slice note, int64_t signed_ms, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = afd_text_dup(note);
	struct afd_checkpoint c;

	if (!text)
		return afd_fail_memory(err);
	if (afd_store_need_write(s, err) < 0)
		return -1;
	if (check_head(s, note, &c, err) < 0)
		return afd_within(err, "head");
	/* the first head over a size stays: it may have been witnessed */
	return AFD_RUN(s, err,
		"INSERT INTO head (size, root, note, signed_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
		afd_u(c.size), afd_d(&c.root), afd_t(text), afd_i(signed_ms));
}

int afd_store_head(struct afd_store *s, uint64_t max, struct afd_head *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	struct afd_head h = { 0 };
	int r;

	if (AFD_OPEN(s, &st, err,
		    "SELECT size, root, note, signed_ms FROM head WHERE size <= ?1 ORDER BY size DESC LIMIT 1",
		    afd_i(max > INT64_MAX ? INT64_MAX : (int64_t)max)) < 0)
		return -1;
	r = afd_sql_step(s, st, err);
	if (r <= 0)
		return r;
	h.size = (uint64_t)sqlite3_column_int64(st, 0);
	h.signed_ms = sqlite3_column_int64(st, 3);
	if (!afd_column_digest(st, 1, &h.root))
		return afd_fail(err, AFD_E_STORE, "head %" PRIu64 ": its root is not 32 bytes", h.size);
	h.note = afd_column_dup(st, 2);
	if (!h.note)
		return afd_fail_memory(err);
	*ret = h;
	return 1;
}

void afd_head_release(struct afd_head *h)
{
	free(h->note);
	h->note = NULL;
}
