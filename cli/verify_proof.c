/* The proof of one finding: from the signed statement down to the bytes that were received. Every file must be needed. */
#include <inttypes.h>

#include "cli/proof.h"
#include "cli/session.h"
#include "cli/verify_kinds.h"
#include "cli/witness.h"
#include "core/file.h"
#include "evidence/plain.h"
#include "reports/statement.h"

#define MAX_PROOF (1024u * 1024 * 1024)   /* all files together */
#define STATEMENT "statement.jws"

struct proved {
	struct verify *v;
	struct verify_set files;
	bool *used;
	struct afd_statement st;              /* doc NULL: its signature did not hold */
	struct proof_finding finding;
	struct verify_head head, later;       /* later.known: there is one, and it continues the head */
	struct afd_buf notes[2];              /* what they borrow */
	struct proof_shape shape;
	int64_t stamped_ms;                   /* of a stamp that holds, as late as it may have been; AFD_TIME_NONE: none */
};

static void proved_release(struct proved *p)
{
	verify_set_release(&p->files);
	free(p->used);
	afd_statement_release(&p->st);
	proof_finding_release(&p->finding);
	afd_buf_release(&p->notes[0]);
	afd_buf_release(&p->notes[1]);
}

static void fails(struct proved *p, const char *claim, const char *of, const char *why)
{
	claims_add(&p->v->claims, CLAIM_FAILS, claim, of, "%s", why);
}

/* The bytes of NAME, now accounted for; NULL: not there. */
static const struct afd_buf *take(struct proved *p, const char *name)
{
	const struct verify_file *f = verify_set_find(&p->files, name);

	if (!f)
		return NULL;
	p->used[f - p->files.at] = true;
	return &f->bytes;
}

static const struct afd_buf *need(struct proved *p, const char *name)
{
	const struct afd_buf *b = take(p, name);

	if (!b)
		fails(p, "manifest", name, "it is missing");
	return b;
}

/* A proof by its text; false: said already. */
static bool need_proof(struct proved *p, const char *name, enum afd_proof_kind k, struct afd_proof *ret)
{
	const struct afd_buf *text = need(p, name);
	struct afd_error err = { 0 };

	if (!text)
		return false;
	if (afd_proof_read(k, afd_buf_slice(text), ret, &err) == 0)
		return true;
	fails(p, "form", name, err.text);
	return false;
}

/* --- the archive --- */

static int read_in(void *ctx, uint8_t *p, size_t n, size_t *got, struct afd_error *err)
{
	return afd_infile_read(ctx, p, n, got, err);
}

static int unpack(struct proved *p, struct afd_tar_reader *tar, struct afd_error *err)
{
	uint64_t total = 0;
	int more;

	while ((more = afd_tar_next(tar, err)) > 0) {
		struct verify_file *f;

		total += tar->size;
		if (total > MAX_PROOF)
			return afd_fail(err, AFD_E_LIMIT, "more than %u bytes: no proof of one finding is so large", MAX_PROOF);
		if (verify_set_add(&p->files, tar->name, NULL, &f, err) < 0)
			return -1;
		f->loaded = true;
		if (afd_tar_load(tar, AFD_MAX_ITEM, &f->bytes, err) < 0)
			return -1;
	}
	p->used = calloc(p->files.n + 1, sizeof(*p->used));
	return more < 0 ? -1 : !p->used ? afd_fail_memory(err) : 0;
}

/* --- statement, head, finding --- */

static void claim_statement(struct proved *p)
{
	const struct afd_buf *jws = need(p, STATEMENT), *pem = need(p, "certificates.pem");
	struct afd_signature_report sig = { 0 };
	AFD_AUTO(buf) struct afd_buf payload = { 0 };
	struct proof_statement said = { .alg = "" };
	struct afd_error err = { 0 }, form = { 0 };
	int rc;

	if (!jws)
		return;
	rc = afd_jws_verify(afd_buf_slice(jws), &p->v->trust, &payload, &sig, &err);
	if (rc == 0 && afd_statement_read(afd_buf_slice(&payload), &p->st, &form) < 0)
		fails(p, "form", STATEMENT, form.text);
	verify_signature(p->v, STATEMENT, rc, &sig, &err, p->st.doc ? p->st.as_of : AFD_TIME_NONE);
	if (rc == 0 && pem && (proof_statement_read(afd_buf_slice(jws), &said, &err) < 0 ||
	                       !afd_slice_equal(afd_buf_slice(&said.pem), afd_buf_slice(pem))))
		fails(p, "agreement", "certificates.pem", "not the certificates of the statement");
	proof_statement_release(&said);
	afd_signature_report_release(&sig);
	if (p->st.doc)
		verify_test_mark(p->v, STATEMENT, p->st.test || is_test_origin(p->st.origin));
}

