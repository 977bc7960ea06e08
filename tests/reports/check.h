#ifndef AFD_TESTS_REPORTS_CHECK_H
#define AFD_TESTS_REPORTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Names the row of a table that failed. */
#define row_true(cond, row) \
	do { \
		if (!(cond)) \
			fail_msg("row %s: %s", (row), #cond); \
	} while (0)

#endif
