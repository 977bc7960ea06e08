/*
id: caa-weakened
title: What issuers are allowed is not widened without an approval
severity: high
resource: zone
answers: [P31, P53, P58, P72]
why: >-
  CAA records say who may issue for a name, for which account and in which way. One more issuer, a binding that goes, or the whole set that
  goes opens the door before somebody walks through it. So does another account (accounturi), another way of validation (validationmethods),
  and a set below that names nobody, for it hides this one.
remedy: Put the records back as they were, ask who changed them, and look for certificates that were issued since.
false-positives: A planned move to another issuer without a recorded approval. A first set, where none held before, is never a finding.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the change an approval may be recorded and still counts"}
*/
WITH RECURSIVE told AS MATERIALIZED (
  SELECT r.change_id, r.zone, r.owner, r.op, r.id, x.tag, x.issuer, x.account, x.account_uri, x.methods, x.method_list, c.t_from, c.t_to
  FROM caa_change x JOIN change_record r ON r.id = x.ref_id JOIN change c ON c.id = r.change_id CROSS JOIN change_time t
  WHERE t.change_id = r.change_id
    AND r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1) AND t.t_from < :period_end AND t.t_to > :period_start
), above AS (
  -- who may issue is looked up from the name upwards
  SELECT o.owner, o.owner AS name FROM told o
  UNION
  SELECT a.owner, substr(a.name, instr(a.name, '.') + 1) FROM above a WHERE instr(a.name, '.') > 0
), path AS MATERIALIZED (
  SELECT DISTINCT a.owner, a.name FROM above a
), stood AS MATERIALIZED (
  SELECT p.owner AS name, p.valid_from, p.valid_to, p.tag, p.issuer, p.account, p.account_uri, p.methods, p.method_list
  FROM caa_property p
  WHERE p.owner IN (SELECT a.name FROM path a) AND p.evidence = 'zone-changes'
), way AS (
  SELECT o.change_id, o.owner, s.*, MAX(length(s.name)) OVER (PARTITION BY o.change_id, o.owner) AS closest
  FROM (SELECT DISTINCT t.change_id, t.owner, t.t_from FROM told t) o
  JOIN path p ON p.owner = o.owner JOIN stood s ON s.name = p.name AND s.valid_from < o.t_from AND s.valid_to > o.t_from
), before AS MATERIALIZED (
  -- the set that counted until then: the closest one
  SELECT w.* FROM way w WHERE length(w.name) = w.closest
), ruled AS MATERIALIZED (
  SELECT b.change_id, b.owner, b.name,
         SUM(CASE WHEN b.tag = 'issue' THEN 1 ELSE 0 END) AS plain, SUM(CASE WHEN b.tag = 'issuewild' THEN 1 ELSE 0 END) AS wild
  FROM before b GROUP BY b.change_id, b.owner, b.name
), later AS MATERIALIZED (
  SELECT o.change_id, o.owner, s.tag, s.issuer
  FROM (SELECT DISTINCT t.change_id, t.owner, t.t_to FROM told t) o JOIN stood s ON s.name = o.owner AND s.valid_from < o.t_to AND s.valid_to > o.t_to
), wilder AS MATERIALIZED (
  -- who may issue by "issue", and might not issue wildcards
  SELECT o.change_id, o.owner, COUNT(l.issuer) AS plain, SUM(CASE WHEN l.issuer <> '' AND b.issuer IS NULL THEN 1 ELSE 0 END) AS more
  FROM (SELECT DISTINCT t.change_id, t.owner FROM told t) o
  LEFT JOIN later l ON l.change_id = o.change_id AND l.owner = o.owner AND l.tag = 'issue'
  LEFT JOIN before b ON b.change_id = o.change_id AND b.owner = o.owner AND b.tag = 'issuewild' AND b.issuer = l.issuer
  GROUP BY o.change_id, o.owner
), ways (id, way, rest) AS (
  -- each way of validation that a new record allows
  SELECT o.id, '', o.method_list || ',' FROM told o WHERE o.op = 'add' AND o.methods = 1
  UNION ALL
  SELECT w.id, substr(w.rest, 1, instr(w.rest, ',') - 1), substr(w.rest, instr(w.rest, ',') + 1) FROM ways w WHERE w.rest <> ''
), bond AS MATERIALIZED (
  -- what bound the same issuer until then; wildcards are issued by "issue" where nothing is said of them
  SELECT o.id, b.methods, b.method_list, b.account, b.account_uri
  FROM told o JOIN ruled r ON r.change_id = o.change_id AND r.owner = o.owner
  JOIN before b ON b.change_id = o.change_id AND b.owner = o.owner AND b.issuer = o.issuer AND b.tag = CASE WHEN r.wild > 0 THEN o.tag ELSE 'issue' END
  WHERE o.op = 'add' AND o.tag IN ('issue', 'issuewild') AND o.issuer <> ''
), weaker AS (
  SELECT o.change_id, o.owner, 1 AS what, MIN(o.issuer) AS issuer, MIN(o.id) AS record_id
  FROM told o JOIN ruled r ON r.change_id = o.change_id AND r.owner = o.owner
  LEFT JOIN before b ON b.change_id = o.change_id AND b.owner = o.owner AND b.issuer = o.issuer
                    AND b.tag = CASE WHEN r.wild > 0 THEN o.tag ELSE 'issue' END
  WHERE o.op = 'add' AND o.issuer <> '' AND b.tag IS NULL
    AND (o.tag = 'issue' AND r.plain > 0 OR o.tag = 'issuewild' AND r.plain + r.wild > 0)
  GROUP BY o.change_id, o.owner
  UNION ALL
  -- a record without a bond, or with another one, beside or for those that had it
  SELECT x.change_id, x.owner, x.what, MIN(x.issuer), MIN(x.id)
  FROM (SELECT o.change_id, o.owner, o.issuer, o.id,
               CASE WHEN o.account = 0 AND MIN(b.account) > 0 THEN 2
                    WHEN o.methods = 0 AND MIN(b.methods) > 0 THEN 3
                    WHEN o.account = 1 AND MIN(b.account) > 0 AND SUM(CASE WHEN b.account_uri = o.account_uri THEN 1 ELSE 0 END) = 0 THEN 6 END AS what
        FROM told o JOIN bond b ON b.id = o.id
        GROUP BY o.change_id, o.owner, o.issuer, o.id, o.account, o.methods, o.account_uri) x
  WHERE x.what IS NOT NULL
  GROUP BY x.change_id, x.owner, x.what
  UNION ALL
  -- one more way of validation than those that it was bound to
  SELECT o.change_id, o.owner, 8, MIN(o.issuer), MIN(o.id)
  FROM ways w JOIN told o ON o.id = w.id
  WHERE w.way <> '' AND o.id IN (SELECT b.id FROM bond b)
    AND NOT EXISTS (SELECT 1 FROM bond b WHERE b.id = o.id AND (b.methods = 0 OR instr(',' || b.method_list || ',', ',' || w.way || ',') > 0))
  GROUP BY o.change_id, o.owner
  UNION ALL
  -- the last of them went: names below are open to every issuer, or to those that a name above allows
  SELECT o.change_id, o.owner, CASE o.tag WHEN 'issuewild' THEN 5 ELSE 4 END, '', MIN(o.id)
  FROM told o JOIN wilder w ON w.change_id = o.change_id AND w.owner = o.owner
  LEFT JOIN later l ON l.change_id = o.change_id AND l.owner = o.owner AND l.tag = o.tag
  WHERE o.op = 'del' AND l.tag IS NULL AND (o.tag = 'issue' OR o.tag = 'issuewild' AND (w.plain = 0 OR w.more > 0))
  GROUP BY o.change_id, o.owner, CASE o.tag WHEN 'issuewild' THEN 5 ELSE 4 END
  UNION ALL
  -- a set that says nothing of issuers hides the one above
  SELECT o.change_id, o.owner, 7, '', MIN(o.id)
  FROM told o JOIN ruled r ON r.change_id = o.change_id AND r.owner = o.owner AND r.name <> o.owner AND r.plain > 0
  LEFT JOIN later l ON l.change_id = o.change_id AND l.owner = o.owner AND l.tag = 'issue'
  WHERE o.op = 'add' AND l.tag IS NULL
  GROUP BY o.change_id, o.owner
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
                        WHEN 6 THEN 'another account of ' || j.issuer || ' may issue now (accounturi)'
                        WHEN 8 THEN j.issuer || ' may validate in one more way than before (validationmethods)'
                        WHEN 7 THEN 'its new set says nothing of who may issue, and hides the one above'
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
