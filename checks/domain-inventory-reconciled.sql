/*
id: domain-inventory-reconciled
title: The inventory and the accounts hold the same domains
severity: medium
resource: domain
answers: [P03, P78, P84]
why: >-
  A domain that nobody has in the inventory is watched by nobody. One that is in the inventory and not in the account
  has left it, or never was there.
remedy: >-
  Add the domain to the inventory, or say that it is not in scope and why. Where one is missing from its account, find
  out who holds it.
false-positives: >-
  An account that several organisations share; domains that are held in another account than the inventory says.
*/
WITH asked AS (
  -- who is expected to tell of it, or did tell something in this time
  SELECT s.scope FROM source_scope s WHERE s.evidence = 'registry-state' AND s.retired_ms > :period_start
  UNION
  SELECT c.scope FROM coverage c
  WHERE c.evidence = 'registry-state' AND c.grade > 0 AND c.t_from < :period_end AND c.t_to > :period_start
), held AS (
  -- accounts whose whole list of domains is looked at
  SELECT d.name, d.account FROM domain d WHERE d.in_scope = 1 AND d.account IN (SELECT a.scope FROM asked a)
)

-- findings
WITH seen AS MATERIALIZED (
  SELECT s.domain, MIN(s.id) AS id, MIN(s.first_ms) AS first_ms, MIN(s.source) AS source
  FROM domain_state s
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
  GROUP BY s.domain
)
SELECT s.domain AS resource,
       'unknown' AS key,
       'review' AS status,
       'presence' AS basis,
       'The domain was seen by ' || s.source || ' and is not in the inventory.' AS reason,
       'domain_state' AS ref_table,
       s.id AS ref_id,
       s.first_ms AS observed_at
FROM seen s
WHERE s.domain NOT IN (SELECT d.name FROM domain d)
UNION ALL
SELECT h.name, 'never seen', 'review', 'absence', 'The account ' || h.account || ' was looked at and does not hold it.', NULL, NULL, :as_of
FROM held h
WHERE h.name NOT IN (SELECT s.domain FROM seen s)
UNION ALL
SELECT 'no account', '', 'not-applicable', 'presence', 'No source tells which domains an account or a registry holds.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM held h) + (SELECT COUNT(*) FROM seen s) = 0;

-- population
WITH seen AS (
  SELECT DISTINCT s.domain FROM domain_state s
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
)
SELECT s.domain AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM seen s
UNION ALL
SELECT h.name, 'registry-state', h.account, :period_start, :period_end, 'sampled'
FROM held h
UNION ALL
SELECT 'no account', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM held h) + (SELECT COUNT(*) FROM seen s) = 0;
