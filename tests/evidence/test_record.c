/* Items: sealing, the one form of a record, and showing a part alone. */
#include "support.h"

#include <stdio.h>

#include "core/merkle.h"
#include "core/when.h"
#include "evidence/record.h"

static const struct afd_range three[] = { { 0, 6 }, { 6, 6 }, { 12, 6 } };
#define LINES "line1\nline2\nline3\n"

static struct afd_draft draft(void)
{
	return (struct afd_draft){
		.kind = AFD_ITEM_SEGMENT, .source = "ns1-updates", .decoder = "bind-update-log", .asked = "/var/log/named/update.log",
		.channel = "file", .media_type = "text/plain", .asked_ms = 1000, .received_ms = 2000, .server_ms = AFD_TIME_NONE,
		.bytes = afd_slice_text(LINES), .parts = { (struct afd_range *)three, 3, 3 },
	};
}

static void seal(const struct afd_draft *d, struct afd_sealed *x)
{
	struct afd_error err = { 0 };
	struct world w = { 0 };
	const struct afd_env env = world_env(&w);

	OK(afd_item_seal(d, &env, x, &err));
}

/* The same draft and the same chance give these bytes, on every machine and in every version: the format is for ever. */
static const char golden[] =
	"affidavit-item 1\n"
	"salt 000102030405060708090a0b0c0d0e0f\n"
	"kind segment\n"
	"source ns1-updates\n"
	"decoder bind-update-log\n"
	"asked /var/log/named/update.log\n"
	"channel file\n"
	"asked-at 1000\n"
	"received-at 2000\n"
	"server-time -\n"
	"media-type text/plain\n"
	"length 18\n"
	"content 77bd1f85d3a1236ce188a24741351f936a69ff362526f3d0612044d16ae17c6e\n"
	"parts 3\n"
	"parts-root e17db2ce92c8f016dc092d27585c44741ea803aacec0375cdb1aac94d137eba8\n";

static void test_golden(void **state)
{
	struct afd_sealed x;
	const struct afd_draft d = draft();

	(void)state;
	seal(&d, &x);
	assert_string_equal((char *)x.record.data, golden);
	assert_string_equal(afd_digest_hex(&x.leaf).s, "b10d31e327149a62c79c07d724cb3ddc0944c4bfa6ab1628c6b5f8a7714fd776");
	afd_sealed_release(&x);
}

/* Each text comes back as it was, whatever bytes it has, and stands in the record as written here. */
static const struct { const char *text, *encoded; } texts[] = {
	{ "plain", "plain" },
	{ "", "-" },
	{ NULL, "-" },
	{ "-", "%2D" },
	{ "--", "--" },
	{ "a b", "a b" },
	{ "a  b", "a  b" },
	{ " a", "%20a" },
	{ "a ", "a%20" },
	{ " ", "%20" },
	{ "  ", "%20%20" },
	{ "100%", "100%25" },
	{ "%41", "%2541" },
	{ "line\nline", "line%0Aline" },
	{ "tab\t", "tab%09" },
	{ "\x7f", "%7F" },
	{ "caf\xc3\xa9", "caf%C3%A9" },
	{ "\xff\xfe", "%FF%FE" },
	{ "~!@#$^&*()", "~!@#$^&*()" },
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(texts); i++) {
		struct afd_error err = { 0 };
		struct afd_draft d = draft();
		struct afd_sealed x;
		struct afd_record r;
		char line[64];

		d.asked = texts[i].text;
		seal(&d, &x);
		snprintf(line, sizeof(line), "\nasked %s\n", texts[i].encoded);
		if (!strstr((char *)x.record.data, line))
			fail_msg("expected \"asked %s\" in\n%s", texts[i].encoded, (char *)x.record.data);
		OK(afd_record_parse(afd_buf_slice(&x.record), &r, &err));
		assert_string_equal(r.asked, texts[i].text ? texts[i].text : "");
		afd_record_release(&r);
		afd_sealed_release(&x);
	}
}

