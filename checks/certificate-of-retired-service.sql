/*
id: certificate-of-retired-service
title: Certificates of retired services are revoked or have ended
severity: medium
resource: service
answers: [P26, P33, P47]
why: A service that is gone leaves a key behind that nobody watches, and a certificate that still lets its holder pass for the service.
remedy: Revoke the certificate, destroy the key, and take the records of the name away.
false-positives: A name that another service took over; declare that service.
params:
  grace: {type: duration, default: 7d, meaning: "how long after the retirement a certificate may still be valid"}
*/
WITH retired AS (
  -- a name that another service runs under is not retired
  SELECT s.name, s.host, s.retired_ms, s.retired_ms + :grace AS due
  FROM service s
  WHERE s.retired_ms < :period_end - :grace AND s.retired_ms <= :as_of - :grace
    AND s.host NOT IN (SELECT o.host FROM service o WHERE o.retired_ms IS NULL)
), touched AS MATERIALIZED (
  SELECT r.name, n.certificate_id
  FROM retired r
  JOIN certificate_name n ON n.name = r.host AND n.base = CASE WHEN substr(r.host, 1, 2) = '*.' THEN substr(r.host, 3) ELSE r.host END
), others AS MATERIALIZED (
  SELECT DISTINCT x.certificate_id
  FROM (SELECT DISTINCT t.certificate_id FROM touched t) k JOIN certificate_name x ON x.certificate_id = k.certificate_id
  WHERE x.name NOT IN (SELECT o.host FROM retired o)
), left_over AS (
  SELECT r.name, r.host, r.retired_ms, c.id, c.tbs_key, c.logged_ms, c.not_after,
         CASE WHEN c.id IN (SELECT o.certificate_id FROM others o) THEN 1 ELSE 0 END AS others
  FROM retired r
  JOIN touched t ON t.name = r.name
  JOIN certificate c ON c.id = t.certificate_id
  WHERE c.not_after >= r.due AND c.not_after >= :period_start AND c.logged_ms < :period_end AND c.logged_ms <= :as_of
    AND NOT EXISTS (SELECT 1 FROM revocation v WHERE v.serial = c.serial AND v.issuer_key_hash = c.issuer_key_hash AND v.state = 'revoked')
  GROUP BY r.name, r.host, r.retired_ms, c.id, c.tbs_key, c.logged_ms, c.not_after
)
SELECT l.name AS resource,
       l.tbs_key AS key,
       CASE WHEN l.others = 1 THEN 'review' ELSE 'fail' END AS status,
       'presence' AS basis,
       CASE WHEN l.logged_ms > l.retired_ms THEN 'A certificate for ' || l.host || ' was issued ' || ((l.logged_ms - l.retired_ms) / 86400000) || ' days after its service was retired'
            ELSE 'The certificate for ' || l.host || ' outlives its service by ' || ((l.not_after - l.retired_ms) / 86400000) || ' days' END
         || CASE WHEN l.others = 1 THEN ', and nobody says that it was revoked; it holds other names as well.' ELSE ', and nobody says that it was revoked.' END AS reason,
       'certificate' AS ref_table,
       l.id AS ref_id,
       l.logged_ms AS observed_at
FROM left_over l
UNION ALL
SELECT 'no retired service', '', 'not-applicable', 'presence', 'The inventory names no service as retired.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM service s WHERE s.retired_ms < :period_end);

-- population
SELECT s.name AS resource, 'ct' AS evidence, h.domain AS scope, :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM service s
LEFT JOIN host_domain h ON h.host = s.host
WHERE s.retired_ms < :period_end
UNION ALL
SELECT 'no retired service', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM service s WHERE s.retired_ms < :period_end);
