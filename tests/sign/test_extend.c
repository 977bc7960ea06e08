/* Time in PDF files: B-T, B-LT in one signed revision or behind it, B-LTA, and what nobody may append. The last tables are
 * the hardest case: somebody who gets honest tokens of an honest authority over a dishonest revision. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "core/when.h"
#include "authority.h"

static struct made root, leaf;
static struct afd_signer *signer;
static struct authority tsa, stranger;
static struct afd_buf plain, cert_der, tsa_der, crl, tsa_crl, later_crl, revoked_crl;
static struct afd_buf bt, blt, blta, twice;      /* the levels, and B-LTA extended again */
static struct afd_buf data, repeated;            /* validation data alone behind B-T, and behind B-LT */
static const struct afd_stamper stamper = { authority_stamp, &tsa };

static struct afd_validation data_of(struct afd_slice cert[2], struct afd_slice crls[2], const struct afd_buf *crl_a)
{
	cert[0] = afd_buf_slice(&cert_der);
	cert[1] = afd_buf_slice(&tsa_der);
	crls[0] = afd_buf_slice(crl_a);
	crls[1] = afd_buf_slice(&tsa_crl);
	return (struct afd_validation){ .cert = cert, .n_cert = 2, .crl = crls, .n_crl = 2 };
}

static void extend(const struct afd_buf *from, const struct afd_buf *crl_a, int64_t at_ms, struct afd_buf *ret)
{
	struct afd_slice cert[2], crls[2];
	struct afd_validation v = { 0 };
	struct afd_error err = { 0 };

	if (crl_a)
		v = data_of(cert, crls, crl_a);
	tsa.time_ms = at_ms;
	if (afd_pades_extend(afd_buf_slice(from), &stamper, crl_a ? &v : NULL, ret, &err) < 0)
		fail_msg("%s", err.text);
}

static int add_data(const struct afd_buf *from, const struct afd_buf *crl_a, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_slice cert[2], crls[2];
	struct afd_validation v = { 0 };

	if (crl_a)
		v = data_of(cert, crls, crl_a);
	return afd_pades_extend(afd_buf_slice(from), NULL, crl_a ? &v : NULL, ret, err);
}

static int make_all(void **state)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 };
	struct afd_slice cert[2], crls[2];
	struct afd_validation v;
	struct afd_error err = { 0 };

	(void)state;
	root = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true, .key_usage = "critical,keyCertSign,cRLSign",
	                                        .to_ms = NOW + 3650 * AFD_DAY }, NULL);
	leaf = make_cert(&(struct wanted_cert){ .cn = "Leaf" }, &root);
	made_pem(leaf.key, NULL, &leaf.cert, 1, &pem);
	authority_make(&tsa, "Time Root", NOW + AFD_MINUTE);
	authority_make(&stranger, "Foreign Root", NOW + AFD_MINUTE);
	made_der(leaf.cert, &cert_der);
	made_der(tsa.leaf.cert, &tsa_der);
	made_crl(&root, NOW - AFD_HOUR, NULL, &crl);
	made_crl(&tsa.root, NOW - AFD_HOUR, NULL, &tsa_crl);
	made_crl(&root, NOW + 30 * AFD_DAY, NULL, &later_crl);
	made_crl(&root, NOW - AFD_HOUR, leaf.cert, &revoked_crl);
	sample_pdf(SAMPLE_REPORT, &plain);
	v = data_of(cert, crls, &crl);
	if (afd_signer_read(afd_buf_slice(&pem), afd_slice(NULL, 0), &signer, &err) < 0 ||
	    afd_pades_sign(signer, afd_buf_slice(&plain), &(struct afd_pades_options){ .now_ms = NOW, .reason = "Report", .stamper = &stamper }, &bt, &err) < 0 ||
	    afd_pades_sign(signer, afd_buf_slice(&plain), &(struct afd_pades_options){ .now_ms = NOW, .stamper = &stamper, .validation = &v }, &blt, &err) < 0)
		fail_msg("%s", err.text);
	extend(&bt, &crl, NOW + 2 * AFD_DAY, &blta);
	extend(&blta, &later_crl, NOW + 31 * AFD_DAY, &twice);
	if (add_data(&bt, &crl, &data, &err) < 0 || add_data(&blt, &crl, &repeated, &err) < 0)
		fail_msg("%s", err.text);
	return 0;
}

static int free_all(void **state)
{
	struct afd_buf *const all[] = { &plain, &cert_der, &tsa_der, &crl, &tsa_crl, &later_crl, &revoked_crl, &bt, &blt, &blta, &twice, &data,
					 &repeated };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		afd_buf_release(all[i]);
	afd_signer_release(&signer);
	made_free(&root);
	made_free(&leaf);
	authority_free(&tsa);
	authority_free(&stranger);
	return 0;
}

