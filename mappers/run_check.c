/* One check over the tables: the contract of its columns, one outcome per resource (docs/design.md 6). */
#include "core/limits.h"
#include "mappers/judge.h"

static const char *const finding_columns[] = {"resource", "key",       "status", "basis",
					      "reason",	  "ref_table", "ref_id", "observed_at"};
static const char *const population_columns[] = { "resource", "evidence", "scope", "need_from", "need_to", "grade" };
enum { F_RESOURCE, F_KEY, F_STATUS, F_BASIS, F_REASON, F_TABLE, F_ID, F_OBSERVED };
enum { P_RESOURCE, P_EVIDENCE, P_SCOPE, P_FROM, P_TO, P_GRADE };

/* Tables that a finding may cite: each row of them knows its item. ref_id is the row's id, or its rowid where the key is a
 * name. */
static const struct cited { const char *table, *what; bool has_part; } cited_tables[] = {
	{ "actor", "name in logs", true },
	{ "anchor", "time-stamp", true },
	{ "approval", "approval", true },
	{ "approved_issuer", "approved issuer", true },
	{ "attestation", "attestation", true },
	{ "certificate", "certificate in a log", true },
	{ "certificate_name", "name in a logged certificate", true },
	{ "certificate_sct", "promise of a log", true },
	{ "certificate_url", "address in a certificate", true },
	{ "change", "change of a zone", true },
	{ "change_record", "changed record", true },
	{ "change_window", "window", true },
	{ "claim", "line of an update log", true },
	{ "claim_record", "record in an update log", true },
	{ "coverage", "statement of coverage", true },
	{ "credential", "credential of the inventory", true },
	{ "credential_grant", "grant in a server's configuration", true },
	{ "credential_scope", "declared scope", true },
	{ "credential_state", "credential as its provider lists it", true },
	{ "crl", "revocation list", true },
	{ "ct_head", "head of a log", true },
	{ "ct_incident", "what a log did", true },
	{ "ct_list", "list of logs", true },
	{ "ct_log", "log of the list", true },
	{ "ct_range", "range of a log", true },
	{ "declared_record", "declared record", true },
	{ "decode_error", "answer that could not be read", false },
	{ "dns_answer", "answer of a server", true },
	{ "dns_answer_record", "record in an answer", true },
	{ "dnssec_verdict", "verdict of a validator", true },
	{ "domain", "domain of the inventory", true },
	{ "domain_contact", "contact of a domain", true },
	{ "domain_state", "state of a domain", true },
	{ "endpoint", "end point as it presented itself", true },
	{ "environment", "environment", true },
	{ "environment_name", "name of an environment", true },
	{ "event", "event of an account", true },
	{ "held_certificate", "certificate that we hold", true },
	{ "issuance_request", "request for a certificate", true },
	{ "item_note", "item of the ledger", false },
	{ "log_entry", "entry of a log", true },
	{ "member_state", "member as the provider lists them", true },
	{ "notice", "notice", true },
	{ "observation", "observation", true },
	{ "owned_certificate", "certificate of the inventory", true },
	{ "owned_zone", "zone of the inventory", true },
	{ "person", "person", true },
	{ "policy", "setting of the policy", true },
	{ "record", "record of a zone", true },
	{ "response", "response", true },
	{ "revocation", "word on a revocation", true },
	{ "routing", "routing of findings", true },
	{ "scope_edit", "edit of a file", false },
	{ "search_result", "what a search service says", true },
	{ "service", "service", true },
	{ "setting", "setting", true },
	{ "severity_change", "severity of the policy", true },
	{ "source", "source", true },
	{ "supplier", "supplier", true },
	{ "supplier_name", "name of a supplier", true },
	{ "unparsed_entry", "log entry that could not be parsed", true },
	{ "waiver", "waiver", true },
	{ "zone", "state of a zone", true },
};

struct need_row { const char *resource; struct afd_need need; };
struct finding_row {
	const char *resource, *key, *reason;
	enum afd_outcome status;
	bool presence, has_ref;
	int64_t observed_ms;
	struct afd_evidence_ref ref;
};

enum { SAID = 256 };

