/* Rule, parameters, needs, rows and raw evidence behind what a check said of a subject. */
#ifndef AFD_CLI_EXPLAIN_H
#define AFD_CLI_EXPLAIN_H

#include "cli/session.h"

/* SUBJECT, FINDING (an id) may be NULL: all. */
int explain(struct session *s, const struct afd_assessment *a, const char *check, const char *subject, const char *finding, struct afd_error *err);

#endif
