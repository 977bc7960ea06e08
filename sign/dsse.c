/* DSSE: the same payload in an envelope for supply-chain tools. What is signed binds type and payload by their lengths
 * (PAE), so that neither can slide into the other. ECDSA signatures stay in DER here, as those tools take them. */
#include "core/digest.h"
#include "sign/signer.h"

/* How securesystemslib names a key: SHA-256 over its "canonical JSON" {keytype, keyval, scheme}, where line feeds stay as
 * they are. Its reader takes no signature whose keyid is another; the rest of the world takes keyid for a hint. */
static int key_id(const struct afd_signer *s, struct afd_buf *ret, struct afd_error *err)
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

	while (strcmp(names[at].jws, afd_signer_algorithm(s)->jws) != 0)
		if (++at == AFD_COUNT(names))
			return afd_fail(err, AFD_E_ENGINE, "DSSE: no name for keys of %s", afd_signer_algorithm(s)->jws);
	if (!bio || PEM_write_bio_PUBKEY(bio, X509_get0_pubkey(s->cert)) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "DSSE: the public key");
	n = BIO_get_mem_data(bio, &pem);
	if (afd_buf_printf(&text, "{\"keytype\":\"%s\",\"keyval\":{\"public\":\"", names[at].type) < 0 ||
	    afd_buf_add(&text, pem, (size_t)n) < 0 || afd_buf_printf(&text, "\"},\"scheme\":\"%s\"}", names[at].scheme) < 0)
		return afd_fail_memory(err);
	afd_sha256(afd_buf_slice(&text), &d);
	return afd_buf_text(ret, afd_digest_hex(&d).s) < 0 ? afd_fail_memory(err) : 0;
}

int afd_dsse_sign(const struct afd_signer *s, struct afd_slice payload, const char *payload_type, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf pae = { 0 }, sig = { 0 }, id = { 0 };
	struct afd_slice pieces[2] = { { 0 }, payload };

	ERR_clear_error();
	if (strpbrk(payload_type, "\"\\\n"))
		return afd_fail(err, AFD_E_ENGINE, "DSSE: \"%s\" is not a media type", payload_type);
	if (afd_buf_printf(&pae, "DSSEv1 %zu %s %zu ", strlen(payload_type), payload_type, payload.len) < 0)
		return afd_fail_memory(err);
	pieces[0] = afd_buf_slice(&pae);
	if (afd_signer_sign(s, pieces, AFD_COUNT(pieces), &sig, err) < 0 || key_id(s, &id, err) < 0)
		return -1;
	if (afd_buf_text(ret, "{\"payload\":\"") < 0 || afd_base64(payload, ret) < 0 ||
	    afd_buf_printf(ret, "\",\"payloadType\":\"%s\",\"signatures\":[{\"keyid\":\"%s\",\"sig\":\"", payload_type, (const char *)id.data) < 0 ||
	    afd_base64(afd_buf_slice(&sig), ret) < 0 || afd_buf_text(ret, "\"}]}") < 0)
		return afd_fail_memory(err);
	return 0;
}
