/*
id: name-server-recursion
title: Name servers of zones do not resolve for others
severity: medium
resource: zone
answers: [P70]
why: >-
  A server that also resolves for anybody can be used to flood others, and its cache can be poisoned; what was put there then comes from the
  address that answers for our zone.
remedy: Turn recursion off on authoritative servers (recursion no), or run the resolver at another address for your own networks alone.
false-positives: The probe stands inside a network that may resolve.
*/
SELECT a.zone AS resource,
       a.server || ' ' || a.address AS key,
       CASE WHEN MAX(CASE WHEN a.outcome = 'NOERROR' THEN 1 ELSE 0 END) = 1 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       a.server || ' (' || a.address || ') offers to resolve for others'
         || CASE WHEN MAX(CASE WHEN a.outcome = 'NOERROR' THEN 1 ELSE 0 END) = 1 THEN ' and did.' ELSE ', but did not when it was asked.' END AS reason,
       'dns_answer' AS ref_table, MIN(a.id) AS ref_id, MIN(a.t) AS observed_at
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'recursion' AND a.ra = 1 AND a.t >= :period_start AND a.t < :period_end
GROUP BY a.zone, a.server, a.address
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'recursion of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'recursion' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome NOT IN ('timeout', 'unreachable', 'no-route', 'malformed') THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
