/* Credentials that stand in one header, and signatures of AWS. */
#include "collector/api/auth.h"

#include <stdio.h>

#include "collector/api/aws_sign.h"

struct afd_auth *afd_auth_free(struct afd_auth *a)
{
	if (a) {
		free(a->name);
		a->name = NULL;
		a->free(a);
	}
	return NULL;
}

int afd_auth_secret(const struct afd_source_config *sc, const char *field, const char *ref, struct afd_buf *ret,
		    struct afd_error *err)
{
	struct afd_buf s = { 0 };
	int r;

	if (!ref)
		return afd_fail(err, AFD_E_CONFIG, "%s: a required field is missing", field);
	r = sc->secret(sc->secret_ctx, ref, &s, err);
	for (size_t i = 0; r == 0 && i < s.len; i++)
		if (s.data[i] < 0x20 || s.data[i] == 0x7f)
			r = afd_fail(err, AFD_E_CONFIG, "%s: %s: more than one line, or a control character", field, ref);
	if (r == 0 && !s.len)
		r = afd_fail(err, AFD_E_CONFIG, "%s: %s: empty", field, ref);
	if (r == 0 && afd_buf_add_slice(ret, afd_buf_slice(&s)) < 0)
		r = afd_fail_memory(err);
	afd_buf_wipe(&s);
	return r;
}

/* --- one header --- */

struct header_auth { struct afd_auth a; char header[48]; struct afd_buf value; };

static int header_sign(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err)
{
	struct header_auth *h = (struct header_auth *)a;

	(void)now;
	return afd_ask_header(q, h->header, (char *)h->value.data, err);
}

static void header_free(struct afd_auth *a)
{
	struct header_auth *h = (struct header_auth *)a;

	afd_buf_wipe(&h->value);
	free(h);
}

int afd_auth_header(const struct afd_source_config *sc, const char *field, const char *ref, const char *header,
		    const char *prefix, struct afd_auth **ret, struct afd_error *err)
{
	struct header_auth *h = calloc(1, sizeof(*h));

	if (!h)
		return afd_fail_memory(err);
	h->a = (struct afd_auth){ .sign = header_sign, .free = header_free, .name = afd_strdup(ref) };
	snprintf(h->header, sizeof(h->header), "%s", header);
	if (afd_buf_text(&h->value, prefix) < 0 || (ref && !h->a.name)) {
		afd_auth_free(&h->a);
		return afd_fail_memory(err);
	}
	if (afd_auth_secret(sc, field, ref, &h->value, err) < 0) {
		afd_auth_free(&h->a);
		return -1;
	}
	*ret = &h->a;
	return 0;
}

/* --- AWS --- */

struct aws_auth {
	struct afd_auth a;
	struct afd_buf secret, token;
	char *id, *region, *service;
};

static void aws_free(struct afd_auth *a)
{
	struct aws_auth *w = (struct aws_auth *)a;

	afd_buf_wipe(&w->secret);
	afd_buf_wipe(&w->token);
	free(w->id);
	free(w->region);
	free(w->service);
	free(w);
}

/* Host, path and query of the URL, cut apart in a copy. */
static char *url_parts(const struct afd_ask *q, const char **host, const char **path, const char **query)
{
	char *url = afd_strdup((const char *)q->url.data), *at = url ? strstr(url, "://") : NULL, *slash, *mark;

	if (!at) {
		free(url);
		return NULL;
	}
	/* The host is moved to the front to make room for its end. */
	at += 3;
	slash = at + strcspn(at, "/?");
	mark = strchr(slash, '?');
	*query = mark ? mark + 1 : NULL;
	if (mark)
		*mark = '\0';
	memmove(url, at, (size_t)(slash - at));
	url[slash - at] = '\0';
	*host = url;
	*path = slash;
	return url;
}

static int aws_sign(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err)
{
	const struct aws_auth *w = (const struct aws_auth *)a;
	struct afd_aws_header header[AFD_COUNT(q->header) + 1];
	const struct afd_aws_credential c = { .access_key_id = w->id, .region = w->region, .service = w->service,
		.secret = afd_buf_slice(&w->secret), .token = afd_buf_slice(&w->token) };
	struct afd_aws_request r = { .method = q->media_type ? "POST" : "GET", .header = header, .payload = afd_buf_slice(&q->body),
		.s3 = strcmp(w->service, "s3") == 0, .now_ms = now };
	struct afd_aws_signed s = { 0 };
	AFD_AUTO(mem) char *url = url_parts(q, &r.host, &r.path, &r.query);
	int rc;

	if (!url)
		return afd_fail(err, AFD_E_CONFIG, "url: expected https://...");
	for (size_t i = 0; i < q->n_header; i++)
		header[r.n_header++] = (struct afd_aws_header){ q->header[i].name, (char *)q->header[i].value.data };
	if (q->media_type)
		header[r.n_header++] = (struct afd_aws_header){ "Content-Type", q->media_type };
	rc = afd_aws_sign(&r, &c, &s, err);
	if (rc == 0 && (afd_ask_header(q, "X-Amz-Date", s.date, err) < 0 ||
			(r.s3 && afd_ask_header(q, "X-Amz-Content-Sha256", s.payload, err) < 0) ||
			(w->token.len && afd_ask_header(q, "X-Amz-Security-Token", (char *)w->token.data, err) < 0) ||
			afd_ask_header(q, "Authorization", (char *)s.authorization.data, err) < 0))
		rc = -1;
	afd_buf_wipe(&s.authorization);
	return rc;
}

int afd_auth_aws(const struct afd_source_config *sc, const struct afd_aws_keys *keys, struct afd_auth **ret,
		 struct afd_error *err)
{
	struct aws_auth *w = calloc(1, sizeof(*w));

	if (!w)
		return afd_fail_memory(err);
	w->a = (struct afd_auth){ .sign = aws_sign, .free = aws_free, .name = afd_strdup(keys->access_key_id) };
	w->id = afd_strdup(keys->access_key_id);
	w->region = afd_strdup(keys->region);
	w->service = afd_strdup(keys->service);
	if (!w->a.name || !w->id || !w->region || !w->service) {
		afd_auth_free(&w->a);
		return afd_fail(err, AFD_E_CONFIG, "access_key_id: a required field is missing");
	}
	if (afd_auth_secret(sc, "secret_access_key", keys->secret_ref, &w->secret, err) < 0 ||
	    (keys->token_ref && afd_auth_secret(sc, "session_token", keys->token_ref, &w->token, err) < 0)) {
		afd_auth_free(&w->a);
		return -1;
	}
	*ret = &w->a;
	return 0;
}
