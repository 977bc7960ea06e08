/* The tree in the store: proofs of every size, heads, erasure, faults found, one writer. */
#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "core/when.h"
#include "evidence/db.h"

#define MOST 41

static void leaf_hashes(struct afd_store *s, uint64_t n, struct afd_digest *ret)
{
	struct afd_error err = { 0 };

	for (uint64_t i = 0; i < n; i++)
		OK(afd_store_leaf_hash(s, i, &ret[i], &err));
}

/* Every inclusion and consistency proof of every size up to MOST, against roots that core computes from all leaves. */
static void test_proofs(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	struct afd_digest leaf[MOST], root[MOST + 1], proof[AFD_MAX_PROOF_NODES], got;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < MOST; i++) {   /* in steps, so that the edge of the tree is loaded at every size */
		put_many(s, &w, 1);
		assert_int_equal(sequence(s), i + 1);
	}
	leaf_hashes(s, MOST, leaf);
	for (uint64_t size = 0; size <= MOST; size++) {
		afd_merkle_root_of(leaf, size, &root[size]);
		OK(afd_store_root(s, size, &got, &err));
		assert_memory_equal(&got, &root[size], sizeof(got));
		for (uint64_t i = 0; i < size; i++) {
			OK(afd_store_inclusion(s, i, size, proof, &n, &err));
			assert_true(afd_merkle_check_inclusion(&leaf[i], i, size, proof, n, &root[size]));
		}
		for (uint64_t first = 0; first <= size; first++) {
			OK(afd_store_consistency(s, first, size, proof, &n, &err));
			assert_true(afd_merkle_check_consistency(first, &root[first], size, &root[size], proof, n));
		}
		REFUSED(afd_store_inclusion(s, size, size, proof, &n, &err), "not in a tree");
	}
	REFUSED(afd_store_root(s, MOST + 1, &got, &err), "the ledger has 41");
	REFUSED(afd_store_consistency(s, 5, 4, proof, &n, &err), "older");
	afd_store_close(s);
}

/* Sequencing in one go, in thirds or one by one gives one tree: 2100 items are more than a batch. */
static void test_steps_do_not_matter(void **state)
{
	static const unsigned steps[][3] = { { 2100, 0, 0 }, { 700, 700, 700 }, { 1, 1024, 1075 } };
	struct afd_digest root[3];
	struct afd_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct afd_store *s = memory_store();
		struct world w = { .now = 1 };

		for (size_t k = 0; k < 3; k++) {
			put_many(s, &w, steps[i][k]);
			sequence(s);
		}
		assert_rows(s, "SELECT count(*), min(leaf), max(leaf), sum(id = leaf + 1) FROM item", "2100|0|2099|2100\n");
		OK(afd_store_root(s, 2100, &root[i], &err));
		assert_memory_equal(&root[i], &root[0], 32);
		afd_store_close(s);
	}
}

/* Proofs read a few rows, however many leaves there are. */
static void test_proofs_are_short(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	struct afd_digest proof[AFD_MAX_PROOF_NODES];
	size_t n;

	(void)state;
	put_many(s, &w, 1000);
	sequence(s);
	OK(afd_store_inclusion(s, 999, 1000, proof, &n, &err));
	assert_true(n <= 10);
	OK(afd_store_consistency(s, 777, 1000, proof, &n, &err));
	assert_true(n <= 11);
	afd_store_close(s);
}

static void test_inbox_is_not_the_tree(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	uint64_t n;
	AFD_AUTO(item) struct afd_item i = { 0 };

	(void)state;
	put_many(s, &w, 3);
	OK(afd_store_size(s, &n, &err));
	assert_int_equal(n, 0);
	REFUSED(afd_store_item(s, 0, &i, &err), "there is no leaf 0");
	assert_int_equal(sequence(s), 3);
	assert_int_equal(sequence(s), 3);
	OK(afd_store_item(s, 2, &i, &err));
	assert_int_equal(i.presence, AFD_PRESENT);
	assert_string_equal(i.record.source, "src");
	assert_string_equal((char *)i.bytes.data, "watch d name2\n");
	assert_int_equal(i.parts.n, 1);
	assert_int_equal(i.parts.at[0].len, i.bytes.len);
	afd_store_close(s);
}

static void test_cursor_moves_with_its_items(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	char *cursor = NULL;

	(void)state;
	OK(afd_store_cursor(s, "src", &cursor, &err));
	assert_null(cursor);
	OK(afd_store_begin(s, &err));
	REFUSED(afd_store_begin(s, &err), "already open");
	put_text(s, &w, "src", "page", 1, "watch d a\n");
	OK(afd_store_cursor_set(s, "src", "page 1", 1, &err));
	OK(afd_store_commit(s, &err));
	OK(afd_store_begin(s, &err));
	put_text(s, &w, "src", "page", 2, "watch d b\n");
	OK(afd_store_cursor_set(s, "src", "page 2", 2, &err));
	afd_store_rollback(s);
	OK(afd_store_cursor(s, "src", &cursor, &err));
	assert_string_equal(cursor, "page 1");
	free(cursor);
	assert_rows(s, "SELECT count(*) FROM item", "1\n");
	REFUSED(afd_store_commit(s, &err), "no transaction");
	afd_store_close(s);
}

