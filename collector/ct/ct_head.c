/* Signed heads of logs: checkpoints (tlog-checkpoint, static-ct-api) and tree heads (RFC 6962, 3.5 and 4.3), which sign
 * the same bytes. */
#include "collector/ct/ct_item.h"
#include "core/note.h"

/* --- checkpoints --- */

static int verify_checkpoint(struct afd_slice checkpoint, const struct afd_ct_log *log, struct afd_ct_head *ret, struct afd_error *err)
{
	struct afd_note_key key = { .alg = AFD_NOTE_RFC6962, .key = log->key };
	struct afd_checkpoint c;
	struct afd_note note = { 0 };
	int rc = -1;

	if (strlen(log->origin) >= sizeof(key.name))
		return afd_fail(err, AFD_E_CONFIG, "origin: longer than %zu bytes", sizeof(key.name) - 1);
	memcpy(key.name, log->origin, strlen(log->origin) + 1);
	if (afd_note_parse(checkpoint, &note, err) < 0)
		return -1;
	if (afd_checkpoint_parse(note.text, &c, err) < 0)
		goto out;
	/* The signature covers time, size and root, not the origin: that is ours to compare (static-ct-api, Checkpoints). */
	if (strcmp(c.origin, log->origin) != 0) {
		afd_fail(err, AFD_E_VERIFY, "origin: expected %s, got %s", log->origin, c.origin);
		goto out;
	}
	if (afd_note_verify(&note, &key, &ret->timestamp, err) < 0)
		goto out;
	ret->size = c.size;
	ret->root = c.root;
	rc = 0;
out:
	afd_note_release(&note);
	return rc;
}

/* --- get-sth --- */

struct sth_fields { const char *root, *signature; int64_t size, timestamp; };
static const struct afd_field sth_fields[] = {
	{ "sha256_root_hash",    AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct sth_fields, root) },
	{ "timestamp",           AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct sth_fields, timestamp) },
	{ "tree_head_signature", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct sth_fields, signature) },
	{ "tree_size",           AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct sth_fields, size) },
	{ 0 }
};

/* DigitallySigned (RFC 5246, 4.7): hash and signature algorithm, then the signature with its length. */
static int open_signature(struct afd_slice bytes, struct afd_slice *ret, struct afd_error *err)
{
	struct afd_reader r = afd_reader(bytes);
	uint8_t hash = afd_read_u8(&r), algorithm = afd_read_u8(&r);

	*ret = afd_read_bytes(&r, afd_read_u16(&r));
	if (r.bad || afd_reader_left(&r) > 0)
		return afd_fail(err, AFD_E_PARSE, "tree_head_signature: not a DigitallySigned");
	if (hash != 4 || (algorithm != 1 && algorithm != 3))
		return afd_fail(err, AFD_E_PARSE, "tree_head_signature: expected SHA-256 with RSA or ECDSA, got %u and %u", hash, algorithm);
	return 0;
}

/* What is signed: version, signature type, time, size, root (RFC 6962, 3.5). */
static int signed_bytes(const struct afd_ct_head *h, struct afd_buf *ret)
{
	return afd_buf_u16(ret, 0x0001) < 0 || afd_buf_u64(ret, (uint64_t)h->timestamp) < 0 || afd_buf_u64(ret, h->size) < 0 ?
	       -1 : afd_buf_add(ret, h->root.b, sizeof(h->root.b));
}

static int verify_sth(struct afd_slice json, const struct afd_ct_log *log, struct afd_ct_head *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf root = { 0 }, signature = { 0 }, message = { 0 };
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct sth_fields f = { 0 };
	struct afd_slice sig;

	if (afd_json_parse(json, "get-sth", &doc, err) < 0 || afd_fields_read_loose(doc, afd_doc_root(doc), sth_fields, &f, err) < 0)
		return -1;
	if (afd_unbase64(afd_slice_text(f.root), &root) < 0 || root.len != sizeof(ret->root.b))
		return afd_fail(err, AFD_E_PARSE, "sha256_root_hash: expected 32 bytes in base64");
	if (f.size < 0 || f.timestamp < 0)
		return afd_fail(err, AFD_E_PARSE, "tree_size, timestamp: expected 0 or more");
	if (afd_unbase64(afd_slice_text(f.signature), &signature) < 0)
		return afd_fail(err, AFD_E_PARSE, "tree_head_signature: not base64");
	if (open_signature(afd_buf_slice(&signature), &sig, err) < 0)
		return -1;
	*ret = (struct afd_ct_head){ .size = (uint64_t)f.size, .timestamp = f.timestamp };
	memcpy(ret->root.b, root.data, sizeof(ret->root.b));
	if (signed_bytes(ret, &message) < 0)
		return afd_fail_memory(err);
	return afd_spki_verify(log->key, afd_buf_slice(&message), sig, err);
}

