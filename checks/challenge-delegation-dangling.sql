/*
id: challenge-delegation-dangling
title: Aliases of challenges lead to names that exist and are ours
severity: high
resource: zone
answers: [P20, P39, P52]
why: >-
  Whoever can make the name that a challenge's alias leads to gets certificates for ours: a name that does not exist waits for somebody to
  make it, and one at a third party is in that party's hand.
remedy: Take the alias away, or let it lead to a zone of your own. A third party that gets certificates for us belongs among the suppliers.
false-positives: A service of your choice that makes the name only while a challenge is answered.
*/
WITH zones AS (
  SELECT DISTINCT d.zone AS name FROM domain d WHERE d.in_scope = 1
), probed AS (
  SELECT s.scope AS zone FROM source_scope s WHERE s.evidence = 'dns-live' AND s.retired_ms > :period_start
), alias AS MATERIALIZED (
  SELECT r.id, r.zone, r.owner, r.valid_from,
         CASE WHEN substr(r.rdata, length(r.rdata), 1) = '.' THEN substr(r.rdata, 1, length(r.rdata) - 1) ELSE r.rdata END AS target
  FROM record r JOIN zones z ON z.name = r.zone
  WHERE r.type = 'CNAME' AND r.valid_to > :period_start AND r.valid_from < :period_end
    AND (substr(r.owner, 1, 16) = '_acme-challenge.' OR (substr(r.owner, 1, 1) = '_' AND substr(r.owner, 18, 17) = '._acme-challenge.'))
), ours AS (
  SELECT DISTINCT a.target FROM alias a
  JOIN domain d ON d.in_scope = 1 AND (d.name = a.target OR substr(a.target, length(a.target) - length(d.name)) = '.' || d.name)
), supplied AS (
  SELECT DISTINCT a.target FROM alias a
  JOIN supplier_name s ON s.kind = 'target' AND (s.name = a.target OR (s.suffix <> '' AND substr(a.target, length(a.target) - length(s.suffix) + 1) = s.suffix))
), answered AS (
  -- a domain that nobody registered is told by challenge-delegated
  SELECT g.qname, MIN(g.id) AS id, MIN(g.t) AS t,
         SUM(CASE WHEN g.outcome = 'NXDOMAIN' THEN 1 ELSE 0 END) AS missing, SUM(CASE WHEN g.outcome = 'NOERROR' THEN 1 ELSE 0 END) AS there,
         SUM(CASE WHEN o.owner IS NOT NULL THEN 1 ELSE 0 END) AS top
  FROM dns_answer g
  LEFT JOIN dns_answer_record o ON o.answer_id = g.id AND o.type = 'SOA' AND o.section = 'authority' AND (o.owner = '.' OR replace(o.owner, '.', '') = o.owner)
  WHERE g.purpose = 'target' AND g.qtype = 'TXT' AND g.t >= :period_start AND g.t < :period_end
  GROUP BY g.qname
)
SELECT a.zone AS resource,
       'missing ' || a.owner AS key,
       'fail' AS status,
       'presence' AS basis,
       a.owner || ' leads to ' || a.target || ', which does not exist and does not lie in a domain of ours.' AS reason,
       'dns_answer' AS ref_table,
       g.id AS ref_id,
       g.t AS observed_at
FROM alias a JOIN answered g ON g.qname = a.target AND g.missing > 0 AND g.there = 0 AND g.top = 0
WHERE a.target NOT IN (SELECT o.target FROM ours o)
GROUP BY a.zone, a.owner, a.target, g.id, g.t
UNION ALL
-- where servers are asked, challenge-delegated tells it
SELECT a.zone, 'foreign ' || a.owner, 'review', 'presence', a.owner || ' leads to ' || a.target || ', which is neither ours nor a supplier''s.',
       'record', MIN(a.id), MIN(a.valid_from)
FROM alias a
WHERE a.target NOT IN (SELECT o.target FROM ours o) AND a.target NOT IN (SELECT s.target FROM supplied s) AND a.zone NOT IN (SELECT p.zone FROM probed p)
GROUP BY a.zone, a.owner, a.target;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
UNION ALL
SELECT DISTINCT d.zone, 'dns-live', d.zone, :period_start, :period_end, 'sampled'
FROM domain d JOIN source_scope s ON s.evidence = 'dns-live' AND s.scope = d.zone AND s.retired_ms > :period_start
WHERE d.in_scope = 1;
