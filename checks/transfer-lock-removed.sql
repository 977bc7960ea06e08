/*
id: transfer-lock-removed
title: Domains keep their transfer lock
severity: high
resource: domain
answers: [P74, P78]
why: An unlocked domain can leave the account and take its certificates with it.
remedy: >-
  Lock the domain again and record who asked for the change. An approval of the move itself (domain.transfer-out, domain.registrar.change) counts as well.
false-positives: A planned transfer without a recorded approval.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the removal an approval may be recorded and still counts"}
*/
WITH removed AS (
  SELECT e.id, e.domain, e.action, e.provider_ref, e.actor, e.t_from, e.t_to,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = e.domain AND a.kind IN (e.action, 'domain.transfer-out', 'domain.registrar.change')
            AND a.valid_from < e.t_to AND a.valid_to > e.t_from AND a.withdrawn_at > e.t_from) AS recorded_at
  FROM event e
  JOIN domain d ON d.name = e.domain AND d.in_scope = 1
  WHERE e.action = 'transfer-lock.remove' AND e.outcome <> 'failure'
    AND e.t_from < :period_end AND e.t_to > :period_start
    AND NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = e.domain AND a.kind IN (e.action, 'domain.transfer-out', 'domain.registrar.change')
                      AND a.valid_from <= e.t_from AND a.valid_to >= e.t_to AND a.withdrawn_at >= e.t_to
                      AND a.recorded_at <= e.t_from + :grace)
)
SELECT r.domain AS resource,
       r.provider_ref AS key,
       CASE WHEN r.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The transfer lock was removed by ' || COALESCE(r.actor, 'an unknown actor')
         || CASE WHEN r.recorded_at IS NULL THEN ', without an approval.'
                 WHEN r.recorded_at >= r.t_to
                 THEN '; the approval was recorded ' || ((r.recorded_at - r.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE '; an approval covers only part of the time in which it may have happened.' END AS reason,
       'event' AS ref_table,
       r.id AS ref_id,
       r.t_from AS observed_at
FROM removed r
UNION ALL
SELECT e.domain, e.provider_ref, 'review', 'presence',
       'There was a change of the domain by ' || COALESCE(e.actor, 'an unknown actor')
         || ' whose content the log does not show: it may have removed the lock.',
       'event', e.id, e.t_from
FROM event e
JOIN domain d ON d.name = e.domain AND d.in_scope = 1
WHERE e.action = 'transfer-lock.unknown' AND e.outcome <> 'failure'
  AND e.t_from < :period_end AND e.t_to > :period_start;

-- population
SELECT d.name AS resource, 'account-events' AS evidence, d.account AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
