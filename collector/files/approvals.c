/* approvals.yaml or approvals.csv: who allowed which change, and when. */
#include <assert.h>
#include <strings.h>

#include "evidence/action.h"
#include "collector/files/csv.h"
#include "collector/files/user.h"
#include "collector/table.h"
#include "core/limits.h"

struct approval { const char *ticket, *subject, *kind, *approver; int64_t from, to; };
static const struct afd_field approval_fields[] = {
	{ "ticket", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct approval, ticket) },
	{ "subject", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct approval, subject) },
	{ "kind", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct approval, kind) },
	{ "valid_from", AFD_FIELD_TIME, AFD_REQUIRED, offsetof(struct approval, from) },
	{ "valid_to", AFD_FIELD_TIME, AFD_REQUIRED, offsetof(struct approval, to) },
	{ "approver", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct approval, approver) },
	{ 0 }
};

/* What is allowed has the name of what is done, so a slip of the pen is an error. */
static const char kinds_text[] = "a verb of docs/events.md, such as ns.change or transfer-lock.remove";

static const char *const tables[] = { "approval", NULL };

static int approval_row(struct afd_doc *d, struct afd_uf_rows *rows, const struct approval *a, unsigned line,
			struct afd_error *err)
{
	const char *key = afd_uf_keep(d, "%s|%s|%s|%s|%s", a->ticket, a->subject, a->kind, afd_when_text(a->from).s,
				      afd_when_text(a->to).s);
	const struct afd_row_user_value v[] = {
		AFD_V_TEXT("ticket", a->ticket), AFD_V_TEXT("subject", a->subject), AFD_V_TEXT("kind", a->kind),
		AFD_V_INT("valid_from", a->from), AFD_V_INT("valid_to", a->to), AFD_V_TEXT("approver", a->approver),
	};

	return afd_uf_row(rows, "approval", key, line, v, AFD_COUNT(v), err);
}

/* --- YAML --- */

static int read_yaml(struct afd_doc *d, struct afd_uf_rows *rows, struct afd_error *err)
{
	static const struct afd_field root_fields[] = { { "approvals", AFD_FIELD_NODE, AFD_REQUIRED, 0 }, { 0 } };
	const struct afd_node *list = NULL, *n;

	if (afd_fields_read(d, afd_doc_root(d), root_fields, &list, err) < 0 || afd_uf_list(d, list, &n, err) < 0)
		return -1;
	for (; n; n = n->next) {
		struct approval a = { 0 };

		if (afd_fields_read(d, n, approval_fields, &a, err) < 0)
			return -1;
		a.subject = afd_uf_name(d, afd_node_get(n, "subject"), a.subject, false, err);
		if (!a.subject)
			return -1;
		if (!afd_action_find(a.kind))
			return afd_node_fail(d, afd_node_get(n, "kind"), err, kinds_text);
		if (a.from >= a.to)
			return afd_node_fail(d, afd_node_get(n, "valid_to"), err, "a time after valid_from");
		if (approval_row(d, rows, &a, n->line, err) < 0)
			return -1;
	}
	return 0;
}

/* --- CSV --- */

static const char *const columns[] = { "ticket", "subject", "kind", "valid_from", "valid_to", "approver" };
enum { TICKET, SUBJECT, KIND, VALID_FROM, VALID_TO, APPROVER, COLUMNS };
static_assert(AFD_COUNT(columns) == COLUMNS, "name every column");

static int expected(const struct afd_csv *c, int column, struct afd_error *err, const char *what)
{
	const char *got = afd_csv_field(c, (size_t)column);

	return afd_fail(err, AFD_E_CONFIG, "%s:%u: %s: expected %s, got %s%.200s%s", c->name, c->record_line,
			columns[column], what, *got ? "\"" : "nothing", got, *got ? "\"" : "");
}

