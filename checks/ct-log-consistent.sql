/*
id: ct-log-consistent
title: The transparency logs tell one story
severity: high
resource: log
answers: [P02, P87]
why: A log that shows different trees, takes entries back or stands still can hide a certificate from those it concerns. What was read from it then proves less than it seems.
remedy: Keep the evidence, tell the log's operator and the browsers' programs, and retire the log from the configuration, or configure it anew under another name once it is explained.
false-positives: A cache that gives an old head for a while; a clock that is wrong here.
*/
WITH expected AS (
  SELECT x.scope AS log, MAX(x.retired_ms) AS retired_ms
  FROM source_scope x WHERE x.evidence = 'ct-log' AND x.retired_ms > :period_start
  GROUP BY x.scope
)

-- findings
SELECT i.log AS resource,
       i.kind || ' ' || i.seen_ms AS key,
       CASE WHEN i.lasting = 1 OR i.proven = 1 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN i.proven = 1 THEN 'Two heads that this log signed contradict each other: ' ELSE '' END || i.reason AS reason,
       'ct_incident' AS ref_table,
       i.id AS ref_id,
       i.seen_ms AS observed_at
FROM ct_incident i JOIN expected x ON x.log = i.log
WHERE i.seen_ms < :period_end AND (i.seen_ms >= :period_start OR i.lasting = 1)
UNION ALL
SELECT 'no log', '', 'not-applicable', 'presence', 'No log is expected.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM expected);

-- population
SELECT x.log AS resource, 'ct-log' AS evidence, x.log AS scope, :period_start AS need_from,
       CASE WHEN x.retired_ms < :period_end THEN x.retired_ms ELSE :period_end END AS need_to, 'sampled' AS grade
FROM expected x
UNION ALL
SELECT 'no log', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM expected);
