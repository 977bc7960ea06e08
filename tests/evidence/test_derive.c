/* Tables are a function of a prefix of the ledger: however it was walked, whatever went wrong with single items. */
#include "support.h"

#include <stdio.h>

#include "core/file.h"
#include "core/when.h"
#include "evidence/db.h"

/* A bit of everything; the fourth item cannot be read after it has said something. */
static const struct { const char *source, *text; } story[] = {
	{ "ns1", "whole z.test 1 1000\n+ z.test 60 NS ns1.z.test.\n" },
	{ "ct-a", "watch d z.test\ncert log.a 1 500 pre aa www.z.test *.z.test\ncert log.a 2 600 final aa www.z.test z.test\n" },
	{ "ct-b", "cert log.b 9 400 pre aa www.z.test\ncert log.b 10 700 pre bb w.z.test\n"
	  "cert log.b 11 800 pre bb w.z.test\ncoverage ct-log log.b 0 400 proven\n" },
	{ "ns1", "diff z.test 1 2 2000\n+ x.z.test 60 TXT \"1\"\nfail the~rest~is~torn\n" },
	{ "ns1", "diff z.test 1 2 3000\n+ x.z.test 60 TXT \"2\"\n" },
	{ "ns1-log", "claim z.test r1 2500 2501\n+ x.z.test _ TXT \"2\"\nclaim z.test r2 2600 2601\n- x.z.test _ _ _\n" },
	{ "ns1-log", "claim z.test r2 2600 2601\n+ never.z.test _ A 192.0.2.1\nclaim z.test r3 2700 2701\n" },
	{ "cf", "event acc e1 transfer-lock.remove 100\nevent acc e2 token.create 200\n" },
	{ "cf", "event acc e2 token.delete 300\nevent acc e3 token.create 400\n" },
	{ "user", "tables domain\nrow domain z.test name=z.test in_scope:=1\nend\n" },
	{ "user", "tables domain\nrow domain z.test name=z.test owner=DNS in_scope:=1\nend\n" },
};

static void put_story(struct afd_store *s, struct world *w, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		put_text(s, w, story[i].source, "page", 10000 + 100 * (int64_t)i, story[i].text);
}

static void test_one_bad_item(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_story(s, &w, 0, AFD_COUNT(story));
	assert_int_equal(sequence(s), AFD_COUNT(story));
	derive(s);
	/* nothing of what it said first is left, and the rest is all there */
	assert_rows(s, "SELECT leaf, source, reason FROM decode_error", "3|ns1|the rest is torn\n");
	assert_rows(s, "SELECT rdata FROM record WHERE owner = 'x.z.test'", "\"2\"\n");
	assert_rows(s, "SELECT t_from, t_to, leaf FROM change", "1000|3001|4\n");
	assert_rows(s, "SELECT count(*), max(leaf) FROM item_note", "11|10\n");
	assert_rows(s, "SELECT kind, source, decoder, asked, received_ms, parts FROM item_note WHERE leaf = 3", "answer|ns1|text|page|10300|1\n");
	assert_rows(s, "SELECT one, size, substr(engine, 1, instr(engine, '+') - 1) FROM derived", "1|11|" AFD_VERSION "\n");
	assert_rows(s, "SELECT count(*) FROM item_note n JOIN item i ON i.leaf = n.leaf WHERE n.hash = lower(hex(i.hash))", "11\n");
	afd_store_close(s);
}

