/* C2SP signed-note, tlog-checkpoint and tlog-cosignature; static-ct-api v1.1.0 for the RFC 6962 signature. */
#include "core/note.h"
#include "core/der.h"
#include "core/when.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>

#define EM_DASH "\xe2\x80\x94 "
#define RSA_BITS_MIN 2048

static void afd_pkey_release(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
	*k = NULL;
}

static void afd_md_ctx_release(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
	*c = NULL;
}

/* --- signatures --- */

static bool verifies(EVP_PKEY *key, struct afd_slice message, struct afd_slice sig)
{
	AFD_AUTO(md_ctx) EVP_MD_CTX *c = EVP_MD_CTX_new();
	const char *md = EVP_PKEY_is_a(key, "ED25519") ? NULL : "SHA256";
	bool good = c && EVP_DigestVerifyInit_ex(c, NULL, md, NULL, NULL, key, NULL) == 1 &&
		    EVP_DigestVerify(c, sig.data, sig.len, message.len ? message.data : (const uint8_t *)"",
				     message.len) == 1;

	ERR_clear_error();
	return good;
}

static int spki_read(struct afd_slice spki, EVP_PKEY **ret, struct afd_error *err)
{
	const uint8_t *p = spki.data;
	AFD_AUTO(pkey) EVP_PKEY *k = spki.len && spki.len < 65536 ? d2i_PUBKEY(NULL, &p, (long)spki.len) : NULL;

	ERR_clear_error();
	if (!k || p != spki.data + spki.len)
		return afd_fail(err, AFD_E_PARSE, "public key: not a SubjectPublicKeyInfo");
	if (EVP_PKEY_is_a(k, "RSA") && EVP_PKEY_get_bits(k) < RSA_BITS_MIN)
		return afd_fail(err, AFD_E_VERIFY, "public key: RSA of %d bits, at least %d are needed", EVP_PKEY_get_bits(k),
				RSA_BITS_MIN);
	if (!EVP_PKEY_is_a(k, "RSA") && !EVP_PKEY_is_a(k, "EC") && !EVP_PKEY_is_a(k, "ED25519"))
		return afd_fail(err, AFD_E_VERIFY, "public key: expected Ed25519, ECDSA or RSA, got %s",
				EVP_PKEY_get0_type_name(k));
	*ret = afd_steal(&k);
	return 0;
}

int afd_spki_verify(struct afd_slice spki, struct afd_slice message, struct afd_slice sig, struct afd_error *err)
{
	AFD_AUTO(pkey) EVP_PKEY *k = NULL;

	if (spki_read(spki, &k, err) < 0)
		return -1;
	return verifies(k, message, sig) ? 0 : afd_fail(err, AFD_E_VERIFY, "the signature does not verify");
}

/* --- the note --- */

/* Well-formed UTF-8 (Unicode, table 3-7) without control characters except LF */
static bool is_note_text(struct afd_slice s)
{
	size_t i = 0;

	while (i < s.len) {
		uint8_t c = s.data[i];
		size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
		uint8_t lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80, hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

		if (n == 0 || n > s.len - i || (c < 0x20 && c != '\n'))
			return false;
		for (size_t k = 1; k < n; k++, lo = 0x80, hi = 0xbf)
			if (s.data[i + k] < lo || s.data[i + k] > hi)
				return false;
		i += n;
	}
	return true;
}

/* signed-note: not empty, no spaces (of Unicode), no '+'. Takes UTF-8. */
static bool is_key_name(struct afd_slice s)
{
	static const char *const spaces[] = {
		"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
	};

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] <= 0x20 || s.data[i] == 0x7f || s.data[i] == '+')
			return false;
		for (size_t k = 0; k < AFD_COUNT(spaces); k++)
			if (afd_slice_equal(afd_slice_sub(s, i, strlen(spaces[k])), afd_slice_text(spaces[k])))
				return false;
		if (s.len - i >= 3 && memcmp(s.data + i, "\xe2\x80", 2) == 0 && s.data[i + 2] >= 0x80 && s.data[i + 2] <= 0x8a)
			return false;
	}
	return s.len > 0;
}

/* Cuts the first line off *S, without its LF; false when there is none. */
static bool next_line(struct afd_slice *s, struct afd_slice *ret)
{
	const uint8_t *lf = s->len ? memchr(s->data, '\n', s->len) : NULL;

	if (!lf)
		return false;
	*ret = afd_slice(s->data, (size_t)(lf - s->data));
	*s = afd_slice_sub(*s, ret->len + 1, s->len);
	return true;
}

