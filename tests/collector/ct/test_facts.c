/* What a certificate says besides its names: SCTs, policies, its precertificate and chain. And the walk against OpenSSL on
 * certificates that were made for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "collector/ct/ct_cert.h"
#include "samples.h"

/* The Nth certificate of a file; false: there are no samples. */
static bool read_pem(const char *path, int n, struct afd_buf *ret)
{
	AFD_AUTO(mem) char *file = sample_path(path);
	FILE *f = file ? fopen(file, "rb") : NULL;
	unsigned char *der = NULL;
	X509 *x = NULL;
	int len;

	for (int i = 0; f && i <= n; i++) {
		X509_free(x);
		x = PEM_read_X509(f, NULL, NULL, NULL);
	}
	if (f)
		fclose(f);
	len = x ? i2d_X509(x, &der) : -1;
	if (len > 0)
		afd_buf_add(ret, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
	return len > 0;
}

/* --- SCTs and policies --- */

static int put_sct(void *p, const struct afd_ct_sct *sct)
{
	struct afd_buf *b = p;

	afd_buf_printf(b, "%02x%02x %llu", sct->log_id.data[0], sct->log_id.data[1], (unsigned long long)sct->timestamp_ms);
	return sct->has_index ? afd_buf_printf(b, " at %llu\n", (unsigned long long)sct->index) : afd_buf_text(b, "\n");
}

static void scts_of_real_certificates(void **state)
{
	static const struct { const char *path; int n; } row[] = {
		{ "certs-zlint/ct3mo2SCTs.pem", 2 },
		{ "certs-zlint/ct3mo2DupeSCTs.pem", 2 },
		{ "certs-zlint/ctNoSCTs.pem", 0 },
		{ "certs-zlint/ctNoSCTsPoisoned.pem", 0 },
		{ "certs-zlint/empty_sct_list_ko_01.pem", 0 },
		{ "certs-azul/cloudflare.pem", 2 },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf der = { 0 }, text = { 0 };
		struct afd_error err = { 0 };
		struct afd_ct_cert c;
		int rc, n = 0;

		if (!read_pem(row[i].path, 0, &der)) {
			afd_buf_release(&der);
			skip();
		}
		assert_int_equal(afd_ct_cert_walk(afd_buf_slice(&der), false, &c, &err), 0);
		rc = afd_ct_scts(&c, put_sct, &text, &err);
		for (size_t k = 0; k < text.len; k++)
			n += text.data[k] == '\n';
		if ((rc < 0) != (row[i].n < 0) || (rc == 0 && n != row[i].n))
			fail_msg("%s: expected %d, got %d: %s", row[i].path, row[i].n, rc < 0 ? rc : n, err.text);
	}
}

static struct afd_slice der_of(struct afd_buf *b, uint8_t tag, struct afd_slice body);

static void a_place_in_a_log_is_read_from_an_sct(void **state)
{
	static const struct { const char *list; size_t n; const char *text; } row[] = {
		{ "\0\0", 2, "" },
		{ "\0\61\0\57\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0\0\0\0\0\0\0\11\0\0\4\3\0\0", 51, "6161 9\n" },
		{ "\0\71\0\67\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0\0\0\0\0\0\0\11\0\10\0\0\5\0\0\0\1\2\4\3\0\0", 59, "6161 9 at 258\n" },
		{ "\0\71\0\67\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0\0\0\0\0\0\0\11\0\10\1\0\5\0\0\0\1\2\4\3\0\0", 59, "6161 9\n" },
		{ "\0\61\0\57\1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0\0\0\0\0\0\0\11\0\0\4\3\0\0", 51, NULL },       /* version 2 */
		{ "\0\61\0\57\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0\0\0\0\0\0\0\11\0\0\4\3\0\1", 51, NULL },
		{ "\0\62\0\60\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0\0\0\0\0\0\0\11\0\0\4\3\0\0!", 52, NULL },
		{ "\0\60\0\57\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0\0\0\0\0\0\0\11\0\0\4\3\0\0", 51, NULL },
		{ "\0\1\0", 3, NULL },
		{ "", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf inner = { 0 }, value = { 0 }, ext = { 0 }, all = { 0 }, text = { 0 };
		struct afd_ct_cert c = { .has_extensions = true };
		int rc;

		afd_buf_text(&ext, "\x06\x0a\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02");
		der_of(&inner, TAG_OCTETS, afd_slice(row[i].list, row[i].n));
		der_of(&value, TAG_OCTETS, afd_buf_slice(&inner));
		afd_buf_add_slice(&ext, afd_buf_slice(&value));
		c.extensions = der_of(&all, TAG_SEQUENCE, afd_buf_slice(&ext));
		afd_buf_text(&text, "");
		rc = afd_ct_scts(&c, put_sct, &text, NULL);
		if (rc != (row[i].text ? 0 : -1) || (row[i].text && strcmp((char *)text.data, row[i].text) != 0))
			fail_msg("row %zu: %d %s", i, rc, (char *)text.data);
	}
}

static void policies_in_dots(void **state)
{
	AFD_AUTO(buf) struct afd_buf der = { 0 }, text = { 0 };
	struct afd_ct_cert c;

	(void)state;
	if (!read_pem("certs-azul/cloudflare.pem", 0, &der))
		skip();
	assert_int_equal(afd_ct_cert_walk(afd_buf_slice(&der), false, &c, NULL), 0);
	assert_int_equal(afd_ct_policies(&c, &text, NULL), 0);
	assert_string_equal((char *)text.data, "2.23.140.1.2.1");
}

/* --- chains --- */

/* What the CA above SIGNER would sign in place of the precertificate PRE, put together by OpenSSL. */
static void reissue(struct afd_slice pre, struct afd_slice signer, struct afd_buf *ret)
{
	const uint8_t *p = pre.data, *q = signer.data;
	X509 *x = d2i_X509(NULL, &p, (long)pre.len), *s = d2i_X509(NULL, &q, (long)signer.len);
	int poison = X509_get_ext_by_NID(x, NID_ct_precert_poison, -1), at, from;
	unsigned char *der = NULL;

	X509_EXTENSION_free(X509_delete_ext(x, poison));
	at = X509_get_ext_by_NID(x, NID_authority_key_identifier, -1);
	from = X509_get_ext_by_NID(s, NID_authority_key_identifier, -1);
	assert_true(poison >= 0 && at >= 0 && from >= 0);
	X509_EXTENSION_free(X509_delete_ext(x, at));
	assert_int_equal(X509_add_ext(x, X509_get_ext(s, from), at), 1);
	assert_int_equal(X509_set_issuer_name(x, X509_get_issuer_name(s)), 1);
	at = i2d_re_X509_tbs(x, &der);
	afd_buf_add(ret, der, (size_t)at);
	OPENSSL_free(der);
	X509_free(x);
	X509_free(s);
}

/* An entry of a precertificate that was issued through a signer of precertificates, as a log that was read. */
static void what_was_sent_along_must_belong_to_the_leaf(void **state)
{
	AFD_AUTO(buf) struct afd_buf pre = { 0 }, signer = { 0 }, issuer = { 0 }, root = { 0 }, tbs = { 0 }, other = { 0 }, touched = { 0 },
	                        golden = { 0 }, out = { 0 };
	struct afd_ct_leaf leaf = { .precert = true };
	struct afd_ct_cert c;
	struct afd_digest key;
	struct afd_error why = { 0 };

	(void)state;
	if (!read_pem("certs-azul/preissuer-chain.pem", 0, &pre))
		skip();
	assert_true(read_pem("certs-azul/preissuer-chain.pem", 1, &signer) && read_pem("certs-azul/preissuer-chain.pem", 2, &issuer) &&
	            read_pem("certs-azul/preissuer-chain.pem", 3, &root) && read_pem("certs-azul/cloudflare.pem", 0, &other) &&
	            sample("certs-azul/preissuer-precert-tbs.der", &golden));
	assert_int_equal(afd_ct_cert_walk(afd_buf_slice(&pre), false, &c, NULL), 0);
	assert_int_equal(afd_ct_tbs_stripped(&c, &out, NULL), 0);
	assert_true(afd_slice_equal(afd_buf_slice(&out), afd_buf_slice(&golden)));
	reissue(afd_buf_slice(&pre), afd_buf_slice(&signer), &tbs);
	assert_int_equal(afd_ct_cert_walk(afd_buf_slice(&issuer), false, &c, NULL), 0);
	afd_sha256(c.spki, &key);
	leaf.certificate = afd_buf_slice(&tbs);
	leaf.issuer_key_hash = afd_slice(key.b, 32);
	leaf.precertificate = afd_buf_slice(&pre);
	const struct afd_slice chain[] = { afd_buf_slice(&signer), afd_buf_slice(&issuer), afd_buf_slice(&root) };
	const struct afd_slice without[] = { afd_buf_slice(&issuer), afd_buf_slice(&root) };
	const struct afd_slice wrong[] = { afd_buf_slice(&signer), afd_buf_slice(&root) };

	assert_int_equal(afd_ct_chain_check(&leaf, chain, 3, &why), AFD_CT_CHAIN_BELIEVED);
	assert_int_equal(afd_ct_chain_check(&leaf, chain, 0, &why), AFD_CT_CHAIN_NONE);
	assert_int_equal(afd_ct_chain_check(&leaf, chain, 1, &why), AFD_CT_CHAIN_NOT_BELIEVED);
	assert_non_null(strstr(why.text, "ends at a signer"));
	assert_int_equal(afd_ct_chain_check(&leaf, without, 2, &why), AFD_CT_CHAIN_NOT_BELIEVED);
	assert_non_null(strstr(why.text, "not the one in the leaf"));
	assert_int_equal(afd_ct_chain_check(&leaf, wrong, 2, &why), AFD_CT_CHAIN_NOT_BELIEVED);
	assert_non_null(strstr(why.text, "another issuer key"));

	/* a certificate in place of the precertificate, and one that says something else */
	leaf.precertificate = afd_buf_slice(&other);
	assert_int_equal(afd_ct_chain_check(&leaf, chain, 3, &why), AFD_CT_CHAIN_NOT_BELIEVED);
	assert_non_null(strstr(why.text, "no poison"));
	assert_int_equal(afd_ct_cert_walk(afd_buf_slice(&pre), false, &c, NULL), 0);
	afd_buf_add_slice(&touched, afd_buf_slice(&pre));
	touched.data[(size_t)(c.serial.data - pre.data)] ^= 1;
	leaf.precertificate = afd_buf_slice(&touched);
	assert_int_equal(afd_ct_chain_check(&leaf, chain, 3, &why), AFD_CT_CHAIN_NOT_BELIEVED);
	leaf.precertificate = afd_slice("\x30", 1);
	assert_int_equal(afd_ct_chain_check(&leaf, chain, 3, &why), AFD_CT_CHAIN_NOT_BELIEVED);
}

static void an_issuer_must_have_signed(void **state)
{
	AFD_AUTO(buf) struct afd_buf leaf_der = { 0 }, issuer = { 0 }, root = { 0 };
	struct afd_ct_leaf leaf = { .precert = false };
	struct afd_error why = { 0 };

	(void)state;
	if (!read_pem("certs-azul/preissuer-chain.pem", 2, &leaf_der))
		skip();
	assert_true(read_pem("certs-azul/preissuer-chain.pem", 3, &root) && read_pem("certs-azul/google-we1.pem", 0, &issuer));
	leaf.certificate = afd_buf_slice(&leaf_der);
	const struct afd_slice good = afd_buf_slice(&root), bad = afd_buf_slice(&issuer);

	assert_int_equal(afd_ct_chain_check(&leaf, &good, 1, &why), AFD_CT_CHAIN_BELIEVED);
	assert_int_equal(afd_ct_chain_check(&leaf, &bad, 1, &why), AFD_CT_CHAIN_NOT_BELIEVED);
}

/* --- names that are not plain --- */

static void lenient_readers_are_known(void **state)
{
	static const struct { uint8_t tag; const char *raw; size_t n; int rc; enum afd_ct_name_kind kind; const char *text; } row[] = {
		{ TAG_IA5, "www.example.test", 16, 1, AFD_CT_DNS, "" },            /* plain: nothing to add */
		{ TAG_IA5, "*.example.test", 14, 1, AFD_CT_DNS, "" },
		{ TAG_IA5, "www.example.test\0.evil.invalid", 30, 1, AFD_CT_DNS, "www.example.test" },
		{ TAG_IA5, "https://WWW.example.test/path?x", 31, 1, AFD_CT_DNS, "www.example.test" },
		{ TAG_IA5, "www.example.test/path", 21, 1, AFD_CT_DNS, "www.example.test" },
		{ TAG_IA5, "www.example.test:8443", 21, 1, AFD_CT_DNS, "www.example.test" },
		{ TAG_IA5, " www.example.test ", 18, 1, AFD_CT_DNS, "www.example.test" },
		{ TAG_IA5, "192.0.2.7", 9, 1, AFD_CT_IP, "192.0.2.7" },
		{ TAG_IA5, "2001:db8::7", 11, 1, AFD_CT_IP, "2001:db8::7" },
		{ TAG_IA5, "http://192.0.2.7/", 17, 1, AFD_CT_IP, "192.0.2.7" },
		{ TAG_BMP, "\0a\0.\0t", 6, 1, AFD_CT_DNS, "a.t" },
		{ TAG_IA5, "b\xfc" "cher.test", 11, 0, AFD_CT_DNS, "" },
		{ TAG_UTF8, "b\xc3\xbc" "cher.test", 12, 0, AFD_CT_DNS, "" },
		{ TAG_IA5, "?.example.test", 14, 0, AFD_CT_DNS, "" },
		{ TAG_IA5, "a*b.example.test", 16, 0, AFD_CT_DNS, "" },
		{ TAG_IA5, "", 0, 0, AFD_CT_DNS, "" },
		{ TAG_IA5, "\0", 1, 0, AFD_CT_DNS, "" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };
		enum afd_ct_name_kind kind = AFD_CT_DNS;
		int rc;

		afd_buf_text(&text, "");
		rc = afd_ct_name_meant(row[i].tag, afd_slice(row[i].raw, row[i].n), &kind, &text);
		if (rc != row[i].rc || kind != row[i].kind || strcmp((char *)text.data, row[i].text) != 0)
			fail_msg("row %zu: %d, kind %d, \"%s\"", i, rc, (int)kind, (char *)text.data);
	}
}

/* --- made certificates --- */

enum { MADE = 70000, DAMAGED = 30000 };

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % below;
}

static struct afd_slice der_of(struct afd_buf *b, uint8_t tag, struct afd_slice body)
{
	size_t at = b->len;

	afd_buf_u8(b, tag);
	if (body.len >= 0x100) {
		afd_buf_u8(b, 0x82);
		afd_buf_u16(b, (uint16_t)body.len);
	} else {
		if (body.len >= 0x80)
			afd_buf_u8(b, 0x81);
		afd_buf_u8(b, (uint8_t)body.len);
	}
	afd_buf_add_slice(b, body);
	return afd_slice_sub(afd_buf_slice(b), at, b->len - at);
}

static void put_names(struct afd_buf *ext)
{
	AFD_AUTO(buf) struct afd_buf names = { 0 }, seq = { 0 }, value = { 0 }, all = { 0 };

	for (uint32_t n = draw(6); n > 0; n--) {
		uint8_t raw[64];
		size_t len = draw(8) ? draw(24) : draw(64);

		for (size_t i = 0; i < len; i++)
			raw[i] = draw(20) ? (uint8_t)"abcxyz09-.*_"[draw(12)] : (uint8_t)draw(256);
		switch (draw(6)) {
		case 0:
			der_of(&names, TAG_IP, afd_slice(raw, draw(3) ? 4 : draw(20)));
			break;
		case 1:
			der_of(&names, 0x86, afd_slice(raw, len));        /* a URI */
			break;
		default:
			der_of(&names, TAG_DNS, afd_slice(raw, len));
		}
	}
	afd_buf_text(&all, "\x06\x03\x55\x1d\x11");
	if (draw(4) == 0)
		afd_buf_text(&all, "\x01\x01\xff");
	der_of(&seq, TAG_SEQUENCE, afd_buf_slice(&names));
	der_of(&value, TAG_OCTETS, afd_buf_slice(&seq));
	afd_buf_add_slice(&all, afd_buf_slice(&value));
	der_of(ext, TAG_SEQUENCE, afd_buf_slice(&all));
}

/* A certificate of its own; nobody signed it, and its key is of a kind that OpenSSL does not take apart. */
static void make_certificate(struct afd_buf *ret)
{
	static const char alg[] = "\x30\x05\x06\x03\x2a\x03\x04";
	static const char key[] = "\x30\x0c\x30\x05\x06\x03\x2a\x03\x05\x03\x03\0ab";
	static const char other[] = "\x30\x0a\x06\x03\x2a\x03\x06\x04\x03" "abc";
	AFD_AUTO(buf) struct afd_buf cn = { 0 }, rdn = { 0 }, set = { 0 }, name = { 0 }, ext = { 0 }, exts = { 0 }, tbs = { 0 }, all = { 0 };
	uint8_t raw[32];

	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (uint8_t)"abcxyz09-. "[draw(11)];
	afd_buf_text(&cn, "\x06\x03\x55\x04\x03");
	der_of(&cn, draw(2) ? TAG_UTF8 : TAG_PRINTABLE, afd_slice(raw, draw(30) + 1));
	der_of(&rdn, TAG_SEQUENCE, afd_buf_slice(&cn));
	der_of(&set, TAG_SET, afd_buf_slice(&rdn));
	der_of(&name, TAG_SEQUENCE, draw(4) ? afd_buf_slice(&set) : afd_slice(NULL, 0));

	for (uint32_t n = draw(4); n > 0; n--)
		if (draw(2))
			put_names(&ext);
		else
			afd_buf_add(&ext, other, 12);
	afd_buf_add(&tbs, "\xa0\x03\x02\x01\x02\x02\x02\x00\x90", 9);
	tbs.data[tbs.len - 1] = (uint8_t)(0x80 | draw(128));
	afd_buf_add(&tbs, alg, 7);
	afd_buf_add_slice(&tbs, afd_buf_slice(&name));
	afd_buf_text(&tbs, "\x30\x1e\x17\x0d" "260101000000Z" "\x17\x0d" "270101000000Z");
	afd_buf_add_slice(&tbs, afd_buf_slice(&name));
	afd_buf_add(&tbs, key, 14);
	if (ext.len > 0) {
		der_of(&exts, TAG_SEQUENCE, afd_buf_slice(&ext));
		der_of(&tbs, TAG_EXTENSIONS, afd_buf_slice(&exts));
	}
	der_of(&all, TAG_SEQUENCE, afd_buf_slice(&tbs));
	afd_buf_add(&all, alg, 7);
	afd_buf_add(&all, "\x03\x02\0x", 4);
	der_of(ret, TAG_SEQUENCE, afd_buf_slice(&all));
}

static int put_name(void *p, enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw)
{
	(void)tag;
	if (kind == AFD_CT_CN)
		return 0;
	afd_buf_u8(p, kind == AFD_CT_DNS ? 'd' : 'i');
	afd_buf_u8(p, (uint8_t)raw.len);
	afd_buf_add_slice(p, raw);
	return 0;
}

/* -1: it does not read all of them */
static int openssl_names(X509 *x, struct afd_buf *ret)
{
	for (int at = -1; (at = X509_get_ext_by_NID(x, NID_subject_alt_name, at)) >= 0;) {
		GENERAL_NAMES *names = X509V3_EXT_d2i(X509_get_ext(x, at));

		if (!names)
			return -1;
		for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
			GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
			ASN1_STRING *s = g->type == GEN_DNS ? g->d.dNSName : g->type == GEN_IPADD ? g->d.iPAddress : NULL;

			if (s)
				put_name(ret, g->type == GEN_DNS ? AFD_CT_DNS : AFD_CT_IP, 0, afd_slice(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)));
		}
		GENERAL_NAMES_free(names);
	}
	return 0;
}

