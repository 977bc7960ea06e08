/* statement.jws: names every file of a report, its head, its findings, and the report before. docs/statement.md */
#include "cli/proof.h"
#include "cli/session.h"
#include "cli/verify_kinds.h"
#include "reports/report.h"
#include "reports/statement.h"

#define NAME "statement.jws"
#define DSSE "statement.dsse.json"

/* Beside the files that the statement names: itself, and the same statement for other tools. */
static const char *const unnamed[] = { NAME, DSSE };

static bool may_be_unnamed(const char *name)
{
	for (size_t i = 0; i < AFD_COUNT(unnamed); i++)
		if (strcmp(name, unnamed[i]) == 0)
			return true;
	return false;
}

/* A PDF to which time-stamps were added since: what is signed of it is still what was named. Whether the rest may stand
 * there is the claim about report.pdf itself. */
static bool is_extended(struct verify_file *f, const struct afd_digest *named)
{
	struct afd_digest found;
	size_t len = 0;

	if (strcmp(f->name, "report.pdf") != 0 || verify_file_load(f, AFD_MAX_PDF, NULL) < 0 || f->bytes.len < 5 || memcmp(f->bytes.data, "%PDF-", 5) != 0 ||
	    afd_pades_signed_len(afd_buf_slice(&f->bytes), &len, NULL) < 0 || len == f->bytes.len)
		return false;
	afd_sha256(afd_slice(f->bytes.data, len), &found);
	return afd_digest_equal(&found, named);
}

/* Each named file, and with CLOSED each file that is there. */
static void claim_files(struct verify *v, const struct afd_statement *st, struct verify_set *s, bool closed)
{
	size_t same = 0, absent = 0, faults = 0;

	for (size_t i = 0; i < st->n_file; i++) {
		struct verify_file *f = verify_set_find(s, st->file[i].name);
		struct afd_error err = { 0 };

		if (!f && !closed) {
			absent++;
		} else if (!f) {
			claims_add(&v->claims, CLAIM_FAILS, "files", st->file[i].name, "the statement names it, and it is not there");
			faults++;
		} else if (verify_file_digest(f, &err) < 0) {
			claims_add(&v->claims, CLAIM_FAILS, "files", f->name, "%s", err.text);
			faults++;
		} else if (!afd_digest_equal(&f->sha256, &st->file[i].sha256) && !is_extended(f, &st->file[i].sha256)) {
			claims_add(&v->claims, CLAIM_FAILS, "files", f->name, "the statement says SHA-256 %s, it is %s",
			           afd_digest_hex(&st->file[i].sha256).s, afd_digest_hex(&f->sha256).s);
			faults++;
		} else {
			same++;
		}
	}
	for (size_t i = 0; i < s->n; i++)
		if (!may_be_unnamed(s->at[i].name) && !afd_statement_file(st, s->at[i].name)) {
			claims_add(&v->claims, CLAIM_FAILS, "files", s->at[i].name, "the statement does not name it");
			faults++;
		}
	if (same && !faults)
		claims_add(&v->claims, CLAIM_HOLDS, "files", NAME, "it names %zu file%s that %s the same SHA-256%s", same, same == 1 ? "" : "s",
		           same == 1 ? "has" : "have", closed ? ", and every file of the folder" : "");
	if (absent)
		claims_add(&v->claims, CLAIM_SKIPPED, "files", NAME, "%zu files that it names were not given (--dir DIR)", absent);
}

static bool says(const struct afd_node *map, const char *key, const char *want)
{
	const char *text = afd_node_text(afd_node_get(map, key));

	return text && strcmp(text, want) == 0;
}

static bool same_leaf(const struct afd_node *rules, const char *key, const struct afd_st_rule *r)
{
	const struct afd_node *n = afd_node_get(rules, key);

	return r->leaf < 0 ? !n || n->type != AFD_INT : n && n->type == AFD_INT && n->u.i == r->leaf;
}

