/* Heads that the verifier kept from earlier: today's ledger must begin with them. A ledger that was rewritten or forked after
 * somebody outside had a head cannot answer this. */
#include <sys/stat.h>

#include "cli/verify_kinds.h"
#include "core/file.h"

static int keep_note(const char *note, struct verify_head *ret, struct afd_buf *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *copy = afd_strdup(note);

	if (!copy)
		return afd_fail_memory(err);
	afd_buf_release(keep);
	if (afd_buf_text(keep, copy) < 0)
		return afd_fail_memory(err);
	return verify_note_read((const char *)keep->data, ret, err);
}

static int read_report(struct verify_head *ret, struct afd_buf *keep, struct afd_error *err)
{
	VERIFIED_REPORT r = { 0 };

	if (verified_report_read(&r, afd_buf_slice(keep), err) < 0)
		return -1;
	return keep_note(r.head.note, ret, keep, err);
}

int verify_earlier_read(const char *path, struct verify_head *ret, struct afd_buf *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *inside = afd_sprintf("%s/report.json", path);
	struct stat st;
	int r;

	if (!inside)
		return afd_fail_memory(err);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		path = inside;
	if (afd_file_read(path, AFD_MAX_REPORT_JSON, keep, err) < 0)
		return -1;
	if (memchr(keep->data, 0, keep->len))
		r = afd_fail(err, AFD_E_PARSE, "neither a signed head nor a report.json");
	else if (keep->len && keep->data[0] == '{')
		r = read_report(ret, keep, err);
	else
		r = verify_note_read((const char *)keep->data, ret, err);
	return r < 0 ? afd_within(err, "%s", path) : 0;
}

static void fork_found(struct verify *v, const char *path, uint64_t size, const struct afd_digest *theirs, const struct afd_digest *ours)
{
	claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "rewritten or forked: of %s leaves the earlier head says root %s, this ledger %s",
	           cli_number(size).s, afd_digest_hex(theirs).s, afd_digest_hex(ours).s);
}

static void against_store(struct verify *v, const char *path, const struct verify_head *old)
{
	struct afd_error err = { 0 };
	struct afd_digest root;
	uint64_t size = 0;

	if (afd_store_size(v->store, &size, &err) < 0 || (size >= old->size && afd_store_root(v->store, old->size, &root, &err) < 0))
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "%s", err.text);
	else if (size < old->size)
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "cut: the earlier head has %s leaves with root %s, this ledger %s leaves",
		           cli_number(old->size).s, afd_digest_hex(&old->root).s, cli_number(size).s);
	else if (!afd_digest_equal(&root, &old->root))
		fork_found(v, path, old->size, &old->root, &root);
	else
		claims_add(&v->claims, CLAIM_HOLDS, "earlier", path, "its %s leaves are the first of this ledger, with the same root %.16s...",
		           cli_number(old->size).s, afd_digest_hex(&root).s);
}

static void against_proof(struct verify *v, const char *path, const struct verify_head *old, const struct verify_head *now,
                          const struct verify_head *previous, const struct afd_digest *proof, size_t n)
{
	if (old->size > now->size)
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "cut: the earlier head has %s leaves with root %s, this one %s with root %s",
		           cli_number(old->size).s, afd_digest_hex(&old->root).s, cli_number(now->size).s, afd_digest_hex(&now->root).s);
	else if (old->size == now->size && !afd_digest_equal(&old->root, &now->root))
		fork_found(v, path, old->size, &old->root, &now->root);
	else if (old->size == now->size)
		claims_add(&v->claims, CLAIM_HOLDS, "earlier", path, "it is the same head: %s leaves, root %.16s...", cli_number(old->size).s,
		           afd_digest_hex(&old->root).s);
	else if (!previous || previous->size != old->size)
		claims_add(&v->claims, CLAIM_UNCLEAR, "earlier", path, "not comparable: %s leaves then, %s now; a consistency proof from there or --store FILE is needed",
		           cli_number(old->size).s, cli_number(now->size).s);
	else if (!afd_digest_equal(&old->root, &previous->root))
		fork_found(v, path, old->size, &old->root, &previous->root);
	else if (!afd_merkle_check_consistency(old->size, &old->root, now->size, &now->root, proof, n))
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "the consistency proof from root %s to root %s does not hold",
		           afd_digest_hex(&old->root).s, afd_digest_hex(&now->root).s);
	else
		claims_add(&v->claims, CLAIM_HOLDS, "earlier", path, "its %s leaves are the first of the %s: the consistency proof holds",
		           cli_number(old->size).s, cli_number(now->size).s);
}

static void one_earlier(struct verify *v, const char *path, const struct verify_head *now, const struct verify_head *previous,
                        const struct afd_digest *proof, size_t n)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct verify_head old = { 0 };
	struct afd_error err = { 0 };

	if (verify_earlier_read(path, &old, &keep, &err) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "%s", err.text);
	else if (strcmp(old.origin, now->origin) != 0)
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "a head of another ledger: %s, here %s", old.origin, now->origin);
	else if (verify_store(v))
		against_store(v, path, &old);
	else
		against_proof(v, path, &old, now, previous, proof, n);
}

void verify_earlier(struct verify *v, const struct verify_head *now, const struct verify_head *previous, const struct afd_digest *proof, size_t n)
{
	for (unsigned i = 0; i < v->o->earlier.n; i++)
		one_earlier(v, v->o->earlier.at[i], now, previous, proof, n);
}
