/* What states of domains and of accounts have in common: arguments that may be lacking, and events out of differences.
 * Private to evidence/. */
#ifndef AFD_EVIDENCE_STATES_H
#define AFD_EVIDENCE_STATES_H

#include "evidence/tables.h"

/* The change that is being told: by nobody knows whom, in the time between two looks; or, with LIKE, by its actor, at its
 * time, under references that begin with its own. */
struct afd_difference {
	struct afd_tables *t;
	const char *account, *domain, *object_kind, *object;
	struct afd_span at;
	uint64_t part;
	const struct afd_row_event *like;
};

int afd_difference_put(const struct afd_difference *d, const char *verb, const char *before, const char *after, struct afd_error *err);
/* ON or OFF when both are known (0, 1; not -1) and differ. */
int afd_difference_flag(const struct afd_difference *d, int64_t before, int64_t after, const char *on, const char *off, struct afd_error *err);
/* VERB when both are known (not NULL) and differ. */
int afd_difference_text(const struct afd_difference *d, const char *before, const char *after, const char *verb, struct afd_error *err);

/* The time between two looks; a clock that was set back must not make an interval that ends before it begins. */
struct afd_span afd_between_looks(int64_t last, int64_t now);
/* 1, 0, or -1: not known */
int64_t afd_known_flag(enum afd_known k);
static inline struct afd_arg afd_known_arg(enum afd_known k) { return afd_opt(afd_known_flag(k), -1); }
static inline struct afd_arg afd_time_arg(int64_t ms) { return afd_opt(ms, AFD_TIME_NONE); }
bool afd_texts_equal(const char *a, const char *b);             /* NULL is only NULL's */
char *afd_column_text(sqlite3_stmt *st, int i);               /* owned; NULL for NULL */

#endif
