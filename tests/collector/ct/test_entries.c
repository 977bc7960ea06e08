/* Pages of get-entries: the scanner against jansson, on pages as logs write them and as nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <time.h>

#include "collector/ct/ct_entry.h"
#include "samples.h"

enum { MANY = 1000 };

#define LEAF "\"leaf_input\":\"AAAA\""
#define EXTRA "\"extra_data\":\"BBBB\""
#define ENTRY "{" LEAF "," EXTRA "}"

/* Is it a page, of how many entries, and did the scanner see to it alone? */
static void pages_are_taken_or_refused(void **state)
{
	static const struct { const char *json; int n; bool alone; } row[] = {
		{ "{\"entries\":[]}", 0, true },
		{ "{\"entries\":[" ENTRY "]}", 1, true },
		{ "{\"entries\":[" ENTRY "," ENTRY "]}\n", 2, true },
		{ " {\r\n\t\"entries\" : [ { " EXTRA " , " LEAF " } ] } ", 1, true },
		{ "{\"entries\":[{\"leaf_input\":\"ab\\/+\",\"extra_data\":\"\\/\\/==\"}]}", 1, true },
		{ "{\"entries\":[{\"leaf_input\":\"\\u0041AAA\"," EXTRA "}]}", 1, false },
		{ "{\"entries\":[{\"leaf_input\":\"AAAA\",\"extra_data\":\"\\u0041AAA\"}]}", 1, false },
		{ "{\"ent\\u0072ies\":[" ENTRY "]}", 1, false },
		/* members that nobody asked for */
		{ "{\"a\":1,\"entries\":[{\"x\":\"y\"," LEAF ",\"z\":null," EXTRA ",\"t\":true,\"f\":false}],\"b\":\"\"}", 1, true },
		{ "{\"a\":{\"entries\":[1]},\"entries\":[" ENTRY "]}", 1, false },
		{ "{\"entries\":[{" LEAF "," EXTRA ",\"sct\":[1,2]}]}", 1, false },
		{ "{\"a\":1.5e3,\"entries\":[]}", 0, false },
		{ "{\"a\":\"\xc3\xbc\",\"entries\":[]}", 0, false },
		{ "{\"\":0,\"entries\":[]}", 0, true },
		/* said twice */
		{ "{\"entries\":[],\"entries\":[]}", -1, false },
		{ "{\"entries\":[{" LEAF "," LEAF "," EXTRA "}]}", -1, false },
		{ "{\"entries\":[{" LEAF "," EXTRA "," EXTRA "}]}", -1, false },
		{ "{\"a\":1,\"a\":1,\"entries\":[]}", -1, false },
		{ "{\"entries\":[{\"x\":1,\"x\":1," LEAF "," EXTRA "}]}", -1, false },
		/* lacking */
		{ "{}", -1, false },
		{ "{\"entry\":[]}", -1, false },
		{ "{\"entries\":[{}]}", -1, false },
		{ "{\"entries\":[{" LEAF "}]}", -1, false },
		{ "{\"entries\":[{" EXTRA "}]}", -1, false },
		{ "{\"entries\":{}}", -1, false },
		{ "{\"entries\":null}", -1, false },
		{ "{\"entries\":[1]}", -1, false },
		{ "{\"entries\":[{\"leaf_input\":1," EXTRA "}]}", -1, false },
		{ "{\"entries\":[{\"leaf_input\":null," EXTRA "}]}", -1, false },
		/* not base64 */
		{ "{\"entries\":[{\"leaf_input\":\"AAA\"," EXTRA "}]}", -1, false },
		{ "{\"entries\":[{\"leaf_input\":\"AA=A\"," EXTRA "}]}", -1, false },
		{ "{\"entries\":[{\"leaf_input\":\"AB==\"," EXTRA "}]}", -1, false },
		{ "{\"entries\":[{\"leaf_input\":\"AA-_\"," EXTRA "}]}", -1, false },
		{ "{\"entries\":[{\"leaf_input\":\"AA A\"," EXTRA "}]}", -1, false },
		/* not JSON */
		{ "", -1, false },
		{ "[]", -1, false },
		{ "{\"entries\":[" ENTRY "]", -1, false },
		{ "{\"entries\":[" ENTRY "]}}", -1, false },
		{ "{\"entries\":[" ENTRY ",]}", -1, false },
		{ "{\"entries\":[" ENTRY " " ENTRY "]}", -1, false },
		{ "{\"entries\":[{" LEAF "," EXTRA ",}]}", -1, false },
		{ "{\"entries\":[{" LEAF " " EXTRA "}]}", -1, false },
		{ "{\"entries\":[],}", -1, false },
		{ "{'entries':[]}", -1, false },
		{ "{\"entries\":[]} x", -1, false },
		{ "\xef\xbb\xbf{\"entries\":[]}", -1, false },
		{ "{\"a\":01,\"entries\":[]}", -1, false },
		{ "{\"a\":tru,\"entries\":[]}", -1, false },
		{ "{\"a\":truex,\"entries\":[]}", -1, false },
		{ "{\"a\":\"\n\",\"entries\":[]}", -1, false },
		{ "{\"a\":\"\xff\",\"entries\":[]}", -1, false },
		{ "{\"entries\":[{\"leaf_input\":\"AAAA\",\"extra_data\":\"BB\nB\"}]}", -1, false },
		{ "{\"entries\":[{\"leaf_input\":\"AAAA\",\"extra_data\":\"BB\\xB\"}]}", -1, false },
		{ "{\"entries\":[{\"leaf_input\":\"AAAA\",\"extra_data\":\"BBBB\\\"}]}", -1, false },
	};
	struct afd_ct_page page = { 0 };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		struct afd_error err = { 0 };
		int rc = afd_ct_scan_entries(afd_slice_text(row[i].json), MANY, &page, &err);

		if (rc != (row[i].n < 0 ? -1 : 0) || (rc == 0 && page.n != (size_t)row[i].n))
			fail_msg("%s: got %d, %zu entries %s", row[i].json, rc, page.n, err.text);
		if (rc == 0 && (page.doc == NULL) != row[i].alone)
			fail_msg("%s: expected that %s", row[i].json, row[i].alone ? "the scanner does it" : "jansson does it");
	}
	afd_ct_page_release(&page);
}