struct look { const struct made *stamp_root; bool no_stamp_root; int64_t at_ms; };

static int verify(const struct afd_buf *pdf, const struct look *l, struct afd_signature_report *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 }, stamp_pem = { 0 };
	struct afd_slice roots, stamp_roots;
	struct afd_trust t = { .pem = &roots, .n = 1, .stamp_pem = &stamp_roots, .n_stamp = l->no_stamp_root ? 0 : 1,
			       .at_ms = l->at_ms ? l->at_ms : NOW + AFD_HOUR };
	size_t len = 0;
	int r;

	made_pem(NULL, NULL, &root.cert, 1, &pem);
	made_pem(NULL, NULL, l->stamp_root ? &l->stamp_root->cert : &tsa.root.cert, 1, &stamp_pem);
	roots = afd_buf_slice(&pem);
	stamp_roots = afd_buf_slice(&stamp_pem);
	r = afd_pades_verify(afd_buf_slice(pdf), &t, &len, ret, err);
	if (r == 0)
		assert_int_equal(len, plain.len);
	return r;
}

static void expect(const char *what, const struct afd_buf *pdf, const struct look *l, const char *why)
{
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	struct afd_error err = { 0 };
	int got = verify(pdf, l, &r, &err);

	if ((got == 0) != (why == NULL) || (why && !strstr(err.text, why)))
		fail_msg("%s: expected \"%s\", got \"%s\"", what, why ? why : "accepted", got == 0 ? "accepted" : err.text);
}

static void copy(struct afd_buf *to, const struct afd_buf *from)
{
	assert_int_equal(afd_buf_add_slice(to, afd_buf_slice(from)), 0);
}

/* --- what holds --- */

static void every_level(void **state)
{
	const int64_t none = AFD_TIME_NONE, stamped = NOW + AFD_MINUTE;
	AFD_AUTO(buf) struct afd_buf after = { 0 }, behind = { 0 };
	const struct { const char *what; const struct afd_buf *pdf; int64_t stamped_ms; unsigned extensions; int64_t extended_ms;
		       enum afd_revocation revocation; } rows[] = {
		{ "B-T", &bt, stamped, 0, none, AFD_REVOCATION_UNKNOWN },
		{ "B-LT", &blt, stamped, 0, none, AFD_REVOCATION_GOOD },
		{ "B-LTA", &blta, stamped, 1, NOW + 2 * AFD_DAY, AFD_REVOCATION_GOOD },
		{ "B-LTA again", &twice, stamped, 2, NOW + 31 * AFD_DAY, AFD_REVOCATION_GOOD },
		{ "data behind B-T", &data, stamped, 0, none, AFD_REVOCATION_GOOD },
		{ "data behind B-LT", &repeated, stamped, 0, none, AFD_REVOCATION_GOOD },
		{ "data, then B-LTA", &after, stamped, 1, NOW + 2 * AFD_DAY, AFD_REVOCATION_GOOD },
		{ "B-LTA, then data", &behind, stamped, 1, NOW + 2 * AFD_DAY, AFD_REVOCATION_GOOD },
	};

	(void)state;
	extend(&data, NULL, NOW + 2 * AFD_DAY, &after);
	assert_int_equal(add_data(&blta, &later_crl, &behind, NULL), 0);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
		struct afd_error err = { 0 };

		if (verify(rows[i].pdf, &(struct look){ 0 }, &r, &err) < 0)
			fail_msg("%s: %s", rows[i].what, err.text);
		assert_int_equal(r.stamped_ms, rows[i].stamped_ms);
		assert_int_equal(r.extensions, rows[i].extensions);
		assert_int_equal(r.extended_ms, rows[i].extended_ms);
		assert_int_equal(r.revocation, rows[i].revocation);
		assert_int_equal(r.claimed_ms, NOW);
		assert_null(r.stamp_doubt);
	}
}

static void the_signature_stays_as_it_is(void **state)
{
	(void)state;
	assert_memory_equal(blta.data, bt.data, bt.len);
	assert_memory_equal(twice.data, blta.data, blta.len);
	assert_memory_equal(data.data, bt.data, bt.len);
	assert_memory_equal(repeated.data, blt.data, blt.len);
}

