/* A key that signs digests, and how its public half is found. */
#include "sign/signer.h"

int afd_key_make(struct afd_digest_signer how, EVP_PKEY *pub, struct afd_key **ret, struct afd_error *err)
{
	AFD_AUTO(key) struct afd_key *k = calloc(1, sizeof(*k));

	if (!k) {
		if (how.free)
			how.free(how.ctx);
		EVP_PKEY_free(pub);
		return afd_fail_memory(err);
	}
	*k = (struct afd_key){ .how = how, .pub = pub, .certs = sk_X509_new_null() };
	if (!k->certs)
		return afd_fail_memory(err);
	if (afd_cert_key_check(pub, err) < 0) {
		if (err)
			err->code = AFD_E_CONFIG;        /* nothing was verified yet: it is the wrong key */
		return -1;
	}
	*ret = afd_steal(&k);
	return 0;
}

static EVP_PKEY *from_der(struct afd_slice bytes)
{
	const uint8_t *p = bytes.data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)bytes.len);
	X509 *cert;

	if (key)
		return key;
	p = bytes.data;
	cert = d2i_X509(NULL, &p, (long)bytes.len);
	key = cert ? X509_get_pubkey(cert) : NULL;
	X509_free(cert);
	return key;
}

static EVP_PKEY *from_pem(struct afd_slice bytes)
{
	AFD_AUTO(bio) BIO *bio = BIO_new_mem_buf(bytes.data, (int)bytes.len), *again = BIO_new_mem_buf(bytes.data, (int)bytes.len);
	AFD_AUTO(x509) X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, "") : NULL;

	if (cert)
		return X509_get_pubkey(cert);
	return again ? PEM_read_bio_PUBKEY(again, NULL, NULL, "") : NULL;
}

int afd_key_with(struct afd_slice public_key, struct afd_digest_signer how, struct afd_key **ret, struct afd_error *err)
{
	EVP_PKEY *pub = NULL;

	if (public_key.len && public_key.len <= 1u << 20)
		pub = public_key.data[0] == 0x30 ? from_der(public_key) : from_pem(public_key);
	ERR_clear_error();
	if (!pub) {
		if (how.free)
			how.free(how.ctx);
		return afd_fail(err, AFD_E_CONFIG, "report key: expected its certificate or its public key, PEM or DER");
	}
	return afd_key_make(how, pub, ret, err) < 0 ? afd_within(err, "report key") : 0;
}

struct afd_key *afd_key_free(struct afd_key *k)
{
	if (k) {
		if (k->how.free)
			k->how.free(k->how.ctx);
		EVP_PKEY_free(k->pub);
		sk_X509_pop_free(k->certs, X509_free);
	}
	free(k);
	return NULL;
}

void afd_key_release(struct afd_key **k)
{
	*k = afd_key_free(*k);
}
