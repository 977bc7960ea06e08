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
), judged AS (
  -- whatever they call the subject
  SELECT n.t, a.id, a.ref, a.dated_ms, a.ended, a.late,
         CASE WHEN a.ended = 1 OR a.dated_ms < n.t - :max_age THEN 2 WHEN a.late > 0 THEN 1 ELSE 0 END AS lack
  FROM attested a CROSS JOIN at n
  WHERE a.kind = 'trend-review'
), best AS (
  -- what shows most counts, and of that the newest
  SELECT j.*, ROW_NUMBER() OVER (ORDER BY j.lack, j.dated_ms DESC, j.id DESC) AS place FROM judged j
)
SELECT 'findings' AS resource,
       '' AS key,
       CASE b.lack WHEN 2 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN b.ended = 1 THEN 'The last review of the trend of findings (' || b.ref || ') speaks of a time that is over.'
            WHEN b.lack = 2 THEN 'The last review of the trend of findings (' || b.ref || ') was ' || ((b.t - b.dated_ms + 86399999) / 86400000) || ' days old; at most '
              || (:max_age / 86400000) || ' are allowed.'
            ELSE 'The last review of the trend of findings (' || b.ref || ') was recorded only after the period, ' || b.late || ' days after its date.' END AS reason,
       'attestation' AS ref_table,
       b.id AS ref_id,
       b.dated_ms AS observed_at
FROM best b
WHERE b.place = 1 AND b.lack > 0
UNION ALL
SELECT 'findings', '', 'review', 'presence', 'No review of the trend of findings is recorded.', NULL, NULL, n.t
FROM at n
WHERE (SELECT COUNT(*) FROM judged) = 0;

-- population
SELECT 'findings' AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade;
