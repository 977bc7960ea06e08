/* Private: a time-stamp token (RFC 3161, 2.4.2) whose signature holds; whether its signer is trusted is another question. */
#ifndef AFD_SIGN_TOKEN_H
#define AFD_SIGN_TOKEN_H

#include <openssl/ts.h>
#include "sign/ssl.h"
#include "sign/sign.h"

#define AFD_MAX_STAMP (64u * 1024)      /* an answer, or a token, with all its certificates */

struct afd_token {
	CMS_ContentInfo *cms;
	X509 *cert;                     /* the authority's; borrowed from cms */
	TS_TST_INFO *info;
	int64_t time_ms, accuracy_ms;
};
/* One signer, whose certificate is for time-stamps alone and named by ESS; the signature and the content's form. MORE: certificates
 * that may stand outside the token; may be NULL. */
int afd_token_open(struct afd_slice bytes, STACK_OF(X509) *more, struct afd_token *ret, struct afd_error *err);
void afd_token_release(struct afd_token *t);
/* The token is about IMPRINT. */
int afd_token_imprint(const struct afd_token *t, const struct afd_digest *imprint, struct afd_error *err);

#endif
