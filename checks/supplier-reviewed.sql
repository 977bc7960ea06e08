/*
id: supplier-reviewed
title: Suppliers are reviewed
severity: low
resource: supplier
answers: [P20, P37, P52, P84]
why: Registrar, DNS host and certificate authority can do with a name whatever its owner can. What they do with that power changes.
remedy: >-
  Review the supplier and write the date into the inventory, or record an attestation of the kind supplier-review with the supplier as its subject.
  Without a subject it speaks of all.
false-positives: A review that was done and not written down yet.
params:
  max_age: {type: duration, default: 366d, meaning: "how old the last review may be"}
  max_age_critical: {type: duration, default: 184d, meaning: "the same where the supplier's tier is critical"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), stated AS (
  SELECT p.name, p.rowid AS ref_id,
         (SELECT MAX(a.dated_ms) FROM attested a WHERE a.kind = 'supplier-review' AND a.subject IN (p.name, '') AND a.ended = 0) AS attested,
         (SELECT COUNT(*) FROM attested a WHERE a.kind = 'supplier-review' AND a.subject IN (p.name, '') AND a.ended = 1) AS ended,
         CASE WHEN p.reviewed_ms < n.t THEN p.reviewed_ms END AS reviewed,
         CASE WHEN p.tier = 'critical' THEN :max_age_critical ELSE :max_age END AS age, n.t
  FROM supplier p CROSS JOIN at n
), judged AS (
  SELECT s.name, s.ref_id, s.age, s.t, s.ended,
         CASE WHEN COALESCE(s.attested, -1) > COALESCE(s.reviewed, -1) THEN s.attested ELSE s.reviewed END AS last
  FROM stated s
), ever AS (
  SELECT COUNT(*) AS n FROM judged j WHERE j.last IS NOT NULL OR j.ended > 0
)

-- findings
SELECT j.name AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       CASE WHEN j.last IS NULL AND j.ended > 0 THEN 'Its last review speaks of a time that is over.'
            WHEN j.last IS NULL THEN 'It was never reviewed, as others were.'
            ELSE 'Its last review was ' || ((j.t - j.last + 86399999) / 86400000) || ' days old; at most ' || (j.age / 86400000) || ' are allowed.' END AS reason,
       'supplier' AS ref_table,
       j.ref_id AS ref_id,
       COALESCE(j.last, j.t) AS observed_at
FROM judged j
WHERE (SELECT n FROM ever) > 0 AND (j.last IS NULL OR j.last < j.t - j.age)
UNION ALL
-- that none is listed is for supplier-recorded
SELECT 'suppliers', '', CASE WHEN COUNT(j.name) = 0 THEN 'not-applicable' ELSE 'review' END, 'presence',
       CASE WHEN COUNT(j.name) = 0 THEN 'The inventory lists no suppliers.'
            WHEN COUNT(j.name) = 1 THEN 'The only supplier was never reviewed.'
            ELSE 'None of the ' || COUNT(j.name) || ' suppliers was ever reviewed.' END, NULL, NULL, MAX(n.t)
FROM at n LEFT JOIN judged j ON 1 = 1
WHERE (SELECT n FROM ever) = 0
HAVING COUNT(n.t) > 0;

-- population
SELECT j.name AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM judged j
WHERE (SELECT n FROM ever) > 0
UNION ALL
SELECT 'suppliers', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT n FROM ever) = 0;
