/*
id: certificate-authority-known
title: Authorities that issue for us are recorded suppliers
severity: medium
resource: domain
answers: [P37, P84, P20]
why: An authority holds the trust in our names. One that nobody listed as a supplier is reviewed by nobody.
remedy: Record the authority as a supplier of kind ca with the organisation of its certificates, or stop using it.
false-positives: An authority that changed its name.
*/
WITH authority AS MATERIALIZED (
  SELECT n.name FROM supplier_name n JOIN supplier s ON s.name = n.supplier AND s.kind = 'ca' WHERE n.kind = 'issuer'
), issuers AS (
  SELECT DISTINCT c.issuer FROM certificate c
), known AS (
  -- by its whole name, or by its organisation
  SELECT i.issuer FROM issuers i JOIN authority a ON a.name = i.issuer OR replace(',' || i.issuer || ',', ',O=' || a.name || ',', '') <> ',' || i.issuer || ','
), unknown AS (
  SELECT cd.domain, c.issuer, MIN(c.id) AS id, MIN(c.logged_ms) AS t, COUNT(DISTINCT c.id) AS n
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end AND c.issuer NOT IN (SELECT k.issuer FROM known k)
  GROUP BY cd.domain, c.issuer
)
SELECT u.domain AS resource,
       u.issuer AS key,
       'fail' AS status,
       'presence' AS basis,
       u.n || ' certificates came from ' || u.issuer || ', which is no recorded supplier.' AS reason,
       'certificate' AS ref_table,
       u.id AS ref_id,
       u.t AS observed_at
FROM unknown u
WHERE EXISTS (SELECT 1 FROM authority)
UNION ALL
SELECT 'suppliers', '', 'review', 'presence', 'No authority is recorded as a supplier (kind ca, with the issuer as certificates name it).', 'domain', MIN(d.rowid), :as_of
FROM domain d
WHERE d.in_scope = 1 AND NOT EXISTS (SELECT 1 FROM authority)
HAVING COUNT(*) > 0;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM supplier_name n JOIN supplier s ON s.name = n.supplier AND s.kind = 'ca' WHERE n.kind = 'issuer')
UNION ALL
SELECT DISTINCT 'suppliers', NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND NOT EXISTS (SELECT 1 FROM supplier_name n JOIN supplier s ON s.name = n.supplier AND s.kind = 'ca' WHERE n.kind = 'issuer');
