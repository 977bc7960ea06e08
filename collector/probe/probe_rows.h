/* From recorded packets to rows. */
#ifndef AFD_PROBE_ROWS_H
#define AFD_PROBE_ROWS_H

#include "collector/probe/probe_item.h"

/* Decoder of dns-probe: answers, and of an item with trust anchors the verdicts. */
int afd_probe_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);
/* Verdicts of our validator about the zone of ITEM, and what others said of it (chain.c). */
int afd_probe_verdicts(const struct afd_probe_item *item, struct afd_sink *sink, struct afd_error *err);

#endif
