/*
id: dnssec-signature-margin
title: Signatures are renewed in good time
severity: high
resource: zone
answers: [P70]
why: A signature that ends before the next one is made takes the zone away from everybody who validates.
remedy: See why the signer has not signed again, and let signatures live longer than the longest outage of the signer.
params:
  least: {type: duration, default: 12h, meaning: "what must be left of every signature when it is seen"}
  early: {type: duration, default: 3d, meaning: "below this somebody should look"}
*/
SELECT v.zone AS resource,
       v.server || ' ' || v.type AS key,
       CASE WHEN v.expires_ms - v.t < :least THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'A signature over the answer of ' || v.server || ' about ' || v.type || ' had ' || ((v.expires_ms - v.t) / 3600000) || ' hours left.' AS reason,
       'dnssec_verdict' AS ref_table,
       v.id AS ref_id,
       v.t AS observed_at
FROM dnssec_verdict v JOIN probed_zone z ON z.name = v.zone
WHERE v.validator = 'affidavit' AND v.state = 'secure' AND v.expires_ms - v.t < :early AND v.t >= :period_start AND v.t < :period_end
  AND v.id = (SELECT w.id FROM dnssec_verdict w WHERE w.zone = v.zone AND w.server = v.server AND w.type = v.type AND w.validator = 'affidavit'
              AND w.state = 'secure' AND w.t >= :period_start AND w.t < :period_end AND w.expires_ms IS NOT NULL
              ORDER BY w.expires_ms - w.t, w.id LIMIT 1)
UNION ALL
SELECT s.zone, s.server || ' ' || s.covered, 'review', 'presence',
       'A signature over ' || s.covered || ' at ' || s.server || ' ended before caches need forget what it signs: ' || MIN((s.till - s.t) / 3600000) || ' hours were left of it, and the TTL is '
         || (s.ttl / 3600) || ' hours.', 'dns_answer_record', MIN(s.ref_id), MIN(s.t)
FROM probed_zone z JOIN signature s ON s.zone = z.name AND s.t >= :period_start AND s.t < :period_end
WHERE s.till > s.t AND s.till < s.t + s.ttl * 1000
GROUP BY s.zone, s.server, s.covered, s.ttl
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
