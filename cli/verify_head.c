/* A head of the ledger: a C2SP checkpoint in a signed note. */
#include "cli/session.h"
#include "cli/verify_kinds.h"
#include "cli/witness.h"

int verify_note_read(const char *text, struct verify_head *ret, struct afd_error *err)
{
	struct afd_note note = { 0 };
	struct afd_checkpoint cp;
	int r = afd_note_parse(afd_slice_text(text), &note, err);

	if (r == 0)
		r = afd_checkpoint_parse(note.text, &cp, err);
	if (r == 0) {
		*ret = (struct verify_head){ .size = cp.size, .root = cp.root, .note = text, .known = true };
		memcpy(ret->origin, cp.origin, sizeof(ret->origin));
	}
	afd_note_release(&note);
	return r;
}

/* The store's own word is taken only where nobody gave a key, and then it is said. Where the store key changed, the ledger
 * leads from the key that was given to the one of this head. *ret NULL: there is none. */
int verify_key_for(struct verify *v, uint64_t size, char **ret, struct afd_error *err)
{
	struct afd_store *s = verify_store(v);

	if (s)
		return afd_store_key_for(s, v->o->vkey, size, ret, err);
	*ret = afd_strdup(v->o->vkey);
	return v->o->vkey && !*ret ? afd_fail_memory(err) : 0;
}

int verify_note_by(const char *text, const char *vkey, int64_t *when, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_note note = { 0 };
	struct afd_note_key key;
	int64_t signed_ms = AFD_TIME_NONE;
	int r = afd_note_vkey_parse(vkey, &keep, &key, err);

	if (r == 0)
		r = afd_note_parse(afd_slice_text(text), &note, err);
	if (r == 0)
		r = afd_note_verify(&note, &key, &signed_ms, err);
	if (when)
		*when = signed_ms;
	afd_note_release(&note);
	return r;
}

static void claim_witnesses(struct verify *v, const char *of, const char *note)
{
	for (unsigned i = 0; i < v->o->witness.n; i++) {
		struct afd_error err = { 0 };
		int64_t when = AFD_TIME_NONE;

		if (verify_note_by(note, v->o->witness.at[i], &when, &err) < 0)
			claims_add(&v->claims, CLAIM_FAILS, "witness", of, "%.60s: %s", v->o->witness.at[i], err.text);
		else
			claims_add(&v->claims, CLAIM_HOLDS, "witness", of, "%.*s saw this head%s%s", (int)strcspn(v->o->witness.at[i], "+"), v->o->witness.at[i],
			           when == AFD_TIME_NONE ? "" : " at ", when == AFD_TIME_NONE ? "" : afd_when_text(when).s);
	}
}

void verify_note(struct verify *v, const char *of, const struct verify_head *h)
{
	AFD_AUTO(mem) char *vkey = NULL;
	struct verify_head said = { 0 };
	struct afd_error err = { 0 };
	int r = verify_note_read(h->note, &said, &err);

	if (r == 0 && (said.size != h->size || !afd_digest_equal(&said.root, &h->root) || strcmp(said.origin, h->origin) != 0))
		r = afd_fail(&err, AFD_E_VERIFY, "the signed note speaks of another head");
	if (r == 0)
		r = verify_key_for(v, h->size, &vkey, &err);
	if (r == 0 && vkey)
		r = verify_note_by(h->note, vkey, NULL, &err);
	if (r < 0) {
		claims_add(&v->claims, CLAIM_FAILS, "head", of, "%s", err.text);
		return;
	}
	if (!v->o->vkey)
		claims_add(&v->claims, CLAIM_SKIPPED, "head", of, "%s leaves, root %.16s...; %s (--vkey KEY checks it)", cli_number(h->size).s,
		           afd_digest_hex(&h->root).s, vkey ? "signed by the key that the store itself names" : "no store key was given");
	else
		claims_add(&v->claims, CLAIM_HOLDS, "head", of, "%s leaves, root %.16s..., signed by %s", cli_number(h->size).s,
		           afd_digest_hex(&h->root).s, h->origin);
	claim_witnesses(v, of, h->note);
}

/* A token, or the authority's whole answer with the token in it (RFC 3161, 2.4.2). */
static struct afd_slice token_in(struct afd_slice bytes)
{
	const struct afd_slice token = anchor_token(bytes);

	return token.len ? token : bytes;
}

void verify_stamp(struct verify *v, const char *of, struct afd_slice stamp, struct afd_slice data)
{
	AFD_AUTO(stamp) struct afd_stamp s = { 0 };
	struct afd_error err = { 0 };
	struct afd_digest imprint;

	if (!v->trust.n_stamp) {
		claims_add(&v->claims, CLAIM_SKIPPED, "time", of, "there is a time-stamp; no root for time-stamps was given (--timestamp-root FILE)");
		return;
	}
	afd_sha256(data, &imprint);
	if (afd_stamp_verify(token_in(stamp), &imprint, &v->trust, &s, &err) < 0)
		claims_add(&v->claims, err.code == AFD_E_SIGNER ? CLAIM_SKIPPED : CLAIM_FAILS, "time", of, "%s", err.text);
	else
		claims_add(&v->claims, CLAIM_HOLDS, "time", of, "existed at %s: stamped by %s", afd_when_text(s.time_ms).s, s.authority);
}

static int verify_head_stamps(struct verify *v, struct verify_set *s, const struct verify_file *head, struct afd_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct verify_file *f = &s->at[i];
		size_t len = strlen(f->name);

		if (strncmp(f->name, "head.", 5) != 0 || len < 4 || strcmp(f->name + len - 4, ".tst") != 0)
			continue;
		if (verify_file_load(f, AFD_MAX_CMS, err) < 0)
			return -1;
		verify_stamp(v, f->name, afd_buf_slice(&f->bytes), afd_buf_slice(&head->bytes));
		n++;
	}
	if (!n)
		claims_add(&v->claims, CLAIM_SKIPPED, "time", head->name, "no time-stamp was given: nobody says when this head was");
	return 0;
}

int verify_head_file(struct verify *v, struct verify_set *s, struct verify_file *f, const struct verified_report *report, struct afd_error *err)
{
	struct afd_error why = { 0 };
	struct verify_head h = { 0 };

	if (verify_file_load(f, AFD_MAX_NOTE, err) < 0)
		return -1;
	if (memchr(f->bytes.data, 0, f->bytes.len) || verify_note_read((const char *)f->bytes.data, &h, &why) < 0) {
		claims_add(&v->claims, CLAIM_FAILS, "form", f->name, "%s", why.code ? why.text : "not a text");
		return 0;
	}
	verify_note(v, f->name, &h);
	if (verify_head_stamps(v, s, f, err) < 0)
		return -1;
	if (report->head.known) {
		bool same = h.size == report->head.size && afd_digest_equal(&h.root, &report->head.root) && strcmp(h.origin, report->head.origin) == 0;

		claims_add(&v->claims, same ? CLAIM_HOLDS : CLAIM_FAILS, "agreement", f->name, same ? "the head of the report" : "not the head of the report");
		return 0;
	}
	verify_test_mark(v, f->name, is_test_origin(h.origin));
	verify_ledger(v);
	verify_prefix(v, f->name, &h);
	verify_earlier(v, &h, NULL);
	return 0;
}
