/*
id: account-delegated-access
title: Nobody from outside acts on our accounts unasked
severity: high
resource: account
answers: [P20, P52, P53, P68, P84]
why: >-
  Staff of the provider, resellers and other accounts can act in our place. That is help when we asked for it; otherwise it is how domains were taken by way
  of a support desk.
remedy: Ask the provider who did it, at whose request, and how the request was checked.
false-positives: Support that was asked for; what the provider does by itself for all customers.
params:
  ignore: {type: text, default: "domain.renew certificate.issue certificate.wildcard view login logout maintenance", meaning: "what the provider does by itself"}
*/
WITH done AS (
  SELECT e.id, p.account, e.action, e.provider_ref, e.actor, e.domain, lower(e.object) AS object, e.t_from, e.t_to
  FROM event e JOIN account_place p ON p.scope = e.account
  WHERE e.actor_kind = 'provider' AND COALESCE(e.channel, '') NOT IN ('epp', 'system') AND e.record_kind IN ('log', 'job') AND e.outcome <> 'failure'
    AND instr(' ' || :ignore || ' ', ' ' || e.action || ' ') = 0
    AND e.t_from < :period_end AND e.t_to > :period_start
), judged AS (
  SELECT x.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject IN (lower(x.account), lower(x.object), x.domain) AND a.kind = x.action
            AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to) AS recorded_at
  FROM done x
)
SELECT x.account AS resource,
       x.provider_ref AS key,
       'review' AS status,
       'presence' AS basis,
       COALESCE(x.actor, 'Somebody') || ' of the provider acted in our place (' || x.action || CASE WHEN x.domain IS NULL THEN '' ELSE ' of ' || x.domain END
         || ')' || CASE WHEN x.recorded_at IS NULL THEN ', and nobody of ours approved it.'
                        ELSE '; it was approved afterwards, ' || ((x.recorded_at - x.t_from + 59999) / 60000) || ' minutes later.' END AS reason,
       'event' AS ref_table,
       x.id AS ref_id,
       x.t_from AS observed_at
FROM judged x
WHERE x.recorded_at IS NULL OR x.recorded_at > x.t_from
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
