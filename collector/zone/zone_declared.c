/* What a zone is meant to hold, as people keep it: zone files, octoDNS, DNSControl. Never taken for what is served. */
#include "collector/table.h"
#include "collector/zone/zone_copy.h"

static const struct afd_copy_config defaults = { .form = "zone-file" };
static const struct afd_field fields[] = {
	{ "zone", AFD_FIELD_NAME, AFD_REQUIRED, offsetof(struct afd_copy_config, zone), "apex of the zone" },
	{ "path", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_copy_config, path), "the file; or versions" },
	{ "versions", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_copy_config, versions), "a folder with recorded versions: DIR/0001, DIR/0002 ..." },
	{ "form", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_copy_config, form),
	  "zone-file (default; also dnscontrol's BIND files), octodns (YAML of the zone), dnscontrol (JSON of print-ir)" },
	{ "include", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct afd_copy_config, include), "follow $INCLUDE, below the file's own folder; no" },
	{ 0 }
};
static const struct afd_copy_kind kind = { .evidence = "zone-declared", .declared = true };

static int declared_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	return afd_copy_scopes(config, ret, err);
}

static int declared_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_copy_begin(&kind, c, config, cursor, ret, err);
}

static int take_rr(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	return afd_zone_made(rr->type) ? 0 : afd_zone_rows_add(ctx, rr, err);
}

static int declared_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(zone_rows) struct afd_zone_rows rows = { 0 };
	struct afd_copy_told told;
	uint64_t left_out;

	if (afd_copy_told(item, &told, err) < 0 ||
	    afd_copy_walk(told.form, told.zone, item->bytes, &item->parts, told.include, NULL, &left_out, take_rr, &rows, err) < 0)
		return -1;
	const struct afd_row_declared row = {
		.zone = told.zone, .form = afd_copy_form_name(told.form), .ref = item->record->asked, .rr = rows.rr, .n = rows.n,
		.at_ms = item->record->received_ms
	};
	const struct afd_row_observation o = {
		.kind = "zone-declared", .subject = told.zone, .name = "left-out", .value = "values of types that are no DNS type",
		.number = (int64_t)left_out, .at = afd_instant(item->record->received_ms)
	};
	if (left_out && sink->observation(sink->ctx, &o, err) < 0)
		return -1;
	return sink->declared(sink->ctx, &row, err);
}

const struct afd_provider afd_provider_zone_declared = {
	.kind = "zone-declared",
	.leg = AFD_LEG_ZONE,
	.title = "What a zone is meant to hold: zone files, octoDNS, DNSControl",
	.help = "Reads what people declare: a zone file that they edit, the YAML of a zone as octoDNS keeps it (octodns-dump), or the JSON "
	        "of dnscontrol print-ir. It is compared with what is served (check zone-served-as-declared), never taken for it. "
	        "Types of a tool's own (ALIAS, redirects) are left out, and how many is told as an observation. The user needs to read the file, nothing else.",
	.basis = "tested on the vendors' documents",
	.evidence = "zone-declared",
	.fields = fields,
	.config_size = sizeof(struct afd_copy_config),
	.config_defaults = &defaults,
	.scopes = declared_scopes,
	.begin = declared_begin,
	.next = afd_copy_next,
	.take = afd_copy_take,
	.end = afd_copy_end,
	.decode = declared_decode,
};
