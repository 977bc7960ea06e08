/* The strict reader: files built by hand, one fault each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "sign/pdf_read.h"
#include "sign/sign.h"

#define CATALOG "<<\n/Type /Catalog\n/Pages 2 0 R\n>>"
#define PAGES "<<\n/Type /Pages\n/Kids [ 3 0 R ]\n/Count 1\n>>"
#define PAGE "<<\n/Type /Page\n/Parent 2 0 R\n>>"

/* Objects 1 to N, as libharu writes them. */
static void build(const char *const *objects, const char *trailer, struct afd_buf *ret)
{
	size_t at[32], n = 0, xref;

	assert_int_equal(afd_buf_text(ret, "%PDF-1.7\n%\xb7\xbe\xad\xaa\n"), 0);
	for (; objects[n]; n++) {
		at[n] = ret->len;
		assert_int_equal(afd_buf_printf(ret, "%zu 0 obj\n%s\nendobj\n", n + 1, objects[n]), 0);
	}
	xref = ret->len;
	assert_int_equal(afd_buf_printf(ret, "xref\n0 %zu\n0000000000 65535 f\r\n", n + 1), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(afd_buf_printf(ret, "%010zu 00000 n\r\n", at[i]), 0);
	assert_int_equal(afd_buf_printf(ret, "trailer\n<<\n/Root 1 0 R\n/Size %zu\n%s>>\nstartxref\n%zu\n%%%%EOF\n",
					n + 1, trailer, xref),
			 0);
}

static void expect(const char *what, const struct afd_buf *file, const char *why)
{
	AFD_AUTO(pdf) struct afd_pdf *p = NULL;
	struct afd_error err = { 0 };
	int64_t page = 0;
	int r = afd_pdf_open(afd_buf_slice(file), &p, &err);

	if (r == 0)
		r = afd_pdf_first_page(p, &page, &err);
	if ((r == 0) != (why == NULL) || (why && !strstr(err.text, why)))
		fail_msg("%s: expected \"%s\", got \"%s\"", what, why ? why : "accepted",
			 r == 0 ? "accepted" : err.text);
	if (!why)
		assert_int_equal(page, 3);
}

/* One more object, number 4, beside a whole file. */
static void objects_one_by_one(void **state)
{
	static const struct { const char *object, *why; } rows[] = {
		/* values */
		{ "null", NULL },
		{ "[ true false null 0 -17 +4 3.25 -.5 4. /Name (text) <00ff> 3 0 R ]", NULL },
		{ "<< /A << /B [ [ [ ] ] ] >> >>", NULL },
		{ "(a \\( \\) \\\\ \\101 \\n ( nested ) \\\n goes on)", NULL },
		{ "/With#20blank", NULL },
		{ "", "expected a value" },
		{ "nil", "expected a value" },
		{ "[ 1 2", "expected a value" },
		{ "<< /A 1 ", "expected a name as key" },
		{ "<< /A >>", "expected a value" },
		{ "<< /A 1 > >", "expected >>" },
		{ "<< 1 2 >>", "expected a name as key" },
		{ "<< /A 1 /B 2 /A 1 >>", "the key /A stands twice" },
		{ "<< /A 1 /#41 2 >>", "the key /A stands twice" },
		{ "1 0 R1", "expected the end of the object" },
		{ "1 1 R", "expected the end of the object" },
		{ "1.2.3", "a number that is not one" },
		{ "--1", "a number that is not one" },
		{ "12345678901234567890", "a number that is not one" },
		{ "1e9", "a number that is not one" },
		{ "(open", "a string" },
		{ "(\\x)", "unknown escape" },
		{ "(\\400)", "unknown escape" },
		{ "<0>", "not pairs of hex digits" },
		{ "<0g>", "not pairs of hex digits" },
		{ "<00 11>", "not pairs of hex digits" },
		{ "/A#4", "broken #-escape" },
		{ "/A#00", "broken #-escape" },
		{ "% comment\nnull", "expected a value" },
		{ "[ % comment\n]", "expected a value" },
		{ "null null", "expected the end of the object" },
		/* streams */
		{ "<<\n/Length 3\n>>\nstream\r\nabc\nendstream", NULL },
		{ "<<\n/Length 3\n>>\nstream\nabc\nendstream", NULL },
		{ "<<\n/Length 4\n>>\nstream\nabc\nendstream", "does not end where its length says" },
		{ "<<\n/Length 2\n>>\nstream\nabc\nendstream", "does not end where its length says" },
		{ "<<\n/Length -1\n>>\nstream\nabc\nendstream", "without a length" },
		{ "<<\n/Length 99999999\n>>\nstream\nabc\nendstream", "without a length" },
		{ "<<\n/Length 300\n>>\nstream\nabc\nendstream", "a stream" },
		{ "<<\n/Len 3\n>>\nstream\nabc\nendstream", "without a length" },
		{ "<<\n/Length 9 0 R\n>>\nstream\nabc\nendstream", "length of a stream is a missing object" },
		{ "<<\n/Length 1 0 R\n>>\nstream\nabc\nendstream", "without a length" },
		{ "<<\n/Length 3\n/F (other.bin)\n>>\nstream\nabc\nendstream", "a stream that lies in another file" },
		{ "<<\n/Length 3\n/FFilter /X\n>>\nstream\nabc\nendstream", "a stream that lies in another file" },
		{ "<<\n/Length 3\n/Type /ObjStm\n>>\nstream\nabc\nendstream", "an object stream" },
		{ "<<\n/Length 3\n/Type /XRef\n>>\nstream\nabc\nendstream", "a cross-reference stream" },
		{ "[ ]\nstream\nabc\nendstream", "expected the end of the object" },
		/* what a report has, and what it may not have */
		{ "<< /Type /Annot /Subtype /Link /Dest [ 3 0 R /Fit ] /F 4 >>", NULL },
		{ "<< /S /URI /URI (https://example.com/) >>", NULL },
		{ "<< /Type /OutputIntent /S /GTS_PDFA1 >>", NULL },
		{ "<< /Type /Filespec /F (report.json) >>", NULL },
		{ "<< /JS (x) >>", "JavaScript" },
		{ "<< /J#53 (x) >>", "JavaScript" },
		{ "<< /Names << /JavaScript 1 >> >>", "JavaScript" },
		{ "<< /A << /S /JavaScript >> >>", "JavaScript" },
		{ "[ << /X [ << /AA 1 >> ] >> ]", "additional actions" },
		{ "<< /OpenAction 1 >>", "an action on opening" },
		{ "<< /S /Launch >>", "starts programs" },
		{ "<< /S /#4caunch >>", "starts programs" },
		{ "<< /S /GoToR >>", "opens another file" },
		{ "<< /S /SubmitForm >>", "sends data" },
		{ "<< /OCProperties << >> >>", "optional content" },
		{ "<< /OC 1 >>", "optional content" },
		{ "<< /Subtype /FreeText >>", "annotation with its own text" },
		{ "<< /XFA 1 >>", "an XFA form" },
		{ "<< /AcroForm 1 >>", "signed already" },
		{ "<< /Perms 1 >>", "signed already" },
		{ "<< /FT /Sig >>", "signed already" },
		{ "<< /ByteRange [ 0 1 2 3 ] >>", "signed already" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 };
		const char *const objects[] = { CATALOG, PAGES, PAGE, rows[i].object, NULL };

		build(objects, "", &file);
		expect(rows[i].object, &file, rows[i].why);
	}
}

static void page_trees(void **state)
{
	static const struct { const char *what; const char *objects[5], *why; } rows[] = {
		{ "one page", { CATALOG, PAGES, PAGE }, NULL },
		{ "a level more",
		  { CATALOG, "<< /Type /Pages /Kids [ 4 0 R ] >>", PAGE, "<< /Type /Pages /Kids [ 3 0 R ] >>" },
		  NULL },
		{ "kids elsewhere", { CATALOG, "<< /Type /Pages /Kids 4 0 R >>", PAGE, "[ 3 0 R ]" }, NULL },
		{ "a circle", { CATALOG, "<< /Type /Pages /Kids [ 2 0 R ] >>", PAGE }, "page tree is too deep" },
		{ "no kids", { CATALOG, "<< /Type /Pages >>", PAGE }, "the page tree is missing" },
		{ "no kid", { CATALOG, "<< /Type /Pages /Kids [ ] >>", PAGE }, "no first page" },
		{ "a kid that is no reference",
		  { CATALOG, "<< /Type /Pages /Kids [ << /Type /Page >> ] >>", PAGE },
		  "no first page" },
		{ "a kid that does not exist",
		  { CATALOG, "<< /Type /Pages /Kids [ 9 0 R ] >>", PAGE },
		  "object 9 is missing" },
		{ "no pages", { "<< /Type /Catalog >>", PAGES, PAGE }, "no first page" },
		{ "a catalog that is a number", { "7", PAGES, PAGE }, "no first page" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 };

		build(rows[i].objects, "", &file);
		expect(rows[i].what, &file, rows[i].why);
	}
}

static void trailers(void **state)
{
	static const struct { const char *more, *why; } rows[] = {
		{ "", NULL },
		{ "/Info 3 0 R\n/ID [ <00> <00> ]\n", NULL },
		{ "/Prev 9\n", "has a /Prev" },
		{ "/Encrypt 3 0 R\n", "the key /Encrypt" },
		{ "/XRefStm 9\n", "the key /XRefStm" },
		{ "/Size 4\n", "stands twice" },
	};
	static const char *const objects[] = { CATALOG, PAGES, PAGE, NULL };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 };

		build(objects, rows[i].more, &file);
		expect(rows[i].more, &file, rows[i].why);
	}
}

