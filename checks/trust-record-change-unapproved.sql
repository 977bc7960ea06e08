/*
id: trust-record-change-unapproved
title: Changes of TLSA records, certified addresses and challenge delegations are approved
severity: high
resource: zone
answers: [P16, P27, P29, P31, P63]
why: >-
  Whoever changes the address or alias of a name with a certificate, the keys that mail servers pin, or the place where challenges are
  looked for, decides who can be taken for the service.
remedy: Ask who made the change and why. Undo it if nobody can say, and record approvals before changes.
false-positives: >-
  Hosts whose addresses a platform moves by itself. Approve them for a long time, or waive the zone. Where no approvals are kept at all, all
  changes are for review together.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the change an approval may be recorded and still counts"}
*/
WITH touched AS (
  SELECT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, r.owner, r.type, t.t_from, t.t_to, MIN(r.id) AS record_id,
         CASE WHEN r.type = 'TLSA' THEN 'tlsa.change'
              WHEN substr(r.owner, 1, 16) = '_acme-challenge.' THEN 'challenge-delegation.change'
              ELSE 'address.change' END AS kind
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND (r.type IN ('TLSA', 'A', 'AAAA', 'ALIAS', 'CNAME')
         OR (r.type = 'NS' AND substr(r.owner, 1, 16) = '_acme-challenge.'))
  GROUP BY c.id, c.zone, c.serial_from, c.serial_to, c.t_from, r.owner, r.type, t.t_from, t.t_to
), trusted AS (
  -- addresses and aliases count where a certificate for the name was good at the time, by its name or by a wildcard
  SELECT x.*
  FROM touched x
  WHERE x.kind <> 'address.change'
     OR EXISTS (SELECT 1 FROM certificate_name n JOIN certificate e ON e.id = n.certificate_id
                WHERE n.base = x.owner AND n.wildcard = 0 AND e.not_before < x.t_to AND e.not_after >= x.t_from)
     OR EXISTS (SELECT 1 FROM certificate_name n JOIN certificate e ON e.id = n.certificate_id
                WHERE n.base = substr(x.owner, instr(x.owner, '.') + 1) AND n.wildcard = 1 AND e.not_before < x.t_to AND e.not_after >= x.t_from)
     OR EXISTS (SELECT 1 FROM held_name n JOIN held_certificate e ON e.id = n.held_id
                WHERE n.base = x.owner AND n.wildcard = 0 AND e.not_before < x.t_to AND e.not_after >= x.t_from)
     OR EXISTS (SELECT 1 FROM held_name n JOIN held_certificate e ON e.id = n.held_id
                WHERE n.base = substr(x.owner, instr(x.owner, '.') + 1) AND n.wildcard = 1 AND e.not_before < x.t_to AND e.not_after >= x.t_from)
), judged AS (
  -- an approval withdrawn before the change is none; one that was valid at some instant of it deserves a look
  SELECT x.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = x.owner AND a.kind IN (x.kind, 'record.change')
            AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM trusted x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.owner AND a.kind IN (x.kind, 'record.change')
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
)
SELECT j.zone AS resource,
       j.serial_from || '-' || j.serial_to || ' ' || j.owner || ' ' || j.type || ' at ' || j.seen_from AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The ' || j.type || ' records of ' || j.owner
         || CASE WHEN j.recorded_at IS NULL THEN ' were changed without an approval.'
                 WHEN j.recorded_at >= j.t_to
                 THEN ' were changed; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE ' were changed; an approval covers only part of the time in which it may have happened.' END AS reason,
       'change_record' AS ref_table,
       j.record_id AS ref_id,
       j.t_from AS observed_at
FROM judged j
WHERE EXISTS (SELECT 1 FROM approval)
UNION ALL
-- where nobody records approvals at all, one that lacks is no exception: one line for all of them
SELECT j.zone, 'unapproved', 'review', 'presence',
       COUNT(*) || ' changes of TLSA records, certified addresses and challenge delegations (' || MIN(j.owner) || '), and no approvals are kept: nobody can say which were meant.',
       'change_record', MIN(j.record_id), MIN(j.t_from)
FROM judged j
WHERE NOT EXISTS (SELECT 1 FROM approval)
GROUP BY j.zone;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
