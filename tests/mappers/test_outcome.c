/* Outcomes: order, combination, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "mappers/judge.h"

#define EACH(o) for (enum afd_outcome o = 0; o < AFD_OUTCOME_COUNT; o++)

static void worse_is_a_lattice(void **state)
{
	(void)state;
	EACH(a) {
		assert_int_equal(afd_outcome_worse(a, a), a);
		assert_int_equal(afd_outcome_worse(AFD_NOT_APPLICABLE, a), a);       /* neutral */
		assert_int_equal(afd_outcome_worse(AFD_FAIL, a), AFD_FAIL); /* a proven failure outranks everything */
		EACH(b) {
			enum afd_outcome w = afd_outcome_worse(a, b);

			assert_int_equal(w, afd_outcome_worse(b, a));
			assert_true(w == a || w == b);
			assert_true(w >= a && w >= b);
			EACH(c) {
				assert_int_equal(afd_outcome_worse(afd_outcome_worse(a, b), c),
						 afd_outcome_worse(a, afd_outcome_worse(b, c)));
				if (a <= b)
					assert_true(afd_outcome_worse(a, c) <= afd_outcome_worse(b, c));
			}
		}
	}
}

static void the_order_is_this(void **state)
{
	static const char *const order[] = { "not-applicable", "pass", "review", "not-evaluable", "error", "fail" };
	enum afd_outcome o;

	(void)state;
	assert_int_equal(AFD_COUNT(order), AFD_OUTCOME_COUNT);
	for (unsigned i = 0; i < AFD_COUNT(order); i++) {
		assert_string_equal(afd_outcome_name((enum afd_outcome)i), order[i]);
		assert_int_equal(afd_outcome_parse(order[i], &o), 0);
		assert_int_equal(o, i);
	}
}

static void other_words_are_refused(void **state)
{
	static const char *const words[] = { "", "Pass", "pass ", "met", "waived", NULL };
	enum afd_outcome o;

	(void)state;
	for (unsigned i = 0; i < AFD_COUNT(words); i++)
		assert_int_equal(afd_outcome_parse(words[i], &o), -1);
}

static void phrases(void **state)
{
	static const struct {
		unsigned pass, review, not_evaluable, error, fail, not_applicable;
		enum afd_phrase want;
	} rows[] = {
		{3, 0, 0, 0, 0, 0, AFD_PHRASE_NO_EXCEPTIONS}, {3, 0, 0, 0, 0, 2, AFD_PHRASE_NO_EXCEPTIONS},
		{3, 1, 0, 0, 0, 0, AFD_PHRASE_NOT_TESTED},    {3, 0, 1, 0, 0, 0, AFD_PHRASE_NOT_TESTED},
		{3, 0, 0, 1, 0, 0, AFD_PHRASE_NOT_TESTED},    {0, 0, 0, 0, 0, 2, AFD_PHRASE_NOT_TESTED},
		{0, 0, 0, 0, 0, 0, AFD_PHRASE_NOT_TESTED},    {3, 1, 1, 1, 1, 0, AFD_PHRASE_EXCEPTIONS},
	};

	(void)state;
	for (unsigned i = 0; i < AFD_COUNT(rows); i++) {
		struct afd_counts c = {.by = {[AFD_NOT_APPLICABLE] = rows[i].not_applicable,
					      [AFD_PASS] = rows[i].pass,
					      [AFD_REVIEW] = rows[i].review,
					      [AFD_NOT_EVALUABLE] = rows[i].not_evaluable,
					      [AFD_ERROR] = rows[i].error,
					      [AFD_FAIL] = rows[i].fail}};

		assert_int_equal(afd_phrase_of(&c), rows[i].want);
	}
	assert_string_equal(afd_phrase_text(AFD_PHRASE_EXCEPTIONS), "exceptions noted");
	assert_string_equal(afd_phrase_text(AFD_PHRASE_NO_EXCEPTIONS), "no exceptions noted");
	assert_string_equal(afd_phrase_text(AFD_PHRASE_NOT_TESTED), "could not be tested");
	assert_string_equal(afd_phrase_text(AFD_PHRASE_NOT_ADDRESSED), "not addressed");
}

/* base32(SHA-256("check" 0 "resource" 0 "key"))[0:16], worked out with another program */
static void finding_ids(void **state)
{
	static const struct { const char *check, *resource, *key, *id; } rows[] = {
		{ "zone-change-unattributed", "example.test", "1-2", "IPRYB7FFWN6VTNDY" },
		{ "c", "r", "", "VOM3ZZSAD622OBFI" },
		{ "c", "", "r", "2KBEFRXTPFHJZ5O7" },
	};
	char id[17];

	(void)state;
	for (unsigned i = 0; i < AFD_COUNT(rows); i++) {
		afd_finding_id(rows[i].check, rows[i].resource, rows[i].key, id);
		assert_string_equal(id, rows[i].id);
	}
}

static void severities(void **state)
{
	(void)state;
	assert_true(afd_severity_rank("critical") > afd_severity_rank("high"));
	assert_true(afd_severity_rank("high") > afd_severity_rank("medium"));
	assert_true(afd_severity_rank("medium") > afd_severity_rank("low"));
	assert_true(afd_severity_rank("low") > afd_severity_rank("info"));
	assert_true(afd_severity_rank("info") > afd_severity_rank("High"));
	assert_true(afd_severity_rank(NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worse_is_a_lattice),
		cmocka_unit_test(the_order_is_this),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(phrases),
		cmocka_unit_test(finding_ids),
		cmocka_unit_test(severities),
	};

	return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
