/* Digest files of CloudTrail: each hour, for each region, one says the hash of every log file that was delivered, and the hash and
 * signature of the digest before. Its own signature lies in the metadata of its object in S3 (x-amz-meta-signature), so in a
 * directory it is the next one that brings it, or a file NAME.sig beside it. */
#ifndef AFD_API_AWS_DIGEST_H
#define AFD_API_AWS_DIGEST_H

#include <openssl/evp.h>

#include "core/digest.h"
#include "core/doc.h"
#include "core/when.h"

/* Keys that AWS signs digests with: the answer of `aws cloudtrail list-public-keys` (JSON), or PEM, one after the other. RSA,
 * at most 64. -1: AFD_E_CONFIG when none is found. */
struct afd_aws_public { EVP_PKEY *at[64]; size_t n; };
int afd_aws_public_read(struct afd_slice bytes, struct afd_aws_public *ret, struct afd_error *err);
void afd_aws_public_release(struct afd_aws_public *p);

struct afd_aws_digest_log { const char *object, *hash; struct afd_span at; };
struct afd_aws_digest {                           /* texts live in doc; hashes are lower-case hex */
	struct afd_doc *doc;
	const char *bucket, *object;
	const char *end_text;                     /* digestEndTime as it stands there: that is what is signed */
	struct afd_span at;
	const char *previous_object, *previous_hash, *previous_signature;     /* NULL: the first of its chain */
	struct afd_aws_digest_log *log; size_t n;     /* owned */
	struct afd_digest hash;                   /* of its bytes */
};
/* -1: AFD_E_PARSE */
int afd_aws_digest_read(struct afd_slice bytes, struct afd_aws_digest *ret, struct afd_error *err);
void afd_aws_digest_release(struct afd_aws_digest *d);
/* SIGNATURE (hex) was made over "end time LF bucket/object LF hash LF signature before" with one of the keys (SHA-256, RSA PKCS #1 v1.5). */
bool afd_aws_digest_verify(const struct afd_aws_digest *d, const char *signature, const struct afd_aws_public *keys);

/* "111122223333_CloudTrail-Digest_us-east-1_trail_us-east-1_20260801T110000Z_backfill.json.gz". CHAIN: all before the time, and
 * whether it is one of the backfill digests, which are a chain of their own. false: no name of a digest. */
struct afd_aws_digest_name { char chain[300], region[40]; int64_t end_ms; };
bool afd_aws_digest_name(const char *base, struct afd_aws_digest_name *ret);

#endif
