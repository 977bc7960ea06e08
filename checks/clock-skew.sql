/*
id: clock-skew
title: Clocks of sources and collector agree
severity: low
resource: source
answers: [P24, P34]
why: Events of several sources are put in order by their times. A clock that is wrong puts them in a wrong one.
remedy: Set the collector's clock by a time service. Tell the provider if its clock is the one that is wrong.
false-positives: An answer that came out of a cache with the date of its making.
params:
  bound: {type: duration, default: 5m, meaning: "by how much a server's clock and ours may differ"}
*/
WITH told AS (
  SELECT n.source, n.leaf, CASE WHEN n.received_ms < n.server_ms THEN n.server_ms - n.received_ms ELSE n.received_ms - n.server_ms END AS skew
  FROM item_note n
  WHERE n.server_ms IS NOT NULL AND n.ledger_ms >= :period_start AND n.ledger_ms < :period_end AND n.ledger_ms < :as_of
), counted AS (
  SELECT t.source, COUNT(*) AS total FROM told t GROUP BY t.source
), each AS (
  SELECT t.source, MAX(t.skew) AS skew, COUNT(*) AS off, MIN(t.leaf) AS leaf FROM told t WHERE t.skew > :bound GROUP BY t.source
), most AS (
  -- several servers that all differ from us are right
  SELECT c.total, CASE WHEN e.off > 1 AND e.off * 2 > c.total THEN 1 ELSE 0 END AS ours
  FROM (SELECT COUNT(*) AS total FROM counted) c CROSS JOIN (SELECT COUNT(*) AS off FROM each) e
)
SELECT e.source AS resource,
       '' AS key,
       CASE WHEN m.ours = 1 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       e.off || ' of ' || c.total || ' answers differ from our clock by more than ' || (:bound / 1000) || ' seconds, the furthest by ' || (e.skew / 1000)
         || CASE WHEN m.ours = 1 THEN '; so do most sources, so ours is wrong.' ELSE '.' END AS reason,
       'item_note' AS ref_table,
       e.leaf AS ref_id,
       :as_of AS observed_at
FROM each e CROSS JOIN most m
JOIN counted c ON c.source = e.source
UNION ALL
SELECT 'clocks', '', 'not-applicable', 'presence', 'No source told its time.', NULL, NULL, :as_of
FROM most m
WHERE m.total = 0;

-- population
WITH told AS (
  SELECT DISTINCT n.source FROM item_note n
  WHERE n.server_ms IS NOT NULL AND n.ledger_ms >= :period_start AND n.ledger_ms < :period_end AND n.ledger_ms < :as_of
)
SELECT t.source AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM told t
UNION ALL
SELECT 'clocks', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM told) = 0;