/* A note of its own text in *ret; false: said already. */
static bool read_head(struct proved *p, const char *name, struct afd_buf *keep, struct verify_head *ret)
{
	const struct afd_buf *note = need(p, name);
	struct afd_error err = { 0 };

	if (!note)
		return false;
	if (memchr(note->data, 0, note->len) || afd_buf_add_slice(keep, afd_buf_slice(note)) < 0) {
		fails(p, "form", name, "not a text");
		return false;
	}
	if (verify_note_read((const char *)keep->data, ret, &err) == 0)
		return true;
	fails(p, "form", name, err.text);
	return false;
}

static void claim_head(struct proved *p)
{
	if (!read_head(p, "head.note", &p->notes[0], &p->head))
		return;
	if (p->st.doc && strcmp(p->st.note, (const char *)p->notes[0].data) != 0) {
		fails(p, "agreement", "head.note", "the signed statement stands on another head");
		p->head.known = false;
		return;
	}
	if (p->st.doc)
		claims_add(&p->v->claims, CLAIM_HOLDS, "agreement", "head.note", "the head of the signed statement");
	verify_note(p->v, "head.note", &p->head);
	if (p->v->o->store) {
		verify_ledger(p->v);
		verify_prefix(p->v, "head.note", &p->head);
	}
	verify_earlier(p->v, &p->head, p->st.doc ? &p->st : NULL);
}

static void claim_later(struct proved *p)
{
	struct verify_head later = { 0 };
	struct afd_proof proof;

	if (!verify_set_find(&p->files, "later.note"))
		return;
	if (!read_head(p, "later.note", &p->notes[1], &later) || !need_proof(p, "later.proof", AFD_PROOF_CONSISTENCY, &proof) || !p->head.known)
		return;
	verify_note(p->v, "later.note", &later);
	if (strcmp(later.origin, p->head.origin) != 0 || proof.a != p->head.size || proof.b != later.size ||
	    !afd_merkle_check_consistency(p->head.size, &p->head.root, later.size, &later.root, proof.at, proof.n)) {
		fails(p, "prefix", "later.note", "it does not continue the head of the report");
		return;
	}
	claims_add(&p->v->claims, CLAIM_HOLDS, "prefix", "later.note", "it continues the head of the report, to %s leaves", cli_number(later.size).s);
	p->later = later;
	p->shape.later = true;
}

/* What was in the ledger when an authority stamped a head of it was there at that time. */
static void claim_stamped(struct proved *p)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	AFD_AUTO(stamp) struct afd_stamp stamp = { 0 };
	const struct afd_buf *answer = take(p, "stamped.tsr");
	struct verify_head h = { 0 };
	struct afd_error err = { 0 };
	struct afd_digest imprint;
	struct afd_proof proof;
	bool first;

	if (!answer)
		return;
	p->shape.stamped = true;
	if (!read_head(p, "stamped.note", &keep, &h) || !need_proof(p, "stamped.proof", AFD_PROOF_CONSISTENCY, &proof) || !p->head.known)
		return;
	first = h.size < p->head.size;
	if (strcmp(h.origin, p->head.origin) != 0 || proof.a != (first ? h.size : p->head.size) || proof.b != (first ? p->head.size : h.size) ||
	    !afd_merkle_check_consistency(proof.a, first ? &h.root : &p->head.root, proof.b, first ? &p->head.root : &h.root, proof.at, proof.n)) {
		fails(p, "prefix", "stamped.note", "it is no head of the ledger on which the report stands");
		return;
	}
	for (size_t i = 0; i < p->finding.n; i++)
		if (p->finding.cite[i].leaf >= h.size) {
			fails(p, "time", "stamped.note", "what the finding cites came later than this head");
			return;
		}
	verify_note(p->v, "stamped.note", &h);
	afd_sha256(afd_buf_slice(&keep), &imprint);
	if (p->v->trust.n_stamp == 0)
		claims_add(&p->v->claims, CLAIM_SKIPPED, "time", "stamped.note", "stamped, but no root for time-stamps was given (--timestamp-root)");
	else if (afd_stamp_verify(anchor_token(afd_buf_slice(answer)), &imprint, &p->v->trust, &stamp, &err) < 0)
		claims_add(&p->v->claims, err.code == AFD_E_SIGNER ? CLAIM_SKIPPED : CLAIM_FAILS, "time", "stamped.note", "%s", err.text);
	else {
		p->stamped_ms = is_test_origin(h.origin) ? AFD_TIME_NONE : stamp.time_ms + stamp.accuracy_ms;
		claims_add(&p->v->claims, CLAIM_HOLDS, "time", "stamped.note", "what the finding cites was in the ledger at %s: stamped by %s",
		           afd_when_text(stamp.time_ms).s, stamp.authority);
	}
}

