/* `verify --refetch`: the one part of verify that opens connections, because it was told to. */
#ifndef AFD_CLI_VERIFY_REFETCH_H
#define AFD_CLI_VERIFY_REFETCH_H

#include "cli/session.h"
#include "cli/verify.h"

/* WHAT: a source, all of whose ranges are read again from its log, or the leaf of one range. FROM: where, in place of the
 * address that the configuration has; NULL. Adds claims; -1 is for what is no verdict. */
int verify_refetch(struct verify *v, struct session *s, const char *what, const char *from, struct afd_error *err);

#endif
