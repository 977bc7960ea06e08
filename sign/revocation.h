/* Private: who says that a certificate was taken back, and when. */
#ifndef AFD_SIGN_REVOCATION_H
#define AFD_SIGN_REVOCATION_H

#include <openssl/ocsp.h>
#include "sign/chain.h"

#define AFD_MAX_REVOCATIONS 64

struct afd_revocations { STACK_OF(X509_CRL) *crl; OCSP_BASICRESP *ocsp[AFD_MAX_REVOCATIONS]; size_t n_ocsp; };
/* Everything that T, V and FROM_CMS hold; V and FROM_CMS may be NULL. What is no CRL or OCSP answer is an error. */
int afd_revocations_load(const struct afd_trust *t, const struct afd_validation *v, STACK_OF(X509_CRL) *from_cms,
                         struct afd_revocations *ret, struct afd_error *err);
void afd_revocations_release(struct afd_revocations *r);

/* What is known about a chain at a time. */
struct afd_revocation_state {
	enum afd_revocation known;      /* GOOD: for every certificate below the root somebody says so, freshly enough */
	X509 *revoked;                  /* borrowed from the chain; NULL: none */
	int64_t revoked_ms;
	int reason;                     /* CRLReason (RFC 5280, 5.3.1), or -1: not stated */
};
/* CHAIN: the certificate first, the root last. AT_MS: the time for which an answer must speak. Lists that are not signed
 * by the issuer count for nothing; a stale one still shows what was revoked, but makes nothing good. */
int afd_revocation_look(STACK_OF(X509) *chain, const struct afd_revocations *r, int64_t at_ms,
                        struct afd_revocation_state *ret, struct afd_error *err);
/* "key compromise" */
const char *afd_revocation_reason(int reason);

#endif
