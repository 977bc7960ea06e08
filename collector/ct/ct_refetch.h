/* Reading a range again, for collector/refetch.c: a run of the log that ends behind the range. */
#ifndef AFD_COLLECTOR_CT_REFETCH_H
#define AFD_COLLECTOR_CT_REFETCH_H

#include "collector/refetch.h"

/* *state: for next(), take() and end() of the source's provider. */
int afd_ct_refetch_begin(const struct afd_source *s, const struct afd_source_config *c, struct afd_slice range, const char *url,
                         struct afd_refetched *ret, void **state, struct afd_error *err);
/* What STATE saw, after next() said that it is done. WHY: as the run stated it, or "". */
int afd_ct_refetch_result(void *state, struct afd_slice range, const char *why, struct afd_refetched *ret, struct afd_error *err);

#endif
