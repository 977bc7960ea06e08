/* Heads that the verifier kept from earlier: today's ledger must begin with them. A ledger that was rewritten or forked after
 * somebody outside had a head cannot answer this. */
#include <sys/stat.h>

#include "cli/verify_kinds.h"
#include "core/file.h"
#include "reports/statement.h"

static int keep_note(struct afd_slice note, struct verify_kept *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf copy = { 0 };

	if (afd_buf_add_slice(&copy, note) < 0)
		return afd_fail_memory(err);
	afd_buf_release(&ret->keep);
	ret->keep = copy;
	copy = (struct afd_buf){ 0 };
	return verify_note_read((const char *)ret->keep.data, &ret->head, err);
}

static int keep_id(const char *id, struct verify_kept *ret, struct afd_error *err)
{
	if (strlen(id) >= sizeof(ret->report_id))
		return afd_fail(err, AFD_E_PARSE, "report_id is too long");
	memcpy(ret->report_id, id, strlen(id) + 1);
	return 0;
}

static int read_report(struct verify_kept *ret, struct afd_error *err)
{
	VERIFIED_REPORT r = { 0 };

	if (verified_report_read(&r, afd_buf_slice(&ret->keep), err) < 0 || keep_id(r.report_id, ret, err) < 0)
		return -1;
	ret->what = KEPT_REPORT;
	return keep_note(afd_slice_text(r.head.note), ret, err);
}

/* Kept by the verifier, so what it says is his own word: its signature was judged when he got it. */
static int read_statement(struct verify_kept *ret, struct afd_error *err)
{
	static const char member[] = "\"payload\":\"";
	const uint8_t *at = memmem(ret->keep.data, ret->keep.len, member, sizeof(member) - 1), *end;
	AFD_AUTO(buf) struct afd_buf payload = { 0 };
	struct afd_statement st = { 0 };
	int r;

	at = at ? at + sizeof(member) - 1 : NULL;
	end = at ? memchr(at, '"', (size_t)(ret->keep.data + ret->keep.len - at)) : NULL;
	if (!end || afd_unbase64url(afd_slice(at, (size_t)(end - at)), &payload) < 0)
		return afd_fail(err, AFD_E_PARSE, "neither a report.json nor a statement.jws");
	if (afd_statement_read(afd_buf_slice(&payload), &st, err) < 0)
		return -1;
	ret->what = KEPT_STATEMENT;
	ret->number = st.number;
	afd_sha256(afd_buf_slice(&payload), &ret->payload);
	r = keep_id(st.report_id, ret, err) < 0 ? -1 : keep_note(afd_slice_text(st.note), ret, err);
	afd_statement_release(&st);
	return r;
}

static int read_kept(const char *path, struct verify_kept *ret, struct afd_error *err)
{
	const struct afd_buf *b = &ret->keep;

	if (afd_file_read(path, AFD_MAX_REPORT_JSON, &ret->keep, err) < 0)
		return -1;
	afd_sha256(afd_buf_slice(b), &ret->sha256);
	if (!b->len || memchr(b->data, 0, b->len))
		return afd_fail(err, AFD_E_PARSE, "neither a signed head nor a report.json nor a statement.jws");
	if (b->data[0] != '{')
		return verify_note_read((const char *)b->data, &ret->head, err);
	return memmem(b->data, b->len, "\"affidavit-report/", 18) ? read_report(ret, err) : read_statement(ret, err);
}

int verify_kept_read(const char *path, struct verify_kept *ret, struct afd_error *err)
{
	static const char *const within[] = { "statement.jws", "report.json", "head.note" };
	AFD_AUTO(mem) char *inside = NULL;
	struct stat st;

	if (stat(path, &st) < 0)
		return afd_fail_errno(err, "look at", path);
	for (size_t i = 0; S_ISDIR(st.st_mode) && i < AFD_COUNT(within); i++) {
		free(inside);
		inside = afd_sprintf("%s/%s", path, within[i]);
		if (!inside)
			return afd_fail_memory(err);
		if (stat(inside, &st) == 0)
			break;
	}
	if (inside && stat(inside, &st) < 0)
		return afd_fail_errno(err, "look at", inside);
	if (!S_ISREG(st.st_mode))
		return afd_fail(err, AFD_E_USAGE, "%s: not a file", path);     /* a pipe would be waited for */
	return read_kept(inside ? inside : path, ret, err) < 0 ? afd_within(err, "%s", path) : 0;
}

