/* One run over a log, for the files that make it: static_ct.c (configuration, requests, which answer goes where),
 * ct_answers.c (what an answer changes), ct_steps.c (what follows from it, and what the ledger is told) and ct_cursor.c
 * (what is carried over to the next run). Nobody else includes this.
 *
 * A run goes CHECKPOINT, then per step DATA, WALK when the step ends before the head, ISSUERS; at the end DONE. A walk
 * to an old head or to a start comes before the first step. Functions that take *err give -1 with it, else 0; what is
 * wrong with the log is no error of the run but a gap or an incident, and the phase is DONE then. */
#ifndef AFD_COLLECTOR_CT_RUN_H
#define AFD_COLLECTOR_CT_RUN_H

#include "collector/ct/ct_item.h"
#include "collector/provider.h"

enum { MAX_ISSUERS = 512, MAX_CLAIMS = 8, MAX_STORED = 32 };

/* As the table in static_ct.c reads it; the texts are borrowed from it for the whole run. */
struct config {
	const char *url, *origin, *key, *operator, *start, *ca_file;
	int64_t mmd, max_entries;
	bool backfill;
};

/* For these names everything from FROM until the position was searched. */
struct claim { struct afd_hex64 watch; char **name; size_t n; int64_t from; };
struct hit { struct afd_ct_path path; struct afd_buf leaf_input, extra; uint8_t fingerprint[32]; bool has_issuer; };
struct issuer { uint8_t fingerprint[32]; struct afd_buf der; };   /* empty: the log has none that fits */

enum phase { CHECKPOINT, WALK, DATA, ISSUERS, DONE };

struct run {
	struct config c;
	const struct afd_env *env;
	struct afd_ct_log log;
	struct afd_buf key, url;
	struct afd_ct_watch *watch;
	struct afd_sha256_ctx *sha;

	/* from the cursor, and back into it */
	struct afd_merkle tree;                   /* everything before the position */
	struct afd_ct_head head; bool has_head;   /* last one accepted */
	struct claim claim[MAX_CLAIMS]; size_t n_claims;   /* each a part of the next; the last: all names of today */
	struct afd_hex64 stored[MAX_STORED]; size_t n_stored;   /* watch lists in the ledger */
	char *incident;                           /* two heads that cannot both be: never forgotten */

	/* this run */
	enum phase phase;
	struct afd_buf note;                      /* checkpoint of `head` */
	bool head_waits;                          /* it is not in the ledger yet: it goes with the first thing it proves or spoils */
	struct afd_merkle step_start;
	struct hit **hit; size_t n_hits, cap_hits, hit_bytes;
	struct afd_ct_path **path;                /* of the hits, for tiles.h */
	uint64_t step_unparsable, run_entries;
	struct issuer *issuer; size_t n_issuers;
	size_t next_hit;                          /* of this step, whose issuer was not looked at */

	/* WALK: from a tree over hash tiles to `walk_to` */
	struct afd_merkle ahead;
	enum { TO_OLD_HEAD, OLD_TO_NEW, TO_START, TO_HEAD } walk;
	uint64_t walk_to;
	struct afd_ct_head old;

	/* request under way */
	int level; uint64_t tile; unsigned width; bool whole;   /* whole: the partial tile is gone, the full one is asked for */
	uint8_t asked_issuer[32];
	struct afd_buf request_url, asked;
};

/* --- ct_cursor.c --- */

inline static struct claim *afd_ct_newest_claim(struct run *r)
{
	return &r->claim[r->n_claims - 1];
}
void afd_ct_claim_release(struct claim *c);
/* The claims of the cursor (none in a first run) brought to the names of today; may set the tree back (backfill). */
int afd_ct_claims_begin(struct run *r, const struct afd_watch *w, struct afd_error *err);
/* A claim that says no more than the next one goes; of two for the same names the one that reaches further back
 * counts. */
void afd_ct_claims_tidy(struct run *r);
int afd_ct_cursor_text(const struct run *r, struct afd_buf *ret, struct afd_error *err);
/* Fills R, fresh but for its log, from the text that afd_ct_cursor_text() once gave. */
int afd_ct_cursor_read(struct run *r, const char *text, struct afd_error *err);

/* --- ct_steps.c: statements --- */

/* When A was received; now when nobody knows, or there is no answer. */
int64_t afd_ct_time_of(const struct run *r, const struct afd_response *a);
/* Nothing more can be known in this run, and why. */
int afd_ct_gap(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err, const char *fmt, ...)
	AFD_PRINTF(5, 6);
/* The log cannot be believed: the head is kept as the proof of it. LASTING: two signed heads contradict each other, so
 * no later answer makes it good; people have to look, and to configure the log anew under another name or to retire it. */
int afd_ct_incident(struct run *r, struct afd_keeper *keep, int64_t now, bool lasting, struct afd_error *err,
                    const char *fmt, ...) AFD_PRINTF(6, 7);
/* WHAT follows the log's name in what was asked for. */
int afd_ct_put_item(struct run *r, struct afd_keeper *keep, enum afd_item_kind kind, const char *type, const char *what,
                    const struct afd_buf *b, struct afd_error *err);
/* The checkpoint goes into the ledger if it waits for that. */
int afd_ct_keep_head(struct run *r, struct afd_keeper *keep, struct afd_error *err);

/* --- ct_steps.c: steps --- */

/* Forgets the hits of the step; their room stays until the run ends. */
void afd_ct_hits_drop(struct run *r);
/* DATA from the position on. */
void afd_ct_start_step(struct run *r);
/* WALK from the position to TO; PURPOSE as in run.walk. */
void afd_ct_start_walk(struct run *r, uint64_t to, int purpose);
/* The next issuer that a hit of this step names and that was not asked for: its SHA-256. false: none is left. */
bool afd_ct_issuer_missing(struct run *r, uint8_t ret[32]);
/* Goes on from phase to phase until something has to be asked. */
int afd_ct_advance(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err);

/* --- ct_answers.c: one answer of each kind; afterwards the run wants afd_ct_advance() --- */

int afd_ct_take_checkpoint(struct run *r, const struct afd_response *a, struct afd_keeper *keep, struct afd_error *err);
/* BYTES: the tile that was asked for, opened. */
int afd_ct_take_hashes(struct run *r, struct afd_slice bytes, int64_t now, struct afd_keeper *keep,
                       struct afd_error *err);
int afd_ct_take_data(struct run *r, struct afd_slice bytes, int64_t now, struct afd_keeper *keep,
                     struct afd_error *err);
/* The certificate whose SHA-256 was asked for; anything else, and no answer (A is NULL), counts as none. */
int afd_ct_take_issuer(struct run *r, const struct afd_response *a, struct afd_error *err);

#endif
