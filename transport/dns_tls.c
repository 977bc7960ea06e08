/* TLS around a zone transfer (RFC 9103): TLS 1.3, ALPN "dot", and a server that shows who it is before anything of ours is
 * said (strict profile, RFC 8310, 5). Bytes pass through memory, so the socket with its ends in time stays with dns.c, and a
 * connection cut without close_notify is told from one that ended. */
#include "transport/transport_private.h"

#include "core/digest.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define PEM_MAX (1u << 20)

struct afd_dot {
	const struct afd_dns_tls *how;
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out;                            /* belong to ssl */
	struct afd_digest pin;
	struct afd_error why;                     /* what was wrong with the server's certificate */
	bool wanted;                              /* it asked for our certificate */
	bool alpn;                                /* it came as far as its certificate: then ALPN is settled */
};

struct afd_dot *afd_dot_free(struct afd_dot *d)
{
	if (!d)
		return NULL;
	SSL_free(d->ssl);
	SSL_CTX_free(d->ctx);
	free(d);
	return NULL;
}

static const char *ssl_reason(void)
{
	unsigned long e = ERR_peek_last_error();
	const char *s = e ? ERR_reason_error_string(e) : NULL;

	return s ? s : "no reason given";
}

/* --- what we bring --- */

static void afd_x509_release(X509 **c)
{
	X509_free(*c);
}

static void afd_pkey_release(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

static void afd_bio_release(BIO **b)
{
	BIO_free(*b);
}

/* What a PEM file holds, certificate after certificate; TAKE says what is done with each. */
static int each_certificate(const char *path, int (*take)(SSL_CTX *ctx, X509 *c, unsigned n), SSL_CTX *ctx, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { .max = PEM_MAX };
	__attribute__((cleanup(afd_bio_release))) BIO *b = NULL;
	int64_t modified;
	unsigned n = 0;

	if (afd_user_file_read(path, &text, &modified, err) < 0)
		return -1;
	b = BIO_new_mem_buf(text.data, (int)text.len);
	for (; b; n++) {
		__attribute__((cleanup(afd_x509_release))) X509 *c = PEM_read_bio_X509(b, NULL, NULL, NULL);

		if (!c)
			break;
		if (!take(ctx, c, n))
			return afd_fail(err, AFD_E_CONFIG, "%s: certificate %u is not taken: %s", path, n + 1, ssl_reason());
	}
	if (!b)
		return afd_fail_memory(err);
	ERR_clear_error();
	return n ? 0 : afd_fail(err, AFD_E_CONFIG, "%s: expected certificates in PEM, found none", path);
}

static int take_root(SSL_CTX *ctx, X509 *c, unsigned n)
{
	(void)n;
	return X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), c);
}

static int take_own(SSL_CTX *ctx, X509 *c, unsigned n)
{
	return n == 0 ? SSL_CTX_use_certificate(ctx, c) : (int)SSL_CTX_add1_chain_cert(ctx, c);
}

/* A key under a passphrase is not asked for: nobody sits there. */
static int no_passphrase(char *buf, int size, int rw, void *ctx)
{
	(void)buf, (void)size, (void)rw, (void)ctx;
	return -1;
}

static int own_key(SSL_CTX *ctx, const char *path, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { .max = PEM_MAX };
	__attribute__((cleanup(afd_pkey_release))) EVP_PKEY *key = NULL;
	__attribute__((cleanup(afd_bio_release))) BIO *b = NULL;

	if (afd_private_file_read(path, PEM_MAX, &text, err) < 0)
		return -1;
	b = BIO_new_mem_buf(text.data, (int)text.len);
	key = b ? PEM_read_bio_PrivateKey(b, NULL, no_passphrase, NULL) : NULL;
	if (text.len)
		OPENSSL_cleanse(text.data, text.len);
	if (!key)
		return afd_fail(err, AFD_E_CONFIG, "%s: expected a private key in PEM without a passphrase", path);
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)
		return afd_fail(err, AFD_E_CONFIG, "%s: this key does not belong to the certificate", path);
	return 0;
}

