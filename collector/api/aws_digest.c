#include "collector/api/aws_digest.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "collector/api/aws_events.h"
#include "collector/api/hosted.h"

#define MAX_LOGS 100000u
#define MAX_SIGNATURE 1024u

/* --- keys --- */

void afd_aws_public_release(struct afd_aws_public *p)
{
	for (size_t i = 0; i < p->n; i++)
		EVP_PKEY_free(p->at[i]);
	p->n = 0;
}

/* DER of an RSAPublicKey (RFC 8017, what AWS gives out) or a SubjectPublicKeyInfo. */
static void add_key(struct afd_aws_public *ret, struct afd_slice der)
{
	const unsigned char *p = der.data;
	EVP_PKEY *k = der.len && der.len < 8192 ? d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.len) : NULL;

	p = der.data;
	if (!k && der.len && der.len < 8192)
		k = d2i_PUBKEY(NULL, &p, (long)der.len);
	ERR_clear_error();
	if (k && EVP_PKEY_get_base_id(k) == EVP_PKEY_RSA && EVP_PKEY_get_bits(k) >= 2048 && EVP_PKEY_get_bits(k) <= 8192 && ret->n < AFD_COUNT(ret->at))
		ret->at[ret->n++] = k;
	else
		EVP_PKEY_free(k);
}

/* Base64 with breaks in it. */
static void add_text(struct afd_aws_public *ret, const char *text, size_t n)
{
	AFD_AUTO(buf) struct afd_buf plain = { 0 };
	AFD_AUTO(buf) struct afd_buf der = { 0 };

	for (size_t i = 0; i < n; i++)
		if (!memchr(" \t\r\n", text[i], 4) && afd_buf_u8(&plain, (uint8_t)text[i]) < 0)
			return;
	if (plain.len && afd_unbase64(afd_buf_slice(&plain), &der) == 0)
		add_key(ret, afd_buf_slice(&der));
}

static void read_pem(struct afd_slice bytes, struct afd_aws_public *ret)
{
	AFD_AUTO(mem) char *text = strndup((const char *)bytes.data, bytes.len);

	for (char *p = text; p && (p = strstr(p, "-----BEGIN "));) {
		char *from = strstr(p + 11, "-----"), *to = from ? strstr(from + 5, "-----END ") : NULL;

		if (!to)
			return;
		if (memmem(p, (size_t)(from - p), "PUBLIC KEY", 10))
			add_text(ret, from + 5, (size_t)(to - from - 5));
		p = to + 9;
	}
}

int afd_aws_public_read(struct afd_slice bytes, struct afd_aws_public *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	*ret = (struct afd_aws_public){ 0 };
	if (bytes.len && afd_json_parse(bytes, "public keys", &d, NULL) == 0)
		for (const struct afd_node *k = afd_node_items(afd_doc_root(d), "PublicKeyList"); k; k = k->next) {
			const char *value = afd_node_word(k, "Value");

			if (value)
				add_text(ret, value, strlen(value));
		}
	else if (bytes.len)
		read_pem(bytes, ret);
	return ret->n ? 0 : afd_fail(err, AFD_E_CONFIG, "public_keys: expected the answer of `aws cloudtrail list-public-keys`, or RSA public keys in PEM");
}

/* --- a digest --- */

void afd_aws_digest_release(struct afd_aws_digest *d)
{
	d->doc = afd_doc_free(d->doc);
	free(d->log);
	*d = (struct afd_aws_digest){ 0 };
}

static int read_logs(struct afd_aws_digest *d, const struct afd_node *list, struct afd_error *err)
{
	if (!list || list->type != AFD_LIST || list->u.list.n > MAX_LOGS)
		return afd_node_fail(d->doc, list, err, "a list of log files");
	d->log = calloc(list->u.list.n + 1, sizeof(*d->log));
	if (!d->log)
		return afd_fail_memory(err);
	for (const struct afd_node *n = list->u.list.first; n; n = n->next) {
		struct afd_aws_digest_log *l = &d->log[d->n++];

		*l = (struct afd_aws_digest_log){ .object = afd_node_word(n, "s3Object"), .hash = afd_node_word(n, "hashValue"), .at = d->at };
		if (!l->object || !l->hash)
			return afd_node_fail(d->doc, n, err, "a log file with s3Object and hashValue");
		if (afd_aws_time(afd_node_word(n, "oldestEventTime"), &l->at.from) < 0 || afd_aws_time(afd_node_word(n, "newestEventTime"), &l->at.to) < 0 ||
		    ++l->at.to <= l->at.from)
			l->at = d->at;
	}
	return 0;
}

