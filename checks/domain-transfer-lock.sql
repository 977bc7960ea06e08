/*
id: domain-transfer-lock
title: Domains are locked against transfer all the time
severity: high
resource: domain
answers: [P74, P78]
why: >-
  Without the lock whoever gets hold of the transfer code, or of one click in the account, takes the domain away, and
  with it every certificate that can be had for its names.
remedy: >-
  Lock the domain at its registrar. If it was unlocked for a transfer, record the approval (transfer-lock.remove,
  domain.transfer-out or domain.registrar.change) before, for that time.
false-positives: >-
  Top-level domains whose registry has no such lock; a registrar that shows its lock to nobody.
*/
WITH told AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms,
         CASE WHEN s.transfer_lock = 1 THEN 1
              WHEN s.statuses IS NULL THEN s.transfer_lock
              WHEN replace(replace(replace(' ' || s.statuses || ' ', ' clientTransferProhibited ', ''), ' serverTransferProhibited ', ''),
                                   ' transferProhibited ', '')
                   <> ' ' || s.statuses || ' ' THEN 1
              ELSE 0 END AS locked
  FROM domain_state s JOIN domain d ON d.name = s.domain AND d.in_scope = 1
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), unlocked AS (
  -- a window that was asked for and approved beforehand, and not left open longer
  SELECT t.*, (SELECT MIN(a.recorded_at) FROM approval a
               WHERE a.subject = t.domain AND a.kind IN ('transfer-lock.remove', 'domain.transfer-out', 'domain.registrar.change')
                 AND a.valid_from <= t.first_ms AND a.valid_to > t.seen_ms AND a.withdrawn_at > t.first_ms) AS recorded_at
  FROM told t
  WHERE t.locked = 0
    AND NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = t.domain AND a.kind IN ('transfer-lock.remove', 'domain.transfer-out', 'domain.registrar.change')
                      AND a.valid_from <= t.first_ms AND a.valid_to > t.seen_ms AND a.withdrawn_at > t.seen_ms
                      AND a.recorded_at <= t.first_ms)
)
SELECT u.domain AS resource,
       u.source || ' ' || u.view AS key,
       CASE WHEN u.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'As its ' || u.view || ' tells, transfer is not prohibited; it was seen so for ' || ((u.seen_ms - u.first_ms) / 3600000) || ' hours'
         || CASE WHEN u.recorded_at IS NULL THEN '.'
                 WHEN u.recorded_at <= u.first_ms THEN '; its approval was withdrawn meanwhile.'
                 ELSE '; the approval was recorded ' || ((u.recorded_at - u.first_ms + 59999) / 60000)
                      || ' minutes after that was first seen.' END AS reason,
       'domain_state' AS ref_table,
       u.id AS ref_id,
       u.first_ms AS observed_at
FROM unlocked u
UNION ALL
SELECT d.name, '', 'review', 'absence', 'Nobody who was asked says whether transfer is prohibited.', NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NOT NULL AND d.name NOT IN (SELECT t.domain FROM told t WHERE t.locked IS NOT NULL)
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'No source tells how this domain stands at its registry or registrar.',
       NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NULL;

-- population
SELECT d.name AS resource, CASE WHEN d.scope IS NOT NULL THEN 'registry-state' END AS evidence, d.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM registration d;
