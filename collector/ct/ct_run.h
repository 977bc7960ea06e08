/* One run over a log of any kind, for the files that make it: ct_source.c (configuration, where requests and answers
 * go), static_ct.c and rfc6962.c (how each kind of log asks, and reads what it answers), ct_batch.c (entries of one answer, looked
 * at), ct_answers.c (what an answer
 * changes), ct_steps.c (what follows from it, and what the ledger is told) and ct_cursor.c (what is carried over to the
 * next run). Nobody else includes this.
 *
 * A run goes HEAD, then per step DATA, WALK when the step ends before the head, ISSUERS; at the end DONE. A walk to an
 * old head or to a start comes before the first step. Functions that take *err give -1 with it, else 0; what is wrong
 * with the log is no error of the run but a gap or an incident, and the phase is DONE then. */
#ifndef AFD_COLLECTOR_CT_RUN_H
#define AFD_COLLECTOR_CT_RUN_H

#include "collector/ct/ct_entry.h"
#include "collector/ct/ct_item.h"
#include "collector/provider.h"

enum { MAX_ISSUERS = 512, MAX_CLAIMS = 8, MAX_STORED = 32 };

/* As the tables of static_ct.c and rfc6962.c read it, or as the list of logs says; the texts are borrowed from it for
 * the whole run. */
struct config {
	const char *url, *origin, *key, *operator, *ca_file;
	const struct afd_node *start;             /* all, head or an index; NULL: all */
	struct afd_texts witnesses;               /* vkeys */
	int64_t mmd, lag, max_entries, page, rate;    /* lag: 0: the mmd; page: entries per request; rate: requests per second; 0: no limit */
	int64_t parallel;                         /* requests under way at once */
	bool backfill;
	bool still;                               /* takes no more entries, so that its head may be old */
	bool closed;                              /* and is known to end: final_size entries, final_root in hex */
	int64_t final_size;
	const char *final_root;
};

struct run;
/* How one kind of log is asked, by phase. The rest of a run is the same for all. */
struct afd_ct_kind {
	const char *head;                         /* what is asked for its head */
	/* A static log may forget a partial tile: then the full one is asked for. */
	bool tiles;
	/* The request for WALK, DATA and ISSUERS: 1, or -1. */
	int (*ask)(struct run *r, struct afd_request *q, struct afd_error *err);
	/* The request for entries that comes I after the one for those at the position: 1; 0: not foreseen. */
	int (*ahead)(struct run *r, unsigned i, struct afd_request *q);
	/* It was refused: true when there is another way to ask for the same. May be NULL. */
	bool (*refused)(struct run *r);
	/* What was answered to it, status 200: into the run, which then wants afd_ct_advance(). */
	int (*take)(struct run *r, const struct afd_response *a, int64_t now, struct afd_keeper *keep, struct afd_error *err);
};
extern const struct afd_ct_kind afd_ct_static, afd_ct_rfc6962;

/* For these names everything from FROM until the position was searched. */
struct claim { struct afd_hex64 watch; struct afd_buf names; size_t n; int64_t from; };   /* names: each with its LF */
/* chain: certificates with their u24 lengths, as get-entries gives them; static logs name the issuer by fingerprint. */
struct hit { struct afd_ct_path path; struct afd_buf leaf_input, extra, chain; uint8_t fingerprint[32]; bool has_issuer, unparsable; };
struct issuer { uint8_t fingerprint[32]; struct afd_buf der; };   /* empty: the log has none that fits */

enum phase { HEAD, WALK, DATA, ISSUERS, DONE };

/* One entry, and where in its tile it begins. match: as afd_ct_watch_entry() says. */
struct afd_ct_seen { struct afd_digest hash; uint64_t timestamp_ms, index; size_t off; int match; bool has_index; };
/* The entries of one answer. bad: WHY they are not to be believed, behind the first n; not_opened: WHY there are none. */
struct afd_ct_batch {
	struct afd_ct_seen *at; size_t n, cap;
	struct afd_ct_page page;                  /* of get-entries; it borrows from the answer */
	struct afd_slice bytes;                   /* of the tile */
	struct afd_buf opened;
	struct afd_sha256_ctx *sha;
	bool bad, not_opened; struct afd_error why;
};

struct run {
	struct config c;
	const struct afd_ct_kind *kind;
	const struct afd_env *env;
	bool live;                                /* a server, not a directory */
	struct afd_ct_log log;
	struct afd_buf key, url, origin;
	struct afd_ct_watch *watch;

