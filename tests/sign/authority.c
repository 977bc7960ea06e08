#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include "core/when.h"
#include "authority.h"

#define POLICY "1.2.3.4.1"

static ASN1_INTEGER *next_serial(TS_RESP_CTX *ctx, void *data)
{
	static long n = 1;
	ASN1_INTEGER *i = ASN1_INTEGER_new();

	(void)ctx;
	(void)data;
	ASN1_INTEGER_set(i, n++);
	return i;
}

static int the_time(TS_RESP_CTX *ctx, void *data, long *sec, long *usec)
{
	(void)ctx;
	*sec = (long)(((const struct authority *)data)->time_ms / 1000);
	*usec = 0;
	return 1;
}

void authority_make(struct authority *t, const char *root_cn, int64_t time_ms)
{
	t->time_ms = time_ms;
	t->root = make_cert(&(struct wanted_cert){ .cn = root_cn, .ca = true, .key_usage = "critical,keyCertSign,cRLSign",
	                                           .to_ms = NOW + 3650 * AFD_DAY }, NULL);
	t->leaf = make_cert(&(struct wanted_cert){ .cn = "Time Authority", .eku = "critical,timeStamping",
	                                           .to_ms = NOW + 3650 * AFD_DAY }, &t->root);
}

void authority_free(struct authority *t)
{
	made_free(&t->leaf);
	made_free(&t->root);
}

static TS_REQ *request(const struct afd_digest *imprint)
{
	TS_REQ *q = TS_REQ_new();
	TS_MSG_IMPRINT *m = TS_MSG_IMPRINT_new();
	X509_ALGOR *alg = X509_ALGOR_new();

	X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
	assert_int_equal(TS_MSG_IMPRINT_set_algo(m, alg), 1);
	assert_int_equal(TS_MSG_IMPRINT_set_msg(m, (unsigned char *)(uintptr_t)imprint->b, 32), 1);
	assert_int_equal(TS_REQ_set_version(q, 1), 1);
	assert_int_equal(TS_REQ_set_msg_imprint(q, m), 1);
	assert_int_equal(TS_REQ_set_cert_req(q, 1), 1);
	X509_ALGOR_free(alg);
	TS_MSG_IMPRINT_free(m);
	return q;
}

int authority_stamp(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret_token, struct afd_error *err)
{
	struct authority *t = ctx;
	TS_RESP_CTX *c = TS_RESP_CTX_new();
	TS_REQ *q = request(imprint);
	BIO *in = BIO_new(BIO_s_mem());
	ASN1_OBJECT *policy = OBJ_txt2obj(POLICY, 1);
	unsigned char *der = NULL;
	TS_RESP *r;
	int n;

	(void)err;
	assert_int_equal(i2d_TS_REQ_bio(in, q), 1);
	TS_RESP_CTX_set_serial_cb(c, next_serial, NULL);
	TS_RESP_CTX_set_time_cb(c, the_time, t);
	assert_int_equal(TS_RESP_CTX_set_signer_cert(c, t->leaf.cert), 1);
	assert_int_equal(TS_RESP_CTX_set_signer_key(c, t->leaf.key), 1);
	assert_int_equal(TS_RESP_CTX_set_def_policy(c, policy), 1);
	assert_int_equal(TS_RESP_CTX_add_md(c, EVP_sha256()), 1);
	assert_int_equal(TS_RESP_CTX_set_signer_digest(c, EVP_sha256()), 1);
	assert_int_equal(TS_RESP_CTX_set_ess_cert_id_digest(c, EVP_sha256()), 1);
	r = TS_RESP_create_response(c, in);
	assert_non_null(r);
	assert_non_null(TS_RESP_get_token(r));
	n = i2d_PKCS7(TS_RESP_get_token(r), &der);
	assert_true(n > 0);
	assert_int_equal(afd_buf_add(ret_token, der, (size_t)n), 0);
	OPENSSL_free(der);
	TS_RESP_free(r);
	TS_REQ_free(q);
	TS_RESP_CTX_free(c);
	ASN1_OBJECT_free(policy);
	BIO_free(in);
	return 0;
}

void made_crl(const struct made *ca, int64_t from_ms, X509 *revoked, struct afd_buf *ret)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(from_ms / 1000));
	unsigned char *der = NULL;
	int n;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert));
	X509_CRL_set1_lastUpdate(crl, t);
	ASN1_TIME_set(t, (time_t)((from_ms + 7 * AFD_DAY) / 1000));
	X509_CRL_set1_nextUpdate(crl, t);
	if (revoked) {
		X509_REVOKED *r = X509_REVOKED_new();

		ASN1_TIME_set(t, (time_t)(from_ms / 1000));
		X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(revoked));
		X509_REVOKED_set_revocationDate(r, t);
		X509_CRL_add0_revoked(crl, r);
	}
	ASN1_TIME_free(t);
	X509_CRL_sort(crl);
	assert_true(X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0);
	n = i2d_X509_CRL(crl, &der);
	assert_true(n > 0);
	assert_int_equal(afd_buf_add(ret, der, (size_t)n), 0);
	OPENSSL_free(der);
	X509_CRL_free(crl);
}

void made_der(X509 *cert, struct afd_buf *ret)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);

	assert_true(n > 0);
	assert_int_equal(afd_buf_add(ret, der, (size_t)n), 0);
	OPENSSL_free(der);
}
