/*
id: delegation-change-unapproved
title: Changes of NS, DS, CAA and MX records, and of the addresses of name servers, are approved
severity: critical
resource: zone
answers: [P16, P31, P75, P78, P79]
why: >-
  These records decide who answers for the name, who may sign, who may issue certificates and who gets the mail. Whoever
  changes them can take over everything else.
remedy: >-
  Ask who made the change and why. Undo it if nobody can say, and record approvals before changes (ns.change, ds.change, caa.change,
  mx.change; address.change of a name server's host, or ns.change of its zone).
false-positives: >-
  Roll-overs of signing keys that change DS records automatically. Where no approvals are kept at all every such change fails: who changes these
  has the zone, and nobody could say afterwards whether it was meant.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the change an approval may be recorded and still counts"}
*/
WITH named AS (
  -- serials come again after a roll-back: what comes later under them is another change, with a key of its own
  SELECT id, zone, serial_from, serial_to, t_from,
         serial_from = serial_to OR id > MIN(id) OVER (PARTITION BY zone, serial_from, serial_to) AS again
  FROM change
), server AS MATERIALIZED (
  -- hosts that the delegations of these zones lead to, while they do
  SELECT substr(n.rdata, 1, length(n.rdata) - 1) AS host, n.valid_from, n.valid_to, n.at_start
  FROM record n
  WHERE n.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1) AND n.type = 'NS'
), changed AS (
  SELECT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, c.again,
         r.owner, r.type, r.rdata, MIN(r.id) AS record_id, t.t_from, t.t_to
  FROM named c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND (r.type IN ('NS', 'DS', 'CAA', 'MX')
         OR (r.type IN ('A', 'AAAA') AND r.owner IN (SELECT v.host FROM server v)))
  GROUP BY c.id, c.zone, c.serial_from, c.serial_to, c.t_from, c.again, r.owner, r.type, r.rdata, t.t_from, t.t_to
  -- what is taken and given in one step has another time to live: of that zone-ttl-reduced speaks
  HAVING MIN(r.op) = MAX(r.op)
), moved AS (
  -- hosts that were name servers before that step
  SELECT x.id || ' ' || x.owner AS what
  FROM changed x JOIN server v ON v.host = x.owner AND (v.at_start = 1 OR v.valid_from < x.seen_from) AND v.valid_to > x.seen_from
), touched AS (
  SELECT x.id, x.zone, x.serial_from, x.serial_to, x.seen_from, x.again, x.owner, x.type, x.t_from, x.t_to,
         CASE WHEN x.type IN ('A', 'AAAA') THEN 1 ELSE 0 END AS host, MIN(x.record_id) AS record_id
  FROM changed x
  WHERE x.type NOT IN ('A', 'AAAA') OR x.id || ' ' || x.owner IN (SELECT m.what FROM moved m)
  GROUP BY x.id, x.zone, x.serial_from, x.serial_to, x.seen_from, x.again, x.owner, x.type, x.t_from, x.t_to
), fitting AS MATERIALIZED (
  SELECT x.id, x.owner, x.type, a.valid_from, a.valid_to, a.withdrawn_at, a.recorded_at
  FROM touched x
  CROSS JOIN approval a
  WHERE a.subject = x.owner AND a.kind = lower(x.type) || '.change'
  UNION ALL
  SELECT x.id, x.owner, x.type, a.valid_from, a.valid_to, a.withdrawn_at, a.recorded_at
  FROM touched x
  JOIN approval a ON a.subject = x.owner AND a.kind IN ('address.change', 'record.change')
  WHERE x.host = 1
  UNION ALL
  SELECT x.id, x.owner, x.type, a.valid_from, a.valid_to, a.withdrawn_at, a.recorded_at
  FROM touched x
  JOIN approval a ON a.subject = x.zone AND a.kind = 'ns.change'
  WHERE x.host = 1
), judged AS (
  -- an approval withdrawn before the change is none; one that was valid at some instant of it deserves a look
  SELECT x.*,
         (SELECT MIN(a.recorded_at) FROM fitting a
          WHERE a.id = x.id AND a.owner = x.owner AND a.type = x.type
            AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM touched x
  WHERE NOT EXISTS (SELECT 1 FROM fitting a
                    WHERE a.id = x.id AND a.owner = x.owner AND a.type = x.type
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
)
SELECT j.zone AS resource,
       j.serial_from || '-' || j.serial_to || ' ' || j.type
         || CASE WHEN j.host = 1 THEN ' of ' || j.owner ELSE '' END
         || CASE WHEN j.again THEN ' at ' || j.seen_from ELSE '' END AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The ' || j.type || ' records of ' || j.owner || CASE WHEN j.host = 1 THEN ', a name server,' ELSE '' END
         || CASE WHEN j.recorded_at IS NULL AND EXISTS (SELECT 1 FROM approval) THEN ' were changed without an approval.'
                 WHEN j.recorded_at IS NULL THEN ' were changed without an approval; none at all are kept.'
                 WHEN j.recorded_at >= j.t_to
                 THEN ' were changed; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE ' were changed; an approval covers only part of the time in which it may have happened.' END AS reason,
       'change_record' AS ref_table,
       j.record_id AS ref_id,
       j.t_from AS observed_at
FROM judged j;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