/* A refused item leaves the transaction as it was. */
static void test_refused_item(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	const struct afd_env env = world_env(&w);
	struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .source = "src", .asked_ms = AFD_TIME_NONE, .bytes = afd_slice_text("x") };

	(void)state;
	OK(afd_store_begin(s, &err));
	put_text(s, &w, "src", "page", 1, "watch d a\n");
	REFUSED(afd_store_put(s, &d, &env, &err), "asked-at");
	put_text(s, &w, "src", "page", 2, "watch d b\n");
	OK(afd_store_commit(s, &err));
	assert_rows(s, "SELECT count(*) FROM item", "2\n");
	afd_store_close(s);
}

/* --- heads --- */

static void test_heads(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	struct signer ours, other;
	struct afd_head h;
	struct afd_digest root;
	AFD_AUTO(mem) char *wrong_root = NULL;
	AFD_AUTO(mem) char *beyond = NULL;
	AFD_AUTO(mem) char *stranger = NULL;

	(void)state;
	signer_make(&ours, "ledger.example/one");
	signer_make(&other, "other.example/two");
	OK(afd_store_meta_set(s, "origin", ours.name, &err));
	assert_int_equal(afd_store_head(s, AFD_ANY_SIZE, &h, &err), 0);
	put_many(s, &w, 5);
	sequence(s);
	sign_head(s, &ours, 2);
	sign_head(s, &ours, 5);
	assert_int_equal(afd_store_head(s, AFD_ANY_SIZE, &h, &err), 1);
	assert_int_equal(h.size, 5);
	afd_head_release(&h);
	assert_int_equal(afd_store_head(s, 4, &h, &err), 1);
	assert_int_equal(h.size, 2);
	assert_int_equal(h.signed_ms, 5002);
	afd_head_release(&h);
	assert_int_equal(afd_store_head(s, 1, &h, &err), 0);

	OK(afd_store_root(s, 4, &root, &err));
	wrong_root = signed_note(&ours, 3, &root);
	REFUSED(afd_store_put_head(s, afd_slice_text(wrong_root), 1, &err), "not that of our tree");
	beyond = signed_note(&ours, 6, &root);
	REFUSED(afd_store_put_head(s, afd_slice_text(beyond), 1, &err), "the ledger has 5");
	stranger = signed_note(&other, 4, &root);
	REFUSED(afd_store_put_head(s, afd_slice_text(stranger), 1, &err), "other.example/two");
	REFUSED(afd_store_put_head(s, afd_slice_text("hello"), 1, &err), "head");
	afd_store_close(s);
}

/* --- faults --- */

struct faults { unsigned n; char text[4096]; };

static void add_fault(void *ctx, uint64_t leaf, const char *what)
{
	struct faults *f = ctx;
	const size_t at = strlen(f->text);

	f->n++;
	if (leaf == AFD_ANY_SIZE)
		snprintf(f->text + at, sizeof(f->text) - at, "store: %s\n", what);
	else
		snprintf(f->text + at, sizeof(f->text) - at, "leaf %" PRIu64 ": %s\n", leaf, what);
}

static struct signer ours;

static struct afd_ledger_report verify(struct afd_store *s, struct faults *f)
{
	struct afd_error err = { 0 };
	struct afd_ledger_report r;

	memset(f, 0, sizeof(*f));
	OK(afd_store_verify(s, ours.vkey, add_fault, f, &r, &err));
	assert_int_equal(r.faults, f->n);
	return r;
}

/* Seven items, two of them with the same bytes; leaf 3 is erased, leaf 4 was withheld, leaf 6 is the tombstone; heads
 * over 4 and 7. */
static struct afd_store *good_store(void)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 9000 };
	const struct afd_env env = world_env(&w);

	signer_make(&ours, "ledger.example/one");
	OK(afd_store_meta_set(s, "origin", ours.name, &err));
	OK(afd_store_meta_set(s, "vkey", ours.vkey, &err));
	put_many(s, &w, 4);
	put_kind(s, &w, AFD_ITEM_WITHHELD, "src", "text", "page", 1, "password=hunter2");
	put_text(s, &w, "src", "page", 1004, "watch d name1\n");
	sequence(s);
	sign_head(s, &ours, 4);
	OK(afd_store_erase(s, 3, "keep 400 days", "alice", &env, &err));
	sequence(s);
	sign_head(s, &ours, 7);
	return s;
}

static void test_good_store(void **state)
{
	struct afd_store *s = good_store();
	struct faults f;
	const struct afd_ledger_report r = verify(s, &f);

	(void)state;
	assert_string_equal(f.text, "");
	assert_int_equal(r.size, 7);
	assert_int_equal(r.present, 6);
	assert_int_equal(r.erased, 1);
	assert_int_equal(r.heads, 2);
	afd_store_close(s);
}

