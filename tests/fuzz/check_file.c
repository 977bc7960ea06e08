/* libs: mappers evidence core. A check's file: head and two statements. */
#include "mappers/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct afd_check c;
	int64_t v;

	if (afd_check_parse(afd_slice(data, size), NULL, &d, &c, NULL) < 0)
		return 0;
	if (!c.id || afd_severity_rank(c.severity) < 0 || !*c.findings_sql || !*c.population_sql)
		abort();
	for (size_t i = 0; i < c.n_param; i++)
		if (afd_param_int(&c.param[i], &v, NULL) < 0)      /* a default is always a value */
			abort();
	return 0;
}
