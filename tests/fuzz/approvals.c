/* libs: collector evidence core. Approvals as CSV, as YAML, and as an export of tickets with its map (several.h). */
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	seen_decode("approvals", "approvals.csv", afd_slice(data, size), NULL);
	seen_decode("approvals", "approvals.yaml", afd_slice(data, size), NULL);
	return 0;
}