/* Values by another program. The secret of item i is bytes 0x30 i + 0x10 and on: support.c. */
static void test_salts_of_findings(void **state)
{
	static const struct { uint64_t size; const char *id, *salt; } of[] = {
		{ 7, "ABCDEFGHIJKLMNOP", "4f46986cb005e9d7d01fd444bc0633eb" },
		{ 4, "ABCDEFGHIJKLMNOP", "b1f6283cb3f86e8d850e1683613fc3a6" },
		{ 7, "ABCDEFGHIJKLMNOQ", "c0340d082eaf06dd80e6da1c5cdf9f61" },
	};
	struct afd_store *s = memory_store();
	struct world w = { .now = 9000 };
	const struct afd_env env = world_env(&w);
	struct afd_error err = { 0 };
	uint8_t salt[16];
	char hex[33];

	(void)state;
	assert_int_equal(afd_store_finding_salt(s, 0, of[0].id, salt, &err), 0);
	put_many(s, &w, 7);
	assert_int_equal(afd_store_finding_salt(s, 7, of[0].id, salt, &err), 0);      /* nothing is in the tree yet */
	sequence(s);
	for (size_t i = 0; i < AFD_COUNT(of); i++) {
		assert_int_equal(afd_store_finding_salt(s, of[i].size, of[i].id, salt, &err), 1);
		afd_hex(afd_slice(salt, sizeof(salt)), hex);
		assert_string_equal(hex, of[i].salt);
	}
	OK(afd_store_erase(s, 0, "keep 400 days", "alice", &env, &err));
	assert_int_equal(afd_store_finding_salt(s, 7, of[0].id, salt, &err), 1);
	afd_hex(afd_slice(salt, sizeof(salt)), hex);
	assert_string_equal(hex, "74094ecee11b43edd2495afc10b621dd");
	assert_int_equal(afd_store_finding_salt(s, 1, of[0].id, salt, &err), 0);      /* its only leaf is erased */
	afd_store_close(s);
}

static void test_published_reports(void **state)
{
	static const struct { bool old; } rows[] = { { false }, { true } };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_store *s = memory_store();
		struct afd_error err = { 0 };
		char label[] = "2026-Q3", id[] = "AAAA-BBBB-CCCC", who[] = "CN = signer";
		struct afd_published p = { .number = 1, .made_ms = 5, .as_of_ms = 4, .period_from = 1, .period_to = 3, .valid_from = -2,
			.valid_to = 99, .size = 7, .label = label, .report_id = id, .signer = who, .root = { { 1 } }, .report = { { 2 } },
			.statement = { { 3 } }, .certificate = { { 4 } } }, got = { 0 };

		if (rows[i].old)                           /* made before there was such a table */
			tamper(s, "DROP TABLE published");
		assert_int_equal(afd_store_published(s, 0, &got, &err), 0);
		OK(afd_store_publish(s, &p, &err));
		REFUSED(afd_store_publish(s, &p, &err), "report 1 was to be the next");
		p.number = 3;
		REFUSED(afd_store_publish(s, &p, &err), "which is at 2");
		p.number = 2;
		p.statement.b[0] = 9;
		OK(afd_store_publish(s, &p, &err));
		assert_int_equal(afd_store_published(s, 0, &got, &err), 1);
		assert_int_equal(got.number, 2);
		assert_int_equal(got.statement.b[0], 9);
		assert_int_equal(got.valid_from, -2);
		assert_int_equal(got.size, 7);
		assert_string_equal(got.label, label);
		assert_string_equal(got.report_id, id);
		assert_string_equal(got.signer, who);
		afd_published_release(&got);
		assert_int_equal(afd_store_published(s, 1, &got, &err), 1);
		assert_int_equal(got.statement.b[0], 3);
		afd_published_release(&got);
		assert_int_equal(afd_store_published(s, 3, &got, &err), 0);
		afd_store_close(s);
	}
}

#define FLIP(column) column " = CAST(substr(" column ", 1, 3) || x'5a5b' || substr(" column ", 6) AS BLOB)"
#define RECORD(from, to) "UPDATE item SET record = replace(record, '" from "', '" to "')"

