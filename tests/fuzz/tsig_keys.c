/* Links: collector, core (crypto, jansson). Keys as a server's configuration writes them. */
#include "collector/zone/tsig_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_tsig_keys keys = { 0 };
	struct afd_error err = { 0 };

	if (afd_tsig_keys_read(afd_slice(data, size), &keys, &err) == 0)
		for (size_t i = 0; i < keys.n; i++)
			if (keys.at[i].secret.len == 0 || !keys.at[i].alg)
				abort();
	afd_tsig_keys_release(&keys);
	return 0;
}
