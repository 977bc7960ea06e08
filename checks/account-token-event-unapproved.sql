/*
id: account-token-event-unapproved
title: Keys of accounts are made, shown and changed as planned
severity: high
resource: account
answers: [P04, P28, P53, P65, P92]
why: >-
  A token that is made, shown or widened beside every plan is how an intruder comes back after the password was changed.
remedy: >-
  Ask who made it and for what. Take the token away if nobody can say; record approvals, or windows in which keys are renewed.
false-positives: >-
  Renewal by a program of its own; write it down as a change window or by approvals.
params:
  grace: {type: duration, default: 0s, meaning: "how long after it an approval may be recorded and still counts"}
*/
WITH logged AS MATERIALIZED (
  SELECT e.action, e.account, e.object, e.t_from, e.t_to FROM event e WHERE e.action IN ('token.create', 'token.roll', 'token.update', 'token.view') AND e.record_kind = 'log' AND e.outcome <> 'failure'
), again AS (
  -- a difference between two looks says again what the log says, where there is one
  SELECT e.id FROM event e JOIN logged l ON l.account = e.account AND l.action = e.action AND l.object = e.object
  WHERE e.action IN ('token.create', 'token.roll', 'token.update', 'token.view') AND e.record_kind = 'state-difference' AND l.t_from >= e.t_from AND l.t_to <= e.t_to
  UNION
  SELECT e.id FROM event e JOIN logged l ON l.account = e.account AND l.action = e.action AND l.object IS NULL
  WHERE e.action IN ('token.create', 'token.roll', 'token.update', 'token.view') AND e.record_kind = 'state-difference' AND l.t_from >= e.t_from AND l.t_to <= e.t_to
), done AS (
  SELECT e.id, p.account, e.action, e.provider_ref, e.domain, lower(e.object) AS object, e.actor, e.t_from, e.t_to,
         CASE e.action WHEN 'token.create' THEN 'made ' WHEN 'token.roll' THEN 'renewed ' WHEN 'token.view' THEN 'was shown the secret of ' ELSE 'changed ' END || COALESCE(e.object, 'a key') AS what
  FROM event e JOIN account_place p ON p.scope = e.account
  WHERE e.action IN ('token.create', 'token.roll', 'token.update', 'token.view') AND e.outcome <> 'failure' AND e.t_from < :period_end AND e.t_to > :period_start
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
    AND x.id NOT IN (SELECT y.id
                     FROM done y JOIN change_window w ON w.kind = 'change' AND w.scope IN ('', y.account, y.domain)
                     WHERE w.valid_from <= y.t_from AND w.valid_to >= y.t_to AND w.withdrawn_at >= y.t_to AND w.recorded_at <= y.t_from
                       AND (w.days IS NULL
                            OR ((w.days / CASE ((y.t_from + COALESCE(w.offset_min, 0) * 60000) / 86400000 + 3) % 7
                                            WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 2 THEN 4 WHEN 3 THEN 8 WHEN 4 THEN 16 WHEN 5 THEN 32 ELSE 64 END) % 2 = 1
                                AND (y.t_from + COALESCE(w.offset_min, 0) * 60000) % 86400000 >= COALESCE(w.minute_from, 0) * 60000
                                AND (y.t_from + COALESCE(w.offset_min, 0) * 60000) % 86400000 + y.t_to - y.t_from <= COALESCE(w.minute_to, 1440) * 60000)))
), practice AS (
  -- where nobody records approvals or windows at all, one that lacks is no exception
  SELECT (SELECT COUNT(*) FROM approval) + (SELECT COUNT(*) FROM change_window w WHERE w.kind = 'change') AS n
)
SELECT j.account AS resource,
       j.provider_ref AS key,
       CASE WHEN j.recorded_at IS NULL AND (SELECT n FROM practice) > 0 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       COALESCE(j.actor, 'An unknown actor') || ' ' || j.what
         || CASE WHEN j.recorded_at IS NULL AND (SELECT n FROM practice) = 0 THEN ', and nobody records approvals or windows.'
                 WHEN j.recorded_at IS NULL THEN ', without an approval.'
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
