/*
id: inventory-owners
title: Everything in the inventory has an owner
severity: medium
resource: entry of the inventory
answers: [P03, P17, P28, P35, P42, P52]
why: What belongs to nobody is renewed, changed and taken down by nobody, or by anybody.
remedy: Name a person or team for the entry. Where people are listed, write the owner as the list does.
false-positives: An owner who is known and stands in another list.
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), owned AS (
  SELECT 'domain' AS kind, d.name, d.owner, 'domain' AS ref_table, d.rowid AS ref_id FROM domain d WHERE d.in_scope = 1
  UNION ALL
  SELECT 'zone', z.name, z.owner, 'owned_zone', z.rowid FROM owned_zone z
  UNION ALL
  SELECT 'service', s.name, s.owner, 'service', s.rowid
  FROM service s CROSS JOIN at n WHERE s.retired_ms IS NULL OR s.retired_ms > n.t
  UNION ALL
  SELECT 'certificate', c.id, c.owner, 'owned_certificate', c.rowid FROM owned_certificate c
  UNION ALL
  SELECT 'supplier', p.name, p.owner, 'supplier', p.rowid FROM supplier p
)

-- findings
WITH judged AS (
  SELECT o.*, CASE WHEN COALESCE(lower(trim(o.owner)), '') IN ('', 'unknown') THEN 1 ELSE 0 END AS nobody,
         SUM(CASE WHEN COALESCE(lower(trim(o.owner)), '') IN ('', 'unknown') THEN 0 ELSE 1 END) OVER (PARTITION BY o.kind) AS named,
         COUNT(*) OVER (PARTITION BY o.kind) AS total, w.person
  FROM owned o LEFT JOIN person_word w ON w.word = lower(trim(o.owner)) AND w.stays = 1 AND w.login = 0
)
SELECT j.name AS resource,
       j.kind AS key,
       'fail' AS status,
       'presence' AS basis,
       'The ' || j.kind || ' has no owner; ' || j.named || ' of ' || j.total || ' of its kind have one.' AS reason,
       j.ref_table AS ref_table,
       j.ref_id AS ref_id,
       n.t AS observed_at
FROM judged j CROSS JOIN at n
WHERE j.nobody = 1 AND j.named > 0
UNION ALL
SELECT j.name, j.kind, 'review', 'presence',
       'Its owner "' || j.owner || '" stands in no list of people and teams.', j.ref_table, j.ref_id, n.t
FROM judged j CROSS JOIN at n
WHERE j.nobody = 0 AND j.person IS NULL AND (SELECT COUNT(*) FROM person) > 0
UNION ALL
SELECT 'inventory', j.kind, 'review', 'presence',
       CASE WHEN COUNT(*) = 1 THEN 'The only entry' ELSE 'None of the ' || COUNT(*) || ' entries' END || ' of the kind ' || j.kind
         || CASE WHEN COUNT(*) = 1 THEN ' has no owner.' ELSE ' has an owner.' END, j.ref_table, MIN(j.ref_id), MAX(n.t)
FROM judged j CROSS JOIN at n
WHERE j.named = 0
GROUP BY j.kind, j.ref_table;

-- population
WITH counted AS (
  SELECT o.*, SUM(CASE WHEN COALESCE(lower(trim(o.owner)), '') IN ('', 'unknown') THEN 0 ELSE 1 END) OVER (PARTITION BY o.kind) AS named
  FROM owned o
)
SELECT DISTINCT CASE WHEN c.named > 0 THEN c.name ELSE 'inventory' END AS resource, NULL AS evidence, NULL AS scope,
       :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM counted c;
