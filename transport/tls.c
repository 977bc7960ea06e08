/* A TLS handshake with one server, to see what it presents. Nothing is verified here and nothing is sent after it: the
 * certificates are taken from the handshake message itself, byte for byte, because what a library makes of a certificate
 * is not what was on the wire. */
#include "transport/transport_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

enum { DEFAULT_WAIT = 5000, MOST_BYTES = 1 << 20, HANDSHAKE = 22, CERTIFICATE = 11 };

static void afd_ssl_ctx_release(SSL_CTX **c)
{
	SSL_CTX_free(*c);
}

static void afd_ssl_release(SSL **s)
{
	SSL_free(*s);
}

static void on_message(int sent, int version, int type, const void *buf, size_t len, SSL *ssl, void *arg)
{
	struct afd_buf *kept = arg;

	(void)version, (void)ssl;
	if (!sent && type == HANDSHAKE && len > 4 && *(const uint8_t *)buf == CERTIFICATE && kept->len == 0)
		afd_buf_add(kept, buf, len);
}

/* RFC 5246, 7.4.2; RFC 8446, 4.4.2: with a context before and extensions behind each certificate. */
static int certificates(struct afd_slice message, bool tls13, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(message), list;

	afd_read_u8(&r);
	r = afd_reader(afd_read_bytes(&r, afd_read_u24(&r)));
	if (tls13)
		afd_read_bytes(&r, afd_read_u8(&r));
	list = afd_reader(afd_read_bytes(&r, afd_read_u24(&r)));
	while (!r.bad && !list.bad && afd_reader_left(&list) > 0) {
		struct afd_slice der = afd_read_bytes(&list, afd_read_u24(&list));

		if (tls13)
			afd_read_bytes(&list, afd_read_u16(&list));
		if (list.bad || afd_buf_u8(ret, (uint8_t)(der.len >> 16)) < 0 || afd_buf_u16(ret, (uint16_t)der.len) < 0 ||
		    afd_buf_add_slice(ret, der) < 0)
			break;
	}
	if (r.bad || list.bad || ret->len == 0)
		return afd_fail(err, AFD_E_REMOTE, "handshake: the message with the certificates is broken or empty");
	return 0;
}

static int flush(const struct afd_wire *w, BIO *out, struct afd_error *err)
{
	char *p;
	long n = BIO_get_mem_data(out, &p);

	while (n > 0) {
		ssize_t k = send(w->fd, p, (size_t)n, MSG_NOSIGNAL);

		if (k < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
			return afd_wire_fail(errno, err);
		if (k < 0 && afd_wire_wait(w, POLLOUT, -1, err) < 0)
			return -1;
		p += k > 0 ? k : 0;
		n -= k > 0 ? k : 0;
	}
	return BIO_reset(out) < 0 ? afd_fail_memory(err) : 0;
}

static int fill(const struct afd_wire *w, BIO *in, size_t *total, struct afd_error *err)
{
	uint8_t room[16384];
	ssize_t n;

	do {
		if (afd_wire_wait(w, POLLIN, -1, err) < 0)
			return -1;
		n = recv(w->fd, room, sizeof(room), 0);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK));
	if (n < 0)
		return afd_wire_fail(errno, err);
	if (n == 0)
		return afd_fail(err, AFD_E_REMOTE, "handshake: the server closed the connection");
	*total += (size_t)n;
	if (*total > MOST_BYTES)
		return afd_fail(err, AFD_E_REMOTE, "handshake: more than %d bytes", MOST_BYTES);
	return BIO_write(in, room, (int)n) == n ? 0 : afd_fail_memory(err);
}

static int handshake(const struct afd_wire *w, SSL *ssl, BIO *in, BIO *out, struct afd_error *err)
{
	size_t total = 0;

	for (;;) {
		int r = SSL_connect(ssl), why = SSL_get_error(ssl, r);
		unsigned long e = r == 1 ? 0 : ERR_get_error();

		if (flush(w, out, r == 1 ? NULL : err) < 0)
			return r == 1 ? 0 : -1;
		if (r == 1)
			return 0;
		if (why != SSL_ERROR_WANT_READ)
			return afd_fail(err, AFD_E_REMOTE, "handshake: %s", e && ERR_reason_error_string(e) ? ERR_reason_error_string(e)
								: "it failed");
		if (fill(w, in, &total, err) < 0)
			return -1;
	}
}

static bool is_address(const char *s)
{
	uint8_t b[16];

	return inet_pton(AF_INET, s, b) == 1 || inet_pton(AF_INET6, s, b) == 1;
}

/* Old keys and hashes are taken: it is for the checks to say what they think of them. */
static SSL *new_ssl(SSL_CTX *ctx, const char *sni, struct afd_buf *kept, BIO **in, BIO **out)
{
	SSL *ssl;

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
	SSL_CTX_set_options(ctx, SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
#endif
	if (!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION))
		return NULL;
	ssl = SSL_new(ctx);
	*in = BIO_new(BIO_s_mem());
	*out = BIO_new(BIO_s_mem());
	if (!ssl || !*in || !*out) {
		BIO_free(*in);
		BIO_free(*out);
		SSL_free(ssl);
		return NULL;
	}
	BIO_set_mem_eof_return(*in, -1);
	SSL_set_bio(ssl, *in, *out);
	SSL_set_msg_callback(ssl, on_message);
	SSL_set_msg_callback_arg(ssl, kept);
	if (*sni && !is_address(sni))
		SSL_set_tlsext_host_name(ssl, sni);
	return ssl;
}

int afd_tls_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	__attribute__((cleanup(afd_wire_release))) struct afd_wire w = AFD_WIRE_NONE;
	__attribute__((cleanup(afd_ssl_ctx_release))) SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	__attribute__((cleanup(afd_ssl_release))) SSL *ssl = NULL;
	AFD_AUTO(buf) struct afd_buf kept = { .max = MOST_BYTES };
	BIO *in = NULL, *out = NULL;
	char where[128] = "";

	if (!q->server)
		return afd_fail(err, AFD_E_USAGE, "no server");
	ERR_clear_error();
	ssl = ctx ? new_ssl(ctx, q->sni ? q->sni : q->server, &kept, &in, &out) : NULL;
	if (!ssl)
		return afd_fail_memory(err);
	if (afd_wire_open(&w, SOCK_STREAM, q->server, q->port ? q->port : 443, q->wait_ms > 0 ? (long)q->wait_ms : DEFAULT_WAIT, where, err) < 0 ||
	    handshake(&w, ssl, in, out, err) < 0)
		return -1;
	snprintf(ret->channel, sizeof(ret->channel), "tls1.%d %s", SSL_version(ssl) == TLS1_3_VERSION ? 3 : 2, where);
	return certificates(afd_buf_slice(&kept), SSL_version(ssl) == TLS1_3_VERSION, &t->body, err);
}
