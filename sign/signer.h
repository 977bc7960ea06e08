/* Private: the report key, and what its certificate may be used for. */
#ifndef AFD_SIGN_SIGNER_H
#define AFD_SIGN_SIGNER_H

#include "sign/sign.h"
#include "sign/ssl.h"

struct afd_key {
	struct afd_digest_signer how;
	EVP_PKEY *pub;            /* may hold the private half, too: nobody asks it to sign */
	STACK_OF(X509) *certs;    /* as they came along */
};

struct afd_signer {
	struct afd_key *key;
	X509 *cert;               /* of the key */
	STACK_OF(X509) *others;   /* the rest of the chain: each certifies the one before; then what else was given */
	int n_chain;              /* how many of others are the chain */
};

/* --- the one way to sign --- */

/* What a key signs with: its hash goes with its size. */
struct afd_algorithm {
	const char *jws;                  /* RFC 7518, 3.1 */
	const char *hash;                 /* "sha256", "sha384" */
	const EVP_MD *(*md)(void);
	int nid;                          /* signatureAlgorithm of a SignerInfo */
	size_t half;                      /* ECDSA: bytes of r and of s; RSA: 0 */
};
const struct afd_algorithm *afd_signer_algorithm(const struct afd_signer *s);
const struct afd_algorithm *afd_key_algorithm(EVP_PKEY *key);      /* of one that afd_cert_key_check() took */
/* Over the pieces, one behind the other. *ret, appended: a DER ECDSA-Sig-Value, or RSA PKCS#1 v1.5. Every signature is
 * checked against the certificate before it leaves, wherever it came from. */
int afd_signer_sign(const struct afd_signer *s, const struct afd_slice *pieces, size_t n, struct afd_buf *ret, struct afd_error *err);
int afd_key_sign(const struct afd_key *k, const struct afd_slice *pieces, size_t n, struct afd_buf *ret, struct afd_error *err);

/* With the hash of the key. */
int afd_signer_hash(const struct afd_signer *s, const struct afd_slice *pieces, size_t n, uint8_t ret[EVP_MAX_MD_SIZE],
		    struct afd_error *err);

/* ECDSA-Sig-Value (RFC 3279, 2.2.3) and r||s (RFC 7518, 3.4; PKCS#11), each HALF bytes. Appends. */
int afd_ecdsa_to_raw(struct afd_slice der, size_t half, struct afd_buf *ret, struct afd_error *err);
int afd_ecdsa_to_der(struct afd_slice raw, struct afd_buf *ret, struct afd_error *err);

/* --- how a signer comes to be --- */

/* Takes HOW and PUB over, also when it fails. Refuses keys that cannot sign reports. */
int afd_key_make(struct afd_digest_signer how, EVP_PKEY *pub, struct afd_key **ret, struct afd_error *err);
/* A key in our own memory; takes KEY over, also when it fails. */
int afd_key_local(EVP_PKEY *key, struct afd_key **ret, struct afd_error *err);
/* Adds the certificates of a PEM text to CERTS. */
int afd_certs_read(struct afd_slice pem, STACK_OF(X509) *certs, struct afd_error *err);
#define AFD_MAX_CERTS 16

/* Stands as organizational unit in the subject of every test certificate. It is part of the name, so that no viewer
 * hides it and no copy of the key sheds it. */
#define AFD_TEST_UNIT "TEST - not for evidence"

bool afd_cert_is_test(const X509 *cert);
/* ECDSA on P-256 or P-384, or RSA of at least 2048 bits. */
int afd_cert_key_check(EVP_PKEY *key, struct afd_error *err);
/* keyUsage must be there and allow digitalSignature or nonRepudiation; extendedKeyUsage, when there, must allow
 * documents or mail. */
int afd_cert_usage_check(X509 *cert, struct afd_error *err);
int afd_cert_issuer_check(X509 *cert, struct afd_error *err);       /* of an authority between root and signer */
/* Subject in one line, UTF-8. */
int afd_cert_subject(const X509 *cert, struct afd_buf *ret, struct afd_error *err);
int afd_cert_sha256(const X509 *cert, struct afd_digest *ret, struct afd_error *err);
int afd_asn1_time_ms(const ASN1_TIME *t, int64_t *ret, struct afd_error *err);
/* Fails when the certificate is not valid at now_ms. */
int afd_signer_valid_at(const struct afd_signer *s, int64_t now_ms, struct afd_error *err);

#endif
