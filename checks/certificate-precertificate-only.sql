/*
id: certificate-precertificate-only
title: What issuers announced was seen as a certificate
severity: info
resource: domain
answers: [P30, P34]
why: >-
  A precertificate counts as issued. Where the certificate should have shown up and did not, somebody may hold one that we have not seen.
remedy: Ask who requested it, and collect from where it is used.
false-positives: >-
  An issuer that stopped to put its certificates into logs; a certificate that is kept for later. Where an issuer logs precertificates alone, as
  most do, and nobody looks at the names, nothing is told.
params:
  wait: {type: duration, default: 7d, meaning: "how long after the precertificate the certificate may stay out of sight"}
  enough: {type: int, default: 3, meaning: "from how many announced certificates on it can be said what is usual for their issuer"}
  lookback: {type: duration, default: 365d, meaning: "how long before the period those may have been logged"}
*/
WITH habit AS MATERIALIZED (
  -- issuers whose certificates usually follow into a log
  SELECT c.issuer, COUNT(*) AS n, SUM(c.has_final) AS finals
  FROM certificate c
  WHERE c.has_precert = 1 AND c.logged_ms >= :period_start - :lookback AND c.logged_ms < :period_end
  GROUP BY c.issuer
  HAVING COUNT(*) >= :enough AND 2 * SUM(c.has_final) > COUNT(*)
), announced AS MATERIALIZED (
  SELECT cd.domain, c.id, c.tbs_key, c.issuer, c.logged_ms, c.not_after, n.name
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.has_precert = 1 AND c.has_final = 0
    AND c.logged_ms >= :period_start AND c.logged_ms < :period_end AND c.logged_ms + :wait <= :as_of
    AND NOT EXISTS (SELECT 1 FROM held_certificate h WHERE h.tbs_key = c.tbs_key)
    AND NOT EXISTS (SELECT 1 FROM endpoint e WHERE e.tbs_key = c.tbs_key)
    AND NOT EXISTS (SELECT 1 FROM issuance_request r WHERE r.tbs_key = c.tbs_key)
    AND NOT EXISTS (SELECT 1 FROM issuance_request r WHERE r.serial = c.serial AND r.tbs_key IS NULL)
), looked AS MATERIALIZED (
  -- who looked where it should have been found, and how often
  SELECT a.domain, a.id, MIN(a.name) AS name, COUNT(DISTINCT e.id) AS n
  FROM announced a
  JOIN endpoint e ON e.host = a.name AND e.outcome = 'presented' AND e.t >= a.logged_ms + :wait AND e.t <= a.not_after AND e.t <= :as_of
  GROUP BY a.domain, a.id
), each_one AS (
  SELECT a.domain, a.id, a.tbs_key, a.issuer, a.logged_ms, MIN(a.name) AS name
  FROM announced a
  GROUP BY a.domain, a.id, a.tbs_key, a.issuer, a.logged_ms
)
SELECT a.domain AS resource,
       a.tbs_key AS key,
       'review' AS status,
       'absence' AS basis,
       'A precertificate for ' || a.name || ' was logged, and the certificate was seen nowhere in the ' || (:wait / 86400000) || ' days after, though '
         || CASE WHEN h.n IS NULL THEN l.n || ' looks at ' || l.name || ' since then found another.'
                 ELSE h.finals || ' of ' || h.n || ' certificates of ' || a.issuer || ' followed into a log.' END AS reason,
       'certificate' AS ref_table,
       a.id AS ref_id,
       a.logged_ms AS observed_at
FROM each_one a
LEFT JOIN habit h ON h.issuer = a.issuer
LEFT JOIN looked l ON l.id = a.id AND l.domain = a.domain
WHERE h.n IS NOT NULL OR l.n IS NOT NULL;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end + :wait AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
