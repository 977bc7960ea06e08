/*
id: domain-update-delete-lock
title: Domains of high tiers are locked against updates and deletion
severity: medium
resource: domain
answers: [P36, P75, P78]
why: >-
  Without these locks name servers, DS data and contacts can be changed, and the domain deleted, by a single command.
remedy: >-
  Let the registrar set clientUpdateProhibited and clientDeleteProhibited, and take them off only for an approved
  change (update-lock.remove, delete-lock.remove).
false-positives: >-
  Registrars that do not offer these locks; top-level domains whose registry has none.
*/
WITH needed AS (
  SELECT d.name, d.scope, CASE WHEN d.scope IS NULL THEN 'No source tells how this domain stands at its registry or registrar.'
                   WHEN o.tier IS NULL THEN 'No tier is stated for it.'
                   WHEN o.tier NOT IN ('critical', 'high') THEN 'It is of neither tier, critical or high.' END AS spared
  FROM registration d JOIN domain o ON o.name = d.name
)

-- findings
WITH lock AS (
  SELECT 'update' AS deed, ' clientUpdateProhibited ' AS client, ' serverUpdateProhibited ' AS server
  UNION ALL
  SELECT 'delete', ' clientDeleteProhibited ', ' serverDeleteProhibited '
), stated AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms, s.statuses, s.registry_lock
  FROM domain_state s
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), told AS (
  -- the registry's own word counts; others only where it was not asked
  SELECT t.*, MAX(CASE WHEN t.view = 'registry' THEN 1 ELSE 0 END) OVER (PARTITION BY t.domain) AS asked
  FROM stated t
  WHERE (t.statuses IS NOT NULL OR t.registry_lock = 1) AND t.domain IN (SELECT n.name FROM needed n WHERE n.spared IS NULL)
), lacking AS (
  SELECT t.*, k.deed
  FROM told t CROSS JOIN lock k
  WHERE (t.view = 'registry' OR t.asked = 0) AND COALESCE(t.registry_lock, 0) = 0
    AND replace(replace(' ' || t.statuses || ' ', k.client, ''), k.server, '') = ' ' || t.statuses || ' '
), unlocked AS (
  -- a window that was asked for and approved beforehand, and not left open longer
  SELECT t.*, (SELECT MIN(a.recorded_at) FROM approval a
               WHERE a.subject = t.domain AND a.kind = t.deed || '-lock.remove'
                 AND a.valid_from <= t.first_ms AND a.valid_to > t.seen_ms AND a.withdrawn_at > t.first_ms) AS recorded_at
  FROM lacking t
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = t.domain AND a.kind = t.deed || '-lock.remove'
                      AND a.valid_from <= t.first_ms AND a.valid_to > t.seen_ms AND a.withdrawn_at > t.seen_ms
                      AND a.recorded_at <= t.first_ms)
)
SELECT u.domain AS resource,
       u.source || ' ' || u.view || ' ' || u.deed AS key,
       CASE WHEN u.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'As its ' || u.view || ' tells, ' || u.deed || ' is not prohibited; it was seen so for ' || ((u.seen_ms - u.first_ms) / 3600000) || ' hours'
         || CASE WHEN u.recorded_at IS NULL THEN '.'
                 WHEN u.recorded_at <= u.first_ms THEN '; its approval was withdrawn meanwhile.'
                 ELSE '; the approval was recorded ' || ((u.recorded_at - u.first_ms + 59999) / 60000)
                      || ' minutes after that was first seen.' END AS reason,
       'domain_state' AS ref_table,
       u.id AS ref_id,
       u.first_ms AS observed_at
FROM unlocked u
UNION ALL
SELECT n.name, '', 'review', 'absence', 'Nobody who was asked says whether updates and deletion are prohibited.', NULL, NULL, :as_of
FROM needed n
WHERE n.spared IS NULL AND n.name NOT IN (SELECT t.domain FROM told t)
UNION ALL
SELECT n.name, '', 'not-applicable', 'presence', n.spared, NULL, NULL, :as_of
FROM needed n
WHERE n.spared IS NOT NULL;

-- population
SELECT n.name AS resource, CASE WHEN n.spared IS NULL THEN 'registry-state' END AS evidence, n.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM needed n;
