#include <openssl/cms.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include "core/when.h"
#include "tsa.h"

static int64_t now(void *ctx)
{
	(void)ctx;
	return NOW;
}

static int count_up(void *ctx, uint8_t *out, size_t n)
{
	static uint8_t next;

	(void)ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = next++;
	return 0;
}

const struct afd_env test_env = { now, count_up, NULL };

struct made tsa_cert(const char *cn, const struct made *root)
{
	return make_cert(&(struct wanted_cert){ .cn = cn, .eku = "critical,timeStamping" }, root);
}

static ASN1_GENERALIZEDTIME *general_time(int64_t ms)
{
	return ASN1_GENERALIZEDTIME_set(NULL, (time_t)(ms / 1000));
}

static void set_time(TS_TST_INFO *info, const struct tsa *a)
{
	ASN1_GENERALIZEDTIME *t = general_time(a->at_ms ? a->at_ms : NOW);

	if (a->time)
		assert_int_equal(ASN1_STRING_set(t, a->time, -1), 1);
	TS_TST_INFO_set_time(info, t);
	ASN1_GENERALIZEDTIME_free(t);
}

static void set_accuracy(TS_TST_INFO *info, int seconds)
{
	TS_ACCURACY *acc = TS_ACCURACY_new();
	ASN1_INTEGER *s = ASN1_INTEGER_new();

	ASN1_INTEGER_set(s, seconds);
	TS_ACCURACY_set_seconds(acc, s);
	TS_TST_INFO_set_accuracy(info, acc);
	ASN1_INTEGER_free(s);
	TS_ACCURACY_free(acc);
}

static void set_nonce(TS_TST_INFO *info, const struct tsa *a, TS_REQ *q)
{
	ASN1_INTEGER *other = ASN1_INTEGER_new();

	ASN1_INTEGER_set(other, 4711);
	if (!a->no_nonce)
		TS_TST_INFO_set_nonce(info, a->wrong_nonce ? other : TS_REQ_get_nonce(q));
	ASN1_INTEGER_free(other);
}

static void set_imprint(TS_TST_INFO *info, const struct tsa *a, TS_REQ *q)
{
	TS_MSG_IMPRINT *m = TS_REQ_get_msg_imprint(q);
	uint8_t other[32] = "not what was asked for";

	if (a->other_data)
		TS_MSG_IMPRINT_set_msg(m, other, sizeof(other));
	TS_TST_INFO_set_msg_imprint(info, m);
}

static void set_extension(TS_TST_INFO *info)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *x = X509_EXTENSION_create_by_NID(NULL, NID_netscape_comment, 1, value);

	assert_int_equal(TS_TST_INFO_add_ext(info, x, -1), 1);
	X509_EXTENSION_free(x);
	ASN1_OCTET_STRING_free(value);
}

static BIO *make_info(const struct tsa *a, TS_REQ *q)
{
	TS_TST_INFO *info = TS_TST_INFO_new();
	ASN1_OBJECT *policy = OBJ_txt2obj(a->policy ? a->policy : "1.2.3.4", 1);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	BIO *bio = BIO_new(BIO_s_mem());

	ASN1_INTEGER_set(serial, 1);
	TS_TST_INFO_set_version(info, 1);
	TS_TST_INFO_set_policy_id(info, TS_REQ_get_policy_id(q) && !a->policy ? TS_REQ_get_policy_id(q) : policy);
	TS_TST_INFO_set_serial(info, serial);
	set_imprint(info, a, q);
	set_time(info, a);
	set_nonce(info, a, q);
	if (a->accuracy_s)
		set_accuracy(info, a->accuracy_s);
	if (a->critical_extension)
		set_extension(info);
	assert_true(i2d_TS_TST_INFO_bio(bio, info) > 0);
	ASN1_OBJECT_free(policy);
	ASN1_INTEGER_free(serial);
	TS_TST_INFO_free(info);
	return bio;
}

static void make_token(const struct tsa *a, TS_REQ *q, struct afd_buf *ret)
{
	unsigned flags = CMS_BINARY | CMS_PARTIAL | (a->no_ess ? 0 : CMS_CADES) | (a->no_cert || a->instead ? CMS_NOCERTS : 0);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	BIO *info = make_info(a, q);
	unsigned char *der = NULL;
	int n;

	if (!a->data_type)
		assert_int_equal(CMS_set1_eContentType(cms, OBJ_nid2obj(NID_id_smime_ct_TSTInfo)), 1);
	assert_non_null(CMS_add1_signer(cms, a->who->cert, a->who->key, a->sha1 ? EVP_sha1() : EVP_sha256(), flags));
	if (a->second)
		assert_non_null(CMS_add1_signer(cms, a->second->cert, a->second->key, EVP_sha256(), flags));
	if (a->instead)
		assert_int_equal(CMS_add1_cert(cms, a->instead), 1);
	assert_int_equal(CMS_final(cms, info, NULL, flags), 1);
	n = i2d_CMS_ContentInfo(cms, &der);
	assert_true(n > 0);
	assert_int_equal(afd_buf_add(ret, der, (size_t)n), 0);
	OPENSSL_free(der);
	BIO_free(info);
	CMS_ContentInfo_free(cms);
}

