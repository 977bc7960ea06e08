/*
id: inventory-tiers
title: Every domain has a tier
severity: low
resource: domain
answers: [P22, P36, P86]
why: Without a tier nobody knows which name must be looked after first, and how often it is reviewed.
remedy: Give the domain, or its zone, a tier in the inventory (critical, high, normal, low).
false-positives: None known.
*/
WITH named AS (
  SELECT d.name, d.rowid AS ref_id, COALESCE(d.tier, z.tier) AS tier
  FROM domain d LEFT JOIN owned_zone z ON z.name = d.zone
  WHERE d.in_scope = 1
)

-- findings
WITH stated AS (
  SELECT COUNT(n.tier) AS n, COUNT(*) AS total FROM named n
)
SELECT n.name AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       'No tier is stated for it or its zone; ' || s.n || ' of ' || s.total || ' domains have one.' AS reason,
       'domain' AS ref_table,
       n.ref_id AS ref_id,
       :as_of AS observed_at
FROM named n CROSS JOIN stated s
WHERE n.tier IS NULL AND s.n > 0
UNION ALL
SELECT 'domains', '', 'review', 'presence', CASE WHEN s.total = 1 THEN 'No tier is stated for the only domain.' ELSE 'No tier is stated for any of the ' || s.total || ' domains.' END, NULL, NULL, :as_of
FROM stated s
WHERE s.n = 0 AND s.total > 0;

-- population
SELECT n.name AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM named n
WHERE (SELECT COUNT(m.tier) FROM named m) > 0
UNION ALL
SELECT 'domains', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(m.tier) FROM named m) = 0 AND (SELECT COUNT(*) FROM named) > 0;