static void claim_finding(struct proved *p)
{
	const struct afd_buf *json = need(p, "finding.json");
	struct afd_error err = { 0 };
	struct afd_digest leaf;
	struct afd_proof proof;
	bool have = need_proof(p, "finding.proof", AFD_PROOF_INCLUSION, &proof);

	if (!json)
		return;
	if (proof_finding_read(afd_buf_slice(json), &p->finding, &err) < 0) {
		fails(p, "form", "finding.json", err.text);
		return;
	}
	if (!have || !p->st.doc)
		return;
	afd_merkle_leaf(afd_buf_slice(json), &leaf);
	if (proof.b != (uint64_t)p->st.findings || !afd_merkle_check_inclusion(&leaf, proof.a, proof.b, proof.at, proof.n, &p->st.findings_root))
		fails(p, "finding", "finding.json", "it is not one of the findings that the statement signs");
	else
		claims_add(&p->v->claims, CLAIM_HOLDS, "finding", "finding.json", "%s: %s, %s, number %" PRIu64 " of %" PRIu64 " in the signed report of %s",
		           p->finding.check, p->finding.resource, p->finding.status, proof.a + 1, proof.b, p->st.label);
}

/* --- evidence --- */

/* That HASH is leaf LEAF of the head, or with LATER allowed of the later one. *of: how claims call it. */
static bool included(struct proved *p, const char *where, uint64_t leaf, const struct afd_digest *hash, const char *of)
{
	const struct verify_head *h = &p->head;
	struct afd_proof proof;
	char name[AFD_TAR_NAME];

	proof_leaf_name(name, where, leaf, "leaf.proof");
	if (!need_proof(p, name, AFD_PROOF_INCLUSION, &proof) || !h->known)
		return false;
	if (where[0] == 't' && leaf >= h->size && p->later.known)
		h = &p->later;
	if (proof.a == leaf && proof.b == h->size && afd_merkle_check_inclusion(hash, leaf, h->size, proof.at, proof.n, &h->root))
		return true;
	fails(p, "inclusion", of, "its leaf hash is not in the head at this place");
	return false;
}

static bool read_record(struct proved *p, const char *where, uint64_t leaf, const char *of, struct afd_record *ret, struct afd_digest *hash)
{
	struct afd_error err = { 0 };
	const struct afd_buf *text;
	char name[AFD_TAR_NAME];

	proof_leaf_name(name, where, leaf, "record");
	text = need(p, name);
	if (!text)
		return false;
	afd_record_leaf(afd_buf_slice(text), hash);
	if (afd_record_parse(afd_buf_slice(text), ret, &err) == 0)
		return true;
	fails(p, "form", of, err.text);
	return false;
}

static bool read_salt(const struct afd_buf *text, uint8_t ret[16])
{
	return text->len == 33 && text->data[32] == '\n' && afd_unhex((const char *)text->data, 32, ret, 16) == 0;
}

