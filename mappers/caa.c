/* CAA as checks need it: which evidence tells of a zone, and each record cut into what it says, once for all. */
#include "core/caa.h"
#include "mappers/judge.h"

/* Content read from the zone comes first; the probe tells of zones that nobody reads. The times are those at which the sources
 * are not expected any more; a period asks for what was expected when it began. */
static const char zones_sql[] =
	"INSERT INTO caa_zone(zone,evidence,taken_from,taken_to)"
	" WITH z AS (SELECT d.zone AS name,"
	"   COALESCE((SELECT MAX(s.retired_ms) FROM source_scope s WHERE s.evidence = 'zone-changes' AND s.scope = d.zone), 0) AS held,"
	"   COALESCE((SELECT MAX(COALESCE(s.retired_ms, 9223372036854775807)) FROM source s WHERE s.evidence = 'dns-live'), 0) AS live"
	"   FROM (SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL) d)"
	" SELECT z.name, 'zone-changes', 0, z.held FROM z WHERE z.held > 0"
	" UNION ALL SELECT z.name, 'dns-live', z.held, z.live FROM z WHERE z.live > z.held"
	" UNION ALL SELECT z.name, 'zone-changes', CASE WHEN z.live > z.held THEN z.live ELSE z.held END, 9223372036854775807 FROM z"
	" WHERE z.held < 9223372036854775807 AND z.live < 9223372036854775807";

/* Rows that speak of zones nobody reads for themselves (taken 0 to 0) still say what stood above other names. */
static const char records_sql[] =
	"SELECT r.zone, 'zone-changes', r.owner, r.rdata, 'record', r.id, r.valid_from, r.valid_to, 0, COALESCE(z.taken_to, 0)"
	" FROM record r LEFT JOIN caa_zone z ON z.zone = r.zone AND z.evidence = 'zone-changes' AND z.taken_from = 0"
	" WHERE r.type = 'CAA' ORDER BY r.id";

/* The answers of one moment are one look, which speaks until the next one. */
static const char looks_sql[] =
	"INSERT INTO caa_look(zone,t,ref_id)"
	" SELECT z.name, a.t, MIN(a.id) FROM (SELECT DISTINCT zone AS name FROM caa_zone WHERE evidence = 'dns-live') z"
	" JOIN dns_answer a ON a.zone = z.name AND a.purpose = 'caa' AND a.outcome = 'NOERROR' AND a.aa = 1 GROUP BY z.name, a.t";
static const char answers_sql[] =
	"WITH span AS (SELECT l.zone, l.t, LEAD(l.t, 1, 9223372036854775807) OVER (PARTITION BY l.zone ORDER BY l.t) AS until FROM caa_look l)"
	" SELECT s.zone, z.evidence, r.owner, r.rdata, 'dns_answer_record', MIN(r.id), s.t, s.until, z.taken_from,"
	"   CASE WHEN s.t + 1 < z.taken_to THEN s.t + 1 ELSE z.taken_to END"
	" FROM span s JOIN caa_zone z ON z.zone = s.zone AND z.evidence = 'dns-live'"
	" JOIN dns_answer a ON a.zone = s.zone AND a.purpose = 'caa' AND a.t = s.t AND a.outcome = 'NOERROR' AND a.aa = 1"
	" JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'CAA' AND r.owner = a.zone"
	" GROUP BY s.zone, z.evidence, r.owner, r.rdata, s.t, s.until, z.taken_from, z.taken_to ORDER BY MIN(r.id)";

static const char changes_sql[] = "SELECT c.id, c.rdata FROM change_record c WHERE c.type = 'CAA' ORDER BY c.id";

static int quote(struct afd_buf *b, const char *text)
{
	return afd_sql_quote(b, text) < 0 ? -1 : afd_buf_text(b, ",");
}

static int put_bounds(struct afd_buf *row, const struct afd_caa *c)
{
	if (afd_buf_printf(row, "%u,", c->account) < 0 || quote(row, c->account_uri) < 0 || afd_buf_printf(row, "%u,", c->methods) < 0)
		return -1;
	return afd_sql_quote(row, c->method_list);
}

static int put_property(struct afd_inserts *ins, struct afd_query *q, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf row = { 0 };
	struct afd_caa c;

	(void)afd_caa_parse(afd_query_text(q, 3), &c);     /* what cannot be read has no tag, and its text as value */
	if (quote(&row, afd_query_text(q, 0)) < 0 || quote(&row, afd_query_text(q, 1)) < 0 || quote(&row, afd_query_text(q, 2)) < 0 ||
	    afd_buf_printf(&row, "%u,", c.flags) < 0 || quote(&row, c.tag) < 0 || afd_buf_printf(&row, "%d,", c.known) < 0 ||
	    quote(&row, c.value) < 0 || quote(&row, c.issuer) < 0 || put_bounds(&row, &c) < 0 || afd_buf_text(&row, ",") < 0 ||
	    quote(&row, afd_query_text(q, 4)) < 0 ||
	    afd_buf_printf(&row, "%lld,%lld,%lld,%lld,%lld", (long long)afd_query_int(q, 5), (long long)afd_query_int(q, 6),
			   (long long)afd_query_int(q, 7), (long long)afd_query_int(q, 8), (long long)afd_query_int(q, 9)) < 0)
		return afd_fail_memory(err);
	return afd_inserts_text(ins, afd_buf_slice(&row), err);
}

static int put_change(struct afd_inserts *ins, struct afd_query *q, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf row = { 0 };
	struct afd_caa c;

	(void)afd_caa_parse(afd_query_text(q, 1), &c);
	if (afd_buf_printf(&row, "%lld,", (long long)afd_query_int(q, 0)) < 0 || quote(&row, c.tag) < 0 || quote(&row, c.issuer) < 0 ||
	    put_bounds(&row, &c) < 0)
		return afd_fail_memory(err);
	return afd_inserts_text(ins, afd_buf_slice(&row), err);
}

int afd_join_caa(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(inserts) struct afd_inserts properties = {
		.s = s, .into = "caa_property(zone,evidence,owner,flags,tag,known,value,issuer,account,account_uri,methods,method_list,ref_table,ref_id,"
				"valid_from,valid_to,taken_from,taken_to)" };
	AFD_AUTO(inserts) struct afd_inserts changes = { .s = s, .into = "caa_change(ref_id,tag,issuer,account,account_uri,methods,method_list)" };

	if (afd_store_exec_joined(s, zones_sql, err) < 0 || afd_store_exec_joined(s, looks_sql, err) < 0 ||
	    afd_inserts_each(s, records_sql, &properties, put_property, err) < 0 || afd_inserts_each(s, answers_sql, &properties, put_property, err) < 0 ||
	    afd_inserts_each(s, changes_sql, &changes, put_change, err) < 0)
		return -1;
	return afd_inserts_flush(&properties, err) < 0 ? -1 : afd_inserts_flush(&changes, err);
}
