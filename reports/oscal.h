/* What we say in NIST's OSCAL 1.2 (JSON): mappings as a mapping collection, checks as the catalogue that they start from. Both are
 * functions of their input alone: identifiers are version 5 UUIDs of what they name, and the document's own follows from its
 * content. Legal tokens for ids; the framework's own label beside each. */
#ifndef AFD_REPORTS_OSCAL_H
#define AFD_REPORTS_OSCAL_H

#include "mappers/frameworks.h"

#define AFD_OSCAL_VERSION "1.2.1"
/* The name in which a checks catalogue is expected beside a mapping collection. */
#define AFD_OSCAL_CHECKS_FILE "affidavit-checks.json"

/* ONLY: the id of a framework, or NULL for all that have rows. AFD_E_USAGE: there is nothing to say. */
int afd_oscal_mappings(const struct afd_frameworks *f, const char *only, struct afd_buf *ret, struct afd_error *err);
/* F: for the date, which is that of the newest mapping. */
int afd_oscal_checks(const struct afd_frameworks *f, const struct afd_check *check, size_t n, struct afd_buf *ret, struct afd_error *err);
/* "nhi7-2025", "govern-1.1", "ac-6.9"; as it stands where the publisher's OSCAL has it so. */
void afd_oscal_token(const struct afd_framework *f, const char *id, char ret[128]);

#endif
