/*
id: certificate-revocation-fresh
title: What authorities say of revocation is not out of date
severity: low
resource: address of a revocation list
answers: [P26, P54]
why: A list that ran out says nothing of what was revoked since; who uses it believes in certificates that were taken back.
remedy: Look whether the authority publishes a newer one, and whether we can reach it.
false-positives: An authority that was shut down; its certificates should be replaced.
params:
  grace: {type: duration, default: 12h, meaning: "how long after its next update a list may be late"}
*/
WITH told AS (
  SELECT s.source FROM source_scope s WHERE s.evidence = 'revocation' AND s.retired_ms > :period_start
), wanted AS (
  -- of certificates that have ended nobody asks any more
  SELECT DISTINCT u.url FROM certificate_url u JOIN certificate c ON c.id = u.certificate_id
  WHERE u.kind IN ('crl', 'ocsp') AND c.not_after >= :as_of AND EXISTS (SELECT 1 FROM told)
)

-- findings
WITH last AS (
  SELECT l.url, MAX(l.t) AS t FROM crl l WHERE l.t <= :as_of GROUP BY l.url
), newest AS (
  SELECT w.url, MAX(l.next_update) AS next_update, MAX(l.issuer_key_hash) AS issuer_key_hash, MIN(l.id) AS id, a.t
  FROM wanted w JOIN last a ON a.url = w.url JOIN crl l ON l.url = a.url AND l.t = a.t
  GROUP BY w.url, a.t
)
SELECT n.url AS resource,
       CASE WHEN n.issuer_key_hash = '' THEN 'signature' ELSE 'late' END AS key,
       CASE WHEN n.issuer_key_hash = '' THEN 'review' ELSE 'fail' END AS status,
       'presence' AS basis,
       CASE WHEN n.issuer_key_hash = '' THEN 'What stands there is not signed by the issuer of our certificates.'
            ELSE 'It should have been renewed ' || ((:as_of - n.next_update + 3599999) / 3600000) || ' hours ago; ' || (:grace / 3600000) || ' are allowed.' END AS reason,
       'crl' AS ref_table,
       n.id AS ref_id,
       n.t AS observed_at
FROM newest n
WHERE n.issuer_key_hash = '' OR n.next_update + :grace < :as_of
UNION ALL
SELECT 'no revocation', '', 'not-applicable', 'presence', 'No certificate that is still valid names such an address, or no source asks there (revocation).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM wanted);

-- population
SELECT w.url AS resource, 'revocation' AS evidence, 'certificates' AS scope, :as_of - 1 AS need_from, :as_of AS need_to, 'sampled' AS grade
FROM wanted w
WHERE w.url IN (SELECT l.url FROM crl l WHERE l.t <= :as_of)
UNION ALL
-- by OCSP nobody asks where a list is named
SELECT w.url, NULL, NULL, :period_start, :period_start, NULL
FROM wanted w
UNION ALL
SELECT 'no revocation', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM wanted);
