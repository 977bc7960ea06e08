/* One finding of a signed report, with what it takes to check it and nothing else. */
#include <inttypes.h>

#include "cli/anchor.h"
#include "cli/proof.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "evidence/plain.h"
#include "reports/model.h"
#include "reports/report.h"
#include "reports/statement.h"

struct prove_options { const char *finding, *report, *out; };

struct entry { char name[AFD_TAR_NAME]; struct afd_buf bytes; };
struct proving {
	struct afd_store *s;
	struct afd_buf json, jws;
	struct afd_report *report;
	struct proof_statement said;
	struct afd_statement statement;
	struct proof_finding finding;
	struct afd_head later;                /* note NULL: no tombstone lies behind the report's head */
	struct entry *entry; size_t n, cap;
	struct proof_shape shape;
};

static void proving_release(struct proving *p)
{
	for (size_t i = 0; i < p->n; i++)
		afd_buf_release(&p->entry[i].bytes);
	free(p->entry);
	proof_finding_release(&p->finding);
	afd_statement_release(&p->statement);
	proof_statement_release(&p->said);
	afd_head_release(&p->later);
	p->report = afd_report_free(p->report);
	afd_buf_release(&p->json);
	afd_buf_release(&p->jws);
}

/* A file to be written; its bytes are filled by the caller. NULL: no memory. */
static struct afd_buf *add(struct proving *p, const char *name)
{
	if (p->n == p->cap) {
		const size_t cap = p->cap ? 2 * p->cap : 32;
		struct entry *at = reallocarray(p->entry, cap, sizeof(*at));

		if (!at)
			return NULL;
		p->entry = at;
		p->cap = cap;
	}
	p->entry[p->n] = (struct entry){ .bytes = { 0 } };
	snprintf(p->entry[p->n].name, AFD_TAR_NAME, "%s", name);
	return &p->entry[p->n++].bytes;
}

static int add_bytes(struct proving *p, const char *name, struct afd_slice bytes, struct afd_error *err)
{
	struct afd_buf *b = add(p, name);

	return !b || afd_buf_add_slice(b, bytes) < 0 ? afd_fail_memory(err) : 0;
}

static int add_proof(struct proving *p, const char *name, enum afd_proof_kind k, const struct afd_proof *proof, struct afd_error *err)
{
	struct afd_buf *b = add(p, name);

	return !b || afd_proof_write(k, proof, b) < 0 ? afd_fail_memory(err) : 0;
}

/* --- the report --- */

static int read_part(const char *dir, const char *name, size_t max, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", dir, name);

	return !path ? afd_fail_memory(err) : afd_file_read(path, max, ret, err);
}

/* The files must speak of each other, else nobody could verify what is made of them. Their signatures are for verify. */
static int read_report(struct proving *p, const char *dir, struct afd_error *err)
{
	struct afd_digest root;
	uint64_t n;

	if (read_part(dir, "report.json", AFD_MAX_REPORT_JSON, &p->json, err) < 0 ||
	    read_part(dir, "statement.jws", AFD_MAX_CMS, &p->jws, err) < 0 || afd_report_read(afd_buf_slice(&p->json), &p->report, err) < 0 ||
	    proof_statement_read(afd_buf_slice(&p->jws), &p->said, err) < 0 ||
	    afd_statement_read(afd_buf_slice(&p->said.payload), &p->statement, err) < 0 ||
	    afd_report_findings_root(afd_buf_slice(&p->json), &root, &n, err) < 0)
		return -1;
	if (!afd_digest_equal(&root, &p->statement.findings_root) || n != (uint64_t)p->statement.findings)
		return afd_fail(err, AFD_E_VERIFY, "%s: statement.jws speaks of other findings than report.json", dir);
	if (p->statement.size != p->report->head.size || afd_store_root(p->s, (uint64_t)p->statement.size, &root, err) < 0 ||
	    !afd_digest_equal(&root, &p->statement.root))
		return afd_fail(err, AFD_E_VERIFY, "%s: the report stands on another ledger, or on another head of this one", dir);
	return 0;
}

static int finding_leaf(void *ctx, uint64_t i, struct afd_digest *ret, struct afd_error *err)
{
	const struct { struct afd_slice json; struct afd_ranges at; } *all = ctx;

	(void)err;
	afd_merkle_leaf(afd_slice_sub(all->json, all->at.at[i].off, all->at.at[i].len), ret);
	return 0;
}

