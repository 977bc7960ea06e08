/* CMS: what we sign is accepted, what libcrypto makes by itself is accepted when it is CAdES, and every forgery is
 * refused for its own reason. */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "core/limits.h"
#include "core/when.h"
#include "sample.h"

static struct made root, middle, leaf, deep, foreign_root;

static int make_all(void **state)
{
	(void)state;
	root = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true }, NULL);
	middle = make_cert(&(struct wanted_cert){ .cn = "Middle", .ca = true }, &root);
	leaf = make_cert(&(struct wanted_cert){ .cn = "Leaf" }, &root);
	deep = make_cert(&(struct wanted_cert){ .cn = "Deep" }, &middle);
	foreign_root = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true }, NULL);
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	made_free(&root);
	made_free(&middle);
	made_free(&leaf);
	made_free(&deep);
	made_free(&foreign_root);
	return 0;
}

#define TEXT "the evidence"

struct look { const struct made *root; int64_t at_ms; bool allow_test, for_pdf; const char *content; };

static int verify(const struct afd_buf *cms, const struct look *l, struct afd_signature_report *ret,
		  struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 };
	struct afd_slice roots, content = afd_slice_text(l->content ? l->content : TEXT);
	struct afd_trust t = { .pem = &roots, .n = 1, .allow_test = l->allow_test, .at_ms = l->at_ms ? l->at_ms : NOW };

	made_pem(NULL, NULL, l->root ? &l->root->cert : &root.cert, 1, &pem);
	roots = afd_buf_slice(&pem);
	return afd_cms_verify(afd_buf_slice(cms), &content, 1, &t, l->for_pdf, ret, err);
}

/* why NULL: must be accepted */
static void expect(const char *what, const struct afd_buf *cms, const struct look *l, const char *why)
{
	struct afd_signature_report r = { 0 };
	struct afd_error err = { 0 };
	int got = verify(cms, l, &r, &err);

	if ((got == 0) != (why == NULL) || (why && !strstr(err.text, why)))
		fail_msg("%s: expected \"%s\", got \"%s\"", what, why ? why : "accepted",
			 got == 0 ? "accepted" : err.text);
	if (why && err.code != AFD_E_VERIFY && err.code != AFD_E_SIGNER && err.code != AFD_E_STAMP)
		fail_msg("%s: code %d", what, (int)err.code);
	afd_signature_report_release(&r);
}

static void sign_ours(const struct made *m, X509 *const *chain, size_t n, bool for_pdf, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 };
	AFD_AUTO(signer) struct afd_signer *s = NULL;
	struct afd_slice content[2] = { afd_slice_text("the "), afd_slice_text("evidence") };
	struct afd_error err = { 0 };

	made_pem(m->key, NULL, &m->cert, 1, &pem);
	made_pem(NULL, NULL, chain, n, &pem);
	if (afd_signer_read(afd_buf_slice(&pem), afd_slice(NULL, 0), &s, &err) < 0 ||
	    afd_cms_sign(s, content, 2, for_pdf, NOW, NULL, ret, &err) < 0)
		fail_msg("%s", err.text);
}

/* What libcrypto makes by itself; FLAGS for CMS_sign and CMS_add1_signer. */
struct lib {
	unsigned flags;
	const EVP_MD *(*md)(void);
	const struct made *second;       /* one more signer */
	X509 *instead;                   /* this certificate in the place of the signer's */
	int content_type;                /* NID, not data */
	bool stream;
	int unsigned_attribute;          /* NID */
};

static void sign_lib(const struct made *m, const struct lib *l, struct afd_buf *ret)
{
	unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_PARTIAL | l->flags | (l->instead ? CMS_NOCERTS : 0);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	BIO *in = BIO_new_mem_buf(TEXT, -1), *out = BIO_new(BIO_s_mem());
	CMS_SignerInfo *si = CMS_add1_signer(cms, m->cert, m->key, l->md ? l->md() : EVP_sha256(), flags);
	char *p = NULL;
	long n;

	assert_non_null(si);
	if (l->second)
		assert_non_null(CMS_add1_signer(cms, l->second->cert, l->second->key, EVP_sha256(), flags));
	if (l->instead)
		assert_int_equal(CMS_add1_cert(cms, l->instead), 1);
	if (l->content_type)
		assert_int_equal(CMS_set1_eContentType(cms, OBJ_nid2obj(l->content_type)), 1);
	if (l->stream)
		assert_int_equal(i2d_CMS_bio_stream(out, cms, in, (int)(flags | CMS_STREAM)), 1);
	else
		assert_int_equal(CMS_final(cms, in, NULL, flags), 1);
	if (l->unsigned_attribute)
		assert_int_equal(
			CMS_unsigned_add1_attr_by_NID(si, l->unsigned_attribute, V_ASN1_OCTET_STRING, "x", 1),
			1);
	if (!l->stream)
		assert_int_equal(i2d_CMS_bio(out, cms), 1);
	n = BIO_get_mem_data(out, &p);
	assert_int_equal(afd_buf_add(ret, p, (size_t)n), 0);
	BIO_free(in);
	BIO_free(out);
	CMS_ContentInfo_free(cms);
}

