/* AWS Signature Version 4. */
#include "collector/api/aws_sign.h"

#include <stdio.h>
#include <strings.h>

#include "core/digest.h"

#define MAX_HEADERS 64u
#define MAX_PARAMS  256u

/* --- paths --- */

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ESCAPES that stand there stay what they are, else they are encoded again. SLASH stays as it is in paths. */
static int encode(const char *s, size_t n, bool slash, bool escapes, struct afd_buf *ret)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (escapes && c == '%' && i + 2 < n && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
			c = (unsigned char)(hex_value(s[i + 1]) << 4 | hex_value(s[i + 2]));
			i += 2;
			if (c == '/' && slash) {     /* an escaped slash is no separator */
				if (afd_buf_text(ret, "%2F") < 0)
					return -1;
				continue;
			}
		}
		if ((c && strchr(plain, c)) || (c == '/' && slash) ? afd_buf_u8(ret, c) < 0 : afd_buf_printf(ret, "%%%02X", c) < 0)
			return -1;
	}
	return 0;
}

/* RFC 3986, 5.2.4, and no empty segments: "/a/./b//../c" is "/a/c". */
static int normalise(const char *path, struct afd_buf *ret)
{
	size_t n;

	for (const char *at = path; *at; at += n) {
		while (*at == '/')
			at++;
		n = strcspn(at, "/");
		if (n == 0 || (n == 1 && at[0] == '.'))
			continue;
		if (n == 2 && at[0] == '.' && at[1] == '.') {
			while (ret->len && ret->data[--ret->len] != '/')
				;
			continue;
		}
		if (afd_buf_text(ret, "/") < 0 || afd_buf_add(ret, at, n) < 0)
			return -1;
	}
	n = strlen(path);
	return ret->len == 0 || (n && path[n - 1] == '/') ? afd_buf_text(ret, "/") : 0;
}

/* S3 takes the path as it is, encoded once; the others normalise it and encode what stands in the request line, escapes
 * included. */
static int canonical_path(const struct afd_aws_request *q, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf flat = { 0 };
	const char *path = q->path && *q->path ? q->path : "/";

	if (q->s3)
		return encode(path, strlen(path), true, true, ret);
	if (q->path_as_is)
		return encode(path, strlen(path), true, false, ret);
	return normalise(path, &flat) < 0 ? -1 : encode((char *)flat.data, flat.len, true, false, ret);
}

/* --- queries --- */

struct param { struct afd_buf name, value; };

static int by_name(const void *a, const void *b)
{
	const struct param *x = a, *y = b;
	int r = strcmp((char *)x->name.data, (char *)y->name.data);

	return r ? r : strcmp((char *)x->value.data, (char *)y->value.data);
}

static int read_params(const char *query, struct param *p, size_t *n, struct afd_error *err)
{
	for (const char *at = query; at && *at;) {
		size_t len = strcspn(at, "&"), name = 0;

		while (name < len && at[name] != '=')
			name++;
		if (*n == MAX_PARAMS)
			return afd_fail(err, AFD_E_LIMIT, "more than %u parameters", MAX_PARAMS);
		if (len) {
			struct param *x = &p[(*n)++];
			size_t from = name < len ? name + 1 : len;

			if (afd_buf_text(&x->name, "") < 0 || afd_buf_text(&x->value, "") < 0 || encode(at, name, false, true, &x->name) < 0 ||
			    encode(at + from, len - from, false, true, &x->value) < 0)
				return afd_fail_memory(err);
		}
		at += len + (at[len] == '&');
	}
	return 0;
}

static int canonical_query(const char *query, struct afd_buf *ret, struct afd_error *err)
{
	struct param *p = calloc(MAX_PARAMS, sizeof(*p));
	size_t n = 0;
	int r = p ? read_params(query, p, &n, err) : afd_fail_memory(err);

	if (r == 0 && n)
		qsort(p, n, sizeof(*p), by_name);
	for (size_t i = 0; r == 0 && i < n; i++)
		if ((i && afd_buf_text(ret, "&") < 0) || afd_buf_add_slice(ret, afd_buf_slice(&p[i].name)) < 0 ||
		    afd_buf_text(ret, "=") < 0 || afd_buf_add_slice(ret, afd_buf_slice(&p[i].value)) < 0)
			r = afd_fail_memory(err);
	for (size_t i = 0; i < n; i++) {
		afd_buf_release(&p[i].name);
		afd_buf_release(&p[i].value);
	}
	free(p);
	return r;
}

