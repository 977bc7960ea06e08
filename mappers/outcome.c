#include "mappers/outcome.h"

#include <assert.h>
#include <string.h>

#include "core/bytes.h"

static const char *const outcome_names[] = {
	[AFD_NOT_APPLICABLE] = "not-applicable",
	[AFD_PASS] = "pass",
	[AFD_REVIEW] = "review",
	[AFD_NOT_EVALUABLE] = "not-evaluable",
	[AFD_ERROR] = "error",
	[AFD_FAIL] = "fail",
};
static_assert(AFD_COUNT(outcome_names) == AFD_OUTCOME_COUNT, "name every outcome");

const char *afd_outcome_name(enum afd_outcome o)
{
	return (unsigned)o < AFD_OUTCOME_COUNT ? outcome_names[o] : "error";
}

int afd_outcome_parse(const char *text, enum afd_outcome *ret)
{
	for (unsigned i = 0; text && i < AFD_OUTCOME_COUNT; i++)
		if (strcmp(text, outcome_names[i]) == 0) {
			*ret = (enum afd_outcome)i;
			return 0;
		}
	return -1;
}

enum afd_outcome afd_outcome_worse(enum afd_outcome a, enum afd_outcome b)
{
	return a > b ? a : b;
}
