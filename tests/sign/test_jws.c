/* JWS: what we sign is accepted, and every forgery is refused for its own reason. The forger of most rows holds the
 * signer's key and writes his own header, so that nothing but the reader's strictness stands in his way. */
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "core/digest.h"
#include "core/when.h"
#include "sample.h"

#define PAYLOAD "{\"_type\":\"https://in-toto.io/Statement/v1\"}"

static struct made root, middle, leaf, leaf384, leaf_rsa, deep, foreign_root, other;

static int make_all(void **state)
{
	(void)state;
	root = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true }, NULL);
	middle = make_cert(&(struct wanted_cert){ .cn = "Middle", .ca = true }, &root);
	leaf = make_cert(&(struct wanted_cert){ .cn = "Leaf" }, &root);
	leaf384 = make_cert(&(struct wanted_cert){ .cn = "Leaf", .key = "P-384" }, &root);
	leaf_rsa = make_cert(&(struct wanted_cert){ .cn = "Leaf", .key = "RSA-2048" }, &root);
	deep = make_cert(&(struct wanted_cert){ .cn = "Deep" }, &middle);
	other = make_cert(&(struct wanted_cert){ .cn = "Other" }, &root);
	foreign_root = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true }, NULL);
	return 0;
}

static int free_all(void **state)
{
	struct made *all[] = { &root, &middle, &leaf, &leaf384, &leaf_rsa, &deep, &foreign_root, &other };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		made_free(all[i]);
	return 0;
}

struct look { const struct made *root; int64_t at_ms; bool allow_test; };

static int verify(struct afd_slice jws, const struct look *l, struct afd_buf *payload, struct afd_signature_report *ret,
		  struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 };
	struct afd_slice roots;
	struct afd_trust t = { .pem = &roots, .n = 1, .allow_test = l->allow_test, .at_ms = l->at_ms ? l->at_ms : NOW };

	made_pem(NULL, NULL, l->root ? &l->root->cert : &root.cert, 1, &pem);
	roots = afd_buf_slice(&pem);
	return afd_jws_verify(jws, &t, payload, ret, err);
}

/* why NULL: must be accepted */
static void expect(const char *what, struct afd_slice jws, const struct look *l, const char *why)
{
	struct afd_signature_report r = { 0 };
	struct afd_buf payload = { 0 };
	struct afd_error err = { 0 };
	int got = verify(jws, l, &payload, &r, &err);

	if ((got == 0) != (why == NULL) || (why && !strstr(err.text, why)))
		fail_msg("%s: expected \"%s\", got \"%s\"", what, why ? why : "accepted", got == 0 ? "accepted" : err.text);
	if (why && ((err.code != AFD_E_VERIFY && err.code != AFD_E_SIGNER && err.code != AFD_E_STAMP) || payload.len || r.subject))
		fail_msg("%s: code %d, or something was handed out", what, (int)err.code);
	afd_buf_release(&payload);
	afd_signature_report_release(&r);
}