static void what_we_sign_is_accepted(void **state)
{
	static const char *const keys[] = { "P-256", "P-384", "RSA-2048" };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(keys); i++) {
		struct made m = make_cert(&(struct wanted_cert){ .key = keys[i], .cn = "Zo\xc3\xab" }, &root);

		for (int for_pdf = 0; for_pdf < 2; for_pdf++) {
			AFD_AUTO(buf) struct afd_buf cms = { 0 };
			AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
			struct afd_error err = { 0 };

			sign_ours(&m, NULL, 0, for_pdf, &cms);
			if (verify(&cms, &(struct look){ .for_pdf = for_pdf }, &r, &err) < 0)
				fail_msg("%s: %s", keys[i], err.text);
			assert_int_equal(r.claimed_ms, for_pdf ? AFD_TIME_NONE : NOW);
			assert_false(r.test);
		}
		made_free(&m);
	}
}

static void the_report_names_the_signer(void **state)
{
	AFD_AUTO(buf) struct afd_buf cms = { 0 };
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	uint8_t sha256[32];
	unsigned n = 32;

	(void)state;
	sign_ours(&leaf, NULL, 0, false, &cms);
	assert_int_equal(verify(&cms, &(struct look){ 0 }, &r, NULL), 0);
	assert_string_equal(r.subject, "CN = Leaf");
	X509_digest(leaf.cert, EVP_sha256(), sha256, &n);
	assert_memory_equal(r.certificate.b, sha256, 32);
}

