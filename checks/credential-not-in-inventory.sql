/*
id: credential-not-in-inventory
title: Credentials that were seen are in the inventory
severity: high
resource: credential
answers: [P04, P35, P55, P83]
why: >-
  A key that nobody wrote down has no owner, no purpose and no end. It is how an intruder stays, and how a job that was given up keeps its
  rights.
remedy: Find out who made the credential and what uses it. Write it down with its owner and purpose, or take it away.
false-positives: >-
  A new key of the day before the inventory was brought up to date; keys that stand in the inventory under another name (say so under actors).
*/
WITH zones AS (
  SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
), stated AS (
  SELECT (SELECT COUNT(*) FROM credential) + (SELECT COUNT(*) FROM actor a WHERE a.credential IS NOT NULL) AS n
), told AS (
  SELECT DISTINCT s.evidence, s.scope
  FROM source_scope s
  WHERE s.retired_ms > :period_start
    AND ((s.evidence IN ('zone-claims', 'credential-grants') AND s.scope IN (SELECT zone FROM zones))
         OR (s.evidence IN ('account-events', 'account-state') AND s.scope IN (SELECT scope FROM account_place)))
)

-- findings
WITH seen AS (
  -- a signature under a commit is a person's; a transfer changes nothing
  SELECT c.credential, 'claim' AS ref_table, MIN(c.id) AS ref_id, MIN(c.t_from) AS t, COUNT(*) AS n, 'wrote to zone ' || MIN(c.zone) AS what
  FROM claim c
  WHERE c.zone IN (SELECT zone FROM zones) AND c.outcome = 'applied' AND c.kind NOT IN ('transfer', 'commit', 'plan')
    AND c.credential IS NOT NULL AND c.t_from < :period_end AND c.t_to > :period_start
  GROUP BY c.credential
  UNION ALL
  -- keys of sessions come anew each time: who took them counts
  SELECT CASE WHEN substr(e.credential, 1, 4) = 'ASIA' AND e.actor IS NOT NULL THEN e.actor ELSE e.credential END, 'event', MIN(e.id),
         MIN(e.t_from), COUNT(*), 'was used in account ' || MIN(e.account)
  FROM event e
  WHERE e.account IN (SELECT scope FROM account_place) AND e.credential IS NOT NULL AND e.outcome <> 'failure'
    AND COALESCE(e.actor_kind, 'credential') NOT IN ('person', 'provider', 'system')
    AND e.t_from < :period_end AND e.t_to > :period_start
  GROUP BY CASE WHEN substr(e.credential, 1, 4) = 'ASIA' AND e.actor IS NOT NULL THEN e.actor ELSE e.credential END
  UNION ALL
  SELECT g.credential, 'credential_grant', MIN(g.id), MIN(CASE WHEN g.valid_from < :period_start THEN :period_start ELSE g.valid_from END),
         COUNT(*), 'may write to zone ' || MIN(g.scope)
  FROM credential_grant g
  WHERE g.scope IN (SELECT zone FROM zones) AND g.action = 'update' AND g.credential <> ''
    AND g.valid_from < :period_end AND g.valid_to > :period_start
  GROUP BY g.credential
  UNION ALL
  SELECT s.credential, 'credential_state', MIN(s.id), MIN(CASE WHEN s.first_ms < :period_start THEN :period_start ELSE s.first_ms END),
         COUNT(*), 'is in the list of account ' || MIN(s.account)
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
  GROUP BY s.credential
), known AS (
  SELECT k.id AS name FROM credential k
  UNION
  SELECT a.name FROM actor a WHERE a.withdrawn_at > :period_start
), added AS (
  -- what came after the first inventory was written down then
  SELECT x.key AS name, MIN(x.t) AS t FROM scope_edit x WHERE x.table_name = 'credential' AND x.what = 'added' GROUP BY x.key
)
SELECT s.credential AS resource,
       s.ref_table AS key,
       CASE WHEN k.name IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'It ' || s.what || CASE WHEN s.ref_table IN ('claim', 'event') THEN ' (' || s.n || CASE WHEN s.n = 1 THEN ' time' ELSE ' times' END || ' in the period)' ELSE '' END
         || CASE WHEN k.name IS NULL THEN ', and the inventory does not know it.'
                 ELSE '; it was written down ' || ((a.t - s.t + 59999) / 60000) || ' minutes after the first time.' END AS reason,
       s.ref_table AS ref_table,
       s.ref_id AS ref_id,
       s.t AS observed_at
FROM seen s
LEFT JOIN known k ON k.name = s.credential
LEFT JOIN added a ON a.name = s.credential
WHERE (SELECT n FROM stated) > 0 AND (k.name IS NULL OR a.t > s.t)
UNION ALL
SELECT 'credentials', '', 'review', 'presence',
       COUNT(DISTINCT s.credential) || CASE WHEN COUNT(DISTINCT s.credential) = 1 THEN ' credential was seen, ' ELSE ' credentials were seen, the first of them ' END || MIN(s.credential) || ', and the inventory names none.',
       NULL, NULL, MIN(s.t)
FROM seen s
WHERE (SELECT n FROM stated) = 0
HAVING COUNT(*) > 0
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential is in the inventory, and none was seen.', NULL, NULL, :as_of
WHERE (SELECT n FROM stated) = 0 AND (SELECT COUNT(*) FROM seen) = 0 AND (SELECT COUNT(*) FROM domain) > 0
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No source tells which credentials there are.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM told) = 0 AND (SELECT COUNT(*) FROM domain) > 0;

-- population
WITH seen AS (
  SELECT c.credential
  FROM claim c
  WHERE c.zone IN (SELECT zone FROM zones) AND c.outcome = 'applied' AND c.kind NOT IN ('transfer', 'commit', 'plan')
    AND c.credential IS NOT NULL AND c.t_from < :period_end AND c.t_to > :period_start
  UNION
  SELECT CASE WHEN substr(e.credential, 1, 4) = 'ASIA' AND e.actor IS NOT NULL THEN e.actor ELSE e.credential END
  FROM event e
  WHERE e.account IN (SELECT scope FROM account_place) AND e.credential IS NOT NULL AND e.outcome <> 'failure'
    AND COALESCE(e.actor_kind, 'credential') NOT IN ('person', 'provider', 'system')
    AND e.t_from < :period_end AND e.t_to > :period_start
  UNION
  SELECT g.credential
  FROM credential_grant g
  WHERE g.scope IN (SELECT zone FROM zones) AND g.action = 'update' AND g.credential <> ''
    AND g.valid_from < :period_end AND g.valid_to > :period_start
  UNION
  SELECT s.credential
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
)
-- what was seen answers for itself
SELECT s.credential AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM seen s
WHERE (SELECT n FROM stated) > 0
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM domain) > 0
UNION ALL
-- one that nobody wrote down can hide wherever something was not read: that no other was seen is said of all at once
SELECT 'credentials', t.evidence, t.scope, :period_start, :period_end,
       CASE WHEN t.evidence IN ('account-state', 'credential-grants') THEN 'sampled' ELSE 'asserted' END
FROM told t;