struct tally { unsigned both, only_ours, only_theirs, neither; };

/* The same bytes through both. What only OpenSSL reads is kept as something that could match; what both read must be the
 * same. */
static void compare(struct afd_slice der, struct tally *n)
{
	AFD_AUTO(buf) struct afd_buf ours = { 0 }, theirs = { 0 };
	const uint8_t *p = der.data;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);
	struct afd_ct_cert c;
	bool a = afd_ct_cert_walk(der, false, &c, NULL) == 0 && afd_ct_names(&c, put_name, &ours, NULL) == 0;
	bool b = x && p == der.data + der.len && openssl_names(x, &theirs) == 0;

	if (a && b && !afd_slice_equal(afd_buf_slice(&ours), afd_buf_slice(&theirs))) {
		AFD_AUTO(mem) char *hex = malloc(2 * der.len + 1);

		afd_hex(der, hex);
		fail_msg("%s", hex);
	}
	n->both += a && b;
	n->only_ours += a && !b;
	n->only_theirs += !a && b;
	n->neither += !a && !b;
	X509_free(x);
	ERR_clear_error();
}

static void made_certificates_read_as_openssl_reads_them(void **state)
{
	const char *given = getenv("AFFIDAVIT_TEST_SEED");
	struct tally made = { 0 }, damaged = { 0 };

	(void)state;
	seed = (given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL)) | 1;
	print_message("# AFFIDAVIT_TEST_SEED=%llu\n", (unsigned long long)seed);
	for (unsigned i = 0; i < MADE + DAMAGED; i++) {
		AFD_AUTO(buf) struct afd_buf der = { 0 };

		make_certificate(&der);
		for (uint32_t k = i < MADE ? 0 : draw(3) + 1; k > 0; k--)
			der.data[draw((uint32_t)der.len)] = draw(2) ? (uint8_t)draw(256) : (uint8_t)"\0\x80\x81\xff\x30\x82"[draw(6)];
		compare(afd_buf_slice(&der), i < MADE ? &made : &damaged);
	}
	print_message("# made: %u read by both; damaged: %u by both, %u only by us, %u only by OpenSSL, %u by nobody\n", made.both,
	              damaged.both, damaged.only_ours, damaged.only_theirs, damaged.neither);
	/* OpenSSL takes an iPAddress of any length, and so do we; a dNSName of any bytes as well */
	assert_int_equal(made.both, MADE);
	assert_true(damaged.both > DAMAGED / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scts_of_real_certificates),
		cmocka_unit_test(a_place_in_a_log_is_read_from_an_sct),
		cmocka_unit_test(policies_in_dots),
		cmocka_unit_test(what_was_sent_along_must_belong_to_the_leaf),
		cmocka_unit_test(an_issuer_must_have_signed),
		cmocka_unit_test(lenient_readers_are_known),
		cmocka_unit_test(made_certificates_read_as_openssl_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
