/* Store keys and notes, report keys in all their files. */
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "core/when.h"
#include "sample.h"

/* --- store key --- */

static int count_up(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)i;
	return 0;
}

static int no_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx, (void)out, (void)n;
	return -1;
}

static struct afd_store_key *new_key(const char *name)
{
	const struct afd_env env = { .random = count_up };
	struct afd_store_key *k = NULL;
	struct afd_error err = { 0 };

	if (afd_store_key_new(name, &env, &k, &err) < 0)
		fail_msg("%s", err.text);
	return k;
}

static void store_key_is_a_function_of_its_random_bytes(void **state)
{
	AFD_AUTO(store_key) struct afd_store_key *k = new_key("evidence.example.com/2026");
	AFD_AUTO(buf) struct afd_buf vkey = { 0 };

	(void)state;
	assert_int_equal(afd_store_key_vkey(k, &vkey, NULL), 0);
	/* seed 00 01 .. 1f: public key 03a107bf...1b8; id and key computed apart, with openssl and sha256sum */
	assert_string_equal((const char *)vkey.data,
			    "evidence.example.com/2026+ac23301d+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4");
}

static void store_key_survives_its_file(void **state)
{
	AFD_AUTO(store_key) struct afd_store_key *k = new_key("store.example"), *again = NULL;
	AFD_AUTO(buf) struct afd_buf file = { 0 }, vkey = { 0 }, vkey_again = { 0 };

	(void)state;
	assert_int_equal(afd_store_key_write(k, &file, NULL), 0);
	assert_memory_equal(file.data, "affidavit-store-key store.example\n-----BEGIN PRIVATE KEY-----\n", 62);
	assert_int_equal(afd_store_key_read(afd_buf_slice(&file), &again, NULL), 0);
	assert_int_equal(afd_store_key_vkey(k, &vkey, NULL), 0);
	assert_int_equal(afd_store_key_vkey(again, &vkey_again, NULL), 0);
	assert_string_equal((const char *)vkey.data, (const char *)vkey_again.data);
}

#define ED25519_PEM                                                                                                    \
	"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n"
#define X25519_PEM                                                                                                     \
	"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n"

static void store_key_files_that_are_none(void **state)
{
	static const struct { const char *file, *why; } rows[] = {
		{ "affidavit-store-key a\n" ED25519_PEM, NULL },
		{ "", "first line" },
		{ ED25519_PEM, "first line" },
		{ "affidavit-store-key a", "first line" },
		{ "affidavit-store-key \n" ED25519_PEM, "1 to 255" },
		{ "affidavit-store-key a b\n" ED25519_PEM, "without blanks" },
		{ "affidavit-store-key a+b\n" ED25519_PEM, "without blanks" },
		{ "affidavit-store-key a\n", "expected a PEM private key" },
		{ "affidavit-store-key a\nnonsense\n", "expected a PEM private key" },
		{ "affidavit-store-key a\n" X25519_PEM, "expected an Ed25519 key, got X25519" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(store_key) struct afd_store_key *k = NULL;
		struct afd_error err = { 0 };
		int r = afd_store_key_read(afd_slice_text(rows[i].file), &k, &err);

		if ((r == 0) != (rows[i].why == NULL) || (rows[i].why && !strstr(err.text, rows[i].why)))
			fail_msg("row %zu: %d, %s", i, r, err.text);
	}
}

static void store_key_needs_random_bytes_and_a_name(void **state)
{
	const struct afd_env none = { .random = no_random }, some = { .random = count_up };
	struct afd_store_key *k = NULL;
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_store_key_new("a", &none, &k, &err), -1);
	assert_int_equal(err.code, AFD_E_IO);
	assert_int_equal(afd_store_key_new("two words", &some, &k, &err), -1);
	assert_int_equal(err.code, AFD_E_USAGE);
	assert_null(k);
}

/* --- notes --- */

/* What the key signs, and what is made of it; the reader is core's. */
static int verify_note(struct afd_slice bytes, const char *vkey, struct afd_checkpoint *ret, struct afd_error *err)
{
	AFD_AUTO(note) struct afd_note n = { 0 };
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_note_key k;
	int64_t when;

	if (afd_note_parse(bytes, &n, err) < 0 || afd_note_vkey_parse(vkey, &keep, &k, err) < 0 ||
	    afd_note_verify(&n, &k, &when, err) < 0)
		return -1;
	return afd_checkpoint_parse(n.text, ret, err);
}

