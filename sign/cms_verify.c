/* Verifies CMS strictly: everything that is not exactly what CAdES and PAdES B-B ask for is refused, and trust comes
 * from the caller's roots alone. Each step says its own reason. */
#include "core/der.h"
#include "core/digest.h"
#include "core/limits.h"
#include "core/when.h"
#include "sign/chain.h"
#include "sign/signer.h"

#define ESS_V2 NID_id_smime_aa_signingCertificateV2

static int refuse(struct afd_error *err, const char *why)
{
	ERR_clear_error();
	return afd_fail(err, AFD_E_VERIFY, "%s", why);
}

/* One DER element, nothing behind it, and the very bytes that encoding it again gives: no BER, no second reading. */
static int parse(struct afd_slice bytes, CMS_ContentInfo **ret, struct afd_error *err)
{
	AFD_AUTO(cms) CMS_ContentInfo *cms = NULL;
	struct afd_reader r = afd_reader(bytes);
	const unsigned char *p = bytes.data;
	unsigned char *again = NULL;
	struct afd_der whole;
	bool same;
	int n;

	if (bytes.len == 0)
		return refuse(err, "the signature is empty");
	if (bytes.len > AFD_MAX_CMS)
		return refuse(err, "the signature is larger than a signature can be");
	if (!afd_der_expect(&r, 0x30, &whole))
		return refuse(err, "the signature is not DER");
	if (afd_reader_left(&r) != 0)
		return refuse(err, "bytes follow the signature");
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)bytes.len);
	if (!cms || (size_t)(p - bytes.data) != bytes.len)
		return refuse(err, "the signature is not CMS");
	n = i2d_CMS_ContentInfo(cms, &again);
	same = n > 0 && afd_slice_equal(afd_slice(again, (size_t)n), bytes);
	OPENSSL_free(again);
	if (!same)
		return refuse(err, "the signature is not in DER: encoded again it differs");
	*ret = afd_steal(&cms);
	return 0;
}

/* What libcrypto reads and does not judge: the versions, which follow from how the signer is named (RFC 5652, 5.1 and
 * 5.3), and the set of digest algorithms, which holds that of the one signer. Revocation lists may stand
 * between certificates and signer. */
static bool frame_holds(struct afd_slice cms)
{
	struct afd_reader r = afd_reader(cms);
	struct afd_der d, version, algorithms, signer_version, sid, algorithm;
	uint8_t want;

	if (!afd_der_expect(&r, 0x30, &d))                               /* ContentInfo */
		return false;
	r = afd_reader(d.body);
	if (!afd_der_expect(&r, 0x06, &d) || !afd_der_expect(&r, 0xa0, &d))
		return false;
	r = afd_reader(d.body);
	if (!afd_der_expect(&r, 0x30, &d))                               /* SignedData */
		return false;
	r = afd_reader(d.body);
	if (!afd_der_expect(&r, 0x02, &version) || !afd_der_expect(&r, 0x31, &algorithms) ||
	    !afd_der_expect(&r, 0x30, &d) || !afd_der_expect(&r, 0xa0, &d) || !afd_der_next(&r, &d) ||
	    (d.tag == 0xa1 && !afd_der_next(&r, &d)) || d.tag != 0x31 || afd_reader_left(&r) != 0)
		return false;
	r = afd_reader(d.body);
	if (!afd_der_expect(&r, 0x30, &d) || afd_reader_left(&r) != 0)   /* SignerInfo */
		return false;
	r = afd_reader(d.body);
	if (!afd_der_expect(&r, 0x02, &signer_version) || !afd_der_next(&r, &sid) ||
	    !afd_der_expect(&r, 0x30, &algorithm))
		return false;
	want = sid.tag == 0x30 ? 1 : 3;
	return afd_slice_equal(version.body, afd_slice(&want, 1)) &&
	       afd_slice_equal(signer_version.body, afd_slice(&want, 1)) &&
	       afd_slice_equal(algorithms.body, algorithm.whole);
}

