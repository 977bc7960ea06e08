/* Entries: the leaf, the walk over a certificate, its names, and the names that are looked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "collector/ct/tiles.h"
#include "samples.h"

/* --- names looked for --- */

static const char *const watched[] = { "example.test", "xn--bcher-kva.example", "shop.deep.org" };

static void names_match_by_suffix_at_a_label(void **state)
{
	static const struct { const char *name; bool matches; } row[] = {
		{ "example.test", true },
		{ "EXAMPLE.TEST", true },
		{ "www.Example.Test", true },
		{ "a.b.c.example.test", true },
		{ "example.test.", true },
		{ "*.example.test", true },
		{ "*.WWW.example.test", true },
		{ "xn--bcher-kva.example", true },
		{ "www.XN--BCHER-KVA.example", true },
		{ "shop.deep.org", true },
		{ "*.deep.org", true },                   /* speaks for shop.deep.org */
		{ "*", true },                            /* speaks for anything */
		{ "deep.org", false },
		{ "*.org", false },                       /* two labels above: a wildcard is one label */
		{ "other.deep.org", false },
		{ "evil-example.test", false },
		{ "evilexample.test", false },
		{ "example.test.evil.invalid", false },
		{ "test", false },
		{ "*.test", true },                       /* speaks for example.test */
		{ "xample.test", false },
		{ "example.tes", false },
		{ "", false },
		{ ".", false },
		{ "bcher-kva.example", false },
		/* what no host name looks like could be read as ours */
		{ "w?w.example.test", true },
		{ "ex*mple.test", true },
		{ "b\xc3\xbc" "cher.example", true },
		{ " www.example.test", true },
		{ "www.example.test ", true },
		{ "https://www.example.test/path", true },
		{ "example.test:443", true },
		{ "user@example.test", false },           /* a mailbox has one label more on the left, and '@' is no label byte */
		{ "other\xff.invalid", false },
		{ "\xff\xfe.example.test", true },
		{ "\xff", false },
	};
	struct afd_ct_watch *w;

	(void)state;
	assert_int_equal(afd_ct_watch_new(watched, AFD_COUNT(watched), &w, NULL), 0);
	for (size_t i = 0; i < AFD_COUNT(row); i++)
		if (afd_ct_watch_matches(w, afd_slice_text(row[i].name)) != row[i].matches)
			fail_msg("\"%s\": expected %s", row[i].name, row[i].matches ? "a match" : "no match");
	assert_true(afd_ct_watch_matches(w, afd_slice("www.example.test\0.evil.invalid", 30)));
	assert_true(afd_ct_watch_matches(w, afd_slice("evil.invalid\0.example.test", 26)));
	assert_false(afd_ct_watch_matches(w, afd_slice("evil.invalid\0.other.test", 24)));
	afd_ct_watch_free(w);
}

static void no_names_match_nothing(void **state)
{
	struct afd_ct_watch *w;

	(void)state;
	assert_int_equal(afd_ct_watch_new(NULL, 0, &w, NULL), 0);
	assert_false(afd_ct_watch_matches(w, afd_slice_text("example.test")));
	assert_false(afd_ct_watch_matches(w, afd_slice_text("*")));
	assert_false(afd_ct_watch_matches(w, afd_slice_text("\xff.x")));
	assert_false(afd_ct_watch_address(w, afd_slice("\0\0\0", 4)));
	afd_ct_watch_free(w);
}

static void many_names_all_found(void **state)
{
	enum { N = 20000 };
	char **name = calloc(N, sizeof(*name));
	struct afd_ct_watch *w;

	(void)state;
	for (size_t i = 0; i < N; i++)
		name[i] = afd_sprintf("n%zu.example", i);
	assert_int_equal(afd_ct_watch_new((const char *const *)name, N, &w, NULL), 0);
	for (size_t i = 0; i < N; i++) {
		assert_true(afd_ct_watch_has(w, name[i]));
		assert_true(afd_ct_watch_matches(w, afd_slice_text(name[i])));
	}
	assert_false(afd_ct_watch_has(w, "example"));
	assert_false(afd_ct_watch_matches(w, afd_slice_text("n20000.example")));
	afd_ct_watch_free(w);
	for (size_t i = 0; i < N; i++)
		free(name[i]);
	free(name);
}