static void test_round_trip(void **state)
{
	static const struct afd_range cuts[] = { { 0, 2 }, { 2, 1 }, { 7, 11 } };

	(void)state;
	for (unsigned k = 0; k < AFD_ITEM_KIND_COUNT; k++) {
		struct afd_error err = { 0 };
		struct afd_draft d = draft();
		struct afd_sealed x;
		struct afd_record r;

		d.kind = (enum afd_item_kind)k;
		d.server_ms = -5;
		d.redacted = (struct afd_ranges){ (struct afd_range *)cuts, 3, 3 };
		d.erases_leaf = 77;
		memset(&d.erases_hash, 0xab, sizeof(d.erases_hash));
		d.rule = "keep 400 days";
		d.actor = "alice";
		seal(&d, &x);
		OK(afd_record_parse(afd_buf_slice(&x.record), &r, &err));
		assert_int_equal(r.kind, k);
		assert_string_equal(r.source, "ns1-updates");
		assert_string_equal(r.decoder, "bind-update-log");
		assert_string_equal(r.channel, "file");
		assert_string_equal(r.media_type, "text/plain");
		assert_int_equal(r.asked_ms, 1000);
		assert_int_equal(r.received_ms, 2000);
		assert_int_equal(r.server_ms, -5);
		assert_int_equal(r.length, 18);
		assert_int_equal(r.n_parts, 3);
		assert_int_equal(r.redacted.n, 3);
		assert_int_equal(r.redacted.at[2].off, 7);
		assert_int_equal(r.redacted.at[2].len, 11);
		if (k == AFD_ITEM_TOMBSTONE) {
			assert_int_equal(r.erases_leaf, 77);
			assert_memory_equal(&r.erases_hash, &d.erases_hash, 32);
			assert_string_equal(r.rule, "keep 400 days");
			assert_string_equal(r.actor, "alice");
		} else {
			assert_null(r.rule);
		}
		assert_true(afd_record_matches(&r, x.secret, d.bytes, afd_buf_slice(&x.part_lengths)));
		afd_record_release(&r);
		afd_sealed_release(&x);
	}
}

