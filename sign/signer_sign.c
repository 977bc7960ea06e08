/* The one way to sign: hash here, let somebody sign the digest, check what came back. */
#include "sign/signer.h"

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#define MAX_SIGNATURE 1024u        /* RSA of 8192 bits */

static const struct afd_algorithm es256 = { "ES256", "sha256", EVP_sha256, NID_ecdsa_with_SHA256, 32 },
                                  es384 = { "ES384", "sha384", EVP_sha384, NID_ecdsa_with_SHA384, 48 },
                                  /* rsaEncryption: RFC 3370, 3.2 */
                                  rs256 = { "RS256", "sha256", EVP_sha256, NID_rsaEncryption, 0 };

const struct afd_algorithm *afd_signer_algorithm(const struct afd_signer *s)
{
	return afd_key_algorithm(X509_get0_pubkey(s->cert));
}

const struct afd_algorithm *afd_key_algorithm(EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "RSA"))
		return &rs256;
	return EVP_PKEY_get_bits(key) > 256 ? &es384 : &es256;
}

static bool prepare(EVP_PKEY_CTX *ctx, EVP_PKEY *key, const EVP_MD *md)
{
	return EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 &&
	       (!EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1);
}

static bool holds(EVP_PKEY *key, const EVP_MD *md, struct afd_slice digest, struct afd_slice sig)
{
	AFD_AUTO(pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

	return ctx && EVP_PKEY_verify_init(ctx) == 1 && prepare(ctx, key, md) &&
	       EVP_PKEY_verify(ctx, sig.data, sig.len, digest.data, digest.len) == 1;
}

static int hash(const EVP_MD *md, const struct afd_slice *pieces, size_t n, uint8_t ret[EVP_MAX_MD_SIZE], struct afd_error *err)
{
	AFD_AUTO(md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, pieces[i].data, pieces[i].len) == 1;
	if (!ok || EVP_DigestFinal_ex(ctx, ret, NULL) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "digest");
	return 0;
}

int afd_signer_hash(const struct afd_signer *s, const struct afd_slice *pieces, size_t n, uint8_t ret[EVP_MAX_MD_SIZE],
		    struct afd_error *err)
{
	return hash(afd_signer_algorithm(s)->md(), pieces, n, ret, err);
}

int afd_key_sign(const struct afd_key *k, const struct afd_slice *pieces, size_t n, struct afd_buf *ret, struct afd_error *err)
{
	const struct afd_algorithm *a = afd_key_algorithm(k->pub);
	AFD_AUTO(buf) struct afd_buf sig = { .max = MAX_SIGNATURE };
	uint8_t bytes[EVP_MAX_MD_SIZE] = { 0 };
	struct afd_slice digest = afd_slice(bytes, (size_t)EVP_MD_get_size(a->md()));

	ERR_clear_error();
	if (hash(a->md(), pieces, n, bytes, err) < 0)
		return -1;
	if (k->how.sign(k->how.ctx, a->hash, digest, &sig, err) < 0)
		return afd_within(err, "signing");
	if (!holds(k->pub, a->md(), digest, afd_buf_slice(&sig))) {
		ERR_clear_error();
		return afd_fail(err, AFD_E_CONFIG, "signing: the signature is not by the key that was expected: the "
		                "certificate belongs to another key, or the key's holder signed something else");
	}
	return afd_buf_add_slice(ret, afd_buf_slice(&sig)) < 0 ? afd_fail_memory(err) : 0;
}

int afd_signer_sign(const struct afd_signer *s, const struct afd_slice *pieces, size_t n, struct afd_buf *ret, struct afd_error *err)
{
	return afd_key_sign(s->key, pieces, n, ret, err);
}

/* --- a key in our own memory --- */

static int local_sign(void *ctx, const char *hash_name, struct afd_slice digest, struct afd_buf *ret, struct afd_error *err)
{
	EVP_PKEY *key = ctx;
	AFD_AUTO(pkey_ctx) EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	uint8_t sig[MAX_SIGNATURE];
	size_t n = sizeof(sig);

	if (!c || EVP_PKEY_sign_init(c) != 1 || !prepare(c, key, EVP_get_digestbyname(hash_name)) ||
	    EVP_PKEY_sign(c, sig, &n, digest.data, digest.len) != 1)
		return afd_ssl_fail(err, AFD_E_CONFIG, "the key");
	return afd_buf_add(ret, sig, n) < 0 ? afd_fail_memory(err) : 0;
}

static void local_free(void *ctx)
{
	EVP_PKEY_free(ctx);
}

int afd_key_local(EVP_PKEY *key, struct afd_key **ret, struct afd_error *err)
{
	const struct afd_digest_signer how = { .sign = local_sign, .free = local_free, .ctx = key };

	EVP_PKEY_up_ref(key);
	return afd_key_make(how, key, ret, err);
}

/* --- the two forms of an ECDSA signature --- */

int afd_ecdsa_to_raw(struct afd_slice der, size_t half, struct afd_buf *ret, struct afd_error *err)
{
	const uint8_t *p = der.data;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
	uint8_t raw[2 * 66];
	bool ok = sig && p == der.data + der.len && half <= 66 &&
	          BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)half) == (int)half &&
	          BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, (int)half) == (int)half;

	ECDSA_SIG_free(sig);
	if (!ok)
		return afd_ssl_fail(err, AFD_E_PARSE, "an ECDSA signature");
	return afd_buf_add(ret, raw, 2 * half) < 0 ? afd_fail_memory(err) : 0;
}

int afd_ecdsa_to_der(struct afd_slice raw, struct afd_buf *ret, struct afd_error *err)
{
	const int half = (int)(raw.len / 2);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = NULL, *s = NULL;
	unsigned char *der = NULL;
	int n, e;

	if (raw.len == 0 || raw.len % 2 || raw.len > 2 * 66) {
		ECDSA_SIG_free(sig);
		return afd_fail(err, AFD_E_PARSE, "an ECDSA signature of %zu bytes: expected r and s of the same length", raw.len);
	}
	r = BN_bin2bn(raw.data, half, NULL);
	s = BN_bin2bn(raw.data + half, half, NULL);
	if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(sig);
		return afd_fail_memory(err);
	}
	n = i2d_ECDSA_SIG(sig, &der);
	ECDSA_SIG_free(sig);
	e = n > 0 ? afd_buf_add(ret, der, (size_t)n) : -1;
	OPENSSL_free(der);
	return e < 0 ? afd_fail_memory(err) : 0;
}