static int sig_line(struct afd_slice line, struct afd_note_sig *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf all = { 0 };
	const size_t dash = sizeof(EM_DASH) - 1;
	struct afd_slice rest = afd_slice_sub(line, dash, line.len);
	const uint8_t *blank = rest.len ? memchr(rest.data, ' ', rest.len) : NULL;

	if (line.len < dash || memcmp(line.data, EM_DASH, dash) != 0 || !blank)
		return afd_fail(err, AFD_E_PARSE, "expected an em dash, a name and a signature");
	ret->name = afd_slice(rest.data, (size_t)(blank - rest.data));
	ret->base64 = afd_slice_sub(rest, ret->name.len + 1, rest.len);
	if (!is_key_name(ret->name))
		return afd_fail(err, AFD_E_PARSE, "the name of a key holds no spaces and no '+'");
	if (afd_unbase64(ret->base64, &all) < 0 || all.len < 5)
		return afd_fail(err, AFD_E_PARSE, "the signature is not base64 of a key id and more");
	memcpy(ret->id, all.data, 4);
	return afd_buf_add(&ret->sig, all.data + 4, all.len - 4) < 0 ? afd_fail_memory(err) : 0;
}

static int parse(struct afd_slice bytes, struct afd_note *n, struct afd_error *err)
{
	struct afd_slice sigs, line;
	size_t split = bytes.len;

	if (bytes.len > AFD_MAX_NOTE)
		return afd_fail(err, AFD_E_LIMIT, "larger than %u bytes", AFD_MAX_NOTE);
	if (!is_note_text(bytes))
		return afd_fail(err, AFD_E_PARSE, "not UTF-8 text without control characters");
	while (split >= 2 && !(bytes.data[split - 1] == '\n' && bytes.data[split - 2] == '\n'))
		split--;
	if (split < 3 || bytes.data[bytes.len - 1] != '\n')
		return afd_fail(err, AFD_E_PARSE, "expected text, an empty line and signature lines");
	n->text = afd_slice(bytes.data, split - 1);
	sigs = afd_slice_sub(bytes, split, bytes.len);
	while (next_line(&sigs, &line)) {
		if (n->n == AFD_MAX_NOTE_SIGS)
			return afd_fail(err, AFD_E_LIMIT, "more than %u signatures", AFD_MAX_NOTE_SIGS);
		n->n++;
		if (sig_line(line, &n->sig[n->n - 1], err) < 0)
			return afd_within(err, "signature line %zu", n->n);
	}
	return n->n ? 0 : afd_fail(err, AFD_E_PARSE, "no signature line");
}

int afd_note_parse(struct afd_slice bytes, struct afd_note *ret, struct afd_error *err)
{
	memset(ret, 0, sizeof(*ret));
	if (parse(bytes, ret, err) == 0)
		return 0;
	afd_note_release(ret);
	return afd_within(err, "signed note");
}

void afd_note_release(struct afd_note *n)
{
	for (size_t i = 0; i < n->n; i++)
		afd_buf_release(&n->sig[i].sig);
	memset(n, 0, sizeof(*n));
}

/* --- the checkpoint --- */

static bool decimal(struct afd_slice s, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.len == 0 || (s.data[0] == '0' && s.len > 1))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned d = s.data[i] - '0';

		if (d > 9 || v > ((uint64_t)INT64_MAX - d) / 10)        /* the store counts in int64 */
			return false;
		v = v * 10 + d;
	}
	*ret = v;
	return true;
}

int afd_checkpoint_parse(struct afd_slice text, struct afd_checkpoint *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf root = { 0 };
	struct afd_slice origin, size, hash;

	memset(ret, 0, sizeof(*ret));
	if (!next_line(&text, &origin) || !next_line(&text, &size) || !next_line(&text, &hash))
		return afd_fail(err, AFD_E_PARSE, "checkpoint: expected three lines: origin, size, root");
	if (text.len)
		return afd_fail(err, AFD_E_PARSE, "checkpoint: extension lines are not accepted");
	if (origin.len == 0 || origin.len >= sizeof(ret->origin) || !is_note_text(origin))
		return afd_fail(err, AFD_E_PARSE, "checkpoint: the origin is empty, too long or not text");
	if (!decimal(size, &ret->size))
		return afd_fail(err, AFD_E_PARSE, "checkpoint: the size is not a decimal number without leading zeros");
	if (afd_unbase64(hash, &root) < 0 || root.len != sizeof(ret->root.b))
		return afd_fail(err, AFD_E_PARSE, "checkpoint: the root is not base64 of 32 bytes");
	memcpy(ret->origin, origin.data, origin.len);
	memcpy(ret->root.b, root.data, root.len);
	return 0;
}

