/* A report key: something that signs digests, its certificate and the chain. */
#include "core/when.h"
#include "sign/signer.h"

/* Takes the certificate of KEY out of CERTS. */
static int pick_certificate(EVP_PKEY *key, STACK_OF(X509) *certs, X509 **ret, struct afd_error *err)
{
	int at = -1;

	if (sk_X509_num(certs) == 0)
		return afd_fail(err, AFD_E_CONFIG, "no certificate beside the key: put the signer's certificate and its "
		                "chain into the same file, or give them with --cert");
	for (int i = 0; i < sk_X509_num(certs); i++) {
		if (EVP_PKEY_eq(X509_get0_pubkey(sk_X509_value(certs, i)), key) != 1)
			continue;
		if (at >= 0)
			return afd_fail(err, AFD_E_CONFIG, "two certificates for the key: leave the one to be used");
		at = i;
	}
	ERR_clear_error();
	if (at < 0)
		return afd_fail(err, AFD_E_CONFIG,
				"key and certificate do not match: none of the %d certificates is for this key",
				sk_X509_num(certs));
	*ret = sk_X509_delete(certs, at);
	return 0;
}

/* RFC 7515, 4.1.6 wants a chain, and people's files hold certificates in any order, with strangers among them. Those
 * come last. */
static int order_chain(struct afd_signer *s, STACK_OF(X509) *certs)
{
	X509 *cert = s->cert;

	for (int i = 0; i < sk_X509_num(certs);) {
		X509 *above = sk_X509_value(certs, i);

		if (X509_check_issued(above, cert) != X509_V_OK || X509_verify(cert, X509_get0_pubkey(above)) != 1) {
			i++;
			continue;
		}
		if (!sk_X509_push(s->others, above))
			return -1;
		(void)sk_X509_delete(certs, i);
		cert = above;
		i = 0;
	}
	ERR_clear_error();
	s->n_chain = sk_X509_num(s->others);
	while (sk_X509_num(certs) > 0) {
		if (!sk_X509_push(s->others, sk_X509_value(certs, 0)))
			return -1;
		(void)sk_X509_shift(certs);
	}
	return 0;
}

static int fill(struct afd_signer *s, struct afd_slice certs_pem, struct afd_error *err)
{
	AFD_AUTO(x509s) STACK_OF(X509) *certs = afd_steal(&s->key->certs);

	if (afd_certs_read(certs_pem, certs, err) < 0 || pick_certificate(s->key->pub, certs, &s->cert, err) < 0)
		return -1;
	if (order_chain(s, certs) < 0)
		return afd_fail_memory(err);
	if (afd_cert_usage_check(s->cert, err) == 0)
		return 0;
	if (err && err->code == AFD_E_VERIFY)
		err->code = AFD_E_CONFIG;        /* nothing was verified yet: it is the wrong certificate */
	return -1;
}

int afd_signer_new(struct afd_key *k, struct afd_slice certs_pem, struct afd_signer **ret, struct afd_error *err)
{
	AFD_AUTO(key) struct afd_key *key = k;
	AFD_AUTO(signer) struct afd_signer *s = calloc(1, sizeof(*s));

	if (!s || !(s->others = sk_X509_new_null()))
		return afd_fail_memory(err);
	s->key = afd_steal(&key);
	ERR_clear_error();
	if (fill(s, certs_pem, err) < 0)
		return afd_within(err, "report key");
	*ret = afd_steal(&s);
	return 0;
}

int afd_signer_read(struct afd_slice bytes, struct afd_slice passphrase, struct afd_signer **ret, struct afd_error *err)
{
	struct afd_key *k;

	if (afd_key_read(bytes, passphrase, &k, err) < 0)
		return -1;
	return afd_signer_new(k, afd_slice(NULL, 0), ret, err);
}

int afd_signer_with(struct afd_slice certs_pem, struct afd_digest_signer how, struct afd_signer **ret, struct afd_error *err)
{
	struct afd_key *k;

	if (afd_key_with(certs_pem, how, &k, err) < 0)
		return -1;
	return afd_signer_new(k, certs_pem, ret, err);
}

const char *afd_signer_advice(const struct afd_signer *s)
{
	/* NIST SP 800-57 part 1: 112 bits of security end with 2030, and evidence is kept longer */
	if (EVP_PKEY_is_a(s->key->pub, "RSA") && EVP_PKEY_get_bits(s->key->pub) < 3072)
		return "its RSA key has fewer than 3072 bits: take 3072 bits or ECDSA P-256 for the next certificate";
	return NULL;
}

bool afd_signer_is_test(const struct afd_signer *s)
{
	bool test = afd_cert_is_test(s->cert);

	for (int i = 0; i < sk_X509_num(s->others); i++)
		test = test || afd_cert_is_test(sk_X509_value(s->others, i));
	return test;
}

int afd_signer_describe(const struct afd_signer *s, struct afd_buf *ret_subject, struct afd_digest *ret_sha256,
			int64_t *ret_not_after, struct afd_error *err)
{
	if (afd_asn1_time_ms(X509_get0_notAfter(s->cert), ret_not_after, err) < 0 ||
	    afd_cert_sha256(s->cert, ret_sha256, err) < 0)
		return -1;
	return afd_cert_subject(s->cert, ret_subject, err);
}

int afd_signer_validity(const struct afd_signer *s, int64_t *ret_from, int64_t *ret_to, struct afd_error *err)
{
	int64_t last;

	if (afd_asn1_time_ms(X509_get0_notBefore(s->cert), ret_from, err) < 0 ||
	    afd_asn1_time_ms(X509_get0_notAfter(s->cert), &last, err) < 0)
		return -1;
	*ret_to = last + AFD_SECOND;      /* notAfter is included and counts whole seconds (RFC 5280, 4.1.2.5) */
	return 0;
}

int afd_signer_valid_at(const struct afd_signer *s, int64_t now_ms, struct afd_error *err)
{
	int64_t from, to;

	if (afd_signer_validity(s, &from, &to, err) < 0)
		return -1;
	if (now_ms < from)
		return afd_fail(err, AFD_E_CONFIG, "the report key's certificate is not valid before %s: check the clock, "
		                "or use another key", afd_when_people(from).s);
	if (now_ms >= to)
		return afd_fail(err, AFD_E_CONFIG,
				"the report key's certificate expired at %s: renew it, then sign again",
				afd_when_people(to - AFD_SECOND).s);
	return 0;
}

struct afd_signer *afd_signer_free(struct afd_signer *s)
{
	if (s) {
		s->key = afd_key_free(s->key);
		X509_free(s->cert);
		sk_X509_pop_free(s->others, X509_free);
	}
	free(s);
	return NULL;
}

void afd_signer_release(struct afd_signer **s)
{
	*s = afd_signer_free(*s);
}
