/* The statement: written canonically, read back exactly, and refused in every other form. */
#include "tests/reports/check.h"

#include "core/digest.h"
#include "reports/statement.h"

#define HEX(c) #c #c #c #c #c #c #c #c
#define H64(c) HEX(c) HEX(c) HEX(c) HEX(c) HEX(c) HEX(c) HEX(c) HEX(c)

static struct afd_st_file files[] = { { "head.note", { { 1 } } }, { "report.json", { { 2 } } }, { "report.pdf", { { 3 } } } };
static struct afd_st_signer signers[] = {
	{ "CN = before", { { 4 } }, 1000, 2000 }, { "CN = \"now\" \xc3\xa9", { { 5 } }, 1500, INT64_C(1790000000000) },
};

static struct afd_statement sample(void)
{
	return (struct afd_statement){ .file = files, .n_file = AFD_COUNT(files), .number = 2, .as_of = INT64_C(1790000000000), .findings = 3,
		.size = 95, .findings_root = { { 6 } }, .root = { { 7 } }, .checks = { { 8 } }, .organisation = "Example",
		.report_id = "AAAA-BBBB-CCCC", .note = "log\n95\n\n\xe2\x80\x94 log sig\n", .origin = "log", .vkey = "log+1+A",
		.period = { 0, 86400000 }, .label = "a day", .config = { 0, { { 9 } } }, .inventory = { 1, { { 10 } } }, .policy = { .leaf = -1 },
		.previous = { .number = 1, .as_of = 5, .size = 40, .period = { 0, 1000 }, .label = "before", .report_id = "DDDD-EEEE-FFFF",
			.root = { { 11 } }, .report = { { 12 } }, .statement = { { 13 } }, .proof = { { { 14 } }, { { 15 } } }, .n_proof = 2 },
		.has_previous = true, .signer = signers, .n_signer = AFD_COUNT(signers), .tool = "affidavit", .version = "1", .build = "cc",
		.binary = { { 16 } }, .has_binary = true };
}

static void write_sample(const struct afd_statement *st, struct afd_buf *ret)
{
	struct afd_error err = { 0 };

	if (afd_statement_write(st, ret, &err) < 0)
		fail_msg("%s", err.text);
}

