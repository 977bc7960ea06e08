/* Links: sign, core. Time-stamps: no bytes may crash the reader, and none but the seeds' authority may stamp. An answer is read as
 * an answer to the request of the seeds, and as a token. */
#include "sign/sign.h"
#include "stamp_root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t now(void *ctx)
{
	(void)ctx;
	return 0;
}

static int fixed(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(i + 1);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct afd_env env = { now, fixed, NULL };
	const struct afd_slice roots = afd_slice_text(stamp_root_pem), bytes = { data, size };
	const struct afd_trust t = { .stamp_pem = &roots, .n_stamp = 1, .allow_test = true, .at_ms = INT64_C(1790000000000) };
	struct afd_digest imprint = { { 0 } };
	AFD_AUTO(buf) struct afd_buf request = { 0 }, token = { 0 };
	AFD_AUTO(stamp) struct afd_stamp s = { 0 };
	struct afd_error err = { 0 };

	afd_sha256(afd_slice_text("stamped"), &imprint);
	if (afd_stamp_request(&imprint, NULL, &env, &request, &err) < 0)
		abort();
	if (afd_stamp_answer(afd_buf_slice(&request), bytes, &token, &err) == 0 &&
	    afd_stamp_verify(afd_buf_slice(&token), &imprint, &t, &s, &err) == 0 && !s.test)
		abort();
	afd_stamp_release(&s);
	if (afd_stamp_verify(bytes, &imprint, &t, &s, &err) == 0 && (!s.test || s.time_ms != STAMPED_AT))
		abort();
	return 0;
}