/* What a forger may try: FROM in a good record becomes TO, and the reader says no. */
static const struct { const char *from, *to, *because; } forgeries[] = {
	{ "affidavit-item 1", "affidavit-item 2", "another version" },
	{ "affidavit-item 1", "affidavit-item 01", "another version" },
	{ "affidavit-item 1\n", "", "expected \"affidavit-item VALUE\"" },
	{ "salt 00", "salt 0", "salt" },
	{ "salt 000102030405060708090a", "salt 000102030405060708090A", "salt" },
	{ "kind segment", "kind Segment", "unknown kind" },
	{ "kind segment", "kind tombstone", "erases" },
	{ "kind segment", "kind segment ", "unknown kind" },
	{ "source ns1-updates", "source -", "source" },
	{ "source ns1-updates", "source ", "source" },
	{ "source ns1-updates", "source", "source" },
	{ "source ns1-updates\n", "source ns1-updates\nsource ns1-updates\n", "decoder" },
	{ "source ns1-updates", "source  ns1-updates", "one form" },
	{ "source ns1-updates", "source ns1-updates ", "one form" },
	{ "source ns1-updates", "source ns1-updates\r", "not encoded" },
	{ "source ns1-updates", "source ns1\t", "not encoded" },
	{ "source ns1-updates", "source ns1\xc3\xa9", "not encoded" },
	{ "source ns1-updates", "source %6Es1", "one form" },
	{ "source ns1-updates", "source caf%c3%a9", "upper-case" },
	{ "source ns1-updates", "source %", "upper-case" },
	{ "source ns1-updates", "source %4", "upper-case" },
	{ "source ns1-updates", "source x%00y", "upper-case" },
	{ "source ns1-updates", "source %2D1", "one form" },
	{ "asked-at 1000", "asked-at -", "asked-at" },
	{ "asked-at 1000", "asked-at 01000", "milliseconds" },
	{ "asked-at 1000", "asked-at +1000", "milliseconds" },
	{ "asked-at 1000", "asked-at -0", "one form" },
	{ "asked-at 1000", "asked-at 1e3", "milliseconds" },
	{ "asked-at 1000", "asked-at 9223372036854775808", "milliseconds" },
	{ "asked-at 1000", "asked-at -9223372036854775808", "milliseconds" },
	{ "server-time -", "server-time --5", "milliseconds" },
	{ "length 18", "length -18", "whole number" },
	{ "length 18", "length 018", "whole number" },
	{ "length 18", "length 18446744073709551616", "whole number" },
	{ "length 18", "length 268435457", "limit" },
	{ "parts 3", "parts 0", "parts" },
	{ "parts 3", "parts 4000001", "parts" },
	{ "parts-root ", "parts-root f", "hex" },
	{ "redacted 2 3\n", "redacted 2 0\n", "empty" },
	{ "redacted 2 3\n", "redacted 2 17\n", "outside" },
	{ "redacted 2 3\n", "redacted 19 1\n", "outside" },
	{ "redacted 2 3\n", "redacted 2 3\nredacted 4 1\n", "out of order" },
	{ "redacted 2 3\n", "redacted 2\n", "OFFSET LENGTH" },
	{ "redacted 2 3\n", "redacted 2 3 4\n", "OFFSET LENGTH" },
	{ "redacted 2 3\n", "redacted 02 3\n", "OFFSET LENGTH" },
	{ "redacted 2 3\n", "redacted 2 3", "the end" },
	{ "redacted 2 3\n", "redacted 2 3\n\n", "more than a record holds" },
	{ "redacted 2 3\n", "redacted 2 3\nrule x\n", "more than a record holds" },
	{ "redacted 2 3\n", "redacted 2 3\nerases 1 00\n", "more than a record holds" },
};

static void test_forgeries(void **state)
{
	static const struct afd_range cut = { 2, 3 };
	struct afd_draft d = draft();
	struct afd_sealed x;

	(void)state;
	d.redacted = (struct afd_ranges){ (struct afd_range *)&cut, 1, 1 };
	seal(&d, &x);
	for (size_t i = 0; i < AFD_COUNT(forgeries); i++) {
		AFD_AUTO(mem) char *text = NULL;
		struct afd_error err = { 0 };
		struct afd_record r;
		const char *good = (const char *)x.record.data, *at = strstr(good, forgeries[i].from);

		assert_non_null(at);
		text = afd_sprintf("%.*s%s%s", (int)(at - good), good, forgeries[i].to, at + strlen(forgeries[i].from));
		if (afd_record_parse(afd_slice_text(text), &r, &err) == 0)
			fail_msg("\"%s\" instead of \"%s\" was taken", forgeries[i].to, forgeries[i].from);
		if (!strstr(err.text, forgeries[i].because))
			fail_msg("\"%s\" instead of \"%s\": %s", forgeries[i].to, forgeries[i].from, err.text);
	}
	afd_sealed_release(&x);
}

/* Cut anywhere, a record is none. */
static void test_cut_short(void **state)
{
	struct afd_draft d = draft();
	struct afd_sealed x;
	struct afd_record r;

	(void)state;
	seal(&d, &x);
	for (size_t n = 0; n < x.record.len; n++)
		assert_int_equal(afd_record_parse(afd_slice(x.record.data, n), &r, NULL), -1);
	afd_sealed_release(&x);
}

/* Drafts that cannot become items. */
static const struct afd_range gap[] = { { 0, 6 }, { 7, 11 } }, overlap[] = { { 0, 7 }, { 6, 12 } }, beyond[] = { { 0, 6 }, { 6, 13 } },
	shy[] = { { 0, 6 }, { 6, 11 } }, late[] = { { 1, 17 } }, huge[] = { { 0, 6 }, { 6, UINT64_MAX } };
