/*
id: name-server-unknown-supplier
title: Zones are served by suppliers that we know
severity: high
resource: zone
answers: [P20, P35, P52, P84]
why: Whoever serves a zone can answer anything in its name. A name server of somebody who stands in no list is a gift or a theft.
remedy: Find out who runs the server and who chose it. Add them to the suppliers with the names of their servers, or take the record away.
false-positives: >-
  A supplier that uses new names for its servers. What the registry and the name servers themselves say counts beside what the zone holds.
*/
WITH RECURSIVE zones AS MATERIALIZED (
  SELECT DISTINCT d.zone AS name FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
)

-- findings
WITH states AS (
  SELECT s.id, s.domain AS zone, s.first_ms AS t, s.name_servers || ' ' AS rest
  FROM zones z
  JOIN domain_state s ON s.domain = z.name AND s.view = 'registry' AND s.change_ref IS NULL AND s.name_servers <> ''
       AND s.seen_ms >= :period_start AND s.first_ms < :period_end
), word(id, zone, t, host, rest) AS (
  SELECT s.id, s.zone, s.t, '', s.rest FROM states s
  UNION ALL
  SELECT w.id, w.zone, w.t, substr(w.rest, 1, instr(w.rest, ' ') - 1), substr(w.rest, instr(w.rest, ' ') + 1) FROM word w WHERE w.rest <> ''
), told AS (
  SELECT 'record' AS ref_table, r.id, r.zone, r.owner, r.valid_from, r.at_start, r.rdata AS host
  FROM zones z JOIN record r ON r.zone = z.name AND r.type = 'NS' AND r.valid_to > :period_start AND r.valid_from < :period_end
  UNION ALL
  SELECT 'domain_state', MIN(w.id), w.zone, w.zone, MIN(w.t), 1, w.host FROM word w WHERE w.host <> '' GROUP BY w.zone, w.host
  UNION ALL
  SELECT 'dns_answer_record', MIN(r.id), a.zone, a.zone, MIN(a.t), 1, r.rdata
  FROM zones z
  JOIN dns_answer a ON a.zone = z.name AND a.purpose IN ('delegation', 'ns') AND a.outcome = 'NOERROR' AND a.t >= :period_start AND a.t < :period_end
  JOIN dns_answer_record r ON r.answer_id = a.id AND r.type = 'NS' AND r.owner = a.zone
  GROUP BY a.zone, r.rdata
), server AS MATERIALIZED (
  SELECT t.*, lower(CASE WHEN substr(t.host, length(t.host), 1) = '.' THEN substr(t.host, 1, length(t.host) - 1) ELSE t.host END) AS target FROM told t
), target AS MATERIALIZED (
  SELECT DISTINCT s.target AS name FROM server s
), known AS (
  SELECT t.name, MIN(CASE WHEN n.recorded_at = b.t THEN -9223372036854775807 ELSE n.recorded_at END) AS since
  FROM target t
  JOIN supplier_name n ON n.kind = 'name-server'
       AND ((n.suffix = '' AND n.name = t.name)
            OR (n.suffix <> '' AND length(t.name) > length(n.suffix) AND substr(t.name, length(t.name) - length(n.suffix) + 1) = n.suffix))
  CROSS JOIN inventory_begun b
  GROUP BY t.name
), ours AS (
  -- names of our own domains: servers that we run
  SELECT DISTINCT t.name FROM target t JOIN domain d ON d.in_scope = 1 AND substr('.' || t.name, length(t.name) - length(d.name) + 1) = '.' || d.name
), strange AS (
  SELECT s.*, k.since, CASE s.ref_table WHEN 'record' THEN 1 WHEN 'domain_state' THEN 2 ELSE 3 END AS turn,
         MIN(CASE s.ref_table WHEN 'record' THEN 1 WHEN 'domain_state' THEN 2 ELSE 3 END) OVER (PARTITION BY s.zone, s.owner, s.target) AS first_turn
  FROM server s
  LEFT JOIN known k ON k.name = s.target
  WHERE s.target NOT IN (SELECT o.name FROM ours o)
    AND EXISTS (SELECT 1 FROM supplier_name n WHERE n.kind = 'name-server')
    AND (k.since IS NULL
         -- what came while it was not recorded yet
         OR (s.at_start = 0 AND s.valid_from >= :period_start AND k.since > s.valid_from))
)
SELECT s.zone AS resource,
       s.owner || ' ' || s.target || ' ' || s.valid_from AS key,
       CASE WHEN s.since IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE s.turn WHEN 1 THEN '' WHEN 2 THEN 'As its registry says, ' ELSE 'As servers answered, ' END || s.owner || ' was served by ' || s.target
         || CASE WHEN s.since IS NULL THEN ', which belongs to no supplier of the inventory and to none of our domains.'
                 ELSE '; its supplier was recorded only ' || ((s.since - s.valid_from + 59999) / 60000) || ' minutes later.' END AS reason,
       s.ref_table,
       s.id AS ref_id,
       s.valid_from AS observed_at
FROM strange s
-- each server once: as the zone holds it, else as the registry says, else as it was answered
WHERE s.turn = s.first_turn
UNION ALL
SELECT DISTINCT d.zone, '', 'not-applicable', 'presence', 'The inventory names no supplier with name servers.', NULL, CAST(NULL AS BIGINT), :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND NOT EXISTS (SELECT 1 FROM supplier_name n WHERE n.kind = 'name-server');

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND EXISTS (SELECT 1 FROM supplier_name n WHERE n.kind = 'name-server')
UNION ALL
-- this provider tells all records but the servers at the top: somebody else must
SELECT z.name, 'dns-live', 'name servers of ' || z.name, :period_start, :period_end, 'sampled'
FROM zone z JOIN source t ON t.name = z.source AND t.kind = 'cloudflare-zone'
WHERE z.name IN (SELECT x.name FROM zones x) AND EXISTS (SELECT 1 FROM supplier_name n WHERE n.kind = 'name-server')
  AND NOT EXISTS (SELECT 1 FROM record r WHERE r.owner = z.name AND r.type = 'NS' AND r.valid_to > :period_start AND r.valid_from < :period_end)
  AND NOT EXISTS (SELECT 1 FROM domain_state s WHERE s.domain = z.name AND s.view = 'registry' AND s.change_ref IS NULL AND s.name_servers <> ''
                  AND s.seen_ms >= :period_start AND s.first_ms < :period_end)
  AND NOT EXISTS (SELECT 1 FROM dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id AND r.type = 'NS' AND r.owner = a.zone
                  WHERE a.zone = z.name AND a.purpose IN ('delegation', 'ns') AND a.outcome = 'NOERROR' AND a.t >= :period_start AND a.t < :period_end)
UNION ALL
SELECT DISTINCT d.zone, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND NOT EXISTS (SELECT 1 FROM supplier_name n WHERE n.kind = 'name-server');
