#include "check.h"
#include "collector/zone/dns_message.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890"
#define HEAD "0000 0000 0000 0000 0000 0000"

/* --- names --- */

/* What stands behind a header; the name begins at byte 12 + skip. */
static const struct { const char *row, *wire; size_t skip; bool pointers; const char *text; size_t end; } name_row[] = {
	{ "plain", "0361626304746573740 0", 0, true, "abc.test", 22 },
	{ "root", "00", 0, true, ".", 13 },
	{ "letters lower", "0341624304546553740 0", 0, true, "abc.test", 22 },
	{ "dot in a label", "03612e6200", 0, true, "a\\.b", 17 },
	{ "blank, quote, backslash, control", "05202 25c00ff 00", 0, true, "\\032\\034\\092\\000\\255", 19 },
	{ "semicolon, brackets, at, dollar", "053b 2829 4024 00", 0, true, "\\059\\040\\041\\064\\036", 19 },
	{ "pointer to an earlier name", "0474657374 00 | 0361 6263 c00c", 6, true, "abc.test", 24 },
	{ "pointer through a pointer", "0474657374 00 | c00c | 0161 c012", 8, true, "a.test", 24 },
	{ "pointer where none may be", "0474657374 00 | 0361 6263 c00c", 6, false, NULL, 0 },
	{ "pointer to itself", "c00c", 0, true, NULL, 0 },
	{ "pointer into its own labels", "0161 c00c", 0, true, NULL, 0 },
	{ "pointer forwards", "c00e 0474657374 00", 0, true, NULL, 0 },
	{ "pointer into the header", "c004", 0, true, NULL, 0 },
	{ "two pointers in a ring", "c00e c00c", 2, true, NULL, 0 },
	{ "label type 01", "4161", 0, true, NULL, 0 },
	{ "label type 10", "8161", 0, true, NULL, 0 },
	{ "cut in a label", "0461 6263", 0, true, NULL, 0 },
	{ "cut before the root", "0361 6263", 0, true, NULL, 0 },
	{ "cut in a pointer", "c0", 0, true, NULL, 0 },
	{ "nothing", "", 0, true, NULL, 0 },
};

static void names_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(name_row); i++) {
		AFD_AUTO(buf) struct afd_buf m = unhex(HEAD), rest = unhex(name_row[i].wire);
		assert_int_equal(afd_buf_add_slice(&m, afd_buf_slice(&rest)), 0);
		struct afd_dns_name n;
		char text[AFD_DNS_TEXT_MAX];
		size_t at = AFD_DNS_HEADER + name_row[i].skip;
		int r = afd_dns_name_read(afd_buf_slice(&m), &at, name_row[i].pointers, &n, NULL);
		row_true(r == (name_row[i].text ? 0 : -1), name_row[i].row);
		if (r < 0)
			continue;
		afd_dns_name_text(&n, true, text);
		row_text(text, name_row[i].text, name_row[i].row);
		row_true(at == name_row[i].end, name_row[i].row);
	}
}

static void a_name_has_at_most_255_bytes(void **state)
{
	uint8_t m[AFD_DNS_HEADER + 260] = { 0 };
	struct afd_dns_name n;
	char text[AFD_DNS_TEXT_MAX];

	(void)state;
	for (size_t last = 61; last <= 62; last++) {
		size_t at = AFD_DNS_HEADER, put = AFD_DNS_HEADER;
		for (int i = 0; i < 4; i++) {
			size_t len = i == 3 ? last : 63;
			m[put] = (uint8_t)len;
			memset(m + put + 1, 1, len);
			put += 1 + len;
		}
		m[put++] = 0;
		assert_int_equal(afd_dns_name_read(afd_slice(m, put), &at, true, &n, NULL), last == 61 ? 0 : -1);
	}
	/* Every byte escaped: the longest text there is fits, and leads back to the same bytes. */
	size_t at = AFD_DNS_HEADER;
	m[AFD_DNS_HEADER + 3 * 64] = 61;
	m[AFD_DNS_HEADER + 254] = 0;
	assert_int_equal(afd_dns_name_read(afd_slice(m, sizeof(m)), &at, true, &n, NULL), 0);
	assert_int_equal(n.len, 255);
	size_t len = afd_dns_name_text(&n, true, text);
	assert_true(len < sizeof(text));
	struct afd_dns_name back;
	assert_int_equal(afd_dns_name_parse(afd_slice(text, len), &back, NULL), 0);
	assert_int_equal(back.len, n.len);
	assert_memory_equal(back.wire, n.wire, n.len);
}

