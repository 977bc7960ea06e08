/*
id: challenge-delegated
title: Challenges are delegated only to where they should be
severity: high
resource: zone
answers: [P52, P22]
why: Whoever holds the name that _acme-challenge leads to can get certificates for ours.
remedy: >-
  Take the alias away, or let it lead to a zone of your own that is used for nothing else; put that zone into the inventory. A third party that
  gets certificates for us belongs among the suppliers (target).
false-positives: A service of your choice that gets certificates for you and that is no recorded supplier.
*/
WITH RECURSIVE alias AS (
  SELECT a.zone, r.owner, r.rdata, MIN(r.id) AS id, MIN(a.t) AS t
  FROM probed_zone z CROSS JOIN dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id
  WHERE a.zone = z.name AND a.purpose = 'challenge' AND r.section = 'answer' AND r.type = 'CNAME' AND r.owner = a.qname AND a.t >= :period_start AND a.t < :period_end
  GROUP BY a.zone, r.owner, r.rdata
),
-- the target and every name above it
up (id, name) AS (
  SELECT x.id, substr(x.rdata, 1, length(x.rdata) - 1) FROM alias x
  UNION
  SELECT u.id, substr(u.name, instr(u.name, '.') + 1) FROM up u WHERE instr(u.name, '.') > 0
), ours AS (
  SELECT DISTINCT u.id FROM up u JOIN domain d ON d.name = u.name AND d.in_scope = 1
), supplied AS (
  -- a third party that gets certificates for us
  SELECT DISTINCT x.id FROM alias x
  JOIN supplier_name s ON s.kind = 'target' AND (s.name || '.' = x.rdata
                          OR (s.suffix <> '' AND substr(x.rdata, length(x.rdata) - length(s.suffix)) = s.suffix || '.'))
),
target AS (
  SELECT a.id, a.zone, a.qname || '.' AS name, a.outcome,
         CASE WHEN EXISTS (SELECT 1 FROM dns_answer_record r WHERE r.answer_id = a.id AND r.type = 'SOA' AND r.section = 'authority'
                           AND replace(r.owner, '.', '') = r.owner) THEN 1 WHEN EXISTS (SELECT 1 FROM dns_answer_record r WHERE r.answer_id = a.id
                           AND r.type = 'SOA' AND r.owner = '.') THEN 1 ELSE 0 END AS top
  FROM probed_zone z CROSS JOIN dns_answer a
  WHERE a.zone = z.name AND a.purpose = 'target' AND a.qtype = 'TXT' AND a.outcome <> 'no-route' AND a.t >= :period_start AND a.t < :period_end
), verdict AS (
  SELECT g.zone, g.name, MAX(CASE WHEN g.outcome = 'NXDOMAIN' AND g.top = 1 THEN 1 ELSE 0 END) AS nobody,
         MAX(CASE WHEN g.outcome IN ('NOERROR', 'NXDOMAIN') THEN 1 ELSE 0 END) AS answered
  FROM target g
  GROUP BY g.zone, g.name
)
SELECT x.zone AS resource,
       'nobody ' || x.owner AS key,
       'fail' AS status,
       'presence' AS basis,
       x.owner || ' leads to ' || x.rdata || ', whose domain is not registered.' AS reason,
       'dns_answer_record' AS ref_table,
       x.id AS ref_id,
       x.t AS observed_at
FROM alias x JOIN verdict g ON g.zone = x.zone AND g.name = x.rdata
WHERE g.nobody = 1
UNION ALL
SELECT x.zone, 'lame ' || x.owner, 'fail', 'presence', x.owner || ' leads to ' || x.rdata || ', and no server answers for that.',
       'dns_answer_record', x.id, x.t
FROM alias x JOIN verdict g ON g.zone = x.zone AND g.name = x.rdata
WHERE g.answered = 0
UNION ALL
SELECT x.zone, 'foreign ' || x.owner, 'review', 'presence', x.owner || ' leads to ' || x.rdata || ', which is neither ours nor a supplier''s.',
       'dns_answer_record', x.id, x.t
FROM alias x
WHERE x.id NOT IN (SELECT o.id FROM ours o) AND x.id NOT IN (SELECT s.id FROM supplied s)
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'challenges of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z
WHERE EXISTS (SELECT 1 FROM dns_answer a WHERE a.zone = z.name AND a.t >= :period_start AND a.t < :period_end AND a.purpose = 'challenge')
  AND NOT EXISTS (SELECT 1 FROM dns_answer a WHERE a.zone = z.name AND a.t >= :period_start AND a.t < :period_end AND a.purpose = 'challenge' AND a.outcome IN ('NOERROR', 'NXDOMAIN'))
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
