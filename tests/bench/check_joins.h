/* What checks ask, answered by hash joins in C over plain reads of the tables: yardsticks for bench_checks. With the parameters
 * that the checks' heads give. Only rows are read by SQL; nothing is joined, grouped or sorted there. */
#ifndef AFD_TESTS_BENCH_CHECK_JOINS_H
#define AFD_TESTS_BENCH_CHECK_JOINS_H

#include "evidence/store.h"
#include "mappers/arena.h"
#include "tests/checks/case.h"

#define FROM (T0 - 90 * AFD_DAY)

/* FINDINGS: how many there are, and how many of them fail, where the join tells that. */
enum { UNTOLD = -1 };
typedef int check_join_fn(struct afd_store *s, size_t findings[2], struct afd_error *err);
struct check_join { const char *check; check_join_fn *count; };
extern const struct check_join check_joins[];     /* ended by one without check */

check_join_fn join_address_limits, join_inventory_unseen, join_not_in_inventory, join_served_as_declared, join_signed_unexplained, join_unattributed, join_verified_live, join_zone_mismatch, join_record_churn, join_delegation_unapproved, join_without_challenge, join_service_binding,
	join_issuer_permitted, join_credential_unused, join_views_disagree, join_history_whole;

struct slot { uint64_t hash; const char *key; size_t len; int64_t v, w; size_t first; };
struct map { struct afd_arena *a; struct slot *at; size_t n, cap; struct afd_buf key; };

void map_release(struct map *m);
/* The slot of the key that stands in m->key; with MAKE a new one where there is none (its v, w and first are 0). */
struct slot *find(struct map *m, bool make);
void piece(struct map *m, const char *s);
void number(struct map *m, int64_t v);
struct slot *by_text(struct map *m, const char *s, bool make);
struct slot *by_number(struct map *m, int64_t v, bool make);
/* The slot was not there before: counts it in V. */
bool is_new(struct slot *s);
/* A finding with the key that stands in FOUND. */
void tell(struct map *found, size_t findings[2], bool fails);
/* The name above; NULL at the root. */
const char *above(const char *name);

struct reader { struct afd_store *s; struct afd_query *q; struct afd_error *err; int failed; };

/* The next row; false at the end, and after a failure. */
bool rows(struct reader *r, const char *sql);
const char *text_at(struct reader *r, int i);
int64_t int_at(struct reader *r, int i);
/* Zones in scope, and accounts with their lists of users. */
void our_places(struct reader *r, struct map *zones, struct map *accounts);

#endif