static const struct { const char *text, *canonical; } text_row[] = {
	{ "example.test", "example.test" }, { "Example.TEST.", "example.test" }, { ".", "." }, { "*.a.test", "*.a.test" },
	{ "a\\.b.test", "a\\.b.test" }, { "a\\046b.test", "a\\.b.test" }, { "a\\@b", "a\\064b" }, { "a@b", "a\\064b" },
	{ "\\097.test", "a.test" }, { "a\\032b", "a\\032b" }, { L63, L63 }, { L63 ".x", L63 ".x" },
	{ "", NULL }, { "..", NULL }, { ".a", NULL }, { "a..b", NULL }, { "a..", NULL }, { "a\\", NULL }, { "a\\25", NULL }, { "a\\256", NULL },
	{ L63 "x", NULL }, { L63 "." L63 "." L63 "." L63, NULL },
};

static void names_are_read_from_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(text_row); i++) {
		struct afd_dns_name n;
		char text[AFD_DNS_TEXT_MAX];
		int r = afd_dns_name_parse(afd_slice_text(text_row[i].text), &n, NULL);
		row_true(r == (text_row[i].canonical ? 0 : -1), text_row[i].text);
		if (r < 0)
			continue;
		afd_dns_name_text(&n, true, text);
		row_text(text, text_row[i].canonical, text_row[i].text);
	}
}

static const struct { const char *name, *zone; bool below; } below_row[] = {
	{ "example.test", "example.test", true }, { "WWW.Example.test", "example.test", true }, { "test", "example.test", false },
	{ "xexample.test", "example.test", false }, { "example.test", ".", true }, { ".", ".", true }, { ".", "test", false },
	{ "a.b.example.test", "example.test", true }, { "example.test.evil", "example.test", false },
};

static void names_stand_below_a_zone(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(below_row); i++) {
		struct afd_dns_name n, z;
		assert_int_equal(afd_dns_name_parse(afd_slice_text(below_row[i].name), &n, NULL), 0);
		assert_int_equal(afd_dns_name_parse(afd_slice_text(below_row[i].zone), &z, NULL), 0);
		row_true(afd_dns_name_below(&n, &z) == below_row[i].below, below_row[i].name);
	}
}

/* --- messages --- */

#define QUESTION "0474657374 00 0006 0001 "
#define A_RECORD "c00c 0001 0001 0000003c 0004 c0000201 "

static const struct { const char *row, *hex; const char *error; } message_row[] = {
	{ "header alone", HEAD, NULL },
	{ "a question", "0001 0000 0001 0000 0000 0000 " QUESTION, NULL },
	{ "question and answer", "0001 8400 0001 0001 0000 0000 " QUESTION A_RECORD, NULL },
	{ "one in each section", "0001 8400 0001 0001 0001 0001 " QUESTION A_RECORD A_RECORD A_RECORD, NULL },
	{ "nothing", "", "DNS message of 0 bytes: expected at least 12" },
	{ "header cut", "0001 0000 0001 0000 0000 00", "DNS message of 11 bytes: expected at least 12" },
	{ "question missing", "0001 0000 0001 0000 0000 0000", "name at byte 12: cut short" },
	{ "question cut", "0001 0000 0001 0000 0000 0000 0474657374 00 0006 00", "question: cut short" },
	{ "bytes behind", "0001 0000 0001 0000 0000 0000 " QUESTION "00", "DNS message: 1 bytes behind its last record" },
	{ "one record too few", "0001 8400 0001 0002 0000 0000 " QUESTION A_RECORD, "name at byte 38: cut short" },
	{ "one record too many", "0001 8400 0001 0001 0000 0000 " QUESTION A_RECORD A_RECORD, "DNS message: 16 bytes behind its last record" },
	{ "rdata cut", "0001 8400 0001 0001 0000 0000 " QUESTION "c00c 0001 0001 0000003c 0004 c00002", "record at byte 22: RDLENGTH 4 runs past the message" },
	{ "fixed part cut", "0001 8400 0001 0001 0000 0000 " QUESTION "c00c 0001 0001 0000003c 00", "record at byte 22: cut short" },
	{ "owner is a loop", "0001 8400 0001 0001 0000 0000 " QUESTION "c016 0001 0001 0000003c 0000",
	  "name at byte 22: compression pointer does not lead backwards to a name" },
};

static void messages_are_walked_to_their_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(message_row); i++) {
		AFD_AUTO(buf) struct afd_buf b = unhex(message_row[i].hex);
		struct afd_dns_message m;
		struct afd_error err = { 0 };
		int r = afd_dns_parse(afd_buf_slice(&b), &m, &err);
		row_text(r < 0 ? err.text : "", message_row[i].error ? message_row[i].error : "", message_row[i].row);
	}
}

