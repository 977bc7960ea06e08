/*
id: certificate-renewed-in-time
title: Certificates are renewed in good time
severity: medium
resource: domain
answers: [P13, P32, P44]
why: >-
  A certificate that is renewed on its last day leaves no time to repair a validation that fails. What is late once fails the next time.
remedy: Find out why the renewal came late or not at all, and let it begin when a third of the lifetime is left.
false-positives: >-
  A name that is served with a certificate of a private authority, or that was given up without its records being taken away.
params:
  lead: {type: duration, default: 30d, meaning: "how long before its end a certificate should be replaced, at most"}
  part: {type: int, default: 3, meaning: "or when this part of its lifetime is left, 3 for a third, whichever is less"}
*/
WITH asked AS (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, c.not_after, n.name, n.base,
         c.not_after - CASE WHEN (c.not_after - c.not_before) / :part < :lead THEN (c.not_after - c.not_before) / :part ELSE :lead END AS due
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  -- nobody renews what was revoked
  WHERE NOT EXISTS (SELECT 1 FROM revocation r WHERE r.serial = c.serial AND r.issuer_key_hash = c.issuer_key_hash AND r.state = 'revoked')
), pending AS MATERIALIZED (
  SELECT a.* FROM asked a WHERE a.due >= :period_start AND a.due < :period_end AND a.due <= :as_of
), star AS MATERIALIZED (
  -- a wildcard one label above the name holds it as well
  SELECT p.base, w.base AS above
  FROM (SELECT DISTINCT base FROM pending) p
  JOIN (SELECT DISTINCT base FROM certificate_name WHERE wildcard = 1) w
    ON substr(p.base, length(p.base) - length(w.base)) = '.' || w.base
   AND replace(substr(p.base, 1, length(p.base) - length(w.base) - 1), '.', '') = substr(p.base, 1, length(p.base) - length(w.base) - 1)
), heir AS (
  SELECT p.id, p.name, s.logged_ms
  FROM pending p
  JOIN certificate_name m ON m.base = p.base AND m.name = p.name
  JOIN certificate s ON s.id = m.certificate_id AND s.not_after > p.not_after
  UNION ALL
  SELECT p.id, p.name, s.logged_ms
  FROM pending p
  JOIN star t ON t.base = p.base AND p.name = p.base
  JOIN certificate_name m ON m.base = t.above AND m.wildcard = 1
  JOIN certificate s ON s.id = m.certificate_id AND s.not_after > p.not_after
), first AS (
  SELECT h.id, h.name, MIN(h.logged_ms) AS t FROM heir h GROUP BY h.id, h.name
), late AS (
  SELECT p.domain, p.id, p.tbs_key, p.not_after, p.due, p.name, f.t,
         CASE WHEN EXISTS (SELECT 1 FROM record r WHERE r.owner = p.name AND r.type IN ('A', 'AAAA', 'CNAME')
                           AND r.valid_from <= p.due AND r.valid_to > p.due) THEN 1
              WHEN EXISTS (SELECT 1 FROM endpoint e WHERE e.tbs_key = p.tbs_key AND e.t >= p.due) THEN 1
              WHEN p.name IN (SELECT s.host FROM service s WHERE s.retired_ms IS NULL) THEN 1
              -- given up: its records are gone, or its service is
              WHEN EXISTS (SELECT 1 FROM record r WHERE r.owner = p.name AND r.type IN ('A', 'AAAA', 'CNAME') AND r.valid_to <= p.due) THEN 2
              WHEN p.name IN (SELECT s.host FROM service s WHERE s.retired_ms IS NOT NULL) THEN 2
              ELSE 0 END AS used
  FROM pending p LEFT JOIN first f ON f.id = p.id AND f.name = p.name
  WHERE f.t IS NULL OR f.t > p.due
)
SELECT l.domain AS resource,
       l.tbs_key AS key,
       CASE WHEN l.used = 1 THEN 'fail' ELSE 'review' END AS status,
       'absence' AS basis,
       'The certificate for ' || l.name || ' should have been replaced ' || ((l.not_after - l.due) / 86400000) || ' days before its end, '
         || CASE WHEN l.t IS NULL THEN 'and no other one was seen'
                 WHEN l.t > l.not_after THEN 'and was replaced ' || ((l.t - l.not_after) / 3600000) || ' hours after it'
                 ELSE 'and was replaced ' || ((l.not_after - l.t) / 3600000) || ' hours before it' END
         || CASE WHEN l.used = 1 THEN '.' ELSE '; whether the name is in use is not known.' END AS reason,
       'certificate' AS ref_table,
       l.id AS ref_id,
       l.due AS observed_at
FROM late l
WHERE l.used < 2;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1
UNION ALL
-- that nothing took its place can be said only where the logs were read since it was issued
SELECT p.domain, 'ct', p.domain, p.logged_ms, p.due, 'asserted'
FROM (SELECT cd.domain, c.id, c.logged_ms, c.not_after, n.name, n.base,
             c.not_after - CASE WHEN (c.not_after - c.not_before) / :part < :lead THEN (c.not_after - c.not_before) / :part ELSE :lead END AS due
      FROM certificate c
      JOIN certificate_domain cd ON cd.certificate_id = c.id
      JOIN certificate_name n ON n.id = cd.name_id
      JOIN domain d ON d.name = cd.domain AND d.in_scope = 1) p
WHERE p.due >= :period_start AND p.due < :period_end AND p.due <= :as_of
  AND NOT EXISTS (SELECT 1 FROM certificate_name m JOIN certificate s ON s.id = m.certificate_id
                  WHERE m.base = p.base AND m.name = p.name AND s.not_after > p.not_after AND s.logged_ms <= p.due)
GROUP BY p.domain, p.id, p.logged_ms, p.due;
