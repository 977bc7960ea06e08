#include "check.h"
#include "core/caa.h"

static const struct { const char *text; unsigned flags; const char *tag, *value, *issuer; bool known, account, methods; } rows[] = {
	{ "0 issue \"ca.test\"", 0, "issue", "ca.test", "ca.test", true, false, false },
	{ "0 issue ca.test", 0, "issue", "ca.test", "ca.test", true, false, false },
	{ "128 ISSUEWild \"CA.Test\"", 128, "issuewild", "CA.Test", "ca.test", true, false, false },
	{ "0 issue \"\"", 0, "issue", "", "", true, false, false },
	{ "0 issue", 0, "issue", "", "", true, false, false },
	{ "0 issue \";\"", 0, "issue", ";", "", true, false, false },
	{ "0 issue \" \\009ca.test ; \"", 0, "issue", " \\009ca.test ; ", "ca.test", true, false, false },
	{ "0 issue \"ca.test; accounturi=https://ca.test/acct/1\"", 0, "issue", "ca.test; accounturi=https://ca.test/acct/1", "ca.test", true, true, false },
	{ "0 issue \"ca.test;validationmethods = dns-01,http-01;;AccountURI=x\"", 0, "issue", "ca.test;validationmethods = dns-01,http-01;;AccountURI=x",
	  "ca.test", true, true, true },
	{ "0 issuemail \"ca.test; accounturi=\"", 0, "issuemail", "ca.test; accounturi=", "ca.test", true, true, false },
	{ "0 issue \"ca.test; xaccounturi=1; accounturix=2\"", 0, "issue", "ca.test; xaccounturi=1; accounturix=2", "ca.test", true, false, false },
	{ "0 issuevmc \"; accounturi=x\"", 0, "issuevmc", "; accounturi=x", "", true, true, false },
	/* the grammar broken: nobody may, whatever stands there */
	{ "0 issue \"ca.test accounturi=x\"", 0, "issue", "ca.test accounturi=x", "", true, false, false },
	{ "0 issue \"ca.test; accounturi\"", 0, "issue", "ca.test; accounturi", "", true, false, false },
	{ "0 issue \"ca.test; accounturi=a b\"", 0, "issue", "ca.test; accounturi=a b", "", true, false, false },
	{ "0 issue \"ca.test; accounturi=1; a_b=x\"", 0, "issue", "ca.test; accounturi=1; a_b=x", "", true, false, false },
	{ "0 issue \"ca.test; =x\"", 0, "issue", "ca.test; =x", "", true, false, false },
	{ "0 issue \"ca.test; a=\\228\"", 0, "issue", "ca.test; a=\\228", "", true, false, false },
	{ "0 issue \"ca.test.\"", 0, "issue", "ca.test.", "", true, false, false },
	{ "0 issue \"ca..test\"", 0, "issue", "ca..test", "", true, false, false },
	{ "0 issue \".test\"", 0, "issue", ".test", "", true, false, false },
	{ "0 issue \"-ca.test\"", 0, "issue", "-ca.test", "", true, false, false },
	{ "0 issue \"ca-.test\"", 0, "issue", "ca-.test", "", true, false, false },
	{ "0 issue \"c_a.test\"", 0, "issue", "c_a.test", "", true, false, false },
	{ "0 issue \"ca.t\\195\\169st\"", 0, "issue", "ca.t\\195\\169st", "", true, false, false },
	/* properties that name no issuer */
	{ "0 iodef \"mailto:a@b.test; x\"", 0, "iodef", "mailto:a@b.test; x", "", true, false, false },
	{ "1 contactemail \"a@b.test\"", 1, "contactemail", "a@b.test", "", true, false, false },
	{ "0 contactphone \"+1\"", 0, "contactphone", "+1", "", true, false, false },
	{ "255 tbs \"\\\"a\\\\b\\\"\"", 255, "tbs", "\"a\\b\"", "", false, false, false },
	{ "0 issue2 \"ca.test\"", 0, "issue2", "ca.test", "", false, false, false },
};

static const char *const none[] = { "", "0", "issue \"a.test\"", "256 issue \"a.test\"", "99999999999999999999 issue \"a\"", "0  \"a\"", "0 is-sue \"a\"",
				    "\\# 3 000000", "0 issue \"\\256\"", "-1 issue \"a\"" };

