/* approvals.yaml or approvals.csv: who allowed which change, and when; or what a ticket system exported, with its map. */
#include "collector/files/approvals.h"

#include <stdio.h>

#include "collector/files/inventory.h"
#include "collector/files/several.h"
#include "collector/table.h"
#include "evidence/action.h"

static const struct afd_field approval_fields[] = {
	{ "ticket", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_approval, ticket) },
	{ "subject", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_approval, subject) },
	{ "kind", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_approval, kind) },
	{ "valid_from", AFD_FIELD_TIME, AFD_REQUIRED, offsetof(struct afd_approval, from) },
	{ "valid_to", AFD_FIELD_TIME, AFD_REQUIRED, offsetof(struct afd_approval, to) },
	{ "approver", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_approval, approver) },
	{ "requester", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_approval, requester) },
	{ 0 }
};
static const struct afd_inv_section approvals = { "approvals", "approval", approval_fields, NULL };

static const char *const tables[] = { "approval", NULL };

const char *afd_approval_kind_expected(struct afd_doc *d, const char *kind)
{
	static const char text[] = "a verb of docs/events.md, such as ns.change or transfer-lock.remove";
	struct afd_uf_nearest near = { 0 };
	const char *ret;

	for (size_t i = 0; i < afd_n_actions; i++)
		afd_uf_near(&near, kind, afd_actions[i].verb);
	ret = near.word ? afd_uf_keep(d, "%s (perhaps %s)", text, near.word) : text;
	return ret ? ret : text;
}

int afd_approval_row(struct afd_doc *d, struct afd_uf_rows *rows, const struct afd_approval *a, unsigned line, struct afd_error *err)
{
	const char *key = afd_uf_keep(d, "%s|%s|%s|%s|%s", a->ticket, a->subject, a->kind, afd_when_text(a->from).s, afd_when_text(a->to).s);
	const struct afd_row_user_value v[] = {
		AFD_V_TEXT("ticket", a->ticket), AFD_V_TEXT("subject", a->subject), AFD_V_TEXT("kind", a->kind),
		AFD_V_INT("valid_from", a->from), AFD_V_INT("valid_to", a->to), AFD_V_TEXT("approver", a->approver),
		AFD_V_TEXT("requester", a->requester),
	};

	return afd_uf_row(rows, "approval", key, line, v, AFD_COUNT(v), err);
}

struct reading { struct afd_doc *d; struct afd_uf_rows rows; };

static int approval(struct reading *r, const struct afd_node *n, struct afd_error *err)
{
	struct afd_approval a = { 0 };

	if (afd_fields_read(r->d, n, approval_fields, &a, err) < 0)
		return -1;
	a.subject = afd_uf_name(r->d, afd_node_get(n, "subject"), a.subject, false, err);
	if (!a.subject)
		return -1;
	if (!afd_action_find(a.kind))
		return afd_node_fail(r->d, afd_node_get(n, "kind"), err, afd_approval_kind_expected(r->d, a.kind));
	if (a.from >= a.to)
		return afd_node_fail(r->d, afd_node_get(n, "valid_to"), err, "a time after valid_from");
	return afd_approval_row(r->d, &r->rows, &a, n->line, err);
}

static int csv_row(void *ctx, const struct afd_inv_section *s, const struct afd_node *n, struct afd_error *err)
{
	(void)s;
	return approval(ctx, n, err);
}

static int read_yaml(struct reading *r, struct afd_error *err)
{
	static const struct afd_field root_fields[] = { { "approvals", AFD_FIELD_NODE, AFD_REQUIRED, 0 }, { 0 } };
	const struct afd_node *list = NULL, *n;

	if (afd_fields_read(r->d, afd_doc_root(r->d), root_fields, &list, err) < 0 || afd_uf_list(r->d, list, &n, err) < 0)
		return -1;
	for (; n; n = n->next)
		if (approval(r, n, err) < 0)
			return -1;
	return 0;
}

/* The map, and behind it what it explains. */
static int read_tickets(struct reading *r, struct afd_slice bytes, const char *name, struct afd_doc **map, struct afd_error *err)
{
	struct afd_several s;
	struct afd_several_part how, what;
	char how_name[200], what_name[200];

	afd_several_begin(&s, name, bytes);
	if (afd_several_next(&s, &how, err) < 0 || afd_several_next(&s, &what, err) < 0)
		return -1;
	if (how.is_digest || what.is_digest || strcmp(how.section, "map") != 0 || s.rest.len)
		return afd_fail(err, AFD_E_PARSE, "%s: expected the map of a ticket system, and its export", name);
	snprintf(how_name, sizeof(how_name), "%.*s", (int)how.name.len, (const char *)how.name.data);
	snprintf(what_name, sizeof(what_name), "%.*s", (int)what.name.len, (const char *)what.name.data);
	return afd_tickets_read(r->d, how.bytes, how_name, what.bytes, what_name, &r->rows, map, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(doc) struct afd_doc *map = NULL;
	const char *name = item->record->asked;
	const bool several = afd_several_is(item->bytes), csv = !several && afd_csv_named(name);
	struct reading r = { 0 };
	int bad;

	/* all forms keep their texts in a document; but for YAML it is an empty one */
	if ((several || csv ? afd_csv_doc(item->bytes, name, &d, err) : afd_uf_doc(item->bytes, name, &d, err)) < 0)
		return -1;
	r.d = d;
	bad = several ? read_tickets(&r, item->bytes, name, &map, err) :
	      csv ? afd_csv_nodes(d, item->bytes, &approvals, csv_row, &r, err) : read_yaml(&r, err);
	if (!bad)
		bad = afd_uf_tell(&r.rows, name, tables, sink, err);
	afd_uf_rows_release(&r.rows);
	return bad ? -1 : 0;
}

const struct afd_provider afd_provider_approvals = {
	.kind = "approvals", .leg = AFD_LEG_USER, .title = "approvals",
	.help = "Who allowed which change, as YAML, CSV, or what a ticket system exports.",
	.decode = decode,
};
