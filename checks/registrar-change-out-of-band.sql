/*
id: registrar-change-out-of-band
title: What changes at the registry was done in the account
severity: critical
resource: domain
answers: [P75, P78, P87]
why: >-
  Attackers have changed delegations with stolen credentials of registrars and even registries: the account of the
  customer showed nothing. What the public sees and the account does not know of is the strongest sign of that.
remedy: >-
  Call the registrar by a number that you know. Compare delegation, DS and locks with what they should be, and look
  for certificates that were issued since.
false-positives: >-
  Changes by the provider or registry itself that its log does not tell; logs that tell such a change by another word
  (account-event-unmapped lists those).
params:
  near: {type: duration, default: 24h, meaning: "how far the event of the account may lie from the difference that was seen"}
*/
WITH kin AS (
  -- by which words logs tell of it
  SELECT 'ns.change' AS seen, 'ns.change' AS told
  UNION ALL SELECT 'ns.change', 'domain.update'
  UNION ALL SELECT 'ds.change', 'ds.change'
  UNION ALL SELECT 'ds.change', 'dnssec.enable'
  UNION ALL SELECT 'ds.change', 'dnssec.disable'
  UNION ALL SELECT 'ds.change', 'dnssec.update'
  UNION ALL SELECT 'ds.change', 'domain.update'
  UNION ALL SELECT 'transfer-lock.add', 'transfer-lock.add'
  UNION ALL SELECT 'transfer-lock.add', 'transfer-lock.unknown'
  UNION ALL SELECT 'transfer-lock.add', 'domain.update'
  UNION ALL SELECT 'transfer-lock.remove', 'transfer-lock.remove'
  UNION ALL SELECT 'transfer-lock.remove', 'transfer-lock.unknown'
  UNION ALL SELECT 'transfer-lock.remove', 'domain.update'
  UNION ALL SELECT 'update-lock.remove', 'update-lock.remove'
  UNION ALL SELECT 'update-lock.remove', 'transfer-lock.remove'
  UNION ALL SELECT 'update-lock.remove', 'transfer-lock.unknown'
  UNION ALL SELECT 'update-lock.remove', 'domain.update'
  UNION ALL SELECT 'delete-lock.remove', 'delete-lock.remove'
  UNION ALL SELECT 'delete-lock.remove', 'transfer-lock.remove'
  UNION ALL SELECT 'delete-lock.remove', 'transfer-lock.unknown'
  UNION ALL SELECT 'delete-lock.remove', 'domain.update'
  UNION ALL SELECT 'registry-lock.remove', 'registry-lock.remove'
  UNION ALL SELECT 'registry-lock.remove', 'domain.update'
  UNION ALL SELECT 'domain.registrar.change', 'domain.registrar.change'
  UNION ALL SELECT 'domain.registrar.change', 'domain.transfer-in'
  UNION ALL SELECT 'domain.registrar.change', 'domain.transfer-out'
), differed AS MATERIALIZED (
  SELECT e.id, e.domain, e.action, e.source, e.provider_ref, e.before_value, e.after_value, e.t_from, e.t_to
  FROM registration d JOIN event e ON e.domain = d.name AND e.action IN (SELECT k.seen FROM kin k)
  WHERE d.scope IS NOT NULL AND d.account IS NOT NULL AND e.record_kind IN ('state-difference', 'public')
    AND e.t_from < :period_end AND e.t_to > :period_start
)

-- findings
WITH told AS (
  SELECT x.id
  FROM differed x JOIN kin k ON k.seen = x.action
  WHERE EXISTS (SELECT 1 FROM event l
                WHERE l.action = k.told AND l.domain = x.domain AND l.t_from >= x.t_from - :near AND l.t_from < x.t_to + :near
                  AND l.record_kind IN ('log', 'job') AND l.outcome <> 'failure')
)
SELECT x.domain AS resource,
       x.source || ' ' || x.provider_ref AS key,
       'fail' AS status,
       'absence' AS basis,
       'It was seen that ' || CASE x.action WHEN 'ns.change' THEN 'the name servers were changed'
                                            WHEN 'ds.change' THEN 'the DS data were changed'
                                            WHEN 'transfer-lock.add' THEN 'the transfer lock was put on'
                                            WHEN 'transfer-lock.remove' THEN 'the transfer lock was taken off'
                                            WHEN 'update-lock.remove' THEN 'the lock against updates was taken off'
                                            WHEN 'delete-lock.remove' THEN 'the lock against deletion was taken off'
                                            WHEN 'registry-lock.remove' THEN 'the lock of the registry was taken off'
                                            ELSE 'another registrar sponsors it' END
         || CASE WHEN x.before_value <> '' AND x.after_value <> '' THEN ' (from ' || x.before_value || ' to ' || x.after_value || ')'
                 ELSE '' END
         || '; the log of the account tells nothing of it within ' || (:near / 3600000) || ' hours.' AS reason,
       'event' AS ref_table,
       x.id AS ref_id,
       x.t_from AS observed_at
FROM differed x
WHERE x.id NOT IN (SELECT t.id FROM told t)
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence',
       CASE WHEN d.scope IS NULL THEN 'No source tells how this domain stands at its registry or registrar.'
            ELSE 'No source tells what is done in the account that holds this domain.' END, NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NULL OR d.account IS NULL;

-- population
SELECT d.name AS resource, CASE WHEN d.account IS NOT NULL AND d.scope IS NOT NULL THEN 'registry-state' END AS evidence, d.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM registration d
UNION ALL
SELECT x.domain, 'account-events', d.account, x.t_from - :near, x.t_to + :near, 'asserted'
FROM differed x JOIN registration d ON d.name = x.domain;
