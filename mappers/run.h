/* One check while it runs: what its statements returned. Shared by read_check.c and run_check.c alone. */
#ifndef AFD_MAPPERS_RUN_H
#define AFD_MAPPERS_RUN_H

#include "mappers/judge.h"

struct need_row { const char *resource; struct afd_need need; };
struct finding_row {
	const char *resource, *key, *reason;
	enum afd_outcome status;
	bool presence, has_ref;
	int64_t observed_ms;
	struct afd_evidence_ref ref;
};

enum { AFD_RUN_SAID = 1 << 16, AFD_RUN_TABLES = 96, AFD_RUN_COLUMNS = 8 };

struct afd_run {
	struct afd_judge *j;
	const struct afd_check *check;
	struct afd_query *ref[AFD_RUN_TABLES];            /* of each table that was cited */
	int column[AFD_RUN_COLUMNS];                      /* of the statement that is read: where each stands */
	struct need_row *need; size_t n_need;
	struct need_row *shared; size_t n_shared; /* rows without a resource: what all that ask for it need */
	struct afd_result common;                 /* those, merged and judged once */
	bool common_covered;
	struct finding_row *row; size_t n_row;
	unsigned line;                            /* where in its file it stands: for faults */
	const char *relaxed;                      /* its parameters were edited after the period began: why a pass is none */
	struct said { struct afd_need need; struct afd_span hole; const char *reason; } *said;   /* gaps that were put in words, by hash */
	size_t n_said, said_room;                 /* at most AFD_RUN_SAID places, a power of two */
	struct afd_query *note;
	const char *asked;                        /* of the item of .cited */
	struct afd_evidence_ref cited;            /* the last one: thousands of rows come from one item */
};

/* --- read_check.c --- */
/* Rows of both statements of r->check: need, shared and row, in the order in which they came. Faults are the check's (r->line). */
int afd_run_read(struct afd_run *r, struct afd_error *err);
void afd_run_release(struct afd_run *r);
/* A row that takes over what the rows without a resource ask for: a thousand keys need the logs of a thousand zones. */
bool afd_run_is_shared(const struct afd_need *n);

#endif
