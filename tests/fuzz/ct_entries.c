/* libs: collector core crypto. A page of get-entries: the scanner and jansson take the same pages and read the same. */
#include "collector/ct/ct_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_entry(const struct afd_ct_page *a, const struct afd_ct_page *b, size_t i)
{
	struct afd_buf x = { 0 }, y = { 0 };

	if (!afd_slice_equal(afd_ct_page_leaf(a, i), afd_ct_page_leaf(b, i)) ||
	    afd_ct_page_extra(a, i, &x, NULL) != afd_ct_page_extra(b, i, &y, NULL) ||
	    !afd_slice_equal(afd_buf_slice(&x), afd_buf_slice(&y)))
		abort();
	afd_buf_release(&x);
	afd_buf_release(&y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct afd_ct_page scanned, parsed;
	int a = afd_ct_scan_entries(afd_slice(data, size), 64, &scanned, NULL);
	int b = afd_ct_parse_entries(afd_slice(data, size), 64, &parsed, NULL);

	if (a != b || (a == 0 && scanned.n != parsed.n))
		abort();
	for (size_t i = 0; a == 0 && i < scanned.n; i++)
		same_entry(&scanned, &parsed, i);
	return 0;
}