/* What somebody with a database tool may do, and what verify says of it. */
static const struct { const char *sql, *fault; } forgeries[] = {
	/* every column of item */
	{ "UPDATE item SET id = 100 WHERE leaf = 2", "leaf 3: it stands behind an item that arrived later" },
	{ "UPDATE item SET leaf = 50 WHERE leaf = 2", "leaf 2: leaf 2 is missing: the next one there is 3" },
	{ "UPDATE item SET leaf = NULL WHERE leaf = 2", "leaf 2: leaf 2 is missing: the next one there is 3" },
	{ "UPDATE item SET leaf = NULL WHERE leaf = 6", "leaf 3: it is erased, and no tombstone in the tree" },
	{ "UPDATE item SET leaf = 99 WHERE leaf = 1; UPDATE item SET leaf = 1 WHERE leaf = 2; UPDATE item SET leaf = 2 WHERE leaf = 99",
	  "leaf 2: it stands behind an item that arrived later" },
	{ "UPDATE item SET " FLIP("hash") " WHERE leaf = 2", "leaf 2: its leaf hash is not that of its record" },
	{ "UPDATE item SET " FLIP("hash") " WHERE leaf = 2", "leaf 2: the tree's node 1/1 over it is not the hash of what lies below" },
	{ "UPDATE item SET hash = x'00' WHERE leaf = 2", "leaf 2: its leaf hash is not 32 bytes" },
	{ "UPDATE item SET " FLIP("hash") " WHERE leaf = 3", "leaf 6: it is a tombstone for leaf 3 with another hash" },
	{ RECORD("received-at 1002", "received-at 1003") " WHERE leaf = 2", "leaf 2: its leaf hash is not that of its record" },
	{ RECORD("source src", "source  src") " WHERE leaf = 2", "leaf 2: record: not in the one form" },
	{ "UPDATE item SET record = NULL WHERE leaf = 2", "leaf 2: its record is missing, and no tombstone" },
	{ "UPDATE item SET " FLIP("secret") " WHERE leaf = 2", "leaf 2: bytes, parts or secret are not those" },
	{ "UPDATE item SET secret = x'01' WHERE leaf = 2", "leaf 2: its secret is not 32 bytes" },
	{ "UPDATE item SET secret = NULL WHERE leaf = 2", "leaf 2: its secret is not 32 bytes" },
	{ "UPDATE item SET " FLIP("sha256") " WHERE leaf = 2", "leaf 2: its bytes are missing, and no tombstone" },
	{ "UPDATE item SET sha256 = NULL WHERE leaf = 2", "leaf 2: it does not name its bytes" },
	{ "UPDATE item SET sha256 = (SELECT sha256 FROM item WHERE leaf = 0) WHERE leaf = 2", "leaf 2: bytes, parts or secret" },
	{ "UPDATE item SET part_lengths = x'0000000600000007' WHERE leaf = 2", "leaf 2: bytes, parts or secret" },
	{ "UPDATE item SET part_lengths = NULL WHERE leaf = 2", "leaf 2: bytes, parts or secret" },
	{ "UPDATE item SET erased = 1 WHERE leaf = 2", "leaf 2: it is marked as erased and was not forgotten" },
	{ "UPDATE item SET erased = 1, record = NULL, secret = NULL, sha256 = NULL, part_lengths = NULL WHERE leaf = 2",
	  "leaf 2: it is erased, and no tombstone" },
	{ "UPDATE item SET stub = replace(stub, 'src', 'sea') WHERE leaf = 3", "leaf 3: its stub is not what the tombstone at leaf 6 says of it" },
	{ "UPDATE item SET stub = NULL WHERE leaf = 3", "leaf 3: its stub is not what the tombstone at leaf 6 says of it" },
	{ "UPDATE item SET stub = 'source src' WHERE leaf = 2", "leaf 2: it is there, and has a stub as if it were erased" },
	{ "UPDATE item SET erased = 0 WHERE leaf = 3", "leaf 3: its record is missing, and no tombstone" },
	{ "UPDATE item SET erased = 0 WHERE leaf = 3", "leaf 6: it is a tombstone for leaf 3, which is not erased" },
	{ "UPDATE item SET part_lengths = x'00' WHERE leaf = 4", "leaf 4: its bytes were to be withheld" },
	{ "DELETE FROM item WHERE leaf = 6", "leaf 3: it is erased, and no tombstone" },
	{ "DELETE FROM item WHERE leaf = 0", "leaf 0: leaf 0 is missing" },
	{ "DELETE FROM item", "store: head over 4 leaves: there are 0" },
	/* blob */
	{ "UPDATE blob SET " FLIP("data") " WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 2)", "leaf 2: its bytes are not those" },
	{ "UPDATE blob SET data = x'' WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 2)", "leaf 2: its bytes are not those" },
	{ "UPDATE blob SET " FLIP("data") " WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 5)", "leaf 1: its bytes are not those" },
	{ "UPDATE blob SET " FLIP("sha256") " WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 2)", "leaf 2: its bytes are missing" },
	{ "UPDATE blob SET " FLIP("sha256") " WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 2)", "store: 1 pieces of bytes belong to no item" },
	{ "DELETE FROM blob WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 2)", "leaf 2: its bytes are missing" },
	/* node */
	{ "UPDATE node SET " FLIP("hash") " WHERE level = 2 AND idx = 0", "leaf 0: the tree's node 2/0 over it is not the hash" },
	{ "UPDATE node SET " FLIP("hash") " WHERE level = 1 AND idx = 2", "leaf 4: the tree's node 1/2 over it is not the hash" },
	{ "UPDATE node SET idx = 9 WHERE level = 1 AND idx = 1", "leaf 2: the tree's node 1/1 over it is missing" },
	{ "UPDATE node SET level = 9 WHERE level = 1 AND idx = 1", "leaf 2: the tree's node 1/1 over it is missing" },
	{ "DELETE FROM node WHERE level = 2", "leaf 0: the tree's node 2/0 over it is missing" },
	{ "DELETE FROM node WHERE level = 1 AND idx = 2", "store: heads over 4 and 7 leaves: node 1/2 is missing" },
	{ "INSERT INTO node VALUES (3, 0, zeroblob(32))", "store: the tree has 5 nodes, its leaves make 4" },
	/* head */
	{ "UPDATE head SET size = 3 WHERE size = 4", "store: head over 3 leaves: its note says another size or root" },
	{ "UPDATE head SET size = 3 WHERE size = 4", "store: head over 3 leaves: its root is not that of the leaves" },
	{ "UPDATE head SET size = 8 WHERE size = 7", "store: head over 8 leaves: there are 7" },
	{ "UPDATE head SET " FLIP("root") " WHERE size = 7", "store: head over 7 leaves: its note says another size or root" },
	{ "UPDATE head SET " FLIP("root") " WHERE size = 7", "store: heads over 4 and 7 leaves are not of one history" },
	{ "UPDATE head SET root = x'00' WHERE size = 7", "store: head over 7 leaves: its root is not that of the leaves" },
	{ "UPDATE head SET note = replace(note, char(10) || '7' || char(10), char(10) || '6' || char(10)) WHERE size = 7",
	  "store: head over 7 leaves: " },
	{ "UPDATE head SET note = (SELECT note FROM head WHERE size = 4) WHERE size = 7", "store: head over 7 leaves: its note says another" },
	{ "UPDATE head SET note = 'none' WHERE size = 7", "store: head over 7 leaves: " },
	/* meta */
	{ "UPDATE meta SET value = 'x' || value WHERE name = 'vkey'", "store: the store says that its key is xledger" },
	{ "DELETE FROM meta WHERE name = 'vkey'", "store: the store does not say which key is its own" },
	{ "UPDATE meta SET value = 'other.example' WHERE name = 'origin'", "store: head over 7 leaves: it speaks for ledger.example/one" },
};

