/* PAdES: what we sign verifies and carries what it carried, and every forgery is refused for its own reason. The last
 * table is the hardest case: somebody who has the key signs a file that changes more than a signature may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "core/when.h"
#include "sample.h"

static struct made root, leaf, foreign_root;
static struct afd_signer *signer;
static struct afd_buf plain[SAMPLE_COUNT], done[SAMPLE_COUNT];      /* unsigned and signed */

#define REASON "Evidence (a\\b) report"

static struct afd_signer *signer_of(const struct made *m)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 };
	struct afd_signer *s = NULL;
	struct afd_error err = { 0 };

	made_pem(m->key, NULL, &m->cert, 1, &pem);
	if (afd_signer_read(afd_buf_slice(&pem), afd_slice(NULL, 0), &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static int make_all(void **state)
{
	struct afd_error err = { 0 };

	(void)state;
	root = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true }, NULL);
	leaf = make_cert(&(struct wanted_cert){ .cn = "Leaf" }, &root);
	foreign_root = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true }, NULL);
	signer = signer_of(&leaf);
	for (int i = 0; i < SAMPLE_COUNT; i++) {
		sample_pdf((enum sample)i, &plain[i]);
		if (afd_pades_sign(signer, afd_buf_slice(&plain[i]), &(struct afd_pades_options){ .now_ms = NOW, .reason = REASON }, &done[i], &err) < 0)
			fail_msg("sample %d: %s", i, err.text);
	}
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	for (int i = 0; i < SAMPLE_COUNT; i++) {
		afd_buf_release(&plain[i]);
		afd_buf_release(&done[i]);
	}
	afd_signer_release(&signer);
	made_free(&root);
	made_free(&leaf);
	made_free(&foreign_root);
	return 0;
}

struct look { const struct made *root; int64_t at_ms; bool allow_test; };

static int verify(const struct afd_buf *pdf, const struct look *l, size_t *len, struct afd_signature_report *ret,
		  struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 };
	struct afd_slice roots;
	struct afd_trust t = { .pem = &roots, .n = 1, .allow_test = l->allow_test, .at_ms = l->at_ms ? l->at_ms : NOW };

	made_pem(NULL, NULL, l->root ? &l->root->cert : &root.cert, 1, &pem);
	roots = afd_buf_slice(&pem);
	return afd_pades_verify(afd_buf_slice(pdf), &t, len, ret, err);
}

/* why NULL: must be accepted */
static void expect(const char *what, const struct afd_buf *pdf, const struct look *l, const char *why)
{
	struct afd_signature_report r = { 0 };
	struct afd_error err = { 0 };
	size_t len;
	int got = verify(pdf, l, &len, &r, &err);

	if ((got == 0) != (why == NULL) || (why && !strstr(err.text, why)))
		fail_msg("%s: expected \"%s\", got \"%s\"", what, why ? why : "accepted",
			 got == 0 ? "accepted" : err.text);
	afd_signature_report_release(&r);
}

static void copy(struct afd_buf *to, const struct afd_buf *from)
{
	assert_int_equal(afd_buf_add_slice(to, afd_buf_slice(from)), 0);
}

/* --- what holds --- */

static void every_shape_is_signed_and_verified(void **state)
{
	(void)state;
	for (int i = 0; i < SAMPLE_COUNT; i++) {
		AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
		struct afd_error err = { 0 };
		size_t len = 0;

		if (verify(&done[i], &(struct look){ 0 }, &len, &r, &err) < 0)
			fail_msg("sample %d: %s", i, err.text);
		assert_int_equal(len, plain[i].len);
		assert_memory_equal(done[i].data, plain[i].data, len);
		assert_string_equal(r.subject, "CN = Leaf");
		assert_int_equal(r.claimed_ms, NOW);
		assert_false(r.test);
	}
}