static void test_the_first_stays(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_story(s, &w, 0, AFD_COUNT(story));
	sequence(s);
	derive(s);
	/* a claim told twice: its records too are those of the first */
	assert_rows(s, "SELECT ref, leaf FROM claim ORDER BY id", "r1|5\nr2|5\nr3|6\n");
	assert_rows(s, "SELECT c.ref, r.owner, r.type, r.op, r.rdata FROM claim_record r LEFT JOIN claim c ON c.id = r.claim_id ORDER BY r.id",
	            "r1|x.z.test|TXT|add|\"2\"\nr2|x.z.test|_|del|_\n");
	assert_rows(s, "SELECT provider_ref, action FROM event ORDER BY id", "e1|transfer-lock.remove\ne2|token.create\ne2#8|token.delete\ne3|token.create\n");
	/* one issuance in three entries: the earliest gives its time and its evidence */
	assert_rows(s, "SELECT tbs_key, logged_ms, has_precert, has_final, leaf, issuer_key_hash FROM certificate ORDER BY id",
	            "aa|400|1|1|2|\nbb|700|1|0|2|\n");
	assert_rows(s, "SELECT name, base, wildcard, leaf FROM certificate_name ORDER BY id",
	            "www.z.test|www.z.test|0|1\n*.z.test|z.test|1|1\nz.test|z.test|0|1\nw.z.test|w.z.test|0|2\n");
	assert_rows(s, "SELECT log, entry_index, certificate_id, precert, logged_ms, proven FROM log_entry ORDER BY id",
	            "log.a|1|1|1|500|1\nlog.a|2|1|0|600|1\nlog.b|9|1|1|400|1\nlog.b|10|2|1|700|1\nlog.b|11|2|1|800|1\n");
	assert_rows(s, "SELECT source, evidence, scope, t_from, t_to, grade, provider_count, stored_count FROM coverage WHERE evidence = 'ct-log'",
	            "ct-b|ct-log|log.b|0|400|3|_|_\n");
	afd_store_close(s);
}

/* A decoder that goes on after the sink has said no does not get half of its rows in. */
static void test_deaf_decoder(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_text(s, &w, "cf", "page", 1, "ignore\nevent acc e1 a.b 1\nevent acc _ a.b 2\nevent acc e3 a.b 3\n");
	put_text(s, &w, "cf", "page", 2, "event acc e4 a.b 4\n");
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT provider_ref FROM event", "e4\n");
	assert_rows(s, "SELECT leaf, reason FROM decode_error", "0|event without a reference: NOT NULL constraint failed: event.provider_ref\n");
	afd_store_close(s);
}

/* An empty interval says nothing, except that there was a gap. */
static void test_empty_intervals(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_text(s, &w, "cf", "page", 1, "coverage account-events acc 5 5 proven\ncoverage account-events acc 7 7 gap refused\n"
	         "coverage account-events acc 9 8 gap clock\ncoverage account-events acc 9 8 asserted\n");
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT t_from, t_to, grade, reason FROM coverage ORDER BY id", "7|8|0|refused\n9|10|0|clock\n");
	assert_rows(s, "SELECT count(*) FROM decode_error", "0\n");
	afd_store_close(s);
}

/* Times at the ends of what an int64 holds are refused, not computed with. */
static void test_ends_of_time(void **state)
{
	static const char *const texts[] = {
		"coverage account-events acc 9223372036854775807 9223372036854775807 gap x\n",
		"whole z.test 1 9223372036854775807\n",
		"serial z.test 1 -9223372036854775808\n",
	};
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(texts); i++)
		put_text(s, &w, "cf", "page", 1, texts[i]);
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT leaf FROM decode_error", "0\n1\n2\n");
	assert_rows(s, "SELECT count(*) FROM coverage", "0\n");
	afd_store_close(s);
}

/* Bytes of strangers that are not UTF-8 do not get into a table as they are. */
static void test_not_utf8(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_text(s, &w, "cf", "p\xff", 1, "event a\xc3\xa9\xff\xed\xa0\x80z e1 a.b 1\n");
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT account FROM event", "a\xc3\xa9\\xFF\\xED\\xA0\\x80z\n");
	assert_rows(s, "SELECT asked FROM item_note", "p\\xFF\n");
	afd_store_close(s);
}

/* At once, item by item, and made again: the same rows under the same ids. */
static void test_same_tables(void **state)
{
	struct afd_store *at_once = memory_store(), *step_by_step = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 1 }, w2 = { .now = 1 };
	AFD_AUTO(mem) char *one = NULL;
	AFD_AUTO(mem) char *other = NULL;
	AFD_AUTO(mem) char *again = NULL;

	(void)state;
	put_story(at_once, &w, 0, AFD_COUNT(story));
	sequence(at_once);
	derive(at_once);
	one = dump_derived(at_once);
	for (size_t i = 0; i < AFD_COUNT(story); i++) {
		put_story(step_by_step, &w2, i, i + 1);
		if (i % 3 == 0)
			sequence(step_by_step);
		derive(step_by_step);
	}
	sequence(step_by_step);
	derive(step_by_step);
	other = dump_derived(step_by_step);
	assert_string_equal(one, other);
	OK(afd_rebuild(step_by_step, text_decode, NULL, &err));
	again = dump_derived(step_by_step);
	assert_string_equal(one, again);
	afd_store_close(at_once);
	afd_store_close(step_by_step);
}

