#include "check.h"
#include "core/note.h"
#include "core/when.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#define DASH "\xe2\x80\x94 "

/* The example of signed-note, and those of the Go module checksum database's documentation */
#define FOO_KEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define FOO_TEXT "This is an example message.\n"
#define FOO_SIG DASH "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
#define PETER_KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH_KEY "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define GO_TEXT "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
#define PETER_SIG DASH "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define ENOCH_SIG DASH "EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

static const char *verdict(const char *note, const char *vkey)
{
	static struct afd_error e;
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_note_key k;
	struct afd_note n;
	int64_t at = 5;
	int r;

	assert_int_equal(afd_note_vkey_parse(vkey, &keep, &k, NULL), 0);
	if (afd_note_parse(afd_slice_text(note), &n, &e) < 0)
		return e.text;
	r = afd_note_verify(&n, &k, &at, &e);
	assert_true(r == 0 ? at == AFD_TIME_NONE : at == 5);
	afd_note_release(&n);
	return r == 0 ? "holds" : e.text;
}

static const struct { const char *note, *vkey, *verdict; } verify_row[] = {
	{ FOO_TEXT "\n" FOO_SIG, FOO_KEY, "holds" },
	{ GO_TEXT "\n" PETER_SIG ENOCH_SIG, PETER_KEY, "holds" },
	{ GO_TEXT "\n" PETER_SIG ENOCH_SIG, ENOCH_KEY, "holds" },
	{ GO_TEXT "\n" PETER_SIG, ENOCH_KEY, "no signature of EnochRoot" },
	{ GO_TEXT "\n" PETER_SIG PETER_SIG, PETER_KEY, "the key PeterNeumann signed twice" },
	{ "this is an example message.\n\n" FOO_SIG, FOO_KEY, "the signature of example.com/foo does not verify" },
	/* the same name with another id is another key */
	{ FOO_TEXT "\n" DASH "example.com/foo AAAAAAA=\n" FOO_SIG, FOO_KEY, "holds" },
	{ FOO_TEXT "\n" DASH "grease.invalid Uw2QOkn8srV1\n" FOO_SIG, FOO_KEY, "holds" },
	/* the same name and id with a signature that is too short, or that does not verify */
	{ FOO_TEXT "\n" DASH "example.com/foo Uw2QOgA=\n", FOO_KEY, "the signature of example.com/foo does not verify" },
	{ FOO_TEXT "\n" FOO_SIG DASH "example.com/foo Uw2QOgA=\n", FOO_KEY, "the key example.com/foo signed twice" },
};

static void published_notes_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(verify_row); i++)
		assert_string_equal(verdict(verify_row[i].note, verify_row[i].vkey), verify_row[i].verdict);
}

