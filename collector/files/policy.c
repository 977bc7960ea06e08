/* policy.yaml: what the gate fails on, parameters of checks, and accepted risks. */
#include "collector/files/gate.h"
#include "collector/table.h"
#include "core/severity.h"

struct policy { const struct afd_node *gate, *params, *waivers, *routing, *severities; };
static const struct afd_field policy_fields[] = {
	{ "gate", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct policy, gate) },
	{ "params", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct policy, params) },
	{ "waivers", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct policy, waivers) },
	{ "routing", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct policy, routing) },
	{ "severities", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct policy, severities) },
	{ 0 }
};


struct waiver {
	const char *id, *finding, *check, *resource, *owner, *approver, *reason;
	int64_t observed_before, granted;
	bool standing;
	const struct afd_node *expires;
};
static const struct afd_field waiver_fields[] = {
	{ "id", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct waiver, id) },
	{ "finding", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct waiver, finding) },
	{ "check", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct waiver, check) },
	{ "resource", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct waiver, resource) },
	{ "observed_before", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct waiver, observed_before) },
	{ "standing", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct waiver, standing) },
	{ "owner", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct waiver, owner) },
	{ "approver", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct waiver, approver) },
	{ "reason", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct waiver, reason) },
	{ "granted", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct waiver, granted) },
	{ "expires", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct waiver, expires) },
	{ 0 }
};

static const char *const tables[] = { "policy", "waiver", "routing", "severity_change", NULL };

struct reading { struct afd_doc *d; struct afd_uf_rows rows; struct afd_error *err; };

/* A scalar as the user would read it; NULL when it is none. */
static const char *scalar(struct afd_doc *d, const struct afd_node *n)
{
	switch (n->type) {
	case AFD_BOOL:
		return n->u.i ? "true" : "false";
	case AFD_INT:
		return afd_uf_keep(d, "%lld", (long long)n->u.i);
	case AFD_REAL:
		return afd_uf_keep(d, "%.17g", n->u.real);
	case AFD_TEXT:
		return n->u.text.s;
	default:
		return NULL;
	}
}

static int policy_row(struct reading *r, const char *check, const struct afd_node *n)
{
	const char *value = scalar(r->d, n);
	const char *key = afd_uf_keep(r->d, "%s|%s", check, n->key);
	const struct afd_row_user_value v[] = {AFD_V_TEXT("check_id", check), AFD_V_TEXT("name", n->key),
					       AFD_V_TEXT("value", value)};

	if (!value)
		return afd_node_fail(r->d, n, r->err, "a text, a number, true or false");
	return afd_uf_row(&r->rows, "policy", key, n->line, v, AFD_COUNT(v), r->err);
}

static int param_rows(struct reading *r, const struct afd_node *map)
{
	if (!map || map->type == AFD_NULL)
		return 0;
	if (map->type != AFD_MAP)
		return afd_node_fail(r->d, map, r->err, "a map from check to its parameters");
	for (const struct afd_node *check = map->u.list.first; check; check = check->next) {
		if (check->type != AFD_MAP)
			return afd_node_fail(r->d, check, r->err, "a map of parameters");
		if (!strcmp(check->key, "gate"))
			return afd_uf_fail(r->d, check, r->err,
					   "params: \"gate\" is not a check; its settings stand under gate:");
		for (const struct afd_node *n = check->u.list.first; n; n = n->next)
			if (policy_row(r, check->key, n) < 0)
				return -1;
	}
	return 0;
}

static int check_target(struct reading *r, const struct afd_node *n, struct waiver *w)
{
	bool until = w->observed_before != AFD_TIME_NONE;

	if (w->finding && (w->check || w->resource || until || w->standing))
		return afd_uf_fail(r->d, n, r->err,
				   "waiver %s: \"finding\" stands alone; check, resource, observed_before and standing "
				   "belong to a waiver without it",
				   w->id);
	/* a waiver with an id that is none would wait for ever */
	if (w->finding && !(w->finding = afd_uf_finding(r->d, afd_node_get(n, "finding"), w->finding, r->err)))
		return -1;
	if (!w->finding && (!w->check || !w->resource))
		return afd_uf_fail(r->d, n, r->err, "waiver %s: expected \"finding\", or \"check\" and \"resource\"",
				   w->id);
	if (!w->finding && (strcmp(w->check, "*") == 0 || strcmp(w->resource, "*") == 0))
		return afd_uf_fail(r->d, afd_node_get(n, strcmp(w->check, "*") == 0 ? "check" : "resource"), r->err,
				   "waiver %s: a waiver is about one check and one resource: \"*\" waives nothing", w->id);
	if (!w->finding && until == w->standing)
		return afd_uf_fail(r->d, n, r->err,
				   "waiver %s: expected either \"observed_before\" or \"standing: true\", got %s",
				   w->id, until ? "both" : "neither");
	return 0;
}

/* A malformed date is expired: a slip of the pen must not extend an exception. */
static int64_t expiry(const struct afd_node *n)
{
	int64_t t;

	return afd_node_text(n) && afd_when_parse(afd_node_text(n), &t, NULL) == 0 ? t : 0;
}