int afd_checkpoint_text(const struct afd_checkpoint *c, struct afd_buf *ret)
{
	size_t before = ret->len;

	if (afd_buf_printf(ret, "%s\n%llu\n", c->origin, (unsigned long long)c->size) == 0 &&
	    afd_base64(afd_slice(c->root.b, sizeof(c->root.b)), ret) == 0 && afd_buf_text(ret, "\n") == 0)
		return 0;
	ret->len = before;
	return -1;
}

/* --- keys --- */

void afd_note_key_id(const struct afd_note_key *k, uint8_t ret[4])
{
	const uint8_t mark[2] = { '\n', (uint8_t)k->alg };
	struct afd_digest log_id, d;
	struct afd_slice key = k->key;

	if (k->alg == AFD_NOTE_RFC6962) {             /* static-ct-api: the LogID stands for the key */
		afd_sha256(key, &log_id);
		key = afd_slice(log_id.b, sizeof(log_id.b));
	}
	afd_sha256_parts((const struct afd_slice[]){ afd_slice_text(k->name), afd_slice(mark, 2), key }, 3, &d);
	memcpy(ret, d.b, 4);
}

static bool is_alg(uint8_t a)
{
	return a == AFD_NOTE_ED25519 || a == AFD_NOTE_COSIGNATURE || a == AFD_NOTE_RFC6962;
}

static int vkey_read(const char *vkey, struct afd_buf *keep, struct afd_note_key *k, struct afd_error *err)
{
	const char *id = strchr(vkey, '+'), *b64 = id ? strchr(id + 1, '+') : NULL;
	size_t start = keep->len, name_len = id ? (size_t)(id - vkey) : 0;
	uint8_t want[4], got[4];

	if (!b64 || !is_key_name(afd_slice(vkey, name_len)) || name_len >= sizeof(k->name))
		return afd_fail(err, AFD_E_PARSE, "expected name+id+key");
	if (afd_unhex(id + 1, (size_t)(b64 - id - 1), want, sizeof(want)) < 0)
		return afd_fail(err, AFD_E_PARSE, "expected eight lower-case hex digits as id");
	if (afd_unbase64(afd_slice_text(b64 + 1), keep) < 0 || keep->len - start < 2 || !is_alg(keep->data[start]))
		return afd_fail(err, AFD_E_PARSE, "the key is not base64 of a known type and a key");
	memcpy(k->name, vkey, name_len);
	k->alg = keep->data[start];
	k->key = afd_slice(keep->data + start + 1, keep->len - start - 1);
	if (k->alg != AFD_NOTE_RFC6962 && k->key.len != 32)
		return afd_fail(err, AFD_E_PARSE, "expected 32 bytes of key, got %zu", k->key.len);
	afd_note_key_id(k, got);
	if (memcmp(want, got, sizeof(got)) != 0)
		return afd_fail(err, AFD_E_VERIFY, "the id does not belong to the name and key");
	return 0;
}

int afd_note_vkey_parse(const char *vkey, struct afd_buf *keep, struct afd_note_key *ret, struct afd_error *err)
{
	size_t before = keep->len;

	memset(ret, 0, sizeof(*ret));
	if (vkey_read(vkey, keep, ret, err) == 0)
		return 0;
	keep->len = before;
	memset(ret, 0, sizeof(*ret));
	return afd_within(err, "key \"%.100s\"", vkey);
}

int afd_note_vkey_text(const struct afd_note_key *k, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf raw = { 0 };
	size_t before = ret->len;
	uint8_t id[4];
	char hex[9];

	afd_note_key_id(k, id);
	afd_hex(afd_slice(id, sizeof(id)), hex);
	if (afd_buf_u8(&raw, (uint8_t)k->alg) == 0 && afd_buf_add_slice(&raw, k->key) == 0 &&
	    afd_buf_printf(ret, "%s+%s+", k->name, hex) == 0 && afd_base64(afd_buf_slice(&raw), ret) == 0)
		return 0;
	ret->len = before;
	return -1;
}

/* --- verifying --- */

static bool ed25519_verifies(struct afd_slice key, struct afd_slice message, struct afd_slice sig)
{
	AFD_AUTO(pkey) EVP_PKEY *k = key.len == 32 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key.data, 32) : NULL;

	return k && sig.len == 64 && verifies(k, message, sig);
}