/* *ret: the bytes, if they are that part of the item. */
static bool part_holds(struct proved *p, const char *where, uint64_t leaf, uint64_t part, const struct afd_record *r, struct afd_slice *ret)
{
	char name[AFD_TAR_NAME], salt_name[AFD_TAR_NAME], proof_name[AFD_TAR_NAME];
	const struct afd_buf *bytes, *salt_text;
	struct afd_digest hash;
	struct afd_proof proof;
	uint8_t salt[16];

	proof_part_name(name, where, leaf, part, "");
	proof_part_name(salt_name, where, leaf, part, ".salt");
	proof_part_name(proof_name, where, leaf, part, ".proof");
	bytes = need(p, name);
	salt_text = need(p, salt_name);
	if (!need_proof(p, proof_name, AFD_PROOF_INCLUSION, &proof) || !bytes || !salt_text)
		return false;
	if (!read_salt(salt_text, salt)) {
		fails(p, "form", salt_name, "not 32 hex digits and a line feed");
		return false;
	}
	afd_part_leaf(salt, afd_buf_slice(bytes), &hash);
	if (proof.a != part || proof.b != r->n_parts || !afd_merkle_check_inclusion(&hash, part, r->n_parts, proof.at, proof.n, &r->parts_root)) {
		fails(p, "parts", name, "it is not that part of the item to which the record commits");
		return false;
	}
	*ret = afd_buf_slice(bytes);
	return true;
}

static const char *tombstone_of(struct proved *p, const struct afd_erased *e, const char *of, char *ret, size_t n)
{
	struct afd_record r = { 0 };
	struct afd_digest hash;
	struct afd_slice stub;
	bool good = read_record(p, "tombstone", e->tombstone, of, &r, &hash);

	if (good)
		good = included(p, "tombstone", e->tombstone, &hash, of) && part_holds(p, "tombstone", e->tombstone, 0, &r, &stub);
	if (good && (r.kind != AFD_ITEM_TOMBSTONE || r.erases_leaf != e->leaf || !afd_digest_equal(&r.erases_hash, &e->hash))) {
		fails(p, "items", of, "the tombstone names another item");
		good = false;
	}
	if (good)
		snprintf(ret, n, "rule \"%.120s\", by %.80s, at %s UTC", r.rule, r.actor, afd_when_people(r.received_ms).s);
	afd_record_release(&r);
	return good ? ret : NULL;
}

/* The item was forgotten: that is said, and is neither a yes nor a forgery. */
static void claim_erased(struct proved *p, const struct proof_cite *c, const char *of, const struct afd_buf *text)
{
	struct afd_error err = { 0 };
	struct afd_erased e;
	char words[320];
	const char *rule;

	if (afd_erased_read(afd_buf_slice(text), &e, &err) < 0) {
		fails(p, "form", of, err.text);
		return;
	}
	if (e.leaf != c->leaf || !afd_digest_equal(&e.hash, &c->hash)) {
		fails(p, "items", of, "it speaks of another item than the finding cites");
		return;
	}
	rule = tombstone_of(p, &e, of, words, sizeof(words));
	if (!rule || !included(p, "evidence", c->leaf, &c->hash, of))
		return;
	claims_add(&p->v->claims, CLAIM_UNCLEAR, "items", of, "erased under %s: what it said cannot be shown, the finding rests on the signature alone", rule);
	p->shape.erased = true;
}

static void claim_record(struct proved *p, const struct proof_cite *first, const struct proof_cite *end, const char *of)
{
	struct afd_record r = { 0 };
	struct afd_digest hash;
	struct afd_slice bytes;

	if (read_record(p, "evidence", first->leaf, of, &r, &hash)) {
		const bool cited = afd_digest_equal(&hash, &first->hash);

		if (!cited)
			fails(p, "references", of, "the finding cites another item than this record's");
		/* (an hour: the clocks of an authority and of the collector) */
		if (p->stamped_ms != AFD_TIME_NONE && r.received_ms > p->stamped_ms + AFD_HOUR)
			fails(p, "time", of, "it says that it was received later than the stamp over it");
		if (included(p, "evidence", first->leaf, &hash, of) && cited)
			claims_add(&p->v->claims, CLAIM_HOLDS, "inclusion", of, "%s of %s, received %s UTC: in the head", afd_item_kind_name(r.kind), r.source,
			           afd_when_people(r.received_ms).s);
		for (const struct proof_cite *c = first; c < end && r.kind != AFD_ITEM_WITHHELD; c++)
			if ((c == first || c->part != c[-1].part) && part_holds(p, "evidence", c->leaf, c->part, &r, &bytes)) {
				claims_add(&p->v->claims, CLAIM_HOLDS, "parts", of, "part %" PRIu64 " of %" PRIu64 ", %zu bytes", c->part, r.n_parts, bytes.len);
			}
	}
	afd_record_release(&r);
}