/* Years later, with the signer's certificate expired: the tokens carry it. */
static void long_afterwards(void **state)
{
	const int64_t late = NOW + 700 * AFD_DAY;
	AFD_AUTO(buf) struct afd_buf bb = { 0 };

	(void)state;
	assert_int_equal(afd_pades_sign(signer, afd_buf_slice(&plain), &(struct afd_pades_options){ .now_ms = NOW }, &bb, NULL), 0);
	expect("B-B", &bb, &(struct look){ .at_ms = late }, "has expired");
	expect("B-T", &bt, &(struct look){ .at_ms = late }, NULL);
	expect("B-LT", &blt, &(struct look){ .at_ms = late }, NULL);
	expect("B-LTA", &twice, &(struct look){ .at_ms = late }, NULL);
	expect("B-T, but nobody knows the authority", &bt, &(struct look){ .at_ms = late, .no_stamp_root = true }, "has expired");
}

static void an_unknown_authority(void **state)
{
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(verify(&blta, &(struct look){ .no_stamp_root = true }, &r, &err), 0);
	assert_non_null(r.stamp_doubt);
	assert_int_equal(r.stamped_ms, AFD_TIME_NONE);
	assert_int_equal(r.extensions, 1);
	assert_int_equal(r.extended_ms, AFD_TIME_NONE);
}

static void data_stands_there_once(void **state)
{
	AFD_AUTO(buf) struct afd_buf same = { 0 }, nothing = { 0 };
	size_t grown = blta.len - bt.len;

	(void)state;
	extend(&blta, &crl, NOW + 3 * AFD_DAY, &same);
	expect("the same data again", &same, &(struct look){ 0 }, NULL);
	assert_true(same.len - blta.len + cert_der.len < grown);
	extend(&bt, NULL, NOW + 3 * AFD_DAY, &nothing);
	expect("no data", &nothing, &(struct look){ 0 }, NULL);
	assert_null(memmem(nothing.data, nothing.len, "/DSS", 4));
}

static size_t count(const struct afd_buf *b, size_t from, struct afd_slice what)
{
	size_t n = 0;

	for (size_t i = from; i + what.len <= b->len; i++)
		n += memcmp(b->data + i, what.data, what.len) == 0;
	return n;
}

/* Readers that look behind the signature alone find a dictionary there: the EU's DSS. */
static void certificates_are_repeated_once_behind_the_signature(void **state)
{
	static const struct { const char *what; const struct afd_buf *from; bool stamped, given; size_t certs; } rows[] = {
		{ "data behind B-LT", &blt, false, true, 1 },
		{ "data behind B-LT, none given", &blt, false, false, 1 },
		{ "B-LT to B-LTA", &blt, true, true, 1 },
		{ "B-LT to B-LTA, none given", &blt, true, false, 1 },
		{ "B-T to B-LTA, none given", &bt, true, false, 0 },
		{ "after data", &data, true, true, 0 },
		{ "after repeated data", &repeated, true, true, 0 },
		{ "after B-LTA", &blta, true, true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf out = { 0 };
		const struct afd_buf *given = rows[i].given ? &crl : NULL;

		if (rows[i].stamped)
			extend(rows[i].from, given, NOW + 3 * AFD_DAY, &out);
		else
			assert_int_equal(add_data(rows[i].from, given, &out, NULL), 0);
		if (count(&out, rows[i].from->len, afd_buf_slice(&cert_der)) != rows[i].certs)
			fail_msg("%s", rows[i].what);
		expect(rows[i].what, &out, &(struct look){ 0 }, NULL);
	}
}

static void no_data_to_add(void **state)
{
	static const struct { const char *what; const struct afd_buf *from, *crl; } rows[] = {
		{ "nothing for B-T", &bt, NULL },
		{ "nothing new after data", &data, &crl },
		{ "nothing new after repeated data", &repeated, &crl },
		{ "nothing new after B-LTA", &blta, &crl },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf out = { 0 };
		struct afd_error err = { 0 };

		if (add_data(rows[i].from, rows[i].crl, &out, &err) == 0 || err.code != AFD_E_USAGE || out.len)
			fail_msg("%s: %s", rows[i].what, err.text);
	}
}

static void revoked(void **state)
{
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	struct afd_slice cert[2], crls[2];
	struct afd_validation v = data_of(cert, crls, &revoked_crl);

	(void)state;
	tsa.time_ms = NOW + AFD_MINUTE;
	assert_int_equal(afd_pades_sign(signer, afd_buf_slice(&plain), &(struct afd_pades_options){ .now_ms = NOW, .stamper = &stamper, .validation = &v }, &out, NULL), 0);
	expect("a signer who was revoked before", &out, &(struct look){ 0 }, "revoked");
}

static void what_is_not_written(void **state)
{
	const struct afd_slice junk = afd_slice_text("not DER"), both[2] = { afd_buf_slice(&cert_der), junk };
	AFD_AUTO(buf) struct afd_buf trailing = { 0 }, out = { 0 };
	struct afd_slice long_one;
	const struct { const char *what; struct afd_validation v; const char *why; } rows[] = {
		{ "text", { .cert = &junk, .n_cert = 1 }, "not the DER of a certificate" },
		{ "text, second", { .cert = both, .n_cert = 2 }, "not the DER of a certificate" },
		{ "a certificate as list", { .crl = both, .n_crl = 1 }, "not the DER of a revocation list" },
		{ "a certificate as answer", { .ocsp = both, .n_ocsp = 1 }, "not the DER of an OCSP answer" },
		{ "a certificate and a byte", { .cert = &long_one, .n_cert = 1 }, "not the DER of a certificate" },
	};

	(void)state;
	copy(&trailing, &cert_der);
	assert_int_equal(afd_buf_u8(&trailing, 0), 0);
	long_one = afd_buf_slice(&trailing);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_error err = { 0 };

		assert_int_equal(afd_pades_sign(signer, afd_buf_slice(&plain), &(struct afd_pades_options){ .now_ms = NOW, .validation = &rows[i].v }, &out, &err), -1);
		assert_non_null(strstr(err.text, rows[i].why));
		assert_int_equal(afd_pades_extend(afd_buf_slice(&bt), &stamper, &rows[i].v, &out, &err), -1);
		assert_non_null(strstr(err.text, rows[i].why));
		assert_int_equal(out.len, 0);
	}
}

