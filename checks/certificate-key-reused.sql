/*
id: certificate-key-reused
title: Each service has a key of its own
severity: medium
resource: domain
answers: [P47, P83]
why: A key that several services hold is stolen from the weakest of them, and cannot be replaced in one place.
remedy: Make a new key for each service, get new certificates, and revoke those that share a key.
false-positives: >-
  One service whose names went from one certificate to another without a name in common; declare it as a service under those names.
*/
WITH shared AS (
  SELECT c.spki_sha256 FROM certificate c WHERE c.spki_sha256 <> '' GROUP BY c.spki_sha256 HAVING COUNT(*) > 1
), holder AS MATERIALIZED (
  SELECT c.id, c.tbs_key, c.spki_sha256, c.logged_ms, c.not_before, c.not_after
  FROM shared s JOIN certificate c ON c.spki_sha256 = s.spki_sha256
), pair AS (
  -- told once, of the later one; a renewal has a name in common with what it replaces
  SELECT b.id, b.tbs_key, b.logged_ms, a.id AS other,
         CASE WHEN a.not_after >= b.not_before AND b.not_after >= a.not_before THEN 1 ELSE 0 END AS together
  FROM holder b
  JOIN holder a ON a.spki_sha256 = b.spki_sha256 AND (a.logged_ms < b.logged_ms OR (a.logged_ms = b.logged_ms AND a.tbs_key < b.tbs_key))
  WHERE b.logged_ms >= :period_start AND b.logged_ms < :period_end
    AND NOT EXISTS (SELECT 1 FROM certificate_name x JOIN certificate_name y ON y.certificate_id = a.id AND y.base = x.base
                    WHERE x.certificate_id = b.id)
), alike AS (
  SELECT p.id FROM pair p UNION SELECT p.other FROM pair p
), tree AS MATERIALIZED (
  SELECT s.name, s.host FROM service s WHERE substr(s.host, 1, 2) = '*.'
), served AS (
  SELECT n.certificate_id, s.name AS service
  FROM alike k
  JOIN certificate_name n ON n.certificate_id = k.id
  JOIN service s ON s.host = n.name
  UNION
  SELECT n.certificate_id, s.name
  FROM alike k
  JOIN certificate_name n ON n.certificate_id = k.id
  JOIN tree s ON substr(n.base, length(n.base) - length(s.host) + 2) = substr(s.host, 2)
), one AS (
  SELECT a.certificate_id || ' ' || b.certificate_id AS pair FROM served a JOIN served b ON b.service = a.service
), named AS (
  SELECT p.id, p.tbs_key, p.logged_ms, MAX(p.together) AS together, MIN(n.name) AS other
  FROM pair p JOIN certificate_name n ON n.certificate_id = p.other
  WHERE p.id || ' ' || p.other NOT IN (SELECT o.pair FROM one o)
  GROUP BY p.id, p.tbs_key, p.logged_ms
)
SELECT cd.domain AS resource,
       m.tbs_key AS key,
       CASE WHEN m.together = 1 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The certificate for ' || MIN(n.name) || ' holds the key of one for ' || m.other
         || CASE WHEN m.together = 1 THEN ', which has no name in common with it.' ELSE ', which has no name in common with it and had ended.' END AS reason,
       'certificate' AS ref_table,
       m.id AS ref_id,
       m.logged_ms AS observed_at
FROM named m
JOIN certificate_domain cd ON cd.certificate_id = m.id
JOIN certificate_name n ON n.id = cd.name_id
JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
GROUP BY cd.domain, m.id, m.tbs_key, m.logged_ms, m.together, m.other;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
