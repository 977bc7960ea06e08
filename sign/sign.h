/* Keys and signatures: makes and reads bytes; files of keys come in as bytes through cli. */
#ifndef AFD_SIGN_SIGN_H
#define AFD_SIGN_SIGN_H

#include "core/env.h"
#include "core/error.h"
#include "core/note.h"

/* Makes libcrypto wipe all memory that it frees: its readers of keys leave copies behind that they do not wipe themselves.
 * Once, before anything else of libcrypto is used; false when that is too late. */
bool afd_sign_wipe_memory(void);

/* --- store key: Ed25519, signs notes only: heads, and the note that names its successor --- */
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
/* The note by which OLD hands over to NEXT, signed by both: docs/ledger-format.md, 5.1. Both have the same name. */
int afd_note_handover(const struct afd_store_key *old, const struct afd_store_key *next, struct afd_buf *ret, struct afd_error *err);
const char *afd_store_key_name(const struct afd_store_key *k);

/* --- report key: a key that signs digests, wherever it is, and its certificates --- */
/* Something that signs a digest: a token, an HSM, a cloud's key service. HASH is "sha256" or "sha384". *ret: for ECDSA
 * a DER ECDSA-Sig-Value, for RSA the PKCS#1 v1.5 signature; appended. free may be NULL. */
struct afd_digest_signer {
	int (*sign)(void *ctx, const char *hash, struct afd_slice digest, struct afd_buf *ret, struct afd_error *err);
	void (*free)(void *ctx);
	void *ctx;
};

/* A key, with the certificates that came along, perhaps none. ECDSA P-256 or P-384, or RSA of at least 2048 bits. */
struct afd_key;
/* PEM (key and certificates in any order, key may be encrypted) or PKCS#12, told apart by their bytes. PASSPHRASE may
 * be empty. */
int afd_key_read(struct afd_slice bytes, struct afd_slice passphrase, struct afd_key **ret, struct afd_error *err);
/* true if the key in BYTES can be read only with a passphrase. */
bool afd_key_encrypted(struct afd_slice bytes);
/* A key whose private half only HOW reaches. PUBLIC_KEY: SubjectPublicKeyInfo or a certificate, PEM or DER. Takes HOW
 * over, also when it fails. */
int afd_key_with(struct afd_slice public_key, struct afd_digest_signer how, struct afd_key **ret, struct afd_error *err);
/* A key in a PKCS#11 token, through the vendor's module, which is loaded into this process. Texts are borrowed, NULL or
 * empty where they do not matter; one key must fit. Certificates of the same id or label come along. PUBLIC_KEY: as in afd_key_with(), for tokens that
 * show neither; may be empty. */
struct afd_pkcs11 { const char *module, *token, *serial, *manufacturer, *model, *object; struct afd_slice id; int64_t slot; /* -1: any */ };
int afd_key_pkcs11(const struct afd_pkcs11 *where, struct afd_slice pin, struct afd_slice public_key, struct afd_key **ret,
                   struct afd_error *err);
/* "pkcs11:token=...;object=...?module-path=...&pin-source=..." (RFC 7512). Texts of *ret point into KEEP, which the
 * caller releases. pin-value is refused: it would stand in the list of processes. *ret_pin_source NULL when absent. */
int afd_pkcs11_uri(const char *uri, struct afd_buf *keep, struct afd_pkcs11 *ret, const char **ret_pin_source, struct afd_error *err);
/* A certificate request (PKCS#10, PEM). SUBJECT: "CN=Evidence of Example,O=Example,C=DE" (RFC 4514). */
int afd_key_request(const struct afd_key *k, const char *subject, struct afd_buf *ret, struct afd_error *err);
struct afd_key *afd_key_free(struct afd_key *k);
void afd_key_release(struct afd_key **k);

struct afd_signer;
/* CERTS_PEM: the certificate and its chain, beside those that came with the key; may be empty. Takes K over, also when it
 * fails. Every signature is checked against the certificate before it is used. */
int afd_signer_new(struct afd_key *k, struct afd_slice certs_pem, struct afd_signer **ret, struct afd_error *err);
/* afd_key_read(), then afd_signer_new() */
int afd_signer_read(struct afd_slice bytes, struct afd_slice passphrase, struct afd_signer **ret, struct afd_error *err);
/* The first certificate in CERTS_PEM says which key HOW reaches. Takes HOW over, also when it fails. */
int afd_signer_with(struct afd_slice certs_pem, struct afd_digest_signer how, struct afd_signer **ret, struct afd_error *err);
/* Throw-away keys for tests: a self-signed root, and under it a signer and a time-stamping authority (NULL: none), each
 * key and certificate in one PEM text. "TEST" in every subject; valid [from, to) ms. TYPE: "p256", "p384" or "rsa3072". */
int afd_test_keys(const char *type, int64_t from_ms, int64_t to_ms, struct afd_buf *ret_root_pem, struct afd_buf *ret_signer_pem,
                  struct afd_buf *ret_stamper_pem, struct afd_error *err);
