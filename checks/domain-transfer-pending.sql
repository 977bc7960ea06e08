/*
id: domain-transfer-pending
title: Domains are transferred with an approval
severity: critical
resource: domain
answers: [P74, P78]
why: >-
  A transfer ends with somebody else holding the domain. Most registries let it happen by itself when nobody objects
  within five days.
remedy: >-
  Refuse the transfer at the registrar while it is pending, set a new transfer code, and lock the domain. Record
  approvals (domain.transfer-out, domain.transfer-in, domain.registrar.change) before.
false-positives: >-
  A move between accounts of the same registrar that the log calls a transfer.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the deed an approval may be recorded and still counts"}
*/
WITH done AS (
  SELECT e.id, e.domain, e.action, e.source, e.provider_ref, e.actor, e.record_kind, e.before_value, e.after_value,
         e.t_from, e.t_to
  FROM event e JOIN domain d ON d.name = e.domain AND d.in_scope = 1
  WHERE e.action IN ('domain.transfer-out', 'domain.transfer-in')
    AND e.outcome <> 'failure' AND e.record_kind <> 'state-difference'
    AND e.t_from < :period_end AND e.t_to > :period_start
), judged AS (
  -- an approval withdrawn before the deed is none; one that was valid at some instant of it deserves a look
  SELECT x.*, (SELECT MIN(a.recorded_at) FROM approval a
               WHERE a.subject = x.domain AND a.kind IN (x.action, 'domain.registrar.change')
                 AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM done x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.domain AND a.kind IN (x.action, 'domain.registrar.change')
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
), pending AS (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = s.domain AND a.kind IN ('domain.transfer-out', 'domain.transfer-in', 'domain.registrar.change')
            AND a.valid_from <= s.seen_ms AND a.valid_to > s.first_ms AND a.withdrawn_at > s.first_ms) AS recorded_at
  FROM domain_state s JOIN domain d ON d.name = s.domain AND d.in_scope = 1
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND replace(' ' || s.statuses || ' ', ' pendingTransfer ', '') <> ' ' || s.statuses || ' '
)
SELECT j.domain AS resource,
       j.source || ' ' || j.provider_ref AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN j.action = 'domain.transfer-out' THEN 'A transfer away was asked for or made by '
            ELSE 'A transfer to us was asked for or made by ' END || COALESCE(j.actor, 'an unknown actor')
         || CASE WHEN j.recorded_at IS NULL THEN ', without an approval.'
                 WHEN j.recorded_at >= j.t_to
                 THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE '; an approval covers only part of the time in which it may have happened.' END AS reason,
       'event' AS ref_table,
       j.id AS ref_id,
       j.t_from AS observed_at
FROM judged j
UNION ALL
SELECT p.domain, p.source || ' ' || p.view || ' ' || p.first_ms, CASE WHEN p.recorded_at IS NULL THEN 'fail' ELSE 'review' END, 'presence',
       'As its ' || p.view || ' tells, a transfer was pending'
         || CASE WHEN p.recorded_at IS NULL THEN ', without an approval.'
                 ELSE '; the approval was recorded ' || ((p.recorded_at - p.first_ms + 59999) / 60000) || ' minutes after that was first seen.' END,
       'domain_state', p.id, p.first_ms
FROM pending p
WHERE p.recorded_at IS NULL OR p.recorded_at > p.first_ms + :grace
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'No source tells of this domain at its registry, nor of the account that holds it.',
       NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NULL AND d.account IS NULL;

-- population
SELECT d.name AS resource, CASE WHEN d.scope IS NOT NULL THEN 'registry-state' END AS evidence, d.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM registration d
UNION ALL
SELECT d.name, 'account-events', d.account, :period_start, :period_end, 'asserted'
FROM registration d
WHERE d.account IS NOT NULL;
