/*
id: policy-reviewed
title: The policy for names and certificates is reviewed each year
severity: medium
resource: policy
answers: [P23, P28, P48]
why: A policy that nobody has read for a year is not the one by which people work.
remedy: >-
  Review the policy, have somebody else approve it, and record the document as an attestation of the kind policy-review.
false-positives: A review that was done and not recorded yet.
params:
  max_age: {type: duration, default: 366d, meaning: "how old the last one may be"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), subject AS (
  SELECT 'policy' AS resource, :max_age AS age
), word AS (
  -- whatever they call the subject
  SELECT a.id, '' AS subject, a.dated_ms, ROW_NUMBER() OVER (ORDER BY a.dated_ms DESC, a.id DESC) AS place
  FROM attestation a CROSS JOIN at n
  WHERE a.kind = 'policy-review' AND a.dated_ms < n.t AND a.withdrawn_at >= n.t
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
            WHEN a.approver IS NULL OR lower(trim(a.approver)) = lower(trim(a.author)) THEN 'review'
            END AS status,
         CASE WHEN a.expires_ms <= n.t THEN 'The last review of the policy (' || a.ref || ') speaks of a time that is over.'
            WHEN a.dated_ms < n.t - f.age
            THEN 'The last review of the policy (' || a.ref || ') was ' || ((n.t - a.dated_ms) / 86400000) || ' days old; at most '
                 || (f.age / 86400000) || ' are allowed.'
            WHEN a.recorded_at >= :period_end AND a.recorded_at <> b.t
            THEN 'The last review of the policy (' || a.ref || ') was recorded only after the period, '
                 || ((a.recorded_at - a.dated_ms + 86399999) / 86400000) || ' days after its date.'
            WHEN a.approver IS NULL OR lower(trim(a.approver)) = lower(trim(a.author))
            THEN 'The last review of the policy (' || a.ref || ') was not taken off by anybody but its author.'
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
SELECT 'policy', '', 'review', 'presence', 'No review of the policy for names and certificates is recorded.', NULL, NULL, n.t
FROM at n
WHERE (SELECT COUNT(*) FROM newest) = 0;

-- population
SELECT 'policy' AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade;
