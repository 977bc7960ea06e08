#include <openssl/ocsp.h>
#include "core/limits.h"
#include "sign/revocation.h"
#include "sign/signer.h"
#include "sign/validation.h"

#define MAX_ADDRESS 1024

AFD_SSL_RELEASE(crl, X509_CRL, X509_CRL_free)
AFD_SSL_RELEASE(ocsp_request, OCSP_REQUEST, OCSP_REQUEST_free)
AFD_SSL_RELEASE(dist_points, STACK_OF(DIST_POINT), CRL_DIST_POINTS_free)
AFD_SSL_RELEASE(access, AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free)

/* --- lists of DER --- */

int afd_ders_add(struct afd_ders *d, struct afd_slice der, struct afd_error *err)
{
	for (size_t i = 0; i < d->n; i++)
		if (afd_slice_equal(d->at[i], der))
			return 0;
	if (d->n == AFD_MAX_DERS)
		return afd_fail(err, AFD_E_LIMIT, "more than %u certificates or revocation lists", AFD_MAX_DERS);
	if (!d->at) {
		d->at = calloc(AFD_MAX_DERS, sizeof(*d->at));
		d->bytes = calloc(AFD_MAX_DERS, sizeof(*d->bytes));
	}
	if (!d->at || !d->bytes || afd_buf_add_slice(&d->bytes[d->n], der) < 0)
		return afd_fail_memory(err);
	d->at[d->n] = afd_buf_slice(&d->bytes[d->n]);
	d->n++;
	return 0;
}

void afd_ders_release(struct afd_ders *d)
{
	for (size_t i = 0; i < d->n; i++)
		afd_buf_release(&d->bytes[i]);
	free(d->at);
	free(d->bytes);
	*d = (struct afd_ders){ 0 };
}

/* --- what a certificate says --- */

static int read_cert(struct afd_slice der, X509 **ret, struct afd_error *err)
{
	const unsigned char *p = der.data;

	ERR_clear_error();
	*ret = der.len && der.len <= AFD_MAX_CERTIFICATE ? d2i_X509(NULL, &p, (long)der.len) : NULL;
	if (*ret && p == der.data + der.len)
		return 0;
	X509_free(*ret);
	*ret = NULL;
	ERR_clear_error();
	return afd_fail(err, AFD_E_PARSE, "not the DER of a certificate");
}

/* An address that could be fetched and shown; anything else is passed over. */
static bool take_address(const GENERAL_NAME *g, char *list[AFD_MAX_SOURCES])
{
	const ASN1_STRING *s = g->type == GEN_URI ? g->d.uniformResourceIdentifier : NULL;
	struct afd_slice url = s ? afd_slice(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)) : afd_slice(NULL, 0);
	size_t i = 0;

	if (url.len < 8 || url.len > MAX_ADDRESS ||
	    (strncasecmp((const char *)url.data, "http://", 7) != 0 && strncasecmp((const char *)url.data, "https://", 8) != 0))
		return true;
	for (size_t k = 0; k < url.len; k++)
		if (url.data[k] <= ' ' || url.data[k] >= 0x7f)
			return true;
	while (i < AFD_MAX_SOURCES && list[i])
		i++;
	if (i == AFD_MAX_SOURCES)
		return true;
	list[i] = afd_text_dup(url);
	return list[i] != NULL;
}

void afd_sources_release(struct afd_sources *s)
{
	for (unsigned i = 0; i < AFD_MAX_SOURCES; i++) {
		free(s->crl[i]);
		free(s->ocsp[i]);
		free(s->issuer[i]);
	}
	*s = (struct afd_sources){ 0 };
}

int afd_cert_sources(struct afd_slice der, struct afd_sources *ret, struct afd_error *err)
{
	AFD_AUTO(x509) X509 *cert = NULL;
	AFD_AUTO(dist_points) STACK_OF(DIST_POINT) *points = NULL;
	AFD_AUTO(access) AUTHORITY_INFO_ACCESS *access = NULL;
	bool ok = true;

	if (read_cert(der, &cert, err) < 0)
		return -1;
	points = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
	access = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT_NAME *name = sk_DIST_POINT_value(points, i)->distpoint;

		for (int k = 0; name && name->type == 0 && k < sk_GENERAL_NAME_num(name->name.fullname); k++)
			ok = ok && take_address(sk_GENERAL_NAME_value(name->name.fullname, k), ret->crl);
	}
	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
		const ACCESS_DESCRIPTION *d = sk_ACCESS_DESCRIPTION_value(access, i);

		if (OBJ_obj2nid(d->method) == NID_ad_OCSP)
			ok = ok && take_address(d->location, ret->ocsp);
		else if (OBJ_obj2nid(d->method) == NID_ad_ca_issuers)
			ok = ok && take_address(d->location, ret->issuer);
	}
	ERR_clear_error();
	return ok ? 0 : afd_fail_memory(err);
}

bool afd_cert_is_root(struct afd_slice der)
{
	AFD_AUTO(x509) X509 *cert = NULL;

	return read_cert(der, &cert, NULL) == 0 && X509_check_issued(cert, cert) == X509_V_OK;
}

