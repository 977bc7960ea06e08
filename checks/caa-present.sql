/*
id: caa-present
title: Each zone says by CAA who may issue certificates
severity: medium
resource: zone
answers: [P01, P53]
why: Without CAA every public issuer may issue for the names of the zone, and the weakest of them decides how hard that is.
remedy: Put CAA records with the issuers that you use at the top of the zone, or of the zone above; "issue" with an empty value where none is used.
false-positives: A set that stands above the zone, in one that we do not hold.
*/
WITH RECURSIVE ends AS (SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t),
zones AS (
  -- held: its content is read; live: its servers are asked for the set at its top
  SELECT z.name, CASE WHEN z.name IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'zone-changes' AND s.retired_ms > :period_start) THEN 'held'
                      WHEN (SELECT COUNT(*) FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start)) > 0
                      THEN 'live' ELSE 'held' END AS how
  FROM (SELECT DISTINCT d.zone AS name FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL) z
), climb AS (
  SELECT z.name AS zone, z.name AS owner FROM zones z
  UNION ALL
  SELECT c.zone, substr(c.owner, instr(c.owner, '.') + 1) FROM climb c WHERE instr(c.owner, '.') > 0
), rule AS (
  -- properties that restrict who issues; a report address alone restricts nobody
  SELECT c.zone, r.id, r.valid_from, r.valid_to
  FROM climb c JOIN record r ON r.owner = c.owner AND r.type = 'CAA'
  WHERE lower(substr(r.rdata, instr(r.rdata, ' '), 7)) = ' issue '
), spans AS (
  -- in the order in which they came, with how far those so far reach; before the first there is nothing
  SELECT u.zone, MAX(u.valid_to) OVER (PARTITION BY u.zone ORDER BY u.valid_from, u.valid_to, u.id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS reach,
         LEAD(u.valid_from) OVER (PARTITION BY u.zone ORDER BY u.valid_from, u.valid_to, u.id) AS next
  FROM (SELECT zone, id, valid_from, valid_to FROM rule UNION ALL SELECT z.name, 0, -1, -1 FROM zones z) u
), lacking AS (
  SELECT x.zone, MIN(CASE WHEN x.reach > :period_start AND x.reach > h.first_ms THEN x.reach
                          WHEN h.first_ms > :period_start THEN h.first_ms ELSE :period_start END) AS t,
         MAX(CASE WHEN x.next IS NULL OR x.next >= e.t THEN 1 ELSE 0 END) AS still
  FROM spans x JOIN zones z ON z.name = x.zone JOIN zone h ON h.name = x.zone CROSS JOIN ends e
  WHERE z.how = 'held' AND x.reach < e.t
    AND (x.next IS NULL OR (x.next > x.reach AND x.next > :period_start AND x.next > h.first_ms))
  GROUP BY x.zone
), asked AS (
  SELECT a.id, a.zone, a.t, CASE WHEN EXISTS (SELECT 1 FROM dns_answer_record r WHERE r.answer_id = a.id AND r.section = 'answer' AND r.type = 'CAA'
                                              AND lower(substr(r.rdata, instr(r.rdata, ' '), 7)) = ' issue ') THEN 1 ELSE 0 END AS told
  FROM zones z JOIN dns_answer a ON a.zone = z.name
  WHERE z.how = 'live' AND a.purpose = 'caa' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t >= :period_start AND a.t < :period_end
    AND NOT EXISTS (SELECT 1 FROM rule u WHERE u.zone = z.name AND u.valid_from <= a.t AND u.valid_to > a.t)
), last AS (
  SELECT a.zone, MAX(a.t) AS t FROM asked a GROUP BY a.zone
)
SELECT l.zone AS resource,
       '' AS key,
       CASE WHEN l.still = 1 THEN 'fail' ELSE 'review' END AS status,
       'absence' AS basis,
       CASE WHEN l.still = 1 THEN 'No CAA record restricts who may issue for the zone.'
            ELSE 'For some time no CAA record restricted who may issue for the zone; now one does.' END AS reason,
       'zone' AS ref_table,
       h.rowid AS ref_id,
       l.t AS observed_at
FROM lacking l JOIN zone h ON h.name = l.zone
UNION ALL
SELECT a.zone, '', CASE WHEN a.zone IN (SELECT b.zone FROM asked b JOIN last l ON l.zone = b.zone AND l.t = b.t AND b.told = 1) THEN 'review' ELSE 'fail' END,
       'presence',
       CASE WHEN a.zone IN (SELECT b.zone FROM asked b JOIN last l ON l.zone = b.zone AND l.t = b.t AND b.told = 1)
            THEN 'A server answered that no CAA record restricts who may issue for the zone; later one told such a record.'
            ELSE 'The servers answer that no CAA record restricts who may issue for the zone.' END,
       'dns_answer', MIN(a.id), MIN(a.t)
FROM asked a
WHERE a.told = 0
GROUP BY a.zone;

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
