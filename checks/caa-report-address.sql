/*
id: caa-report-address
title: CAA sets say where issuers report refused requests
severity: low
resource: zone
why: A request that an issuer refused because of CAA is an attempt that nobody else sees.
remedy: Add "iodef" with an address that somebody reads, mailto:security@ or https.
false-positives: Issuers may report, few do.
*/
WITH stood AS (
  -- in force at the end
  SELECT p.*, CASE WHEN p.valid_from < :period_start THEN :period_start ELSE p.valid_from END AS t
  FROM caa_property p
  WHERE p.taken_from <= :period_start AND p.taken_to > :period_start AND p.valid_from < :period_end
    -- answers count until the period ends: what is spoken for may be the moment before the last one came
    AND (p.valid_from < :as_of OR p.evidence = 'dns-live') AND (p.valid_to >= :period_end OR p.valid_to >= :as_of AND p.evidence = 'zone-changes')
)
SELECT p.zone AS resource, p.owner AS key, 'review' AS status, 'presence' AS basis,
       'The CAA set of ' || p.owner || ' does not say where refused requests are reported (iodef).' AS reason,
       p.ref_table, MIN(p.ref_id) AS ref_id, MIN(p.t) AS observed_at
FROM stood p
GROUP BY p.zone, p.owner, p.ref_table
HAVING SUM(CASE WHEN p.tag = 'iodef' AND (lower(substr(p.value, 1, 7)) IN ('mailto:', 'http://') OR lower(substr(p.value, 1, 8)) = 'https://') THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT DISTINCT z.zone, '', 'not-applicable', 'presence', 'There is no CAA set: caa-present says so.', NULL, NULL, :as_of
FROM caa_zone z
WHERE z.zone NOT IN (SELECT s.zone FROM stood s);

-- population
SELECT z.zone AS resource, z.evidence, z.zone AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM caa_zone z
WHERE z.taken_from <= :period_start AND z.taken_to > :period_start
UNION ALL
-- asked, and never told
SELECT z.zone, z.evidence, 'CAA of ' || z.zone, :period_start, :period_end, 'sampled'
FROM caa_zone z
WHERE z.taken_from <= :period_start AND z.taken_to > :period_start AND z.evidence = 'dns-live'
  AND z.zone NOT IN (SELECT l.zone FROM caa_look l WHERE l.t >= :period_start AND l.t < :period_end);
