/* Trust anchors of a probe: those of the root that IANA publishes, or those of a file. */
#ifndef AFD_PROBE_ANCHORS_H
#define AFD_PROBE_ANCHORS_H

#include "core/error.h"

/* Lines "OWNER IN DS ..": canonical, one LF each, appended: KSK-2017 and KSK-2024 of the root. */
int afd_anchors_of_iana(struct afd_buf *ret, struct afd_error *err);
/* The same from a file with DS or DNSKEY records, one on a line, as `dnssec-dsfromkey` and root.key write them; ";" begins a
 * comment. NAME is for messages. */
int afd_anchors_parse(struct afd_slice bytes, const char *name, struct afd_buf *ret, struct afd_error *err);

#endif
