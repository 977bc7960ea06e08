/* TLS is verified: against the system's roots, against roots that were named, and by the name that was asked for. */
#include "server.h"
#include "core/file.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

static char root_path[] = "/tmp/affidavit-root-XXXXXX";
static EVP_PKEY *key;
static X509 *cert;

static X509 *self_signed(EVP_PKEY *k, const char *names)
{
	X509 *c = X509_new();
	X509_NAME *n = X509_get_subject_name(c);
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509_set_version(c, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
	X509_gmtime_adj(X509_getm_notBefore(c), -86400);
	X509_gmtime_adj(X509_getm_notAfter(c), 86400);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(c, n);
	X509_set_pubkey(c, k);
	X509V3_set_ctx(&ctx, c, c, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, names);
	X509_add_ext(c, e, -1);
	X509_EXTENSION_free(e);
	assert_true(X509_sign(c, k, EVP_sha256()) > 0);
	return c;
}

static void serve_tls(int c)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *s;
	char b[4096];

	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	s = SSL_new(ctx);
	SSL_set_fd(s, c);
	if (SSL_accept(s) == 1 && SSL_read(s, b, sizeof(b)) > 0) {
		const char *answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsealed";

		SSL_write(s, answer, (int)strlen(answer));
		SSL_shutdown(s);
	}
	SSL_free(s);
	SSL_CTX_free(ctx);
}

static struct server srv;
static struct afd_transport *t;

static int begin(void **state)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *pem;
	long n;
	int fd = mkstemp(root_path);

	(void)state;
	key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	cert = self_signed(key, "IP:127.0.0.1");
	PEM_write_bio_X509(b, cert);
	n = BIO_get_mem_data(b, &pem);
	put(fd, pem, (size_t)n);
	close(fd);
	BIO_free(b);
	srv = server_start(serve_tls);
	t = test_transport(NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	server_stop(&srv);
	t = afd_transport_free(t);
	X509_free(cert);
	EVP_PKEY_free(key);
	return unlink(root_path);
}

static int ask(const char *host, const char *ca_file, struct afd_response *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *url = afd_sprintf("https://%s:%u/", host, srv.port);
	struct afd_request q = { .url = url, .ca_file = ca_file };

	return afd_transport_do(t, &q, ret, err);
}

static void a_named_root_is_trusted(void **state)
{
	AFD_AUTO(mem) char *channel = afd_sprintf("tls1.3 127.0.0.1:%u", srv.port);
	struct afd_response r;

	(void)state;
	assert_int_equal(ask("127.0.0.1", root_path, &r, NULL), 0);
	assert_int_equal(r.status, 200);
	assert_true(afd_slice_equal(r.body, SLICE("sealed")));
	assert_string_equal(r.channel, channel);
}

static void others_are_not(void **state)
{
	struct afd_response r;
	struct afd_error e;

	(void)state;
	assert_failed(ask("127.0.0.1", NULL, &r, &e), &e, AFD_E_REMOTE, "the server's certificate is not accepted: ");
	assert_failed(ask("localhost", root_path, &r, &e), &e, AFD_E_REMOTE, "the server's certificate is not accepted: ");
	assert_failed(ask("127.0.0.1", "/no/such/file", &r, &e), &e, AFD_E_CONFIG, "the file of trusted roots cannot be read");
}

static void not_tls_at_all(void **state)
{
	AFD_AUTO(mem) char *url = afd_sprintf("http://127.0.0.1:%u/", srv.port);
	struct afd_request q = { .url = url };
	struct afd_response r;

	(void)state;
	assert_int_equal(afd_transport_do(t, &q, &r, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_named_root_is_trusted),
		cmocka_unit_test(others_are_not),
		cmocka_unit_test(not_tls_at_all),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
