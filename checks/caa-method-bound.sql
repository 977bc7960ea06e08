/*
id: caa-method-bound
title: CAA binds issuers to the ways of validation that we use
severity: low
resource: zone
answers: [P01, P07]
why: A permitted issuer may validate by any method, and the weakest one decides. Traffic that is diverted for minutes is enough for http-01.
remedy: Add validationmethods=dns-01, or what you use, to each record (RFC 8657).
false-positives: Names that are validated in several ways.
params:
  required: {type: time, default: "2027-03-15", meaning: "from when on issuers must honour it (CA/Browser Forum ballot SC-098); before that it depends on the issuer, and nothing fails"}
*/
WITH rule AS (
  SELECT CASE WHEN :required < :period_end AND :required < :as_of THEN 'fail' ELSE 'review' END AS status
)
SELECT p.zone AS resource, p.owner || ' ' || p.tag || ' ' || p.value AS key, CASE p.methods WHEN 0 THEN r.status ELSE 'review' END AS status,
       'presence' AS basis,
       'The CAA record of ' || p.owner || ' for "' || p.value
         || CASE p.methods WHEN 0 THEN '" names no method (validationmethods): the issuer may use any' || CASE r.status WHEN 'fail' THEN '.' ELSE '; issuers need not heed it yet.' END
                           ELSE '" lists no method: an issuer that heeds it issues to nobody (RFC 8657, 4).' END AS reason,
       p.ref_table, p.ref_id, p.t AS observed_at
FROM caa_stood p CROSS JOIN rule r
WHERE p.tag IN ('issue', 'issuewild') AND p.issuer <> '' AND p.methods <> 1
UNION ALL
SELECT DISTINCT n.zone, '', 'not-applicable', 'presence', 'There is no CAA set: caa-present says so.', NULL, CAST(NULL AS BIGINT), :as_of
FROM caa_need n
WHERE n.zone NOT IN (SELECT s.zone FROM caa_stood s);

-- population
SELECT n.zone AS resource, n.evidence, n.scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade FROM caa_need n;