static void what_libcrypto_signs(void **state)
{
	const struct { const char *what; struct lib how; bool for_pdf; const char *why; } rows[] = {
		{ "CAdES, SHA-256", { .flags = CMS_CADES }, false, NULL },
		{ "CAdES, SHA-384", { .flags = CMS_CADES, .md = EVP_sha384 }, false, NULL },
		{ "CAdES, SHA-512", { .flags = CMS_CADES, .md = EVP_sha512 }, false, NULL },
		{ "signing-time in a PDF", { .flags = CMS_CADES }, true, "signing-time is not PAdES" },
		{ "SHA-1", { .flags = CMS_CADES, .md = EVP_sha1 }, false, "weaker than SHA-256" },
		{ "SHA-224", { .flags = CMS_CADES, .md = EVP_sha224 }, false, "weaker than SHA-256" },
		{ "no signing-certificate", { 0 }, false, "signing-certificate-v2 is missing" },
		{ "no attributes", { .flags = CMS_NOATTR }, false, "content-type is missing" },
		{ "no certificate", { .flags = CMS_CADES | CMS_NOCERTS }, false, "with certificates" },
		{ "the signer's name is its key identifier", { .flags = CMS_CADES | CMS_USE_KEYID }, false, NULL },
		{ "two signers", { .flags = CMS_CADES, .second = &deep }, false, "exactly one signer, got 2" },
		{ "another content type",
		  { .flags = CMS_CADES, .content_type = NID_id_smime_ct_TSTInfo },
		  false,
		  "another content type" },
		{ "a time-stamp that is none",
		  { .flags = CMS_CADES, .unsigned_attribute = NID_id_smime_aa_timeStampToken },
		  false,
		  "not one token" },
		{ "another unsigned attribute",
		  { .flags = CMS_CADES, .unsigned_attribute = NID_pkcs9_countersignature },
		  false,
		  "unsigned attributes" },
		{ "BER", { .flags = CMS_CADES, .stream = true }, false, "is not DER" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf cms = { 0 };

		sign_lib(&leaf, &rows[i].how, &cms);
		expect(rows[i].what, &cms, &(struct look){ .for_pdf = rows[i].for_pdf }, rows[i].why);
	}
}

/* Same key, issuer and serial number, so the signature holds under both; only ESS tells them apart (RFC 5035, 5). */
static void a_swapped_certificate_is_noticed(void **state)
{
	struct made real = make_cert(&(struct wanted_cert){ .cn = "Clerk", .serial = 7 }, &root);
	struct made grand =
		make_cert(&(struct wanted_cert){ .cn = "Director", .serial = 7, .use_key = real.key }, &root);
	AFD_AUTO(buf) struct afd_buf honest = { 0 }, swapped = { 0 }, other = { 0 };

	(void)state;
	sign_lib(&real, &(struct lib){ .flags = CMS_CADES, .instead = real.cert }, &honest);
	sign_lib(&real, &(struct lib){ .flags = CMS_CADES, .instead = grand.cert }, &swapped);
	sign_lib(&real, &(struct lib){ .flags = CMS_CADES, .instead = leaf.cert }, &other);
	expect("its own certificate", &honest, &(struct look){ 0 }, NULL);
	expect("another certificate", &swapped, &(struct look){ 0 }, "not the one that the signature names");
	expect("a certificate of somebody else", &other, &(struct look){ 0 }, "certificate is not in the signature");
	made_free(&real);
	made_free(&grand);
}

static void content_and_time(void **state)
{
	const struct { const char *what; struct look look; const char *why; } rows[] = {
		{ "as signed", { 0 }, NULL },
		{ "another content", { .content = "the evidencf" }, "the content is not what was signed" },
		{ "no content", { .content = "" }, "the content is not what was signed" },
		{ "a year and a day later", { .at_ms = NOW + 366 * AFD_DAY }, "certificate has expired" },
		{ "before the certificate", { .at_ms = NOW - 2 * AFD_DAY }, "certificate is not yet valid" },
		{ "a root of the same name", { .root = &foreign_root }, "does not lead to a trusted root" },
		{ "the signer as root", { .root = &leaf }, "does not lead to a trusted root" },
	};
	AFD_AUTO(buf) struct afd_buf cms = { 0 };

	(void)state;
	sign_ours(&leaf, NULL, 0, false, &cms);
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		expect(rows[i].what, &cms, &rows[i].look, rows[i].why);
}

static void chains(void **state)
{
	X509 *const with_middle[] = { middle.cert, root.cert }, *const with_foreign[] = { foreign_root.cert };
	struct made self = make_cert(&(struct wanted_cert){ .cn = "Root" }, NULL),
		    by_foreign = make_cert(&(struct wanted_cert){ 0 }, &foreign_root);
	const struct {
		const char *what;
		const struct made *signer;
		X509 *const *chain;
		size_t n;
		const struct made *root;
		const char *why;
	} rows[] = {
		{ "under an intermediate", &deep, with_middle, 2, &root, NULL },
		{ "the intermediate is missing", &deep, NULL, 0, &root, "does not lead to a trusted root" },
		{ "an intermediate is no root", &deep, with_middle, 2, &middle, "does not lead to a trusted root" },
		{ "a root brought along is not trusted", &by_foreign, with_foreign, 1, &root,
		  "does not lead to a trusted root" },
		{ "self-signed", &self, NULL, 0, &root, "does not lead to a trusted root" },
		{ "self-signed and trusted by the caller", &self, NULL, 0, &self, NULL },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf cms = { 0 };

		sign_ours(rows[i].signer, rows[i].chain, rows[i].n, false, &cms);
		expect(rows[i].what, &cms, &(struct look){ .root = rows[i].root }, rows[i].why);
	}
	made_free(&self);
	made_free(&by_foreign);
}

/* Certificates that our own signer would not take. */
static void certificates_not_for_this(void **state)
{
	static const struct { struct wanted_cert cert; const char *why; } rows[] = {
		{ { .key_usage = "critical,nonRepudiation" }, NULL },
		{ { .key_usage = "" }, "does not say what its key is for" },
		{ { .key_usage = "critical,keyAgreement" }, "not for signatures" },
		{ { .eku = "serverAuth" }, "not for documents" },
		{ { .key = "RSA-1024" }, "too short" },
		{ { .key = "P-521" }, "use P-256 or P-384" },
		{ { .sha1 = true }, "too weak" },
		{ { .to_ms = NOW - AFD_HOUR }, "has expired" },
		{ { .test_unit = true }, "test key" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf cms = { 0 };
		struct made m = make_cert(&rows[i].cert, &root);
		char what[32];

		snprintf(what, sizeof(what), "row %zu", i);
		sign_lib(&m, &(struct lib){ .flags = CMS_CADES }, &cms);
		expect(what, &cms, &(struct look){ 0 }, rows[i].why);
		made_free(&m);
	}
}

static void test_keys_need_permission(void **state)
{
	struct made test_root =
		make_cert(&(struct wanted_cert){ .cn = "Root of a demo", .ca = true, .test_unit = true }, NULL);
	struct made under = make_cert(&(struct wanted_cert){ .cn = "Plain name" }, &test_root);
	X509 *const beside[] = { test_root.cert };
	AFD_AUTO(buf) struct afd_buf cms = { 0 }, mixed = { 0 };
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };

	(void)state;
	sign_ours(&under, NULL, 0, false, &cms);
	expect("the root says TEST", &cms, &(struct look){ .root = &test_root }, "test key");
	assert_int_equal(verify(&cms, &(struct look){ .root = &test_root, .allow_test = true }, &r, NULL), 0);
	assert_true(r.test);
	sign_ours(&leaf, beside, 1, false, &mixed);
	expect("a certificate beside says TEST", &mixed, &(struct look){ 0 }, "test key");
	made_free(&test_root);
	made_free(&under);
}

static void bytes_that_are_no_signature(void **state)
{
	static const uint8_t nothing[AFD_MAX_CMS + 1];
	AFD_AUTO(buf) struct afd_buf cms = { 0 }, longer = { 0 };
	const struct { const char *what; struct afd_slice bytes; const char *why; } rows[] = {
		{ "no byte", { NULL, 0 }, "is empty" },
		{ "text", afd_slice_text("signature"), "is not DER" },
		{ "an empty sequence", afd_slice_text("\x30\x00"),
		  "is not DER" }, /* cut: the text ends before the length */
		{ "a sequence of an integer", afd_slice("\x30\x03\x02\x01\x01", 5), "is not CMS" },
		{ "too large", afd_slice(nothing, sizeof(nothing)), "larger than" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf b = { 0 };

		assert_int_equal(afd_buf_add_slice(&b, rows[i].bytes), 0);
		expect(rows[i].what, &b, &(struct look){ 0 }, rows[i].why);
	}
	sign_ours(&leaf, NULL, 0, false, &cms);
	assert_int_equal(afd_buf_add_slice(&longer, afd_buf_slice(&cms)), 0);
	assert_int_equal(afd_buf_u8(&longer, 0), 0);
	expect("one byte more", &longer, &(struct look){ 0 }, "bytes follow");
	for (size_t n = 0; n < cms.len; n += 7) {
		struct afd_buf cut = { .data = cms.data, .len = n };

		expect("cut", &cut, &(struct look){ 0 }, n ? "is not DER" : "is empty");
	}
}

static void no_byte_of_a_signature_can_change(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x20, 0x80, 0xff };
	AFD_AUTO(buf) struct afd_buf cms = { 0 };

	(void)state;
	sign_ours(&leaf, NULL, 0, false, &cms);
	for (size_t i = 0; i < cms.len; i++)
		for (size_t f = 0; f < AFD_COUNT(flips); f++) {
			AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };

			cms.data[i] ^= flips[f];
			if (verify(&cms, &(struct look){ 0 }, &r, NULL) == 0)
				fail_msg("byte %zu can change by %02x", i, flips[f]);
			cms.data[i] ^= flips[f];
		}
}

