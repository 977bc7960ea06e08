/* cmocka with what it wants included, and the few words that all tests of collector/zone/ share. */
#ifndef AFD_TESTS_ZONE_CHECK_H
#define AFD_TESTS_ZONE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "core/error.h"

#define SLICE(literal) afd_slice((literal), sizeof(literal) - 1)

/* Names the row of a table that failed. */
#define row_true(cond, row) \
	do { \
		if (!(cond)) \
			fail_msg("row %s: %s", (row), #cond); \
	} while (0)

#define row_text(got, want, row) \
	do { \
		const char *got_ = (got), *want_ = (want); \
		if (!got_ || strcmp(got_, want_) != 0) \
			fail_msg("row %s: got \"%s\", expected \"%s\"", (row), got_ ? got_ : "(null)", want_); \
	} while (0)

/* Bytes from hex, blanks and '|' for the eye. */
static inline struct afd_buf unhex(const char *text)
{
	struct afd_buf b = { 0 };
	unsigned v, have = 0, byte = 0;

	for (; *text; text++) {
		if (*text == ' ' || *text == '|')
			continue;
		v = *text <= '9' ? (unsigned)(*text - '0') : (unsigned)(*text - 'a' + 10);
		byte = byte << 4 | v;
		if (++have % 2 == 0)
			assert_int_equal(afd_buf_u8(&b, (uint8_t)byte), 0);
	}
	assert_int_equal(have % 2, 0);
	return b;
}

/* xorshift: tests repeat */
static inline uint32_t chance(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return (uint32_t)(*s >> 16);
}

/* Recorded data of real servers lies outside the repository; tests that want it skip without. cmocka's skip() jumps, so
 * nothing may be owned when it is called. */
static inline char *sample_path(const char *path)
{
	const char *shared = getenv("AFFIDAVIT_SHARED"), *source = getenv("AFFIDAVIT_SOURCE");

	return shared ? afd_sprintf("%s/data/%s", shared, path) : afd_sprintf("%s/../shared/data/%s", source ? source : ".", path);
}

static inline bool has_sample(const char *path)
{
	AFD_AUTO(mem) char *p = sample_path(path);

	return access(p, R_OK) == 0;
}

#endif
