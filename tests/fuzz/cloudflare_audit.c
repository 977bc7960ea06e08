/* libs: collector evidence core. A page of the audit log: redacted, split, decoded, as the engine and derive do it. */
#include "collector/engine.h"
#include "sink_nowhere.h"

#define ASKED "GET /accounts/acct/logs/audit?since=2026-08-01T00:00:00.000Z&before=2026-08-02T00:00:00.000Z&limit=1000&direction=asc page 1"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int redacted(struct afd_slice in, struct afd_buf *ret)
{
	const struct afd_provider *p = afd_provider_find("cloudflare-audit");
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges merged = { 0 };

	if (p->redact(in, &cuts, NULL) < 0)
		return -1;
	if (afd_redact_apply(in, &cuts, ret, &merged, NULL) < 0)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct afd_provider *p = afd_provider_find("cloudflare-audit");
	AFD_AUTO(buf) struct afd_buf once = { 0 };
	AFD_AUTO(buf) struct afd_buf twice = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (redacted(afd_slice(data, size), &once) < 0)
		return 0;
	/* what is left is JSON of the same length, and has nothing left to cut */
	if (once.len != size || afd_json_parse(afd_buf_slice(&once), "x", &d, NULL) < 0 || redacted(afd_buf_slice(&once), &twice) < 0 ||
	    !afd_slice_equal(afd_buf_slice(&once), afd_buf_slice(&twice)))
		abort();
	if (p->split(afd_buf_slice(&once), &parts, NULL) < 0)
		abort();
	must_tile(&parts, once.len);
	seen_decode("cloudflare-audit", ASKED, afd_buf_slice(&once), &parts);
	return 0;
}