static void what_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_caa c;

		row_true(afd_caa_parse(rows[i].text, &c) == 0, rows[i].text);
		row_true(c.flags == rows[i].flags && !strcmp(c.tag, rows[i].tag), rows[i].text);
		row_true(!strcmp(c.value, rows[i].value), rows[i].text);
		row_true(!strcmp(c.issuer, rows[i].issuer), rows[i].text);
		row_true(c.known == rows[i].known && c.account == rows[i].account && c.methods == rows[i].methods, rows[i].text);
	}
}

static void which_methods(void **state)
{
	static const struct { const char *text, *list; unsigned methods; } lists[] = {
		{ "0 issue \"ca.test\"", "", 0 },
		{ "0 issue \"ca.test; validationmethods=\"", "", 2 },
		{ "0 issue \"ca.test; validationmethods=dns-01\"", "dns-01", 1 },
		{ "0 issue \"ca.test; validationMethods = HTTP-01,dns-01 ;accounturi=x\"", "http-01,dns-01", 1 },
		{ "0 issue \"ca.test; validationmethods=a; validationmethods=b\"", "a,b", 1 },
		{ "0 issue \"ca.test; validationmethods=a; b_=c\"", "", 0 },      /* the grammar is broken: nobody may */
		{ "0 iodef \"ca.test; validationmethods=a\"", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(lists); i++) {
		struct afd_caa c;

		row_true(afd_caa_parse(lists[i].text, &c) == 0 && !strcmp(c.method_list, lists[i].list) && c.methods == lists[i].methods, lists[i].text);
	}
}

/* What does not fit ends in "...", which is no method. */
static void many_methods(void **state)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_caa c;

	(void)state;
	assert_int_equal(afd_buf_text(&b, "0 issue \"ca.test"), 0);
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(afd_buf_text(&b, ";validationmethods=dns-01"), 0);
	assert_int_equal(afd_buf_text(&b, "\""), 0);
	assert_int_equal(afd_caa_parse((const char *)b.data, &c), 0);
	assert_true(strlen(c.method_list) > AFD_CAA_VALUE_MAX - 10 && strlen(c.method_list) < sizeof c.method_list);
	assert_string_equal(c.method_list + strlen(c.method_list) - 11, ",dns-01,...");
}

static void what_is_none(void **state)
{
	struct afd_caa c;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(none); i++)
		row_true(afd_caa_parse(none[i], &c) == -1 && !c.tag[0] && !strcmp(c.value, none[i]), none[i]);
}

/* "0 TAG "VALUE"" of so many letters */
static void long_one(size_t tag, size_t value, const char *fill, int want, struct afd_caa *ret)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	afd_buf_text(&b, "0 ");
	for (size_t i = 0; i < tag; i++)
		afd_buf_text(&b, "a");
	afd_buf_text(&b, tag ? " \"" : "issue \"");
	for (size_t i = 0; i < value; i++)
		afd_buf_text(&b, fill);
	afd_buf_text(&b, "\"");
	assert_int_equal(afd_caa_parse((const char *)b.data, ret), want);
}

static void what_is_long(void **state)
{
	struct afd_caa c;

	(void)state;
	long_one(AFD_CAA_TAG_MAX, 1, "x", 0, &c);
	assert_int_equal(strlen(c.tag), AFD_CAA_TAG_MAX);
	long_one(AFD_CAA_TAG_MAX + 1, 1, "x", -1, &c);
	long_one(1, AFD_CAA_VALUE_MAX, "x", 0, &c);
	assert_int_equal(strlen(c.value), AFD_CAA_VALUE_MAX);
	long_one(1, AFD_CAA_VALUE_MAX + 1, "x", 0, &c);
	assert_string_equal(c.value + AFD_CAA_VALUE_MAX - 1, "x...");
	long_one(1, AFD_CAA_VALUE_MAX / 4 + 1, "\\200", 0, &c);
	assert_string_equal(c.value + AFD_CAA_VALUE_MAX - 4, "\\200...");
	long_one(0, AFD_CAA_ISSUER_MAX, "x", 0, &c);
	assert_int_equal(strlen(c.issuer), AFD_CAA_ISSUER_MAX);
	long_one(0, AFD_CAA_ISSUER_MAX + 1, "x", 0, &c);
	assert_string_equal(c.issuer, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_said), cmocka_unit_test(what_is_none), cmocka_unit_test(which_methods),
					   cmocka_unit_test(many_methods), cmocka_unit_test(what_is_long) };

	return cmocka_run_group_tests_name("caa", tests, NULL, NULL);
}
