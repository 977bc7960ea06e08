/*
id: dns-dangling-target
title: Names that records lead to exist and are served
severity: high
resource: zone
answers: [P39]
why: A record that leads to a name which nobody holds can be taken over by whoever registers or claims it, with mail, web site and certificates.
remedy: Take the record away, or the name that it leads to back.
false-positives: A target whose servers were out of reach during the look.
*/
WITH zones AS (
  SELECT DISTINCT COALESCE(d.zone, d.name) AS name FROM domain d
  WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start))
)

-- findings
SELECT a.zone AS resource,
       a.qname AS key,
       'fail' AS status,
       'presence' AS basis,
       'A record of the zone leads to ' || a.qname || ', which does not exist.' AS reason,
       'dns_answer' AS ref_table,
       MIN(a.id) AS ref_id,
       MIN(a.t) AS observed_at
FROM dns_answer a JOIN zones z ON z.name = a.zone
WHERE a.purpose = 'target' AND a.qtype <> 'TXT' AND a.outcome = 'NXDOMAIN' AND a.t >= :period_start AND a.t < :period_end
GROUP BY a.zone, a.qname
UNION ALL
SELECT a.zone, a.qname, 'review', 'presence', 'A record of the zone leads to ' || a.qname || ', and no server answered about it: ' || MIN(a.outcome) || '.',
       'dns_answer', MIN(a.id), MIN(a.t)
FROM dns_answer a JOIN zones z ON z.name = a.zone
WHERE a.purpose = 'target' AND a.qtype <> 'TXT' AND a.outcome <> 'no-route' AND a.t >= :period_start AND a.t < :period_end
GROUP BY a.zone, a.qname
HAVING SUM(CASE WHEN a.outcome IN ('NOERROR', 'NXDOMAIN') THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM zones);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM zones z
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM zones);
