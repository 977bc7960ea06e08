/* Everything that the ledger claims about itself, looked at from the leaves up and never from what is to be proven:
 * hashes are made from records, nodes from hashes, roots from nodes, and then compared with what is stored. */
#include <inttypes.h>
#include <stdio.h>

#include "core/note.h"
#include "evidence/db.h"
#include "evidence/record.h"
#include "evidence/store_keys.h"

struct claimed_head {
	uint64_t size;
	struct afd_digest root;
	bool root_ok, reached;
	char *note;
	struct afd_digest found;
};
struct grave { uint64_t leaf, by; struct afd_digest hash, stub; };   /* a tombstone: what it names, where it stands */
struct erased { uint64_t leaf; struct afd_digest hash, stub; bool named; };   /* stub: SHA-256 of what is left */

struct verify {
	struct afd_store *s;
	void (*cb)(void *ctx, uint64_t leaf, const char *what);
	void *ctx;
	struct afd_ledger_report report;
	struct afd_merkle right;                  /* full subtrees at the right edge; right.size = leaves walked */
	uint64_t nodes;                           /* that the tree must have */
	int64_t last_id;
	struct claimed_head *head; size_t n_head, next_head;
	struct grave *grave; size_t n_grave, cap_grave;
	struct erased *erased; size_t n_erased, cap_erased;
	struct afd_key_chain keys;
	char *origin, *own;                       /* as the store says */
	bool keys_good;
	const char *instead;                      /* the key that was given, when no chain leads to it */
};

static void afd_verify_release(struct verify *v)
{
	for (size_t i = 0; i < v->n_head; i++)
		free(v->head[i].note);
	free(v->head);
	free(v->grave);
	free(v->erased);
	afd_key_chain_release(&v->keys);
	free(v->origin);
	free(v->own);
}

static void fault(struct verify *v, uint64_t leaf, const char *fmt, ...) AFD_PRINTF(3, 4);
static void fault(struct verify *v, uint64_t leaf, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->report.faults++;
	if (v->cb)
		v->cb(v->ctx, leaf, text);
}

static int grow(void **p, size_t n, size_t *cap, size_t each, struct afd_error *err)
{
	if (n == *cap) {
		const size_t more = *cap ? 2 * *cap : 32;
		void *q = realloc(*p, more * each);

		if (!q)
			return afd_fail_memory(err);
		*p = q;
		*cap = more;
	}
	return 0;
}

/* --- items --- */

enum { C_ID, C_LEAF, C_HASH, C_ERASED, C_RECORD, C_SECRET, C_SHA256, C_LENGTHS, C_DATA, C_STUB };

static bool is_null(sqlite3_stmt *st, int i)
{
	return sqlite3_column_type(st, i) == SQLITE_NULL;
}

static int note_erased(
	struct verify *v, sqlite3_stmt *st, uint64_t leaf, const struct afd_digest *hash, struct afd_error *err)
{
	if (!is_null(st, C_RECORD) || !is_null(st, C_SECRET) || !is_null(st, C_SHA256) || !is_null(st, C_LENGTHS))
		fault(v, leaf, "it is marked as erased and was not forgotten");
	v->report.erased++;
	if (grow((void **)&v->erased, v->n_erased, &v->cap_erased, sizeof(*v->erased), err) < 0)
		return -1;
	v->erased[v->n_erased] = (struct erased){ .leaf = leaf, .hash = *hash };
	afd_sha256(afd_column_bytes(st, C_STUB), &v->erased[v->n_erased++].stub);
	return 0;
}

static int note_tombstone(
	struct verify *v, sqlite3_stmt *st, uint64_t leaf, const struct afd_record *r, struct afd_error *err)
{
	if (grow((void **)&v->grave, v->n_grave, &v->cap_grave, sizeof(*v->grave), err) < 0)
		return -1;
	v->grave[v->n_grave] = (struct grave){ .leaf = r->erases_leaf, .by = leaf, .hash = r->erases_hash };
	afd_sha256(afd_column_bytes(st, C_DATA), &v->grave[v->n_grave++].stub);
	return 0;
}

