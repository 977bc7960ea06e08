/*
id: credential-outlives-certificate
title: Keys for challenges end with their certificates
severity: medium
resource: credential
answers: [P06, P08, P15, P26, P67]
why: >-
  When nobody renews a certificate any more, the key that could prove control over its name has no job left. Whoever finds it can get a new certificate.
remedy: Take the key away on the server, and say in the inventory since when.
false-positives: A certificate of a private authority that nobody collects; a service that is being moved.
params:
  grace: {type: duration, default: 7d, meaning: "how long after the end of the last certificate the key may stay"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
)

-- findings
WITH acme AS (
  -- in force, in use, and for challenges alone
  SELECT s.credential, MIN(s.id) AS scope_id
  FROM credential_scope s LEFT JOIN credential k ON k.id = s.credential CROSS JOIN at a
  WHERE s.withdrawn_at > a.t AND s.recorded_at <= a.t AND (k.retired_ms IS NULL OR k.retired_ms > a.t)
  GROUP BY s.credential
  HAVING SUM(CASE WHEN s.type = 'TXT' AND substr(s.owner, 1, 16) = '_acme-challenge.' AND s.suffix = '' THEN 0 ELSE 1 END) = 0
), names AS (
  SELECT c.credential, c.scope_id, substr(s.owner, 17) AS base
  FROM acme c JOIN credential_scope s ON s.credential = c.credential CROSS JOIN at a
  WHERE s.withdrawn_at > a.t AND s.recorded_at <= a.t
), seen AS (
  SELECT n.credential, c.not_after, c.id
  FROM names n JOIN certificate_name m ON m.base = n.base JOIN certificate c ON c.id = m.certificate_id CROSS JOIN at a
  WHERE c.logged_ms < a.t
  UNION ALL
  SELECT n.credential, h.not_after, NULL
  FROM names n JOIN held_name m ON m.base = n.base JOIN held_certificate h ON h.id = m.held_id CROSS JOIN at a
  WHERE h.first_ms < a.t
), last AS (
  SELECT s.credential, MAX(s.not_after) AS t, COUNT(*) AS n FROM seen s GROUP BY s.credential
)
SELECT c.credential AS resource,
       '' AS key,
       'fail' AS status,
       'absence' AS basis,
       'The last of ' || l.n || ' certificates for its names ended ' || ((a.t - l.t) / 86400000) || ' days before, and the key is still declared and in use.' AS reason,
       'credential_scope' AS ref_table,
       c.scope_id AS ref_id,
       l.t AS observed_at
FROM acme c JOIN last l ON l.credential = c.credential CROSS JOIN at a
WHERE l.t + :grace < a.t
UNION ALL
SELECT k.id, 'workload', 'fail', 'presence', 'Its service ' || v.name || ' was taken out of use, and the key was not.', 'service', v.rowid, v.retired_ms
FROM credential k JOIN service v ON v.name = k.workload CROSS JOIN at a
WHERE v.retired_ms < a.t - :grace AND (k.retired_ms IS NULL OR k.retired_ms > a.t)
UNION ALL
SELECT c.credential, '', 'not-applicable', 'presence', 'No certificate for its names is known.', NULL, NULL, :as_of
FROM acme c
WHERE c.credential NOT IN (SELECT l.credential FROM last l)
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential is declared for challenges alone, or for a service.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM acme) = 0 AND (SELECT COUNT(*) FROM credential k JOIN service v ON v.name = k.workload) = 0;

-- population
WITH acme AS (
  SELECT s.credential
  FROM credential_scope s LEFT JOIN credential k ON k.id = s.credential CROSS JOIN at a
  WHERE s.withdrawn_at > a.t AND s.recorded_at <= a.t AND (k.retired_ms IS NULL OR k.retired_ms > a.t)
  GROUP BY s.credential
  HAVING SUM(CASE WHEN s.type = 'TXT' AND substr(s.owner, 1, 16) = '_acme-challenge.' AND s.suffix = '' THEN 0 ELSE 1 END) = 0
)
-- that there is no later certificate can be said only where the logs were read
SELECT DISTINCT c.credential AS resource, CASE WHEN d.name IS NOT NULL THEN 'ct' END AS evidence, d.name AS scope, :period_start AS need_from,
       CASE WHEN d.name IS NOT NULL THEN :period_end ELSE :period_start END AS need_to, CASE WHEN d.name IS NOT NULL THEN 'asserted' END AS grade
FROM acme c
JOIN credential_scope s ON s.credential = c.credential
LEFT JOIN domain d ON d.in_scope = 1
                  AND (d.name = substr(s.owner, 17)
                       OR (length(s.owner) - 16 > length(d.name) AND substr(s.owner, length(s.owner) - length(d.name)) = '.' || d.name))
UNION ALL
SELECT k.id, NULL, NULL, :period_start, :period_start, NULL
FROM credential k JOIN service v ON v.name = k.workload
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM acme) = 0 AND (SELECT COUNT(*) FROM credential k JOIN service v ON v.name = k.workload) = 0;