/* --- rules --- */

static void rules_say_what_is_meant(void **state)
{
	static const char *const rules[] = {
		"example.test", "=www.only.test", "=*.star.test", "192.0.2.0/24", "198.51.100.7/32", "2001:db8::/33", "0.0.0.0/8", "~goodname.example",
	};
	static const struct { const char *name; bool matches; } row[] = {
		{ "a.example.test", true },
		{ "www.only.test", true },
		{ "WWW.only.test.", true },
		{ "a.www.only.test", false },
		{ "only.test", false },
		{ "mail.only.test", false },
		{ "*.only.test", true },                  /* speaks for www.only.test */
		{ "*.www.only.test", false },             /* only for what is below it */
		{ "*.test", true },
		{ "w?w.only.test", true },
		/* addresses where names should be */
		{ "192.0.2.77", true },
		{ "192.0.3.1", false },
		{ "198.51.100.7", true },
		{ "198.51.100.8", false },
		{ "2001:db8:7fff::1", true },
		{ "2001:db8:8000::1", false },
		{ "https://192.0.2.1/", true },
		{ "https://192.0.3.1/", false },
		/* what looks like goodname.example */
		{ "g00dname.example", true },
		{ "www.goodnarne.example", true },
		{ "goodnam.example", true },
		{ "godoname.example", true },
		{ "badname.example", false },
		{ "goodname.invalid", true },
		{ "goodname.evil.invalid", true },
		{ "gooodname.invalid", false },           /* neither the same label nor the same parent */
		{ "goodname.example", false },            /* that is ours: another rule says so, or none */
		{ "www.goodname.example", false },
		{ "xn--gdname-jua74d.example", false },
		{ "xn--gdname-wqfa.example", true },      /* two Cyrillic letters */
	};
	static const struct { const char *raw; size_t n; bool matches; } address[] = {
		{ "\xc0\0\2\1", 4, true },
		{ "\xc0\0\3\1", 4, false },
		{ "\xc6\x33\x64\7", 4, true },
		{ "\xc6\x33\x64\6", 4, false },
		{ "\0\xff\xff\xff", 4, true },
		{ "\x20\1\x0d\xb8\x7f\xff\0\0\0\0\0\0\0\0\0\0", 16, true },
		{ "\x20\1\x0d\xb8\x80\0\0\0\0\0\0\0\0\0\0\0", 16, false },
		{ "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16, true },      /* ::ffff:192.0.2.1 */
		{ "\xc0\0\2", 3, false },
		{ "\xc0\0\2\1\xff\xff\xff\0", 8, false },
	};
	struct afd_ct_watch *w;

	(void)state;
	assert_int_equal(afd_ct_watch_new(rules, AFD_COUNT(rules), &w, NULL), 0);
	for (size_t i = 0; i < AFD_COUNT(row); i++)
		if (afd_ct_watch_matches(w, afd_slice_text(row[i].name)) != row[i].matches)
			fail_msg("\"%s\": expected %s", row[i].name, row[i].matches ? "a match" : "no match");
	for (size_t i = 0; i < AFD_COUNT(address); i++)
		if (afd_ct_watch_address(w, afd_slice(address[i].raw, address[i].n)) != address[i].matches)
			fail_msg("address %zu: expected %s", i, address[i].matches ? "a match" : "no match");
	for (size_t i = 0; i < AFD_COUNT(rules); i++)
		assert_true(afd_ct_watch_has(w, rules[i]));
	assert_false(afd_ct_watch_has(w, "=example.test"));
	assert_false(afd_ct_watch_has(w, "www.only.test"));
	assert_false(afd_ct_watch_has(w, "goodname.example"));
	assert_false(afd_ct_watch_has(w, "192.0.2.0/25"));
	assert_false(afd_ct_watch_has(w, "~example.test"));
	afd_ct_watch_free(w);
}

static void rules_have_one_form(void **state)
{
	static const struct { const char *text, *rule; } row[] = {
		{ "Example.Test.", "example.test" },
		{ "=WWW.x", "=www.x" },
		{ "~A.b", "~a.b" },
		{ "192.0.2.1/32", "192.0.2.1/32" },
		{ "192.0.2.1", "192.0.2.1" },             /* a name, if a strange one: ranges have a slash */
		{ "192.0.2.1.", "192.0.2.1" },
		{ "192.0.2.0/24", "192.0.2.0/24" },
		{ "2001:DB8:0:0::/32", "2001:db8::/32" },
		{ "::1/128", "::1/128" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "192.0.2.1/24", NULL },                 /* bits behind the prefix */
		{ "192.0.2.0/33", NULL },
		{ "192.0.2.0/", NULL },
		{ "192.0.2.0/024", NULL },
		{ "192.0.2.0/-1", NULL },
		{ "=192.0.2.0/24", NULL },
		{ "a/b", NULL },
		{ "", NULL },
		{ "=", NULL },
		{ "a b", NULL },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf b = { 0 };
		int rc = afd_ct_rule_canonical(afd_slice_text(row[i].text), &b, NULL);

		if ((rc == 0) != (row[i].rule != NULL) || (rc == 0 && strcmp((char *)b.data, row[i].rule) != 0))
			fail_msg("\"%s\": got %s", row[i].text, rc == 0 ? (char *)b.data : "a refusal");
	}
}

/* Names of no host are compared with few of the names that end alike, however many there are. */
static void odd_names_cost_no_more_with_many_rules(void **state)
{
	enum { N = 20000, ASKED = 20000 };
	char **name = calloc(N, sizeof(*name));
	struct afd_ct_watch *w;
	unsigned hits = 0;

	(void)state;
	for (size_t i = 0; i < N; i++)
		name[i] = afd_sprintf("n%zu.%s", i, i % 2 ? "a.example" : "b.example");
	assert_int_equal(afd_ct_watch_new((const char *const *)name, N, &w, NULL), 0);
	for (size_t i = 0; i < ASKED; i++)
		hits += afd_ct_watch_matches(w, afd_slice_text(i % 2 ? "w\xff.other.example" : "\xff.n3.other.example"));
	assert_int_equal(hits, 0);
	assert_true(afd_ct_watch_matches(w, afd_slice_text("n77777\xff.a.example")));
	assert_true(afd_ct_watch_matches(w, afd_slice_text("\xff.n1.a.example")));
	/* an odd label above many names may mean any of them */
	assert_true(afd_ct_watch_matches(w, afd_slice_text("x.y.\xff.example")));
	afd_ct_watch_free(w);
	for (size_t i = 0; i < N; i++)
		free(name[i]);
	free(name);
}

/* --- texts --- */

static void names_become_text(void **state)
{
	static const struct { enum afd_ct_name_kind kind; uint8_t tag; const char *raw; size_t n; const char *text; } row[] = {
		{ AFD_CT_DNS, 0x16, "WWW.Example.Test", 16, "www.example.test" },
		{ AFD_CT_DNS, 0x16, "www.example.test.", 17, "www.example.test" },
		{ AFD_CT_DNS, 0x16, "*.example.test", 14, "*.example.test" },
		{ AFD_CT_DNS, 0x16, "a\0b.test", 8, "a\\000b.test" },
		{ AFD_CT_DNS, 0x16, "a b.test", 8, "a\\032b.test" },
		{ AFD_CT_DNS, 0x16, "a\\.b.test", 9, "a\\092.b.test" },
		{ AFD_CT_DNS, 0x16, "b\xc3\xbc" "cher.test", 12, "b\\195\\188cher.test" },
		{ AFD_CT_DNS, 0x16, "A..test", 7, "a..test" },
		{ AFD_CT_DNS, 0x16, "\n", 1, "\\010" },
		{ AFD_CT_CN, 0x1e, "\0A\0.\0t", 6, "a.t" },
		{ AFD_CT_CN, 0x14, "\xfc.t", 3, "\\195\\188.t" },
		{ AFD_CT_IP, 0x04, "\xc0\0\2\1", 4, "192.0.2.1" },
		{ AFD_CT_IP, 0x04, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16, "2001:db8::1" },
		{ AFD_CT_IP, 0x04, "\1\2\3", 3, "\\001\\002\\003" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf b = { 0 };

		assert_int_equal(afd_ct_name_text(row[i].kind, row[i].tag, afd_slice(row[i].raw, row[i].n), &b), 0);
		assert_string_equal((char *)b.data, row[i].text);
	}
}

static void put_rdn(struct afd_buf *b, const char *oid, uint8_t tag, const char *value)
{
	size_t o = strlen(oid), v = strlen(value);

	afd_buf_printf(b, "\x31%c\x30%c\x06%c%s%c%c%s", (int)(o + v + 6), (int)(o + v + 4), (int)o, oid, tag, (int)v, value);
}

static void distinguished_names_in_one_line(void **state)
{
	AFD_AUTO(buf) struct afd_buf in = { 0 }, der = { 0 }, text = { 0 };

	(void)state;
	put_rdn(&in, "\x55\x04\x06", 0x13, "DE");
	put_rdn(&in, "\x55\x04\x0a", 0x0c, "a,b+c\"d\\e<f>g;h=i");
	put_rdn(&in, "\x55\x04\x0b", 0x0c, " #x\x01" "b\xc3\xbc ");
	put_rdn(&in, "\x55\x04\x03", 0x0c, "#1");
	put_rdn(&in, "\x2a\x03\x81\x01", 0x0c, "hi");
	afd_buf_u8(&der, 0x30);
	afd_buf_u8(&der, (uint8_t)in.len);
	afd_buf_add_slice(&der, afd_buf_slice(&in));
	assert_int_equal(afd_ct_dn_text(afd_buf_slice(&der), &text, NULL), 0);
	assert_string_equal((char *)text.data, "1.2.3.129=#0C026869,CN=\\#1,OU=\\ #x\\01b\\C3\\BC\\ ,O=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h=i,C=DE");
}

/* --- against OpenSSL --- */

static int add_name(void *p, enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw)
{
	struct afd_buf *b = p;

	(void)tag;
	if (kind == AFD_CT_CN)
		return 0;
	afd_buf_text(b, kind == AFD_CT_DNS ? "dns:" : "ip:");
	for (size_t i = 0; i < raw.len; i++)
		afd_buf_printf(b, "%02x", raw.data[i]);
	afd_buf_u8(b, '\n');
	return 0;
}

static void openssl_names(X509 *x, struct afd_buf *ret)
{
	for (int at = -1; (at = X509_get_ext_by_NID(x, NID_subject_alt_name, at)) >= 0;) {
		GENERAL_NAMES *names = X509V3_EXT_d2i(X509_get_ext(x, at));

		for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
			GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
			ASN1_STRING *s = g->type == GEN_DNS ? g->d.dNSName : g->type == GEN_IPADD ? g->d.iPAddress : NULL;

			if (s)
				add_name(ret, g->type == GEN_DNS ? AFD_CT_DNS : AFD_CT_IP, 0, afd_slice(ASN1_STRING_get0_data(s), ASN1_STRING_length(s)));
		}
		GENERAL_NAMES_free(names);
	}
	afd_buf_text(ret, "");
}

static int64_t openssl_time(const ASN1_TIME *t)
{
	int day, sec;
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	bool ok = ASN1_TIME_diff(&day, &sec, epoch, t) == 1;

	ASN1_TIME_free(epoch);
	return ok ? ((int64_t)day * 86400 + sec) * 1000 : AFD_TIME_NONE;
}

/* One certificate through both readers. */
static void compare(const char *path, struct afd_slice der)
{
	AFD_AUTO(buf) struct afd_buf ours = { 0 }, theirs = { 0 }, dn = { 0 };
	const uint8_t *p = der.data;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);
	struct afd_error err = { 0 };
	struct afd_ct_cert c;
	int64_t t;
	unsigned char *spki = NULL;
	int n;
	BIGNUM *serial;
	BIO *bio = BIO_new(BIO_s_mem());
	char *line;

	assert_non_null(x);
	if (afd_ct_cert_walk(der, false, &c, &err) < 0)
		fail_msg("%s: OpenSSL reads it, we do not: %s", path, err.text);
	if (afd_ct_names(&c, add_name, &ours, &err) != 0)
		fail_msg("%s: names: %s", path, err.text);
	afd_buf_text(&ours, "");
	openssl_names(x, &theirs);
	assert_string_equal((char *)ours.data, (char *)theirs.data);

	serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	if (!BN_is_negative(serial)) {
		uint8_t bytes[64] = { 0 };
		struct afd_slice s = c.serial;

		while (s.len > 1 && s.data[0] == 0)
			s = afd_slice_sub(s, 1, s.len - 1);
		assert_int_equal(BN_bn2bin(serial, bytes), BN_is_zero(serial) ? 0 : (int)s.len);
		assert_memory_equal(bytes, s.data, s.len);
	}
	BN_free(serial);

	assert_true(afd_der_time(&c.not_before, &t));
	assert_int_equal(t, openssl_time(X509_get0_notBefore(x)));
	assert_true(afd_der_time(&c.not_after, &t));
	assert_int_equal(t, openssl_time(X509_get0_notAfter(x)));

	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	assert_int_equal(n, (int)c.spki.len);
	assert_memory_equal(spki, c.spki.data, c.spki.len);
	OPENSSL_free(spki);

	X509_NAME_print_ex(bio, X509_get_issuer_name(x), 0, XN_FLAG_RFC2253);
	BIO_write(bio, "", 1);
	BIO_get_mem_data(bio, &line);
	assert_int_equal(afd_ct_dn_text(c.issuer, &dn, NULL), 0);
	afd_buf_text(&dn, "");
	assert_string_equal((char *)dn.data, line);
	BIO_free(bio);
	X509_free(x);
}