static void without_a_reason(void **state)
{
	AFD_AUTO(buf) struct afd_buf none = { 0 }, umlaut = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_pades_sign(signer, afd_buf_slice(&plain[SAMPLE_PLAIN]), &(struct afd_pades_options){ .now_ms = NOW, .reason = NULL }, &none, &err), 0);
	expect("no reason", &none, &(struct look){ 0 }, NULL);
	assert_int_equal(afd_pades_sign(signer, afd_buf_slice(&plain[SAMPLE_PLAIN]), &(struct afd_pades_options){ .now_ms = NOW, .reason = "zo\xc3\xab" }, &umlaut, &err), -1);
	assert_int_equal(umlaut.len, 0);
}

static void the_attachment_comes_out(void **state)
{
	const struct { const struct afd_buf *pdf; const char *name, *why; } rows[] = {
		{ &plain[SAMPLE_REPORT], "report.json", NULL },
		{ &done[SAMPLE_REPORT], "report.json", NULL },
		{ &done[SAMPLE_REPORT], "report.jso", "no embedded file report.jso" },
		{ &done[SAMPLE_PLAIN], "report.json", "/Names of the catalog is missing" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf out = { 0 };
		struct afd_error err = { 0 };
		int r = afd_pdf_attachment(afd_buf_slice(rows[i].pdf), rows[i].name, &out, &err);

		if (rows[i].why ? r == 0 || !strstr(err.text, rows[i].why) : r < 0)
			fail_msg("row %zu: %s", i, err.text);
		if (!rows[i].why)
			assert_string_equal((const char *)out.data, sample_json);
	}
}

static void signing_refuses(void **state)
{
	struct made expired = make_cert(&(struct wanted_cert){ .to_ms = NOW - AFD_HOUR }, &root);
	AFD_AUTO(signer) struct afd_signer *old = signer_of(&expired);
	const struct { const char *what; const struct afd_signer *s; struct afd_slice pdf; const char *why; } rows[] = {
		{ "a signed file", signer, afd_buf_slice(&done[SAMPLE_PLAIN]), "signed already" },
		{ "with an expired certificate", old, afd_buf_slice(&plain[SAMPLE_PLAIN]), "expired at" },
		{ "text", signer, afd_slice_text("hello"), "not a PDF" },
		{ "nothing", signer, afd_slice(NULL, 0), "not a PDF" },
		{ "half a file", signer, afd_slice(plain[SAMPLE_PLAIN].data, plain[SAMPLE_PLAIN].len / 2),
		  "does not end with" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf out = { 0 };
		struct afd_error err = { 0 };

		if (afd_pades_sign(rows[i].s, rows[i].pdf, &(struct afd_pades_options){ .now_ms = NOW, .reason = NULL }, &out, &err) == 0 ||
		    !strstr(err.text, rows[i].why) || out.len)
			fail_msg("%s: %s", rows[i].what, err.text);
	}
	made_free(&expired);
}

/* Sixteen certificates with long extensions do not fit into the room that is usual: it grows. */
static void a_signature_that_needs_more_room(void **state)
{
	AFD_AUTO(buf) struct afd_buf usages = { 0 }, pem = { 0 }, out = { 0 };
	AFD_AUTO(signer) struct afd_signer *s = NULL;
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_buf_text(&usages, "emailProtection"), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(afd_buf_printf(&usages, ",1.2.3.4.5.6.7.8.%d", i), 0);
	made_pem(leaf.key, NULL, &leaf.cert, 1, &pem);
	for (int i = 0; i < 15; i++) {
		struct made big = make_cert(
			&(struct wanted_cert){ .cn = "Big", .eku = (const char *)usages.data, .use_key = root.key },
			&root);

		made_pem(NULL, NULL, &big.cert, 1, &pem);
		made_free(&big);
	}
	assert_int_equal(afd_signer_read(afd_buf_slice(&pem), afd_slice(NULL, 0), &s, &err), 0);
	if (afd_pades_sign(s, afd_buf_slice(&plain[SAMPLE_PLAIN]), &(struct afd_pades_options){ .now_ms = NOW }, &out, &err) < 0)
		fail_msg("%s", err.text);
	expect("a long chain", &out, &(struct look){ 0 }, NULL);
	assert_true(out.len > plain[SAMPLE_PLAIN].len + 4 * 16384);
}

static void whom_to_trust(void **state)
{
	const struct { const char *what; struct look look; const char *why; } rows[] = {
		{ "as it should be", { 0 }, NULL },
		{ "a root of the same name", { .root = &foreign_root }, "does not lead to a trusted root" },
		{ "too late", { .at_ms = NOW + 400 * AFD_DAY }, "has expired" },
		{ "too early", { .at_ms = NOW - 2 * AFD_DAY }, "not yet valid" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		expect(rows[i].what, &done[SAMPLE_REPORT], &rows[i].look, rows[i].why);
}

static void the_test_key_needs_permission(void **state)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 }, root_pem = { 0 }, pdf = { 0 };
	AFD_AUTO(signer) struct afd_signer *s = NULL;
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	struct afd_slice roots;
	struct afd_trust t = { .pem = &roots, .n = 1, .at_ms = NOW };
	struct afd_error err = { 0 };
	size_t len;

	(void)state;
	assert_int_equal(afd_signer_test(NOW - AFD_DAY, NOW + AFD_DAY, &pem, &root_pem, &err), 0);
	assert_int_equal(afd_signer_read(afd_buf_slice(&pem), afd_slice(NULL, 0), &s, &err), 0);
	assert_int_equal(afd_pades_sign(s, afd_buf_slice(&plain[SAMPLE_REPORT]), &(struct afd_pades_options){ .now_ms = NOW, .reason = NULL }, &pdf, &err), 0);
	roots = afd_buf_slice(&root_pem);
	assert_int_equal(afd_pades_verify(afd_buf_slice(&pdf), &t, &len, &r, &err), -1);
	assert_non_null(strstr(err.text, "test key"));
	t.allow_test = true;
	assert_int_equal(afd_pades_verify(afd_buf_slice(&pdf), &t, &len, &r, &err), 0);
	assert_true(r.test);
}

/* --- one byte --- */

static void no_byte_can_change(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x20 };     /* 0x20: the other case of a hex digit, there alone */
	AFD_AUTO(buf) struct afd_buf pdf = { 0 };
	size_t tail;

	(void)state;
	copy(&pdf, &done[SAMPLE_REPORT]);
	tail = plain[SAMPLE_REPORT].len;
	for (size_t i = 0; i < pdf.len; i += i < tail && i + 97 < tail ? 97 : 1)
		for (size_t f = 0; f < AFD_COUNT(flips); f++) {
			AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
			size_t len;

			/* The hex string is mostly zeros, refused alike: some of them will do. */
			if (i > tail + 4000 && i < pdf.len - 500 && i % 97 != 0)
				continue;
			if (flips[f] == 0x20 && (i < tail + 800 || i > tail + 4000))
				continue;
			pdf.data[i] ^= flips[f];
			if (verify(&pdf, &(struct look){ 0 }, &len, &r, NULL) == 0)
				fail_msg("byte %zu can change by %02x", i, flips[f]);
			pdf.data[i] ^= flips[f];
		}
}

static void no_end_is_missing(void **state)
{
	(void)state;
	for (size_t cut = 1; cut < done[SAMPLE_REPORT].len; cut += cut < 400 ? 1 : 211) {
		struct afd_buf pdf = { .data = done[SAMPLE_REPORT].data, .len = done[SAMPLE_REPORT].len - cut };

		expect("cut", &pdf, &(struct look){ 0 }, pdf.len == plain[SAMPLE_REPORT].len ? "is not signed" : "PDF");
	}
	expect("the unsigned revision", &plain[SAMPLE_REPORT], &(struct look){ 0 }, "the PDF is not signed");
}

/* --- forgeries that need no key --- */

static size_t find(const struct afd_buf *b, size_t from, const char *text)
{
	const uint8_t *at = memmem(b->data + from, b->len - from, text, strlen(text));

	if (!at)
		fail_msg("no \"%s\" in the file", text);
	return (size_t)(at - b->data);
}

/* In place and of equal length, from the update on. */
static void replace(struct afd_buf *b, const char *from, const char *to)
{
	assert_int_equal(strlen(from), strlen(to));
	memcpy(b->data + find(b, plain[SAMPLE_REPORT].len, from), to, strlen(to));
}

static size_t last_xref(const struct afd_buf *b)
{
	size_t at = find(b, b->len - 40, "startxref\n");

	return (size_t)strtoull((const char *)b->data + at + 10, NULL, 10);
}

/* One more revision with object NUM, as a PDF editor would save it. */
static void append_revision(struct afd_buf *b, unsigned num, const char *object)
{
	size_t prev = last_xref(b), at = b->len, xref;

	assert_int_equal(afd_buf_printf(b, "%u 0 obj\n%s\nendobj\n", num, object), 0);
	xref = b->len;
	assert_int_equal(
		afd_buf_printf(
			b,
			"xref\n%u 1\n%010zu 00000 n\r\ntrailer\n<<\n/Root 1 0 R\n/Size 40\n/Prev %zu\n>>\nstartxref\n%zu\n%%%%EOF\n",
			num, at, prev, xref),
		0);
}

static void forge_new_content(struct afd_buf *b)
{
	append_revision(b, 5, "<<\n/Length 0\n>>\nstream\n\nendstream");
}

static void forge_annotation(struct afd_buf *b)
{
	append_revision(b, 31, "<<\n/Type /Annot\n/Subtype /FreeText\n/Contents (pass)\n>>");
}

static void forge_without_table(struct afd_buf *b)
{
	assert_int_equal(afd_buf_text(b, "5 0 obj\n<<\n/Length 0\n>>\nstream\n\nendstream\nendobj\n"), 0);
}

static void forge_with_old_table(struct afd_buf *b)
{
	assert_int_equal(
		afd_buf_printf(b, "5 0 obj\n<<\n/Length 0\n>>\nstream\n\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n",
			       last_xref(b)),
		0);
}

static void forge_bytes_behind(struct afd_buf *b)
{
	assert_int_equal(afd_buf_text(b, "\n"), 0);
}

static void forge_bytes_before(struct afd_buf *b)
{
	AFD_AUTO(buf) struct afd_buf old = { 0 };

	copy(&old, b);
	b->len = 0;
	assert_int_equal(afd_buf_text(b, "junk"), 0);
	copy(b, &old);
}

/* Signature wrapping: the signed tail moves, and other text takes its place between. */
static void forge_wrapping(struct afd_buf *b)
{
	AFD_AUTO(buf) struct afd_buf old = { 0 };
	size_t end = find(b, find(b, plain[SAMPLE_REPORT].len, "/Contents <"), ">") + 1;

	copy(&old, b);
	b->len = end;
	assert_int_equal(afd_buf_printf(b, "\n/ByteRange [0 %zu %zu %zu]\n", end, end + 100, old.len - end), 0);
	assert_int_equal(afd_buf_add(b, old.data + end, old.len - end), 0);
}

static void forge_no_range(struct afd_buf *b)
{
	replace(b, "/ByteRange", "/ByteRangf");
}

static void forge_null_contents(struct afd_buf *b)
{
	size_t at = find(b, plain[SAMPLE_REPORT].len, "/Contents <") + 11;

	memset(b->data + at, '0', find(b, at, ">") - at);
}

static void forge_short_contents(struct afd_buf *b)
{
	size_t at = find(b, plain[SAMPLE_REPORT].len, "/Contents <") + 11, end = find(b, at, ">");

	memset(b->data + at, ' ', end + 1 - at);
	memcpy(b->data + at, "00>", 3);
}

static void forge_two_cms(struct afd_buf *b)
{
	size_t at = find(b, plain[SAMPLE_REPORT].len, "/Contents <") + 11, end = find(b, at, ">");

	memcpy(b->data + end - 10, "3003020101", 10);
}

static void put_cms(struct afd_buf *b, struct afd_slice cms)
{
	size_t at = find(b, plain[SAMPLE_REPORT].len, "/Contents <") + 11, end = find(b, at, ">");
	AFD_AUTO(mem) char *hex = malloc(2 * cms.len + 1);

	assert_non_null(hex);
	assert_true(2 * cms.len <= end - at);
	afd_hex(cms, hex);
	memset(b->data + at, '0', end - at);
	memcpy(b->data + at, hex, 2 * cms.len);
}

static void sign_ranges(struct afd_buf *b, bool for_pdf)
{
	size_t at = find(b, plain[SAMPLE_REPORT].len, "/Contents <") + 10, end = find(b, at, ">") + 1;
	const struct afd_slice content[2] = { afd_slice(b->data, at), afd_slice(b->data + end, b->len - end) };
	AFD_AUTO(buf) struct afd_buf cms = { 0 };

	assert_int_equal(afd_cms_sign(signer, content, 2, for_pdf, NOW, NULL, &cms, NULL), 0);
	put_cms(b, afd_buf_slice(&cms));
}

static void forge_cms_of_another(struct afd_buf *b)
{
	AFD_AUTO(buf) struct afd_buf cms = { 0 };
	struct afd_slice other = afd_slice_text("another document");

	assert_int_equal(afd_cms_sign(signer, &other, 1, true, NOW, NULL, &cms, NULL), 0);
	put_cms(b, afd_buf_slice(&cms));
}

static void forge_signing_time(struct afd_buf *b)
{
	sign_ranges(b, false);
}

static void forge_self_made_root(struct afd_buf *b)
{
	struct made self = make_cert(&(struct wanted_cert){ .cn = "Leaf" }, &foreign_root);
	struct afd_signer *real = signer;

	signer = signer_of(&self);
	sign_ranges(b, true);
	afd_signer_release(&signer);
	signer = real;
	made_free(&self);
}

static void forgeries_without_the_key(void **state)
{
	static const struct { const char *what; void (*forge)(struct afd_buf *b); const char *why; } rows[] = {
		{ "page content replaced in a further revision", forge_new_content,
		  "revision 3: the added revision brings neither a time-stamp nor validation data" },
		{ "annotation added in a further revision", forge_annotation, "an annotation with its own text" },
		{ "an object behind, no table", forge_without_table, "does not end with" },
		{ "an object behind, the old table named again", forge_with_old_table,
		  "bytes follow the end of the last revision" },
		{ "a line end behind", forge_bytes_behind, "does not end with" },
		{ "bytes in front", forge_bytes_before, "not a PDF" },
		{ "the signed tail moved, a second ByteRange", forge_wrapping, "startxref" },
		{ "ByteRange taken away", forge_no_range, "has no /ByteRange" },
		{ "Contents all zero", forge_null_contents, "is not DER" },
		{ "Contents <00>", forge_short_contents, "leaves out something else" },
		{ "a second DER object in Contents", forge_two_cms, "more than one DER object" },
		{ "CMS of another document", forge_cms_of_another, "the content is not what was signed" },
		{ "CMS with signing-time", forge_signing_time, "signing-time is not PAdES" },
		{ "signed by a root of one's own", forge_self_made_root, "does not lead to a trusted root" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf pdf = { 0 };

		copy(&pdf, &done[SAMPLE_REPORT]);
		rows[i].forge(&pdf);
		expect(rows[i].what, &pdf, &(struct look){ 0 }, rows[i].why);
	}
}

/* --- forgeries by somebody who has the key --- */

static void forgeries_with_the_key(void **state)
{
	static const struct { const char *from, *to, *why; } rows[] = {
		{ "/SigFlags 3", "/SigFlags 3", NULL }, /* nothing changed, signed again: holds */
		{ "/SigFlags 3", "/SigFlags 1", "more than a signature does: form" },
		{ "/AcroForm 26", "/AcroForm 25", "/Fields of the form is missing" },
		{ "/ExtensionLevel 1", "/ExtensionLevel 2", "more than a signature does: catalog" },
		{ "/Pages 2 0 R", "/Pages 6 0 R", "more than a signature does: catalog" },
		{ "/Perms <<", "/Legal <<", "more than a signature does: catalog" },
		{ "/AcroForm 26", "/AcroFoam 26", "/AcroForm of the catalog is missing" },
		{ "/Fields [ 23 0 R ]", "/Fields [23 0 R 1]", "exactly one form field" },
		{ "/Fields [ 23 0 R ]", "/Fields [        ]", "exactly one form field" },
		{ "/Contents 5 0 R", "/Contents 8 0 R", "more than a signature does: first page" },
		{ "/Annots [ 23 0 R ]", "/Annots [ 25 0 R ]", "more than a signature does: first page" },
		{ "/FT /Sig", "/FT /Btn", "is not a signature" },
		{ "/V 25 0 R", "/V 24 0 R", "not a signature dictionary" },
		{ "/Rect [ 0 0 0 0 ]", "/Rect [ 0 0 9 9 ]", "needs an embedded font" },
		{ "/F 132", "/F 134", "more than a signature does: signature field" },
		{ "/T (Affidavit)", "/AA <</C 1 >> ", "/AA: additional actions" },
		{ "/BBox [ 0 0 0 0 ]", "/BBox [ 0 0 9 9 ]", "more than a signature does: appearance" },
		{ "/Length 0", "/Length 1", "a stream that does not end" },
		{ "/Type /Sig\n", "/Type /Sog\n", "not a signature dictionary" },
		{ "/ETSI.CAdES.detached", "/adbe.pkcs7.detached", "is not PAdES" },
		{ "/P 1 /V", "/P 3 /V", "more than a signature does: signature dictionary" },
		{ "/M (D:2026", "/N (D:2026", "/M of the signature" },
		{ "/M (D:2026", "/M (D:20x6", "/M of the signature" },
		{ "/M (D:202609", "/M (D:202613", "/M of the signature" },
		{ "/Reason (Evidence", "/Reason [Evidence", "expected a value" },
		{ "/Filter /Adobe.PPKLite", "/ByteRange [ 0 0 0 0 ]", "the key /ByteRange stands twice" },
		{ "/ByteRange [0 ", "/ByteRange [1 ", "does not begin at the start" },
		{ "/ByteRange [0 4", "/ByteRange [0 5", "leaves out something else" },
		{ "/ByteRange [0 ", "/ByteRange [  ", "not four numbers" },
		{ "             ]\n/Con", "           9 ]\n/Con", "not four numbers" },
		{ "             ]\n/Con", "           , ]\n/Con", "expected a value" },
		{ "/Size 27", "/Size 28", "more than a signature does: cross-reference table and trailer" },
		{ "/Info 3 0 R", "/Info 4 0 R", "more than a signature does: cross-reference table and trailer" },
		{ "/Info 3 0 R", "/Encrypt 12", "the trailer has the key /Encrypt" },
		{ "/Prev 2", "/Prev 1", "does not point to a cross-reference table" },
		{ "00000 n\r\n4 1", "00000 n\r\n9 1", "an object of another number" },
		{ "00000 n\r\n4 1", "00000 n\r\n1 1", "lists an object twice" },
		{ "00000 n\r\n4 1", "00001 n\r\n4 1", "an entry of the update's" },
		{ "endobj\nxref", "endobj xref", "expected the end of the object" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf pdf = { 0 };
		char what[160];

		copy(&pdf, &done[SAMPLE_REPORT]);
		replace(&pdf, rows[i].from, rows[i].to);
		sign_ranges(&pdf, true);
		snprintf(what, sizeof(what), "%s -> %s", rows[i].from, rows[i].to);
		expect(what, &pdf, &(struct look){ 0 }, rows[i].why);
	}
}

/* The last number of ByteRange, for a file that got longer, or was to say less. */
static void set_last_range(struct afd_buf *b, size_t n)
{
	size_t at = find(b, plain[SAMPLE_REPORT].len, "/ByteRange [0 ") + 12, space = 0;
	char text[64];

	/* "[0 4094 36864 287     ]": it begins behind the third blank */
	for (; space < 3; at++)
		space += b->data[at] == ' ';
	snprintf(text, sizeof(text), "%-8zu", n);
	memcpy(b->data + at, text, 8);
}

/* Puts TEXT between the last object of the update and its table, with every offset right; ENTRY goes into the table. */
static void insert_before_table(struct afd_buf *b, const char *text, const char *entry)
{
	AFD_AUTO(buf) struct afd_buf old = { 0 };
	size_t xref = last_xref(b), at = find(b, plain[SAMPLE_REPORT].len, "/Contents <") + 10,
	       end = find(b, at, ">") + 1;
	size_t trailer = find(b, xref, "trailer"), start = find(b, xref, "startxref");

	copy(&old, b);
	b->len = xref;
	assert_int_equal(afd_buf_text(b, text), 0);
	assert_int_equal(afd_buf_add(b, old.data + xref, trailer - xref), 0);
	if (*entry)
		assert_int_equal(afd_buf_printf(b, "%s\n%010zu 00000 n\r\n", entry, xref), 0);
	assert_int_equal(afd_buf_add(b, old.data + trailer, start - trailer), 0);
	assert_int_equal(afd_buf_printf(b, "startxref\n%zu\n%%%%EOF\n", xref + strlen(text)), 0);
	set_last_range(b, b->len - end);
}

static void longer_updates_with_the_key(void **state)
{
	static const struct { const char *what, *text, *entry, *why; } rows[] = {
		{ "nothing", "", "", NULL },
		{ "an object that no table lists", "99 0 obj\nnull\nendobj\n", "", "bytes that belong to no object" },
		{ "a comment", "% pass\n", "", "bytes that belong to no object" },
		{ "one object more", "99 0 obj\nnull\nendobj\n", "99 1",
		  "longer or shorter than a signature makes it" },
		{ "another page content", "5 0 obj\nnull\nendobj\n", "5 1",
		  "longer or shorter than a signature makes it" },
		{ "an action", "99 0 obj\n<< /S /JavaScript /JS (x) >>\nendobj\n", "99 1", "JavaScript" },
		{ "too many objects", "99 0 obj\nnull\nendobj\n", "99 97", "more objects than a signature needs" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf pdf = { 0 };

		copy(&pdf, &done[SAMPLE_REPORT]);
		insert_before_table(&pdf, rows[i].text, rows[i].entry);
		sign_ranges(&pdf, true);
		expect(rows[i].what, &pdf, &(struct look){ 0 }, rows[i].why);
	}
}

static void the_last_byte_must_be_signed(void **state)
{
	AFD_AUTO(buf) struct afd_buf pdf = { 0 };
	size_t end;

	(void)state;
	copy(&pdf, &done[SAMPLE_REPORT]);
	end = find(&pdf, find(&pdf, plain[SAMPLE_REPORT].len, "/Contents <"), ">") + 1;
	set_last_range(&pdf, pdf.len - end - 1);
	sign_ranges(&pdf, true);
	expect("the last byte is left out", &pdf, &(struct look){ 0 }, "does not reach to the end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_is_signed_and_verified),
		cmocka_unit_test(without_a_reason),
		cmocka_unit_test(the_attachment_comes_out),
		cmocka_unit_test(signing_refuses),
		cmocka_unit_test(a_signature_that_needs_more_room),
		cmocka_unit_test(whom_to_trust),
		cmocka_unit_test(the_test_key_needs_permission),
		cmocka_unit_test(no_byte_can_change),
		cmocka_unit_test(no_end_is_missing),
		cmocka_unit_test(forgeries_without_the_key),
		cmocka_unit_test(forgeries_with_the_key),
		cmocka_unit_test(longer_updates_with_the_key),
		cmocka_unit_test(the_last_byte_must_be_signed),
	};

	return cmocka_run_group_tests_name("sign: PAdES", tests, make_all, free_all);
}
