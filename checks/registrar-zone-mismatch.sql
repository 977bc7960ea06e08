/*
id: registrar-zone-mismatch
title: Registrar, registry and zone name the same servers and keys
severity: high
resource: domain
answers: [P75, P78, P79]
why: >-
  What the registrar has on file is what the registry delegates to tomorrow. Where it differs from the zone, either
  somebody changed one of the two, or a change was never finished.
remedy: >-
  Find out which of the two is meant, and bring the other in line.
false-positives: >-
  A move to other servers that takes longer than a day; servers of a provider that the registrar shows under another
  name.
params:
  stand: {type: duration, default: 24h, meaning: "how long they may differ"}
*/
WITH asked AS (
  -- who is expected to tell of it, or did tell something in this time
  SELECT s.scope FROM source_scope s WHERE s.evidence = 'registry-state' AND s.retired_ms > :period_start
  UNION
  SELECT c.scope FROM coverage c
  WHERE c.evidence = 'registry-state' AND c.grade > 0 AND c.t_from < :period_end AND c.t_to > :period_start
), shown AS (
  SELECT s.evidence, s.scope FROM source_scope s
  WHERE s.evidence IN ('zone-changes', 'dns-live') AND s.retired_ms > :period_start
  UNION
  SELECT c.evidence, c.scope FROM coverage c
  WHERE c.evidence IN ('zone-changes', 'dns-live') AND c.grade > 0 AND c.t_from < :period_end AND c.t_to > :period_start
), domains AS (
  SELECT d.name,
         CASE WHEN ('zone-changes', d.zone) IN (SELECT w.evidence, w.scope FROM shown w) THEN d.zone END AS followed,
         CASE WHEN ('dns-live', d.zone) IN (SELECT w.evidence, w.scope FROM shown w) THEN d.zone END AS asked_for,
         CASE WHEN d.name = d.zone THEN 1 ELSE 0 END AS apex,
         CASE WHEN d.name IN (SELECT a.scope FROM asked a) THEN d.name
              WHEN d.account IN (SELECT a.scope FROM asked a) THEN d.account END AS scope
  FROM domain d
  WHERE d.in_scope = 1
), needed AS (
  SELECT d.*, CASE WHEN d.apex = 0 THEN 'It is not the apex of a zone of ours.'
                   WHEN d.scope IS NULL THEN 'No source tells how this domain stands at its registry or registrar.'
                   WHEN d.followed IS NULL AND d.asked_for IS NULL THEN 'No source shows which servers its zone names.' END AS spared
  FROM domains d
), told AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, lower(s.name_servers) AS name_servers, lower(s.ds) AS ds,
         CASE WHEN s.first_ms < :period_start THEN :period_start ELSE s.first_ms END AS first_ms,
         CASE WHEN s.seen_ms >= :period_end THEN :period_end - 1 ELSE s.seen_ms END AS seen_ms
  FROM needed n JOIN domain_state s ON s.domain = n.name
  WHERE n.spared IS NULL AND s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), served AS MATERIALIZED (
  SELECT r.owner AS zone, lower(rtrim(r.rdata, '.')) AS server, r.valid_from, r.valid_to
  FROM needed n JOIN record r ON r.owner = n.name AND r.type = 'NS' AND r.zone = n.name
  WHERE n.spared IS NULL
), edge AS (
  SELECT v.zone, v.valid_from AS at FROM served v UNION SELECT v.zone, v.valid_to FROM served v
), instant AS (
  -- the first and last moment of each state of the zone while the registrar's stood
  SELECT t.id, t.first_ms AS at FROM told t
  UNION SELECT t.id, t.seen_ms FROM told t
  UNION SELECT t.id, e.at FROM told t JOIN edge e ON e.zone = t.domain AND e.at > t.first_ms AND e.at <= t.seen_ms
  UNION SELECT t.id, e.at - 1 FROM told t JOIN edge e ON e.zone = t.domain AND e.at > t.first_ms AND e.at <= t.seen_ms
), pair AS (
  SELECT t.id, t.domain, t.source, t.view, 'name servers' AS what, 'the zone' AS side, i.at, ' ' || t.name_servers || ' ' AS list,
         length(t.name_servers) - length(replace(t.name_servers, ' ', '')) + 1 AS items, ' ' || v.server || ' ' AS item
  FROM told t JOIN instant i ON i.id = t.id JOIN served v ON v.zone = t.domain AND v.valid_from <= i.at AND v.valid_to > i.at
  WHERE t.name_servers <> ''
  UNION
  SELECT t.id, t.domain, t.source, t.view, 'name servers', 'its servers', a.t, ' ' || t.name_servers || ' ',
         length(t.name_servers) - length(replace(t.name_servers, ' ', '')) + 1, ' ' || lower(rtrim(r.rdata, '.')) || ' '
  FROM told t
  JOIN dns_answer a ON a.zone = t.domain AND a.purpose = 'ns' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t >= t.first_ms AND a.t <= t.seen_ms
  JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'NS' AND r.owner = t.domain
  WHERE t.name_servers <> ''
  UNION
  -- a provider that tells keys in place of their digests cannot be compared
  SELECT t.id, t.domain, t.source, t.view, 'DS data', 'the zone above', a.t, '; ' || t.ds || '; ',
         CASE WHEN t.ds = '' THEN 0 ELSE length(t.ds) - length(replace(t.ds, ';', '')) + 1 END, '; ' || lower(r.rdata) || '; '
  FROM told t
  JOIN dns_answer a ON a.zone = t.domain AND a.purpose = 'ds' AND a.outcome = 'NOERROR' AND a.t >= t.first_ms AND a.t <= t.seen_ms
  LEFT JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'DS' AND r.owner = t.domain
  WHERE replace(t.ds, 'key', '') = t.ds
), compared AS (
  SELECT p.id, p.domain, p.source, p.view, p.what, p.side, p.at,
         CASE WHEN COUNT(p.item) = p.items AND SUM(CASE WHEN replace(p.list, p.item, '') <> p.list THEN 1 ELSE 0 END) = p.items THEN 1
              WHEN COUNT(p.item) = 0 AND p.items = 0 THEN 1
              ELSE 0 END AS same
  FROM pair p
  GROUP BY p.id, p.domain, p.source, p.view, p.what, p.side, p.at, p.items
), counted AS (
  -- what lies between two moments at which they agreed belongs together
  SELECT c.*, SUM(c.same) OVER (PARTITION BY c.domain, c.source, c.view, c.what, c.side ORDER BY c.at, c.id) AS agreed
  FROM compared c
)
SELECT c.domain AS resource,
       c.source || ' ' || c.view || ' ' || c.what || ' ' || c.side || ' ' || MIN(c.at) AS key,
       'fail' AS status,
       'presence' AS basis,
       'Its ' || c.view || ' told other ' || c.what || ' than ' || c.side || ' for ' || ((MAX(c.at) - MIN(c.at)) / 3600000) || ' hours; '
         || (:stand / 3600000) || ' are allowed.' AS reason,
       'domain_state' AS ref_table,
       MIN(c.id) AS ref_id,
       MIN(c.at) AS observed_at
