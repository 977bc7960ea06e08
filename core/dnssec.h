/* What keys and signatures of DNSSEC say (RFC 4034), out of the text form that tables keep. */
#ifndef AFD_CORE_DNSSEC_H
#define AFD_CORE_DNSSEC_H

#include "core/bytes.h"

struct afd_dnskey {
	unsigned flags, algorithm;
	unsigned tag;                          /* RFC 4034, appendix B: what a DS names it by */
	unsigned bits;                         /* of the modulus of an RSA key (RFC 3110); 0: no RSA key */
};

/* DNSKEY or CDNSKEY: 257 3 13 BASE64. -1: the text is none. */
int afd_dnskey_parse(const char *rdata, struct afd_dnskey *ret);

/* Its tag, from the fields and the octets of the key. */
unsigned afd_dnskey_tag(unsigned flags, unsigned algorithm, struct afd_slice key);

struct afd_rrsig {
	struct afd_slice covered, signer;      /* borrowed: type; name, without the dot at its end */
	unsigned algorithm, labels, ttl, tag;
	int64_t since, till;                   /* ms since 1970 */
};

/* RRSIG: A 13 2 300 20260901000000 20260801000000 4711 example.test. BASE64. -1: the text is none. */
int afd_rrsig_parse(const char *rdata, struct afd_rrsig *ret);

#endif
