/* report.json: the canonical writer, and what the assessment becomes. */
#include "tests/reports/check.h"

#include "core/file.h"
#include "core/merkle.h"
#include "reports/json.h"
#include "reports/utf8.h"
#include "tests/reports/sample.h"

static void writes_text_as_rfc8785_says(void **state)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "plain", "{\"k\":\"plain\"}" },
		{ "a\"b\\c/d", "{\"k\":\"a\\\"b\\\\c/d\"}" },
		{ "\b\t\n\f\r", "{\"k\":\"\\b\\t\\n\\f\\r\"}" },
		{ "\x01\x0b\x1f", "{\"k\":\"\\u0001\\u000b\\u001f\"}" },
		{ "\x7f", "{\"k\":\"\x7f\"}" },
		{ "\u20ac\u00f6\U0001f512\u2028", "{\"k\":\"\u20ac\u00f6\U0001f512\u2028\"}" },
		{ "\xff.", "{\"k\":\"\ufffd.\"}" },
		{ "\xc0\xaf", "{\"k\":\"\ufffd\ufffd\"}" },                         /* overlong '/' */
		{ "\xed\xa0\x80", "{\"k\":\"\ufffd\ufffd\ufffd\"}" },               /* a surrogate */
		{ "\xf4\x90\x80\x80", "{\"k\":\"\ufffd\ufffd\ufffd\ufffd\"}" },     /* beyond U+10FFFF */
		{ "\xe2\x82", "{\"k\":\"\ufffd\ufffd\"}" },                         /* cut short */
		{ "", "{}" },
		{ NULL, "{}" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf out = { 0 };
		struct afd_json j = { .out = &out };

		afd_json_map(&j, NULL);
		afd_json_text(&j, "k", rows[i].in);
		afd_json_end(&j);
		assert_int_equal(afd_json_finish(&j, NULL), 0);
		assert_string_equal((char *)out.data, rows[i].out);
	}
}

static void writes_numbers_times_and_lists(void **state)
{
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	struct afd_json j = { .out = &out };

	(void)state;
	afd_json_map(&j, NULL);
	afd_json_int(&j, "a", 0);
	afd_json_int(&j, "b", UINT64_C(1) << 53);
	afd_json_list(&j, "c");
	afd_json_text(&j, NULL, "x");
	afd_json_text(&j, NULL, "");
	afd_json_map(&j, NULL);
	afd_json_end(&j);
	afd_json_end(&j);
	afd_json_time(&j, "d", 1767225600123);
	afd_json_time(&j, "e", AFD_TIME_NONE);
	afd_json_time(&j, "f", AFD_FOREVER);
	afd_json_flag(&j, "g", true);
	afd_json_end(&j);
	assert_int_equal(afd_json_finish(&j, NULL), 0);
	assert_string_equal((char *)out.data, "{\"a\":0,\"b\":9007199254740992,\"c\":[\"x\",\"\",{}],\"d\":\"2026-01-"
					      "01T00:00:00.123Z\",\"g\":1}");
}

static void refuses_what_would_not_be_canonical(void **state)
{
	static const struct {
		const char *name;
		const char *first, *second;
		uint64_t n;
		unsigned deep;
		enum afd_code code;
	} rows[] = {
		{ "keys out of order", "b", "a", 0, 1, AFD_E_ENGINE },
		{ "the same key twice", "a", "a", 0, 1, AFD_E_ENGINE },
		{ "a number that loses digits", "a", "b", (UINT64_C(1) << 53) + 1, 1, AFD_E_LIMIT },
		{ "too deep", "a", "b", 0, AFD_JSON_DEPTH + 1, AFD_E_ENGINE },
		{ "not closed", "a", "b", 0, 0, AFD_E_ENGINE },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf out = { 0 };
		struct afd_json j = { .out = &out };
		struct afd_error err = { 0 };

		afd_json_map(&j, NULL);
		afd_json_int(&j, rows[i].first, rows[i].n);
		afd_json_int(&j, rows[i].second, rows[i].n);
		for (unsigned d = 1; d < rows[i].deep; d++)
			afd_json_map(&j, d == 1 ? "c" : "d");
		for (unsigned d = 0; d < rows[i].deep; d++)
			afd_json_end(&j);
		row_true(afd_json_finish(&j, &err) == -1 && err.code == rows[i].code, rows[i].name);
	}
}

