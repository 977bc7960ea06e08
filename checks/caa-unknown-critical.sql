/*
id: caa-unknown-critical
title: CAA sets hold nothing that issuers cannot read
severity: medium
resource: zone
answers: [P44]
why: >-
  A critical property that an issuer does not know forbids it to issue, and an issuer's name that breaks the grammar permits nobody. One slip of the pen, and the
  next renewal fails everywhere.
remedy: Correct the tag or the value, or take the critical flag away. The flag is 128; 1 is nothing.
*/
SELECT p.zone AS resource, p.owner || ' ' || p.flags || ' ' || p.tag AS key,
       CASE WHEN p.flags >= 128 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN p.flags >= 128 THEN 'The CAA set of ' || p.owner || ' has the critical property "' || p.tag || '", which issuers do not know: none may issue.'
            WHEN p.tag = '' THEN 'A CAA record of ' || p.owner || ' cannot be read: ' || MIN(p.value)
            WHEN p.flags = 1 THEN 'A CAA record of ' || p.owner || ' has flag 1, which means nothing: critical is 128.'
            ELSE 'The CAA set of ' || p.owner || ' has a property "' || p.tag || '", which issuers do not know and pass over.' END AS reason,
       p.ref_table, MIN(p.ref_id) AS ref_id, MIN(p.t) AS observed_at
FROM caa_stood p
WHERE p.flags = 1 OR p.known = 0
GROUP BY p.zone, p.owner, p.flags, p.tag, p.ref_table
UNION ALL
SELECT p.zone, p.owner || ' ' || p.tag || ' ' || p.value, 'review', 'presence',
       'A CAA record of ' || p.owner || ' breaks the grammar, so it permits nobody (RFC 8659, 4.2): ' || p.tag || ' "' || p.value || '".', p.ref_table, p.ref_id, p.t
FROM caa_stood p
-- nobody by name is nothing, or a semicolon
WHERE p.tag IN ('issue', 'issuewild') AND p.issuer = '' AND substr(ltrim(p.value), 1, 1) NOT IN ('', ';')
UNION ALL
SELECT DISTINCT n.zone, '', 'not-applicable', 'presence', 'There is no CAA set: caa-present says so.', NULL, CAST(NULL AS BIGINT), :as_of
FROM caa_need n
WHERE n.zone NOT IN (SELECT s.zone FROM caa_stood s);

-- population
SELECT n.zone AS resource, n.evidence, n.scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade FROM caa_need n;
