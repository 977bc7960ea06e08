/*
id: credential-leak-open
title: Leaked credentials are replaced
severity: critical
resource: credential
answers: [P06, P64, P68]
why: A secret that leaked works for whoever found it until it is changed where it counts.
remedy: Change the secret at once, look at what was done with it since the leak, and close the report with the date of the new secret.
false-positives: A report of a secret that was never in use.
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), leaked AS (
  SELECT k.id, k.rowid AS row, k.leaked_ms, k.leak_closed_ms, k.retired_ms,
         CASE WHEN k.leak_closed_ms IS NULL OR k.leak_closed_ms > a.t THEN 1 ELSE 0 END AS open,
         -- the leaked secret works until there is a new one, or the key is gone
         CASE WHEN k.rotated_ms >= k.leaked_ms THEN k.rotated_ms WHEN k.retired_ms >= k.leaked_ms THEN k.retired_ms
              ELSE COALESCE(k.leak_closed_ms, 9223372036854775807) END AS until,
         CASE WHEN k.rotated_ms >= k.leaked_ms OR k.retired_ms IS NOT NULL
                OR EXISTS (SELECT 1 FROM credential_state s WHERE s.credential = k.id AND s.rotated_ms >= k.leaked_ms) THEN 1 ELSE 0 END AS renewed
  FROM credential k CROSS JOIN at a
  WHERE k.leaked_ms < a.t
), used AS (
  SELECT l.id, l.open, l.leaked_ms, 'claim' AS ref_table, c.id AS ref_id, c.t_from
  FROM leaked l JOIN claim c ON c.credential = l.id
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1) AND c.outcome = 'applied'
    AND c.t_from < :period_end AND c.t_to > :period_start AND c.t_to > l.leaked_ms AND c.t_from < l.until
  UNION ALL
  SELECT l.id, l.open, l.leaked_ms, 'event', e.id, e.t_from
  FROM leaked l JOIN event e ON e.credential = l.id
  WHERE e.account IN (SELECT scope FROM account_place) AND e.outcome <> 'failure'
    AND e.t_from < :period_end AND e.t_to > :period_start AND e.t_to > l.leaked_ms AND e.t_from < l.until
)
SELECT l.id AS resource,
       'open' AS key,
       'fail' AS status,
       'presence' AS basis,
       'It was reported as leaked ' || ((a.t - l.leaked_ms) / 86400000) || ' days before, and the report is open.' AS reason,
       'credential' AS ref_table,
       l.row AS ref_id,
       l.leaked_ms AS observed_at
FROM leaked l CROSS JOIN at a
WHERE l.open = 1
UNION ALL
SELECT l.id, 'closed', 'review', 'presence', 'The report of its leak was closed, and nobody says that its secret was changed or taken away.',
       'credential', l.row, l.leak_closed_ms
FROM leaked l
WHERE l.open = 0 AND l.renewed = 0
UNION ALL
SELECT u.id, 'used ' || u.ref_table, CASE WHEN u.open = 1 AND MAX(u.t_from) >= u.leaked_ms THEN 'fail' ELSE 'review' END, 'presence',
       'It was used ' || COUNT(*) || CASE WHEN COUNT(*) = 1 THEN ' time' ELSE ' times' END || ' after the leak and before its secret was changed: by its owner or by whoever found it.',
       u.ref_table, MIN(u.ref_id), MIN(u.t_from)
FROM used u
GROUP BY u.id, u.open, u.leaked_ms, u.ref_table
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential is in the inventory.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM credential) = 0
UNION ALL
-- where nobody looks for leaks, no report says nothing
SELECT k.id, '', 'not-applicable', 'presence', 'No leak is reported, and no attestation (kind secret-scan) says that anybody looks for them.', NULL, NULL, :as_of
FROM credential k
WHERE (SELECT COUNT(*) FROM credential o WHERE o.leaked_ms IS NOT NULL) = 0
  AND (SELECT COUNT(*) FROM attestation t WHERE t.kind = 'secret-scan' AND t.dated_ms < :period_end AND t.expires_ms > :period_start
                                             AND t.withdrawn_at > :period_start) = 0;

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
-- that nobody used it can be said only where the logs were read
SELECT k.id, 'shared', NULL, k.leaked_ms, :period_end, NULL
FROM credential k
WHERE k.leaked_ms < CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AND (SELECT COUNT(*) FROM logs) > 0
UNION ALL
SELECT NULL, l.evidence, l.scope, :period_start, :period_end, 'asserted' FROM logs l
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM credential) = 0;
