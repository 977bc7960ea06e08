/*
id: caa-report-address
title: CAA sets say where issuers report refused requests
severity: low
resource: zone
why: A request that an issuer refused because of CAA is an attempt that nobody else sees.
remedy: Add "iodef" with an address that somebody reads, mailto:security@ or https.
false-positives: Issuers may report, few do.
*/
SELECT p.zone AS resource, p.owner AS key, 'review' AS status, 'presence' AS basis,
       'The CAA set of ' || p.owner || ' does not say where refused requests are reported (iodef).' AS reason,
       p.ref_table, MIN(p.ref_id) AS ref_id, MIN(p.t) AS observed_at
FROM caa_stood p
GROUP BY p.zone, p.owner, p.ref_table
HAVING SUM(CASE WHEN p.tag = 'iodef' AND (lower(substr(p.value, 1, 7)) IN ('mailto:', 'http://') OR lower(substr(p.value, 1, 8)) = 'https://') THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT DISTINCT n.zone, '', 'not-applicable', 'presence', 'There is no CAA set: caa-present says so.', NULL, CAST(NULL AS BIGINT), :as_of
FROM caa_need n
WHERE n.zone NOT IN (SELECT s.zone FROM caa_stood s);

-- population
SELECT n.zone AS resource, n.evidence, n.scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade FROM caa_need n;