/* --- headers --- */

struct head { const char *name; struct afd_buf value; size_t at; };
struct heads { struct head at[MAX_HEADERS]; size_t n; };

static int by_lower(const void *a, const void *b)
{
	const struct head *x = a, *y = b;
	int r = strcasecmp(x->name, y->name);

	return r ? r : (x->at > y->at) - (x->at < y->at);
}

/* Blanks at the ends go, several inside are one. */
static int add_trimmed(struct afd_buf *to, const char *s)
{
	size_t n = strlen(s);
	bool gap = false;

	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	for (size_t i = 0; i < n; i++) {
		if (strchr(" \t\r\n", s[i])) {
			gap = to->len > 0 && to->data[to->len - 1] != ',';
			continue;
		}
		if ((gap && afd_buf_text(to, " ") < 0) || afd_buf_u8(to, (uint8_t)s[i]) < 0)
			return -1;
		gap = false;
	}
	return 0;
}

static int add_head(struct heads *h, const char *name, const char *value, struct afd_error *err)
{
	struct head *x = &h->at[h->n];

	if (h->n == MAX_HEADERS)
		return afd_fail(err, AFD_E_LIMIT, "more than %u headers", MAX_HEADERS);
	*x = (struct head){ .name = name, .at = h->n };
	h->n++;
	return afd_buf_text(&x->value, "") < 0 || add_trimmed(&x->value, value) < 0 ? afd_fail_memory(err) : 0;
}

static void heads_release(struct heads *h)
{
	for (size_t i = 0; i < h->n; i++)
		afd_buf_wipe(&h->at[i].value);
}

static void amz_date(int64_t now, char ret[17])
{
	int y, mo, d, h, mi, s, ms;
	char text[96];

	afd_when_split(now, &y, &mo, &d, &h, &mi, &s, &ms);
	snprintf(text, sizeof(text), "%04d%02d%02dT%02d%02d%02dZ", y, mo, d, h, mi, s);
	memcpy(ret, text, 16);
	ret[16] = '\0';
}

static void payload_hash(const struct afd_aws_request *q, char ret[65])
{
	struct afd_digest d;

	if (q->unsigned_payload) {
		snprintf(ret, 65, "UNSIGNED-PAYLOAD");
		return;
	}
	afd_sha256(q->payload, &d);
	snprintf(ret, 65, "%s", afd_digest_hex(&d).s);
}

static int collect_heads(const struct afd_aws_request *q, const struct afd_aws_credential *c, struct heads *h, struct afd_error *err)
{
	AFD_AUTO(mem) char *token = c->token.len && !c->token_after ? afd_text_dup(c->token) : NULL;
	char date[17], payload[65];

	amz_date(q->now_ms, date);
	payload_hash(q, payload);
	if (add_head(h, "host", q->host, err) < 0 || add_head(h, "x-amz-date", date, err) < 0 ||
	    (token && add_head(h, "x-amz-security-token", token, err) < 0) ||
	    ((q->s3 || q->hash_header) && add_head(h, "x-amz-content-sha256", payload, err) < 0))
		return -1;
	for (size_t i = 0; i < q->n_header; i++)
		if (add_head(h, q->header[i].name, q->header[i].value, err) < 0)
			return -1;
	qsort(h->at, h->n, sizeof(h->at[0]), by_lower);
	return 0;
}

static int add_lower(struct afd_buf *to, const char *s)
{
	for (; *s; s++)
		if (afd_buf_u8(to, (uint8_t)(*s >= 'A' && *s <= 'Z' ? *s + ('a' - 'A') : *s)) < 0)
			return -1;
	return 0;
}

/* Lines "name:value", values of one name with commas between; NAMES: the list of names. */
static int write_heads(const struct heads *h, struct afd_buf *lines, struct afd_buf *names)
{
	for (size_t i = 0; i < h->n; i++) {
		bool more = i && strcasecmp(h->at[i - 1].name, h->at[i].name) == 0;

		if (!more && ((i && (afd_buf_text(lines, "\n") < 0 || afd_buf_text(names, ";") < 0)) ||
			      add_lower(lines, h->at[i].name) < 0 || add_lower(names, h->at[i].name) < 0))
			return -1;
		if (afd_buf_text(lines, more ? "," : ":") < 0 || afd_buf_add_slice(lines, afd_buf_slice(&h->at[i].value)) < 0)
			return -1;
	}
	return afd_buf_text(lines, "\n");
}

