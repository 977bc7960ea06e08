/* How far a log was read: which file that was, what is covered, what was not understood. As the cursor keeps it. */
#ifndef AFD_ZONE_UPDATE_POSITION_H
#define AFD_ZONE_UPDATE_POSITION_H

#include "collector/table.h"

/* A file is known again by its first bytes and by those before our position: names and inodes change hands, and a log
 * that is copied here from another machine has a new inode each time. */
enum { AFD_UPDATE_MARK = 64 };
struct afd_update_mark { struct afd_digest digest; size_t len; };
struct afd_update_file { bool there; uint64_t id[2]; struct afd_update_mark head; };
/* Lines about updates of one zone that were not understood, and when. */
struct afd_update_unclear { const char *zone; struct afd_span at; uint64_t lines; };   /* .zone: of ZONES */
struct afd_update_position {                      /* of the last run, and moving */
	bool known;
	struct afd_update_file file;
	struct afd_update_mark tail;              /* bytes before .offset */
	uint64_t offset, lines;
	int64_t until_ms;                         /* covered so far; AFD_TIME_NONE: never */
	struct afd_update_unclear *unclear; size_t n_unclear;   /* in time behind until_ms, or in no statement yet */
};

void afd_update_mark_set(struct afd_update_mark *m, struct afd_slice s);
bool afd_update_mark_holds(struct afd_slice s, const struct afd_update_mark *m);

/* CURSOR: NULL at first. Of zones that are no longer among ZONES nothing is kept. */
int afd_update_position_read(struct afd_update_position *p, const struct afd_texts *zones, const char *cursor,
                             struct afd_error *err);
/* The cursor, owned; NULL: no memory. */
char *afd_update_position_write(const struct afd_update_position *p);
void afd_update_position_release(struct afd_update_position *p);
/* Remembers U; no memory: -1. */
int afd_update_position_unclear(struct afd_update_position *p, const struct afd_update_unclear *u);

#endif
