/*
id: caa-wildcard-explicit
title: CAA sets say apart who may issue wildcards
severity: low
resource: zone
answers: [P69]
why: A certificate for all names below one is worth more to a thief. Where nothing is said of wildcards, all who may issue at all may issue them.
remedy: 'Add "issuewild" with the issuer that is to make wildcards, or with ";" where there are to be none.'
*/
WITH ends AS (SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t),
zones AS (
  -- held: its content is read; live: its servers are asked for the set at its top
  SELECT z.name, CASE WHEN z.name IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'zone-changes' AND s.retired_ms > :period_start) THEN 'held'
                      WHEN (SELECT COUNT(*) FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start)) > 0
                      THEN 'live' ELSE 'held' END AS how
  FROM (SELECT DISTINCT d.zone AS name FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL) z
), answered AS (
  -- the newest answer about each zone that is asked
  SELECT a.zone, MAX(a.t) AS t FROM zones z JOIN dns_answer a ON a.zone = z.name
  WHERE z.how = 'live' AND a.purpose = 'caa' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t >= :period_start AND a.t < :period_end
  GROUP BY a.zone
), stood AS (
  -- what stands there at the end
  SELECT r.zone, r.owner, r.rdata, 'record' AS ref_table, r.id AS ref_id,
         CASE WHEN r.valid_from < :period_start THEN :period_start ELSE r.valid_from END AS t
  FROM ends e CROSS JOIN zones z JOIN record r ON r.zone = z.name AND r.type = 'CAA' AND r.valid_to >= e.t AND r.valid_from < e.t
  WHERE z.how = 'held'
  UNION ALL
  SELECT w.zone, r.owner, r.rdata, 'dns_answer_record', MIN(r.id), w.t
  FROM answered w JOIN dns_answer a ON a.zone = w.zone AND a.purpose = 'caa' AND a.t = w.t AND a.outcome = 'NOERROR' AND a.aa = 1
  JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'CAA' AND r.owner = a.zone
  GROUP BY w.zone, r.owner, r.rdata, w.t
), cut1 AS (
  SELECT s.*, CAST(substr(s.rdata, 1, instr(s.rdata, ' ') - 1) AS INTEGER) AS flags, substr(s.rdata, instr(s.rdata, ' ') + 1) AS rest FROM stood s
), cut2 AS (
  SELECT c.*, lower(substr(c.rest, 1, instr(c.rest, ' ') - 1)) AS tag, substr(c.rest, instr(c.rest, ' ') + 2) AS quoted FROM cut1 c
), property AS (
  -- a quoted value without its quotes; before the first ; stands who, behind it with what conditions
  SELECT c.zone, c.owner, c.ref_table, c.ref_id, c.t, c.flags, c.tag, substr(c.quoted, 1, length(c.quoted) - 1) AS value FROM cut2 c
)
SELECT x.zone AS resource, x.owner AS key, 'review' AS status, 'presence' AS basis,
       'The CAA set of ' || x.owner || ' does not say who may issue wildcards: all do who may issue for names.' AS reason,
       x.ref_table, MIN(x.ref_id) AS ref_id, MIN(x.t) AS observed_at
FROM property x
WHERE x.tag = 'issue' AND NOT EXISTS (SELECT 1 FROM property y WHERE y.owner = x.owner AND y.tag = 'issuewild')
  -- where nobody may issue, nobody may issue wildcards
  AND EXISTS (SELECT 1 FROM property y WHERE y.owner = x.owner AND y.tag = 'issue' AND trim(substr(y.value || ';', 1, instr(y.value || ';', ';') - 1)) <> '')
GROUP BY x.zone, x.owner, x.ref_table
UNION ALL
SELECT z.name, '', 'not-applicable', 'presence', 'There is no CAA set: caa-present says so.', NULL, NULL, :as_of
FROM zones z WHERE z.name NOT IN (SELECT s.zone FROM stood s);

-- population
WITH ends AS (SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t),
zones AS (
  -- held: its content is read; live: its servers are asked for the set at its top
  SELECT z.name, CASE WHEN z.name IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'zone-changes' AND s.retired_ms > :period_start) THEN 'held'
                      WHEN (SELECT COUNT(*) FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start)) > 0
                      THEN 'live' ELSE 'held' END AS how
  FROM (SELECT DISTINCT d.zone AS name FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL) z
)
SELECT z.name AS resource, CASE z.how WHEN 'held' THEN 'zone-changes' ELSE 'dns-live' END AS evidence, z.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM zones z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'CAA of ' || z.name, :period_start, :period_end, 'sampled'
FROM zones z JOIN dns_answer a ON a.zone = z.name AND a.purpose = 'caa' AND a.t >= :period_start AND a.t < :period_end
WHERE z.how = 'live'
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome = 'NOERROR' THEN a.aa ELSE 0 END) = 0;
