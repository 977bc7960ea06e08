/* libs: collector evidence core. A catalogue in OSCAL's JSON. */
#include "collector/files/oscal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_oscal o = { 0 };

	if (afd_oscal_json(afd_slice(data, size), "fuzz", &o, NULL) == 0)
		for (size_t i = 0; i < o.n; i++)
			if (!o.at[i].id || !o.at[i].level || (o.at[i].parent != SIZE_MAX && o.at[i].parent >= i))
				abort();
	afd_oscal_release(&o);
	if (afd_oscal_parse(afd_slice(data, size), "fuzz", &o, NULL) == 0 && !o.n)
		abort();
	afd_oscal_release(&o);
	return 0;
}
