/*
id: delegation-change-unapproved
title: Changes of NS, DS, CAA and MX records are approved
severity: critical
resource: zone
answers: [P16, P31, P75, P78, P79]
why: >-
  These records decide who answers for the name, who may sign, who may issue certificates and who gets the mail. Whoever
  changes them can take over everything else.
remedy: Ask who made the change and why. Undo it if nobody can say, and record approvals before changes.
false-positives: Roll-overs of signing keys that change DS records automatically.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the change an approval may be recorded and still counts"}
*/
WITH named AS (
  -- serials come again after a roll-back: what comes later under them is another change, with a key of its own
  SELECT id, zone, serial_from, serial_to, t_from,
         serial_from = serial_to OR id > MIN(id) OVER (PARTITION BY zone, serial_from, serial_to) AS again
  FROM change
), touched AS (
  SELECT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, c.again,
         r.owner, r.type, MIN(r.id) AS record_id, t.t_from, t.t_to
  FROM named c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND r.type IN ('NS', 'DS', 'CAA', 'MX')
  GROUP BY c.id, c.zone, c.serial_from, c.serial_to, c.t_from, c.again, r.owner, r.type, t.t_from, t.t_to
), judged AS (
  -- an approval withdrawn before the change is none; one that was valid at some instant of it deserves a look
  SELECT x.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = x.owner AND a.kind = lower(x.type) || '.change'
            AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM touched x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.owner AND a.kind = lower(x.type) || '.change'
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
)
SELECT j.zone AS resource,
       j.serial_from || '-' || j.serial_to || ' ' || j.type
         || CASE WHEN j.again THEN ' at ' || j.seen_from ELSE '' END AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN j.recorded_at IS NULL
            THEN 'The ' || j.type || ' records of ' || j.owner || ' were changed without an approval.'
            WHEN j.recorded_at >= j.t_to
            THEN 'The ' || j.type || ' records of ' || j.owner || ' were changed; the approval was recorded '
                 || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
            ELSE 'The ' || j.type || ' records of ' || j.owner
                 || ' were changed; an approval covers only part of the time in which it may have happened.' END AS reason,
       'change_record' AS ref_table,
       j.record_id AS ref_id,
       j.t_from AS observed_at
FROM judged j;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
