/* What has a date: windows for changes, documents that somebody signed, responses to findings. */
#include "collector/files/inventory.h"
#include "collector/log_text.h"

/* --- windows --- */

struct window { const char *scope, *hours, *offset; int64_t from, to, valid_from, valid_to; struct afd_texts days; };
const struct afd_field afd_inv_window_fields[] = {
	{ "kind", AFD_FIELD_IGNORE, AFD_REQUIRED, 0 },
	{ "scope", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct window, scope) },
	{ "from", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct window, from) },
	{ "to", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct window, to) },
	{ "days", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct window, days) },
	{ "hours", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct window, hours) },
	{ "utc_offset", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct window, offset) },
	{ "valid_from", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct window, valid_from) },
	{ "valid_to", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct window, valid_to) },
	{ 0 }
};
static const char *const window_kinds[] = { "change", "freeze", "hours", NULL };
static const char *const weekdays[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };

static int days_of(struct afd_inv *v, const struct afd_node *n, int64_t *ret)
{
	const struct afd_node *list = afd_node_get(n, "days");

	*ret = list ? 0 : 127;
	for (const struct afd_node *at = list ? list->u.list.first : NULL; at; at = at->next) {
		const char *day;

		if (afd_uf_word(v->d, at, weekdays, &day, v->err) < 0)
			return -1;
		for (size_t i = 0; weekdays[i]; i++)
			*ret |= weekdays[i] == day ? INT64_C(1) << i : 0;
	}
	return *ret ? 0 : afd_node_fail(v->d, list, v->err, "at least one of mon, tue, wed, thu, fri, sat, sun");
}

/* "07:00": minutes after midnight; -1: it is none. 24:00 is the end of the day. */
static int64_t minute_of(const char *text)
{
	int h, m;

	for (size_t i = 0; i < 5; i++)
		if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
			return -1;
	h = (text[0] - '0') * 10 + (text[1] - '0');
	m = (text[3] - '0') * 10 + (text[4] - '0');
	return m > 59 || h * 60 + m > 1440 ? -1 : h * 60 + m;
}

static int hours_of(struct afd_inv *v, const struct afd_node *n, const char *text, int64_t *from, int64_t *to)
{
	*from = 0;
	*to = 1440;
	if (!text)
		return 0;
	*from = strlen(text) == 11 && text[5] == '-' ? minute_of(text) : -1;
	*to = *from >= 0 ? minute_of(text + 6) : -1;
	if (*from < 0 || *to <= *from)
		return afd_node_fail(v->d, afd_node_get(n, "hours"), v->err, "hours as 07:00-19:00, of one day; a night is two windows");
	return 0;
}

static int window_row(struct afd_inv *v, const struct afd_node *n, const char *kind, const struct window *w, const int64_t *week)
{
	const char *key = week ? afd_uf_keep(v->d, "%s|%s|%s|%s|%d|%d-%d|%d", kind, w->scope, afd_when_text(w->valid_from).s, afd_when_text(w->valid_to).s,
					     (int)week[0], (int)week[1], (int)week[2], (int)week[3]) :
				 afd_uf_keep(v->d, "%s|%s|%s|%s", kind, w->scope, afd_when_text(w->valid_from).s, afd_when_text(w->valid_to).s);
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("kind", kind), AFD_V_TEXT("scope", w->scope), AFD_V_INT("valid_from", w->valid_from), AFD_V_INT("valid_to", w->valid_to),
		{ .column = "days", .i = week ? week[0] : 0, .is_int = week }, { .column = "minute_from", .i = week ? week[1] : 0, .is_int = week },
		{ .column = "minute_to", .i = week ? week[2] : 0, .is_int = week }, { .column = "offset_min", .i = week ? week[3] : 0, .is_int = week },
	};

	return afd_uf_row(&v->rows, "change_window", key, n->line, row, AFD_COUNT(row), v->err);
}