static void utf8_goes_both_ways(void **state)
{
	static const uint32_t points[] = { 0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(points); i++) {
		char b[4];
		size_t n = afd_utf8_put(points[i], b);
		const char *p = b;

		assert_int_equal(afd_utf8_next(&p, b + n), points[i]);
		assert_ptr_equal(p, b + n);
	}
}

/* The outcomes that there are, and the word on the cover. */
static void result_is_one_of_four_words(void **state)
{
	static const struct { unsigned pass, review, ne, error, fail, na; const char *word; } rows[] = {
		{ 0, 0, 0, 0, 0, 0, "nothing-tested" },
		{ 0, 0, 0, 0, 0, 9, "nothing-tested" },
		{ 0, 0, 9, 0, 0, 0, "nothing-tested" },
		{ 0, 0, 0, 9, 0, 0, "nothing-tested" },
		{ 9, 0, 0, 0, 0, 0, "no-exceptions-noted" },
		{ 0, 9, 0, 0, 0, 0, "no-exceptions-noted" },
		{ 9, 0, 0, 0, 0, 9, "no-exceptions-noted" },
		{ 9, 0, 1, 0, 0, 0, "no-exceptions-noted-incomplete" },
		{ 9, 0, 0, 1, 0, 0, "no-exceptions-noted-incomplete" },
		{ 0, 0, 0, 0, 1, 0, "exceptions-noted" },
		{ 9, 9, 9, 9, 1, 9, "exceptions-noted" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf out = { 0 };
		AFD_AUTO(mem) char *want = afd_sprintf("\"result\":\"%s\"", rows[i].word);
		struct sample s;

		sample_empty(&s);
		s.a.counts = (struct afd_counts){ .by = { [AFD_PASS] = rows[i].pass,
							  [AFD_REVIEW] = rows[i].review,
							  [AFD_NOT_EVALUABLE] = rows[i].ne,
							  [AFD_ERROR] = rows[i].error,
							  [AFD_FAIL] = rows[i].fail,
							  [AFD_NOT_APPLICABLE] = rows[i].na } };
		assert_int_equal(afd_report_json(&s.a, &out, NULL), 0);
		row_true(strstr((char *)out.data, want), rows[i].word);
		sample_free(&s);
	}
}

static void id_of(const struct afd_assessment *a, char ret[15])
{
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	const char *p;

	assert_int_equal(afd_report_json(a, &out, NULL), 0);
	p = strstr((char *)out.data, "\"report_id\":\"");
	assert_non_null(p);
	memcpy(ret, p + 13, 14);
	ret[14] = '\0';
}

/* What names a report, and what does not. */
static void report_id_follows_head_period_as_of_and_engine(void **state)
{
	char base[15], other[15];
	struct sample s;

	(void)state;
	sample_quarter(&s);
	id_of(&s.a, base);
	assert_int_equal(base[4], '-');
	assert_int_equal(base[9], '-');
	s.a.classification = "another";
	id_of(&s.a, other);
	assert_string_equal(other, base);
#define CHANGES(what, back) do { what; id_of(&s.a, other); assert_string_not_equal(other, base); back; } while (0)
	CHANGES(s.a.head_size++, s.a.head_size--);
	CHANGES(s.a.head_root.b[31] ^= 1, s.a.head_root.b[31] ^= 1);
	CHANGES(s.a.period.from++, s.a.period.from--);
	CHANGES(s.a.period.to++, s.a.period.to--);
	CHANGES(s.a.as_of_ms++, s.a.as_of_ms--);
	CHANGES(s.a.engine = "affidavit 0.1.1", s.a.engine = "affidavit 0.1.0");
	id_of(&s.a, other);
	assert_string_equal(other, base);
	sample_free(&s);
}

static void cites_each_leaf_once_and_refuses_two_hashes(void **state)
{
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	struct afd_error err = { 0 };
	const char *from, *to, *p;
	unsigned n = 0;
	struct sample s;

	(void)state;
	sample_quarter(&s);
	s.a.finding[1].evidence[0].leaf = 44817;
	s.a.finding[1].evidence[0].hash = s.a.finding[0].evidence[0].hash;
	assert_int_equal(afd_report_json(&s.a, &out, &err), 0);
	from = strstr((char *)out.data, "\"cited\":[");
	to = strchr(from, ']');
	for (p = from; (p = strstr(p, "\"leaf\":44817}")) && p < to; p++)
		n++;
	assert_int_equal(n, 1);
	s.a.finding[1].evidence[0].hash = s.a.finding[0].evidence[1].hash;
	assert_int_equal(afd_report_json(&s.a, &out, &err), -1);
	assert_int_equal(err.code, AFD_E_ENGINE);
	s.a.finding[1].evidence[0].hash = NULL;
	assert_int_equal(afd_report_json(&s.a, &out, &err), -1);
	assert_int_equal(err.code, AFD_E_ENGINE);
	sample_free(&s);
}

/* report_sample KIND PREFIX writes them as PREFIX.json. Look at the difference before taking it over. */
static void cuts_the_findings(void **state)
{
	static const struct { const char *json; size_t n; const char *cut[3]; } rows[] = {
		{ "{\"findings\":[]}", 0, { 0 } },
		{ "{\"findings\":[{}]}", 1, { "{}" } },
		{ "{\"a\":1,\"findings\":[{\"x\":[{\"y\":\"]}\"}]},{\"z\":\"\\\"}\"}],\"g\":{\"findings\":[{\"no\":1}]}}", 2,
		  { "{\"x\":[{\"y\":\"]}\"}]}", "{\"z\":\"\\\"}\"}" } },
		{ "{\"a\":\"\\\\\",\"findings\":[{\"b\":2}]}", 1, { "{\"b\":2}" } },
	};
	static const char *const refused[] = {
		"", "{", "{}", "[]", "{\"a\":1}", "{\"findings\":[]", "{\"findings\":[]}x", "{\"findings\":{}}", "{\"findings\":[1]}",
		"{\"findings\":[{}],\"findings\":[]}", "{\"finding\\u0073\":[],\"findings\":[]}", "{\"findings\": []}", "{\"findings\":[{},]}",
		"{\"findings\":[{]}]}", "{\"findings\":[{}}", "{\"a\":[},\"findings\":[]}", "{\"a\":\"\\", "{\"a\":-1,\"findings\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(ranges) struct afd_ranges at = { 0 };
		struct afd_slice json = afd_slice_text(rows[i].json);
		struct afd_digest leaf[3], want, root;
		uint64_t n;

		assert_int_equal(afd_report_findings(json, &at, NULL), 0);
		assert_int_equal(at.n, rows[i].n);
		for (size_t k = 0; k < at.n; k++) {
			assert_true(afd_slice_equal(afd_slice_sub(json, at.at[k].off, at.at[k].len), afd_slice_text(rows[i].cut[k])));
			afd_merkle_leaf(afd_slice_text(rows[i].cut[k]), &leaf[k]);
		}
		assert_int_equal(afd_report_findings_root(json, &root, &n, NULL), 0);
		assert_int_equal(n, rows[i].n);
		if (n == 0)
			afd_merkle_empty(&want);
		else if (n == 1)
			want = leaf[0];
		else
			afd_merkle_node(&leaf[0], &leaf[1], &want);
		assert_true(afd_digest_equal(&root, &want));
	}
	for (size_t i = 0; i < AFD_COUNT(refused); i++) {
		struct afd_ranges at = { 0 };

		row_true(afd_report_findings(afd_slice_text(refused[i]), &at, NULL) == -1, refused[i]);
		row_true(at.at == NULL, refused[i]);
	}
}

/* What is cut out of a whole report is what the strict reader finds there. */
static void cuts_what_the_reader_reads(void **state)
{
	struct sample s = { 0 };
	AFD_AUTO(buf) struct afd_buf json = { 0 };
	AFD_AUTO(ranges) struct afd_ranges at = { 0 };
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	const struct afd_node *f;
	size_t i = 0;

	(void)state;
	sample_hostile(&s);
	assert_int_equal(afd_report_json(&s.a, &json, NULL), 0);
	assert_int_equal(afd_report_findings(afd_buf_slice(&json), &at, NULL), 0);
	assert_int_equal(afd_json_parse(afd_buf_slice(&json), "report.json", &doc, NULL), 0);
	f = afd_node_get(afd_doc_root(doc), "findings");
	assert_non_null(f);
	assert_int_equal(f->u.list.n, at.n);
	for (f = f->u.list.first; f; f = f->next, i++)
		assert_true(afd_slice_equal(f->raw, afd_slice_sub(afd_buf_slice(&json), at.at[i].off, at.at[i].len)));
	sample_free(&s);
}

static void a_finding_without_a_salt_is_no_report(void **state)
{
	struct sample s = { 0 };
	AFD_AUTO(buf) struct afd_buf json = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	sample_quarter(&s);
	s.a.finding[0].salt[0] = '\0';
	assert_int_equal(afd_report_json(&s.a, &json, &err), -1);
	assert_int_equal(err.code, AFD_E_ENGINE);
	sample_free(&s);
}

static void golden_files_stay(void **state)
{
	static const struct { const char *name; void (*make)(struct sample *);
	} rows[] = {
		{ "clean", sample_clean },
		{ "empty", sample_empty },
		{ "hostile", sample_hostile },
		{ "quarter", sample_quarter },
	};
	const char *source = getenv("AFFIDAVIT_SOURCE");

	(void)state;
	if (!source)
		skip();
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(mem) char *path = afd_sprintf("%s/tests/reports/golden/%s.json", source, rows[i].name);
		AFD_AUTO(buf) struct afd_buf want = { 0 }, got = { 0 };
		struct afd_error err = { 0 };
		struct sample s;

		rows[i].make(&s);
		assert_int_equal(afd_report_json(&s.a, &got, &err), 0);
		assert_int_equal(afd_file_read(path, 1 << 24, &want, &err), 0);
		row_true(afd_slice_equal(afd_buf_slice(&got), afd_buf_slice(&want)), rows[i].name);
		sample_free(&s);
	}
}

static void says_nothing_of_secrets(void **state)
{
	static const char *const never[] = { "\"secret\"", "\"blind\"", "\"digest\"",
					     "true",     "false",      "null" };
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	struct sample s;

	(void)state;
	sample_quarter(&s);
	assert_int_equal(afd_report_json(&s.a, &out, NULL), 0);
	for (size_t i = 0; i < AFD_COUNT(never); i++)
		row_true(!strstr((char *)out.data, never[i]), never[i]);
	sample_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_text_as_rfc8785_says),
		cmocka_unit_test(writes_numbers_times_and_lists),
		cmocka_unit_test(refuses_what_would_not_be_canonical),
		cmocka_unit_test(utf8_goes_both_ways),
		cmocka_unit_test(result_is_one_of_four_words),
		cmocka_unit_test(report_id_follows_head_period_as_of_and_engine),
		cmocka_unit_test(cites_each_leaf_once_and_refuses_two_hashes),
		cmocka_unit_test(cuts_the_findings),
		cmocka_unit_test(cuts_what_the_reader_reads),
		cmocka_unit_test(a_finding_without_a_salt_is_no_report),
		cmocka_unit_test(golden_files_stay),
		cmocka_unit_test(says_nothing_of_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
