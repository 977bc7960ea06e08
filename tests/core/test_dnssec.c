#include "check.h"
#include "core/dnssec.h"
#include "core/when.h"

/* The keys are those of RFC 4034 5.4, RFC 8080 6.1, RFC 6605 6.1, RFC 5702 6.1 and of the root (2017); tags as these and IANA give them. */
static const struct { const char *text; unsigned flags, algorithm, tag, bits; } keys[] = {
	{ "256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==",
	  256, 5, 60485, 1024 },
	{ "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", 257, 15, 3613, 0 },
	{ "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==", 257, 13, 55648, 0 },
	{ "256 3 8 AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk=", 256, 8, 9033, 512 },
	{ "257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=",
	  257, 8, 20326, 2048 },
	/* revoked (RFC 5011): the tag is another one */
	{ "385 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", 385, 15, 3741, 0 },
	/* the wish to have no DS (RFC 8078, 4) */
	{ "0 3 0 AA==", 0, 0, 768, 0 },
	/* algorithm 1 has a tag of its own; an exponent whose length is written in three octets; a modulus with nothing in it */
	{ "256 3 1 AQMBAgME", 256, 1, 515, 32 },
	{ "256 3 8 AAABA/////8=", 256, 8, 1291, 32 },
	{ "256 3 8 AQMAAAA=", 256, 8, 1291, 0 },
	{ "256 3 8 BAEB", 256, 8, 2313, 0 },
};

static const char *const no_key[] = { "", "257", "257 3 13", "257 3 13 ", "257 2 13 AAAA", "65536 3 13 AAAA", "257 3 256 AAAA", "257 3 13 AAA", "x 3 13 AAAA",
				      " 3 13 AAAA", "257 3  AAAA" };

static void keys_are_read(void **state)
{
	struct afd_dnskey k;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(keys); i++) {
		row_true(afd_dnskey_parse(keys[i].text, &k) == 0, keys[i].text);
		row_true(k.flags == keys[i].flags && k.algorithm == keys[i].algorithm, keys[i].text);
		row_true(k.tag == keys[i].tag, keys[i].text);
		row_true(k.bits == keys[i].bits, keys[i].text);
	}
	for (size_t i = 0; i < AFD_COUNT(no_key); i++)
		row_true(afd_dnskey_parse(no_key[i], &k) < 0, no_key[i]);
}

static const char *const no_signature[] = {
	"", "A", "A 13 2 300 20260901000000 20260801000000 4711", "A 13 2 300 20260901000000 20260801000000 4711 example.test AAAA",
	"A 13 2 300 20260931000000 20260801000000 4711 example.test. AAAA", "A 13 2 300 2026090100000 20260801000000 4711 example.test. AAAA",
	"A 256 2 300 20260901000000 20260801000000 4711 example.test. AAAA", "A 13 2 300 20260901000000 20260801000000 65536 example.test. AAAA",
	"A 13 2 2147483648 20260901000000 20260801000000 1 example.test. AAAA", " 13 2 300 20260901000000 20260801000000 1 example.test. AAAA" };

static void signatures_are_read(void **state)
{
	struct afd_rrsig s;
	int64_t since, till;

	(void)state;
	afd_when_parse("2026-08-01T02:03:04Z", &since, NULL);
	afd_when_parse("2028-02-29T23:59:59Z", &till, NULL);
	row_true(afd_rrsig_parse("TYPE65 13 3 300 20280229235959 20260801020304 4711 example.test. AAAA", &s) == 0, "read");
	row_true(afd_slice_equal(s.covered, afd_slice_text("TYPE65")) && afd_slice_equal(s.signer, afd_slice_text("example.test")), "names");
	row_true(s.algorithm == 13 && s.labels == 3 && s.ttl == 300 && s.tag == 4711, "numbers");
	row_true(s.since == since && s.till == till, "times");
	row_true(afd_rrsig_parse("NS 8 0 518400 20280229235959 20260801020304 1 . AAAA", &s) == 0 && s.signer.len == 0, "the root");
	for (size_t i = 0; i < AFD_COUNT(no_signature); i++)
		row_true(afd_rrsig_parse(no_signature[i], &s) < 0, no_signature[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(keys_are_read), cmocka_unit_test(signatures_are_read) };

	return cmocka_run_group_tests_name("dnssec", tests, NULL, NULL);
}
