/*
id: evidence-retention
title: Evidence is kept for as long as it should be
severity: low
resource: ledger
answers: [P05, P21]
why: A question that comes a year later can be answered only from what is still there.
remedy: Keep the store, and take rules of erasure back to what the policy says.
false-positives: A ledger that was begun lately; what it cannot have is named, and no more.
params:
  keep: {type: duration, default: 365d, meaning: "how far back the evidence must reach"}
*/
WITH begun AS (
  SELECT MIN(n.leaf) AS leaf, MIN(n.ledger_ms) AS t FROM item_note n
), erased AS (
  SELECT MIN(n.leaf) AS leaf, COUNT(*) AS n, MAX(n.ledger_ms) AS t
  FROM item_note n
  WHERE n.kind = 'erased' AND n.ledger_ms > :as_of - :keep AND n.ledger_ms < :as_of
)
SELECT 'ledger' AS resource,
       'begin' AS key,
       'review' AS status,
       'presence' AS basis,
       'The ledger begins ' || ((:as_of - b.t) / 86400000) || ' days before; ' || (:keep / 86400000) || ' are to be kept.' AS reason,
       'item_note' AS ref_table,
       b.leaf AS ref_id,
       b.t AS observed_at
FROM begun b
WHERE b.t > :as_of - :keep
UNION ALL
SELECT 'ledger', 'erased', 'review', 'presence',
       e.n || CASE WHEN e.n = 1 THEN ' item' ELSE ' items' END || ' younger than ' || (:keep / 86400000) || ' days '
         || CASE WHEN e.n = 1 THEN 'was' ELSE 'were' END || ' erased under a rule.', 'item_note', e.leaf, e.t
FROM erased e
WHERE e.n > 0;

-- population
SELECT 'ledger' AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
WHERE (SELECT COUNT(*) FROM item_note) > 0;
