/* What checks ask, answered by hash joins in C over plain reads of the tables: yardsticks for bench_checks. */
#ifndef AFD_TESTS_BENCH_CHECK_JOINS_H
#define AFD_TESTS_BENCH_CHECK_JOINS_H

#include "evidence/store.h"

struct check_join { const char *check; int (*count)(struct afd_store *s, size_t *findings, struct afd_error *err); };
extern const struct check_join check_joins[];     /* ended by one without check */

#endif
