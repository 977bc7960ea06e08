/* What clients that ask for certificates told, as the checks need it that compare it with what logs show. */
#include "mappers/judge.h"

static const char scopes_sql[] =
	"INSERT INTO issuance_scope (domain, scope, retired_ms)"
	" SELECT d.name, s.scope, MAX(s.retired_ms) FROM domain d JOIN source_scope s ON s.evidence = 'issuance-requests'"
	" AND (s.scope = d.name OR substr(d.name, length(d.name) - length(s.scope)) = '.' || s.scope)"
	" WHERE d.in_scope = 1 GROUP BY d.name, s.scope";

static const char requests_sql[] =
	"INSERT INTO certificate_request (certificate_id)"
	" SELECT c.id FROM certificate c JOIN issuance_request r ON r.tbs_key = c.tbs_key AND r.outcome IN ('issued', 'renewed')"
	" UNION SELECT c.id FROM certificate c JOIN issuance_request r ON r.serial = c.serial AND r.tbs_key IS NULL AND r.outcome IN ('issued', 'renewed')";

/* What names its certificate speaks of no other. The reference of a failure is that of its order, with another word at its end. */
static const char orders_sql[] =
	"INSERT INTO issuance_order (request_id, source, outcome, t_from)"
	" SELECT r.id, r.source, r.outcome, r.t_from FROM issuance_request r WHERE r.tbs_key IS NULL AND r.serial IS NULL"
	" AND (r.outcome IN ('issued', 'renewed') OR (r.outcome = 'requested'"
	" AND NOT EXISTS (SELECT 1 FROM issuance_request f WHERE f.source = r.source AND f.outcome = 'failed'"
	" AND f.ref = substr(r.ref, 1, length(r.ref) - 9) || 'failed')))";

int afd_join_issuance(struct afd_store *s, struct afd_error *err)
{
	return afd_store_exec_joined(s, scopes_sql, err) < 0 || afd_store_exec_joined(s, requests_sql, err) < 0 ? -1 :
		afd_store_exec_joined(s, orders_sql, err);
}
