/* Small evidence sets written by hand. A case is a YAML file: one key per table, each a list of rows, and what is
 * expected. Times are sums of durations from T0 (2026-10-01, the end of the period), "-25h" or "-24h-1ms"; "0",
 * "forever", or RFC 3339. Columns that a row leaves out get plain defaults. Shorthands: `t` for an instant (t_from and
 * t_to), `records` for the records of a change or claim ("add www.example.test A 192.0.2.1"; '*' all types, '-' not
 * said), `names` for those of a certificate or a search result.
 *
 *   expect: {example.test: pass}         outcome of each resource, all of them; {nothing: ...} when there is none
 *   findings: [{status: fail, ...}]      all findings, by check and resource and key; only what is written is compared: id, resource,
 *                                        key, status, presence, would_fail, a part of a reason,
 *                                        reasons (how many), row (id of one that is cited), t
 *   periods: [{from: -90d, to: 0, as_of: 0, expect: {...}, findings: [...]}]   instead of the two above */
#ifndef AFD_TESTS_CHECKS_CASE_H
#define AFD_TESTS_CHECKS_CASE_H

#include <sqlite3.h>

#include "core/doc.h"
#include "core/when.h"
#include "evidence/store.h"
#include "mappers/assess.h"

#define T0 INT64_C(1790812800000)    /* 2026-10-01T00:00:00Z */

int case_time(const char *text, int64_t *ret);
/* A store file at PATH (made from an empty one) with the rows of CASE in it. */
int case_fill(const char *path, const struct afd_node *root, struct afd_error *err);
/* The same, again and again: a store that stays open for many cases, each without the rows of the one before, and its reader,
 * which sees the case as it would see a store that it opens. */
struct case_store;
struct case_store *case_store_open(const char *path, struct afd_error *err);
struct case_store *case_store_close(struct case_store *s);      /* NULL */
int case_store_fill(struct case_store *s, const struct afd_node *root, struct afd_error *err);
struct afd_store *case_store_reader(struct case_store *s);      /* borrowed */
/* 0 when check C says of the store what the case expects; -1 with WHY. */
int case_holds(struct afd_store *s, const struct afd_check *c, const struct afd_node *root, struct afd_error *why);
/* One row given as alternating column and text, ended by NULL; defaults for the rest. Returns its id. */
sqlite3_int64 case_row(sqlite3 *db, const char *table, ...) __attribute__((sentinel));
/* While KEEP, the statements of case_row() stay prepared; end it before DB is closed. */
void case_rows_keep(sqlite3 *db, bool keep);
/* An empty store at PATH, opened for rows; close with sqlite3_close(). */
sqlite3 *case_open(const char *path, struct afd_error *err);
/* Takes the store at PATH away again, with its lock and the folder that held it. */
void case_clean(const char *path, const char *folder);

#endif
