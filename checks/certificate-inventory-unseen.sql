/*
id: certificate-inventory-unseen
title: Every certificate of the inventory was seen
severity: low
resource: certificate of the inventory
answers: [P30, P37, P39]
why: An entry that nothing in the logs, in our folders or at an end point answers to is out of date, or describes what nobody can see.
remedy: Take the entry away if the certificate is gone, or collect from where it lies.
false-positives: Certificates of a private authority; add the directory that holds them to the sources.
params:
  look_back: {type: duration, default: 398d, meaning: "how long before the period a certificate that is still valid may have been logged"}
*/
WITH entry AS (
  SELECT o.rowid AS row, o.id, o.host, o.serial, o.cert_sha256, o.issuer, o.recorded_at FROM owned_certificate o WHERE o.recorded_at < :period_end
), tree AS MATERIALIZED (
  SELECT e.id, substr(e.host, 2) AS suffix FROM entry e WHERE substr(e.host, 1, 2) = '*.'
), logged AS (
  SELECT e.id, n.certificate_id FROM entry e JOIN certificate_name n ON n.name = e.host
     AND n.base = CASE WHEN substr(e.host, 1, 2) = '*.' THEN substr(e.host, 3) ELSE e.host END
  UNION
  SELECT t.id, n.certificate_id FROM tree t JOIN certificate_name n ON substr(n.name, length(n.name) - length(t.suffix) + 1) = t.suffix
), kept AS (
  SELECT e.id, n.held_id FROM entry e JOIN held_name n ON n.name = e.host
     AND n.base = CASE WHEN substr(e.host, 1, 2) = '*.' THEN substr(e.host, 3) ELSE e.host END
  UNION
  SELECT t.id, n.held_id FROM tree t JOIN held_name n ON substr(n.name, length(n.name) - length(t.suffix) + 1) = t.suffix
), shown AS (
  SELECT e.id, p.id AS endpoint_id FROM entry e JOIN endpoint p ON p.host = e.host
  UNION
  SELECT t.id, p.id FROM tree t JOIN endpoint p ON substr(p.host, length(p.host) - length(t.suffix) + 1) = t.suffix
), seen AS (
  SELECT e.id
  FROM entry e
  JOIN logged l ON l.id = e.id
  JOIN certificate c ON c.id = l.certificate_id AND c.not_after >= :period_start AND c.logged_ms < :period_end
                    AND (e.serial IS NULL OR e.serial = c.serial) AND (e.issuer IS NULL OR e.issuer = c.issuer)
  WHERE e.cert_sha256 IS NULL OR e.serial IS NOT NULL
  UNION
  SELECT e.id
  FROM entry e
  JOIN kept k ON k.id = e.id
  JOIN held_certificate h ON h.id = k.held_id AND h.seen_ms >= :period_start AND h.first_ms < :period_end
                         AND (e.serial IS NULL OR e.serial = h.serial) AND (e.issuer IS NULL OR e.issuer = h.issuer)
                         AND (e.cert_sha256 IS NULL OR e.cert_sha256 = h.cert_sha256)
  UNION
  SELECT e.id
  FROM entry e
  JOIN shown s ON s.id = e.id
  JOIN endpoint p ON p.id = s.endpoint_id AND p.outcome = 'presented' AND p.t >= :period_start AND p.t < :period_end
                 AND (e.serial IS NULL OR e.serial = p.serial) AND (e.issuer IS NULL OR e.issuer = p.issuer)
                 AND (e.cert_sha256 IS NULL OR e.cert_sha256 = p.cert_sha256)
)
SELECT e.id AS resource,
       '' AS key,
       'review' AS status,
       'absence' AS basis,
       'The inventory lists a certificate for ' || e.host || ', and none that answers to the entry was seen.' AS reason,
       'owned_certificate' AS ref_table,
       e.row AS ref_id,
       e.recorded_at AS observed_at
FROM entry e
WHERE e.id NOT IN (SELECT s.id FROM seen s)
UNION ALL
SELECT 'no certificate listed', '', 'not-applicable', 'presence', 'The inventory lists no certificates.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM owned_certificate o WHERE o.recorded_at < :period_end);

-- population
SELECT o.id AS resource, CASE WHEN h.domain IS NULL THEN NULL ELSE 'ct' END AS evidence, h.domain AS scope,
       :period_start - :look_back AS need_from, :period_end AS need_to, CASE WHEN h.domain IS NULL THEN NULL ELSE 'asserted' END AS grade
FROM owned_certificate o
LEFT JOIN host_domain h ON h.host = o.host
WHERE o.recorded_at < :period_end
  -- what was seen needs no more; a certificate logged before the logs were read is missed
  AND NOT EXISTS (SELECT 1 FROM certificate_name n JOIN certificate c ON c.id = n.certificate_id
                  WHERE n.base = o.host AND n.name = o.host AND c.not_after >= :period_start AND c.logged_ms < :period_end
                    AND (o.serial IS NULL OR o.serial = c.serial) AND (o.issuer IS NULL OR o.issuer = c.issuer)
                    AND (o.cert_sha256 IS NULL OR o.serial IS NOT NULL))
UNION ALL
SELECT o.id, NULL, NULL, :period_start, :period_start, NULL FROM owned_certificate o WHERE o.recorded_at < :period_end
UNION ALL
SELECT 'no certificate listed', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM owned_certificate o WHERE o.recorded_at < :period_end);
