/*
id: owner-consistent
title: Names and the services behind them have one owner
severity: info
resource: service
answers: [P17, P40, P42, P52]
why: Where one team owns the zone and another the service, a change of one is made without the other.
remedy: Give both to one team, or agree in writing who tells whom, and waive the question.
false-positives: Zones that a central team runs for others on purpose.
*/
WITH RECURSIVE above AS (
  -- the host of each service in use, and the names above it
  SELECT s.name, s.rowid AS ref_id, s.owner, s.host AS at
  FROM service s
  WHERE s.retired_ms IS NULL OR s.retired_ms > CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END
  UNION
  SELECT a.name, a.ref_id, a.owner, substr(a.at, instr(a.at, '.') + 1) FROM above a
), placed AS (
  -- the domain that holds the host; the longest one
  SELECT a.name, a.ref_id, a.owner, d.name AS domain, d.owner AS domain_owner, d.zone,
         ROW_NUMBER() OVER (PARTITION BY a.name ORDER BY length(d.name) DESC) AS place
  FROM above a JOIN domain d ON d.name = a.at AND d.in_scope = 1
), pair AS (
  SELECT p.name, p.ref_id, p.owner, COALESCE(p.zone, p.domain) AS zone, COALESCE(z.owner, p.domain_owner) AS zone_owner
  FROM placed p LEFT JOIN owned_zone z ON z.name = p.zone
  WHERE p.place = 1
)

-- findings
WITH team AS (
  -- a person stands for the team as well
  SELECT w.word, COALESCE(t.person, p.team, p.id) AS team
  FROM person_word w JOIN person p ON p.id = w.person LEFT JOIN person_word t ON t.word = lower(trim(p.team)) AND t.people = 1 AND t.login = 0
  WHERE w.people = 1 AND w.login = 0
)
SELECT j.name AS resource,
       '' AS key,
       'review' AS status,
       'presence' AS basis,
       'It belongs to ' || j.owner || ', and zone ' || j.zone || ' to ' || j.zone_owner || '.' AS reason,
       'service' AS ref_table,
       j.ref_id AS ref_id,
       :as_of AS observed_at
FROM pair j
LEFT JOIN team x ON x.word = lower(trim(j.owner))
LEFT JOIN team y ON y.word = lower(trim(j.zone_owner))
WHERE NOT COALESCE(lower(trim(j.owner)), '') IN ('', 'unknown') AND NOT COALESCE(lower(trim(j.zone_owner)), '') IN ('', 'unknown')
  AND lower(trim(COALESCE(x.team, j.owner))) <> lower(trim(COALESCE(y.team, j.zone_owner)))
UNION ALL
SELECT 'services', '', 'not-applicable', 'presence', 'No service with an owner stands under a name with an owner.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM pair p WHERE NOT COALESCE(lower(trim(p.owner)), '') IN ('', 'unknown') AND NOT COALESCE(lower(trim(p.zone_owner)), '') IN ('', 'unknown')) = 0;

-- population
WITH asked AS (
  SELECT p.name FROM pair p WHERE NOT COALESCE(lower(trim(p.owner)), '') IN ('', 'unknown') AND NOT COALESCE(lower(trim(p.zone_owner)), '') IN ('', 'unknown')
)
SELECT a.name AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM asked a
UNION ALL
SELECT 'services', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM asked) = 0;
