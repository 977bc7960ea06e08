/* Links: evidence core. Texts of a proof and lines of a bundle: what is taken is what would be written. */
#include "evidence/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static void same(struct afd_buf *b, struct afd_slice text)
{
	must(afd_slice_equal(afd_buf_slice(b), text));
	afd_buf_release(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct afd_slice text = { data, size };
	struct afd_buf b = { 0 };
	struct afd_proof p;
	struct afd_erased e;
	struct afd_leaf_line l;
	struct afd_digest root = { { 0 } };

	for (unsigned k = AFD_PROOF_INCLUSION; k <= AFD_PROOF_CONSISTENCY; k++) {
		if (afd_proof_read((enum afd_proof_kind)k, text, &p, NULL) < 0)
			continue;
		must(afd_proof_write((enum afd_proof_kind)k, &p, &b) == 0);
		same(&b, text);
		/* no two numbers may make the checkers leave their bounds */
		afd_merkle_check_inclusion(&root, p.a, p.b, p.at, p.n, &root);
		afd_merkle_check_consistency(p.a, &root, p.b, &root, p.at, p.n);
	}
	if (afd_erased_read(text, &e, NULL) == 0) {
		must(afd_erased_write(&e, &b) == 0);
		same(&b, text);
	}
	if (size && data[size - 1] == '\n' && afd_leaf_line_read(afd_slice(data, size - 1), &l, NULL) == 0) {
		must(afd_leaf_line_write(&l, &b) == 0);
		same(&b, text);
	}
	return 0;
}
