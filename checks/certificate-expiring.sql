/*
id: certificate-expiring
title: No certificate in use runs out without another one
severity: high
resource: domain
answers: [P13, P30, P44, P50]
why: When a certificate in use runs out, the service stops for everybody who checks it.
remedy: Renew it now, and install the new one. Then find out why the automation did not.
false-positives: >-
  A name that is served with a certificate of a private authority, or that was given up without its records being taken away.
params:
  within: {type: duration, default: 14d, meaning: "certificates that end within this time from as-of"}
  part: {type: int, default: 3, meaning: "or within this part of their lifetime, 3 for a third, whichever is less"}
  recent: {type: duration, default: 7d, meaning: "an end point that presented it this recently uses it"}
*/
WITH asked AS (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, c.not_after, n.name, n.base,
         CASE WHEN (c.not_after - c.not_before) / :part < :within THEN (c.not_after - c.not_before) / :part ELSE :within END AS least
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  -- nobody renews what was revoked
  WHERE NOT EXISTS (SELECT 1 FROM revocation r WHERE r.serial = c.serial AND r.issuer_key_hash = c.issuer_key_hash AND r.state = 'revoked')
), pending AS MATERIALIZED (
  SELECT a.* FROM asked a WHERE a.not_after >= :as_of AND a.not_after - :as_of < a.least AND a.logged_ms <= :as_of
), star AS MATERIALIZED (
  -- a wildcard one label above the name holds it as well
  SELECT p.base, w.base AS above
  FROM (SELECT DISTINCT base FROM pending) p
  JOIN (SELECT DISTINCT base FROM certificate_name WHERE wildcard = 1) w
    ON substr(p.base, length(p.base) - length(w.base)) = '.' || w.base
   AND replace(substr(p.base, 1, length(p.base) - length(w.base) - 1), '.', '') = substr(p.base, 1, length(p.base) - length(w.base) - 1)
), heir AS (
  SELECT p.id || ' ' || p.name AS what
  FROM pending p
  JOIN certificate_name m ON m.base = p.base AND m.name = p.name
  JOIN certificate s ON s.id = m.certificate_id AND s.not_after > p.not_after AND s.logged_ms <= :as_of
  UNION ALL
  SELECT p.id || ' ' || p.name AS what
  FROM pending p
  JOIN star t ON t.base = p.base AND p.name = p.base
  JOIN certificate_name m ON m.base = t.above AND m.wildcard = 1
  JOIN certificate s ON s.id = m.certificate_id AND s.not_after > p.not_after AND s.logged_ms <= :as_of
  UNION ALL
  -- one that no log shows, as those of a private authority: we hold it, or saw it presented
  SELECT p.id || ' ' || p.name
  FROM pending p
  JOIN held_name m ON m.base = p.base AND m.name = p.name
  JOIN held_certificate s ON s.id = m.held_id AND s.not_after > p.not_after AND s.first_ms <= :as_of
  UNION ALL
  SELECT p.id || ' ' || p.name
  FROM pending p
  JOIN endpoint e ON e.host = p.name AND e.name_match = 1 AND e.not_after > p.not_after AND e.t <= :as_of
), late AS (
  SELECT p.domain, p.id, p.tbs_key, p.logged_ms, p.not_after, p.name,
         CASE WHEN EXISTS (SELECT 1 FROM record r WHERE r.owner = p.name AND r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME')
                           AND r.valid_from <= :as_of AND r.valid_to > :as_of) THEN 1
              WHEN EXISTS (SELECT 1 FROM endpoint e WHERE e.tbs_key = p.tbs_key AND e.t > :as_of - :recent) THEN 1
              WHEN p.name IN (SELECT s.host FROM service s WHERE s.retired_ms IS NULL) THEN 1
              -- given up: its records are gone, or its service is
              WHEN EXISTS (SELECT 1 FROM record r WHERE r.owner = p.name AND r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') AND r.valid_to <= :as_of) THEN 2
              WHEN p.name IN (SELECT s.host FROM service s WHERE s.retired_ms IS NOT NULL) THEN 2
              ELSE 0 END AS used
  FROM pending p
  WHERE p.id || ' ' || p.name NOT IN (SELECT h.what FROM heir h)
)

-- findings
SELECT l.domain AS resource,
       l.tbs_key AS key,
       CASE WHEN l.used = 1 THEN 'fail' ELSE 'review' END AS status,
       'absence' AS basis,
       'The certificate for ' || l.name || ' ends in ' || ((l.not_after - :as_of) / 3600000) || ' hours, and no other one was seen'
         || CASE WHEN l.used = 1 THEN '.' ELSE '; whether the name is in use is not known.' END AS reason,
       'certificate' AS ref_table,
       l.id AS ref_id,
       l.not_after AS observed_at
FROM late l
WHERE l.used < 2;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1
UNION ALL
-- that nothing took its place can be said only where the logs were read since it was issued
SELECT l.domain, 'ct', l.domain, l.logged_ms, :as_of, 'asserted'
FROM late l
WHERE l.used < 2
GROUP BY l.domain, l.id, l.logged_ms;