/* More items than one transaction takes. */
static void test_batches(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_many(s, &w, 1203);
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT size FROM derived", "1203\n");
	assert_rows(s, "SELECT count(*) FROM watch", "1203\n");
	afd_store_close(s);
}

/* Tables of another version are made again, whatever they hold. */
static void test_another_engine(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };
	AFD_AUTO(mem) char *before = NULL;
	AFD_AUTO(mem) char *after = NULL;

	(void)state;
	put_story(s, &w, 0, AFD_COUNT(story));
	sequence(s);
	derive(s);
	before = dump_derived(s);
	tamper(s, "UPDATE derived SET engine = '0.0.0'; DELETE FROM event; DROP TABLE claim; CREATE TABLE of_old (x TEXT);"
	          "ALTER TABLE record RENAME TO old_record");
	derive(s);
	after = dump_derived(s);
	assert_string_equal(before, after);
	tamper(s, "DROP TABLE derived");
	derive(s);
	free(after);
	after = dump_derived(s);
	assert_string_equal(before, after);
	afd_store_close(s);
}

/* A store of the first N leaves has the tables that the store had when it had N leaves. */
static void test_prefix(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	struct signer k;
	char *dump[AFD_COUNT(story) + 1];
	struct afd_digest root[AFD_COUNT(story) + 1], got;
	struct afd_store *p = NULL;

	(void)state;
	signer_make(&k, "ledger.example/one");
	OK(afd_store_meta_set(s, "origin", k.name, &err));
	OK(afd_store_meta_set(s, "vkey", k.vkey, &err));
	for (size_t i = 0; i <= AFD_COUNT(story); i++) {
		if (i > 0)
			put_story(s, &w, i - 1, i);
		sequence(s);
		derive(s);
		if (i == 4 || i == 8)
			sign_head(s, &k, i);
		dump[i] = dump_derived(s);
		OK(afd_store_root(s, i, &root[i], &err));
	}
	for (size_t i = 0; i <= AFD_COUNT(story); i++) {
		struct afd_ledger_report r;
		struct afd_head h = { 0 };
		AFD_AUTO(mem) char *there = NULL;
		AFD_AUTO(mem) char *vkey = NULL;
		uint64_t n;

		OK(afd_store_prefix(s, i, text_decode, NULL, &p, &err));
		there = dump_derived(p);
		assert_string_equal(there, dump[i]);
		OK(afd_store_size(p, &n, &err));
		assert_int_equal(n, i);
		OK(afd_store_root(p, i, &got, &err));
		assert_memory_equal(&got, &root[i], 32);
		OK(afd_store_verify(p, k.vkey, NULL, NULL, &r, &err));
		assert_int_equal(r.faults, 0);
		assert_int_equal(afd_store_head(p, AFD_ANY_SIZE, &h, &err), i >= 4);
		assert_int_equal(h.size, i < 4 ? 0 : i < 8 ? 4 : 8);
		afd_head_release(&h);
		OK(afd_store_meta(p, "vkey", &vkey, &err));
		assert_string_equal(vkey, k.vkey);
		p = afd_store_close(p);
		free(dump[i]);
	}
	REFUSED(afd_store_prefix(s, AFD_COUNT(story) + 1, text_decode, NULL, &p, &err), "the ledger has 11 leaves");
	afd_store_close(s);
}

