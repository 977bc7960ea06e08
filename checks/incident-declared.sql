/*
id: incident-declared
title: Findings above the threshold are decided on
severity: high
resource: finding
answers: [P62, P90]
why: >-
  Whether something is an incident must be decided by somebody: what is never called one is never handled as
  one. What is overdue is told of in each period until it is decided.
remedy: Record the outcome of the response (incident, false-positive, accepted, fixed), and handle incidents as such.
false-positives: A decision that was made and not recorded.
params:
  threshold: {type: text, default: critical, meaning: "severity of the findings that must be decided on; high includes critical"}
  within: {type: duration, default: 7d, meaning: "how long after the notice the decision may come"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
)

-- findings
WITH told AS (
  -- what reached nobody is for notice-acknowledged
  SELECT o.finding, o.check_id, o.resource, o.t, o.id, ROW_NUMBER() OVER (PARTITION BY o.finding ORDER BY o.t, o.id) AS place
  FROM notice o CROSS JOIN at n
  WHERE o.status = 'fail' AND o.outcome = 'delivered' AND o.t < n.t AND (o.severity = 'critical' OR (o.severity = 'high' AND :threshold = 'high'))
), decided AS (
  SELECT r.finding, MIN(r.recorded_at) AS t, MAX(CASE WHEN r.outcome = 'incident' THEN 1 ELSE 0 END) AS incident, MIN(r.outcome) AS outcome
  FROM response r CROSS JOIN at n
  WHERE r.outcome IS NOT NULL AND r.withdrawn_at >= n.t AND r.recorded_at < n.t
  GROUP BY r.finding
), due AS (
  -- what nobody decided on in its time is told of in each period until somebody does
  SELECT x.* FROM told x LEFT JOIN decided c ON c.finding = x.finding
  WHERE x.place = 1 AND (x.t + :within >= :period_start OR c.t IS NULL OR c.t >= :period_start)
)
SELECT d.finding AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       d.check_id || ' on ' || d.resource || ' was told of ' || ((n.t - d.t) / 86400000) || ' days before, and nobody decided what it is; '
         || (:within / 86400000) || ' days are allowed.' AS reason,
       'notice' AS ref_table,
       d.id AS ref_id,
       d.t AS observed_at
FROM due d CROSS JOIN at n
LEFT JOIN decided x ON x.finding = d.finding
WHERE x.t IS NULL AND d.t + :within < n.t
UNION ALL
SELECT d.finding, 'late', 'review', 'presence',
       d.check_id || ' on ' || d.resource || ' was decided on only ' || ((x.t - d.t) / 86400000) || ' days after it was told of; '
         || (:within / 86400000) || ' are allowed.', 'notice', d.id, d.t
FROM due d JOIN decided x ON x.finding = d.finding
WHERE x.t > d.t + :within
UNION ALL
SELECT d.finding, 'no-incident', 'review', 'presence',
       d.check_id || ' on ' || d.resource || ' was closed as "' || x.outcome || '", not as an incident.', 'notice', d.id, d.t
FROM due d JOIN decided x ON x.finding = d.finding
WHERE x.incident = 0 AND x.outcome <> 'false-positive'
UNION ALL
SELECT 'notices', '', 'not-applicable', 'presence', 'Nobody was told of a finding of this severity.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM due) = 0;

-- population
WITH told AS (
  SELECT o.finding, MIN(o.t) AS t
  FROM notice o CROSS JOIN at n
  WHERE o.status = 'fail' AND o.outcome = 'delivered' AND o.t < n.t AND (o.severity = 'critical' OR (o.severity = 'high' AND :threshold = 'high'))
  GROUP BY o.finding
), decided AS (
  SELECT r.finding FROM response r CROSS JOIN at n WHERE r.outcome IS NOT NULL AND r.withdrawn_at >= n.t AND r.recorded_at < :period_start
), due AS (
  SELECT x.finding FROM told x
  WHERE x.t + :within >= :period_start OR x.finding NOT IN (SELECT c.finding FROM decided c)
)
SELECT d.finding AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM due d
UNION ALL
SELECT 'notices', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM due) = 0;