/* In place: FROM to TO, of equal length. */
static void tables(void **state)
{
	static const struct { const char *from, *to, *why; } rows[] = {
		{ "%PDF-1.7", "%PDF-1.4", NULL },
		{ "%PDF-1.7", "%PDF-3.7", "not a PDF" },
		{ "\n%\xb7", "\n%p", "mark of a binary file" },
		{ "2 0 obj", "5 0 obj", "an object of another number" },
		{ "2 0 obj", "2 1 obj", "does not point to an object" },
		{ "\nendobj\n2", "\nendobj 2", "expected the end of the object" },
		{ "xref\n0 4", "xref\n0 5", "cannot be read" },
		{ "xref\n0 4", "xref\n0 3", "trailer" },
		{ "xref\n0 4", "xref\n1 4", "an entry of the update's" },
		{ "xref\n0 4", "xref 0 4", "startxref does not point" },
		{ "65535 f", "65535 n", "first entry" },
		{ "65535 f", "00000 f", "first entry" },
		{ "00000 n\r\n", "00000 f\r\n", "cannot be read" },
		{ "00000 n\r\n", "00001 n\r\n", "cannot be read" },
		{ "00000 n\r\n", "00000 n \n", NULL },
		{ "00000 n\r\n", "00000 n\n\n", "cannot be read" },
		{ "0000000015 0", "0000000016 0", "belong to no object" },
		{ "0000000015 0", "9999999999 0", "belong to no object" },
		{ "/Size 4", "/Size 5", "a /Size unlike its table" },
		{ "/Root 1 0 R", "/Root (1 R)", "lacks /Size or /Root" },
		{ "trailer\n<<", "trailer\n[[", "expected a value" },
		{ "startxref\n", "startxxxx\n", "expected startxref" },
		{ "%%EOF\n", "%%EOF ", "does not end with" },
	};
	static const char *const objects[] = { CATALOG, PAGES, PAGE, NULL };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 };
		size_t n = strlen(rows[i].to);
		uint8_t *at;

		build(objects, "", &file);
		at = memmem(file.data, file.len, rows[i].from, strlen(rows[i].from));
		assert_non_null(at);
		memcpy(at, rows[i].to, n);
		expect(rows[i].to, &file, rows[i].why);
	}
}

