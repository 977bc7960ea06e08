/*
id: response-in-time
title: Findings are closed in time
severity: medium
resource: finding
answers: [P23, P90]
why: What is known and stays open is accepted, without anybody having decided so.
remedy: Close the finding, or accept the risk with a waiver that says until when.
false-positives: A response that was given and not recorded.
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), told AS (
  -- when somebody was first told of a finding
  SELECT o.*, ROW_NUMBER() OVER (PARTITION BY o.finding ORDER BY o.t, o.id) AS place
  FROM notice o CROSS JOIN at n
  WHERE o.outcome = 'delivered' AND o.t < n.t
), asked AS (
  -- the narrowest route counts
  SELECT o.id, o.finding, o.check_id, o.resource, o.severity, o.status, o.t,
         COALESCE(a.close_ms, b.close_ms, c.close_ms, d.close_ms) AS within
  FROM told o
  LEFT JOIN routing a ON a.check_id = o.check_id AND a.severity = o.severity
  LEFT JOIN routing b ON b.check_id = o.check_id AND b.severity = ''
  LEFT JOIN routing c ON c.check_id = '' AND c.severity = o.severity
  LEFT JOIN routing d ON d.check_id = '' AND d.severity = ''
  WHERE o.place = 1
), due AS (
  SELECT k.*, k.t + k.within AS deadline
  FROM asked k
  WHERE k.within IS NOT NULL AND k.t + k.within >= :period_start
)

-- findings
WITH answered AS (
  SELECT r.finding, MIN(r.closed_ms) AS t, MIN(r.recorded_at) AS recorded_at
  FROM response r CROSS JOIN at n
  WHERE r.closed_ms < n.t AND r.withdrawn_at >= n.t
  GROUP BY r.finding
)
SELECT d.finding AS resource,
       '' AS key,
       CASE WHEN a.t IS NULL OR a.t > d.deadline THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       d.check_id || ' on ' || d.resource
         || CASE WHEN a.t IS NULL THEN ' was told of ' || ((n.t - d.t) / 3600000) || ' hours before and is not closed; '
                 WHEN a.t > d.deadline THEN ' was closed ' || ((a.t - d.t) / 3600000) || ' hours after it was told of; '
                 ELSE ' was closed in time, as was recorded only ' || ((a.recorded_at - d.deadline + 3599999) / 3600000) || ' hours after that time; ' END
         || (d.within / 3600000) || ' hours are allowed.' AS reason,
       'notice' AS ref_table,
       d.id AS ref_id,
       d.t AS observed_at
FROM due d CROSS JOIN at n
LEFT JOIN answered a ON a.finding = d.finding
WHERE (a.t IS NULL AND d.deadline < n.t) OR a.t > d.deadline OR (a.t <= d.deadline AND a.recorded_at > d.deadline)
UNION ALL
SELECT 'notices', '', 'not-applicable', 'presence', 'Nobody was told of a finding for which a time is set.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM due) = 0;

-- population
WITH all_due AS (
  SELECT d.finding FROM due d
)
SELECT x.finding AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM all_due x
UNION ALL
SELECT 'notices', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM all_due) = 0;
