/*
id: zone-open-transfer
title: Servers do not hand out whole zones to anybody
severity: medium
resource: zone
answers: [P18]
why: Whoever has the whole zone knows every name in it, and which of them lead nowhere.
remedy: Allow transfers to the secondaries alone, with a key (allow-transfer, acl, provide-xfr).
false-positives: A zone that is published on purpose; or the probe stands inside a network that may transfer.
*/
SELECT a.zone AS resource,
       a.server || ' ' || a.address AS key,
       'fail' AS status,
       'presence' AS basis,
       a.server || ' (' || a.address || ') began to hand out the whole zone.' AS reason,
       'dns_answer' AS ref_table,
       MIN(a.id) AS ref_id,
       MIN(a.t) AS observed_at
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'open-transfer' AND a.outcome = 'NOERROR' AND a.t >= :period_start AND a.t < :period_end
  AND EXISTS (SELECT 1 FROM dns_answer_record r WHERE r.answer_id = a.id AND r.type = 'SOA')
GROUP BY a.zone, a.server, a.address
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
