/* What the two statements of a check return: the contract of their columns, the items behind the rows that are cited. */
#include "core/limits.h"
#include "mappers/run.h"

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
_Static_assert(AFD_COUNT(cited_tables) <= AFD_RUN_TABLES && AFD_COUNT(finding_columns) <= AFD_RUN_COLUMNS, "struct afd_run is too small");

/* Which column holds what; a column too many or too few breaks the contract. */
static int map_columns(struct afd_run *r, struct afd_query *q, const char *const *names, size_t n, const char *statement,
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
static int check_parameters(struct afd_run *r, struct afd_query *q, const char *sql, struct afd_error *err)
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

static int bind(struct afd_run *r, struct afd_query *q, struct afd_error *err)
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

static char *column_text(struct afd_run *r, struct afd_query *q, int c, struct afd_error *err)
{
	const char *s = afd_query_text(q, r->column[c]);
	char *copy = s ? afd_arena_text(r->j->arena, s) : NULL;

	if (s && !copy)
		afd_fail_memory(err);
	return copy;
}

bool afd_run_is_shared(const struct afd_need *n)
{
	return n->evidence && strcmp(n->evidence, "shared") == 0;
}

static int read_need(struct afd_run *r, struct afd_query *q, struct afd_error *err)
{
	struct need_row v = { .resource = column_text(r, q, P_RESOURCE, err) }, *p;
	const char *grade = afd_query_text(q, r->column[P_GRADE]);

	v.need.evidence = column_text(r, q, P_EVIDENCE, err);
	v.need.scope = column_text(r, q, P_SCOPE, err);
	v.need.span = (struct afd_span){ afd_query_int(q, r->column[P_FROM]), afd_query_int(q, r->column[P_TO]) };
	if (v.resource ? !*v.resource : !v.need.evidence || afd_run_is_shared(&v.need))
		return afd_fail(err, AFD_E_ENGINE, "population: a row without resource");
	if (v.need.evidence && !afd_run_is_shared(&v.need) && (afd_grade_parse(grade ? grade : "", &v.need.grade) < 0 || v.need.grade == AFD_GAP))
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
static int read_note(struct afd_run *r, uint64_t leaf, const struct cited *c, struct afd_error *err)
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

static int read_ref(struct afd_run *r, const char *table, int64_t id, struct afd_evidence_ref *ret, struct afd_error *err)
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

static int read_finding(struct afd_run *r, struct afd_query *q, struct afd_error *err)
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

static int read_statement(struct afd_run *r, const char *sql, const char *const *names, size_t n, const char *statement,
                          int (*read)(struct afd_run *r, struct afd_query *q, struct afd_error *err), struct afd_error *err)
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

int afd_run_read(struct afd_run *r, struct afd_error *err)
{
	const struct afd_check *c = r->check;
	const int done = read_statement(r, c->population_sql, population_columns, AFD_COUNT(population_columns), "population", read_need, err);

	return done < 0 ? -1 : read_statement(r, c->findings_sql, finding_columns, AFD_COUNT(finding_columns), "findings", read_finding, err);
}

void afd_run_release(struct afd_run *r)
{
	for (size_t i = 0; i < AFD_COUNT(r->ref); i++)
		afd_query_release(&r->ref[i]);
	afd_query_release(&r->note);
}