static void published_keys_are_read_and_written(void **state)
{
	static const char *const vkey[] = { FOO_KEY, PETER_KEY, ENOCH_KEY };
	static const struct { const char *vkey, *why; } bad[] = {
		{ "example.com/foo", "expected name+id+key" },
		{ "example.com/foo+530d903a", "expected name+id+key" },
		{ "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "expected name+id+key" },
		{ "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "expected name+id+key" },
		{ "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "expected eight lower-case hex digits as id" },
		{ "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "the id does not belong to the name and key" },
		{ "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "the id does not belong to the name and key" },
		{ "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "the key is not base64 of a known type and a key" },
		{ "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k=", "the key is not base64 of a known type and a key" },
		{ "example.com/foo+530d903a+Aeky", "expected 32 bytes of key, got 2" },
	};
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_note_key k;
	struct afd_error e;

	(void)state;
	afd_buf_text(&keep, "kept");
	for (size_t i = 0; i < AFD_COUNT(vkey); i++) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };

		assert_int_equal(afd_note_vkey_parse(vkey[i], &keep, &k, NULL), 0);
		assert_int_equal(k.alg, AFD_NOTE_ED25519);
		assert_int_equal(k.key.len, 32);
		assert_int_equal(afd_note_vkey_text(&k, &text), 0);
		assert_string_equal((char *)text.data, vkey[i]);
	}
	assert_int_equal(keep.len, 4 + 3 * 33);
	for (size_t i = 0; i < AFD_COUNT(bad); i++) {
		AFD_AUTO(mem) char *want = afd_sprintf("key \"%s\": %s", bad[i].vkey, bad[i].why);

		assert_int_equal(afd_note_vkey_parse(bad[i].vkey, &keep, &k, &e), -1);
		assert_string_equal(e.text, want);
		assert_int_equal(keep.len, 4 + 3 * 33);
	}
}

static const struct { const char *note, *error; } shape_row[] = {
	{ "", "expected text, an empty line and signature lines" },
	{ "text\n", "expected text, an empty line and signature lines" },
	{ "text\n\n", "no signature line" },
	{ "\n\n", "expected text, an empty line and signature lines" },
	{ "text\n\n" DASH "a AAAAAAA=", "expected text, an empty line and signature lines" },
	{ "text\n\n- a AAAAAAA=\n", "signature line 1: expected an em dash, a name and a signature" },
	{ "text\n\n" DASH "a AAAAAAA=\nx\n", "signature line 2: expected an em dash, a name and a signature" },
	{ "text\n\n" DASH "a\n", "signature line 1: expected an em dash, a name and a signature" },
	{ "text\n\n" DASH " AAAAAAA=\n", "signature line 1: the name of a key holds no spaces and no '+'" },
	{ "text\n\n" DASH "a+b AAAAAAA=\n", "signature line 1: the name of a key holds no spaces and no '+'" },
	{ "text\n\n" DASH "a\xc2\xa0" "b AAAAAAA=\n", "signature line 1: the name of a key holds no spaces and no '+'" },
	{ "text\n\n" DASH "a\xe2\x80\x83" "b AAAAAAA=\n", "signature line 1: the name of a key holds no spaces and no '+'" },
	{ "text\n\n" DASH "a AAAAAA==\n", "signature line 1: the signature is not base64 of a key id and more" },
	{ "text\n\n" DASH "a AAAAAAB=\n", "signature line 1: the signature is not base64 of a key id and more" },
	{ "text\n\n" DASH "a AAAAAAA= \n", "signature line 1: the signature is not base64 of a key id and more" },
	{ "text\n\n" DASH "a b AAAAAAA=\n", "signature line 1: the signature is not base64 of a key id and more" },
	{ "te\txt\n\n" DASH "a AAAAAAA=\n", "not UTF-8 text without control characters" },
	{ "text\r\n\n" DASH "a AAAAAAA=\n", "not UTF-8 text without control characters" },
	{ "te\xc0\x80xt\n\n" DASH "a AAAAAAA=\n", "not UTF-8 text without control characters" },
	{ "te\xed\xa0\x80xt\n\n" DASH "a AAAAAAA=\n", "not UTF-8 text without control characters" },
	{ "te\xf4\x90\x80\x80xt\n\n" DASH "a AAAAAAA=\n", "not UTF-8 text without control characters" },
	{ "te\xe2\x80\n\n" DASH "a AAAAAAA=\n", "not UTF-8 text without control characters" },
};

static void the_shape_of_a_note(void **state)
{
	struct afd_note n;
	struct afd_error e;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(shape_row); i++) {
		AFD_AUTO(mem) char *want = afd_sprintf("signed note: %s", shape_row[i].error);

		row_true(afd_note_parse(afd_slice_text(shape_row[i].note), &n, &e) == -1, shape_row[i].note);
		assert_string_equal(e.text, want);
		assert_int_equal(n.n, 0);
	}
	assert_int_equal(afd_note_parse(SLICE("te\0xt\n\n" DASH "a AAAAAAA=\n"), &n, &e), -1);

	/* the text may hold empty lines and any language */
	assert_int_equal(afd_note_parse(SLICE("one\n\ntw\xc3\xb6 \xf0\x9f\x98\x80\n\n" DASH "a AAAAAQID\n"), &n, NULL), 0);
	assert_true(afd_slice_equal(n.text, SLICE("one\n\ntw\xc3\xb6 \xf0\x9f\x98\x80\n")));
	assert_int_equal(n.n, 1);
	assert_true(afd_slice_equal(n.sig[0].name, SLICE("a")));
	assert_true(afd_slice_equal(n.sig[0].base64, SLICE("AAAAAQID")));
	assert_memory_equal(n.sig[0].id, "\0\0\0\1", 4);
	assert_true(afd_slice_equal(afd_buf_slice(&n.sig[0].sig), SLICE("\2\3")));
	afd_note_release(&n);
}

static void signatures_have_a_ceiling(void **state)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_note n;
	struct afd_error e;

	(void)state;
	afd_buf_text(&b, "text\n\n");
	for (unsigned i = 0; i < AFD_MAX_NOTE_SIGS; i++)
		afd_buf_text(&b, DASH "a AAAAAAA=\n");
	assert_int_equal(afd_note_parse(afd_buf_slice(&b), &n, NULL), 0);
	assert_int_equal(n.n, AFD_MAX_NOTE_SIGS);
	afd_note_release(&n);
	afd_buf_text(&b, DASH "a AAAAAAA=\n");
	assert_error(afd_note_parse(afd_buf_slice(&b), &n, &e), &e, AFD_E_LIMIT, "signed note: more than 64 signatures");
	while (b.len <= AFD_MAX_NOTE)
		afd_buf_text(&b, DASH "a AAAAAAA=\n");
	assert_error(afd_note_parse(afd_buf_slice(&b), &n, &e), &e, AFD_E_LIMIT, "signed note: larger than 262144 bytes");
}

#define ROOT "6TJ5GubnqECkYWTJBHhkJtXngh3YspoA1hyucq/dTaQ=\n"
static const struct { const char *text, *error; } checkpoint_row[] = {
	{ "example.com/log\n5\n" ROOT, NULL },
	{ "example.com/log\n0\n" ROOT, NULL },
	{ "example.com/log\n9223372036854775807\n" ROOT, NULL },
	{ "example.com/log\n5\n", "checkpoint: expected three lines: origin, size, root" },
	{ "example.com/log\n5\n6TJ5GubnqECkYWTJBHhkJtXngh3YspoA1hyucq/dTaQ=", "checkpoint: expected three lines: origin, size, root" },
	{ "example.com/log\n5\n" ROOT "extra\n", "checkpoint: extension lines are not accepted" },
	{ "example.com/log\n5\n" ROOT "\n", "checkpoint: extension lines are not accepted" },
	{ "\n5\n" ROOT, "checkpoint: the origin is empty, too long or not text" },
	{ "a\tb\n5\n" ROOT, "checkpoint: the origin is empty, too long or not text" },
	{ "example.com/log\n05\n" ROOT, "checkpoint: the size is not a decimal number without leading zeros" },
	{ "example.com/log\n\n" ROOT, "checkpoint: the size is not a decimal number without leading zeros" },
	{ "example.com/log\n-5\n" ROOT, "checkpoint: the size is not a decimal number without leading zeros" },
	{ "example.com/log\n5 \n" ROOT, "checkpoint: the size is not a decimal number without leading zeros" },
	{ "example.com/log\n9223372036854775808\n" ROOT, "checkpoint: the size is not a decimal number without leading zeros" },
	{ "example.com/log\n18446744073709551621\n" ROOT, "checkpoint: the size is not a decimal number without leading zeros" },
	{ "example.com/log\n5\nQUJD\n", "checkpoint: the root is not base64 of 32 bytes" },
	{ "example.com/log\n5\n6TJ5GubnqECkYWTJBHhkJtXngh3YspoA1hyucq/dTaR=\n", "checkpoint: the root is not base64 of 32 bytes" },
};

static void checkpoints_have_three_lines(void **state)
{
	struct afd_checkpoint c;
	struct afd_error e;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(checkpoint_row); i++) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };

		if (checkpoint_row[i].error) {
			assert_error(afd_checkpoint_parse(afd_slice_text(checkpoint_row[i].text), &c, &e), &e, AFD_E_PARSE,
				     checkpoint_row[i].error);
			continue;
		}
		assert_int_equal(afd_checkpoint_parse(afd_slice_text(checkpoint_row[i].text), &c, NULL), 0);
		assert_string_equal(c.origin, "example.com/log");
		assert_int_equal(afd_checkpoint_text(&c, &text), 0);
		assert_string_equal((char *)text.data, checkpoint_row[i].text);
	}
}