/* A P-256 signer and its root. */
int afd_signer_test(int64_t from_ms, int64_t to_ms, struct afd_buf *ret_pem, struct afd_buf *ret_root_pem, struct afd_error *err);
bool afd_signer_is_test(const struct afd_signer *s);
/* Subject in one line, and SHA-256 of the certificate. */
int afd_signer_describe(const struct afd_signer *s, struct afd_buf *ret_subject, struct afd_digest *ret_sha256, int64_t *ret_not_after, struct afd_error *err);
/* Owned texts; names in one line each. */
struct afd_signer_facts {
	char *subject, *issuer, *algorithm;              /* algorithm: "ECDSA P-256 with SHA-256" */
	char *chain[16]; size_t n_chain;                 /* subjects above the signer, as far as certificates were given */
	struct afd_digest certificate;
	int64_t not_before, not_after;
	bool test;
};
int afd_signer_facts(const struct afd_signer *s, struct afd_signer_facts *ret, struct afd_error *err);
void afd_signer_facts_release(struct afd_signer_facts *f);
/* What a person should know of the key before relying on it, or NULL. */
const char *afd_signer_advice(const struct afd_signer *s);
/* Of its certificate: [from, to) ms. */
int afd_signer_validity(const struct afd_signer *s, int64_t *ret_from, int64_t *ret_to, struct afd_error *err);
struct afd_signer *afd_signer_free(struct afd_signer *s);
void afd_signer_release(struct afd_signer **s);

/* --- time: RFC 3161 --- */
/* A TimeStampReq (DER) for the SHA-256 IMPRINT, with a nonce of ENV's randomness, asking for the authority's
 * certificate. POLICY: dotted OID, or NULL. */
int afd_stamp_request(const struct afd_digest *imprint, const char *policy, const struct afd_env *env, struct afd_buf *ret, struct afd_error *err);
/* The token inside a TimeStampResp that answers REQUEST: status, nonce, imprint, policy, and one signature by a
 * certificate whose only purpose is time-stamping. The chain is judged later, by afd_stamp_verify(). */
int afd_stamp_answer(struct afd_slice request, struct afd_slice answer, struct afd_buf *ret_token, struct afd_error *err);
/* Somebody who stamps a digest; cli joins authorities to the transport. A NULL stamper: no time-stamp. */
struct afd_stamper {
	int (*stamp)(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret_token, struct afd_error *err);
	void *ctx;
};
struct afd_trust;
struct afd_stamp {                                  /* owned text */
	int64_t time_ms, accuracy_ms;               /* genTime, and how far it may be off (0: not stated) */
	char *authority, *policy; struct afd_digest certificate; bool test;
};
void afd_stamp_release(struct afd_stamp *s);
/* TOKEN (DER ContentInfo) over IMPRINT; chain to TRUST's roots for time-stamps at the token's own time. AFD_E_SIGNER: all is
 * well but that it leads to none of them, so it proves nothing, and nothing against anybody. */
int afd_stamp_verify(struct afd_slice token, const struct afd_digest *imprint, const struct afd_trust *t, struct afd_stamp *ret, struct afd_error *err);

/* Certificates, CRLs and OCSP answers (DER each) that show, years later, that nothing was revoked; borrowed. */
struct afd_validation { const struct afd_slice *cert, *crl, *ocsp; size_t n_cert, n_crl, n_ocsp; };

/* CMS SignedData, detached (RFC 5652), ESS signing-certificate-v2. PDF: no signing-time (EN 319 142-1, 6.3); otherwise
 * CAdES-B-B with signing-time NOW_MS (EN 319 122-1, 6.3). With STAMPER: B-T, the token over the signature value as
 * unsigned attribute (5.3). Content may be given in pieces. DER. */
int afd_cms_sign(const struct afd_signer *s, const struct afd_slice *content, size_t n, bool for_pdf, int64_t now_ms,
                 const struct afd_stamper *stamper, struct afd_buf *ret, struct afd_error *err);

#define AFD_STATEMENT_TYPE "application/vnd.in-toto+json"
/* JWS, flattened JSON (RFC 7515, 7.2.2): protected header alg, typ, cty, iat, x5c, x5t#S256, no crit. With STAMPER the
 * unprotected header carries etsiU with a sigTst (TS 119 182-1, 5.3.4): to other readers a plain JWS. */
int afd_jws_sign(const struct afd_signer *s, struct afd_slice payload, const char *cty, int64_t now_ms,
                 const struct afd_stamper *stamper, struct afd_buf *ret, struct afd_error *err);
/* DSSE envelope (PAE) of the same payload, PAYLOAD_TYPE as in "application/vnd.in-toto+json". */
int afd_dsse_sign(const struct afd_signer *s, struct afd_slice payload, const char *payload_type, struct afd_buf *ret, struct afd_error *err);

