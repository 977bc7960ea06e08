/* cmocka with what it wants included, and the few words that all tests of core/ share. */
#ifndef AFD_TESTS_CORE_CHECK_H
#define AFD_TESTS_CORE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

static inline void assert_error(int r, const struct afd_error *err, enum afd_code code, const char *text)
{
	assert_int_equal(r, -1);
	assert_string_equal(err->text, text);
	assert_int_equal(err->code, code);
}

#endif
