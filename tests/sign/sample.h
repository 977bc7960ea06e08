/* What the tests sign: PDF files in the shapes of reports/, and throw-away certificates of all kinds. */
#ifndef AFD_TESTS_SIGN_SAMPLE_H
#define AFD_TESTS_SIGN_SAMPLE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include "sign/sign.h"

enum sample {
	SAMPLE_PLAIN,  /* one page, nothing else */
	SAMPLE_LINKS,  /* the first page has annotations of its own, and the page tree has two levels */
	SAMPLE_REPORT, /* as a PDF/A-3 report: metadata, output intent, outlines, an attached report.json, an /ID */
	SAMPLE_COUNT
};
extern const char sample_json[];     /* what SAMPLE_REPORT carries */
void sample_pdf(enum sample kind, struct afd_buf *ret);

/* A certificate to order. Zero means: P-256, valid around NOW, keyUsage digitalSignature, subject "Signer". */
struct wanted_cert {
	const char *cn, *key_usage, *eku;      /* key_usage "": no such extension */
	const char *key;                       /* "P-256", "P-384", "P-521", "RSA-1024", "RSA-2048", "ED25519" */
	int64_t from_ms, to_ms;
	bool ca, test_unit, sha1;
	long serial;
	EVP_PKEY *use_key;                     /* instead of a new one */
	const char *issuer_cn;                 /* a name other than the issuer's own */
};
#define NOW INT64_C(1790000000000)             /* 2026-09-21T14:13:20Z */
struct made { X509 *cert; EVP_PKEY *key; };
/* Issued by ISSUER, or self-signed when NULL. */
struct made make_cert(const struct wanted_cert *w, const struct made *issuer);
void made_free(struct made *m);
/* Key and certificate in PEM; key may be left out (NULL), or encrypted when PASSPHRASE is given. */
void made_pem(EVP_PKEY *key, const char *passphrase, X509 *const *certs, size_t n, struct afd_buf *ret);
void made_p12(const struct made *m, const char *passphrase, struct afd_buf *ret);
/* 40-bit RC2; needs the legacy provider */
void made_old_p12(const struct made *m, const char *passphrase, struct afd_buf *ret);

#endif
