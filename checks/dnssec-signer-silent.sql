/*
id: dnssec-signer-silent
title: The signer signs
severity: high
resource: zone
answers: [P70, P72, P85]
why: A signer that has stopped is noticed when the last signatures end, and then everybody who validates loses the zone at once.
remedy: See why the signer does not run. Let it renew signatures half way, so that there is time to repair it.
false-positives: A signer that renews late on purpose; raise `share`.
params:
  share: {type: int, default: 80, meaning: "per cent of the shortest validity that may pass without a new signature"}
  look: {type: duration, default: 6h, meaning: "how far apart the answers of one look may be"}
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
), around AS (
  SELECT s.zone, s.server, s.id, s.t,
         MAX(s.since) OVER (PARTITION BY s.zone, s.server ORDER BY s.t RANGE BETWEEN :look PRECEDING AND :look FOLLOWING) AS newest,
         MIN(s.till - s.since) OVER (PARTITION BY s.zone, s.server ORDER BY s.t RANGE BETWEEN :look PRECEDING AND :look FOLLOWING) AS shortest
  FROM sig s
), silent AS (
  SELECT x.zone, x.server, x.id, x.t, x.newest, x.shortest, ROW_NUMBER() OVER (PARTITION BY x.zone, x.server ORDER BY x.t, x.id) AS n
  FROM around x WHERE (x.t - x.newest) * 100 > x.shortest * :share
)
SELECT x.zone AS resource,
       x.server AS key,
       'fail' AS status,
       'presence' AS basis,
       'The newest signature at ' || x.server || ' was ' || ((x.t - x.newest) / 3600000) || ' hours old, more than ' || :share
         || ' per cent of the shortest validity (' || (x.shortest / 3600000) || ' hours).' AS reason,
       'dns_answer_record' AS ref_table, x.id AS ref_id, x.t AS observed_at
FROM silent x WHERE x.n = 1
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