int afd_aws_digest_read(struct afd_slice bytes, struct afd_aws_digest *ret, struct afd_error *err)
{
	const struct afd_node *root;

	*ret = (struct afd_aws_digest){ 0 };
	/* every log file is asked whether it is one: the word is looked for before anything is parsed */
	if (!bytes.len || !memmem(bytes.data, bytes.len, "\"digestS3Object\"", 16))
		return afd_fail(err, AFD_E_PARSE, "digest: expected digestS3Bucket, digestS3Object, digestStartTime and digestEndTime");
	if (afd_json_parse(bytes, "digest", &ret->doc, err) < 0)
		return -1;
	root = afd_doc_root(ret->doc);
	ret->bucket = afd_node_word(root, "digestS3Bucket");
	ret->object = afd_node_word(root, "digestS3Object");
	ret->end_text = afd_node_word(root, "digestEndTime");
	ret->previous_object = afd_node_word(root, "previousDigestS3Object");
	ret->previous_hash = afd_node_word(root, "previousDigestHashValue");
	ret->previous_signature = afd_node_word(root, "previousDigestSignature");
	afd_sha256(bytes, &ret->hash);
	if (!ret->bucket || !ret->object || afd_aws_time(afd_node_word(root, "digestStartTime"), &ret->at.from) < 0 ||
	    afd_aws_time(ret->end_text, &ret->at.to) < 0 || ret->at.to <= ret->at.from) {
		afd_aws_digest_release(ret);
		return afd_fail(err, AFD_E_PARSE, "digest: expected digestS3Bucket, digestS3Object, digestStartTime and digestEndTime");
	}
	if (read_logs(ret, afd_node_get(root, "logFiles"), err) == 0)
		return 0;
	afd_aws_digest_release(ret);
	return -1;
}

static bool verify_one(EVP_PKEY *key, struct afd_slice text, const uint8_t *signature, size_t n)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool good = c && EVP_DigestVerifyInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestVerify(c, signature, n, text.data, text.len) == 1;

	EVP_MD_CTX_free(c);
	ERR_clear_error();
	return good;
}

bool afd_aws_digest_verify(const struct afd_aws_digest *d, const char *signature, const struct afd_aws_public *keys)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	uint8_t raw[MAX_SIGNATURE];
	char lower[2 * MAX_SIGNATURE + 1];
	size_t n = signature ? strlen(signature) : 0;
	bool good = false;

	if (!n || n % 2 || n > 2 * MAX_SIGNATURE)
		return false;
	for (size_t i = 0; i <= n; i++)
		lower[i] = (char)(signature[i] >= 'A' && signature[i] <= 'F' ? signature[i] + ('a' - 'A') : signature[i]);
	if (afd_unhex(lower, n, raw, n / 2) < 0 ||
	    afd_buf_printf(&text, "%s\n%s/%s\n%s\n%s", d->end_text, d->bucket, d->object, afd_digest_hex(&d->hash).s,
			   d->previous_signature ? d->previous_signature : "null") < 0)
		return false;
	for (size_t i = 0; i < keys->n && !good; i++)
		good = verify_one(keys->at[i], afd_buf_slice(&text), raw, n / 2);
	return good;
}

/* --- names --- */

/* "20260801T110000Z" */
static int name_time(const char *s, int64_t *ret)
{
	int year, mon, day, hour, min, sec, end = 0;

	if (sscanf(s, "%4d%2d%2dT%2d%2d%2dZ%n", &year, &mon, &day, &hour, &min, &sec, &end) != 6 || end != 16 || s[16])
		return -1;
	return afd_when_civil(year, mon, day, hour, min, sec, 0, ret);
}

bool afd_aws_digest_name(const char *base, struct afd_aws_digest_name *ret)
{
	static const char mark[] = "_CloudTrail-Digest_", back[] = "_backfill";
	char name[300];
	size_t n = strcspn(base, ""), region;
	const char *at = strstr(base, mark), *json = strstr(base, ".json");
	bool backfill;

	if (!at || !json || (strcmp(json, ".json") != 0 && strcmp(json, ".json.gz") != 0) || n >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(json - base), base);
	n = strlen(name);
	backfill = n > sizeof(back) && strcmp(name + n - (sizeof(back) - 1), back) == 0;
	if (backfill)
		name[n -= sizeof(back) - 1] = '\0';
	if (n < 17 + sizeof(mark) || name[n - 17] != '_' || name_time(name + n - 16, &ret->end_ms) < 0)
		return false;
	name[n - 16] = '\0';
	snprintf(ret->chain, sizeof(ret->chain), "%.280s%s", name, backfill ? "backfill" : "");
	at += sizeof(mark) - 1;
	region = strcspn(at, "_");
	snprintf(ret->region, sizeof(ret->region), "%.*s", (int)(region < 39 ? region : 39), at);
	return true;
}
