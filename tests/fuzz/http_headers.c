/* Links: transport, core. The headers of an answer, line by line: every text stays inside its field. */
#include "transport/transport_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_response r = { .server_ms = AFD_TIME_NONE, .retry_after_ms = -1 };
	struct afd_headers h = { &r, INT64_C(1782864000000), AFD_TIME_NONE, AFD_CODING_NONE };

	for (size_t at = 0; at < size;) {
		const uint8_t *lf = memchr(data + at, '\n', size - at);
		size_t n = lf ? (size_t)(lf - data) + 1 - at : size - at;

		afd_http_header(&h, afd_slice(data + at, n));
		at += n;
	}
	afd_http_headers_end(&h);
	must(memchr(r.etag, 0, sizeof(r.etag)) && memchr(r.link, 0, sizeof(r.link)) && memchr(r.media_type, 0, sizeof(r.media_type)));
	must(r.retry_after_ms >= -1);
	return 0;
}
