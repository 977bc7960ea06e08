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
SELECT cd.domain AS resource,
       c.tbs_key AS key,
       CASE WHEN EXISTS (SELECT 1 FROM approved_issuer a WHERE a.domain = cd.domain) THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN EXISTS (SELECT 1 FROM approved_issuer a WHERE a.domain = cd.domain)
            THEN 'A certificate for ' || n.name || ' was issued by ' || c.issuer || ', which was not approved at that time.'
            ELSE 'A certificate for ' || n.name || ' was issued by ' || c.issuer || '; no issuer is declared for ' || cd.domain || '.'
       END AS reason,
       'certificate' AS ref_table,
       c.id AS ref_id,
       c.logged_ms AS observed_at
FROM certificate c
JOIN certificate_domain cd ON cd.certificate_id = c.id
JOIN certificate_name n ON n.id = cd.name_id
JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
  AND NOT EXISTS (SELECT 1 FROM approved_issuer a
                  WHERE a.domain = cd.domain
                    AND ((a.issuer_key_hash <> '' AND a.issuer_key_hash = c.issuer_key_hash)
                         OR (a.issuer <> '' AND a.issuer = c.issuer))
                    AND a.valid_from <= c.logged_ms AND a.valid_to > c.logged_ms);

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
