/* DNS names in text: canonical form is lower-case A-labels (RFC 5890) without the final dot; the root is ".". */
#ifndef AFD_CORE_NAME_H
#define AFD_CORE_NAME_H

#include "core/error.h"

#define AFD_NAME_MAX 1024       /* bytes of text, escapes included, with NUL */

/* Lower-cases, drops one final dot, checks label (63) and name (255) lengths of RFC 1035, 2.3.4. Escapes \. and \DDD
 * stay as they are. Refuses blanks, control characters and empty labels. '*' is allowed as a whole first label. */
int afd_name_canonical(struct afd_slice text, char ret[AFD_NAME_MAX], struct afd_error *err);
/* name is ZONE or ends in ".ZONE"; both canonical. */
bool afd_name_within(const char *name, const char *zone);
/* Canonical order of RFC 4034, 6.1: by labels from the right. */
int afd_name_compare(const char *a, const char *b);
/* "*.x" gives "x" and true. */
const char *afd_name_base(const char *name, bool *wildcard);

#endif