static void check_bytes(struct verify *v, sqlite3_stmt *st, uint64_t leaf, const struct afd_record *r)
{
	const struct afd_slice secret = afd_column_bytes(st, C_SECRET), bytes = afd_column_bytes(st, C_DATA);
	struct afd_digest named, found;

	if (secret.len != 32) {
		fault(v, leaf, "its secret is not 32 bytes");
		return;
	}
	if (r->kind == AFD_ITEM_WITHHELD) {
		if (!is_null(st, C_SHA256) || !is_null(st, C_LENGTHS))
			fault(v, leaf, "its bytes were to be withheld, and are kept");
		return;
	}
	if (!afd_column_digest(st, C_SHA256, &named)) {
		fault(v, leaf, "it does not name its bytes");
		return;
	}
	if (is_null(st, C_DATA)) {
		fault(v, leaf, "its bytes are missing, and no tombstone says why");
		return;
	}
	afd_sha256(bytes, &found);
	if (!afd_digest_equal(&named, &found))
		fault(v, leaf, "its bytes are not those that their name says");
	if (!afd_record_matches(r, secret.data, bytes, afd_column_bytes(st, C_LENGTHS)))
		fault(v, leaf, "bytes, parts or secret are not those that its record commits to");
}

/* A handover is refused once: what follows would only repeat it. */
static int note_handover(struct verify *v, sqlite3_stmt *st, uint64_t leaf, struct afd_error *err)
{
	struct afd_error why = { 0 };

	if (!v->keys_good || afd_key_chain_add(&v->keys, leaf, afd_column_bytes(st, C_DATA), v->origin, &why) == 0)
		return 0;
	if (why.code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	v->keys_good = false;
	fault(v, leaf, "%s", why.text);
	return 0;
}

static int check_present(
	struct verify *v, sqlite3_stmt *st, uint64_t leaf, const struct afd_digest *hash, struct afd_error *err)
{
	const struct afd_slice text = afd_column_bytes(st, C_RECORD);
	struct afd_record r;
	struct afd_error why = { 0 };
	struct afd_digest found;
	int ret = 0;

	if (is_null(st, C_RECORD)) {
		fault(v, leaf, "its record is missing, and no tombstone says why");
		return 0;
	}
	afd_record_leaf(text, &found);
	if (!afd_digest_equal(hash, &found))
		fault(v, leaf, "its leaf hash is not that of its record");
	if (afd_record_parse(text, &r, &why) < 0) {
		fault(v, leaf, "%s", why.text);
		return why.code == AFD_E_MEMORY ? afd_fail_memory(err) : 0;
	}
	v->report.present++;
	if (!is_null(st, C_STUB))
		fault(v, leaf, "it is there, and has a stub as if it were erased");
	check_bytes(v, st, leaf, &r);
	if (r.kind == AFD_ITEM_TOMBSTONE && leaf != AFD_ANY_SIZE)
		ret = note_tombstone(v, st, leaf, &r, err);
	else if (afd_is_handover(&r) && leaf != AFD_ANY_SIZE)
		ret = note_handover(v, st, leaf, err);
	afd_record_release(&r);
	return ret;
}

/* --- the tree --- */

/* A node that became whole with the last leaf: INDEX counts nodes of its height. */
static int check_node(
	struct verify *v, unsigned level, uint64_t index, const struct afd_digest *hash, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	struct afd_digest stored;
	int r;

	v->nodes++;
	if (AFD_OPEN(v->s, &st, err, "SELECT hash FROM node WHERE level = ?1 AND idx = ?2", afd_i(level),
		    afd_u(index)) < 0)
		return -1;
	r = afd_sql_step(v->s, st, err);
	if (r < 0)
		return -1;
	if (r == 0)
		fault(v, index << level, "the tree's node %u/%" PRIu64 " over it is missing", level, index);
	else if (!afd_column_digest(st, 0, &stored) || !afd_digest_equal(&stored, hash))
		fault(v, index << level, "the tree's node %u/%" PRIu64 " over it is not the hash of what lies below",
			level, index);
	return 0;
}

static int check_edge(struct verify *v, const struct afd_digest *leaf, struct afd_error *err)
{
	struct afd_digest h = *leaf;
	unsigned level = 0, n = (unsigned)__builtin_popcountll(v->right.size);
	uint64_t index = v->right.size;

	for (; index & 1; index >>= 1) {
		afd_merkle_node(&v->right.at[--n], &h, &h);
		if (check_node(v, ++level, index >> 1, &h, err) < 0)
			return -1;
	}
	return afd_merkle_append(&v->right, leaf) < 0 ? afd_fail(err, AFD_E_STORE, "the tree is too large") : 0;
}

static void reach_heads(struct verify *v)
{
	while (v->next_head < v->n_head && v->head[v->next_head].size == v->right.size) {
		afd_merkle_root(&v->right, &v->head[v->next_head].found);
		v->head[v->next_head++].reached = true;
	}
}

static int check_leaf(struct verify *v, sqlite3_stmt *st, struct afd_error *err)
{
	const uint64_t leaf = (uint64_t)sqlite3_column_int64(st, C_LEAF), expected = v->right.size;
	const int64_t id = sqlite3_column_int64(st, C_ID);
	struct afd_digest hash;

	if (leaf != expected)
		return afd_fail(err, AFD_E_VERIFY, "leaf %" PRIu64 " is missing: the next one there is %" PRIu64,
			expected, leaf);
	if (leaf > 0 && id <= v->last_id)
		fault(v, leaf, "it stands behind an item that arrived later");
	v->last_id = id;
	if (!afd_column_digest(st, C_HASH, &hash)) {
		fault(v, leaf, "its leaf hash is not 32 bytes");
		memset(&hash, 0, sizeof(hash));
	}
	if (sqlite3_column_int64(st, C_ERASED) ? note_erased(v, st, leaf, &hash, err) < 0
					       : check_present(v, st, leaf, &hash, err) < 0)
		return -1;
	if (check_edge(v, &hash, err) < 0)
		return -1;
	reach_heads(v);
	return 0;
}

#define ITEMS "SELECT i.id, i.leaf, i.hash, i.erased, i.record, i.secret, i.sha256, i.part_lengths, b.data, i.stub" \
              " FROM item i LEFT JOIN blob b ON b.sha256 = i.sha256 "

static int check_leaves(struct verify *v, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	struct afd_error why = { 0 };
	int r;

	reach_heads(v);
	if (afd_sql_open(v->s, ITEMS "WHERE i.leaf IS NOT NULL ORDER BY i.leaf", NULL, 0, &st, err) < 0)
		return -1;
	while ((r = afd_sql_step(v->s, st, err)) > 0) {
		if (check_leaf(v, st, &why) == 0)
			continue;
		if (why.code != AFD_E_VERIFY) {
			if (err)
				*err = why;
			return -1;
		}
		fault(v, v->right.size, "%s", why.text);   /* without it there is no tree to compare anything with */
		return 0;
	}
	return r;
}

/* The inbox makes no claim yet, but what lies in it must be able to become a leaf. */
static int check_inbox(struct verify *v, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	struct afd_digest hash;
	int r;

	if (afd_sql_open(v->s, ITEMS "WHERE i.leaf IS NULL ORDER BY i.id", NULL, 0, &st, err) < 0)
		return -1;
	while ((r = afd_sql_step(v->s, st, err)) > 0) {
		const uint64_t before = v->report.present, faults = v->report.faults;

		if (!afd_column_digest(st, C_HASH, &hash))
			memset(&hash, 0, sizeof(hash));
		if (check_present(v, st, AFD_ANY_SIZE, &hash, err) < 0)
			return -1;
		v->report.present = before;
		if (v->report.faults > faults)
			fault(v, AFD_ANY_SIZE, "item %" PRId64 " of the inbox is damaged",
				(int64_t)sqlite3_column_int64(st, C_ID));
	}
	return r;
}

/* What stands in the store without a leaf that accounts for it. */
static int check_surplus(struct verify *v, struct afd_error *err)
{
	int64_t nodes = 0, blobs = 0;

	if (afd_sql_number(v->s, "SELECT count(*) FROM node", NULL, 0, &nodes, err) < 0 ||
		afd_sql_number(v->s,
			"SELECT count(*) FROM blob WHERE NOT EXISTS (SELECT 1 FROM item i WHERE i.sha256 = blob.sha256)",
			NULL, 0, &blobs, err) < 0)
		return -1;
	if ((uint64_t)nodes > v->nodes)
		fault(v, AFD_ANY_SIZE, "the tree has %" PRId64 " nodes, its leaves make %" PRIu64, nodes, v->nodes);
	if (blobs)
		fault(v, AFD_ANY_SIZE, "%" PRId64 " pieces of bytes belong to no item", blobs);
	return 0;
}

/* --- tombstones --- */

static int compare_erased(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = ((const struct erased *)b)->leaf;

	return (x > y) - (x < y);
}

static void check_tombstones(struct verify *v)
{
	for (size_t i = 0; i < v->n_grave; i++) {
		const struct grave *g = &v->grave[i];
		struct erased *e = v->n_erased ? bsearch(&g->leaf, v->erased, v->n_erased, sizeof(*v->erased),
							 compare_erased)
					       : NULL;

		if (!e)
			fault(v, g->by, "it is a tombstone for leaf %" PRIu64 ", which is not erased", g->leaf);
		else if (!afd_digest_equal(&e->hash, &g->hash))
			fault(v, g->by, "it is a tombstone for leaf %" PRIu64 " with another hash", g->leaf);
		else if (!afd_digest_equal(&e->stub, &g->stub))
			fault(v, g->leaf, "its stub is not what the tombstone at leaf %" PRIu64 " says of it", g->by);
		if (e && afd_digest_equal(&e->hash, &g->hash))
			e->named = true;
	}
	for (size_t i = 0; i < v->n_erased; i++)
		if (!v->erased[i].named)
			fault(v, v->erased[i].leaf, "it is erased, and no tombstone in the tree says under which rule");
}

/* --- heads --- */

static int load_heads(struct verify *v, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int r;

	if (afd_sql_open(v->s, "SELECT size, root, note FROM head ORDER BY size", NULL, 0, &st, err) < 0)
		return -1;
	while ((r = afd_sql_step(v->s, st, err)) > 0) {
		struct claimed_head *h;

		if (grow((void **)&v->head, v->n_head, &cap, sizeof(*v->head), err) < 0)
			return -1;
		h = &v->head[v->n_head];
		*h = (struct claimed_head){ .size = (uint64_t)sqlite3_column_int64(st, 0),
			.note = afd_column_dup(st, 2) };
		if (!h->note)
			return afd_fail_memory(err);
		h->root_ok = afd_column_digest(st, 1, &h->root);
		v->n_head++;
	}
	v->report.heads = v->n_head;
	return r;
}

/* By the key that held when the tree had that size. */
static int check_signature(struct verify *v, const struct claimed_head *h, const struct afd_note *n, struct afd_error *why)
{
	const char *vkey = v->keys_good ? afd_key_chain_for(&v->keys, v->own, h->size) : v->instead;
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_note_key key;
	int64_t signed_ms;

	if (!vkey)
		return 0;                      /* that was a fault of its own */
	if (afd_note_vkey_parse(vkey, &keep, &key, why) < 0)
		return -1;
	if (afd_note_verify(n, &key, &signed_ms, why) == 0)
		return 0;
	return v->keys_good && v->keys.n ? afd_within(why, "by %s, which held then", vkey) : -1;
}

static void check_note(struct verify *v, const struct claimed_head *h)
{
	struct afd_note n = { .n = 0 };
	struct afd_checkpoint c = { .size = 0 };
	struct afd_error why = { 0 };

	if (afd_note_parse(afd_slice_text(h->note), &n, &why) < 0) {
		fault(v, AFD_ANY_SIZE, "head over %" PRIu64 " leaves: %s", h->size, why.text);
		return;
	}
	if (afd_checkpoint_parse(n.text, &c, &why) < 0 || check_signature(v, h, &n, &why) < 0)
		fault(v, AFD_ANY_SIZE, "head over %" PRIu64 " leaves: %s", h->size, why.text);
	else if (c.size != h->size || !afd_digest_equal(&c.root, &h->root))
		fault(v, AFD_ANY_SIZE, "head over %" PRIu64 " leaves: its note says another size or root than its row",
			h->size);
	else if (v->origin && strcmp(c.origin, v->origin) != 0)
		fault(v, AFD_ANY_SIZE, "head over %" PRIu64 " leaves: it speaks for %s, this ledger is %s", h->size,
			c.origin, v->origin);
	afd_note_release(&n);
}

/* The stored nodes must prove what the leaves say: a stranger gets the proof, not the leaves. */
static int check_consistency(
	struct verify *v, const struct claimed_head *a, const struct claimed_head *b, struct afd_error *err)
{
	struct afd_digest proof[AFD_MAX_PROOF_NODES];
	struct afd_error why = { 0 };
	size_t n = 0;

	if (afd_store_consistency(v->s, a->size, b->size, proof, &n, &why) < 0) {
		if (why.code == AFD_E_MEMORY)
			return afd_fail_memory(err);
		fault(v, AFD_ANY_SIZE, "heads over %" PRIu64 " and %" PRIu64 " leaves: %s", a->size, b->size, why.text);
	} else if (!afd_merkle_check_consistency(a->size, &a->root, b->size, &b->root, proof, n)) {
		fault(v, AFD_ANY_SIZE, "heads over %" PRIu64 " and %" PRIu64 " leaves are not of one history", a->size,
			b->size);
	}
	return 0;
}

static int check_heads(struct verify *v, struct afd_error *err)
{
	for (size_t i = 0; i < v->n_head; i++) {
		const struct claimed_head *h = &v->head[i];

		check_note(v, h);
		if (!h->reached)
			fault(v, AFD_ANY_SIZE, "head over %" PRIu64 " leaves: there are %" PRIu64, h->size,
				v->right.size);
		else if (!h->root_ok || !afd_digest_equal(&h->root, &h->found))
			fault(v, AFD_ANY_SIZE, "head over %" PRIu64 " leaves: its root is not that of the leaves",
				h->size);
		if (i > 0 && h->reached && v->head[i - 1].reached && check_consistency(v, h - 1, h, err) < 0)
			return -1;
	}
	return 0;
}

static int load_own(struct verify *v, struct afd_error *err)
{
	v->keys_good = true;
	return afd_store_meta(v->s, "vkey", &v->own, err) < 0 ? -1 : afd_store_meta(v->s, "origin", &v->origin, err);
}

/* After the leaves: they say who handed over to whom. */
static void check_keys(struct verify *v, const char *given)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_error why = { 0 };
	struct afd_note_key key;
	const char *first = v->keys.n ? v->keys.at[0].from : v->own;

	if (v->keys_good && afd_key_chain_check(&v->keys, v->own, given, &why) < 0) {
		fault(v, AFD_ANY_SIZE, "%s", why.text);
		v->keys_good = false;
		v->instead = given;
	}
	if (v->n_head > 0 && (!first || afd_note_vkey_parse(first, &keep, &key, &why) < 0)) {
		fault(v, AFD_ANY_SIZE, "no key to verify heads with%s%s", why.text[0] ? ": " : "", why.text);
		v->keys_good = false;
	}
}

