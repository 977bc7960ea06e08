/* libs: collector evidence core. policy.yaml, read strictly. */
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	seen_decode("policy", "policy.yaml", afd_slice(data, size), NULL);
	return 0;
}
