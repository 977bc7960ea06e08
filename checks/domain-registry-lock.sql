/*
id: domain-registry-lock
title: Domains of the highest tier are locked by the registry
severity: critical
resource: domain
answers: [P36, P74, P78]
why: >-
  A lock of the registrar falls with the account at the registrar. What the registry itself has locked is changed only
  after people have spoken to each other, so stolen credentials are not enough.
remedy: >-
  Ask the registrar for the lock of the registry. Where the registry offers none, say so in the policy (without), or
  waive it with a reason.
false-positives: >-
  A lock by a dispute (URS) looks the same as one that the owner asked for.
params:
  without: {type: text, default: "", meaning: "top-level domains whose registry offers no lock, with blanks between"}
*/
WITH top AS (
  SELECT d.name, d.tier, substr(d.name, length(rtrim(d.name, 'abcdefghijklmnopqrstuvwxyz0123456789-')) + 1) AS tld
  FROM domain d
), needed AS (
  SELECT d.name, d.scope, CASE WHEN d.scope IS NULL THEN 'No source tells how this domain stands at its registry or registrar.'
                   WHEN o.tier IS NULL THEN 'No tier is stated for it.'
                   WHEN o.tier <> 'critical' THEN 'It is not of the tier critical.'
                   WHEN replace(' ' || :without || ' ', ' ' || o.tld || ' ', '') <> ' ' || :without || ' '
                   THEN 'The policy says that there is no registry lock below ' || o.tld || '.' END AS spared
  FROM registration d JOIN top o ON o.name = d.name
)

-- findings
WITH stated AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms,
         CASE WHEN s.registry_lock IS NOT NULL THEN s.registry_lock
              WHEN s.statuses IS NULL THEN NULL
              WHEN replace(' ' || s.statuses || ' ', ' serverDeleteProhibited ', '') <> ' ' || s.statuses || ' '
               AND replace(' ' || s.statuses || ' ', ' serverTransferProhibited ', '') <> ' ' || s.statuses || ' '
               AND replace(' ' || s.statuses || ' ', ' serverUpdateProhibited ', '') <> ' ' || s.statuses || ' ' THEN 1
              ELSE 0 END AS locked
  FROM domain_state s
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), told AS (
  -- the registry's own word counts; others only where it was not asked
  SELECT t.*, MAX(CASE WHEN t.view = 'registry' THEN 1 ELSE 0 END) OVER (PARTITION BY t.domain) AS asked
  FROM stated t
  WHERE t.locked IS NOT NULL AND t.domain IN (SELECT n.name FROM needed n WHERE n.spared IS NULL)
), unlocked AS (
  -- a window that was asked for and approved beforehand, and not left open longer
  SELECT t.*, (SELECT MIN(a.recorded_at) FROM approval a
               WHERE a.subject = t.domain AND a.kind = 'registry-lock.remove'
                 AND a.valid_from <= t.first_ms AND a.valid_to > t.seen_ms AND a.withdrawn_at > t.first_ms) AS recorded_at
  FROM told t
  WHERE t.locked = 0 AND (t.view = 'registry' OR t.asked = 0)
    AND NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = t.domain AND a.kind = 'registry-lock.remove'
                      AND a.valid_from <= t.first_ms AND a.valid_to > t.seen_ms AND a.withdrawn_at > t.seen_ms
                      AND a.recorded_at <= t.first_ms)
)
SELECT u.domain AS resource,
       u.source || ' ' || u.view AS key,
       CASE WHEN u.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'As its ' || u.view || ' tells, the registry has not locked it; it was seen so for ' || ((u.seen_ms - u.first_ms) / 3600000) || ' hours'
         || CASE WHEN u.recorded_at IS NULL THEN '.'
                 WHEN u.recorded_at <= u.first_ms THEN '; its approval was withdrawn meanwhile.'
                 ELSE '; the approval was recorded ' || ((u.recorded_at - u.first_ms + 59999) / 60000)
                      || ' minutes after that was first seen.' END AS reason,
       'domain_state' AS ref_table,
       u.id AS ref_id,
       u.first_ms AS observed_at
FROM unlocked u
UNION ALL
SELECT n.name, '', 'review', 'absence', 'Nobody who was asked says whether the registry has locked it.', NULL, NULL, :as_of
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
