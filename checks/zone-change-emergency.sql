/*
id: zone-change-emergency
title: Changes that are approved afterwards stay the exception
severity: low
resource: zone
answers: [P16, P32, P48]
why: >-
  A change in an emergency is approved when it is over. Where that happens again and again, the emergency is how things are done, and nobody
  looks before.
remedy: See what the late approvals have in common, and give that kind of change a way of its own that can be approved beforehand.
false-positives: A large incident with many changes in one night; they count one by one.
params:
  most: {type: int, default: 3, meaning: "changes approved afterwards that a zone may have in 90 days"}
*/
WITH touched AS (
  SELECT c.id, c.zone, r.owner, r.type, t.t_from, t.t_to, MIN(r.id) AS record_id
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
  GROUP BY c.id, c.zone, r.owner, r.type, t.t_from, t.t_to
), approved AS (
  -- when the first approval was recorded that holds for all of the time in which it may have happened
  SELECT x.id, x.zone, x.owner, x.t_from, x.t_to, x.record_id, MIN(a.recorded_at) AS recorded_at
  FROM touched x
  JOIN approval a ON a.subject = x.owner
  WHERE a.kind IN (lower(x.type) || '.change', 'record.change', CASE WHEN x.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') THEN 'address.change' END,
                   CASE WHEN substr(x.owner, 1, 16) = '_acme-challenge.' THEN 'challenge-delegation.change' END)
    AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
  GROUP BY x.id, x.zone, x.owner, x.type, x.t_from, x.t_to, x.record_id
), late AS (
  -- recorded when it was over for certain
  SELECT p.id, p.zone, p.t_from, MIN(p.owner) AS owner,
         MIN(p.record_id) AS record_id, MAX(p.recorded_at - p.t_to + 1) AS delay
  FROM approved p
  WHERE p.recorded_at >= p.t_to
  GROUP BY p.id, p.zone, p.t_from
), counted AS (
  SELECT l.zone, COUNT(*) AS n, MIN(l.owner) AS owner,
         MIN(l.record_id) AS record_id, MAX(l.delay) AS delay,
         MIN(l.t_from) AS t_from
  FROM late l
  GROUP BY l.zone
)
SELECT n.zone AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       n.n || ' changes of this zone, first of ' || n.owner || ', were approved afterwards, up to ' || ((n.delay + 59999) / 60000) || ' minutes late (a finding above '
         || :most || ' in 90 days).' AS reason,
       'change_record' AS ref_table,
       n.record_id AS ref_id,
       n.t_from AS observed_at
FROM counted n
WHERE n.n > :most AND n.n * 7776000000 > :most * (:period_end - :period_start);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