static int check_shape(CMS_ContentInfo *cms, CMS_SignerInfo **ret, struct afd_error *err)
{
	STACK_OF(CMS_SignerInfo) *signers;
	ASN1_OCTET_STRING **content;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return refuse(err, "the signature is not SignedData");
	if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return refuse(err, "the signature is about another content type than data");
	content = CMS_get0_content(cms);
	if (!content || *content)
		return refuse(err, "the signature carries its own content: expected a detached one");
	signers = CMS_get0_SignerInfos(cms);
	if (sk_CMS_SignerInfo_num(signers) != 1)
		return afd_fail(err, AFD_E_VERIFY, "expected exactly one signer, got %d",
				sk_CMS_SignerInfo_num(signers));
	*ret = sk_CMS_SignerInfo_value(signers, 0);
	return 0;
}

/* libcrypto finds the certificate by a comparison that ignores case and blanks (RFC 5280, 7.1); the bytes must agree
 * too. */
static int check_issuer(CMS_SignerInfo *si, X509 *cert, struct afd_error *err)
{
	X509_NAME *name = NULL;
	const unsigned char *a = NULL, *b = NULL;
	size_t n = 0, m = 0;

	if (CMS_SignerInfo_get0_signer_id(si, NULL, &name, NULL) != 1)
		return refuse(err, "the signature does not name its signer");
	if (name &&
	    (X509_NAME_get0_der(name, &a, &n) != 1 || X509_NAME_get0_der(X509_get_issuer_name(cert), &b, &m) != 1 ||
	     !afd_slice_equal(afd_slice(a, n), afd_slice(b, m))))
		return refuse(err, "the signature names another issuer than the certificate does");
	return 0;
}

struct algorithm { int digest, ecdsa, rsa; };

static const struct algorithm algorithms[] = {
	{ NID_sha256, NID_ecdsa_with_SHA256, NID_sha256WithRSAEncryption },
	{ NID_sha384, NID_ecdsa_with_SHA384, NID_sha384WithRSAEncryption },
	{ NID_sha512, NID_ecdsa_with_SHA512, NID_sha512WithRSAEncryption },
};

/* The signature's hash and the digest's must be the same, SHA-256 or stronger. */
static int check_algorithms(CMS_SignerInfo *si, EVP_PKEY *key, const EVP_MD **ret, struct afd_error *err)
{
	X509_ALGOR *digest = NULL, *sig = NULL;
	int d, s;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, &sig);
	d = OBJ_obj2nid(digest->algorithm);
	s = OBJ_obj2nid(sig->algorithm);
	for (size_t i = 0; i < AFD_COUNT(algorithms); i++) {
		const struct algorithm *a = &algorithms[i];

		if (d != a->digest)
			continue;
		*ret = EVP_get_digestbynid(d);
		if (EVP_PKEY_is_a(key, "EC") ? s == a->ecdsa : s == a->rsa || s == NID_rsaEncryption)
			return *ret ? 0 : refuse(err, "the digest algorithm is not available");
		return refuse(err, "the signature algorithm does not fit the key and the digest algorithm");
	}
	return refuse(err, "the digest algorithm is weaker than SHA-256, or unknown");
}

/* An attribute that must stand there once, with one value of TYPE. */
static int one_attribute(CMS_SignerInfo *si, int nid, int type, const char *name, ASN1_TYPE **ret,
			 struct afd_error *err)
{
	int at = CMS_signed_get_attr_by_NID(si, nid, -1);
	X509_ATTRIBUTE *a;

	if (at < 0)
		return afd_fail(err, AFD_E_VERIFY, "the signed attribute %s is missing", name);
	if (CMS_signed_get_attr_by_NID(si, nid, at) >= 0)
		return afd_fail(err, AFD_E_VERIFY, "the signed attribute %s stands there twice", name);
	a = CMS_signed_get_attr(si, at);
	*ret = X509_ATTRIBUTE_get0_type(a, 0);
	if (X509_ATTRIBUTE_count(a) != 1 || !*ret || (type != V_ASN1_ANY && ASN1_TYPE_get(*ret) != type))
		return afd_fail(err, AFD_E_VERIFY, "the signed attribute %s is not one value of its type", name);
	return 0;
}

