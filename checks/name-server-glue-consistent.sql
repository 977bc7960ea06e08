/*
id: name-server-glue-consistent
title: The parent gives the addresses that the name servers have
severity: high
resource: zone
answers: [P75, P79]
why: >-
  Without glue a server inside the zone cannot be found, and with an old address it is found where somebody else may be by now. A resolver takes
  what the parent says.
remedy: Set the addresses of the name servers (host objects) at the registrar to those in the zone.
false-positives: A change of addresses under way; a parent that leaves out glue where an answer would become too long.
params:
  look: {type: duration, default: 6h, meaning: "how long after the parent's answer those of the servers belong to the same look"}
*/
WITH parent AS (
  SELECT a.id, a.zone, a.t, a.tc FROM probed_zone z CROSS JOIN dns_answer a
  WHERE a.zone = z.name AND a.purpose = 'delegation' AND a.outcome = 'NOERROR' AND a.t >= :period_start AND a.t < :period_end
), server AS (
  -- names inside the zone: nobody else can say where they are
  SELECT p.id AS answer_id, p.zone, p.t, p.tc, r.id, CASE WHEN substr(r.rdata, length(r.rdata), 1) = '.' THEN substr(r.rdata, 1, length(r.rdata) - 1) ELSE r.rdata END AS host
  FROM parent p JOIN dns_answer_record r ON r.answer_id = p.id AND r.section IN ('answer', 'authority') AND r.type = 'NS' AND r.owner = p.zone
), inside AS MATERIALIZED (
  SELECT s.* FROM server s
  WHERE s.host = s.zone OR substr(s.host, length(s.host) - length(s.zone)) = '.' || s.zone
), bare AS (
  SELECT i.zone, i.host, i.id, i.t FROM inside i
  WHERE i.tc = 0 AND NOT EXISTS (SELECT 1 FROM dns_answer_record g WHERE g.answer_id = i.answer_id AND g.section = 'additional' AND g.owner = i.host AND g.type IN ('A', 'AAAA'))
    -- a server that holds both zones answers with authority and need not add them
    AND NOT EXISTS (SELECT 1 FROM dns_answer_record g WHERE g.answer_id = i.answer_id AND g.section = 'answer')
), held AS MATERIALIZED (
  SELECT i.zone, i.answer_id, i.host, i.t, r.type, r.rdata, 'dns_answer_record' AS ref_table, r.id AS ref_id
  FROM inside i JOIN dns_answer c ON c.qname = i.host AND c.qtype IN ('A', 'AAAA') AND c.t >= i.t AND c.t < i.t + :look
    -- the name is the narrower way to them
    AND c.zone || ' ' || c.purpose = i.zone || ' glue' AND c.outcome = 'NOERROR' AND c.aa = 1
  JOIN dns_answer_record r ON r.answer_id = c.id AND r.section = 'answer' AND r.owner = i.host AND r.type IN ('A', 'AAAA')
  UNION
  SELECT i.zone, i.answer_id, i.host, i.t, r.type, r.rdata, 'record', r.id
  FROM inside i JOIN record r ON r.owner = i.host AND r.type IN ('A', 'AAAA') AND r.zone || '' = i.zone AND r.valid_from <= i.t AND r.valid_to > i.t
), known AS MATERIALIZED (
  -- addresses of that kind, or that there are none
  SELECT i.answer_id, i.host, c.qtype AS type
  FROM inside i JOIN dns_answer c ON c.qname = i.host AND c.qtype IN ('A', 'AAAA') AND c.t >= i.t AND c.t < i.t + :look
    AND c.zone || ' ' || c.purpose = i.zone || ' glue' AND c.outcome IN ('NOERROR', 'NXDOMAIN') AND c.aa = 1
  UNION
  SELECT h.answer_id, h.host, y.type FROM held h CROSS JOIN (SELECT 'A' AS type UNION ALL SELECT 'AAAA') y WHERE h.ref_table = 'record'
), glue AS MATERIALIZED (
  SELECT i.zone, i.answer_id, i.host, i.t, g.type, g.rdata, g.id
  FROM inside i JOIN dns_answer_record g ON g.answer_id = i.answer_id AND g.section = 'additional' AND g.owner = i.host AND g.type IN ('A', 'AAAA')
)
SELECT b.zone AS resource,
       'none ' || b.host AS key,
       'fail' AS status,
       'presence' AS basis,
       'The parent names ' || b.host || ', which lies in the zone, and gives no address of it.' AS reason,
       'dns_answer_record' AS ref_table, MIN(b.id) AS ref_id, MIN(b.t) AS observed_at
FROM bare b GROUP BY b.zone, b.host
UNION ALL
SELECT g.zone, 'old ' || g.host || ' ' || g.rdata, 'fail', 'presence', 'The parent gives ' || g.host || ' the address ' || g.rdata || ', the zone itself does not.',
       'dns_answer_record', MIN(g.id), MIN(g.t)
FROM glue g JOIN known k ON k.answer_id = g.answer_id AND k.host = g.host AND k.type = g.type
LEFT JOIN held h ON h.answer_id = g.answer_id AND h.host = g.host AND h.type = g.type AND h.rdata = g.rdata
WHERE h.rdata IS NULL
GROUP BY g.zone, g.host, g.rdata
UNION ALL
SELECT h.zone, 'lacks ' || h.host || ' ' || h.rdata, 'review', 'presence', 'The zone gives ' || h.host || ' the address ' || h.rdata || ', the parent does not.',
       -- the answer rather than what was read
       MIN(h.ref_table), COALESCE(MIN(CASE h.ref_table WHEN 'dns_answer_record' THEN h.ref_id END), MIN(h.ref_id)),
       MIN(h.t)
FROM held h
JOIN (SELECT DISTINCT g.answer_id, g.host FROM glue g) s ON s.answer_id = h.answer_id AND s.host = h.host
LEFT JOIN glue g ON g.answer_id = h.answer_id AND g.host = h.host AND g.type = h.type AND g.rdata = h.rdata
WHERE g.rdata IS NULL
GROUP BY h.zone, h.host, h.rdata
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'delegation of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'delegation' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome IN ('NOERROR', 'NXDOMAIN') THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