static int find(const struct afd_report *r, const char *word, size_t *ret, struct afd_error *err)
{
	char id[17];
	const bool is_id = afd_finding_id_read(word, id);

	for (*ret = 0; *ret < r->n_finding; ++*ret) {
		char number[32];

		snprintf(number, sizeof(number), "F%" PRId64, r->finding[*ret].number);
		if (strcasecmp(word, number) == 0 || (is_id && strcmp(id, r->finding[*ret].id) == 0))
			return 0;
	}
	return afd_fail(err, AFD_E_USAGE, "%s: no finding of this report; it has %zu, F1 and so on, or by their ids", cli_safe(word, 40), r->n_finding);
}

static int add_finding(struct proving *p, const char *word, struct afd_error *err)
{
	struct { struct afd_slice json; struct afd_ranges at; } all = { afd_buf_slice(&p->json), { 0 } };
	struct afd_proof proof = { 0 };
	struct afd_slice bytes;
	size_t i;
	int r;

	if (find(p->report, word, &i, err) < 0 || afd_report_findings(all.json, &all.at, err) < 0)
		return -1;
	proof.a = i;
	proof.b = all.at.n;
	bytes = afd_slice_sub(all.json, all.at.at[i].off, all.at.at[i].len);
	r = afd_merkle_inclusion(finding_leaf, &all, i, all.at.n, proof.at, &proof.n, err);
	afd_ranges_release(&all.at);
	if (r < 0 || proof_finding_read(bytes, &p->finding, err) < 0 || add_bytes(p, "finding.json", bytes, err) < 0)
		return -1;
	return add_proof(p, "finding.proof", AFD_PROOF_INCLUSION, &proof, err);
}

/* --- the evidence --- */

static int add_inclusion(struct proving *p, const char *where, uint64_t leaf, uint64_t size, struct afd_error *err)
{
	struct afd_proof proof = { .a = leaf, .b = size };
	char name[AFD_TAR_NAME];

	proof_leaf_name(name, where, leaf, "leaf.proof");
	return afd_store_inclusion(p->s, leaf, size, proof.at, &proof.n, err) < 0 ? -1 : add_proof(p, name, AFD_PROOF_INCLUSION, &proof, err);
}

static int add_part(struct proving *p, const char *where, const struct afd_item *i, uint64_t part, struct afd_error *err)
{
	struct afd_proof proof;
	struct afd_buf *salt_text;
	uint8_t salt[16];
	char hex[33], name[AFD_TAR_NAME];

	if (afd_plain_part(i, part, salt, &proof, err) < 0)
		return -1;
	proof_part_name(name, where, i->leaf, part, "");
	if (add_bytes(p, name, afd_slice_sub(afd_buf_slice(&i->bytes), i->parts.at[part].off, i->parts.at[part].len), err) < 0)
		return -1;
	proof_part_name(name, where, i->leaf, part, ".proof");
	if (add_proof(p, name, AFD_PROOF_INCLUSION, &proof, err) < 0)
		return -1;
	proof_part_name(name, where, i->leaf, part, ".salt");
	afd_hex(afd_slice(salt, sizeof(salt)), hex);
	salt_text = add(p, name);
	return !salt_text || afd_buf_printf(salt_text, "%s\n", hex) < 0 ? afd_fail_memory(err) : 0;
}

static int add_record(struct proving *p, const char *where, const struct afd_item *i, struct afd_error *err)
{
	char name[AFD_TAR_NAME];

	proof_leaf_name(name, where, i->leaf, "record");
	return add_bytes(p, name, afd_buf_slice(&i->record_text), err);
}

static bool is_there(const struct proving *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->entry[i].name, name) == 0)
			return true;
	return false;
}

/* A tombstone behind the report's head needs a later one; the newest covers all. */
static int need_later(struct proving *p, struct afd_error *err)
{
	struct afd_proof proof = { .a = (uint64_t)p->statement.size };

	if (p->later.note)
		return 0;
	if (afd_store_head(p->s, AFD_ANY_SIZE, &p->later, err) <= 0)
		return afd_fail(err, AFD_E_STORE, "the ledger has no signed head over its tombstones");
	p->shape.later = true;
	proof.b = p->later.size;
	if (afd_store_consistency(p->s, proof.a, proof.b, proof.at, &proof.n, err) < 0 ||
	    add_bytes(p, "later.note", afd_slice_text(p->later.note), err) < 0)
		return -1;
	return add_proof(p, "later.proof", AFD_PROOF_CONSISTENCY, &proof, err);
}