/* What lies between the objects is found, although no reader would show it. */
static void nothing_lies_between(void **state)
{
	static const char *const places[] = { "1 0 obj", "2 0 obj", "3 0 obj", "xref\n" };
	static const char *const hidden[] = { "\n", "% note\n", "9 0 obj\nnull\nendobj\n" };
	static const char *const objects[] = { CATALOG, PAGES, PAGE, NULL };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(places); i++)
		for (size_t j = 0; j < AFD_COUNT(hidden); j++) {
			AFD_AUTO(buf) struct afd_buf file = { 0 };
			char entry[32];
			size_t n = strlen(hidden[j]), from;
			uint8_t *at;

			build(objects, "", &file);
			at = memmem(file.data, file.len, places[i], strlen(places[i]));
			assert_non_null(at);
			from = (size_t)(at - file.data);
			assert_int_equal(afd_buf_reserve(&file, n), 0);
			memmove(file.data + from + n, file.data + from, file.len - from);
			memcpy(file.data + from, hidden[j], n);
			file.len += n;
			/* every place behind moves along, so that the tables are right */
			for (unsigned k = 1; k <= 3; k++) {
				char head[16];
				size_t off, table;

				snprintf(head, sizeof(head), "%u 0 obj\n<<", k);
				off = (size_t)((uint8_t *)memmem(file.data, file.len, head, strlen(head)) - file.data);
				table = (size_t)((uint8_t *)memmem(file.data, file.len, "65535 f\r\n", 9) - file.data) +
					9 + (k - 1) * 20;
				snprintf(entry, sizeof(entry), "%010zu", off);
				memcpy(file.data + table, entry, 10);
			}
			from = (size_t)((uint8_t *)memmem(file.data, file.len, "startxref\n", 10) - file.data);
			file.len = from;
			assert_int_equal(
				afd_buf_printf(
					&file, "startxref\n%zu\n%%%%EOF\n",
					(size_t)((uint8_t *)memmem(file.data, file.len, "xref\n0 4", 8) - file.data)),
				0);
			expect(places[i], &file, "belong to no object");
		}
}

