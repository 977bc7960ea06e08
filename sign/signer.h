/* Private: the report key, and what its certificate may be used for. */
#ifndef AFD_SIGN_SIGNER_H
#define AFD_SIGN_SIGNER_H

#include "sign/sign.h"
#include "sign/ssl.h"

struct afd_signer {
	EVP_PKEY *key;
	X509 *cert;               /* of key */
	STACK_OF(X509) *others;   /* the rest of the chain, as it was given */
};

/* Stands as organizational unit in the subject of every test certificate. It is part of the name, so that no viewer
 * hides it and no copy of the key sheds it. */
#define AFD_TEST_UNIT "TEST - not for evidence"

bool afd_cert_is_test(const X509 *cert);
/* ECDSA on P-256 or P-384, or RSA of at least 2048 bits. */
int afd_cert_key_check(EVP_PKEY *key, struct afd_error *err);
/* keyUsage must be there and allow digitalSignature or nonRepudiation; extendedKeyUsage, when there, must allow
 * documents or mail. */
int afd_cert_usage_check(X509 *cert, struct afd_error *err);
/* Subject in one line, UTF-8. */
int afd_cert_subject(const X509 *cert, struct afd_buf *ret, struct afd_error *err);
int afd_cert_sha256(const X509 *cert, struct afd_digest *ret, struct afd_error *err);
int afd_asn1_time_ms(const ASN1_TIME *t, int64_t *ret, struct afd_error *err);
/* Fails when the certificate is not valid at now_ms. */
int afd_signer_valid_at(const struct afd_signer *s, int64_t now_ms, struct afd_error *err);

#endif
