/*
id: caa-wildcard-explicit
title: CAA sets say apart who may issue wildcards
severity: low
resource: zone
answers: [P69]
why: A certificate for all names below one is worth more to a thief. Where nothing is said of wildcards, all who may issue at all may issue them.
remedy: 'Add "issuewild" with the issuer that is to make wildcards, or with ";" where there are to be none.'
*/
SELECT p.zone AS resource, p.owner AS key, 'review' AS status, 'presence' AS basis,
       'The CAA set of ' || p.owner || ' does not say who may issue wildcards: all do who may issue for names.' AS reason,
       p.ref_table, MIN(p.ref_id) AS ref_id, MIN(p.t) AS observed_at
FROM caa_stood p
WHERE p.tag IN ('issue', 'issuewild')
GROUP BY p.zone, p.owner, p.ref_table
-- where nobody may issue, nobody may issue wildcards
HAVING SUM(CASE WHEN p.tag = 'issuewild' THEN 1 ELSE 0 END) = 0 AND MAX(p.issuer) <> ''
UNION ALL
SELECT DISTINCT n.zone, '', 'not-applicable', 'presence', 'There is no CAA set: caa-present says so.', NULL, CAST(NULL AS BIGINT), :as_of
FROM caa_need n
WHERE n.zone NOT IN (SELECT s.zone FROM caa_stood s);

-- population
SELECT n.zone AS resource, n.evidence, n.scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade FROM caa_need n;
