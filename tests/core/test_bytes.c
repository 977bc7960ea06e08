#include "check.h"

static void slices_are_clipped(void **state)
{
	struct afd_slice s = SLICE("abcdef");

	(void)state;
	assert_true(afd_slice_equal(afd_slice_sub(s, 2, 3), SLICE("cde")));
	assert_true(afd_slice_equal(afd_slice_sub(s, 4, 100), SLICE("ef")));
	assert_int_equal(afd_slice_sub(s, 7, 1).len, 0);
	assert_int_equal(afd_slice_sub(s, SIZE_MAX, SIZE_MAX).len, 0);
	assert_true(afd_slice_equal(afd_slice(NULL, 0), SLICE("")));
	assert_false(afd_slice_equal(SLICE("a"), SLICE("b")));
	assert_false(afd_slice_equal(SLICE("a"), SLICE("ab")));
}

static void a_buffer_grows_and_ends_in_nul(void **state)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(afd_buf_printf(&b, "%03d,", i), 0);
	assert_int_equal(b.len, 4000);
	assert_int_equal(strlen((char *)b.data), 4000);
	assert_memory_equal(b.data + 3996, "999,", 5);
}

static void a_full_buffer_stays_as_it_was(void **state)
{
	AFD_AUTO(buf) struct afd_buf b = { .max = 4 };

	(void)state;
	assert_int_equal(afd_buf_text(&b, "abc"), 0);
	assert_int_equal(afd_buf_text(&b, "de"), -1);
	assert_int_equal(afd_buf_printf(&b, "%s", "de"), -1);
	assert_int_equal(afd_buf_u16(&b, 7), -1);
	assert_int_equal(afd_buf_reserve(&b, SIZE_MAX), -1);
	assert_string_equal((char *)b.data, "abc");
	assert_int_equal(b.len, 3);
	assert_int_equal(afd_buf_u8(&b, 'd'), 0);
	assert_string_equal((char *)b.data, "abcd");
}

static void numbers_are_big_endian(void **state)
{
	static const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_reader r;

	(void)state;
	afd_buf_u8(&b, 0x01);
	afd_buf_u16(&b, 0x0203);
	afd_buf_u32(&b, 0x04050607);
	afd_buf_u64(&b, 0x08090a0b0c0d0e0f);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.data, want, sizeof(want));

	r = afd_reader(afd_buf_slice(&b));
	assert_int_equal(afd_read_u24(&r), 0x010203);
	assert_int_equal(afd_read_u48(&r), 0x040506070809);
	assert_int_equal(afd_read_u16(&r), 0x0a0b);
	assert_int_equal(afd_read_u32(&r), 0x0c0d0e0f);
	assert_false(r.bad);
	assert_int_equal(afd_reader_left(&r), 0);
}

static void a_reader_stays_bad(void **state)
{
	struct afd_reader r = afd_reader(SLICE("\1\2\3"));

	(void)state;
	assert_int_equal(afd_read_u32(&r), 0);
	assert_true(r.bad);
	assert_int_equal(afd_read_u8(&r), 0);
	assert_null(afd_read_bytes(&r, 1).data);
	assert_int_equal(afd_reader_left(&r), 3);

	r = afd_reader(SLICE("\1\2\3"));
	assert_int_equal(afd_read_bytes(&r, SIZE_MAX).len, 0);
	assert_true(r.bad);

	r = afd_reader(afd_slice(NULL, 0));
	assert_int_equal(afd_read_bytes(&r, 0).len, 0);
	assert_false(r.bad);
}

static void ranges_grow(void **state)
{
	struct afd_ranges r = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(afd_ranges_add(&r, i, 2 * i), 0);
	assert_int_equal(r.n, 100);
	assert_int_equal(r.at[99].len, 198);
	afd_ranges_release(&r);
	assert_int_equal(r.n, 0);
}

static void texts_are_copied(void **state)
{
	AFD_AUTO(mem) char *a = afd_text_dup(afd_slice("abcd", 2)), *b = afd_sprintf("%d-%s", 5, "x"), *c = afd_strdup("q");

	(void)state;
	assert_string_equal(a, "ab");
	assert_string_equal(b, "5-x");
	assert_string_equal(c, "q");
	assert_null(afd_strdup(NULL));
}

static void an_error_gets_its_place_in_front(void **state)
{
	struct afd_error e;

	(void)state;
	assert_int_equal(afd_fail(&e, AFD_E_PARSE, "serial: expected %d", 7), -1);
	assert_int_equal(afd_within(&e, "entry %d", 3), -1);
	assert_error(afd_within(&e, "page"), &e, AFD_E_PARSE, "page: entry 3: serial: expected 7");
	assert_error(afd_fail(&e, AFD_E_LIMIT, "again: %s", e.text), &e, AFD_E_LIMIT,
		     "again: page: entry 3: serial: expected 7");
	assert_error(afd_fail(&e, AFD_E_PARSE, "a\nb\x1b[2J\x7f"), &e, AFD_E_PARSE, "a?b?[2J?");
	assert_int_equal(afd_fail(NULL, AFD_E_PARSE, "nobody listens"), -1);
	assert_int_equal(afd_within(NULL, "nowhere"), -1);
}

static void a_long_error_is_cut(void **state)
{
	struct afd_error e;

	(void)state;
	afd_fail(&e, AFD_E_PARSE, "%2000d", 1);
	afd_within(&e, "%600d", 2);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_are_clipped),
		cmocka_unit_test(a_buffer_grows_and_ends_in_nul),
		cmocka_unit_test(a_full_buffer_stays_as_it_was),
		cmocka_unit_test(numbers_are_big_endian),
		cmocka_unit_test(a_reader_stays_bad),
		cmocka_unit_test(ranges_grow),
		cmocka_unit_test(texts_are_copied),
		cmocka_unit_test(an_error_gets_its_place_in_front),
		cmocka_unit_test(a_long_error_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
