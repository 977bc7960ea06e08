/* libs: collector evidence core. An answer of a search service, split and decoded as the engine and derive do it. */
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct afd_provider *p = afd_provider_find("ct-search");
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (afd_json_parse(afd_slice(data, size), "x", &d, NULL) == 0) {
		if (p->split(afd_slice(data, size), &parts, NULL) < 0)
			abort();
		must_tile(&parts, size);
	}
	seen_decode("ct-search", "example.test", afd_slice(data, size), parts.n ? &parts : NULL);
	return 0;
}
