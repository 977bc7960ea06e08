/* libs: collector evidence core crypto jansson. A head as a log may send it, checkpoint or get-sth, and its signature lines. */
#include "collector/ct/ct_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int signature(void *ctx, const struct afd_row_ct_signature *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!*r->state || !r->name)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[91] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
	static const char *const vkey[] = { "witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G" };
	const struct afd_ct_log log = { .origin = "log.example/story", .key = { key, sizeof(key) }, .witness = { vkey, 1 } };
	struct afd_sink sink = { .ct_signature = signature };
	struct afd_ct_head head = { 0 };
	struct afd_error err = { 0 };

	(void)afd_ct_head_verify(afd_slice(data, size), &log, &head, &err);
	(void)afd_ct_signatures(afd_slice(data, size), &log, &head, &sink, &err);
	return 0;
}
