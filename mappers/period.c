/* Joined tables that speak of the period that is judged, so that a dozen checks need not each work out the same. */
#include <inttypes.h>

#include "mappers/judge.h"

static const struct afd_period_table tables[] = {
	{ "DELETE FROM probed_zone",
	  "INSERT INTO probed_zone (name)"
	  " SELECT DISTINCT COALESCE(d.zone, d.name) FROM domain d CROSS JOIN p"
	  " WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > p.t_from))" },
	/* the inventory says so, or keys stood in it, or its servers showed some */
	{ "DELETE FROM signed_zone",
	  "INSERT INTO signed_zone (name)"
	  " SELECT o.name FROM owned_zone o JOIN domain d ON d.zone = o.name AND d.in_scope = 1 WHERE o.signed = 1"
	  " UNION SELECT r.zone FROM domain d JOIN record r ON r.owner = d.zone AND r.type = 'DNSKEY' AND r.zone = d.zone CROSS JOIN p"
	  " WHERE d.in_scope = 1 AND r.valid_from < p.t_to AND r.valid_to > p.t_from"
	  " UNION SELECT a.zone FROM domain d CROSS JOIN p JOIN dns_answer a ON a.zone = d.zone AND a.purpose = 'dnskey' AND a.t >= p.t_from AND a.t < p.t_to"
	  " JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'DNSKEY' AND r.owner = a.zone WHERE d.in_scope = 1" },
	/* what was asked and never told covers nothing, whatever the source says of the zone */
	{ "DELETE FROM caa_need",
	  "INSERT INTO caa_need (zone, evidence, scope)"
	  " SELECT z.zone, z.evidence, z.zone FROM caa_zone z CROSS JOIN p WHERE z.taken_from <= p.t_from AND z.taken_to > p.t_from"
	  " UNION ALL"
	  " SELECT z.zone, z.evidence, 'CAA of ' || z.zone FROM caa_zone z CROSS JOIN p"
	  " WHERE z.taken_from <= p.t_from AND z.taken_to > p.t_from AND z.evidence = 'dns-live'"
	  " AND z.zone NOT IN (SELECT l.zone FROM p CROSS JOIN caa_look l WHERE l.t >= p.t_from AND l.t < p.t_to)" },
	/* answers count until the period ends: what is spoken for may be the moment before the last one came */
	{ "DELETE FROM caa_stood",
	  "INSERT INTO caa_stood (id, zone, owner, flags, tag, known, value, issuer, account, account_uri, methods, ref_table, ref_id, t)"
	  " SELECT c.id, c.zone, c.owner, c.flags, c.tag, c.known, c.value, c.issuer, c.account, c.account_uri, c.methods, c.ref_table, c.ref_id,"
	  " CASE WHEN c.valid_from < p.t_from THEN p.t_from ELSE c.valid_from END"
	  " FROM caa_property c CROSS JOIN p"
	  " WHERE c.taken_from <= p.t_from AND c.taken_to > p.t_from AND c.valid_from < p.t_to AND (c.valid_from < p.as_of OR c.evidence = 'dns-live')"
	  " AND (c.valid_to >= p.t_to OR c.valid_to >= p.as_of AND c.evidence = 'zone-changes')" },
};

int afd_period_tables(struct afd_store *s, const struct afd_period_table *table, size_t n, struct afd_span period, int64_t as_of_ms, struct afd_error *err)
{
	for (size_t i = 0; i < n; i++) {
		AFD_AUTO(mem) char *sql = afd_sprintf("WITH p (t_from, t_to, as_of) AS (SELECT %" PRId64 ", %" PRId64 ", %" PRId64 ") %s",
						      period.from, period.to, as_of_ms, table[i].fill);

		if (!sql)
			return afd_fail_memory(err);
		if (afd_store_exec_joined(s, table[i].empty, err) < 0 || afd_store_exec_joined(s, sql, err) < 0)
			return afd_within(err, "tables of the period");
	}
	return 0;
}

int afd_period_fill(struct afd_store *s, struct afd_span period, int64_t as_of_ms, struct afd_error *err)
{
	return afd_period_tables(s, tables, AFD_COUNT(tables), period, as_of_ms, err) < 0 ? -1 : afd_period_stated(s, period, as_of_ms, err);
}
