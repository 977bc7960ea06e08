/*
id: name-server-count
title: Each zone has two name servers at least
severity: high
resource: zone
answers: [P71]
why: >-
  With one server every restart takes all names of the zone away, and mail and renewals of certificates with them. Zones that are delegated must
  have two (RFC 1034, 4.1; RFC 2182): so it fails where the parent or the registry names fewer. Where nobody tells how a zone is delegated, what
  stands in it alone is a question: a zone of an inner network has no such duty. That parent and zone differ, other checks say.
remedy: Add a second server in another place, in the zone and at the registrar.
params:
  servers: {type: int, default: 2, meaning: "how many servers a zone is to have at least"}
*/
WITH ours AS (
  SELECT DISTINCT COALESCE(d.zone, d.name) AS name FROM domain d WHERE d.in_scope = 1
)

-- findings
WITH ends AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), newest AS (
  SELECT a.zone, a.purpose, MAX(a.t) AS t
  FROM ours o JOIN dns_answer a ON a.zone = o.name
  WHERE a.purpose IN ('ns', 'delegation') AND a.outcome = 'NOERROR' AND (a.purpose = 'delegation' OR a.aa = 1) AND a.t >= :period_start AND a.t < :period_end
    -- cut short, it may name more
    AND a.tc = 0
  GROUP BY a.zone, a.purpose
), said AS (
  SELECT n.zone, n.purpose, n.t, r.rdata, MIN(r.id) AS id
  FROM newest n JOIN dns_answer a ON a.zone = n.zone AND a.purpose = n.purpose AND a.t = n.t AND a.outcome = 'NOERROR' AND a.tc = 0
  JOIN dns_answer_record r ON r.answer_id = a.id AND r.section IN ('answer', 'authority') AND r.type = 'NS' AND r.owner = a.zone
  GROUP BY n.zone, n.purpose, n.t, r.rdata
), state AS (
  SELECT s.domain, MAX(s.seen_ms) AS t FROM ours o JOIN domain_state s ON s.domain = o.name
  WHERE s.view = 'registry' AND s.change_ref IS NULL AND s.name_servers IS NOT NULL AND s.seen_ms >= :period_start AND s.first_ms < :period_end GROUP BY s.domain
), counted AS (
  SELECT q.zone, CASE q.purpose WHEN 'ns' THEN 'zone' ELSE 'parent' END AS who, CASE q.purpose WHEN 'ns' THEN 3 ELSE 1 END AS turn, COUNT(*) AS n,
         'dns_answer_record' AS ref_table, MIN(q.id) AS ref_id, q.t
  FROM said q GROUP BY q.zone, q.purpose, q.t
  UNION ALL
  SELECT r.zone, 'zone as it is read', 4, COUNT(DISTINCT r.rdata), 'record', MIN(r.id), e.t - 1
  FROM ends e CROSS JOIN ours o JOIN record r ON r.owner = o.name AND r.type = 'NS' AND r.zone = o.name AND r.valid_from < e.t AND r.valid_to >= e.t
  GROUP BY r.zone, e.t
  UNION ALL
  -- a zone that is not delegated has none at the registry
  SELECT s.domain, 'registry', 2, MIN(length(s.name_servers) - length(replace(s.name_servers, ' ', '')) + 1),
         'domain_state', MIN(s.id), t.t
  FROM state t JOIN domain_state s ON s.domain = t.domain AND s.seen_ms = t.t AND s.view = 'registry' AND s.change_ref IS NULL AND s.name_servers <> ''
  GROUP BY s.domain, t.t
), told AS (
  -- who is nearest to the delegation tells
  SELECT c.*, ROW_NUMBER() OVER (PARTITION BY c.zone ORDER BY c.turn) AS nth FROM counted c
)
SELECT c.zone AS resource,
       'servers' AS key,
       CASE WHEN c.who IN ('parent', 'registry') THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE c.who WHEN 'registry' THEN 'The registry has ' WHEN 'parent' THEN 'The parent names ' ELSE 'The ' || c.who || ' names ' END
         || c.n || CASE c.n WHEN 1 THEN ' name server; ' ELSE ' name servers; ' END || :servers || ' are the least.' AS reason,
       c.ref_table, c.ref_id, c.t AS observed_at
FROM told c
WHERE c.nth = 1 AND c.n < :servers
UNION ALL
SELECT o.name, '', 'not-applicable', 'presence', 'Neither is the zone read, nor are its servers or its registry asked.', NULL, NULL, :as_of
FROM ours o
WHERE o.name NOT IN (SELECT s.scope FROM source_scope s WHERE s.evidence IN ('zone-changes', 'registry-state') AND s.retired_ms > :period_start)
  AND NOT EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start));

-- population
SELECT o.name AS resource, 'dns-live' AS evidence, o.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM ours o
WHERE EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start))
UNION ALL
SELECT o.name, s.evidence, o.name, :period_start, :period_end, 'sampled'
FROM ours o JOIN source_scope s ON s.scope = o.name AND s.evidence IN ('zone-changes', 'registry-state') AND s.retired_ms > :period_start
UNION ALL
SELECT o.name, NULL, NULL, :period_start, :period_start, NULL FROM ours o;
