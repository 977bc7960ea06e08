#include "check.h"
#include "core/when.h"

#define T2026 INT64_C(1767225600000)    /* 2026-01-01T00:00:00Z */

static const struct { const char *text; int64_t ms; } time_row[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2026-01-01T00:00:00Z", T2026 },
	{ "2026-01-01", T2026 },
	{ "2026-01-01t00:00:00z", T2026 },
	{ "2026-01-01 00:00:00Z", T2026 },
	{ "2026-01-01T02:00:00+02:00", T2026 },
	{ "2025-12-31T18:30:00-05:30", T2026 },
	{ "2026-01-01T00:00:00-00:00", T2026 },
	{ "2026-01-01T00:00:00.5Z", T2026 + 500 },
	{ "2026-01-01T00:00:00.123456789Z", T2026 + 123 },
	{ "2025-12-31T23:59:60Z", T2026 },                      /* a leap second is the next second */
	{ "2024-02-29T00:00:00Z", INT64_C(1709164800000) },
	{ "2000-02-29", INT64_C(951782400000) },
	{ "1969-12-31T23:59:59.999Z", -1 },
	{ "0000-01-01T00:00:00Z", INT64_C(-62167219200000) },
	{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999) },
};

static const char *const not_a_time[] = {
	"", "now", "2026", "2026-07", "2026-13-01", "2026-00-01", "2026-02-29", "1900-02-29", "2026-04-31", "2026-01-00",
	"2026-01-01T00:00:00", "2026-01-01T00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
	"2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60", "2026-01-01T00:00:00+0000",
	"2026-01-01T00:00:00Zx", " 2026-01-01", "2026-01-01 ", "2026-1-1", "02026-01-01", "2026-01-01T00:00:00 Z", "26-01-01",
	"2026-01-01T", "2026-01-01T00:00:00+",
};

static void times_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(time_row); i++) {
		int64_t t = 7;

		row_true(afd_when_parse(time_row[i].text, &t, NULL) == 0 && t == time_row[i].ms, time_row[i].text);
	}
	for (size_t i = 0; i < AFD_COUNT(not_a_time); i++) {
		int64_t t = 7;

		row_true(afd_when_parse(not_a_time[i], &t, NULL) == -1 && t == 7, not_a_time[i]);
	}
}

static void a_refused_time_is_named(void **state)
{
	struct afd_error e;
	int64_t t;

	(void)state;
	assert_error(afd_when_parse("2026-01-01T00:00:00", &t, &e), &e, AFD_E_PARSE,
		     "expected a time with its zone, as 2026-07-01T09:30:00Z, got \"2026-01-01T00:00:00\"");
}

static void times_are_written(void **state)
{
	(void)state;
	assert_string_equal(afd_when_text(T2026 + 1).s, "2026-01-01T00:00:00.001Z");
	assert_string_equal(afd_when_text(-1).s, "1969-12-31T23:59:59.999Z");
	assert_string_equal(afd_when_text(AFD_TIME_NONE).s, "-");
	assert_string_equal(afd_when_text(AFD_FOREVER).s, "forever");
	assert_string_equal(afd_when_text(AFD_FOREVER - 1).s, "after-year-9999");
	assert_string_equal(afd_when_text(AFD_TIME_NONE + 1).s, "before-year-0");
	assert_string_equal(afd_when_people(T2026 + 61999).s, "2026-01-01 00:01:01");
	assert_string_equal(afd_when_people(AFD_TIME_NONE).s, "-");
}

static void every_day_of_four_centuries(void **state)
{
	int y = 0, mo = 0, d = 0, h, mi, s, ms;
	int64_t t, back;

	(void)state;
	for (t = INT64_C(-2208988800000); t < INT64_C(10413792000000); t += AFD_DAY) {     /* 1900 to 2300 */
		int was = y * 10000 + mo * 100 + d;

		afd_when_split(t + 86399999, &y, &mo, &d, &h, &mi, &s, &ms);
		assert_true(y * 10000 + mo * 100 + d > was);
		assert_int_equal(h * 10000 + mi * 100 + s, 235959);
		assert_int_equal(ms, 999);
		assert_int_equal(afd_when_civil(y, mo, d, 0, 0, 0, 0, &back), 0);
		assert_int_equal(back, t);
	}
	assert_int_equal(y * 10000 + mo * 100 + d, 22991231);
}

static const struct { const char *text; int64_t ms; } duration_row[] = {
	{ "90d", 90 * AFD_DAY }, { "36h", 36 * AFD_HOUR }, { "15m", 15 * AFD_MINUTE },
	{ "30s", 30 * AFD_SECOND }, { "250ms", 250 }, { "0s", 0 },
};
static const char *const not_a_duration[] = {
	"", "d", "90", "90 d", "-1d", "1.5h", "90D", "1w", "1dd", "1d2h", "99999999999999999999d", "9223372036854775807d",
};

static void durations(void **state)
{
	int64_t d;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(duration_row); i++)
		row_true(afd_duration_parse(duration_row[i].text, &d, NULL) == 0 && d == duration_row[i].ms,
			 duration_row[i].text);
	for (size_t i = 0; i < AFD_COUNT(not_a_duration); i++)
		row_true(afd_duration_parse(not_a_duration[i], &d, NULL) == -1, not_a_duration[i]);
}

static const struct { const char *text, *from, *to; } period_row[] = {
	{ "2026", "2026-01-01", "2027-01-01" },
	{ "2026-Q1", "2026-01-01", "2026-04-01" },
	{ "2026-Q3", "2026-07-01", "2026-10-01" },
	{ "2026-Q4", "2026-10-01", "2027-01-01" },
	{ "2026-08", "2026-08-01", "2026-09-01" },
	{ "2026-12", "2026-12-01", "2027-01-01" },
	{ "2026-07-01..2026-10-01", "2026-07-01", "2026-10-01" },
	{ "2026-07-01T12:00:00+02:00..2026-07-02", "2026-07-01T10:00:00Z", "2026-07-02" },
};
static const char *const not_a_period[] = {
	"", "26", "2026-Q0", "2026-Q5", "2026-q3", "2026-13", "2026-00", "2026-8", "2026-07-01", "2026-07-01..", "..2026-07-01",
	"2026-10-01..2026-07-01", "2026-07-01..2026-07-01", "2026Q3", "2026-Q3x", "9999", "2026-07..2026-09",
};

static void periods(void **state)
{
	struct afd_error e;
	struct afd_span s;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(period_row); i++) {
		int64_t from = 0, to = 0;

		afd_when_parse(period_row[i].from, &from, NULL);
		afd_when_parse(period_row[i].to, &to, NULL);
		row_true(afd_period_parse(period_row[i].text, &s, NULL) == 0 && s.from == from && s.to == to,
			 period_row[i].text);
	}
	for (size_t i = 0; i < AFD_COUNT(not_a_period); i++)
		row_true(afd_period_parse(not_a_period[i], &s, NULL) == -1, not_a_period[i]);
	assert_error(afd_period_parse("2026-10-01..2026-07-01", &s, &e), &e, AFD_E_PARSE,
		     "period \"2026-10-01..2026-07-01\" ends before it begins");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(a_refused_time_is_named),
		cmocka_unit_test(times_are_written),
		cmocka_unit_test(every_day_of_four_centuries),
		cmocka_unit_test(durations),
		cmocka_unit_test(periods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
