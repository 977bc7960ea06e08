/*
id: dns-dangling-target
title: Names that records lead to exist and are served
severity: high
resource: zone
answers: [P39]
why: A record that leads to a name which nobody holds can be taken over by whoever registers or claims it, with mail, web site and certificates.
remedy: Take the record away, or the name that it leads to back.
false-positives: >-
  A target whose servers were out of reach during the look. Asked are the name servers, the mail servers and the declared services of a zone;
  aliases at other names are not.
params:
  silent: {type: duration, default: 3d, meaning: "how long no server of a target that was served before may answer about it"}
*/
WITH asked AS (
  SELECT a.id, a.zone, a.qname, a.outcome, a.t
  FROM probed_zone z CROSS JOIN dns_answer a
  WHERE a.zone = z.name AND a.purpose = 'target' AND a.qtype <> 'TXT' AND a.outcome <> 'no-route' AND a.t >= :period_start AND a.t < :period_end
), told AS (
  SELECT a.zone, a.qname, MAX(a.t) AS t FROM asked a WHERE a.outcome IN ('NOERROR', 'NXDOMAIN') GROUP BY a.zone, a.qname
), quiet AS (
  -- since then
  SELECT a.zone, a.qname, d.t AS told, MIN(a.outcome) AS outcome, MIN(a.id) AS id, MIN(a.t) AS first, MAX(a.t) AS last
  FROM asked a LEFT JOIN told d ON d.zone = a.zone AND d.qname = a.qname
  WHERE d.t IS NULL OR a.t > d.t
  GROUP BY a.zone, a.qname, d.t
)
SELECT a.zone AS resource,
       a.qname AS key,
       'fail' AS status,
       'presence' AS basis,
       'A record of the zone leads to ' || a.qname || ', which does not exist.' AS reason,
       'dns_answer' AS ref_table,
       MIN(a.id) AS ref_id,
       MIN(a.t) AS observed_at
FROM asked a
WHERE a.outcome = 'NXDOMAIN'
GROUP BY a.zone, a.qname
UNION ALL
SELECT q.zone, q.qname, 'review', 'presence',
       'A record of the zone leads to ' || q.qname || ', and no server answered about it: ' || q.outcome
         || CASE WHEN q.told IS NULL THEN '.' ELSE ', for ' || ((q.last - q.first) / 86400000) || ' days (a finding from ' || (:silent / 86400000) || ' on).' END,
       'dns_answer', q.id, q.first
FROM quiet q
WHERE q.told IS NULL OR q.last - q.first >= :silent
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