/* --- the tasks --- */

static int canonical(const struct afd_aws_request *q, const struct afd_aws_credential *c, struct afd_buf *ret, struct afd_buf *names,
		     struct afd_error *err)
{
	__attribute__((cleanup(heads_release))) struct heads h = { .n = 0 };
	AFD_AUTO(buf) struct afd_buf lines = { 0 };
	char payload[65];

	payload_hash(q, payload);
	if (collect_heads(q, c, &h, err) < 0)
		return -1;
	if (afd_buf_printf(ret, "%s\n", q->method) < 0 || canonical_path(q, ret) < 0 || afd_buf_text(ret, "\n") < 0)
		return afd_fail_memory(err);
	if (canonical_query(q->query, ret, err) < 0)
		return -1;
	if (write_heads(&h, &lines, names) < 0 || afd_buf_text(ret, "\n") < 0 || afd_buf_add_slice(ret, afd_buf_slice(&lines)) < 0 ||
	    afd_buf_text(ret, "\n") < 0 || afd_buf_add_slice(ret, afd_buf_slice(names)) < 0 || afd_buf_printf(ret, "\n%s", payload) < 0)
		return afd_fail_memory(err);
	afd_buf_wipe(&lines);
	return 0;
}

int afd_aws_canonical(const struct afd_aws_request *q, const struct afd_aws_credential *c, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf names = { 0 };

	return canonical(q, c, ret, &names, err);
}

static int scope_of(const struct afd_aws_credential *c, const char date[17], struct afd_buf *ret)
{
	return afd_buf_printf(ret, "%.8s/%s/%s/aws4_request", date, c->region, c->service);
}

int afd_aws_string_to_sign(const struct afd_aws_request *q, const struct afd_aws_credential *c, struct afd_slice text,
			   struct afd_buf *ret, struct afd_error *err)
{
	struct afd_digest d;
	char date[17];

	amz_date(q->now_ms, date);
	afd_sha256(text, &d);
	if (afd_buf_printf(ret, "AWS4-HMAC-SHA256\n%s\n", date) < 0 || scope_of(c, date, ret) < 0 ||
	    afd_buf_printf(ret, "\n%s", afd_digest_hex(&d).s) < 0)
		return afd_fail_memory(err);
	return 0;
}

static struct afd_slice of(const struct afd_digest *d)
{
	return afd_slice(d->b, sizeof(d->b));
}

/* The key is good for one day, region and service. */
static int signing_key(const struct afd_aws_credential *c, const char date[17], struct afd_digest *ret)
{
	struct afd_buf first = { 0 };
	int r = afd_buf_text(&first, "AWS4") < 0 || afd_buf_add_slice(&first, c->secret) < 0 ? -1 : 0;

	if (r == 0) {
		afd_hmac_sha256(afd_buf_slice(&first), afd_slice(date, 8), ret);
		afd_hmac_sha256(of(ret), afd_slice_text(c->region), ret);
		afd_hmac_sha256(of(ret), afd_slice_text(c->service), ret);
		afd_hmac_sha256(of(ret), afd_slice_text("aws4_request"), ret);
	}
	afd_buf_wipe(&first);
	return r;
}

int afd_aws_sign(const struct afd_aws_request *q, const struct afd_aws_credential *c, struct afd_aws_signed *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(buf) struct afd_buf names = { 0 };
	AFD_AUTO(buf) struct afd_buf to_sign = { 0 };
	struct afd_buf *to = &ret->authorization;
	struct afd_digest key, d;

	amz_date(q->now_ms, ret->date);
	payload_hash(q, ret->payload);
	if (canonical(q, c, &text, &names, err) < 0 || afd_aws_string_to_sign(q, c, afd_buf_slice(&text), &to_sign, err) < 0)
		return -1;
	if (signing_key(c, ret->date, &key) < 0)
		return afd_fail_memory(err);
	afd_hmac_sha256(of(&key), afd_buf_slice(&to_sign), &d);
	explicit_bzero(&key, sizeof(key));
	if (afd_buf_printf(to, "AWS4-HMAC-SHA256 Credential=%s/", c->access_key_id) < 0 || scope_of(c, ret->date, to) < 0 ||
	    afd_buf_printf(to, ", SignedHeaders=%s, Signature=%s", (char *)names.data, afd_digest_hex(&d).s) < 0)
		return afd_fail_memory(err);
	return 0;
}
