/* libs: collector evidence core. Frames of EPP: what they say, their outcome, and where their secrets stand. */
#include "collector/registrar/epp.h"
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	struct afd_epp_result result;
	unsigned services;

	seen_decode("epp", "epp registrar-1 poll - secDNS", afd_slice(data, size), NULL);
	afd_epp_greeting(afd_slice(data, size), &services, NULL);
	afd_epp_result(afd_slice(data, size), &result, NULL);
	if (afd_epp_redact(afd_slice(data, size), &cuts, NULL) == 0)
		for (size_t i = 0; i < cuts.n; i++)
			if (cuts.at[i].off > size || cuts.at[i].len > size - cuts.at[i].off)
				abort();
	return 0;
}
