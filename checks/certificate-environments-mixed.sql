/*
id: certificate-environments-mixed
title: No certificate holds names of production and of test
severity: medium
resource: domain
answers: [P47, P63]
why: The key of such a certificate lies in a test system, where more people and less care are, and opens production.
remedy: Get one certificate for each environment, each with a key of its own, and revoke the common one.
false-positives: A name that the inventory puts into the wrong environment.
*/
WITH named AS (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, n.name, d.environment
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
), stated AS (
  -- what is said of the service beats what is said of the name, the longer name beats the shorter, the domain comes last
  SELECT b.name, s.environment, 1000 AS weight
  FROM (SELECT DISTINCT name FROM named) b JOIN service s ON s.host = b.name AND s.environment IS NOT NULL
  UNION ALL
  SELECT b.name, e.environment, CASE WHEN e.name = b.name THEN length(e.name) ELSE length(e.suffix) END
  FROM (SELECT DISTINCT name FROM named) b
  JOIN environment_name e ON e.name = b.name
                          OR (e.suffix <> '' AND substr(b.name, length(b.name) - length(e.suffix) + 1) = e.suffix)
  UNION ALL
  SELECT DISTINCT n.name, n.environment, 0 FROM named n WHERE n.environment IS NOT NULL
), best AS (
  SELECT s.name, MAX(s.weight) AS weight FROM stated s GROUP BY s.name
), placed AS (
  SELECT s.name, v.kind
  FROM best b
  JOIN stated s ON s.name = b.name AND s.weight = b.weight
  JOIN environment v ON v.name = s.environment
), mixed AS (
  SELECT n.id, n.tbs_key, n.logged_ms,
         MIN(CASE WHEN p.kind = 'production' THEN n.name END) AS production, MIN(CASE WHEN p.kind = 'test' THEN n.name END) AS test
  FROM named n JOIN placed p ON p.name = n.name
  GROUP BY n.id, n.tbs_key, n.logged_ms
)
SELECT n.domain AS resource,
       m.tbs_key AS key,
       'fail' AS status,
       'presence' AS basis,
       'A certificate holds ' || m.production || ', which is production, and ' || m.test || ', which is test.' AS reason,
       'certificate' AS ref_table,
       m.id AS ref_id,
       m.logged_ms AS observed_at
FROM mixed m JOIN named n ON n.id = m.id
WHERE m.production IS NOT NULL AND m.test IS NOT NULL
GROUP BY n.domain, m.tbs_key, m.production, m.test, m.id, m.logged_ms
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'The inventory states no environments.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND NOT EXISTS (SELECT 1 FROM environment);

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM environment)
UNION ALL
SELECT d.name, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND NOT EXISTS (SELECT 1 FROM environment);
