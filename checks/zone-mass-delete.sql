/*
id: zone-mass-delete
title: No change takes a large part of a zone away
severity: high
resource: zone
answers: [P72, P79, P89]
why: A tool that runs with half its input, or somebody who wants to do harm, empties a zone in one step, and caches hold the damage for hours.
remedy: >-
  Restore the records from the last state that is known to be good, and find out what ran. Let tools stop before they delete so much. Record an
  approval (record.change for the zone) before a zone is split or retired.
false-positives: A zone that is split or retired on purpose, without an approval. Challenges are made to go and do not count.
params:
  share: {type: int, default: 30, meaning: "percent of the records of a zone that may go in one change"}
  least: {type: int, default: 10, meaning: "records that must go at least"}
  together: {type: duration, default: 1h, meaning: "two looks that lie no further apart show one change, even if nobody saw the steps between"}
*/
WITH sized AS MATERIALIZED (
  SELECT s.change_id AS id, s.size
  FROM change_size s
  WHERE s.dels >= :least AND s.change_id IN (SELECT c.id FROM change c JOIN domain d ON d.zone = c.zone AND d.in_scope = 1)
), stated AS (
  SELECT r.change_id, r.owner, r.type, r.rdata, MIN(r.op) AS op,
         MIN(r.id) AS record_id
  FROM sized s
  CROSS JOIN change_record r
  WHERE r.change_id = s.id
    AND NOT (r.type = 'TXT' AND (substr(r.owner, 1, 16) = '_acme-challenge.'
             OR (substr(r.owner, 1, 1) = '_' AND substr(r.owner, instr(r.owner, '.'), 17) = '._acme-challenge.')))
  GROUP BY r.change_id, r.owner, r.type, r.rdata
), gone AS (
  -- a record that comes back in the same change with another time to live has not gone; of the rest, which set goes on with others
  SELECT g.change_id, g.op, g.record_id, MIN(g.op) OVER (PARTITION BY g.change_id, g.owner, g.type) AS any_op
  FROM stated g
), dropped AS (
  SELECT g.change_id, COUNT(*) AS n, MIN(g.record_id) AS record_id, SUM(CASE WHEN g.any_op = 'add' THEN 1 ELSE 0 END) AS replaced
  FROM gone g
  WHERE g.op = 'del'
  GROUP BY g.change_id
), judged AS (
  SELECT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, c.merged, d.n, d.replaced, d.record_id, t.t_from, t.t_to,
         CASE WHEN s.size < d.n THEN d.n ELSE s.size END AS size,
         -- one step of the serial is one change, whoever compared
         CASE WHEN c.merged IS NOT NULL THEN 0
              WHEN c.kind = 'difference' OR (c.kind = 'comparison' AND c.serial_from >= 0 AND ((c.serial_to - c.serial_from) & 4294967295) = 1) THEN 1
              WHEN t.t_to - 1 - t.t_from <= :together THEN 1
              ELSE 0 END AS one
  FROM dropped d
  CROSS JOIN sized s
  CROSS JOIN change c
  CROSS JOIN change_time t
  WHERE s.id = d.change_id AND c.id = d.change_id AND t.change_id = c.id
    AND d.n >= :least AND t.t_from < :period_end AND t.t_to > :period_start
), asked AS (
  SELECT j.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = j.zone AND a.kind = 'record.change'
            AND a.valid_from < j.t_to AND a.valid_to > j.t_from AND a.withdrawn_at > j.t_from) AS recorded_at
  FROM judged j
  WHERE j.n * 100 > j.size * :share
    AND NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = j.zone AND a.kind = 'record.change'
                      AND a.valid_from <= j.t_from AND a.valid_to >= j.t_to AND a.withdrawn_at >= j.t_to AND a.recorded_at <= j.t_from)
)
SELECT j.zone AS resource,
       j.serial_from || '-' || j.serial_to || ' at ' || j.seen_from AS key,
       CASE WHEN j.one = 1 AND j.replaced * 2 <= j.n AND j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       j.n || ' of ' || j.size || ' records (' || (j.n * 100 / j.size) || ' percent; a finding above ' || :share || ' percent and from ' || :least
         || ' records on) were deleted between serial ' || j.serial_from || ' and ' || j.serial_to
         || CASE WHEN j.recorded_at >= j.t_to THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 WHEN j.recorded_at IS NOT NULL THEN '; an approval covers only part of the time in which it may have happened.'
                 WHEN j.merged IS NOT NULL THEN '; the steps between were lost, so it may have been several.'
                 WHEN j.replaced * 2 > j.n THEN '; most of them were replaced by others of the same name and type.'
                 WHEN j.one = 0 THEN ', in one change or several: ' || ((j.t_to - 1 - j.t_from) / 60000) || ' minutes lie between the looks, and nobody saw the steps.'
                 ELSE ' in one change.' END AS reason,
       'change_record' AS ref_table,
       j.record_id AS ref_id,
       j.t_from AS observed_at
FROM asked j;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
