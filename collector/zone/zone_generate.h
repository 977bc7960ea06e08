/* $GENERATE of zone files (BIND 9 ARM, "$GENERATE"): the range and the text of each step. */
#ifndef AFD_ZONE_ZONE_GENERATE_H
#define AFD_ZONE_ZONE_GENERATE_H

#include "core/bytes.h"

struct afd_generate { uint64_t first, last, step; };      /* step > 0, all below 2^31 */
/* "1-10", "0-100/5": 0, or -1 */
int afd_generate_range(struct afd_slice t, struct afd_generate *ret);
/* PATTERN with "$" and "${offset,width,base}" replaced by I ("\$" stays), appended to RET; -1: broken, or too long */
int afd_generate_text(struct afd_slice pattern, uint64_t i, struct afd_buf *ret);

#endif
