/*
id: dnssec-chain-valid
title: Signatures lead from the trust anchor to every answer
severity: high
resource: zone
answers: [P70]
why: A zone whose signatures do not hold is gone for everybody whose resolver validates, and issuers of certificates must refuse it.
remedy: Sign the zone again, or repair the DS at the parent; until then take the DS away.
false-positives: Signatures that began or ended within an hour of the look, which some validators forgive.
*/
WITH bogus AS (
  SELECT v.id, v.zone, v.server, v.name, v.type, v.reason, v.t, MIN(v.id) OVER (PARTITION BY v.zone, v.server, v.type) AS first_id
  FROM dnssec_verdict v JOIN probed_zone z ON z.name = v.zone
  WHERE v.validator = 'affidavit' AND v.state = 'bogus' AND v.t >= :period_start AND v.t < :period_end
), ours AS MATERIALIZED (
  SELECT DISTINCT w.leaf, w.zone, w.name, w.type, w.state FROM dnssec_verdict w WHERE w.validator = 'affidavit'
), why AS MATERIALIZED (
  SELECT w.leaf, w.zone, w.name, w.type, MIN(': ' || w.state || CASE WHEN w.reason <> '' THEN ', ' || w.reason ELSE '' END) AS words
  FROM dnssec_verdict w WHERE w.validator = 'affidavit' GROUP BY w.leaf, w.zone, w.name, w.type
)
SELECT v.zone AS resource,
       v.server || ' ' || v.type AS key,
       'fail' AS status,
       'presence' AS basis,
       'The answer of ' || v.server || ' about ' || v.name || ' ' || v.type || ' is bogus: ' || v.reason || '.' AS reason,
       'dnssec_verdict' AS ref_table,
       v.id AS ref_id,
       v.t AS observed_at
FROM bogus v
WHERE v.id = v.first_id
UNION ALL
SELECT v.zone, v.validator || ' ' || v.type, 'review', 'presence',
       v.validator || ' finds ' || v.name || ' ' || v.type || ' ' || v.state || '; we do not'
         || COALESCE(m.words, '') || '.',
       'dnssec_verdict', v.id, v.t
FROM dnssec_verdict v JOIN probed_zone z ON z.name = v.zone
LEFT JOIN ours w ON w.leaf = v.leaf AND w.zone = v.zone AND w.name = v.name AND w.type = v.type AND w.state = v.state
LEFT JOIN why m ON m.leaf = v.leaf AND m.zone = v.zone AND m.name = v.name AND m.type = v.type
WHERE v.validator <> 'affidavit' AND v.state <> 'indeterminate' AND v.t >= :period_start AND v.t < :period_end
  AND w.leaf IS NULL
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'signatures of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z
WHERE EXISTS (SELECT 1 FROM dnssec_verdict a WHERE a.zone = z.name AND a.t >= :period_start AND a.t < :period_end AND a.validator = 'affidavit')
  AND NOT EXISTS (SELECT 1 FROM dnssec_verdict a WHERE a.zone = z.name AND a.t >= :period_start AND a.t < :period_end AND a.validator = 'affidavit' AND a.state <> 'indeterminate')
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
