#include "core/severity.h"

#include <stddef.h>
#include <string.h>

enum { SEVERITIES = 5 };
const char *const afd_severities[] = { "critical", "high", "medium", "low", "info", NULL };

int afd_severity_rank(const char *severity)
{
	for (int i = 0; severity && i < SEVERITIES; i++)
		if (strcmp(afd_severities[i], severity) == 0)
			return SEVERITIES - 1 - i;
	return -1;
}
