/* A time-stamping authority for tests: libcrypto's own responder, so that nothing of ours judges itself. */
#ifndef AFD_TESTS_SIGN_AUTHORITY_H
#define AFD_TESTS_SIGN_AUTHORITY_H

#include "sample.h"

struct authority { struct made root, leaf; int64_t time_ms; };
void authority_make(struct authority *t, const char *root_cn, int64_t time_ms);
void authority_free(struct authority *t);
/* For struct afd_stamper: CTX is the authority. */
int authority_stamp(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret_token, struct afd_error *err);

/* A CRL of CA, DER, made at FROM_MS for a week; REVOKED may be NULL. */
void made_crl(const struct made *ca, int64_t from_ms, X509 *revoked, struct afd_buf *ret);
void made_der(X509 *cert, struct afd_buf *ret);

#endif
