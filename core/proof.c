#include "core/proof.h"

#include <inttypes.h>

static const struct { const char *a, *b; } words[] = {
	[AFD_PROOF_INCLUSION] = { "index", "size" }, [AFD_PROOF_CONSISTENCY] = { "first", "second" },
};

int afd_proof_write(enum afd_proof_kind k, const struct afd_proof *p, struct afd_buf *ret)
{
	if (afd_buf_printf(ret, "%s %" PRIu64 "\n%s %" PRIu64 "\n", words[k].a, p->a, words[k].b, p->b) < 0)
		return -1;
	for (size_t i = 0; i < p->n; i++)
		if (afd_buf_printf(ret, "%s\n", afd_digest_hex(&p->at[i]).s) < 0)
			return -1;
	return 0;
}

int afd_erased_write(const struct afd_erased *e, struct afd_buf *ret)
{
	return afd_buf_printf(ret, "leaf %" PRIu64 "\nhash %s\ntombstone %" PRIu64 "\n", e->leaf, afd_digest_hex(&e->hash).s, e->tombstone);
}

/* What is no such line gives something that is not written as this text: the readers compare. */
static struct afd_slice next_line(struct afd_slice *rest)
{
	const uint8_t *lf = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	const struct afd_slice line = afd_slice_sub(*rest, 0, lf ? (size_t)(lf - rest->data) : rest->len);

	*rest = afd_slice_sub(*rest, line.len + 1, rest->len);
	return line;
}

static uint64_t number_after(struct afd_slice line, const char *name)
{
	uint64_t v = 0;

	for (size_t i = strlen(name) + 1; i < line.len && i < strlen(name) + 20; i++)
		v = v * 10 + (uint64_t)(uint8_t)(line.data[i] - '0');
	return v;
}

int afd_proof_read(enum afd_proof_kind k, struct afd_slice text, struct afd_proof *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	struct afd_slice rest = text;

	*ret = (struct afd_proof){ 0 };
	ret->a = number_after(next_line(&rest), words[k].a);
	ret->b = number_after(next_line(&rest), words[k].b);
	while (rest.len) {
		const struct afd_slice line = next_line(&rest);

		if (ret->n == AFD_MAX_PROOF_NODES)
			return afd_fail(err, AFD_E_LIMIT, "a proof of more than %u hashes", AFD_MAX_PROOF_NODES);
		if (afd_unhex((const char *)line.data, line.len, ret->at[ret->n++].b, 32) < 0)
			return afd_fail(err, AFD_E_PARSE, "a line of the proof is not a hash");
	}
	if (afd_proof_write(k, ret, &again) < 0)
		return afd_fail_memory(err);
	if (!afd_slice_equal(afd_buf_slice(&again), text))
		return afd_fail(err, AFD_E_PARSE, "expected lines \"%s N\", \"%s N\" and hashes", words[k].a, words[k].b);
	return 0;
}

int afd_erased_read(struct afd_slice text, struct afd_erased *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	struct afd_slice rest = text, hash;

	*ret = (struct afd_erased){ 0 };
	ret->leaf = number_after(next_line(&rest), "leaf");
	hash = next_line(&rest);
	if (hash.len != 5 + 64 || afd_unhex((const char *)hash.data + 5, 64, ret->hash.b, 32) < 0)
		return afd_fail(err, AFD_E_PARSE, "expected a line \"hash\" and 64 hex digits");
	ret->tombstone = number_after(next_line(&rest), "tombstone");
	if (afd_erased_write(ret, &again) < 0)
		return afd_fail_memory(err);
	if (!afd_slice_equal(afd_buf_slice(&again), text))
		return afd_fail(err, AFD_E_PARSE, "expected lines \"leaf N\", \"hash HEX\", \"tombstone N\"");
	return 0;
}
