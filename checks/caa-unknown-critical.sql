/*
id: caa-unknown-critical
title: CAA sets hold no critical property that issuers do not know
severity: medium
resource: zone
answers: [P44]
why: A critical property that an issuer does not know forbids it to issue. One slip of the pen, and the next renewal fails everywhere.
remedy: Correct the tag, or take the critical flag away. The flag is 128; 1 is nothing.
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
SELECT x.zone AS resource, x.owner || ' ' || x.flags || ' ' || x.tag AS key,
       CASE WHEN x.flags >= 128 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN x.flags >= 128 THEN 'The CAA set of ' || x.owner || ' has the critical property "' || x.tag || '", which issuers do not know: none may issue.'
            WHEN x.flags = 1 THEN 'A CAA record of ' || x.owner || ' has flag 1, which means nothing: critical is 128.'
            ELSE 'The CAA set of ' || x.owner || ' has a property "' || x.tag || '", which issuers do not know and pass over.' END AS reason,
       x.ref_table, MIN(x.ref_id) AS ref_id, MIN(x.t) AS observed_at
FROM property x
WHERE x.flags = 1 OR x.tag NOT IN ('issue', 'issuewild', 'iodef', 'contactemail', 'contactphone', 'issuemail', 'issuevmc')
GROUP BY x.zone, x.owner, x.flags, x.tag, x.ref_table
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