struct run {
	struct afd_judge *j;
	const struct afd_check *check;
	struct afd_query *ref[AFD_COUNT(cited_tables)];
	int column[AFD_COUNT(finding_columns)];
	struct need_row *need; size_t n_need;
	struct need_row *shared; size_t n_shared; /* rows without a resource: what all that ask for it need */
	struct afd_result common;                 /* those, merged and judged once */
	bool common_covered;
	struct finding_row *row; size_t n_row;
	unsigned line;                            /* where in its file it stands: for faults */
	const char *relaxed;                      /* its parameters were edited after the period began: why a pass is none */
	struct said { struct afd_need need; struct afd_span hole; const char *reason; } said[SAID];   /* gaps that were put in words, by hash */
	struct afd_query *note;
	const char *asked;                        /* of the item of .cited */
	struct afd_evidence_ref cited;            /* the last one: thousands of rows come from one item */
};

static struct afd_arena *lists_of(const struct afd_judge *j)
{
	return j->lists ? j->lists : j->arena;
}

/* --- statements --- */

/* Which column holds what; a column too many or too few breaks the contract. */
static int map_columns(struct run *r, struct afd_query *q, const char *const *names, size_t n, const char *statement,
		       struct afd_error *err)
{
	int columns = afd_query_columns(q);

	for (size_t i = 0; i < n; i++) {
		r->column[i] = -1;
		for (int c = 0; c < columns; c++)
			if (strcmp(afd_query_column_name(q, c), names[i]) == 0) {
				if (r->column[i] >= 0)
					return afd_fail(err, AFD_E_ENGINE, "%s: column \"%s\" stands there twice",
							statement, names[i]);
				r->column[i] = c;
			}
		if (r->column[i] < 0)
			return afd_fail(err, AFD_E_ENGINE, "%s: column \"%s\" is missing", statement, names[i]);
	}
	if ((size_t)columns != n)
		return afd_fail(err, AFD_E_ENGINE, "%s: expected %zu columns, got %d", statement, n, columns);
	return 0;
}

static bool is_parameter(const struct afd_check *c, const char *name)
{
	static const char *const given[] = { ":period_start", ":period_end", ":as_of" };

	for (size_t i = 0; name && i < AFD_COUNT(given); i++)
		if (strcmp(name, given[i]) == 0)
			return true;
	for (size_t i = 0; name && name[0] == ':' && i < c->n_param; i++)
		if (strcmp(name + 1, c->param[i].name) == 0)
			return true;
	return false;
}

/* One that nobody gives a value is NULL for SQL: what is compared with it is never found, and the check would pass. */
static int check_parameters(struct run *r, struct afd_query *q, const char *sql, struct afd_error *err)
{
	for (int i = 0; i < afd_query_parameters(q); i++) {
		const char *name = afd_query_parameter(q, i), *at = name ? strstr(sql, name) : NULL;
		unsigned line = 1;

		if (is_parameter(r->check, name))
			continue;
		for (const char *p = sql; at && p < at; p++)
			line += *p == '\n';
		r->line = afd_check_line(r->check, sql, line);
		return afd_fail(err, AFD_E_ENGINE, "SQL: %s: no such parameter; there are :period_start, :period_end, :as_of and those under params",
				name ? name : "?");
	}
	return 0;
}