static void test_forgeries_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(forgeries); i++) {
		struct afd_store *s = good_store();
		struct faults f;

		tamper(s, forgeries[i].sql);
		verify(s, &f);
		if (!strstr(f.text, forgeries[i].fault))
			fail_msg("%s\nexpected: %s\ngot:\n%s", forgeries[i].sql, forgeries[i].fault, f.text);
		afd_store_close(s);
	}
}

/* A damaged item of the inbox is told before it becomes a leaf. */
static void test_damaged_inbox(void **state)
{
	struct afd_store *s = good_store();
	struct world w = { .now = 1, .next = 200 };
	struct faults f;

	(void)state;
	put_text(s, &w, "src", "page", 1, "watch d z\n");
	assert_int_equal(verify(s, &f).faults, 0);
	tamper(s, RECORD("asked page", "asked pagf") " WHERE leaf IS NULL");
	verify(s, &f);
	assert_non_null(strstr(f.text, "store: item 8 of the inbox is damaged"));
	afd_store_close(s);
}

/* Somebody who makes everything anew, with a key of their own, is told by the key. */
static void test_wrong_key(void **state)
{
	struct afd_store *s = good_store();
	struct afd_error err = { 0 };
	struct afd_ledger_report r;
	struct signer other;
	struct faults f = { 0 };

	(void)state;
	signer_make(&other, "other.example/two");
	OK(afd_store_verify(s, other.vkey, add_fault, &f, &r, &err));
	assert_non_null(strstr(f.text, "store: the store says that its key is ledger.example/one"));
	assert_non_null(strstr(f.text, "store: head over 7 leaves: "));
	afd_store_close(s);
}

/* --- forgetting --- */

