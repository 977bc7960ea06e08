/*
id: certificate-without-owner
title: Every certificate has an owner
severity: medium
resource: domain
answers: [P03, P28, P30, P35]
why: A certificate that nobody owns is renewed, replaced and revoked by nobody.
remedy: Declare an owner for the domain, or for the service that runs under the name.
false-positives: None known; "unknown" counts as no owner.
*/
WITH unowned AS (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, n.id AS name_id, n.name, n.base
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
    AND (d.owner IS NULL OR trim(d.owner) = '' OR lower(trim(d.owner)) = 'unknown')
), tree AS MATERIALIZED (
  SELECT s.host FROM service s
  WHERE substr(s.host, 1, 2) = '*.' AND s.owner IS NOT NULL AND trim(s.owner) <> '' AND lower(trim(s.owner)) <> 'unknown'
), served AS (
  SELECT u.name_id
  FROM unowned u
  JOIN service s ON s.host = u.name
  WHERE s.owner IS NOT NULL AND trim(s.owner) <> '' AND lower(trim(s.owner)) <> 'unknown'
  UNION
  -- a service for '*.x' serves every name below x
  SELECT u.name_id
  FROM unowned u
  JOIN tree s ON length(u.base) > length(s.host) - 1
             AND substr(u.base, length(u.base) - length(s.host) + 2) = substr(s.host, 2)
)
SELECT u.domain AS resource,
       u.tbs_key AS key,
       'fail' AS status,
       'presence' AS basis,
       'A certificate for ' || u.name || ' was logged, and neither the domain nor a service under that name has an owner.' AS reason,
       'certificate' AS ref_table,
       u.id AS ref_id,
       u.logged_ms AS observed_at
FROM unowned u
WHERE u.name_id NOT IN (SELECT name_id FROM served);

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
