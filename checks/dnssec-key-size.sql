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
WITH zones AS (
  SELECT DISTINCT COALESCE(d.zone, d.name) AS name FROM domain d
  WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start))
), held AS (
  SELECT DISTINCT d.zone AS name FROM domain d JOIN zone h ON h.name = d.zone WHERE d.in_scope = 1
), seen AS (
  SELECT a.zone, r.rdata, 'dns_answer_record' AS ref_table, MIN(r.id) AS ref_id, MIN(a.t) AS t
  FROM zones z JOIN dns_answer a ON a.zone = z.name JOIN dns_answer_record r ON r.answer_id = a.id
  WHERE a.purpose = 'dnskey' AND r.section = 'answer' AND r.type = 'DNSKEY' AND r.owner = a.zone AND a.t >= :period_start AND a.t < :period_end
  GROUP BY a.zone, r.rdata
  UNION ALL
  SELECT r.zone, r.rdata, 'record', MIN(r.id),
         MIN(CASE WHEN r.valid_from < :period_start THEN :period_start ELSE r.valid_from END)
  FROM held h JOIN record r ON r.owner = h.name AND r.type = 'DNSKEY' AND r.zone = h.name
  WHERE r.valid_from < :period_end AND r.valid_to > :period_start
  GROUP BY r.zone, r.rdata
), algorithm AS (
  SELECT '5' AS number UNION ALL SELECT '7' UNION ALL SELECT '8' UNION ALL SELECT '10'
), key AS (
  -- base64 from the fifth field on; its length says how many octets, less one or two where = fill it up
  SELECT s.zone, substr(s.rdata, 1, 3) AS flags, g.number, s.ref_table, s.ref_id, s.t, substr(s.rdata, length(g.number) + 8) AS text
  FROM seen s JOIN algorithm g ON substr(s.rdata, 4, length(g.number) + 4) = ' 3 ' || g.number || ' '
), sized AS (
  SELECT k.*, length(k.text) / 4 * 3 - (length(k.text) - length(replace(k.text, '=', ''))) AS octets,
         -- the first octet is the length of the exponent: its upper six bits are the first letter, the others in the second
         (instr('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', substr(k.text, 1, 1)) - 1) * 4
           + (instr('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', substr(k.text, 2, 1)) - 1) / 16 AS exponent
  FROM key k
)
SELECT x.zone AS resource,
       x.flags || ' ' || x.number || ' ' || substr(x.text, 1, 24) AS key,
       'fail' AS status,
       'presence' AS basis,
       'A key of algorithm ' || x.number || ' has ' || ((x.octets - 1 - x.exponent) * 8) || ' bits; ' || :least || ' are the least.' AS reason,
       x.ref_table, x.ref_id, x.t AS observed_at
FROM sized x
WHERE (x.octets - 1 - x.exponent) * 8 < :least
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM zones) AND NOT EXISTS (SELECT 1 FROM held);

-- population
WITH zones AS (
  SELECT DISTINCT COALESCE(d.zone, d.name) AS name FROM domain d
  WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start))
), held AS (
  SELECT DISTINCT d.zone AS name FROM domain d JOIN zone h ON h.name = d.zone WHERE d.in_scope = 1
)
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM zones z
UNION ALL
SELECT h.name, 'zone-changes', h.name, :period_start, :period_end, 'sampled'
FROM held h WHERE NOT EXISTS (SELECT 1 FROM zones)
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM zones) AND NOT EXISTS (SELECT 1 FROM held);
