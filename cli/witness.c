#include "cli/witness.h"

#include "core/file.h"

int witness_note(struct afd_store *s, uint64_t size, struct afd_buf *ret, size_t *ret_own, struct afd_error *err)
{
	struct afd_head h = { 0 };
	size_t n;
	int r = afd_store_head(s, size, &h, err);

	if (r > 0 && h.size != size)
		r = 0;
	if (r > 0 && afd_buf_text(ret, h.note) < 0)
		r = afd_fail_memory(err);
	*ret_own = ret->len;
	if (r > 0 && afd_store_cosignatures(s, size, ret, &n, err) < 0)
		r = -1;
	afd_head_release(&h);
	return r;
}

/* --- accepting --- */

static bool is_by(const struct afd_note_sig *sig, const struct afd_note_key *key)
{
	uint8_t id[4];

	afd_note_key_id(key, id);
	return afd_slice_equal(sig->name, afd_slice_text(key->name)) && memcmp(sig->id, id, sizeof(id)) == 0;
}

/* The lines by the key in VKEY. *ret_n counts what was kept. */
static int accept_by(struct session *s, const struct afd_note *note, uint64_t size, const char *vkey, unsigned *ret_n, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_note_key key;
	int64_t when = AFD_TIME_NONE;

	if (afd_note_vkey_parse(vkey, &keep, &key, err) < 0)
		return -1;
	for (size_t i = 0; i < note->n; i++) {
		AFD_AUTO(mem) char *line = NULL;

		if (!is_by(&note->sig[i], &key))
			continue;
		if (afd_note_verify(note, &key, &when, err) < 0)
			return afd_within(err, "witness %s", key.name);
		line = afd_sprintf("\xe2\x80\x94 %s %.*s", key.name, (int)note->sig[i].base64.len, (const char *)note->sig[i].base64.data);
		if (!line)
			return afd_fail_memory(err);
		if (afd_store_cosign(s->store, size, line, err) < 0)
			return -1;
		cli_say(s->cli, "  %s saw the head of %s leaves%s%s\n", key.name, cli_number(size).s, when == AFD_TIME_NONE ? "" : " at ",
		        when == AFD_TIME_NONE ? "" : afd_when_people(when).s);
		++*ret_n;
	}
	return 0;
}

/* The witness must have seen the head that we signed, to the byte. */
static int same_head(struct afd_store *s, const struct afd_note *note, const struct afd_checkpoint *c, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf own = { 0 };
	struct afd_note ours = { 0 };
	size_t len;
	bool same;
	int r = witness_note(s, c->size, &own, &len, err);

	if (r < 0)
		return -1;
	if (r == 0)
		return afd_fail(err, AFD_E_VERIFY, "this store has no head of %llu leaves", (unsigned long long)c->size);
	if (afd_note_parse(afd_slice(own.data, len), &ours, err) < 0)
		return -1;
	same = afd_slice_equal(ours.text, note->text);
	afd_note_release(&ours);
	return same ? 0 : afd_fail(err, AFD_E_VERIFY, "it is over another head than the store's: same number of leaves, other text");
}

int witness_accept(struct session *s, const char *file, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct afd_note note = { 0 };
	struct afd_checkpoint c;
	unsigned n = 0;
	int r;

	if (s->config->witnesses.n == 0)
		return afd_fail(err, AFD_E_CONFIG, "no witness is configured: `witnesses: [VKEY, ...]` in %s names whose cosignatures count",
		                s->cli->config_path);
	if (afd_file_read(file, AFD_MAX_NOTE, &bytes, err) < 0)
		return -1;
	r = afd_note_parse(afd_buf_slice(&bytes), &note, err);
	if (r == 0)
		r = afd_checkpoint_parse(note.text, &c, err) < 0 || same_head(s->store, &note, &c, err) < 0 ? -1 : 0;
	for (size_t i = 0; i < s->config->witnesses.n && r == 0; i++)
		r = accept_by(s, &note, c.size, s->config->witnesses.at[i], &n, err);
	afd_note_release(&note);
	if (r == 0 && n == 0)
		r = afd_fail(err, AFD_E_VERIFY, "no signature in it is by a witness of the configuration");
	return r < 0 ? afd_within(err, "%s", file) : 0;
}

/* --- showing and verifying --- */

struct seen { const char *name; int64_t when; bool known; struct afd_error err; };