static int no_answer(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx;
	(void)imprint;
	(void)ret;
	return afd_fail(err, AFD_E_REMOTE, "no answer");
}

/* A token that does not fit into the usual room: asked for again, with more. */
static int wordy(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret, struct afd_error *err)
{
	unsigned *asked = ctx;

	(void)imprint;
	(void)err;
	++*asked;
	assert_int_equal(afd_buf_reserve(ret, 20000), 0);
	memset(ret->data + ret->len, 0x5a, 20000);
	memcpy(ret->data + ret->len, "\x30\x82\x4e\x1c", 4);      /* 4 + 19996 */
	ret->len += 20000;
	return 0;
}

static void extending_refuses(void **state)
{
	const struct afd_stamper dead = { no_answer, NULL };
	const struct { const char *what; struct afd_slice pdf; const struct afd_stamper *s; const char *why; } rows[] = {
		{ "an unsigned file", afd_buf_slice(&plain), &stamper, "is not signed" },
		{ "text", afd_slice_text("hello"), &stamper, "not a PDF" },
		{ "nobody stamps", afd_buf_slice(&bt), &dead, "no answer" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf out = { 0 };
		struct afd_error err = { 0 };

		if (afd_pades_extend(rows[i].pdf, rows[i].s, NULL, &out, &err) == 0 || !strstr(err.text, rows[i].why) || out.len)
			fail_msg("%s: %s", rows[i].what, err.text);
	}
}

static void a_long_token(void **state)
{
	unsigned asked = 0;
	const struct afd_stamper s = { wordy, &asked };
	AFD_AUTO(buf) struct afd_buf out = { 0 };

	(void)state;
	assert_int_equal(afd_pades_extend(afd_buf_slice(&bt), &s, NULL, &out, NULL), 0);
	assert_int_equal(asked, 2);
	assert_true(out.len > bt.len + 65536);
}

/* 34 revisions are enough for anybody; the next extension is refused, not written. */
static void not_without_end(void **state)
{
	AFD_AUTO(buf) struct afd_buf pdf = { 0 };
	struct afd_error err = { 0 };
	int i;

	(void)state;
	copy(&pdf, &bt);
	for (i = 0; i < 40; i++) {
		AFD_AUTO(buf) struct afd_buf next = { 0 };

		if (afd_pades_extend(afd_buf_slice(&pdf), &stamper, NULL, &next, &err) < 0)
			break;
		pdf.len = 0;
		copy(&pdf, &next);
	}
	assert_int_equal(i, 32);
	assert_non_null(strstr(err.text, "no more revisions"));
	expect("32 extensions", &pdf, &(struct look){ 0 }, NULL);
}

/* --- one byte, and ends --- */

static size_t find(const struct afd_buf *b, size_t from, const char *text)
{
	const uint8_t *at = memmem(b->data + from, b->len - from, text, strlen(text));

	if (!at)
		fail_msg("no \"%s\" in the file", text);
	return (size_t)(at - b->data);
}

struct range { size_t from, to; };

static void flip(const struct afd_buf *file, const struct range *skip, size_t n)
{
	AFD_AUTO(buf) struct afd_buf pdf = { 0 };

	copy(&pdf, file);
	for (size_t i = 0; i < pdf.len; i += i > bt.len && i < bt.len + 6000 ? 7 : 509) {
		AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
		bool said = true;

		for (size_t k = 0; k < n; k++)
			said = said && (i < skip[k].from || i >= skip[k].to);
		pdf.data[i] ^= 0x01;
		if (said && verify(&pdf, &(struct look){ 0 }, &r, NULL) == 0)
			fail_msg("byte %zu can change", i);
		pdf.data[i] ^= 0x01;
	}
}

/* But for what says nothing, and in which authorities differ: versions and names of digests in the frame of a token, the
 * name of its signature's algorithm, and a certificate in it that stands in the validation data as well. */
static void no_byte_can_change(void **state)
{
	AFD_AUTO(buf) struct afd_buf bare = { 0 };
	struct range skip[4];
	size_t gap, name, version, digest;

	(void)state;
	extend(&bt, NULL, NOW + 2 * AFD_DAY, &bare);
	gap = find(&bare, bt.len, "/Contents <") + 11;
	name = find(&bare, gap, "2a8648ce3d04030203") + 20;
	version = find(&bare, name, "020101301");            /* of the SignerInfo, before its issuer and serial number */
	name = find(&bare, name, "2a8648ce3d040302");
	skip[0] = (struct range){ gap + 2 * 25, gap + 2 * 43 };
	skip[1] = (struct range){ name, name + 16 };
	skip[2] = (struct range){ version, version + 6 };
	digest = find(&bare, version, "608648016503040201") - 8;
	skip[3] = (struct range){ digest, digest + 30 };
	flip(&bare, skip, 4);
	gap = find(&blta, bt.len, "/Contents <") + 11;
	skip[0] = (struct range){ gap, find(&blta, gap, ">") };
	flip(&blta, skip, 1);
	/* No time-stamp covers the signature's own string and the data: what they say is signed by others. */
	gap = find(&data, 0, "/Contents <") + 11;
	skip[0] = (struct range){ gap, find(&data, gap, ">") };
	skip[1] = (struct range){ find(&data, bt.len, "\nstream\n"), find(&data, bt.len, "/Type /DSS") };
	flip(&data, skip, 2);
}

static void where_it_may_end(void **state)
{
	(void)state;
	for (size_t len = bt.len - 50; len < blta.len; len += len > bt.len + 50 ? 509 : 1) {
		struct afd_buf pdf = { .data = blta.data, .len = len };

		expect("cut", &pdf, &(struct look){ 0 }, len == bt.len ? NULL : "PDF");
	}
}

/* --- forgeries behind the signature, honestly stamped --- */

static void put_token(struct afd_buf *b, struct afd_slice token)
{
	size_t at = find(b, bt.len, "/Contents <") + 11, end = find(b, at, ">");
	AFD_AUTO(mem) char *hex = malloc(2 * token.len + 1);

	assert_non_null(hex);
	assert_true(2 * token.len <= end - at);
	afd_hex(token, hex);
	memset(b->data + at, '0', end - at);
	memcpy(b->data + at, hex, 2 * token.len);
}

/* A new token over what the last revision holds now. */
static void stamp_again(struct afd_buf *b, struct authority *by)
{
	size_t at = find(b, bt.len, "/Contents <") + 10, end = find(b, at, ">") + 1;
	const struct afd_slice content[2] = { afd_slice(b->data, at), afd_slice(b->data + end, b->len - end) };
	AFD_AUTO(buf) struct afd_buf token = { 0 };
	struct afd_digest imprint;

	afd_sha256_parts(content, 2, &imprint);
	by->time_ms = NOW + 2 * AFD_DAY;
	assert_int_equal(authority_stamp(by, &imprint, &token, NULL), 0);
	put_token(b, afd_buf_slice(&token));
}

static void in_place(void **state)
{
	static const struct { const char *from, *to, *why; } rows[] = {
		{ "/SigFlags 3", "/SigFlags 3", NULL },         /* nothing changed, stamped again: holds */
		{ "/SigFlags 3", "/SigFlags 1", "more than a time-stamp does: form" },
		{ "/Fields [ 23 0 R 27 0 R ]", "/Fields [ 27 0 R 23 0 R ]", "is not a time-stamp dictionary" },
		{ "/Fields [ 23 0 R 27 0 R ]", "/Fields [ 27 0 R        ]", "expected 2 form fields" },
		{ "/Fields [ 23 0 R 27 0 R ]", "/Fields [ 24 0 R 27 0 R ]", "more than a time-stamp does: form" },
		{ "/Fields [ 23 0 R 27 0 R ]", "/Fields [ 23 0 R 23 0 R ]", "is not a time-stamp dictionary" },
		{ "/Type /DSS", "/Type /DSX", "more than a time-stamp does: validation data" },
		{ "/Certs [ 30 0 R", "/Certs [  5 0 R", "is not a plain stream" },
		{ "/Certs [ 30 0 R", "/Certs [ 32 0 R", "not the DER of a certificate" },
		{ "/Certs [ 30 0 R 31 0 R", "/Certs [ 31 0 R 30 0 R", "time-stamped revision changes more" },
		{ "/CRLs [", "/VRI  [", "" },
		{ "/DSS 29 0 R", "/DSS 30 0 R", "/DSS is a stream" },
		{ "/Pages 2 0 R", "/Pages 6 0 R", "" },
		{ "/T (Time-stamp 1)", "/T (Time-stamp 2)", "more than a time-stamp does: time-stamp field" },
		{ "/Rect [ 0 0 0 0 ]", "/Rect [ 0 0 9 9 ]", "more than a time-stamp does: time-stamp field" },
		{ "/DocTimeStamp", "/DocTimeStomp", "not a time-stamp dictionary" },
		{ "/ETSI.RFC3161", "/ETSI.RFC3162", "the time-stamp is not PAdES" },
		{ "/ByteRange [0 ", "/ByteRange [1 ", "does not begin at the start" },
		{ "/ByteRange", "/ByteRangf", "has no /ByteRange" },
		{ "/Info 3 0 R", "/Info 4 0 R", "cross-reference table and trailer" },
		{ "/Prev ", "/Prew ", "the trailer has the key /Prew" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf pdf = { 0 };
		char what[160];

		copy(&pdf, &blta);
		memcpy(pdf.data + find(&pdf, bt.len, rows[i].from), rows[i].to, strlen(rows[i].to));
		stamp_again(&pdf, &tsa);
		snprintf(what, sizeof(what), "%s -> %s", rows[i].from, rows[i].to);
		expect(what, &pdf, &(struct look){ 0 }, rows[i].why);
	}
}

/* Validation data alone are under no time-stamp, so nobody is needed to forge: all the more must nothing else fit in. */
static void in_place_of_data(void **state)
{
	static const struct { const char *from, *to, *why; } rows[] = {
		{ "/Type /DSS", "/Type /DSS", NULL },
		{ "/Type /DSS", "/Type /DSX", "more than a set of validation data does: validation data" },
		{ "/Certs [ 28 0 R", "/Certs [  5 0 R", "is not a plain stream" },
		{ "/Certs [ 28 0 R 29 0 R ]", "/Certs [ 29 0 R 28 0 R ]", "more than a set of validation data does: certificate" },
		{ "/Certs [ 28 0 R 29 0 R ]", "/Certs [ 28 0 R        ]", "longer or shorter" },
		{ "/Certs [ 28 0 R 29 0 R ]\n/CRLs [ 30 0 R 31 0 R ]", "/Certs [               ]\n/CRLs [               ]",
		  "brings neither a time-stamp nor validation data" },
		{ "/DSS 27 0 R", "/DSS 28 0 R", "/DSS is a stream" },
		{ "/DSS 27 0 R", "/DSX 27 0 R", "brings neither a time-stamp nor validation data" },
		{ "/Pages 2 0 R", "/Pages 6 0 R", "more than a set of validation data does: catalog" },
		{ "/AcroForm 26", "/AcroForm 27", "/Fields of the form is missing" },
		{ "/AcroForm 26", "/AcroForm 24", "more than a set of validation data does: catalog" },
		{ "/AcroForm 26", "/AcroFoam 26", "/AcroForm of the catalog is missing" },
		{ "/Perms <<", "/Legal <<", "more than a set of validation data does: catalog" },
		{ "/Info 3 0 R", "/Info 4 0 R", "cross-reference table and trailer" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf pdf = { 0 };
		char what[160];

		copy(&pdf, &data);
		memcpy(pdf.data + find(&pdf, bt.len, rows[i].from), rows[i].to, strlen(rows[i].to));
		snprintf(what, sizeof(what), "%s -> %s", rows[i].from, rows[i].to);
		expect(what, &pdf, &(struct look){ 0 }, rows[i].why);
	}
}

/* Puts TEXT before the table of the last revision, with every offset right; ENTRY goes into the table. */
static void insert(struct afd_buf *b, const char *text, const char *entry)
{
	AFD_AUTO(buf) struct afd_buf old = { 0 };
	size_t xref, trailer, start, at, range, end;
	char four[64];

	copy(&old, b);
	start = find(b, b->len - 40, "startxref\n");
	xref = (size_t)strtoull((const char *)b->data + start + 10, NULL, 10);
	trailer = find(b, xref, "trailer");
	b->len = xref;
	assert_int_equal(afd_buf_text(b, text), 0);
	assert_int_equal(afd_buf_add(b, old.data + xref, trailer - xref), 0);
	if (*entry)
		assert_int_equal(afd_buf_printf(b, "%s\n%010zu 00000 n\r\n", entry, xref), 0);
	assert_int_equal(afd_buf_add(b, old.data + trailer, start - trailer), 0);
	assert_int_equal(afd_buf_printf(b, "startxref\n%zu\n%%%%EOF\n", xref + strlen(text)), 0);
	if (!memmem(b->data + bt.len, b->len - bt.len, "/ByteRange [", 12))
		return;
	range = find(b, bt.len, "/ByteRange [") + 12;
	at = find(b, range, "<");
	end = find(b, at, ">") + 1;
	snprintf(four, sizeof(four), "0 %zu %zu %zu", at, end, b->len - end);
	memset(b->data + range, ' ', 40);
	memcpy(b->data + range, four, strlen(four));
}

static void longer(void **state)
{
	static const struct { const char *what, *text, *entry, *why; } rows[] = {
		{ "nothing", "", "", NULL },
		{ "the page content", "5 0 obj\n<<\n/Length 0\n>>\nstream\n\nendstream\nendobj\n", "5 1", "longer or shorter than a time-stamp makes it" },
		{ "the page", "4 0 obj\n<< /Type /Page >>\nendobj\n", "4 1", "longer or shorter than a time-stamp makes it" },
		{ "an annotation", "99 0 obj\n<< /Type /Annot /Subtype /Stamp >>\nendobj\n", "99 1", "longer or shorter than a time-stamp makes it" },
		{ "free text", "99 0 obj\n<< /Subtype /FreeText >>\nendobj\n", "99 1", "an annotation with its own text" },
		{ "an action", "99 0 obj\n<< /S /JavaScript /JS (x) >>\nendobj\n", "99 1", "JavaScript" },
		{ "the signature dictionary", "25 0 obj\n<< /Type /Sig >>\nendobj\n", "25 1", "longer or shorter than a time-stamp makes it" },
		{ "an object that no table lists", "99 0 obj\nnull\nendobj\n", "", "bytes that belong to no object" },
		{ "a comment", "% pass\n", "", "bytes that belong to no object" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf pdf = { 0 };

		copy(&pdf, &blta);
		insert(&pdf, rows[i].text, rows[i].entry);
		stamp_again(&pdf, &tsa);
		expect(rows[i].what, &pdf, &(struct look){ 0 }, rows[i].why);
	}
}

static void longer_data(void **state)
{
	static const struct { const char *what, *text, *entry, *why; } rows[] = {
		{ "nothing", "", "", NULL },
		{ "the page content", "5 0 obj\n<<\n/Length 0\n>>\nstream\n\nendstream\nendobj\n", "5 1", "longer or shorter than a set of validation data makes it" },
		{ "the page", "4 0 obj\n<< /Type /Page >>\nendobj\n", "4 1", "longer or shorter than a set of validation data makes it" },
		{ "the form", "26 0 obj\n<< /Fields [ 23 0 R ] /SigFlags 3 >>\nendobj\n", "26 1", "expected 2 form fields" },
		{ "the form's field", "23 0 obj\n<< /FT /Sig >>\nendobj\n", "23 1", "longer or shorter than a set of validation data makes it" },
		{ "an annotation", "99 0 obj\n<< /Type /Annot /Subtype /Stamp >>\nendobj\n", "99 1", "longer or shorter than a set of validation data makes it" },
		{ "an action", "99 0 obj\n<< /S /JavaScript /JS (x) >>\nendobj\n", "99 1", "JavaScript" },
		{ "a comment", "% pass\n", "", "bytes that belong to no object" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf pdf = { 0 };

		copy(&pdf, &data);
		insert(&pdf, rows[i].text, rows[i].entry);
		expect(rows[i].what, &pdf, &(struct look){ 0 }, rows[i].why);
	}
}

static void forge_token_of_other_data(struct afd_buf *b)
{
	AFD_AUTO(buf) struct afd_buf token = { 0 };
	struct afd_digest imprint;

	afd_sha256(afd_slice_text("other data"), &imprint);
	assert_int_equal(authority_stamp(&tsa, &imprint, &token, NULL), 0);
	put_token(b, afd_buf_slice(&token));
}

/* The token of the signed revision alone, as if it had seen the whole. */
static void forge_token_of_less(struct afd_buf *b)
{
	AFD_AUTO(buf) struct afd_buf token = { 0 };
	struct afd_digest imprint;

	afd_sha256(afd_buf_slice(&bt), &imprint);
	assert_int_equal(authority_stamp(&tsa, &imprint, &token, NULL), 0);
	put_token(b, afd_buf_slice(&token));
}

static void forge_empty_token(struct afd_buf *b)
{
	put_token(b, afd_slice(NULL, 0));
}

static void forge_two_objects(struct afd_buf *b)
{
	size_t at = find(b, bt.len, "/Contents <") + 11, end = find(b, at, ">");

	memcpy(b->data + end - 10, "3003020101", 10);
}

static void forge_another_authority(struct afd_buf *b)
{
	stamp_again(b, &stranger);
}

/* The extension of one report behind another. */
static void forge_of_another_file(struct afd_buf *b)
{
	b->len = blt.len;
	memcpy(b->data, blt.data, blt.len);
	assert_int_equal(afd_buf_add(b, blta.data + bt.len, blta.len - bt.len), 0);
}

/* The first of two extensions goes, the second stays. */
static void forge_dropped(struct afd_buf *b)
{
	b->len = bt.len;
	assert_int_equal(afd_buf_add(b, twice.data + blta.len, twice.len - blta.len), 0);
}

static void forge_twice_the_same(struct afd_buf *b)
{
	AFD_AUTO(buf) struct afd_buf tail = { 0 };

	assert_int_equal(afd_buf_add(&tail, b->data + bt.len, b->len - bt.len), 0);
	copy(b, &tail);
}

static void forge_older(struct afd_buf *b)
{
	AFD_AUTO(buf) struct afd_buf out = { 0 };

	extend(b, &crl, NOW + AFD_DAY, &out);
	b->len = 0;
	copy(b, &out);
}

static void whole_revisions(void **state)
{
	static const struct { const char *what; void (*forge)(struct afd_buf *b); const char *why; } rows[] = {
		{ "a token over other data", forge_token_of_other_data, "revision 3" },
		{ "a token over the signed revision alone", forge_token_of_less, "revision 3" },
		{ "no token", forge_empty_token, "/Contents of the time-stamp is not DER" },
		{ "two tokens", forge_two_objects, "more than one DER object" },
		{ "an extension of another file", forge_of_another_file, "PDF" },
		{ "an extension taken out", forge_dropped, "PDF" },
		{ "an extension twice", forge_twice_the_same, "PDF" },
		{ "an extension older than the one before", forge_older, "is older than the one before" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf pdf = { 0 };

		copy(&pdf, &blta);
		rows[i].forge(&pdf);
		expect(rows[i].what, &pdf, &(struct look){ 0 }, rows[i].why);
	}
}

/* An authority of somebody else is not wrong, but it proves nothing here. */
static void another_authority(void **state)
{
	AFD_AUTO(buf) struct afd_buf pdf = { 0 };
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	copy(&pdf, &blta);
	forge_another_authority(&pdf);
	if (verify(&pdf, &(struct look){ 0 }, &r, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r.extensions, 1);
	assert_int_equal(r.extended_ms, AFD_TIME_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_level),
		cmocka_unit_test(the_signature_stays_as_it_is),
		cmocka_unit_test(long_afterwards),
		cmocka_unit_test(an_unknown_authority),
		cmocka_unit_test(data_stands_there_once),
		cmocka_unit_test(certificates_are_repeated_once_behind_the_signature),
		cmocka_unit_test(no_data_to_add),
		cmocka_unit_test(revoked),
		cmocka_unit_test(what_is_not_written),
		cmocka_unit_test(extending_refuses),
		cmocka_unit_test(a_long_token),
		cmocka_unit_test(not_without_end),
		cmocka_unit_test(no_byte_can_change),
		cmocka_unit_test(where_it_may_end),
		cmocka_unit_test(in_place),
		cmocka_unit_test(in_place_of_data),
		cmocka_unit_test(longer),
		cmocka_unit_test(longer_data),
		cmocka_unit_test(whole_revisions),
		cmocka_unit_test(another_authority),
	};

	return cmocka_run_group_tests_name("sign: PAdES, extended", tests, make_all, free_all);
}