static int waiver_row(struct reading *r, const struct afd_node *n)
{
	struct waiver w = { .observed_before = AFD_TIME_NONE, .granted = AFD_TIME_NONE };

	if (afd_fields_read(r->d, n, waiver_fields, &w, r->err) < 0 || check_target(r, n, &w) < 0)
		return -1;
	if (w.granted != AFD_TIME_NONE && expiry(w.expires) > 0 && expiry(w.expires) <= w.granted)
		return afd_node_fail(r->d, w.expires, r->err, "a time after granted");
	const struct afd_row_user_value v[] = {
		AFD_V_TEXT("id", w.id),
		AFD_V_TEXT("finding", w.finding),
		AFD_V_TEXT("check_id", w.check),
		AFD_V_TEXT("resource", w.resource),
		{ .column = "observed_before", .i = w.observed_before, .is_int = w.observed_before != AFD_TIME_NONE },
		AFD_V_INT("standing", w.standing),
		AFD_V_TEXT("owner", w.owner),
		AFD_V_TEXT("approver", w.approver),
		AFD_V_TEXT("reason", w.reason),
		{ .column = "granted", .i = w.granted, .is_int = w.granted != AFD_TIME_NONE },
		AFD_V_INT("expires", expiry(w.expires)),
	};
	return afd_uf_row(&r->rows, "waiver", w.id, n->line, v, AFD_COUNT(v), r->err);
}

/* --- who is told, and what weighs how much --- */

struct route { const char *check, *owner, *channel; int64_t acknowledge, close; };
static const struct afd_field route_fields[] = {
	{ "check", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct route, check) },
	{ "severity", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ "owner", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct route, owner) },
	{ "channel", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct route, channel) },
	{ "acknowledge", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct route, acknowledge) },
	{ "close", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct route, close) },
	{ 0 }
};

static int route_row(struct reading *r, const struct afd_node *n)
{
	struct route t = { .check = "", .acknowledge = AFD_TIME_NONE, .close = AFD_TIME_NONE };
	const char *severity = NULL;

	if (afd_fields_read(r->d, n, route_fields, &t, r->err) < 0 ||
	    afd_uf_word(r->d, afd_node_get(n, "severity"), afd_severities, &severity, r->err) < 0)
		return -1;
	if (t.acknowledge != AFD_TIME_NONE && t.close != AFD_TIME_NONE && t.close < t.acknowledge)
		return afd_node_fail(r->d, afd_node_get(n, "close"), r->err, "a time that is not shorter than acknowledge");
	const struct afd_row_user_value v[] = {
		AFD_V_TEXT("check_id", t.check),
		AFD_V_TEXT("severity", severity ? severity : ""),
		AFD_V_TEXT("owner", t.owner),
		AFD_V_TEXT("channel", t.channel),
		{ .column = "acknowledge_ms", .i = t.acknowledge, .is_int = t.acknowledge != AFD_TIME_NONE },
		{ .column = "close_ms", .i = t.close, .is_int = t.close != AFD_TIME_NONE },
	};
	return afd_uf_row(&r->rows, "routing", afd_uf_keep(r->d, "%s|%s", t.check, severity ? severity : ""), n->line, v, AFD_COUNT(v), r->err);
}

/* A change of severity moves the gate, so it says why, and who allowed it. */
struct severity { const char *check, *reason, *approver; };
static const struct afd_field severity_fields[] = {
	{ "check", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct severity, check) },
	{ "severity", AFD_FIELD_IGNORE, AFD_REQUIRED, 0 },
	{ "reason", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct severity, reason) },
	{ "approver", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct severity, approver) },
	{ 0 }
};

static int severity_row(struct reading *r, const struct afd_node *n)
{
	struct severity s = { 0 };
	const char *severity;

	if (afd_fields_read(r->d, n, severity_fields, &s, r->err) < 0 ||
	    afd_uf_word(r->d, afd_node_get(n, "severity"), afd_severities, &severity, r->err) < 0)
		return -1;
	const struct afd_row_user_value v[] = {
		AFD_V_TEXT("check_id", s.check), AFD_V_TEXT("severity", severity), AFD_V_TEXT("reason", s.reason), AFD_V_TEXT("approver", s.approver),
	};
	return afd_uf_row(&r->rows, "severity_change", s.check, n->line, v, AFD_COUNT(v), r->err);
}

static int each(struct reading *r, const struct afd_node *list, int (*row)(struct reading *r, const struct afd_node *n))
{
	const struct afd_node *n;

	if (afd_uf_list(r->d, list, &n, r->err) < 0)
		return -1;
	for (; n; n = n->next)
		if (row(r, n) < 0)
			return -1;
	return 0;
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct policy p = { 0 };
	struct reading r = { .err = err };
	int bad;

	if (afd_uf_doc(item->bytes, item->record->asked, &d, err) < 0 ||
	    afd_fields_read(d, afd_doc_root(d), policy_fields, &p, err) < 0)
		return -1;
	r.d = d;
	bad = afd_policy_gate(d, p.gate, &r.rows, err) < 0 || param_rows(&r, p.params) < 0 || each(&r, p.waivers, waiver_row) < 0 ||
	      each(&r, p.routing, route_row) < 0 || each(&r, p.severities, severity_row) < 0 ||
	      afd_uf_tell(&r.rows, afd_doc_name(d), tables, sink, err) < 0;
	afd_uf_rows_release(&r.rows);
	return bad ? -1 : 0;
}

const struct afd_provider afd_provider_policy = {
	.kind = "policy", .leg = AFD_LEG_USER, .title = "policy",
	.help = "What the gate fails on, parameters of checks, and waivers.",
	.decode = decode,
};
