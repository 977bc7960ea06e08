/*
id: domain-data-fresh
title: What registries tell is fresh
severity: info
resource: domain
answers: [P78]
why: >-
  A server that answers from an old copy hides what happened since.
remedy: >-
  Ask the registry itself where the registrar answers from a copy, and tell the operator.
false-positives: >-
  Servers that state the date of the last change of the domain as that of their data.
params:
  most: {type: duration, default: 7d, meaning: "how old the data may be when they are told"}
*/
WITH told AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms, s.data_ms
  FROM domain_state s JOIN domain d ON d.name = s.domain AND d.in_scope = 1
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), newest AS (
  SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t.domain, t.source, t.view ORDER BY t.seen_ms DESC, t.id DESC) AS n
  FROM told t
  WHERE t.data_ms IS NOT NULL
)
SELECT n.domain AS resource,
       n.source || ' ' || n.view AS key,
       'review' AS status,
       'presence' AS basis,
       'The data of its ' || n.view || ' were ' || ((n.seen_ms - n.data_ms + 86399999) / 86400000) || ' days old when they were told; ' || (:most / 86400000)
         || ' are allowed.' AS reason,
       'domain_state' AS ref_table,
       n.id AS ref_id,
       n.seen_ms AS observed_at
FROM newest n
WHERE n.n = 1 AND n.seen_ms - n.data_ms > :most
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence',
       CASE WHEN d.scope IS NULL THEN 'No source tells how this domain stands at its registry or registrar.'
            ELSE 'Nobody who was asked tells how old the data are.' END, NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NULL OR d.name NOT IN (SELECT n.domain FROM newest n);

-- population
WITH told AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms, s.data_ms
  FROM domain_state s
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
)
SELECT d.name AS resource,
       CASE WHEN d.scope IS NOT NULL AND d.name IN (SELECT t.domain FROM told t WHERE t.data_ms IS NOT NULL) THEN 'registry-state' END AS evidence,
       d.scope AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM registration d;
