/*
id: dnssec-algorithm
title: Zones are signed with algorithms that are still recommended
severity: medium
resource: zone
answers: [P70]
why: Validators treat a zone that is signed with a withdrawn algorithm as unsigned, and iterations of NSEC3 cost everybody and protect nothing.
remedy: Roll over to algorithm 13 with DS digest 2; set NSEC3 to 0 iterations and no salt.
false-positives: A rollover under way, during which old and new keys stand side by side.
*/
WITH zones AS (
  SELECT DISTINCT COALESCE(d.zone, d.name) AS name FROM domain d
  WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start))
),
-- "Use for DNSSEC signing" after RFC 9904, 9905 and 9906 (November 2025): MUST NOT, NOT RECOMMENDED
algorithm AS (
  SELECT '1' AS number, 'fail' AS status UNION ALL SELECT '3', 'fail' UNION ALL SELECT '5', 'fail' UNION ALL SELECT '6', 'fail'
  UNION ALL SELECT '7', 'fail' UNION ALL SELECT '12', 'fail' UNION ALL SELECT '10', 'review'
),
signer AS (
  SELECT number FROM algorithm UNION ALL SELECT '8' UNION ALL SELECT '13' UNION ALL SELECT '14' UNION ALL SELECT '15' UNION ALL SELECT '16'
),
-- "Use for delegation": MUST NOT
digest AS (SELECT '0' AS number UNION ALL SELECT '1' UNION ALL SELECT '3'),
digits AS (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5),
seen AS (
  SELECT a.zone, r.owner, r.type, r.rdata, MIN(r.id) AS id, MIN(a.t) AS t
  FROM dns_answer a JOIN zones z ON z.name = a.zone JOIN dns_answer_record r ON r.answer_id = a.id
  WHERE a.purpose IN ('dnskey', 'ds', 'nsec3param') AND r.section = 'answer' AND r.owner = a.zone AND a.t >= :period_start AND a.t < :period_end
  GROUP BY a.zone, r.owner, r.type, r.rdata
),
better AS (
  SELECT o.zone FROM seen o, signer y, digits q
  WHERE o.type = 'DS' AND substr(o.rdata, q.n + 1, length(y.number) + 4) IN (' ' || y.number || ' 2 ', ' ' || y.number || ' 4 ')
)
SELECT s.zone AS resource,
       'algorithm ' || g.number AS key,
       g.status AS status,
       'presence' AS basis,
       'The zone has a key of algorithm ' || g.number || ', which ' || CASE g.status WHEN 'fail' THEN 'must not' ELSE 'should not' END
         || ' be signed with any more.' AS reason,
       'dns_answer_record' AS ref_table,
       s.id AS ref_id,
       s.t AS observed_at
FROM seen s JOIN algorithm g ON substr(s.rdata, 4, length(g.number) + 4) = ' 3 ' || g.number || ' '
WHERE s.type = 'DNSKEY'
UNION ALL
SELECT s.zone, 'digest ' || g.number, 'fail', 'presence', 'A DS of the zone has digest ' || g.number || ', which must not be used any more.',
       'dns_answer_record', s.id, s.t
FROM seen s, digest g, signer x, digits p
WHERE s.type = 'DS' AND substr(s.rdata, p.n + 1, length(x.number) + length(g.number) + 3) = ' ' || x.number || ' ' || g.number || ' '
  -- beside a better one it is passed over (RFC 4509, 3)
  AND NOT (g.number = '1' AND s.zone IN (SELECT zone FROM better))
UNION ALL
SELECT s.zone, 'nsec3', CASE WHEN substr(s.rdata, 1, 6) = '1 0 0 ' THEN 'review' ELSE 'fail' END, 'presence',
       'NSEC3 parameters are ' || s.rdata || '; RFC 9276 asks for 1 0 0 -.', 'dns_answer_record', s.id, s.t
FROM seen s
WHERE s.type = 'NSEC3PARAM' AND s.rdata <> '1 0 0 -'
UNION ALL
SELECT o.subject, 'missing ' || o.name, 'review', 'presence', 'The answer ' || o.name || ' lacks a signature of algorithm ' || o.value || ', which the zone has keys of.',
       'observation', o.id, o.t_from
FROM observation o JOIN zones z ON z.name = o.subject
WHERE o.kind = 'dnssec-algorithm-missing' AND o.t_from >= :period_start AND o.t_from < :period_end
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
-- asked, and never told
SELECT z.name, 'dns-live', 'keys of ' || z.name, :period_start, :period_end, 'sampled'
FROM zones z
WHERE EXISTS (SELECT 1 FROM dns_answer a WHERE a.zone = z.name AND a.t >= :period_start AND a.t < :period_end AND a.purpose = 'dnskey')
  AND NOT EXISTS (SELECT 1 FROM dns_answer a WHERE a.zone = z.name AND a.t >= :period_start AND a.t < :period_end AND a.purpose = 'dnskey' AND a.outcome = 'NOERROR')
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM zones);
