/* Private: whether a certificate counts, and at which time. One place for the signers of CMS, PAdES and JWS and for
 * time-stamping authorities.
 *
 * The time that counts is that of a time-stamp over the signature, if the stamp leads to a root that the caller gave;
 * else the caller's own (afd_trust.at_ms). The signer's word about the time never makes a certificate valid. */
#ifndef AFD_SIGN_CHAIN_H
#define AFD_SIGN_CHAIN_H

#include "sign/sign.h"
#include "sign/ssl.h"

/* What came with a signature; zeros: nothing. Borrowed. */
struct afd_signed_by {
	X509 *cert;                                  /* the signer's */
	STACK_OF(X509) *given;                       /* fills the middle of the chain; never trusted */
	STACK_OF(X509_CRL) *crls;                    /* of the CMS */
	const struct afd_validation *validation;     /* of a PDF's DSS */
	struct afd_slice token;                      /* its time-stamp, a DER ContentInfo over IMPRINT */
	struct afd_digest imprint;                   /* SHA-256 of the signature value */
	bool existed; int64_t existed_ms;            /* a time-stamp over more than the signature that afd_stamp_verify() accepted */
	int64_t claimed_ms;                          /* the signer's word, or AFD_TIME_NONE */
};
/* Usage, chain, revocation and time of BY->cert. Fills every member of RET but the extensions. The signature itself is
 * the caller's to verify, before. */
int afd_signer_judge(const struct afd_signed_by *by, const struct afd_trust *t, struct afd_signature_report *ret,
                     struct afd_error *err);

/* CERT up to a self-signed root of PEM (text), every link valid at AT_MS. WHO begins the error: "the signer's certificate".
 * *ret_rootless, when the pointer is given: true and no error if nothing is wrong but that no root was given for it; *ret
 * is NULL then. */
int afd_chain_build(X509 *cert, STACK_OF(X509) *given, const struct afd_slice *pem, size_t n, int64_t at_ms,
                    const char *who, STACK_OF(X509) **ret, bool *ret_rootless, struct afd_error *err);

/* GIVEN and the certificates of V together, owned; either may be NULL. */
int afd_chain_gather(STACK_OF(X509) *given, const struct afd_validation *v, STACK_OF(X509) **ret, struct afd_error *err);
bool afd_chain_is_test(STACK_OF(X509) *certs);

/* As afd_stamp_verify(), but a token that leads to no root of T is no failure: *ret_doubt says so (owned text). */
int afd_stamp_check(struct afd_slice token, const struct afd_digest *imprint, const struct afd_trust *t,
                    const struct afd_validation *validation, struct afd_stamp *ret, char **ret_doubt,
                    struct afd_error *err);

/* afd_cms_verify() with what stands beside the signature in a PDF: validation data, and a document time-stamp that was
 * accepted (EXISTED_MS, or AFD_TIME_NONE). CLAIMED_MS: /M, or AFD_TIME_NONE. */
int afd_cms_verify_with(struct afd_slice cms, const struct afd_slice *content, size_t n, const struct afd_trust *t,
                        bool for_pdf, const struct afd_validation *validation, int64_t existed_ms, int64_t claimed_ms,
                        struct afd_signature_report *ret, struct afd_error *err);

#endif
