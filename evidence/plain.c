/* The ledger as plain files: what `affidavit bundle` writes down. */
#include "evidence/plain.h"

#include <inttypes.h>
#include <stdio.h>

#include "evidence/db.h"
#include "evidence/record.h"

/* --- a line of ledger/leaves --- */

static const char *const state_names[] = {
	[AFD_LEAF_PRESENT] = "present", [AFD_LEAF_WITHHELD] = "withheld", [AFD_LEAF_ERASED] = "erased",
};

int afd_leaf_line_write(const struct afd_leaf_line *l, struct afd_buf *ret)
{
	struct afd_hex64 secret;

	afd_hex(afd_slice(l->secret, sizeof(l->secret)), secret.s);
	if (afd_buf_printf(ret, "%" PRIu64 " %s %s ", l->leaf, afd_digest_hex(&l->hash).s, state_names[l->state]) < 0)
		return -1;
	if (l->state == AFD_LEAF_ERASED)
		return afd_buf_text(ret, "- - -\n");
	return afd_buf_printf(ret, "%s %s %" PRIu64 "\n", l->state == AFD_LEAF_PRESENT ? afd_digest_hex(&l->sha256).s : "-", secret.s,
		l->parts);
}

static struct afd_slice word(struct afd_slice *rest)
{
	const uint8_t *blank = rest->len ? memchr(rest->data, ' ', rest->len) : NULL;
	const struct afd_slice w = afd_slice_sub(*rest, 0, blank ? (size_t)(blank - rest->data) : rest->len);

	*rest = afd_slice_sub(*rest, w.len + (blank ? 1 : 0), rest->len);
	return w;
}

static uint64_t number(struct afd_slice s)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.len && i < 19; i++)
		v = v * 10 + (uint64_t)(uint8_t)(s.data[i] - '0');   /* what is no digit does not come out again */
	return v;
}

static void hex32(struct afd_slice s, uint8_t ret[32])
{
	if (afd_unhex((const char *)s.data, s.len, ret, 32) < 0)
		memset(ret, 0, 32);
}

int afd_leaf_line_read(struct afd_slice line, struct afd_leaf_line *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	struct afd_slice rest = line, state;
	struct afd_leaf_line l = { .state = AFD_LEAF_ERASED };

	l.leaf = number(word(&rest));
	hex32(word(&rest), l.hash.b);
	state = word(&rest);
	for (unsigned i = 0; i < AFD_COUNT(state_names); i++)
		if (afd_slice_equal(state, afd_slice_text(state_names[i])))
			l.state = (enum afd_leaf_state)i;
	hex32(word(&rest), l.sha256.b);
	hex32(word(&rest), l.secret);
	l.parts = number(word(&rest));
	if (afd_leaf_line_write(&l, &again) < 0)
		return afd_fail_memory(err);
	if (!afd_slice_equal(afd_slice_sub(afd_buf_slice(&again), 0, again.len - 1), line))
		return afd_fail(err, AFD_E_PARSE, "expected \"INDEX HASH STATE SHA256 SECRET PARTS\", got \"%.*s\"",
			line.len > 80 ? 80 : (int)line.len, (const char *)line.data);
	if (l.state != AFD_LEAF_ERASED && (l.parts < 1 || l.parts > AFD_MAX_PARTS))
		return afd_fail(err, AFD_E_PARSE, "leaf %" PRIu64 ": %" PRIu64 " parts", l.leaf, l.parts);
	*ret = l;
	return 0;
}

/* --- how much --- */

/* These lines stand together in a record, and nowhere else in one: docs/ledger-format.md, 2.1. */
#define TOMBSTONE "instr(record, char(10) || 'kind tombstone' || char(10)) > 0"

static int erases(struct afd_slice text, uint64_t *ret, struct afd_error *err)
{
	struct afd_record r;

	if (afd_record_parse(text, &r, err) < 0)
		return -1;
	*ret = r.erases_leaf;
	afd_record_release(&r);
	return 0;
}