static void depth_and_size_have_ends(void **state)
{
	AFD_AUTO(buf) struct afd_buf deep = { 0 }, wide = { 0 }, keys = { 0 }, many = { 0 };
	const struct { const char *what; struct afd_buf *object; const char *why; } rows[] = {
		{ "deep", &deep, "nested too deeply" },
		{ "wide", &wide, "too many values" },
		{ "keys", &keys, "too many keys" },
		{ "many", &many, NULL },
	};

	(void)state;
	for (int i = 0; i < 40; i++)
		assert_int_equal(afd_buf_text(&deep, "["), 0);
	for (int i = 0; i < 40; i++)
		assert_int_equal(afd_buf_text(&deep, "]"), 0);
	assert_int_equal(afd_buf_text(&wide, "["), 0);
	for (int i = 0; i < (1 << 20); i++)
		assert_int_equal(afd_buf_text(&wide, " 0"), 0);
	assert_int_equal(afd_buf_text(&wide, "]"), 0);
	assert_int_equal(afd_buf_text(&keys, "<<"), 0);
	assert_int_equal(afd_buf_text(&many, "<<"), 0);
	for (int i = 0; i < 257; i++) {
		assert_int_equal(afd_buf_printf(&keys, "/K%d 0", i), 0);
		if (i < 256)
			assert_int_equal(afd_buf_printf(&many, "/K%d 0", i), 0);
	}
	assert_int_equal(afd_buf_text(&keys, ">>"), 0);
	assert_int_equal(afd_buf_text(&many, ">>"), 0);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 };
		const char *const objects[] = { CATALOG, PAGES, PAGE, (const char *)rows[i].object->data, NULL };

		build(objects, "", &file);
		expect(rows[i].what, &file, rows[i].why);
	}
}

/* --- attachments --- */

