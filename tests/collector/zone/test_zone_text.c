#include "check.h"

#include "collector/zone/zone_text.h"

static struct afd_dns_name name(const char *text)
{
	struct afd_dns_name n;

	assert_int_equal(afd_dns_name_parse(afd_slice_text(text), &n, NULL), 0);
	return n;
}

/* --- lines --- */

static const struct { const char *line, *says; } line_row[] = {
	{ "www.example.test. 300 IN A 192.0.2.1", "www.example.test 300 IN A 192.0.2.1" },
	{ "www.example.test.\t300\tA\t192.0.2.1", "www.example.test 300 IN A 192.0.2.1" },
	{ "www 300 A 192.0.2.1", "www.example.test 300 IN A 192.0.2.1" }, { "@ A 192.0.2.1", "example.test 3600 IN A 192.0.2.1" },
	{ "WWW IN 1h2m A 192.0.2.1", "www.example.test 3720 IN A 192.0.2.1" }, { "WWW 1w2d IN A 192.0.2.1", "www.example.test 777600 IN A 192.0.2.1" },
	{ "\tA 192.0.2.1", "last.example.test 3600 IN A 192.0.2.1" }, { " 5 A 192.0.2.1", "last.example.test 5 IN A 192.0.2.1" },
	{ "a MX 10 Mail", "a.example.test 3600 IN MX 10 mail.example.test." }, { "a NS ns.other.", "a.example.test 3600 IN NS ns.other." },
	{ "a TXT \"a;b\" c\\;d ; comment", "a.example.test 3600 IN TXT \"a;b\" \"c;d\"" }, { "a TXT a\"b\"c", "a.example.test 3600 IN TXT \"a\" \"b\" \"c\"" },
	{ "a SOA a b ( 1 ; serial\n 2 3\n 4 5 )", "a.example.test 3600 IN SOA a.example.test. b.example.test. 1 2 3 4 5" },
	{ "a TXT ( \"x\ny\" )", "a.example.test 3600 IN TXT \"x\\010y\"" }, { "a\\.b A 192.0.2.1\r\n", "a\\.b.example.test 3600 IN A 192.0.2.1" },
	{ "\\065\\097.\\@.test. A 192.0.2.1", "aa.\\064.test 3600 IN A 192.0.2.1" },
	{ "a TYPE65280 \\# 4 0A000001", "a.example.test 3600 IN TYPE65280 \\# 4 0a000001" }, { "a CLASS1 TYPE1 \\# 4 0A000001", "a.example.test 3600 IN A 10.0.0.1" },
	{ "a MX \\# 6 000a 0241 42 00", "a.example.test 3600 IN MX 10 ab." }, { "in IN A 192.0.2.1", "in.example.test 3600 IN A 192.0.2.1" },
	{ "a 4294967295 A 192.0.2.1", "a.example.test 0 IN A 192.0.2.1" },                      /* RFC 2181, 8 */
	{ "a CH TXT x", "a.example.test 3600 CH TXT \"x\"" }, { ". A 192.0.2.1", ". 3600 IN A 192.0.2.1" },
	{ "", "none" }, { "   ", "none" }, { "; comment", "none" }, { "  ; comment\n", "none" },
	{ "a A 192.0.2", "column 5: A record: expected an IPv4 address, got \"192.0.2\"" },
	{ "a 300 IN FOO x", "column 10: expected a record type, got \"FOO\"" }, { "a 300", "column 6: expected a record type, got the end" },
	{ "a FOO 1", "column 3: expected a time to live, a class or a record type, got \"FOO\"" },
	{ "a A 192.0.2.1 x", "column 15: A record: expected the end of the record, got \"x\"" },
	{ "a A 192.0.2.1\nb A 192.0.2.1", "column 15: A record: expected one record alone, got \"b\"" },
	{ "a TXT \"x", "column 7: TXT record: expected a closing quote, got \"\"x\"" }, { "a TXT \"x\ny\"", "column 7: TXT record: expected a closing quote, got \"\"x\"" },
	{ "a TXT ( x", "column 10: TXT record: expected a closing parenthesis, got the end" },
	{ "a TXT x )", "column 9: TXT record: expected an opening parenthesis before this one, got \")\"" },
	{ "a..b A 192.0.2.1", "column 1: expected a name: labels of 1 to 63 bytes, got \"a..b\"" }, { "\"a\" A 192.0.2.1", "column 1: expected a name, got \"\"a\"\"" },
	{ "a ANY x", "column 3: expected a record type that may stand in a zone, got \"ANY\"" }, { "$TTL 5", "column 1: expected a record, got \"$TTL\"" },
	{ "a 1x A 192.0.2.1", "column 3: expected a time to live, got \"1x\"" }, { "a 99999999999 A 192.0.2.1", "column 3: expected a time to live, got \"99999999999\"" },
	{ "a A \\# 3 0a0000", "column 10: A record: expected bytes that are rdata of this type, got \"0a0000\"" },
	{ "a TXT \\300", "column 7: TXT record: expected three digits up to 255 behind the backslash, got \"\\300\"" },
};

