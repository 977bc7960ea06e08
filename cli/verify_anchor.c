/* The time-stamps among the items of the ledger: each over a head that is still the ledger's, by an authority that the verifier
 * knows. A ledger that was rewritten after it was stamped cannot keep the stamp. */
#include "cli/anchor.h"
#include "cli/witness.h"
#include "core/der.h"

struct afd_slice anchor_token(struct afd_slice answer)
{
	struct afd_reader r = afd_reader(answer);
	struct afd_der d;

	if (!afd_der_expect(&r, 0x30, &d))
		return afd_slice(NULL, 0);
	r = afd_reader(d.body);
	return afd_der_expect(&r, 0x30, &d) && afd_der_expect(&r, 0x30, &d) ? d.whole : afd_slice(NULL, 0);
}

/* The head that was stamped must be the head of today's first leaves. */
static bool is_ours(struct verify *v, const char *of, const struct anchor *a)
{
	struct verify_head h = { 0 };
	struct afd_error err = { 0 };
	struct afd_digest root;

	if (verify_note_read((const char *)a->note.data, &h, &err) < 0 || afd_store_root(v->store, h.size, &root, &err) < 0) {
		claims_add(&v->claims, CLAIM_FAILS, "time", of, "%s", err.text);
		return false;
	}
	if (h.size == a->size && afd_digest_equal(&root, &h.root))
		return true;
	claims_add(&v->claims, CLAIM_FAILS, "time", of, "when it was stamped, at %s, its root was %.16s..., now it is %.16s...: the ledger was rewritten",
	           afd_when_text(a->time_ms).s, afd_digest_hex(&h.root).s, afd_digest_hex(&root).s);
	return false;
}

static void claim_anchor(struct verify *v, const struct anchor *a)
{
	AFD_AUTO(mem) char *of = afd_sprintf("head %llu", (unsigned long long)a->size);
	AFD_AUTO(stamp) struct afd_stamp stamp = { 0 };
	struct afd_error err = { 0 };

	if (!of || !is_ours(v, of, a))
		return;
	if (v->trust.n_stamp == 0)
		claims_add(&v->claims, CLAIM_SKIPPED, "time", of, "%s says that it existed at %s; no root for time-stamps was given (--timestamp-root)",
		           a->authority, afd_when_text(a->time_ms).s);
	else if (afd_stamp_verify(anchor_token(afd_buf_slice(&a->answer)), &a->note_sha256, &v->trust, &stamp, &err) < 0)
		claims_add(&v->claims, err.code == AFD_E_SIGNER ? CLAIM_SKIPPED : CLAIM_FAILS, "time", of, "leaf %llu: %s",
		           (unsigned long long)a->leaf, err.text);
	else
		claims_add(&v->claims, CLAIM_HOLDS, "time", of, "existed at %s: stamped by %s", afd_when_text(stamp.time_ms).s, stamp.authority);
}

void verify_anchors(struct verify *v)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_error err = { 0 };
	int r;

	if (!v->store)
		return;
	r = afd_query_open(v->store, "SELECT leaf, size, time_ms, authority FROM anchor WHERE time_ms IS NOT NULL ORDER BY leaf", &q, &err);
	while (r >= 0 && (r = afd_query_step(q, &err)) > 0) {
		__attribute__((cleanup(anchor_release))) struct anchor a = { .leaf = (uint64_t)afd_query_int(q, 0),
			.size = (uint64_t)afd_query_int(q, 1), .time_ms = afd_query_int(q, 2), .authority = afd_strdup(afd_query_text(q, 3)) };

		r = anchor_read(v->store, &a, &err);
		if (r == 0)
			claim_anchor(v, &a);
	}
	if (r < 0)
		claims_add(&v->claims, CLAIM_FAILS, "time", v->store_name, "%s", err.text);
}