#define NAMES(x) "<<\n/Type /Catalog\n/Pages 2 0 R\n/Names << /EmbeddedFiles " x " >>\n>>"
#define LISTED NAMES("<< /Names [ (a.txt) 4 0 R ] >>"), PAGES, PAGE
#define SPEC "<< /Type /Filespec /F (a.txt) /UF (a.txt) /EF << /F 5 0 R >> >>"
#define STREAM "<<\n/Length 5\n>>\nstream\r\nhello\nendstream"

static void attachments(void **state)
{
	static const struct { const char *what; const char *objects[9], *why; } rows[] = {
		{ "plain", { LISTED, SPEC, STREAM }, NULL },
		{ "in a tree",
		  { NAMES("6 0 R"), PAGES, PAGE, SPEC, STREAM, "<< /Kids [ 7 0 R ] >>",
		    "<< /Names [ (a.txt) 4 0 R ] >>" },
		  NULL },
		{ "UTF-16",
		  { NAMES("<< /Names [ (x) 4 0 R ] >>"), PAGES, PAGE,
		    "<< /F <feff0061002e007400780074> /EF << /F 5 0 R >> >>", STREAM },
		  NULL },
		{ "beside others",
		  { NAMES("<< /Names [ (b.txt) 6 0 R (a.txt) 4 0 R ] >>"), PAGES, PAGE, SPEC, STREAM,
		    "<< /F (b.txt) >>" },
		  NULL },
		{ "two names for one", { LISTED, "<< /F (a.txt) /UF (b.txt) /EF << /F 5 0 R >> >>", STREAM }, "no embedded file" },
		{ "twice",
		  { NAMES("<< /Names [ (a.txt) 4 0 R (b) 4 0 R ] >>"), PAGES, PAGE, SPEC, STREAM },
		  "two embedded files" },
		{ "half a pair", { NAMES("<< /Names [ (a.txt) ] >>"), PAGES, PAGE, SPEC, STREAM }, "not pairs" },
		{ "a circle", { NAMES("6 0 R"), PAGES, PAGE, SPEC, STREAM, "<< /Kids [ 6 0 R ] >>" }, "too deep" },
		{ "a fan",
		  { NAMES("6 0 R"), PAGES, PAGE, SPEC, STREAM,
		    "<< /Kids [ 6 0 R 6 0 R 6 0 R 6 0 R 6 0 R 6 0 R 6 0 R 6 0 R ] >>" },
		  "embedded files" },
		{ "no stream", { LISTED, SPEC, "null" }, "has no stream" },
		{ "no EF", { LISTED, "<< /F (a.txt) >>", STREAM }, "/EF is missing" },
		{ "missing stream", { LISTED, "<< /F (a.txt) /EF << /F 8 0 R >> >>",
		    STREAM },
		  "object 8 is missing" },
		{ "another filter", { LISTED, SPEC,
		    "<<\n/Length 5\n/Filter /LZWDecode\n>>\nstream\r\nhello\nendstream" },
		  "another filter" },
		{ "two filters", { LISTED, SPEC,
		    "<<\n/Length 5\n/Filter [ /FlateDecode /FlateDecode ]\n>>\nstream\r\nhello\nendstream" },
		  "more than one filter" },
		{ "not deflated", { LISTED, SPEC,
		    "<<\n/Length 5\n/Filter /FlateDecode\n>>\nstream\r\nhello\nendstream" },
		  "cannot be inflated" },
		{ "deflated, one byte wrong", { LISTED, SPEC,
		    "<<\n/Length 13\n/Filter [ /FlateDecode ]\n>>\nstream\r\n\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x01\x06\x2c\x02\x15\nendstream" },
		  "cannot be inflated" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf file = { 0 }, out = { 0 };
		struct afd_error err = { 0 };
		int r;

		build(rows[i].objects, "", &file);
		r = afd_pdf_attachment(afd_buf_slice(&file), "a.txt", &out, &err);
		if ((r == 0) != (rows[i].why == NULL) || (rows[i].why && !strstr(err.text, rows[i].why)))
			fail_msg("%s: expected \"%s\", got \"%s\"", rows[i].what, rows[i].why ? rows[i].why : "",
				 err.text);
		if (r == 0)
			assert_string_equal((const char *)out.data, "hello");
	}
}

/* Text of C cannot hold it. */
static void nul(struct afd_buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] == 0x1f)
			b->data[i] = 0;
}