static char *says(int r, const struct afd_zone_rr *rr, const struct afd_error *err)
{
	struct afd_zone_rr_words keep = { 0 };
	struct afd_rr row;

	if (r <= 0)
		return afd_strdup(r < 0 ? err->text : "none");
	assert_int_equal(afd_zone_rr_words(rr, &keep, &row, NULL), 0);
	char *text = afd_sprintf("%s %u %s %s %s", row.owner, row.ttl, rr->rclass == 1 ? "IN" : "CH", row.type, row.rdata);
	afd_zone_rr_words_release(&keep);
	return text;
}

static void a_line_is_read_or_told_why_not(void **state)
{
	AFD_AUTO(zone_reader) struct afd_zone_reader *z = afd_zone_reader_new();
	const struct afd_dns_name origin = name("Example.test"), owner = name("last.example.test");
	const struct afd_zone_line l = { &origin, &owner, true, 3600 };

	(void)state;
	assert_non_null(z);
	for (size_t i = 0; i < AFD_COUNT(line_row); i++) {
		struct afd_zone_rr rr;
		struct afd_error err;
		const int r = afd_zone_text_line(z, afd_slice_text(line_row[i].line), &l, &rr, &err);
		AFD_AUTO(mem) char *got = says(r, &rr, &err);
		row_text(got, line_row[i].says, line_row[i].line);
	}
}

static void without_origin_names_are_absolute(void **state)
{
	static const struct { const char *line, *says; } row[] = {
		{ "www.example.test 300 IN NS ns.example.test", "www.example.test 300 IN NS ns.example.test." },
		{ "@ 300 IN A 192.0.2.1", "column 1: expected a name: no origin is known for \"@\", got \"@\"" },
		{ " 300 IN A 192.0.2.1", "column 2: expected an owner: the line begins with a blank, and no record stands before it, got \"300\"" },
		{ "a IN A 192.0.2.1", "column 8: A record: expected a time to live: none is stated, here or before, got \"192.0.2.1\"" },
		{ "a SOA a b 1 2 3 4 5", "a 5 IN SOA a. b. 1 2 3 4 5" },
	};
	AFD_AUTO(zone_reader) struct afd_zone_reader *z = afd_zone_reader_new();
	const struct afd_zone_line l = { 0 };

	(void)state;
	assert_non_null(z);
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		struct afd_zone_rr rr;
		struct afd_error err;
		const int r = afd_zone_text_line(z, afd_slice_text(row[i].line), &l, &rr, &err);
		AFD_AUTO(mem) char *got = says(r, &rr, &err);
		row_text(got, row[i].says, row[i].line);
	}
}

/* --- files --- */

static int included(void *ctx, struct afd_slice file, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx;
	if (afd_slice_equal(file, afd_slice_text("sub.zone")))
		return afd_buf_text(ret, "a A 192.0.2.1\n$ORIGIN deep\nb A 192.0.2.2\n");
	if (afd_slice_equal(file, afd_slice_text("self.zone")))
		return afd_buf_text(ret, "$INCLUDE self.zone\n");
	if (afd_slice_equal(file, afd_slice_text("bad.zone")))
		return afd_buf_text(ret, "\na A x\n");
	return afd_fail(err, AFD_E_IO, "%.*s: there is no such file", (int)file.len, (const char *)file.data);
}