/* One DER element around BODY. */
static void wrap(struct afd_buf *ret, uint8_t tag, struct afd_slice body)
{
	afd_buf_u8(ret, tag);
	if (body.len < 0x80) {
		afd_buf_u8(ret, (uint8_t)body.len);
	} else if (body.len < 0x10000) {
		afd_buf_u8(ret, 0x82);
		afd_buf_u16(ret, (uint16_t)body.len);
	} else {
		afd_buf_u8(ret, 0x83);
		afd_buf_u8(ret, (uint8_t)(body.len >> 16));
		afd_buf_u16(ret, (uint16_t)body.len);
	}
	assert_int_equal(afd_buf_add_slice(ret, body), 0);
}

/* PKIStatusInfo: status, what it says, and which failure (RFC 3161, 2.4.2) */
static void make_status(const struct tsa *a, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 }, utf8 = { 0 }, body = { 0 };
	uint8_t status = (uint8_t)a->status, bits[5] = { 0 };

	wrap(&body, 0x02, afd_slice(&status, 1));
	if (a->text)
		afd_buf_text(&text, a->text);
	for (size_t i = 0; i < a->pad; i++)
		afd_buf_u8(&text, 'x');
	if (text.len) {
		wrap(&utf8, 0x0c, afd_buf_slice(&text));
		wrap(&body, 0x30, afd_buf_slice(&utf8));
	}
	if (a->failure_bit) {
		unsigned bit = (unsigned)a->failure_bit - 1;

		bits[0] = (uint8_t)(7 - bit % 8);
		bits[1 + bit / 8] = (uint8_t)(0x80 >> (bit % 8));
		wrap(&body, 0x03, afd_slice(bits, 2 + bit / 8));
	}
	wrap(ret, 0x30, afd_buf_slice(&body));
}

void tsa_answer(const struct tsa *a, struct afd_slice request, struct afd_buf *ret)
{
	const unsigned char *p = request.data;
	TS_REQ *q = d2i_TS_REQ(NULL, &p, (long)request.len);
	AFD_AUTO(buf) struct afd_buf body = { 0 };

	assert_non_null(q);
	make_status(a, &body);
	if (a->status < 2 && !a->no_token)
		make_token(a, q, &body);
	wrap(ret, 0x30, afd_buf_slice(&body));
	TS_REQ_free(q);
}

int tsa_stamp(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret_token, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf request = { 0 }, answer = { 0 };

	if (afd_stamp_request(imprint, NULL, &test_env, &request, err) < 0)
		return -1;
	tsa_answer(ctx, afd_buf_slice(&request), &answer);
	return afd_stamp_answer(afd_buf_slice(&request), afd_buf_slice(&answer), ret_token, err);
}

/* --- revocation --- */

static void add_reason(X509_REVOKED *r, int reason)
{
	ASN1_ENUMERATED *e = ASN1_ENUMERATED_new();

	ASN1_ENUMERATED_set(e, reason);
	assert_int_equal(X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, e, 0, 0), 1);
	ASN1_ENUMERATED_free(e);
}

static void set_times(X509_CRL *crl, int64_t this_ms, int64_t next_ms)
{
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(this_ms / 1000));

	X509_CRL_set1_lastUpdate(crl, t);
	ASN1_TIME_set(t, (time_t)(next_ms / 1000));
	if (next_ms)
		X509_CRL_set1_nextUpdate(crl, t);
	ASN1_TIME_free(t);
}

void make_crl(const struct made *issuer, int64_t this_ms, int64_t next_ms, const struct revoked *r, size_t n, bool pem,
              struct afd_buf *ret)
{
	X509_CRL *crl = X509_CRL_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->cert));
	set_times(crl, this_ms, next_ms);
	for (size_t i = 0; i < n; i++) {
		X509_REVOKED *e = X509_REVOKED_new();
		ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(r[i].ms / 1000));

		X509_REVOKED_set_serialNumber(e, X509_get_serialNumber(r[i].cert));
		X509_REVOKED_set_revocationDate(e, t);
		if (r[i].reason >= 0)
			add_reason(e, r[i].reason);
		assert_int_equal(X509_CRL_add0_revoked(crl, e), 1);
		ASN1_TIME_free(t);
	}
	assert_true(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0);
	assert_int_equal(pem ? PEM_write_bio_X509_CRL(bio, crl) : i2d_X509_CRL_bio(bio, crl), 1);
	len = BIO_get_mem_data(bio, &text);
	assert_int_equal(afd_buf_add(ret, text, (size_t)len), 0);
	BIO_free(bio);
	X509_CRL_free(crl);
}

void make_ocsp(const struct made *responder, X509 *cert, X509 *issuer, int64_t this_ms, int64_t next_ms, int64_t revoked_ms,
               struct afd_buf *ret)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer);
	ASN1_TIME *from = general_time(this_ms), *to = general_time(next_ms), *revoked = general_time(revoked_ms);
	OCSP_RESPONSE *answer;
	unsigned char *der = NULL;
	int n;

	assert_non_null(OCSP_basic_add1_status(basic, id, revoked_ms ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD, 1,
	                                       revoked_ms ? revoked : NULL, from, to));
	assert_int_equal(OCSP_basic_sign(basic, responder->cert, responder->key, EVP_sha256(), NULL, 0), 1);
	answer = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	n = i2d_OCSP_RESPONSE(answer, &der);
	assert_true(n > 0);
	assert_int_equal(afd_buf_add(ret, der, (size_t)n), 0);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(answer);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	ASN1_TIME_free(revoked);
}
