/*
id: certificate-precertificate-only
title: What issuers announced was seen as a certificate
severity: info
resource: domain
answers: [P30, P34]
why: >-
  A precertificate counts as issued. Where no certificate shows up in the logs, at an end point or in our folders, somebody may hold one that
  we have not seen.
remedy: Ask who requested it, and collect from where it is used.
false-positives: Most issuers put only the precertificate into logs; certificates that are used where nobody looks are told here too.
params:
  wait: {type: duration, default: 7d, meaning: "how long after the precertificate the certificate may stay out of sight"}
*/
WITH announced AS (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, MIN(n.name) AS name
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
  GROUP BY cd.domain, c.id, c.tbs_key, c.logged_ms
)
SELECT a.domain AS resource,
       a.tbs_key AS key,
       'review' AS status,
       'absence' AS basis,
       'A precertificate for ' || a.name || ' was logged, and the certificate was seen nowhere in the ' || (:wait / 86400000) || ' days after.' AS reason,
       'certificate' AS ref_table,
       a.id AS ref_id,
       a.logged_ms AS observed_at
FROM announced a;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1
UNION ALL
SELECT cd.domain, 'ct', cd.domain, c.logged_ms, c.logged_ms + :wait, 'asserted'
FROM certificate c
JOIN certificate_domain cd ON cd.certificate_id = c.id
JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
WHERE c.has_final = 0 AND c.logged_ms >= :period_start AND c.logged_ms < :period_end AND c.logged_ms + :wait <= :as_of
GROUP BY cd.domain, c.id, c.logged_ms;
