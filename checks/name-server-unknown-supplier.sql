/*
id: name-server-unknown-supplier
title: Zones are served by suppliers that we know
severity: high
resource: zone
answers: [P20, P35, P52, P84]
why: Whoever serves a zone can answer anything in its name. A name server of somebody who stands in no list is a gift or a theft.
remedy: Find out who runs the server and who chose it. Add them to the suppliers with the names of their servers, or take the record away.
false-positives: A supplier that uses new names for its servers.
*/
WITH server AS MATERIALIZED (
  SELECT r.id, r.zone, r.owner, r.valid_from, r.at_start,
         lower(CASE WHEN substr(r.rdata, length(r.rdata), 1) = '.' THEN substr(r.rdata, 1, length(r.rdata) - 1) ELSE r.rdata END) AS target
  FROM record r
  WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND r.type = 'NS' AND r.valid_to > :period_start AND r.valid_from < :period_end
), known AS (
  SELECT s.id, MIN(CASE WHEN n.recorded_at = b.t THEN -9223372036854775807 ELSE n.recorded_at END) AS since
  FROM server s
  JOIN supplier_name n ON n.kind = 'name-server'
       AND ((n.suffix = '' AND n.name = s.target)
            OR (n.suffix <> '' AND length(s.target) > length(n.suffix) AND substr(s.target, length(s.target) - length(n.suffix) + 1) = n.suffix))
  CROSS JOIN inventory_begun b
  GROUP BY s.id
), ours AS (
  -- names of our own domains: servers that we run
  SELECT DISTINCT s.id FROM server s JOIN domain d ON d.in_scope = 1 AND substr('.' || s.target, length(s.target) - length(d.name) + 1) = '.' || d.name
)
SELECT s.zone AS resource,
       s.owner || ' ' || s.target || ' ' || s.valid_from AS key,
       CASE WHEN k.since IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       s.owner || ' was served by ' || s.target
         || CASE WHEN k.since IS NULL THEN ', which belongs to no supplier of the inventory and to none of our domains.'
                 ELSE '; its supplier was recorded only ' || ((k.since - s.valid_from + 59999) / 60000) || ' minutes later.' END AS reason,
       'record' AS ref_table,
       s.id AS ref_id,
       s.valid_from AS observed_at
FROM server s
LEFT JOIN known k ON k.id = s.id
WHERE s.id NOT IN (SELECT o.id FROM ours o)
  AND EXISTS (SELECT 1 FROM supplier_name n WHERE n.kind = 'name-server')
  AND (k.since IS NULL
       -- what came while it was not recorded yet
       OR (s.at_start = 0 AND s.valid_from >= :period_start AND k.since > s.valid_from))
UNION ALL
SELECT DISTINCT d.zone, '', 'not-applicable', 'presence', 'The inventory names no supplier with name servers.', NULL, CAST(NULL AS BIGINT), :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND NOT EXISTS (SELECT 1 FROM supplier_name n WHERE n.kind = 'name-server');

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND EXISTS (SELECT 1 FROM supplier_name n WHERE n.kind = 'name-server')
UNION ALL
SELECT DISTINCT d.zone, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND NOT EXISTS (SELECT 1 FROM supplier_name n WHERE n.kind = 'name-server');
