/* libs: collector evidence core. The item that ends a run: decoded, split, and its statements written and read again. */
#include "collector/run_item.h"
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	AFD_AUTO(statements) struct afd_statements s = { 0 };
	AFD_AUTO(statements) struct afd_statements again = { 0 };
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_slice in = afd_slice(data, size);

	if (afd_run_split(in, &parts, NULL) == 0) {
		must_tile(&parts, size);
		seen_decode(AFD_RUN_DECODER, "run of s", in, &parts);
	}
	if (afd_statements_parse(in, &s, NULL) == 0 &&
	    (afd_statements_write(&s, &text, NULL) < 0 || afd_statements_parse(afd_buf_slice(&text), &again, NULL) < 0 || again.n != s.n))
		abort();
	return 0;
}