static int check_content(CMS_SignerInfo *si, const EVP_MD *md, const struct afd_slice *content, size_t n,
			 struct afd_error *err)
{
	AFD_AUTO(md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ASN1_TYPE *type = NULL, *digest = NULL;
	uint8_t found[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (one_attribute(si, NID_pkcs9_contentType, V_ASN1_OBJECT, "content-type", &type, err) < 0 ||
	    one_attribute(si, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING, "message-digest", &digest, err) < 0)
		return -1;
	if (OBJ_obj2nid(type->value.object) != NID_pkcs7_data)
		return refuse(err, "the signed attribute content-type is not data");

	if (!ctx || EVP_DigestInit_ex(ctx, md, NULL) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "digest");
	for (size_t i = 0; i < n; i++)
		if (EVP_DigestUpdate(ctx, content[i].data, content[i].len) != 1)
			return afd_ssl_fail(err, AFD_E_MEMORY, "digest");
	if (EVP_DigestFinal_ex(ctx, found, &len) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "digest");
	if (!afd_slice_equal(afd_slice(found, len), afd_slice(ASN1_STRING_get0_data(digest->value.octet_string),
	                                                      (size_t)ASN1_STRING_length(digest->value.octet_string))))
		return refuse(err, "the content is not what was signed: its digest differs");
	return 0;
}

/* The first ESSCertIDv2: an algorithm, absent for SHA-256, then the hash. libcrypto would take SHA-1 here as well. */
static bool names_by_long_hash(struct afd_slice ess)
{
	struct afd_reader r = afd_reader(ess);
	struct afd_der d;

	for (int level = 0; level < 3; level++) {          /* SigningCertificateV2, certs, ESSCertIDv2 */
		if (!afd_der_expect(&r, 0x30, &d))
			return false;
		r = afd_reader(d.body);
	}
	return afd_der_next(&r, &d) && (d.tag != 0x30 || afd_der_next(&r, &d)) && d.tag == 0x04 && d.body.len >= 32;
}

/* ESS signing-certificate-v2 ties the signature to one certificate, not just to one key (RFC 5035, 3). */
static int check_signing_certificate(CMS_SignerInfo *si, X509 *cert, struct afd_error *err)
{
	AFD_AUTO(ess) ESS_SIGNING_CERT_V2 *ess = NULL;
	STACK_OF(X509) *chain;
	ASN1_TYPE *value = NULL;
	const unsigned char *p;
	long len;
	int ok;

	if (one_attribute(si, ESS_V2, V_ASN1_SEQUENCE, "signing-certificate-v2", &value, err) < 0)
		return -1;
	p = ASN1_STRING_get0_data(value->value.sequence);
	len = ASN1_STRING_length(value->value.sequence);
	ess = d2i_ESS_SIGNING_CERT_V2(NULL, &p, len);
	if (!ess || p != ASN1_STRING_get0_data(value->value.sequence) + len)
		return refuse(err, "the signed attribute signing-certificate-v2 cannot be read");
	if (!names_by_long_hash(afd_slice(p - len, (size_t)len)))
		return refuse(err, "the signed attribute signing-certificate-v2 uses a hash weaker than SHA-256");
	chain = sk_X509_new_null();
	ok = chain && sk_X509_push(chain, cert) && OSSL_ESS_check_signing_certs(NULL, ess, chain, 1) > 0;
	sk_X509_free(chain);
	return ok ? 0 : refuse(err, "the certificate is not the one that the signature names (signing-certificate-v2)");
}

static int check_time(CMS_SignerInfo *si, bool for_pdf, int64_t *ret, struct afd_error *err)
{
	ASN1_TYPE *t = NULL;

	*ret = AFD_TIME_NONE;
	if (CMS_signed_get_attr_by_NID(si, NID_pkcs9_signingTime, -1) < 0)
		return 0;
	if (for_pdf)
		return refuse(err, "a PDF signature with the attribute signing-time is not PAdES (EN 319 142-1, 6.3)");
	if (one_attribute(si, NID_pkcs9_signingTime, V_ASN1_ANY, "signing-time", &t, err) < 0)
		return -1;
	if (ASN1_TYPE_get(t) != V_ASN1_UTCTIME && ASN1_TYPE_get(t) != V_ASN1_GENERALIZEDTIME)
		return refuse(err, "the signed attribute signing-time is not a time");
	return afd_asn1_time_ms(t->value.asn1_string, ret, err);
}

/* What stands outside the signature: at most one time-stamp over the signature value (EN 319 122-1, 5.3). */
static int find_token(CMS_SignerInfo *si, struct afd_slice *ret, struct afd_error *err)
{
	X509_ATTRIBUTE *a;
	ASN1_TYPE *v;

	*ret = afd_slice(NULL, 0);
	if (CMS_unsigned_get_attr_count(si) <= 0)
		return 0;
	a = CMS_unsigned_get_attr(si, 0);
	if (CMS_unsigned_get_attr_count(si) != 1 ||
	    OBJ_obj2nid(X509_ATTRIBUTE_get0_object(a)) != NID_id_smime_aa_timeStampToken)
		return refuse(err, "the signature has unsigned attributes, which this program does not judge, "
		                   "beside or instead of one time-stamp");
	v = X509_ATTRIBUTE_get0_type(a, 0);
	if (X509_ATTRIBUTE_count(a) != 1 || !v || ASN1_TYPE_get(v) != V_ASN1_SEQUENCE)
		return refuse(err, "the signature's time-stamp is not one token");
	*ret = afd_slice(ASN1_STRING_get0_data(v->value.sequence), (size_t)ASN1_STRING_length(v->value.sequence));
	return 0;
}

/* What was signed, by whom, and when: the signature holds, so now the person. */
static int judge(CMS_ContentInfo *cms, CMS_SignerInfo *si, struct afd_signed_by *by, const struct afd_trust *t,
		 struct afd_signature_report *ret, struct afd_error *err)
{
	const ASN1_OCTET_STRING *sig = CMS_SignerInfo_get0_signature(si);
	struct afd_slice value = afd_slice(ASN1_STRING_get0_data(sig), (size_t)ASN1_STRING_length(sig));
	AFD_AUTO(x509s) STACK_OF(X509) *given = CMS_get1_certs(cms);
	int r;

	if (find_token(si, &by->token, err) < 0)
		return -1;
	afd_sha256(value, &by->imprint);
	by->given = given;
	by->crls = CMS_get1_crls(cms);
	r = afd_signer_judge(by, t, ret, err);
	sk_X509_CRL_pop_free(by->crls, X509_CRL_free);
	by->crls = NULL;
	return r;
}

int afd_cms_verify_with(struct afd_slice bytes, const struct afd_slice *content, size_t n, const struct afd_trust *t,
			bool for_pdf, const struct afd_validation *validation, int64_t existed_ms, int64_t claimed_ms,
			struct afd_signature_report *ret, struct afd_error *err)
{
	AFD_AUTO(cms) CMS_ContentInfo *cms = NULL;
	struct afd_signed_by by = { .validation = validation, .existed = existed_ms != AFD_TIME_NONE,
		                    .existed_ms = existed_ms };
	CMS_SignerInfo *si = NULL;
	const EVP_MD *md = NULL;
	EVP_PKEY *key = NULL;

	ERR_clear_error();
	if (parse(bytes, &cms, err) < 0 || check_shape(cms, &si, err) < 0)
		return -1;
	if (!frame_holds(bytes))
		return refuse(
			err, "the frame of the signature is not as RFC 5652 wants it for one signer with certificates");
	if (CMS_set1_signers_certs(cms, NULL, 0) != 1)
		return refuse(err, "the signer's certificate is not in the signature");
	CMS_SignerInfo_get0_algs(si, &key, &by.cert, NULL, NULL);
	if (!key || !by.cert)
		return refuse(err, "the signer's certificate is not in the signature");

	if (check_issuer(si, by.cert, err) < 0 || afd_cert_key_check(key, err) < 0 ||
	    check_algorithms(si, key, &md, err) < 0 || check_content(si, md, content, n, err) < 0 ||
	    check_signing_certificate(si, by.cert, err) < 0 || check_time(si, for_pdf, &by.claimed_ms, err) < 0)
		return -1;
	if (CMS_SignerInfo_verify(si) != 1)
		return refuse(err, "the signature is wrong: it was not made by this key over these attributes");
	if (claimed_ms != AFD_TIME_NONE)
		by.claimed_ms = claimed_ms;
	return judge(cms, si, &by, t, ret, err);
}

int afd_cms_verify(struct afd_slice bytes, const struct afd_slice *content, size_t n, const struct afd_trust *t,
		   bool for_pdf, struct afd_signature_report *ret, struct afd_error *err)
{
	return afd_cms_verify_with(bytes, content, n, t, for_pdf, NULL, AFD_TIME_NONE, AFD_TIME_NONE, ret, err);
}