static void certificates_read_as_openssl_reads_them(void **state)
{
	static const char *const folder[] = { "certs-azul", "certs-ctgo", "certs-zlint" };
	unsigned n = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(folder); i++) {
		AFD_AUTO(mem) char *sources = sample_path("SOURCES.md"), *path = NULL;
		DIR *d;

		if (!sources)
			skip();
		*strrchr(sources, '/') = 0;
		path = afd_sprintf("%s/%s", sources, folder[i]);
		d = opendir(path);
		assert_non_null(d);
		for (struct dirent *e; (e = readdir(d));) {
			AFD_AUTO(mem) char *file = afd_sprintf("%s/%s", path, e->d_name);
			FILE *f = e->d_name[0] == '.' ? NULL : fopen(file, "rb");
			X509 *x;

			for (; f && (x = PEM_read_X509(f, NULL, NULL, NULL)); X509_free(x)) {
				unsigned char *der = NULL;
				int len = i2d_X509(x, &der);
				int64_t t = openssl_time(X509_get0_notAfter(x));

				if (t == AFD_TIME_NONE)
					refused++;
				else
					compare(file, afd_slice(der, (size_t)len));
				n++;
				OPENSSL_free(der);
			}
			if (f)
				fclose(f);
		}
		closedir(d);
	}
	print_message("# %u certificates, %u with times that nobody reads\n", n, refused);
	assert_true(n > 60);
}

