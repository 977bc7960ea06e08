/* EPP over TLS (RFC 5734) on libcurl's connection: it does the handshake with our certificate, and hands the connection
 * over. One connection is open at a time; an answer is the frame that follows ours. */
#include "transport/transport_private.h"

#include <poll.h>
#include <stdio.h>

#define HEADER     4            /* RFC 5734, 4: the length counts itself */
#define PORT       700

void afd_epp_close(struct afd_transport *t)
{
	if (t->epp)
		curl_easy_cleanup(t->epp);
	t->epp = NULL;
}

static int broken(struct afd_transport *t, struct afd_error *err, const char *text)
{
	afd_epp_close(t);
	return afd_fail(err, AFD_E_REMOTE, "%s", text);
}

/* The key file is read here, so that one that others can read is refused as everywhere. */
static int set_own_certificate(CURL *c, const struct afd_dns_tls *tls, struct afd_error *err)
{
	struct afd_buf key = { 0 };
	struct curl_blob blob;
	int r = 0;

	if (!tls->cert)
		return 0;
	if (afd_private_file_read(tls->key ? tls->key : tls->cert, 1u << 20, &key, err) < 0)
		return afd_within(err, "key of our certificate");
	blob = (struct curl_blob){ key.data, key.len, CURL_BLOB_COPY };
	if (curl_easy_setopt(c, CURLOPT_SSLCERT, tls->cert) || curl_easy_setopt(c, CURLOPT_SSLKEY_BLOB, &blob))
		r = afd_fail(err, AFD_E_IO, "libcurl refuses an option that is needed");
	afd_buf_wipe(&key);
	return r;
}

static int set_connection(struct afd_transport *t, const struct afd_request *q, const char *url, struct curl_slist *to, char *detail,
	struct afd_error *err)
{
	CURL *c = t->epp;

	if (curl_easy_setopt(c, CURLOPT_URL, url) || curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L) ||
	    curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L) || curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") ||
	    curl_easy_setopt(c, CURLOPT_PROXY, "") || curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) ||
	    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) || curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ||
	    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) || curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, t->patience.connect_ms) ||
	    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, detail) || (to && curl_easy_setopt(c, CURLOPT_CONNECT_TO, to)))
		return afd_fail(err, AFD_E_IO, "libcurl refuses an option that is needed");
	if (q->tls && q->tls->ca_file && (curl_easy_setopt(c, CURLOPT_CAINFO, q->tls->ca_file) || curl_easy_setopt(c, CURLOPT_CAPATH, NULL)))
		return afd_fail(err, AFD_E_IO, "libcurl refuses an option that is needed");
	return q->tls ? set_own_certificate(c, q->tls, err) : 0;
}

static void afd_slist_release(struct curl_slist **l)
{
	curl_slist_free_all(*l);
	*l = NULL;
}

static int connect_to(struct afd_transport *t, const struct afd_request *q, struct afd_error *err)
{
	__attribute__((cleanup(afd_slist_release))) struct curl_slist *to = NULL;
	const char *const name = q->tls && q->tls->name ? q->tls->name : q->server;
	const unsigned port = q->port ? q->port : PORT;
	AFD_AUTO(mem) char *url = afd_sprintf("https://%s:%u/", name, port);
	AFD_AUTO(mem) char *where = afd_sprintf("%s:%u:%s:%u", name, port, q->server, port);
	char detail[CURL_ERROR_SIZE] = "";
	CURLcode code;

	afd_epp_close(t);
	t->epp = curl_easy_init();
	if (!url || !where || !t->epp || (name != q->server && !(to = curl_slist_append(NULL, where))))
		return afd_fail_memory(err);
	if (set_connection(t, q, url, to, detail, err) < 0) {
		afd_epp_close(t);
		return -1;
	}
	code = curl_easy_perform(t->epp);
	curl_easy_setopt(t->epp, CURLOPT_ERRORBUFFER, NULL);
	if (code == CURLE_OK)
		return 0;
	afd_epp_close(t);
	return afd_fail(err, code == CURLE_SSL_CERTPROBLEM ? AFD_E_CONFIG : AFD_E_REMOTE, "no connection: %s", *detail ? detail : curl_easy_strerror(code));
}

