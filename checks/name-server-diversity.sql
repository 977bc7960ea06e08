/*
id: name-server-diversity
title: Name servers stand in different networks, and for critical zones with different suppliers
severity: medium
resource: zone
answers: [P52, P71, P84]
why: Servers in one network fail together, and so do servers of one supplier when he has a bad day.
remedy: Put one server elsewhere. Give critical zones a second supplier, and rehearse the failure of the first.
false-positives: >-
  One address that stands for many places (anycast); networks that look different and end in one cable. What is not told apart here is the
  route, which addresses do not show.
params:
  networks: {type: int, default: 2, meaning: "how many networks (/24 of IPv4 or /48 of IPv6) there are to be at least"}
  suppliers: {type: int, default: 2, meaning: "how many suppliers a critical zone is to have at least"}
  look: {type: duration, default: 6h, meaning: "how far apart the answers of one look may be"}
*/
WITH newest AS (
  SELECT a.zone, MAX(a.t) AS t FROM probed_zone z CROSS JOIN dns_answer a
  WHERE a.zone = z.name AND a.purpose = 'soa' AND a.t >= :period_start AND a.t < :period_end GROUP BY a.zone
), server AS (
  SELECT n.zone, a.server, a.address, n.t,
         MIN(a.id) AS id
  FROM newest n JOIN dns_answer a ON a.zone = n.zone AND a.purpose = 'soa' AND a.t <= n.t AND a.t > n.t - :look AND a.t >= :period_start
  GROUP BY n.zone, a.server, a.address, n.t
), address AS (
  -- :: stands for as many groups of zero as there is room for
  SELECT s.zone, s.id, s.t, s.address, CASE WHEN instr(s.address, ':') = 0 THEN 4 ELSE 6 END AS family,
         CASE WHEN substr(s.address, 1, 2) = '::' THEN '0:0:0:' WHEN instr(s.address, '::') > 0 THEN substr(s.address, 1, instr(s.address, '::') - 1) || ':0:0:0:'
              ELSE s.address || ':' END AS h FROM server s
), group1 AS (
  SELECT d.*, substr(d.h, 1, instr(d.h, ':')) AS g1, substr(d.h, instr(d.h, ':') + 1) AS r1 FROM address d
), group2 AS (
  SELECT d.*, substr(d.r1, 1, instr(d.r1, ':')) AS g2, substr(d.r1, instr(d.r1, ':') + 1) AS r2 FROM group1 d
), net AS (
  SELECT d.zone, d.id, d.t, d.family, CASE d.family WHEN 4 THEN rtrim(d.address, '0123456789') ELSE d.g1 || d.g2 || substr(d.r2, 1, instr(d.r2, ':')) END AS network FROM group2 d
), family AS (
  SELECT n.zone, n.family, COUNT(DISTINCT n.network) AS networks, COUNT(*) AS addresses, n.t,
         MIN(n.id) AS id, MIN(n.network) AS network
  FROM net n GROUP BY n.zone, n.family, n.t
), best AS (
  SELECT f.zone, MAX(f.networks) AS networks, SUM(f.addresses) AS addresses, COUNT(*) AS families, f.t,
         MIN(f.id) AS id, MIN(f.network) AS network
  FROM family f GROUP BY f.zone, f.t
), tier AS (
  SELECT x.zone, COALESCE(o.tier, x.tier) AS tier
  FROM (SELECT COALESCE(d.zone, d.name) AS zone, CASE WHEN SUM(CASE WHEN d.tier = 'critical' THEN 1 ELSE 0 END) > 0 THEN 'critical'
                                                      WHEN SUM(CASE WHEN d.tier = 'high' THEN 1 ELSE 0 END) > 0 THEN 'high' END AS tier
        FROM domain d WHERE d.in_scope = 1 GROUP BY COALESCE(d.zone, d.name)) x LEFT JOIN owned_zone o ON o.name = x.zone
), names AS (
  SELECT DISTINCT s.zone, s.server FROM server s
), run AS (
  SELECT n.zone, n.server, MIN(x.supplier) AS supplier
  FROM names n LEFT JOIN supplier_name x ON x.kind = 'name-server'
    AND (x.suffix = '' AND x.name = n.server
         OR x.suffix <> '' AND substr(n.server, length(n.server) - length(x.suffix) + 1) = x.suffix)
  GROUP BY n.zone, n.server
), suppliers AS (
  SELECT r.zone, COUNT(DISTINCT r.supplier) AS n, SUM(CASE WHEN r.supplier IS NULL THEN 1 ELSE 0 END) AS unknown,
         MIN(r.supplier) AS supplier
  FROM run r GROUP BY r.zone
)
SELECT b.zone AS resource,
       'networks' AS key,
       'fail' AS status,
       'presence' AS basis,
       'All ' || b.addresses || ' addresses of its name servers lie in ' || b.networks
         || CASE WHEN b.families = 2 THEN ' networks of IPv4 and as many of IPv6 at most (first ' ELSE ' networks (first ' END || b.network || '...); ' || :networks || ' are the least.' AS reason,
       'dns_answer' AS ref_table, b.id AS ref_id, b.t AS observed_at
FROM best b
-- one server alone is what name-server-count asks
WHERE b.networks < :networks AND (SELECT COUNT(*) FROM names n WHERE n.zone = b.zone) > 1
UNION ALL
SELECT s.zone, 'suppliers', CASE WHEN s.unknown > 0 OR t.tier = 'high' THEN 'review' ELSE 'fail' END, 'presence',
       CASE WHEN s.unknown > 0 THEN 'The zone is ' || t.tier || ', and who runs some of its name servers is not stated (suppliers, name-server).'
            ELSE 'The zone is ' || t.tier || ', and ' || s.supplier || ' runs all its name servers; ' || :suppliers || ' suppliers are the least.' END,
       'dns_answer', b.id, b.t
FROM suppliers s JOIN tier t ON t.zone = s.zone JOIN best b ON b.zone = s.zone
WHERE t.tier IN ('critical', 'high') AND s.n < :suppliers
  AND EXISTS (SELECT 1 FROM supplier_name x WHERE x.kind = 'name-server')
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