static int add_tombstone(struct proving *p, uint64_t leaf, struct afd_error *err)
{
	AFD_AUTO(item) struct afd_item t = { .leaf = leaf };
	uint64_t size = (uint64_t)p->statement.size;
	char name[AFD_TAR_NAME];

	proof_leaf_name(name, "tombstone", leaf, "record");
	if (is_there(p, name))
		return 0;
	if (leaf >= size) {
		if (need_later(p, err) < 0)
			return -1;
		size = p->later.size;
	}
	if (afd_store_item(p->s, leaf, &t, err) < 0 || add_inclusion(p, "tombstone", leaf, size, err) < 0 || add_record(p, "tombstone", &t, err) < 0)
		return -1;
	return add_part(p, "tombstone", &t, 0, err);
}

static int add_erased(struct proving *p, const struct afd_item *i, struct afd_error *err)
{
	struct afd_erased e = { .leaf = i->leaf, .hash = i->hash };
	char name[AFD_TAR_NAME];
	struct afd_buf *b;
	const int found = afd_plain_tombstone(p->s, i->leaf, &e.tombstone, err);

	if (found <= 0)
		return found < 0 ? -1 : afd_fail(err, AFD_E_VERIFY, "leaf %" PRIu64 " is erased, and no tombstone says under which rule", i->leaf);
	proof_leaf_name(name, "evidence", i->leaf, "erased");
	b = add(p, name);
	if (!b || afd_erased_write(&e, b) < 0)
		return afd_fail_memory(err);
	p->shape.erased = true;
	return add_tombstone(p, e.tombstone, err);
}

/* The cites from FIRST on that name one leaf; *ret: behind the last of them. */
static int add_item(struct proving *p, size_t first, size_t *ret, struct afd_error *err)
{
	const struct proof_finding *f = &p->finding;
	AFD_AUTO(item) struct afd_item i = { .leaf = f->cite[first].leaf };
	uint64_t last = UINT64_MAX;

	for (*ret = first; *ret < f->n && f->cite[*ret].leaf == f->cite[first].leaf; ++*ret)
		;
	if (afd_store_item(p->s, f->cite[first].leaf, &i, err) < 0)
		return -1;
	if (i.presence == AFD_MISSING || !afd_digest_equal(&i.hash, &f->cite[first].hash))
		return afd_fail(err, AFD_E_VERIFY, "leaf %" PRIu64 ": %s", i.leaf, i.presence == AFD_MISSING ? "its bytes are missing, and no "
			"tombstone says why" : "the finding cites another hash");
	if (add_inclusion(p, "evidence", i.leaf, (uint64_t)p->statement.size, err) < 0)
		return -1;
	if (i.presence == AFD_ERASED)
		return add_erased(p, &i, err);
	if (add_record(p, "evidence", &i, err) < 0)
		return -1;
	for (size_t k = first; k < *ret && i.record.kind != AFD_ITEM_WITHHELD; k++) {
		if (f->cite[k].part != last && add_part(p, "evidence", &i, f->cite[k].part, err) < 0)
			return -1;
		last = f->cite[k].part;
	}
	return 0;
}

static int add_evidence(struct proving *p, struct afd_error *err)
{
	for (size_t k = 0; k < p->finding.n;)
		if (add_item(p, k, &k, err) < 0)
			return -1;
	return 0;
}

/* --- time --- */

/* The first head that an authority stamped when all that is cited was in it: 1 found, 0 none. */
static int find_stamped(struct proving *p, struct anchor *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	const uint64_t last = p->finding.n ? p->finding.cite[p->finding.n - 1].leaf : 0;
	int r;

	if (afd_query_open(p->s, "SELECT leaf, size, time_ms FROM anchor WHERE size > :last AND time_ms IS NOT NULL ORDER BY size, leaf LIMIT 1",
	                   &q, err) < 0 || afd_query_bind_int(q, "last", (int64_t)last, err) < 0)
		return -1;
	r = afd_query_step(q, err);
	if (r > 0) {
		ret->leaf = (uint64_t)afd_query_int(q, 0);
		ret->size = (uint64_t)afd_query_int(q, 1);
		ret->time_ms = afd_query_int(q, 2);
	}
	return r <= 0 ? r : anchor_read(p->s, ret, err) < 0 ? -1 : 1;
}