static const struct { const struct afd_range *at; size_t n; } no_tiling[] = {
	{ gap, 2 }, { overlap, 2 }, { beyond, 2 }, { shy, 2 }, { late, 1 }, { huge, 2 },
};

static void test_refused_drafts(void **state)
{
	struct afd_error err = { 0 };
	struct world w = { 0 };
	const struct afd_env env = world_env(&w);
	struct afd_sealed x;
	struct afd_draft d;
	static const struct afd_range outside = { 17, 2 };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(no_tiling); i++) {
		d = draft();
		d.parts = (struct afd_ranges){ (struct afd_range *)no_tiling[i].at, no_tiling[i].n, no_tiling[i].n };
		REFUSED(afd_item_seal(&d, &env, &x, &err), "part");
	}
	d = draft();
	d.source = "";
	REFUSED(afd_item_seal(&d, &env, &x, &err), "source");
	d = draft();
	d.received_ms = AFD_TIME_NONE;
	REFUSED(afd_item_seal(&d, &env, &x, &err), "received-at");
	d = draft();
	d.redacted = (struct afd_ranges){ (struct afd_range *)&outside, 1, 1 };
	REFUSED(afd_item_seal(&d, &env, &x, &err), "outside");
	d = draft();
	d.bytes.len = AFD_MAX_ITEM + 1u;
	REFUSED(afd_item_seal(&d, &env, &x, &err), "limit");
	d = draft();
	d.asked = calloc(1, AFD_MAX_RECORD_TEXT + 2);
	memset((char *)d.asked, 'a', AFD_MAX_RECORD_TEXT + 1);
	REFUSED(afd_item_seal(&d, &env, &x, &err), "limit in a record");
	free((char *)d.asked);
}

/* --- parts --- */

/* Leaf of part I as somebody computes it who was given the part and its 16-byte salt, and nothing else. */
static void shown_leaf(const uint8_t salt[16], struct afd_slice part, struct afd_digest *ret)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	assert_int_equal(afd_buf_u8(&b, 0) | afd_buf_add(&b, salt, 16) | afd_buf_add_slice(&b, part), 0);
	afd_sha256(afd_buf_slice(&b), ret);
}

static int get_leaf(void *ctx, uint64_t i, struct afd_digest *ret, struct afd_error *err)
{
	(void)err;
	*ret = ((struct afd_digest *)ctx)[i];
	return 0;
}

static void test_one_part_shown(void **state)
{
	struct afd_error err = { 0 };
	const struct afd_draft d = draft();
	struct afd_sealed x;
	struct afd_record r;
	struct afd_digest leaf[3];

	(void)state;
	seal(&d, &x);
	OK(afd_record_parse(afd_buf_slice(&x.record), &r, &err));
	for (size_t i = 0; i < 3; i++) {
		uint8_t salt[16];

		afd_part_salt(x.secret, i, salt);
		afd_part_leaf(salt, afd_slice_sub(d.bytes, 6 * i, 6), &leaf[i]);
	}
	for (size_t i = 0; i < 3; i++) {
		struct afd_digest proof[AFD_MAX_PROOF_NODES], shown, guessed;
		size_t n = 0;
		uint8_t salt[16], other[16];

		OK(afd_merkle_inclusion(get_leaf, leaf, i, 3, proof, &n, &err));
		afd_part_salt(x.secret, i, salt);
		afd_part_salt(x.secret, (i + 1) % 3, other);
		shown_leaf(salt, afd_slice_sub(d.bytes, 6 * i, 6), &shown);
		assert_true(afd_merkle_check_inclusion(&shown, i, 3, proof, n, &r.parts_root));
		/* another line is not that part, and its salt does not open the next one */
		shown_leaf(salt, afd_slice_text("line9\n"), &guessed);
		assert_false(afd_merkle_check_inclusion(&guessed, i, 3, proof, n, &r.parts_root));
		shown_leaf(other, afd_slice_sub(d.bytes, 6 * i, 6), &guessed);
		assert_false(afd_merkle_check_inclusion(&guessed, i, 3, proof, n, &r.parts_root));
	}
	afd_record_release(&r);
	afd_sealed_release(&x);
}