/* Appends one incremental update with a PAdES signature over everything but its own hex string. PDF is what
 * reports/pdf.c wrote (classic cross-reference table). now_ms becomes /M. With a stamper B-T; with validation data its
 * DSS is written in the same update, so that there is one signed revision up to the end of the file: B-LT. */
struct afd_pades_options {
	int64_t now_ms;
	const char *reason;
	const struct afd_stamper *stamper;           /* NULL: B-B */
	const struct afd_validation *validation;     /* NULL: no DSS */
	bool visible;                                /* a box with the signer's name on the first page */
};
int afd_pades_sign(const struct afd_signer *s, struct afd_slice pdf, const struct afd_pades_options *o, struct afd_buf *ret, struct afd_error *err);
/* Appends a revision with a document time-stamp (ETSI.RFC3161) over the whole file, and validation data if given: B-LTA.
 * STAMPER NULL: validation data alone; AFD_E_USAGE when there is none that the file lacks. Where all of a file's data stand
 * in its signed revision, the certificates are repeated, for readers that look behind the signature alone.
 * The only revisions that afd_pades_verify() accepts after the signature. */
int afd_pades_extend(struct afd_slice pdf, const struct afd_stamper *stamper, const struct afd_validation *validation,
                     struct afd_buf *ret, struct afd_error *err);

/* --- verifying: strict, offline; says why --- */
struct afd_trust {
	const struct afd_slice *pem; size_t n;               /* roots of signers */
	const struct afd_slice *stamp_pem; size_t n_stamp;   /* roots of time-stamping authorities */
	const struct afd_slice *crl; size_t n_crl;           /* what the verifier knows of revocations (PEM or DER) */
	bool allow_test;
	int64_t at_ms;              /* the verifier's time: validity of chains where no trusted time-stamp says otherwise */
};
enum afd_revocation { AFD_REVOCATION_UNKNOWN, AFD_REVOCATION_GOOD };   /* revoked is a failure */
struct afd_signature_report {                       /* owned text */
	char *subject; struct afd_digest certificate;
	int64_t claimed_ms;                         /* signing-time, iat or /M: the signer's word; AFD_TIME_NONE */
	int64_t stamped_ms;                         /* of a token that leads to a root in TRUST; AFD_TIME_NONE */
	char *authority;                            /* who gave it; NULL */
	char *stamp_doubt;                          /* there is a token, but no root for it was given; NULL. A wrong one is a failure */
	enum afd_revocation revocation;
	int64_t revoked_ms;                         /* taken back after the trusted time-stamp, so it holds; AFD_TIME_NONE */
	unsigned extensions;                        /* PDF: document time-stamps behind the signature, not validation data alone; the last one's time: */
	int64_t extended_ms;
	bool test;
};
void afd_signature_report_release(struct afd_signature_report *r);

int afd_cms_verify(struct afd_slice cms, const struct afd_slice *content, size_t n, const struct afd_trust *t, bool for_pdf,
                   struct afd_signature_report *ret, struct afd_error *err);
/* That DSSE is what afd_dsse_sign() writes over PAYLOAD, which was verified already, by the first certificate in PEM. */
int afd_dsse_verify(struct afd_slice dsse, struct afd_slice payload, const char *payload_type, struct afd_slice pem, struct afd_error *err);
/* Exactly what afd_jws_sign() writes with cty AFD_STATEMENT_TYPE; a token of another layout or any other member is refused.
 * *ret_payload: the exact bytes signed (appended). */
int afd_jws_verify(struct afd_slice jws, const struct afd_trust *t, struct afd_buf *ret_payload, struct afd_signature_report *ret, struct afd_error *err);
/* Exactly one signature, reached through Catalog/AcroForm/Fields; ByteRange from 0 to the end of file with exactly the
 * hex string as gap; one revision after the unsigned one, and behind it only what afd_pades_extend() writes; no repair. *ret_unsigned_len: length of the unsigned revision,
 * so that a caller can draw it again and compare. */
int afd_pades_verify(struct afd_slice pdf, const struct afd_trust *t, size_t *ret_unsigned_len,
                     struct afd_signature_report *ret, struct afd_error *err);
/* How much of PDF was signed: up to the end of its signed revision. What lies behind it is afd_pades_verify()'s to judge. */
int afd_pades_signed_len(struct afd_slice pdf, size_t *ret, struct afd_error *err);
/* Do two unsigned PDF files say the same, object for object, streams inflated? Then they differ at most in how they were
 * compressed. -1 with the first difference in ERR (AFD_E_VERIFY). */
int afd_pdf_same(struct afd_slice x, struct afd_slice y, struct afd_error *err);
/* The file embedded under NAME in the unsigned revision (PDF/A-3 attachment), inflated. */
int afd_pdf_attachment(struct afd_slice pdf, const char *name, struct afd_buf *ret, struct afd_error *err);

#endif