const struct afd_slice *afd_cert_issuer(struct afd_slice der, const struct afd_ders *all)
{
	AFD_AUTO(x509) X509 *cert = NULL;
	const struct afd_slice *found = NULL;

	if (read_cert(der, &cert, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < all->n && !found; i++) {
		AFD_AUTO(x509) X509 *issuer = NULL;

		if (read_cert(all->at[i], &issuer, NULL) == 0 && X509_check_issued(issuer, cert) == X509_V_OK &&
		    X509_verify(cert, X509_get0_pubkey(issuer)) == 1)
			found = &all->at[i];
	}
	ERR_clear_error();
	return found;
}

int afd_cert_describe(struct afd_slice der, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(x509) X509 *cert = NULL;

	return read_cert(der, &cert, err) < 0 ? -1 : afd_cert_subject(cert, ret, err);
}

/* --- requests and answers --- */

int afd_ocsp_request(struct afd_slice cert_der, struct afd_slice issuer_der, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(x509) X509 *cert = NULL, *issuer = NULL;
	AFD_AUTO(ocsp_request) OCSP_REQUEST *q = OCSP_REQUEST_new();
	OCSP_CERTID *id;
	unsigned char *der = NULL;
	int n, r;

	if (read_cert(cert_der, &cert, err) < 0 || read_cert(issuer_der, &issuer, err) < 0)
		return -1;
	/* SHA-1 names the certificate here and proves nothing; many responders know no other (RFC 5019, 2.1.1) */
	id = OCSP_cert_to_id(EVP_sha1(), cert, issuer);
	if (!q || !id || !OCSP_request_add0_id(q, id)) {
		OCSP_CERTID_free(id);
		return afd_ssl_fail(err, AFD_E_MEMORY, "OCSP request");
	}
	n = i2d_OCSP_REQUEST(q, &der);
	r = n > 0 ? afd_buf_add(ret, der, (size_t)n) : -1;
	OPENSSL_free(der);
	return r < 0 ? afd_fail_memory(err) : 0;
}

/* The next piece of PEM as DER, of one kind; NULL: no more. */
static unsigned char *next_pem(BIO *bio, bool crl, int *n)
{
	unsigned char *der = NULL;

	*n = 0;
	if (crl) {
		AFD_AUTO(crl) X509_CRL *one = PEM_read_bio_X509_CRL(bio, NULL, NULL, (void *)"");

		*n = one ? i2d_X509_CRL(one, &der) : 0;
	} else {
		AFD_AUTO(x509) X509 *one = PEM_read_bio_X509(bio, NULL, NULL, (void *)"");

		*n = one ? i2d_X509(one, &der) : 0;
	}
	return der;
}

static int read_pem(struct afd_slice bytes, bool crl, struct afd_ders *ret, struct afd_error *err)
{
	AFD_AUTO(bio) BIO *bio = BIO_new_mem_buf(bytes.data, (int)bytes.len);
	unsigned char *der;
	int n, found = 0, r = 0;

	if (!bio)
		return afd_fail_memory(err);
	while (r == 0 && (der = next_pem(bio, crl, &n)) != NULL) {
		r = n > 0 ? afd_ders_add(ret, afd_slice(der, (size_t)n), err) : afd_fail_memory(err);
		OPENSSL_free(der);
		found++;
	}
	ERR_clear_error();
	return r < 0 || found ? r : afd_fail(err, AFD_E_PARSE, "no %s in it", crl ? "revocation list" : "certificate");
}

int afd_der_read(struct afd_slice bytes, bool crl, struct afd_ders *ret, struct afd_error *err)
{
	const unsigned char *p = bytes.data;
	AFD_AUTO(x509) X509 *cert = NULL;
	AFD_AUTO(crl) X509_CRL *list = NULL;

	ERR_clear_error();
	if (bytes.len == 0 || bytes.len > INT32_MAX)
		return afd_fail(err, AFD_E_PARSE, "it is empty, or too large");
	if (memmem(bytes.data, bytes.len, "-----BEGIN", 10))
		return read_pem(bytes, crl, ret, err);
	if (!crl)
		return read_cert(bytes, &cert, err) < 0 ? -1 : afd_ders_add(ret, bytes, err);
	list = d2i_X509_CRL(NULL, &p, (long)bytes.len);
	if (list && p == bytes.data + bytes.len)
		return afd_ders_add(ret, bytes, err);
	ERR_clear_error();
	return afd_fail(err, AFD_E_PARSE, "not a revocation list");
}

int afd_validation_worth(const struct afd_validation *v, struct afd_slice cert_der, struct afd_slice issuer_der, int64_t at_ms,
			 enum afd_worth *ret, struct afd_error *err)
{
	static const struct afd_trust none;
	AFD_AUTO(x509) X509 *cert = NULL, *issuer = NULL;
	AFD_AUTO(revocations) struct afd_revocations all = { 0 };
	struct afd_revocation_state state = { 0 };
	STACK_OF(X509) *chain = NULL;
	int r;

	if (read_cert(cert_der, &cert, err) < 0 || read_cert(issuer_der, &issuer, err) < 0 ||
	    afd_revocations_load(&none, v, NULL, &all, err) < 0)
		return -1;
	chain = sk_X509_new_null();
	r = chain && sk_X509_push(chain, cert) > 0 && sk_X509_push(chain, issuer) > 0
		    ? afd_revocation_look(chain, &all, at_ms, &state, err) : afd_fail_memory(err);
	sk_X509_free(chain);
	*ret = state.revoked ? AFD_WORTH_REVOKED : state.known == AFD_REVOCATION_GOOD ? AFD_WORTH_GOOD : AFD_WORTH_NOTHING;
	return r;
}
