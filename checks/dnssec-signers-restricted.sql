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
WITH signed AS (
  SELECT o.name FROM owned_zone o JOIN domain d ON d.zone = o.name AND d.in_scope = 1 WHERE o.signed = 1
  UNION
  SELECT r.zone FROM domain d JOIN record r ON r.owner = d.zone AND r.type = 'DNSKEY' AND r.zone = d.zone
  WHERE d.in_scope = 1 AND r.valid_from < :period_end AND r.valid_to > :period_start
  UNION
  SELECT a.zone FROM domain d JOIN dns_answer a ON a.zone = d.zone AND a.purpose = 'dnskey' AND a.t >= :period_start AND a.t < :period_end
  JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'DNSKEY' AND r.owner = a.zone
  WHERE d.in_scope = 1
)

-- findings
WITH told AS (
  SELECT DISTINCT s.scope FROM source_scope s WHERE s.evidence IN ('credential-grants', 'zone-claims') AND s.retired_ms > :period_start
), kept AS (
  SELECT COUNT(*) AS n FROM credential
), grants AS (
  SELECT g.id, g.scope AS zone, g.credential, g.raw, g.valid_from,
         -- the whole zone, or what signing hangs on, at its top
         CASE WHEN g.type IN ('*', 'DNSKEY', 'CDS', 'CDNSKEY', 'DS', 'NSEC3PARAM') AND (g.owner = '*' OR g.owner = g.scope) THEN 1 ELSE 0 END AS keys
  FROM signed z JOIN credential_grant g ON g.scope = z.name
  WHERE g.action = 'update' AND g.valid_from < :period_end AND g.valid_to > :period_start
), writes AS (
  SELECT c.zone, c.credential, MIN(c.id) AS id, MIN(c.t_from) AS t
  FROM signed z JOIN claim c ON c.zone = z.name
  WHERE c.outcome = 'applied' AND c.kind <> 'transfer' AND c.credential IS NOT NULL AND c.t_from < :period_end AND c.t_to > :period_start
  GROUP BY c.zone, c.credential
), stranger AS (
  SELECT g.zone, g.credential, 'credential_grant' AS ref_table, MIN(g.id) AS ref_id, MIN(g.valid_from) AS t, 'may write' AS what
  FROM grants g WHERE g.credential <> '' AND g.credential NOT IN (SELECT k.id FROM credential k) GROUP BY g.zone, g.credential
  UNION ALL
  SELECT w.zone, w.credential, 'claim', w.id, w.t, 'wrote'
  FROM writes w WHERE w.credential NOT IN (SELECT k.id FROM credential k)
    AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.zone = w.zone AND g.credential = w.credential)
)
SELECT g.zone AS resource,
       'anybody ' || g.raw AS key,
       'fail' AS status,
       'presence' AS basis,
       'Whoever it is may write the signed zone: "' || g.raw || '".' AS reason,
       'credential_grant' AS ref_table, MIN(g.id) AS ref_id, MIN(CASE WHEN g.valid_from < :period_start THEN :period_start ELSE g.valid_from END) AS observed_at
FROM grants g WHERE g.credential = '' GROUP BY g.zone, g.raw
UNION ALL
SELECT x.zone, 'unknown ' || x.credential, CASE WHEN k.n > 0 THEN 'fail' ELSE 'review' END, 'presence',
       x.credential || ' ' || x.what || ' the signed zone, and is not in the inventory.', x.ref_table, x.ref_id,
       CASE WHEN x.t < :period_start THEN :period_start ELSE x.t END
FROM stranger x CROSS JOIN kept k
UNION ALL
SELECT g.zone, 'keys ' || g.credential, 'fail', 'presence',
       g.credential || ' is declared ' || k.class || ', and may change the keys of the signed zone: "' || MIN(g.raw) || '".', 'credential_grant', MIN(g.id),
       MIN(CASE WHEN g.valid_from < :period_start THEN :period_start ELSE g.valid_from END)
FROM grants g JOIN credential k ON k.id = g.credential
WHERE g.keys = 1 AND k.class <> 'privileged'
GROUP BY g.zone, g.credential, k.class
UNION ALL
SELECT g.zone, 'owner ' || g.credential, 'review', 'presence', g.credential || ' may change the keys of the signed zone, and nobody owns it.', 'credential_grant', MIN(g.id),
       MIN(CASE WHEN g.valid_from < :period_start THEN :period_start ELSE g.valid_from END)
FROM grants g JOIN credential k ON k.id = g.credential
WHERE g.keys = 1 AND COALESCE(k.owner, 'unknown') IN ('', 'unknown')
GROUP BY g.zone, g.credential
UNION ALL
SELECT z.name, '', 'not-applicable', 'presence', 'Neither the configuration nor the update log of its server is read.', NULL, NULL, :as_of
FROM signed z WHERE z.name NOT IN (SELECT t.scope FROM told t)
UNION ALL
SELECT 'no signed zone', '', 'not-applicable', 'presence', 'No zone is signed, as far as is known.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM signed);

-- population
SELECT z.name AS resource, s.evidence AS evidence, z.name AS scope, :period_start AS need_from,
       CASE WHEN s.retired_ms < :period_end THEN s.retired_ms ELSE :period_end END AS need_to,
       CASE s.evidence WHEN 'zone-claims' THEN 'asserted' ELSE 'sampled' END AS grade
FROM signed z JOIN source_scope s ON s.scope = z.name AND s.evidence IN ('credential-grants', 'zone-claims') AND s.retired_ms > :period_start
UNION ALL
SELECT z.name, NULL, NULL, :period_start, :period_start, NULL FROM signed z
UNION ALL
SELECT 'no signed zone', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM signed);
