/* Validation data for the long term: whose certificates stand in a file, where each says that its revocation is
 * published, what to ask there, and whether an answer is worth keeping. Makes requests and reads answers as bytes; cli
 * joins it to the transport. */
#ifndef AFD_SIGN_VALIDATION_H
#define AFD_SIGN_VALIDATION_H

#include "sign/sign.h"

/* DER of certificates, lists or answers; each once. Owned. */
struct afd_ders { struct afd_slice *at; struct afd_buf *bytes; size_t n; };
#define AFD_MAX_DERS 64u
/* Copies. What stands there already is not added again. */
int afd_ders_add(struct afd_ders *d, struct afd_slice der, struct afd_error *err);
void afd_ders_release(struct afd_ders *d);

/* Every certificate that the signature, its time-stamp, later time-stamps and the validation data of PDF bring along.
 * Added to RET. Nothing is verified: what they lead to is for the caller to ask. */
int afd_pades_certificates(struct afd_slice pdf, struct afd_ders *ret, struct afd_error *err);

#define AFD_MAX_SOURCES 4u
/* Addresses in a certificate, http and https alone, at most AFD_MAX_SOURCES of each kind; owned texts. */
struct afd_sources { char *crl[AFD_MAX_SOURCES], *ocsp[AFD_MAX_SOURCES], *issuer[AFD_MAX_SOURCES]; };
void afd_sources_release(struct afd_sources *s);
int afd_cert_sources(struct afd_slice cert, struct afd_sources *ret, struct afd_error *err);
bool afd_cert_is_root(struct afd_slice cert);                    /* issued by itself */
/* The certificate of ALL that issued CERT: name, and signature. NULL: none. */
const struct afd_slice *afd_cert_issuer(struct afd_slice cert, const struct afd_ders *all);
/* Subject in one line. */
int afd_cert_describe(struct afd_slice cert, struct afd_buf *ret, struct afd_error *err);

/* An OCSPRequest (RFC 6960, 4.1) for CERT, without nonce, so that answers made in advance are taken (RFC 5019). */
int afd_ocsp_request(struct afd_slice cert, struct afd_slice issuer, struct afd_buf *ret, struct afd_error *err);
/* Certificates or CRLs as DER, added to RET: one in DER, or any number in PEM. */
int afd_der_read(struct afd_slice bytes, bool crl, struct afd_ders *ret, struct afd_error *err);

enum afd_worth { AFD_WORTH_NOTHING, AFD_WORTH_GOOD, AFD_WORTH_REVOKED };
/* What the CRLs and OCSP answers of V say about CERT at AT_MS. ISSUER: its issuer. */
int afd_validation_worth(const struct afd_validation *v, struct afd_slice cert, struct afd_slice issuer, int64_t at_ms,
			 enum afd_worth *ret, struct afd_error *err);

#endif
