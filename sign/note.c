/* C2SP checkpoints signed by the store key (signed-note, tlog-checkpoint). */
#include "sign/store_key.h"

/* The line of a signature begins with an em dash, U+2014, and a blank. */
#define SIGNATURE_MARK "\xe2\x80\x94 "

int afd_note_sign(const struct afd_store_key *k, uint64_t size, const struct afd_digest *root, struct afd_buf *ret,
                  struct afd_error *err)
{
	AFD_AUTO(md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_note_key nk = { .alg = AFD_NOTE_ED25519, .key = afd_slice(k->public_key, sizeof(k->public_key)) };
	struct afd_checkpoint c = { .size = size, .root = *root };
	uint8_t id_sig[4 + 64];
	size_t n = 64, before = ret->len;

	memcpy(nk.name, k->name, sizeof(nk.name));
	memcpy(c.origin, k->name, sizeof(c.origin));
	if (afd_checkpoint_text(&c, &text) < 0)
		return afd_fail_memory(err);
	afd_note_key_id(&nk, id_sig);
	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->key) != 1 ||
	    EVP_DigestSign(ctx, id_sig + 4, &n, text.data, text.len) != 1 || n != 64)
		return afd_ssl_fail(err, AFD_E_MEMORY, "signing the checkpoint");

	if (afd_buf_add_slice(ret, afd_buf_slice(&text)) < 0 ||
	    afd_buf_printf(ret, "\n" SIGNATURE_MARK "%s ", k->name) < 0 ||
	    afd_base64(afd_slice(id_sig, sizeof(id_sig)), ret) < 0 || afd_buf_text(ret, "\n") < 0) {
		ret->len = before;
		return afd_fail_memory(err);
	}
	return 0;
}