/* tlog-cosignature: u64 seconds, then Ed25519 over a header line, the time and the text */
static bool cosignature_verifies(const struct afd_note *n, const struct afd_note_key *k, struct afd_slice sig, int64_t *at)
{
	AFD_AUTO(buf) struct afd_buf m = { 0 };
	struct afd_reader r = afd_reader(sig);
	uint64_t sec = afd_read_u64(&r);
	struct afd_slice body = afd_read_bytes(&r, 64);

	if (r.bad || afd_reader_left(&r) || sec > INT64_MAX / AFD_SECOND ||
	    afd_buf_printf(&m, "cosignature/v1\ntime %llu\n", (unsigned long long)sec) < 0 || afd_buf_add_slice(&m, n->text) < 0)
		return false;
	*at = (int64_t)sec * AFD_SECOND;
	return ed25519_verifies(k->key, afd_buf_slice(&m), body);
}

/* static-ct-api: u64 ms, then a DigitallySigned (RFC 5246, 4.7) over the TreeHeadSignature of RFC 6962, 3.5 */
static bool rfc6962_verifies(const struct afd_note *n, const struct afd_note_key *k, struct afd_slice sig, int64_t *at)
{
	enum { HASH_SHA256 = 4, SIG_RSA = 1, SIG_ECDSA = 3 };     /* RFC 5246, 7.4.1.4.1 */
	AFD_AUTO(buf) struct afd_buf m = { 0 };
	AFD_AUTO(pkey) EVP_PKEY *key = NULL;
	struct afd_reader r = afd_reader(sig);
	uint64_t ms = afd_read_u64(&r);
	uint8_t hash = afd_read_u8(&r), alg = afd_read_u8(&r);
	struct afd_slice body = afd_read_bytes(&r, afd_read_u16(&r));
	struct afd_checkpoint c;

	if (r.bad || afd_reader_left(&r) || ms > INT64_MAX || hash != HASH_SHA256)
		return false;
	/* What is signed does not hold the origin, so it must be compared by us. */
	if (afd_checkpoint_parse(n->text, &c, NULL) < 0 || strcmp(c.origin, k->name) != 0)
		return false;
	if (spki_read(k->key, &key, NULL) < 0 || !EVP_PKEY_is_a(key, alg == SIG_RSA ? "RSA" : alg == SIG_ECDSA ? "EC" : "none"))
		return false;
	if (afd_buf_u8(&m, 0) < 0 || afd_buf_u8(&m, 1) < 0 || afd_buf_u64(&m, ms) < 0 || afd_buf_u64(&m, c.size) < 0 ||
	    afd_buf_add(&m, c.root.b, sizeof(c.root.b)) < 0)
		return false;
	*at = (int64_t)ms;
	return verifies(key, afd_buf_slice(&m), body);
}

static bool sig_verifies(const struct afd_note *n, const struct afd_note_key *k, struct afd_slice sig, int64_t *at)
{
	*at = AFD_TIME_NONE;
	switch (k->alg) {
	case AFD_NOTE_ED25519:
		return ed25519_verifies(k->key, n->text, sig);
	case AFD_NOTE_COSIGNATURE:
		return cosignature_verifies(n, k, sig, at);
	case AFD_NOTE_RFC6962:
		return rfc6962_verifies(n, k, sig, at);
	}
	return false;
}

int afd_note_verify(const struct afd_note *n, const struct afd_note_key *k, int64_t *signed_ms, struct afd_error *err)
{
	int64_t at = AFD_TIME_NONE;
	unsigned found = 0;
	uint8_t id[4];

	afd_note_key_id(k, id);
	for (size_t i = 0; i < n->n; i++) {
		if (!afd_slice_equal(n->sig[i].name, afd_slice_text(k->name)) || memcmp(n->sig[i].id, id, sizeof(id)) != 0)
			continue;
		if (++found > 1)
			return afd_fail(err, AFD_E_VERIFY, "the key %s signed twice", k->name);
		if (!sig_verifies(n, k, afd_buf_slice(&n->sig[i].sig), &at))
			return afd_fail(err, AFD_E_VERIFY, "the signature of %s does not verify", k->name);
	}
	if (!found)
		return afd_fail(err, AFD_E_VERIFY, "no signature of %s", k->name);
	if (signed_ms)
		*signed_ms = at;
	return 0;
}
