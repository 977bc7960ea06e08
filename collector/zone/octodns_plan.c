/* What octoDNS planned, as its PlanJson writes it: {target: {zone: {"changes": [{"type": "create", "update" or "delete", "name",
 * "record_type", "new": {"ttl", "value" or "values"}, "existing": the same}], "meta"}}}. A plan says what somebody meant to do: its claims
 * stand beside an effect and attribute nothing. */
#include <inttypes.h>

#include "collector/stored.h"
#include "collector/table.h"
#include "collector/zone/zone_copy.h"

enum { MAX_PLAN = 64 * 1024 * 1024, MAX_SET = 8192 };   /* MAX_SET: values of one set; more fit into no answer */

static const struct afd_field fields[] = {
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_stored_config, path), "directory of the plans, one file a run (.json); .gz is unpacked" },
	{ "target", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_stored_config, account), "provider in octoDNS' configuration whose zones these are" },
	{ 0 }
};

static const struct afd_stored_form form = {
	.word = "octodns-plan",
	.evidence = "zone-plans",
	.media_type = "application/json",
	.max_file = MAX_PLAN,
	.suffix = ".json .json.gz",
};

static int begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_stored_begin(&form, c, config, cursor, ret, err);
}

/* --- one zone of a plan --- */

struct plan {
	const struct afd_doc *doc;
	struct afd_dns_name zone;
	struct afd_zone_rows before, after;       /* of all sets that change */
	struct afd_claim_rr *rr; size_t n;
	uint64_t skipped;                         /* values of types that are the tool's own */
};

static void plan_release(struct plan *p)
{
	afd_zone_rows_clear(&p->before);
	afd_zone_rows_clear(&p->after);
	free(p->rr);
}

static int take_rr(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	return afd_zone_rows_add(ctx, rr, err);
}

static int set_side(struct plan *p, const struct afd_node *change, const char *key, struct afd_zone_rows *to, struct afd_error *err)
{
	const struct afd_node *set = afd_node_get(change, key);
	const char *name = afd_node_text(afd_node_get(change, "name")), *type = afd_node_text(afd_node_get(change, "record_type"));

	if (!set || !name || !type)
		return afd_node_fail(p->doc, change, err, "a change with name, record_type, and new or existing as its type says");
	return afd_octodns_set_walk(p->doc, set, name, type, &p->zone, take_rr, to, &p->skipped, err);
}

static bool stands_in(const struct afd_zone_rows *in, size_t from, const struct afd_rr *rr)
{
	for (size_t i = from; i < in->n; i++)
		if (in->rr[i].ttl == rr->ttl && strcmp(in->rr[i].rdata, rr->rdata) == 0)
			return true;
	return false;
}

/* What the one side has from FROM and the other has not */
static int add_side(struct plan *p, const struct afd_zone_rows *one, size_t from, const struct afd_zone_rows *other, size_t other_from, bool add,
                    struct afd_error *err)
{
	for (size_t i = from; i < one->n; i++) {
		const struct afd_rr *rr = &one->rr[i];
		struct afd_claim_rr *at;

		if (stands_in(other, other_from, rr))
			continue;
		if (!(at = reallocarray(p->rr, p->n + 1, sizeof(*at))))
			return afd_fail_memory(err);
		p->rr = at;
		p->rr[p->n++] = (struct afd_claim_rr){ rr->owner, rr->type, rr->rdata, .add = add, .has_ttl = add, .ttl = add ? rr->ttl : 0 };
	}
	return 0;
}

static int one_change(struct plan *p, const struct afd_node *change, struct afd_error *err)
{
	const char *type = afd_node_text(afd_node_get(change, "type"));
	const bool create = type && strcmp(type, "create") == 0, update = type && strcmp(type, "update") == 0,
	           delete = type && strcmp(type, "delete") == 0;
	const size_t before = p->before.n, after = p->after.n;

	if (!create && !update && !delete)
		return afd_node_fail(p->doc, change, err, "a change of type create, update or delete");
	if (((update || delete) && set_side(p, change, "existing", &p->before, err) < 0) ||
	    ((update || create) && set_side(p, change, "new", &p->after, err) < 0))
		return -1;
	if (p->before.n - before > MAX_SET || p->after.n - after > MAX_SET)
		return afd_node_fail(p->doc, change, err, "8192 values of one set at most");
	return add_side(p, &p->before, before, &p->after, after, false, err) < 0 ? -1 :
	       add_side(p, &p->after, after, &p->before, before, true, err);
}

