/*
id: caa-signed-zone
title: CAA stands in signed zones
severity: medium
resource: zone
answers: [P70, P91]
why: >-
  An issuer asks over the same net as everybody. In a zone without signatures a CAA set can be kept from it, or another be given; in a signed
  one it must refuse to issue when the answer does not validate (CA/Browser Forum ballot SC-085, since 2026-03-15).
remedy: Sign the zone and give the DS to the registrar.
false-positives: A zone that is signed, with keys that neither the zone as it is read nor the probe shows.
*/
WITH sets AS (
  -- in force at the end
  SELECT p.zone, p.ref_table, MIN(p.ref_id) AS ref_id, MIN(p.valid_from) AS t
  FROM caa_property p
  WHERE p.taken_from <= :period_start AND p.taken_to > :period_start AND p.valid_from < :period_end
    -- answers count until the period ends: what is spoken for may be the moment before the last one came
    AND (p.valid_from < :as_of OR p.evidence = 'dns-live') AND (p.valid_to >= :period_end OR p.valid_to >= :as_of AND p.evidence = 'zone-changes')
    AND p.tag IN ('issue', 'issuewild')
  GROUP BY p.zone, p.ref_table
), keys AS (
  SELECT r.zone FROM sets s JOIN record r ON r.owner = s.zone AND r.type = 'DNSKEY' AND r.zone = s.zone
  WHERE r.valid_from < :period_end AND r.valid_from < :as_of AND (r.valid_to >= :period_end OR r.valid_to >= :as_of)
), looked AS (
  SELECT v.zone, MAX(v.t) AS t FROM sets s JOIN dnssec_verdict v ON v.zone = s.zone
  WHERE v.validator = 'affidavit' AND v.state IN ('secure', 'insecure') AND v.t >= :period_start AND v.t < :period_end GROUP BY v.zone
), held AS (
  SELECT l.zone, MAX(CASE WHEN v.state = 'insecure' THEN 1 ELSE 0 END) AS insecure
  FROM looked l JOIN dnssec_verdict v ON v.zone = l.zone AND v.t = l.t AND v.validator = 'affidavit' AND v.state IN ('secure', 'insecure') GROUP BY l.zone
)
SELECT s.zone AS resource, '' AS key,
       -- what dnssec-signed asks is not asked twice
       CASE WHEN h.insecure = 1 AND COALESCE(o.signed, 1) = 1 THEN 'not-applicable' ELSE 'review' END AS status, 'presence' AS basis,
       CASE WHEN h.insecure = 1 THEN 'The zone restricts issuers by CAA, and no chain of signatures leads to it (dnssec-signed asks whether it should): who can change answers on the way can take the set away.'
            ELSE 'The zone restricts issuers by CAA, and it has no keys in what is read of it.' END AS reason,
       s.ref_table, s.ref_id, CASE WHEN s.t < :period_start THEN :period_start ELSE s.t END AS observed_at
FROM sets s LEFT JOIN held h ON h.zone = s.zone LEFT JOIN owned_zone o ON o.name = s.zone
WHERE h.insecure = 1 OR (h.zone IS NULL AND s.zone NOT IN (SELECT k.zone FROM keys k))
UNION ALL
SELECT DISTINCT z.zone, '', 'not-applicable', 'presence', 'There is no CAA set that restricts issuers.', NULL, CAST(NULL AS BIGINT), :as_of
FROM caa_zone z
WHERE z.zone NOT IN (SELECT s.zone FROM sets s);

-- population
SELECT n.zone AS resource, n.evidence, n.scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade FROM caa_need n;