/* --- notes signed here: the kinds with a time inside --- */

#define LOG_NAME "log.example/2026h2"
#define TEXT LOG_NAME "\n5\n" ROOT

static void sign_with(EVP_PKEY *key, const char *md, struct afd_slice m, struct afd_buf *ret)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t sig[512];
	size_t n = sizeof(sig);

	assert_int_equal(EVP_DigestSignInit_ex(c, NULL, md, NULL, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSign(c, sig, &n, m.data, m.len), 1);
	assert_int_equal(afd_buf_add(ret, sig, n), 0);
	EVP_MD_CTX_free(c);
}

static void add_line(const struct afd_note_key *k, struct afd_slice sig, struct afd_buf *note)
{
	AFD_AUTO(buf) struct afd_buf raw = { 0 };
	uint8_t id[4];

	afd_note_key_id(k, id);
	afd_buf_add(&raw, id, 4);
	afd_buf_add_slice(&raw, sig);
	afd_buf_printf(note, DASH "%s ", k->name);
	afd_base64(afd_buf_slice(&raw), note);
	afd_buf_text(note, "\n");
}

static const char *verdict_of(const struct afd_buf *note, const struct afd_note_key *k, int64_t *at)
{
	static struct afd_error e;
	struct afd_note n;
	int r;

	assert_int_equal(afd_note_parse(afd_buf_slice(note), &n, NULL), 0);
	r = afd_note_verify(&n, k, at, &e);
	afd_note_release(&n);
	return r == 0 ? "holds" : e.text;
}

