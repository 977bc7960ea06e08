/* How the rdata of each type is laid out: what writing (dns_rdata.c) and reading (dns_rdata_read.c) of its text have in
 * common. */
#ifndef AFD_ZONE_DNS_LAYOUT_H
#define AFD_ZONE_DNS_LAYOUT_H

#include "collector/zone/dns_rdata.h"

/* Fields of a layout, in the order of the wire:
 *   n name   1 2 4 number of that many bytes   a A address   s quoted string   S quoted strings to the end
 *   c property tag (CAA)   r rest as quoted text   x rest in hex   b rest in base64   h counted hex, "-" when empty
 *   H counted base32hex   t type   T time   w type bitmap   v service parameters
 * Compressed names are only taken in the types of RFC 1035 and those that RFC 3597, 4 lists for old senders. */
enum { LOWER = 1, POINTERS = 2 };
struct afd_rdata_layout {
	uint16_t type;
	const char *name, *fields;
	int flags;
};
const struct afd_rdata_layout *afd_rdata_layout(uint16_t type);   /* NULL: none */

/* Service parameters (RFC 9460, 14.3.2), by number */
enum {
	SVC_MANDATORY, SVC_ALPN, SVC_NO_DEFAULT_ALPN, SVC_PORT, SVC_IPV4HINT, SVC_ECH, SVC_IPV6HINT, SVC_DOHPATH,
	SVC_OHTTP, AFD_SVC_KEYS
};
extern const char *const afd_rdata_svc_keys[AFD_SVC_KEYS];
extern const char afd_rdata_base32hex[];                      /* the alphabet */

bool afd_rdata_word_is(struct afd_slice t, const char *w);    /* letters of any case */
int afd_rdata_number(struct afd_slice t, uint64_t max, uint64_t *ret);
/* Rdata of LEN bytes at AT of MESSAGE as text. ALLOWED: flags that may count; rdata without its message cannot
 * hold compression pointers. */
int afd_rdata_write(struct afd_slice message, size_t at, uint16_t type, size_t len, int allowed, struct afd_buf *ret,
                    struct afd_error *err);

#endif
