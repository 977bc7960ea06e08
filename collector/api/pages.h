/* HTTP manners in one place: every source that asks a provider's API goes through here. A provider describes its calls
 * (how the request of a page is made, how an answer is read) in a table; this does the rest:
 *
 *   pages          followed by token or number until the last; a token that comes twice, a numbered page that comes twice,
 *                  or more pages than the ceiling, ends the list with a gap
 *   pace           spec->pace_ms between requests, spec->burst at once, per credential, over all sources of a run
 *   throttling     429, 408, 5xx, and what spec->judge() recognises in bodies (AWS says it in a 400, Namecheap in a 200);
 *                  Retry-After in both forms, else full jitter, doubling, until spec->patience_ms of waiting are used up.
 *                  Each attempt is made anew by ask(): signatures and times are fresh
 *   credentials    struct afd_auth (auth.h): headers, signatures, tokens that are fetched first (their answers are secrets
 *                  and never stored). 401 and 403: a gap for what could not be read, all else is still read, the source
 *                  fails and `collect` ends with exit 1 and with spec->refused, which says what to do
 *   evidence       each page as an item, committed with its token (a run that is cut off goes on there), or a whole list
 *                  as one item (below). A list whose count is not the provider's is read once more, then it is a gap
 *   coverage       per turn: what call->grade says; proven when the provider's own total equals what was read
 *   ETag           call->conditional: If-None-Match; a 304 becomes an item that cites the body that it stands for
 *   recordings     a base address file:DIR: answers are read from DIR/run-01/0001, 0002 ... in the order in which they are
 *                  asked, one folder per run; a folder that is missing is a run that has nothing new
 *
 * One more source on it: CONTRIBUTING.md. Smallest example: hosted_dnsimple.c. */
#ifndef AFD_API_PAGES_H
#define AFD_API_PAGES_H

#include "collector/api/auth.h"
#include "collector/provider.h"

struct afd_pages;                                 /* a run: the state that provider->begin() returns */
struct afd_call;

/* One list to be read: a call for a subject, in a scope. Texts are owned by the run. */
struct afd_turn {
	const struct afd_call *call;
	const char *scope;                        /* of coverage: zone, account */
	const char *subject;                      /* what is asked for: the provider's id of the zone, a domain; "" none */
	struct afd_span window;                   /* time that is asked for; { 0, 0 }: the state of now */
	const char *token;                        /* of the page to ask for, as read() gave it; NULL: the first */
	uint64_t page;                            /* from 1 */
};

/* What an answer says. Set to "nothing told" before read(); released by the mechanism. */
struct afd_page {
	struct afd_buf next;                      /* token of the next page (a number as text, a cursor, a ready piece of a query);
	                                             empty: this was the last */
	uint64_t n;                               /* elements in this page */
	int64_t count;                            /* elements in this page as the provider counts them; -1 not told */
	int64_t total;                            /* elements in the whole list as the provider counts them; -1 not told */
	struct afd_span bad; char bad_why[256];   /* elements that no row can be made of lie there; bad_why "": there are none */
};

enum afd_call_kept {
	AFD_KEPT_PAGE,                            /* each page is an item, split and decoded by itself: logs */
	AFD_KEPT_LIST,                            /* all pages of the list are one item (struct afd_list): states, which say
	                                             something only as a whole */
};

struct afd_call {
	const char *name;                         /* one word, unique in the provider: "records"; stands in items and cursors */
	enum afd_call_kept kept;
	enum afd_grade grade;                     /* worth of a list that was read to its end: logs AFD_ASSERTED, snapshots
	                                             AFD_SAMPLED; AFD_GAP: nothing is stated here, the decoder tells (zones), or a
	                                             look-up that covers nothing */
	bool conditional;                         /* the provider gives ETags for the whole list in one page */
	bool absent_ends;                         /* 404 says that there is nothing (any more): no gap, the list is empty */
	int64_t overlap_ms;                       /* windows begin this much before the end of the last one: what came late */
	bool numbered;                            /* pages are asked for by number, whatever the answer: a page that is the one before it
	                                             once more ends the list with a gap */
	uint64_t max_pages;                       /* in one run; 0: 20000 */
	/* The request of the page at t: appends to q->url, which begins as the base address; see afd_ask_*. Credentials are added
	 * behind it. OWN: the provider's state. */
	int (*ask)(void *own, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err);
	/* The answer. May add turns (afd_pages_add). -1: AFD_E_PARSE it is not what the vendor documents (the bytes are kept, the
	 * list ends with a gap); AFD_E_REMOTE it is an error told in a page's place. T stays as it is meanwhile. Never put a stranger's words into err:
	 * they may repeat what was sent. */
	int (*read)(void *own, struct afd_pages *p, const struct afd_turn *t, const struct afd_response *r, struct afd_page *ret,
		    struct afd_error *err);
};

enum afd_judged {
	AFD_JUDGED_PAGE, AFD_JUDGED_UNCHANGED, AFD_JUDGED_THROTTLED, AFD_JUDGED_REFUSED, AFD_JUDGED_ABSENT, AFD_JUDGED_ERROR,
};
/* By the status alone: 200 page, 304 unchanged, 408 425 429 5xx throttled, 401 403 refused, 404 410 absent, else error. */
enum afd_judged afd_judge_status(const struct afd_response *r);
/* WORD stands in the first 4096 bytes of the body: for error codes. */
bool afd_body_says(const struct afd_response *r, const char *word);