static int wait_for(struct afd_transport *t, short events, struct afd_error *err)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	struct pollfd p;

	if (curl_easy_getinfo(t->epp, CURLINFO_ACTIVESOCKET, &fd) || fd == CURL_SOCKET_BAD)
		return broken(t, err, "the connection broke");
	p = (struct pollfd){ .fd = fd, .events = events };
	if (poll(&p, 1, (int)t->patience.stall_ms) == 0) {
		afd_epp_close(t);
		return afd_fail(err, AFD_E_REMOTE, "the server was silent for %ld s", (t->patience.stall_ms + 999) / 1000);
	}
	return 0;
}

static int send_all(struct afd_transport *t, const uint8_t *data, size_t n, struct afd_error *err)
{
	while (n) {
		size_t done = 0;
		CURLcode code = curl_easy_send(t->epp, data, n, &done);

		if (code != CURLE_OK && code != CURLE_AGAIN)
			return broken(t, err, "the connection broke while asking");
		data += done;
		n -= done;
		if (code == CURLE_AGAIN && wait_for(t, POLLOUT, err) < 0)
			return -1;
	}
	return 0;
}

/* TLS may hold bytes that the socket does not show any more, so reading comes before waiting. */
static int receive(struct afd_transport *t, uint8_t *data, size_t n, struct afd_error *err)
{
	while (n) {
		size_t done = 0;
		CURLcode code = curl_easy_recv(t->epp, data, n, &done);

		if (code == CURLE_AGAIN) {
			if (wait_for(t, POLLIN, err) < 0)
				return -1;
			continue;
		}
		if (code != CURLE_OK || !done)
			return broken(t, err, "the connection was closed before the frame was complete");
		data += done;
		n -= done;
	}
	return 0;
}

static int take_frame(struct afd_transport *t, struct afd_error *err)
{
	uint8_t head[HEADER];
	size_t len;

	if (receive(t, head, sizeof(head), err) < 0)
		return -1;
	len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	if (len <= HEADER || len - HEADER > AFD_MAX_EPP_FRAME) {
		afd_epp_close(t);
		return afd_fail(err, len <= HEADER ? AFD_E_REMOTE : AFD_E_LIMIT, "a frame of %zu bytes is announced; expected 5 to %u", len,
			AFD_MAX_EPP_FRAME + HEADER);
	}
	len -= HEADER;
	if (afd_buf_reserve(&t->body, len) < 0)
		return afd_fail_memory(err);
	if (receive(t, t->body.data, len, err) < 0)
		return -1;
	t->body.len = len;
	t->body.data[len] = 0;
	return 0;
}

static void name_channel(const struct afd_transport *t, const struct afd_request *q, struct afd_response *ret)
{
	char *address = NULL;

	curl_easy_getinfo(t->epp, CURLINFO_PRIMARY_IP, &address);
	snprintf(ret->channel, sizeof(ret->channel), "tls %s:%u (%s)%s", q->tls && q->tls->name ? q->tls->name : q->server,
		q->port ? (unsigned)q->port : PORT, address ? address : "-", q->tls && q->tls->cert ? " with our certificate" : "");
}

int afd_epp_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	const size_t len = q->query.len + HEADER;
	const uint8_t head[HEADER] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };

	if (!q->server)
		return afd_fail(err, AFD_E_USAGE, "no server");
	if (q->query.len > AFD_MAX_EPP_FRAME)
		return afd_fail(err, AFD_E_USAGE, "a frame of %zu bytes", q->query.len);
	if (!q->query.len && connect_to(t, q, err) < 0)
		return afd_within(err, "%s", q->server);
	if (!t->epp)
		return afd_fail(err, AFD_E_REMOTE, "%s: the connection is closed", q->server);
	if (q->query.len && (send_all(t, head, sizeof(head), err) < 0 || send_all(t, q->query.data, q->query.len, err) < 0))
		return afd_within(err, "%s", q->server);
	if (take_frame(t, err) < 0)
		return afd_within(err, "%s", q->server);
	name_channel(t, q, ret);
	snprintf(ret->media_type, sizeof(ret->media_type), "application/epp+xml");
	if (q->hang_up)
		afd_epp_close(t);
	return 0;
}
