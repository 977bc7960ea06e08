/* AWS Signature Version 4 of our own: libcurl of Debian 12 signs query strings as they are given, which is wrong unless they
 * are sorted and encoded already, and its verbose output would show the key. Pure: the clock is given. */
#ifndef AFD_API_AWS_SIGN_H
#define AFD_API_AWS_SIGN_H

#include "core/error.h"
#include "core/when.h"

struct afd_aws_header { const char *name, *value; };
struct afd_aws_request {
	const char *method;
	const char *host;                         /* with the port where it is not the scheme's own */
	const char *path;                         /* as it stands in the request line, escaped or not; "" is "/" */
	const char *query;                        /* without '?'; NULL none */
	const struct afd_aws_header *header; size_t n_header;   /* all but Host, X-Amz-Date, X-Amz-Security-Token; signed all */
	struct afd_slice payload;
	bool unsigned_payload;                    /* S3: UNSIGNED-PAYLOAD in place of the hash */
	bool hash_header;                         /* x-amz-content-sha256 is sent and signed; for S3 always */
	bool s3;                                  /* S3: the path is encoded once and not normalised; x-amz-content-sha256 is signed */
	bool path_as_is;                          /* "//" and ".." stay */
	int64_t now_ms;
};
struct afd_aws_credential {
	const char *access_key_id, *region, *service;
	struct afd_slice secret, token;           /* token: of temporary credentials; empty none */
	bool token_after;                         /* the token is sent but not signed (some services want it so) */
};

/* The canonical request (task 1 of the vendor's description), appended. */
int afd_aws_canonical(const struct afd_aws_request *q, const struct afd_aws_credential *c, struct afd_buf *ret,
		      struct afd_error *err);
/* Task 2: its digest, time and scope. */
int afd_aws_string_to_sign(const struct afd_aws_request *q, const struct afd_aws_credential *c, struct afd_slice canonical,
			   struct afd_buf *ret, struct afd_error *err);
/* All tasks: the value of the Authorization header, appended; date: of the X-Amz-Date header; payload: hex digest, or
 * "UNSIGNED-PAYLOAD", of x-amz-content-sha256 (to be sent for S3 alone, but allowed everywhere). */
struct afd_aws_signed { struct afd_buf authorization; char date[17]; char payload[65]; };
int afd_aws_sign(const struct afd_aws_request *q, const struct afd_aws_credential *c, struct afd_aws_signed *ret,
		 struct afd_error *err);

#endif
