#include "collector/api/edgegrid.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/digest.h"
#include "core/env.h"

static int hmac_base64(struct afd_slice key, struct afd_slice text, struct afd_buf *ret)
{
	struct afd_digest d;

	afd_hmac_sha256(key, text, &d);
	return afd_base64(afd_slice(d.b, sizeof(d.b)), ret);
}

/* "METHOD scheme host path?query headers hash ", with tabs between; no header of ours is signed, and of bodies only those of POST. */
static int request_line(const char *method, const char *url, struct afd_slice body, struct afd_buf *ret, struct afd_error *err)
{
	const char *at = strstr(url, "://"), *host = at ? at + 3 : NULL;
	const size_t n = host ? strcspn(host, "/?") : 0;
	struct afd_digest d;

	if (!n)
		return afd_fail(err, AFD_E_CONFIG, "url: expected https://...");
	if (afd_buf_printf(ret, "%s\t%.*s\t%.*s\t%s%s\t\t", method, (int)(at - url), url, (int)n, host, host[n] == '/' ? "" : "/", host + n) < 0)
		return afd_fail_memory(err);
	if (strcmp(method, "POST") == 0 && body.len) {
		afd_sha256(body, &d);
		if (afd_base64(afd_slice(d.b, sizeof(d.b)), ret) < 0)
			return afd_fail_memory(err);
	}
	return afd_buf_text(ret, "\t") < 0 ? afd_fail_memory(err) : 0;
}

int afd_edgegrid_sign(const struct afd_edgegrid *k, const char *method, const char *url, struct afd_slice body, const char *nonce, int64_t now_ms,
                      struct afd_buf *ret, struct afd_error *err)
{
	struct afd_buf key = { 0 }, text = { 0 }, head = { 0 };
	int y, mon, d, h, m, s, ms, r = -1;
	char time[40];

	afd_when_split(now_ms, &y, &mon, &d, &h, &m, &s, &ms);
	snprintf(time, sizeof(time), "%04d%02d%02dT%02d:%02d:%02d+0000", y, mon, d, h, m, s);
	if (afd_buf_printf(&head, "EG1-HMAC-SHA256 client_token=%s;access_token=%s;timestamp=%s;nonce=%s;", k->client_token, k->access_token, time, nonce) < 0 ||
	    hmac_base64(k->secret, afd_slice_text(time), &key) < 0)
		afd_fail_memory(err);
	else if (request_line(method, url, body, &text, err) == 0)
		r = afd_buf_add_slice(&text, afd_buf_slice(&head)) < 0 || afd_buf_add_slice(ret, afd_buf_slice(&head)) < 0 || afd_buf_text(ret, "signature=") < 0 ||
		    hmac_base64(afd_buf_slice(&key), afd_buf_slice(&text), ret) < 0 ? afd_fail_memory(err) : 0;
	afd_buf_wipe(&key);
	afd_buf_release(&text);
	afd_buf_release(&head);
	return r;
}

/* --- as a credential --- */

struct edgegrid_auth { struct afd_auth a; char *client_token, *access_token; struct afd_buf secret; uint8_t seed[12]; uint32_t count; };

static void auth_free(struct afd_auth *a)
{
	struct edgegrid_auth *w = (struct edgegrid_auth *)a;

	afd_buf_wipe(&w->secret);
	free(w->client_token);
	free(w->access_token);
	free(w);
}

static int auth_sign(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err)
{
	struct edgegrid_auth *w = (struct edgegrid_auth *)a;
	const struct afd_edgegrid k = { w->client_token, w->access_token, afd_buf_slice(&w->secret) };
	struct afd_buf value = { 0 };
	char nonce[48];
	size_t n = 0;
	int r;

	for (size_t i = 0; i < sizeof(w->seed); i++)
		n += (size_t)snprintf(nonce + n, sizeof(nonce) - n, "%02x", w->seed[i]);
	snprintf(nonce + n, sizeof(nonce) - n, "-%08" PRIx32, w->count++);
	r = afd_edgegrid_sign(&k, q->media_type ? "POST" : "GET", (const char *)q->url.data, afd_buf_slice(&q->body), nonce, now, &value, err);
	if (r == 0)
		r = afd_ask_header(q, "Authorization", (const char *)value.data, err);
	afd_buf_wipe(&value);
	return r;
}

int afd_auth_edgegrid(const struct afd_source_config *sc, const struct afd_edgegrid_keys *keys, struct afd_auth **ret, struct afd_error *err)
{
	struct edgegrid_auth *w = calloc(1, sizeof(*w));

	if (!w)
		return afd_fail_memory(err);
	w->a = (struct afd_auth){ .sign = auth_sign, .free = auth_free, .name = afd_strdup(keys->access_token) };
	w->client_token = afd_strdup(keys->client_token);
	w->access_token = afd_strdup(keys->access_token);
	if (!w->client_token || !w->access_token || !w->a.name || afd_random(sc->env, w->seed, sizeof(w->seed)) < 0) {
		afd_auth_free(&w->a);
		return afd_fail(err, AFD_E_CONFIG, "client_token, access_token: a required field is missing");
	}
	if (afd_auth_secret(sc, "client_secret", keys->secret_ref, &w->secret, err) < 0) {
		afd_auth_free(&w->a);
		return -1;
	}
	*ret = &w->a;
	return 0;
}
