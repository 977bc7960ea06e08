/*
id: certificate-not-in-inventory
title: Every certificate in the logs stands in the inventory
severity: medium
resource: domain
answers: [P30, P37, P63]
why: A certificate that nobody listed is renewed, moved and revoked by nobody, and may have been got by somebody else.
remedy: Find out who asked for it. Put it into the inventory with an owner, or revoke it.
false-positives: Certificates that a provider gets by itself; list them by host and issuer.
params:
  grace: {type: duration, default: 30d, meaning: "how long after the issuance it may be listed"}
*/
WITH issued AS MATERIALIZED (
  SELECT cd.domain, c.id, c.tbs_key, c.serial, c.issuer, c.logged_ms, n.name
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
), tree AS MATERIALIZED (
  SELECT o.id, substr(o.host, 2) AS suffix FROM owned_certificate o WHERE substr(o.host, 1, 2) = '*.'
), meant AS (
  SELECT i.id, o.id AS entry FROM issued i JOIN owned_certificate o ON o.host = i.name
  UNION
  SELECT i.id, t.id FROM issued i JOIN tree t ON substr(i.name, length(i.name) - length(t.suffix) + 1) = t.suffix
), listed AS (
  SELECT i.id, CASE WHEN o.recorded_at = b.t THEN -9223372036854775807 ELSE o.recorded_at END AS recorded_at,
         -- logs do not show the digest of the whole certificate; what we hold or saw presented does
         CASE WHEN o.cert_sha256 IS NULL OR o.serial IS NOT NULL THEN 1
              WHEN EXISTS (SELECT 1 FROM held_certificate h WHERE h.tbs_key = i.tbs_key AND h.cert_sha256 = o.cert_sha256) THEN 1
              WHEN EXISTS (SELECT 1 FROM endpoint e WHERE e.tbs_key = i.tbs_key AND e.cert_sha256 = o.cert_sha256) THEN 1
              WHEN EXISTS (SELECT 1 FROM held_certificate h WHERE h.tbs_key = i.tbs_key) THEN 0
              WHEN EXISTS (SELECT 1 FROM endpoint e WHERE e.tbs_key = i.tbs_key) THEN 0 END AS same
  FROM (SELECT DISTINCT id, tbs_key, serial, issuer FROM issued) i
  JOIN meant m ON m.id = i.id
  JOIN owned_certificate o ON o.id = m.entry AND (o.serial IS NULL OR o.serial = i.serial) AND (o.issuer IS NULL OR o.issuer = i.issuer)
  CROSS JOIN inventory_begun b
), judged AS (
  SELECT i.domain, i.id, i.tbs_key, i.logged_ms, MIN(i.name) AS name,
         s.recorded_at,
         CASE WHEN i.id IN (SELECT l.id FROM listed l WHERE l.same IS NULL) THEN 1 ELSE 0 END AS maybe
  FROM issued i
  LEFT JOIN (SELECT l.id, MIN(l.recorded_at) AS recorded_at FROM listed l WHERE l.same = 1 GROUP BY l.id) s ON s.id = i.id
  GROUP BY i.domain, i.id, i.tbs_key, i.logged_ms, s.recorded_at
)
SELECT j.domain AS resource,
       j.tbs_key AS key,
       CASE WHEN j.recorded_at IS NULL AND j.maybe = 0 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'A certificate for ' || j.name || ' was logged; '
         || CASE WHEN j.recorded_at IS NOT NULL
                 THEN 'it was listed ' || ((j.recorded_at - j.logged_ms + 86399999) / 86400000) || ' days later, ' || (:grace / 86400000) || ' are allowed.'
                 WHEN j.maybe = 1 THEN 'the inventory names one by its digest, which no log shows.'
                 ELSE 'the inventory does not have it.' END AS reason,
       'certificate' AS ref_table,
       j.id AS ref_id,
       j.logged_ms AS observed_at
FROM judged j
WHERE EXISTS (SELECT 1 FROM owned_certificate) AND (j.recorded_at IS NULL OR j.recorded_at > j.logged_ms + :grace)
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'The inventory lists no certificates.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND NOT EXISTS (SELECT 1 FROM owned_certificate);

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM owned_certificate)
UNION ALL
SELECT d.name, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND NOT EXISTS (SELECT 1 FROM owned_certificate);
