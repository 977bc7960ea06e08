/*
id: soa-parameters
title: Timers of zones let secondaries keep up and keep going
severity: low
resource: zone
answers: [P71]
why: >-
  The timers in the SOA say how long a secondary goes on without its primary, and how long everybody remembers that a name was not there. Wrong ones
  make an outage of hours out of one of minutes.
remedy: Refresh some hours, retry less than that, expire two to four weeks, negative answers an hour at most.
false-positives: Providers that copy zones to their servers in another way use timers for nothing.
params:
  refresh_least: {type: int, default: 1200, meaning: "seconds"}
  refresh_most: {type: int, default: 86400, meaning: "seconds"}
  expire_least: {type: int, default: 604800, meaning: "seconds"}
  negative_most: {type: int, default: 86400, meaning: "seconds"}
*/
WITH raw AS (
  SELECT a.zone, r.rdata, MIN(r.id) AS id, MIN(a.t) AS t, substr(r.rdata, instr(r.rdata, ' ') + 1) AS rest
  FROM probed_zone z CROSS JOIN dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id AND r.section = 'answer' AND r.type = 'SOA' AND r.owner = a.zone
  WHERE a.zone = z.name AND a.purpose = 'soa' AND a.outcome = 'NOERROR' AND a.aa = 1 AND a.t >= :period_start AND a.t < :period_end
  GROUP BY a.zone, r.rdata
), c1 AS (SELECT w.zone, w.id, w.t, substr(w.rest, instr(w.rest, ' ') + 1) AS x FROM raw w), c2 AS (SELECT w.zone, w.id, w.t, substr(w.x, instr(w.x, ' ') + 1) AS x FROM c1 w), c3 AS (SELECT w.zone, w.id, w.t, substr(w.x, 1, instr(w.x || ' ', ' ') - 1) AS refresh, substr(w.x, instr(w.x, ' ') + 1) AS x FROM c2 w), c4 AS (SELECT w.zone, w.id, w.t, w.refresh, substr(w.x, 1, instr(w.x || ' ', ' ') - 1) AS retry, substr(w.x, instr(w.x, ' ') + 1) AS x FROM c3 w), timer AS (
  SELECT w.zone, MIN(w.id) AS id, MIN(w.t) AS t, CAST(w.refresh AS BIGINT) AS refresh, CAST(w.retry AS BIGINT) AS retry,
         CAST(substr(w.x, 1, instr(w.x || ' ', ' ') - 1) AS BIGINT) AS expire, CAST(substr(w.x, instr(w.x, ' ') + 1) AS BIGINT) AS negative
  FROM c4 w GROUP BY w.zone, w.refresh, w.retry, w.x
)
SELECT m.zone AS resource, 'expire ' || m.expire || ' of ' || m.refresh || ' ' || m.retry AS key, 'fail' AS status, 'presence' AS basis,
       'Secondaries give the zone up after ' || m.expire || ' s, before they have tried twice to reach the primary (refresh ' || m.refresh || ' s, retry ' || m.retry || ' s).' AS reason,
       'dns_answer_record' AS ref_table, m.id AS ref_id, m.t AS observed_at
FROM timer m WHERE m.expire < m.refresh + m.retry
UNION ALL
SELECT m.zone, 'expire ' || m.expire, 'review', 'presence', 'Secondaries give the zone up after ' || m.expire || ' s without the primary; ' || :expire_least || ' s are the least.',
       'dns_answer_record', m.id, m.t
FROM timer m WHERE m.expire < :expire_least AND m.expire >= m.refresh + m.retry
UNION ALL
SELECT m.zone, 'retry ' || m.retry || ' of ' || m.refresh, 'review', 'presence', 'Secondaries try again after ' || m.retry || ' s, not sooner than they would anyway (refresh ' || m.refresh || ' s).',
       'dns_answer_record', m.id, m.t
FROM timer m WHERE m.retry >= m.refresh
UNION ALL
SELECT m.zone, 'refresh ' || m.refresh, 'review', 'presence', 'Secondaries ask for changes every ' || m.refresh || ' s; ' || :refresh_least || ' to ' || :refresh_most || ' s are usual.',
       'dns_answer_record', m.id, m.t
FROM timer m WHERE m.refresh < :refresh_least OR m.refresh > :refresh_most
UNION ALL
SELECT m.zone, 'negative ' || m.negative, 'review', 'presence', 'That a name is not there is remembered for ' || m.negative || ' s; ' || :negative_most || ' s are the most.',
       'dns_answer_record', m.id, m.t
FROM timer m WHERE m.negative > :negative_most
UNION ALL
SELECT 'no probe', '', 'not-applicable', 'presence', 'No source asks the servers (dns-probe).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);

-- population
SELECT z.name AS resource, 'dns-live' AS evidence, z.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM probed_zone z
UNION ALL
-- asked, and never told
SELECT z.name, 'dns-live', 'SOA of ' || z.name, :period_start, :period_end, 'sampled'
FROM probed_zone z CROSS JOIN dns_answer a
WHERE a.zone = z.name AND a.purpose = 'soa' AND a.t >= :period_start AND a.t < :period_end
GROUP BY z.name
HAVING SUM(CASE WHEN a.outcome = 'NOERROR' THEN 1 ELSE 0 END) = 0
UNION ALL
SELECT 'no probe', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM probed_zone);
