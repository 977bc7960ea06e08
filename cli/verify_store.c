/* The evidence store: the ledger itself, and that a head is one of its own. */
#include "cli/verify.h"
#include "cli/witness.h"

struct afd_store *verify_store(struct verify *v)
{
	struct afd_error err = { 0 };

	if (!v->o->store || v->store_tried)
		return v->store;
	v->store_tried = true;
	v->store_name = v->o->store;
	if (afd_store_open(v->o->store, AFD_STORE_READ, &v->store, &err) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "ledger", v->store_name, "%s", err.text);
	return v->store;
}

static void fault(void *ctx, uint64_t leaf, const char *what)
{
	struct verify *v = ctx;

	claims_add(&v->claims, CLAIM_FAILS, "ledger", v->store_name, "leaf %s: %s", leaf == AFD_ANY_SIZE ? "-" : cli_number(leaf).s, what);
}

void verify_ledger(struct verify *v)
{
	struct afd_store *s = verify_store(v);
	struct afd_ledger_report r = { 0 };
	struct afd_error err = { 0 };

	if (!s || v->store_judged)
		return;
	v->store_judged = true;
	if (afd_store_verify(s, v->o->vkey, fault, v, &r, &err) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "ledger", v->store_name, "%s", err.text);
	else if (!r.faults)
		claims_add(&v->claims, CLAIM_HOLDS, "ledger", v->store_name, "%s leaves: %s present, %s erased under a rule; %s heads%s", cli_number(r.size).s,
		           cli_number(r.present).s, cli_number(r.erased).s, cli_number(r.heads).s,
		           v->o->vkey ? "" : ", signed by the key that the store itself names (--vkey KEY checks whose it is)");
	v->erased = r.erased;
	verify_anchors(v);
}

void verify_prefix(struct verify *v, const char *of, const struct verify_head *h)
{
	struct afd_store *s = verify_store(v);
	struct afd_error err = { 0 };
	struct afd_digest root;
	uint64_t size = 0;

	if (!s)
		return;
	if (afd_store_size(s, &size, &err) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "prefix", of, "%s", err.text);
	else if (size < h->size)
		claims_add(&v->claims, CLAIM_FAILS, "prefix", of, "the store has %s leaves, the head speaks of %s", cli_number(size).s, cli_number(h->size).s);
	else if (afd_store_root(s, h->size, &root, &err) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "prefix", of, "%s", err.text);
	else if (!afd_digest_equal(&root, &h->root))
		claims_add(&v->claims, CLAIM_FAILS, "prefix", of, "the store's first %s leaves have root %s, the head says %s", cli_number(h->size).s,
		           afd_digest_hex(&root).s, afd_digest_hex(&h->root).s);
	else
		claims_add(&v->claims, CLAIM_HOLDS, "prefix", of, "it is the head of this store's first %s leaves%s%s", cli_number(h->size).s,
		           size > h->size ? " of " : "", size > h->size ? cli_number(size).s : "");
}

void verify_published(struct verify *v, const char *name, const char *of, int64_t number, const struct afd_digest *statement)
{
	struct afd_store *s = v->o->store ? verify_store(v) : NULL;
	struct afd_published p = { 0 };
	struct afd_error err = { 0 };
	int r;

	if (!s)
		return;
	r = afd_store_published(s, (uint64_t)number, &p, &err);
	if (r < 0)
		claims_add(&v->claims, CLAIM_FAILS, name, of, "%s", err.text);
	else if (r == 0)
		claims_add(&v->claims, CLAIM_UNCLEAR, name, of, "the store does not remember that its report %lld was signed: it is a copy from before, or "
		           "was made to forget", (long long)number);
	else if (!afd_digest_equal(&p.statement, statement))
		claims_add(&v->claims, CLAIM_FAILS, name, of, "replaced: the store remembers another report %lld, %s, signed by %s", (long long)number,
		           p.report_id, p.signer);
	else
		claims_add(&v->claims, CLAIM_HOLDS, name, of, "the store remembers it as its report %lld", (long long)number);
	afd_published_release(&p);
}