FROM counted c
WHERE c.same = 0
GROUP BY c.domain, c.source, c.view, c.what, c.side, c.agreed
HAVING MAX(c.at) - MIN(c.at) >= :stand
UNION ALL
SELECT n.name, '', 'not-applicable', 'presence', n.spared, NULL, NULL, :as_of
FROM needed n
WHERE n.spared IS NOT NULL;

-- population
WITH asked AS (
  -- who is expected to tell of it, or did tell something in this time
  SELECT s.scope FROM source_scope s WHERE s.evidence = 'registry-state' AND s.retired_ms > :period_start
  UNION
  SELECT c.scope FROM coverage c
  WHERE c.evidence = 'registry-state' AND c.grade > 0 AND c.t_from < :period_end AND c.t_to > :period_start
), shown AS (
  SELECT s.evidence, s.scope FROM source_scope s
  WHERE s.evidence IN ('zone-changes', 'dns-live') AND s.retired_ms > :period_start
  UNION
  SELECT c.evidence, c.scope FROM coverage c
  WHERE c.evidence IN ('zone-changes', 'dns-live') AND c.grade > 0 AND c.t_from < :period_end AND c.t_to > :period_start
), domains AS (
  SELECT d.name,
         CASE WHEN ('zone-changes', d.zone) IN (SELECT w.evidence, w.scope FROM shown w) THEN d.zone END AS followed,
         CASE WHEN ('dns-live', d.zone) IN (SELECT w.evidence, w.scope FROM shown w) THEN d.zone END AS asked_for,
         CASE WHEN d.name = d.zone THEN 1 ELSE 0 END AS apex,
         CASE WHEN d.name IN (SELECT a.scope FROM asked a) THEN d.name
              WHEN d.account IN (SELECT a.scope FROM asked a) THEN d.account END AS scope
  FROM domain d
  WHERE d.in_scope = 1
), needed AS (
  SELECT d.*, CASE WHEN d.apex = 0 THEN 'It is not the apex of a zone of ours.'
                   WHEN d.scope IS NULL THEN 'No source tells how this domain stands at its registry or registrar.'
                   WHEN d.followed IS NULL AND d.asked_for IS NULL THEN 'No source shows which servers its zone names.' END AS spared
  FROM domains d
)
SELECT n.name AS resource, CASE WHEN n.spared IS NULL THEN 'registry-state' END AS evidence, n.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM needed n
UNION ALL
SELECT n.name, 'zone-changes', n.followed, :period_start, :period_end, 'sampled'
FROM needed n
WHERE n.spared IS NULL AND n.followed IS NOT NULL
UNION ALL
SELECT n.name, 'dns-live', n.asked_for, :period_start, :period_end, 'sampled'
FROM needed n
WHERE n.spared IS NULL AND n.asked_for IS NOT NULL;
