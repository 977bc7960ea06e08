/*
id: dnssec-algorithm
title: Zones are signed with algorithms that are still recommended
severity: medium
resource: zone
answers: [P70]
why: Validators treat a zone that is signed with a withdrawn algorithm as unsigned. Digests and NSEC3 are other checks' (dnssec-ds-digest, dnssec-nsec3-parameters).
remedy: Roll over to algorithm 13 (ECDSA P-256).
false-positives: A rollover under way, during which old and new keys stand side by side.
*/
WITH -- "Use for DNSSEC signing" after RFC 9904, 9905 and 9906 (November 2025): MUST NOT, NOT RECOMMENDED
algorithm AS (
  SELECT '1' AS number, 'fail' AS status UNION ALL SELECT '3', 'fail' UNION ALL SELECT '5', 'fail' UNION ALL SELECT '6', 'fail'
  UNION ALL SELECT '7', 'fail' UNION ALL SELECT '12', 'fail' UNION ALL SELECT '10', 'review'
),
seen AS (
  SELECT a.zone, r.rdata, MIN(r.id) AS id, MIN(a.t) AS t
  FROM probed_zone z CROSS JOIN dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id
  WHERE a.zone = z.name AND a.purpose = 'dnskey' AND r.section = 'answer' AND r.type = 'DNSKEY' AND r.owner = a.zone AND a.t >= :period_start AND a.t < :period_end
  GROUP BY a.zone, r.rdata
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
UNION ALL
SELECT o.subject, 'missing ' || o.name, 'review', 'presence', 'The answer ' || o.name || ' lacks a signature of algorithm ' || o.value || ', which the zone has keys of.',
       'observation', o.id, o.t_from
FROM observation o JOIN probed_zone z ON z.name = o.subject
WHERE o.kind = 'dnssec-algorithm-missing' AND o.t_from >= :period_start AND o.t_from < :period_end
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'keys of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z
WHERE EXISTS (SELECT 1 FROM dns_answer a WHERE a.zone = z.name AND a.t >= :period_start AND a.t < :period_end AND a.purpose = 'dnskey')
  AND NOT EXISTS (SELECT 1 FROM dns_answer a WHERE a.zone = z.name AND a.t >= :period_start AND a.t < :period_end AND a.purpose = 'dnskey' AND a.outcome = 'NOERROR')
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