static void more_than_asked_for_is_refused(void **state)
{
	struct afd_ct_page page = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_ct_scan_entries(afd_slice_text("{\"entries\":[" ENTRY "," ENTRY "]}"), 2, &page, &err), 0);
	assert_int_equal(afd_ct_scan_entries(afd_slice_text("{\"entries\":[" ENTRY "," ENTRY "]}"), 1, &page, &err), -1);
	assert_non_null(strstr(err.text, "more than 1"));
	afd_ct_page_release(&page);
}

static void extra_data_is_decoded_when_asked_for(void **state)
{
	AFD_AUTO(buf) struct afd_buf extra = { 0 };
	struct afd_ct_page page = { 0 };

	(void)state;
	assert_int_equal(afd_ct_scan_entries(afd_slice_text("{\"entries\":[{" LEAF ",\"extra_data\":\"\\/+AA\"},{" LEAF
	                                                    ",\"extra_data\":\"AA A\"}]}"), MANY, &page, NULL), 0);
	assert_int_equal(afd_ct_page_extra(&page, 0, &extra, NULL), 0);
	assert_true(afd_slice_equal(afd_buf_slice(&extra), afd_slice("\xff\xe0\0", 3)));
	assert_int_equal(afd_ct_page_extra(&page, 1, &extra, NULL), -1);
	afd_ct_page_release(&page);
}

static void a_page_of_a_real_log(void **state)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 };
	AFD_AUTO(buf) struct afd_buf extra = { 0 };
	struct afd_ct_page page = { 0 };
	struct afd_ct_leaf leaf;
	struct afd_ct_cert cert;

	(void)state;
	if (!sample("rfc6962-argon2020/get-entries-start-10000-end-10000.json", &json))
		skip();
	assert_int_equal(afd_ct_scan_entries(afd_buf_slice(&json), MANY, &page, NULL), 0);
	assert_null(page.doc);
	assert_int_equal(page.n, 1);
	assert_int_equal(afd_ct_merkle_leaf(afd_ct_page_leaf(&page, 0), &leaf, NULL), 0);
	assert_int_equal(afd_ct_leaf_cert(&leaf, &cert, NULL), 0);
	assert_int_equal(afd_ct_page_extra(&page, 0, &extra, NULL), 0);
	assert_true(extra.len > 1000);
	afd_ct_page_release(&page);
}

/* --- made pages, then damaged ones --- */

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % below;
}

static void put_blanks(struct afd_buf *b)
{
	while (draw(4) == 0)
		afd_buf_u8(b, (uint8_t)" \t\n\r"[draw(4)]);
}

static void put_base64(struct afd_buf *b, bool escaped)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	uint8_t bytes[64];
	size_t n = draw(sizeof(bytes));

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(draw(2) ? 0xff : draw(256));
	afd_base64(afd_slice(bytes, n), &text);
	afd_buf_u8(b, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (escaped && draw(40) == 0)
			afd_buf_printf(b, "\\u%04x", text.data[i]);
		else if (escaped && text.data[i] == '/' && draw(2))
			afd_buf_text(b, "\\/");
		else
			afd_buf_u8(b, text.data[i]);
	}
	afd_buf_u8(b, '"');
}

static void put_member(struct afd_buf *b, const char *name, const char *value)
{
	put_blanks(b);
	afd_buf_printf(b, "\"%s\"", name);
	put_blanks(b);
	afd_buf_u8(b, ':');
	put_blanks(b);
	if (value)
		afd_buf_text(b, value);
	else
		put_base64(b, draw(3) == 0);
	put_blanks(b);
}

