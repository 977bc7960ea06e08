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
), judged AS (
  -- whatever they call the subject
  SELECT n.t, a.id, a.ref, a.dated_ms, a.ended, a.late,
         CASE WHEN a.ended = 1 OR a.dated_ms < n.t - :max_age THEN 2 WHEN a.late > 0 OR a.alone = 1 THEN 1 ELSE 0 END AS lack
  FROM attested a CROSS JOIN at n
  WHERE a.kind = 'policy-review'
), best AS (
  -- what shows most counts, and of that the newest
  SELECT j.*, ROW_NUMBER() OVER (ORDER BY j.lack, j.dated_ms DESC, j.id DESC) AS place FROM judged j
)
SELECT 'policy' AS resource,
       '' AS key,
       CASE b.lack WHEN 2 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN b.ended = 1 THEN 'The last review of the policy (' || b.ref || ') speaks of a time that is over.'
            WHEN b.lack = 2 THEN 'The last review of the policy (' || b.ref || ') was ' || ((b.t - b.dated_ms + 86399999) / 86400000) || ' days old; at most '
              || (:max_age / 86400000) || ' are allowed.'
            WHEN b.late = 0 THEN 'The last review of the policy (' || b.ref || ') was not taken off by anybody but its author.'
            ELSE 'The last review of the policy (' || b.ref || ') was recorded only after the period, ' || b.late || ' days after its date.' END AS reason,
       'attestation' AS ref_table,
       b.id AS ref_id,
       b.dated_ms AS observed_at
FROM best b
WHERE b.place = 1 AND b.lack > 0
UNION ALL
SELECT 'policy', '', 'review', 'presence', 'No review of the policy for names and certificates is recorded.', NULL, NULL, n.t
FROM at n
WHERE (SELECT COUNT(*) FROM judged) = 0;

-- population
SELECT 'policy' AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade;