/* A handover is in force once its successor signed a head over it. Without that, whoever has the old key alone could put the
 * handover, which is public, behind leaves of his own: all heads before it would be by the key that he has. */
static void check_handovers(struct verify *v)
{
	for (size_t i = 0; v->keys_good && i < v->keys.n; i++) {
		const uint64_t leaf = v->keys.at[i].leaf, end = i + 1 < v->keys.n ? v->keys.at[i + 1].leaf : UINT64_MAX;
		bool covered = false;

		for (size_t k = 0; k < v->n_head; k++)
			covered = covered || (v->head[k].size > leaf && v->head[k].size <= end);
		if (!covered)
			fault(v, leaf, "the store key is handed over here, and the new key signed no head over it");
	}
}

static int check_all(struct verify *v, const char *vkey, struct afd_error *err)
{
	if (load_heads(v, err) < 0 || load_own(v, err) < 0 || check_leaves(v, err) < 0 || check_inbox(v, err) < 0 ||
	    check_surplus(v, err) < 0)
		return -1;
	check_tombstones(v);
	check_keys(v, vkey);
	check_handovers(v);
	return check_heads(v, err);
}

int afd_store_verify(struct afd_store *s, const char *vkey, void (*cb)(void *ctx, uint64_t leaf, const char *what),
	void *ctx, struct afd_ledger_report *ret, struct afd_error *err)
{
	AFD_AUTO(verify) struct verify v = { .s = s, .cb = cb, .ctx = ctx };

	if (check_all(&v, vkey, err) < 0)
		return -1;
	v.report.size = v.right.size;
	*ret = v.report;
	return 0;
}
