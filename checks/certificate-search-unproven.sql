/*
id: certificate-search-unproven
title: What search services know stands in the logs that are read
severity: medium
resource: domain
answers: [P01, P02, P30]
why: >-
  A certificate that a search service names and that no log shows, although the logs of that time were read, was logged
  where nobody of us looks, or never logged, or the service is wrong. Each of the three is worth knowing.
remedy: >-
  Fetch the certificate from the service and look at its SCTs: they say which logs to read. If nobody asked for it, treat
  it as one of an unknown issuer.
false-positives: >-
  Certificates that were logged much later than they were issued, or only in logs that are left out on purpose; names of
  issuers that the service writes in another way.
params:
  tolerance: {type: duration, default: 48h, meaning: "how far the time of the log entry may lie from the first instant of the certificate or from what the service says"}
*/
WITH lacking AS (
  SELECT sd.domain, MIN(r.id) AS id, MIN(n.name) AS name, MIN(COALESCE(r.logged_ms, r.not_before)) AS t,
         CASE WHEN r.tbs_sha256 <> '' THEN r.tbs_sha256 ELSE r.serial || ' ' || r.issuer END AS certificate,
         MIN(r.provider) AS provider
  FROM search_result r
  JOIN search_domain sd ON sd.result_id = r.id
  JOIN search_name n ON n.id = sd.name_id
  JOIN domain d ON d.name = sd.domain AND d.in_scope = 1
  WHERE NOT EXISTS (SELECT 1 FROM search_certificate c WHERE c.result_id = r.id)
  GROUP BY sd.domain, CASE WHEN r.tbs_sha256 <> '' THEN r.tbs_sha256 ELSE r.serial || ' ' || r.issuer END
), promised AS (
  -- logs that promised to take it: those that are read, and the others
  SELECT CASE WHEN r.tbs_sha256 <> '' THEN r.tbs_sha256 ELSE r.serial || ' ' || r.issuer END AS certificate,
         CASE WHEN g.log_id IS NOT NULL AND g.left_out IS NULL THEN 1 ELSE 0 END AS is_read,
         CASE WHEN g.log_id IS NULL THEN 'the log ' || p.log_id || ' (in no list)' ELSE g.description END AS name
  FROM search_sct p
  JOIN search_result r ON r.id = p.result_id
  LEFT JOIN ct_log g ON g.log_id = p.log_id
), pointed AS (
  SELECT certificate, COUNT(DISTINCT CASE WHEN is_read = 0 THEN name END) AS unread,
         MIN(CASE WHEN is_read = 0 THEN name END) AS first_name, MAX(CASE WHEN is_read = 0 THEN name END) AS last_name
  FROM promised GROUP BY certificate
)
SELECT l.domain AS resource,
       l.certificate AS key,
       'review' AS status,
       'absence' AS basis,
       'A certificate for ' || l.name || ' is known to ' || l.provider || ', and no log that we read shows it.'
         || CASE WHEN p.certificate IS NULL THEN ''
                 WHEN p.unread = 0 THEN ' Its SCTs name only logs that are read: they have not kept their promise, or the service is wrong.'
                 ELSE ' Its SCTs say where it stands: ' || p.first_name
                      || CASE WHEN p.unread > 2 THEN ', ' || CAST(p.unread - 2 AS TEXT) || ' more' ELSE '' END
                      || CASE WHEN p.unread > 1 THEN ' and ' || p.last_name ELSE '' END || '; reading it would prove it.' END AS reason,
       'search_result' AS ref_table,
       l.id AS ref_id,
       l.t AS observed_at
FROM lacking l
LEFT JOIN pointed p ON p.certificate = l.certificate
-- it belongs to the period in which the last log entry for it could have come
WHERE l.t + :tolerance >= :period_start AND l.t + :tolerance < :period_end AND l.t + :tolerance < :as_of
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'No search service is configured.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND NOT EXISTS (SELECT 1 FROM source s WHERE s.kind = 'ct-search' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start));

-- population
WITH lacking AS (
  SELECT sd.domain, MIN(COALESCE(r.logged_ms, r.not_before)) AS t
  FROM search_result r
  JOIN search_domain sd ON sd.result_id = r.id
  JOIN domain d ON d.name = sd.domain AND d.in_scope = 1
  WHERE NOT EXISTS (SELECT 1 FROM search_certificate c WHERE c.result_id = r.id)
  GROUP BY sd.domain, CASE WHEN r.tbs_sha256 <> '' THEN r.tbs_sha256 ELSE r.serial || ' ' || r.issuer END
), searched AS (
  SELECT x.source, x.scope, CASE WHEN x.retired_ms < :period_end THEN x.retired_ms ELSE :period_end END AS until
  FROM source_scope x
  WHERE x.evidence = 'ct-search' AND x.retired_ms > :period_start
)
-- that nothing was found can be said only where the search was made
SELECT d.name AS resource, 'source' AS evidence, s.source || ' ct-search ' || s.scope AS scope,
       :period_start AS need_from, s.until AS need_to, 'sampled' AS grade
FROM domain d CROSS JOIN searched s
WHERE d.in_scope = 1
UNION ALL
-- and that a log lacks something only where the logs were read
SELECT l.domain, 'ct', l.domain, l.t - :tolerance, l.t + :tolerance, 'asserted'
FROM lacking l
WHERE l.t + :tolerance >= :period_start AND l.t + :tolerance < :period_end AND l.t + :tolerance < :as_of
  AND EXISTS (SELECT 1 FROM searched)
UNION ALL
SELECT d.name, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND NOT EXISTS (SELECT 1 FROM source s WHERE s.kind = 'ct-search' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start));
