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
WITH top AS (
  -- a name below another one of the inventory is not registered by itself
  SELECT d.* FROM registration d JOIN domain o ON o.name = d.name
  WHERE o.zone IS NULL OR o.zone = o.name OR o.zone NOT IN (SELECT u.name FROM domain u)
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