static void no_root_no_verdict(void **state)
{
	AFD_AUTO(buf) struct afd_buf cms = { 0 };
	struct afd_slice content = afd_slice_text(TEXT), text = afd_slice_text("no certificate here\n");
	const struct { const char *what; struct afd_trust trust; } rows[] = {
		{ "no file", { .at_ms = NOW } },
		{ "a file without certificates", { .pem = &text, .n = 1, .at_ms = NOW } },
	};

	(void)state;
	sign_ours(&leaf, NULL, 0, false, &cms);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_signature_report r = { 0 };
		struct afd_error err = { 0 };

		assert_int_equal(afd_cms_verify(afd_buf_slice(&cms), &content, 1, &rows[i].trust, false, &r, &err), -1);
		assert_int_equal(err.code, AFD_E_CONFIG);
		assert_non_null(strstr(err.text, "no trusted root"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_we_sign_is_accepted),
		cmocka_unit_test(the_report_names_the_signer),
		cmocka_unit_test(what_libcrypto_signs),
		cmocka_unit_test(a_swapped_certificate_is_noticed),
		cmocka_unit_test(content_and_time),
		cmocka_unit_test(chains),
		cmocka_unit_test(certificates_not_for_this),
		cmocka_unit_test(test_keys_need_permission),
		cmocka_unit_test(bytes_that_are_no_signature),
		cmocka_unit_test(no_byte_of_a_signature_can_change),
		cmocka_unit_test(no_root_no_verdict),
	};

	return cmocka_run_group_tests_name("sign: CMS", tests, make_all, free_all);
}