/* --- precertificate and certificate --- */

static void stripped_certificate_is_the_golden_tbs(void **state)
{
	AFD_AUTO(buf) struct afd_buf golden = { 0 }, out = { 0 };
	AFD_AUTO(mem) char *pem = sample_path("certs-azul/cloudflare.pem");
	struct afd_ct_cert c;
	FILE *f = pem ? fopen(pem, "rb") : NULL;
	X509 *x;
	unsigned char *der = NULL;
	int n;

	(void)state;
	if (!f || !sample("certs-azul/cloudflare-tbs-without-sct.der", &golden)) {
		if (f)
			fclose(f);
		skip();
	}
	x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	n = i2d_X509(x, &der);
	assert_int_equal(afd_ct_cert_walk(afd_slice(der, (size_t)n), false, &c, NULL), 0);
	assert_int_equal(afd_ct_tbs_stripped(&c, &out, NULL), 0);
	assert_int_equal(out.len, golden.len);
	assert_memory_equal(out.data, golden.data, out.len);
	/* and what is stripped stays as it is */
	assert_int_equal(afd_ct_cert_walk(afd_buf_slice(&golden), true, &c, NULL), 0);
	out.len = 0;
	assert_int_equal(afd_ct_tbs_stripped(&c, &out, NULL), 0);
	assert_memory_equal(out.data, golden.data, golden.len);
	OPENSSL_free(der);
	X509_free(x);
}

