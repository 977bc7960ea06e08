/* report.json read back: what stands in it, and everything that is refused. */
#include "tests/reports/check.h"

#include "reports/model.h"
#include "tests/reports/sample.h"

static void make(struct afd_buf *ret)
{
	struct sample s;

	sample_quarter(&s);
	assert_int_equal(afd_report_json(&s.a, ret, NULL), 0);
	sample_free(&s);
}

static void reads_back_what_was_written(void **state)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 };
	AFD_AUTO(report) struct afd_report *r = NULL;
	struct afd_error err = { 0 };

	(void)state;
	make(&json);
	assert_int_equal(afd_report_read(afd_buf_slice(&json), &r, &err), 0);
	assert_string_equal(r->organisation, "Example Trading Ltd");
	assert_int_equal(r->head.size, 48213);
	assert_int_equal(r->n_check, 8);
	assert_int_equal(r->check[2].n_param, 1);
	assert_string_equal(r->check[2].param[0].value, "24h");
	assert_int_equal(r->check[0].answers.n, 2);
	assert_int_equal(r->n_finding, 6);
	assert_string_equal(r->finding[0].check->title, "Changes of NS, DS, CAA and MX records are approved");
	assert_int_equal(r->finding[0].n_evidence, 3);
	assert_int_equal(r->finding[0].reasons.n, 2);
	assert_string_equal(r->finding[4].waiver->approver, "CISO");
	assert_int_equal(r->finding[5].would_fail, 1);
	assert_int_equal(r->counts.not_evaluable, 2);
	assert_int_equal(r->n_cover, 11);
	assert_int_equal(r->cover[1].n_span, 3);
	assert_int_equal(r->framework[0].control[1].counts.population, 0);
	assert_int_equal(r->rules.policy_leaf, 40110);
	assert_int_equal(r->n_outcome, 48);
	assert_int_equal(r->scope[0].leaf, 40112);
	assert_int_equal(r->n_not_in_scope, 1);
}

/* A result that lacks a thousand logs names the first, and how many follow. */
static void lists_no_end_of_needs(void **state)
{
	static const struct { size_t lacks; int64_t listed, more; } rows[] = {
		{ 1, 1, 0 }, { AFD_MAX_UNCOVERED, AFD_MAX_UNCOVERED, 0 }, { AFD_MAX_UNCOVERED + 1, AFD_MAX_UNCOVERED, 1 }, { 1000, AFD_MAX_UNCOVERED, 1000 - AFD_MAX_UNCOVERED },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf json = { 0 };
		AFD_AUTO(report) struct afd_report *r = NULL;
		static struct afd_need need[1001];
		struct afd_result *lacking = NULL;
		struct afd_error err = { 0 };
		struct sample s;
		size_t n = 0;

		sample_quarter(&s);
		for (size_t k = 0; k < s.a.n_result && !lacking; k++)
			if (s.a.result[k].outcome == AFD_NOT_EVALUABLE)
				lacking = &s.a.result[k];
		assert_non_null(lacking);
		for (size_t k = 0; k <= rows[i].lacks; k++)
			need[k] = (struct afd_need){ "zone-claims", "example.test", s.a.period, AFD_ASSERTED, k == 0 };
		lacking->need = need;
		lacking->n_need = rows[i].lacks + 1;
		assert_int_equal(afd_report_json(&s.a, &json, NULL), 0);
		sample_free(&s);
		if (afd_report_read(afd_buf_slice(&json), &r, &err) < 0)
			fail_msg("%s", err.text);
		while (n < r->n_outcome && strcmp(r->outcome[n].outcome, "not-evaluable") != 0)
			n++;
		assert_int_equal(r->outcome[n].n_uncovered, rows[i].listed);
		assert_int_equal(r->outcome[n].uncovered_more, rows[i].more);
	}
}

/* Each row changes the first FIND into PUT; the reader must say the TEXT. */
static void refuses_every_departure(void **state)
{
	static const struct { const char *find, *put, *text;
	} rows[] = {
		{ "\"test\":0", "\"test\":0,\"tist\":0", "tist" },
		{ "\"test\":0", "\"test\":false", "test" },
		{ "\"test\":0", "\"test\":\"0\"", "test" },
		{ "\"test\":0,", "", "test" },
		{ "\"size\":48213", "\"size\":-1", "size" },
		{ "\"size\":48213", "\"size\":9007199254740993", "size" },
		{ "\"test\":0", "\"test\":0,\"test\":0", "" },
		{ "affidavit-report/1", "affidavit-report/2", "format" },
		{ "\"as_of\":\"2026-10-03T06:00:00.000Z\"", "\"as_of\":\"2026-10-03\"x", "" },
		{ "\"as_of\":\"2026-10-03T06:00:00.000Z\"", "\"as_of\":\"yesterday\"", "as_of" },
		{ "\"from\":\"2026-07-01T00:00:00.000Z\",\"label\"", "\"from\":\"2026-10-01T00:00:00.000Z\",\"label\"",
		  "period" },
		{ "\"root\":\"9f2e6d33", "\"root\":\"9f2e6d3", "root" },
		{ "\"root\":\"9f2e6d33", "\"root\":\"9F2E6D33", "root" },
		{ "\"checks_sha256\":\"", "\"checks_sha256\":\"x", "checks_sha256" },
		{ "\"basis\":\"presence\",\"check\":\"caa", "\"basis\":\"presence\",\"check\":\"xaa", "check" },
		{ "\"waiver\":\"W-1\"", "\"waiver\":\"W-9\"", "waiver" },
		{ "\"cited\":[{", "\"cited\":[7,{", "cited" },
		{ "\"cited\":[{\"hash\":\"", "\"cited\":[{\"hash\":\"0", "cited" },
		{ "\"coverage\":[{", "\"coverage\":[{\"new\":1,", "new" },
		{ "\"spans\":[{", "\"spans\":[{\"end\":1,", "end" },
		{ "\"findings\":[{", "\"findings\":{", "" },
		{ "\"number\":1,", "\"number\":1.5,", "number" },
		{ "\"salt\":\"", "\"salt\":\"0", "salt" },
		{ "\"frameworks\":[", "\"frameworks\":[[],", "frameworks" },
		{ "\"id\":\"certificate-without-owner\",\"leaf\"", "\"id\":\"a\",\"leaf\"", "sorted" },
	};
	AFD_AUTO(buf) struct afd_buf json = { 0 };

	(void)state;
	make(&json);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(buf) struct afd_buf bad = { 0 };
		AFD_AUTO(report) struct afd_report *r = NULL;
		struct afd_error err = { 0 };
		const char *at = strstr((const char *)json.data, rows[i].find);

		row_true(at != NULL, rows[i].find);
		afd_buf_add(&bad, json.data, (size_t)(at - (const char *)json.data));
		afd_buf_text(&bad, rows[i].put);
		afd_buf_text(&bad, at + strlen(rows[i].find));
		row_true(afd_report_read(afd_buf_slice(&bad), &r, &err) == -1, rows[i].put);
		row_true(strstr(err.text, rows[i].text) != NULL, err.text);
		row_true(r == NULL, rows[i].put);
	}
}

static void refuses_every_cut(void **state)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 };

	(void)state;
	make(&json);
	for (size_t n = 0; n < json.len; n += n < 200 ? 1 : 997) {
		AFD_AUTO(report) struct afd_report *r = NULL;

		assert_int_equal(afd_report_read(afd_slice(json.data, n), &r, NULL), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_was_written),
		cmocka_unit_test(lists_no_end_of_needs),
		cmocka_unit_test(refuses_every_departure),
		cmocka_unit_test(refuses_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
