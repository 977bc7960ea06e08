/* What a certificate says of its key, its signature and the addresses of its revocation, on certificates made by libcrypto. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "collector/ct/ct_cert.h"

static void extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;

	if (e)
		assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void make(EVP_PKEY *k, const EVP_MD *md, const char *crl, const char *access, struct afd_buf *ret)
{
	X509 *x = X509_new();
	unsigned char *der = NULL;
	int len;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, k);
	extension(x, NID_crl_distribution_points, crl);
	extension(x, NID_info_access, access);
	assert_true(X509_sign(x, k, md) > 0);
	len = i2d_X509(x, &der);
	assert_true(len > 0);
	afd_buf_add(ret, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
}

static void keys_and_signatures(void **state)
{
	static const struct { const char *type, *curve; int size; const char *hash, *algorithm; int bits; const char *signature; } row[] = {
		{ "RSA", NULL, 1024, "SHA1", "rsa", 1024, "sha1-rsa" },
		{ "RSA", NULL, 2048, "SHA256", "rsa", 2048, "sha256-rsa" },
		{ "RSA", NULL, 2048, "SHA384", "rsa", 2048, "sha384-rsa" },
		{ "EC", "P-256", 0, "SHA256", "ecdsa", 256, "sha256-ecdsa" },
		{ "EC", "P-384", 0, "SHA384", "ecdsa", 384, "sha384-ecdsa" },
		{ "EC", "P-224", 0, "SHA1", "ecdsa", 224, "sha1-ecdsa" },
		{ "ED25519", NULL, 0, NULL, "ed25519", 256, "ed25519" },
		{ "ED448", NULL, 0, NULL, "ed448", 448, "ed448" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf der = { 0 }, text = { 0 };
		struct afd_error err = { 0 };
		struct afd_ct_cert c;
		struct afd_ct_key got;
		EVP_PKEY *k = row[i].size ? EVP_PKEY_Q_keygen(NULL, NULL, row[i].type, (size_t)row[i].size) :
			row[i].curve ? EVP_PKEY_Q_keygen(NULL, NULL, row[i].type, row[i].curve) : EVP_PKEY_Q_keygen(NULL, NULL, row[i].type);

		assert_non_null(k);
		make(k, row[i].hash ? EVP_get_digestbyname(row[i].hash) : NULL, NULL, NULL, &der);
		EVP_PKEY_free(k);
		assert_int_equal(afd_ct_cert_walk(afd_buf_slice(&der), false, &c, &err), 0);
		got = afd_ct_key(&c);
		assert_string_equal(got.algorithm, row[i].algorithm);
		assert_int_equal(got.bits, row[i].bits);
		assert_int_equal(afd_ct_signature_text(&c, &text, &err), 0);
		afd_buf_u8(&text, 0);
		assert_string_equal((const char *)text.data, row[i].signature);
	}
}

static void a_broken_key_is_not_read(void **state)
{
	const struct afd_ct_cert c = { .spki = afd_slice("\x30\x03\x02\x01\x01", 5), .head = afd_slice("\x02\x01\x01\x30\x00", 5) };
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_null(afd_ct_key(&c).algorithm);
	assert_int_equal(afd_ct_key(&c).bits, 0);
	assert_int_equal(afd_ct_signature_text(&c, &text, &err), -1);
}

static int put_url(void *p, const char *kind, struct afd_slice url)
{
	return afd_buf_printf(p, "%s %.*s\n", kind, (int)url.len, (const char *)url.data);
}

static void addresses(void **state)
{
	static const struct { const char *crl, *access, *expect; } row[] = {
		{ NULL, NULL, "" },
		{ "URI:http://c.test/1.crl", NULL, "crl http://c.test/1.crl\n" },
		{ "URI:http://c.test/1.crl,URI:ldap://x", NULL, "crl http://c.test/1.crl\ncrl ldap://x\n" },
		{ "URI:http://c.test/a b", NULL, "" },
		{ "DNS:c.test", NULL, "" },
		{ NULL, "OCSP;URI:http://o.test/,caIssuers;URI:http://c.test/ca.der", "ocsp http://o.test/\nissuer http://c.test/ca.der\n" },
		{ NULL, "1.3.6.1.5.5.7.48.9;URI:http://other.test/", "" },
		{ NULL, "OCSP;DNS:o.test", "" },
		{ "URI:http://c.test/1.crl", "OCSP;URI:http://o.test/", "crl http://c.test/1.crl\nocsp http://o.test/\n" },
	};
	EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf der = { 0 }, text = { 0 };
		struct afd_error err = { 0 };
		struct afd_ct_cert c;

		make(k, EVP_sha256(), row[i].crl, row[i].access, &der);
		assert_int_equal(afd_ct_cert_walk(afd_buf_slice(&der), false, &c, &err), 0);
		assert_int_equal(afd_ct_urls(&c, put_url, &text), 0);
		afd_buf_u8(&text, 0);
		assert_string_equal((const char *)text.data, row[i].expect);
	}
	EVP_PKEY_free(k);
}

/* Damage never makes more than text of what was there; the sanitizers look on. */
static void damage_is_survived(void **state)
{
	AFD_AUTO(buf) struct afd_buf der = { 0 };
	EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	(void)state;
	make(k, EVP_sha256(), "URI:http://c.test/1.crl", "OCSP;URI:http://o.test/", &der);
	EVP_PKEY_free(k);
	for (size_t i = 0; i < der.len; i++)
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			AFD_AUTO(buf) struct afd_buf text = { 0 };
			struct afd_ct_cert c;

			der.data[i] ^= (uint8_t)bit;
			if (afd_ct_cert_walk(afd_buf_slice(&der), false, &c, NULL) == 0) {
				afd_ct_key(&c);
				afd_ct_signature_text(&c, &text, NULL);
				assert_int_equal(afd_ct_urls(&c, put_url, &text), 0);
				assert_true(text.len < 200);
			}
			der.data[i] ^= (uint8_t)bit;
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_signatures),
		cmocka_unit_test(a_broken_key_is_not_read),
		cmocka_unit_test(addresses),
		cmocka_unit_test(damage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
