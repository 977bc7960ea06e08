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
)

-- findings
WITH told AS MATERIALIZED (
  -- a provider that tells keys in place of their digests cannot be compared
  SELECT s.id, s.domain, s.source, s.view, ' ' || lower(s.name_servers) || ' ' AS servers, '; ' || lower(s.ds) || '; ' AS ds,
         CASE WHEN s.name_servers <> '' THEN length(s.name_servers) - length(replace(s.name_servers, ' ', '')) + 1 END AS n_servers,
         CASE WHEN s.ds = '' THEN 0
              WHEN replace(lower(s.ds), 'key', '') = lower(s.ds) THEN length(s.ds) - length(replace(s.ds, ';', '')) + 1 END AS n_ds,
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
), stretch AS (
  -- from one change of the zone's servers to the next
  SELECT e.zone, e.at AS t_from, LEAD(e.at) OVER (PARTITION BY e.zone ORDER BY e.at) - 1 AS t_to FROM edge e
), stood AS MATERIALIZED (
  SELECT g.zone, g.t_from, g.t_to, COUNT(DISTINCT v.server) AS n
  FROM stretch g JOIN served v ON v.zone = g.zone AND v.valid_from <= g.t_from AND v.valid_to > g.t_from
  GROUP BY g.zone, g.t_from, g.t_to
), answered AS (
  SELECT t.id, 'its servers' AS side, a.t, t.servers AS list, t.n_servers AS items, ' ' || lower(rtrim(r.rdata, '.')) || ' ' AS item
  FROM told t
  JOIN dns_answer a ON a.zone = t.domain AND a.purpose = 'ns' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t >= t.first_ms AND a.t <= t.seen_ms
  JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'NS' AND r.owner = t.domain
  WHERE t.n_servers IS NOT NULL
  UNION
  SELECT t.id, 'the zone above', a.t, t.ds, t.n_ds, '; ' || lower(r.rdata) || '; '
  FROM told t
  JOIN dns_answer a ON a.zone = t.domain AND a.purpose = 'ds' AND a.outcome = 'NOERROR' AND a.t >= t.first_ms AND a.t <= t.seen_ms
  LEFT JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'DS' AND r.owner = t.domain
  WHERE t.n_ds IS NOT NULL
), heard AS MATERIALIZED (
  SELECT p.id, p.side, p.t,
         CASE WHEN COUNT(p.item) = p.items AND SUM(CASE WHEN replace(p.list, p.item, '') <> p.list THEN 1 ELSE 0 END) = p.items THEN 1
              WHEN COUNT(p.item) = 0 AND p.items = 0 THEN 1
              ELSE 0 END AS same
  FROM answered p
  GROUP BY p.id, p.side, p.t, p.items
), compared AS (
  -- what the registrar or registry told while the zone stood so
  SELECT t.id, t.domain, t.source, t.view, 'name servers' AS what, 'the zone' AS side,
         CASE WHEN t.first_ms > g.t_from THEN t.first_ms ELSE g.t_from END AS t_from,
         CASE WHEN t.seen_ms < g.t_to THEN t.seen_ms ELSE g.t_to END AS t_to,
         CASE WHEN g.n = t.n_servers
               AND (SELECT COUNT(DISTINCT v.server) FROM served v
                    WHERE v.zone = g.zone AND v.valid_from <= g.t_from AND v.valid_to > g.t_from
                      AND replace(t.servers, ' ' || v.server || ' ', '') <> t.servers) = g.n THEN 1 ELSE 0 END AS same
  FROM told t JOIN stood g ON g.zone = t.domain AND g.t_from <= t.seen_ms AND g.t_to >= t.first_ms
  WHERE t.n_servers IS NOT NULL
  UNION ALL
  SELECT t.id, t.domain, t.source, t.view, CASE h.side WHEN 'the zone above' THEN 'DS data' ELSE 'name servers' END, h.side, h.t, h.t, h.same
  FROM heard h JOIN told t ON t.id = h.id
), counted AS (
  -- what lies between two times at which they agreed belongs together
  SELECT c.*, SUM(c.same) OVER (PARTITION BY c.domain, c.source, c.view, c.side ORDER BY c.t_from, c.id) AS agreed
  FROM compared c
)
SELECT c.domain AS resource,
       c.source || ' ' || c.view || ' ' || c.what || ' ' || c.side || ' ' || MIN(c.t_from) AS key,
       'fail' AS status,
       'presence' AS basis,
       'Its ' || c.view || ' told other ' || c.what || ' than ' || c.side || ' for ' || ((MAX(c.t_to) - MIN(c.t_from)) / 3600000) || ' hours; '
         || (:stand / 3600000) || ' are allowed.' AS reason,
       'domain_state' AS ref_table,
       MIN(c.id) AS ref_id,
       MIN(c.t_from) AS observed_at
FROM counted c
WHERE c.same = 0
GROUP BY c.domain, c.source, c.view, c.what, c.side, c.agreed
HAVING MAX(c.t_to) - MIN(c.t_from) >= :stand
UNION ALL
SELECT n.name, '', 'not-applicable', 'presence', n.spared, NULL, NULL, :as_of
FROM needed n
WHERE n.spared IS NOT NULL;

-- population
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
