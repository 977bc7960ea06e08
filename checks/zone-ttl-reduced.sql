/*
id: zone-ttl-reduced
title: Times to live are reduced on purpose alone
severity: low
resource: zone
answers: [P72, P79]
why: >-
  A shorter time to live lets the next change take effect at once. That is how moves are prepared, planned ones and hostile ones.
remedy: Ask who prepares what. Record an approval for the planned move, and raise the time again after it.
false-positives: Moves that were planned without a recorded approval.
params:
  ratio: {type: int, default: 50, meaning: "percent of the old time at which the new one is a finding"}
  least: {type: int, default: 300, meaning: "seconds by which it must have fallen"}
  floor: {type: int, default: 60, meaning: "seconds below which any reduction is a finding"}
  grace: {type: duration, default: 0s, meaning: "how long after the change an approval may be recorded and still counts"}
*/
WITH touched AS (
  SELECT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, r.owner, r.type, t.t_from, t.t_to,
         MAX(CASE r.op WHEN 'del' THEN r.ttl END) AS old, MIN(CASE r.op WHEN 'add' THEN r.ttl END) AS new,
         MIN(r.id) AS record_id
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND instr('.' || r.owner, '._acme-challenge.') = 0
    -- what a provider says of a record is judged with the record
    AND r.type NOT IN ('ALIAS', 'PROXIED', 'ROUTED', 'DISABLED')
  GROUP BY c.id, c.zone, c.serial_from, c.serial_to, c.t_from, r.owner, r.type, t.t_from, t.t_to
), reduced AS (
  SELECT x.* FROM touched x
  WHERE (x.new * 100 <= x.old * :ratio AND x.old - x.new >= :least) OR (x.new < :floor AND x.new < x.old)
), judged AS (
  SELECT x.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = x.owner AND a.kind IN (lower(x.type) || '.change', 'record.change', CASE WHEN x.type IN ('A', 'AAAA', 'CNAME') THEN 'address.change' END)
            AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM reduced x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.owner AND a.kind IN (lower(x.type) || '.change', 'record.change', CASE WHEN x.type IN ('A', 'AAAA', 'CNAME') THEN 'address.change' END)
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
)
SELECT j.zone AS resource,
       j.serial_from || '-' || j.serial_to || ' ' || j.owner || ' ' || j.type || ' at ' || j.seen_from AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The time to live of ' || j.owner || ' ' || j.type || ' fell from ' || j.old || ' to ' || j.new || ' seconds (a finding at ' || :ratio || ' percent and a fall of '
         || :least || ', or below ' || :floor || ')'
         || CASE WHEN j.recorded_at IS NULL THEN ', without an approval.'
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
