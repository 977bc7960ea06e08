/*
id: dnssec-cds-delete
title: No zone asks its parent to take the DS away without an approval
severity: high
resource: zone
answers: [P31, P70, P91]
why: A CDS or CDNSKEY record with algorithm 0 asks the registry to end signing (RFC 8078, 4). Some registries do so by themselves, within a day.
remedy: Take the record away and find out who put it there. Record an approval (ds.change) before signing is ended.
false-positives: Signing that ends on purpose, without a recorded approval.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the record came an approval may be recorded and still counts"}
*/
WITH ours AS (
  SELECT DISTINCT COALESCE(d.zone, d.name) AS name FROM domain d WHERE d.in_scope = 1
)

-- findings
WITH seen AS (
  SELECT a.zone, r.type, 'dns_answer_record' AS ref_table, MIN(r.id) AS ref_id, MIN(a.t) AS t
  FROM ours o JOIN dns_answer a ON a.zone = o.name JOIN dns_answer_record r ON r.answer_id = a.id
  WHERE a.purpose IN ('cds', 'cdnskey') AND a.t >= :period_start AND a.t < :period_end AND r.section = 'answer' AND r.owner = a.zone
    AND (r.type = 'CDS' AND substr(r.rdata, 1, 4) = '0 0 ' OR r.type = 'CDNSKEY' AND substr(r.rdata, 1, 6) = '0 3 0 ')
  GROUP BY a.zone, r.type
  UNION ALL
  SELECT r.zone, r.type, 'record', r.id, r.valid_from
  FROM ours o JOIN record r ON r.owner = o.name AND r.type IN ('CDS', 'CDNSKEY') AND r.zone = o.name
  WHERE r.valid_from < :period_end AND r.valid_to > :period_start
    AND (r.type = 'CDS' AND substr(r.rdata, 1, 4) = '0 0 ' OR r.type = 'CDNSKEY' AND substr(r.rdata, 1, 6) = '0 3 0 ')
), judged AS (
  -- where the zone is read, each time that it came; else the first answer
  SELECT s.*, RANK() OVER (PARTITION BY s.zone, s.type ORDER BY s.ref_table DESC) AS place FROM seen s
), approved AS (
  SELECT j.*, (SELECT MIN(p.recorded_at) FROM approval p WHERE p.subject = j.zone AND p.kind = 'ds.change' AND p.valid_from <= j.t AND p.valid_to > j.t
               AND p.withdrawn_at > j.t) AS recorded_at
  FROM judged j WHERE j.place = 1
)
SELECT j.zone AS resource,
       j.type AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The zone asks its parent by ' || j.type || ' to take its DS away'
         || CASE WHEN j.recorded_at IS NULL THEN ', without an approval.' ELSE '; the approval was recorded ' || ((j.recorded_at - j.t + 59999) / 60000) || ' minutes later.' END AS reason,
       j.ref_table, j.ref_id, CASE WHEN j.t < :period_start THEN :period_start ELSE j.t END AS observed_at
FROM approved j
WHERE j.recorded_at IS NULL OR j.recorded_at > j.t + :grace
UNION ALL
SELECT o.name, '', 'not-applicable', 'presence', 'Neither is the zone read nor are its servers asked.', NULL, NULL, :as_of
FROM ours o
WHERE o.name NOT IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'zone-changes' AND s.retired_ms > :period_start)
  AND NOT EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start));

-- population
SELECT o.name AS resource, 'dns-live' AS evidence, o.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM ours o
WHERE EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start))
UNION ALL
SELECT o.name, 'zone-changes', o.name, :period_start, :period_end, 'sampled'
FROM ours o JOIN source_scope s ON s.scope = o.name AND s.evidence = 'zone-changes' AND s.retired_ms > :period_start
UNION ALL
SELECT o.name, NULL, NULL, :period_start, :period_start, NULL FROM ours o;
