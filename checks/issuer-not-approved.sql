/*
id: issuer-not-approved
title: Certificates come from approved issuers
severity: high
resource: domain
answers: [P01, P30, P37]
why: An issuer that nobody chose means that somebody outside the process can get certificates for the name.
remedy: >-
  If the issuer is one of ours, declare it for the domain. If not, ask who requested the certificate, revoke it, and
  restrict issuers by CAA.
false-positives: A new intermediate of an approved issuer that was declared by its key.
*/
WITH judged AS (
  -- the earliest word that approves it
  SELECT c.id, c.tbs_key, c.issuer, c.logged_ms, cd.domain, n.name,
         (SELECT MIN(CASE WHEN a.recorded_at = b.t THEN -9223372036854775807 ELSE a.recorded_at END)
          FROM approved_issuer a
          WHERE a.domain = cd.domain
            AND ((a.issuer_key_hash <> '' AND a.issuer_key_hash = c.issuer_key_hash)
                 OR (a.issuer <> '' AND a.issuer = c.issuer))
            AND a.valid_from <= c.logged_ms AND a.valid_to > c.logged_ms AND a.withdrawn_at > c.logged_ms) AS recorded_at
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  CROSS JOIN inventory_begun b
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
)
SELECT j.domain AS resource,
       j.tbs_key AS key,
       CASE WHEN j.recorded_at IS NULL AND EXISTS (SELECT 1 FROM approved_issuer a WHERE a.domain = j.domain) THEN 'fail'
            ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN j.recorded_at IS NOT NULL
            THEN 'A certificate for ' || j.name || ' was issued by ' || j.issuer || '; the issuer was declared only afterwards, '
                 || ((j.recorded_at - j.logged_ms + 59999) / 60000) || ' minutes later.'
            WHEN EXISTS (SELECT 1 FROM approved_issuer a WHERE a.domain = j.domain)
            THEN 'A certificate for ' || j.name || ' was issued by ' || j.issuer || ', which was not approved at that time.'
            ELSE 'A certificate for ' || j.name || ' was issued by ' || j.issuer || '; no issuer is declared for ' || j.domain || '.'
       END AS reason,
       'certificate' AS ref_table,
       j.id AS ref_id,
       j.logged_ms AS observed_at
FROM judged j
WHERE j.recorded_at IS NULL OR j.recorded_at > j.logged_ms;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