static void test_erase(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 9000 };
	const struct afd_env env = world_env(&w);
	AFD_AUTO(item) struct afd_item i = { 0 };
	AFD_AUTO(item) struct afd_item t = { 0 };
	struct afd_digest before, after;

	(void)state;
	put_text(s, &w, "src", "page", 1, "watch d only\n");
	put_text(s, &w, "src", "page", 2, "watch d shared\n");
	put_text(s, &w, "src", "page", 3, "watch d shared\n");
	sequence(s);
	OK(afd_store_leaf_hash(s, 0, &before, &err));
	REFUSED(afd_store_erase(s, 0, "", "alice", &env, &err), "needs a rule");
	REFUSED(afd_store_erase(s, 9, "rule", "alice", &env, &err), "there is no leaf 9");
	OK(afd_store_erase(s, 0, "keep 400 days", "alice", &env, &err));
	OK(afd_store_erase(s, 1, "keep 400 days", "alice", &env, &err));
	REFUSED(afd_store_erase(s, 0, "keep 400 days", "alice", &env, &err), "already erased");
	/* bytes that another item has stay for it */
	assert_rows(s, "SELECT CAST(data AS TEXT) FROM blob ORDER BY 1", "source src\ndecoder text\nkind answer\nreceived-at 1\n\n"
	            "source src\ndecoder text\nkind answer\nreceived-at 2\n\nwatch d shared\n\n");
	assert_rows(s, "SELECT leaf, stub FROM item ORDER BY id", "0|source src\ndecoder text\nkind answer\nreceived-at 1\n\n"
	            "1|source src\ndecoder text\nkind answer\nreceived-at 2\n\n2|_\n_|_\n_|_\n");
	assert_rows(s, "SELECT leaf, record IS NULL, secret IS NULL, sha256 IS NULL, part_lengths IS NULL, erased FROM item ORDER BY id",
	            "0|1|1|1|1|1\n1|1|1|1|1|1\n2|0|0|0|0|0\n_|0|0|0|0|0\n_|0|0|0|0|0\n");
	assert_int_equal(sequence(s), 5);
	OK(afd_store_leaf_hash(s, 0, &after, &err));
	assert_memory_equal(&before, &after, 32);
	OK(afd_store_item(s, 0, &i, &err));
	assert_int_equal(i.presence, AFD_ERASED);
	OK(afd_store_item(s, 3, &t, &err));
	assert_int_equal(t.record.kind, AFD_ITEM_TOMBSTONE);
	assert_int_equal(t.record.erases_leaf, 0);
	assert_memory_equal(&t.record.erases_hash, &before, 32);
	assert_string_equal(t.record.rule, "keep 400 days");
	assert_string_equal(t.record.actor, "alice");
	REFUSED(afd_store_erase(s, 3, "keep 400 days", "alice", &env, &err), "is a tombstone");
	afd_store_close(s);
}

/* What the user declared stays, every version; of a check the newest stays, what it superseded may go. */
static const struct { uint64_t leaf; const char *refused; } versions[] = {
	{ 0, "leaf 0 is a version of the inventory" }, { 1, "leaf 1 is a version of the inventory" }, { 2, NULL },
	{ 3, "leaf 3 is a version of the approvals" }, { 4, "leaf 4 is a version of the config" }, { 5, NULL },
	{ 6, "leaf 6 is a version of the policy" }, { 7, "leaf 7 is the newest version of check checks/%41 b.sql" },
	{ 8, "leaf 8 is the newest version of mapping m.yaml" },
};

static void test_erase_user_files(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 9000 };
	const struct afd_env env = world_env(&w);

	(void)state;
	put_kind(s, &w, AFD_ITEM_FILE, "user", "inventory", "inventory.yaml", 1, "1\n");
	put_kind(s, &w, AFD_ITEM_FILE, "user", "inventory", "inventory.yaml", 2, "2\n");
	put_kind(s, &w, AFD_ITEM_FILE, "user", "check", "checks/%41 b.sql", 3, "3\n");
	put_kind(s, &w, AFD_ITEM_FILE, "user", "approvals", "a.csv", 4, "4\n");
	put_kind(s, &w, AFD_ITEM_FILE, "user", "config", "affidavit.yaml", 5, "5\n");
	put_text(s, &w, "src", "inventory.yaml", 6, "6\n");
	put_kind(s, &w, AFD_ITEM_FILE, "user", "policy", "inventory.yaml", 7, "7\n");
	put_kind(s, &w, AFD_ITEM_FILE, "user", "check", "checks/%41 b.sql", 8, "8\n");
	put_kind(s, &w, AFD_ITEM_FILE, "user", "mapping", "m.yaml", 9, "9\n");
	sequence(s);
	for (size_t i = 0; i < AFD_COUNT(versions); i++) {
		if (versions[i].refused)
			REFUSED(afd_store_erase(s, versions[i].leaf, "rule", "alice", &env, &err), versions[i].refused);
		else
			OK(afd_store_erase(s, versions[i].leaf, "rule", "alice", &env, &err));
	}
	assert_rows(s, "SELECT count(*) FROM item WHERE erased = 1", "2\n");
	afd_store_close(s);
}

static bool file_holds(const char *name, const char *text)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	const size_t n = strlen(text);

	if (afd_file_read(name, 64u << 20, &b, NULL) < 0)
		return false;
	for (size_t i = 0; i + n <= b.len; i++)
		if (memcmp(b.data + i, text, n) == 0)
			return true;
	return false;
}

/* What was erased is not in the file any more, nor what was derived from it, once derive has run. */
static void test_erased_bytes_leave_the_file(void **state)
{
	const char *name = scratch();
	AFD_AUTO(mem) char *wal = afd_sprintf("%s-wal", name);
	struct afd_store *s = NULL;
	struct afd_error err = { 0 };
	struct world w = { .now = 9000 };
	const struct afd_env env = world_env(&w);

	(void)state;
	OK(afd_store_open(name, AFD_STORE_CREATE, &s, &err));
	put_text(s, &w, "src", "page", 1, "watch d aVeryRareNameIndeed.example\n");
	put_many(s, &w, 20);
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT count(*) FROM watch WHERE name LIKE 'aVery%'", "1\n");
	OK(afd_store_erase(s, 0, "rule", "alice", &env, &err));
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT count(*) FROM watch WHERE name LIKE 'aVery%'", "0\n");
	s = afd_store_close(s);
	assert_false(file_holds(name, "aVeryRareNameIndeed"));
	assert_false(file_holds(wal, "aVeryRareNameIndeed"));
	assert_true(file_holds(name, "name19"));
	scratch_remove();
}

