/* A bucket of S3 in a directory's place: what a source of stored files asks (a list of the directory, a file of it) is asked of the
 * bucket, and what comes back looks as a directory's answer does. So collector/stored.h, and what is built on it, read both.
 *
 * Asked are ListObjectsV2 below a prefix, page by page, and GetObject; the credential needs s3:ListBucket and s3:GetObject on that
 * prefix and nothing else. */
#ifndef AFD_API_S3_BUCKET_H
#define AFD_API_S3_BUCKET_H

#include "collector/api/auth.h"

struct afd_bucket_config {
	const char *bucket, *prefix;              /* prefix: NULL none */
	const char *url;                          /* of a service like S3, the bucket behind it as the first segment; NULL: Amazon's */
	const char *access_key_id, *secret, *session, *region;
};
struct afd_bucket;
/* Names and addresses are what they must be; no secret is looked at. */
int afd_bucket_check(const struct afd_bucket_config *c, struct afd_error *err);
/* ROOT: the path that requests of the source have as their directory. CONFIG and SC outlive it. */
int afd_bucket_new(const struct afd_source_config *sc, const struct afd_bucket_config *config, const char *root, struct afd_bucket **ret,
		   struct afd_error *err);
struct afd_bucket *afd_bucket_free(struct afd_bucket *b);                /* NULL */

/* A list is under way: ask afd_bucket_next() before the source. */
bool afd_bucket_busy(const struct afd_bucket *b);
/* Q, what the source asks (FOLDER of ROOT or FILE below it; while busy its content does not matter), becomes a request to the bucket. */
int afd_bucket_next(struct afd_bucket *b, struct afd_request *q, struct afd_error *err);
/* For provider->excess: whether the credential reads more than the trail's objects. */
int afd_bucket_excess(struct afd_bucket *b, struct afd_excess *ret, struct afd_error *err);
/* The bucket's answer. 1: *ret (or, if *none, WHY) is for the source; 0: the list goes on. *refused: what to do, or NULL. */
struct afd_bucket_told { struct afd_response response; bool none; struct afd_error why; const char *refused; };
int afd_bucket_take(struct afd_bucket *b, const struct afd_response *r, const struct afd_error *why, struct afd_bucket_told *ret,
		    struct afd_error *err);

#endif