static const struct { const char *file, *says; bool include; } file_row[] = {
	{ "$TTL 1h\n@ SOA a b 1 2 3 4 5\n  NS a\n", "example.test 3600 SOA a.example.test. b.example.test. 1 2 3 4 5|example.test 3600 NS a.example.test.|" },
	{ "a 5 A 192.0.2.1\nb A 192.0.2.2\n$TTL 7\nc 9 A 192.0.2.3\nd A 192.0.2.4\n", "a 5 A 192.0.2.1|b 5 A 192.0.2.2|c 9 A 192.0.2.3|d 7 A 192.0.2.4|" },
	{ "@ SOA a b 1 2 3 4 5\n@ NS a\n", "example.test 5 SOA a.example.test. b.example.test. 1 2 3 4 5|example.test 5 NS a.example.test.|" },
	{ "a A 192.0.2.1\n", "zone: line 1, column 5: A record: expected a time to live: none is stated, here or before, got \"192.0.2.1\"" },
	{ "$TTL 1\n$ORIGIN sub\na A 192.0.2.1\n$ORIGIN deeper\na A 192.0.2.2\n$ORIGIN example.test.\na A 192.0.2.3",
	  "a.sub 1 A 192.0.2.1|a.deeper.sub 1 A 192.0.2.2|a 1 A 192.0.2.3|" },
	{ "$TTL 1\n$ORIGIN other.\na A 192.0.2.1\n", "zone: line 3, column 1: \"a.other\" is outside the zone" },
	{ "$TTL 1\nxexample.test. A 192.0.2.1\n", "zone: line 2, column 1: \"xexample.test\" is outside the zone" },
	{ "$TTL 1\n\n; comment\n\na A ( 192.0.2.1\n\n)\nb A x\n", "a 1 A 192.0.2.1|zone: line 8, column 5: A record: expected an IPv4 address, got \"x\"" },
	{ "$TTL 1\na IN A 192.0.2.1\nb CH A 192.0.2.2\n", "a 1 A 192.0.2.1|zone: line 3, column 6: expected the class of the records before, got \"A\"" },
	{ "$TTL 1 x\n", "zone: line 1, column 8: expected the end of the line, got \"x\"" }, { "$FOO\n", "zone: line 1, column 1: expected $ORIGIN, $TTL, $INCLUDE or $GENERATE, got \"$FOO\"" },
	{ "$TTL 1\n$INCLUDE sub.zone\n", "zone: line 2, column 1: expected no $INCLUDE: files are not included unless that is asked for, got \"$INCLUDE\"" },
	{ "$TTL 1\nx A 192.0.2.9\n$INCLUDE sub.zone inc\n A 192.0.2.3\ny A 192.0.2.4", "x 1 A 192.0.2.9|a.inc 1 A 192.0.2.1|b.deep.inc 1 A 192.0.2.2|x 1 A 192.0.2.3|y 1 A 192.0.2.4|", true },
	{ "$TTL 1\n$INCLUDE bad.zone\n", "zone: line 2, column 10: bad.zone: line 2, column 5: A record: expected an IPv4 address, got \"x\"", true },
	{ "$TTL 1\n$INCLUDE gone.zone\n", "zone: line 2, column 10: gone.zone: there is no such file", true },
	{ "$TTL 1\n$GENERATE 1-2 h$ A 192.0.2.$\n", "h1 1 A 192.0.2.1|h2 1 A 192.0.2.2|" },
	{ "$TTL 1\n$GENERATE 8-16/8 h${0,3,d}.${-8,2,x} MX 10 m${1,0,X}\\$\n", "h008.00 1 MX 10 m9\\036.example.test.|h016.08 1 MX 10 m11\\036.example.test.|" },
	/* below zero, as named-compilezone 9.18 has it */
	{ "$TTL 1\n$GENERATE 1-2 a${-2}.${-2,4} TXT ${-2,0,x} ${-2,9,X} ${-2,0,o} ${-2,3,n}\n",
	  "a-1.-001 1 TXT \"ffffffff\" \"0FFFFFFFF\" \"37777777777\" \"f.f.f.f.f.f.f.f\"|a0.0000 1 TXT \"0\" \"000000000\" \"0\" \"0.0\"|" },
	{ "$TTL 1\n$GENERATE 31-31 ${0,3,n} TXT \"a $ b\"\n", "f.1 1 TXT \"a 31 b\"|" },
	{ "$TTL 1\n$GENERATE 0-2000000000 h$ A 192.0.2.1\n", "zone: line 2, column 29: $GENERATE: more than 65536 records" },
	{ "$TTL 1\n$GENERATE 2-1 h$ A 192.0.2.1\n", "zone: line 2, column 11: expected a range: start-stop or start-stop/step, got \"2-1\"" },
	{ "$TTL 1\n$GENERATE 1-1 h$ A 192.0.2.${x}\n", "zone: line 2, column 20: expected $ or ${offset,width,base} in the pattern, got \"192.0.2.${x}\"" },
	{ "$TTL 1\n$GENERATE 255-256 h$ A 192.0.2.$\n", "h255 1 A 192.0.2.255|zone: line 2, column 24: in \"h256 A 192.0.2.256\": A record: expected an IPv4 address, got \"192.0.2.256\"" },
};