static void cosignatures_state_their_second(void **state)
{
	static const struct { uint64_t sec, stated; const char *verdict; } row[] = {
		{ 1791346973, 1791346973, "holds" },
		{ 1791346973, 1791346974, "the signature of w.example does not verify" },
		{ UINT64_MAX, UINT64_MAX, "the signature of w.example does not verify" },
	};
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	uint8_t raw[32];
	size_t n = sizeof(raw);
	struct afd_note_key k = { .name = "w.example", .alg = AFD_NOTE_COSIGNATURE, .key = { raw, 32 } };

	(void)state;
	assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &n), 1);
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf m = { 0 }, sig = { 0 }, note = { 0 };
		int64_t at = 0;

		afd_buf_printf(&m, "cosignature/v1\ntime %llu\n" TEXT, (unsigned long long)row[i].sec);
		afd_buf_u64(&sig, row[i].stated);
		sign_with(key, NULL, afd_buf_slice(&m), &sig);
		afd_buf_text(&note, TEXT "\n");
		add_line(&k, afd_buf_slice(&sig), &note);
		assert_string_equal(verdict_of(&note, &k, &at), row[i].verdict);
		assert_true(at == (i == 0 ? INT64_C(1791346973000) : 0));
	}
	EVP_PKEY_free(key);
}

struct rfc6962 { const char *name; const char *key_name; uint64_t size, ms; uint8_t hash, alg; int cut; bool holds; };

static const struct rfc6962 ec_row[] = {
	{ "as it should be", LOG_NAME, 5, 1791346973252, 4, 3, 0, true },
	{ "another size was signed", LOG_NAME, 6, 1791346973252, 4, 3, 0, false },
	{ "the key of another log", "other.example", 5, 1791346973252, 4, 3, 0, false },
	{ "hash is not SHA-256", LOG_NAME, 5, 1791346973252, 2, 3, 0, false },
	{ "says RSA, is ECDSA", LOG_NAME, 5, 1791346973252, 4, 1, 0, false },
	{ "a byte is missing", LOG_NAME, 5, 1791346973252, 4, 3, -1, false },
	{ "a byte too much", LOG_NAME, 5, 1791346973252, 4, 3, 1, false },
	{ "a time beyond reason", LOG_NAME, 5, UINT64_MAX, 4, 3, 0, false },
};
static const struct rfc6962 rsa_row[] = {
	{ "as it should be", LOG_NAME, 5, 1791346973252, 4, 1, 0, true },
	{ "says ECDSA, is RSA", LOG_NAME, 5, 1791346973252, 4, 3, 0, false },
};