/* A prefix is also made from a store that is only read. */
static void test_prefix_of_a_reader(void **state)
{
	const char *name = scratch();
	struct afd_store *s = NULL, *reader = NULL, *p = NULL;
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	AFD_AUTO(mem) char *one = NULL;
	AFD_AUTO(mem) char *other = NULL;

	(void)state;
	OK(afd_store_open(name, AFD_STORE_CREATE, &s, &err));
	put_story(s, &w, 0, AFD_COUNT(story));
	sequence(s);
	derive(s);
	one = dump_derived(s);
	OK(afd_store_open(name, AFD_STORE_READ, &reader, &err));
	OK(afd_store_prefix(reader, AFD_COUNT(story), text_decode, NULL, &p, &err));
	other = dump_derived(p);
	assert_string_equal(one, other);
	afd_store_close(p);
	afd_store_close(reader);
	afd_store_close(s);
	scratch_remove();
}

/* --- items that are gone or changed --- */

static void test_erased_items(void **state)
{
	struct afd_store *s = memory_store(), *p = NULL;
	struct afd_error err = { 0 };
	struct world w = { .now = 9000 };
	const struct afd_env env = world_env(&w);
	AFD_AUTO(mem) char *before = NULL;
	AFD_AUTO(mem) char *after = NULL;

	(void)state;
	put_story(s, &w, 0, AFD_COUNT(story));
	sequence(s);
	derive(s);
	OK(afd_store_erase(s, 7, "keep 400 days", "alice", &env, &err));
	derive(s);   /* the tombstone is still in the inbox */
	assert_rows(s, "SELECT leaf, reason FROM decode_error WHERE leaf = 7", "7|erased; no tombstone says under which rule\n");
	assert_rows(s, "SELECT provider_ref, action FROM event ORDER BY id", "e2|token.delete\ne3|token.create\n");
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT leaf, source, reason FROM decode_error WHERE leaf = 7", "7|cf|erased under rule keep 400 days by alice\n");
	assert_rows(s, "SELECT kind, source, decoder, asked, received_ms, parts, ledger_ms, lost FROM item_note WHERE leaf IN (7, 11)",
	            "erased|cf|text||10700|0|10700|1\ntombstone|engine|||9000|1|11000|0\n");
	before = dump_derived(s);
	OK(afd_rebuild(s, text_decode, NULL, &err));
	after = dump_derived(s);
	assert_string_equal(before, after);
	/* in a prefix without the tombstone nobody says why */
	OK(afd_store_prefix(s, 11, text_decode, NULL, &p, &err));
	assert_rows(p, "SELECT leaf, reason FROM decode_error WHERE leaf = 7", "7|erased; no tombstone says under which rule\n");
	afd_store_close(p);
	afd_store_close(s);
}

/* A tombstone that names another hash says nothing about what is gone. */
static void test_wrong_tombstone(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 9000 };
	const struct afd_env env = world_env(&w);

	(void)state;
	put_story(s, &w, 0, 3);
	sequence(s);
	OK(afd_store_erase(s, 1, "rule", "alice", &env, &err));
	sequence(s);
	tamper(s, "UPDATE item SET hash = zeroblob(32) WHERE leaf = 1");
	derive(s);
	assert_rows(s, "SELECT leaf, reason FROM decode_error", "1|erased; no tombstone says under which rule\n");
	afd_store_close(s);
}

static const struct { const char *sql, *kind, *reason; } lost[] = {
	{ "UPDATE item SET record = NULL WHERE leaf = 7", "missing", "its bytes are missing from the store" },
	{ "UPDATE item SET sha256 = x'00' WHERE leaf = 7", "missing", "its bytes are missing from the store" },
	{ "DELETE FROM blob WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 7)", "missing", "its bytes are missing from the store" },
	{ "UPDATE blob SET data = CAST(replace(CAST(data AS TEXT), 'e1', 'e9') AS BLOB) WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 7)",
	  "damaged", "its bytes are not those that its record commits to" },
	{ "UPDATE item SET record = replace(record, 'asked page', 'asked pigs') WHERE leaf = 7", "damaged", "its bytes are not those" },
	{ "UPDATE item SET record = 'affidavit-item 1' WHERE leaf = 7", "damaged", "record: line 1" },
	{ "UPDATE item SET secret = zeroblob(32) WHERE leaf = 7", "damaged", "its bytes are not those" },
	{ "UPDATE item SET secret = x'00' WHERE leaf = 7", "damaged", "its secret is not 32 bytes" },
	{ "UPDATE item SET part_lengths = x'00000001' WHERE leaf = 7", "damaged", "part lengths" },
};

