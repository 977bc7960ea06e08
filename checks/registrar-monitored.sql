/*
id: registrar-monitored
title: Somebody looks at each domain where it is registered
severity: medium
resource: domain
answers: [P73, P78, P84]
why: >-
  Alerts on zone files alone see nothing of a change at the registrar, which takes the zone away as a whole.
remedy: >-
  Configure a source for the registry (rdap, epp) or the account at the registrar that holds it (its state, its log),
  and name the account in the inventory.
false-positives: >-
  Names below a domain that is registered, listed by themselves in the inventory.
*/
WITH asked AS (
  -- who is expected to tell of it, or did tell something in this time
  SELECT s.scope FROM source_scope s WHERE s.evidence = 'registry-state' AND s.retired_ms > :period_start
  UNION
  SELECT c.scope FROM coverage c
  WHERE c.evidence = 'registry-state' AND c.grade > 0 AND c.t_from < :period_end AND c.t_to > :period_start
), logged AS (
  SELECT s.scope FROM source_scope s WHERE s.evidence = 'account-events' AND s.retired_ms > :period_start
  UNION
  SELECT c.scope FROM coverage c
  WHERE c.evidence = 'account-events' AND c.grade > 0 AND c.t_from < :period_end AND c.t_to > :period_start
), domains AS (
  SELECT d.name, d.zone,
         CASE WHEN d.name IN (SELECT a.scope FROM asked a) THEN d.name
              WHEN d.account IN (SELECT a.scope FROM asked a) THEN d.account END AS scope,
         CASE WHEN d.account IN (SELECT l.scope FROM logged l) THEN d.account END AS account
  FROM domain d
  WHERE d.in_scope = 1
), top AS (
  -- a name below another one of the inventory is not registered by itself
  SELECT d.* FROM domains d
  WHERE d.zone IS NULL OR d.zone = d.name OR d.zone NOT IN (SELECT o.name FROM domain o)
)

-- findings
SELECT t.name AS resource,
       '' AS key,
       'review' AS status,
       'presence' AS basis,
       'No source looks at this domain at its registry or registrar, nor at the account that holds it.' AS reason,
       NULL AS ref_table,
       NULL AS ref_id,
       :as_of AS observed_at
FROM top t
WHERE t.scope IS NULL AND t.account IS NULL;

-- population
SELECT d.name AS resource, CASE WHEN d.scope IS NOT NULL THEN 'registry-state' END AS evidence, d.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM top d
UNION ALL
SELECT d.name, 'account-events', d.account, :period_start, :period_end, 'asserted'
FROM top d
WHERE d.account IS NOT NULL;
