/*
id: dnssec-cds-consistent
title: CDS and CDNSKEY name the keys of the zone, the same at all servers
severity: medium
resource: zone
answers: [P70, P91]
why: >-
  Registries that read CDS put into the DS what stands there. Records that do not fit the keys of the zone, or each other, end in a DS that
  takes the zone away, or in a roll-over that never comes to its end.
remedy: Let the signer publish both from its keys, and see that all servers have the newest zone.
false-positives: Servers that were asked while the zone was being transferred.
params:
  look: {type: duration, default: 6h, meaning: "how far apart the answers of one look may be"}
*/
WITH answer AS (
  SELECT a.id, a.zone, a.server, a.address, a.purpose, a.t FROM probed_zone z CROSS JOIN dns_answer a
  WHERE a.zone = z.name AND a.purpose IN ('dnskey', 'cds', 'cdnskey') AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t >= :period_start AND a.t < :period_end
), said AS MATERIALIZED (
  SELECT w.id AS answer_id, w.zone, w.server, w.address, w.purpose, w.t, r.rdata, r.id
  FROM answer w JOIN dns_answer_record r ON r.answer_id = w.id AND r.section = 'answer' AND r.owner = w.zone
    AND r.type = CASE w.purpose WHEN 'dnskey' THEN 'DNSKEY' WHEN 'cds' THEN 'CDS' ELSE 'CDNSKEY' END
  -- the wish to end signing is another check's
  WHERE NOT (r.type = 'CDS' AND substr(r.rdata, 1, 4) = '0 0 ' OR r.type = 'CDNSKEY' AND substr(r.rdata, 1, 6) = '0 3 0 ')
), wish AS MATERIALIZED (
  -- each CDS and CDNSKEY with the keys that the same server gave in the same look
  SELECT s.answer_id, s.zone, s.server, s.address, s.purpose, s.rdata, s.id, s.t,
         (SELECT k.id FROM dns_answer k WHERE k.zone = s.zone AND k.purpose = 'dnskey' AND k.t <= s.t AND k.t > s.t - :look AND k.t >= :period_start
          AND k.server = s.server AND k.address = s.address AND k.outcome = 'NOERROR' AND k.aa = 1 ORDER BY k.t DESC, k.id DESC LIMIT 1) AS key_id
  FROM said s WHERE s.purpose <> 'dnskey'
), matched AS (
  SELECT w.id FROM wish w JOIN dns_answer_record r ON r.answer_id = w.key_id AND r.section = 'answer' AND r.owner = w.zone AND r.type = 'DNSKEY'
  JOIN dnskey g ON g.rdata = r.rdata
  WHERE w.purpose = 'cdnskey' AND r.rdata = w.rdata
     OR w.purpose = 'cds' AND substr(w.rdata, 1, length(g.tag || ' ' || g.algorithm) + 1) = g.tag || ' ' || g.algorithm || ' '
), wrong AS (
  SELECT w.zone, w.server, CASE w.purpose WHEN 'cds' THEN 'CDS' ELSE 'CDNSKEY' END AS type, w.rdata, w.id, w.t
  FROM wish w WHERE w.key_id IS NOT NULL AND w.id NOT IN (SELECT y.id FROM matched y)
), pair AS (
  -- who has one of the two should have the other (RFC 7344, 4): tags of CDS against those of CDNSKEY in one look of one server
  SELECT w.zone, w.server, w.id, w.t, w.rdata, o.id AS other
  FROM wish w JOIN dns_answer o ON o.zone = w.zone AND o.purpose = 'cdnskey' AND o.t >= w.t AND o.t < w.t + :look AND o.server = w.server AND o.address = w.address
  WHERE w.purpose = 'cds' AND o.outcome = 'NOERROR' AND o.aa = 1
), alone AS (
  SELECT p.zone, p.server, p.id, p.t, p.rdata
  FROM pair p JOIN dns_answer_record v ON v.answer_id = p.other AND v.section = 'answer' AND v.owner = p.zone AND v.type = 'CDNSKEY' AND substr(v.rdata, 1, 6) <> '0 3 0 '
  LEFT JOIN dnskey g ON g.rdata = v.rdata AND substr(p.rdata, 1, length(g.tag || ' ' || g.algorithm) + 1) = g.tag || ' ' || g.algorithm || ' '
  GROUP BY p.zone, p.server, p.id, p.t, p.rdata, p.other
  HAVING COUNT(g.rdata) = 0
), differ AS (
  SELECT w.zone, w.purpose, w.server, o.server AS other, w.id, w.t, w.rdata
  FROM wish w JOIN dns_answer o ON o.zone = w.zone AND o.purpose = w.purpose AND o.t > w.t - :look AND o.t < w.t + :look
  WHERE (o.server <> w.server OR o.address <> w.address) AND o.outcome = 'NOERROR' AND o.aa = 1
    AND NOT EXISTS (SELECT 1 FROM dns_answer_record r WHERE r.answer_id = o.id AND r.section = 'answer' AND r.rdata = w.rdata)
)
SELECT x.zone AS resource,
       x.type || ' ' || substr(x.rdata, 1, 40) AS key,
       'fail' AS status,
       'presence' AS basis,
       'The ' || x.type || ' at ' || MIN(x.server) || ' names a key that the zone does not have.' AS reason,
       'dns_answer_record' AS ref_table, MIN(x.id) AS ref_id, MIN(x.t) AS observed_at
FROM wrong x GROUP BY x.zone, x.type, x.rdata
UNION ALL
SELECT x.zone, 'CDS alone ' || substr(x.rdata, 1, 40), 'fail', 'presence', 'A CDS at ' || MIN(x.server) || ' has no CDNSKEY beside it that names the same key.',
       'dns_answer_record', MIN(x.id), MIN(x.t)
FROM alone x GROUP BY x.zone, x.rdata
UNION ALL
SELECT x.zone, 'servers ' || x.purpose, 'review', 'presence', MIN(x.server) || ' has a ' || CASE x.purpose WHEN 'cds' THEN 'CDS' ELSE 'CDNSKEY' END
         || ' that another server did not have in the same look.', 'dns_answer_record', MIN(x.id), MIN(x.t)
FROM differ x GROUP BY x.zone, x.purpose
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'CDS of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'cds' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome = 'NOERROR' THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
