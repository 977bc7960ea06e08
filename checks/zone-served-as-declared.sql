/*
id: zone-served-as-declared
title: What a zone serves is what is declared
severity: high
resource: zone
answers: [P04, P10, P51]
why: >-
  A record that is served and declared nowhere was put there around the process, or was forgotten; one that is declared and not
  served shows that the process does not reach the servers.
remedy: Bring the change into the declaration, or take it back from the zone, and close the way that it came by.
false-positives: >-
  Emergency changes that are declared later, records of other tools that share the zone, and servers that are rolled out to in steps.
params:
  grace: {type: duration, default: 15m, meaning: "how long served and declared content may differ"}
*/
WITH known AS MATERIALIZED (
  SELECT zone, MIN(valid_from) AS since FROM declared_record GROUP BY zone
), looked AS MATERIALIZED (
  -- zones that somebody declares; since when, and until when both sides were looked at
  SELECT z.name AS zone, z.first_ms AS served_first, z.seen_ms AS served_last, k.since AS declared_first,
         COALESCE((SELECT MAX(c.t_to) - 1 FROM coverage c WHERE c.evidence = 'zone-declared' AND c.scope = z.name AND c.grade > 0), 0) AS declared_last
  FROM known k
  CROSS JOIN zone z
  WHERE z.name = k.zone
    AND z.name IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
), edge AS (
  SELECT d.source, d.zone, d.valid_from AS at FROM declared_record d
  UNION
  SELECT d.source, d.zone, d.valid_to FROM declared_record d
), told AS MATERIALIZED (
  -- the look at the declaration in which something came or went began there
  SELECT e.source, e.zone, e.at, MIN(c.t_from) AS since
  FROM edge e
  JOIN coverage c ON c.evidence = 'zone-declared' AND c.scope = e.zone AND c.source = e.source AND c.t_from < e.at AND c.t_to > e.at
  GROUP BY e.source, e.zone, e.at
), side AS MATERIALIZED (
  -- p_: possibly there, between two looks; until: certainly there no longer than that
  SELECT 'served' AS side, r.id, r.zone, r.owner, r.type, r.rdata, r.valid_from, r.valid_to, r.at_start,
         r.valid_from AS p_from, r.valid_to AS p_to,
         CASE WHEN r.valid_to = 9223372036854775807 THEN l.served_last ELSE r.valid_to END AS until,
         l.declared_first AS known_from, l.declared_last AS known_to
  FROM looked l
  CROSS JOIN record r
  WHERE r.zone = l.zone
  UNION ALL
  SELECT 'declared', d.id, d.zone, d.owner, d.type, d.rdata, d.valid_from, d.valid_to, 1,
         COALESCE(a.since, d.valid_from), d.valid_to,
         CASE WHEN d.valid_to = 9223372036854775807 THEN l.declared_last ELSE COALESCE(e.since, d.valid_to) END,
         l.served_first, l.served_last
  FROM declared_record d
  JOIN looked l ON l.zone = d.zone
  LEFT JOIN told a ON a.source = d.source AND a.zone = d.zone AND a.at = d.valid_from
  LEFT JOIN told e ON e.source = d.source AND e.zone = d.zone AND e.at = d.valid_to
), asked AS MATERIALIZED (
  -- those that may have stood alone for longer than is allowed
  SELECT s.* FROM side s
  WHERE s.until - s.valid_from >= :grace AND s.until >= :period_start
    -- what a validation puts there is declared by nobody: text, at its name; an alias or a delegation there is not its work, and
    -- _validation-persist is a standing right to certificates
    AND NOT (s.type = 'TXT' AND (substr(s.owner, 1, 16) = '_acme-challenge.'
             -- dns-account-01 puts one label before it
             OR (substr(s.owner, 1, 1) = '_' AND substr(s.owner, instr(s.owner, '.'), 17) = '._acme-challenge.')))
    -- what a signer or provider keeps by itself counts only where the declaration speaks of it
    AND (NOT (s.type IN ('DNSKEY', 'CDS', 'CDNSKEY', 'ALIAS', 'PROXIED', 'ROUTED', 'DISABLED') OR (s.type = 'NS' AND s.owner = s.zone))
         OR EXISTS (SELECT 1 FROM declared_record d WHERE d.owner = s.owner AND d.type = s.type AND d.zone = s.zone))
    -- some providers keep their own name servers to themselves
    AND (NOT (s.side = 'declared' AND s.type = 'NS' AND s.owner = s.zone)
         OR EXISTS (SELECT 1 FROM record r WHERE r.owner = s.zone AND r.type = 'NS' AND r.zone = s.zone))
), moved AS MATERIALIZED (
  -- a history that is read at once has thousands of steps with the same times: one row for those of one record
  SELECT a.op, a.owner, a.type, a.rdata, a.t_from, a.t_to, MIN(t.t_from) AS earliest, MAX(t.t_to) - 1 AS latest
  FROM (SELECT DISTINCT h.owner, h.type FROM asked h WHERE h.side = 'served') h
  CROSS JOIN change_record a
  CROSS JOIN change_time t
  WHERE a.owner = h.owner AND a.type = h.type
    AND t.change_id = a.change_id
  GROUP BY a.op, a.owner, a.type, a.rdata, a.t_from, a.t_to
), came AS MATERIALIZED (
  SELECT m.owner, m.type, m.rdata, m.t_from, MAX(m.latest) AS latest
  FROM moved m WHERE m.op = 'add'
  GROUP BY m.owner, m.type, m.rdata, m.t_from
), went AS MATERIALIZED (
  SELECT h.id, MIN(m.earliest) AS earliest
  FROM asked h
  JOIN moved m ON m.op = 'del' AND m.owner = h.owner AND m.type = h.type AND m.rdata = h.rdata AND m.t_to = h.valid_to
              AND m.t_from >= h.valid_from AND m.t_from < h.valid_to
  WHERE h.side = 'served'
  GROUP BY h.id
), certain AS (
  -- c_: certainly there
  SELECT s.*, CASE WHEN s.at_start = 1 THEN s.valid_from ELSE COALESCE(a.latest, s.valid_from) END AS c_from,
         CASE WHEN s.valid_to = 9223372036854775807 THEN s.until ELSE COALESCE(e.earliest, s.until) END AS c_to
  FROM asked s
  LEFT JOIN came a ON s.side = 'served' AND a.owner = s.owner AND a.type = s.type AND a.rdata = s.rdata AND a.t_from = s.valid_from
  LEFT JOIN went e ON s.side = 'served' AND e.id = s.id
), begun AS MATERIALIZED (
  -- the other side can begin to lack with the record itself
  SELECT s.side, s.id, s.zone, s.owner, s.type, s.rdata,
         CASE WHEN s.c_from > s.known_from THEN s.c_from ELSE s.known_from END AS lacks_from,
         CASE WHEN s.c_to < s.known_to AND s.c_to < :as_of THEN s.c_to WHEN s.known_to < :as_of THEN s.known_to ELSE :as_of END AS ends
  FROM certain s
), other AS MATERIALIZED (
  SELECT s.side, s.id, s.ends, s.lacks_from, o.p_from, o.p_to
  FROM begun s
  JOIN side o ON o.zone = s.zone AND o.owner = s.owner AND o.type = s.type AND o.rdata = s.rdata AND o.side <> s.side
), start AS (
  -- and where the other side ends
  SELECT s.side, s.id, s.lacks_from FROM begun s
  UNION ALL
  SELECT DISTINCT o.side, o.id, o.p_to FROM other o WHERE o.p_to > o.lacks_from AND o.p_to < o.ends
), back AS (
  -- when the other side is there again; 0: it is there
  SELECT s.side, s.id, s.lacks_from,
         COALESCE(MIN(CASE WHEN o.p_from > s.lacks_from THEN o.p_from WHEN o.p_to > s.lacks_from THEN 0 END), 9223372036854775807) AS back
  FROM start s
  LEFT JOIN other o ON o.side = s.side AND o.id = s.id
  GROUP BY s.side, s.id, s.lacks_from
), lacking AS (
  SELECT b.zone, b.side, b.id, b.owner, b.type, b.rdata, k.lacks_from,
         CASE WHEN k.back < b.ends THEN k.back ELSE b.ends END AS lacks_to
  FROM back k
  JOIN begun b ON b.side = k.side AND b.id = k.id
)
SELECT k.zone AS resource,
       k.side || ' ' || k.owner || ' ' || k.type || ' ' || k.rdata || ' ' || k.lacks_from AS key,
       'fail' AS status,
       'presence' AS basis,
       CASE k.side WHEN 'served' THEN k.type || ' ' || k.rdata || ' at ' || k.owner || ' was served and not declared for '
                   ELSE k.type || ' ' || k.rdata || ' at ' || k.owner || ' was declared and not served for ' END
         || ((k.lacks_to - k.lacks_from) / 60000) || ' minutes or more.' AS reason,
       CASE k.side WHEN 'served' THEN 'record' ELSE 'declared_record' END AS ref_table,
       k.id AS ref_id,
       k.lacks_from AS observed_at
FROM lacking k
WHERE k.lacks_to - k.lacks_from > :grace
  AND k.lacks_from + :grace < :period_end AND k.lacks_to > :period_start
UNION ALL
SELECT 'no declaration', '', 'not-applicable', 'presence', 'No source declares what a zone is meant to hold (zone-declared, zone-git).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM domain d JOIN source_scope s ON s.scope = d.zone AND s.evidence = 'zone-declared'
                  WHERE d.in_scope = 1 AND d.zone IS NOT NULL);

-- population
SELECT DISTINCT d.zone AS resource, e.evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
CROSS JOIN (SELECT 'zone-changes' AS evidence UNION ALL SELECT 'zone-declared') e
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
  AND d.zone IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'zone-declared')
UNION ALL
SELECT 'no declaration', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM domain d JOIN source_scope s ON s.scope = d.zone AND s.evidence = 'zone-declared'
                  WHERE d.in_scope = 1 AND d.zone IS NOT NULL);
