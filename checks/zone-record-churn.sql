/*
id: zone-record-churn
title: Zones change at their usual rate
severity: medium
resource: zone
answers: [P14, P72, P79, P89]
why: >-
  Many changes in a day, or one record that goes to and fro, are a tool that went wrong, two tools that fight, or somebody who moves fast.
remedy: Find the tool or person by the log. Name hosts that move by nature in exempt.
false-positives: Hosts whose addresses a platform moves by itself, and the first day of a large project. Challenges do not count.
params:
  share: {type: int, default: 5, meaning: "percent of the records of a zone that may come or go in one day (UTC)"}
  least: {type: int, default: 50, meaning: "records that must come or go in that day before it is a finding"}
  flips: {type: int, default: 4, meaning: "changes of one name and type within the window that are a finding"}
  window: {type: duration, default: 24h, meaning: "time in which those are counted"}
  exempt: {type: text, default: "-", meaning: "names that may change at any rate, they and what is below them; blanks between"}
*/
WITH RECURSIVE named(name, rest) AS (
  SELECT '', :exempt || ' '
  UNION ALL
  SELECT substr(n.rest, 1, instr(n.rest, ' ') - 1), substr(n.rest, instr(n.rest, ' ') + 1) FROM named n WHERE n.rest <> ''
), exempt AS MATERIALIZED (
  SELECT n.name FROM named n WHERE n.name <> ''
), free AS MATERIALIZED (
  SELECT DISTINCT r.owner FROM exempt e JOIN change_record r ON substr('.' || r.owner, length(r.owner) - length(e.name) + 1) = '.' || e.name
), touched AS MATERIALIZED (
  SELECT c.id, c.zone, r.owner, r.type, t.t_from, t.t_to, COUNT(*) AS n, MIN(r.id) AS record_id
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND instr('.' || r.owner, '._acme-challenge.') = 0
    AND r.owner NOT IN (SELECT f.owner FROM free f)
  GROUP BY c.id, c.zone, r.owner, r.type, t.t_from, t.t_to
), busy AS MATERIALIZED (
  -- a change whose time reaches over midnight may belong to the day of its end, or not
  SELECT x.zone, (x.t_to - 1) / 86400000 AS day, SUM(x.n) AS possible,
         SUM(CASE WHEN x.t_from / 86400000 = (x.t_to - 1) / 86400000 THEN x.n ELSE 0 END) AS certain,
         MIN(x.record_id) AS record_id,
         MIN(x.t_from) AS t_from
  FROM touched x
  GROUP BY x.zone, (x.t_to - 1) / 86400000
  HAVING SUM(x.n) > :least
), day AS (
  SELECT b.zone, b.day, b.possible, b.certain, b.record_id, b.t_from, MAX(s.size) AS size
  FROM touched x
  JOIN change_size s ON s.change_id = x.id
  JOIN busy b ON b.zone = x.zone AND b.day = (x.t_to - 1) / 86400000
  GROUP BY b.zone, b.day, b.possible, b.certain, b.record_id, b.t_from
), row_of AS (
  SELECT x.*, LEAD(x.t_to, CAST(:flips - 1 AS INTEGER)) OVER w AS last_to, LEAD(x.t_from, CAST(:flips - 1 AS INTEGER)) OVER w AS last_from
  FROM touched x
  WINDOW w AS (PARTITION BY x.zone, x.owner, x.type ORDER BY x.id)
)
SELECT y.zone AS resource,
       'day ' || y.day AS key,
       CASE WHEN y.certain > :least AND y.certain * 100 > y.size * :share THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN y.certain > :least AND y.certain * 100 > y.size * :share THEN y.certain ELSE y.possible END
         || ' records came or went in one day' || CASE WHEN y.certain > :least AND y.certain * 100 > y.size * :share THEN '' ELSE ', possibly' END
         || ', of a zone of ' || y.size || ' (a finding above ' || :least || ' and above ' || :share || ' percent).' AS reason,
       'change_record' AS ref_table,
       y.record_id AS ref_id,
       y.t_from AS observed_at
FROM day y
WHERE y.possible * 100 > y.size * :share
UNION ALL
SELECT f.zone, f.owner || ' ' || f.type, CASE MAX(CASE WHEN f.last_to - 1 - f.t_from < :window THEN 1 ELSE 0 END) WHEN 1 THEN 'fail' ELSE 'review' END, 'presence',
       f.owner || ' ' || f.type || ' was changed ' || :flips || ' times or more within ' || (:window / 3600000) || ' hours'
         || CASE MAX(CASE WHEN f.last_to - 1 - f.t_from < :window THEN 1 ELSE 0 END) WHEN 1 THEN '.' ELSE ', possibly: nobody looked often enough to say.' END,
       'change_record',
       MIN(f.record_id),
       MIN(f.t_from)
FROM row_of f
WHERE f.last_from - (f.t_to - 1) < :window
GROUP BY f.zone, f.owner, f.type;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