static void test_withheld_bytes_are_not_kept(void **state)
{
	struct afd_store *s = good_store();
	struct afd_error err = { 0 };
	AFD_AUTO(item) struct afd_item i = { 0 };

	(void)state;
	OK(afd_store_item(s, 4, &i, &err));
	assert_int_equal(i.presence, AFD_PRESENT);
	assert_int_equal(i.record.kind, AFD_ITEM_WITHHELD);
	assert_int_equal(i.record.length, strlen("password=hunter2"));
	assert_int_equal(i.bytes.len, 0);
	assert_rows(s, "SELECT count(*) FROM blob WHERE CAST(data AS TEXT) LIKE '%hunter2%'", "0\n");
	afd_store_close(s);
}

/* --- opening --- */

static void test_what_is_not_a_store(void **state)
{
	const char *name = scratch();
	struct afd_store *s = NULL;
	struct afd_error err = { 0 };

	(void)state;
	REFUSED(afd_store_open("", AFD_STORE_READ, &s, &err), "needs a path");
	REFUSED(afd_store_open("postgresql://x/y", AFD_STORE_READ, &s, &err), "a store is a file");
	REFUSED(afd_store_open("file:x?mode=memory", AFD_STORE_CREATE, &s, &err), "a store is a file");
	REFUSED(afd_store_open(name, AFD_STORE_READ, &s, &err), "could not open");
	REFUSED(afd_store_open(name, AFD_STORE_WRITE, &s, &err), "could not open");
	assert_int_equal(err.code, AFD_E_STORE);
	OK(afd_file_write(name, afd_slice_text(""), false, &err));
	REFUSED(afd_store_open(name, AFD_STORE_WRITE, &s, &err), "not an evidence store");
	REFUSED(afd_store_open(name, AFD_STORE_READ, &s, &err), "not an evidence store");
	OK(afd_file_write(name, afd_slice_text("This file is much longer than a hundred bytes, which is where SQLite begins"
	                  " to look at what a file says about itself, and it is no database at all."), false, &err));
	REFUSED(afd_store_open(name, AFD_STORE_WRITE, &s, &err), "not an evidence store");
	REFUSED(afd_store_open(name, AFD_STORE_CREATE, &s, &err), "not an evidence store");
	REFUSED(afd_store_open(name, AFD_STORE_READ, &s, &err), "not an evidence store");
	assert_int_equal(err.code, AFD_E_STORE);
	scratch_remove();
}

/* Another program's database, and ours with something slipped in. */
static const struct { const char *sql, *because; } strange[] = {
	{ "PRAGMA application_id = 1", "not an evidence store" },
	{ "PRAGMA user_version = 99", "format 99" },
	{ "DROP TABLE head", "no such table: head" },
	{ "ALTER TABLE item RENAME COLUMN erased TO gone", "no such column: erased" },
	{ "CREATE VIEW v AS SELECT 1", "views or triggers" },
	{ "CREATE TRIGGER t AFTER INSERT ON item BEGIN SELECT 1; END", "views or triggers" },
};

static void test_strange_stores(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(strange); i++) {
		const char *name = scratch();
		struct afd_store *s = NULL;
		struct afd_error err = { 0 };

		OK(afd_store_open(name, AFD_STORE_CREATE, &s, &err));
		tamper(s, strange[i].sql);
		s = afd_store_close(s);
		REFUSED(afd_store_open(name, AFD_STORE_WRITE, &s, &err), strange[i].because);
		REFUSED(afd_store_open(name, AFD_STORE_READ, &s, &err), strange[i].because);
		scratch_remove();
	}
}

/* Pages overwritten with noise: an error that says so, never a crash or silence. */
static void test_corrupt_file(void **state)
{
	const char *name = scratch();
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_store *s = NULL;
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	struct afd_ledger_report r = { 0 };
	struct faults f = { 0 };

	(void)state;
	OK(afd_store_open(name, AFD_STORE_CREATE, &s, &err));
	put_many(s, &w, 200);
	sequence(s);
	s = afd_store_close(s);
	OK(afd_file_read(name, 64u << 20, &b, &err));
	for (size_t i = 8192; i < b.len; i++)
		if (i % 4096 < 100)
			b.data[i] = (uint8_t)(i * 7);
	OK(afd_file_write(name, afd_buf_slice(&b), false, &err));
	if (afd_store_open(name, AFD_STORE_READ, &s, &err) == 0 && afd_store_verify(s, NULL, add_fault, &f, &r, &err) == 0)
		fail_msg("a corrupt file was read with %u faults", f.n);
	assert_int_equal(err.code, AFD_E_STORE);
	assert_non_null(strstr(err.text, "damaged"));
	afd_store_close(s);
	scratch_remove();
}

