/* The transparency logs that a store knows. */
#ifndef AFD_CLI_SOURCES_CT_H
#define AFD_CLI_SOURCES_CT_H

#include "cli/cli.h"
#include "evidence/store.h"

/* Prints each log with operator, kind, state, position, head, backlog, lag, last success, incident; with --json as one
 * object {"logs": [...]}. *n: how many there are. */
int show_ct_logs(const struct cli *c, struct afd_store *s, unsigned *n, struct afd_error *err);

#endif