/* --- leaves --- */

static void leaves_of_a_real_log_hash_to_its_tiles(void **state)
{
	static const struct { const char *data, *hash; uint64_t first; unsigned width; } row[] = {
		{ "static-navigli2025h2/tile/data/000", "static-navigli2025h2/tile/0/000", 0, 256 },
		{ "static-navigli2025h2/tile/data/001", "static-navigli2025h2/tile/0/001", 256, 256 },
		{ "static-navigli2025h2/tile/data/003.p/10", "static-navigli2025h2/tile/0/003", 768, 10 },
	};
	struct afd_sha256_ctx *sha = afd_sha256_new();

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(buf) struct afd_buf data = { 0 }, hash = { 0 };
		struct afd_error err = { 0 };
		struct afd_ct_leaf leaf[256], again;
		struct afd_digest want[256], got;
		unsigned names = 0;

		if (!sample(row[i].data, &data) || !sample(row[i].hash, &hash)) {
			afd_sha256_free(sha);
			skip();
		}
		if (afd_tile_leaves(afd_buf_slice(&data), row[i].width, true, leaf, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(afd_tile_hashes(afd_buf_slice(&hash), row[i].width, row[i].width == 256, want, NULL), 0);
		for (unsigned k = 0; k < row[i].width; k++) {
			AFD_AUTO(buf) struct afd_buf input = { 0 }, tbs = { 0 };
			struct afd_ct_cert c;

			afd_ct_leaf_hash(sha, &leaf[k], &got);
			assert_true(afd_digest_equal(&got, &want[k]));
			assert_true(leaf[k].precert && leaf[k].has_index);
			assert_int_equal(leaf[k].index, row[i].first + k);
			afd_buf_u16(&input, 0);
			afd_buf_add_slice(&input, leaf[k].timestamped);
			assert_int_equal(afd_ct_merkle_leaf(afd_buf_slice(&input), &again, &err), 0);
			assert_int_equal(afd_ct_leaf_extra(leaf[k].extra, &again, &err), 0);
			assert_int_equal(again.index, leaf[k].index);
			/* what the CA submitted, without its poison, is what the log hashed */
			assert_int_equal(afd_ct_cert_walk(leaf[k].precertificate, false, &c, &err), 0);
			assert_int_equal(afd_ct_tbs_stripped(&c, &tbs, &err), 0);
			assert_true(afd_slice_equal(afd_buf_slice(&tbs), leaf[k].certificate));
			assert_int_equal(afd_ct_leaf_cert(&leaf[k], &c, &err), 0);
			tbs.len = 0;
			assert_int_equal(afd_ct_names(&c, add_name, &tbs, &err), 0);
			names += tbs.len > 0;
		}
		assert_int_equal(names, row[i].width);
	}
	afd_sha256_free(sha);
}

#define BYTES(s) s, sizeof(s) - 1
#define LEAF "\0\0"                      /* version, leaf type */
#define TIME "\0\0\0\0\0\0\0\1"
#define X509_ "\0\0"                     /* entry type */
#define CERT "\0\0\3abc"

static void broken_leaves_are_refused(void **state)
{
	static const struct { const char *bytes; size_t n; const char *why; } row[] = {
		{ BYTES(LEAF TIME X509_ CERT "\0\0"), NULL },
		{ BYTES(LEAF TIME X509_ CERT "\0\10" "\0\0\5\0\0\0\0\7"), NULL },
		{ BYTES(LEAF TIME X509_ CERT "\0\14" "\11\0\1x" "\0\0\5\0\0\0\0\7"), NULL },      /* an unknown one is skipped */
		{ BYTES(LEAF TIME X509_ CERT "\0"), "cut short" },
		{ BYTES(LEAF TIME X509_ "\0\0\4abc\0"), "cut short" },
		{ BYTES(LEAF TIME X509_ CERT "\0\0!"), "too many" },
		{ BYTES(LEAF TIME "\0\2" CERT "\0\0"), "entry type" },
		{ BYTES(LEAF TIME "\0\1" CERT "\0\0"), "cut short" },                             /* precert without key hash */
		{ BYTES("\1\0" TIME X509_ CERT "\0\0"), "version" },
		{ BYTES("\0\1" TIME X509_ CERT "\0\0"), "version" },
		{ BYTES(LEAF "\377\0\0\0\0\0\0\1" X509_ CERT "\0\0"), "timestamp" },
		{ BYTES(LEAF TIME X509_ CERT "\0\7" "\0\0\4\0\0\0\7"), "leaf_index" },
		{ BYTES(LEAF TIME X509_ CERT "\0\20" "\0\0\5\0\0\0\0\7" "\0\0\5\0\0\0\0\7"), "twice" },
		{ BYTES(LEAF TIME X509_ CERT "\0\3" "\0\0\5"), "cut short" },
		{ BYTES(""), "version" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		struct afd_error err = { 0 };
		struct afd_ct_leaf leaf;
		int rc = afd_ct_merkle_leaf(afd_slice(row[i].bytes, row[i].n), &leaf, &err);

		if ((rc == 0) != (row[i].why == NULL) || (row[i].why && !strstr(err.text, row[i].why)))
			fail_msg("row %zu: expected %s, got %s", i, row[i].why ? row[i].why : "a leaf", err.text);
		if (rc == 0)
			assert_int_equal(leaf.certificate.len, 3);
		assert_int_equal(leaf.has_index, i == 1 || i == 2 || i == 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_match_by_suffix_at_a_label),
		cmocka_unit_test(no_names_match_nothing),
		cmocka_unit_test(many_names_all_found),
		cmocka_unit_test(rules_say_what_is_meant),
		cmocka_unit_test(rules_have_one_form),
		cmocka_unit_test(odd_names_cost_no_more_with_many_rules),
		cmocka_unit_test(names_become_text),
		cmocka_unit_test(distinguished_names_in_one_line),
		cmocka_unit_test(certificates_read_as_openssl_reads_them),
		cmocka_unit_test(stripped_certificate_is_the_golden_tbs),
		cmocka_unit_test(leaves_of_a_real_log_hash_to_its_tiles),
		cmocka_unit_test(broken_leaves_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