int afd_plain_tombstone(struct afd_store *s, uint64_t leaf, uint64_t *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	char line[40];
	int r;

	snprintf(line, sizeof(line), "\nerases %" PRIu64 " ", leaf);
	if (AFD_OPEN(s, &st, err, "SELECT leaf FROM item WHERE leaf > ?1 AND " TOMBSTONE " AND instr(record, ?2) > 0 ORDER BY leaf LIMIT 1",
		    afd_u(leaf), afd_t(line)) < 0)
		return -1;
	r = afd_sql_step(s, st, err);
	if (r > 0)
		*ret = (uint64_t)sqlite3_column_int64(st, 0);
	return r;
}

/* The leaf behind the last tombstone that names one of the first SIZE. */
static int last_tombstone(struct afd_store *s, uint64_t size, uint64_t *ret, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	*ret = size;
	if (AFD_OPEN(s, &st, err, "SELECT leaf, record FROM item WHERE leaf >= ?1 AND " TOMBSTONE " ORDER BY leaf", afd_u(size)) < 0)
		return -1;
	while ((r = afd_sql_step(s, st, err)) > 0) {
		const uint64_t leaf = (uint64_t)sqlite3_column_int64(st, 0);
		uint64_t of;

		if (erases(afd_column_bytes(st, 1), &of, err) < 0)
			return afd_within(err, "leaf %" PRIu64, leaf);
		if (of < size)
			*ret = leaf + 1;
	}
	return r;
}

int afd_plain_size(struct afd_store *s, uint64_t size, uint64_t *ret, struct afd_error *err)
{
	uint64_t need;
	int64_t head = 0;
	int found;

	if (last_tombstone(s, size, &need, err) < 0)
		return -1;
	found = AFD_NUMBER(s, &head, err, "SELECT min(size) FROM head WHERE size >= ?1", afd_u(need));
	if (found < 0)
		return -1;
	if (!found)
		return afd_fail(err, AFD_E_VERIFY, "no signed head covers the first %" PRIu64 " leaves", need);
	*ret = need == size ? size : (uint64_t)head;
	return 0;
}

/* --- leaves --- */

enum { L_LEAF, L_HASH, L_ERASED, L_RECORD, L_SECRET, L_SHA256, L_LENGTHS, L_THERE };

static int one_leaf(sqlite3_stmt *st, uint64_t expected, afd_plain_leaf *cb, void *ctx, struct afd_error *err)
{
	const struct afd_slice record = afd_column_bytes(st, L_RECORD), secret = afd_column_bytes(st, L_SECRET),
			       lengths = afd_column_bytes(st, L_LENGTHS);
	struct afd_leaf_line l = { .leaf = (uint64_t)sqlite3_column_int64(st, L_LEAF), .state = AFD_LEAF_ERASED };
	struct afd_record r;

	if (l.leaf != expected)
		return afd_fail(err, AFD_E_VERIFY, "leaf %" PRIu64 " is missing", expected);
	if (!afd_column_digest(st, L_HASH, &l.hash))
		return afd_fail(err, AFD_E_VERIFY, "leaf %" PRIu64 ": its hash is not 32 bytes", l.leaf);
	if (sqlite3_column_int64(st, L_ERASED))
		return cb(ctx, &l, afd_slice(NULL, 0), afd_slice(NULL, 0), err);
	if (record.len == 0 || secret.len != sizeof(l.secret))
		return afd_fail(err, AFD_E_VERIFY, "leaf %" PRIu64 ": its record or secret is missing, and no tombstone says why", l.leaf);
	memcpy(l.secret, secret.data, secret.len);
	if (afd_record_parse(record, &r, err) < 0)
		return afd_within(err, "leaf %" PRIu64, l.leaf);
	l.state = r.kind == AFD_ITEM_WITHHELD ? AFD_LEAF_WITHHELD : AFD_LEAF_PRESENT;
	l.parts = r.n_parts;
	afd_record_release(&r);
	if (l.state == AFD_LEAF_PRESENT && (!afd_column_digest(st, L_SHA256, &l.sha256) || !sqlite3_column_int(st, L_THERE)))
		return afd_fail(err, AFD_E_VERIFY, "leaf %" PRIu64 ": its bytes are missing, and no tombstone says why", l.leaf);
	return cb(ctx, &l, record, lengths, err);
}

