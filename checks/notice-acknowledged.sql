/*
id: notice-acknowledged
title: Notices are taken up in time
severity: medium
resource: finding
answers: [P14, P29, P32, P90, P91]
why: >-
  A finding that was told and that nobody takes up changes nothing. What is overdue is told of in each period until it is taken up.
remedy: Take up the finding, and record the response with its ticket. Mend the channel where notices fail.
false-positives: A response that was given and not recorded.
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), told AS (
  -- when somebody was first told of a finding, and again after it was closed: what came back asks for an answer of its own
  SELECT o.id, o.finding, o.check_id, o.resource, o.severity, o.t, CASE WHEN o.before_t IS NULL THEN 0 ELSE o.t END AS since,
         LEAD(o.t) OVER (PARTITION BY o.finding ORDER BY o.t, o.id) AS again
  FROM (SELECT x.*, LAG(x.t) OVER (PARTITION BY x.finding ORDER BY x.t, x.id) AS before_t
        FROM notice x CROSS JOIN at n
        WHERE x.outcome = 'delivered' AND x.t < n.t) o
  WHERE o.before_t IS NULL
     OR EXISTS (SELECT 1 FROM response r WHERE r.finding = o.finding AND r.closed_ms > o.before_t AND r.closed_ms <= o.t AND r.withdrawn_at > o.t)
), asked AS (
  -- the narrowest route counts
  SELECT o.id, o.finding, o.check_id, o.resource, o.t, o.since, o.again,
         COALESCE(a.acknowledge_ms, b.acknowledge_ms, c.acknowledge_ms, d.acknowledge_ms) AS within,
         CASE WHEN a.acknowledge_ms IS NOT NULL THEN a.recorded_at WHEN b.acknowledge_ms IS NOT NULL THEN b.recorded_at
              WHEN c.acknowledge_ms IS NOT NULL THEN c.recorded_at ELSE d.recorded_at END AS ruled
  FROM told o
  LEFT JOIN routing a ON a.check_id = o.check_id AND a.severity = o.severity
  LEFT JOIN routing b ON b.check_id = o.check_id AND b.severity = ''
  LEFT JOIN routing c ON c.check_id = '' AND c.severity = o.severity
  LEFT JOIN routing d ON d.check_id = '' AND d.severity = ''
), answered AS (
  -- an answer that was taken back counts for the time before it came back
  SELECT k.id, MIN(r.acknowledged_ms) AS t, MIN(r.recorded_at) AS recorded_at
  FROM asked k JOIN response r ON r.finding = k.finding CROSS JOIN at n
  WHERE r.acknowledged_ms < n.t AND r.acknowledged_ms > k.since AND (r.withdrawn_at >= n.t OR r.withdrawn_at > k.again)
  GROUP BY k.id
), due AS (
  -- what is not answered in its time is told of in each period until it is; where the time itself was set only afterwards, as a review
  SELECT k.*, k.t + k.within AS deadline, a.t AS answered, a.recorded_at,
         CASE WHEN k.t + k.within < :period_start AND k.ruled > k.t + k.within THEN 1 ELSE 0 END AS old
  FROM asked k LEFT JOIN answered a ON a.id = k.id
  WHERE k.within IS NOT NULL AND (k.t + k.within >= :period_start OR a.t IS NULL OR a.t >= :period_start)
)

-- findings
SELECT d.finding AS resource,
       '' AS key,
       CASE WHEN d.old = 0 AND (d.answered IS NULL OR d.answered > d.deadline) THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       d.check_id || ' on ' || d.resource
         || CASE WHEN d.answered IS NULL THEN ' was told of ' || ((n.t - d.t + 3599999) / 3600000) || ' hours before and is not taken up; '
                 WHEN d.answered > d.deadline THEN ' was taken up ' || ((d.answered - d.t + 3599999) / 3600000) || ' hours after it was told of; '
                 ELSE ' was taken up in time, as was recorded only ' || ((d.recorded_at - d.deadline + 3599999) / 3600000) || ' hours after that time; ' END
         || CASE WHEN d.within % 3600000 = 0 THEN (d.within / 3600000) || ' hours' ELSE (d.within / 60000) || ' minutes' END || ' are allowed' || CASE WHEN d.old = 1 THEN ', which was said only afterwards.' ELSE '.' END AS reason,
       'notice' AS ref_table,
       d.id AS ref_id,
       d.t AS observed_at
FROM due d CROSS JOIN at n
WHERE (d.answered IS NULL AND d.deadline < n.t) OR d.answered > d.deadline OR (d.answered <= d.deadline AND d.recorded_at > d.deadline)
UNION ALL
SELECT o.finding, 'undelivered', 'fail', 'presence', 'Nobody could be told of it: ' || COUNT(*) || CASE WHEN COUNT(*) = 1 THEN ' attempt' ELSE ' attempts' END || ' failed.', 'notice', MIN(o.id), MIN(o.t)
FROM notice o CROSS JOIN at n
WHERE o.t >= :period_start AND o.t < n.t
  AND NOT EXISTS (SELECT 1 FROM notice d WHERE d.finding = o.finding AND d.outcome = 'delivered' AND d.t < n.t)
GROUP BY o.finding
UNION ALL
SELECT 'notices', '', 'not-applicable', 'presence', 'Nobody was told of a finding for which a time is set.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM due) = 0
  AND NOT EXISTS (SELECT 1 FROM notice o CROSS JOIN at n
                  WHERE o.t >= :period_start AND o.t < n.t
                    AND NOT EXISTS (SELECT 1 FROM notice d WHERE d.finding = o.finding AND d.outcome = 'delivered' AND d.t < n.t));

-- population
WITH all_due AS (
  SELECT d.finding FROM due d
  UNION
  SELECT o.finding FROM notice o CROSS JOIN at n
  WHERE o.t >= :period_start AND o.t < n.t
    AND NOT EXISTS (SELECT 1 FROM notice d WHERE d.finding = o.finding AND d.outcome = 'delivered' AND d.t < n.t)
)
SELECT x.finding AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM all_due x
UNION ALL
SELECT 'notices', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM all_due) = 0;