/* What is known about signature I of NOTE, by the keys of the configuration and the command line. */
static struct seen look(const struct afd_note *note, size_t i, const char *const *vkey, size_t n)
{
	struct seen s = { .when = AFD_TIME_NONE };

	for (size_t k = 0; k < n && !s.known; k++) {
		AFD_AUTO(buf) struct afd_buf keep = { 0 };
		struct afd_note_key key;

		if (afd_note_vkey_parse(vkey[k], &keep, &key, &s.err) < 0 || !is_by(&note->sig[i], &key))
			continue;
		s.known = true;
		s.err = (struct afd_error){ 0 };
		afd_note_verify(note, &key, &s.when, &s.err);
	}
	return s;
}

/* CB sees each cosignature of the head. */
static int each(struct afd_store *s, uint64_t size, const char *const *vkey, size_t n, void (*cb)(void *ctx, uint64_t size, const struct seen *s),
                void *ctx, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct afd_note note = { 0 }, own = { 0 };
	size_t len, first;
	int r = witness_note(s, size, &bytes, &len, err);

	if (r <= 0 || bytes.len == len)
		return r;
	if (afd_note_parse(afd_slice(bytes.data, len), &own, err) < 0)
		return -1;
	first = own.n;
	afd_note_release(&own);
	if (afd_note_parse(afd_buf_slice(&bytes), &note, err) < 0)
		return -1;
	for (size_t i = first; i < note.n; i++) {
		AFD_AUTO(mem) char *name = afd_text_dup(note.sig[i].name);
		struct seen seen = look(&note, i, vkey, n);

		seen.name = name ? name : "";
		cb(ctx, size, &seen);
	}
	afd_note_release(&note);
	return 0;
}

static void show_one(void *ctx, uint64_t size, const struct seen *s)
{
	const struct cli *c = ctx;

	(void)size;
	if (!s->known)
		cli_say(c, "%12s  cosigned by %s, whose key is not configured\n", "", cli_safe(s->name, 60));
	else if (s->err.code)
		cli_say(c, "%12s  %scosignature by %s is wrong%s: %s\n", "", cli_red(c), cli_safe(s->name, 60), cli_plain(c), cli_safe(s->err.text, 0));
	else
		cli_say(c, "%12s  %s  seen by %s\n", "", afd_when_people(s->when).s, cli_safe(s->name, 60));
}

int witness_show(struct session *s, uint64_t size, struct afd_error *err)
{
	return each(s->store, size, s->config->witnesses.at, s->config->witnesses.n, show_one, s->cli, err);
}

static void claim_one(void *ctx, uint64_t size, const struct seen *s)
{
	struct verify *v = ctx;
	AFD_AUTO(mem) char *of = afd_sprintf("head %llu", (unsigned long long)size);

	if (!s->known)
		claims_add(&v->claims, CLAIM_SKIPPED, "witness", of ? of : "", "cosigned by %.200s, whose key is not known here", s->name);
	else if (s->err.code)
		claims_add(&v->claims, CLAIM_FAILS, "witness", of ? of : "", "%.200s: %s", s->name, s->err.text);
	else
		claims_add(&v->claims, CLAIM_HOLDS, "witness", of ? of : "", "%.200s saw this head at %s", s->name, afd_when_text(s->when).s);
}

void verify_cosignatures(struct verify *v, const struct afd_config *config)
{
	const char *vkey[AFD_MAX_NOTE_SIGS + CLI_MANY];
	uint64_t max = AFD_ANY_SIZE;
	struct afd_head h = { 0 };
	struct afd_error err = { 0 };
	size_t n = 0;
	int r = 0;

	for (unsigned i = 0; i < v->o->witness.n; i++)
		vkey[n++] = v->o->witness.at[i];
	for (size_t i = 0; config && i < config->witnesses.n && i < AFD_MAX_NOTE_SIGS; i++)
		vkey[n++] = config->witnesses.at[i];
	while (v->store && (r = afd_store_head(v->store, max, &h, &err)) == 1) {
		max = h.size;
		afd_head_release(&h);
		r = each(v->store, max, vkey, n, claim_one, v, &err);
		if (r < 0 || max-- == 0)
			break;
	}
	if (r < 0)
		claims_add(&v->claims, CLAIM_FAILS, "witness", v->store_name, "%s", err.text);
}
