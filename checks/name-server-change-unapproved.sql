/*
id: name-server-change-unapproved
title: Name servers at the registry are changed with an approval
severity: critical
resource: domain
answers: [P31, P75, P78, P79]
why: >-
  Whoever changes the delegation answers for every name below it: mail, web, and the proofs that issuers ask for. It
  is how registrars and registries were abused to take whole organisations over.
remedy: >-
  Ask who changed it and why; put the old servers back if nobody can say, and look for certificates that were issued
  since. Record approvals (ns.change) before.
false-positives: >-
  A change of servers by the provider who runs them; a source that spells the same servers in another way.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the deed an approval may be recorded and still counts"}
  same: {type: duration, default: 24h, meaning: "how far a difference between looks and the log of an account may lie apart and still be one deed"}
*/
WITH done AS (
  SELECT e.id, e.domain, e.action, e.source, e.provider_ref, e.actor, e.record_kind, e.before_value, e.after_value,
         e.t_from, e.t_to
  FROM event e JOIN domain d ON d.name = e.domain AND d.in_scope = 1
  WHERE e.action = 'ns.change'
    AND e.outcome <> 'failure'
    AND e.t_from < :period_end AND e.t_to > :period_start
), judged AS (
  -- an approval withdrawn before the deed is none; one that was valid at some instant of it deserves a look
  SELECT x.*, (SELECT MIN(a.recorded_at) FROM approval a
               WHERE a.subject = x.domain AND a.kind = x.action
                 AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM done x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.domain AND a.kind = x.action
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
    -- a difference of two looks that logs tell as well is judged there: as many deeds as it took steps
    AND NOT (x.record_kind IN ('state-difference', 'public')
             AND (SELECT COUNT(*) FROM event l
                  WHERE l.action = x.action AND l.domain = x.domain AND l.record_kind IN ('log', 'job') AND l.outcome <> 'failure'
                    AND l.t_from >= x.t_from - :same AND l.t_from < x.t_to + :same)
                 > (SELECT COUNT(DISTINCT COALESCE(y.before_value, '') || ' ' || COALESCE(y.after_value, '')) FROM event y
                    WHERE y.action = x.action AND y.domain = x.domain AND y.record_kind IN ('state-difference', 'public')
                      AND y.t_from >= x.t_from - :same AND y.t_from < x.t_to + :same
                      AND (y.before_value = x.after_value OR y.after_value = x.before_value)))
)
SELECT j.domain AS resource,
       j.source || ' ' || j.provider_ref AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The name servers of the domain were changed'
         || CASE WHEN j.before_value <> '' AND j.after_value <> ''
                 THEN ' from ' || j.before_value || ' to ' || j.after_value ELSE '' END
         || ' by ' || COALESCE(j.actor, 'an unknown actor')
         || CASE WHEN j.recorded_at IS NULL THEN ', without an approval.'
                 WHEN j.recorded_at >= j.t_to
                 THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE '; an approval covers only part of the time in which it may have happened.' END AS reason,
       'event' AS ref_table,
       j.id AS ref_id,
       j.t_from AS observed_at
FROM judged j
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