static int trust(struct afd_dot *d, const struct afd_dns_tls *how, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf pin = { 0 };

	if (!how->name && !how->pin)
		return afd_fail(err, AFD_E_CONFIG, "tls: expected name or pin: a server that shows nothing could be anybody (RFC 9103, 9.3.1)");
	if (how->pin && (afd_unbase64(afd_slice_text(how->pin), &pin) < 0 || pin.len != sizeof(d->pin.b)))
		return afd_fail(err, AFD_E_CONFIG, "tls.pin: expected base64 of 32 bytes, got \"%.60s\"", how->pin);
	if (how->pin)
		memcpy(d->pin.b, pin.data, sizeof(d->pin.b));
	if (!how->name)
		return 0;
	if (how->ca_file)
		return each_certificate(how->ca_file, take_root, d->ctx, err) < 0 ? afd_within(err, "tls.ca_file") : 0;
	return SSL_CTX_set_default_verify_paths(d->ctx) == 1 ? 0 : afd_fail(err, AFD_E_CONFIG, "the system's roots cannot be read");
}

/* --- what the server brings --- */

/* "ns1.example, ns2.example": what is in the certificate, for the message. */
static void names_of(X509 *leaf, char ret[200])
{
	GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	size_t at = 0;

	ret[0] = 0;
	for (int i = 0; all && i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);

		if (g->type != GEN_DNS || at > 150)
			continue;
		for (int k = 0; k < ASN1_STRING_length(g->d.dNSName) && at < 190; k++) {
			unsigned char c = ASN1_STRING_get0_data(g->d.dNSName)[k];

			if (k == 0 && at)
				at += (size_t)snprintf(ret + at, 3, ", ");
			ret[at++] = c > 0x20 && c < 0x7f ? (char)c : '?';
			ret[at] = 0;
		}
	}
	GENERAL_NAMES_free(all);
	if (!ret[0])
		snprintf(ret, 200, "no DNS name");
}

static void time_text(const ASN1_TIME *t, char ret[80])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) == 1)
		snprintf(ret, 80, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	else
		snprintf(ret, 80, "an unreadable time");
}

static int refuse_chain(struct afd_dot *d, X509_STORE_CTX *store, X509 *leaf)
{
	const int e = X509_STORE_CTX_get_error(store);
	X509 *at = X509_STORE_CTX_get_current_cert(store);
	char names[200], when[80];

	switch (e) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
		names_of(leaf, names);
		return afd_fail(&d->why, AFD_E_VERIFY, "the server's certificate is for %s, expected %s", names, d->how->name);
	case X509_V_ERR_CERT_HAS_EXPIRED:
		time_text(X509_get0_notAfter(at ? at : leaf), when);
		return afd_fail(&d->why, AFD_E_VERIFY, "the server's certificate expired at %s", when);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		time_text(X509_get0_notBefore(at ? at : leaf), when);
		return afd_fail(&d->why, AFD_E_VERIFY, "the server's certificate begins at %s", when);
	default:
		return afd_fail(&d->why, AFD_E_VERIFY, "the server's certificate does not lead to %s: %s",
				d->how->ca_file ? "the roots of tls.ca_file" : "a root of this system", X509_verify_cert_error_string(e));
	}
}

static int check_pin(struct afd_dot *d, X509 *leaf)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_digest got;
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);

	if (n <= 0)
		return afd_fail(&d->why, AFD_E_VERIFY, "the key in the server's certificate cannot be read");
	afd_sha256(afd_slice(der, (size_t)n), &got);
	OPENSSL_free(der);
	if (memcmp(got.b, d->pin.b, sizeof(got.b)) == 0)
		return 0;
	if (afd_base64(afd_slice(got.b, sizeof(got.b)), &text) < 0)
		return afd_fail_memory(&d->why);
	return afd_fail(&d->why, AFD_E_VERIFY, "the server's key has the pin %s, expected %s", (char *)text.data, d->how->pin);
}