static int read_head(struct afd_csv *c, struct afd_error *err)
{
	bool good = false;
	int r = afd_csv_next(c, err);

	if (r < 0)
		return -1;
	if (r > 0 && c->n == COLUMNS) {
		good = true;
		for (size_t i = 0; i < COLUMNS; i++)
			good &= !strcmp(afd_csv_field(c, i), columns[i]);
	}
	if (!good)
		return afd_fail(err, AFD_E_CONFIG,
				"%s:1: expected the head ticket,subject,kind,valid_from,valid_to,approver", c->name);
	return 0;
}

static int read_record(struct afd_doc *d, const struct afd_csv *c, struct afd_uf_rows *rows, struct afd_error *err)
{
	struct approval a = { .kind = afd_csv_field(c, KIND) };
	struct afd_error why = { 0 };

	for (int i = 0; i < COLUMNS; i++)
		if (!*afd_csv_field(c, (size_t)i))
			return expected(c, i, err, "a text");
	a.subject = afd_uf_name(d, NULL, afd_csv_field(c, SUBJECT), false, &why);
	if (!a.subject)
		return expected(c, SUBJECT, err, "a domain name");
	if (!afd_action_find(a.kind))
		return expected(c, KIND, err, kinds_text);
	if (afd_when_parse(afd_csv_field(c, VALID_FROM), &a.from, NULL) < 0)
		return expected(c, VALID_FROM, err, "a date, or a time with its zone (RFC 3339)");
	if (afd_when_parse(afd_csv_field(c, VALID_TO), &a.to, NULL) < 0)
		return expected(c, VALID_TO, err, "a date, or a time with its zone (RFC 3339)");
	if (a.from >= a.to)
		return expected(c, VALID_TO, err, "a time after valid_from");
	a.ticket = afd_uf_keep(d, "%s", afd_csv_field(c, TICKET));
	a.kind = afd_uf_keep(d, "%s", a.kind);
	a.approver = afd_uf_keep(d, "%s", afd_csv_field(c, APPROVER));
	if (!a.ticket || !a.kind || !a.approver)
		return afd_fail_memory(err);
	return approval_row(d, rows, &a, c->record_line, err);
}

static int read_csv(struct afd_doc *d, const char *name, struct afd_slice bytes, struct afd_uf_rows *rows,
		    struct afd_error *err)
{
	AFD_AUTO(csv) struct afd_csv c;
	int r;

	if (afd_csv_begin(&c, name, bytes, err) < 0 || read_head(&c, err) < 0)
		return -1;
	while ((r = afd_csv_next(&c, err)) > 0) {
		if (c.n != COLUMNS)
			return afd_fail(err, AFD_E_CONFIG, "%s:%u: expected %d fields, got %zu", name, c.record_line,
					COLUMNS, c.n);
		if (read_record(d, &c, rows, err) < 0)
			return -1;
	}
	return r;
}

static bool is_csv(const char *name)
{
	size_t n = strlen(name);

	return n >= 4 && !strcasecmp(name + n - 4, ".csv");
}

/* Both forms keep their texts in a document; for CSV it is an empty one. */
static int open_doc(const struct afd_item_view *item, bool csv, struct afd_doc **ret, struct afd_error *err)
{
	if (!csv)
		return afd_uf_doc(item->bytes, item->record->asked, ret, err);
	if (item->bytes.len > AFD_MAX_USER_FILE)
		return afd_fail(err, AFD_E_LIMIT, "%s: %zu bytes, more than %u", item->record->asked, item->bytes.len,
				AFD_MAX_USER_FILE);
	return afd_json_parse(afd_slice_text("{}"), item->record->asked, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(uf_rows) struct afd_uf_rows rows = { 0 };
	const char *name = item->record->asked;
	bool csv = is_csv(name);

	if (open_doc(item, csv, &d, err) < 0)
		return -1;
	if ((csv ? read_csv(d, name, item->bytes, &rows, err) : read_yaml(d, &rows, err)) < 0)
		return -1;
	return afd_uf_tell(&rows, name, tables, sink, err);
}

const struct afd_provider afd_provider_approvals = {
	.kind = "approvals", .leg = AFD_LEG_USER, .title = "approvals",
	.help = "Who allowed which change, as YAML or CSV.",
	.decode = decode,
};
