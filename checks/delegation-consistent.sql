/*
id: delegation-consistent
title: Parent and child name the same servers, and each of them answers
severity: high
resource: zone
answers: [P79, P39]
why: A server that the parent names and that does not serve the zone makes names fail now and then, and somebody else may set one up in its place.
remedy: Give the registrar the servers and addresses that the zone itself names, and take those away that do not answer for it.
false-positives: A change of servers under way; what the parent says may be a day behind.
params:
  look: {type: duration, default: 6h, meaning: "how long after the parent's answer those of the servers belong to the same look"}
*/
WITH parent AS (
  SELECT a.id, a.zone, a.t, a.outcome FROM probed_zone z CROSS JOIN dns_answer a
  WHERE a.zone = z.name AND a.purpose = 'delegation' AND a.outcome IN ('NOERROR', 'NXDOMAIN') AND a.t >= :period_start AND a.t < :period_end
), child AS (
  SELECT a.id, a.zone, a.t FROM probed_zone z CROSS JOIN dns_answer a
  WHERE a.zone = z.name AND a.purpose = 'ns' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t >= :period_start AND a.t < :period_end
), above AS (SELECT p.id, p.zone, p.t, r.rdata, r.id AS record FROM parent p JOIN dns_answer_record r ON r.answer_id = p.id
          WHERE r.type = 'NS' AND r.owner = p.zone AND r.section IN ('answer', 'authority')), below AS (SELECT c.id, c.zone, c.t, r.rdata, r.id AS record FROM child c JOIN dns_answer_record r ON r.answer_id = c.id
          WHERE r.type = 'NS' AND r.owner = c.zone AND r.section = 'answer')
SELECT x.zone AS resource, 'parent ' || x.rdata AS key, 'fail' AS status, 'presence' AS basis,
       'The parent names ' || x.rdata || ', the zone itself does not.' AS reason,
       'dns_answer_record' AS ref_table, MIN(x.record) AS ref_id, MIN(x.t) AS observed_at
FROM above x JOIN dns_answer c ON c.zone = x.zone AND c.purpose = 'ns' AND c.outcome = 'NOERROR' AND c.aa = 1
  AND c.t >= x.t AND c.t < x.t + :look AND c.t < :period_end
  -- what an answer that was cut short does not hold says nothing
  AND c.tc = 0
WHERE NOT EXISTS (SELECT 1 FROM dns_answer_record y WHERE y.answer_id = c.id AND y.section = 'answer' AND y.type = 'NS' AND y.owner = c.zone
                  AND y.rdata = x.rdata)
GROUP BY x.zone, x.rdata
UNION ALL
SELECT y.zone, 'child ' || y.rdata, 'fail', 'presence', 'The zone names ' || y.rdata || ', its parent does not.',
       'dns_answer_record', MIN(y.record), MIN(y.t)
FROM below y JOIN dns_answer p ON p.zone = y.zone AND p.purpose = 'delegation' AND p.outcome = 'NOERROR'
  AND p.t <= y.t AND p.t > y.t - :look AND p.t >= :period_start AND p.tc = 0
WHERE NOT EXISTS (SELECT 1 FROM dns_answer_record x WHERE x.answer_id = p.id AND x.section IN ('answer', 'authority') AND x.type = 'NS'
                  AND x.owner = p.zone AND x.rdata = y.rdata)
GROUP BY y.zone, y.rdata
UNION ALL
SELECT p.zone, 'not delegated', 'fail', 'presence', 'The parent says that there is no such name.', 'dns_answer', p.id, p.t
FROM parent p
WHERE p.outcome = 'NXDOMAIN'
UNION ALL
SELECT a.zone, 'lame ' || a.server || ' ' || a.address,
       CASE WHEN a.outcome IN ('timeout', 'unreachable')
             AND EXISTS (SELECT 1 FROM dns_answer o WHERE o.zone = a.zone AND o.purpose = 'soa' AND o.address = a.address AND o.outcome = 'NOERROR'
                         AND o.aa = 1 AND o.t >= :period_start AND o.t < :period_end) THEN 'review' ELSE 'fail' END,
       'presence', a.server || ' (' || a.address || ') does not answer for the zone: '
         || CASE WHEN a.outcome = 'NOERROR' THEN 'not authoritative' ELSE a.outcome END || '.', 'dns_answer', a.id, a.t
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'soa' AND a.t >= :period_start AND a.t < :period_end AND a.outcome <> 'no-route' AND NOT (a.outcome = 'NOERROR' AND a.aa = 1)
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'the parent of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z
WHERE EXISTS (SELECT 1 FROM dns_answer a WHERE a.zone = z.name AND a.t >= :period_start AND a.t < :period_end AND a.purpose = 'delegation')
  AND NOT EXISTS (SELECT 1 FROM dns_answer a WHERE a.zone = z.name AND a.t >= :period_start AND a.t < :period_end AND a.purpose = 'delegation' AND a.outcome IN ('NOERROR', 'NXDOMAIN'))
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
