/*
id: domain-hold-state
title: No domain is on hold or about to be deleted
severity: critical
resource: domain
answers: [P50, P78]
why: >-
  A domain on hold does not resolve, and one that is about to be deleted is soon free for anybody to register.
remedy: >-
  Ask the registrar at once: restore the domain within its redemption period, or remove the reason for the hold.
false-positives: >-
  A domain that is given up on purpose (waive it with the reason).
*/
WITH state AS (
  SELECT 'redemptionPeriod' AS name, 'it was deleted and can only be bought back' AS meaning
  UNION ALL SELECT 'pendingDelete', 'it is about to be deleted'
  UNION ALL SELECT 'clientHold', 'its registrar keeps it from resolving'
  UNION ALL SELECT 'serverHold', 'its registry keeps it from resolving'
), told AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms, s.statuses
  FROM domain_state s JOIN domain d ON d.name = s.domain AND d.in_scope = 1
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
)
SELECT t.domain AS resource,
       t.source || ' ' || t.view || ' ' || h.name || ' ' || t.first_ms AS key,
       'fail' AS status,
       'presence' AS basis,
       'As its ' || t.view || ' tells, ' || h.meaning || ' (' || h.name || '); it was seen so for '
         || ((t.seen_ms - t.first_ms) / 3600000) || ' hours.' AS reason,
       'domain_state' AS ref_table,
       t.id AS ref_id,
       t.first_ms AS observed_at
FROM told t JOIN state h ON replace(' ' || t.statuses || ' ', ' ' || h.name || ' ', '') <> ' ' || t.statuses || ' '
UNION ALL
SELECT d.name, '', 'review', 'absence', 'Nobody who was asked tells its statuses.', NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NOT NULL AND d.name NOT IN (SELECT t.domain FROM told t WHERE t.statuses IS NOT NULL)
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'No source tells how this domain stands at its registry or registrar.',
       NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NULL;

-- population
SELECT d.name AS resource, CASE WHEN d.scope IS NOT NULL THEN 'registry-state' END AS evidence, d.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM registration d;
