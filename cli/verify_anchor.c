/* The time-stamps among the items of the ledger: each over a head that is still the ledger's, by an authority that the verifier
 * knows. A ledger that was rewritten after it was stamped cannot keep the stamp. */
#include "cli/anchor.h"
#include "cli/session.h"
#include "cli/witness.h"
#include "collector/anchor.h"
#include "core/der.h"

/* The clocks of an authority and of the collector. */
#define CLOCKS_DIFFER AFD_HOUR

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
	uint64_t looked; int64_t received;                               /* of the leaves before LOOKED, the latest; AFD_TIME_NONE: none */
};

static void tally_release(struct tally *t)
{
	afd_stamp_release(&t->first);
	afd_stamp_release(&t->last);
	afd_mem_release(&t->stranger);
}

static void bad(struct verify *v, const struct anchor *a, const char *why)
{
	claims_add(&v->claims, CLAIM_FAILS, "time", v->store_name, "leaf %s, the time-stamp of the head of %s leaves: %s", cli_number(a->leaf).s,
	           cli_number(a->size).s, why);
}

/* What the item says of itself: a head, and an answer over it. */
static bool read_anchor(struct verify *v, struct anchor *a, struct verify_head *h)
{
	struct afd_token_claim claim = { .time_ms = AFD_TIME_NONE };
	struct afd_error err = { 0 };

	if (anchor_read(v->store, a, &err) < 0 || verify_note_read((const char *)a->note.data, h, &err) < 0 ||
	    afd_token_claim(afd_buf_slice(&a->answer), &claim, &err) < 0) {
		bad(v, a, err.text);
		return false;
	}
	a->size = h->size;
	a->time_ms = claim.time_ms;
	if (afd_digest_equal(&claim.imprint, &a->note_sha256))
		return true;
	bad(v, a, "it is over other data");
	return false;
}

/* The head that was stamped must be the head of today's first leaves. */
static bool is_ours(struct verify *v, const struct anchor *a, const struct verify_head *h)
{
	struct afd_error err = { 0 };
	struct afd_digest root;

	if (afd_store_root(v->store, h->size, &root, &err) < 0) {
		bad(v, a, err.text);
		return false;
	}
	if (afd_digest_equal(&root, &h->root))
		return true;
	claims_add(&v->claims, CLAIM_FAILS, "time", v->store_name, "when the head of %s leaves was stamped, at %s, its root was %.16s..., now it is "
	           "%.16s...: the ledger was rewritten", cli_number(h->size).s, afd_when_text(a->time_ms).s, afd_digest_hex(&h->root).s,
	           afd_digest_hex(&root).s);
	return false;
}

/* Nothing is received after it was stamped: who says so ran his clock ahead, and wrote down looks that were still to come.
 * (The clock of a test store is anybody's.) */
static bool is_in_time(struct verify *v, const struct anchor *a, const struct verify_head *h, const struct afd_stamp *stamp, struct tally *t)
{
	struct afd_error err = { 0 };
	int64_t last = AFD_TIME_NONE;
	const bool on = t->looked <= h->size;

	if (is_test_origin(h->origin))
		return true;
	if (afd_store_last_received(v->store, on ? t->looked : 0, h->size, &last, &err) < 0) {
		bad(v, a, err.text);
		return false;
	}
	if (on) {
		t->looked = h->size;
		if (t->received == AFD_TIME_NONE || (last != AFD_TIME_NONE && last > t->received))
			t->received = last;
		last = t->received;
	}
	if (last == AFD_TIME_NONE || last <= stamp->time_ms + stamp->accuracy_ms + CLOCKS_DIFFER)
		return true;
	claims_add(&v->claims, CLAIM_FAILS, "time", v->store_name, "the head of %s leaves was stamped at %s, and one of them says that it was received "
	           "later, at %s", cli_number(h->size).s, afd_when_text(stamp->time_ms).s, afd_when_text(last).s);
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

static void look_at(struct verify *v, struct anchor *a, struct tally *t)
{
	AFD_AUTO(stamp) struct afd_stamp stamp = { 0 };
	struct verify_head h = { 0 };
	struct afd_error err = { 0 };

	if (!read_anchor(v, a, &h) || !is_ours(v, a, &h))
		return;
	if (v->trust.n_stamp == 0) {
		t->rootless++;
	} else if (afd_stamp_verify(anchor_token(afd_buf_slice(&a->answer)), &a->note_sha256, &v->trust, &stamp, &err) == 0) {
		if (is_in_time(v, a, &h, &stamp, t))
			keep_good(t, a, &stamp);
	} else if (err.code == AFD_E_SIGNER) {
		t->strangers++;
		afd_mem_release(&t->stranger);
		t->stranger = afd_strdup(err.text);
	} else {
		bad(v, a, err.text);
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

/* By the records of the items: the table of anchors is derived, and whoever has the store could have taken rows out of it. */
void verify_anchors(struct verify *v)
{
	__attribute__((cleanup(tally_release))) struct tally t = { .received = AFD_TIME_NONE };
	struct afd_error err = { 0 };
	uint64_t leaf = 0;
	int r = 0;

	if (!v->store)
		return;
	while ((r = afd_store_next_of(v->store, "answer", AFD_ANCHOR_DECODER, leaf, &leaf, &err)) > 0) {
		__attribute__((cleanup(anchor_release))) struct anchor a = { .leaf = leaf, .time_ms = AFD_TIME_NONE };

		look_at(v, &a, &t);
		leaf++;
	}
	if (r < 0)
		claims_add(&v->claims, CLAIM_FAILS, "time", v->store_name, "%s", err.text);
	claim_tally(v, &t);
}
