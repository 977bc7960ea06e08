/*
id: rollback-tested
title: Going back was rehearsed
severity: low
resource: zone
answers: [P28, P46, P88]
why: >-
  A change that fails is undone in a hurry. A rollback that restores records and certificates together must have been tried before.
remedy: >-
  Rehearse a rollback of records and certificate together, and record the result as an attestation of the kind rollback-test.
  Without a subject it speaks of all.
false-positives: A test that was done and not recorded yet.
params:
  max_age: {type: duration, default: 366d, meaning: "how old the last one may be"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), subject AS (
  SELECT d.zone AS resource, 'domain' AS ref_table, MIN(d.rowid) AS ref_id, :max_age AS age
  FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
  GROUP BY d.zone
), word AS (
  -- the newest about each subject, '' speaks of all; one about something else says nothing of these
  SELECT a.id, a.subject, a.dated_ms, ROW_NUMBER() OVER (PARTITION BY a.subject ORDER BY a.dated_ms DESC, a.id DESC) AS place
  FROM attestation a CROSS JOIN at n
  WHERE a.kind = 'rollback-test' AND a.dated_ms < n.t AND a.withdrawn_at >= n.t
    AND (a.subject = '' OR a.subject IN (SELECT s.resource FROM subject s))
)

-- findings
WITH newest AS (
  SELECT id, subject, dated_ms FROM word WHERE place = 1
), found AS (
  SELECT s.resource, s.ref_table, s.ref_id, s.age,
         CASE WHEN COALESCE(o.dated_ms, -1) >= COALESCE(e.dated_ms, -1) THEN o.id ELSE e.id END AS id
  FROM subject s
  LEFT JOIN newest o ON o.subject = s.resource
  LEFT JOIN newest e ON e.subject = ''
), judged AS (
  SELECT f.resource, f.ref_table, f.ref_id, f.age, a.id, n.t, a.ref, a.dated_ms,
         CASE WHEN a.id IS NULL OR a.expires_ms <= n.t OR a.dated_ms < n.t - f.age THEN 'fail'
            WHEN a.recorded_at >= :period_end AND a.recorded_at <> b.t THEN 'review'
            END AS status,
         CASE WHEN a.id IS NULL THEN 'No rollback test is recorded for it, as there is for others.'
            WHEN a.expires_ms <= n.t THEN 'The last rollback test (' || a.ref || ') speaks of a time that is over.'
            WHEN a.dated_ms < n.t - f.age
            THEN 'The last rollback test (' || a.ref || ') was ' || ((n.t - a.dated_ms) / 86400000) || ' days old; at most '
                 || (f.age / 86400000) || ' are allowed.'
            WHEN a.recorded_at >= :period_end AND a.recorded_at <> b.t
            THEN 'The last rollback test (' || a.ref || ') was recorded only after the period, '
                 || ((a.recorded_at - a.dated_ms + 86399999) / 86400000) || ' days after its date.'
            END AS reason
  FROM found f CROSS JOIN at n CROSS JOIN inventory_begun b
  LEFT JOIN attestation a ON a.id = f.id
)
SELECT j.resource,
       '' AS key,
       j.status,
       'presence' AS basis,
       j.reason,
       CASE WHEN j.id IS NULL THEN j.ref_table ELSE 'attestation' END AS ref_table,
       CASE WHEN j.id IS NULL THEN j.ref_id ELSE j.id END AS ref_id,
       CASE WHEN j.id IS NULL THEN j.t ELSE j.dated_ms END AS observed_at
FROM judged j
WHERE j.status IS NOT NULL AND (SELECT COUNT(*) FROM newest) > 0
UNION ALL
SELECT 'zones', '', CASE WHEN COUNT(s.resource) = 0 THEN 'not-applicable' ELSE 'review' END, 'presence',
       CASE WHEN COUNT(s.resource) = 0 THEN 'There are no zones to which this applies.'
            WHEN COUNT(s.resource) = 1 THEN 'No rollback test is recorded for the only zone.'
            ELSE 'No rollback test is recorded for any of the ' || COUNT(s.resource) || ' zones.' END, NULL, NULL, MAX(n.t)
FROM at n LEFT JOIN subject s ON 1 = 1
WHERE (SELECT COUNT(*) FROM newest) = 0 OR (SELECT COUNT(*) FROM subject) = 0
HAVING COUNT(n.t) > 0;

-- population
SELECT s.resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM subject s
WHERE (SELECT COUNT(*) FROM word) > 0
UNION ALL
SELECT 'zones', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM word) = 0 OR (SELECT COUNT(*) FROM subject) = 0;