/* For whom, by which rules, by which program. */
static const char *other_rules(const struct afd_statement *st, const struct verified_report *r)
{
	const struct afd_node *root = afd_doc_root(r->doc), *rules = afd_node_get(root, "rules");
	AFD_AUTO(mem) char *engine = afd_sprintf("%s %s", st->tool, st->version);

	if (!says(root, "organisation", st->organisation))
		return "another organisation";
	if (!engine || strcmp(r->engine, engine) != 0)
		return "another program";
	if (!says(rules, "checks_sha256", afd_digest_hex(&st->checks).s) || !same_leaf(rules, "config_leaf", &st->config) ||
	    !same_leaf(rules, "inventory_leaf", &st->inventory) || !same_leaf(rules, "policy_leaf", &st->policy))
		return "other rules";
	return NULL;
}

/* What of the two documents differs, in words; NULL: nothing. */
static const char *difference(const struct afd_statement *st, const struct verified_report *r, struct afd_error *err)
{
	struct afd_digest findings;
	uint64_t n = 0;

	if ((uint64_t)st->size != r->head.size || !afd_digest_equal(&st->root, &r->head.root) || strcmp(st->origin, r->head.origin) != 0 ||
	    strcmp(st->note, r->head.note) != 0)
		return "another head";
	if (st->period.from != r->period.from || st->period.to != r->period.to || strcmp(st->label, r->label) != 0)
		return "another period";
	if (st->as_of != r->as_of)
		return "another as-of time";
	if (strcmp(st->report_id, r->report_id) != 0)
		return "another report";
	if (st->test != r->test)
		return "another TEST mark";
	if (afd_report_findings_root(r->json, &findings, &n, err) < 0)
		return err->text;
	if ((uint64_t)st->findings != n || !afd_digest_equal(&st->findings_root, &findings))
		return "other findings";
	return other_rules(st, r);
}

/* With the store: configuration, inventory and policy are the ledger's leaves. */
static void claim_rules(struct verify *v, const struct afd_statement *st)
{
	const struct { const char *name; const struct afd_st_rule *rule; } rules[] = {
		{ "configuration", &st->config }, { "inventory", &st->inventory }, { "policy", &st->policy },
	};
	struct afd_store *s = verify_store(v);

	for (size_t i = 0; s && i < AFD_COUNT(rules); i++) {
		const struct afd_st_rule *r = rules[i].rule;
		struct afd_error err = { 0 };
		struct afd_digest found;

		if (r->leaf >= 0 && (r->leaf >= st->size || afd_store_leaf_hash(s, (uint64_t)r->leaf, &found, &err) < 0 ||
		                     !afd_digest_equal(&found, &r->hash)))
			claims_add(&v->claims, CLAIM_FAILS, "references", NAME, "leaf %s, the %s, is not the ledger's",
			           cli_number((uint64_t)r->leaf).s, rules[i].name);
	}
}

static void claim_statement(struct verify *v, const struct afd_statement *st, const struct verified_report *r)
{
	struct afd_error err = { 0 };
	const char *other = difference(st, r, &err);

	if (other)
		claims_add(&v->claims, CLAIM_FAILS, "statement", NAME, "%s speaks of %s", r->of, other);
	else
		claims_add(&v->claims, CLAIM_HOLDS, "statement", NAME, "head, period and %lld findings (root %.16s...) are those of %s",
		           (long long)st->findings, afd_digest_hex(&st->findings_root).s, r->of);
}

static void claim_signer_list(struct verify *v, const struct afd_statement *st, const struct afd_signature_report *sig)
{
	if (!st->n_signer || !afd_digest_equal(&st->signer[st->n_signer - 1].certificate, &sig->certificate))
		claims_add(&v->claims, CLAIM_FAILS, "agreement", NAME, "its list of signers does not end with the one who signed it");
}

