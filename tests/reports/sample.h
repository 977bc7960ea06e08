/* Assessments made by hand: what a quarter looks like, and what a hostile one looks like. */
#ifndef AFD_TESTS_REPORTS_SAMPLE_H
#define AFD_TESTS_REPORTS_SAMPLE_H

#include "reports/report.h"

struct sample { struct afd_assessment a; void **keep; size_t n_keep; };

void sample_quarter(struct sample *s);                       /* exceptions, a waiver, gaps, two frameworks */
void sample_hostile(struct sample *s); /* long, foreign and evil texts everywhere; provisional; TEST */
void sample_empty(struct sample *s);                         /* nothing in scope, no source, no framework */
void sample_clean(struct sample *s);                         /* no exceptions, everything seen */
void sample_many(struct sample *s, unsigned findings);
void sample_free(struct sample *s);

#endif
