/* libs: collector evidence core. affidavit.yaml, read strictly, with the fields of every source. */
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	seen_decode("config", "affidavit.yaml", afd_slice(data, size), NULL);
	return 0;
}
