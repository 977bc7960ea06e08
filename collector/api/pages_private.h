/* Between the files that make up pages.h. */
#ifndef AFD_API_PAGES_PRIVATE_H
#define AFD_API_PAGES_PRIVATE_H

#include "collector/api/pages.h"
#include "core/digest.h"

/* {"unchanged":{"etag":...,"seen":...,"sha256":...}}: in place of the answer that it stands for */
#define AFD_UNCHANGED_HEAD "{\"unchanged\":{"

int afd_word_add(struct afd_buf *to, const char *text);
/* -1 (or true): no memory */
int afd_list_begin(struct afd_buf *to, const struct afd_turn *t);
int afd_list_page(struct afd_buf *to, const char *asked, struct afd_slice body);
int afd_asked_write(struct afd_buf *to, const struct afd_turn *t, const char *what);

#define MAX_BAD 32u

struct bad { struct afd_span at; char why[256]; };
struct miscount { int64_t page, told, read; };         /* page 0: none */

/* A turn with all that reading it needs. */
struct turn {
	struct afd_turn t;                             /* texts owned */
	size_t index;                                  /* of the call */
	uint64_t n;                                    /* elements read */
	int64_t counted, total;                        /* sum of the pages' counts; of the list: -1 not told */
	struct miscount off;                           /* first page whose count differs */
	struct bad bad[MAX_BAD]; size_t n_bad;
	struct afd_digest *seen; size_t n_seen;        /* tokens */
	struct afd_digest last;                        /* of the page before; call->numbered */
	uint64_t begun_at;                             /* the page that this run began with: 1, or where an earlier one was cut off */
	bool resumed;                                  /* its token comes from an earlier run: it may be refused */
	bool again;                                    /* read a second time, because its count was wrong */
};
/* pages_turn.c */
void afd_turn_release(struct turn *t);
void afd_turn_restart(struct turn *t);             /* from its first page */

/* What the cursor keeps of a list that was read to its end. */
struct done { char *key; int64_t until; char *etag, *sha256; };
struct mark { char *name, *value; };
struct lacking { char *scope, *reason; };

struct afd_pages {
	struct afd_pages_setup setup;
	const struct afd_source_config *sc_env;        /* only during begin */
	const struct afd_env *env;
	const char *name;                              /* of the source */
	int64_t now;
	char *base;                                    /* for recordings: file:DIR/run-NN */
	bool replay;

	struct turn *queue; size_t n_queue, at;        /* .queue[at] is the turn under way */
	struct done *done; size_t n_done;
	struct mark *mark; size_t n_mark;
	struct lacking *lacking; size_t n_lacking;
	struct turn resume; bool has_resume;           /* from the cursor */

	struct afd_ask ask;
	struct afd_buf asked, list, key;               /* key: of the pace */
	bool fetching;                                 /* a token for the credential is under way */
	bool locked_out;                               /* 401: nothing more can be read */
	unsigned attempt; int64_t wait_ms, waited_ms;
	char reason[1024];                             /* why we wait */
	uint64_t run, answers;                         /* recordings */
	size_t excess;                                 /* of spec->excess so many were asked */
};

char *afd_done_key(const struct afd_turn *t);      /* owned */
struct done *afd_done_find(const struct afd_pages *p, const char *key);
int afd_cursor_read(struct afd_pages *p, const char *text, struct afd_error *err);
int afd_cursor_write(const struct afd_pages *p, struct afd_keeper *keep, struct afd_error *err);
/* Sets what KEY has been read until; ETAG and SHA256 may be NULL. */
int afd_done_set(struct afd_pages *p, const char *key, int64_t until, const char *etag, const char *sha256, struct afd_error *err);

/* pages_state.c. All end the turn under way, but for the first. */
int afd_turn_covered(const struct afd_pages *p, struct afd_keeper *keep, const struct turn *t, struct afd_error *err);   /* read to its end */
int afd_turns_lacking(struct afd_pages *p, struct afd_keeper *keep, struct afd_error *err);     /* what afd_pages_lacking() said */
void afd_turn_over(struct afd_pages *p);
int afd_turn_give_up(struct afd_pages *p, struct afd_keeper *keep, const char *reason, struct afd_error *err);
int afd_turn_refused(struct afd_pages *p, struct afd_keeper *keep, int status, const char *why, struct afd_error *err);
/* The same request again after p->wait_ms, or the turn is given up. */
int afd_turn_throttled(struct afd_pages *p, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err);
int afd_turn_silent(struct afd_pages *p, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err);

#endif
