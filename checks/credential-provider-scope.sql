/*
id: credential-provider-scope
title: Providers grant credentials no more than they are for
severity: high
resource: credential
answers: [P01, P04, P07, P57, P59, P61]
why: >-
  A token for one challenge that may write every zone of the account takes them all with it when it is stolen. One that may make tokens makes itself a
  successor.
remedy: Make a token for the one zone, or for the records alone where the provider can do that, and take the wide one away.
false-positives: A tool that really serves all zones; declare its scope so, and say why.
*/
WITH listed AS (
  -- what is denied grants nothing; a single zone is no account
  SELECT s.id, s.credential, s.account, s.scopes, s.first_ms,
         replace(replace(replace(replace(lower(s.scopes), 'deny ', '!'), '!dns write on ', ''), '!zone write on ', ''),
                 'com.cloudflare.api.account.zone.', 'zone.') AS words
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
), wide AS (
  SELECT l.id, l.credential, l.account, l.first_ms, 'zones' AS key, 'may write all zones of account ' || l.account AS what
  FROM listed l
  WHERE l.words IN ('*', 'all', 'full', 'admin', 'write', '*:*')
     OR instr(l.words, 'write on zone.*') > 0 OR instr(l.words, 'write on com.cloudflare.api.account.') > 0 OR instr(l.words, 'edit on zone.*') > 0
     OR instr(l.words, 'write on *') > 0 OR instr(l.words, 'write:*') > 0 OR instr(l.words, 'zones=*') > 0
     OR instr(l.words, 'dns.zones_allow_by_default') > 0 OR (instr(l.words, 'dns.manage_zones') > 0 AND instr(l.words, 'dns.zones_allow=') = 0)
  UNION ALL
  SELECT l.id, l.credential, l.account, l.first_ms, 'tokens', 'may make and change credentials of account ' || l.account
  FROM listed l
  WHERE instr(l.words, 'api tokens write') > 0 OR instr(l.words, 'manage_apikeys') > 0 OR instr(l.words, 'iam:*') > 0 OR instr(l.words, 'createaccesskey') > 0
), declared AS (
  SELECT DISTINCT s.credential FROM credential_scope s
  WHERE s.recorded_at < :as_of AND (s.withdrawn_at >= :period_end OR s.withdrawn_at > :as_of)
)
SELECT w.credential AS resource,
       w.key AS key,
       CASE WHEN d.credential IS NOT NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'It ' || w.what
         || CASE WHEN d.credential IS NOT NULL THEN ', and the inventory declares it for single names.' ELSE '; what it is for is not declared.' END AS reason,
       'credential_state' AS ref_table,
       w.id AS ref_id,
       CASE WHEN w.first_ms < :period_start THEN :period_start ELSE w.first_ms END AS observed_at
FROM wide w LEFT JOIN declared d ON d.credential = w.credential
UNION ALL
SELECT l.credential, '', 'not-applicable', 'presence', 'The provider does not tell what it may do.', NULL, NULL, :as_of
FROM listed l
WHERE l.scopes IS NULL
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
