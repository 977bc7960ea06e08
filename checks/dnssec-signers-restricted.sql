/*
id: dnssec-signers-restricted
title: Only known credentials may change signed zones, and their keys only privileged ones
severity: high
resource: zone
answers: [P55, P56, P80]
why: >-
  A change to a signed zone is signed by the signer, whoever made it: validation then vouches for what a thief wrote. Who may replace the keys
  or the CDS can take the zone over for good.
remedy: >-
  Put each credential that may write a signed zone in the inventory, with its owner; take away grants of the whole zone, and of keys above all, from
  those that are not privileged.
false-positives: An inventory that was not kept up to date.
*/
WITH told AS (
  SELECT DISTINCT s.scope FROM source_scope s WHERE s.evidence IN ('credential-grants', 'zone-claims') AND s.retired_ms > :period_start
), kept AS (
  SELECT COUNT(*) AS n FROM credential
), grants AS MATERIALIZED (
  SELECT g.id, g.scope AS zone, g.credential, g.raw, CASE WHEN g.valid_from < :period_start THEN :period_start ELSE g.valid_from END AS t,
         -- the whole zone, or what signing hangs on, at its top
         CASE WHEN g.type IN ('*', 'DNSKEY', 'CDS', 'CDNSKEY', 'DS', 'NSEC3PARAM') AND (g.owner = '*' OR g.owner = g.scope) THEN 1 ELSE 0 END AS keys
  FROM signed_zone z JOIN credential_grant g ON g.scope = z.name
  WHERE g.action = 'update' AND g.valid_from < :period_end AND g.valid_to > :period_start
), stranger AS (
  SELECT g.zone, g.credential, 'credential_grant' AS ref_table, g.id AS ref_id, g.t, 'may write' AS what
  FROM grants g WHERE g.credential <> '' AND g.credential NOT IN (SELECT k.id FROM credential k)
  UNION ALL
  SELECT c.zone, c.credential, 'claim', MIN(c.id), MIN(c.t_from), 'wrote'
  FROM signed_zone z JOIN claim c ON c.zone = z.name
  WHERE c.outcome = 'applied' AND c.kind <> 'transfer' AND c.credential NOT IN (SELECT k.id FROM credential k)
    AND c.t_from < :period_end AND c.t_to > :period_start
  GROUP BY c.zone, c.credential
)
SELECT g.zone AS resource,
       'anybody ' || g.raw AS key,
       'fail' AS status,
       'presence' AS basis,
       'Whoever it is may write the signed zone: "' || g.raw || '".' AS reason,
       'credential_grant' AS ref_table, g.id AS ref_id, g.t AS observed_at
FROM grants g WHERE g.credential = ''
UNION ALL
SELECT x.zone, 'unknown ' || x.credential, CASE WHEN k.n > 0 THEN 'fail' ELSE 'review' END, 'presence',
       x.credential || ' ' || x.what || ' the signed zone, and is not in the inventory.', x.ref_table, x.ref_id, x.t
FROM stranger x CROSS JOIN kept k
UNION ALL
SELECT g.zone, 'keys ' || g.credential, 'fail', 'presence',
       g.credential || ' is declared ' || k.class || ', and may change the keys of the signed zone: "' || g.raw || '".', 'credential_grant', g.id, g.t
FROM grants g JOIN credential k ON k.id = g.credential
WHERE g.keys = 1 AND k.class <> 'privileged'
UNION ALL
SELECT g.zone, 'owner ' || g.credential, 'review', 'presence', g.credential || ' may change the keys of the signed zone, and nobody owns it.', 'credential_grant', g.id, g.t
FROM grants g JOIN credential k ON k.id = g.credential
WHERE g.keys = 1 AND COALESCE(k.owner, 'unknown') IN ('', 'unknown')
UNION ALL
SELECT z.name, '', 'not-applicable', 'presence', 'Neither the configuration nor the update log of its server is read.', NULL, NULL, :as_of
FROM signed_zone z WHERE z.name NOT IN (SELECT t.scope FROM told t)
UNION ALL
SELECT 'no signed zone', '', 'not-applicable', 'presence', 'No zone is signed, as far as is known.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM signed_zone);

-- population
SELECT z.name AS resource, s.evidence AS evidence, z.name AS scope, :period_start AS need_from,
       CASE WHEN s.retired_ms < :period_end THEN s.retired_ms ELSE :period_end END AS need_to,
       CASE s.evidence WHEN 'zone-claims' THEN 'asserted' ELSE 'sampled' END AS grade
FROM signed_zone z JOIN source_scope s ON s.scope = z.name AND s.evidence IN ('credential-grants', 'zone-claims') AND s.retired_ms > :period_start
UNION ALL
SELECT z.name, NULL, NULL, :period_start, :period_start, NULL FROM signed_zone z
UNION ALL
SELECT 'no signed zone', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM signed_zone);
