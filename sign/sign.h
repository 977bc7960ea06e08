/* Keys and signatures: makes and reads bytes; files of keys come in as bytes through cli. */
#ifndef AFD_SIGN_SIGN_H
#define AFD_SIGN_SIGN_H

#include "core/env.h"
#include "core/error.h"
#include "core/note.h"

/* --- store key: Ed25519, signs notes only --- */
struct afd_store_key;
int afd_store_key_new(const char *name, const struct afd_env *env, struct afd_store_key **ret, struct afd_error *err);
/* PEM text: first line "affidavit-store-key NAME", then PKCS#8 PEM. */
int afd_store_key_write(const struct afd_store_key *k, struct afd_buf *ret, struct afd_error *err);
int afd_store_key_read(struct afd_slice text, struct afd_store_key **ret, struct afd_error *err);
int afd_store_key_vkey(const struct afd_store_key *k, struct afd_buf *ret, struct afd_error *err);
struct afd_store_key *afd_store_key_free(struct afd_store_key *k);
void afd_store_key_release(struct afd_store_key **k);
/* A C2SP checkpoint, signed: origin is the key's name. */
int afd_note_sign(const struct afd_store_key *k, uint64_t size, const struct afd_digest *root, struct afd_buf *ret, struct afd_error *err);

/* --- report key: X.509 --- */
struct afd_signer;
/* PEM (key and certificates in any order, key may be encrypted) or PKCS#12, told apart by their bytes. PASSPHRASE may
 * be empty. ECDSA P-256/P-384 or RSA >= 2048. */
int afd_signer_read(struct afd_slice bytes, struct afd_slice passphrase, struct afd_signer **ret, struct afd_error *err);
/* A throw-away test key: P-256, self-signed root and a signer under it, "TEST" in every subject; valid [from, to) ms. */
int afd_signer_test(int64_t from_ms, int64_t to_ms, struct afd_buf *ret_pem, struct afd_buf *ret_root_pem, struct afd_error *err);
bool afd_signer_is_test(const struct afd_signer *s);
/* Subject in one line, and SHA-256 of the certificate. */
int afd_signer_describe(const struct afd_signer *s, struct afd_buf *ret_subject, struct afd_digest *ret_sha256, int64_t *ret_not_after, struct afd_error *err);
struct afd_signer *afd_signer_free(struct afd_signer *s);
void afd_signer_release(struct afd_signer **s);

/* CMS SignedData, detached (RFC 5652), ESS signing-certificate-v2. PDF: no signing-time (EN 319 142-1, 6.3); otherwise
 * CAdES-B-B with signing-time NOW_MS (EN 319 122-1, 6.3). Content may be given in pieces. DER. */
int afd_cms_sign(const struct afd_signer *s, const struct afd_slice *content, size_t n, bool for_pdf, int64_t now_ms,
                 struct afd_buf *ret, struct afd_error *err);

/* Appends one incremental update with a PAdES B-B signature over everything but its own hex string. PDF is what
 * reports/pdf.c wrote (classic cross-reference table). now_ms becomes /M. */
int afd_pades_sign(const struct afd_signer *s, struct afd_slice pdf, int64_t now_ms, const char *reason, struct afd_buf *ret, struct afd_error *err);

/* --- verifying: strict, offline; says why --- */
struct afd_trust { const struct afd_slice *pem; size_t n; bool allow_test; int64_t at_ms; };   /* roots; time for chain validity */
struct afd_signature_report {                       /* owned text */
	char *subject; struct afd_digest certificate;
	int64_t claimed_ms;                         /* signing-time or /M: the signer's word; AFD_TIME_NONE */
	bool test;
};
void afd_signature_report_release(struct afd_signature_report *r);

int afd_cms_verify(struct afd_slice cms, const struct afd_slice *content, size_t n, const struct afd_trust *t, bool for_pdf,
                   struct afd_signature_report *ret, struct afd_error *err);
/* Exactly one signature, reached through Catalog/AcroForm/Fields; ByteRange from 0 to the end of file with exactly the
 * hex string as gap; one revision after the unsigned one; no repair. *ret_unsigned_len: length of the unsigned revision,
 * so that a caller can draw it again and compare. */
int afd_pades_verify(struct afd_slice pdf, const struct afd_trust *t, size_t *ret_unsigned_len,
                     struct afd_signature_report *ret, struct afd_error *err);
/* The file embedded under NAME in the unsigned revision (PDF/A-3 attachment), inflated. */
int afd_pdf_attachment(struct afd_slice pdf, const char *name, struct afd_buf *ret, struct afd_error *err);

#endif