static int tell_skipped(const char *zone, uint64_t n, int64_t at, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_row_observation o = { .kind = "zone-plan", .subject = zone, .name = "left-out", .value = "values of types that are no DNS type",
		.number = (int64_t)n, .at = afd_instant(at) };

	return n ? sink->observation(sink->ctx, &o, err) : 0;
}

static int tell_zone(const struct afd_doc *doc, const struct afd_node *node, const char *name, int64_t at, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(plan_release))) struct plan p = { .doc = doc };
	const struct afd_node *changes = afd_node_get(node, "changes");
	char zone[AFD_DNS_TEXT_MAX];

	if (afd_dns_name_parse(afd_slice_text(node->key), &p.zone, err) < 0)
		return -1;
	if (!changes || changes->type != AFD_LIST)
		return afd_node_fail(doc, node, err, "changes, a list");
	for (const struct afd_node *c = changes->u.list.first; c; c = c->next)
		if (one_change(&p, c, err) < 0)
			return -1;
	afd_dns_name_text(&p.zone, true, zone);
	/* A file that is written anew under its name is another plan. */
	AFD_AUTO(mem) char *ref = afd_sprintf("%" PRId64 "/%s/%s", at, name, zone);
	if (!ref)
		return afd_fail_memory(err);
	const struct afd_row_claim row = { .zone = zone, .outcome = "planned", .kind = "plan", .ref = ref, .at = afd_instant(at), .rr = p.rr, .n = p.n };
	if (p.n && sink->claim(sink->ctx, &row, err) < 0)
		return -1;
	return tell_skipped(zone, p.skipped, at, sink, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(mem) char *target = NULL;
	AFD_AUTO(mem) char *name = NULL;
	const int64_t at = item->record->server_ms == AFD_TIME_NONE ? item->record->received_ms : item->record->server_ms;
	const struct afd_node *zones;

	if (afd_stored_asked_read(item->record->asked, &target, &name, err) < 0 || afd_json_parse(item->bytes, name, &d, err) < 0)
		return -1;
	if (afd_doc_root(d)->type != AFD_MAP)
		return afd_node_fail(d, afd_doc_root(d), err, "a map of targets");
	/* A run that had nothing to do for this target does not name it. */
	if (!(zones = afd_node_get(afd_doc_root(d), target)))
		return 0;
	if (zones->type != AFD_MAP)
		return afd_node_fail(d, zones, err, "a map of zones");
	for (const struct afd_node *z = zones->u.list.first; z; z = z->next)
		if (tell_zone(d, z, name, at, sink, err) < 0)
			return -1;
	return 0;
}

const struct afd_provider afd_provider_octodns_plan = {
	.kind = "octodns-plan",
	.leg = AFD_LEG_ZONE,
	.title = "octoDNS: what was planned",
	.help = "Let octoDNS write its plan of each run into a file of its own, whole: plan_outputs: {json: {class: octodns.provider.plan.PlanJson, "
		"output_filename: plans/RUN.json}}, best into a temporary name that is renamed. path is that directory, target the "
		"provider's name in octoDNS' configuration. A plan is what somebody meant to do, with the time at which its file was written: it stands "
		"beside the change that it fits, for a day, and never attributes it; who ran octoDNS and whether the plan was applied is not in it. Types of "
		"octoDNS' own (ALIAS, dynamic rules) are left out and counted. The user needs to read the directory, nothing else.",
	.basis = "tested on plans that octoDNS 1.22 wrote",
	.evidence = "zone-plans",
	.fields = fields,
	.config_size = sizeof(struct afd_stored_config),
	.scopes = afd_stored_scopes,
	.begin = begin,
	.next = afd_stored_next,
	.take = afd_stored_take,
	.end = afd_stored_end,
	.decode = decode,
};
