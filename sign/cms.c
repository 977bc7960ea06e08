/* CMS SignedData, detached (RFC 5652), with ESS signing-certificate-v2 (RFC 5035): CAdES and PAdES B-B.
 *
 * libcrypto's CMS_final() adds a signing-time by its own clock, which PAdES forbids. So we make the signed
 * attributes here, sign their DER SET OF, and leave libcrypto only the structure. */
#include "core/digest.h"
#include "core/when.h"
#include "sign/signer.h"

/* DER orders the elements of a SET OF by their bytes (X.690, 11.6). */
static int by_der(const void *a, const void *b)
{
	const struct afd_buf *x = a, *y = b;
	int c = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

	return c ? c : (x->len > y->len) - (x->len < y->len);
}

#define MAX_ATTRIBUTES 8

/* What is signed is the explicit SET OF, not the implicit tag under which it stands (RFC 5652, 5.4). */
static int encode_attributes(const CMS_SignerInfo *si, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_buf one[MAX_ATTRIBUTES] = { 0 };
	int n = CMS_signed_get_attr_count(si), r = 0;
	size_t len = 0;

	if (n < 0 || n > MAX_ATTRIBUTES)
		return afd_fail(err, AFD_E_ENGINE, "%d signed attributes", n);
	for (int i = 0; i < n && r == 0; i++) {
		unsigned char *der = NULL;
		int m = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(si, i), &der);

		r = m > 0 ? afd_buf_add(&one[i], der, (size_t)m) : -1;
		OPENSSL_free(der);
		len += one[i].len;
	}
	if (r == 0) {
		qsort(one, (size_t)n, sizeof(one[0]), by_der);
		if (len < 0x80)
			r = afd_buf_add(ret, (uint8_t[]){ 0x31, (uint8_t)len }, 2);
		else if (len < 0x100)
			r = afd_buf_add(ret, (uint8_t[]){ 0x31, 0x81, (uint8_t)len }, 3);
		else if (len < 0x10000)
			r = afd_buf_add(ret, (uint8_t[]){ 0x31, 0x82, (uint8_t)(len >> 8), (uint8_t)len }, 4);
		else
			r = -1;
	}
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = afd_buf_add_slice(ret, afd_buf_slice(&one[i]));
		afd_buf_release(&one[i]);
	}
	return r < 0 ? afd_fail_memory(err) : 0;
}

static bool add_attribute(CMS_SignerInfo *si, int nid, int type, const void *value, int len)
{
	return CMS_signed_add1_attr_by_NID(si, nid, type, value, len) == 1;
}

static bool add_signing_time(CMS_SignerInfo *si, int64_t now_ms)
{
	/* UTCTime until 2049, GeneralizedTime after (RFC 5652, 11.3) */
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(now_ms / AFD_SECOND));
	bool ok = t && add_attribute(si, NID_pkcs9_signingTime, ASN1_STRING_type(t), t, -1);

	ASN1_STRING_free(t);
	return ok;
}

static int sign_attributes(CMS_SignerInfo *si, const struct afd_signer *s, struct afd_slice attributes, struct afd_error *err)
{
	const struct afd_algorithm *a = afd_signer_algorithm(s);
	AFD_AUTO(buf) struct afd_buf sig = { 0 };
	X509_ALGOR *alg = NULL;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, NULL, &alg);
	/* RSA: with NULL (RFC 3370, 3.2); ECDSA: no parameters (RFC 5754, 3.3) */
	if (X509_ALGOR_set0(alg, OBJ_nid2obj(a->nid), a->half ? V_ASN1_UNDEF : V_ASN1_NULL, NULL) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "CMS");
	if (afd_signer_sign(s, &attributes, 1, &sig, err) < 0)
		return -1;
	if (ASN1_OCTET_STRING_set(CMS_SignerInfo_get0_signature(si), sig.data, (int)sig.len) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "CMS");
	return 0;
}

/* The token is over the signature value (EN 319 122-1, 5.3). */
static int add_stamp(CMS_SignerInfo *si, const struct afd_stamper *stamper, struct afd_error *err)
{
	const ASN1_OCTET_STRING *sig = CMS_SignerInfo_get0_signature(si);
	struct afd_slice value = afd_slice(ASN1_STRING_get0_data(sig), (size_t)ASN1_STRING_length(sig));
	AFD_AUTO(buf) struct afd_buf token = { 0 };
	struct afd_digest imprint;

	afd_sha256_parts(&value, 1, &imprint);
	if (stamper->stamp(stamper->ctx, &imprint, &token, err) < 0)
		return -1;
	if (CMS_unsigned_add1_attr_by_NID(si, NID_id_smime_aa_timeStampToken, V_ASN1_SEQUENCE, token.data, (int)token.len) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "CMS: the time-stamp");
	return 0;
}

int afd_cms_sign(const struct afd_signer *s, const struct afd_slice *content, size_t n, bool for_pdf, int64_t now_ms,
                 const struct afd_stamper *stamper, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(cms) CMS_ContentInfo *cms = NULL;
	AFD_AUTO(buf) struct afd_buf attributes = { 0 };
	CMS_SignerInfo *si = NULL;
	unsigned char *der = NULL;
	const EVP_MD *md = afd_signer_algorithm(s)->md();
	uint8_t digest[EVP_MAX_MD_SIZE];
	int len, r;

	ERR_clear_error();
	if (afd_signer_valid_at(s, now_ms, err) < 0 || afd_signer_hash(s, content, n, digest, err) < 0)
		return -1;

	cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_DETACHED | CMS_BINARY);
	if (cms)
		/* libcrypto never signs here, so the public half is key enough */
		si = CMS_add1_signer(cms, s->cert, X509_get0_pubkey(s->cert), md, CMS_CADES | CMS_NOSMIMECAP | CMS_BINARY);
	if (!si || !add_attribute(si, NID_pkcs9_contentType, V_ASN1_OBJECT, OBJ_nid2obj(NID_pkcs7_data), -1) ||
	    !add_attribute(si, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING, digest, EVP_MD_get_size(md)))
		return afd_ssl_fail(err, AFD_E_MEMORY, "CMS");
	if (!for_pdf && !add_signing_time(si, now_ms))
		return afd_ssl_fail(err, AFD_E_MEMORY, "CMS: signing-time");
	for (int i = 0; i < sk_X509_num(s->others); i++)
		if (CMS_add1_cert(cms, sk_X509_value(s->others, i)) != 1)
			return afd_ssl_fail(err, AFD_E_CONFIG, "CMS: adding a certificate of the chain");

	if (encode_attributes(si, &attributes, err) < 0)
		return -1;
	if (sign_attributes(si, s, afd_buf_slice(&attributes), err) < 0)
		return -1;
	if (stamper && add_stamp(si, stamper, err) < 0)
		return -1;
	len = i2d_CMS_ContentInfo(cms, &der);
	if (len <= 0)
		return afd_ssl_fail(err, AFD_E_MEMORY, "CMS");
	r = afd_buf_add(ret, der, (size_t)len);
	OPENSSL_free(der);
	return r < 0 ? afd_fail_memory(err) : 0;
}
