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
  CROSS JOIN zone z ON z.name = k.zone
  WHERE z.name IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
), held AS MATERIALIZED (
  SELECT r.id, r.zone, r.owner, r.type, r.rdata, r.valid_from, r.valid_to, r.at_start,
         l.served_last, l.declared_first, l.declared_last
  FROM record r
  JOIN looked l ON l.zone = r.zone
), moved AS MATERIALIZED (
  -- a history that is read at once has thousands of steps with the same times: one row for those of one record
  SELECT a.op, a.owner, a.type, a.rdata, a.t_from, a.t_to, MIN(t.t_from) AS earliest, MAX(t.t_to) - 1 AS latest
  FROM (SELECT DISTINCT h.owner, h.type FROM held h) h
  CROSS JOIN change_record a ON a.owner = h.owner AND a.type = h.type
  CROSS JOIN change_time t ON t.change_id = a.change_id
  GROUP BY a.op, a.owner, a.type, a.rdata, a.t_from, a.t_to
), came AS MATERIALIZED (
  SELECT m.owner, m.type, m.rdata, m.t_from, MAX(m.latest) AS latest
  FROM moved m WHERE m.op = 'add'
  GROUP BY m.owner, m.type, m.rdata, m.t_from
), went AS MATERIALIZED (
  SELECT h.id, MIN(m.earliest) AS earliest
  FROM held h
  JOIN moved m ON m.op = 'del' AND m.owner = h.owner AND m.type = h.type AND m.rdata = h.rdata AND m.t_to = h.valid_to
              AND m.t_from >= h.valid_from AND m.t_from < h.valid_to
  GROUP BY h.id
), side AS MATERIALIZED (
  -- c_: certainly there; p_: possibly there, between two looks
  SELECT 'served' AS side, h.id, h.zone, h.owner, h.type, h.rdata,
         CASE WHEN h.at_start = 1 THEN h.valid_from ELSE COALESCE(a.latest, h.valid_from) END AS c_from,
         CASE WHEN h.valid_to = 9223372036854775807 THEN h.served_last ELSE COALESCE(e.earliest, h.valid_to) END AS c_to,
         h.valid_from AS p_from, h.valid_to AS p_to, h.declared_first AS known_from, h.declared_last AS known_to
  FROM held h
  LEFT JOIN came a ON a.owner = h.owner AND a.type = h.type AND a.rdata = h.rdata AND a.t_from = h.valid_from
  LEFT JOIN went e ON e.id = h.id
  UNION ALL
  SELECT 'declared', d.id, d.zone, d.owner, d.type, d.rdata,
         d.valid_from,
         CASE WHEN d.valid_to = 9223372036854775807 THEN l.declared_last
              ELSE COALESCE((SELECT MIN(c.t_from) FROM coverage c WHERE c.evidence = 'zone-declared' AND c.scope = d.zone AND c.source = d.source
                               AND c.t_from < d.valid_to AND c.t_to > d.valid_to), d.valid_to) END,
         COALESCE((SELECT MIN(c.t_from) FROM coverage c WHERE c.evidence = 'zone-declared' AND c.scope = d.zone AND c.source = d.source
                     AND c.t_from < d.valid_from AND c.t_to > d.valid_from), d.valid_from),
         d.valid_to, l.served_first, l.served_last
  FROM declared_record d
  JOIN looked l ON l.zone = d.zone
), start AS (
  -- where the other side can begin to lack: with the record itself, and where the other side ends
  SELECT s.*, MAX(s.c_from, s.known_from) AS lacks_from FROM side s
  UNION
  SELECT s.*, o.p_to FROM side s
  JOIN side o ON o.zone = s.zone AND o.owner = s.owner AND o.type = s.type AND o.rdata = s.rdata AND o.side <> s.side
  WHERE o.p_to > MAX(s.c_from, s.known_from) AND o.p_to < s.c_to
), lacking AS (
  SELECT s.*,
         MIN(s.c_to, s.known_to, :as_of,
             COALESCE((SELECT MIN(o.p_from) FROM side o
                       WHERE o.zone = s.zone AND o.owner = s.owner AND o.type = s.type AND o.rdata = s.rdata AND o.side <> s.side
                         AND o.p_from > s.lacks_from), 9223372036854775807)) AS lacks_to
  FROM start s
  WHERE NOT EXISTS (SELECT 1 FROM side o
                    WHERE o.zone = s.zone AND o.owner = s.owner AND o.type = s.type AND o.rdata = s.rdata AND o.side <> s.side
                      AND o.p_from <= s.lacks_from AND o.p_to > s.lacks_from)
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
  -- what a validation puts there is declared by nobody: text, at its name; an alias or a delegation there is not its work, and
  -- _validation-persist is a standing right to certificates
  AND NOT (k.type = 'TXT' AND (substr(k.owner, 1, 16) = '_acme-challenge.'
           -- dns-account-01 puts one label before it
           OR (substr(k.owner, 1, 1) = '_' AND substr(k.owner, instr(k.owner, '.'), 17) = '._acme-challenge.')))
  -- what a signer or provider keeps by itself counts only where the declaration speaks of it
  AND (NOT (k.type IN ('DNSKEY', 'CDS', 'CDNSKEY') OR (k.type = 'NS' AND k.owner = k.zone))
       OR EXISTS (SELECT 1 FROM declared_record d WHERE d.owner = k.owner AND d.type = k.type AND d.zone = k.zone))
UNION ALL
SELECT 'no declaration', '', 'not-applicable', 'presence', 'No source declares what a zone is meant to hold (zone-declared, zone-git).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM domain d JOIN source_scope s ON s.scope = d.zone AND s.evidence = 'zone-declared'
                  WHERE d.in_scope = 1 AND d.zone IS NOT NULL);

-- population
SELECT DISTINCT d.zone AS resource, e.column1 AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
JOIN (VALUES ('zone-changes'), ('zone-declared')) e
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
  AND d.zone IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'zone-declared')
UNION ALL
SELECT 'no declaration', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM domain d JOIN source_scope s ON s.scope = d.zone AND s.evidence = 'zone-declared'
                  WHERE d.in_scope = 1 AND d.zone IS NOT NULL);
