/*
id: zone-bad-signature
title: Nobody tries the names of our keys out by the dozen
severity: high
resource: zone
answers: [P04, P58, P72, P90]
why: >-
  Many signatures in a short time that do not verify, under the name of a key that exists, are somebody who knows the name and tries the rest.
  Single ones are for another check (zone-update-denied).
remedy: Block the address, and replace the key if any update under its name was accepted meanwhile.
false-positives: A client with an old secret or a wrong clock that tries again every few seconds.
params:
  window: {type: duration, default: 10m, meaning: "time in which they are counted"}
  most: {type: int, default: 20, meaning: "signatures in that time from which on it is a finding"}
*/
WITH scoped AS (
  SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
), first_zone AS (
  SELECT s.source, MIN(s.scope) AS zone FROM source_scope s JOIN scoped d ON d.zone = s.scope
  WHERE s.evidence = 'zone-claims' GROUP BY s.source
), bad AS MATERIALIZED (
  SELECT l.id, l.claimed, l.client, l.t_from, l.t_to,
         -- a bad signature names no zone where a log speaks for several: it is put to the first of them
         CASE WHEN l.zone <> '.' THEN l.zone ELSE h.zone END AS zone
  FROM claim l LEFT JOIN first_zone h ON h.source = l.source
  WHERE l.outcome = 'bad-signature' AND l.t_from < :period_end AND l.t_to > :period_start
    AND (l.claimed IN (SELECT k.id FROM credential k)
         OR l.claimed IN (SELECT a.credential FROM claim a WHERE a.outcome = 'applied'))
), counted AS (
  SELECT b.*, COUNT(*) OVER w AS n, MAX(b.t_to) OVER w - b.t_from AS span
  FROM bad b
  WHERE b.zone IN (SELECT s.zone FROM scoped s)
  WINDOW w AS (PARTITION BY b.zone, b.claimed ORDER BY b.t_from RANGE BETWEEN CURRENT ROW AND :window - 1 FOLLOWING)
)
SELECT c.zone AS resource,
       'signature ' || c.claimed AS key,
       CASE MIN(CASE WHEN c.span <= :window THEN 0 ELSE 1 END) WHEN 0 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       MAX(c.n) || ' signatures in the name of ' || c.claimed || ' that do not verify came within ' || (:window / 60000) || ' minutes'
         || CASE MIN(CASE WHEN c.span <= :window THEN 0 ELSE 1 END) WHEN 0 THEN '' ELSE ', possibly' END
         || ' (a finding from ' || :most || ' on), first from ' || COALESCE(MIN(c.client), 'an unknown address') || '.' AS reason,
       'claim' AS ref_table,
       MIN(c.id) AS ref_id,
       MIN(c.t_from) AS observed_at
FROM counted c
WHERE c.n >= :most
GROUP BY c.zone, c.claimed
UNION ALL
SELECT 'no log', '', 'not-applicable', 'presence', 'No log of updates is configured.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.evidence = 'zone-claims' AND s.retired_ms > :period_start);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-claims' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
JOIN source_scope s ON s.scope = d.zone AND s.evidence = 'zone-claims' AND s.retired_ms > :period_start
WHERE d.in_scope = 1
UNION ALL
SELECT 'no log', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.evidence = 'zone-claims' AND s.retired_ms > :period_start);
