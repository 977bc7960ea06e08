/*
id: evidence-readable
title: Stored evidence is whole and can be read
severity: high
resource: source
answers: [P21, P87]
why: An item that is gone or was changed, or that nobody can read, is no evidence of anything.
remedy: Restore the store from a copy, and verify it. Report an answer that cannot be read; the next version reads it from the ledger.
false-positives: None known; what was erased under a rule does not count.
*/
SELECT CASE WHEN n.source = '' THEN 'ledger' ELSE n.source END AS resource,
       n.kind AS key,
       'fail' AS status,
       'presence' AS basis,
       COUNT(*) || CASE WHEN COUNT(*) = 1 THEN ' item of this source is ' ELSE ' items of this source are ' END
         || CASE WHEN n.kind = 'missing' THEN 'missing.' ELSE 'not what the tree says.' END AS reason,
       'item_note' AS ref_table,
       MIN(n.leaf) AS ref_id,
       MIN(n.ledger_ms) AS observed_at
FROM item_note n
WHERE n.kind IN ('missing', 'damaged') AND n.ledger_ms < :period_end AND n.ledger_ms < :as_of
GROUP BY n.source, n.kind
UNION ALL
SELECT n.source, 'unread', 'review', 'presence', COUNT(*) || CASE WHEN COUNT(*) = 1 THEN ' item' ELSE ' items' END || ' of this source could not be read: ' || MIN(e.reason),
       'decode_error', MIN(e.id), MIN(n.ledger_ms)
FROM decode_error e
JOIN item_note n ON n.leaf = e.leaf
WHERE n.lost = 0 AND n.source <> '' AND n.ledger_ms >= :period_start AND n.ledger_ms < :period_end AND n.ledger_ms < :as_of
  AND e.reason <> 'its clock is behind the ledger'
GROUP BY n.source;

-- population
SELECT DISTINCT CASE WHEN n.source = '' THEN 'ledger' ELSE n.source END AS resource, NULL AS evidence, NULL AS scope,
       :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM item_note n
WHERE n.ledger_ms < :period_end AND n.ledger_ms < :as_of
  AND (n.ledger_ms >= :period_start OR n.kind IN ('missing', 'damaged'));
