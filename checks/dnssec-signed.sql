/*
id: dnssec-signed
title: Zones that are to be signed are signed, and their parents say so
severity: high
resource: zone
answers: [P70]
why: >-
  A zone with keys and no DS at its parent is signed for nobody. A DS above a zone without keys takes the zone away from everybody whose
  resolver validates. Either half is worse than it looks.
remedy: Sign the zone first, see that all servers answer with the keys, then give the DS to the registrar; to stop signing, the other way round.
false-positives: A zone that is being signed, for as long as `settle` allows.
params:
  look: {type: duration, default: 6h, meaning: "how long after the parent's answer those of the servers belong to the same look"}
  settle: {type: duration, default: 7d, meaning: "how long a zone may have keys and no DS while it is being signed"}
*/
WITH above AS (
  SELECT a.id, a.zone, a.t, CASE WHEN EXISTS (SELECT 1 FROM dns_answer_record r WHERE r.answer_id = a.id AND r.section = 'answer' AND r.type = 'DS'
                                              AND r.owner = a.zone) THEN 1 ELSE 0 END AS has
  FROM probed_zone z CROSS JOIN dns_answer a
  WHERE a.zone = z.name AND a.purpose = 'ds' AND a.outcome IN ('NOERROR', 'NXDOMAIN') AND a.t >= :period_start AND a.t < :period_end
), below AS (
  SELECT a.id, a.zone, a.t, a.server, CASE WHEN EXISTS (SELECT 1 FROM dns_answer_record r WHERE r.answer_id = a.id AND r.section = 'answer' AND r.type = 'DNSKEY'
                                                        AND r.owner = a.zone) THEN 1 ELSE 0 END AS has
  FROM probed_zone z CROSS JOIN dns_answer a
  WHERE a.zone = z.name AND a.purpose = 'dnskey' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t >= :period_start AND a.t < :period_end
), paired AS (
  -- each answer of a server with the newest of the parent before it
  SELECT b.id, b.zone, b.t, b.server, b.has AS key, (SELECT MAX(p.t) FROM dns_answer p WHERE p.zone = b.zone AND p.purpose = 'ds' AND p.outcome IN ('NOERROR', 'NXDOMAIN')
                                                     AND p.t <= b.t AND p.t > b.t - :look) AS at
  FROM below b
), seen AS (
  SELECT q.id, q.zone, q.t, q.server, q.key, MAX(p.has) AS ds FROM paired q JOIN above p ON p.zone = q.zone AND p.t = q.at GROUP BY q.id, q.zone, q.t, q.server, q.key
), island AS (
  SELECT s.zone, MAX(s.t) AS last_t FROM seen s WHERE s.key = 1 AND s.ds = 0 GROUP BY s.zone
), since AS (
  SELECT i.zone, i.last_t, MIN(s.t) AS t,
         MIN(s.id) AS id
  FROM island i JOIN seen s ON s.zone = i.zone AND s.key = 1 AND s.ds = 0
  WHERE s.t > COALESCE((SELECT MAX(p.t) FROM above p WHERE p.zone = i.zone AND p.has = 1 AND p.t <= i.last_t), -1) GROUP BY i.zone, i.last_t
), newest AS (
  SELECT s.zone, MAX(s.t) AS t FROM seen s GROUP BY s.zone
)
SELECT s.zone AS resource,
       'DS alone, ' || s.server AS key,
       'fail' AS status,
       'presence' AS basis,
       'The parent has a DS of the zone, and ' || s.server || ' answers that the zone has no keys.' AS reason,
       'dns_answer' AS ref_table,
       MIN(s.id) AS ref_id,
       MIN(s.t) AS observed_at
FROM seen s WHERE s.ds = 1 AND s.key = 0 GROUP BY s.zone, s.server
UNION ALL
SELECT i.zone, 'keys alone', CASE WHEN i.last_t - i.t >= :settle AND COALESCE(o.signed, 1) = 1 THEN 'fail' ELSE 'review' END, 'presence',
       'The zone has keys and its parent no DS, so it is signed for nobody: seen so for ' || ((i.last_t - i.t + 3599999) / 3600000) || ' hours (' || (:settle / 3600000) || ' are allowed).',
       'dns_answer', i.id, i.t
FROM since i LEFT JOIN owned_zone o ON o.name = i.zone
UNION ALL
SELECT s.zone, 'not signed', CASE WHEN o.signed = 1 THEN 'fail' ELSE 'review' END, 'presence',
       CASE WHEN o.signed = 1 THEN 'The zone is to be signed, and is not.' ELSE 'The zone is not signed, and nobody says whether it is to be (zones, signed).' END,
       'dns_answer', MIN(s.id), MIN(s.t)
FROM seen s LEFT JOIN owned_zone o ON o.name = s.zone
WHERE s.key = 0 AND s.ds = 0 AND (o.signed = 1 OR (o.signed IS NULL AND s.t = (SELECT n.t FROM newest n WHERE n.zone = s.zone)))
GROUP BY s.zone, o.signed
UNION ALL
SELECT n.zone, 'signed', 'review', 'presence', 'The zone is signed, though it is said not to be (zones, signed).', 'dns_answer', MIN(s.id), n.t
FROM newest n JOIN seen s ON s.zone = n.zone AND s.t = n.t AND s.key = 1 AND s.ds = 1 JOIN owned_zone o ON o.name = n.zone AND o.signed = 0
GROUP BY n.zone, n.t
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'keys of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'dnskey' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome = 'NOERROR' THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