/* The report before, in the statement's own words: the proof must hold, whoever kept the earlier head. */
static void claim_chain(struct verify *v, const struct afd_statement *st)
{
	const struct afd_st_previous *p = &st->previous;
	bool holds;

	if (!st->has_previous) {
		claims_add(&v->claims, CLAIM_SKIPPED, "chain", NAME, "it names no report before it");
		return;
	}
	/* Whichever head is the larger: a report may be made again on an earlier one. */
	holds = p->size <= st->size
		? afd_merkle_check_consistency((uint64_t)p->size, &p->root, (uint64_t)st->size, &st->root, p->proof, p->n_proof)
		: afd_merkle_check_consistency((uint64_t)st->size, &st->root, (uint64_t)p->size, &p->root, p->proof, p->n_proof);
	claims_add(&v->claims, holds ? CLAIM_HOLDS : CLAIM_FAILS, "chain", NAME,
	           holds ? "report %lld of %s (%lld leaves, root %.16s...): one ledger, the consistency proof holds%s"
	                 : "report %lld of %s (%lld leaves, root %.16s...): the consistency proof does not hold%s",
	           (long long)p->number, p->label, (long long)p->size, afd_digest_hex(&p->root).s,
	           p->size > st->size ? "; it stood on more leaves: this report leaves the newest out" : "");
}

static void head_of(const struct afd_statement *st, struct verify_head *ret)
{
	*ret = (struct verify_head){ .size = (uint64_t)st->size, .root = st->root, .note = st->note, .known = true };
	snprintf(ret->origin, sizeof(ret->origin), "%s", st->origin);
}

static void claim_contents(struct verify *v, const struct afd_statement *st, struct verify_set *s, struct verify_file *f,
                           const struct verified_report *r, bool closed)
{
	struct verify_head head;
	struct afd_error err = { 0 };

	head_of(st, &head);
	claim_files(v, st, s, closed);
	claim_chain(v, st);
	if (verify_file_digest(f, &err) == 0)
		verify_published(v, "chain", NAME, st->number, &f->sha256);
	if (r->head.known) {
		claim_statement(v, st, r);
	} else {
		verify_test_mark(v, NAME, st->test || is_test_origin(st->origin));
		verify_note(v, NAME, &head);
		verify_ledger(v);
		verify_prefix(v, NAME, &head);
	}
	claim_rules(v, st);
	verify_earlier(v, &head, st);
}

/* The statement again for other tools: nothing names it, so it must be that statement, by that signer. */
static int claim_dsse(struct verify *v, struct verify_set *s, const struct verify_file *jws, const struct afd_buf *payload, struct afd_error *err)
{
	struct verify_file *f = verify_set_find(s, DSSE);
	struct proof_statement said = { .alg = "" };
	struct afd_error why = { 0 };
	int r;

	if (!f)
		return 0;
	if (verify_file_load(f, AFD_MAX_PDF, err) < 0)
		return -1;
	r = proof_statement_read(afd_buf_slice(&jws->bytes), &said, &why);
	if (r == 0)
		r = afd_dsse_verify(afd_buf_slice(&f->bytes), afd_buf_slice(payload), AFD_STATEMENT_TYPE, afd_buf_slice(&said.pem), &why);
	proof_statement_release(&said);
	if (r < 0 && why.code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	if (r < 0)
		claims_add(&v->claims, CLAIM_FAILS, "signature", DSSE, "%s", why.text);
	else
		claims_add(&v->claims, CLAIM_HOLDS, "signature", DSSE, "the same statement, by the same certificate");
	return 0;
}

int verify_statement(struct verify *v, struct verify_set *s, struct verify_file *f, const struct verified_report *report, bool closed, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf payload = { 0 };
	struct afd_signature_report sig = { 0 };
	struct afd_statement st = { 0 };
	struct afd_error why = { 0 }, form = { 0 };
	int rc, r = 0;

	if (!v->o->root.n)
		return afd_fail(err, AFD_E_USAGE, "--root FILE is needed: the root certificate that you got from a person you trust");
	if (verify_file_load(f, AFD_MAX_PDF, err) < 0)
		return -1;
	rc = afd_jws_verify(afd_buf_slice(&f->bytes), &v->trust, &payload, &sig, &why);
	if (rc == 0 && afd_statement_read(afd_buf_slice(&payload), &st, &form) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "form", NAME, "%s", form.text);
	verify_signature(v, NAME, rc, &sig, &why, st.doc ? st.as_of : AFD_TIME_NONE);
	verify_same_signer(v, NAME, rc, &sig);
	if (st.doc) {
		claim_signer_list(v, &st, &sig);
		claim_contents(v, &st, s, f, report, closed);
		r = claim_dsse(v, s, f, &payload, err);
	}
	afd_signature_report_release(&sig);
	afd_statement_release(&st);
	return r;
}
