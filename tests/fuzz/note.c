/* Links: core. Signed notes, checkpoints, keys: a note that was read can be written back byte for byte, and none but
 * the one that the key signed verifies. */
#include "core/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define SIGNED "This is an example message.\n"

static void must(bool cond)
{
	if (!cond)
		abort();
}

static void written_back(const struct afd_note *n, struct afd_slice whole)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	afd_buf_add_slice(&b, n->text);
	afd_buf_text(&b, "\n");
	for (size_t i = 0; i < n->n; i++) {
		AFD_AUTO(buf) struct afd_buf raw = { 0 };

		afd_buf_add(&raw, n->sig[i].id, 4);
		afd_buf_add_slice(&raw, afd_buf_slice(&n->sig[i].sig));
		afd_buf_text(&b, "\xe2\x80\x94 ");
		afd_buf_add_slice(&b, n->sig[i].name);
		afd_buf_text(&b, " ");
		afd_base64(afd_buf_slice(&raw), &b);
		afd_buf_text(&b, "\n");
	}
	must(afd_slice_equal(afd_buf_slice(&b), whole));
}

static void checkpoint(struct afd_slice text)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_checkpoint c;

	if (afd_checkpoint_parse(text, &c, NULL) < 0)
		return;
	must(afd_checkpoint_text(&c, &b) == 0 && afd_slice_equal(afd_buf_slice(&b), text));
}

static void vkey(struct afd_slice text)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 }, back = { 0 };
	AFD_AUTO(mem) char *s = afd_text_dup(text);
	struct afd_note_key k;

	if (s && afd_note_vkey_parse(s, &keep, &k, NULL) == 0)
		must(afd_note_vkey_text(&k, &back) == 0 && strcmp((char *)back.data, s) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_slice whole = afd_slice(data, size);
	struct afd_note_key k;
	struct afd_note n;
	int64_t at;

	checkpoint(whole);
	vkey(whole);
	if (afd_note_parse(whole, &n, NULL) < 0)
		return 0;
	written_back(&n, whole);
	checkpoint(n.text);
	must(afd_note_vkey_parse(VKEY, &keep, &k, NULL) == 0);
	if (afd_note_verify(&n, &k, &at, NULL) == 0)
		must(afd_slice_equal(n.text, afd_slice_text(SIGNED)));
	k.alg = AFD_NOTE_COSIGNATURE;
	must(afd_note_verify(&n, &k, &at, NULL) < 0);
	k.alg = AFD_NOTE_RFC6962;
	must(afd_note_verify(&n, &k, &at, NULL) < 0);
	afd_note_release(&n);
	return 0;
}
