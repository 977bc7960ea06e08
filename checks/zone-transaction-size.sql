/*
id: zone-transaction-size
title: No change touches more records than somebody can look at
severity: medium
resource: zone
answers: [P48, P72, P89]
why: A change of hundreds of records is pushed by a machine, right or wrong, and goes out everywhere before anybody has looked at it.
remedy: Look at the change as a whole now. Let tools stop before they push so much, and record an approval (record.change for the zone) for large moves.
false-positives: The first load of a zone into a new system; a renumbering without a recorded approval.
params:
  most: {type: int, default: 200, meaning: "records that may come or go in one change"}
  grace: {type: duration, default: 0s, meaning: "how long after the change an approval may be recorded and still counts"}
*/
WITH large AS (
  SELECT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, c.kind, c.merged, t.t_from, t.t_to,
         COUNT(*) AS n, COUNT(DISTINCT r.owner) AS names, MIN(r.id) AS record_id
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    -- what a provider says of a record is not one more
    AND r.type NOT IN ('PROXIED', 'ROUTED', 'DISABLED')
  GROUP BY c.id, c.zone, c.serial_from, c.serial_to, c.t_from, c.kind, c.merged, t.t_from, t.t_to
  HAVING COUNT(*) > :most
), judged AS (
  SELECT x.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = x.zone AND a.kind = 'record.change'
            AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM large x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.zone AND a.kind = 'record.change'
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
)
SELECT j.zone AS resource,
       j.serial_from || '-' || j.serial_to || ' at ' || j.seen_from AS key,
       CASE WHEN j.recorded_at IS NULL AND j.kind = 'difference' AND j.merged IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       j.n || ' records of ' || j.names || ' names came or went between serial ' || j.serial_from || ' and ' || j.serial_to || ' (a finding above ' || :most || ')'
         || CASE WHEN j.recorded_at >= j.t_to THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 WHEN j.recorded_at IS NOT NULL THEN '; an approval covers only part of the time in which it may have happened.'
                 WHEN j.kind <> 'difference' OR j.merged IS NOT NULL THEN '; it may have been several changes: nobody saw the steps between.'
                 ELSE ' in one change, without an approval.' END AS reason,
       'change_record' AS ref_table,
       j.record_id AS ref_id,
       j.t_from AS observed_at
FROM judged j;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
