#include "check.h"
#include "core/der.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define A128 A16 A16 A16 A16 A16 A16 A16 A16

static const struct { const char *name; struct afd_slice in; size_t body, whole; } good_row[] = {
	{ "null", { (const uint8_t *)"\x05\x00", 2 }, 0, 2 },
	{ "short", { (const uint8_t *)"\x04\x02" "abXX", 6 }, 2, 4 },
	{ "127 in the short form", { (const uint8_t *)"\x04\x7f" A128, 130 }, 127, 129 },
	{ "128 in one byte", { (const uint8_t *)"\x04\x81\x80" A128, 131 }, 128, 131 },
	{ "256 in two bytes", { (const uint8_t *)"\x04\x82\x01\x00" A128 A128, 260 }, 256, 260 },
};

static const struct { const char *name; struct afd_slice in; } bad_row[] = {
	{ "nothing", { (const uint8_t *)"", 0 } },
	{ "no length", { (const uint8_t *)"\x04", 1 } },
	{ "cut body", { (const uint8_t *)"\x04\x03" "ab", 4 } },
	{ "indefinite", { (const uint8_t *)"\x30\x80\x00\x00", 4 } },
	{ "long tag", { (const uint8_t *)"\x1f\x81\x01\x00", 4 } },
	{ "127 in the long form", { (const uint8_t *)"\x04\x81\x7f" A128, 131 } },
	{ "128 in two bytes", { (const uint8_t *)"\x04\x82\x00\x80" A128, 132 } },
	{ "256 in three bytes", { (const uint8_t *)"\x04\x83\x00\x01\x00" A128 A128, 261 } },
	{ "four length bytes", { (const uint8_t *)"\x04\x84\x01\x00\x00\x00", 6 } },
	{ "length of length alone", { (const uint8_t *)"\x04\x83\xff", 3 } },
	{ "a length of ff", { (const uint8_t *)"\x04\xff" A128, 130 } },
};

static void elements_are_read_strictly(void **state)
{
	struct afd_der d;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(good_row); i++) {
		struct afd_reader r = afd_reader(good_row[i].in);

		row_true(afd_der_next(&r, &d) && !r.bad, good_row[i].name);
		assert_int_equal(d.tag, good_row[i].in.data[0]);
		assert_int_equal(d.body.len, good_row[i].body);
		assert_int_equal(d.whole.len, good_row[i].whole);
		assert_ptr_equal(d.whole.data, good_row[i].in.data);
		assert_ptr_equal(r.at, good_row[i].in.data + good_row[i].whole);
	}
	for (size_t i = 0; i < AFD_COUNT(bad_row); i++) {
		struct afd_reader r = afd_reader(bad_row[i].in);

		row_true(!afd_der_next(&r, &d) && r.bad, bad_row[i].name);
		assert_int_equal(d.body.len, 0);
		row_true(!afd_der_next(&r, &d), bad_row[i].name);              /* and it stays so */
	}
}

static void tags_and_oids(void **state)
{
	static const uint8_t sct_list[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02 };
	struct afd_slice in = SLICE("\x06\x0a\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02");
	struct afd_reader r = afd_reader(in);
	struct afd_der d;

	(void)state;
	assert_true(afd_der_expect(&r, 0x06, &d));
	assert_true(afd_der_is_oid(&d, sct_list, sizeof(sct_list)));
	assert_false(afd_der_is_oid(&d, sct_list, sizeof(sct_list) - 1));
	d.tag = 0x04;
	assert_false(afd_der_is_oid(&d, sct_list, sizeof(sct_list)));
	r = afd_reader(in);
	assert_false(afd_der_expect(&r, 0x30, &d));
	assert_true(r.bad);
}

static const struct { uint8_t tag; const char *text; int64_t ms; } time_row[] = {
	{ 0x17, "700101000000Z", 0 },
	{ 0x17, "260101000000Z", INT64_C(1767225600000) },
	{ 0x17, "491231235959Z", INT64_C(2524607999000) },
	{ 0x17, "500101000000Z", INT64_C(-631152000000) },
	{ 0x18, "20500101000000Z", INT64_C(2524608000000) },
	{ 0x18, "99991231235959Z", INT64_C(253402300799000) },
};
static const struct { uint8_t tag; const char *text; } not_a_time[] = {
	{ 0x17, "7001010000Z" }, { 0x17, "700101000000" }, { 0x17, "700101000000+0000" }, { 0x17, "701301000000Z" },
	{ 0x17, "20500101000000Z" }, { 0x18, "700101000000Z" }, { 0x18, "20260101000000.5Z" }, { 0x18, "20260230000000Z" },
	{ 0x04, "700101000000Z" }, { 0x17, "7001010000 0Z" }, { 0x17, "" }, { 0x18, "2026010100000\xff""Z" },
};

static void times_of_certificates(void **state)
{
	int64_t t;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(time_row); i++) {
		struct afd_der d = { time_row[i].tag, afd_slice_text(time_row[i].text), afd_slice(NULL, 0) };

		row_true(afd_der_time(&d, &t) && t == time_row[i].ms, time_row[i].text);
	}
	for (size_t i = 0; i < AFD_COUNT(not_a_time); i++) {
		struct afd_der d = { not_a_time[i].tag, afd_slice_text(not_a_time[i].text), afd_slice(NULL, 0) };

		row_true(!afd_der_time(&d, &t), not_a_time[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_are_read_strictly),
		cmocka_unit_test(tags_and_oids),
		cmocka_unit_test(times_of_certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