static int add_stamped(struct proving *p, struct afd_error *err)
{
	__attribute__((cleanup(anchor_release))) struct anchor a = { 0 };
	const uint64_t size = (uint64_t)p->statement.size;
	struct afd_proof proof = { 0 };
	const int found = find_stamped(p, &a, err);

	if (found <= 0)
		return found;
	proof.a = a.size < size ? a.size : size;
	proof.b = a.size < size ? size : a.size;
	if (afd_store_consistency(p->s, proof.a, proof.b, proof.at, &proof.n, err) < 0 ||
	    add_bytes(p, "stamped.note", afd_buf_slice(&a.note), err) < 0 || add_bytes(p, "stamped.tsr", afd_buf_slice(&a.answer), err) < 0)
		return -1;
	p->shape.stamped = true;
	return add_proof(p, "stamped.proof", AFD_PROOF_CONSISTENCY, &proof, err);
}

/* --- all of it --- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int add_rest(struct proving *p, struct afd_error *err)
{
	struct afd_buf *mark = add(p, "PROOF"), *words;

	if (!mark || proof_mark(mark) < 0)
		return afd_fail_memory(err);
	words = add(p, "VERIFY.md");
	if (!words || proof_words(&p->finding, p->said.alg, &p->shape, words) < 0)
		return afd_fail_memory(err);
	return add_bytes(p, "certificates.pem", afd_buf_slice(&p->said.pem), err) < 0 ||
	       add_bytes(p, "head.note", afd_slice_text(p->statement.note), err) < 0 ? -1 :
	       add_bytes(p, "statement.jws", afd_buf_slice(&p->jws), err);
}

static int put(void *ctx, struct afd_slice s, struct afd_error *err)
{
	return afd_outfile_write(ctx, s, err);
}

static int write_proof(struct proving *p, const char *out, struct afd_error *err)
{
	AFD_AUTO(outfile) struct afd_outfile *f = NULL;
	struct afd_tar_writer w = { .write = put };

	qsort(p->entry, p->n, sizeof(*p->entry), by_name);
	if (afd_outfile_begin(out, false, &f, err) < 0)
		return -1;
	w.ctx = f;
	for (size_t i = 0; i < p->n; i++)
		if (afd_tar_add(&w, p->entry[i].name, afd_buf_slice(&p->entry[i].bytes), err) < 0)
			return -1;
	return afd_tar_finish(&w, err) < 0 ? -1 : afd_outfile_commit(f, err);
}

static int prove(struct cli *c, const struct prove_options *o, struct afd_error *err)
{
	SESSION s = { 0 };
	__attribute__((cleanup(proving_release))) struct proving p = { .n = 0 };
	AFD_AUTO(mem) char *out = NULL;

	if (session_open(&s, c, AFD_STORE_READ, err) < 0)
		return -1;
	p.s = s.store;
	if (read_report(&p, o->report, err) < 0 || add_finding(&p, o->finding, err) < 0 || add_evidence(&p, err) < 0 ||
	    add_stamped(&p, err) < 0 || add_rest(&p, err) < 0)
		return -1;
	out = o->out ? afd_strdup(o->out) : afd_sprintf("%s.tar", p.finding.id);
	if (!out)
		return afd_fail_memory(err);
	if (write_proof(&p, out, err) < 0)
		return afd_within(err, "proof %s", out);
	cli_say(c, "  %s: %s on %s, %zu part%s shown%s\n", out, cli_safe(p.finding.check, 0), cli_safe(p.finding.resource, 0), p.finding.n,
	        p.finding.n == 1 ? "" : "s", p.shape.erased ? "; what was erased cannot be shown, its tombstone is" : "");
	return 0;
}

int verb_prove(struct cli *c, int argc, char **argv)
{
	struct prove_options o = { 0 };
	const struct cli_option options[] = {
		{ "report", "DIR", "the folder of the signed report", .text = &o.report },
		{ "out", "FILE", "where to (ID.tar)", .text = &o.out },
		{ 0 }
	};
	struct afd_error err = { 0 };
	int code, args;

	if (cli_begin(c, options, argc, argv, 1, &args, &code) < 0)
		return code;
	if (!args || !o.report)
		return cli_usage(c, "prove FINDING --report DIR: which finding (F3, or its id), of which report?");
	o.finding = argv[0];
	if (prove(c, &o, &err) < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, EXIT_CLEAN, "exit 0: proof made; it shows this finding and the parts that it cites, nothing else");
}
