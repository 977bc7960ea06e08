/*
id: credential-owner-left
title: Owners of credentials are still there
severity: high
resource: credential
answers: [P06, P35, P68, P83]
why: >-
  A key outlives the person who made it. Whoever left may still hold a copy, and nobody answers for what it does.
remedy: Replace the secret, name a new owner, and take away what is not needed any more.
false-positives: Somebody who still works on it under a contract that the inventory does not show.
params:
  grace: {type: duration, default: 7d, meaning: "how long after its owner has left a credential may wait for a new one, and go on where a machine uses it"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), gone AS (
  SELECT k.id, k.rowid AS row, k.owner, p.left_ms, COALESCE(k.retired_ms, 9223372036854775807) AS until,
         -- a machine goes on until somebody else answers for it; who works by hand does not
         p.left_ms + CASE WHEN COALESCE(k.interactive, CASE WHEN k.workload IS NULL THEN 1 ELSE 0 END) = 0 THEN :grace ELSE 0 END AS allowed
  FROM credential k JOIN person_word w ON w.word = lower(trim(k.owner)) AND w.stays = 1 AND w.login = 0 JOIN person p ON p.id = w.person
  WHERE p.left_ms IS NOT NULL
)

-- findings
WITH zones AS (
  SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
), used AS (
  SELECT g.id, g.owner, g.left_ms, g.allowed, 'claim' AS ref_table, c.id AS ref_id, c.t_from, c.t_to
  FROM gone g JOIN claim c ON c.credential = g.id
  WHERE c.zone IN (SELECT zone FROM zones) AND c.outcome = 'applied' AND c.kind <> 'transfer'
    AND c.t_from < :period_end AND c.t_to > :period_start AND c.t_to > g.left_ms
  UNION ALL
  SELECT g.id, g.owner, g.left_ms, g.allowed, 'event', e.id, e.t_from, e.t_to
  FROM gone g JOIN event e ON e.credential = g.id
  WHERE e.account IN (SELECT scope FROM account_place) AND e.outcome <> 'failure'
    AND e.t_from < :period_end AND e.t_to > :period_start AND e.t_to > g.left_ms
)
SELECT g.id AS resource,
       'owner' AS key,
       'fail' AS status,
       'presence' AS basis,
       'Its owner ' || g.owner || ' left ' || ((a.t - g.left_ms) / 86400000) || ' days before, and it is still in use under that name.' AS reason,
       'credential' AS ref_table,
       g.row AS ref_id,
       g.left_ms AS observed_at
FROM gone g CROSS JOIN at a
WHERE a.t > g.left_ms + :grace AND g.until > a.t
UNION ALL
SELECT u.id, 'used', CASE WHEN MAX(u.t_from) >= u.allowed THEN 'fail' ELSE 'review' END, 'presence',
       CASE WHEN MAX(u.t_from) < u.left_ms THEN 'It may have been used after its owner ' || u.owner || ' had left: the times of the log leave it open.'
            ELSE 'It was used ' || COUNT(*) || CASE WHEN COUNT(*) = 1 THEN ' time' ELSE ' times' END || ' after its owner ' || u.owner || ' had left'
                 || CASE WHEN MAX(u.t_from) >= u.allowed THEN '.' ELSE ', by a machine, while it may wait for another owner.' END END,
       u.ref_table, MIN(u.ref_id), MIN(u.t_from)
FROM used u
GROUP BY u.id, u.owner, u.left_ms, u.allowed, u.ref_table
UNION ALL
SELECT k.id, '', 'not-applicable', 'presence', 'The inventory names no people, so nobody knows who left.', NULL, NULL, :as_of
FROM credential k
WHERE (SELECT COUNT(*) FROM person) = 0
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential is in the inventory.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM credential) = 0;

-- population
WITH logs AS (
  SELECT DISTINCT s.evidence, s.scope
  FROM source_scope s
  WHERE s.retired_ms > :period_start
    AND ((s.evidence = 'zone-claims' AND s.scope IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1))
         OR (s.evidence = 'account-events' AND s.scope IN (SELECT scope FROM account_place)))
)
SELECT k.id AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM credential k
UNION ALL
-- that it was used no more can be said only where the logs were read
SELECT g.id, 'shared', NULL, g.left_ms, :period_end, NULL
FROM gone g
WHERE g.left_ms < :period_end AND (SELECT COUNT(*) FROM logs) > 0
UNION ALL
SELECT NULL, l.evidence, l.scope, :period_start, :period_end, 'asserted' FROM logs l
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM credential) = 0;
