/*
id: certificate-name-removed
title: Certificates end with the names that they are for
severity: medium
resource: domain
answers: [P26, P33, P39]
why: >-
  When the address of a name is taken away, its certificate and key stay behind: whoever holds them can be the name again as soon as it
  leads anywhere.
remedy: Revoke the certificate, or say why it is still needed, and destroy the key.
false-positives: Names that live on inside, where this zone does not show them.
params:
  grace: {type: duration, default: 7d, meaning: "how long a certificate may outlive the address of its name"}
*/
WITH read AS (
  SELECT d.name, d.zone FROM domain d
  WHERE d.in_scope = 1 AND d.zone IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'zone-changes')
)

-- findings
WITH address AS MATERIALIZED (
  SELECT r.owner, MAX(r.valid_to) AS t FROM record r
  WHERE r.zone IN (SELECT zone FROM read) AND r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME')
  GROUP BY r.owner
), star AS MATERIALIZED (
  SELECT substr(a.owner, 2) AS suffix, a.t FROM address a WHERE substr(a.owner, 1, 2) = '*.'
), cut AS MATERIALIZED (
  -- whose names live in another zone, which nobody reads here
  SELECT r.owner, r.type, MAX(r.valid_to) AS t FROM record r
  WHERE r.zone IN (SELECT zone FROM read) AND r.type IN ('NS', 'DNAME') AND (r.type = 'DNAME' OR r.owner NOT IN (SELECT zone FROM read))
  GROUP BY r.owner, r.type
), gone AS MATERIALIZED (
  -- a wildcard of the zone gives it an address again
  SELECT a.owner, a.t, a.t + :grace AS due
  FROM address a
  WHERE a.t < :period_end - :grace AND a.t <= :as_of - :grace
    AND a.owner NOT IN (SELECT b.owner FROM address b JOIN star s ON s.t > b.t AND substr(b.owner, 1, 2) <> '*.'
                        AND substr(b.owner, length(b.owner) - length(s.suffix) + 1) = s.suffix)
    AND a.owner NOT IN (SELECT b.owner FROM address b
                        JOIN cut c ON c.t > b.t AND substr('.' || b.owner, length(b.owner) - length(c.owner) + 1) = '.' || c.owner
                                  AND (c.type = 'NS' OR b.owner <> c.owner))
), others AS MATERIALIZED (
  SELECT DISTINCT x.certificate_id
  FROM (SELECT DISTINCT n.certificate_id FROM gone g
        JOIN certificate_name n ON n.name = g.owner AND n.base = CASE WHEN substr(g.owner, 1, 2) = '*.' THEN substr(g.owner, 3) ELSE g.owner END) k
  JOIN certificate_name x ON x.certificate_id = k.certificate_id
  WHERE x.name NOT IN (SELECT o.owner FROM gone o)
)
SELECT cd.domain AS resource,
       c.tbs_key || ' ' || n.name AS key,
       CASE WHEN c.id IN (SELECT o.certificate_id FROM others o) THEN 'review' ELSE 'fail' END AS status,
       'presence' AS basis,
       'The address of ' || n.name || ' is gone from the zone; its certificate lasts ' || ((c.not_after - g.t) / 86400000) || ' days longer, and nobody says that it was revoked'
         || CASE WHEN c.id IN (SELECT o.certificate_id FROM others o)
                 THEN '; it holds other names as well.' ELSE '.' END AS reason,
       'certificate' AS ref_table,
       c.id AS ref_id,
       g.t AS observed_at
FROM gone g
JOIN certificate_name n ON n.name = g.owner AND n.base = CASE WHEN substr(g.owner, 1, 2) = '*.' THEN substr(g.owner, 3) ELSE g.owner END
JOIN certificate c ON c.id = n.certificate_id AND c.not_after >= g.due AND c.not_after >= :period_start AND c.logged_ms < :period_end AND c.logged_ms <= :as_of
JOIN certificate_domain cd ON cd.name_id = n.id AND cd.certificate_id = c.id
JOIN read d ON d.name = cd.domain
WHERE NOT EXISTS (SELECT 1 FROM revocation v WHERE v.serial = c.serial AND v.issuer_key_hash = c.issuer_key_hash AND v.state = 'revoked')
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'No source reads the zone of ' || d.name || '.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.name NOT IN (SELECT r.name FROM read r);

-- population
SELECT r.name AS resource, 'ct' AS evidence, r.name AS scope, :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM read r
UNION ALL
SELECT r.name, 'zone-changes', r.zone, :period_start, :period_end, 'sampled'
FROM read r
UNION ALL
SELECT d.name, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND d.name NOT IN (SELECT r.name FROM read r);
