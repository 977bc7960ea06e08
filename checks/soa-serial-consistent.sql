/*
id: soa-serial-consistent
title: All servers of a zone have its newest content
severity: high
resource: zone
answers: [P50]
why: A server that stays behind gives old addresses, old keys and old challenges; whether a name works then depends on which server is asked.
remedy: See why the transfer fails (keys, notify, address lists), and whether the server is still meant to serve the zone.
false-positives: >-
  Servers whose serials are made apart from each other, by different signers. Where several servers were asked and none had the newer serial any
  more, the whole zone went back, as by a move to another provider: that is for review.
params:
  lag: {type: duration, default: 1h, meaning: "how long after a newer serial was seen a server may still have an older one"}
  back: {type: duration, default: 7d, meaning: "how far back looks are compared"}
*/
WITH raw AS (
  SELECT a.zone, a.server, a.address, a.t, a.id, substr(r.rdata, instr(r.rdata, ' ') + 1) AS rest
  FROM probed_zone z CROSS JOIN dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'SOA' AND r.owner = a.zone
  WHERE a.zone = z.name AND a.purpose = 'soa' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t >= :period_start - :back AND a.t < :period_end
), cut AS (
  SELECT w.*, substr(w.rest, instr(w.rest, ' ') + 1) AS tail FROM raw w
), seen AS MATERIALIZED (
  SELECT c.zone, c.server, c.address, c.t, c.id, CAST(substr(c.tail, 1, instr(c.tail || ' ', ' ') - 1) AS BIGINT) AS serial FROM cut c
), around AS (
  -- what was told at about the same time, and whether by several
  SELECT s.*, MIN(s.serial) OVER w AS low, MAX(s.serial) OVER w AS high, MIN(s.address) OVER w AS one, MAX(s.address) OVER w AS another
  FROM seen s
  WINDOW w AS (PARTITION BY s.zone ORDER BY s.t RANGE BETWEEN :lag PRECEDING AND :lag FOLLOWING)
), first AS (
  -- when each serial was first seen anywhere, and the highest before it
  SELECT f.zone, f.serial, f.t, MAX(f.serial) OVER (PARTITION BY f.zone ORDER BY f.t, f.serial DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS top
  FROM (SELECT s.zone, s.serial, MIN(s.t) AS t FROM seen s GROUP BY s.zone, s.serial) f
), mark AS (
  -- newer in the arithmetic of serials (RFC 1982)
  -- of those of one moment the lowest number is the newest: it is newer than a higher one only behind the turn
  SELECT f.zone, f.t, MIN(f.serial) AS serial FROM first f
  WHERE f.top IS NULL OR (f.serial - f.top + 4294967296) % 4294967296 BETWEEN 1 AND 2147483647 GROUP BY f.zone, f.t
), line AS (
  SELECT m.zone, m.t, m.serial, NULL AS id, NULL AS server, NULL AS address, NULL AS own, NULL AS everywhere FROM mark m
  UNION ALL
  SELECT s.zone, s.t - :lag, NULL, s.id, s.server, s.address, s.serial,
         CASE WHEN s.one <> s.another AND (s.high - s.serial + 4294967296) % 4294967296 NOT BETWEEN 1 AND 2147483647
               AND (s.low - s.serial + 4294967296) % 4294967296 NOT BETWEEN 1 AND 2147483647 THEN 1 ELSE 0 END
  FROM around s WHERE s.t >= :period_start
), counted AS (
  -- each answer, an hour earlier, among the marks: a mark of the same instant comes first
  SELECT x.*, SUM(CASE WHEN x.id IS NULL THEN 1 ELSE 0 END) OVER (PARTITION BY x.zone ORDER BY x.t, CASE WHEN x.id IS NULL THEN 0 ELSE 1 END, x.id
                                                                  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n FROM line x
), behind AS (
  SELECT x.zone, x.server, x.address, x.t + :lag AS t, x.id, x.own AS serial, x.everywhere, m.serial AS newer, m.t AS newer_t
  FROM counted x JOIN counted m ON m.zone = x.zone AND m.n = x.n AND m.id IS NULL
  WHERE x.id IS NOT NULL AND m.t > x.t + :lag - :back AND (m.serial - x.own + 4294967296) % 4294967296 BETWEEN 1 AND 2147483647
), told AS (
  SELECT b.*, ROW_NUMBER() OVER (PARTITION BY b.zone, b.server, b.address ORDER BY b.everywhere, b.t, b.id) AS n FROM behind b
)
SELECT b.zone AS resource,
       b.server || ' ' || b.address AS key,
       CASE WHEN b.everywhere = 1 THEN 'review' ELSE 'fail' END AS status,
       'presence' AS basis,
       b.server || ' (' || b.address || ') had serial ' || b.serial || ', ' || ((b.t - b.newer_t + 59999) / 60000) || ' minutes after another answer had ' || b.newer
         || ' (' || (:lag / 60000) || ' minutes are allowed)' || CASE WHEN b.everywhere = 1 THEN '; no other server had a newer one then, so the whole zone went back.' ELSE '.' END AS reason,
       'dns_answer' AS ref_table, b.id AS ref_id, b.t AS observed_at
FROM told b WHERE b.n = 1
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'serials of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'soa' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome = 'NOERROR' THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
