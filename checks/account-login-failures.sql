/*
id: account-login-failures
title: Nobody tries passwords on our accounts
severity: medium
resource: account
answers: [P72, P73, P90]
why: Many failed logins within minutes are somebody who guesses, or a program with an old password.
remedy: Find the address. Block it, or give the program its new secret; change the password if a login succeeded afterwards.
false-positives: A program whose secret was changed; a person who forgot theirs.
params:
  window: {type: duration, default: 10m, meaning: "time in which failed logins are counted"}
  most: {type: int, default: 5, meaning: "failed logins in that time that are a finding"}
*/
WITH login AS (
  SELECT e.id, p.account, e.outcome, COALESCE(e.actor, 'unknown') AS actor, e.origin, e.t_from, e.t_to,
         SUM(CASE WHEN e.outcome = 'failure' THEN 1 ELSE 0 END)
           OVER (PARTITION BY p.account ORDER BY e.t_from RANGE BETWEEN :window PRECEDING AND CURRENT ROW) AS n,
         -- of this actor; from this address
         SUM(CASE WHEN e.outcome = 'failure' THEN 1 ELSE 0 END)
           OVER (PARTITION BY p.account, COALESCE(e.actor, 'unknown') ORDER BY e.t_from RANGE BETWEEN :window PRECEDING AND CURRENT ROW) AS own,
         SUM(CASE WHEN e.outcome = 'failure' AND e.origin IS NOT NULL THEN 1 ELSE 0 END)
           OVER (PARTITION BY p.account, e.origin ORDER BY e.t_from RANGE BETWEEN :window PRECEDING AND CURRENT ROW) AS here
  FROM event e JOIN account_place p ON p.scope = e.account
  WHERE e.action = 'login' AND e.t_from < :period_end AND e.t_to > :period_start - :window
)
SELECT l.account AS resource,
       'failures' AS key,
       'review' AS status,
       'presence' AS basis,
       MAX(l.n) || ' logins failed within ' || (:window / 60000) || ' minutes (actors: ' || COUNT(DISTINCT l.actor) || ', addresses: '
         || COUNT(DISTINCT l.origin) || '); ' || :most || ' are a finding.' AS reason,
       'event' AS ref_table,
       MIN(l.id) AS ref_id,
       MIN(l.t_from) AS observed_at
FROM login l
WHERE l.outcome = 'failure' AND l.n >= :most AND l.t_to > :period_start
GROUP BY l.account
UNION ALL
-- that somebody else logs in meanwhile is no sign of anything
SELECT l.account, 'then ' || l.actor, 'fail', 'presence',
       'After ' || CASE WHEN l.own >= :most THEN l.own || ' failed logins of this name' ELSE l.here || ' failed logins from this address' END || ' within ' || (:window / 60000) || ' minutes ' || l.actor || ' was let in from ' || COALESCE(l.origin, 'an unknown address') || '.',
       'event', l.id, l.t_from
FROM login l
WHERE l.outcome = 'success' AND (l.own >= :most OR l.here >= :most) AND l.t_to > :period_start
UNION ALL
SELECT d.account, '', 'not-applicable', 'presence', 'No log of this account is read.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.account IS NOT NULL
  AND d.account NOT IN (SELECT s.scope FROM source_scope s WHERE s.evidence IN ('account-events') AND s.retired_ms > :period_start)
UNION ALL
SELECT 'no account', '', 'not-applicable', 'presence', 'The inventory names no account of a provider.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM account_place) = 0;

-- population
SELECT DISTINCT p.account AS resource, s.evidence, s.scope, :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM account_place p LEFT JOIN source_scope s ON s.scope = p.account AND s.evidence = 'account-events' AND s.retired_ms > :period_start
UNION ALL
SELECT 'no account', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM account_place) = 0;
