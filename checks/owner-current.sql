/*
id: owner-current
title: Owners are still there
severity: medium
resource: entry of the inventory
answers: [P03, P28, P35, P68]
why: A name whose owner has left belongs to nobody, though the list says otherwise.
remedy: Name a new owner. Owners of credentials have a check of their own.
false-positives: Somebody who still answers for it under a contract that the inventory does not show.
params:
  grace: {type: duration, default: 7d, meaning: "how long after its owner has left an entry may wait for a new one"}
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
), held AS (
  SELECT o.* FROM owned o
  UNION ALL
  SELECT 'environment', e.name, e.owner, 'environment', e.rowid FROM environment e
)

-- findings
SELECT h.name AS resource,
       h.kind AS key,
       'fail' AS status,
       'presence' AS basis,
       'The owner of the ' || h.kind || ', ' || h.owner || ', left ' || ((n.t - p.left_ms + 86399999) / 86400000) || ' days before; at most '
         || (:grace / 86400000) || ' may pass.' AS reason,
       h.ref_table AS ref_table,
       h.ref_id AS ref_id,
       p.left_ms AS observed_at
FROM held h CROSS JOIN at n
JOIN person_word w ON w.word = lower(trim(h.owner)) AND w.stays = 1 AND w.login = 0
JOIN person p ON p.id = w.person
WHERE p.left_ms < n.t - :grace
UNION ALL
SELECT 'people', '', 'review', 'presence', 'The inventory lists no people, so nobody can say who has left.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM person) = 0;

-- population
SELECT DISTINCT h.name AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM held h
WHERE (SELECT COUNT(*) FROM person) > 0 AND NOT COALESCE(lower(trim(h.owner)), '') IN ('', 'unknown')
UNION ALL
SELECT 'people', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM person) = 0;
