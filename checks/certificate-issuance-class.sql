/*
id: certificate-issuance-class
title: Certificates that came early were meant to
severity: low
resource: domain
answers: [P19, P13, P62]
why: >-
  A first certificate, a renewal and a replacement in a hurry are different things. One that comes long before the last one ends was asked
  for by a person, or by somebody who should not.
remedy: Ask who requested it and why, and record an approval of the kind certificate.issue for replacements that are planned.
false-positives: Several machines that each get a certificate for the same names; revocations of many certificates at once.
params:
  early: {type: int, default: 50, meaning: "an issuance while more than this percentage of the last one's lifetime is left is early"}
  grace: {type: duration, default: 0s, meaning: "how long after the issuance an approval may be recorded and still counts"}
*/
WITH counted AS (
  SELECT n.certificate_id, MIN(n.name) AS first, COUNT(DISTINCT n.name) AS n FROM certificate_name n GROUP BY n.certificate_id
), issued AS MATERIALIZED (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, c.key_algorithm, k.first, k.n
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  JOIN counted k ON k.certificate_id = c.id
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
  GROUP BY cd.domain, c.id, c.tbs_key, c.logged_ms, c.key_algorithm, k.first, k.n
), before AS (
  -- the same names, and the same kind of key: services may hold one of each
  SELECT i.id, i.domain, p.id AS other, p.serial, p.issuer_key_hash, p.not_before, p.not_after,
         ROW_NUMBER() OVER (PARTITION BY i.id, i.domain ORDER BY p.logged_ms DESC, p.id DESC) AS nth
  FROM issued i
  JOIN certificate_name m ON m.name = i.first
  JOIN counted k ON k.certificate_id = m.certificate_id AND k.first = i.first AND k.n = i.n
  JOIN certificate p ON p.id = k.certificate_id AND p.logged_ms < i.logged_ms AND COALESCE(p.key_algorithm, '') = COALESCE(i.key_algorithm, '')
  WHERE NOT EXISTS (SELECT 1 FROM certificate_name x WHERE x.certificate_id = i.id
                    AND NOT EXISTS (SELECT 1 FROM certificate_name y WHERE y.certificate_id = p.id AND y.base = x.base AND y.name = x.name))
), early AS (
  SELECT i.*, b.not_after - i.logged_ms AS remaining, b.not_after - b.not_before AS life
  FROM issued i JOIN before b ON b.id = i.id AND b.domain = i.domain AND b.nth = 1
  WHERE (b.not_after - i.logged_ms) * 100 > (b.not_after - b.not_before) * :early
    -- what was revoked has to be replaced
    AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.serial = b.serial AND r.issuer_key_hash = b.issuer_key_hash AND r.state = 'revoked')
), approved AS (
  SELECT e.id, MIN(a.recorded_at) AS recorded_at
  FROM early e
  JOIN certificate_name n ON n.certificate_id = e.id
  JOIN approval a ON a.subject IN (n.name, n.base, e.domain) AND a.kind = 'certificate.issue'
                 AND a.valid_from <= e.logged_ms AND a.valid_to > e.logged_ms AND a.withdrawn_at > e.logged_ms
  GROUP BY e.id
)
SELECT e.domain AS resource,
       e.tbs_key AS key,
       'review' AS status,
       'presence' AS basis,
       'An early replacement: the certificate for ' || e.first || ' was issued when ' || (e.remaining * 100 / e.life) || ' % of the last one''s lifetime was left, '
         || :early || ' % are usual; '
         || CASE WHEN a.recorded_at IS NULL THEN 'nobody approved it.'
                 ELSE 'it was approved afterwards, ' || ((a.recorded_at - e.logged_ms + 59999) / 60000) || ' minutes later.' END AS reason,
       'certificate' AS ref_table,
       e.id AS ref_id,
       e.logged_ms AS observed_at
FROM early e LEFT JOIN approved a ON a.id = e.id
WHERE a.recorded_at IS NULL OR a.recorded_at > e.logged_ms + :grace;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