static struct afd_signer *signer_of(const struct made *m, X509 *const *chain, size_t n)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 };
	struct afd_signer *s = NULL;
	struct afd_error err = { 0 };

	made_pem(m->key, NULL, &m->cert, 1, &pem);
	made_pem(NULL, NULL, chain, n, &pem);
	if (afd_signer_read(afd_buf_slice(&pem), afd_slice(NULL, 0), &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static void sign_ours(const struct made *m, X509 *const *chain, size_t n, const struct afd_stamper *stamper, struct afd_buf *ret)
{
	AFD_AUTO(signer) struct afd_signer *s = signer_of(m, chain, n);
	struct afd_error err = { 0 };

	if (afd_jws_sign(s, afd_slice_text(PAYLOAD), AFD_STATEMENT_TYPE, NOW, stamper, ret, &err) < 0)
		fail_msg("%s", err.text);
}

static void test_what_we_sign(void **state)
{
	const struct { const char *name; const struct made *m; X509 *const *chain; size_t n; } rows[] = {
		{ "P-256", &leaf, NULL, 0 }, { "P-256 with its root", &leaf, &root.cert, 1 }, { "P-384", &leaf384, &root.cert, 1 },
		{ "RSA", &leaf_rsa, NULL, 0 }, { "under a middle", &deep, &middle.cert, 1 },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_buf jws = { 0 }, payload = { 0 };
		struct afd_signature_report r = { 0 };
		struct afd_error err = { 0 };

		sign_ours(rows[i].m, rows[i].chain, rows[i].n, NULL, &jws);
		if (verify(afd_buf_slice(&jws), &(struct look){ 0 }, &payload, &r, &err) < 0)
			fail_msg("%s: %s", rows[i].name, err.text);
		assert_string_equal((char *)payload.data, PAYLOAD);
		assert_int_equal(r.claimed_ms, NOW / 1000 * 1000);
		assert_int_equal(r.stamped_ms, AFD_TIME_NONE);
		assert_false(r.test);
		assert_non_null(strstr(r.subject, "CN = "));
		afd_signature_report_release(&r);
		afd_buf_release(&payload);
		afd_buf_release(&jws);
	}
}

static void test_every_bit_counts(void **state)
{
	struct afd_buf jws = { 0 };

	(void)state;
	sign_ours(&leaf, NULL, 0, NULL, &jws);
	for (size_t i = 0; i < jws.len; i++)
		for (unsigned bit = 0; bit < 8; bit += 1 + i % 3) {
			struct afd_signature_report r = { 0 };
			struct afd_buf payload = { 0 };

			jws.data[i] ^= (uint8_t)(1u << bit);
			if (verify(afd_buf_slice(&jws), &(struct look){ 0 }, &payload, &r, NULL) == 0)
				fail_msg("byte %zu, bit %u does not matter", i, bit);
			jws.data[i] ^= (uint8_t)(1u << bit);
		}
	for (size_t n = 0; n < jws.len; n++) {
		struct afd_signature_report r = { 0 };
		struct afd_buf payload = { 0 };

		assert_int_equal(verify(afd_slice(jws.data, n), &(struct look){ 0 }, &payload, &r, NULL), -1);
	}
	afd_buf_release(&jws);
}

/* --- a forger with the key --- */

static void put_cert(X509 *cert, bool url, struct afd_buf *ret)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);

	assert_int_equal((url ? afd_base64url : afd_base64)(afd_slice(der, (size_t)n), ret), 0);
	OPENSSL_free(der);
}

/* Fills in: @L certificate of leaf, @l the same in base64url, @O of another, @3 and @R of the P-384 and RSA keys, @X and
 * @x x5t#S256 of leaf and of the other, @4 and @r of P-384 and RSA. */
static void fill(const char *text, struct afd_buf *ret)
{
	static const char hash_of[] = "Xx4r";
	const struct made *const hashed[] = { &leaf, &other, &leaf384, &leaf_rsa };

	for (; *text; text++) {
		const char *h;

		if (*text != '@') {
			afd_buf_add(ret, text, 1);
			continue;
		}
		text++;
		if ((h = strchr(hash_of, *text))) {
			struct afd_digest d;
			unsigned int n = sizeof(d.b);

			X509_digest(hashed[h - hash_of]->cert, EVP_sha256(), d.b, &n);
			afd_base64url(afd_slice(d.b, n), ret);
		} else {
			put_cert(*text == 'O' ? other.cert : *text == '3' ? leaf384.cert : *text == 'R' ? leaf_rsa.cert : leaf.cert,
				 *text == 'l', ret);
		}
	}
}

static void raw_sign(const struct made *m, const char *hash, struct afd_slice input, bool der, struct afd_buf *ret)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[512];
	size_t n = sizeof(sig);

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_get_digestbyname(hash), NULL, m->key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &n, input.data, input.len), 1);
	EVP_MD_CTX_free(ctx);
	if (EVP_PKEY_is_a(m->key, "EC") && !der) {
		const uint8_t *p = sig;
		ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)n);
		const int half = EVP_PKEY_get_bits(m->key) / 8;

		BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, half);
		BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + half, half);
		n = 2 * (size_t)half;
		ECDSA_SIG_free(s);
	}
	afd_base64url(afd_slice(sig, n), ret);
}