int afd_inv_window(struct afd_inv *v, const struct afd_node *n)
{
	struct window w = { .scope = "", .from = AFD_TIME_NONE, .to = AFD_TIME_NONE, .valid_from = 0, .valid_to = AFD_FOREVER };
	int64_t week[4] = { 0 }, ahead = 0;
	const char *kind;
	bool weekly;

	if (afd_fields_read(v->d, n, afd_inv_window_fields, &w, v->err) < 0 || afd_inv_word(v, n, "kind", window_kinds, &kind) < 0)
		return -1;
	weekly = w.days.n || w.hours || afd_node_get(n, "days");
	if (*w.scope && !(w.scope = afd_uf_name(v->d, afd_node_get(n, "scope"), w.scope, false, v->err)))
		return -1;
	if (weekly == (w.from != AFD_TIME_NONE || w.to != AFD_TIME_NONE))
		return afd_uf_fail(v->d, n, v->err, "windows: expected either \"from\" and \"to\", or \"days\" and \"hours\", got %s", weekly ? "both" : "neither");
	if (!weekly) {
		if (w.from == AFD_TIME_NONE || w.to == AFD_TIME_NONE || w.from >= w.to)
			return afd_node_fail(v->d, afd_node_get(n, "to") ? afd_node_get(n, "to") : n, v->err, "\"from\", and \"to\" after it");
		w.valid_from = w.from;
		w.valid_to = w.to;
		return window_row(v, n, kind, &w, NULL);
	}
	if (w.valid_from >= w.valid_to)
		return afd_node_fail(v->d, afd_node_get(n, "valid_to"), v->err, "a time after valid_from");
	if (w.offset && !afd_log_zone(afd_slice_text(w.offset), &ahead))
		return afd_node_fail(v->d, afd_node_get(n, "utc_offset"), v->err, "how far the local time is ahead of UTC, as +01:00");
	if (days_of(v, n, &week[0]) < 0 || hours_of(v, n, w.hours, &week[1], &week[2]) < 0)
		return -1;
	week[3] = ahead / AFD_MINUTE;
	return window_row(v, n, kind, &w, week);
}

/* --- attestations --- */

struct attestation { const char *ref, *subject, *author, *approver, *document, *file, *sha256; int64_t dated, expires; };
const struct afd_field afd_inv_attestation_fields[] = {
	{ "ref", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct attestation, ref) },
	{ "kind", AFD_FIELD_IGNORE, AFD_REQUIRED, 0 },
	{ "subject", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct attestation, subject) },
	{ "dated", AFD_FIELD_TIME, AFD_REQUIRED, offsetof(struct attestation, dated) },
	{ "expires", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct attestation, expires) },
	{ "author", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct attestation, author) },
	{ "approver", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct attestation, approver) },
	{ "document", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct attestation, document) },
	{ "file", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct attestation, file) },
	{ "sha256", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct attestation, sha256) },
	{ 0 }
};
/* A slip of the pen would be a test that nobody finds. */
static const char *const attestation_kinds[] = { "access-review", "failover-test", "policy-review", "recovery-test", "revocation-test",
	"rollback-test", "scope-review", "secret-scan", "secrets-storage", "supplier-review", "trend-review", "trust-path-review", "other", NULL };

/* Names are in the form that evidence has; accounts and the like stay as they are. */
static const char *subject_of(struct afd_inv *v, const char *text)
{
	const char *name = strchr(text, '.') && !strpbrk(text, " @:/") ? afd_uf_name(v->d, NULL, text, false, NULL) : NULL;

	return name ? name : text;
}

/* The digest of a document beside the file: looked up under its path as the configuration would write it. */
static int document(struct afd_inv *v, const struct afd_node *n, struct attestation *a)
{
	const char *label = afd_doc_name(v->d), *slash = strrchr(label, '/'), *path, *digest = NULL;

	if (!a->file == !a->sha256 && !a->file)
		return afd_uf_fail(v->d, n, v->err, "attestations: %s: expected \"file\", whose digest is taken, or \"document\" with its \"sha256\"", a->ref);
	if (!a->file && !a->document)
		return afd_uf_fail(v->d, n, v->err, "attestations: %s: expected \"document\": where it is kept", a->ref);
	if (a->sha256 && (strlen(a->sha256) != 64 || a->sha256[strspn(a->sha256, "0123456789abcdef")]))
		return afd_node_fail(v->d, afd_node_get(n, "sha256"), v->err, "64 lower-case hex digits: SHA-256 of the document");
	if (!a->file)
		return 0;
	path = *a->file == '/' || !slash ? a->file : afd_uf_keep(v->d, "%.*s%s", (int)(slash + 1 - label), label, a->file);
	if (!path)
		return afd_fail_memory(v->err);
	if (v->digest && v->digest(v->digest_ctx, path, afd_node_get(n, "file")->line, &digest, v->err) < 0)
		return -1;
	if (!digest)
		return afd_node_fail(v->d, afd_node_get(n, "file"), v->err, "a document whose digest was taken");
	if (a->sha256 && strcmp(a->sha256, digest) != 0)
		return afd_uf_fail(v->d, afd_node_get(n, "sha256"), v->err, "attestations: %s: the document is another one: its SHA-256 is %s", a->ref, digest);
	a->sha256 = digest;
	a->document = a->document ? a->document : a->file;
	return 0;
}

