#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include "core/when.h"
#include "sample.h"

static EVP_PKEY *make_key(const char *kind)
{
	EVP_PKEY *k;

	if (!kind)
		kind = "P-256";
	if (strncmp(kind, "RSA-", 4) == 0)
		k = EVP_RSA_gen((unsigned)strtoul(kind + 4, NULL, 10));
	else if (strcmp(kind, "ED25519") == 0)
		k = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		k = EVP_EC_gen(kind);
	assert_non_null(k);
	return k;
}

static void add_extension(X509 *cert, X509 *issuer, const char *name, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *x;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	x = X509V3_EXT_conf(NULL, &ctx, name, value);
	assert_non_null(x);
	assert_int_equal(X509_add_ext(cert, x, -1), 1);
	X509_EXTENSION_free(x);
}

static void add_to_name(X509_NAME *n, const char *type, const char *text)
{
	assert_int_equal(X509_NAME_add_entry_by_txt(n, type, MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0), 1);
}

static X509_NAME *make_name(const char *cn, bool test_unit)
{
	X509_NAME *n = X509_NAME_new();

	if (test_unit)
		add_to_name(n, "OU", "TEST - not for evidence");
	add_to_name(n, "CN", cn);
	return n;
}

struct made make_cert(const struct wanted_cert *w, const struct made *issuer)
{
	static long next_serial = 1000;
	struct made m = { .cert = X509_new(), .key = w->use_key ? w->use_key : make_key(w->key) };
	EVP_PKEY *signing = issuer ? issuer->key : m.key;
	X509 *above = issuer ? issuer->cert : m.cert;
	const char *usual = w->ca ? "critical,keyCertSign" : "critical,digitalSignature";
	const EVP_MD *md = w->sha1 ? EVP_sha1() : EVP_sha256();
	X509_NAME *name = make_name(w->cn ? w->cn : "Signer", w->test_unit);

	if (w->use_key)
		EVP_PKEY_up_ref(w->use_key);
	X509_set_version(m.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(m.cert), w->serial ? w->serial : next_serial++);
	X509_set_subject_name(m.cert, name);
	X509_NAME_free(name);
	name = w->issuer_cn ? make_name(w->issuer_cn, false) : X509_NAME_dup(X509_get_subject_name(above));
	X509_set_issuer_name(m.cert, name);
	X509_NAME_free(name);
	ASN1_TIME_set(X509_getm_notBefore(m.cert), (time_t)((w->from_ms ? w->from_ms : NOW - AFD_DAY) / 1000));
	ASN1_TIME_set(X509_getm_notAfter(m.cert), (time_t)((w->to_ms ? w->to_ms : NOW + 365 * AFD_DAY) / 1000));
	X509_set_pubkey(m.cert, m.key);
	if (w->ca)
		add_extension(m.cert, above, "basicConstraints", "critical,CA:TRUE");
	if (!w->key_usage || *w->key_usage)
		add_extension(m.cert, above, "keyUsage", w->key_usage ? w->key_usage : usual);
	if (w->eku)
		add_extension(m.cert, above, "extendedKeyUsage", w->eku);
	add_extension(m.cert, above, "subjectKeyIdentifier", "hash");
	if (EVP_PKEY_is_a(signing, "ED25519"))
		md = NULL;
	assert_true(X509_sign(m.cert, signing, md) > 0);
	return m;
}

void made_free(struct made *m)
{
	X509_free(m->cert);
	EVP_PKEY_free(m->key);
}

static void take(BIO *bio, struct afd_buf *ret)
{
	char *text = NULL;
	long n = BIO_get_mem_data(bio, &text);

	assert_int_equal(afd_buf_add(ret, text, (size_t)n), 0);
	BIO_free(bio);
}

void made_pem(EVP_PKEY *key, const char *passphrase, X509 *const *certs, size_t n, struct afd_buf *ret)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int r = 1;

	if (key)
		r = PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase ? EVP_aes_256_cbc() : NULL, passphrase,
		                                  passphrase ? (int)strlen(passphrase) : 0, NULL, NULL);
	assert_int_equal(r, 1);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(PEM_write_bio_X509(bio, certs[i]), 1);
	take(bio, ret);
}

static void write_p12(const struct made *m, const char *passphrase, int cipher, struct afd_buf *ret)
{
	PKCS12 *p = PKCS12_create(passphrase, "signer", m->key, m->cert, NULL, cipher, cipher, 0, 0, 0);
	BIO *bio = BIO_new(BIO_s_mem());

	assert_non_null(p);
	assert_int_equal(i2d_PKCS12_bio(bio, p), 1);
	PKCS12_free(p);
	take(bio, ret);
}

void made_p12(const struct made *m, const char *passphrase, struct afd_buf *ret)
{
	write_p12(m, passphrase, 0, ret);
}

void made_old_p12(const struct made *m, const char *passphrase, struct afd_buf *ret)
{
	write_p12(m, passphrase, NID_pbe_WithSHA1And40BitRC2_CBC, ret);
}
