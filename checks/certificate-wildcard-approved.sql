/*
id: certificate-wildcard-approved
title: Wildcard certificates are approved
severity: medium
resource: domain
answers: [P69, P48, P19]
why: Whoever holds a wildcard certificate can be every name below it, those of tomorrow too.
remedy: >-
  Ask what it is for. Use certificates for single names where they do, record an approval of the kind certificate.wildcard for the others, and
  forbid the rest by CAA (issuewild).
false-positives: Renewals of a wildcard whose approval has run out.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the issuance an approval may be recorded and still counts"}
*/
WITH issued AS (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, n.name, n.base
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id AND n.wildcard = 1
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
), judged AS (
  -- for the wildcard itself, the name above it, or the whole domain
  SELECT i.*, (SELECT MIN(a.recorded_at) FROM approval a
               WHERE a.subject IN (i.name, i.base, i.domain) AND a.kind = 'certificate.wildcard'
                 AND a.valid_from <= i.logged_ms AND a.valid_to > i.logged_ms AND a.withdrawn_at > i.logged_ms) AS recorded_at
  FROM issued i
)
SELECT j.domain AS resource,
       j.tbs_key || ' ' || j.name AS key,
       CASE WHEN j.recorded_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM approval a WHERE a.kind = 'certificate.wildcard') THEN 'review'
            ELSE 'fail' END AS status,
       'presence' AS basis,
       'A certificate for ' || j.name || ' was logged; '
         || CASE WHEN j.recorded_at IS NOT NULL
                 THEN 'it was approved afterwards, ' || ((j.recorded_at - j.logged_ms + 59999) / 60000) || ' minutes later.'
                 WHEN EXISTS (SELECT 1 FROM approval a WHERE a.kind = 'certificate.wildcard') THEN 'nobody approved that wildcard.'
                 ELSE 'no approvals of wildcards are recorded.' END AS reason,
       'certificate' AS ref_table,
       j.id AS ref_id,
       j.logged_ms AS observed_at
FROM judged j
WHERE j.recorded_at IS NULL OR j.recorded_at > j.logged_ms + :grace;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
