/*
id: domain-auth-code-read
title: Transfer codes are read and set with an approval
severity: high
resource: domain
answers: [P74, P78]
why: >-
  Who holds the code of an unlocked domain can take it to another registrar.
remedy: >-
  Ask who needed the code. Set a new one, look at the lock, and record approvals (domain.auth-code.read,
  domain.auth-code.set, domain.transfer-out or domain.registrar.change) before.
false-positives: >-
  Registrars that make or show the code in passing, for instance on a page that lists all settings.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the deed an approval may be recorded and still counts"}
*/
WITH done AS (
  SELECT e.id, e.domain, e.action, e.source, e.provider_ref, e.actor, e.record_kind, e.before_value, e.after_value,
         e.t_from, e.t_to
  FROM event e JOIN domain d ON d.name = e.domain AND d.in_scope = 1
  WHERE e.action IN ('domain.auth-code.read', 'domain.auth-code.set')
    AND e.outcome <> 'failure'
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
)
SELECT j.domain AS resource,
       j.source || ' ' || j.provider_ref AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN j.action = 'domain.auth-code.read' THEN 'The transfer code was read by '
            ELSE 'A transfer code was set by ' END || COALESCE(j.actor, 'an unknown actor')
         || CASE WHEN j.recorded_at IS NULL THEN ', without an approval.'
                 WHEN j.recorded_at >= j.t_to
                 THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE '; an approval covers only part of the time in which it may have happened.' END AS reason,
       'event' AS ref_table,
       j.id AS ref_id,
       j.t_from AS observed_at
FROM judged j
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'No source tells what is done in the account that holds this domain.',
       NULL, NULL, :as_of
FROM registration d
WHERE d.account IS NULL;

-- population
SELECT d.name AS resource, CASE WHEN d.account IS NOT NULL THEN 'account-events' END AS evidence, d.account AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM registration d;
