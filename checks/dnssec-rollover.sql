/*
id: dnssec-rollover
title: Keys come before they are used, and go only after caches forgot what needs them
severity: high
resource: zone
answers: [P70, P82, P91]
why: >-
  A roll-over in the wrong order takes the zone away from everybody who validates: a DS without its key, a key that went while caches still
  held its DS or what it signed, a new one that is used before everybody can know it.
remedy: >-
  Publish the new key, wait for its TTL, then sign with it or change the DS; wait for the TTL of the old DS and of all that the old key signed, and only
  then take the old key away (RFC 7583).
false-positives: A DS that another server of the parent still had.
params:
  look: {type: duration, default: 6h, meaning: "how long after the parent's answer those of the servers belong to the same look"}
*/
WITH ds AS MATERIALIZED (
  -- tag and algorithm in front
  SELECT a.id AS answer_id, a.zone, a.t, r.ttl,
         substr(r.rdata, 1, instr(r.rdata, ' ') + instr(substr(r.rdata, instr(r.rdata, ' ') + 1) || ' ', ' ') - 1) AS what
  FROM probed_zone z CROSS JOIN dns_answer a
  JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'DS' AND r.owner = a.zone
  WHERE a.zone = z.name AND a.purpose = 'ds' AND a.outcome = 'NOERROR' AND a.t < :period_end
), shown AS MATERIALIZED (
  SELECT a.id AS answer_id, a.zone, a.server, a.t, r.id, r.rdata, r.ttl, g.tag, g.tag || ' ' || g.algorithm AS what
  FROM probed_zone z CROSS JOIN dns_answer a
  JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'DNSKEY' AND r.owner = a.zone
  JOIN dnskey g ON g.rdata = r.rdata
  WHERE a.zone = z.name AND a.purpose = 'dnskey' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t < :period_end
), kept AS MATERIALIZED (
  SELECT r.id, r.zone, r.rdata, r.ttl, r.valid_from, r.valid_to, r.at_start, g.tag, g.tag || ' ' || g.algorithm AS what
  FROM probed_zone z JOIN record r ON r.owner = z.name AND r.type = 'DNSKEY' AND r.zone = z.name JOIN dnskey g ON g.rdata = r.rdata
), looks AS MATERIALIZED (
  SELECT x.zone, x.t, LEAD(x.t) OVER (PARTITION BY x.zone ORDER BY x.t) AS next_t
  FROM (SELECT DISTINCT a.zone, a.t FROM probed_zone z CROSS JOIN dns_answer a
        WHERE a.zone = z.name AND a.purpose = 'dnskey' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t < :period_end) x
), paired AS MATERIALIZED (
  SELECT s.answer_id, s.zone, s.server, s.t,
         (SELECT MAX(p.t) FROM dns_answer p WHERE p.zone = s.zone AND p.purpose = 'ds' AND p.outcome IN ('NOERROR', 'NXDOMAIN') AND p.t <= s.t AND p.t > s.t - :look) AS ds_t
  FROM shown s WHERE s.t >= :period_start
  GROUP BY s.answer_id, s.zone, s.server, s.t
), misfit AS (
  SELECT q.answer_id, q.zone, q.server, q.t
  FROM paired q JOIN ds d ON d.zone = q.zone AND d.t = q.ds_t JOIN shown s ON s.answer_id = q.answer_id
  GROUP BY q.answer_id, q.zone, q.server, q.t
  HAVING SUM(CASE WHEN s.what = d.what THEN 1 ELSE 0 END) = 0
), aged AS (
  -- until when caches hold a set of keys from before
  SELECT x.zone, x.t, MAX(x.until) OVER (PARTITION BY x.zone ORDER BY x.t ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
  FROM (SELECT s.zone, s.t, MAX(s.t + s.ttl * 1000) AS until FROM shown s GROUP BY s.zone, s.t) x
), entered AS (
  SELECT k.zone, k.what, k.ttl, k.valid_from, k.at_start,
         MIN(k.valid_from) OVER (PARTITION BY k.zone, k.what) AS first_t,
         MAX(k.valid_to) OVER (PARTITION BY k.zone ORDER BY k.valid_from RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS old_to
  FROM kept k
), young AS MATERIALIZED (
  SELECT f.zone, f.what, a.until
  FROM (SELECT s.zone, s.what, MIN(s.t) AS t FROM shown s GROUP BY s.zone, s.what) f JOIN aged a ON a.zone = f.zone AND a.t = f.t
  UNION ALL
  -- a zone that we read knows when the key came, and whether another stood there
  SELECT e.zone, e.what, e.valid_from + e.ttl * 1000 FROM entered e WHERE e.at_start = 0 AND e.valid_from = e.first_t AND e.old_to >= e.valid_from
), known AS (
  SELECT DISTINCT s.zone, s.what, s.tag FROM shown s UNION SELECT k.zone, k.what, k.tag FROM kept k
), early AS (
  -- the parent names none but keys that not everybody can know
  SELECT d.answer_id, d.zone, d.t, MIN(k.tag) AS tag
  FROM ds d JOIN known k ON k.zone = d.zone AND k.what = d.what
  LEFT JOIN young y ON y.zone = d.zone AND y.what = d.what AND y.until > d.t
  WHERE d.t >= :period_start
  GROUP BY d.answer_id, d.zone, d.t
  HAVING COUNT(y.what) = COUNT(k.what)
), sig AS MATERIALIZED (
  -- of one look at one server; the keys are signed by keys that stand beside them
  SELECT s.zone, s.server, s.covered, s.t, s.ttl, s.ref_id, s.tag, s.tag || ' ' || s.algorithm AS what,
         MIN(s.tag || ' ' || s.algorithm) OVER (PARTITION BY s.zone, s.server, s.covered, s.t) AS first_what,
         MAX(s.tag || ' ' || s.algorithm) OVER (PARTITION BY s.zone, s.server, s.covered, s.t) AS last_what
  FROM probed_zone z JOIN signature s ON s.zone = z.name WHERE s.t < :period_end AND s.covered <> 'DNSKEY'
), hasty AS (
  -- answers that none but keys have signed that not everybody can know
  SELECT s.zone, s.covered, s.t, MIN(s.tag) AS tag, MIN(s.ref_id) AS ref_id
  FROM sig s LEFT JOIN young y ON y.zone = s.zone AND y.what = s.what AND y.until > s.t
  WHERE s.t >= :period_start
  GROUP BY s.zone, s.server, s.covered, s.t
  HAVING COUNT(y.what) = COUNT(s.what)
), last_kept AS (
  SELECT k.zone, k.rdata, MAX(k.valid_to) AS t_to, MAX(k.id) AS id FROM kept k GROUP BY k.zone, k.rdata
), taken AS MATERIALIZED (
  SELECT c.zone, c.rdata, c.t_to, MIN(c.t_from) AS t_from
  FROM probed_zone z JOIN change_record c ON c.owner = z.name AND c.type = 'DNSKEY' AND c.zone = z.name WHERE c.op = 'del' GROUP BY c.zone, c.rdata, c.t_to
), went AS MATERIALIZED (
  -- between the last look that had it and the next; a zone that we read knows it closer
  SELECT l.zone, l.rdata, l.t AS t_from, b.next_t AS t_to, 'dns_answer_record' AS ref_table, l.id AS ref_id
  FROM (SELECT s.zone, s.rdata, MAX(s.t) AS t, MAX(s.id) AS id FROM shown s GROUP BY s.zone, s.rdata) l
  JOIN looks b ON b.zone = l.zone AND b.t = l.t AND b.next_t IS NOT NULL
  WHERE l.zone || ' ' || l.rdata NOT IN (SELECT k.zone || ' ' || k.rdata FROM kept k)
  UNION ALL
  SELECT k.zone, k.rdata, COALESCE(c.t_from, k.t_to - 1), k.t_to, 'record', k.id
  FROM last_kept k LEFT JOIN taken c ON c.zone = k.zone AND c.rdata = k.rdata AND c.t_to = k.t_to
  WHERE k.t_to < :period_end
), gone AS MATERIALIZED (
  SELECT w.*, g.tag, g.tag || ' ' || g.algorithm AS what FROM went w JOIN dnskey g ON g.rdata = w.rdata
  WHERE w.t_to > :period_start
), left_over AS MATERIALIZED (
  SELECT w.zone, w.tag, w.t_from, w.t_to, w.ref_table, w.ref_id, MAX(d.t) AS ds_t, MAX(d.t + d.ttl * 1000) AS forgotten
  FROM gone w JOIN ds d ON d.zone = w.zone AND d.what = w.what
  GROUP BY w.zone, w.tag, w.t_from, w.t_to, w.ref_table, w.ref_id
), judged AS (
  -- the DS went at some time before the first look without it
  SELECT o.*, COALESCE((SELECT MIN(p.t) FROM dns_answer p WHERE p.zone = o.zone AND p.purpose = 'ds' AND p.outcome IN ('NOERROR', 'NXDOMAIN') AND p.t > o.ds_t)
                       + (o.forgotten - o.ds_t), o.t_to) AS at_latest
  FROM left_over o
), orphan AS (
  -- answers that only the key signed, and that caches held longer than it was there
  SELECT w.zone, w.tag, w.t_to, s.ref_id, w.t_from
  FROM gone w JOIN sig s ON s.zone = w.zone AND s.what = w.what
  WHERE s.first_what = s.last_what AND s.t < w.t_to AND s.t + s.ttl * 1000 >= w.t_to
), told AS MATERIALIZED (
  SELECT s.domain, s.ds, MAX(s.seen_ms) AS t, MAX(s.id) AS id FROM probed_zone z JOIN domain_state s ON s.domain = z.name
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end GROUP BY s.domain, s.ds
), registry AS (
  SELECT w.zone, w.tag, MAX(s.id) AS id, MAX(s.t) AS t
  FROM gone w JOIN told s ON s.domain = w.zone AND s.t >= w.t_to
  WHERE instr('; ' || s.ds, '; ' || w.what || ' ') > 0
  GROUP BY w.zone, w.tag
)
SELECT b.zone AS resource,
       'no key, ' || b.server AS key,
       'fail' AS status,
       'presence' AS basis,
       'No key at ' || b.server || ' is one that the DS of the parent names.' AS reason,
       'dns_answer' AS ref_table, MIN(b.answer_id) AS ref_id, MIN(b.t) AS observed_at
FROM misfit b
GROUP BY b.zone, b.server
UNION ALL
SELECT e.zone, 'early ' || e.tag, 'fail', 'presence',
       'The parent names key ' || e.tag || ' and none that is older, and caches could still hold a set of keys from before it came.', 'dns_answer', MIN(e.answer_id), MIN(e.t)
FROM early e
GROUP BY e.zone, e.tag
UNION ALL
SELECT h.zone, 'signs early ' || h.tag, 'fail', 'presence',
       'Key ' || h.tag || ' signed alone while caches could still hold a set of keys from before it came.', 'dns_answer_record', MIN(h.ref_id), MIN(h.t)
FROM hasty h
GROUP BY h.zone, h.tag
UNION ALL
SELECT o.zone, 'answers ' || o.tag || ' ' || o.t_to, 'fail', 'presence',
       'Key ' || o.tag || ' was taken away while caches could still hold answers that it alone had signed.', 'dns_answer_record', MIN(o.ref_id), o.t_from
FROM orphan o
GROUP BY o.zone, o.tag, o.t_to, o.t_from
UNION ALL
SELECT j.zone, 'key ' || j.tag || ' ' || j.t_to, CASE WHEN j.forgotten >= j.t_to THEN 'fail' ELSE 'review' END, 'presence',
       'Key ' || j.tag
         || CASE WHEN j.ds_t >= j.t_to THEN ' was taken away while the parent still named it.'
                 WHEN j.forgotten >= j.t_to THEN ' was taken away while caches could still hold the DS that named it.'
                 ELSE ' was taken away perhaps before caches had forgotten the DS that named it.' END,
       j.ref_table, j.ref_id, j.t_from
FROM judged j
WHERE j.at_latest > j.t_from
UNION ALL
SELECT y.zone, 'registry ' || y.tag, 'fail', 'presence', 'Key ' || y.tag || ' was taken away, and the registry still had its DS.', 'domain_state', y.id, y.t
FROM registry y
WHERE y.zone || ' ' || y.tag NOT IN (SELECT o.zone || ' ' || o.tag FROM left_over o WHERE o.ds_t >= o.t_to)
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'keys of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'dnskey' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome = 'NOERROR' THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
