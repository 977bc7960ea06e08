/*
id: dnssec-signature-validity
title: Signatures are valid from now on, and not for long
severity: medium
resource: zone
answers: [P70, P91]
why: >-
  A signature can be given again as long as it is valid, also when what it signs was taken back long ago. One that begins in the future makes
  the zone fail now.
remedy: Let the signer make signatures for one or two weeks and renew them half way; set its clock.
false-positives: Keys that are signed by hand from a safe, once in a quarter.
params:
  longest: {type: duration, default: 30d, meaning: "validity above which somebody should look"}
  most: {type: duration, default: 180d, meaning: "validity above which it fails"}
  skew: {type: duration, default: 5m, meaning: "how far ahead the signer's clock may be"}
*/
WITH zones AS (
  SELECT DISTINCT COALESCE(d.zone, d.name) AS name FROM domain d
  WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start))
), rr AS (
  SELECT a.zone, a.server, r.rdata, r.id, a.t
  FROM zones z JOIN dns_answer a ON a.zone = z.name JOIN dns_answer_record r ON r.answer_id = a.id AND r.type = 'RRSIG'
  WHERE a.purpose IN ('soa', 'ns', 'dnskey', 'caa', 'challenge', 'persist', 'nsec3param', 'cds', 'cdnskey', 'denial') AND a.t >= :period_start AND a.t < :period_end
    -- of the zone itself; those of its parent are for others to make
    AND instr(r.rdata, ' ' || a.zone || '. ') > 0
), cut1 AS (
  SELECT r.*, substr(r.rdata, 1, instr(r.rdata, ' ') - 1) AS covered, substr(r.rdata, instr(r.rdata, ' ') + 1) AS rest FROM rr r
), cut2 AS (
  SELECT c.*, substr(c.rest, instr(c.rest, ' ') + 1) AS rest2 FROM cut1 c
), cut3 AS (
  SELECT c.*, substr(c.rest2, instr(c.rest2, ' ') + 1) AS rest3 FROM cut2 c
), cut4 AS (
  -- behind algorithm, labels and TTL stand the end and the beginning, each in fourteen digits
  SELECT c.zone, c.server, c.covered, c.id, c.t, substr(c.rest3, instr(c.rest3, ' ') + 1, 14) AS till, substr(c.rest3, instr(c.rest3, ' ') + 16, 14) AS since FROM cut3 c
), moment AS (
  SELECT c.zone, c.server, c.covered, c.id, c.t, 0 AS which, c.since AS x FROM cut4 c
  UNION ALL
  SELECT c.zone, c.server, c.covered, c.id, c.t, 1, c.till FROM cut4 c
), part AS (
  -- years begin in March here, so that the odd day comes last
  SELECT m.*, CAST(substr(m.x, 1, 4) AS INTEGER) - CASE WHEN substr(m.x, 5, 2) IN ('01', '02') THEN 1 ELSE 0 END AS y,
         CAST(substr(m.x, 5, 2) AS INTEGER) + CASE WHEN substr(m.x, 5, 2) IN ('01', '02') THEN 9 ELSE -3 END AS mo, CAST(substr(m.x, 7, 2) AS INTEGER) AS d,
         CAST(substr(m.x, 9, 2) AS INTEGER) * 3600 + CAST(substr(m.x, 11, 2) AS INTEGER) * 60 + CAST(substr(m.x, 13, 2) AS INTEGER) AS s
  FROM moment m
), sig AS (
  SELECT p.zone, p.server, p.covered, p.id, p.t,
         MIN(((365 * p.y + p.y / 4 - p.y / 100 + p.y / 400 + (153 * p.mo + 2) / 5 + p.d - 719469) * 86400 + p.s) * 1000) AS since,
         MAX(((365 * p.y + p.y / 4 - p.y / 100 + p.y / 400 + (153 * p.mo + 2) / 5 + p.d - 719469) * 86400 + p.s) * 1000) AS till
  FROM part p GROUP BY p.zone, p.server, p.covered, p.id, p.t
), judged AS (
  SELECT s.zone, s.covered, CASE WHEN s.since > s.t + :skew THEN 2 ELSE 1 END AS what, s.id, s.t, s.till - s.since AS validity, s.since - s.t AS ahead, s.till - s.t AS remaining
  FROM sig s WHERE s.till - s.since > :longest OR s.since > s.t + :skew
), first AS (
  SELECT j.zone, j.covered, j.what, MIN(j.id) AS id FROM judged j GROUP BY j.zone, j.covered, j.what
)
SELECT j.zone AS resource,
       j.covered || CASE j.what WHEN 2 THEN ' begins later' ELSE ' is valid for long' END AS key,
       CASE WHEN j.what = 2 OR j.validity > :most THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'A signature over ' || j.covered
         || CASE j.what WHEN 2 THEN ' began ' || (j.ahead / 60000) || ' minutes after it was seen.'
                        ELSE ' was valid for ' || (j.validity / 86400000) || ' days, of which ' || (j.remaining / 86400000) || ' were left; '
                             || (:longest / 86400000) || ' should be enough.' END AS reason,
       'dns_answer_record' AS ref_table, j.id AS ref_id, j.t AS observed_at
FROM first f JOIN judged j ON j.id = f.id
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM zones);

-- population
WITH zones AS (
  SELECT DISTINCT COALESCE(d.zone, d.name) AS name FROM domain d
  WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start))
)
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM zones z
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM zones);
