/* Links: sign, core. JWS: no bytes may crash the verifier, and none but what our signer signed may pass. */
#include "jws_root.h"
#include "sign/sign.h"

#define SIGNER "O = TEST, OU = TEST - not for evidence, CN = TEST Affidavit demo signer"
#define SIGNED "{\"_type\":\"https://in-toto.io/Statement/v1\"}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct afd_slice roots = afd_slice_text(jws_root_pem);
	const struct afd_trust t = { .pem = &roots, .n = 1, .allow_test = true, .at_ms = INT64_C(1790000000000) };
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	AFD_AUTO(buf) struct afd_buf payload = { 0 };
	struct afd_error err = { 0 };

	if (afd_jws_verify(afd_slice(data, size), &t, &payload, &r, &err) == 0 &&
	    (!r.test || strcmp(r.subject, SIGNER) != 0 || strcmp((const char *)payload.data, SIGNED) != 0))
		abort();
	return 0;
}
