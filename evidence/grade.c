/* Names of grades, in the order in which they are worth more. */
#include "evidence/sink.h"

static const char *const grade_names[] = {
	[AFD_GAP] = "gap",
	[AFD_SAMPLED] = "sampled",
	[AFD_ASSERTED] = "asserted",
	[AFD_PROVEN] = "proven",
};

const char *afd_grade_name(enum afd_grade g)
{
	return (unsigned)g < AFD_COUNT(grade_names) ? grade_names[g] : "unknown";
}

int afd_grade_parse(const char *text, enum afd_grade *ret)
{
	for (unsigned i = 0; text && i < AFD_COUNT(grade_names); i++) {
		if (strcmp(text, grade_names[i]) == 0) {
			*ret = (enum afd_grade)i;
			return 0;
		}
	}
	return -1;
}