/* A whole JWS; ENVELOPE with %1 payload, %2 protected header, %3 signature. */
static void forge(const char *header, const char *envelope, const struct made *m, const char *hash, bool der, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 }, input = { 0 };
	struct afd_buf parts[3] = { 0 };

	fill(header, &text);
	afd_base64url(afd_slice_text(PAYLOAD), &parts[0]);
	afd_base64url(afd_buf_slice(&text), &parts[1]);
	afd_buf_printf(&input, "%s.%s", (char *)parts[1].data, (char *)parts[0].data);
	raw_sign(m, hash, afd_buf_slice(&input), der, &parts[2]);
	for (; *envelope; envelope++) {
		if (*envelope == '%')
			afd_buf_add_slice(ret, afd_buf_slice(&parts[*++envelope - '1']));
		else
			afd_buf_add(ret, envelope, 1);
	}
	for (int i = 0; i < 3; i++)
		afd_buf_release(&parts[i]);
}

#define ENVELOPE "{\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}"
#define END "\"iat\":1790000000,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@L\"],\"x5t#S256\":\"@X\"}"
#define CTY "\"cty\":\"application/vnd.in-toto+json\","
#define GOOD "{\"alg\":\"ES256\"," CTY END

static void test_headers_of_a_forger(void **state)
{
	const struct { const char *name, *header, *why; const struct made *m; const char *hash; } rows[] = {
		{ "as we write it", GOOD, NULL },
		{ "in another order", "{" CTY "\"alg\":\"ES256\"," END, NULL },
		{ "with blanks inside", "{ \"alg\" : \"ES256\", " CTY END, NULL },
		{ "crit", "{\"alg\":\"ES256\",\"crit\":[\"exp\"]," CTY END, "crit" },
		{ "crit, empty", "{\"alg\":\"ES256\",\"crit\":[]," CTY END, "crit" },
		{ "jku", "{\"alg\":\"ES256\",\"jku\":\"https://evil.example/\"," CTY END, "\"jku\"" },
		{ "jwk", "{\"alg\":\"ES256\",\"jwk\":{}," CTY END, "\"jwk\"" },
		{ "x5u", "{\"alg\":\"ES256\",\"x5u\":\"https://evil.example/\"," CTY END, "\"x5u\"" },
		{ "kid beside x5c", "{\"alg\":\"ES256\",\"kid\":\"1\"," CTY END, "\"kid\"" },
		{ "kid alone", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"kid\":\"1\",\"typ\":\"affidavit-statement+jws\"}", "\"kid\"" },
		{ "b64 false", "{\"alg\":\"ES256\",\"b64\":false," CTY END, "\"b64\"" },
		{ "sigT", "{\"alg\":\"ES256\",\"sigT\":\"2026-01-01T00:00:00Z\"," CTY END, "\"sigT\"" },
		{ "no alg", "{" CTY END, "alg" },
		{ "alg twice", "{\"alg\":\"ES256\",\"alg\":\"ES256\"," CTY END, "alg" },
		{ "alg none", "{\"alg\":\"none\"," CTY END, "does not fit" },
		{ "alg HS256", "{\"alg\":\"HS256\"," CTY END, "does not fit" },
		{ "alg of another curve", "{\"alg\":\"ES384\"," CTY END, "does not fit" },
		{ "alg of another kind", "{\"alg\":\"RS256\"," CTY END, "does not fit" },
		{ "alg PS256", "{\"alg\":\"PS256\"," CTY END, "does not fit" },
		{ "alg in small letters", "{\"alg\":\"es256\"," CTY END, "does not fit" },
		{ "alg a number", "{\"alg\":256," CTY END, "alg" },
		{ "ES256 under a P-384 key", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@3\"],\"x5t#S256\":\"@4\"}",
		  "does not fit", &leaf384, "SHA256" },
		{ "RS512 under an RSA key", "{\"alg\":\"RS512\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@R\"],\"x5t#S256\":\"@r\"}",
		  "does not fit", &leaf_rsa, "SHA512" },
		{ "RS256 under an RSA key", "{\"alg\":\"RS256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@R\"],\"x5t#S256\":\"@r\"}",
		  NULL, &leaf_rsa, "SHA256" },
		{ "another typ", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"JWT\",\"x5c\":[\"@L\"],\"x5t#S256\":\"@X\"}", "typ" },
		{ "no typ", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"x5c\":[\"@L\"],\"x5t#S256\":\"@X\"}", "typ" },
		{ "another cty", "{\"alg\":\"ES256\",\"cty\":\"text/plain\"," END, "cty" },
		{ "no cty", "{\"alg\":\"ES256\"," END, "cty" },
		{ "no iat", "{\"alg\":\"ES256\"," CTY "\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@L\"],\"x5t#S256\":\"@X\"}", "iat" },
		{ "iat in text", "{\"alg\":\"ES256\"," CTY "\"iat\":\"1\",\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@L\"],\"x5t#S256\":\"@X\"}", "iat" },
		{ "iat before time", "{\"alg\":\"ES256\"," CTY "\"iat\":-1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@L\"],\"x5t#S256\":\"@X\"}", "iat" },
		{ "iat a fraction", "{\"alg\":\"ES256\"," CTY "\"iat\":1.5,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@L\"],\"x5t#S256\":\"@X\"}", "iat" },
		{ "iat beyond time", "{\"alg\":\"ES256\"," CTY "\"iat\":9223372036854775807,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@L\"],\"x5t#S256\":\"@X\"}", "iat" },
		{ "no x5c", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5t#S256\":\"@X\"}", "x5c" },
		{ "x5c empty", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[],\"x5t#S256\":\"@X\"}", "x5c" },
		{ "x5c not a list", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":\"@L\",\"x5t#S256\":\"@X\"}", "x5c" },
		{ "x5c in base64url", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@l\"],\"x5t#S256\":\"@X\"}", "x5c" },
		{ "x5c no certificate", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"AAAA\"],\"x5t#S256\":\"@X\"}", "x5c" },
		{ "x5c too long", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@L\",\"@L\",\"@L\",\"@L\",\"@L\",\"@L\",\"@L\","
		  "\"@L\",\"@L\",\"@L\",\"@L\",\"@L\",\"@L\",\"@L\",\"@L\",\"@L\",\"@L\"],\"x5t#S256\":\"@X\"}", "x5c" },
		{ "certificate swapped", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@O\"],\"x5t#S256\":\"@X\"}", "x5t#S256" },
		{ "certificate and its hash swapped", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@O\"],\"x5t#S256\":\"@x\"}",
		  "not made by this key" },
		{ "x5t#S256 padded", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@L\"],\"x5t#S256\":\"@X=\"}", "x5t#S256" },
		{ "x5t#S256 missing", "{\"alg\":\"ES256\"," CTY "\"iat\":1,\"typ\":\"affidavit-statement+jws\",\"x5c\":[\"@L\"]}", "x5t#S256" },
		{ "not an object", "[]", "not a JSON object" },
		{ "not JSON", "alg: ES256", "protected header" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_buf jws = { 0 };

		forge(rows[i].header, ENVELOPE, rows[i].m ? rows[i].m : &leaf, rows[i].hash ? rows[i].hash : "SHA256", false, &jws);
		expect(rows[i].name, afd_buf_slice(&jws), &(struct look){ 0 }, rows[i].why);
		afd_buf_release(&jws);
	}
}

static void test_envelopes_of_a_forger(void **state)
{
	static const struct { const char *name, *envelope, *why; bool der; } rows[] = {
		{ "as we write it", ENVELOPE, NULL },
		{ "a blank", "{ \"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "laid out" },
		{ "a line feed behind it", ENVELOPE "\n", "laid out" },
		{ "another order", "{\"protected\":\"%2\",\"payload\":\"%1\",\"signature\":\"%3\"}", "laid out" },
		{ "an escape", "{\"p\\u0061yload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "laid out" },
		{ "payload twice", "{\"payload\":\"%1\",\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "payload" },
		{ "an unknown member", "{\"extra\":1,\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "\"extra\"" },
		{ "no payload", "{\"protected\":\"%2\",\"signature\":\"%3\"}", "payload" },
		{ "no signature", "{\"payload\":\"%1\",\"protected\":\"%2\"}", "signature" },
		{ "no protected header", "{\"header\":{\"alg\":\"ES256\"},\"payload\":\"%1\",\"signature\":\"%3\"}", "protected" },
		{ "an empty signature", "{\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"\"}", "does not fit" },
		{ "a padded signature", "{\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3==\"}", "base64url" },
		{ "a padded payload", "{\"payload\":\"%1=\",\"protected\":\"%2\",\"signature\":\"%3\"}", "base64url" },
		{ "payload and header changed places", "{\"payload\":\"%2\",\"protected\":\"%1\",\"signature\":\"%3\"}", "protected header" },
		{ "in DER", ENVELOPE, "does not fit", true },
		{ "compact", "%2.%1.%3", "statement.jws" },
		{ "general form", "{\"payload\":\"%1\",\"signatures\":[{\"protected\":\"%2\",\"signature\":\"%3\"}]}", "\"signatures\"" },
		{ "alg outside", "{\"header\":{\"alg\":\"ES256\"},\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "\"alg\"" },
		{ "header empty", "{\"header\":{},\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "etsiU" },
		{ "etsiU empty", "{\"header\":{\"etsiU\":[]},\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "etsiU" },
		{ "etsiU plain", "{\"header\":{\"etsiU\":[{\"sigTst\":{}}]},\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "etsiU" },
		/* {"arcTst":1} */
		{ "etsiU of another kind", "{\"header\":{\"etsiU\":[\"eyJhcmNUc3QiOjF9\"]},\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "arcTst" },
		/* {"sigTst":{"tstTokens":[{"val":"AA=="}]}} */
		{ "a token that is none", "{\"header\":{\"etsiU\":[\"eyJzaWdUc3QiOnsidHN0VG9rZW5zIjpbeyJ2YWwiOiJBQT09In1dfX0\"]},\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "" },
		/* {"sigTst": {"tstTokens":[{"val":"AA=="}]}} */
		{ "a blank in the token's frame", "{\"header\":{\"etsiU\":[\"eyJzaWdUc3QiOiB7InRzdFRva2VucyI6W3sidmFsIjoiQUE9PSJ9XX19\"]},\"payload\":\"%1\",\"protected\":\"%2\",\"signature\":\"%3\"}", "laid out" },
		{ "a string", "\"%1\"", "not a JSON object" },
		{ "nothing", "", "statement.jws" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_buf jws = { 0 };

		forge(GOOD, rows[i].envelope, &leaf, "SHA256", rows[i].der, &jws);
		expect(rows[i].name, afd_buf_slice(&jws), &(struct look){ 0 }, rows[i].why);
		afd_buf_release(&jws);
	}
}

/* The last character of 64 bytes in base64url holds four bits that nothing else says. */
static void test_no_spare_bits(void **state)
{
	struct afd_buf jws = { 0 };

	(void)state;
	sign_ours(&leaf, NULL, 0, NULL, &jws);
	jws.data[jws.len - 3] = (uint8_t)(jws.data[jws.len - 3] + 1);
	expect("spare bits", afd_buf_slice(&jws), &(struct look){ 0 }, "base64url");
	afd_buf_release(&jws);
}

static void test_certificates(void **state)
{
	const struct { const char *name; struct wanted_cert want; struct look look; const char *why; } rows[] = {
		{ "another root of the same name", { .cn = "Leaf" }, { .root = &foreign_root }, "trusted root" },
		{ "later than its end", { .cn = "Leaf" }, { .at_ms = NOW + 4000 * AFD_DAY }, "expired" },
		{ "before its beginning", { .cn = "Leaf" }, { .at_ms = NOW - 4000 * AFD_DAY }, "not yet valid" },
		{ "a test key", { .cn = "Leaf", .test_unit = true }, { 0 }, "test key" },
		{ "a test key that may be", { .cn = "Leaf", .test_unit = true }, { .allow_test = true }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct made m = make_cert(&rows[i].want, &root);
		struct afd_buf jws = { 0 };

		sign_ours(&m, NULL, 0, NULL, &jws);
		expect(rows[i].name, afd_buf_slice(&jws), &rows[i].look, rows[i].why);
		afd_buf_release(&jws);
		made_free(&m);
	}
}

/* A key that may not sign documents never gets so far here; so its certificate comes in by hand. */
static void test_usage(void **state)
{
	struct made m = make_cert(&(struct wanted_cert){ .cn = "Server", .eku = "serverAuth" }, &root), keep = leaf;
	struct afd_buf jws = { 0 };

	(void)state;
	leaf = m;
	forge(GOOD, ENVELOPE, &m, "SHA256", false, &jws);
	leaf = keep;
	expect("for servers", afd_buf_slice(&jws), &(struct look){ 0 }, "not for documents");
	afd_buf_release(&jws);
	made_free(&m);
}

/* --- time --- */

struct seen { struct afd_digest imprint; int calls; };

static int note_imprint(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret, struct afd_error *err)
{
	struct seen *s = ctx;

	(void)err;
	s->imprint = *imprint;
	s->calls++;
	return afd_buf_text(ret, "TOKEN");
}

static int no_stamp(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx;
	(void)imprint;
	(void)ret;
	return afd_fail(err, AFD_E_REMOTE, "the authority is away");
}

/* What is stamped is the signature as it is written, and the token stands where JAdES looks for it. */
static void test_where_the_stamp_goes(void **state)
{
	struct seen seen = { .calls = 0 };
	const struct afd_stamper stamper = { note_imprint, &seen }, away = { no_stamp, NULL };
	AFD_AUTO(signer) struct afd_signer *s = signer_of(&leaf, NULL, 0);
	AFD_AUTO(buf) struct afd_buf jws = { 0 }, tst = { 0 }, want = { 0 };
	struct afd_digest imprint;
	struct afd_error err = { 0 };
	const char *sig;

	(void)state;
	sign_ours(&leaf, NULL, 0, &stamper, &jws);
	sig = strstr((char *)jws.data, "\"signature\":\"");
	assert_non_null(sig);
	sig += strlen("\"signature\":\"");
	afd_sha256(afd_slice(sig, strlen(sig) - 2), &imprint);
	assert_int_equal(seen.calls, 1);
	assert_memory_equal(&imprint, &seen.imprint, sizeof(imprint));
	afd_base64url(afd_slice_text("{\"sigTst\":{\"tstTokens\":[{\"val\":\"VE9LRU4=\"}]}}"), &tst);
	afd_buf_printf(&want, "{\"header\":{\"etsiU\":[\"%s\"]},\"payload\":\"", (char *)tst.data);
	assert_memory_equal(jws.data, want.data, want.len);
	expect("a token that is none", afd_buf_slice(&jws), &(struct look){ 0 }, "");

	jws.len = 0;
	assert_int_equal(afd_jws_sign(s, afd_slice_text(PAYLOAD), AFD_STATEMENT_TYPE, NOW, &away, &jws, &err), -1);
	assert_int_equal(err.code, AFD_E_REMOTE);
	assert_int_equal(jws.len, 0);
}

/* --- DSSE --- */

static void test_dsse(void **state)
{
	const struct { const struct made *m; const char *hash; } rows[] = {
		{ &leaf, "SHA256" }, { &leaf384, "SHA384" }, { &leaf_rsa, "SHA256" },
	};
	static const char pae[] = "DSSEv1 28 application/vnd.in-toto+json 43 " PAYLOAD;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_signer *s = signer_of(rows[i].m, NULL, 0);
		struct afd_buf dsse = { 0 }, sig = { 0 }, start = { 0 };
		struct afd_error err = { 0 };
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		const char *at;

		if (afd_dsse_sign(s, afd_slice_text(PAYLOAD), AFD_STATEMENT_TYPE, &dsse, &err) < 0)
			fail_msg("%s", err.text);
		afd_buf_text(&start, "{\"payload\":\"");
		afd_base64(afd_slice_text(PAYLOAD), &start);
		afd_buf_text(&start, "\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[{\"keyid\":\"");
		assert_memory_equal(dsse.data, start.data, start.len);
		at = strstr((char *)dsse.data, "\"sig\":\"");
		assert_non_null(at);
		at += strlen("\"sig\":\"");
		assert_int_equal(afd_unbase64(afd_slice(at, strlen(at) - 4), &sig), 0);
		assert_string_equal(at + strlen(at) - 4, "\"}]}");
		assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_get_digestbyname(rows[i].hash), NULL, rows[i].m->key), 1);
		assert_int_equal(EVP_DigestVerify(ctx, sig.data, sig.len, (const uint8_t *)pae, strlen(pae)), 1);
		EVP_MD_CTX_free(ctx);
		afd_signer_free(s);
		afd_buf_release(&dsse);
		afd_buf_release(&sig);
		afd_buf_release(&start);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_we_sign),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_headers_of_a_forger),
		cmocka_unit_test(test_envelopes_of_a_forger),
		cmocka_unit_test(test_no_spare_bits),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_where_the_stamp_goes),
		cmocka_unit_test(test_dsse),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
