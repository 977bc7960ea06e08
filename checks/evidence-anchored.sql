/*
id: evidence-anchored
title: Evidence is time-stamped soon
severity: medium
resource: ledger
answers: [P21, P87]
why: Until a head of the ledger was time-stamped by somebody else, its owner could still write another history.
remedy: Name time-stamping authorities in the configuration, and collect at least daily.
false-positives: A collection from a place without a way to the authorities.
params:
  max_delay: {type: duration, default: 24h, meaning: "how long an item may wait until a time-stamp covers it"}
*/
WITH mixed AS (
  -- an item is covered by a head that has more leaves than its index; tokens are covered by the next head, always
  SELECT n.leaf AS place, 0 AS stamp, n.ledger_ms AS t, NULL AS stamped
  FROM item_note n
  WHERE n.ledger_ms >= :period_start AND n.ledger_ms < :period_end AND n.ledger_ms < :as_of AND n.decoder <> 'timestamp' AND n.lost < 2
  UNION ALL
  SELECT a.size - 1, 1, NULL, a.time_ms FROM anchor a WHERE a.time_ms IS NOT NULL
), covered AS (
  SELECT m.t, MIN(m.stamped) OVER (ORDER BY m.place, m.stamp ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS stamped
  FROM mixed m
), waited AS (
  SELECT MAX(COALESCE(c.stamped, :as_of) - c.t) AS longest,
         SUM(CASE WHEN COALESCE(c.stamped, :as_of) - c.t > :max_delay THEN 1 ELSE 0 END) AS late, COUNT(*) AS total
  FROM covered c WHERE c.t IS NOT NULL
), stamps AS (
  SELECT MAX(a.leaf) AS ref_id, COUNT(*) AS n FROM anchor a WHERE a.time_ms IS NOT NULL
)
SELECT 'ledger' AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       w.late || ' of ' || w.total || ' items waited longer than '
         || CASE WHEN :max_delay % 3600000 = 0 THEN (:max_delay / 3600000) || ' hours' ELSE (:max_delay / 60000) || ' minutes' END || ' for a time-stamp, the longest '
         || CASE WHEN :max_delay % 3600000 = 0 THEN (w.longest / 3600000) || ' hours.' ELSE (w.longest / 60000) || ' minutes.' END AS reason,
       'anchor' AS ref_table,
       s.ref_id AS ref_id,
       :as_of AS observed_at
FROM waited w CROSS JOIN stamps s
WHERE s.n > 0 AND w.late > 0
UNION ALL
SELECT 'ledger', '', 'review', 'presence', 'No head of the ledger was time-stamped.', NULL, NULL, :as_of
FROM stamps s
WHERE s.n = 0;

-- population
SELECT 'ledger' AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade;
