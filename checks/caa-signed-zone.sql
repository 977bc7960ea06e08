/*
id: caa-signed-zone
title: CAA stands in signed zones
severity: medium
resource: zone
answers: [P70, P91]
why: >-
  An issuer asks over the same net as everybody. In a zone without signatures a CAA set can be kept from it, or another be given; in a signed
  one it must refuse to issue when the answer does not validate (CA/Browser Forum ballot SC-085, since 2026-03-15).
remedy: Sign the zone and give the DS to the registrar.
false-positives: A zone that is signed, with keys that neither the zone as it is read nor the probe shows.
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
), keys AS (
  SELECT DISTINCT r.zone FROM ends e CROSS JOIN zones z JOIN record r ON r.zone = z.name AND r.type = 'DNSKEY' AND r.owner = r.zone
    AND r.valid_to >= e.t AND r.valid_from < e.t
), looked AS (
  SELECT v.zone, MAX(v.t) AS t FROM zones z JOIN dnssec_verdict v ON v.zone = z.name
  WHERE v.validator = 'affidavit' AND v.state IN ('secure', 'insecure') AND v.t >= :period_start AND v.t < :period_end GROUP BY v.zone
), held AS (
  SELECT l.zone, MIN(v.id) AS id, MIN(v.t) AS t, MAX(CASE WHEN v.state = 'insecure' THEN 1 ELSE 0 END) AS insecure
  FROM looked l JOIN dnssec_verdict v ON v.zone = l.zone AND v.t = l.t AND v.validator = 'affidavit' AND v.state IN ('secure', 'insecure') GROUP BY l.zone
), sets AS (
  SELECT x.zone, MIN(x.ref_table) AS ref_table, MIN(x.ref_id) AS ref_id, MIN(x.t) AS t FROM property x WHERE x.tag IN ('issue', 'issuewild') GROUP BY x.zone
)
SELECT s.zone AS resource, '' AS key,
       CASE WHEN o.signed = 1 AND h.insecure = 1 THEN 'fail' ELSE 'review' END AS status, 'presence' AS basis,
       CASE WHEN h.insecure = 1 THEN 'The zone restricts issuers by CAA, and no chain of signatures leads to it: whoever can change answers on the way can take the set away.'
            ELSE 'The zone restricts issuers by CAA, and it has no keys in what is read of it.' END AS reason,
       CASE WHEN h.insecure = 1 THEN 'dnssec_verdict' ELSE s.ref_table END AS ref_table,
       CASE WHEN h.insecure = 1 THEN h.id ELSE s.ref_id END AS ref_id,
       CASE WHEN h.insecure = 1 THEN h.t ELSE s.t END AS observed_at
FROM sets s LEFT JOIN held h ON h.zone = s.zone LEFT JOIN owned_zone o ON o.name = s.zone
WHERE h.insecure = 1 OR (h.zone IS NULL AND s.zone NOT IN (SELECT k.zone FROM keys k))
UNION ALL
SELECT z.name, '', 'not-applicable', 'presence', 'There is no CAA set that restricts issuers.', NULL, NULL, :as_of
FROM zones z WHERE z.name NOT IN (SELECT s.zone FROM sets s);

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
