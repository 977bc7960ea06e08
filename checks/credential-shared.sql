/*
id: credential-shared
title: One credential serves one workload
severity: medium
resource: credential
answers: [P04, P22, P55, P61]
why: >-
  A key that several machines hold cannot be taken from one of them, and nobody can say which of them acted. From many places it may also be a copy
  that somebody made.
remedy: Give each workload a key of its own, and limit each key to the addresses of that workload.
false-positives: One workload with many addresses (a cluster, a provider of continuous integration); raise the parameter for it.
params:
  networks: {type: int, default: 3, meaning: "networks (/24 of IPv4, the last group of IPv6 left out) from which one credential may be used"}
*/
WITH used AS (
  SELECT c.credential, c.actor, 'claim' AS ref_table, c.id AS ref_id, c.t_from,
         CASE WHEN instr(c.client, '#') > 0 THEN substr(c.client, 1, instr(c.client, '#') - 1)
              WHEN instr(c.client, '@') > 0 THEN substr(c.client, 1, instr(c.client, '@') - 1)
              ELSE c.client END AS address
  FROM claim c
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome IN ('applied', 'no-change') AND c.kind NOT IN ('transfer', 'commit', 'plan') AND c.credential IS NOT NULL
    AND c.t_from < :period_end AND c.t_to > :period_start
  UNION ALL
  SELECT e.credential, e.actor, 'event', e.id, e.t_from, e.origin
  FROM event e
  WHERE e.account IN (SELECT scope FROM account_place) AND e.credential IS NOT NULL AND e.outcome <> 'failure'
    AND COALESCE(e.actor_kind, 'credential') NOT IN ('person', 'provider', 'system')
    AND e.t_from < :period_end AND e.t_to > :period_start
), counted AS (
  SELECT u.credential,
         COUNT(DISTINCT CASE WHEN instr(u.address, ':') > 0 THEN rtrim(u.address, '0123456789abcdefABCDEF') ELSE rtrim(u.address, '0123456789') END) AS networks,
         COUNT(DISTINCT u.address) AS addresses, COUNT(DISTINCT u.actor) AS actors,
         MIN(CASE WHEN u.ref_table = 'claim' THEN u.ref_id END) AS claim_id, MIN(CASE WHEN u.ref_table = 'event' THEN u.ref_id END) AS event_id,
         MIN(u.t_from) AS t
  FROM used u
  GROUP BY u.credential
), jobs AS (
  SELECT a.credential, COUNT(DISTINCT a.name) AS n, MIN(a.id) AS id
  FROM actor a
  WHERE a.kind = 'automation' AND a.credential IS NOT NULL AND a.withdrawn_at > :period_start AND a.name <> a.credential
  GROUP BY a.credential
)
SELECT n.credential AS resource,
       'networks' AS key,
       'review' AS status,
       'presence' AS basis,
       'It was used from ' || n.addresses || ' addresses in ' || n.networks || ' networks; ' || :networks || ' are expected.' AS reason,
       CASE WHEN n.claim_id IS NOT NULL THEN 'claim' ELSE 'event' END AS ref_table,
       COALESCE(n.claim_id, n.event_id) AS ref_id,
       n.t AS observed_at
FROM counted n
WHERE n.networks > :networks
UNION ALL
SELECT n.credential, 'actors', 'review', 'presence', 'It was used by ' || n.actors || ' actors, as the logs name them.',
       CASE WHEN n.claim_id IS NOT NULL THEN 'claim' ELSE 'event' END, COALESCE(n.claim_id, n.event_id), n.t
FROM counted n
WHERE n.actors > 1
UNION ALL
SELECT j.credential, 'jobs', 'review', 'presence', 'The inventory gives it to ' || j.n || ' automations.', 'actor', j.id, :as_of
FROM jobs j
WHERE j.n > 1
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential is in the inventory, and none was used.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM credential) = 0 AND (SELECT COUNT(*) FROM used) = 0 AND (SELECT COUNT(*) FROM jobs) = 0;

-- population
WITH who AS (
  SELECT k.id AS credential FROM credential k
  UNION
  SELECT a.credential FROM actor a WHERE a.kind = 'automation' AND a.credential IS NOT NULL AND a.withdrawn_at > :period_start AND a.name <> a.credential
  UNION
  SELECT c.credential
  FROM claim c
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome IN ('applied', 'no-change') AND c.kind NOT IN ('transfer', 'commit', 'plan') AND c.credential IS NOT NULL
    AND c.t_from < :period_end AND c.t_to > :period_start
  UNION
  SELECT e.credential
  FROM event e
  WHERE e.account IN (SELECT scope FROM account_place) AND e.credential IS NOT NULL AND e.outcome <> 'failure'
    AND COALESCE(e.actor_kind, 'credential') NOT IN ('person', 'provider', 'system')
    AND e.t_from < :period_end AND e.t_to > :period_start
), logs AS (
  SELECT DISTINCT s.evidence, s.scope
  FROM source_scope s
  WHERE s.retired_ms > :period_start
    AND ((s.evidence = 'zone-claims' AND s.scope IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1))
         OR (s.evidence = 'account-events' AND s.scope IN (SELECT scope FROM account_place)))
)
SELECT w.credential AS resource, 'shared' AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM who w
UNION ALL
-- each could have been used wherever something is logged
SELECT NULL, COALESCE(l.evidence, 'zone-claims'), l.scope, :period_start, :period_end, 'asserted'
FROM (SELECT 1 AS n) o LEFT JOIN logs l ON l.scope IS NOT NULL
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM who) = 0;