static void notes_hold_only_as_they_were_signed(void **state)
{
	AFD_AUTO(store_key) struct afd_store_key *k = new_key("log.example");
	AFD_AUTO(buf) struct afd_buf note = { 0 }, vkey = { 0 };
	struct afd_digest root;
	struct afd_checkpoint c;
	struct afd_error err = { 0 };

	(void)state;
	afd_sha256(afd_slice_text("root"), &root);
	assert_int_equal(afd_note_sign(k, 12345, &root, &note, &err), 0);
	assert_int_equal(afd_store_key_vkey(k, &vkey, NULL), 0);
	assert_memory_equal(note.data, "log.example\n12345\n", 18);
	if (verify_note(afd_buf_slice(&note), (const char *)vkey.data, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(c.origin, "log.example");
	assert_int_equal(c.size, 12345);
	assert_true(afd_digest_equal(&c.root, &root));

	/* Another size, another root, another byte anywhere: none of them is signed. */
	for (size_t i = 0; i < note.len; i++) {
		note.data[i] ^= 1;
		if (verify_note(afd_buf_slice(&note), (const char *)vkey.data, &c, &err) == 0)
			fail_msg("byte %zu can be changed", i);
		note.data[i] ^= 1;
	}
}

static void notes_of_another_key_do_not_count(void **state)
{
	static const char other_pem[] = "affidavit-store-key log.example\n-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEIP8BAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n";
	AFD_AUTO(store_key) struct afd_store_key *k = new_key("log.example"), *other = NULL;
	AFD_AUTO(buf) struct afd_buf note = { 0 }, vkey = { 0 };
	struct afd_digest root = { { 0 } };
	struct afd_checkpoint c;
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_store_key_read(afd_slice_text(other_pem), &other, &err), 0);
	assert_int_equal(afd_note_sign(other, 1, &root, &note, &err), 0);
	assert_int_equal(afd_store_key_vkey(k, &vkey, NULL), 0);
	assert_int_equal(verify_note(afd_buf_slice(&note), (const char *)vkey.data, &c, &err), -1);
}

/* --- report keys --- */

static struct made root, good, weak, other;

static int make_all(void **state)
{
	(void)state;
	root = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true }, NULL);
	good = make_cert(&(struct wanted_cert){ 0 }, &root);
	weak = make_cert(&(struct wanted_cert){ .key = "RSA-1024" }, &root);
	other = make_cert(&(struct wanted_cert){ .cn = "Other" }, &root);
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	made_free(&root);
	made_free(&good);
	made_free(&weak);
	made_free(&other);
	return 0;
}

/* Gives the error's text, "" for success. */
static struct afd_error read_signer(const struct afd_buf *file, const char *passphrase, struct afd_signer **ret)
{
	struct afd_error err = { 0 };
	struct afd_signer *s = NULL;

	if (afd_signer_read(afd_buf_slice(file), afd_slice_text(passphrase), &s, &err) == 0)
		assert_non_null(s);
	else
		assert_true(err.text[0]);
	if (ret)
		*ret = s;
	else
		afd_signer_free(s);
	return err;
}

static void expect(const char *what, struct afd_error err, const char *why)
{
	if (why ? !strstr(err.text, why) : err.text[0])
		fail_msg("%s: expected \"%s\", got \"%s\"", what, why ? why : "", err.text);
}

static void signer_pem_files(void **state)
{
	X509 *const none[] = { NULL }, *const chain[] = { good.cert, root.cert },
		    *const backwards[] = { root.cert, good.cert };
	X509 *const wrong[] = { other.cert, root.cert }, *const twice[] = { good.cert, good.cert },
		    *const weak_one[] = { weak.cert };
	const struct {
		const char *what;
		EVP_PKEY *key;
		const char *locked, *given;
		X509 *const *certs;
		size_t n;
		const char *why;
	} rows[] = {
		{ "key, certificate, root", good.key, NULL, "", chain, 2, NULL },
		{ "certificates in any order", good.key, NULL, "", backwards, 2, NULL },
		{ "encrypted", good.key, "horse", "horse", chain, 2, NULL },
		{ "encrypted, a passphrase too many", good.key, NULL, "horse", chain, 2, NULL },
		{ "encrypted, wrong passphrase", good.key, "horse", "donkey", chain, 2,
		  "the passphrase does not open the key" },
		{ "encrypted, no passphrase", good.key, "horse", "", chain, 2, "give its passphrase" },
		{ "no key", NULL, NULL, "", chain, 2, "no private key found" },
		{ "no certificate", good.key, NULL, "", none, 0, "no certificate beside the key" },
		{ "of another key", good.key, NULL, "", wrong, 2, "do not match" },
		{ "twice", good.key, NULL, "", twice, 2, "two certificates" },
		{ "RSA 1024", weak.key, NULL, "", weak_one, 1, "1024 bits is too short" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 };

		made_pem(rows[i].key, rows[i].locked, rows[i].certs, rows[i].n, &file);
		expect(rows[i].what, read_signer(&file, rows[i].given, NULL), rows[i].why);
	}
}

