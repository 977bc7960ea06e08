/* Links: collector, evidence, core (crypto). What an authority said of certificates, as an item of a stranger's store. */
#include "collector/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nobody's signature: then nothing is said of any certificate. */
static int revocation(void *ctx, const struct afd_row_revocation *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!r->method || !r->url || !r->issuer_key_hash || !r->known_key_hash || r->this_update == AFD_TIME_NONE)
		abort();
	for (size_t i = 0; i < r->n; i++)
		if (!r->serial[i].serial || !r->serial[i].state || (!*r->issuer_key_hash && strcmp(r->serial[i].state, "unknown") != 0))
			abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_record record = { .kind = AFD_ITEM_ANSWER, .channel = (char *)"-", .received_ms = 1782900000000 };
	struct afd_range whole = { 0, size };
	struct afd_item_view item = { .record = &record, .bytes = afd_slice(data, size), .parts = { &whole, 1, 1 } };
	struct afd_sink sink = { .revocation = revocation };
	struct afd_error err = { 0 };

	if (afd_provider_revocation.decode(&item, &sink, &err) < 0 && !err.text[0])
		abort();
	return 0;
}
