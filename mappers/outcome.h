/* Outcomes are ordered, named once, and only ever get worse. An outcome is a verdict about the world; an error about
 * ourselves is struct afd_error. */
#ifndef AFD_MAPPERS_OUTCOME_H
#define AFD_MAPPERS_OUTCOME_H

enum afd_outcome {
	AFD_NOT_APPLICABLE, AFD_PASS, AFD_REVIEW, AFD_NOT_EVALUABLE, AFD_ERROR, AFD_FAIL, AFD_OUTCOME_COUNT
};
const char *afd_outcome_name(enum afd_outcome o);
int afd_outcome_parse(const char *text, enum afd_outcome *ret);     /* 0, or -1 */
/* The one function that combines. */
enum afd_outcome afd_outcome_worse(enum afd_outcome a, enum afd_outcome b);

#endif
