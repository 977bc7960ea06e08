/*
id: supplier-recorded
title: Registrars and DNS hosts are listed as suppliers
severity: medium
resource: domain or supplier
answers: [P20, P37, P52, P84]
why: Whoever registers, serves or certifies a name can take it away. A supplier that is in no list is in no review either.
remedy: Add the supplier to the inventory with what it shows by (registrars, name_servers, issuers), its owner and tier.
false-positives: >-
  A new name of a known supplier. Name servers and authorities that belong to none of the listed suppliers are told by name-server-unknown-supplier and
  certificate-authority-known.
*/
WITH RECURSIVE state AS (
  -- the newest that a registry or registrar told of each domain
  SELECT s.id, s.domain, s.registrar, s.registrar_id,
         ROW_NUMBER() OVER (PARTITION BY s.domain ORDER BY s.seen_ms DESC, s.id DESC) AS place
  FROM domain_state s JOIN domain d ON d.name = s.domain AND d.in_scope = 1
  WHERE s.change_ref IS NULL AND (s.registrar IS NOT NULL OR s.registrar_id IS NOT NULL)
    AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), sponsor AS (
  SELECT s.id, s.domain, COALESCE(s.registrar, s.registrar_id) AS word
  FROM state s
  WHERE s.place = 1
    AND COALESCE(lower(s.registrar), '') NOT IN (SELECT lower(p.name) FROM supplier_name p WHERE p.kind = 'registrar')
    AND COALESCE(lower(s.registrar_id), '') NOT IN (SELECT lower(p.name) FROM supplier_name p WHERE p.kind = 'registrar')
), server AS (
  -- names in records end in a dot
  SELECT DISTINCT CASE WHEN substr(r.rdata, length(r.rdata)) = '.' THEN substr(r.rdata, 1, length(r.rdata) - 1) ELSE r.rdata END AS name
  FROM domain d JOIN record r ON r.owner = d.zone AND r.type = 'NS' AND r.zone = d.zone
  WHERE d.in_scope = 1 AND r.valid_from < :period_end AND r.valid_to > :period_start
), above AS (
  SELECT s.name, s.name AS at FROM server s
  UNION
  SELECT a.name, substr(a.at, instr(a.at, '.') + 1) FROM above a
), foreign_server AS (
  -- servers below one of our own domains are ours, not a supplier's
  SELECT s.name FROM server s WHERE s.name NOT IN (SELECT a.name FROM above a JOIN domain d ON d.name = a.at)
), listed AS (
  SELECT (SELECT COUNT(*) FROM supplier) AS n,
         (SELECT COUNT(*) FROM supplier_name p WHERE p.kind = 'registrar') AS registrars,
         (SELECT COUNT(*) FROM supplier_name p WHERE p.kind = 'name-server') AS servers
)
SELECT s.domain AS resource,
       'registrar ' || s.word AS key,
       'fail' AS status,
       'presence' AS basis,
       'Its registrar ' || s.word || ' belongs to no supplier of the inventory.' AS reason,
       'domain_state' AS ref_table,
       s.id AS ref_id,
       :as_of AS observed_at
FROM sponsor s CROSS JOIN listed l
WHERE l.registrars > 0
UNION ALL
SELECT 'suppliers', 'registrars', 'review', 'presence',
       'No supplier of the inventory says by which registrar it shows (registrars), and ' || COUNT(DISTINCT s.word) || ' were seen, the first of them ' || MIN(s.word) || '.',
       'domain_state', MIN(s.id), :as_of
FROM sponsor s CROSS JOIN listed l
WHERE l.n > 0 AND l.registrars = 0
HAVING COUNT(*) > 0
UNION ALL
SELECT 'suppliers', 'name-servers', 'review', 'presence',
       'No supplier of the inventory says by which name servers it shows (name_servers), and ' || COUNT(*) || ' were seen, the first of them ' || MIN(f.name) || '.',
       NULL, NULL, :as_of
FROM foreign_server f CROSS JOIN listed l
WHERE l.n > 0 AND l.servers = 0
HAVING COUNT(*) > 0
UNION ALL
SELECT p.name, 'tier', 'review', 'presence', 'It has no tier, as other suppliers have.', 'supplier', p.rowid, :as_of
FROM supplier p
WHERE p.tier IS NULL AND (SELECT COUNT(q.tier) FROM supplier q) > 0
UNION ALL
SELECT 'suppliers', '', 'review', 'presence',
       'The inventory lists no suppliers; ' || (SELECT COUNT(DISTINCT s.word) FROM sponsor s) || ' registrars and ' || (SELECT COUNT(*) FROM foreign_server)
         || ' name servers of others were seen.', NULL, NULL, :as_of
FROM listed l
WHERE l.n = 0;

-- population
-- what is not looked at cannot show an unlisted supplier: what is configured must have been read
SELECT d.name AS resource, x.evidence AS evidence, x.scope AS scope, :period_start AS need_from,
       CASE WHEN x.scope IS NULL THEN :period_start ELSE :period_end END AS need_to, CASE WHEN x.scope IS NOT NULL THEN 'sampled' END AS grade
FROM domain d LEFT JOIN source_scope x ON x.scope = d.name AND x.evidence = 'registry-state' AND x.retired_ms > :period_start
WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM supplier_name p WHERE p.kind = 'registrar')
UNION ALL
SELECT p.name, NULL, NULL, :period_start, :period_start, NULL
FROM supplier p
UNION ALL
SELECT 'suppliers', NULL, NULL, :period_start, :period_start, NULL;
