/*
id: domain-auto-renew
title: Domains renew by themselves
severity: high
resource: domain
answers: [P50, P84]
why: >-
  A renewal that somebody must remember is one day forgotten. Turning it off is also the quiet way to let a domain go.
remedy: >-
  Turn automatic renewal on. If the domain is to end or to move, record the approval (auto-renew.disable,
  domain.transfer-out or domain.registrar.change) before, for as long as it stays off.
false-positives: >-
  Registrars that bill long contracts and show no automatic renewal.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the deed an approval may be recorded and still counts"}
*/
WITH told AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms, s.auto_renew
  FROM domain_state s JOIN domain d ON d.name = s.domain AND d.in_scope = 1
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), showing AS (
  -- only the account at the registrar knows
  SELECT DISTINCT t.domain FROM told t WHERE t.view = 'provider' OR t.auto_renew IS NOT NULL
), needed AS (
  SELECT d.*, CASE WHEN d.scope IS NULL THEN 'No source tells how this domain stands at its registry or registrar.'
                   WHEN d.name NOT IN (SELECT h.domain FROM showing h)
                   THEN 'Nobody who is asked can say whether it renews by itself: the account at the registrar knows.' END AS spared
  FROM registration d
)

-- findings
WITH done AS (
  SELECT e.id, e.domain, e.action, e.source, e.provider_ref, e.actor, e.record_kind, e.before_value, e.after_value,
         e.t_from, e.t_to
  FROM event e JOIN domain d ON d.name = e.domain AND d.in_scope = 1
  WHERE e.action = 'auto-renew.disable'
    AND e.outcome <> 'failure' AND e.record_kind <> 'state-difference'
    AND e.t_from < :period_end AND e.t_to > :period_start
), judged AS (
  -- an approval withdrawn before the deed is none; one that was valid at some instant of it deserves a look
  SELECT x.*, (SELECT MIN(a.recorded_at) FROM approval a
               WHERE a.subject = x.domain AND a.kind IN (x.action, 'domain.transfer-out', 'domain.registrar.change')
                 AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM done x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.domain AND a.kind IN (x.action, 'domain.transfer-out', 'domain.registrar.change')
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
), off AS (
  SELECT t.*, (SELECT MIN(a.recorded_at) FROM approval a
               WHERE a.subject = t.domain AND a.kind IN ('auto-renew.disable', 'domain.transfer-out', 'domain.registrar.change')
                 AND a.valid_from <= t.first_ms AND a.valid_to > t.seen_ms AND a.withdrawn_at > t.first_ms) AS recorded_at
  FROM told t
  WHERE t.auto_renew = 0
    AND NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = t.domain AND a.kind IN ('auto-renew.disable', 'domain.transfer-out', 'domain.registrar.change')
                      AND a.valid_from <= t.first_ms AND a.valid_to > t.seen_ms AND a.withdrawn_at > t.seen_ms
                      AND a.recorded_at <= t.first_ms)
)
SELECT j.domain AS resource,
       j.source || ' ' || j.provider_ref AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'Automatic renewal was turned off by ' || COALESCE(j.actor, 'an unknown actor')
         || CASE WHEN j.recorded_at IS NULL THEN ', without an approval.'
                 WHEN j.recorded_at >= j.t_to
                 THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE '; an approval covers only part of the time in which it may have happened.' END AS reason,
       'event' AS ref_table,
       j.id AS ref_id,
       j.t_from AS observed_at
FROM judged j
UNION ALL
SELECT o.domain, o.source || ' ' || o.view, CASE WHEN o.recorded_at IS NULL THEN 'fail' ELSE 'review' END, 'presence',
       'As its ' || o.view || ' tells, it does not renew by itself; it was seen so for ' || ((o.seen_ms - o.first_ms) / 3600000) || ' hours'
         || CASE WHEN o.recorded_at IS NULL THEN '.'
                 WHEN o.recorded_at <= o.first_ms THEN '; its approval was withdrawn meanwhile.'
                 ELSE '; the approval was recorded ' || ((o.recorded_at - o.first_ms + 59999) / 60000) || ' minutes after that was first seen.' END,
       'domain_state', o.id, o.first_ms
FROM off o
UNION ALL
SELECT n.name, '', 'review', 'absence', 'The account at the registrar was asked and does not say whether it renews by itself.',
       NULL, NULL, :as_of
FROM needed n
WHERE n.spared IS NULL AND n.name NOT IN (SELECT t.domain FROM told t WHERE t.auto_renew IS NOT NULL)
UNION ALL
SELECT n.name, '', 'not-applicable', 'presence', n.spared, NULL, NULL, :as_of
FROM needed n
WHERE n.spared IS NOT NULL;

-- population
SELECT n.name AS resource, CASE WHEN n.spared IS NULL THEN 'registry-state' END AS evidence, n.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM needed n
UNION ALL
SELECT n.name, 'account-events', n.account, :period_start, :period_end, 'asserted'
FROM needed n
WHERE n.spared IS NULL AND n.account IS NOT NULL;
