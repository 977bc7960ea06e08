/*
id: alert-routing-defined
title: For each severity somebody responds
severity: low
resource: severity
answers: [P85, P90]
why: A finding that nobody is told of is found, and nothing more.
remedy: Say in the policy's routing who responds to findings of the severity, and within what time they take them up.
false-positives: None known.
*/
WITH level AS (
  SELECT 'critical' AS severity UNION ALL SELECT 'high' UNION ALL SELECT 'medium' UNION ALL SELECT 'low'
)

-- findings
WITH route AS (
  -- of the severity, else of all
  SELECT l.severity, COALESCE(o.owner, e.owner) AS owner, COALESCE(o.acknowledge_ms, CASE WHEN o.owner IS NULL THEN e.acknowledge_ms END) AS within,
         COALESCE(o.rowid, e.rowid) AS ref_id
  FROM level l
  LEFT JOIN routing o ON o.check_id = '' AND o.severity = l.severity
  LEFT JOIN routing e ON e.check_id = '' AND e.severity = ''
), any_route AS (
  -- a route of a single check says nothing of severities
  SELECT MIN(r.rowid) AS ref_id, COUNT(*) AS n FROM routing r WHERE r.check_id = ''
)
SELECT r.severity AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       'Nobody is named who responds to findings of this severity.' AS reason,
       'routing' AS ref_table,
       COALESCE(r.ref_id, y.ref_id) AS ref_id,
       :as_of AS observed_at
FROM route r CROSS JOIN any_route y
WHERE y.n > 0 AND COALESCE(lower(trim(r.owner)), '') IN ('', 'unknown')
UNION ALL
SELECT r.severity, 'owner', 'fail', 'presence', 'Who responds, ' || r.owner || ', has left.', 'person', p.rowid, p.left_ms
FROM route r JOIN person_word w ON w.word = lower(trim(r.owner)) AND w.stays = 1 AND w.login = 0 JOIN person p ON p.id = w.person
WHERE p.left_ms < CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END
UNION ALL
SELECT r.severity, 'time', 'review', 'presence', r.owner || ' responds, and no time is stated within which.', 'routing', r.ref_id, :as_of
FROM route r
WHERE NOT COALESCE(lower(trim(r.owner)), '') IN ('', 'unknown') AND r.within IS NULL
UNION ALL
SELECT 'routing', '', 'review', 'presence', 'The policy does not say who responds to findings of a severity.', NULL, NULL, :as_of
FROM any_route y
WHERE y.n = 0;

-- population
SELECT l.severity AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM level l
WHERE (SELECT COUNT(*) FROM routing r WHERE r.check_id = '') > 0
UNION ALL
SELECT 'routing', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM routing r WHERE r.check_id = '') = 0;
