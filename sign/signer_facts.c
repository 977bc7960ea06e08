/* What a person wants to know of a report key. */
#include "sign/signer.h"

static int subject_of(const X509 *cert, char **ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	if (afd_cert_subject(cert, &text, err) < 0)
		return -1;
	*ret = afd_text_dup(afd_buf_slice(&text));
	return *ret ? 0 : afd_fail_memory(err);
}

static int issuer_of(const X509 *cert, char **ret, struct afd_error *err)
{
	AFD_AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n;

	if (!bio || X509_NAME_print_ex(bio, X509_get_issuer_name(cert), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0)
		return afd_ssl_fail(err, AFD_E_PARSE, "issuer of the certificate");
	n = BIO_get_mem_data(bio, &text);
	*ret = afd_text_dup(afd_slice(n > 0 ? text : "", n > 0 ? (size_t)n : 0));
	return *ret ? 0 : afd_fail_memory(err);
}

static int fill(const struct afd_signer *s, struct afd_signer_facts *f, struct afd_error *err)
{
	EVP_PKEY *pub = s->key->pub;
	const int bits = EVP_PKEY_get_bits(pub);

	if (subject_of(s->cert, &f->subject, err) < 0 || issuer_of(s->cert, &f->issuer, err) < 0 ||
	    afd_cert_sha256(s->cert, &f->certificate, err) < 0 ||
	    afd_asn1_time_ms(X509_get0_notBefore(s->cert), &f->not_before, err) < 0 ||
	    afd_asn1_time_ms(X509_get0_notAfter(s->cert), &f->not_after, err) < 0)
		return -1;
	f->algorithm = EVP_PKEY_is_a(pub, "RSA") ? afd_sprintf("RSA %d with SHA-256", bits)
	                                         : afd_sprintf("ECDSA P-%d with SHA-%d", bits, bits);
	if (!f->algorithm)
		return afd_fail_memory(err);
	for (int i = 0; i < s->n_chain && f->n_chain < AFD_COUNT(f->chain); i++)
		if (subject_of(sk_X509_value(s->others, i), &f->chain[f->n_chain++], err) < 0)
			return -1;
	f->test = afd_signer_is_test(s);
	return 0;
}

int afd_signer_facts(const struct afd_signer *s, struct afd_signer_facts *ret, struct afd_error *err)
{
	struct afd_signer_facts f = { 0 };

	if (fill(s, &f, err) < 0) {
		afd_signer_facts_release(&f);
		return -1;
	}
	*ret = f;
	return 0;
}

void afd_signer_facts_release(struct afd_signer_facts *f)
{
	free(f->subject);
	free(f->issuer);
	free(f->algorithm);
	for (size_t i = 0; i < f->n_chain; i++)
		free(f->chain[i]);
	*f = (struct afd_signer_facts){ 0 };
}
