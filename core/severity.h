/* The words for how bad something is: one list for checks, policies, receipts and pages. */
#ifndef AFD_CORE_SEVERITY_H
#define AFD_CORE_SEVERITY_H

/* From the worst, NULL at the end: critical, high, medium, low, info. */
extern const char *const afd_severities[];
/* info 0, low 1, medium 2, high 3, critical 4; -1 for anything else, NULL too. */
int afd_severity_rank(const char *severity);

#endif
