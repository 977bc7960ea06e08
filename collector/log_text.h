/* What lines of logs have in common: their end, the time at their front, words. All of it is pure. */
#ifndef AFD_COLLECTOR_LOG_TEXT_H
#define AFD_COLLECTOR_LOG_TEXT_H

#include "core/bytes.h"
#include "core/when.h"

/* The next line of S without its LF; false at the end. */
bool afd_log_line(struct afd_slice *s, struct afd_slice *ret);
/* Behind TEXT, if S begins with it. */
bool afd_log_skip(struct afd_slice *s, const char *text);
/* What stands before TEXT; S then begins behind it. */
bool afd_log_cut(struct afd_slice *s, const char *text, struct afd_slice *ret);
bool afd_log_ends(struct afd_slice s, const char *text);
bool afd_log_number(struct afd_slice s, uint64_t max, uint64_t *ret);      /* decimal digits, nothing else */

/* "UTC", "Z", "+hh:mm" or "+hhmm": how far local time is ahead */
bool afd_log_zone(struct afd_slice text, int64_t *ret);

struct afd_log_time {
	struct afd_span at;      /* as wide as the last digit; AFD_TIME_NONE: the line has none */
	bool local;              /* written without a zone */
};
/* Reads the time at the front of *S, in any of the forms of log_text.c; *S then begins behind it and the blank. AHEAD: what local
 * times without a zone are ahead of UTC. NOW: a time without a year is the last one not later than a day after it. */
bool afd_log_time(struct afd_slice *s, int64_t ahead, int64_t now, struct afd_log_time *ret);
/* "host program[123]: ", as syslog and journalctl write it before a message of PROGRAM */
void afd_log_syslog(struct afd_slice *s, const char *program);

#endif
