/* A line of BIND's update log, and the claims that lines make. All of it is pure. */
#ifndef AFD_ZONE_UPDATE_LINE_H
#define AFD_ZONE_UPDATE_LINE_H

#include "collector/provider.h"
#include "collector/zone/dns_message.h"

enum afd_update_what {
	NOT_OURS,              /* some other category */
	ADDING, DELETING_SET, DELETING_RR, DELETING_NAME,
	FAILED, REFUSED, UNSUCCESSFUL, DENIED, BAD_SIGNATURE,
	NOT_UNDERSTOOD,        /* about an update, but not a form that we know; without .zone: of any zone */
};

struct afd_update_line {
	int64_t at;            /* AFD_TIME_NONE: the line has none */
	bool local;            /* .at was written without a zone */
	enum afd_update_what what;
	struct afd_slice client, peer, key, zone, owner, type, rdata;   /* key of BAD_SIGNATURE: only claimed */
};

/* BIND logs an UPDATE line by line, by a clock that ticks each 4 to 10 ms, and may be held up between two lines.
 * Clients use a new port for each UPDATE, so the gap only has to tell apart those that keep one. */
#define AFD_UPDATE_GAP 100                            /* ms */

/* One line, with or without its LF. AHEAD: what local times without a zone are ahead of UTC; NOW: see afd_log_time. */
void afd_update_line_read(struct afd_slice text, int64_t ahead, int64_t now, struct afd_update_line *ret);

/* Does a claim hold all that this line says of who changed what? */
bool afd_update_line_understood(const struct afd_update_line *l);

/* update_claims.c: decode of the source. A claim is one UPDATE. */
int afd_update_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
