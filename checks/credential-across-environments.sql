/*
id: credential-across-environments
title: Credentials stay within their environment
severity: medium
resource: credential
answers: [P18, P22, P63]
why: >-
  Test machines are guarded less. A key that works in both lets whoever takes a test machine change production.
remedy: Make a key for each environment, and narrow each to the names of its own.
false-positives: Names whose environment the inventory has wrong.
*/
WITH written AS (
  SELECT c.credential, r.owner, MIN(r.id) AS record_id, MIN(c.t_from) AS t
  FROM claim c JOIN claim_record r ON r.claim_id = c.id
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome = 'applied' AND c.kind NOT IN ('transfer', 'commit') AND c.credential IS NOT NULL
    AND c.t_from < :period_end AND c.t_to > :period_start
    -- where a zone gives a name away, it writes for itself
    AND (COALESCE(r.type, '') NOT IN ('NS', 'DS') OR r.owner = c.zone)
  GROUP BY c.credential, r.owner
), belongs AS (
  SELECT n.name, n.suffix, n.environment, length(n.name) + CASE WHEN n.suffix = '' THEN 1000 ELSE 0 END AS weight FROM environment_name n
  UNION ALL
  SELECT d.name, '', d.environment, length(d.name) FROM domain d WHERE d.environment IS NOT NULL
  UNION ALL
  SELECT d.name, '.' || d.name, d.environment, length(d.name) FROM domain d WHERE d.environment IS NOT NULL AND d.exact = 0
  UNION ALL
  SELECT z.name, '', z.environment, length(z.name) FROM owned_zone z WHERE z.environment IS NOT NULL
  UNION ALL
  SELECT z.name, '.' || z.name, z.environment, length(z.name) FROM owned_zone z WHERE z.environment IS NOT NULL
), placed AS (
  SELECT w.credential, w.owner, w.record_id, w.t, v.name AS environment, v.kind,
         ROW_NUMBER() OVER (PARTITION BY w.credential, w.owner ORDER BY b.weight DESC, v.name) AS place
  FROM written w
  JOIN belongs b ON (b.suffix = '' AND b.name = w.owner)
                 OR (b.suffix <> '' AND length(w.owner) > length(b.suffix)
                     AND substr(w.owner, length(w.owner) - length(b.suffix) + 1) = b.suffix)
  JOIN environment v ON v.name = b.environment
), first AS (
  SELECT p.credential, p.kind, MIN(p.record_id) AS record_id, MIN(p.owner) AS owner, MIN(p.t) AS t, COUNT(*) AS n
  FROM placed p WHERE p.place = 1
  GROUP BY p.credential, p.kind
)
SELECT f.credential AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       'It wrote names of the kind ' || f.kind || ' (' || f.n || ', ' || f.owner || ') and of the kind ' || o.kind || ' (' || o.n || ', ' || o.owner || ').' AS reason,
       'claim_record' AS ref_table,
       f.record_id AS ref_id,
       f.t AS observed_at
FROM first f JOIN first o ON o.credential = f.credential AND o.kind > f.kind
UNION ALL
SELECT f.credential, 'declared', 'fail', 'presence',
       'It is declared for ' || k.environment || ' and wrote names of the kind ' || f.kind || ' (' || f.n || ', ' || f.owner || ').',
       'claim_record', f.record_id, f.t
FROM first f
JOIN credential k ON k.id = f.credential
JOIN environment v ON v.name = k.environment
WHERE v.kind <> f.kind
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'The inventory names no environments.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM environment) = 0;

-- population
WITH who AS (
  SELECT k.id AS credential FROM credential k
  UNION
  SELECT c.credential
  FROM claim c
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome = 'applied' AND c.kind NOT IN ('transfer', 'commit') AND c.credential IS NOT NULL
    AND c.t_from < :period_end AND c.t_to > :period_start
)
SELECT w.credential AS resource, 'shared' AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM who w
WHERE (SELECT COUNT(*) FROM environment) > 0
UNION ALL
-- a write to any zone that is looked at would have to stand in its log
SELECT NULL, 'zone-claims', s.scope, :period_start, :period_end, 'asserted'
FROM (SELECT 1 AS n) o
LEFT JOIN source_scope s ON s.evidence IN ('zone-claims', 'zone-changes') AND s.retired_ms > :period_start
                        AND s.scope IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM environment) = 0;
