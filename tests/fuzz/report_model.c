/* libs: reports mappers evidence core. report.json as a forger may hand it over: read, and laid out when it is one. */
#include "reports/model.h"
#include "reports/pdf/pages.h"
#include "reports/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct afd_fonts files;
	static struct afd_font face[AFD_FACE_COUNT];
	static int ready;
	const struct afd_font *font[AFD_FACE_COUNT] = { &face[0], &face[1], &face[2] };
	AFD_AUTO(report) struct afd_report *r = NULL;
	AFD_AUTO(ranges) struct afd_ranges at = { 0 };
	AFD_AUTO(sheets) struct afd_sheets s = { 0 };

	if (!ready)
		ready = afd_fonts_find(NULL, &files, NULL) == 0 && afd_font_load(files.regular, &face[0], NULL) == 0 &&
					afd_font_load(files.bold, &face[1], NULL) == 0 &&
					afd_font_load(files.mono, &face[2], NULL) == 0
				? 1
				: -1;
	if (afd_report_read(afd_slice(data, size), &r, NULL) == 0 && ready > 0)
		afd_layout(r, &files, font, &s, NULL);
	/* where both can read it, the cut and the reader see the same findings */
	if (afd_report_findings(afd_slice(data, size), &at, NULL) == 0 && r && at.n != r->n_finding)
		__builtin_trap();
	return 0;
}
