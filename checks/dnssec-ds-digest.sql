/*
id: dnssec-ds-digest
title: DS records use digests that still hold
severity: medium
resource: zone
answers: [P70]
why: A DS with a withdrawn digest says nothing that an attacker could not say as well; validators treat a zone that has no other as unsigned.
remedy: Give the registrar a DS with digest 2 (SHA-256) and take the others away; look at what the DNS host makes of CDS.
params:
  beside: {type: int, default: 1, meaning: "1: a SHA-1 digest beside a better one of the same key is for review, as validators pass over it (RFC 4509, 3); 0: it fails"}
*/
WITH seen AS (
  SELECT a.zone, r.rdata, 'dns_answer_record' AS ref_table, MIN(r.id) AS ref_id, MIN(a.t) AS t
  FROM probed_zone z CROSS JOIN dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id
  WHERE a.zone = z.name AND a.purpose = 'ds' AND r.section = 'answer' AND r.type = 'DS' AND r.owner = a.zone AND a.t >= :period_start AND a.t < :period_end
  GROUP BY a.zone, r.rdata
), cut1 AS (
  SELECT s.*, substr(s.rdata, 1, instr(s.rdata || ' ', ' ') - 1) AS tag, substr(s.rdata, instr(s.rdata, ' ') + 1) AS rest FROM seen s
), cut2 AS (
  SELECT c.*, substr(c.rest, 1, instr(c.rest || ' ', ' ') - 1) AS algorithm, substr(c.rest, instr(c.rest, ' ') + 1) AS tail FROM cut1 c
), ds AS MATERIALIZED (
  SELECT c.zone, c.tag, c.algorithm, substr(c.tail, 1, instr(c.tail || ' ', ' ') - 1) AS digest, c.ref_table, c.ref_id, c.t FROM cut2 c
), better AS MATERIALIZED (
  SELECT DISTINCT d.zone || ' ' || d.tag || ' ' || d.algorithm AS of FROM ds d WHERE d.digest IN ('2', '4', '5', '6')
)
SELECT d.zone AS resource,
       d.tag || ' ' || d.algorithm || ' ' || d.digest AS key,
       CASE WHEN d.digest IN ('0', '3') THEN 'fail'
            WHEN d.digest = '1' AND (:beside = 0 OR d.zone || ' ' || d.tag || ' ' || d.algorithm NOT IN (SELECT b.of FROM better b)) THEN 'fail'
            ELSE 'review' END AS status,
       'presence' AS basis,
       'The DS of key ' || d.tag || ' has digest ' || d.digest
         || CASE WHEN d.digest = '1' THEN ' (SHA-1), which must not be used any more (RFC 9905)'
                 WHEN d.digest = '3' THEN ' (GOST), which must not be used (RFC 9906)'
                 WHEN d.digest = '0' THEN ', which is none' ELSE ', which we do not know' END
         || CASE WHEN d.digest = '1' AND d.zone || ' ' || d.tag || ' ' || d.algorithm IN (SELECT b.of FROM better b)
                 THEN '; validators take the better one beside it.' ELSE '.' END AS reason,
       d.ref_table, d.ref_id, d.t AS observed_at
FROM ds d
WHERE d.digest NOT IN ('2', '4', '5', '6')
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'DS of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'ds' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome IN ('NOERROR', 'NXDOMAIN') THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