static void test_lost_items(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(lost); i++) {
		struct afd_store *s = memory_store();
		struct world w = { .now = 1 };
		AFD_AUTO(mem) char *kind = NULL;
		AFD_AUTO(mem) char *reason = NULL;

		put_story(s, &w, 0, AFD_COUNT(story));
		sequence(s);
		tamper(s, lost[i].sql);
		derive(s);
		kind = rows(s, "SELECT kind FROM item_note WHERE leaf = 7");
		reason = rows(s, "SELECT reason FROM decode_error WHERE leaf = 7");
		if (!strstr(kind, lost[i].kind) || !strstr(reason, lost[i].reason))
			fail_msg("%s: got %s%s", lost[i].sql, kind, reason);
		assert_rows(s, "SELECT provider_ref, action FROM event ORDER BY id", "e2|token.delete\ne3|token.create\n");
		assert_rows(s, "SELECT size FROM derived", "11\n");
		afd_store_close(s);
	}
}

static void test_withheld(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_kind(s, &w, AFD_ITEM_WITHHELD, "cf", "text", "page", 5, "event acc e1 a.b 1\n");
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT kind, source FROM item_note", "withheld|cf\n");
	assert_rows(s, "SELECT count(*) FROM event", "0\n");
	assert_rows(s, "SELECT count(*) FROM decode_error", "0\n");
	afd_store_close(s);
}

/* When the store itself fails there is no "decode error": nothing moves, and the next run goes on from there. */
static void test_store_failure(void **state)
{
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 1 };
	AFD_AUTO(mem) char *one = NULL;

	(void)state;
	put_story(s, &w, 0, 7);
	sequence(s);
	derive(s);
	put_story(s, &w, 7, AFD_COUNT(story));
	sequence(s);
	tamper(s, "ALTER TABLE event RENAME TO away");
	REFUSED(afd_derive(s, text_decode, NULL, &err), "no such table");
	assert_int_equal(err.code, AFD_E_STORE);
	assert_rows(s, "SELECT size FROM derived", "7\n");
	assert_rows(s, "SELECT count(*) FROM decode_error", "1\n");
	tamper(s, "ALTER TABLE away RENAME TO event");
	derive(s);
	assert_rows(s, "SELECT count(*) FROM event", "4\n");
	afd_store_close(s);
}

/* --- what an erased or lost answer takes with it --- */

/* Two sources, three runs each, a run item after the answers of each run; leaves in brackets. */
static const struct { enum afd_item_kind kind; const char *source, *text; } runs[] = {
	{ AFD_ITEM_ANSWER, "cf", "event acc e1 a.b 100\n" },                               /* 0 */
	{ AFD_ITEM_RUN, "cf", "coverage account-events acc 0 1000 proven\n" },             /* 1 */
	{ AFD_ITEM_ANSWER, "cf", "event acc e2 transfer-lock.remove 1500\n" },             /* 2 */
	{ AFD_ITEM_ANSWER, "gd", "event own g1 a.b 1600\n" },                              /* 3 */
	{ AFD_ITEM_RUN, "cf", "coverage account-events acc 1000 2000 proven\n" },          /* 4 */
	{ AFD_ITEM_RUN, "gd", "coverage account-events own 0 2000 proven\n" },             /* 5 */
	{ AFD_ITEM_ANSWER, "cf", "event acc e3 a.b 2500\n" },                              /* 6 */
	{ AFD_ITEM_RUN, "cf", "coverage account-events acc 2000 3000 proven\n" },          /* 7 */
	{ AFD_ITEM_RUN, "gd", "coverage account-events own 2000 3000 asserted\n" },        /* 8 */
};
static const struct { const char *name, *sql; int erase; const char *coverage; } doubts[] = {
	{ "all there", NULL, -1, "cf|0|1000|3|_\ncf|1000|2000|3|_\ngd|0|2000|3|_\ncf|2000|3000|3|_\ngd|2000|3000|2|_\n" },
	{ "an answer erased: its own run, and no other", NULL, 2,
	  "cf|0|1000|3|_\ncf|1000|2000|0|an answer behind this was erased under a rule\ngd|0|2000|3|_\ncf|2000|3000|3|_\ngd|2000|3000|2|_\n" },
	{ "the other source's answer erased", NULL, 3,
	  "cf|0|1000|3|_\ncf|1000|2000|3|_\ngd|0|2000|0|an answer behind this was erased under a rule\ncf|2000|3000|3|_\ngd|2000|3000|2|_\n" },
	{ "a run item erased: what it said is gone, and the next run is in doubt", NULL, 4,
	  "cf|0|1000|3|_\ngd|0|2000|3|_\ncf|2000|3000|0|an answer behind this was erased under a rule\ngd|2000|3000|2|_\n" },
	{ "an answer whose bytes are missing", "DELETE FROM blob WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 2)", -1,
	  "cf|0|1000|3|_\ncf|1000|2000|0|an answer behind this is missing or damaged\ngd|0|2000|3|_\ncf|2000|3000|3|_\ngd|2000|3000|2|_\n" },
	{ "an answer without its record: nobody knows whose it was",
	  "UPDATE item SET record = NULL WHERE leaf = 2", -1,
	  "cf|0|1000|3|_\ncf|1000|2000|0|an answer behind this is missing or damaged\n"
	  "gd|0|2000|0|an answer behind this is missing or damaged\ncf|2000|3000|3|_\ngd|2000|3000|2|_\n" },
	{ "a record that says another source than the tree",
	  "UPDATE item SET record = replace(record, 'source cf', 'source xx') WHERE leaf = 2", -1,
	  "cf|0|1000|3|_\ncf|1000|2000|0|an answer behind this is missing or damaged\n"
	  "gd|0|2000|0|an answer behind this is missing or damaged\ncf|2000|3000|3|_\ngd|2000|3000|2|_\n" },
};