static void claim_evidence(struct proved *p)
{
	const struct proof_finding *f = &p->finding;

	for (size_t k = 0, end; k < f->n; k = end) {
		const struct afd_buf *erased;
		char name[AFD_TAR_NAME], of[48];

		for (end = k + 1; end < f->n && f->cite[end].leaf == f->cite[k].leaf; end++)
			if (!afd_digest_equal(&f->cite[end].hash, &f->cite[k].hash))
				fails(p, "form", "finding.json", "one leaf has two hashes");
		snprintf(of, sizeof(of), "leaf %" PRIu64, f->cite[k].leaf);
		proof_leaf_name(name, "evidence", f->cite[k].leaf, "erased");
		erased = take(p, name);
		if (erased)
			claim_erased(p, &f->cite[k], of, erased);
		else
			claim_record(p, &f->cite[k], &f->cite[end], of);
	}
}

/* --- the rest --- */

static int claim_rest(struct proved *p, struct afd_error *err)
{
	const struct afd_buf *mark = need(p, "PROOF"), *words = need(p, "VERIFY.md"), *jws = take(p, STATEMENT);
	AFD_AUTO(buf) struct afd_buf our_mark = { 0 };
	AFD_AUTO(buf) struct afd_buf our_words = { 0 };
	struct proof_statement said = { .alg = "" };
	struct afd_error none = { 0 };
	size_t unneeded = 0;
	int r = proof_mark(&our_mark);

	if (r == 0 && jws && proof_statement_read(afd_buf_slice(jws), &said, &none) == 0 && p->finding.doc)
		r = proof_words(&p->finding, said.alg, &p->shape, &our_words);
	proof_statement_release(&said);
	if (r < 0)
		return afd_fail_memory(err);
	if (mark && !afd_slice_equal(afd_buf_slice(mark), afd_buf_slice(&our_mark)))
		claims_add(&p->v->claims, CLAIM_UNCLEAR, "manifest", "PROOF", "not comparable: made by another version than affidavit " AFD_VERSION);
	else if (words && our_words.len && !afd_slice_equal(afd_buf_slice(words), afd_buf_slice(&our_words)))
		fails(p, "manifest", "VERIFY.md", "somebody changed the words: do not follow them");
	for (size_t i = 0; i < p->files.n; i++)
		if (!p->used[i] && ++unneeded)
			fails(p, "manifest", p->files.at[i].name, "nothing in this proof needs it");
	if (!unneeded)
		claims_add(&p->v->claims, CLAIM_HOLDS, "manifest", "archive", "each of its %zu files is needed", p->files.n);
	return 0;
}

int verify_proof(struct verify *v, const char *path, struct afd_error *err)
{
	__attribute__((cleanup(proved_release))) struct proved p = { .v = v, .stamped_ms = AFD_TIME_NONE };
	AFD_AUTO(infile) struct afd_infile *in = NULL;
	AFD_AUTO(mem) struct afd_tar_reader *tar = calloc(1, sizeof(*tar));
	struct afd_error why = { 0 };

	if (!tar)
		return afd_fail_memory(err);
	if (!v->o->root.n)
		return afd_fail(err, AFD_E_USAGE, "--root FILE is needed: the root certificate that you got from a person you trust");
	if (afd_infile_open(path, &in, err) < 0)
		return -1;
	tar->read = read_in;
	tar->ctx = in;
	if (unpack(&p, tar, &why) < 0) {
		if (why.code == AFD_E_IO || why.code == AFD_E_MEMORY) {
			*err = why;
			return -1;
		}
		claims_add(&v->claims, CLAIM_FAILS, "form", "archive", "%s", why.text);
		return 0;
	}
	claim_statement(&p);
	claim_head(&p);
	claim_later(&p);
	claim_finding(&p);
	claim_stamped(&p);
	claim_evidence(&p);
	return claim_rest(&p, err);
}
