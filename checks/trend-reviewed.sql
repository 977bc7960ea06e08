/*
id: trend-reviewed
title: Somebody looks at the trend of findings each quarter
severity: low
resource: report
answers: [P23, P90]
why: >-
  Single findings are closed one by one. Whether they become fewer is seen only by who compares the quarters, and acts on it.
remedy: >-
  Compare the report with the one before, decide what follows, and record the minutes as an attestation of the kind trend-review.
false-positives: A review that was done and not recorded yet.
params:
  max_age: {type: duration, default: 100d, meaning: "how old the last one may be"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), subject AS (
  SELECT 'findings' AS resource, :max_age AS age
), word AS (
  -- whatever they call the subject
  SELECT a.id, '' AS subject, a.dated_ms, ROW_NUMBER() OVER (ORDER BY a.dated_ms DESC, a.id DESC) AS place
  FROM attestation a CROSS JOIN at n
  WHERE a.kind = 'trend-review' AND a.dated_ms < n.t AND a.withdrawn_at >= n.t
), newest AS (
  SELECT id, subject, dated_ms FROM word WHERE place = 1
), found AS (
  SELECT s.resource, s.age, e.id
  FROM subject s
  JOIN newest e ON e.subject = ''
), judged AS (
  SELECT f.resource, f.age, a.id, n.t, a.ref, a.dated_ms,
         CASE WHEN a.expires_ms <= n.t OR a.dated_ms < n.t - f.age THEN 'fail'
            WHEN a.recorded_at >= :period_end AND a.recorded_at <> b.t THEN 'review'
            END AS status,
         CASE WHEN a.expires_ms <= n.t THEN 'The last review of the trend of findings (' || a.ref || ') speaks of a time that is over.'
            WHEN a.dated_ms < n.t - f.age
            THEN 'The last review of the trend of findings (' || a.ref || ') was ' || ((n.t - a.dated_ms) / 86400000) || ' days old; at most '
                 || (f.age / 86400000) || ' are allowed.'
            WHEN a.recorded_at >= :period_end AND a.recorded_at <> b.t
            THEN 'The last review of the trend of findings (' || a.ref || ') was recorded only after the period, '
                 || ((a.recorded_at - a.dated_ms + 86399999) / 86400000) || ' days after its date.'
            END AS reason
  FROM found f CROSS JOIN at n CROSS JOIN inventory_begun b
  JOIN attestation a ON a.id = f.id
)
SELECT j.resource,
       '' AS key,
       j.status,
       'presence' AS basis,
       j.reason,
       'attestation' AS ref_table,
       j.id AS ref_id,
       j.dated_ms AS observed_at
FROM judged j
WHERE j.status IS NOT NULL
UNION ALL
SELECT 'findings', '', 'review', 'presence', 'No review of the trend of findings is recorded.', NULL, NULL, n.t
FROM at n
WHERE (SELECT COUNT(*) FROM newest) = 0;

-- population
SELECT 'findings' AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade;
