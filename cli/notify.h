/* Telling of findings: one at a time, to a command or as lines of JSON, each once. What was told, and what could not be, becomes an
 * item of the ledger (collector/notice.h). */
#ifndef AFD_CLI_NOTIFY_H
#define AFD_CLI_NOTIFY_H

#include "cli/session.h"

struct notify { unsigned delivered, failed, left; };     /* left: not tried, for the next run */

/* EXEC: a program and its words, run once for each finding with the finding on its standard input; NULL: lines on standard output.
 * Told are exceptions and cases to be reviewed that are not waived and were not delivered before, or weigh more than what was.
 * -1: nothing of what was tried is recorded; it is told again. */
int notify_findings(struct session *s, const struct afd_assessment *a, const char *exec, struct notify *ret, struct afd_error *err);

#endif
