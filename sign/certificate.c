/* What we ask of a certificate, for signing and for verifying alike. */
#include "core/when.h"
#include "sign/signer.h"

bool afd_cert_is_test(const X509 *cert)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int i = -1;

	while ((i = X509_NAME_get_index_by_NID(subject, NID_organizationalUnitName, i)) >= 0) {
		unsigned char *utf8 = NULL;
		int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
		bool is = n >= 0 && afd_slice_equal(afd_slice(utf8, (size_t)n), afd_slice_text(AFD_TEST_UNIT));

		OPENSSL_free(utf8);
		if (is)
			return true;
	}
	return false;
}

static const struct { const char *type, *why; } refused_types[] = {
	{ "DSA", "FIPS 186-5 took DSA back" },
	{ "ED25519", "CMS of OpenSSL 3.0 and PDF readers do not know Ed25519" },
	{ "ED448", "CMS of OpenSSL 3.0 and PDF readers do not know Ed448" },
	{ "RSA-PSS", "PDF readers do not take signatures of an RSA-PSS key; one for RSA encryption and signatures will do" },
};

static int refuse_type(const char *type, struct afd_error *err)
{
	const char *why = NULL;

	for (size_t i = 0; type && i < AFD_COUNT(refused_types); i++)
		if (strcmp(type, refused_types[i].type) == 0)
			why = refused_types[i].why;
	return afd_fail(err, AFD_E_VERIFY, "a key of type %s cannot sign reports%s%s: use ECDSA P-256, P-384 or RSA",
	                type ? type : "unknown", why ? ": " : "", why ? why : "");
}

int afd_cert_key_check(EVP_PKEY *key, struct afd_error *err)
{
	char group[64] = "";
	size_t n = 0;

	if (EVP_PKEY_is_a(key, "RSA")) {
		if (EVP_PKEY_get_bits(key) >= 2048)
			return 0;
		return afd_fail(err, AFD_E_VERIFY,
				"an RSA key of %d bits is too short: at least 2048 bits, or better ECDSA P-256",
				EVP_PKEY_get_bits(key));
	}
	if (!EVP_PKEY_is_a(key, "EC"))
		return refuse_type(EVP_PKEY_get0_type_name(key), err);
	if (EVP_PKEY_get_group_name(key, group, sizeof(group), &n) == 1 &&
	    (OBJ_txt2nid(group) == NID_X9_62_prime256v1 || OBJ_txt2nid(group) == NID_secp384r1))
		return 0;
	ERR_clear_error();
	return afd_fail(err, AFD_E_VERIFY, "an ECDSA key on curve %s cannot sign reports: use P-256 or P-384",
			group[0] ? group : "unnamed");
}

/* Extended key usages under which a document may be signed. A certificate for web servers or clients alone is none. */
static const char *const document_usages[] = {
	"2.5.29.37.0",            /* any */
	"1.3.6.1.5.5.7.3.4",      /* emailProtection: what S/MIME and most PDF readers take */
	"1.3.6.1.5.5.7.3.36",     /* documentSigning, RFC 9336 */
	"1.2.840.113583.1.1.5",   /* Adobe authentic documents */
	"1.3.6.1.4.1.311.10.3.12" /* Microsoft document signing */
};

static bool usage_for_documents(const EXTENDED_KEY_USAGE *eku)
{
	char oid[80];

	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		if (OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(eku, i), 1) <= 0)
			continue;
		for (size_t j = 0; j < AFD_COUNT(document_usages); j++)
			if (strcmp(oid, document_usages[j]) == 0)
				return true;
	}
	return false;
}

int afd_cert_usage_check(X509 *cert, struct afd_error *err)
{
	const uint32_t wanted = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
	int critical = -1;
	EXTENDED_KEY_USAGE *eku = NULL;
	bool fits;

	if (X509_get_extension_flags(cert) & EXFLAG_INVALID)
		return afd_ssl_fail(err, AFD_E_VERIFY, "the signer's certificate has an extension that cannot be read");
	if (!(X509_get_extension_flags(cert) & EXFLAG_KUSAGE))
		return afd_fail(err, AFD_E_VERIFY, "the signer's certificate does not say what its key is for: "
		                "expected keyUsage with digitalSignature or nonRepudiation");
	if (!(X509_get_key_usage(cert) & wanted))
		return afd_fail(err, AFD_E_VERIFY, "the signer's certificate is not for signatures: "
		                "expected keyUsage with digitalSignature or nonRepudiation");

	eku = X509_get_ext_d2i(cert, NID_ext_key_usage, &critical, NULL);
	if (!eku && critical == -1)
		return 0;
	fits = eku && usage_for_documents(eku);
	EXTENDED_KEY_USAGE_free(eku);
	if (!fits)
		return afd_fail(err, AFD_E_VERIFY, "the signer's certificate is not for documents: "
		                "its extendedKeyUsage names neither documentSigning nor emailProtection");
	return 0;
}

/* An authority whose own certificate is for web servers cannot make signers of documents (the usages nest, as in S/MIME). */
int afd_cert_issuer_check(X509 *cert, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf who = { 0 };
	EXTENDED_KEY_USAGE *eku;
	int critical = -1;
	bool fits;

	eku = X509_get_ext_d2i(cert, NID_ext_key_usage, &critical, NULL);
	if (!eku && critical == -1)
		return 0;
	fits = eku && usage_for_documents(eku);
	EXTENDED_KEY_USAGE_free(eku);
	if (fits)
		return 0;
	if (afd_cert_subject(cert, &who, err) < 0)
		return -1;
	return afd_fail(err, AFD_E_VERIFY, "an authority above the signer is not for documents by its extendedKeyUsage (%.200s)",
	                (const char *)who.data);
}

int afd_cert_subject(const X509 *cert, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n;

	if (!bio ||
	    X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0)
		return afd_ssl_fail(err, AFD_E_PARSE, "subject of the certificate");
	n = BIO_get_mem_data(bio, &text);
	if (n < 0 || afd_buf_add(ret, n ? text : "", (size_t)n) < 0)
		return afd_fail_memory(err);
	return 0;
}

int afd_cert_sha256(const X509 *cert, struct afd_digest *ret, struct afd_error *err)
{
	unsigned int n = sizeof(ret->b);

	if (X509_digest(cert, EVP_sha256(), ret->b, &n) != 1 || n != sizeof(ret->b))
		return afd_ssl_fail(err, AFD_E_MEMORY, "digest of the certificate");
	return 0;
}

int afd_asn1_time_ms(const ASN1_TIME *t, int64_t *ret, struct afd_error *err)
{
	struct tm tm = { 0 };

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1 ||
	    afd_when_civil(1900 + tm.tm_year, 1 + tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, 0, ret)) {
		ERR_clear_error();
		return afd_fail(err, AFD_E_PARSE, "a time in the certificate or signature is not one");
	}
	return 0;
}
