/* What files of the user state, as many checks read it. */
#include "mappers/judge.h"

static const char begun_sql[] = "INSERT INTO inventory_begun (one, t) SELECT 1, MIN(n.ledger_ms) FROM item_note n WHERE n.decoder = 'inventory'";

static const char places_sql[] =
	"INSERT INTO account_place (scope, account) SELECT d.account, d.account FROM domain d WHERE d.in_scope = 1 AND d.account IS NOT NULL"
	" UNION SELECT d.account || '/user', d.account FROM domain d WHERE d.in_scope = 1 AND d.account IS NOT NULL";

int afd_join_stated(struct afd_store *s, struct afd_error *err)
{
	return afd_store_exec_joined(s, begun_sql, err) < 0 ? -1 : afd_store_exec_joined(s, places_sql, err);
}

/* Who is expected to tell of it, or did tell something in this time. */
#define TOLD_SQL(evidence) \
	"(SELECT s.scope FROM source_scope s CROSS JOIN p WHERE s.evidence = '" evidence "' AND s.retired_ms > p.t_from" \
	" UNION SELECT c.scope FROM coverage c CROSS JOIN p WHERE c.evidence = '" evidence "' AND c.grade > 0 AND c.t_from < p.t_to AND c.t_to > p.t_from)"

static const struct afd_period_table tables[] = {
	{ "DELETE FROM registration",
	  "INSERT INTO registration (name, scope, account)"
	  " SELECT d.name, CASE WHEN d.name IN " TOLD_SQL("registry-state") " THEN d.name WHEN d.account IN " TOLD_SQL("registry-state") " THEN d.account END,"
	  " CASE WHEN d.account IN " TOLD_SQL("account-events") " THEN d.account END FROM domain d WHERE d.in_scope = 1" },
	/* The newest of each sort is enough: how old it may be differs from check to check and from subject to subject. */
	{ "DELETE FROM attested",
	  "INSERT INTO attested (id, kind, subject, ref, dated_ms, ended, late, alone)"
	  " SELECT q.id, q.kind, q.subject, q.ref, q.dated_ms, q.ended, q.late, q.alone FROM ("
	  " SELECT w.*, ROW_NUMBER() OVER (PARTITION BY w.kind, w.subject, w.ended, CASE WHEN w.late > 0 THEN 1 ELSE 0 END, w.alone"
	  " ORDER BY w.dated_ms DESC, w.id DESC) AS place FROM ("
	  " SELECT a.id, a.kind, a.subject, a.ref, a.dated_ms, CASE WHEN a.expires_ms <= n.t THEN 1 ELSE 0 END AS ended,"
	  " CASE WHEN a.recorded_at >= n.t_to AND a.recorded_at <> b.t THEN (a.recorded_at - a.dated_ms + 86399999) / 86400000 ELSE 0 END AS late,"
	  " CASE WHEN a.approver IS NULL OR COALESCE(x.person, lower(trim(a.approver))) = COALESCE(y.person, lower(trim(a.author))) THEN 1 ELSE 0 END AS alone"
	  " FROM attestation a CROSS JOIN (SELECT p.t_to, CASE WHEN p.as_of < p.t_to THEN p.as_of ELSE p.t_to END AS t FROM p) n"
	  " CROSS JOIN inventory_begun b"
	  " LEFT JOIN person_word x ON x.word = lower(trim(a.approver)) AND x.people = 1"
	  " LEFT JOIN person_word y ON y.word = lower(trim(a.author)) AND y.people = 1"
	  " WHERE a.dated_ms < n.t AND a.withdrawn_at >= n.t) w) q WHERE q.place = 1" },
};

int afd_period_stated(struct afd_store *s, struct afd_span period, int64_t as_of_ms, struct afd_error *err)
{
	return afd_period_tables(s, tables, AFD_COUNT(tables), period, as_of_ms, err);
}
