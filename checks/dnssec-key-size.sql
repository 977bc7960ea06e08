/*
id: dnssec-key-size
title: RSA keys of zones are long enough
severity: medium
resource: zone
answers: [P70]
why: Who factors a short key signs whatever he likes in the name of the zone, and nobody sees that the key was found.
remedy: Roll over to algorithm 13 (ECDSA P-256), or to RSA keys of 2048 bits.
false-positives: A key that is being replaced, until its signatures have run out.
params:
  least: {type: int, default: 2048, meaning: "bits of an RSA modulus"}
*/
WITH held AS (
  SELECT DISTINCT d.zone AS name FROM domain d JOIN zone h ON h.name = d.zone WHERE d.in_scope = 1
)

-- findings
WITH seen AS (
  SELECT a.zone, r.rdata, 'dns_answer_record' AS ref_table, MIN(r.id) AS ref_id, MIN(a.t) AS t
  FROM probed_zone z CROSS JOIN dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id
  WHERE a.zone = z.name AND a.purpose = 'dnskey' AND r.section = 'answer' AND r.type = 'DNSKEY' AND r.owner = a.zone AND a.t >= :period_start AND a.t < :period_end
  GROUP BY a.zone, r.rdata
  UNION ALL
  SELECT r.zone, r.rdata, 'record', MIN(r.id),
         MIN(CASE WHEN r.valid_from < :period_start THEN :period_start ELSE r.valid_from END)
  FROM held h JOIN record r ON r.owner = h.name AND r.type = 'DNSKEY' AND r.zone = h.name
  WHERE r.valid_from < :period_end AND r.valid_to > :period_start
  GROUP BY r.zone, r.rdata
)
SELECT s.zone AS resource,
       k.flags || ' ' || k.algorithm || ' ' || substr(s.rdata, length(k.flags || ' 3 ' || k.algorithm || ' ') + 1, 24) AS key,
       'fail' AS status,
       'presence' AS basis,
       'A key of algorithm ' || k.algorithm || ' has ' || k.bits || ' bits; ' || :least || ' are the least.' AS reason,
       s.ref_table, s.ref_id, s.t AS observed_at
FROM seen s JOIN dnskey k ON k.rdata = s.rdata
WHERE k.bits > 0 AND k.bits < :least
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone) AND NOT EXISTS (SELECT 1 FROM held);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
SELECT h.name, 'zone-changes', h.name, :period_start, :period_end, 'sampled'
FROM held h WHERE NOT EXISTS (SELECT 1 FROM probed_zone)
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone) AND NOT EXISTS (SELECT 1 FROM held);
