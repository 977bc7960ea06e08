/* What two versions of a zone differ in, as a claim says it. */
#ifndef AFD_ZONE_DIFF_ROWS_H
#define AFD_ZONE_DIFF_ROWS_H

#include "collector/zone/zone_text.h"

struct afd_zone_difference {                      /* owned; texts are of the versions */
	struct afd_claim_rr *rr; size_t n;
	bool has_serials;                             /* both have an SOA, with two serials */
	uint32_t serial_from, serial_to;
};
/* Without the SOA; a time to live that changed is a record gone and one come. */
int afd_zone_difference(const struct afd_zone_rows *before, const struct afd_zone_rows *after, struct afd_zone_difference *ret, struct afd_error *err);
void afd_zone_difference_release(struct afd_zone_difference *d);

#endif
