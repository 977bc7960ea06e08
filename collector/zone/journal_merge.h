/* Steps as records, and a merged step taken apart again. */
#ifndef AFD_ZONE_JOURNAL_MERGE_H
#define AFD_ZONE_JOURNAL_MERGE_H

#include "collector/zone/zone_text.h"

struct afd_journal_change {                       /* owned */
	uint32_t from, to;
	uint64_t part;
	struct afd_span at;                           /* { 0, 0 }: not told */
	const char *merged;                           /* borrowed */
	struct afd_zone_rows del, add;
};
void afd_journal_change_release(struct afd_journal_change *c);

/* AT[0] leads from A to F, and AT[1..n) from B to F, B between A and F: what is left of AT[0] leads from A to B. */
int afd_journal_unmerge(struct afd_journal_change *at, size_t n, struct afd_error *err);

/* "mname rname SERIAL ..." */
int afd_journal_soa_serial(const char *rdata, uint32_t *ret);
/* The last record of FROM becomes one of TO, which must live no longer than FROM. */
int afd_journal_move_last(struct afd_zone_rows *from, struct afd_zone_rows *to);

#endif
