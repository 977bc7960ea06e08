/* Reads a time-stamp token strictly: one SignerInfo, one certificate that is for nothing else, one time. */
#include "core/der.h"
#include "core/digest.h"
#include "core/when.h"
#include "sign/signer.h"
#include "sign/token.h"

AFD_SSL_RELEASE(ess_v1, ESS_SIGNING_CERT, ESS_SIGNING_CERT_free)
AFD_SSL_RELEASE(accuracy, TS_ACCURACY, TS_ACCURACY_free)

/* An accuracy beyond this says nothing about the order of anything. */
#define MAX_ACCURACY AFD_DAY

static int refuse(struct afd_error *err, const char *why)
{
	ERR_clear_error();
	return afd_fail(err, AFD_E_VERIFY, "%s", why);
}

void afd_token_release(struct afd_token *t)
{
	CMS_ContentInfo_free(t->cms);
	TS_TST_INFO_free(t->info);
	*t = (struct afd_token){ 0 };
}

static int parse(struct afd_slice bytes, CMS_ContentInfo **ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(bytes);
	const unsigned char *p = bytes.data;
	struct afd_der whole;

	if (bytes.len == 0)
		return refuse(err, "the token is empty");
	if (bytes.len > AFD_MAX_STAMP)
		return afd_fail(err, AFD_E_VERIFY, "the token is larger than %u bytes", AFD_MAX_STAMP);
	if (!afd_der_expect(&r, 0x30, &whole) || afd_reader_left(&r) != 0)
		return refuse(err, "the token is not one DER object");
	*ret = d2i_CMS_ContentInfo(NULL, &p, (long)bytes.len);
	if (!*ret || (size_t)(p - bytes.data) != bytes.len)
		return refuse(err, "the token is not CMS");
	if (OBJ_obj2nid(CMS_get0_type(*ret)) != NID_pkcs7_signed)
		return refuse(err, "the token is not SignedData");
	if (OBJ_obj2nid(CMS_get0_eContentType(*ret)) != NID_id_smime_ct_TSTInfo)
		return refuse(err, "the token does not hold a TSTInfo");
	return 0;
}

/* RFC 3161, 2.3: one extended key usage, time-stamping, critical. A certificate that may also serve web pages would let its key
 * make times by the way. */
static int check_usage(X509 *cert, struct afd_error *err)
{
	int critical = -1;
	EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(cert, NID_ext_key_usage, &critical, NULL);
	bool only = sk_ASN1_OBJECT_num(eku) == 1 && OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, 0)) == NID_time_stamp;

	EXTENDED_KEY_USAGE_free(eku);
	if (!only)
		return refuse(err, "the authority's certificate is not for time-stamping alone (RFC 3161, 2.3)");
	if (critical != 1)
		return refuse(err, "the authority's certificate does not mark its purpose, time-stamping, as critical (RFC 3161, 2.3)");
	if (X509_get_extension_flags(cert) & EXFLAG_INVALID)
		return refuse(err, "the authority's certificate has an extension that cannot be read");
	if ((X509_get_extension_flags(cert) & EXFLAG_KUSAGE) &&
	    (X509_get_key_usage(cert) & ~(uint32_t)(KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)))
		return refuse(err, "the authority's certificate is for more than signatures");
	return 0;
}

/* ESS ties the token to one certificate: SHA-1 by RFC 3161, any hash by RFC 5816. Either may stand there. */
static int check_named(CMS_SignerInfo *si, X509 *cert, struct afd_error *err)
{
	AFD_AUTO(ess_v1) ESS_SIGNING_CERT *v1 = NULL;
	AFD_AUTO(ess) ESS_SIGNING_CERT_V2 *v2 = NULL;
	const ASN1_STRING *old = CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_id_smime_aa_signingCertificate), -3,
	                                                     V_ASN1_SEQUENCE);
	const ASN1_STRING *new = CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_id_smime_aa_signingCertificateV2), -3,
	                                                     V_ASN1_SEQUENCE);
	const unsigned char *p;
	STACK_OF(X509) *chain;
	int ok;

	if (!old && !new)
		return refuse(err, "the token does not name its certificate (ESSCertID, RFC 3161, 2.4.2)");
	if (old) {
		p = ASN1_STRING_get0_data(old);
		v1 = d2i_ESS_SIGNING_CERT(NULL, &p, ASN1_STRING_length(old));
	}
	if (new) {
		p = ASN1_STRING_get0_data(new);
		v2 = d2i_ESS_SIGNING_CERT_V2(NULL, &p, ASN1_STRING_length(new));
	}
	if ((old && !v1) || (new && !v2))
		return refuse(err, "the token's attribute signing-certificate cannot be read");
	chain = sk_X509_new_null();
	ok = chain && sk_X509_push(chain, cert) > 0 && OSSL_ESS_check_signing_certs(v1, v2, chain, 1) > 0;
	sk_X509_free(chain);
	return ok ? 0 : refuse(err, "the certificate is not the one that the token names (ESSCertID)");
}

