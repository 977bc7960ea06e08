/*
id: account-log-disabled
title: The logs of accounts stay on
severity: critical
resource: account
answers: [P02, P05, P21, P87]
why: >-
  Whoever turns the log off does not want to be seen. What happened while it was off cannot be shown by anybody.
remedy: >-
  Turn the log on again, find out who turned it off and why, and look at everything that can be seen otherwise for the time in between.
false-positives: >-
  A move to another log under a recorded approval.
params:
  grace: {type: duration, default: 0s, meaning: "how long after it an approval may be recorded and still counts"}
*/
WITH logged AS MATERIALIZED (
  SELECT e.action, e.account, e.object, e.t_from, e.t_to FROM event e WHERE e.action = 'log.disable' AND e.record_kind = 'log' AND e.outcome <> 'failure'
), again AS (
  -- a difference between two looks says again what the log says, where there is one
  SELECT e.id FROM event e JOIN logged l ON l.account = e.account AND l.action = e.action AND l.object = e.object
  WHERE e.action = 'log.disable' AND e.record_kind = 'state-difference' AND l.t_from >= e.t_from AND l.t_to <= e.t_to
  UNION
  SELECT e.id FROM event e JOIN logged l ON l.account = e.account AND l.action = e.action AND l.object IS NULL
  WHERE e.action = 'log.disable' AND e.record_kind = 'state-difference' AND l.t_from >= e.t_from AND l.t_to <= e.t_to
), done AS (
  SELECT e.id, p.account, e.action, e.provider_ref, e.domain, lower(e.object) AS object, e.actor, e.t_from, e.t_to,
         'turned the audit log off or narrowed it' || CASE WHEN e.object IS NULL THEN '' ELSE ' (' || e.object || ')' END AS what
  FROM event e JOIN account_place p ON p.scope = e.account
  WHERE e.action = 'log.disable' AND e.outcome <> 'failure' AND e.t_from < :period_end AND e.t_to > :period_start
    AND e.id NOT IN (SELECT a.id FROM again a)
), judged AS (
  SELECT x.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject IN (lower(x.account), lower(x.object), x.domain) AND a.kind = x.action
            AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM done x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject IN (lower(x.account), lower(x.object), x.domain) AND a.kind = x.action
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
)
SELECT j.account AS resource,
       j.provider_ref AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       COALESCE(j.actor, 'An unknown actor') || ' ' || j.what
         || CASE WHEN j.recorded_at IS NULL THEN ', without an approval.'
                 WHEN j.recorded_at >= j.t_to
                 THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE '; an approval covers only part of the time in which it may have happened.' END AS reason,
       'event' AS ref_table,
       j.id AS ref_id,
       j.t_from AS observed_at
FROM judged j
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
