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
  slack: {type: duration, default: 7d, meaning: "how long after that the renewal may take, at most; or this part of that time, whichever is less: clients look once a day, and try again"}
*/
WITH timed AS (
  SELECT c.id, c.tbs_key, c.serial, c.issuer_key_hash, c.logged_ms, c.not_after,
         CASE WHEN (c.not_after - c.not_before) / :part < :lead THEN (c.not_after - c.not_before) / :part ELSE :lead END AS least
  FROM certificate c
), asked AS (
  -- a client begins when that much is left, and has some time to get there
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, c.not_after, n.name, n.base,
         c.not_after - c.least + CASE WHEN c.least / :part < :slack THEN c.least / :part ELSE :slack END AS due
  FROM timed c
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
  UNION ALL
  -- one that no log shows, as those of a private authority: we hold it, or saw it presented
  SELECT p.id, p.name, s.first_ms
  FROM pending p
  JOIN held_name m ON m.base = p.base AND m.name = p.name
  JOIN held_certificate s ON s.id = m.held_id AND s.not_after > p.not_after
  UNION ALL
  SELECT p.id, p.name, e.t
  FROM pending p
  JOIN endpoint e ON e.host = p.name AND e.name_match = 1 AND e.not_after > p.not_after
), first AS (
  SELECT h.id, h.name, MIN(h.logged_ms) AS t FROM heir h GROUP BY h.id, h.name
), late AS (
  SELECT p.domain, p.id, p.tbs_key, p.logged_ms, p.not_after, p.due, p.name, f.t,
         CASE WHEN EXISTS (SELECT 1 FROM record r WHERE r.owner = p.name AND r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME')
                           AND r.valid_from <= p.due AND r.valid_to > p.due) THEN 1
              WHEN EXISTS (SELECT 1 FROM endpoint e WHERE e.tbs_key = p.tbs_key AND e.t >= p.due) THEN 1
              WHEN p.name IN (SELECT s.host FROM service s WHERE s.retired_ms IS NULL) THEN 1
              -- given up: its records are gone, or its service is
              WHEN EXISTS (SELECT 1 FROM record r WHERE r.owner = p.name AND r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') AND r.valid_to <= p.due) THEN 2
              WHEN p.name IN (SELECT s.host FROM service s WHERE s.retired_ms IS NOT NULL) THEN 2
              ELSE 0 END AS used
  FROM pending p LEFT JOIN first f ON f.id = p.id AND f.name = p.name
  WHERE f.t IS NULL OR f.t > p.due
)

-- findings
SELECT l.domain AS resource,
       l.tbs_key AS key,
       CASE WHEN l.used = 1 THEN 'fail' ELSE 'review' END AS status,
       'absence' AS basis,
       'The certificate for ' || l.name || ' should have been replaced ' || ((l.not_after - l.due) / 86400000) || ' days before its end at the latest, '
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
SELECT l.domain, 'ct', l.domain, l.logged_ms, l.due, 'asserted'
FROM late l
WHERE l.used < 2
GROUP BY l.domain, l.id, l.logged_ms, l.due;
