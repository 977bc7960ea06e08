/* SHA-256, HMAC, and the text forms of bytes: hex, base64 (RFC 4648, strict), base32. */
#ifndef AFD_CORE_DIGEST_H
#define AFD_CORE_DIGEST_H

#include "core/bytes.h"
#include "core/error.h"

struct afd_digest { uint8_t b[32]; };

void afd_sha256(struct afd_slice s, struct afd_digest *ret);
/* One hash over several pieces, without copying them together. */
void afd_sha256_parts(const struct afd_slice *s, size_t n, struct afd_digest *ret);
void afd_hmac_sha256(struct afd_slice key, struct afd_slice msg, struct afd_digest *ret);
bool afd_digest_equal(const struct afd_digest *a, const struct afd_digest *b);

struct afd_sha256_ctx;                                  /* for streams; reuse it: opening one costs more than a hash */
struct afd_sha256_ctx *afd_sha256_new(void);            /* NULL: no memory */
void afd_sha256_begin(struct afd_sha256_ctx *c);
void afd_sha256_add(struct afd_sha256_ctx *c, struct afd_slice s);
void afd_sha256_end(struct afd_sha256_ctx *c, struct afd_digest *ret);
struct afd_sha256_ctx *afd_sha256_free(struct afd_sha256_ctx *c);   /* NULL */

/* ret needs 2n+1 bytes; lower case. */
void afd_hex(struct afd_slice s, char *ret);
/* Exactly n bytes from 2n lower-case digits; -1 if not. */
int afd_unhex(const char *text, size_t text_len, uint8_t *ret, size_t n);
struct afd_hex64 { char s[65]; };
struct afd_hex64 afd_digest_hex(const struct afd_digest *d);

int afd_base64(struct afd_slice s, struct afd_buf *ret);                         /* with padding */
int afd_base64url(struct afd_slice s, struct afd_buf *ret);                      /* no padding (RFC 7515, 2) */
/* Strict: alphabet, length mod 4, '=' only at the end, zero spare bits, no white space. Appends to ret; -1 if not. */
int afd_unbase64(struct afd_slice text, struct afd_buf *ret);
int afd_unbase64url(struct afd_slice text, struct afd_buf *ret);
int afd_base32(struct afd_slice s, struct afd_buf *ret);                         /* upper case, no padding */
/* The id of a finding, 16 digits of base32, as people copy it: "Q4GM JSJ2 EHSI H7ZA", in one word, in lower case. */
bool afd_finding_id_read(const char *text, char ret[static 17]);

#endif