static int check_signer(struct afd_token *t, STACK_OF(X509) *more, struct afd_error *err)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(t->cms);
	const ASN1_OBJECT *type;
	CMS_SignerInfo *si;
	X509_ALGOR *digest = NULL;
	int md;

	if (sk_CMS_SignerInfo_num(signers) != 1)
		return afd_fail(err, AFD_E_VERIFY, "expected exactly one signer of the token, got %d",
				sk_CMS_SignerInfo_num(signers));
	si = sk_CMS_SignerInfo_value(signers, 0);
	if (CMS_set1_signers_certs(t->cms, more, 0) != 1)
		return refuse(err, "the authority's certificate is not in the token");
	CMS_SignerInfo_get0_algs(si, NULL, &t->cert, &digest, NULL);
	md = OBJ_obj2nid(digest->algorithm);
	if (!t->cert)
		return refuse(err, "the authority's certificate is not in the token");
	if (md != NID_sha256 && md != NID_sha384 && md != NID_sha512)
		return refuse(err, "the token's digest algorithm is weaker than SHA-256, or unknown");
	type = CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_pkcs9_contentType), -3, V_ASN1_OBJECT);
	if (!type || OBJ_obj2nid(type) != NID_id_smime_ct_TSTInfo)
		return refuse(err, "the token's signed attribute content-type is not TSTInfo");
	if (check_named(si, t->cert, err) < 0)
		return -1;
	if (CMS_verify(t->cms, more, NULL, NULL, NULL, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
		return refuse(err, "the token's signature is wrong");
	return check_usage(t->cert, err);
}

/* "20261122044800.123Z" (RFC 3161, 2.4.2): UTC, the fraction down to milliseconds */
static int read_time(const ASN1_GENERALIZEDTIME *g, int64_t *ret, struct afd_error *err)
{
	const uint8_t *p = g ? ASN1_STRING_get0_data(g) : NULL;
	int n = g ? ASN1_STRING_length(g) : 0, scale = 100;

	if (n < 15 || n > 30 || p[n - 1] != 'Z' || (n > 15 && p[14] != '.') || n == 16)
		return refuse(err, "the token's time is not one in UTC");
	if (afd_asn1_time_ms(g, ret, err) < 0)
		return -1;
	*ret -= *ret % AFD_SECOND;
	for (int i = 15; i < n - 1; i++, scale /= 10) {
		if (p[i] < '0' || p[i] > '9')
			return refuse(err, "the token's time is not one in UTC");
		*ret += (p[i] - '0') * scale;
	}
	return 0;
}

static int64_t small(const ASN1_INTEGER *i)
{
	int64_t v = 0;

	if (i && ASN1_INTEGER_get_int64(&v, i) != 1)
		v = -1;
	return v;
}

static int read_accuracy(TS_TST_INFO *info, int64_t *ret, struct afd_error *err)
{
	const TS_ACCURACY *a = TS_TST_INFO_get_accuracy(info);
	int64_t s, ms, us;

	*ret = 0;
	if (!a)
		return 0;
	s = small(TS_ACCURACY_get_seconds(a));
	ms = small(TS_ACCURACY_get_millis(a));
	us = small(TS_ACCURACY_get_micros(a));
	if (s < 0 || s > MAX_ACCURACY / AFD_SECOND || ms < 0 || ms > 999 || us < 0 || us > 999)
		return refuse(err, "the token's accuracy is out of bounds");
	*ret = s * AFD_SECOND + ms + (us ? 1 : 0);
	return 0;
}

static int read_info(struct afd_token *t, struct afd_error *err)
{
	ASN1_OCTET_STRING **content = CMS_get0_content(t->cms);
	const unsigned char *p, *end;

	if (!content || !*content)
		return refuse(err, "the token holds nothing");
	p = ASN1_STRING_get0_data(*content);
	end = p + ASN1_STRING_length(*content);
	t->info = d2i_TS_TST_INFO(NULL, &p, ASN1_STRING_length(*content));
	if (!t->info || p != end)
		return refuse(err, "the token does not hold a TSTInfo");
	if (TS_TST_INFO_get_version(t->info) != 1)
		return refuse(err, "the token is of another version than 1");
	for (int i = 0; i < TS_TST_INFO_get_ext_count(t->info); i++)
		if (X509_EXTENSION_get_critical(TS_TST_INFO_get_ext(t->info, i)))
			return refuse(err, "the token has a critical extension that this program does not know");
	if (read_time(TS_TST_INFO_get_time(t->info), &t->time_ms, err) < 0)
		return -1;
	return read_accuracy(t->info, &t->accuracy_ms, err);
}

int afd_token_open(struct afd_slice bytes, STACK_OF(X509) *more, struct afd_token *ret, struct afd_error *err)
{
	struct afd_token t = { 0 };

	ERR_clear_error();
	if (parse(bytes, &t.cms, err) < 0 || check_signer(&t, more, err) < 0 || read_info(&t, err) < 0) {
		afd_token_release(&t);
		return -1;
	}
	ERR_clear_error();
	*ret = t;
	return 0;
}

int afd_token_imprint(const struct afd_token *t, const struct afd_digest *imprint, struct afd_error *err)
{
	TS_MSG_IMPRINT *m = TS_TST_INFO_get_msg_imprint(t->info);
	const ASN1_OCTET_STRING *found = TS_MSG_IMPRINT_get_msg(m);

	if (OBJ_obj2nid(TS_MSG_IMPRINT_get_algo(m)->algorithm) != NID_sha256)
		return refuse(err, "the token is about a digest other than SHA-256");
	if (!afd_slice_equal(afd_slice(ASN1_STRING_get0_data(found), (size_t)ASN1_STRING_length(found)),
	                     afd_slice(imprint->b, sizeof(imprint->b))))
		return refuse(err, "the token is over other data");
	return 0;
}
