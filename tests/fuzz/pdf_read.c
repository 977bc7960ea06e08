/* Links: sign, core. PDF files, unsigned, signed and extended: the strict reader, the PAdES verifier, the attachment, and
 * what is asked about their certificates. */
#include "sign/validation.h"
#include "pdf_root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	const struct afd_slice roots = afd_slice_text(pdf_root), pdf = afd_slice(data, size);
	const struct afd_trust t = { .pem = &roots, .n = 1, .allow_test = true, .at_ms = PDF_TIME };
	__attribute__((cleanup(afd_ders_release))) struct afd_ders certs = { 0 };
	struct afd_error err = { 0 };
	size_t unsigned_len = 0, signed_len = 0;

	if (afd_pades_verify(pdf, &t, &unsigned_len, &r, &err) == 0 &&
	    (unsigned_len == 0 || unsigned_len >= size || !r.test))
		abort();
	if (afd_pades_signed_len(pdf, &signed_len, &err) == 0 && (signed_len > size || signed_len <= unsigned_len))
		abort();
	(void)afd_pades_certificates(pdf, &certs, &err);
	for (size_t i = 0; i < certs.n; i++) {
		__attribute__((cleanup(afd_sources_release))) struct afd_sources s = { 0 };

		(void)afd_cert_sources(certs.at[i], &s, &err);
		(void)afd_cert_issuer(certs.at[i], &certs);
	}
	(void)afd_pdf_attachment(pdf, "report.json", &out, &err);
	return 0;
}
