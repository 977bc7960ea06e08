/* DSSE: the same payload in an envelope for supply-chain tools. What is signed binds type and payload by their lengths
 * (PAE), so that neither can slide into the other. ECDSA signatures stay in DER here, as those tools take them. */
#include "core/digest.h"
#include "sign/signer.h"

/* How securesystemslib names a key: SHA-256 over its "canonical JSON" {keytype, keyval, scheme}, where line feeds stay as
 * they are. Its reader takes no signature whose keyid is another; the rest of the world takes keyid for a hint. */
static int key_id(EVP_PKEY *key, struct afd_buf *ret, struct afd_error *err)
{
	static const struct { const char *jws, *type, *scheme; } names[] = {
		{ "ES256", "ecdsa", "ecdsa-sha2-nistp256" },
		{ "ES384", "ecdsa", "ecdsa-sha2-nistp384" },
		{ "RS256", "rsa", "rsa-pkcs1v15-sha256" },
	};
	AFD_AUTO(bio) BIO *bio = BIO_new(BIO_s_mem());
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_digest d;
	char *pem = NULL;
	size_t at = 0;
	long n;

	while (strcmp(names[at].jws, afd_key_algorithm(key)->jws) != 0)
		if (++at == AFD_COUNT(names))
			return afd_fail(err, AFD_E_ENGINE, "DSSE: no name for keys of %s", afd_key_algorithm(key)->jws);
	if (!bio || PEM_write_bio_PUBKEY(bio, key) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "DSSE: the public key");
	n = BIO_get_mem_data(bio, &pem);
	if (afd_buf_printf(&text, "{\"keytype\":\"%s\",\"keyval\":{\"public\":\"", names[at].type) < 0 ||
	    afd_buf_add(&text, pem, (size_t)n) < 0 || afd_buf_printf(&text, "\"},\"scheme\":\"%s\"}", names[at].scheme) < 0)
		return afd_fail_memory(err);
	afd_sha256(afd_buf_slice(&text), &d);
	return afd_buf_text(ret, afd_digest_hex(&d).s) < 0 ? afd_fail_memory(err) : 0;
}

static int add_pae(struct afd_slice payload, const char *payload_type, struct afd_buf *ret)
{
	return afd_buf_printf(ret, "DSSEv1 %zu %s %zu ", strlen(payload_type), payload_type, payload.len);
}

/* All before the signature itself. */
static int add_front(struct afd_slice payload, const char *payload_type, const struct afd_buf *id, struct afd_buf *ret)
{
	return afd_buf_text(ret, "{\"payload\":\"") < 0 || afd_base64(payload, ret) < 0 ||
	       afd_buf_printf(ret, "\",\"payloadType\":\"%s\",\"signatures\":[{\"keyid\":\"%s\",\"sig\":\"", payload_type,
	                      (const char *)id->data) < 0 ? -1 : 0;
}

int afd_dsse_sign(const struct afd_signer *s, struct afd_slice payload, const char *payload_type, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf pae = { 0 }, sig = { 0 }, id = { 0 };
	struct afd_slice pieces[2] = { { 0 }, payload };

	ERR_clear_error();
	if (strpbrk(payload_type, "\"\\\n"))
		return afd_fail(err, AFD_E_ENGINE, "DSSE: \"%s\" is not a media type", payload_type);
	if (add_pae(payload, payload_type, &pae) < 0)
		return afd_fail_memory(err);
	pieces[0] = afd_buf_slice(&pae);
	if (afd_signer_sign(s, pieces, AFD_COUNT(pieces), &sig, err) < 0 || key_id(X509_get0_pubkey(s->cert), &id, err) < 0)
		return -1;
	if (add_front(payload, payload_type, &id, ret) < 0 || afd_base64(afd_buf_slice(&sig), ret) < 0 || afd_buf_text(ret, "\"}]}") < 0)
		return afd_fail_memory(err);
	return 0;
}

/* The one way to write it, so everything but the signature is known beforehand. */
int afd_dsse_verify(struct afd_slice dsse, struct afd_slice payload, const char *payload_type, struct afd_slice pem, struct afd_error *err)
{
	static const char end[] = "\"}]}";
	AFD_AUTO(bio) BIO *bio = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
	AFD_AUTO(x509) X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, (void *)"") : NULL;
	AFD_AUTO(buf) struct afd_buf front = { 0 }, pae = { 0 }, sig = { 0 }, id = { 0 };
	AFD_AUTO(md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;
	struct afd_slice text;

	ERR_clear_error();
	if (!key || !ctx)
		return afd_fail(err, AFD_E_VERIFY, "DSSE: the signer's certificate cannot be read");
	if (afd_cert_key_check(key, err) < 0 || key_id(key, &id, err) < 0)
		return -1;
	if (add_front(payload, payload_type, &id, &front) < 0 || add_pae(payload, payload_type, &pae) < 0)
		return afd_fail_memory(err);
	if (dsse.len < front.len + sizeof(end) - 1 || memcmp(dsse.data, front.data, front.len) != 0 ||
	    memcmp(dsse.data + dsse.len - (sizeof(end) - 1), end, sizeof(end) - 1) != 0)
		return afd_fail(err, AFD_E_VERIFY, "DSSE: not the same statement, signer and layout as in statement.jws");
	text = afd_slice_sub(dsse, front.len, dsse.len - front.len - (sizeof(end) - 1));
	if (afd_unbase64(text, &sig) < 0 || sig.len == 0)
		return afd_fail(err, AFD_E_VERIFY, "DSSE: the signature is not base64");
	if (EVP_DigestVerifyInit(ctx, NULL, afd_key_algorithm(key)->md(), NULL, key) != 1 ||
	    EVP_DigestVerifyUpdate(ctx, pae.data, pae.len) != 1 || EVP_DigestVerifyUpdate(ctx, payload.data, payload.len) != 1 ||
	    EVP_DigestVerifyFinal(ctx, sig.data, sig.len) != 1) {
		ERR_clear_error();
		return afd_fail(err, AFD_E_VERIFY, "DSSE: the signature is wrong: it was not made by the signer of statement.jws");
	}
	return 0;
}
