/* libs: collector evidence core. inventory.yaml, read strictly. */
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	seen_decode("inventory", "inventory.yaml", afd_slice(data, size), NULL);
	return 0;
}