static void signer_files_that_are_none(void **state)
{
	static const struct { const char *what, *file, *why; } rows[] = {
		{ "empty", "", "expected 1 to" },
		{ "text", "hello", "no private key found" },
		{ "neither PEM nor PKCS#12", "0123", "expected PEM or PKCS#12" },
		{ "half a PEM", "-----BEGIN PRIVATE KEY-----\nMC4C", "no private key" },
		{ "DER, no PKCS#12", "\x30\x03\x02\x01\x01", "expected PEM or PKCS#12" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 };

		assert_int_equal(afd_buf_text(&file, rows[i].file), 0);
		expect(rows[i].what, read_signer(&file, "", NULL), rows[i].why);
	}
}

static void signer_two_keys_or_a_broken_certificate(void **state)
{
	X509 *const certs[] = { good.cert };
	AFD_AUTO(buf) struct afd_buf two = { 0 }, broken = { 0 };

	(void)state;
	made_pem(good.key, NULL, certs, 1, &two);
	made_pem(other.key, NULL, certs, 0, &two);
	expect("two keys", read_signer(&two, "", NULL), "more than one private key");
	made_pem(good.key, NULL, certs, 1, &broken);
	assert_int_equal(afd_buf_text(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0);
	expect("broken certificate", read_signer(&broken, "", NULL), "a certificate cannot be read");
}

static void signer_pkcs12_files(void **state)
{
	static const struct { const char *locked, *given, *why; } rows[] = {
		{ "horse", "horse", NULL },
		{ "horse", "donkey", "the passphrase does not open" },
		{ "horse", "", "give its passphrase" },
		{ "", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 };

		made_p12(&good, rows[i].locked, &file);
		expect("PKCS#12", read_signer(&file, rows[i].given, NULL), rows[i].why);
	}
}

/* Old files: the MAC opens, the key does not. */
static void signer_pkcs12_of_the_past(void **state)
{
	OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(NULL, "legacy"), *usual = OSSL_PROVIDER_load(NULL, "default");
	AFD_AUTO(buf) struct afd_buf file = { 0 };

	(void)state;
	if (!legacy || !usual)
		skip();
	made_old_p12(&good, "horse", &file);
	OSSL_PROVIDER_unload(legacy);
	expect("RC2", read_signer(&file, "horse", NULL), "if it was made with RC2 or 3DES, convert it");
	expect("RC2, wrong passphrase", read_signer(&file, "donkey", NULL), "the passphrase does not open");
	OSSL_PROVIDER_unload(usual);
}

static void signer_keys_and_usages(void **state)
{
	static const struct { struct wanted_cert cert; const char *why; } rows[] = {
		{ { .key = "P-256" }, NULL },
		{ { .key = "P-384" }, NULL },
		{ { .key = "RSA-2048" }, NULL },
		{ { .key = "P-521" }, "use P-256 or P-384" },
		{ { .key = "secp256k1" }, "use P-256 or P-384" },
		{ { .key = "ED25519" }, "cannot sign reports" },
		{ { .key_usage = "critical,nonRepudiation" }, NULL },
		{ { .key_usage = "" }, "does not say what its key is for" },
		{ { .key_usage = "critical,keyEncipherment" }, "not for signatures" },
		{ { .eku = "emailProtection" }, NULL },
		{ { .eku = "1.3.6.1.5.5.7.3.36" }, NULL },
		{ { .eku = "serverAuth,clientAuth" }, "not for documents" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 };
		struct made m = make_cert(&rows[i].cert, &root);
		struct afd_error err;
		char what[32];

		snprintf(what, sizeof(what), "row %zu", i);
		made_pem(m.key, NULL, &m.cert, 1, &file);
		err = read_signer(&file, "", NULL);
		expect(what, err, rows[i].why);
		assert_int_equal(err.code, rows[i].why ? AFD_E_CONFIG : AFD_OK);
		made_free(&m);
	}
}

static void signing_outside_the_validity_is_refused(void **state)
{
	static const struct { int64_t now; const char *why; } rows[] = {
		{ NOW - AFD_SECOND, "is not valid before 2026-09-21 14:13:20" },
		{ NOW, NULL },
		{ NOW + AFD_HOUR + 999, NULL },                            /* the last second belongs to it */
		{ NOW + AFD_HOUR + AFD_SECOND, "expired at 2026-09-21 15:13:20: renew it" },
	};
	struct made m = make_cert(&(struct wanted_cert){ .from_ms = NOW, .to_ms = NOW + AFD_HOUR }, &root);
	AFD_AUTO(buf) struct afd_buf file = { 0 };
	AFD_AUTO(signer) struct afd_signer *s = NULL;
	struct afd_slice content = afd_slice_text("x");

	(void)state;
	made_pem(m.key, NULL, &m.cert, 1, &file);
	expect("reading", read_signer(&file, "", &s), NULL);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf cms = { 0 };
		struct afd_error err = { 0 };

		afd_cms_sign(s, &content, 1, false, rows[i].now, NULL, &cms, &err);
		expect("signing", err, rows[i].why);
	}
	made_free(&m);
}

