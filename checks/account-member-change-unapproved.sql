/*
id: account-member-change-unapproved
title: Members and roles of accounts change with an approval
severity: high
resource: account
answers: [P28, P53, P77, P80, P85]
why: >-
  Whoever becomes a member of a registrar's account, or gets more rights there, can do to the domains whatever the account can.
remedy: >-
  Ask who let them in and why. Take the rights away if nobody can say, and record approvals before changes.
false-positives: >-
  Invitations that were withdrawn; changes by the provider itself; a person who changes only their own data.
params:
  grace: {type: duration, default: 0s, meaning: "how long after it an approval may be recorded and still counts"}
*/
WITH logged AS MATERIALIZED (
  SELECT e.action, e.account, e.object, e.t_from, e.t_to FROM event e WHERE e.action IN ('member.add', 'member.update', 'role.change') AND e.record_kind = 'log' AND e.outcome <> 'failure'
), again AS (
  -- a difference between two looks says again what the log says, where there is one
  SELECT e.id FROM event e JOIN logged l ON l.account = e.account AND l.action = e.action AND l.object = e.object
  WHERE e.action IN ('member.add', 'member.update', 'role.change') AND e.record_kind = 'state-difference' AND l.t_from >= e.t_from AND l.t_to <= e.t_to
  UNION
  SELECT e.id FROM event e JOIN logged l ON l.account = e.account AND l.action = e.action AND l.object IS NULL
  WHERE e.action IN ('member.add', 'member.update', 'role.change') AND e.record_kind = 'state-difference' AND l.t_from >= e.t_from AND l.t_to <= e.t_to
), done AS (
  SELECT e.id, p.account, e.action, e.provider_ref, e.domain, lower(e.object) AS object, e.actor, e.t_from, e.t_to,
         CASE e.action WHEN 'member.add' THEN 'added ' WHEN 'role.change' THEN 'changed the role ' ELSE 'changed the rights of ' END || COALESCE(e.object, 'a member') AS what
  FROM event e JOIN account_place p ON p.scope = e.account
  WHERE e.action IN ('member.add', 'member.update', 'role.change') AND e.outcome <> 'failure' AND e.t_from < :period_end AND e.t_to > :period_start
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
SELECT d.account, '', 'not-applicable', 'presence', 'Neither its log nor its lists are read.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.account IS NOT NULL
  AND d.account NOT IN (SELECT s.scope FROM source_scope s WHERE s.evidence IN ('account-events', 'account-state') AND s.retired_ms > :period_start)
UNION ALL
SELECT 'no account', '', 'not-applicable', 'presence', 'The inventory names no account of a provider.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM account_place) = 0;

-- population
WITH accounts AS (
  SELECT d.account, MAX(CASE WHEN s.evidence = 'account-events' THEN 1 ELSE 0 END) AS logged, MAX(CASE WHEN s.evidence = 'account-state' THEN 1 ELSE 0 END) AS listed
  FROM domain d
  LEFT JOIN source_scope s ON s.scope = d.account AND s.evidence IN ('account-events', 'account-state') AND s.retired_ms > :period_start
  WHERE d.in_scope = 1 AND d.account IS NOT NULL
  GROUP BY d.account
)
SELECT a.account AS resource, CASE WHEN a.logged = 1 THEN 'account-events' WHEN a.listed = 1 THEN 'account-state' END AS evidence, a.account AS scope,
       :period_start AS need_from, CASE WHEN a.logged + a.listed > 0 THEN :period_end ELSE :period_start END AS need_to,
       CASE WHEN a.logged = 1 THEN 'asserted' WHEN a.listed = 1 THEN 'sampled' END AS grade
FROM accounts a
UNION ALL
SELECT 'no account', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM accounts) = 0;
