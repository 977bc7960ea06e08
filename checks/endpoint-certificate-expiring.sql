/*
id: endpoint-certificate-expiring
title: No end point presents a certificate that is about to run out
severity: high
resource: endpoint
answers: [P44, P45, P50]
why: What is presented decides whether the service works, whatever was renewed elsewhere.
remedy: Install the renewed certificate and let the service load it; if there is none yet, renew it now.
false-positives: End points that are replaced as a whole.
params:
  within: {type: duration, default: 14d, meaning: "certificates that end within this time from as-of"}
  part: {type: int, default: 3, meaning: "or within this part of their lifetime, 3 for a third, whichever is less"}
*/
WITH points AS (
  SELECT DISTINCT x.scope AS name FROM source_scope x WHERE x.evidence = 'tls-live' AND x.retired_ms > :period_start
)

-- findings
WITH looked AS MATERIALIZED (
  SELECT e.id, e.host || ':' || e.port AS name, e.host, e.tbs_key, e.not_before, e.not_after, e.t,
         ROW_NUMBER() OVER (PARTITION BY e.host, e.port, e.address ORDER BY e.t DESC, e.id DESC) AS nth
  FROM endpoint e
  WHERE e.outcome = 'presented' AND e.t >= :period_start AND e.t <= :as_of
), ending AS (
  SELECT l.*, CASE WHEN (l.not_after - l.not_before) / :part < :within THEN (l.not_after - l.not_before) / :part ELSE :within END AS least
  FROM looked l JOIN points p ON p.name = l.name
  WHERE l.nth = 1
), judged AS (
  SELECT e.name, e.tbs_key, e.id, e.t, e.not_after,
         CASE WHEN EXISTS (SELECT 1 FROM certificate_name n JOIN certificate c ON c.id = n.certificate_id
                           WHERE n.base = e.host AND n.name = e.host AND c.not_after > e.not_after AND c.logged_ms <= :as_of)
              THEN '; another one was issued, and is not installed.' ELSE ', and no other one was seen.' END AS other
  FROM ending e
  WHERE e.tbs_key IS NOT NULL AND e.not_after - :as_of < e.least
)
SELECT j.name AS resource,
       j.tbs_key AS key,
       'fail' AS status,
       'presence' AS basis,
       'The certificate presented ' || CASE WHEN j.not_after < :as_of THEN 'ended ' || ((:as_of - j.not_after) / 3600000) || ' hours ago'
                                            ELSE 'ends in ' || ((j.not_after - :as_of) / 3600000) || ' hours' END || j.other AS reason,
       'endpoint' AS ref_table,
       MIN(j.id) AS ref_id,
       MIN(j.t) AS observed_at
FROM judged j
GROUP BY j.name, j.tbs_key, j.not_after, j.other
UNION ALL
SELECT 'no end point', '', 'not-applicable', 'presence', 'No source looks at end points (tls-endpoint).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM points);

-- population
SELECT p.name AS resource, 'tls-live' AS evidence, p.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM points p
UNION ALL
SELECT 'no end point', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM points);