static int check_alpn(struct afd_dot *d)
{
	const unsigned char *p = NULL;
	unsigned n = 0;

	d->alpn = true;
	SSL_get0_alpn_selected(d->ssl, &p, &n);
	if (n == 3 && memcmp(p, "dot", 3) == 0)
		return 0;
	return afd_fail(&d->why, AFD_E_VERIFY, "the server selected no application protocol, expected ALPN \"dot\" (RFC 9103, 7.1)");
}

/* In place of OpenSSL's own verification. By a pin alone the key is all that counts, not the dates and names around it
 * (RFC 7858, 4.2). Our certificate is only shown behind this. */
static int check_server(X509_STORE_CTX *store, void *arg)
{
	struct afd_dot *d = arg;
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	int r = leaf ? check_alpn(d) : afd_fail(&d->why, AFD_E_VERIFY, "the server presented no certificate");

	if (r == 0 && d->how->name && X509_verify_cert(store) != 1)
		r = refuse_chain(d, store, leaf);
	if (r == 0 && d->how->pin)
		r = check_pin(d, leaf);
	if (r < 0 && X509_STORE_CTX_get_error(store) == X509_V_OK)
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return r == 0;
}

static int on_request(SSL *ssl, void *arg)
{
	(void)ssl;
	((struct afd_dot *)arg)->wanted = true;
	return 1;
}

const char *afd_dot_hint(const struct afd_dot *d)
{
	if (!d || !d->wanted)
		return "";
	return d->how->cert ? "; it had asked for our certificate and may not have taken it (tls.cert)"
			    : "; the server wants a certificate of ours: tls.cert and tls.key";
}

/* --- the connection --- */

static int set_up(struct afd_dot *d, int64_t now_ms)
{
	static const unsigned char alpn[] = "\3dot";
	X509_VERIFY_PARAM *param;

	d->ssl = SSL_new(d->ctx);
	d->in = BIO_new(BIO_s_mem());
	d->out = BIO_new(BIO_s_mem());
	if (!d->ssl || !d->in || !d->out) {
		BIO_free(d->in);
		BIO_free(d->out);
		return -1;
	}
	BIO_set_mem_eof_return(d->in, -1);
	SSL_set_bio(d->ssl, d->in, d->out);
	SSL_set_connect_state(d->ssl);
	param = SSL_get0_param(d->ssl);
	X509_VERIFY_PARAM_set_time(param, (time_t)(now_ms / 1000));
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (SSL_set_alpn_protos(d->ssl, alpn, sizeof(alpn) - 1) != 0)
		return -1;
	return !d->how->name || (SSL_set_tlsext_host_name(d->ssl, d->how->name) == 1 && X509_VERIFY_PARAM_set1_host(param, d->how->name, 0) == 1) ? 0 : -1;
}

int afd_dot_new(const struct afd_dns_tls *how, int64_t now_ms, struct afd_dot **ret, struct afd_error *err)
{
	struct afd_dot *d = calloc(1, sizeof(*d));

	ERR_clear_error();
	if (!d || !(d->ctx = SSL_CTX_new(TLS_client_method()))) {
		free(d);
		return afd_fail_memory(err);
	}
	d->how = how;
	SSL_CTX_set_verify(d->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(d->ctx, check_server, d);
	SSL_CTX_set_cert_cb(d->ctx, on_request, d);
	SSL_CTX_set_session_cache_mode(d->ctx, SSL_SESS_CACHE_OFF);
	if (!how->cert != !how->key)
		afd_fail(err, AFD_E_CONFIG, "tls: expected cert and key together, got only %s", how->cert ? "cert" : "key");
	else if (SSL_CTX_set_min_proto_version(d->ctx, TLS1_3_VERSION) != 1)
		afd_fail(err, AFD_E_IO, "this OpenSSL offers no TLS 1.3");
	else if (trust(d, how, err) == 0 &&
		 (!how->cert || (each_certificate(how->cert, take_own, d->ctx, err) == 0 && own_key(d->ctx, how->key, err) == 0))) {
		if (set_up(d, now_ms) == 0) {
			*ret = d;
			return 0;
		}
		afd_fail_memory(err);
	}
	afd_dot_free(d);
	return -1;
}

static const struct { int reason; const char *text; } alerts[] = {
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,       "the server speaks no TLS 1.3, which a transfer needs (RFC 9103, 7.2)" },
	{ SSL_R_UNSUPPORTED_PROTOCOL,               "the server speaks no TLS 1.3, which a transfer needs (RFC 9103, 7.2)" },
	{ SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, "the server knows no ALPN \"dot\" (RFC 9103, 7.1)" },
	{ SSL_R_WRONG_VERSION_NUMBER,               "what the server answered is no TLS: is this its port for plain TCP?" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,  "the server wants a certificate of ours: tls.cert and tls.key" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA,             "the server does not know the authority of our certificate (tls.cert)" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,        "the server does not take our certificate (tls.cert)" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,    "our certificate has expired (tls.cert)" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,    "the server does not take our certificate (tls.cert)" },
};

