/* `checks: [DIR]` of the configuration. */
#ifndef AFD_CLI_USER_CHECKS_H
#define AFD_CLI_USER_CHECKS_H

#include "cli/session.h"

/* Makes bytes an item: 1 new, 0 known, -1. */
typedef int (*user_record)(void *ctx, const char *decoder, const char *label, struct afd_slice bytes, struct afd_error *err);
/* Every check of the folders, in order of names; refuses what cannot be read, and two of one id. Plans that scan are warned of,
 * once for each version. */
int user_checks_record(struct session *s, user_record record, void *ctx, struct afd_error *err);

#endif