int afd_inv_attestation(struct afd_inv *v, const struct afd_node *n)
{
	struct attestation a = { .subject = "", .expires = AFD_FOREVER };
	const char *kind;

	if (afd_fields_read(v->d, n, afd_inv_attestation_fields, &a, v->err) < 0 || afd_inv_word(v, n, "kind", attestation_kinds, &kind) < 0 ||
	    document(v, n, &a) < 0)
		return -1;
	if (a.expires <= a.dated)
		return afd_node_fail(v->d, afd_node_get(n, "expires"), v->err, "a time after dated");
	a.subject = subject_of(v, a.subject);
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("ref", a.ref), AFD_V_TEXT("kind", kind), AFD_V_TEXT("subject", a.subject), AFD_V_INT("dated_ms", a.dated),
		AFD_V_INT("expires_ms", a.expires), AFD_V_TEXT("author", a.author), AFD_V_TEXT("approver", a.approver),
		AFD_V_TEXT("document", a.document), AFD_V_TEXT("sha256", a.sha256),
	};
	return afd_uf_row(&v->rows, "attestation", afd_uf_keep(v->d, "%s|%s|%s", a.ref, kind, a.subject), n->line, row, AFD_COUNT(row), v->err);
}

/* --- responses --- */

struct response { const char *finding, *ticket, *owner, *closed_by; int64_t acknowledged, closed; };
const struct afd_field afd_inv_response_fields[] = {
	{ "finding", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct response, finding) },
	{ "ticket", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct response, ticket) },
	{ "owner", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct response, owner) },
	{ "acknowledged", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct response, acknowledged) },
	{ "closed", AFD_FIELD_TIME, AFD_OPTIONAL, offsetof(struct response, closed) },
	{ "closed_by", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct response, closed_by) },
	{ "outcome", AFD_FIELD_IGNORE, AFD_OPTIONAL, 0 },
	{ 0 }
};
static const char *const outcomes[] = { "fixed", "accepted", "false-positive", "incident", NULL };

int afd_inv_response(struct afd_inv *v, const struct afd_node *n)
{
	struct response r = { .acknowledged = AFD_TIME_NONE, .closed = AFD_TIME_NONE };
	const char *outcome;

	if (afd_fields_read(v->d, n, afd_inv_response_fields, &r, v->err) < 0 || afd_inv_word(v, n, "outcome", outcomes, &outcome) < 0)
		return -1;
	r.finding = afd_uf_finding(v->d, afd_node_get(n, "finding"), r.finding, v->err);
	if (!r.finding)
		return -1;
	if (r.closed != AFD_TIME_NONE && r.acknowledged != AFD_TIME_NONE && r.closed < r.acknowledged)
		return afd_node_fail(v->d, afd_node_get(n, "closed"), v->err, "a time that is not before acknowledged");
	if (r.closed != AFD_TIME_NONE && !r.closed_by)
		return afd_uf_fail(v->d, n, v->err, "responses: %s: closed_by is missing: who closed it", r.finding);
	const struct afd_row_user_value row[] = {
		AFD_V_TEXT("finding", r.finding), AFD_V_TEXT("ticket", r.ticket), AFD_V_TEXT("owner", r.owner),
		AFD_V_TIME("acknowledged_ms", r.acknowledged), AFD_V_TIME("closed_ms", r.closed), AFD_V_TEXT("closed_by", r.closed_by),
		AFD_V_TEXT("outcome", outcome),
	};
	return afd_uf_row(&v->rows, "response", afd_uf_keep(v->d, "%s|%s", r.finding, r.ticket), n->line, row, AFD_COUNT(row), v->err);
}
