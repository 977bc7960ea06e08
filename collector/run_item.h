/* The item that ends each run of a source: what was asked, what was covered, what was not. Canonical JSON (sorted
 * keys, no blanks, integers and strings only); the coverage table is decoded from it and from nothing else. */
#ifndef AFD_COLLECTOR_RUN_ITEM_H
#define AFD_COLLECTOR_RUN_ITEM_H

#include "evidence/item.h"
#include "evidence/sink.h"

#define AFD_RUN_DECODER    "run"
#define AFD_RUN_MEDIA_TYPE "application/vnd.affidavit.run+json"
#define AFD_RUN_MAX_ROWS   200000u       /* statements of coverage in one run item */

/* Statements of coverage, owned, in the order in which they were made. */
struct afd_statements { struct afd_row_coverage *at; size_t n, cap; };
int afd_statements_add(struct afd_statements *s, const struct afd_row_coverage *c);
void afd_statements_cut(struct afd_statements *s, size_t n);     /* forgets all behind the first N */
void afd_statements_release(struct afd_statements *s);

struct afd_run {
	const char *source, *kind, *result, *reason; /* result: ok, failed, stopped, continued; reason may be NULL */
	int64_t started_ms, ended_ms;
	uint64_t requests, items;
};
int afd_run_write(const struct afd_run *r, const struct afd_statements *s, struct afd_buf *ret, struct afd_error *err);
/* Statement I is part 2 * I + 1; the text around them makes the others. */
int afd_run_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err);
int afd_run_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

/* The statements alone, for the cursor: those that were committed but stand in no run item yet. */
int afd_statements_write(const struct afd_statements *s, struct afd_buf *ret, struct afd_error *err);
int afd_statements_parse(struct afd_slice json, struct afd_statements *ret, struct afd_error *err);

#endif
