/* Links: sign, core. PDF files, unsigned and signed: the strict reader, the PAdES verifier, the attachment. */
#include "sign/sign.h"
#include "sign_root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	const struct afd_slice roots = afd_slice_text(root_pem), pdf = afd_slice(data, size);
	const struct afd_trust t = { .pem = &roots, .n = 1, .allow_test = true, .at_ms = INT64_C(1790000000000) };
	struct afd_error err = { 0 };
	size_t unsigned_len = 0;

	if (afd_pades_verify(pdf, &t, &unsigned_len, &r, &err) == 0 &&
	    (unsigned_len == 0 || unsigned_len >= size || !r.test))
		abort();
	(void)afd_pdf_attachment(pdf, "report.json", &out, &err);
	return 0;
}