/* A request that a credential with the documented permission alone must not be able to make: a GET or a listing, nothing that changes. */
struct afd_pages_excess {
	const char *path;                         /* behind the base address; NULL: ask() makes the request */
	int (*ask)(void *own, struct afd_ask *q, struct afd_error *err);     /* 1: not to be asked with this configuration */
	const char *can, *instead;                /* "it can list the users of the account"; what to do */
	bool (*shown)(void *own, const struct afd_response *r);   /* an answer with HTTP 200 shows it; NULL: always */
};

struct afd_pages_spec {
	const struct afd_call *call; size_t n_call;
	const char *accept;                       /* media type; NULL: application/json */
	enum afd_judged (*judge)(const struct afd_response *r);   /* NULL: afd_judge_status */
	const char *refused;                      /* what to do when the credential is refused: "make a new API token with ... and put it
	                                             where the configuration's token points" */
	const struct afd_pages_excess *excess; size_t n_excess;
	int64_t pace_ms; unsigned burst;          /* one request per pace_ms, BURST at once (0: 1) */
	int64_t patience_ms;                      /* waiting for throttled answers, in all; 0: 5 minutes */
	/* At the begin of each run, after the cursor was read: adds the first turns. */
	int (*start)(void *own, struct afd_pages *p, struct afd_error *err);
	void (*end)(void *own);                   /* gives OWN back; NULL: nothing to do */
};

/* A run. BASE: address without final '/', https, or http on the loopback, or file:DIR. AUTH (NULL: none) and OWN belong to
 * the run from here on, also after -1. *ret for provider->begin(); next, take and end below are the provider's. */
struct afd_pages_setup { const struct afd_pages_spec *spec; const char *base; struct afd_auth *auth; void *own; };
int afd_pages_begin(const struct afd_source_config *sc, const struct afd_pages_setup *setup, const char *cursor, void **ret,
		    struct afd_error *err);
int afd_pages_next(void *state, struct afd_request *q, struct afd_error *err);
int afd_pages_take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep,
		   struct afd_error *err);
void afd_pages_end(void *state);
/* provider->excess: spec->excess, one after the other. Recordings are asked nothing. */
int afd_pages_excess(void *state, const struct afd_response *last, struct afd_excess *ret, struct afd_error *err);

/* A list to be read in this run, after those that were added before. CALL: index in spec->call. */
int afd_pages_add(struct afd_pages *p, size_t call, const char *scope, const char *subject, struct afd_span window,
		  struct afd_error *err);
/* From the end of the last window of this list (less the overlap), or SINCE, until now, in whole seconds. */
struct afd_span afd_pages_window(const struct afd_pages *p, size_t call, const char *scope, const char *subject, int64_t since);
/* What was asked for SCOPE cannot be had (a zone that the account does not hold): a gap with the reason, at the end of the turn. */
int afd_pages_lacking(struct afd_pages *p, const char *scope, const char *reason, struct afd_error *err);
/* A mark that lives in the cursor under NAME; NULL: none. For what neither windows nor pages express (a last change's id). */
const char *afd_pages_mark(const struct afd_pages *p, const char *name);
int afd_pages_mark_set(struct afd_pages *p, const char *name, const char *value, struct afd_error *err);
int64_t afd_pages_now(const struct afd_pages *p);
/* For provider->scopes(): the base address is one that a secret may be sent to. */
int afd_pages_base_check(const char *base, struct afd_error *err);

/* --- a list as one item ---
 * "affidavit-list/1 CALL SCOPE SUBJECT\n", then for each page "page LENGTH ASKED\n", its bytes as they came (after redaction)
 * and "\n". Blanks and what does not print in words are %XX. */
struct afd_list_page { struct afd_slice asked, body; };
struct afd_list { char *call, *scope, *subject; struct afd_list_page *page; size_t n; };   /* pages borrow from the bytes */
int afd_list_read(struct afd_slice bytes, struct afd_list *ret, struct afd_error *err);
void afd_list_release(struct afd_list *l);
/* For provider->redact and provider->split: secrets by the names of keys in JSON and XML, of a page or of each page of a
 * list. Lists are one part: their rows say something of the whole. A page is split at the elements of the list KEY of
 * its root map (NULL: the root is the list). */
int afd_pages_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err);
int afd_pages_split(struct afd_slice bytes, const char *key, struct afd_ranges *parts, struct afd_error *err);
/* What the record of such an item says it asked: "CALL SCOPE SUBJECT FROM TO page N: GET ..." ("-" for what there is not). */
struct afd_asked { char *call, *scope, *subject; struct afd_span window; uint64_t page; };
int afd_asked_read(const char *asked, struct afd_asked *ret, struct afd_error *err);
void afd_asked_release(struct afd_asked *a);
/* The item of a 304: there is nothing to decode. */
bool afd_pages_unchanged(const struct afd_item_view *item);

#endif