static int told(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	struct afd_zone_rr_words keep = { 0 };
	struct afd_buf *all = ctx;
	struct afd_rr row;

	assert_int_equal(afd_zone_rr_words(rr, &keep, &row, err), 0);
	const size_t n = strlen(row.owner), apex = strlen("example.test");
	const bool short_form = n > apex && strcmp(row.owner + n - apex, "example.test") == 0;
	if (all->len < 4000)
		assert_int_equal(afd_buf_printf(all, "%.*s %u %s %s|", (int)(short_form ? n - apex - 1 : n), row.owner, row.ttl, row.type, row.rdata), 0);
	afd_zone_rr_words_release(&keep);
	return 0;
}

static void a_file_is_walked_to_its_end_or_its_fault(void **state)
{
	const struct afd_dns_name zone = name("EXAMPLE.test");

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(file_row); i++) {
		const struct afd_zone_text_options o = { .zone = &zone, .label = "zone", .include = file_row[i].include ? included : NULL };
		AFD_AUTO(buf) struct afd_buf all = { 0 };
		struct afd_error err;
		assert_int_equal(afd_buf_text(&all, ""), 0);
		if (afd_zone_text_walk(afd_slice_text(file_row[i].file), &o, told, &all, &err) < 0) {
			if (all.len > 4000)
				all.len = 0;
			assert_int_equal(afd_buf_text(&all, err.text), 0);
		}
		row_text((char *)all.data, file_row[i].says, file_row[i].file);
	}
}

static void bounds_hold(void **state)
{
	const struct afd_dns_name zone = name("example.test");
	struct afd_zone_text_options o = { .zone = &zone, .include = included };
	AFD_AUTO(buf) struct afd_buf all = { 0 };
	struct afd_error err;

	(void)state;
	assert_int_equal(afd_zone_text_walk(SLICE("$TTL 1\n$INCLUDE self.zone\n"), &o, told, &all, &err), -1);
	assert_non_null(strstr(err.text, "fewer files that include one another"));
	o.max_records = 2;
	assert_int_equal(afd_zone_text_walk(SLICE("$TTL 1\na A 192.0.2.1\nb A 192.0.2.1\n"), &o, told, &all, &err), 0);
	assert_int_equal(afd_zone_text_walk(SLICE("$TTL 1\na A 192.0.2.1\nb A 192.0.2.1\nc A 192.0.2.1\n"), &o, told, &all, &err), -1);
	assert_int_equal(err.code, AFD_E_LIMIT);
}

static int kept(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	return afd_zone_rows_add(ctx, rr, err);
}

static void rows_outlive_the_walk(void **state)
{
	AFD_AUTO(zone_rows) struct afd_zone_rows rows = { 0 };
	const struct afd_dns_name zone = name("example.test");
	const struct afd_zone_text_options o = { .zone = &zone };

	(void)state;
	assert_int_equal(afd_zone_text_walk(SLICE("$TTL 1\n$GENERATE 1-20000 h$ TXT \"text $\"\nx TYPE65280 \\# 0\n"), &o, kept, &rows, NULL), 0);
	assert_int_equal(rows.n, 20001);
	assert_string_equal(rows.rr[0].owner, "h1.example.test");
	assert_string_equal(rows.rr[19999].rdata, "\"text 20000\"");
	assert_string_equal(rows.rr[20000].type, "TYPE65280");
	assert_string_equal(rows.rr[20000].rdata, "\\# 0");
	afd_zone_rows_clear(&rows);
	assert_int_equal(rows.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_read_or_told_why_not),
		cmocka_unit_test(without_origin_names_are_absolute),
		cmocka_unit_test(a_file_is_walked_to_its_end_or_its_fault),
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(rows_outlive_the_walk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