static void one_rfc6962(EVP_PKEY *key, const struct rfc6962 *row)
{
	AFD_AUTO(buf) struct afd_buf m = { 0 }, sig = { 0 }, head = { 0 }, note = { 0 };
	AFD_AUTO(buf) struct afd_buf root = { 0 };
	struct afd_note_key k = { .alg = AFD_NOTE_RFC6962 };
	uint8_t *spki = NULL;
	int spki_len = i2d_PUBKEY(key, &spki);
	int64_t at = 0;

	memcpy(k.name, row->key_name, strlen(row->key_name));
	k.key = afd_slice(spki, (size_t)spki_len);
	afd_unbase64(afd_slice(ROOT, strlen(ROOT) - 1), &root);
	afd_buf_u8(&m, 0);
	afd_buf_u8(&m, 1);
	afd_buf_u64(&m, row->ms);
	afd_buf_u64(&m, row->size);
	afd_buf_add_slice(&m, afd_buf_slice(&root));
	sign_with(key, "SHA256", afd_buf_slice(&m), &sig);
	afd_buf_u64(&head, row->ms);
	afd_buf_u8(&head, row->hash);
	afd_buf_u8(&head, row->alg);
	afd_buf_u16(&head, (uint16_t)sig.len);
	afd_buf_add_slice(&head, afd_buf_slice(&sig));
	if (row->cut > 0)
		afd_buf_u8(&head, 0);
	if (row->cut < 0)
		head.len--;
	afd_buf_text(&note, TEXT "\n");
	add_line(&k, afd_buf_slice(&head), &note);
	row_true((strcmp(verdict_of(&note, &k, &at), "holds") == 0) == row->holds, row->name);
	row_true(at == (row->holds ? (int64_t)row->ms : 0), row->name);
	OPENSSL_free(spki);
}

static void rfc6962_tree_heads_in_a_note(void **state)
{
	EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	struct rfc6962 row = rsa_row[0];

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(ec_row); i++)
		one_rfc6962(ec, &ec_row[i]);
	for (size_t i = 0; i < AFD_COUNT(rsa_row); i++)
		one_rfc6962(rsa, &rsa_row[i]);
	row.name = "RSA of 1024 bits";
	row.holds = false;
	one_rfc6962(weak, &row);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(weak);
}

static void signatures_by_an_spki(void **state)
{
	static const struct { const char *type, *md; } row[] = { { "ED25519", NULL }, { "EC", "SHA256" }, { "EC", "SHA384" } };
	struct afd_error e;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		EVP_PKEY *key = row[i].type[1] == 'C' ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256") :
							 EVP_PKEY_Q_keygen(NULL, NULL, row[i].type);
		AFD_AUTO(buf) struct afd_buf sig = { 0 };
		uint8_t *spki = NULL;
		struct afd_slice k;

		k.len = (size_t)i2d_PUBKEY(key, &spki);
		k.data = spki;
		sign_with(key, row[i].md, SLICE("message"), &sig);
		if (i == 2) {
			assert_error(afd_spki_verify(k, SLICE("message"), afd_buf_slice(&sig), &e), &e, AFD_E_VERIFY,
				     "the signature does not verify");
		} else {
			assert_int_equal(afd_spki_verify(k, SLICE("message"), afd_buf_slice(&sig), NULL), 0);
			assert_int_equal(afd_spki_verify(k, SLICE("Message"), afd_buf_slice(&sig), NULL), -1);
			assert_int_equal(afd_spki_verify(k, SLICE("message"), afd_slice(sig.data, sig.len - 1), NULL), -1);
			k.len--;
			assert_error(afd_spki_verify(k, SLICE("message"), afd_buf_slice(&sig), &e), &e, AFD_E_PARSE,
				     "public key: not a SubjectPublicKeyInfo");
		}
		OPENSSL_free(spki);
		EVP_PKEY_free(key);
	}
	assert_error(afd_spki_verify(afd_slice(NULL, 0), SLICE("m"), SLICE("s"), &e), &e, AFD_E_PARSE,
		     "public key: not a SubjectPublicKeyInfo");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_notes_verify),
		cmocka_unit_test(published_keys_are_read_and_written),
		cmocka_unit_test(the_shape_of_a_note),
		cmocka_unit_test(signatures_have_a_ceiling),
		cmocka_unit_test(checkpoints_have_three_lines),
		cmocka_unit_test(cosignatures_state_their_second),
		cmocka_unit_test(rfc6962_tree_heads_in_a_note),
		cmocka_unit_test(signatures_by_an_spki),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
