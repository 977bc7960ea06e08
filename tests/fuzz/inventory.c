/* libs: collector evidence core. The inventory as YAML, as CSV and as several files; attestations and responses. */
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	seen_decode("inventory", "inventory.yaml", afd_slice(data, size), NULL);
	seen_decode("inventory", "assets.csv", afd_slice(data, size), NULL);
	seen_decode("attestations", "attestations.yaml", afd_slice(data, size), NULL);
	seen_decode("responses", "responses.csv", afd_slice(data, size), NULL);
	return 0;
}
