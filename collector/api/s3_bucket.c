#include "collector/api/s3_bucket.h"

#include <ctype.h>
#include <stdio.h>

#include "collector/api/pages.h"
#include "collector/api/xml.h"
#include "collector/ct/tiles.h"
#include "core/limits.h"

enum { MOST_PAGES = 1000, MOST_KEY = 1024 };

struct afd_bucket {
	const struct afd_source_config *sc;
	const struct afd_bucket_config *c;
	struct afd_auth *auth;
	struct afd_ask ask;
	char *root, *token;                       /* token: of the next page of the list */
	struct afd_buf list, packed;              /* list: as a directory's answer; packed: the last object, opened */
	bool listing, gunzip;
	unsigned pages, names;
	size_t max;
	char asked[1200];
};

static const char refused_text[] = "the bucket refused the credential: it needs s3:ListBucket on the bucket (with the prefix as its condition) and "
				   "s3:GetObject below the prefix, and stands where the configuration's secret_access_key points; see `affidavit sources aws-cloudtrail-files`";

/* Names of buckets: the vendor's rules, which keep them apart from other parts of an address. */
static bool good_bucket(const char *s)
{
	size_t n = strlen(s);

	for (const char *p = s; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-' && *p != '.')
			return false;
	return n >= 3 && n <= 63 && isalnum((unsigned char)s[0]) && isalnum((unsigned char)s[n - 1]) && !strstr(s, "..");
}

int afd_bucket_check(const struct afd_bucket_config *c, struct afd_error *err)
{
	if (!good_bucket(c->bucket))
		return afd_fail(err, AFD_E_CONFIG, "bucket: expected a bucket's name of 3 to 63 of a-z 0-9 - . , got \"%.80s\"", c->bucket);
	if (!c->access_key_id || !c->secret)
		return afd_fail(err, AFD_E_CONFIG, "bucket: expected access_key_id and secret_access_key beside it");
	if (c->prefix && (*c->prefix == '/' || strlen(c->prefix) > MOST_KEY))
		return afd_fail(err, AFD_E_CONFIG, "prefix: expected the begin of keys, such as AWSLogs/123456789012/CloudTrail/, without '/' before it");
	for (const char *p = c->region ? c->region : ""; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
			return afd_fail(err, AFD_E_CONFIG, "bucket_region: expected a region such as eu-central-1, got \"%.40s\"", c->region);
	return c->url ? afd_pages_base_check(c->url, err) : 0;
}

struct afd_bucket *afd_bucket_free(struct afd_bucket *b)
{
	if (!b)
		return NULL;
	afd_auth_free(b->auth);
	afd_ask_release(&b->ask);
	afd_buf_release(&b->list);
	afd_buf_release(&b->packed);
	free(b->root);
	free(b->token);
	free(b);
	return NULL;
}

int afd_bucket_new(const struct afd_source_config *sc, const struct afd_bucket_config *config, const char *root, struct afd_bucket **ret,
		   struct afd_error *err)
{
	const struct afd_aws_keys keys = { config->access_key_id, config->secret, config->session, config->region ? config->region : "us-east-1", "s3" };
	struct afd_bucket *b = calloc(1, sizeof(*b));

	if (!b)
		return afd_fail_memory(err);
	b->sc = sc;
	b->c = config;
	b->root = afd_strdup(root);
	if (!b->root)
		afd_fail_memory(err);
	if (!b->root || afd_auth_aws(sc, &keys, &b->auth, err) < 0) {
		afd_bucket_free(b);
		return -1;
	}
	*ret = b;
	return 0;
}

bool afd_bucket_busy(const struct afd_bucket *b)
{
	return b->listing;
}

/* --- asking --- */

static int base(struct afd_bucket *b, struct afd_error *err)
{
	int r;

	afd_ask_release(&b->ask);
	b->ask = (struct afd_ask){ 0 };
	r = b->c->url ? afd_buf_printf(&b->ask.url, "%s/%s", b->c->url, b->c->bucket) :
		afd_buf_printf(&b->ask.url, "https://%s.s3.%s.amazonaws.com", b->c->bucket, b->c->region ? b->c->region : "us-east-1");
	return r < 0 ? afd_fail_memory(err) : 0;
}

static int ask_list(struct afd_bucket *b, struct afd_error *err)
{
	if (!b->c->url && afd_buf_text(&b->ask.url, "/") < 0)
		return afd_fail_memory(err);
	snprintf(b->asked, sizeof(b->asked), "ListObjectsV2 %s %s page %u", b->c->bucket, b->c->prefix ? b->c->prefix : "", b->pages + 1);
	return (b->token && afd_ask_query(&b->ask, "continuation-token", b->token, err) < 0) ||
		afd_ask_query(&b->ask, "list-type", "2", err) < 0 ||
		(b->c->prefix && afd_ask_query(&b->ask, "prefix", b->c->prefix, err) < 0) ? -1 : 0;
}

/* Each segment escaped; the slashes between them stay, also where two follow each other. */
static int ask_object(struct afd_bucket *b, const char *name, struct afd_error *err)
{
	AFD_AUTO(mem) char *key = afd_sprintf("%s%s", b->c->prefix ? b->c->prefix : "", name);

	for (char *at = key, *slash; at; at = slash ? slash + 1 : NULL) {
		slash = strchr(at, '/');
		if (slash)
			*slash = '\0';
		if (afd_ask_path(&b->ask, at, err) < 0)
			return -1;
	}
	snprintf(b->asked, sizeof(b->asked), "GetObject %s", name);
	return key ? 0 : afd_fail_memory(err);
}

static int fill(struct afd_bucket *b, struct afd_request *q, struct afd_error *err)
{
	if (b->auth->sign(b->auth, afd_now(b->sc->env), &b->ask, err) < 0 || afd_buf_u8(&b->ask.url, 0) < 0)
		return -1;
	*q = (struct afd_request){ .protocol = AFD_HTTP, .asked = b->asked, .url = (const char *)b->ask.url.data, .authenticated = true,
				   .pace_key = b->auth->name, .pace_ms = 10, .burst = 20, .max_body = b->listing ? 0 : b->max };
	for (size_t i = 0; i < b->ask.n_header; i++)
		q->header[q->n_header++] = (struct afd_header){ b->ask.header[i].name, (const char *)b->ask.header[i].value.data };
	return 1;
}

int afd_bucket_next(struct afd_bucket *b, struct afd_request *q, struct afd_error *err)
{
	size_t n = strlen(b->root);

	if (base(b, err) < 0)
		return -1;
	if (b->listing || q->protocol == AFD_FOLDER) {
		if (!b->listing) {
			b->listing = true;
			b->pages = b->names = 0;
			b->list.len = 0;
		}
		return ask_list(b, err) < 0 ? -1 : fill(b, q, err);
	}
	if (strncmp(q->path, b->root, n) != 0 || q->path[n] != '/')
		return afd_fail(err, AFD_E_ENGINE, "bucket: a file outside of it was asked for");
	b->gunzip = q->gunzip;
	b->max = q->max;
	return ask_object(b, q->path + n + 1, err) < 0 ? -1 : fill(b, q, err);
}

static enum afd_excess_told excess_told(void *state, const struct afd_response *r)
{
	(void)state;
	if (r->status == 429 || r->status >= 500)
		return AFD_EXCESS_UNTOLD;
	return r->status == 200 ? AFD_EXCESS_YES : AFD_EXCESS_NO;
}

int afd_bucket_excess(struct afd_bucket *b, struct afd_excess *ret, struct afd_error *err)
{
	if (base(b, err) < 0)
		return -1;
	if (!b->c->url && afd_buf_text(&b->ask.url, "/") < 0)
		return afd_fail_memory(err);
	snprintf(b->asked, sizeof(b->asked), "whether the credential can do more");
	*ret = (struct afd_excess){ .told = excess_told, .can = "it reads settings of the bucket (s3:GetBucketVersioning)",
		.instead = "allow it s3:ListBucket on the bucket and s3:GetObject below the prefix, and nothing else" };
	return afd_ask_query(&b->ask, "versioning", "", err) < 0 ? -1 : fill(b, &ret->q, err);
}

/* --- the list --- */

/* A key that no file could have as its name is not one of what is looked for. */
static bool good_key(const char *key, const char *prefix)
{
	size_t n = strlen(prefix), len = strlen(key);

	if (strncmp(key, prefix, n) != 0 || len == n || len > MOST_KEY || key[len - 1] == '/')
		return false;
	for (const char *p = key; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

static int read_list(struct afd_bucket *b, struct afd_slice body, struct afd_error *err)
{
	__attribute__((cleanup(afd_xml_release))) struct afd_xml *x = NULL;
	const char *prefix = b->c->prefix ? b->c->prefix : "", *more, *token;
	const struct afd_xml_node *root;

	if (afd_xml_parse(body, "list of the bucket", &x, err) < 0)
		return -1;
	root = afd_xml_root(x);
	if (strcmp(afd_xml_name(root), "ListBucketResult") != 0)
		return afd_fail(err, AFD_E_PARSE, "list of the bucket: expected ListBucketResult");
	for (const struct afd_xml_node *n = afd_xml_child(root, "Contents"); n; n = afd_xml_next(n, "Contents")) {
		const char *key = afd_xml_text_of(n, "Key"), *size = afd_xml_text_of(n, "Size"), *when = afd_xml_text_of(n, "LastModified");
		int64_t modified;

		if (!key || !size || !*size || size[strspn(size, "0123456789")] || strlen(size) > 15 || !when || afd_when_parse(when, &modified, NULL) < 0)
			return afd_fail(err, AFD_E_PARSE, "list of the bucket: an object without key, size or time");
		if (!good_key(key, prefix))
			continue;
		if (++b->names > AFD_MAX_LISTED)
			return afd_fail(err, AFD_E_LIMIT, "more than %u objects below the prefix: name a longer one, such as that of a month", AFD_MAX_LISTED);
		if (afd_buf_printf(&b->list, "%s %lld %s\n", size, (long long)modified, key + strlen(prefix)) < 0)
			return afd_fail_memory(err);
	}
	more = afd_xml_text_of(root, "IsTruncated");
	token = afd_xml_text_of(root, "NextContinuationToken");
	if (more && strcmp(more, "true") == 0 && (!token || (b->token && strcmp(token, b->token) == 0)))
		return afd_fail(err, AFD_E_PARSE, "list of the bucket: it goes round in a circle");
	free(b->token);
	b->token = more && strcmp(more, "true") == 0 ? afd_strdup(token) : NULL;
	return 0;
}

static int nothing(struct afd_bucket *b, struct afd_bucket_told *ret, int status)
{
	ret->none = true;
	afd_fail(&ret->why, AFD_E_REMOTE, "%s: %sHTTP %d", b->asked, status == 404 ? "there is no such bucket or object, " : "", status);
	return 1;
}

static int take_list(struct afd_bucket *b, const struct afd_response *r, struct afd_bucket_told *ret)
{
	if (read_list(b, r->body, &ret->why) < 0 || (b->token && ++b->pages == MOST_PAGES &&
						     afd_fail(&ret->why, AFD_E_LIMIT, "the list of the bucket has more than %d pages", MOST_PAGES) < 0)) {
		b->listing = false;
		ret->none = true;
		return 1;
	}
	if (b->token)
		return 0;
	b->listing = false;
	ret->response = (struct afd_response){ .body = afd_buf_slice(&b->list), .asked_ms = r->asked_ms, .received_ms = r->received_ms,
					       .server_ms = AFD_TIME_NONE, .retry_after_ms = -1 };
	return 1;
}

int afd_bucket_take(struct afd_bucket *b, const struct afd_response *r, const struct afd_error *why, struct afd_bucket_told *ret,
		    struct afd_error *err)
{
	struct afd_slice body;

	(void)err;
	*ret = (struct afd_bucket_told){ 0 };
	if (!r || r->status != 200) {
		b->listing = false;
		if (!r) {
			ret->none = true;
			ret->why = *why;
			return 1;
		}
		if (r->status == 401 || r->status == 403)
			ret->refused = refused_text;
		return nothing(b, ret, r->status);
	}
	if (b->listing)
		return take_list(b, r, ret);
	ret->response = *r;
	body = r->body;
	/* a server may have opened it on the way, when it said how it was packed */
	if (b->gunzip && afd_tile_open(r->body, b->max, &b->packed, &body, &ret->why) < 0) {
		ret->none = true;
		return 1;
	}
	ret->response.body = body;
	ret->response.file_size = body.len;
	ret->response.status = 0;
	return 1;
}
