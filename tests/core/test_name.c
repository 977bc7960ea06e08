#include "check.h"
#include "core/name.h"

#define L63 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-123456789"
#define L61 "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-1234567"
#define E10 "\\001\\001\\001\\001\\001\\001\\001\\001\\001\\001"
#define E61 E10 E10 E10 E10 E10 E10 "\\001"

static const struct { const char *in, *out; } name_row[] = {
	{ "example.com", "example.com" },
	{ "Example.COM.", "example.com" },
	{ "com", "com" },
	{ ".", "." },
	{ "*.Example.com", "*.example.com" },
	{ "*", "*" },
	{ "_acme-challenge.example.com", "_acme-challenge.example.com" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "John\\.Doe.example.com", "john\\.doe.example.com" },
	{ "a\\032b.example", "a\\032b.example" },
	{ "a\\@b.example", "a\\@b.example" },
	{ L63 ".example", L63 ".example" },
	{ L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61 },                 /* 255 on the wire */
	{ E61 "\\001\\001." E61 "\\001\\001." E61 "\\001\\001." E61, E61 "\\001\\001." E61 "\\001\\001." E61 "\\001\\001." E61 },
};

static const char *const not_a_name[] = {
	"", "..", ".com", "a..b", "a b.com", " a.com", "a.com ", "a\tb.com", "a\x7f.com", "b\xc3\xbc" "cher.example", "a.*.com",
	"a*.com", "*a.com", "**", "a\\", "a\\03", "a\\0x2", "a\\256.com", "a\\ b", L63 "x.example",
	L63 "." L63 "." L63 "." L61 "x", "*.*.example", "a.com..",
};

static void names_have_one_form(void **state)
{
	char n[AFD_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(name_row); i++) {
		row_true(afd_name_canonical(afd_slice_text(name_row[i].in), n, NULL) == 0, name_row[i].in);
		assert_string_equal(n, name_row[i].out);
		row_true(afd_name_canonical(afd_slice_text(n), n, NULL) == 0, name_row[i].in);     /* once more: no change */
		assert_string_equal(n, name_row[i].out);
	}
	for (size_t i = 0; i < AFD_COUNT(not_a_name); i++)
		row_true(afd_name_canonical(afd_slice_text(not_a_name[i]), n, NULL) == -1, not_a_name[i]);
	assert_int_equal(afd_name_canonical(SLICE("a\0b.com"), n, NULL), -1);
}

static void a_refused_name_is_named(void **state)
{
	char n[AFD_NAME_MAX];
	struct afd_error e;

	(void)state;
	assert_error(afd_name_canonical(SLICE("a..b"), n, &e), &e, AFD_E_PARSE, "not a DNS name, an empty label: \"a..b\"");
	assert_error(afd_name_canonical(SLICE("b\xc3\xbc" "cher.de"), n, &e), &e, AFD_E_PARSE,
		     "not a DNS name, write international labels in their xn-- form: \"b\xc3\xbc" "cher.de\"");
}

static const struct { const char *name, *zone; bool within; } within_row[] = {
	{ "example.com", "example.com", true },      { "www.example.com", "example.com", true },
	{ "a.b.example.com", "example.com", true },  { "notexample.com", "example.com", false },
	{ "com", "example.com", false },             { "example.com", ".", true },
	{ ".", ".", true },                          { ".", "com", false },
	{ "a\\.example.com", "example.com", false }, { "a\\\\.example.com", "example.com", true },
	{ "example.com.org", "example.com", false }, { "*.example.com", "example.com", true },
};

static void zones_hold_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(within_row); i++)
		row_true(afd_name_within(within_row[i].name, within_row[i].zone) == within_row[i].within, within_row[i].name);
}

/* RFC 4034, 6.1: its own list, with the root in front */
static void names_are_ordered_from_the_right(void **state)
{
	static const char *const order[] = {
		".", "example", "a.example", "yljkjljk.a.example", "z.a.example", "zabc.a.example", "z.example", "\\001.z.example",
		"*.z.example", "\\200.z.example",
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(order); i++)
		for (size_t k = 0; k < AFD_COUNT(order); k++) {
			int c = afd_name_compare(order[i], order[k]);

			if ((c > 0) - (c < 0) != (i > k) - (i < k))
				fail_msg("%s against %s gives %d", order[i], order[k], c);
		}
	assert_int_equal(afd_name_compare("a\\046b.example", "a\\.b.example"), 0);
}

static void wildcards_have_a_base(void **state)
{
	bool w = false;

	(void)state;
	assert_string_equal(afd_name_base("*.example.com", &w), "example.com");
	assert_true(w);
	assert_string_equal(afd_name_base("*", &w), ".");
	assert_true(w);
	assert_string_equal(afd_name_base("www.example.com", &w), "www.example.com");
	assert_false(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_one_form),
		cmocka_unit_test(a_refused_name_is_named),
		cmocka_unit_test(zones_hold_names),
		cmocka_unit_test(names_are_ordered_from_the_right),
		cmocka_unit_test(wildcards_have_a_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
