/* The throw-away key of demonstrations and tests: it says what it is in every name. */
#include "core/digest.h"
#include "core/when.h"
#include "sign/signer.h"

struct wanted { const char *name, *value; };

static const struct wanted root_extensions[] = {
	{ "basicConstraints", "critical,CA:TRUE,pathlen:0" },
	{ "keyUsage", "critical,keyCertSign,cRLSign" },
	{ "subjectKeyIdentifier", "hash" },
	{ "authorityKeyIdentifier", "keyid:always" },
	{ 0 }
};

static const struct wanted leaf_extensions[] = {
	{ "basicConstraints", "critical,CA:FALSE" },
	{ "keyUsage", "critical,digitalSignature,nonRepudiation" },
	{ "subjectKeyIdentifier", "hash" },
	{ "authorityKeyIdentifier", "keyid:always" },
	{ 0 }
};

/* RFC 3161, 2.3: this one purpose, and critical. */
static const struct wanted stamper_extensions[] = {
	{ "basicConstraints", "critical,CA:FALSE" },
	{ "keyUsage", "critical,digitalSignature,nonRepudiation" },
	{ "extendedKeyUsage", "critical,timeStamping" },
	{ "subjectKeyIdentifier", "hash" },
	{ "authorityKeyIdentifier", "keyid:always" },
	{ 0 }
};

static bool add_extensions(X509 *cert, X509 *issuer, const struct wanted *w)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	for (; w->name; w++) {
		X509_EXTENSION *x = X509V3_EXT_conf(NULL, &ctx, w->name, w->value);
		int ok = x ? X509_add_ext(cert, x, -1) : 0;

		X509_EXTENSION_free(x);
		if (ok != 1)
			return false;
	}
	return true;
}

static bool set_name(X509_NAME *n, const char *cn)
{
	return X509_NAME_add_entry_by_NID(n, NID_organizationName, MBSTRING_UTF8, (const unsigned char *)"TEST", -1, -1,
					  0) == 1 &&
	       X509_NAME_add_entry_by_NID(n, NID_organizationalUnitName, MBSTRING_UTF8,
					  (const unsigned char *)AFD_TEST_UNIT, -1, -1, 0) == 1 &&
	       X509_NAME_add_entry_by_NID(n, NID_commonName, MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1;
}

/* A serial number of 120 bits out of the key: as random as the key, never negative (RFC 5280, 4.1.2.2). */
static bool set_serial(X509 *cert, EVP_PKEY *key)
{
	struct afd_digest d;
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	BIGNUM *bn;
	bool ok;

	if (n <= 0)
		return false;
	afd_sha256(afd_slice(der, (size_t)n), &d);
	OPENSSL_free(der);
	bn = BN_bin2bn(d.b, 15, NULL);
	ok = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert));
	BN_free(bn);
	return ok;
}

/* Valid [from, to): notAfter is the last second inside. */
static X509 *make(EVP_PKEY *key, const char *cn, X509 *issuer, EVP_PKEY *issuer_key, const struct wanted *w,
		  int64_t from_ms, int64_t to_ms)
{
	AFD_AUTO(x509) X509 *c = X509_new();
	time_t from = (time_t)(from_ms / AFD_SECOND), last = (time_t)((to_ms - 1) / AFD_SECOND);

	if (!c || X509_set_version(c, X509_VERSION_3) != 1 || X509_set_pubkey(c, key) != 1 || !set_serial(c, key) ||
	    !set_name(X509_get_subject_name(c), cn) ||
	    X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c)) != 1 ||
	    !ASN1_TIME_adj(X509_getm_notBefore(c), from, 0, 0) || !ASN1_TIME_adj(X509_getm_notAfter(c), last, 0, 0) ||
	    !add_extensions(c, issuer ? issuer : c, w) || X509_sign(c, issuer_key, EVP_sha256()) <= 0)
		return NULL;
	return afd_steal(&c);
}

static int take(BIO *bio, struct afd_buf *ret, struct afd_error *err)
{
	char *text = NULL;
	long n = BIO_get_mem_data(bio, &text);

	if (n <= 0 || afd_buf_add(ret, text, (size_t)n) < 0)
		return afd_fail_memory(err);
	return 0;
}

static EVP_PKEY *new_key(const char *type)
{
	if (strcmp(type, "rsa3072") == 0)
		return EVP_RSA_gen(3072);
	return strcmp(type, "p384") == 0 ? EVP_EC_gen("P-384") : strcmp(type, "p256") == 0 ? EVP_EC_gen("P-256") : NULL;
}

struct maker { const char *type; int64_t from_ms, to_ms; X509 *root; EVP_PKEY *root_key; };

static int make_leaf(const struct maker *m, const char *cn, const struct wanted *w, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(pkey) EVP_PKEY *key = new_key(m->type);
	AFD_AUTO(x509) X509 *cert = key ? make(key, cn, m->root, m->root_key, w, m->from_ms, m->to_ms) : NULL;
	AFD_AUTO(bio) BIO *pem = BIO_new(BIO_s_secmem());

	if (!cert || !pem || PEM_write_bio_PKCS8PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) != 1 || PEM_write_bio_X509(pem, cert) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "test key");
	return take(pem, ret, err);
}

int afd_test_keys(const char *type, int64_t from_ms, int64_t to_ms, struct afd_buf *ret_root_pem, struct afd_buf *ret_signer_pem,
		  struct afd_buf *ret_stamper_pem, struct afd_error *err)
{
	AFD_AUTO(pkey) EVP_PKEY *root_key = new_key(type);
	AFD_AUTO(x509) X509 *root = NULL;
	AFD_AUTO(bio) BIO *root_pem = BIO_new(BIO_s_mem());
	struct maker m = { type, from_ms, to_ms, NULL, root_key };

	if (from_ms < 0 || to_ms <= from_ms)
		return afd_fail(err, AFD_E_USAGE, "test key: expected a validity that begins before it ends");
	if (!root_key)
		return afd_fail(err, AFD_E_USAGE, "test key of type %s: expected p256, p384 or rsa3072", type);
	m.root = root = make(root_key, "TEST Affidavit demo root", NULL, root_key, root_extensions, from_ms, to_ms);
	if (!root || !root_pem || PEM_write_bio_X509(root_pem, root) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "test key");
	if (make_leaf(&m, "TEST Affidavit demo signer", leaf_extensions, ret_signer_pem, err) < 0 ||
	    (ret_stamper_pem && make_leaf(&m, "TEST Affidavit demo time-stamps", stamper_extensions, ret_stamper_pem, err) < 0))
		return -1;
	return take(root_pem, ret_root_pem, err);
}

int afd_signer_test(int64_t from_ms, int64_t to_ms, struct afd_buf *ret_pem, struct afd_buf *ret_root_pem,
		    struct afd_error *err)
{
	return afd_test_keys("p256", from_ms, to_ms, ret_root_pem, ret_pem, NULL, err);
}
