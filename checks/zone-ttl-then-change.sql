/*
id: zone-ttl-then-change
title: No record is changed soon after its time to live was cut, without an approval
severity: high
resource: zone
answers: [P29, P72, P79]
why: Cutting the time to live and then changing the record is how a name is taken over quickly, and how it is taken back before caches tell.
remedy: Ask who made the two changes. If it was a planned move, record the approval; else restore the record and treat it as an incident.
false-positives: Planned moves without a recorded approval; they look the same.
params:
  ratio: {type: int, default: 50, meaning: "percent of the old time at which the new one is a cut"}
  least: {type: int, default: 300, meaning: "seconds by which it must have fallen"}
  floor: {type: int, default: 60, meaning: "seconds below which any reduction is a cut"}
  window: {type: duration, default: 72h, meaning: "how long after the cut a change of the record belongs to it"}
*/
WITH touched AS MATERIALIZED (
  SELECT c.id, c.zone, r.owner, r.type, t.t_from, t.t_to,
         MAX(CASE r.op WHEN 'del' THEN r.ttl END) AS old, MIN(CASE r.op WHEN 'add' THEN r.ttl END) AS new
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start - :window
    AND instr('.' || r.owner, '._acme-challenge.') = 0
    -- what a provider says of a record is judged with the record
    AND r.type NOT IN ('ALIAS', 'PROXIED', 'ROUTED', 'DISABLED')
  GROUP BY c.id, c.zone, r.owner, r.type, t.t_from, t.t_to
), cut AS MATERIALIZED (
  SELECT x.* FROM touched x
  WHERE (x.new * 100 <= x.old * :ratio AND x.old - x.new >= :least) OR (x.new < :floor AND x.new < x.old)
), moved AS MATERIALIZED (
  -- other content: what is not both taken and given in the same step
  SELECT r.change_id AS id, r.owner, r.type, r.rdata, MIN(r.id) AS record_id
  FROM (SELECT DISTINCT k.owner, k.type FROM cut k) k
  CROSS JOIN change_record r
  WHERE r.owner = k.owner AND r.type = k.type
  GROUP BY r.change_id, r.owner, r.type, r.rdata
  HAVING MIN(r.op) = MAX(r.op)
), later AS MATERIALIZED (
  SELECT m.id, m.owner, m.type, MIN(m.record_id) AS record_id, t.t_from, t.t_to
  FROM moved m
  CROSS JOIN change_time t
  WHERE t.change_id = m.id
    AND t.t_from < :period_end AND t.t_to > :period_start
  GROUP BY m.id, m.owner, m.type, t.t_from, t.t_to
), pair AS (
  -- the last cut before each change
  SELECT l.id, l.owner, l.type, l.record_id, l.t_from, l.t_to,
         (SELECT MAX(k.id) FROM cut k WHERE k.owner = l.owner AND k.type = l.type AND k.id < l.id) AS cut_id
  FROM later l
), judged AS (
  SELECT p.*, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, k.old, k.new, k.t_from AS cut_from, k.t_to AS cut_to,
         CASE WHEN p.t_to - 1 - k.t_from <= :window THEN 1 ELSE 0 END AS sure,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = p.owner AND a.kind IN (lower(p.type) || '.change', 'record.change', CASE WHEN p.type IN ('A', 'AAAA', 'CNAME') THEN 'address.change' END)
            AND a.valid_from < p.t_to AND a.valid_to > p.t_from AND a.withdrawn_at > p.t_from) AS recorded_at
  FROM pair p
  JOIN cut k ON k.id = p.cut_id AND k.owner = p.owner AND k.type = p.type
  JOIN change c ON c.id = p.id
  WHERE p.t_from - (k.t_to - 1) <= :window
    AND NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = p.owner AND a.kind IN (lower(p.type) || '.change', 'record.change', CASE WHEN p.type IN ('A', 'AAAA', 'CNAME') THEN 'address.change' END)
                      AND a.valid_from <= p.t_from AND a.valid_to >= p.t_to AND a.withdrawn_at >= p.t_to AND a.recorded_at <= p.t_from)
)
SELECT j.zone AS resource,
       j.serial_from || '-' || j.serial_to || ' ' || j.owner || ' ' || j.type || ' at ' || j.seen_from AS key,
       CASE WHEN j.recorded_at IS NULL AND j.sure = 1 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The ' || j.type || ' records of ' || j.owner || ' were changed within ' || ((j.t_to - j.cut_from + 3599999) / 3600000) || ' hours (a finding up to '
         || (:window / 3600000) || ') after their time to live was cut from ' || j.old || ' to ' || j.new || ' seconds'
         || CASE WHEN j.recorded_at IS NULL AND j.sure = 1 THEN ', without an approval.'
                 WHEN j.recorded_at IS NULL THEN '; possible: it may have been longer.'
                 WHEN j.recorded_at >= j.t_to THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE '; an approval covers only part of the time in which it may have happened.' END AS reason,
       'change_record' AS ref_table,
       j.record_id AS ref_id,
       j.t_from AS observed_at
FROM judged j;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
