/*
id: service-repointed
title: Services with a certificate are not led to places never seen before
severity: high
resource: zone
answers: [P25, P27, P29, P38]
why: >-
  A name that people trust by its certificate and that suddenly leads to an address it never had is the moment in which a takeover becomes
  visible, and the last in which it is cheap.
remedy: Ask the owner of the service whether they know the new place. If not, put the old one back and look at who presents which certificate there.
false-positives: A planned move without a recorded approval; platforms that give a new address with each deployment.
params:
  lookback: {type: duration, default: 400d, meaning: "how long before it a place must have been left to count as new"}
  grace: {type: duration, default: 0s, meaning: "how long after the change an approval may be recorded and still counts"}
*/
WITH came AS MATERIALIZED (
  SELECT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, r.owner, r.type, r.rdata, t.t_from, t.t_to, MIN(r.id) AS record_id
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND r.op = 'add' AND r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') AND substr(r.owner, 1, 16) <> '_acme-challenge.'
    -- a name that stood nowhere before is a new service, not one that is led elsewhere
    AND EXISTS (SELECT 1 FROM record b WHERE b.owner = r.owner AND b.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') AND b.valid_from < c.t_from AND b.valid_to >= c.t_from)
    -- a place that it had before, or in this very step with another time to live; an alias of a provider without what says how it is chosen
    AND NOT EXISTS (SELECT 1 FROM record b WHERE b.owner = r.owner AND b.type = r.type
                                             AND substr(b.rdata, 1, instr(b.rdata || ' health=', ' health=')) = substr(r.rdata, 1, instr(r.rdata || ' health=', ' health='))
                                             AND b.valid_from < c.t_from AND b.valid_to > c.t_from - :lookback)
  GROUP BY c.id, c.zone, c.serial_from, c.serial_to, c.t_from, r.owner, r.type, r.rdata, t.t_from, t.t_to
), trusted AS (
  SELECT x.*
  FROM came x
  WHERE EXISTS (SELECT 1 FROM certificate_name n JOIN certificate e ON e.id = n.certificate_id
                WHERE n.base = x.owner AND n.wildcard = 0 AND e.not_before < x.t_to AND e.not_after >= x.t_from)
     OR EXISTS (SELECT 1 FROM certificate_name n JOIN certificate e ON e.id = n.certificate_id
                WHERE n.base = substr(x.owner, instr(x.owner, '.') + 1) AND n.wildcard = 1 AND e.not_before < x.t_to AND e.not_after >= x.t_from)
     OR EXISTS (SELECT 1 FROM held_name n JOIN held_certificate e ON e.id = n.held_id
                WHERE n.base = x.owner AND n.wildcard = 0 AND e.not_before < x.t_to AND e.not_after >= x.t_from)
     OR EXISTS (SELECT 1 FROM held_name n JOIN held_certificate e ON e.id = n.held_id
                WHERE n.base = substr(x.owner, instr(x.owner, '.') + 1) AND n.wildcard = 1 AND e.not_before < x.t_to AND e.not_after >= x.t_from)
), judged AS (
  SELECT x.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = x.owner AND a.kind IN ('address.change', 'record.change')
            AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM trusted x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.owner AND a.kind IN ('address.change', 'record.change')
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
)
SELECT j.zone AS resource,
       j.serial_from || '-' || j.serial_to || ' ' || j.owner || ' ' || j.type || ' ' || j.rdata || ' at ' || j.seen_from AS key,
       CASE WHEN j.recorded_at IS NULL AND EXISTS (SELECT 1 FROM approval) THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       j.owner || ', which has a certificate, was led to ' || j.rdata || ', where it had not been in the ' || (:lookback / 86400000) || ' days before (as far as the zone was read)'
         || COALESCE((SELECT '; its owner is ' || MIN(s.owner) FROM service s WHERE s.host = j.owner), '')
         || CASE WHEN NOT EXISTS (SELECT 1 FROM approval) THEN '; no approvals are kept, so nobody can say whether it was meant.'
                 WHEN j.recorded_at IS NULL THEN '; nobody approved it.'
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
