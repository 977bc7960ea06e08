/*
id: certificate-unparsable
title: Log entries that could be for our names were looked at
severity: low
resource: log
answers: [P34, P30]
why: An entry that cannot be parsed, or a name in it that no host has, could be for one of our names; no other rule sees it.
remedy: Look at the entry by hand. If it is for one of our names, ask its issuer; else note that in a response.
false-positives: Entries that somebody made to test logs and those who watch them.
*/
WITH expected AS (
  SELECT x.scope AS log FROM source_scope x WHERE x.evidence = 'ct-log' AND x.retired_ms > :period_start GROUP BY x.scope
)
SELECT u.log AS resource,
       'entry ' || u.entry_index AS key,
       'review' AS status,
       'presence' AS basis,
       'Entry ' || u.entry_index || ' could be for one of our names: ' || u.reason || '.' AS reason,
       'unparsed_entry' AS ref_table,
       u.id AS ref_id,
       n.ledger_ms AS observed_at
FROM unparsed_entry u
JOIN item_note n ON n.leaf = u.leaf
JOIN expected x ON x.log = u.log
WHERE n.ledger_ms >= :period_start AND n.ledger_ms < :period_end
UNION ALL
SELECT 'no log', '', 'not-applicable', 'presence', 'No log is read.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM expected);

-- population
WITH expected AS (
  SELECT x.scope AS log, MAX(x.retired_ms) AS retired_ms
  FROM source_scope x WHERE x.evidence = 'ct-log' AND x.retired_ms > :period_start
  GROUP BY x.scope
)
SELECT x.log AS resource, 'ct-log' AS evidence, x.log AS scope, :period_start AS need_from,
       CASE WHEN x.retired_ms < :period_end THEN x.retired_ms ELSE :period_end END AS need_to, 'sampled' AS grade
FROM expected x
UNION ALL
SELECT 'no log', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM expected);
