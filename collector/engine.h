/* One run of one source: what it has kept, said and committed so far. Between collect.c, which asks, and keep.c, which
 * writes. */
#ifndef AFD_COLLECTOR_ENGINE_H
#define AFD_COLLECTOR_ENGINE_H

#include "collector/collect.h"
#include "collector/run_item.h"
#include "core/digest.h"

struct run {
	const struct afd_collect *c;
	const struct afd_source *s;
	int64_t started_ms;

	/* from the last run's end, and moving with each checkpoint */
	char *cursor_name;                        /* under which the store keeps it: the source's name */
	char *cursor;                             /* the source's words; NULL: none yet */
	int64_t until_ms;                         /* end of the last run; AFD_TIME_NONE: there was none */
	struct afd_statements said;               /* in no run item yet */
	size_t n_carried, n_committed;            /* of .said: from a run that was cut off; committed with the cursor */

	/* the request under way */
	const char *asked;
	const struct afd_response *answer;

	bool open, store_failed;                  /* a transaction is open; the store refused something */
	int64_t last_ms;                          /* of the last request: when it was or will be begun */
	unsigned window;                          /* requests under way at once: one more after each good answer */
	uint64_t requests, items, open_items, gaps;
	char *withheld;                           /* why something was withheld */
	char *refused;                            /* what to do about a credential that was refused */
	struct paces *paces;                      /* of all sources of this collection; NULL: none are kept */
	int64_t skew_ms; bool skew_known;         /* our clock ahead of the server's, the largest seen */
	struct afd_span hull;                     /* all that this run spoke of */
};
void afd_run_state_release(struct run *r);

/* Token buckets, by pace_key: when so much was asked that the next must wait. */
struct pace { struct afd_digest key; int64_t full_ms; };      /* full_ms: when the bucket would be full again */
struct paces { struct pace *at; size_t n; };

/* One request, tried again as the engine does. 0: an answer worth showing to the source; -1: none, WHY says so. */
int afd_run_ask(struct run *r, const struct afd_request *q, struct afd_response *ret, struct afd_error *why);

/* The same for what STATE asked for with next(), while what it is to ask next is under way as well. */
int afd_run_ask_ahead(struct run *r, void *state, const struct afd_request *q, struct afd_response *ret, struct afd_error *why);

/* Reads the cursor of the last run. */
int afd_run_open(struct run *r, struct afd_error *err);
struct afd_keeper afd_run_keeper(struct run *r);
/* Writes the run item. GOT: 0 done, 1 stopped, -1 failed for the reason WHY, which receives the store's error when the
 * store fails (-1). */
int afd_run_finish(struct run *r, int got, struct afd_error *why);

/* Equal-length '*' over each cut; RANGES receives them sorted and merged. */
int afd_redact_apply(struct afd_slice bytes, const struct afd_ranges *cuts, struct afd_buf *ret,
		     struct afd_ranges *ranges, struct afd_error *err);

#endif
