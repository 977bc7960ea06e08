/*
id: certificate-lookalike
title: Nobody gets certificates for names that look like ours
severity: medium
resource: domain
answers: [P01, P30]
why: A certificate for a name that people take for ours is how a false site gets its padlock; it often comes before the mail.
remedy: >-
  Look at who owns the name. If it is yours, put it into the inventory. If not, watch the site, warn those who could be
  deceived, and ask its registrar or issuer to act.
false-positives: Names of others that happen to be spelled like yours; set lookalike to false where they are too many.
*/
SELECT l.domain AS resource,
       c.tbs_key || ' ' || n.name AS key,
       'review' AS status,
       'presence' AS basis,
       'A certificate for ' || n.name || ' was logged; the name looks like ' || l.domain || ' (' || l.how || ').' AS reason,
       'certificate' AS ref_table,
       c.id AS ref_id,
       c.logged_ms AS observed_at
FROM certificate_lookalike l
JOIN certificate c ON c.id = l.certificate_id
JOIN certificate_name n ON n.id = l.name_id
WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'The inventory does not ask for names that look like ' || d.name || '.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.lookalike = 0;

-- population
SELECT d.name AS resource, 'ct-lookalike' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.lookalike = 1
UNION ALL
SELECT d.name, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND d.lookalike = 0;
