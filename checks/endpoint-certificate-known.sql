/*
id: endpoint-certificate-known
title: Services present a certificate that we know and that is theirs
severity: high
resource: endpoint
answers: [P25, P52]
why: A certificate that stands in no log and in no list of ours was made by somebody without our knowledge; one for another name or out of date sends people away.
remedy: Find out who installed it. Of a private authority, add the certificate to a directory of certificates; else read the log that has it.
false-positives: A certificate that was logged before the logs were first read.
params:
  margin: {type: duration, default: 3d, meaning: "what should be left of a certificate when it is seen"}
*/
WITH points AS MATERIALIZED (
  SELECT DISTINCT x.scope AS name FROM coverage x WHERE x.evidence = 'tls-live'
  UNION SELECT x.scope FROM source_scope x WHERE x.evidence = 'tls-live' AND x.retired_ms > :period_start
), shown AS (
  SELECT e.id, e.host || ':' || e.port AS name, e.host, e.tbs_key, e.not_before, e.not_after, e.name_match, e.chain_ok, e.chain_reason, e.t,
         CASE WHEN EXISTS (SELECT 1 FROM held_certificate h WHERE h.tbs_key = e.tbs_key) THEN 1 ELSE 0 END AS held,
         CASE WHEN EXISTS (SELECT 1 FROM certificate c WHERE c.tbs_key = e.tbs_key) THEN 1 ELSE 0 END AS logged
  FROM endpoint e CROSS JOIN points p
  WHERE p.name = e.host || ':' || e.port
    AND e.outcome = 'presented' AND e.t >= :period_start AND e.t < :period_end
)

-- findings
WITH worst AS (
  SELECT s.*, ROW_NUMBER() OVER (PARTITION BY s.name ORDER BY CASE WHEN s.not_before > s.t THEN -1 ELSE COALESCE(s.not_after - s.t, 9223372036854775807) END, s.id) AS place FROM shown s
)
SELECT s.name AS resource,
       'name' AS key,
       'fail' AS status,
       'presence' AS basis,
       'The certificate presented is not for ' || s.host || '.' AS reason,
       'endpoint' AS ref_table,
       MIN(s.id) AS ref_id,
       MIN(s.t) AS observed_at
FROM shown s
WHERE s.name_match = 0
GROUP BY s.name, s.host
UNION ALL
SELECT s.name, 'time', CASE WHEN s.not_after <= s.t OR s.not_before > s.t THEN 'fail' ELSE 'review' END, 'presence',
       CASE WHEN s.not_after <= s.t THEN 'The certificate presented was out of date.' WHEN s.not_before > s.t THEN 'The certificate presented was not valid yet.'
            ELSE 'The certificate presented had ' || ((s.not_after - s.t) / 3600000) || ' hours left.' END, 'endpoint', s.id, s.t
FROM worst s
WHERE (s.not_after - s.t < :margin OR s.not_before > s.t) AND s.place = 1
UNION ALL
SELECT s.name, 'unknown ' || s.tbs_key, 'fail', 'absence', 'The certificate presented stands in no log that was read, and in no list of ours.', 'endpoint', MIN(s.id), MIN(s.t)
FROM shown s
WHERE s.held = 0 AND s.logged = 0 AND s.tbs_key IS NOT NULL
GROUP BY s.name, s.tbs_key
UNION ALL
SELECT s.name, 'chain', 'review', 'presence', 'The certificates presented lead to no root: ' || MIN(s.chain_reason) || '.', 'endpoint', MIN(s.id), MIN(s.t)
FROM shown s
WHERE s.chain_ok = 0 AND s.held = 0 AND s.not_after > s.t AND s.not_before <= s.t
GROUP BY s.name
UNION ALL
SELECT e.host || ':' || e.port, 'nothing', 'review', 'presence', 'No certificate was presented: ' || MIN(e.outcome) || '.', 'endpoint', MIN(e.id), MIN(e.t)
FROM endpoint e CROSS JOIN points p
WHERE p.name = e.host || ':' || e.port
  AND e.t >= :period_start AND e.t < :period_end
GROUP BY e.host, e.port
HAVING SUM(CASE WHEN e.outcome = 'presented' THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no end point', '', 'not-applicable', 'presence', 'No source looks at end points (tls-endpoint).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM points);

-- population
SELECT p.name AS resource, 'tls-live' AS evidence, p.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM points p
UNION ALL
-- that it stands in no log can be said only where the logs were read since it was made
SELECT s.name, 'ct', h.domain, MIN(s.not_before), :period_end, 'asserted'
FROM shown s JOIN host_domain h ON h.host = s.host AND h.domain IS NOT NULL
WHERE s.held = 0 AND s.logged = 0 AND s.tbs_key IS NOT NULL
GROUP BY s.name, h.domain
UNION ALL
SELECT 'no end point', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM points);
