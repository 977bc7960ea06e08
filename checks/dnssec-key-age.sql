/*
id: dnssec-key-age
title: Signing keys are replaced in time
severity: low
resource: zone
answers: [P70, P82]
why: >-
  A key that is never replaced is one that nobody knows how to replace, when it has to be. Roll-overs that are made often are rehearsed.
remedy: Roll the key over, and let the signer do so by itself.
false-positives: Keys in hardware that are kept for longer on purpose; raise the limits.
params:
  ksk: {type: duration, default: 730d, meaning: "age of a key that a DS may name (flag SEP)"}
  zsk: {type: duration, default: 365d, meaning: "age of a key that signs the zone alone"}
*/
WITH ends AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), told AS (
  SELECT a.zone, a.t, r.rdata, r.id FROM probed_zone z CROSS JOIN dns_answer a
  LEFT JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'DNSKEY' AND r.owner = a.zone
  WHERE a.zone = z.name AND a.purpose = 'dnskey' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t < :period_end
), looks AS (
  SELECT t.zone, MIN(t.t) AS first_t, MAX(t.t) AS last_t FROM told t GROUP BY t.zone
), live AS (
  SELECT t.zone, t.rdata, MIN(t.t) AS first_t, MAX(t.t) AS last_t,
         MIN(t.id) AS id
  FROM told t WHERE t.rdata IS NOT NULL GROUP BY t.zone, t.rdata
), kept AS (
  SELECT r.zone, r.rdata, MIN(r.valid_from) AS first_t, MAX(r.at_start) AS at_start
  FROM probed_zone z JOIN record r ON r.owner = z.name AND r.type = 'DNSKEY' AND r.zone = z.name
  WHERE r.valid_from < :period_end GROUP BY r.zone, r.rdata
), key AS (
  SELECT v.zone, v.rdata, v.id, v.first_t AS seen_t,
         CASE WHEN k.first_t < v.first_t THEN k.first_t ELSE v.first_t END AS first_t,
         CASE WHEN k.rdata IS NOT NULL THEN k.at_start WHEN v.first_t = l.first_t THEN 1 ELSE 0 END AS older,
         CASE WHEN substr(v.rdata, 1, 3) IN ('257', '385') THEN :ksk ELSE :zsk END AS most
  FROM live v JOIN looks l ON l.zone = v.zone AND l.last_t = v.last_t LEFT JOIN kept k ON k.zone = v.zone AND k.rdata = v.rdata
  WHERE v.last_t >= :period_start
)
SELECT k.zone AS resource,
       substr(k.rdata, 1, 48) AS key,
       CASE WHEN e.t - k.first_t > k.most THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'A key (' || substr(k.rdata, 1, 3) || ') is ' || CASE WHEN k.older = 1 THEN 'at least ' ELSE '' END || ((e.t - k.first_t + 86399999) / 86400000) || ' days old; '
         || (k.most / 86400000) || ' days are the limit'
         || CASE WHEN e.t - k.first_t > k.most THEN '.' ELSE ', and it stood there at the first look: how old it is, is not known.' END AS reason,
       'dns_answer_record' AS ref_table, k.id AS ref_id, k.seen_t AS observed_at
FROM key k CROSS JOIN ends e
WHERE e.t - k.first_t > k.most OR k.older = 1
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'keys of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'dnskey' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome = 'NOERROR' THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
