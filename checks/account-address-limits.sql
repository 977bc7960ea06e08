/*
id: account-address-limits
title: Tokens work from our addresses alone
severity: medium
resource: credential
answers: [P01, P07, P18, P92]
why: A stolen token that is bound to our addresses is worth nothing elsewhere.
remedy: Bind the token to the addresses of the machines that use it, and make the binding strict where the provider makes a difference.
false-positives: A workload whose addresses change all the time.
*/
WITH listed AS (
  SELECT s.id, s.credential, s.account, s.limits, s.first_ms
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
)
SELECT l.credential AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       CASE WHEN instr(l.limits, 'from ') = 0 THEN 'Account ' || l.account || ' lists it without limits of addresses.'
            ELSE 'The addresses that account ' || l.account || ' lists with it do not bind it.' END AS reason,
       'credential_state' AS ref_table,
       l.id AS ref_id,
       CASE WHEN l.first_ms < :period_start THEN :period_start ELSE l.first_ms END AS observed_at
FROM listed l
WHERE instr(replace(replace(l.limits, 'not from ', ''), 'from (not strict)', ''), 'from ') = 0
UNION ALL
SELECT l.credential, '', 'not-applicable', 'presence', 'The provider does not tell whether it is bound to addresses.', NULL, NULL, :as_of
FROM listed l
WHERE l.limits IS NULL
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No list of credentials of a provider is read, or it is empty.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM listed) = 0;

-- population
WITH listed AS (
  SELECT DISTINCT s.credential, s.account
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
)
SELECT l.credential AS resource, 'account-state' AS evidence, l.account AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM listed l
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM listed) = 0;
