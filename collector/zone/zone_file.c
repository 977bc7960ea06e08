/* A zone file that a server wrote, or versions of it: what the zone held when it was looked at. */
#include "collector/table.h"
#include "collector/zone/zone_copy.h"

#include <stdio.h>

static const struct afd_copy_config defaults = { .form = "zone-file" };
static const struct afd_field fields[] = {
	{ "zone", AFD_FIELD_NAME, AFD_REQUIRED, offsetof(struct afd_copy_config, zone), "apex of the zone" },
	{ "path", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_copy_config, path), "the file that the server writes; or versions" },
	{ "versions", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_copy_config, versions), "a folder with recorded versions: DIR/0001, DIR/0002 ..." },
	{ "include", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct afd_copy_config, include), "follow $INCLUDE, below the file's own folder; no" },
	{ 0 }
};
static const struct afd_copy_kind kind = { .evidence = "zone-changes" };

static int file_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	return afd_copy_scopes(config, ret, err);
}

static int file_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_copy_begin(&kind, c, config, cursor, ret, err);
}

struct content { struct afd_zone_rows rows; struct afd_zone_set *set; bool soa; uint32_t serial; const char *zone; };

static int take_rr(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	struct content *c = ctx;

	if (rr->type == AFD_DNS_SOA && rr->rdata.len >= 20) {
		struct afd_reader r = afd_reader(afd_slice_sub(rr->rdata, rr->rdata.len - 20, 4));
		c->serial = afd_read_u32(&r);
		c->soa = true;
	}
	return afd_zone_set_add(c->set, rr, err);
}

static int to_rows(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	return afd_zone_rows_add(ctx, rr, err);
}

static int observe(const struct afd_item_view *item, const struct content *c, const char *what, const char *value, struct afd_sink *sink,
                   struct afd_error *err)
{
	const int64_t at = item->record->received_ms;
	const struct afd_row_observation o = {
		.kind = "zone-content", .subject = c->zone, .name = what, .value = value,
		.number = c->soa ? (int64_t)c->serial : AFD_TIME_NONE, .at = { at, at + 1 }
	};

	return sink->observation(sink->ctx, &o, err);
}

/* Beside the serial: what the content is, and whether the zone's own digest fits it. */
static int observe_digests(const struct afd_item_view *item, const struct content *c, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_digest d;
	enum afd_zonemd verdict;
	char why[160], text[200];

	if (afd_zone_set_digest(c->set, &d, err) < 0 || observe(item, c, "sha256", afd_digest_hex(&d).s, sink, err) < 0 ||
	    afd_zone_set_zonemd(c->set, &verdict, why, err) < 0)
		return -1;
	if (verdict == AFD_ZONEMD_ABSENT)
		return 0;
	snprintf(text, sizeof(text), "%s: %s", afd_zonemd_name(verdict), why);
	return observe(item, c, "zonemd", text, sink, err);
}

static int give(const struct afd_item_view *item, struct content *c, struct afd_sink *sink, struct afd_error *err)
{
	if (afd_zone_set_sort(c->set, err) < 0 || observe_digests(item, c, sink, err) < 0 ||
	    afd_zone_set_walk(c->set, to_rows, &c->rows, err) < 0)
		return -1;
	c->set = afd_zone_set_free(c->set);               /* before the rows are used: a large zone is held once */
	const struct afd_row_zone row = {
		.zone = c->zone, .serial = c->serial, .seen_ms = item->record->received_ms, .rr = c->rows.rr, .n = c->rows.n,
		.no_serial = !c->soa, .copy = true
	};
	return sink->zone(sink->ctx, &row, err);
}

static int file_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_copy_told told;
	struct afd_dns_name name;

	if (afd_copy_told(item, &told, err) < 0 || afd_dns_name_parse(afd_slice_text(told.zone), &name, err) < 0)
		return -1;
	struct content c = { .set = afd_zone_set_new(&name), .zone = told.zone };
	uint64_t left_out;                        /* none: zone text has DNS types alone */

	int r = c.set ? afd_copy_walk(told.form, told.zone, item->bytes, &item->parts, told.include, NULL, &left_out, take_rr, &c, err) : afd_fail_memory(err);
	if (r == 0)
		r = give(item, &c, sink, err);
	afd_zone_set_free(c.set);
	afd_zone_rows_release(&c.rows);
	return r;
}

const struct afd_provider afd_provider_zone_file = {
	.kind = "zone-file",
	.leg = AFD_LEG_ZONE,
	.title = "A zone file that a server writes",
	.help = "Reads the file into which a server writes a zone (rndc sync, knotc zone-flush, nsd-control write) and compares it with "
	        "what it held before. What happened between two looks is only known by its result: sampled. For files that people "
	        "edit use zone-declared. $INCLUDE is refused unless include: yes. The user needs to read the file, nothing else; "
	        "let the server write it under a name of its own and rename it, so that no half of it is read.",
	.basis = "tested on files that real servers wrote or loaded (BIND 9.18, Knot 3.2, NSD 4.6)",
	.evidence = "zone-changes",
	.fields = fields,
	.config_size = sizeof(struct afd_copy_config),
	.config_defaults = &defaults,
	.scopes = file_scopes,
	.begin = file_begin,
	.next = afd_copy_next,
	.take = afd_copy_take,
	.end = afd_copy_end,
	.decode = file_decode,
};
