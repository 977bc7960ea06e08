/*
id: credential-without-owner
title: Credentials have an owner
severity: medium
resource: credential
answers: [P03, P08, P35, P47, P83]
why: A key that belongs to nobody is not replaced when it leaks and not taken away when its job ends.
remedy: Name a person or team for each credential in the inventory, or take the credential away.
false-positives: An owner who is known and stands in another list.
*/
WITH kept AS (
  SELECT k.id, k.rowid AS row, CASE WHEN COALESCE(lower(trim(k.owner)), '') IN ('', 'unknown') THEN 1 ELSE 0 END AS nobody
  FROM credential k
  WHERE k.retired_ms IS NULL OR k.retired_ms > CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END
), named AS (
  SELECT COUNT(*) AS n FROM kept k WHERE k.nobody = 0
)

-- findings
WITH listed AS (
  -- as the provider listed it last, and the inventory does not have it
  SELECT s.id, s.credential, s.owner, s.kind, s.account
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end) AND s.credential NOT IN (SELECT k.id FROM credential k)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
)
SELECT k.id AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       'The inventory names nobody as its owner.' AS reason,
       'credential' AS ref_table,
       k.row AS ref_id,
       :as_of AS observed_at
FROM kept k
WHERE k.nobody = 1 AND (SELECT n FROM named) > 0
UNION ALL
SELECT 'credentials', '', 'review', 'presence',
       CASE WHEN COUNT(*) = 1 THEN 'The only credential of the inventory has no owner.' ELSE 'None of the ' || COUNT(*) || ' credentials of the inventory has an owner.' END, 'credential', MIN(k.row), :as_of
FROM kept k
WHERE (SELECT n FROM named) = 0
HAVING COUNT(*) > 0
UNION ALL
SELECT l.credential, '', 'review', 'presence',
       'Account ' || l.account || ' lists it (' || l.kind || '), and neither the inventory nor the provider names an owner.',
       'credential_state', l.id, :as_of
FROM listed l
WHERE l.owner IS NULL
  AND NOT EXISTS (SELECT 1 FROM actor a WHERE a.name = l.credential AND a.person IS NOT NULL AND a.withdrawn_at >= :period_end)
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential in use is in the inventory or in a list of a provider.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM kept) = 0 AND (SELECT COUNT(*) FROM listed) = 0;

-- population
WITH listed AS (
  SELECT DISTINCT s.credential, s.account
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end) AND s.credential NOT IN (SELECT k.id FROM credential k)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
)
SELECT k.id AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM kept k
WHERE (SELECT n FROM named) > 0
UNION ALL
SELECT l.credential, 'account-state', l.account, :period_start, :period_end, 'sampled'
FROM listed l
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT n FROM named) = 0 AND ((SELECT COUNT(*) FROM kept) > 0 OR (SELECT COUNT(*) FROM listed) = 0);