static void comes_back_as_it_went(void **state)
{
	const struct afd_statement whole = sample();
	struct afd_statement rows[5];

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		rows[i] = whole;
	rows[1].has_previous = false;
	rows[1].number = 1;
	rows[2].note = rows[2].organisation = rows[2].label = rows[2].build = NULL;
	rows[2].has_binary = false;
	rows[3].n_file = 0;
	rows[3].previous.n_proof = 0;
	rows[4].test = true;
	rows[4].policy = (struct afd_st_rule){ 2, { { 17 } } };
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf a = { 0 }, b = { 0 };
		AFD_AUTO(statement) struct afd_statement got = { 0 };
		struct afd_error err = { 0 };

		write_sample(&rows[i], &a);
		if (afd_statement_read(afd_buf_slice(&a), &got, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		write_sample(&got, &b);
		assert_string_equal((char *)a.data, (char *)b.data);
		assert_int_equal(got.n_file, rows[i].n_file);
		assert_int_equal(got.number, rows[i].number);
		assert_int_equal(got.has_previous, rows[i].has_previous);
		assert_int_equal(got.policy.leaf, rows[i].policy.leaf);
		assert_int_equal(got.test, rows[i].test);
		assert_true(afd_digest_equal(&got.findings_root, &rows[i].findings_root));
		assert_int_equal(got.previous.n_proof, rows[i].has_previous ? rows[i].previous.n_proof : 0);
	}
}

static void names_files_by_their_names(void **state)
{
	const struct afd_statement st = sample();

	(void)state;
	assert_ptr_equal(afd_statement_file(&st, "report.pdf"), &files[2]);
	assert_null(afd_statement_file(&st, "report.pd"));
	assert_null(afd_statement_file(&st, "statement.jws"));
}

/* What nobody may sign: names that lead elsewhere, twice or out of order. */
static void refuses_names(void **state)
{
	static const struct { const char *a, *b, *why; } rows[] = {
		{ "b", "a", "sorted" }, { "a", "a", "sorted" }, { "../a", "b", "folder" }, { "a", "dir/b", "folder" }, { ".", "a", "folder" },
		{ "", "a", "folder" }, { "..", "a", "folder" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf out = { 0 };
		struct afd_st_file two[] = { { rows[i].a, { { 1 } } }, { rows[i].b, { { 1 } } } };
		struct afd_statement st = sample();
		struct afd_error err = { 0 };

		st.file = two;
		st.n_file = 2;
		row_true(afd_statement_write(&st, &out, &err) == -1, rows[i].a);
		row_true(strstr(err.text, rows[i].why) != NULL, err.text);
	}
}

static void refuses_what_it_would_not_write(void **state)
{
	static const struct { const char *find, *put, *why; } rows[] = {
		{ "\"findings\":3", "\"findings\": 3", "laid out" },
		{ "\"findings\":3", "\"findings\":03", "" },
		{ "\"findings\":3", "\"findings\":-3", "range" },
		{ "\"findings\":3", "\"findings\":3.0", "findings" },
		{ "\"findings\":3", "\"findings\":3,\"extra\":1", "extra" },
		{ "\"findings\":3", "\"findings\":3,\"findings\":3", "findings" },
		{ "\"_type\":\"https://in-toto.io/Statement/v1\"", "\"_type\":\"https://in-toto.io/Statement/v0.1\"", "laid out" },
		{ "affidavit.example/statement/v1", "evil.example/statement/v1", "predicateType" },
		{ "affidavit-statement/1", "affidavit-statement/2", "laid out" },
		{ "\"name\":\"report.json\"", "\"name\":\"report\\u002ejson\"", "laid out" },
		{ "\"name\":\"report.json\"", "\"name\":\"../report.json\"", "folder" },
		{ "\"name\":\"report.json\"", "\"name\":\"zzz\"", "sorted" },
		{ "\"digest\":{\"sha256\":\"02", "\"digest\":{\"sha512\":\"02", "sha512" },
		{ "\"digest\":{\"sha256\":\"02", "\"digest\":{\"sha256\":\"0Z", "hex" },
		{ "\"digest\":{\"sha256\":\"02", "\"digest\":{\"sha256\":\"002", "hex" },
		{ "\"number\":2", "\"number\":0", "range" },
		{ "\"test\":0", "\"test\":2", "range" },
		{ "\"test\":0", "\"test\":false", "test" },
		{ "\"leaf\":0", "\"leaf\":-1", "leaf" },
		{ "\"as_of\":\"2026-09-21T14:13:20.000Z\"", "\"as_of\":\"2026-09-21T14:13:20Z\"", "laid out" },
		{ "\"as_of\":\"2026-09-21T14:13:20.000Z\"", "\"as_of\":\"soon\"", "as_of" },
		{ "\"proof\":[\"", "\"proof\":[\"0", "hex" },
		{ "\"size\":95", "\"size\":9500000000000000000000", "" },
		{ "\"subject\":[{", "\"subject\":{", "" },
		{ "\"subject\":[{", "\"subject\":[7,{", "" },
		{ "\"signers\":[{", "\"signers\":[[],{", "" },
	};
	AFD_AUTO(buf) struct afd_buf good = { 0 };
	const struct afd_statement st = sample();

	(void)state;
	write_sample(&st, &good);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf bad = { 0 };
		struct afd_statement got = { 0 };
		struct afd_error err = { 0 };
		const char *at = strstr((const char *)good.data, rows[i].find);

		row_true(at != NULL, rows[i].find);
		afd_buf_add(&bad, good.data, (size_t)(at - (const char *)good.data));
		afd_buf_text(&bad, rows[i].put);
		afd_buf_text(&bad, at + strlen(rows[i].find));
		row_true(afd_statement_read(afd_buf_slice(&bad), &got, &err) == -1, rows[i].put);
		row_true(err.code == AFD_E_PARSE, err.text);
		row_true(strstr(err.text, rows[i].why) != NULL, err.text);
		row_true(got.doc == NULL, rows[i].put);
	}
	for (size_t n = 0; n < good.len; n++) {
		struct afd_statement got = { 0 };

		assert_int_equal(afd_statement_read(afd_slice(good.data, n), &got, NULL), -1);
	}
}

static void says_of_canonical_json_what_trestle_says(void **state)
{
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	const struct afd_digest d = { { 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
		0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11 } };

	(void)state;
	assert_int_equal(afd_statement_canonical_json("report.json", &d, &out, NULL), 0);
	assert_string_equal((char *)out.data, "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":{\"canonicalization\":\"RFC8785\","
		"\"digestAlgorithm\":\"sha256\",\"digestSource\":\"canonical-json\",\"tool\":\"affidavit\"},\"predicateType\":"
		"\"https://oscal-compass.github.io/compliance-trestle/predicates/oscal-signing/v1\",\"subject\":[{\"digest\":{\"sha256\":\""
		H64(1) "\"},\"name\":\"report.json\"}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_went),
		cmocka_unit_test(names_files_by_their_names),
		cmocka_unit_test(refuses_names),
		cmocka_unit_test(refuses_what_it_would_not_write),
		cmocka_unit_test(says_of_canonical_json_what_trestle_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
