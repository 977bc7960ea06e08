/*
id: dnssec-signer-silent
title: The signer signs
severity: high
resource: zone
answers: [P70, P72, P85]
why: A signer that has stopped is noticed when the last signatures end, and then everybody who validates loses the zone at once.
remedy: See why the signer does not run. Let it renew signatures half way, so that there is time to repair it.
false-positives: A signer that renews late on purpose; raise `share`.
params:
  share: {type: int, default: 80, meaning: "per cent of the shortest validity that may pass without a new signature"}
  look: {type: duration, default: 6h, meaning: "how far apart the answers of one look may be"}
*/
WITH sig AS (
  SELECT s.zone, s.server, s.ref_id AS id, s.t, s.since, s.till FROM probed_zone z JOIN signature s ON s.zone = z.name WHERE s.t >= :period_start AND s.t < :period_end
), around AS (
  SELECT s.zone, s.server, s.id, s.t,
         MAX(s.since) OVER (PARTITION BY s.zone, s.server ORDER BY s.t RANGE BETWEEN :look PRECEDING AND :look FOLLOWING) AS newest,
         MIN(s.till - s.since) OVER (PARTITION BY s.zone, s.server ORDER BY s.t RANGE BETWEEN :look PRECEDING AND :look FOLLOWING) AS shortest
  FROM sig s
), silent AS (
  SELECT x.zone, x.server, x.id, x.t, x.newest, x.shortest, ROW_NUMBER() OVER (PARTITION BY x.zone, x.server ORDER BY x.t, x.id) AS n
  FROM around x WHERE (x.t - x.newest) * 100 > x.shortest * :share
)
SELECT x.zone AS resource,
       x.server AS key,
       'fail' AS status,
       'presence' AS basis,
       'The newest signature at ' || x.server || ' was ' || ((x.t - x.newest) / 3600000) || ' hours old, more than ' || :share
         || ' per cent of the shortest validity (' || (x.shortest / 3600000) || ' hours).' AS reason,
       'dns_answer_record' AS ref_table, x.id AS ref_id, x.t AS observed_at
FROM silent x WHERE x.n = 1
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