void verify_kept_release(struct verify_kept *k)
{
	afd_buf_release(&k->keep);
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

/* The statement says which report was before it: then that is the one that was kept, and not a second one under its name or number. */
static bool is_replaced(const struct verify_kept *k, const struct afd_statement *st)
{
	const struct afd_st_previous *p = st && st->has_previous ? &st->previous : NULL;

	if (!p || k->what == KEPT_HEAD)
		return false;
	if (k->what == KEPT_STATEMENT ? p->number != k->number : strcmp(p->report_id, k->report_id) != 0)
		return false;
	return !afd_digest_equal(&k->sha256, k->what == KEPT_REPORT ? &p->report : &p->statement);
}

/* What is between the kept report and this one was not shown. */
static void since_then(struct verify *v, const char *path, const struct verify_kept *k, const struct afd_statement *st)
{
	if (st->number > k->number + 1)
		claims_add(&v->claims, CLAIM_SKIPPED, "chain", path, "the reports of the numbers between it, %lld, and this one, %lld, were not shown",
		           (long long)k->number, (long long)st->number);
}

/* Numbers count: what was kept from before has a smaller one, or is the very statement that is verified. */
static int check_number(struct verify *v, const char *path, const struct verify_kept *k, const struct afd_statement *st, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf payload = { 0 };
	struct afd_digest now;

	if (!st || k->what != KEPT_STATEMENT)
		return 0;
	if (k->number < st->number) {
		since_then(v, path, k, st);
		return 0;
	}
	if (afd_statement_write(st, &payload, err) < 0)
		return -1;
	afd_sha256(afd_buf_slice(&payload), &now);
	if (afd_digest_equal(&now, &k->payload))
		return 0;
	if (k->number == st->number)
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "replaced: it is report %lld of this ledger, and so is the one here: two reports "
		           "under one number", (long long)k->number);
	else
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "not earlier: it is report %lld of this ledger, the one here report %lld; or the "
		           "ledger's owner forgot reports", (long long)k->number, (long long)st->number);
	return 0;
}

static void against_proof(struct verify *v, const char *path, const struct verify_head *old, const struct verify_head *now,
                          const struct afd_statement *st)
{
	const struct afd_st_previous *p = st && st->has_previous ? &st->previous : NULL;

	if (old->size > now->size)
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "cut: the earlier head has %s leaves with root %s, this one %s with root %s",
		           cli_number(old->size).s, afd_digest_hex(&old->root).s, cli_number(now->size).s, afd_digest_hex(&now->root).s);
	else if (old->size == now->size && !afd_digest_equal(&old->root, &now->root))
		fork_found(v, path, old->size, &old->root, &now->root);
	else if (old->size == now->size)
		claims_add(&v->claims, CLAIM_HOLDS, "earlier", path, "it is the same head: %s leaves, root %.16s...", cli_number(old->size).s,
		           afd_digest_hex(&old->root).s);
	else if (!p || (uint64_t)p->size != old->size)
		claims_add(&v->claims, CLAIM_UNCLEAR, "earlier", path,
		           "not comparable: %s leaves then, %s now; a statement with a proof from there, or --store FILE, is needed",
		           cli_number(old->size).s, cli_number(now->size).s);
	else if (!afd_digest_equal(&old->root, &p->root))
		fork_found(v, path, old->size, &old->root, &p->root);
	else if (!afd_merkle_check_consistency(old->size, &old->root, now->size, &now->root, p->proof, p->n_proof))
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "the consistency proof from root %s to root %s does not hold",
		           afd_digest_hex(&old->root).s, afd_digest_hex(&now->root).s);
	else
		claims_add(&v->claims, CLAIM_HOLDS, "earlier", path, "its %s leaves are the first of the %s: the consistency proof holds",
		           cli_number(old->size).s, cli_number(now->size).s);
}

/* Signed by the store key of its time. Without the store nobody can follow a key that was handed over: then it is not known. */
static int check_signature(struct verify *v, const char *path, const struct verify_head *old)
{
	AFD_AUTO(mem) char *vkey = NULL;
	struct afd_error err = { 0 };
	bool store = verify_store(v);

	if (verify_key_for(v, old->size, &vkey, &err) == 0 && (!vkey || verify_note_by(old->note, vkey, NULL, &err) == 0))
		return 0;
	claims_add(&v->claims, store ? CLAIM_FAILS : CLAIM_UNCLEAR, "earlier", path, "%s%s", err.text,
	           store ? "" : "; if the store key was changed since, --store FILE shows how");
	return -1;
}

static void one_earlier(struct verify *v, const char *path, const struct verify_head *now, const struct afd_statement *st)
{
	__attribute__((cleanup(verify_kept_release))) struct verify_kept k = { 0 };
	struct afd_error err = { 0 };

	if (verify_kept_read(path, &k, &err) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "%s", err.text);
	else if (strcmp(k.head.origin, now->origin) != 0)
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "a head of another ledger: %s, here %s", k.head.origin, now->origin);
	else if (check_signature(v, path, &k.head) < 0)
		return;
	else if (verify_store(v))
		against_store(v, path, &k.head);
	else
		against_proof(v, path, &k.head, now, st);
	if (!err.code && is_replaced(&k, st))
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "another file than the report %s that the statement names as the one before it",
		           k.report_id);
	if (!err.code && check_number(v, path, &k, st, &err) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "earlier", path, "%s", err.text);
	if (!err.code && k.what == KEPT_STATEMENT)
		verify_published(v, "earlier", path, k.number, &k.sha256);
}

void verify_earlier(struct verify *v, const struct verify_head *now, const struct afd_statement *st)
{
	for (unsigned i = 0; i < v->o->earlier.n; i++)
		one_earlier(v, v->o->earlier.at[i], now, st);
}
