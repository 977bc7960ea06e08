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

/* One line for all that is well: a ledger that is stamped each day has many. */
struct tally {
	unsigned holds, rootless, strangers;
	struct afd_stamp first, last; uint64_t first_size, last_size;    /* of those that hold, by the ledger's order */
	char *stranger;                                                  /* why the last of them does not count */
};

static void tally_release(struct tally *t)
{
	afd_stamp_release(&t->first);
	afd_stamp_release(&t->last);
	afd_mem_release(&t->stranger);
}

/* The head that was stamped must be the head of today's first leaves. */
static bool is_ours(struct verify *v, const struct anchor *a)
{
	struct verify_head h = { 0 };
	struct afd_error err = { 0 };
	struct afd_digest root;

	if (verify_note_read((const char *)a->note.data, &h, &err) < 0 || afd_store_root(v->store, h.size, &root, &err) < 0) {
		claims_add(&v->claims, CLAIM_FAILS, "time", v->store_name, "leaf %llu: %s", (unsigned long long)a->leaf, err.text);
		return false;
	}
	if (h.size == a->size && afd_digest_equal(&root, &h.root))
		return true;
	claims_add(&v->claims, CLAIM_FAILS, "time", v->store_name, "when the head of %s leaves was stamped, at %s, its root was %.16s..., now it is "
	           "%.16s...: the ledger was rewritten", cli_number(h.size).s, afd_when_text(a->time_ms).s, afd_digest_hex(&h.root).s,
	           afd_digest_hex(&root).s);
	return false;
}

static void keep_good(struct tally *t, const struct anchor *a, struct afd_stamp *s)
{
	afd_stamp_release(&t->last);
	t->last = *s;
	t->last_size = a->size;
	*s = (struct afd_stamp){ 0 };
	if (t->holds++ == 0) {
		t->first.time_ms = t->last.time_ms;
		t->first_size = a->size;
	}
}

static void look_at(struct verify *v, const struct anchor *a, struct tally *t)
{
	AFD_AUTO(stamp) struct afd_stamp stamp = { 0 };
	struct afd_error err = { 0 };

	if (!is_ours(v, a))
		return;
	if (v->trust.n_stamp == 0) {
		t->rootless++;
	} else if (afd_stamp_verify(anchor_token(afd_buf_slice(&a->answer)), &a->note_sha256, &v->trust, &stamp, &err) == 0) {
		keep_good(t, a, &stamp);
	} else if (err.code == AFD_E_SIGNER) {
		t->strangers++;
		afd_mem_release(&t->stranger);
		t->stranger = afd_strdup(err.text);
	} else {
		claims_add(&v->claims, CLAIM_FAILS, "time", v->store_name, "leaf %llu, the time-stamp of the head of %s leaves: %s",
		           (unsigned long long)a->leaf, cli_number(a->size).s, err.text);
	}
}

static void claim_tally(struct verify *v, const struct tally *t)
{
	if (t->holds == 1)
		claims_add(&v->claims, CLAIM_HOLDS, "time", v->store_name, "its first %s leaves existed at %s: stamped by %s", cli_number(t->last_size).s,
		           afd_when_text(t->last.time_ms).s, t->last.authority);
	else if (t->holds)
		claims_add(&v->claims, CLAIM_HOLDS, "time", v->store_name, "%u heads were stamped, of %s leaves at %s until %s leaves at %s, the last by %s",
		           t->holds, cli_number(t->first_size).s, afd_when_text(t->first.time_ms).s, cli_number(t->last_size).s,
		           afd_when_text(t->last.time_ms).s, t->last.authority);
	if (t->rootless)
		claims_add(&v->claims, CLAIM_SKIPPED, "time", v->store_name, "%u time-stamps over its heads; no root for time-stamps was given "
		           "(--timestamp-root FILE)", t->rootless);
	if (t->strangers)
		claims_add(&v->claims, CLAIM_SKIPPED, "time", v->store_name, "%u time-stamps over its heads are by others: %s", t->strangers,
		           t->stranger ? t->stranger : "");
}

void verify_anchors(struct verify *v)
{
	__attribute__((cleanup(tally_release))) struct tally t = { 0 };
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
			look_at(v, &a, &t);
	}
	if (r < 0)
		claims_add(&v->claims, CLAIM_FAILS, "time", v->store_name, "%s", err.text);
	claim_tally(v, &t);
}
