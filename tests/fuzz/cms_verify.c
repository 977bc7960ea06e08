/* Links: sign, core. CMS signatures: no bytes may crash the verifier, and none but our signer's may pass. */
#include "sign/sign.h"
#include "sign_root.h"

#define SIGNER "O = TEST, OU = TEST - not for evidence, CN = TEST Affidavit demo signer"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char content[] = "{\"format\":\"sample\",\"findings\":[]}";
	const struct afd_slice roots = afd_slice_text(root_pem), pieces = afd_slice_text(content);
	const struct afd_trust t = { .pem = &roots, .n = 1, .allow_test = true, .at_ms = INT64_C(1790000000000) };

	for (int for_pdf = 0; for_pdf < 2; for_pdf++) {
		AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
		struct afd_error err = { 0 };

		if (afd_cms_verify(afd_slice(data, size), &pieces, 1, &t, for_pdf, &r, &err) == 0 &&
		    (!r.test || strcmp(r.subject, SIGNER) != 0))
			abort();
	}
	return 0;
}
