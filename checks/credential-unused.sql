/*
id: credential-unused
title: Credentials that nobody uses are taken away
severity: medium
resource: credential
answers: [P01, P06, P15, P55, P67]
why: A key that nobody needs can only be used by somebody who should not have it, and nobody would notice.
remedy: Take the credential away, or say in the inventory what it is kept for.
false-positives: Keys for emergencies, and for work that is done once a year.
params:
  most: {type: duration, default: 90d, meaning: "how long a credential may be there without being used"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), zones AS (
  SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
), places AS (
  SELECT d.account AS scope FROM domain d WHERE d.in_scope = 1
  UNION
  SELECT d.account || '/user' FROM domain d WHERE d.in_scope = 1
)

-- findings
WITH listed AS (
  SELECT s.id, s.credential, s.account, s.created_ms, s.used_ms, s.first_ms
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM places) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
), kept AS (
  SELECT l.credential, 'credential_state' AS ref_table, l.id AS ref_id, COALESCE(l.created_ms, l.first_ms) AS since, l.used_ms AS told
  FROM listed l LEFT JOIN credential k ON k.id = l.credential CROSS JOIN at a
  WHERE k.retired_ms IS NULL OR k.retired_ms > a.t
  UNION ALL
  SELECT k.id, 'credential', k.rowid, COALESCE(k.issued_ms, k.recorded_at), NULL
  FROM credential k CROSS JOIN at a
  WHERE (k.retired_ms IS NULL OR k.retired_ms > a.t) AND k.id NOT IN (SELECT l.credential FROM listed l)
), used AS (
  SELECT c.credential, MAX(c.t_to) AS t
  FROM claim c
  WHERE c.zone IN (SELECT zone FROM zones) AND c.outcome IN ('applied', 'no-change') AND c.credential IS NOT NULL AND c.t_from < :period_end
  GROUP BY c.credential
  UNION ALL
  SELECT e.credential, MAX(e.t_to)
  FROM event e
  WHERE e.account IN (SELECT scope FROM places) AND e.credential IS NOT NULL AND e.outcome <> 'failure' AND e.t_from < :period_end
  GROUP BY e.credential
  UNION ALL
  -- the log may have another name for it
  SELECT n.credential, MAX(e.t_to)
  FROM actor n JOIN event e ON e.actor = n.name
  WHERE n.credential IS NOT NULL AND e.account IN (SELECT scope FROM places) AND e.outcome <> 'failure' AND e.t_from < :period_end
  GROUP BY n.credential
), last AS (
  SELECT k.credential, k.ref_table, k.ref_id, k.since, k.told, MAX(u.t) AS t
  FROM kept k LEFT JOIN used u ON u.credential = k.credential
  GROUP BY k.credential, k.ref_table, k.ref_id, k.since, k.told
)
SELECT x.credential AS resource,
       '' AS key,
       'fail' AS status,
       'absence' AS basis,
       'It was not used for ' || (:most / 86400000) || ' days'
         || CASE WHEN x.told IS NULL AND x.t IS NULL THEN ', as far as anybody knows never.'
                 ELSE ': the last use was ' || ((a.t - CASE WHEN x.told > COALESCE(x.t, 0) THEN x.told ELSE COALESCE(x.t, x.told) END) / 86400000)
                      || ' days before.' END AS reason,
       x.ref_table AS ref_table,
       x.ref_id AS ref_id,
       a.t AS observed_at
FROM last x CROSS JOIN at a
WHERE x.since < a.t - :most AND COALESCE(x.told, 0) < a.t - :most AND COALESCE(x.t, 0) <= a.t - :most
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential is in the inventory or in a list of a provider.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM kept) = 0
UNION ALL
SELECT x.credential, '', 'not-applicable', 'presence', 'Neither a list nor a log tells of its use.', NULL, NULL, :as_of
FROM last x
WHERE x.ref_table = 'credential'
  AND (SELECT COUNT(*) FROM source_scope s
       WHERE s.retired_ms > :period_start
         AND ((s.evidence = 'zone-claims' AND s.scope IN (SELECT zone FROM zones))
              OR (s.evidence = 'account-events' AND s.scope IN (SELECT scope FROM places)))) = 0;

-- population
WITH listed AS (
  SELECT s.credential, s.account, CASE WHEN s.used_ms IS NULL THEN 0 ELSE 1 END AS told, COALESCE(s.created_ms, s.first_ms) AS since
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM places) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
), kept AS (
  SELECT l.credential, l.account, l.told, l.since
  FROM listed l LEFT JOIN credential k ON k.id = l.credential CROSS JOIN at a
  WHERE k.retired_ms IS NULL OR k.retired_ms > a.t
  UNION ALL
  SELECT k.id, NULL, 0, COALESCE(k.issued_ms, k.recorded_at)
  FROM credential k CROSS JOIN at a
  WHERE (k.retired_ms IS NULL OR k.retired_ms > a.t) AND k.id NOT IN (SELECT l.credential FROM listed l)
), logs AS (
  SELECT DISTINCT s.evidence, s.scope
  FROM source_scope s
  WHERE s.retired_ms > :period_start
    AND ((s.evidence = 'zone-claims' AND s.scope IN (SELECT zone FROM zones))
         OR (s.evidence = 'account-events' AND s.scope IN (SELECT scope FROM places)))
)
SELECT p.credential AS resource, CASE WHEN p.account IS NOT NULL THEN 'account-state' END AS evidence, p.account AS scope,
       CASE WHEN p.account IS NOT NULL THEN a.t - 86400000 ELSE :period_start END AS need_from,
       CASE WHEN p.account IS NOT NULL THEN :period_end ELSE :period_start END AS need_to,
       CASE WHEN p.account IS NOT NULL THEN 'sampled' END AS grade
FROM kept p CROSS JOIN at a
UNION ALL
-- where the provider does not tell the last use, the logs must; of one that is not there for so long nothing is asked
SELECT p.credential, l.evidence, l.scope, a.t - :most, :period_end, 'asserted'
FROM kept p CROSS JOIN logs l CROSS JOIN at a
WHERE p.told = 0 AND p.since < a.t - :most
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM kept) = 0;