static void put_runs(struct afd_store *s, struct world *w)
{
	for (size_t i = 0; i < AFD_COUNT(runs); i++)
		put_kind(s, w, runs[i].kind, runs[i].source, "text", "page", 10000 + 100 * (int64_t)i, runs[i].text);
}

static void test_doubts(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(doubts); i++) {
		struct afd_store *s = memory_store();
		struct afd_error err = { 0 };
		struct world w = { .now = 20000 };
		const struct afd_env env = world_env(&w);
		AFD_AUTO(mem) char *got = NULL;

		put_runs(s, &w);
		sequence(s);
		derive(s);
		if (doubts[i].sql) {
			tamper(s, doubts[i].sql);
			OK(afd_rebuild(s, text_decode, NULL, &err));
		}
		if (doubts[i].erase >= 0) {
			OK(afd_store_erase(s, (uint64_t)doubts[i].erase, "rule", "alice", &env, &err));
			sequence(s);
			derive(s);   /* by itself it makes everything again */
		}
		got = rows(s, "SELECT source, t_from, t_to, grade, reason FROM coverage ORDER BY id");
		if (strcmp(got, doubts[i].coverage) != 0)
			fail_msg("%s\nexpected:\n%sgot:\n%s", doubts[i].name, doubts[i].coverage, got);
		afd_store_close(s);
	}
}

/* A run in doubt covers nothing, in an instant neither; a gap that it tells keeps its own reason. */
static void test_doubt_of_gaps(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_text(s, &w, "cf", "page", 1, "event acc e1 a.b 100\n");
	put_kind(s, &w, AFD_ITEM_RUN, "cf", "text", "run", 2, "coverage account-events acc 0 1000 proven\n"
	         "coverage account-events acc 5 5 proven\ncoverage account-events acc 7 8 gap refused\n");
	sequence(s);
	tamper(s, "DELETE FROM blob WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 0)");
	derive(s);
	assert_rows(s, "SELECT t_from, t_to, grade, reason FROM coverage ORDER BY id",
	            "0|1000|0|an answer behind this is missing or damaged\n7|8|0|refused\n");
	assert_rows(s, "SELECT kind, source, lost FROM item_note ORDER BY leaf", "missing|cf|1\nrun|cf|0\n");
	afd_store_close(s);
}

/* What its decoder cannot read says nothing, so what its source says of the time rests on nothing; the next run is its own. A clock that is
 * behind is told and takes nothing away. */