	/* from the cursor, and back into it */
	struct afd_merkle tree;                   /* everything before the position */
	struct afd_ct_head head; bool has_head;   /* last one accepted */
	struct afd_buf signed_head;               /* as it was signed: checkpoint, or answer of get-sth */
	struct claim claim[MAX_CLAIMS]; size_t n_claims;   /* each a part of the next; the last: all names of today */
	struct afd_hex64 stored[MAX_STORED]; size_t n_stored;   /* watch lists in the ledger */
	char *incident;                           /* two heads that cannot both be: never forgotten */
	bool ended;                               /* read to the end for ever: it need not answer any more */
	int64_t frozen;                           /* time of the head whose age was told as an incident */
	/* With start: head or an index, where reading began, and since when that covers (AFD_TIME_NONE: not known before the first
	 * entry was read). */
	struct afd_merkle began; int64_t began_ms; bool has_began;
	char **late; size_t n_late;               /* names of today that were not looked for in all that was read; sorted */
	/* While what was read is read again: until when nothing is lost by a gap (AFD_FOREVER: the log had ended); else 0 */
	int64_t stated;

	/* this run */
	uint64_t start_at;                        /* 0: all; UINT64_MAX: the head */
	uint64_t until;                           /* reading again: behind the last entry, and nothing is kept; else 0 */
	bool reread;                              /* done: what was read leads to the signed head */
	struct afd_search_back *back;             /* NULL: not asked for */
	bool going_back;                          /* it was asked for, and concerns this log */
	enum phase phase;
	struct afd_buf before;                    /* signed head that `signed_head` followed */
	bool head_waits;                          /* it is not in the ledger yet: it goes with the first thing it proves or spoils */
	struct afd_merkle step_start;
	struct afd_digest waiting[AFD_TILE_WIDTH]; unsigned n_waiting;   /* leaf hashes that the tree does not stand over yet */
	struct hit **hit; size_t n_hits, cap_hits, hit_bytes;
	struct afd_ct_path **path;                /* of the hits, for tiles.h */
	uint64_t step_unparsable, run_entries;
	struct issuer *issuer; size_t n_issuers;
	size_t next_hit;                          /* of this step, whose issuer was not looked at */

	/* WALK: from a tree over hash tiles to `walk_to` */
	struct afd_merkle ahead;
	enum { TO_OLD_HEAD, OLD_TO_NEW, TO_START, START_TO_HEAD, TO_HEAD } walk;
	uint64_t walk_to;
	bool walked; struct afd_digest walk_root; /* a proof led to walk_to at once, and to this root */
	struct afd_ct_head old;

	/* request under way */
	int level; uint64_t tile; unsigned width; bool whole;   /* whole: the partial tile is gone, the full one is asked for */
	uint64_t page_to;                         /* get-entries: last index asked for */
	uint64_t short_page, own_page;            /* length of an answer that was shorter than asked; of all that the log gives */
	bool was_short;                           /* so was the last answer */
	struct afd_unpack unpack;                 /* what is to be made of the answer, */
	struct afd_ct_batch *batch;               /* and was, where nobody did it before; its memory serves every answer */
	enum { BY_ENTRY_AND_PROOF, LAST_ENTRY, BY_HASH } start_by; struct afd_digest last_leaf;   /* how the tree at a start is found */
	uint8_t asked_issuer[32];
	struct afd_buf request_url, asked, ahead_url;
};

/* --- ct_cursor.c --- */

inline static struct claim *afd_ct_newest_claim(struct run *r)
{
	return &r->claim[r->n_claims - 1];
}
void afd_ct_claim_release(struct claim *c);
void afd_ct_late_release(struct run *r);
/* The claims of the cursor (none in a first run) brought to the names of today; may set the tree back, by the setting
 * `backfill`, or when r->back asks for it and there are late names. */
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
/* The log cannot be believed: an item with both heads and ANSWER is kept as the proof of it. KIND as in the table
 * ct_incident. LASTING: two signed heads contradict each other, so no later answer makes it good; people have to look,
 * and to configure the log anew under another name or to retire it. */
struct incident { const char *kind; bool lasting; struct afd_slice answer; };
int afd_ct_incident(struct run *r, struct afd_keeper *keep, int64_t now, struct incident i, struct afd_error *err,
                    const char *fmt, ...) AFD_PRINTF(6, 7);