static int fault(struct afd_dot *d, struct afd_error *err)
{
	const int reason = ERR_GET_REASON(ERR_peek_last_error());

	if (d->why.code)
		return afd_fail(err, d->why.code, "%s", d->why.text);
	for (size_t i = 0; i < AFD_COUNT(alerts); i++)
		if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_SSL && reason == alerts[i].reason)
			return afd_fail(err, AFD_E_VERIFY, "%s", alerts[i].text);
	return afd_fail(err, AFD_E_REMOTE, "TLS: %s", ssl_reason());
}

int afd_dot_shake(struct afd_dot *d, struct afd_error *err)
{
	ERR_clear_error();
	int r = SSL_do_handshake(d->ssl);

	if (r != 1)
		return SSL_get_error(d->ssl, r) == SSL_ERROR_WANT_READ ? 0 : fault(d, err);
	/* A resumed session would bring no certificate; we never resume, so whoever comes here was looked at. */
	return d->alpn ? 1 : afd_fail(err, AFD_E_VERIFY, "the server presented no certificate");
}

int afd_dot_put(struct afd_dot *d, struct afd_slice plain, struct afd_error *err)
{
	size_t n;

	ERR_clear_error();
	return SSL_write_ex(d->ssl, plain.data, plain.len, &n) == 1 && n == plain.len ? 0 : fault(d, err);
}

int afd_dot_feed(struct afd_dot *d, struct afd_slice wire, struct afd_error *err)
{
	return wire.len == 0 || BIO_write(d->in, wire.data, (int)wire.len) == (int)wire.len ? 0 : afd_fail_memory(err);
}

struct afd_slice afd_dot_out(struct afd_dot *d)
{
	char *p = NULL;
	long n = BIO_get_mem_data(d->out, &p);

	return afd_slice(p, n > 0 ? (size_t)n : 0);
}

void afd_dot_sent(struct afd_dot *d)
{
	(void)BIO_reset(d->out);
}

int afd_dot_take(struct afd_dot *d, struct afd_buf *ret, struct afd_error *err)
{
	size_t n = 0;

	if (afd_buf_reserve(ret, 65536) < 0)
		return afd_fail_memory(err);
	ERR_clear_error();
	int r = SSL_read_ex(d->ssl, ret->data + ret->len, 65536, &n);

	if (r != 1) {
		switch (SSL_get_error(d->ssl, r)) {
		case SSL_ERROR_WANT_READ:
			return AFD_DOT_MORE;
		case SSL_ERROR_ZERO_RETURN:
			return AFD_DOT_END;
		default:
			return fault(d, err);
		}
	}
	ret->len += n;
	ret->data[ret->len] = 0;
	return AFD_DOT_SOME;
}

void afd_dot_channel(const struct afd_dot *d, const char *where, char *ret, size_t size)
{
	snprintf(ret, size, "tls1.3 %s alpn dot%s%s%s", where, d->how->name ? " name " : "", d->how->name ? d->how->name : "", d->how->pin ? " pin" : "");
}
