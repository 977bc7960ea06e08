#include "check.h"
#include "core/digest.h"

#include <pthread.h>

/* FIPS 180-4 examples */
static const struct { const char *text, *hex; } sha256_row[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void sha256_of_known_texts(void **state)
{
	struct afd_sha256_ctx *c = afd_sha256_new();
	struct afd_digest d;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(sha256_row); i++) {
		struct afd_slice s = afd_slice_text(sha256_row[i].text);
		struct afd_slice part[3] = { afd_slice_sub(s, 0, 1), afd_slice(NULL, 0), afd_slice_sub(s, 1, s.len) };

		afd_sha256(s, &d);
		assert_string_equal(afd_digest_hex(&d).s, sha256_row[i].hex);
		afd_sha256_parts(part, 3, &d);
		assert_string_equal(afd_digest_hex(&d).s, sha256_row[i].hex);
		afd_sha256_begin(c);
		for (size_t k = 0; k < s.len; k++)
			afd_sha256_add(c, afd_slice_sub(s, k, 1));
		afd_sha256_end(c, &d);
		assert_string_equal(afd_digest_hex(&d).s, sha256_row[i].hex);
	}
	assert_null(afd_sha256_free(c));
}

/* RFC 4231, test cases 1, 2 and 6, and the empty key */
static void hmac_of_known_keys(void **state)
{
	uint8_t k1[20], k6[131];
	struct afd_digest d;

	(void)state;
	memset(k1, 0x0b, sizeof(k1));
	memset(k6, 0xaa, sizeof(k6));
	afd_hmac_sha256(afd_slice(k1, sizeof(k1)), SLICE("Hi There"), &d);
	assert_string_equal(afd_digest_hex(&d).s, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	afd_hmac_sha256(SLICE("Jefe"), SLICE("what do ya want for nothing?"), &d);
	assert_string_equal(afd_digest_hex(&d).s, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	afd_hmac_sha256(afd_slice(k6, sizeof(k6)), SLICE("Test Using Larger Than Block-Size Key - Hash Key First"), &d);
	assert_string_equal(afd_digest_hex(&d).s, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	afd_hmac_sha256(afd_slice(NULL, 0), afd_slice(NULL, 0), &d);
	assert_string_equal(afd_digest_hex(&d).s, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void *hash_in_a_thread(void *p)
{
	for (int i = 0; i < 100; i++)
		afd_hmac_sha256(SLICE("Jefe"), SLICE("what do ya want for nothing?"), p);
	return NULL;
}

static void threads_do_not_share_a_state(void **state)
{
	struct afd_digest d[4];
	pthread_t t[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, hash_in_a_thread, &d[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		assert_string_equal(afd_digest_hex(&d[i]).s,
				    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	}
}

static void hex_is_lower_case_and_whole(void **state)
{
	uint8_t b[3];
	char text[7];

	(void)state;
	afd_hex(SLICE("\x00\xa5\xff"), text);
	assert_string_equal(text, "00a5ff");
	assert_int_equal(afd_unhex("00a5ff", 6, b, 3), 0);
	assert_memory_equal(b, "\x00\xa5\xff", 3);
	assert_int_equal(afd_unhex("00A5ff", 6, b, 3), -1);
	assert_int_equal(afd_unhex("00a5f", 5, b, 3), -1);
	assert_int_equal(afd_unhex("00a5fff", 7, b, 3), -1);
	assert_int_equal(afd_unhex("00a5f ", 6, b, 3), -1);
}

/* RFC 4648, 10; last column: base64url by its alphabet, without padding */
static const struct { const char *plain, *base64, *base64url, *base32; } radix_row[] = {
	{ "", "", "", "" },
	{ "f", "Zg==", "Zg", "MY" },
	{ "fo", "Zm8=", "Zm8", "MZXQ" },
	{ "foo", "Zm9v", "Zm9v", "MZXW6" },
	{ "foob", "Zm9vYg==", "Zm9vYg", "MZXW6YQ" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE", "MZXW6YTB" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy", "MZXW6YTBOI" },
	{ "\xfb\xff\xbf", "+/+/", "-_-_", "7P736" },
};

static void radix_of_known_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(radix_row); i++) {
		AFD_AUTO(buf) struct afd_buf b = { 0 }, u = { 0 }, t = { 0 }, back = { 0 };
		struct afd_slice s = afd_slice_text(radix_row[i].plain);

		assert_int_equal(afd_base64(s, &b), 0);
		assert_string_equal((char *)b.data, radix_row[i].base64);
		assert_int_equal(afd_base64url(s, &u), 0);
		assert_string_equal((char *)u.data, radix_row[i].base64url);
		assert_int_equal(afd_base32(s, &t), 0);
		assert_string_equal((char *)t.data, radix_row[i].base32);
		assert_int_equal(afd_unbase64(afd_buf_slice(&b), &back), 0);
		assert_true(afd_slice_equal(afd_buf_slice(&back), s));
		assert_int_equal(afd_unbase64url(afd_buf_slice(&u), &back), 0);
		assert_int_equal(back.len, 2 * s.len);
	}
}

static const char *const not_base64[] = {
	"Q", "QQ", "QQQ", "QQ=", "Q===", "====", "=", "QR==", "QUJ=", "QUJDQQ==QUJD", " QQ==", "QQ==\n", "QQ\n==", "QUJD--",
	"QU_D", "QU-D", "QQ==QQ==", "QQ=Q", "\xff\xff\xff\xff",
};
static const char *const not_base64url[] = { "Q", "QQ==", "QR", "QUJ+", "QU/D", "QUJ", "Zm8=", "QUJDQ" };

static void base64_has_one_text_for_each_value(void **state)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	(void)state;
	afd_buf_text(&b, "kept");
	for (size_t i = 0; i < AFD_COUNT(not_base64); i++)
		row_true(afd_unbase64(afd_slice_text(not_base64[i]), &b) == -1, not_base64[i]);
	for (size_t i = 0; i < AFD_COUNT(not_base64url); i++)
		row_true(afd_unbase64url(afd_slice_text(not_base64url[i]), &b) == -1, not_base64url[i]);
	assert_int_equal(afd_unbase64(afd_slice("QQ\0=", 4), &b), -1);
	assert_string_equal((char *)b.data, "kept");
	assert_int_equal(b.len, 4);
}

/* Each single byte in each place: what is accepted encodes back to itself. */
static void base64_accepts_nothing_that_it_would_not_write(void **state)
{
	size_t accepted = 0;

	(void)state;
	for (int c = 0; c < 256; c++)
		for (size_t at = 0; at < 4; at++) {
			AFD_AUTO(buf) struct afd_buf raw = { 0 }, text = { 0 };
			uint8_t s[4] = { 'Q', 'U', 'I', '=' };

			s[at] = (uint8_t)c;
			if (afd_unbase64(afd_slice(s, 4), &raw) < 0)
				continue;
			assert_int_equal(afd_base64(afd_buf_slice(&raw), &text), 0);
			assert_memory_equal(text.data, s, 4);
			accepted++;
		}
	/* 64 digits first and second; third: spare bits zero (16), fourth: a digit or '=' */
	assert_int_equal(accepted, 64 + 64 + 16 + 65);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_known_texts),
		cmocka_unit_test(hmac_of_known_keys),
		cmocka_unit_test(threads_do_not_share_a_state),
		cmocka_unit_test(hex_is_lower_case_and_whole),
		cmocka_unit_test(radix_of_known_texts),
		cmocka_unit_test(base64_has_one_text_for_each_value),
		cmocka_unit_test(base64_accepts_nothing_that_it_would_not_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
