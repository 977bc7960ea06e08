/*
id: credential-class
title: Credentials that may write zones are treated as privileged
severity: low
resource: credential
answers: [P01, P56, P63]
why: >-
  Whoever may write a zone may get certificates for its names and take its mail. Such a key belongs with the keys of administrators: few, watched,
  and reviewed.
remedy: Declare the credential as privileged and treat it so, or take the right to write away.
false-positives: A key for a zone of no weight; say so by a waiver.
*/
WITH classed AS (
  SELECT COUNT(*) AS n FROM credential k WHERE k.class IS NOT NULL
)

-- findings
WITH zones AS (
  SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
), writer AS (
  SELECT c.credential, 'claim' AS ref_table, MIN(c.id) AS ref_id, 'it wrote to zone ' || MIN(c.zone) AS what
  FROM claim c
  WHERE c.zone IN (SELECT zone FROM zones) AND c.outcome = 'applied' AND c.kind NOT IN ('transfer', 'plan') AND c.credential IS NOT NULL
    AND c.t_from < :period_end AND c.t_to > :period_start
  GROUP BY c.credential
  UNION ALL
  SELECT g.credential, 'credential_grant', MIN(g.id), 'it is granted updates of zone ' || MIN(g.scope)
  FROM credential_grant g
  WHERE g.scope IN (SELECT zone FROM zones) AND g.action = 'update' AND g.valid_from < :period_end AND g.valid_to > :period_start
  GROUP BY g.credential
  UNION ALL
  SELECT s.credential, 'credential_scope', MIN(s.id), 'it is declared to write ' || MIN(s.owner)
  FROM credential_scope s
  WHERE s.recorded_at < :period_end AND s.withdrawn_at > :period_start
  GROUP BY s.credential
)
SELECT k.id AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       CASE WHEN k.class IS NULL THEN 'The inventory gives it no class, and ' ELSE 'The inventory calls it ' || k.class || ', and ' END || w.what || '.' AS reason,
       w.ref_table AS ref_table,
       w.ref_id AS ref_id,
       :as_of AS observed_at
FROM credential k JOIN writer w ON w.credential = k.id
WHERE COALESCE(k.class, '') <> 'privileged' AND (SELECT n FROM classed) > 0
UNION ALL
SELECT 'credentials', '', 'review', 'presence', 'The inventory gives no credential a class, and ' || COUNT(DISTINCT k.id) || ' may write zones.',
       'credential', MIN(k.rowid), :as_of
FROM credential k JOIN writer w ON w.credential = k.id
WHERE (SELECT n FROM classed) = 0
HAVING COUNT(*) > 0
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential of the inventory may write a zone, as far as anybody knows.', NULL, NULL, :as_of
WHERE (SELECT n FROM classed) = 0 AND (SELECT COUNT(*) FROM credential k JOIN writer w ON w.credential = k.id) = 0;

-- population
WITH tells AS (
  SELECT DISTINCT s.evidence, s.scope
  FROM source_scope s
  WHERE s.evidence IN ('zone-claims', 'credential-grants') AND s.retired_ms > :period_start
    AND s.scope IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
)
SELECT k.id AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM credential k
WHERE (SELECT n FROM classed) > 0
UNION ALL
-- of one that is not called privileged, only logs and configurations can say that it does not write
SELECT k.id, 'shared', NULL, :period_start, :period_start, NULL
FROM credential k
WHERE (SELECT n FROM classed) > 0 AND COALESCE(k.class, '') <> 'privileged' AND (SELECT COUNT(*) FROM tells) > 0
UNION ALL
SELECT NULL, t.evidence, t.scope, :period_start, :period_end, CASE WHEN t.evidence = 'zone-claims' THEN 'asserted' ELSE 'sampled' END
FROM tells t
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT n FROM classed) = 0;
