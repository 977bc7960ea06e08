/* A time-stamping authority at any time and of any honesty, and lists and answers about revoked certificates. */
#ifndef AFD_TESTS_SIGN_TSA_H
#define AFD_TESTS_SIGN_TSA_H

#include "sample.h"

/* Zeros: an honest authority at NOW. */
struct tsa {
	const struct made *who, *second;       /* second: one more SignerInfo */
	int64_t at_ms;
	int status, failure_bit;               /* status 2: rejected; failure_bit: the bit of PKIFailureInfo, plus 1; 0 none */
	const char *text, *policy;             /* what it says; under which policy (default: 1.2.3.4) */
	bool wrong_nonce, no_nonce, no_token, no_ess, other_data, no_cert, sha1, critical_extension, data_type;
	X509 *instead;                         /* this certificate in the place of its own */
	int accuracy_s;
	const char *time;                      /* GeneralizedTime as it is to stand there */
	size_t pad;                            /* bytes of text, to make the answer long */
};
/* A certificate for an authority, issued by ROOT. */
struct made tsa_cert(const char *cn, const struct made *root);
void tsa_answer(const struct tsa *a, struct afd_slice request, struct afd_buf *ret);
/* As struct afd_stamper wants it; ctx is a struct tsa. The answer goes through afd_stamp_answer(). */
int tsa_stamp(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret_token, struct afd_error *err);

struct revoked { X509 *cert; int64_t ms; int reason; };      /* reason -1: none stated */
/* DER of a list by ISSUER, valid [this, next); next 0: without an end */
void make_crl(const struct made *issuer, int64_t this_ms, int64_t next_ms, const struct revoked *r, size_t n, bool pem,
              struct afd_buf *ret);
/* DER of an OCSP answer by RESPONDER about CERT of ISSUER; revoked_ms 0: good */
void make_ocsp(const struct made *responder, X509 *cert, X509 *issuer, int64_t this_ms, int64_t next_ms, int64_t revoked_ms,
               struct afd_buf *ret);
extern const struct afd_env test_env;                        /* the clock says NOW; random bytes count up */

#endif