static void put_page(struct afd_buf *b)
{
	static const char *const other[] = { "0", "12", "-1", "1.5", "1e400", "null", "true", "\"a\"", "\"\\n\"", "{}", "[1,{\"a\":2}]",
	                                     "123456789012345678901234567890" };
	unsigned n = draw(4), extras = draw(3) == 0;

	put_blanks(b);
	afd_buf_u8(b, '{');
	if (extras && draw(2)) {
		put_member(b, "next", other[draw(AFD_COUNT(other))]);
		afd_buf_u8(b, ',');
	}
	put_member(b, "entries", "[");
	for (unsigned i = 0; i < n; i++) {
		bool swap = draw(2);

		afd_buf_text(b, i ? ",{" : "{");
		put_member(b, swap ? "extra_data" : "leaf_input", NULL);
		afd_buf_u8(b, ',');
		if (extras && draw(2)) {
			put_member(b, draw(8) ? "more" : "leaf_input", other[draw(AFD_COUNT(other))]);
			afd_buf_u8(b, ',');
		}
		put_member(b, swap ? "leaf_input" : "extra_data", NULL);
		afd_buf_u8(b, '}');
	}
	afd_buf_text(b, "]}");
	put_blanks(b);
}

static void damage(struct afd_buf *b)
{
	static const uint8_t edges[] = { '"', '\\', '{', '}', '[', ']', ',', ':', 0, 0x1f, 0x7f, 0x80, 0xff, '0', 'u', '/' };
	size_t at = draw((uint32_t)b->len);

	switch (draw(4)) {
	case 0:
		b->len = at;
		break;
	case 1:
		b->data[at] = edges[draw(sizeof(edges))];
		break;
	case 2:
		memmove(b->data + at, b->data + at + 1, b->len - at - 1);
		b->len--;
		break;
	default:
		b->data[at] = (uint8_t)draw(256);
	}
}

static void compare(struct afd_slice json, struct afd_ct_page *a, struct afd_ct_page *b, unsigned *taken, unsigned *alone)
{
	int x = afd_ct_scan_entries(json, 8, a, NULL), y = afd_ct_parse_entries(json, 8, b, NULL);

	if (x != y || (x == 0 && a->n != b->n))
		fail_msg("scanner %d, jansson %d: %.*s", x, y, (int)json.len, (const char *)json.data);
	*taken += x == 0;
	*alone += x == 0 && !a->doc;
	for (size_t i = 0; x == 0 && i < a->n; i++) {
		AFD_AUTO(buf) struct afd_buf p = { 0 }, q = { 0 };

		assert_true(afd_slice_equal(afd_ct_page_leaf(a, i), afd_ct_page_leaf(b, i)));
		assert_int_equal(afd_ct_page_extra(a, i, &p, NULL), afd_ct_page_extra(b, i, &q, NULL));
		assert_true(afd_slice_equal(afd_buf_slice(&p), afd_buf_slice(&q)));
	}
}

static void scanner_and_jansson_agree(void **state)
{
	const char *given = getenv("AFFIDAVIT_TEST_SEED");
	struct afd_ct_page a = { 0 }, b = { 0 };
	unsigned taken = 0, alone = 0;

	(void)state;
	seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	seed |= 1;
	print_message("# AFFIDAVIT_TEST_SEED=%llu\n", (unsigned long long)seed);
	for (unsigned i = 0; i < 40000; i++) {
		AFD_AUTO(buf) struct afd_buf page = { 0 };

		put_page(&page);
		for (unsigned k = i % 2 ? draw(3) + 1 : 0; k > 0 && page.len > 1; k--)
			damage(&page);
		compare(afd_buf_slice(&page), &a, &b, &taken, &alone);
	}
	print_message("# taken %u, by the scanner alone %u\n", taken, alone);
	assert_true(taken > 15000 && alone > 8000);
	afd_ct_page_release(&a);
	afd_ct_page_release(&b);
}

static void every_cut_of_a_page_is_refused(void **state)
{
	static const char page[] = "{\"entries\":[" ENTRY "," ENTRY "],\"more\":12}";
	struct afd_ct_page p = { 0 };

	(void)state;
	for (size_t n = 0; n < sizeof(page) - 1; n++)
		assert_int_equal(afd_ct_scan_entries(afd_slice(page, n), MANY, &p, NULL), -1);
	afd_ct_page_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_taken_or_refused),
		cmocka_unit_test(more_than_asked_for_is_refused),
		cmocka_unit_test(extra_data_is_decoded_when_asked_for),
		cmocka_unit_test(a_page_of_a_real_log),
		cmocka_unit_test(scanner_and_jansson_agree),
		cmocka_unit_test(every_cut_of_a_page_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
