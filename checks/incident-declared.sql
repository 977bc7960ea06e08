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
  threshold: {type: text, default: critical, words: [critical, high], meaning: "severity of the findings that must be decided on; high includes critical"}
  within: {type: duration, default: 7d, meaning: "how long after the notice the decision may come"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), told AS (
  -- what reached nobody is for notice-acknowledged; what was closed and came back asks for a decision of its own
  SELECT o.id, o.finding, o.check_id, o.resource, o.t, CASE WHEN o.before_t IS NULL THEN 0 ELSE o.t END AS since,
         LEAD(o.t) OVER (PARTITION BY o.finding ORDER BY o.t, o.id) AS again
  FROM (SELECT x.*, LAG(x.t) OVER (PARTITION BY x.finding ORDER BY x.t, x.id) AS before_t
        FROM notice x CROSS JOIN at n
        WHERE x.status = 'fail' AND x.outcome = 'delivered' AND x.t < n.t AND (x.severity = 'critical' OR (x.severity = 'high' AND :threshold = 'high'))) o
  WHERE o.before_t IS NULL
     OR EXISTS (SELECT 1 FROM response r WHERE r.finding = o.finding AND r.closed_ms > o.before_t AND r.closed_ms <= o.t AND r.withdrawn_at > o.t)
), decided AS (
  SELECT k.id, MIN(r.recorded_at) AS t, MAX(CASE WHEN r.outcome = 'incident' THEN 1 ELSE 0 END) AS incident, MIN(r.outcome) AS outcome
  FROM told k JOIN response r ON r.finding = k.finding CROSS JOIN at n
  WHERE r.outcome IS NOT NULL AND r.recorded_at < n.t AND COALESCE(r.closed_ms, r.recorded_at) > k.since AND (r.withdrawn_at >= n.t OR r.withdrawn_at > k.again)
  GROUP BY k.id
), due AS (
  -- what nobody decided on in its time is told of in each period until somebody does
  SELECT x.*, c.t AS decided, c.incident, c.outcome
  FROM told x LEFT JOIN decided c ON c.id = x.id
  WHERE x.t + :within >= :period_start OR c.t IS NULL OR c.t >= :period_start
)

-- findings
SELECT d.finding AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       d.check_id || ' on ' || d.resource || ' was told of ' || ((n.t - d.t + 86399999) / 86400000) || ' days before, and nobody decided what it is; '
         || (:within / 86400000) || ' days are allowed.' AS reason,
       'notice' AS ref_table,
       d.id AS ref_id,
       d.t AS observed_at
FROM due d CROSS JOIN at n
WHERE d.decided IS NULL AND d.t + :within < n.t
UNION ALL
SELECT d.finding, 'late', 'review', 'presence',
       d.check_id || ' on ' || d.resource || ' was decided on only ' || ((d.decided - d.t + 86399999) / 86400000) || ' days after it was told of; '
         || (:within / 86400000) || ' are allowed.', 'notice', d.id, d.t
FROM due d
WHERE d.decided > d.t + :within
UNION ALL
SELECT d.finding, 'no-incident', 'review', 'presence',
       d.check_id || ' on ' || d.resource || ' was closed as "' || d.outcome || '", not as an incident.', 'notice', d.id, d.t
FROM due d
WHERE d.incident = 0 AND d.outcome <> 'false-positive'
UNION ALL
SELECT 'notices', '', 'not-applicable', 'presence', 'Nobody was told of a finding of this severity.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM due) = 0;

-- population
SELECT DISTINCT d.finding AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM due d
UNION ALL
SELECT 'notices', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM due) = 0;
