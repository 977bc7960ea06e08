/* Private: what the writer and the reader of a JWS agree on. */
#ifndef AFD_SIGN_JWS_H
#define AFD_SIGN_JWS_H

#include "core/digest.h"
#include "sign/signer.h"

#define AFD_JWS_TYP "affidavit-statement+jws"      /* RFC 7515, 4.1.9: ours, so that no other JWS passes for it */
#define AFD_MAX_JWS (16u * 1024 * 1024)

/* {"header":{"etsiU":[...]},"payload":...,"protected":...,"signature":...}: one way to write what stands outside of the
 * signature. TOKEN (DER) may be empty. The three texts are base64url already. */
int afd_jws_write(struct afd_slice token, struct afd_slice payload, struct afd_slice header, struct afd_slice signature,
		  struct afd_buf *ret, struct afd_error *err);
/* {"sigTst":{"tstTokens":[{"val":TOKEN}]}}, TS 119 182-1, 5.3.4 */
int afd_jws_sig_tst(struct afd_slice token, struct afd_buf *ret, struct afd_error *err);

#endif