static void the_test_key_says_what_it_is(void **state)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 }, root_pem = { 0 }, subject = { 0 }, ordinary = { 0 };
	AFD_AUTO(signer) struct afd_signer *test = NULL, *s = NULL;
	struct afd_digest sha256;
	struct afd_error err = { 0 };
	int64_t not_after;

	(void)state;
	assert_int_equal(afd_signer_test(NOW, NOW + AFD_DAY, &pem, &root_pem, &err), 0);
	expect("test key", read_signer(&pem, "", &test), NULL);
	assert_true(afd_signer_is_test(test));
	assert_int_equal(afd_signer_describe(test, &subject, &sha256, &not_after, &err), 0);
	assert_string_equal((const char *)subject.data,
			    "O = TEST, OU = TEST - not for evidence, CN = TEST Affidavit demo signer");
	assert_int_equal(not_after, NOW + AFD_DAY - AFD_SECOND);         /* [from, to) */
	assert_null(strstr((const char *)root_pem.data, "PRIVATE KEY"));

	made_pem(good.key, NULL, &good.cert, 1, &ordinary);
	expect("ordinary key", read_signer(&ordinary, "", &s), NULL);
	assert_false(afd_signer_is_test(s));
	assert_int_equal(afd_signer_test(NOW, NOW, &pem, &root_pem, &err), -1);
}

/* --- keys that are elsewhere --- */

struct elsewhere { EVP_PKEY *key; int asked, freed; bool lies, fails; };

static int sign_elsewhere(void *ctx, const char *hash, struct afd_slice digest, struct afd_buf *ret, struct afd_error *err)
{
	struct elsewhere *e = ctx;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(e->key, NULL);
	uint8_t sig[1024], wrong[64] = { 1 };
	size_t n = sizeof(sig);

	e->asked++;
	assert_int_equal(digest.len, strcmp(hash, "sha384") == 0 ? 48 : 32);
	assert_int_equal(EVP_PKEY_sign_init(c), 1);
	assert_int_equal(EVP_PKEY_CTX_set_signature_md(c, EVP_get_digestbyname(hash)), 1);
	assert_int_equal(EVP_PKEY_sign(c, sig, &n, e->lies ? wrong : digest.data, digest.len), 1);
	EVP_PKEY_CTX_free(c);
	if (e->fails)
		return afd_fail(err, AFD_E_REMOTE, "the service is closed");
	return afd_buf_add(ret, sig, n);
}

static void count_free(void *ctx)
{
	((struct elsewhere *)ctx)->freed++;
}