int afd_plain_leaves(struct afd_store *s, uint64_t size, afd_plain_leaf *cb, void *ctx, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	uint64_t at = 0;
	int r;

	if (AFD_OPEN(s, &st, err, "SELECT leaf, hash, erased, record, secret, sha256, part_lengths,"
		     " EXISTS (SELECT 1 FROM blob b WHERE b.sha256 = item.sha256) FROM item WHERE leaf < ?1 ORDER BY leaf",
		     afd_u(size)) < 0)
		return -1;
	while ((r = afd_sql_step(s, st, err)) > 0)
		if (one_leaf(st, at++, cb, ctx, err) < 0)
			return -1;
	if (r == 0 && at != size)
		return afd_fail(err, AFD_E_VERIFY, "the ledger has %" PRIu64 " leaves, not %" PRIu64, at, size);
	return r;
}

int afd_plain_blobs(struct afd_store *s, uint64_t size, afd_plain_blob *cb, void *ctx, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	struct afd_digest named, found;
	int r;

	if (AFD_OPEN(s, &st, err, "SELECT sha256, data FROM blob WHERE EXISTS (SELECT 1 FROM item i WHERE i.sha256 = blob.sha256"
		     " AND i.leaf < ?1) ORDER BY sha256", afd_u(size)) < 0)
		return -1;
	while ((r = afd_sql_step(s, st, err)) > 0) {
		const struct afd_slice bytes = afd_column_bytes(st, 1);

		if (bytes.len > AFD_MAX_ITEM)
			return afd_fail(err, AFD_E_LIMIT, "an item of %zu bytes; the limit is %u", bytes.len, AFD_MAX_ITEM);
		afd_sha256(bytes, &found);
		if (!afd_column_digest(st, 0, &named) || !afd_digest_equal(&named, &found))
			return afd_fail(err, AFD_E_VERIFY, "the bytes named %.16s... are damaged: `affidavit ledger verify` says which leaf",
				afd_digest_hex(&named).s);
		if (cb(ctx, &named, bytes, err) < 0)
			return -1;
	}
	return r;
}

int afd_plain_heads(struct afd_store *s, uint64_t size, afd_plain_head *cb, void *ctx, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (AFD_OPEN(s, &st, err, "SELECT size, note FROM head WHERE size <= ?1 ORDER BY size", afd_u(size)) < 0)
		return -1;
	while ((r = afd_sql_step(s, st, err)) > 0) {
		const char *note = (const char *)sqlite3_column_text(st, 1);

		if (!note)
			return afd_fail_memory(err);
		if (cb(ctx, (uint64_t)sqlite3_column_int64(st, 0), note, err) < 0)
			return -1;
	}
	return r;
}

/* --- one part --- */

static int part_leaf(void *ctx, uint64_t part, struct afd_digest *ret, struct afd_error *err)
{
	const struct afd_item *i = ctx;
	uint8_t salt[16];

	(void)err;
	afd_part_salt(i->secret, part, salt);
	afd_part_leaf(salt, afd_slice_sub(afd_buf_slice(&i->bytes), i->parts.at[part].off, i->parts.at[part].len), ret);
	return 0;
}

int afd_plain_part(const struct afd_item *i, uint64_t part, uint8_t salt[16], struct afd_proof *ret, struct afd_error *err)
{
	struct afd_item *item = (struct afd_item *)(uintptr_t)i;   /* only looked at */

	if (part >= i->parts.n)
		return afd_fail(err, AFD_E_VERIFY, "leaf %" PRIu64 " has %zu parts, part %" PRIu64 " was asked for", i->leaf, i->parts.n, part);
	*ret = (struct afd_proof){ .a = part, .b = i->parts.n };
	afd_part_salt(i->secret, part, salt);
	return afd_merkle_inclusion(part_leaf, item, part, i->parts.n, ret->at, &ret->n, err);
}
