/*
id: certificate-revoked-in-use
title: No revoked certificate is in use
severity: high
resource: end point or place
answers: [P26, P33, P45]
why: Whoever checks refuses a revoked certificate; who does not check trusts a key that its authority calls lost.
remedy: Install another certificate with another key, and take the revoked one away from every place.
false-positives: A certificate that was on hold for a while.
*/
WITH told AS (
  SELECT s.source FROM source_scope s WHERE s.evidence = 'revocation' AND s.retired_ms > :period_start
)

-- findings
WITH revoked AS MATERIALIZED (
  SELECT v.serial, v.issuer_key_hash, MIN(COALESCE(v.revoked_ms, v.t)) AS t FROM revocation v WHERE v.state = 'revoked' GROUP BY v.serial, v.issuer_key_hash
)
SELECT e.host || ':' || e.port AS resource,
       e.serial AS key,
       'fail' AS status,
       'presence' AS basis,
       'It presented a certificate ' || ((MAX(e.t) - r.t) / 3600000) || ' hours after that was revoked.' AS reason,
       'endpoint' AS ref_table,
       MIN(e.id) AS ref_id,
       MIN(e.t) AS observed_at
FROM endpoint e
LEFT JOIN certificate c ON c.tbs_key = e.tbs_key
JOIN revoked r ON r.serial = e.serial AND r.issuer_key_hash = COALESCE(e.issuer_key_hash, c.issuer_key_hash) AND r.t <= e.t
WHERE e.outcome = 'presented' AND e.t >= :period_start AND e.t < :period_end AND EXISTS (SELECT 1 FROM told)
GROUP BY e.host, e.port, e.serial, r.t
UNION ALL
SELECT h.place, h.serial, 'review', 'presence', 'A certificate lay here ' || ((h.seen_ms - r.t) / 3600000) || ' hours after it was revoked.', 'held_certificate', h.id, h.seen_ms
FROM held_certificate h
LEFT JOIN certificate c ON c.tbs_key = h.tbs_key
JOIN revoked r ON r.serial = h.serial AND r.issuer_key_hash = COALESCE(NULLIF(h.issuer_key_hash, ''), c.issuer_key_hash) AND r.t <= h.seen_ms
WHERE h.seen_ms >= :period_start AND h.first_ms < :period_end AND EXISTS (SELECT 1 FROM told)
UNION ALL
SELECT 'no revocation', '', 'not-applicable', 'presence', 'No source asks which certificates are revoked (revocation).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM told);

-- population
WITH used AS (
  SELECT x.scope AS name, 'tls-live' AS evidence, x.scope FROM source_scope x WHERE x.evidence = 'tls-live' AND x.retired_ms > :period_start
  UNION SELECT e.host || ':' || e.port, NULL, NULL FROM endpoint e WHERE e.t >= :period_start AND e.t < :period_end
  UNION SELECT h.place, NULL, NULL FROM held_certificate h WHERE h.seen_ms >= :period_start AND h.first_ms < :period_end
)
SELECT u.name AS resource, u.evidence, u.scope, :period_start AS need_from, :period_end AS need_to,
       CASE WHEN u.evidence IS NULL THEN NULL ELSE 'sampled' END AS grade
FROM used u
WHERE EXISTS (SELECT 1 FROM told)
UNION ALL
SELECT u.name, 'revocation', 'certificates', :period_start, :period_end, 'sampled'
FROM used u
WHERE EXISTS (SELECT 1 FROM told)
UNION ALL
SELECT 'no revocation', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM told);
