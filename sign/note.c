/* C2SP signed notes by the store key (signed-note, tlog-checkpoint): heads, and handovers to the next key. */
#include "sign/store_key.h"

/* The line of a signature begins with an em dash, U+2014, and a blank. */
#define SIGNATURE_MARK "\xe2\x80\x94 "

static int add_signature(const struct afd_store_key *k, struct afd_slice text, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct afd_note_key nk = { .alg = AFD_NOTE_ED25519, .key = afd_slice(k->public_key, sizeof(k->public_key)) };
	uint8_t id_sig[4 + 64];
	size_t n = 64;

	memcpy(nk.name, k->name, sizeof(nk.name));
	afd_note_key_id(&nk, id_sig);
	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->key) != 1 ||
	    EVP_DigestSign(ctx, id_sig + 4, &n, text.data, text.len) != 1 || n != 64)
		return afd_ssl_fail(err, AFD_E_MEMORY, "signing by the store key");
	if (afd_buf_printf(ret, SIGNATURE_MARK "%s ", k->name) < 0 || afd_base64(afd_slice(id_sig, sizeof(id_sig)), ret) < 0 ||
	    afd_buf_text(ret, "\n") < 0)
		return afd_fail_memory(err);
	return 0;
}

static int sign_note(const struct afd_store_key *const *keys, size_t n, struct afd_slice text, struct afd_buf *ret, struct afd_error *err)
{
	const size_t before = ret->len;
	int r = afd_buf_add_slice(ret, text) < 0 || afd_buf_text(ret, "\n") < 0 ? afd_fail_memory(err) : 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_signature(keys[i], text, ret, err);
	if (r < 0)
		ret->len = before;
	return r;
}

int afd_note_sign(const struct afd_store_key *k, uint64_t size, const struct afd_digest *root, struct afd_buf *ret,
                  struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_checkpoint c = { .size = size, .root = *root };

	memcpy(c.origin, k->name, sizeof(c.origin));
	if (afd_checkpoint_text(&c, &text) < 0)
		return afd_fail_memory(err);
	return sign_note(&k, 1, afd_buf_slice(&text), ret, err);
}

/* No checkpoint can be taken for it: the first line of one is a ledger's name, and the second a number. */
int afd_note_handover(const struct afd_store_key *old, const struct afd_store_key *next, struct afd_buf *ret, struct afd_error *err)
{
	const struct afd_store_key *const both[] = { old, next };
	AFD_AUTO(buf) struct afd_buf text = { 0 }, from = { 0 }, to = { 0 };

	if (strcmp(old->name, next->name) != 0)
		return afd_fail(err, AFD_E_USAGE, "handover of the store key: from %s to %s, which is another ledger", old->name, next->name);
	if (afd_store_key_vkey(old, &from, err) < 0 || afd_store_key_vkey(next, &to, err) < 0)
		return -1;
	if (afd_buf_printf(&text, "affidavit-store-key-handover 1\n%s\n%s\n%s\n", old->name, (const char *)from.data, (const char *)to.data) < 0)
		return afd_fail_memory(err);
	return sign_note(both, AFD_COUNT(both), afd_buf_slice(&text), ret, err);
}