static int bind(struct run *r, struct afd_query *q, struct afd_error *err)
{
	const struct afd_assessment *a = r->j->a;

	if (afd_query_bind_int(q, "period_start", a->period.from, err) < 0 ||
	    afd_query_bind_int(q, "period_end", a->period.to, err) < 0 ||
	    afd_query_bind_int(q, "as_of", a->as_of_ms, err) < 0)
		return -1;
	for (size_t i = 0; i < r->check->n_param; i++) {
		const struct afd_param *p = &r->check->param[i];
		int64_t v;

		if (strcmp(p->type, "text") == 0) {
			if (afd_query_bind_text(q, p->name, p->value, err) < 0)
				return -1;
		} else if (afd_param_int(p, &v, err) < 0 || afd_query_bind_int(q, p->name, v, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static char *column_text(struct run *r, struct afd_query *q, int c, struct afd_error *err)
{
	const char *s = afd_query_text(q, r->column[c]);
	char *copy = s ? afd_arena_text(r->j->arena, s) : NULL;

	if (s && !copy)
		afd_fail_memory(err);
	return copy;
}

/* A row that takes over what the rows without a resource ask for: a thousand keys need the logs of a thousand zones. */
static bool is_shared(const struct afd_need *n)
{
	return n->evidence && strcmp(n->evidence, "shared") == 0;
}

static int read_need(struct run *r, struct afd_query *q, struct afd_error *err)
{
	struct need_row v = { .resource = column_text(r, q, P_RESOURCE, err) }, *p;
	const char *grade = afd_query_text(q, r->column[P_GRADE]);

	v.need.evidence = column_text(r, q, P_EVIDENCE, err);
	v.need.scope = column_text(r, q, P_SCOPE, err);
	v.need.span = (struct afd_span){ afd_query_int(q, r->column[P_FROM]), afd_query_int(q, r->column[P_TO]) };
	if (v.resource ? !*v.resource : !v.need.evidence || is_shared(&v.need))
		return afd_fail(err, AFD_E_ENGINE, "population: a row without resource");
	if (v.need.evidence && !is_shared(&v.need) && (afd_grade_parse(grade ? grade : "", &v.need.grade) < 0 || v.need.grade == AFD_GAP))
		return afd_fail(err, AFD_E_ENGINE, "population: grade \"%s\": expected sampled, asserted or proven",
				grade ? grade : "NULL");
	if (r->n_need + r->n_shared >= AFD_MAX_CHECK_ROWS)
		return afd_fail(err, AFD_E_LIMIT, "population: more than %u rows", AFD_MAX_CHECK_ROWS);
	p = v.resource ? AFD_PUSH(r->j->arena, r->need, r->n_need) : AFD_PUSH(r->j->arena, r->shared, r->n_shared);
	if (!p)
		return afd_fail_memory(err);
	*p = v;
	return 0;
}

/* What people are told of the item LEAF of which a row of TABLE is. */
static int read_note(struct run *r, uint64_t leaf, const struct cited *c, struct afd_error *err)
{
	struct afd_arena *a = r->j->arena;
	struct afd_evidence_ref *e = &r->cited;
	int got;

	if (!e->hash || e->leaf != leaf) {
		if (!r->note && afd_query_open(r->j->s, "SELECT hash, source, asked, received_ms FROM item_note WHERE leaf = :leaf", &r->note, err) < 0)
			return -1;
		if (afd_query_bind_int(r->note, "leaf", (int64_t)leaf, err) < 0 || (got = afd_query_step(r->note, err)) < 0)
			return -1;
		*e = (struct afd_evidence_ref){ .leaf = leaf, .received_ms = got ? afd_query_int(r->note, 3) : AFD_TIME_NONE };
		e->source = afd_arena_text(a, got ? afd_query_text(r->note, 1) : "");
		r->asked = afd_arena_text(a, got ? afd_query_text(r->note, 2) : "");
		e->hash = e->source && r->asked ? afd_arena_text(a, got ? afd_query_text(r->note, 0) : "") : NULL;
		if (!e->hash)
			return afd_fail_memory(err);
	}
	if (e->table != c->table) {
		e->table = c->table;
		e->what = *r->asked ? afd_arena_printf(a, "%s (%s)", c->what, r->asked) : c->what;
	}
	return e->what ? 0 : afd_fail_memory(err);
}

static int read_ref(struct run *r, const char *table, int64_t id, struct afd_evidence_ref *ret, struct afd_error *err)
{
	size_t i = 0;
	int got;

	while (i < AFD_COUNT(cited_tables) && strcmp(cited_tables[i].table, table) != 0)
		i++;
	if (i == AFD_COUNT(cited_tables))
		return afd_fail(err, AFD_E_ENGINE, "findings: ref_table \"%s\": not a table that can be cited", table);
	if (!r->ref[i]) {
		AFD_AUTO(mem)
		char *sql = afd_sprintf("SELECT leaf, %s FROM %s WHERE rowid = :id", cited_tables[i].has_part ? "part" : "0", table);

		if (!sql)
			return afd_fail_memory(err);
		if (afd_query_open(r->j->s, sql, &r->ref[i], err) < 0)
			return -1;
	}
	if (afd_query_bind_int(r->ref[i], "id", id, err) < 0 || (got = afd_query_step(r->ref[i], err)) < 0)
		return -1;
	if (got == 0)
		return afd_fail(err, AFD_E_ENGINE, "findings: ref_id %lld is not a row of %s", (long long)id, table);
	if (read_note(r, (uint64_t)afd_query_int(r->ref[i], 0), &cited_tables[i], err) < 0)
		return -1;
	*ret = r->cited;
	ret->part = (uint64_t)afd_query_int(r->ref[i], 1);
	ret->row = id;
	return 0;
}

static int read_finding(struct run *r, struct afd_query *q, struct afd_error *err)
{
	struct finding_row v = { .observed_ms = AFD_TIME_NONE }, *p;
	const char *status = afd_query_text(q, r->column[F_STATUS]), *basis, *table;
	char *said;

	if (!status || afd_outcome_parse(status, &v.status) < 0 ||
	    (v.status != AFD_FAIL && v.status != AFD_REVIEW && v.status != AFD_NOT_APPLICABLE))
		return afd_fail(err, AFD_E_ENGINE, "findings: status \"%s\": expected fail, review or not-applicable",
				status ? status : "NULL");
	basis = afd_query_text(q, r->column[F_BASIS]);
	if (!basis || (strcmp(basis, "presence") != 0 && strcmp(basis, "absence") != 0))
		return afd_fail(err, AFD_E_ENGINE, "findings: basis \"%s\": expected presence or absence",
				basis ? basis : "NULL");
	v.presence = strcmp(basis, "presence") == 0;
	v.resource = column_text(r, q, F_RESOURCE, err);
	v.key = column_text(r, q, F_KEY, err);
	said = column_text(r, q, F_REASON, err);
	if (!v.resource || !v.key || !said || !*said)
		return afd_fail(err, AFD_E_ENGINE, "findings: a row without resource, key or reason");
	afd_count_words(said);
	v.reason = said;
	/* 0: before anybody looked, so nobody knows */
	if (!afd_query_is_null(q, r->column[F_OBSERVED]) && afd_query_int(q, r->column[F_OBSERVED]) != 0)
		v.observed_ms = afd_query_int(q, r->column[F_OBSERVED]);
	table = afd_query_text(q, r->column[F_TABLE]);
	v.has_ref = table && !afd_query_is_null(q, r->column[F_ID]);
	if (v.has_ref && read_ref(r, table, afd_query_int(q, r->column[F_ID]), &v.ref, err) < 0)
		return -1;
	if (r->n_row >= AFD_MAX_CHECK_ROWS)
		return afd_fail(err, AFD_E_LIMIT, "findings: more than %u rows", AFD_MAX_CHECK_ROWS);
	p = AFD_PUSH(r->j->arena, r->row, r->n_row);
	if (!p)
		return afd_fail_memory(err);
	*p = v;
	return 0;
}

static int read_statement(struct run *r, const char *sql, const char *const *names, size_t n, const char *statement,
                          int (*read)(struct run *r, struct afd_query *q, struct afd_error *err), struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int got;

	r->line = afd_check_line(r->check, sql, 0);
	if (afd_query_open(r->j->s, sql, &q, err) < 0) {
		r->line = afd_check_line(r->check, sql, afd_query_fault_line(r->j->s));
		return -1;
	}
	if (check_parameters(r, q, sql, err) < 0 || map_columns(r, q, names, n, statement, err) < 0 || bind(r, q, err) < 0)
		return -1;
	while ((got = afd_query_step(q, err)) > 0)
		if (read(r, q, err) < 0)
			return -1;
	return got;
}

/* --- order: by content alone --- */

static int compare_text(const char *a, const char *b)
{
	return a == b ? 0 : !a ? -1 : !b ? 1 : strcmp(a, b);
}

static int compare_int(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_need(const void *x, const void *y)
{
	const struct need_row *a = x, *b = y;
	int c = compare_text(a->resource, b->resource);

	if (c == 0)
		c = compare_text(a->need.evidence, b->need.evidence);
	if (c == 0)
		c = compare_text(a->need.scope, b->need.scope);
	if (c == 0)
		c = compare_int(a->need.grade, b->need.grade);
	if (c == 0)
		c = compare_int(a->need.span.from, b->need.span.from);
	return c ? c : compare_int(a->need.span.to, b->need.span.to);
}

static int compare_ref(const struct afd_evidence_ref *a, const struct afd_evidence_ref *b)
{
	int c = (a->leaf > b->leaf) - (a->leaf < b->leaf);

	if (c == 0)
		c = (a->part > b->part) - (a->part < b->part);
	return c ? c : compare_text(a->what, b->what);
}

static int compare_row(const void *x, const void *y)
{
	const struct finding_row *a = x, *b = y;
	int c = strcmp(a->resource, b->resource);

	if (c == 0)
		c = strcmp(a->key, b->key);
	if (c == 0)
		c = compare_int(b->status, a->status);
	if (c == 0)
		c = compare_int(b->presence, a->presence);
	if (c == 0)
		c = strcmp(a->reason, b->reason);
	return c ? c : compare_ref(&a->ref, &b->ref);
}

/* --- needs of a resource --- */

/* Needs of one kind that meet become one; the rows are sorted. */
static int merge_needs(struct run *r, const struct need_row *row, size_t rows, struct afd_need **ret, size_t *n, struct afd_error *err)
{
	*ret = NULL;
	*n = 0;
	for (size_t i = 0; i < rows; i++) {
		const struct afd_need *v = &row[i].need;
		struct afd_need *last = *n ? &(*ret)[*n - 1] : NULL;

		if (!v->evidence || is_shared(v))
			continue;
		if (last && strcmp(last->evidence, v->evidence) == 0 && compare_text(last->scope, v->scope) == 0 &&
		    last->grade == v->grade && v->span.from <= last->span.to) {
			if (v->span.to > last->span.to)
				last->span.to = v->span.to;
			continue;
		}
		last = AFD_PUSH(r->j->arena, *ret, *n);
		if (!last)
			return afd_fail_memory(err);
		*last = *v;
	}
	return 0;
}

static struct said *slot(struct run *r, const struct afd_need *n, struct afd_span hole)
{
	uint64_t h = (uint64_t)hole.from * 31 + (uint64_t)hole.to;

	for (const char *p = n->scope; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	return &r->said[(h ^ h >> 32) % SAID];
}

/* Why HOLE is one. Thousands of resources lack the same few things: the words of one serve the next. */
static int hole_reason(struct run *r, const struct afd_need *n, struct afd_span hole, const char **ret, struct afd_error *err)
{
	struct said *x = slot(r, n, hole);
	const struct afd_need *last = &x->need;

	if (!x->reason || strcmp(last->evidence, n->evidence) != 0 || strcmp(last->scope, n->scope) != 0 || last->grade != n->grade ||
	    last->span.from != n->span.from || last->span.to != n->span.to || x->hole.from != hole.from || x->hole.to != hole.to) {
		if (afd_cover_reason(r->j->s, r->j->arena, n, hole, r->j->a->as_of_ms, &x->reason, err) < 0)
			return -1;
		x->need = *n;
		x->hole = hole;
	}
	*ret = x->reason;
	return 0;
}

static int judge_needs(struct run *r, struct afd_result *res, bool *covered, struct afd_error *err)
{
	*covered = true;
	res->grade = AFD_PROVEN;
	for (size_t i = 0; i < res->n_need; i++) {
		struct afd_need *n = &res->need[i];
		enum afd_grade grade;
		struct afd_span hole;

		afd_need_judge(&r->j->cover, r->j->a->as_of_ms, n, &grade, &hole);
		if (grade < res->grade)
			res->grade = grade;
		if (!n->scope)
			n->scope = "";
		if (n->covered)
			continue;
		if (*covered && hole_reason(r, n, hole, &res->reason, err) < 0)
			return -1;
		*covered = false;
	}
	return 0;
}

static int judge_shared(struct run *r, struct afd_error *err)
{
	if (r->n_shared)
		qsort(r->shared, r->n_shared, sizeof *r->shared, compare_need);
	return merge_needs(r, r->shared, r->n_shared, &r->common.need, &r->common.n_need, err) < 0 ||
		       judge_needs(r, &r->common, &r->common_covered, err) < 0 ? -1 : 0;
}

/* Asked for with a time of its own, of each shared need what lies within. */
static int add_within(struct run *r, struct afd_span at, struct afd_result *res, struct afd_error *err)
{
	for (size_t i = 0; i < r->common.n_need; i++) {
		struct afd_need n = r->common.need[i], *p;

		n.span.from = n.span.from < at.from ? at.from : n.span.from;
		n.span.to = n.span.to > at.to ? at.to : n.span.to;
		if (n.span.from >= n.span.to)
			continue;
		p = AFD_PUSH(r->j->arena, res->need, res->n_need);
		if (!p)
			return afd_fail_memory(err);
		*p = n;
	}
	return 0;
}

/* The shared needs behind its own, judged already; where it has none, it looks at theirs. */
static int add_shared(struct run *r, struct afd_result *res, bool *covered, struct afd_error *err)
{
	if (*covered)
		res->reason = r->common.reason;
	*covered = *covered && r->common_covered;
	if (r->common.grade < res->grade)
		res->grade = r->common.grade;
	if (res->n_need) {
		struct afd_need *all = afd_arena_alloc(r->j->arena, (res->n_need + r->common.n_need) * sizeof *all);

		if (!all)
			return afd_fail_memory(err);
		memcpy(all, res->need, res->n_need * sizeof *all);
		memcpy(all + res->n_need, r->common.need, r->common.n_need * sizeof *all);
		res->need = all;
		res->n_need += r->common.n_need;
	} else {
		res->need = r->common.need;
		res->n_need = r->common.n_need;
	}
	return 0;
}

/* --- findings of a resource --- */

void afd_finding_id(const char *check, const char *resource, const char *key, char ret[17])
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_digest d;
	const struct afd_slice parts[] = {afd_slice(check, strlen(check) + 1),
					  afd_slice(resource, strlen(resource) + 1), afd_slice_text(key)};

	afd_sha256_parts(parts, AFD_COUNT(parts), &d);
	memset(ret, 0, 17);
	if (afd_base32(afd_slice(d.b, 10), &text) == 0 && text.len == 16)
		memcpy(ret, text.data, 16);
}

static int compare_refs(const void *x, const void *y)
{
	return compare_ref(x, y);
}

/* Reasons, earliest time and evidence of the rows [from, to), which are sorted by status and reason. */
static int collect(struct run *r, size_t from, size_t to, struct afd_finding *f, struct afd_error *err)
{
	const char **reason = NULL, **p;
	struct afd_evidence_ref *e;
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		const struct finding_row *v = &r->row[i];

		if (!f->n_reason || strcmp(reason[f->n_reason - 1], v->reason) != 0) {
			p = AFD_PUSH(r->j->arena, reason, f->n_reason);
			if (!p)
				return afd_fail_memory(err);
			*p = v->reason;
		}
		if (v->observed_ms != AFD_TIME_NONE &&
		    (f->observed_ms == AFD_TIME_NONE || v->observed_ms < f->observed_ms))
			f->observed_ms = v->observed_ms;
		if (!v->has_ref)
			continue;
		e = AFD_PUSH(r->j->arena, f->evidence, f->n_evidence);
		if (!e)
			return afd_fail_memory(err);
		*e = v->ref;
	}
	if (f->n_evidence)
		qsort(f->evidence, f->n_evidence, sizeof *f->evidence, compare_refs);
	for (size_t i = 0; i < f->n_evidence; i++)
		if (!n || compare_ref(&f->evidence[n - 1], &f->evidence[i]) != 0)
			f->evidence[n++] = f->evidence[i];
	f->n_evidence = n;
	f->reason = reason;
	return 0;
}

/* Rows [from, to) with one resource and key: the worst status is the finding's, and its rows come first. */
static int add_finding(struct run *r, size_t from, size_t to, bool covered, enum afd_outcome *outcome, bool *fails,
		       const char **not_applicable, struct afd_error *err)
{
	const struct finding_row *v = &r->row[from];
	struct afd_assessment *a = r->j->a;
	struct afd_finding *f = AFD_PUSH(lists_of(r->j), a->finding, a->n_finding);

	if (!f)
		return afd_fail_memory(err);
	*f = (struct afd_finding){ .check = r->check, .resource = v->resource, .key = v->key, .status = v->status,
		.presence = v->presence, .observed_ms = AFD_TIME_NONE };
	afd_finding_id(r->check->id, f->resource, f->key, f->id);
	if (collect(r, from, to, f, err) < 0)
		return -1;
	if (f->status == AFD_FAIL && !f->n_evidence)
		return afd_fail(err, AFD_E_ENGINE, "findings: %s: a fail without evidence", f->resource);
	if (f->status == AFD_NOT_APPLICABLE) {
		/* nothing was found: why it does not apply is said of the resource */
		*not_applicable = f->n_reason ? f->reason[0] : NULL;
		a->n_finding--;
		return 0;
	}
	f->would_fail = !covered && !f->presence;
	if (f->would_fail)
		return 0;
	*outcome = afd_outcome_worse(*outcome, f->status);
	*fails = *fails || f->status == AFD_FAIL;
	return 0;
}

/* --- one resource, then all --- */

static int judge_resource(struct run *r, size_t need_from, size_t need_to, size_t row_from, size_t row_to,
			  struct afd_error *err)
{
	struct afd_result res = { .check = r->check, .resource = r->need[need_from].resource };
	enum afd_outcome returned = AFD_NOT_APPLICABLE;
	const char *not_applicable = NULL;
	bool covered, fails = false, all = false;
	struct afd_result *p;

	if (merge_needs(r, r->need + need_from, need_to - need_from, &res.need, &res.n_need, err) < 0)
		return -1;
	for (size_t i = need_from; i < need_to; i++) {
		const struct afd_need *n = &r->need[i].need;

		if (!is_shared(n))
			continue;
		if (!r->n_shared)
			return afd_fail(err, AFD_E_ENGINE, "population: %s asks for shared needs, and no row without resource states one", res.resource);
		if (n->span.from == n->span.to)                  /* no time of its own: all of it */
			all = true;
		else if (add_within(r, n->span, &res, err) < 0)
			return -1;
	}
	if (judge_needs(r, &res, &covered, err) < 0 || (all && add_shared(r, &res, &covered, err) < 0))
		return -1;
	for (size_t i = row_from, k; i < row_to; i = k) {
		for (k = i; k < row_to && strcmp(r->row[k].key, r->row[i].key) == 0; k++)
			;
		if (add_finding(r, i, k, covered, &returned, &fails, &not_applicable, err) < 0)
			return -1;
	}
	if (fails)                                       /* by presence, or all is covered */
		res.outcome = AFD_FAIL;
	else if (!covered)
		res.outcome = AFD_NOT_EVALUABLE;
	else if (row_from < row_to)
		res.outcome = returned;
	else
		res.outcome = r->relaxed ? AFD_REVIEW : AFD_PASS;
	if (res.outcome != AFD_NOT_EVALUABLE)            /* the needs say it too, one by one */
		res.reason = res.outcome == AFD_REVIEW && row_from == row_to ? r->relaxed : NULL;
	if (res.outcome == AFD_NOT_APPLICABLE)
		res.reason = not_applicable;
	p = AFD_PUSH(lists_of(r->j), r->j->a->result, r->j->a->n_result);
	if (!p)
		return afd_fail_memory(err);
	*p = res;
	return 0;
}

/* Whoever may edit the policy may make a rule harmless after the deed. What passes under parameters that were changed,
 * added or taken away since the period began is for a person to look at. */
static int read_relaxed(struct run *r, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int got;

	if (afd_query_open(r->j->s, "SELECT MAX(t) FROM scope_edit WHERE table_name = 'policy' AND t > :from"
			   " AND substr(key, 1, length(:id) + 1) = :id || '|'", &q, err) < 0 ||
	    afd_query_bind_int(q, "from", r->j->a->period.from, err) < 0 || afd_query_bind_text(q, "id", r->check->id, err) < 0)
		return -1;
	got = afd_query_step(q, err);
	if (got < 0 || got == 0 || afd_query_is_null(q, 0))
		return got < 0 ? -1 : 0;
	r->relaxed = afd_arena_printf(r->j->arena, "The parameters of this check were edited at %s UTC, after the period had begun.",
				      afd_when_people(afd_query_int(q, 0)).s);
	return r->relaxed ? 0 : afd_fail_memory(err);
}

static int judge_all(struct run *r, struct afd_error *err)
{
	size_t row = 0;

	if (read_relaxed(r, err) < 0 || judge_shared(r, err) < 0)
		return -1;

	if (r->n_need)
		qsort(r->need, r->n_need, sizeof *r->need, compare_need);
	if (r->n_row)
		qsort(r->row, r->n_row, sizeof *r->row, compare_row);
	for (size_t i = 0, k; i < r->n_need; i = k) {
		size_t row_to;

		for (k = i; k < r->n_need && strcmp(r->need[k].resource, r->need[i].resource) == 0; k++)
			;
		if (row < r->n_row && strcmp(r->row[row].resource, r->need[i].resource) < 0)
			break;
		for (row_to = row; row_to < r->n_row && strcmp(r->row[row_to].resource, r->need[i].resource) == 0;
		     row_to++)
			;
		if (judge_resource(r, i, k, row, row_to, err) < 0)
			return -1;
		row = row_to;
	}
	if (row < r->n_row)
		return afd_fail(err, AFD_E_ENGINE, "findings: \"%s\" is not in the population", r->row[row].resource);
	return 0;
}

static int one_result(struct afd_judge *j, const struct afd_check *c, enum afd_outcome outcome, const char *reason,
		      struct afd_error *err)
{
	struct afd_result *p = AFD_PUSH(lists_of(j), j->a->result, j->a->n_result);

	if (!p)
		return afd_fail_memory(err);
	*p = (struct afd_result){
		.check = c, .resource = "", .outcome = outcome, .reason = afd_arena_text(j->arena, reason)};
	return p->reason ? 0 : afd_fail_memory(err);
}

int afd_check_failed(struct afd_judge *j, const struct afd_check *c, const char *reason, struct afd_error *err)
{
	return one_result(j, c, AFD_ERROR, reason, err);
}

/* Retired, the file says why. What was retired after the period began could have been retired to find nothing in it. */
static int retired(struct afd_judge *j, const struct afd_check *c, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	const char *reason;
	int64_t since;

	if (afd_query_open(j->s, "SELECT ledger_ms FROM item_note WHERE leaf = :leaf", &q, err) < 0 ||
	    afd_query_bind_int(q, "leaf", (int64_t)c->leaf, err) < 0 || afd_query_step(q, err) < 0)
		return -1;
	since = afd_query_int(q, 0);
	reason = afd_arena_printf(j->arena, "The check was retired at %s UTC%s: %s", afd_when_people(since).s,
				  since > j->a->period.from ? ", after the period had begun" : "", c->retired);
	return reason ? one_result(j, c, since > j->a->period.from ? AFD_REVIEW : AFD_NOT_APPLICABLE, reason, err) : afd_fail_memory(err);
}

/* What a check is about is named: of a test with no resource nobody could say otherwise what was looked for. */
static int nothing_in_scope(struct afd_judge *j, const struct afd_check *c, struct afd_error *err)
{
	const char *reason = afd_arena_printf(j->arena, "nothing in scope: no %s", c->resource);

	return reason ? one_result(j, c, AFD_NOT_EVALUABLE, reason, err) : afd_fail_memory(err);
}

int afd_check_run(struct afd_judge *j, const struct afd_check *c, struct afd_error *err)
{
	struct run r = { .j = j, .check = c };
	size_t results = j->a->n_result, findings = j->a->n_finding;
	struct afd_error own = { 0 };
	int done;

	if (c->retired)
		return retired(j, c, err);
	done = read_statement(&r, c->population_sql, population_columns, AFD_COUNT(population_columns),
				  "population", read_need, &own);

	if (done == 0)
		done = read_statement(&r, c->findings_sql, finding_columns, AFD_COUNT(finding_columns), "findings",
				      read_finding, &own);
	if (done == 0)
		done = judge_all(&r, &own);
	for (size_t i = 0; i < AFD_COUNT(r.ref); i++)
		afd_query_release(&r.ref[i]);
	afd_query_release(&r.note);
	if (done < 0 && own.code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	if (done < 0 && afd_query_stopped(j->s))         /* nothing is known of the check then */
		return afd_fail(err, AFD_E_IO, "stopped");
	if (done < 0 && c->label)
		afd_within(&own, "%s:%u", c->label, r.line);
	if (done < 0) {                                  /* a check that breaks its contract has said nothing */
		j->a->n_result = results;
		j->a->n_finding = findings;
		return one_result(j, c, AFD_ERROR, own.text, err);
	}
	if (!r.n_need)
		return nothing_in_scope(j, c, err);
	return 0;
}