/* The same pages however they were compressed, and nothing else. */
static void same_but_compressed_otherwise(void **state)
{
	/* the same 18 letters deflated with and without references to what came before, and with others at their end; \x1f is a NUL */
#define FLATE(n, bytes) "<<\n/Length " n "\n/Filter /FlateDecode\n>>\nstream\r\n" bytes "\nendstream"
#define TIGHT "\x78\xda\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x22\x01\x40\xcb\x06\x9d"
#define LOOSE "\x78\x01\xcb\x48\xcd\xc9\xc9\x57\xc8\x48\xcd\xc9\xc9\x57\xc8\x48\xcd\xc9\xc9\x57\x1f\x1f\x40\xcb\x06\x9d"
#define OTHER "\x78\xda\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x8a\x8a\x1f\x47\x8b\x06\xbf"
#define DEFLATED FLATE("16", TIGHT)
#define DEFLATED_LOOSELY FLATE("26", LOOSE)
#define DEFLATED_OTHER FLATE("18", OTHER)
#define RAW5(text) "<<\n/Length 5\n>>\nstream\r\n" text "\nendstream"
	static const struct { const char *what, *x[9], *y[9], *why; } rows[] = {
		{ "the very same", { LISTED, SPEC, DEFLATED }, { LISTED, SPEC, DEFLATED }, NULL },
		{ "another compression", { LISTED, SPEC, DEFLATED }, { LISTED, SPEC, DEFLATED_LOOSELY }, NULL },
		{ "another text", { LISTED, SPEC, DEFLATED }, { LISTED, SPEC, DEFLATED_OTHER }, "object 5 is another one" },
		{ "a stream that was not compressed", { LISTED, SPEC, RAW5("hello") }, { LISTED, SPEC, RAW5("jello") }, "object 5" },
		{ "compressed and not", { LISTED, SPEC, RAW5("hello") }, { LISTED, SPEC, DEFLATED }, "object 5" },
		{ "another number", { LISTED, SPEC, DEFLATED, "5" }, { LISTED, SPEC, DEFLATED, "6" }, "object 6" },
		{ "a number that is a length in one of them only",
		  { LISTED, SPEC, DEFLATED, "16" }, { LISTED, SPEC, FLATE("6 0 R", TIGHT), "16" }, "object 5" },
		{ "a length that stands elsewhere",
		  { LISTED, SPEC, FLATE("6 0 R", TIGHT), "16" }, { LISTED, SPEC, FLATE("6 0 R", LOOSE), "26" }, NULL },
		{ "an object more", { LISTED, SPEC, DEFLATED }, { LISTED, SPEC, DEFLATED, "null" }, "objects instead of" },
		{ "another key", { LISTED, SPEC, DEFLATED, "<< /A 1 >>" }, { LISTED, SPEC, DEFLATED, "<< /B 1 >>" }, "object 6" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf x = { 0 }, y = { 0 };
		struct afd_error err = { 0 };
		int r;

		build(rows[i].x, "", &x);
		build(rows[i].y, "", &y);
		nul(&x);
		nul(&y);
		r = afd_pdf_same(afd_buf_slice(&x), afd_buf_slice(&y), &err);
		if ((r == 0) != (rows[i].why == NULL) || (rows[i].why && !strstr(err.text, rows[i].why)))
			fail_msg("%s: expected \"%s\", got \"%s\"", rows[i].what, rows[i].why ? rows[i].why : "", err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_one_by_one),
		cmocka_unit_test(page_trees),
		cmocka_unit_test(trailers),
		cmocka_unit_test(tables),
		cmocka_unit_test(nothing_lies_between),
		cmocka_unit_test(depth_and_size_have_ends),
		cmocka_unit_test(attachments),
		cmocka_unit_test(same_but_compressed_otherwise),
	};

	return cmocka_run_group_tests_name("sign: PDF", tests, NULL, NULL);
}
