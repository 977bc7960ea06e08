/*
id: dnssec-rollover
title: Keys go only after the DS that names them, and after caches forgot it
severity: high
resource: zone
answers: [P70, P82, P91]
why: >-
  A roll-over in the wrong order takes the zone away from everybody who validates: a DS without its key, or a key that went while caches still
  held its DS.
remedy: Publish the new key, wait for its TTL, change the DS, wait for the TTL of the old DS, and only then take the old key away (RFC 7583).
false-positives: A DS that another server of the parent still had.
params:
  look: {type: duration, default: 6h, meaning: "how long after the parent's answer those of the servers belong to the same look"}
*/
WITH above AS MATERIALIZED (
  SELECT a.id, a.zone, a.t FROM probed_zone z JOIN dns_answer a ON a.zone = z.name
  WHERE a.purpose = 'ds' AND a.outcome IN ('NOERROR', 'NXDOMAIN') AND a.t < :period_end
), below AS MATERIALIZED (
  SELECT a.id, a.zone, a.server, a.t FROM probed_zone z JOIN dns_answer a ON a.zone = z.name
  WHERE a.purpose = 'dnskey' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t < :period_end
), ds AS MATERIALIZED (
  -- tag and algorithm in front
  SELECT p.id AS answer_id, p.zone, p.t, r.ttl, r.id,
         substr(r.rdata, 1, instr(r.rdata, ' ') + instr(substr(r.rdata, instr(r.rdata, ' ') + 1), ' ') - 1) AS what FROM above p
  JOIN dns_answer_record r ON r.answer_id = p.id AND r.section = 'answer' AND r.type = 'DS' AND r.owner = p.zone
), shown AS MATERIALIZED (
  SELECT b.id AS answer_id, b.zone, b.server, b.t, r.rdata, r.id FROM below b
  JOIN dns_answer_record r ON r.answer_id = b.id AND r.section = 'answer' AND r.type = 'DNSKEY' AND r.owner = b.zone
), kept AS MATERIALIZED (
  SELECT r.zone, r.rdata, r.valid_from, r.valid_to, r.id FROM probed_zone z JOIN record r ON r.owner = z.name AND r.type = 'DNSKEY' AND r.zone = z.name
), paired AS (
  SELECT b.id, b.zone, b.server, b.t,
         (SELECT MAX(p.t) FROM dns_answer p WHERE p.zone = b.zone AND p.purpose = 'ds' AND p.outcome IN ('NOERROR', 'NXDOMAIN') AND p.t <= b.t AND p.t > b.t - :look) AS ds_t
  FROM below b WHERE b.t >= :period_start
), fits AS (
  SELECT DISTINCT q.id FROM paired q JOIN shown s ON s.answer_id = q.id JOIN dnskey g ON g.rdata = s.rdata
  JOIN ds d ON d.zone = q.zone AND d.t = q.ds_t AND d.what = g.tag || ' ' || g.algorithm
), broken AS (
  SELECT q.zone, q.server, MIN(q.id) AS id, MIN(q.t) AS t
  FROM paired q
  WHERE q.zone || ' ' || q.ds_t IN (SELECT d.zone || ' ' || d.t FROM ds d) AND q.id IN (SELECT s.answer_id FROM shown s) AND q.id NOT IN (SELECT f.id FROM fits f)
  GROUP BY q.zone, q.server
), last_shown AS (
  SELECT s.zone, s.rdata, MAX(s.t) AS t, MAX(s.id) AS id FROM shown s GROUP BY s.zone, s.rdata
), last_kept AS (
  SELECT k.zone, k.rdata, MAX(k.valid_to) AS t_to, MAX(k.id) AS id FROM kept k GROUP BY k.zone, k.rdata
), taken AS MATERIALIZED (
  SELECT c.zone, c.rdata, c.t_to, MIN(c.t_from) AS t_from
  FROM probed_zone z JOIN change_record c ON c.owner = z.name AND c.type = 'DNSKEY' AND c.zone = z.name WHERE c.op = 'del' GROUP BY c.zone, c.rdata, c.t_to
), looks AS (
  SELECT x.zone, x.t, LEAD(x.t) OVER (PARTITION BY x.zone ORDER BY x.t) AS next_t FROM (SELECT DISTINCT b.zone, b.t FROM below b) x
), went AS (
  -- between the last look that had it and the next; a zone that we read knows it closer
  SELECT l.zone, l.rdata, l.t AS t_from, b.next_t AS t_to, 'dns_answer_record' AS ref_table, l.id AS ref_id
  FROM last_shown l JOIN looks b ON b.zone = l.zone AND b.t = l.t AND b.next_t IS NOT NULL
  LEFT JOIN last_kept k ON k.zone = l.zone AND k.rdata = l.rdata
  WHERE k.rdata IS NULL
  UNION ALL
  SELECT k.zone, k.rdata, COALESCE(c.t_from, k.t_to - 1), k.t_to, 'record', k.id
  FROM last_kept k LEFT JOIN taken c ON c.zone = k.zone AND c.rdata = k.rdata AND c.t_to = k.t_to
  WHERE k.t_to < :period_end
), left_over AS (
  SELECT w.zone, w.rdata, g.tag, w.t_from, w.t_to, w.ref_table, w.ref_id, MAX(d.t) AS ds_t, MAX(d.t + d.ttl * 1000) AS forgotten
  FROM went w JOIN dnskey g ON g.rdata = w.rdata
  JOIN ds d ON d.zone = w.zone AND d.what = g.tag || ' ' || g.algorithm
  WHERE w.t_from < :period_end AND w.t_to > :period_start
  GROUP BY w.zone, w.rdata, g.tag, w.t_from, w.t_to, w.ref_table, w.ref_id
), judged AS (
  -- the DS went at some time before the first look without it
  SELECT o.*, (SELECT MIN(p.t) FROM dns_answer p WHERE p.zone = o.zone AND p.purpose = 'ds' AND p.outcome IN ('NOERROR', 'NXDOMAIN') AND p.t > o.ds_t
               AND p.t < :period_end) + (o.forgotten - o.ds_t) AS at_latest FROM left_over o
), told AS MATERIALIZED (
  SELECT s.domain, s.ds, MAX(s.seen_ms) AS t, MAX(s.id) AS id FROM probed_zone z JOIN domain_state s ON s.domain = z.name
  WHERE s.ds <> '' AND s.change_ref IS NULL AND s.first_ms < :period_end GROUP BY s.domain, s.ds
), registry AS (
  SELECT w.zone, w.rdata, g.tag, MAX(s.id) AS id, MAX(s.t) AS t
  FROM went w JOIN dnskey g ON g.rdata = w.rdata JOIN told s ON s.domain = w.zone AND s.t >= w.t_to
  WHERE instr('; ' || s.ds, '; ' || g.tag || ' ' || g.algorithm || ' ') > 0 AND w.t_from < :period_end AND w.t_to > :period_start
  GROUP BY w.zone, w.rdata, g.tag
)
SELECT b.zone AS resource,
       'no key, ' || b.server AS key,
       'fail' AS status,
       'presence' AS basis,
       'No key at ' || b.server || ' is one that the DS of the parent names.' AS reason,
       'dns_answer' AS ref_table, b.id AS ref_id, b.t AS observed_at
FROM broken b
UNION ALL
SELECT j.zone, 'key ' || j.tag || ' ' || j.t_to, CASE WHEN j.forgotten >= j.t_to THEN 'fail' ELSE 'review' END, 'presence',
       'Key ' || j.tag
         || CASE WHEN j.ds_t >= j.t_to THEN ' was taken away while the parent still named it.'
                 WHEN j.forgotten >= j.t_to THEN ' was taken away while caches could still hold the DS that named it.'
                 ELSE ' was taken away perhaps before caches had forgotten the DS that named it.' END,
       j.ref_table, j.ref_id, j.t_from
FROM judged j
WHERE j.forgotten >= j.t_to OR j.at_latest > j.t_from
UNION ALL
SELECT y.zone, 'registry ' || y.tag, 'fail', 'presence', 'Key ' || y.tag || ' was taken away, and the registry still had its DS.', 'domain_state', y.id, y.t
FROM registry y
WHERE NOT EXISTS (SELECT 1 FROM left_over o WHERE o.zone = y.zone AND o.tag = y.tag AND o.ds_t >= o.t_to)
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'keys of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z JOIN dns_answer a ON a.zone = z.name AND a.purpose = 'dnskey' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome = 'NOERROR' THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
