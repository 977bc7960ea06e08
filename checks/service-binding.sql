/*
id: service-binding
title: A service, its address, its certificate and what answers belong together
severity: medium
resource: service
answers: [P25, P27, P38, P40]
why: >-
  A service whose name leads to another address than ours, or that has a certificate and no address, was moved in one place and not in the
  other. So does a take-over begin.
remedy: Find out which side changed, and bring address, certificate and inventory together again.
false-positives: Addresses that a network makes up for each question; names that live on inside.
*/
WITH active AS (
  SELECT s.rowid AS row, s.name, s.host, d.name AS domain, d.zone, s.recorded_at
  FROM service s
  JOIN host_domain h ON h.host = s.host
  JOIN domain d ON d.name = h.domain
  WHERE s.retired_ms IS NULL AND substr(s.host, 1, 2) <> '*.'
    AND d.zone IN (SELECT x.scope FROM source_scope x WHERE x.evidence = 'zone-changes')
), address AS MATERIALIZED (
  SELECT a.name, r.type, r.rdata FROM active a JOIN record r ON r.owner = a.host AND r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME', 'PROXIED', 'ROUTED')
  WHERE r.valid_from <= :as_of AND r.valid_to > :as_of
), cut AS MATERIALIZED (
  SELECT DISTINCT r.owner, r.type FROM record r
  WHERE r.zone IN (SELECT a.zone FROM active a) AND r.type IN ('NS', 'DNAME') AND r.valid_from <= :as_of AND r.valid_to > :as_of
    AND (r.type = 'DNAME' OR r.owner NOT IN (SELECT x.scope FROM source_scope x WHERE x.evidence = 'zone-changes'))
), looked AS (
  SELECT a.name, e.id, e.address, e.t, ROW_NUMBER() OVER (PARTITION BY a.name, e.port, e.address ORDER BY e.t DESC, e.id DESC) AS nth
  FROM active a JOIN endpoint e ON e.host = a.host
  WHERE e.outcome = 'presented' AND e.t >= :period_start AND e.t < :period_end
)
SELECT a.name AS resource,
       'no address' AS key,
       'fail' AS status,
       'absence' AS basis,
       'The zone has no address for ' || a.host || ', and the service is in use.' AS reason,
       'service' AS ref_table,
       a.row AS ref_id,
       a.recorded_at AS observed_at
FROM active a
-- a wildcard of the zone may give it one, or another zone, to which a delegation or an alias of names above leads
WHERE a.name NOT IN (SELECT x.name FROM address x)
  AND a.name NOT IN (SELECT b.name FROM active b
                     JOIN cut c ON substr('.' || b.host, length(b.host) - length(c.owner) + 1) = '.' || c.owner AND (c.type = 'NS' OR b.host <> c.owner))
  AND a.zone NOT IN (SELECT r.zone FROM record r WHERE substr(r.owner, 1, 2) = '*.' AND r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') AND r.valid_to > :as_of)
UNION ALL
SELECT l.name, 'address ' || l.address, 'review', 'presence', 'The service answered at ' || l.address || ', which the zone does not have now.', 'endpoint', l.id, l.t
FROM looked l
-- an alias leads out of the zone, and a provider may answer in its own place; of addresses with colons there are several spellings
WHERE l.nth = 1 AND replace(l.address, ':', '') = l.address
  AND l.name IN (SELECT x.name FROM address x WHERE x.type = 'A') AND l.name NOT IN (SELECT x.name FROM address x WHERE x.type NOT IN ('A', 'AAAA'))
  AND l.name || ' ' || l.address NOT IN (SELECT x.name || ' ' || x.rdata FROM address x WHERE x.type = 'A')
UNION ALL
SELECT 'no service', '', 'not-applicable', 'presence', 'No service of the inventory lies in a zone that is read.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM active);

-- population
WITH active AS (
  SELECT s.name, d.zone
  FROM service s
  JOIN host_domain h ON h.host = s.host
  JOIN domain d ON d.name = h.domain
  WHERE s.retired_ms IS NULL AND substr(s.host, 1, 2) <> '*.'
    AND d.zone IN (SELECT x.scope FROM source_scope x WHERE x.evidence = 'zone-changes')
)
SELECT a.name AS resource, 'zone-changes' AS evidence, a.zone AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM active a
UNION ALL
SELECT 'no service', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM active);
