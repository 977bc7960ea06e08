/* How far a file was read: which file that was, what is covered, what was not understood. As the cursor keeps it. */
#ifndef AFD_COLLECTOR_TAIL_POSITION_H
#define AFD_COLLECTOR_TAIL_POSITION_H

#include "collector/provider.h"

/* A file is known again by its first bytes and by those before our position: names and inodes change hands, and a log
 * that is copied here from another machine has a new inode each time. */
enum { AFD_TAIL_MARK = 256 };                     /* files of frames begin alike: identity and version of the server */
enum { AFD_TAIL_MIN = 64 };                       /* of fewer bytes, the inode must be the same, too */
struct afd_tail_mark { struct afd_digest digest; size_t len; };
struct afd_tail_file { bool there; uint64_t id[2]; struct afd_tail_mark head; };
/* What was not understood of one scope, and when. */
struct afd_tail_unclear { const char *scope; struct afd_span at; uint64_t lines; };   /* .scope: of SCOPES */
struct afd_tail_position {                        /* of the last run, and moving */
	bool known;
	struct afd_tail_file file;
	struct afd_tail_mark tail;                /* bytes before .offset */
	uint64_t offset, lines;                   /* lines: or frames */
	int64_t until_ms;                         /* covered so far; AFD_TIME_NONE: never */
	struct afd_tail_unclear *unclear; size_t n_unclear;   /* in time behind until_ms, or in no statement yet */
};

void afd_tail_mark_set(struct afd_tail_mark *m, struct afd_slice s);
bool afd_tail_mark_holds(struct afd_slice s, const struct afd_tail_mark *m);

/* CURSOR: NULL at first. Of scopes that are no longer among SCOPES nothing is kept. */
int afd_tail_position_read(struct afd_tail_position *p, const struct afd_texts *scopes, const char *cursor,
                           struct afd_error *err);
/* The cursor, owned; NULL: no memory. */
char *afd_tail_position_write(const struct afd_tail_position *p);
void afd_tail_position_release(struct afd_tail_position *p);
/* Remembers U; no memory: -1. */
int afd_tail_position_unclear(struct afd_tail_position *p, const struct afd_tail_unclear *u);

#endif