static void records_are_given_in_order(void **state)
{
	AFD_AUTO(buf) struct afd_buf b = unhex("0001 8400 0001 0001 0001 0000 " QUESTION A_RECORD "0161 c00c 0010 0001 00000001 0002 0178");
	struct afd_dns_message m;
	struct afd_dns_rr rr;
	struct afd_dns_question q;
	char text[AFD_DNS_TEXT_MAX];

	(void)state;
	assert_int_equal(afd_dns_parse(afd_buf_slice(&b), &m, NULL), 0);
	assert_int_equal(afd_dns_question(&m, &q, NULL), 0);
	assert_int_equal(q.type, 6);
	struct afd_dns_walk w = afd_dns_walk(&m, AFD_DNS_ANSWER);
	assert_true(afd_dns_next(&w, &rr));
	afd_dns_name_text(&rr.owner, true, text);
	assert_string_equal(text, "test");
	assert_int_equal(rr.ttl, 60);
	assert_false(afd_dns_next(&w, &rr));
	w = afd_dns_walk(&m, AFD_DNS_AUTHORITY);
	assert_true(afd_dns_next(&w, &rr));
	afd_dns_name_text(&rr.owner, true, text);
	assert_string_equal(text, "a.test");
	assert_int_equal(rr.rdlen, 2);
	w = afd_dns_walk(&m, AFD_DNS_ADDITIONAL);
	assert_false(afd_dns_next(&w, &rr));
}

static void a_query_asks_for_the_zone_or_what_changed(void **state)
{
	static const char *const wire[] = {
		"1234 0000 0001 0000 0000 0000 0474657374 00 00fc 0001",
		"1234 0000 0001 0000 0001 0000 0474657374 00 00fb 0001 c00c 0006 0001 00000000 0016 0000 78c28705 00000000 00000000 00000000 00000000",
	};
	const uint32_t serial = 2026014469;
	struct afd_dns_name zone;

	(void)state;
	assert_int_equal(afd_dns_name_parse(SLICE("test"), &zone, NULL), 0);
	for (int i = 0; i < 2; i++) {
		AFD_AUTO(buf) struct afd_buf got = { 0 }, want = unhex(wire[i]);
		struct afd_dns_message m;
		assert_int_equal(afd_dns_transfer_query(&got, 0x1234, &zone, i ? &serial : NULL, NULL), 0);
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.data, want.data, want.len);
		assert_int_equal(afd_dns_parse(afd_buf_slice(&got), &m, NULL), 0);
	}
}

static const struct { uint32_t a, b; bool newer; } serial_row[] = {
	{ 1, 0, true }, { 0, 1, false }, { 5, 5, false }, { 0, UINT32_MAX, true }, { UINT32_MAX, 0, false },
	{ 0x7fffffff, 0, true }, { 0x80000000, 0, false }, { 0, 0x80000001, true },
};

static void serials_go_round(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(serial_row); i++)
		assert_int_equal(afd_dns_serial_newer(serial_row[i].a, serial_row[i].b), serial_row[i].newer);
}

static void a_damaged_message_never_crashes(void **state)
{
	AFD_AUTO(buf) struct afd_buf b = unhex("0001 8400 0001 0002 0001 0001 " QUESTION A_RECORD A_RECORD A_RECORD A_RECORD);
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		AFD_AUTO(buf) struct afd_buf c = { 0 };
		struct afd_dns_message m;
		struct afd_dns_rr rr;
		assert_int_equal(afd_buf_add_slice(&c, afd_buf_slice(&b)), 0);
		for (int k = 0; k < 3; k++)
			c.data[chance(&seed) % c.len] = (uint8_t)chance(&seed);
		if (afd_dns_parse(afd_slice(c.data, c.len - chance(&seed) % 3), &m, NULL) < 0)
			continue;
		for (unsigned s = 1; s < 4; s++)
			for (struct afd_dns_walk w = afd_dns_walk(&m, s); afd_dns_next(&w, &rr);)
				assert_true(rr.rdata + rr.rdlen <= m.whole.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_read_strictly),
		cmocka_unit_test(a_name_has_at_most_255_bytes),
		cmocka_unit_test(names_are_read_from_text),
		cmocka_unit_test(names_stand_below_a_zone),
		cmocka_unit_test(messages_are_walked_to_their_end),
		cmocka_unit_test(records_are_given_in_order),
		cmocka_unit_test(a_query_asks_for_the_zone_or_what_changed),
		cmocka_unit_test(serials_go_round),
		cmocka_unit_test(a_damaged_message_never_crashes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