/* WHAT follows the log's name in what was asked for. */
int afd_ct_put_item(struct run *r, struct afd_keeper *keep, enum afd_item_kind kind, const char *type, const char *what,
                    const struct afd_buf *b, struct afd_error *err);
/* The head goes into the ledger if it waits for that. */
int afd_ct_keep_head(struct run *r, struct afd_keeper *keep, struct afd_error *err);

/* --- ct_steps.c: steps --- */

/* Forgets the hits of the step; their room stays until the run ends. */
void afd_ct_hits_drop(struct run *r);
/* DATA from the position on. */
void afd_ct_start_step(struct run *r);
/* WALK from the position to TO; PURPOSE as in run.walk. */
void afd_ct_start_walk(struct run *r, uint64_t to, int purpose);
/* Does this run go as far as the entry at AT, and not end with a step before it? */
bool afd_ct_foreseen(const struct run *r, uint64_t at);
inline static bool afd_ct_at_head(const struct run *r)
{
	return r->tree.size == r->head.size;
}
/* The next issuer that a hit of this step names and that was not asked for: its SHA-256. false: none is left. */
bool afd_ct_issuer_missing(struct run *r, uint8_t ret[32]);
/* Goes on from phase to phase until something has to be asked. */
int afd_ct_advance(struct run *r, struct afd_keeper *keep, int64_t now, struct afd_error *err);

/* --- ct_answers.c: one answer of each kind; afterwards the run wants afd_ct_advance() --- */

int afd_ct_take_head(struct run *r, const struct afd_response *a, struct afd_keeper *keep, struct afd_error *err);
/* The entry behind the position. 1: it cannot be true (why). LEAF: where it matches, else NULL. CHAIN as in struct hit, may
 * be empty. */
int afd_ct_take_leaf(struct run *r, const struct afd_ct_seen *s, const struct afd_ct_leaf *leaf, struct afd_slice chain,
                     struct afd_error *why, struct afd_error *err);
/* The tree grows over the entries taken. */
int afd_ct_leaves_done(struct run *r, struct afd_keeper *keep, struct afd_error *err);
/* They are not to be believed: back to the start of the step. */
int afd_ct_leaves_wrong(struct run *r, int64_t now, struct afd_slice answer, const struct afd_error *why, struct afd_keeper *keep,
                        struct afd_error *err);

/* --- ct_batch.c --- */

/* As afd_unpack.make; state is the list of names (struct afd_ct_watch). A tile of n entries, nothing behind them; the first n
 * of a larger one; a page of at most n entries, the first of which is entry `at` of the log. */
void *afd_ct_batch_tile(const struct afd_unpack *u, struct afd_slice body, void *old);
void *afd_ct_batch_tile_part(const struct afd_unpack *u, struct afd_slice body, void *old);
void *afd_ct_batch_page(const struct afd_unpack *u, struct afd_slice body, void *old);
void afd_ct_batch_free(void *b);
/* What was made of A, now or before; it lives as long as A. NULL: no memory. */
const struct afd_ct_batch *afd_ct_batch_of(struct run *r, const struct afd_response *a, struct afd_error *err);

/* --- ct_source.c --- */

extern const struct config afd_ct_config_defaults;
int afd_ct_scopes(const void *config, struct afd_buf *ret, struct afd_error *err);
int afd_ct_begin(const struct afd_ct_kind *kind, const struct afd_source_config *c, const void *config, const char *cursor,
                 void **ret, struct afd_error *err);
int afd_ct_next(void *state, struct afd_request *q, struct afd_error *err);
int afd_ct_ahead(void *state, unsigned i, struct afd_request *q);
int afd_ct_take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep,
                struct afd_error *err);
void afd_ct_end(void *state);
/* Whoever asks a live log says who they are: -1 without CONTACT, unless URL is a directory or on this machine. */
int afd_ct_contact_check(const char *url, const char *contact, struct afd_error *err);
/* For the kinds: a request for what lies at PATH below the log's address; ahead: the same for one that comes later. */
int afd_ct_ask(struct run *r, struct afd_request *q, size_t max, struct afd_error *err, const char *fmt, ...) AFD_PRINTF(5, 6);
int afd_ct_ask_ahead(struct run *r, struct afd_request *q, size_t max, const char *fmt, ...) AFD_PRINTF(4, 5);

#endif
