/*
id: dnssec-nsec3-parameters
title: NSEC3 has no extra iterations and no salt
severity: medium
resource: zone
answers: [P70]
why: >-
  Iterations and salt protect nothing and cost every server and resolver work; validators treat zones with many as unsigned. Under opt-out
  unsigned delegations can be put into a signed zone.
remedy: Set NSEC3 to "1 0 0 -" (RFC 9276), or use NSEC. Keep opt-out for large zones that mostly delegate.
*/
WITH seen AS (
  SELECT a.zone, r.rdata, MIN(r.id) AS id, MIN(a.t) AS t
  FROM probed_zone z CROSS JOIN dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id
  WHERE a.zone = z.name AND a.purpose = 'nsec3param' AND r.section = 'answer' AND r.type = 'NSEC3PARAM' AND r.owner = a.zone AND a.t >= :period_start AND a.t < :period_end
  GROUP BY a.zone, r.rdata
), field AS (
  -- behind algorithm and flags stand the iterations and the salt
  SELECT s.*, substr(substr(s.rdata, instr(s.rdata, ' ') + 1), instr(substr(s.rdata, instr(s.rdata, ' ') + 1), ' ') + 1) AS tail FROM seen s
), optout AS (
  SELECT a.zone, MIN(r.id) AS id, MIN(a.t) AS t
  FROM probed_zone z CROSS JOIN dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id
  WHERE a.zone = z.name AND a.purpose IN ('denial', 'challenge', 'persist', 'cds', 'cdnskey', 'caa') AND r.section = 'authority' AND r.type = 'NSEC3' AND substr(r.rdata, 1, 4) = '1 1 '
    AND substr(r.owner, length(r.owner) - length(a.zone)) = '.' || a.zone
    AND a.t >= :period_start AND a.t < :period_end
  GROUP BY a.zone
)
SELECT f.zone AS resource,
       f.rdata AS key,
       CASE WHEN substr(f.tail, 1, 2) <> '0 ' THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN substr(f.tail, 1, 2) <> '0 ' THEN 'NSEC3 has ' || substr(f.tail, 1, instr(f.tail || ' ', ' ') - 1) || ' extra iterations; there must be none (RFC 9276).'
            ELSE 'NSEC3 has a salt, which protects nothing (RFC 9276).' END AS reason,
       'dns_answer_record' AS ref_table, f.id AS ref_id, f.t AS observed_at
FROM field f WHERE f.tail <> '0 -'
UNION ALL
SELECT o.zone, 'opt-out', 'review', 'presence', 'The zone denies names under opt-out: unsigned delegations can be put into it.', 'dns_answer_record', o.id, o.t
FROM optout o
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'NSEC3 parameters of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'nsec3param' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome = 'NOERROR' THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
