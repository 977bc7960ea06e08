/* What coverage.c and coverage_logs.c share: the statements of the store, which sources are expected, and how both are
 * painted. Texts live in the arena. Private to mappers/. */
#ifndef AFD_MAPPERS_COVER_H
#define AFD_MAPPERS_COVER_H

#include "mappers/judge.h"

struct cover_row {
	const char *source, *evidence, *scope, *watch, *reason;
	struct afd_span span;
	enum afd_grade grade;
	int64_t stored, lag_ms;
};
struct cover_rows { struct cover_row *at; size_t n; };
struct expected { const char *source, *evidence, *scope, *operator; int64_t retired_ms, lag_ms; };   /* operator: of a listed log */
struct expecteds { struct expected *at; size_t n; };

/* The expected sources of EVIDENCE (and SCOPE, unless NULL): *n of them, side by side. */
const struct expected *afd_expected_for(const struct expecteds *x, const char *evidence, const char *scope,
					   size_t *n);
/* The largest lag of those, at least LEAST. */
int64_t afd_largest_lag(const struct expecteds *x, const char *evidence, const char *scope, int64_t least);
/* What the source X says of itself, its statements in the order of the ledger; accepts (may be NULL) chooses among watch lists. */
int afd_paint_source(struct afd_arena *a, const struct cover_rows *rows, const struct expected *x,
			bool (*accept)(void *ctx, const char *watch), void *ctx, struct afd_canvas *ret, int64_t *lag,
			struct afd_error *err);
/* C as rows of need_coverage. */
int afd_insert_canvas(struct afd_inserts *ins, const char *evidence, const char *scope, const struct afd_canvas *c,
			 int64_t lag, struct afd_error *err);

/* --- coverage_logs.c --- */
/* When the logs of one operator alone were not read, so that those of the others say enough. */
struct spared { struct afd_span at; const char *operator, *reason; };
struct spareds { struct spared *at; size_t n; };
int afd_spared_logs(struct afd_arena *a, const struct cover_rows *rows, const struct expecteds *x, struct spareds *ret, struct afd_error *err);
/* Evidence ct and ct-lookalike of every domain in scope. */
int afd_join_logs(struct afd_store *s, struct afd_arena *a, const struct cover_rows *rows, const struct expecteds *x,
                     struct afd_inserts *ins, struct afd_error *err);

#endif
