/* Waivers: which are in force, what they cover, what stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "mappers/judge.h"

#define NOW INT64_C(1000000)
#define WHOLE .mark = { "W-1", "DNS team", "CISO", "migration", NOW + 1, false }

static void in_force(void **state)
{
	static const struct { const char *what; struct afd_waiver_rule w; bool want;
	} rows[] = {
		{"names a finding", {WHOLE, .finding = "A", .observed_before = AFD_TIME_NONE}, true},
		{"names check, resource and a time",
		 {WHOLE, .check = "c", .resource = "r", .observed_before = 5},
		 true},
		{"names check and resource without a time",
		 {WHOLE, .check = "c", .resource = "r", .observed_before = AFD_TIME_NONE},
		 false},
		{"standing",
		 {.mark = {"W", "o", "a", "r", NOW + 1, true},
		  .check = "c",
		  .resource = "r",
		  .observed_before = AFD_TIME_NONE},
		 true},
		{"standing, without resource",
		 {.mark = {"W", "o", "a", "r", NOW + 1, true}, .check = "c", .observed_before = AFD_TIME_NONE},
		 false},
		{"names nothing", {WHOLE, .observed_before = AFD_TIME_NONE}, false},
		{"expires at this instant", {.mark = {"W", "o", "a", "r", NOW, false}, .finding = "A"}, false},
		{"expired by a malformed date", {.mark = {"W", "o", "a", "r", 0, false}, .finding = "A"}, false},
		{"no owner", {.mark = {"W", " ", "a", "r", NOW + 1, false}, .finding = "A"}, false},
		{"no approver", {.mark = {"W", "o", "", "r", NOW + 1, false}, .finding = "A"}, false},
		{"no reason", {.mark = {"W", "o", "a", "", NOW + 1, false}, .finding = "A"}, false},
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		if (afd_waiver_in_force(&rows[i].w, NOW) != rows[i].want)
			fail_msg("%s: expected %d", rows[i].what, rows[i].want);
}

static void covers(void **state)
{
	static const struct afd_check check = { .id = "c" };
	static const struct afd_finding fail = {
		.id = "AAAABBBBCCCCDDDD", .check = &check, .resource = "r", .status = AFD_FAIL, .observed_ms = 100};
	static const struct afd_finding undated = {.id = "AAAABBBBCCCCDDDD",
						   .check = &check,
						   .resource = "r",
						   .status = AFD_FAIL,
						   .observed_ms = AFD_TIME_NONE};
	static const struct afd_finding review = {
		.id = "AAAABBBBCCCCDDDD", .check = &check, .resource = "r", .status = AFD_REVIEW, .observed_ms = 100};
	static const struct {
		const char *what;
		struct afd_waiver_rule w;
		const struct afd_finding *f;
		bool want;
	} rows[] = {
		{"its id", {WHOLE, .finding = "AAAABBBBCCCCDDDD"}, &fail, true},
		{"its id in small letters", {WHOLE, .finding = "aaaabbbbccccdddd"}, &fail, true},
		{"the id of another", {WHOLE, .finding = "AAAABBBBCCCCDDDE"}, &fail, false},
		{"the beginning of its id", {WHOLE, .finding = "AAAABBBB"}, &fail, false},
		{"observed before", {WHOLE, .check = "c", .resource = "r", .observed_before = 101}, &fail, true},
		{"observed at that instant",
		 {WHOLE, .check = "c", .resource = "r", .observed_before = 100},
		 &fail,
		 false},
		{"observed at an unknown time",
		 {WHOLE, .check = "c", .resource = "r", .observed_before = 101},
		 &undated,
		 false},
		{"another resource", {WHOLE, .check = "c", .resource = "rr", .observed_before = 101}, &fail, false},
		{"another check", {WHOLE, .check = "cc", .resource = "r", .observed_before = 101}, &fail, false},
		{"standing",
		 {.mark = {.standing = true}, .check = "c", .resource = "r", .observed_before = AFD_TIME_NONE},
		 &fail,
		 true},
		{"what is only to be looked at", {WHOLE, .finding = "AAAABBBBCCCCDDDD"}, &review, false},
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		if (afd_waiver_covers(&rows[i].w, rows[i].f) != rows[i].want)
			fail_msg("%s: expected %d", rows[i].what, rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(in_force), cmocka_unit_test(covers) };

	return cmocka_run_group_tests_name("waiver", tests, NULL, NULL);
}
