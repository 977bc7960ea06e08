/*
id: change-verified-live
title: After a change of address the service is looked at
severity: low
resource: endpoint
answers: [P27, P38, P45]
why: A change of address that nobody looks at afterwards is found wrong by users. One look shows whether the right certificate stands at the new place.
remedy: Let the probe of the end point run more often, or after each deployment.
false-positives: A service that is reached under other ports than those that are looked at.
params:
  within: {type: duration, default: 24h, meaning: "how soon after the change a look must follow"}
*/
WITH points AS MATERIALIZED (
  SELECT DISTINCT s.scope AS name, substr(s.scope, 1, instr(s.scope, ':') - 1) AS host
  FROM source_scope s
  WHERE s.evidence = 'tls-live' AND s.retired_ms > :period_start AND instr(s.scope, ':') > 0
)

-- findings
WITH moved AS MATERIALIZED (
  SELECT p.name, p.host, c.id, c.serial_from, c.serial_to, c.t_from AS seen_from, t.t_from, t.t_to, MIN(r.id) AS record_id
  FROM points p
  CROSS JOIN change_record r
  CROSS JOIN change c
  CROSS JOIN change_time t
  WHERE r.owner = p.host AND r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') AND r.op = 'add' AND c.id = r.change_id AND t.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    -- the time for it is over
    AND t.t_to - 1 + :within < :as_of
  GROUP BY p.name, p.host, c.id, c.serial_from, c.serial_to, c.t_from, t.t_from, t.t_to
), looked AS (
  -- sure: behind the latest instant of the change and in time for the earliest; else it may have been too early or too late
  SELECT m.name, m.id,
         MAX(CASE WHEN e.t >= m.t_to - 1 AND e.t <= m.t_from + :within THEN 1 ELSE 0 END) AS sure
  FROM moved m
  CROSS JOIN endpoint e
  WHERE e.host = m.host AND e.t >= m.t_from AND e.t < m.t_to + :within
    AND e.host || ':' || e.port = m.name
  GROUP BY m.name, m.id
)
SELECT m.name AS resource,
       m.serial_from || '-' || m.serial_to || ' at ' || m.seen_from AS key,
       CASE WHEN l.sure IS NULL THEN 'fail' ELSE 'review' END AS status,
       'absence' AS basis,
       'The address of ' || m.host || ' was changed, and '
         || CASE WHEN l.sure IS NULL THEN 'nobody looked at ' || m.name || ' within ' || (:within / 3600000) || ' hours.'
                 ELSE 'whether a look at ' || m.name || ' came after it and within ' || (:within / 3600000) || ' hours cannot be said.' END AS reason,
       'change_record' AS ref_table,
       m.record_id AS ref_id,
       m.t_from AS observed_at
FROM moved m
LEFT JOIN looked l ON l.name = m.name AND l.id = m.id
WHERE COALESCE(l.sure, 0) = 0
UNION ALL
SELECT 'no end point', '', 'not-applicable', 'presence', 'No source looks at end points (tls-endpoint).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM points);

-- population
-- the zone that holds the host: the longest that we read
SELECT p.name AS resource, 'zone-changes' AS evidence, h.zone AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM points p JOIN host_domain h ON h.host = p.host AND h.zone IS NOT NULL
UNION ALL
SELECT p.name, NULL, NULL, :period_start, :period_start, NULL FROM points p
UNION ALL
SELECT 'no end point', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM points);
