/* Links: collector, evidence, core (crypto). What a TLS end point presented, as an item of a stranger's store. */
#include "collector/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int endpoint(void *ctx, const struct afd_row_endpoint *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!r->host || !r->outcome[0] || !r->reason || !r->chain_reason || r->part != 0 || (r->cert_sha256 && (!r->tbs_key || !r->serial || !r->issuer)))
		abort();
	for (size_t i = 0; i < r->n; i++)
		if (!r->name[i].name || !r->name[i].kind)
			abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_record record = { .kind = AFD_ITEM_ANSWER, .channel = (char *)"-", .received_ms = 1 };
	struct afd_range whole = { 0, size };
	struct afd_item_view item = { .record = &record, .bytes = afd_slice(data, size), .parts = { &whole, 1, 1 } };
	struct afd_sink sink = { .endpoint = endpoint };
	struct afd_error err = { 0 };

	if (afd_provider_tls_endpoint.decode(&item, &sink, &err) < 0 && !err.text[0])
		abort();
	return 0;
}
