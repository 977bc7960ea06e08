/* Rdata as text and back: one row for each type says how its fields are laid out. */
#ifndef AFD_ZONE_DNS_RDATA_H
#define AFD_ZONE_DNS_RDATA_H

#include "collector/zone/dns_message.h"

/* "TXT", "TYPE65280"; ret needs 16 bytes */
void afd_dns_type_text(uint16_t type, char ret[16]);
int afd_dns_type_parse(struct afd_slice text, uint16_t *ret);    /* 0, or -1 */

/* Appends the canonical presentation text of RR's rdata: names lower-case where RFC 4034, 6.2 (with RFC 6840, 5.1) says
 * so, hexadecimal in lower case, no optional blanks, "\# n hex" (RFC 3597, 5) for types without a row. Every byte of
 * the rdata must be accounted for. */
int afd_dns_rdata_text(const struct afd_dns_message *m, const struct afd_dns_rr *rr, struct afd_buf *ret,
                       struct afd_error *err);

/* Any presentation text of rdata (of a log, a zone file), appended to RET in canonical form; -1: cannot be read. */
int afd_dns_rdata_canonical(uint16_t type, struct afd_slice text, struct afd_buf *ret, struct afd_error *err);

#endif
