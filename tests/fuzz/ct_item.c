/* libs: collector evidence core crypto jansson yaml. Items of a log as a stranger's store may hold them; first byte: kind. */
#include "collector/ct/ct_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int cert(void *ctx, const struct afd_row_cert *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!r->log || !r->issuer || strlen(r->tbs_key) != 64 || strlen(r->spki_sha256) != 64)
		abort();
	for (size_t i = 0; i < r->n; i++)
		if (!*r->name[i].name || !*r->name[i].kind)
			abort();
	return 0;
}

static int unparsed(void *ctx, const struct afd_row_unparsed *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!*r->reason)
		abort();
	return 0;
}

static int head(void *ctx, const struct afd_row_ct_head *r, struct afd_error *err)
{
	(void)ctx, (void)r, (void)err;
	return 0;
}

static int signature(void *ctx, const struct afd_row_ct_signature *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!r->log || !r->name || !*r->state)
		abort();
	return 0;
}

static int range(void *ctx, const struct afd_row_ct_range *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (r->from > r->to || r->to > r->head_size || !r->watch)
		abort();
	return 0;
}

static int incident(void *ctx, const struct afd_row_ct_incident *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!r->log || !*r->kind || !*r->text)
		abort();
	return 0;
}

static int watch(void *ctx, const struct afd_row_watch *r, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!*r->name)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum afd_item_kind kinds[] = { AFD_ITEM_HEAD, AFD_ITEM_ENTRY, AFD_ITEM_RANGE, AFD_ITEM_WATCH, AFD_ITEM_ANSWER, AFD_ITEM_FILE };
	struct afd_sink sink = { .cert = cert, .unparsed = unparsed, .ct_head = head, .watch = watch, .ct_signature = signature, .ct_range = range, .ct_incident = incident };
	struct afd_record record = { 0 };
	struct afd_item_view item = { .record = &record };
	struct afd_error err = { 0 };

	if (size < 1)
		return 0;
	record.kind = kinds[data[0] % AFD_COUNT(kinds)];
	item.bytes = afd_slice(data + 1, size - 1);
	(void)afd_ct_decode(&item, &sink, &err);
	return 0;
}