static void test_unread_answers(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_text(s, &w, "gd", "page", 10000000, "event own g1 a.b 100\n");
	put_text(s, &w, "cf", "page", 10000000, "fail the page is torn\n");
	put_kind(s, &w, AFD_ITEM_RUN, "gd", "text", "run", 10000001, "coverage account-events own 0 1000 proven\n");
	put_kind(s, &w, AFD_ITEM_RUN, "cf", "text", "run", 10000001, "coverage account-events acc 0 1000 proven\n");
	put_text(s, &w, "cf", "page", 1, "event acc e2 a.b 1500\n");
	put_kind(s, &w, AFD_ITEM_RUN, "cf", "text", "run", 10000002, "coverage account-events acc 1000 2000 proven\n");
	/* a source that saw it says what lacks, and the rest stands; one word for two answers is not enough */
	put_text(s, &w, "hj", "page", 10000003, "fail the page is torn\n");
	put_kind(s, &w, AFD_ITEM_RUN, "hj", "text", "run", 10000004, "coverage account-events x 0 1000 proven\ncoverage account-events y 0 1000 gap\n");
	put_text(s, &w, "hj", "page", 10000005, "fail the page is torn\n");
	put_text(s, &w, "hj", "page", 10000005, "fail this one too\n");
	put_kind(s, &w, AFD_ITEM_RUN, "hj", "text", "run", 10000006, "coverage account-events x 1000 2000 proven\ncoverage account-events y 1000 2000 gap\n");
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT source, t_from, t_to, grade, reason FROM coverage ORDER BY id",
	            "gd|0|1000|3|_\ncf|0|1000|0|an answer behind this could not be read\ncf|1000|2000|3|_\n"
	            "hj|0|1000|3|_\nhj|0|1000|0|_\nhj|1000|2000|0|an answer behind this could not be read\nhj|1000|2000|0|_\n");
	assert_rows(s, "SELECT leaf FROM decode_error ORDER BY leaf", "1\n4\n6\n8\n9\n");
	afd_store_close(s);
}

/* A whole transfer that showed damage is erased; what was there before and after is the same. That proves nothing of the
 * time between, from the last comparison to the next. */
static void test_erased_zone_answer(void **state)
{
	static const char *const look[] = {
		"whole z.test 5 1000\n+ z.test 60 NS ns1.z.test.\n", "whole z.test 5 2000\n+ z.test 60 NS evil.test.\n",
		"whole z.test 5 3000\n+ z.test 60 NS ns1.z.test.\n", "whole z.test 5 4000\n+ z.test 60 NS ns1.z.test.\n",
	};
	struct afd_store *s = memory_store();
	struct afd_error err = { 0 };
	struct world w = { .now = 20000 };
	const struct afd_env env = world_env(&w);

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(look); i++) {
		put_text(s, &w, "ns1", "zone", 10000 + 10 * (int64_t)i, look[i]);
		put_kind(s, &w, AFD_ITEM_RUN, "ns1", "text", "run", 10001 + 10 * (int64_t)i, "");
	}
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT rdata FROM change_record WHERE op = 'add' ORDER BY id", "evil.test.\nns1.z.test.\n");
	OK(afd_store_erase(s, 2, "rule", "alice", &env, &err));
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT count(*) FROM change_record", "0\n");
	assert_rows(s, "SELECT t_from, t_to, grade, reason FROM coverage ORDER BY id",
	            "1000|3001|0|an answer behind this was erased, or is missing or damaged\n3000|4000|3|serial and content as expected\n");
	afd_store_close(s);
}

/* --- ledger time --- */