static void test_one_writer(void **state)
{
	const char *name = scratch();
	AFD_AUTO(mem) char *pid = afd_sprintf("pid %d (test_", (int)getpid());
	struct afd_store *first = NULL, *second = NULL, *reader = NULL;
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	uint64_t n;
	int status;

	(void)state;
	OK(afd_store_open(name, AFD_STORE_CREATE, &first, &err));
	REFUSED(afd_store_open(name, AFD_STORE_WRITE, &second, &err), "another process is writing to it: pid");
	/* another process is told who holds it */
	fflush(stdout);
	if (fork() == 0) {
		const int r = afd_store_open(name, AFD_STORE_WRITE, &second, &err);

		_exit(r == -1 && err.code == AFD_E_STORE && strstr(err.text, pid) ? 0 : 1);
	}
	wait(&status);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* a reader sees what was there when it opened, and is not in the way */
	put_many(first, &w, 3);
	sequence(first);
	OK(afd_store_open(name, AFD_STORE_READ, &reader, &err));
	put_many(first, &w, 4);
	assert_int_equal(sequence(first), 7);
	OK(afd_store_size(reader, &n, &err));
	assert_int_equal(n, 3);
	reader = afd_store_close(reader);
	OK(afd_store_open(name, AFD_STORE_READ, &reader, &err));
	OK(afd_store_size(reader, &n, &err));
	assert_int_equal(n, 7);
	/* and writes nothing */
	REFUSED(afd_store_sequence(reader, &n, &err), "for reading only");
	REFUSED(afd_store_meta_set(reader, "test", "1", &err), "for reading only");
	REFUSED(afd_derive(reader, text_decode, NULL, &err), "for reading only");
	afd_store_close(reader);
	/* free again when the first is closed */
	afd_store_close(first);
	OK(afd_store_open(name, AFD_STORE_WRITE, &second, &err));
	afd_store_close(second);
	scratch_remove();
}

/* On a read-only medium there is nowhere to put SQLite's shared index. (As root, permissions do not hold us back; then
 * the usual way is what this walks.) */
static void test_read_only_folder(void **state)
{
	AFD_AUTO(mem) char *name = afd_strdup(scratch());
	AFD_AUTO(mem) char *folder = afd_sprintf("%.*s", (int)(strrchr(name, '/') - name), name);
	struct afd_store *s = NULL;
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	uint64_t n = 0;

	(void)state;
	OK(afd_store_open(name, AFD_STORE_CREATE, &s, &err));
	put_many(s, &w, 3);
	sequence(s);
	s = afd_store_close(s);
	assert_int_equal(chmod(name, 0444), 0);
	assert_int_equal(chmod(folder, 0555), 0);
	if (geteuid() == 0 && fork() == 0) {
		int ok = setgid(65534) == 0 && setuid(65534) == 0 && afd_store_open(name, AFD_STORE_READ, &s, &err) == 0 &&
		         afd_store_size(s, &n, &err) == 0 && n == 3;

		if (!ok)
			print_error("%s\n", err.text);
		_exit(ok ? 0 : 1);
	} else if (geteuid() == 0) {
		int status;

		wait(&status);
		assert_int_equal(status, 0);
	} else {
		OK(afd_store_open(name, AFD_STORE_READ, &s, &err));
		OK(afd_store_size(s, &n, &err));
		assert_int_equal(n, 3);
		afd_store_close(s);
	}
	assert_int_equal(chmod(folder, 0755), 0);
	scratch_remove();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proofs),
		cmocka_unit_test(test_steps_do_not_matter),
		cmocka_unit_test(test_proofs_are_short),
		cmocka_unit_test(test_inbox_is_not_the_tree),
		cmocka_unit_test(test_cursor_moves_with_its_items),
		cmocka_unit_test(test_refused_item),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_good_store),
		cmocka_unit_test(test_forgeries_are_found),
		cmocka_unit_test(test_damaged_inbox),
		cmocka_unit_test(test_wrong_key),
		cmocka_unit_test(test_erase),
		cmocka_unit_test(test_erase_user_files),
		cmocka_unit_test(test_erased_bytes_leave_the_file),
		cmocka_unit_test(test_withheld_bytes_are_not_kept),
		cmocka_unit_test(test_what_is_not_a_store),
		cmocka_unit_test(test_strange_stores),
		cmocka_unit_test(test_salts_of_findings),
		cmocka_unit_test(test_published_reports),
		cmocka_unit_test(test_corrupt_file),
		cmocka_unit_test(test_one_writer),
		cmocka_unit_test(test_read_only_folder),
	};

	return cmocka_run_group_tests_name("evidence ledger", tests, NULL, NULL);
}
