/*
id: supplier-recorded
title: Registrars, DNS hosts and authorities are listed as suppliers
severity: medium
resource: domain or zone
answers: [P20, P37, P52, P84]
why: Whoever registers, serves or certifies a name can take it away. A supplier that is in no list is in no review either.
remedy: Add the supplier to the inventory with what it shows by (registrars, name_servers, issuers), its owner and tier.
false-positives: Name servers of your own under names that the inventory does not hold; a new name of a known supplier.
*/
WITH scoped AS (
  SELECT d.name, d.zone FROM domain d WHERE d.in_scope = 1
), state AS (
  -- the newest that a registry or registrar told of each domain
  SELECT s.id, s.domain, s.registrar, s.registrar_id,
         ROW_NUMBER() OVER (PARTITION BY s.domain ORDER BY s.seen_ms DESC, s.id DESC) AS place
  FROM domain_state s JOIN scoped d ON d.name = s.domain
  WHERE s.change_ref IS NULL AND (s.registrar IS NOT NULL OR s.registrar_id IS NOT NULL)
    AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), hosts AS (
  SELECT DISTINCT d.zone FROM scoped d WHERE d.zone IS NOT NULL
), seen AS (
  SELECT s.domain AS resource, 'registrar' AS kind, COALESCE(s.registrar, s.registrar_id) AS word, s.registrar_id AS other, 'domain_state' AS ref_table, s.id AS ref_id
  FROM state s WHERE s.place = 1
  UNION ALL
  -- names in records end in a dot
  SELECT h.zone, 'name-server', CASE WHEN substr(r.rdata, length(r.rdata)) = '.' THEN substr(r.rdata, 1, length(r.rdata) - 1) ELSE r.rdata END,
         NULL, 'record', MIN(r.id)
  FROM hosts h JOIN record r ON r.owner = h.zone AND r.type = 'NS' AND r.zone = h.zone
  WHERE r.valid_from < :period_end AND r.valid_to > :period_start
  GROUP BY h.zone, r.rdata
  UNION ALL
  SELECT cd.domain, 'issuer', c.issuer, NULL, 'certificate', MIN(c.id)
  FROM certificate_domain cd JOIN certificate c ON c.id = cd.certificate_id
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end AND cd.domain IN (SELECT d.name FROM scoped d)
  GROUP BY cd.domain, c.issuer
), ours AS (
  SELECT d.name, '.' || d.name AS below FROM domain d
), known AS (
  -- names of servers below one of our own domains are ours, not a supplier's
  SELECT e.resource, e.kind, e.word
  FROM seen e JOIN supplier_name p ON p.kind = e.kind
  WHERE lower(p.name) = lower(e.word) OR lower(p.name) = lower(COALESCE(e.other, e.word))
     OR (p.suffix <> '' AND length(e.word) > length(p.suffix) AND substr(e.word, length(e.word) - length(p.suffix) + 1) = p.suffix)
     OR (e.kind = 'issuer' AND replace(',' || e.word || ',', ',O=' || p.name || ',', '') <> ',' || e.word || ',')
     OR (e.kind = 'issuer' AND replace(',' || e.word || ',', ',' || p.name || ',', '') <> ',' || e.word || ',')
  UNION
  SELECT e.resource, e.kind, e.word
  FROM seen e JOIN ours o ON e.kind = 'name-server'
  WHERE e.word = o.name OR (length(e.word) > length(o.below) AND substr(e.word, length(e.word) - length(o.below) + 1) = o.below)
)
SELECT e.resource AS resource,
       e.kind || ' ' || e.word AS key,
       'fail' AS status,
       'presence' AS basis,
       CASE WHEN e.kind = 'registrar' THEN 'Its registrar ' WHEN e.kind = 'issuer' THEN 'The issuer of its certificates ' ELSE 'Its name server ' END
         || e.word || ' belongs to no supplier of the inventory.' AS reason,
       e.ref_table AS ref_table,
       e.ref_id AS ref_id,
       :as_of AS observed_at
FROM seen e
LEFT JOIN known k ON k.resource = e.resource AND k.kind = e.kind AND k.word = e.word
WHERE k.word IS NULL AND (SELECT COUNT(*) FROM supplier) > 0
UNION ALL
SELECT p.name, 'tier', 'review', 'presence', 'It has no tier, as other suppliers have.', 'supplier', p.rowid, :as_of
FROM supplier p
WHERE p.tier IS NULL AND (SELECT COUNT(q.tier) FROM supplier q) > 0
UNION ALL
SELECT 'suppliers', '', 'review', 'presence', 'The inventory lists no suppliers, and ' || COUNT(*) || ' were seen.', NULL, NULL, :as_of
FROM seen e
HAVING (SELECT COUNT(*) FROM supplier) = 0;

-- population
WITH scoped AS (
  SELECT d.name, d.zone FROM domain d WHERE d.in_scope = 1
), asked AS (
  -- what is not looked at cannot show an unlisted supplier: what is configured must have been read
  SELECT d.name AS resource, x.evidence, x.scope
  FROM scoped d JOIN source_scope x ON x.evidence = 'registry-state' AND x.scope = d.name AND x.retired_ms > :period_start
  UNION
  SELECT d.zone, x.evidence, x.scope
  FROM scoped d JOIN source_scope x ON x.evidence = 'zone-changes' AND x.scope = d.zone AND x.retired_ms > :period_start
  UNION
  SELECT d.name, 'ct', d.name
  FROM scoped d
  WHERE EXISTS (SELECT 1 FROM source_scope x WHERE x.evidence = 'ct-log' AND x.retired_ms > :period_start)
)
SELECT a.resource, a.evidence, a.scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM asked a
WHERE (SELECT COUNT(*) FROM supplier) > 0
UNION ALL
SELECT d.name, NULL, NULL, :period_start, :period_start, NULL
FROM scoped d
WHERE (SELECT COUNT(*) FROM supplier) > 0 AND (SELECT COUNT(*) FROM asked) > 0
UNION ALL
SELECT d.zone, NULL, NULL, :period_start, :period_start, NULL
FROM scoped d
WHERE d.zone IS NOT NULL AND (SELECT COUNT(*) FROM supplier) > 0 AND (SELECT COUNT(*) FROM asked) > 0
UNION ALL
SELECT p.name, NULL, NULL, :period_start, :period_start, NULL
FROM supplier p
UNION ALL
SELECT 'suppliers', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM supplier) = 0;