static void test_ledger_time(void **state)
{
	struct afd_store *at_once = memory_store(), *step_by_step = memory_store();
	static const int64_t received[] = { 1000, 700000, 100001, 100000, 99999, 800000, 900 };
	struct world w = { .now = 1 }, w2 = { .now = 1 };
	AFD_AUTO(mem) char *one = NULL;
	AFD_AUTO(mem) char *other = NULL;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(received); i++) {
		put_text(at_once, &w, "cf", "page", received[i], "watch d n\n");
		put_text(step_by_step, &w2, "cf", "page", received[i], "watch d n\n");
		sequence(step_by_step);
		derive(step_by_step);
	}
	sequence(at_once);
	derive(at_once);
	assert_rows(at_once, "SELECT received_ms, ledger_ms, lost FROM item_note ORDER BY leaf",
	            "1000|1000|0\n700000|700000|0\n100001|700000|0\n100000|700000|0\n99999|700000|0\n800000|800000|0\n900|800000|0\n");
	assert_rows(at_once, "SELECT leaf, source, reason FROM decode_error",
	            "4|cf|its clock is behind the ledger by 600 s\n6|cf|its clock is behind the ledger by 799 s\n");
	one = dump_derived(at_once);
	other = dump_derived(step_by_step);
	assert_string_equal(one, other);
	afd_store_close(at_once);
	afd_store_close(step_by_step);
}

/* --- one reference, two contents --- */

static void test_event_told_twice(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_text(s, &w, "cf", "page", 1, "event acc e1 lock.remove 100 failure\nevent acc e1#0 other 1\n");
	put_text(s, &w, "cf", "page", 2, "event acc e1 lock.remove 100 success\n");                     /* worse */
	put_text(s, &w, "cf", "page", 3, "event acc e1 lock.remove 100 failure\nevent acc e1 lock.remove 100 success\n");  /* both known */
	put_text(s, &w, "cf", "page", 4, "event acc e1 lock.add 100\nevent acc e1 lock.add 101\nevent acc e1 lock.add 102\n");
	put_text(s, &w, "st", "page", 5, "event acc s1 lock.add 100 success state-difference\n");
	put_text(s, &w, "st", "page", 6, "event acc s1 lock.add 105 success state-difference\n");           /* only our look */
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT source, provider_ref, action, t_from, outcome FROM event ORDER BY id",
	            "cf|e1|lock.remove|100|failure\ncf|e1#0|other|1|success\ncf|e1#1|lock.remove|100|success\n"
	            "cf|e1#3|lock.add|100|success\ncf|e1#3.5|lock.add|101|success\ncf|e1#3.6|lock.add|102|success\n"
	            "st|s1|lock.add|100|success\n");
	assert_rows(s, "SELECT count(*) FROM decode_error", "0\n");
	afd_store_close(s);
}

static void test_certificates_told_twice(void **state)
{
	struct afd_store *s = memory_store();
	struct world w = { .now = 1 };

	(void)state;
	put_text(s, &w, "ct", "page", 1, "cert log.a 1 500 final tbs www.z.test\nunparsed log.a 7 torn\n");
	put_text(s, &w, "ct", "page", 2, "cert log.a 2 600 pre=beef tbs www.z.test\nunparsed log.a 7 torn\nunparsed log.a 8 torn\n");
	put_text(s, &w, "ct", "page", 3, "cert log.a 3 700 pre=cafe tbs www.z.test\nunparsed log.b 7 torn\n");
	sequence(s);
	derive(s);
	assert_rows(s, "SELECT tbs_key, issuer_key_hash FROM certificate", "tbs|beef\n");
	assert_rows(s, "SELECT log, entry_index, leaf FROM unparsed_entry ORDER BY id", "log.a|7|0\nlog.a|8|1\nlog.b|7|2\n");
	assert_rows(s, "SELECT count(*) FROM decode_error", "0\n");
	afd_store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_bad_item),
		cmocka_unit_test(test_the_first_stays),
		cmocka_unit_test(test_deaf_decoder),
		cmocka_unit_test(test_empty_intervals),
		cmocka_unit_test(test_ends_of_time),
		cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_same_tables),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_another_engine),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_prefix_of_a_reader),
		cmocka_unit_test(test_erased_items),
		cmocka_unit_test(test_wrong_tombstone),
		cmocka_unit_test(test_lost_items),
		cmocka_unit_test(test_unread_answers),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_store_failure),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_doubt_of_gaps),
		cmocka_unit_test(test_erased_zone_answer),
		cmocka_unit_test(test_ledger_time),
		cmocka_unit_test(test_event_told_twice),
		cmocka_unit_test(test_certificates_told_twice),
	};

	return cmocka_run_group_tests_name("evidence derive", tests, NULL, NULL);
}
