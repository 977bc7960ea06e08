/*
id: caa-weakened
title: What issuers are allowed is not widened without an approval
severity: high
resource: zone
answers: [P31, P53, P58, P72]
why: >-
  CAA records say who may issue for a name, for which account and in which way. One more issuer, a binding that goes, or the whole set that
  goes opens the door before somebody walks through it.
remedy: Put the records back as they were, ask who changed them, and look for certificates that were issued since.
false-positives: A planned move to another issuer without a recorded approval. A first set, where none held before, is never a finding.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the change an approval may be recorded and still counts"}
*/
WITH RECURSIVE told AS MATERIALIZED (
  SELECT r.change_id, r.zone, r.owner, r.op, r.rdata, r.id, x.tag, x.issuer, x.account, x.methods
  FROM caa_change x JOIN change_record r ON r.id = x.ref_id CROSS JOIN change_time t ON t.change_id = r.change_id
  WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1) AND t.t_from < :period_end AND t.t_to > :period_start
), above AS (
  -- who may issue is looked up from the name upwards
  SELECT o.owner, o.owner AS name FROM told o
  UNION
  SELECT a.owner, substr(a.name, instr(a.name, '.') + 1) FROM above a WHERE instr(a.name, '.') > 0
), path AS MATERIALIZED (
  SELECT DISTINCT a.owner, a.name FROM above a
), stood AS MATERIALIZED (
  SELECT p.owner AS name, p.valid_from, p.valid_to, p.tag, p.issuer
  FROM caa_property p
  WHERE p.owner IN (SELECT a.name FROM path a) AND p.evidence = 'zone-changes'
), weaker AS (
  SELECT o.change_id, o.owner, 1 AS what, MIN(o.issuer) AS issuer,
         MIN(o.id) AS record_id
  FROM told o
  JOIN change c ON c.id = o.change_id
  WHERE o.op = 'add' AND o.tag IN ('issue', 'issuewild') AND o.issuer <> ''
    AND EXISTS (SELECT 1 FROM path p JOIN stood s ON s.name = p.name
                WHERE p.owner = o.owner AND s.tag IN ('issue', 'issuewild') AND s.valid_from < c.t_from AND s.valid_to > c.t_from)
    AND NOT EXISTS (SELECT 1 FROM path p JOIN stood s ON s.name = p.name AND s.issuer = o.issuer
                    WHERE p.owner = o.owner AND s.tag IN ('issue', o.tag) AND s.valid_from < c.t_from AND s.valid_to > c.t_from)
  GROUP BY o.change_id, o.owner
  UNION ALL
  SELECT o.change_id, o.owner, CASE WHEN o.account > n.account THEN 2 ELSE 3 END, MIN(o.issuer),
         MIN(o.id)
  FROM told o
  JOIN told n ON n.change_id = o.change_id AND n.owner = o.owner AND n.op = 'add' AND n.tag = o.tag AND n.issuer = o.issuer
  WHERE o.op = 'del' AND (o.account > n.account OR o.methods > n.methods)
  GROUP BY o.change_id, o.owner, CASE WHEN o.account > n.account THEN 2 ELSE 3 END
  UNION ALL
  -- the last of them went: names below are open to every issuer, or to those that a name above allows
  SELECT o.change_id, o.owner, CASE o.tag WHEN 'issuewild' THEN 5 ELSE 4 END, '',
         MIN(o.id)
  FROM told o
  JOIN change c ON c.id = o.change_id
  WHERE o.op = 'del' AND o.tag IN ('issue', 'issuewild')
    AND NOT EXISTS (SELECT 1 FROM told n WHERE n.change_id = o.change_id AND n.owner = o.owner AND n.op = 'add' AND n.tag = o.tag)
    AND NOT EXISTS (SELECT 1 FROM stood s WHERE s.name = o.owner AND s.tag = o.tag AND s.valid_from < c.t_to AND s.valid_to > c.t_to)
  GROUP BY o.change_id, o.owner, CASE o.tag WHEN 'issuewild' THEN 5 ELSE 4 END
), judged AS (
  SELECT w.*, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, t.t_from, t.t_to,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = w.owner AND a.kind IN ('caa.change', 'record.change')
            AND a.valid_from < t.t_to AND a.valid_to > t.t_from AND a.withdrawn_at > t.t_from) AS recorded_at
  FROM weaker w
  JOIN change c ON c.id = w.change_id
  JOIN change_time t ON t.change_id = w.change_id
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = w.owner AND a.kind IN ('caa.change', 'record.change')
                      AND a.valid_from <= t.t_from AND a.valid_to >= t.t_to AND a.withdrawn_at >= t.t_to
                      AND a.recorded_at <= t.t_from + :grace)
)
SELECT j.zone AS resource,
       j.serial_from || '-' || j.serial_to || ' ' || j.owner || ' ' || j.what || ' at ' || j.seen_from AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'CAA of ' || j.owner || ': '
         || CASE j.what WHEN 1 THEN j.issuer || ' may issue now, which could not before'
                        WHEN 2 THEN 'the binding of ' || j.issuer || ' to an account (accounturi) was taken away'
                        WHEN 3 THEN 'the binding of ' || j.issuer || ' to ways of validation (validationmethods) was taken away'
                        WHEN 4 THEN 'the last record that said who may issue was taken away'
                        ELSE 'the last record that said who may issue wildcards was taken away' END
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