static void keys_elsewhere_sign_and_are_not_believed(void **state)
{
	const struct { const char *type; bool lies, fails, other_cert; const char *why; } rows[] = {
		{ "P-256", false, false, false, NULL },
		{ "P-384", false, false, false, NULL },
		{ "RSA-2048", false, false, false, NULL },
		{ "P-256", true, false, false, "not by the key that was expected" },
		{ "RSA-2048", true, false, false, "not by the key that was expected" },
		{ "P-256", false, true, false, "signing: the service is closed" },
		{ "P-256", false, false, true, "not by the key that was expected" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct made m = make_cert(&(struct wanted_cert){ .key = rows[i].type }, NULL);
		struct elsewhere e = { .key = m.key, .lies = rows[i].lies, .fails = rows[i].fails };
		AFD_AUTO(buf) struct afd_buf pem = { 0 }, cms = { 0 };
		struct afd_slice text = afd_slice_text("{}");
		struct afd_signer *s = NULL;
		struct afd_error err = { 0 };

		made_pem(NULL, NULL, rows[i].other_cert ? &good.cert : &m.cert, 1, &pem);
		assert_int_equal(afd_signer_with(afd_buf_slice(&pem), (struct afd_digest_signer){ sign_elsewhere, count_free, &e }, &s, &err), 0);
		afd_cms_sign(s, &text, 1, false, NOW, NULL, &cms, &err);
		expect(rows[i].type, err, rows[i].why);
		assert_int_equal(cms.len > 0, rows[i].why == NULL);
		assert_int_equal(e.asked, 1);
		assert_int_equal(e.freed, 0);
		afd_signer_free(s);
		assert_int_equal(e.freed, 1);
		made_free(&m);
	}
}

/* What was handed over is given back by whoever refuses it. */
static void a_key_elsewhere_needs_a_certificate(void **state)
{
	static const char *const files[] = { "", "nonsense", "0123", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(files); i++) {
		struct elsewhere e = { .key = good.key };
		struct afd_signer *s = NULL;
		struct afd_error err = { 0 };

		assert_int_equal(afd_signer_with(afd_slice_text(files[i]), (struct afd_digest_signer){ sign_elsewhere, count_free, &e }, &s, &err), -1);
		assert_int_equal(e.freed, 1);
		assert_null(s);
	}
}

static void names_of_tokens(void **state)
{
	static const struct { const char *uri, *why; } rows[] = {
		{ "pkcs11:token=My%20Token;object=k;id=%00%01?module-path=/m.so&pin-source=file:p", NULL },
		{ "pkcs11:?module-path=/m.so", NULL },
		{ "pkcs11:;;token=a;?module-path=/m.so", NULL },
		{ "pkcs11:token=a;x-vendor=1?module-path=/m.so&x-q=2", NULL },
		{ "pkcs11:slot-id=7;type=private;serial=1;model=b;manufacturer=c?module-path=/m.so", NULL },
		{ "pkcs11:token=a", "module-path" },
		{ "pkcs11:token=a?module-path=m.so", "module-path" },
		{ "pkcs11:token=a?module-path=/m.so&pin-value=1234", "list of processes" },
		{ "pkcs11:token?module-path=/m.so", "NAME=VALUE" },
		{ "pkcs11:token=?module-path=/m.so", "expected a value" },
		{ "pkcs11:token=%4?module-path=/m.so", "expected a value" },
		{ "pkcs11:token=%zz?module-path=/m.so", "expected a value" },
		{ "pkcs11:token=a%00b?module-path=/m.so", "expected a value" },
		{ "pkcs11:slot-id=-1?module-path=/m.so", "expected a number" },
		{ "pkcs11:slot-id=1x?module-path=/m.so", "expected a number" },
		{ "pkcs11:type=cert?module-path=/m.so", "expected private" },
		{ "pkcs11:module-path=/m.so", "unknown attribute in the path" },
		{ "pkcs11:token=a?token=b&module-path=/m.so", "unknown attribute in the query" },
		{ "pkcs12:token=a?module-path=/m.so", "expected pkcs11:" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf keep = { 0 };
		struct afd_pkcs11 p;
		const char *source = NULL;
		struct afd_error err = { 0 };

		afd_pkcs11_uri(rows[i].uri, &keep, &p, &source, &err);
		expect(rows[i].uri, err, rows[i].why);
		assert_null(strstr(err.text, "1234"));
		if (i == 0) {
			assert_string_equal(p.token, "My Token");
			assert_string_equal(p.object, "k");
			assert_int_equal(p.id.len, 2);
			assert_memory_equal(p.id.data, "\0\1", 2);
			assert_string_equal(p.module, "/m.so");
			assert_string_equal(source, "file:p");
			assert_int_equal(p.slot, -1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_key_is_a_function_of_its_random_bytes),
		cmocka_unit_test(store_key_survives_its_file),
		cmocka_unit_test(store_key_files_that_are_none),
		cmocka_unit_test(store_key_needs_random_bytes_and_a_name),
		cmocka_unit_test(notes_hold_only_as_they_were_signed),
		cmocka_unit_test(notes_of_another_key_do_not_count),
		cmocka_unit_test(signer_pem_files),
		cmocka_unit_test(signer_files_that_are_none),
		cmocka_unit_test(signer_two_keys_or_a_broken_certificate),
		cmocka_unit_test(signer_pkcs12_files),
		cmocka_unit_test(signer_pkcs12_of_the_past),
		cmocka_unit_test(signer_keys_and_usages),
		cmocka_unit_test(signing_outside_the_validity_is_refused),
		cmocka_unit_test(the_test_key_says_what_it_is),
		cmocka_unit_test(keys_elsewhere_sign_and_are_not_believed),
		cmocka_unit_test(a_key_elsewhere_needs_a_certificate),
		cmocka_unit_test(names_of_tokens),
	};

	return cmocka_run_group_tests_name("sign: keys", tests, make_all, free_all);
}
