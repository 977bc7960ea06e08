/* The item of certificate-dir, {"directory", "files": [{"name", "modified", "certificates": [base64 DER], "skipped"}], "list": CSV}:
 * a part for each file, and what it says. Pure. */
#ifndef AFD_ACME_CERTIFICATE_DIR_H
#define AFD_ACME_CERTIFICATE_DIR_H

#include "collector/acme/certificate.h"

#define AFD_HELD_EVIDENCE "held-certificates"

int afd_held_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err);
int afd_held_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err);

#endif