/* The record says neither the digest of the bytes nor the secret: a reader of one line cannot test guesses of the rest. */
static void test_record_hides(void **state)
{
	const struct afd_draft d = draft();
	struct afd_sealed x;
	char secret[65];

	(void)state;
	seal(&d, &x);
	afd_hex(afd_slice(x.secret, 32), secret);
	assert_null(strstr((char *)x.record.data, afd_digest_hex(&x.sha256).s));
	assert_null(strstr((char *)x.record.data, secret));
	afd_sealed_release(&x);
}

static void test_matches(void **state)
{
	struct afd_error err = { 0 };
	const struct afd_draft d = draft();
	struct afd_sealed x;
	struct afd_record r;
	uint8_t secret[32];
	static const uint8_t joined[] = { 0, 0, 0, 12, 0, 0, 0, 6 }, moved[] = { 0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0, 6 };

	(void)state;
	seal(&d, &x);
	OK(afd_record_parse(afd_buf_slice(&x.record), &r, &err));
	const struct afd_slice lengths = afd_buf_slice(&x.part_lengths);
	memcpy(secret, x.secret, 32);
	assert_true(afd_record_matches(&r, secret, d.bytes, lengths));
	assert_false(afd_record_matches(&r, secret, afd_slice_text("line1\nline2\nline4\n"), lengths));
	assert_false(afd_record_matches(&r, secret, afd_slice(LINES, 17), lengths));
	assert_false(afd_record_matches(&r, secret, d.bytes, afd_slice(joined, sizeof(joined))));
	assert_false(afd_record_matches(&r, secret, d.bytes, afd_slice(moved, sizeof(moved))));
	assert_false(afd_record_matches(&r, secret, d.bytes, afd_slice(lengths.data, 11)));
	assert_false(afd_record_matches(&r, secret, d.bytes, afd_slice(NULL, 0)));
	secret[31] ^= 1;
	assert_false(afd_record_matches(&r, secret, d.bytes, lengths));
	afd_record_release(&r);
	afd_sealed_release(&x);
}

static void test_nothing_is_one_part(void **state)
{
	struct afd_error err = { 0 };
	struct afd_draft d = draft();
	struct afd_sealed x;
	struct afd_record r;

	(void)state;
	d.bytes = afd_slice(NULL, 0);
	d.parts = (struct afd_ranges){ 0 };
	seal(&d, &x);
	OK(afd_record_parse(afd_buf_slice(&x.record), &r, &err));
	assert_int_equal(r.length, 0);
	assert_int_equal(r.n_parts, 1);
	assert_true(afd_record_matches(&r, x.secret, d.bytes, afd_buf_slice(&x.part_lengths)));
	afd_record_release(&r);
	afd_sealed_release(&x);
}

static int no_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx, (void)out, (void)n;
	return -1;
}

static void test_no_chance(void **state)
{
	struct afd_error err = { 0 };
	struct world w = { 0 };
	struct afd_env env = world_env(&w);
	const struct afd_draft d = draft();
	struct afd_sealed x;

	(void)state;
	env.random = no_random;
	REFUSED(afd_item_seal(&d, &env, &x, &err), "random");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_forgeries),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_refused_drafts),
		cmocka_unit_test(test_one_part_shown),
		cmocka_unit_test(test_record_hides),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_nothing_is_one_part),
		cmocka_unit_test(test_no_chance),
	};

	return cmocka_run_group_tests_name("evidence record", tests, NULL, NULL);
}
