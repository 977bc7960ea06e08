/*
id: caa-wildcard-explicit
title: CAA sets say apart who may issue wildcards
severity: low
resource: zone
answers: [P69]
why: A certificate for all names below one is worth more to a thief. Where nothing is said of wildcards, all who may issue at all may issue them.
remedy: 'Add "issuewild" with the issuer that is to make wildcards, or with ";" where there are to be none.'
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
       'The CAA set of ' || p.owner || ' does not say who may issue wildcards: all do who may issue for names.' AS reason,
       p.ref_table, MIN(p.ref_id) AS ref_id, MIN(p.t) AS observed_at
FROM stood p
WHERE p.tag IN ('issue', 'issuewild')
GROUP BY p.zone, p.owner, p.ref_table
-- where nobody may issue, nobody may issue wildcards
HAVING SUM(CASE WHEN p.tag = 'issuewild' THEN 1 ELSE 0 END) = 0 AND MAX(p.issuer) <> ''
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
