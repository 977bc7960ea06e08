/*
id: account-root-use
title: Nobody works with the root user or a global key
severity: high
resource: account
answers: [P01, P04, P56, P59, P80]
why: >-
  The root user and a person's global key may do everything and cannot be narrowed. What is done with them cannot be done by anybody with less.
remedy: Make a role or a token with just the rights that are needed, and lock the root user's secret away.
false-positives: The few tasks that only the root user can do, with an approval of kind login recorded before.
*/
WITH used AS (
  SELECT e.id, p.account, e.t_from, e.t_to, e.action,
         CASE WHEN substr(e.credential, 1, 8) = 'api-key:' THEN 'global key ' || substr(e.credential, 9) ELSE 'root user ' || e.actor END AS who
  FROM event e JOIN account_place p ON p.scope = e.account
  WHERE e.outcome <> 'failure' AND COALESCE(e.actor_kind, '') NOT IN ('provider', 'system')
    AND e.t_from < :period_end AND e.t_to > :period_start
    AND (substr(e.credential, 1, 8) = 'api-key:' OR lower(e.actor) = 'root'
         OR (length(e.actor) > 5 AND lower(substr(e.actor, length(e.actor) - 4)) = ':root'))
), judged AS (
  SELECT u.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = lower(u.account) AND a.kind = 'login' AND a.valid_from <= u.t_from AND a.valid_to >= u.t_to AND a.withdrawn_at >= u.t_to) AS recorded_at
  FROM used u
)
SELECT j.account AS resource,
       j.who AS key,
       CASE WHEN MAX(CASE WHEN j.recorded_at IS NULL THEN 1 ELSE 0 END) = 1 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The ' || j.who || ' was used ' || COUNT(*) || CASE WHEN COUNT(*) = 1 THEN ' time (' ELSE ' times (' END
         || CASE WHEN MIN(j.action) = MAX(j.action) THEN MIN(j.action) ELSE MIN(j.action) || ' to ' || MAX(j.action) END || ')'
         || CASE WHEN MAX(CASE WHEN j.recorded_at IS NULL THEN 1 ELSE 0 END) = 1 THEN '.' ELSE '; that was approved afterwards, up to ' || MAX((j.recorded_at - j.t_from + 59999) / 60000) || ' minutes later.' END AS reason,
       'event' AS ref_table,
       MIN(j.id) AS ref_id,
       MIN(j.t_from) AS observed_at
FROM judged j
WHERE j.recorded_at IS NULL OR j.recorded_at > j.t_from
GROUP BY j.account, j.who
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