/* --- either --- */

bool afd_ct_is_sth(struct afd_slice s)
{
	while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t' || s.data[0] == '\n' || s.data[0] == '\r'))
		s = afd_slice_sub(s, 1, s.len - 1);
	return s.len > 0 && s.data[0] == '{';
}

int afd_ct_head_verify(struct afd_slice signed_head, const struct afd_ct_log *log, struct afd_ct_head *ret, struct afd_error *err)
{
	return afd_ct_is_sth(signed_head) ? verify_sth(signed_head, log, ret, err) : verify_checkpoint(signed_head, log, ret, err);
}

/* --- whose signatures stand beside the log's --- */

static int witness_key(const char *vkey, struct afd_buf *keep, struct afd_note_key *ret, struct afd_error *err)
{
	if (afd_note_vkey_parse(vkey, keep, ret, err) < 0)
		return afd_within(err, "witnesses: %s", vkey);
	if (ret->alg != AFD_NOTE_COSIGNATURE)
		return afd_fail(err, AFD_E_CONFIG, "witnesses: %s: expected the key of a witness (type 04)", vkey);
	return 0;
}

int afd_ct_witnesses_check(const struct afd_texts *witness, struct afd_error *err)
{
	for (size_t i = 0; i < witness->n; i++) {
		AFD_AUTO(buf) struct afd_buf keep = { 0 };
		struct afd_note_key key;

		if (witness_key(witness->at[i], &keep, &key, err) < 0)
			return -1;
	}
	return 0;
}

/* A line says its key's id, not its type; by its length a cosignature can be told (tlog-cosignature): time and signature. */
static int type_of(const struct afd_note_sig *s)
{
	enum { TIME = 8, ED25519 = 64, ML_DSA_44 = 2420 };

	if (s->sig.len == TIME + ED25519)
		return AFD_NOTE_COSIGNATURE;
	if (s->sig.len == ED25519)
		return AFD_NOTE_ED25519;
	return s->sig.len == TIME + ML_DSA_44 ? 0x06 : -1;
}

static bool is_of(const struct afd_note_sig *s, const struct afd_note_key *key)
{
	uint8_t id[4];

	afd_note_key_id(key, id);
	return afd_slice_equal(s->name, afd_slice_text(key->name)) && memcmp(s->id, id, sizeof(id)) == 0;
}

/* The state of line S by the witness keys that we have. */
static const char *state_of(const struct afd_note *note, const struct afd_note_sig *s, const struct afd_ct_log *log, int *type, int64_t *ms)
{
	for (size_t i = 0; i < log->witness.n; i++) {
		AFD_AUTO(buf) struct afd_buf keep = { 0 };
		struct afd_note_key key;

		if (witness_key(log->witness.at[i], &keep, &key, NULL) < 0 || !is_of(s, &key))
			continue;
		*type = key.alg;
		return afd_note_verify(note, &key, ms, NULL) == 0 ? "verified" : "false";
	}
	return *type == 0x06 ? "unreadable" : "unknown";
}

int afd_ct_signatures(struct afd_slice signed_head, const struct afd_ct_log *log, const struct afd_ct_head *head,
                      struct afd_sink *sink, struct afd_error *err)
{
	struct afd_note_key own = { .alg = AFD_NOTE_RFC6962, .key = log->key };
	struct afd_note note = { 0 };
	int rc = 0;

	if (afd_ct_is_sth(signed_head))
		return 0;
	if (strlen(log->origin) >= sizeof(own.name))
		return afd_fail(err, AFD_E_PARSE, "log: its name is too long");
	memcpy(own.name, log->origin, strlen(log->origin) + 1);
	if (afd_note_parse(signed_head, &note, err) < 0)
		return -1;
	for (size_t i = 0; i < note.n && rc == 0; i++) {
		AFD_AUTO(mem) char *name = afd_text_dup(note.sig[i].name);
		int64_t ms = AFD_TIME_NONE;
		int type = type_of(&note.sig[i]);
		const char *state;

		if (is_of(&note.sig[i], &own))
			continue;
		state = state_of(&note, &note.sig[i], log, &type, &ms);
		rc = !name ? afd_fail_memory(err) : sink->ct_signature(sink->ctx, &(struct afd_row_ct_signature){
			.log = log->origin, .name = name, .state = state, .size = head->size, .type = type, .signed_ms = ms }, err);
	}
	afd_note_release(&note);
	return rc;
}
