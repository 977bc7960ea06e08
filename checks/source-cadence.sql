/*
id: source-cadence
title: Sources are asked again and again
severity: low
resource: source
answers: [P54]
why: Trust that was checked once, at the end of the quarter, was not checked in between. What nobody looked at could not be noticed in time.
remedy: Run `affidavit collect` from a timer, at least daily.
false-positives: A source whose history is complete and read once in a while; its evidence is as good, only later.
params:
  max_gap: {type: duration, default: 7d, meaning: "how long a source may go without being asked"}
*/
WITH expected AS (
  SELECT x.source, MAX(x.retired_ms) AS retired_ms FROM source_scope x WHERE x.retired_ms > :period_start GROUP BY x.source
), ran AS (
  SELECT n.source, n.ledger_ms AS t FROM item_note n WHERE n.kind = 'run' AND n.ledger_ms < :period_end AND n.ledger_ms < :as_of
), first_run AS (
  SELECT r.source, MIN(r.t) AS t FROM ran r GROUP BY r.source
), last_run AS (
  SELECT r.source, MAX(r.t) AS t FROM ran r WHERE r.t <= :period_start GROUP BY r.source
), span AS (
  -- from its first run or configuration on, or the last run before the period, until it was retired
  SELECT e.source, s.rowid AS ref_id,
         CASE WHEN COALESCE(f.t, s.recorded_at, :period_start) > :period_start THEN COALESCE(f.t, s.recorded_at) ELSE COALESCE(l.t, :period_start) END AS t_from,
         CASE WHEN e.retired_ms < :period_end AND e.retired_ms < :as_of THEN e.retired_ms
              WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t_to
  FROM expected e
  LEFT JOIN first_run f ON f.source = e.source
  LEFT JOIN last_run l ON l.source = e.source
  LEFT JOIN source s ON s.name = e.source
), marks AS (
  SELECT p.source, p.t_from AS t FROM span p
  UNION
  SELECT p.source, r.t FROM span p JOIN ran r ON r.source = p.source WHERE r.t > p.t_from AND r.t < p.t_to
  UNION
  SELECT p.source, p.t_to FROM span p WHERE p.t_to > p.t_from
), gaps AS (
  SELECT m.source, m.t, LEAD(m.t) OVER (PARTITION BY m.source ORDER BY m.t) - m.t AS gap FROM marks m
), longest AS (
  SELECT g.source, MAX(g.gap) AS gap, SUM(CASE WHEN g.gap > :max_gap THEN 1 ELSE 0 END) AS n FROM gaps g GROUP BY g.source
)
SELECT l.source AS resource,
       '' AS key,
       'review' AS status,
       'presence' AS basis,
       'It went without being asked for more than '
         || CASE WHEN :max_gap % 86400000 = 0 THEN (:max_gap / 86400000) || ' days ' ELSE (:max_gap / 3600000) || ' hours ' END
         || l.n || CASE WHEN l.n = 1 THEN ' time, for ' ELSE ' times, the longest of ' END
         || CASE WHEN :max_gap % 86400000 = 0 THEN (l.gap / 86400000) || ' days.' ELSE (l.gap / 3600000) || ' hours.' END AS reason,
       CASE WHEN p.ref_id IS NULL THEN NULL ELSE 'source' END AS ref_table,
       p.ref_id AS ref_id,
       p.t_from AS observed_at
FROM longest l JOIN span p ON p.source = l.source
WHERE l.gap > :max_gap;

-- population
SELECT DISTINCT x.source AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM source_scope x
WHERE x.retired_ms > :period_start;
