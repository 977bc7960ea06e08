/* Links: transport, core. gzip bodies: never more than the ceiling comes out. */
#include "transport/transport_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CEILING 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	struct afd_error err;
	int r = afd_gunzip(afd_slice(data, size), CEILING, &out, &err);

	if (out.len > CEILING || (r == 0 && size > 0 && size < 18))
		abort();
	return 0;
}
