/*
id: challenge-outlives-issuance
title: Challenges go when the certificate is there
severity: medium
resource: zone
answers: [P06, P39, P49, P60]
after: [challenge-residue]
why: >-
  A challenge is of no use once its certificate is issued. One that stays shows a clean-up that does not work, and teaches people not to
  look at challenges. What challenge-residue tells of already is not told again.
remedy: Repair the clean-up of the client, and remove the record.
false-positives: Clients that are made to keep the record, and one record that serves several orders in a row.
params:
  soon: {type: duration, default: 2h, meaning: "how long after the issuance it may stay before somebody looks"}
  late: {type: duration, default: 24h, meaning: "how long after the issuance it may stay at most"}
  tolerance: {type: duration, default: 10m, meaning: "how far the clock of a log may be before ours"}
*/
WITH standing AS MATERIALIZED (
  SELECT r.id, r.zone, r.owner, r.rdata, r.valid_from, r.valid_to,
         CASE WHEN substr(r.owner, 1, 16) = '_acme-challenge.' THEN substr(r.owner, 17) ELSE substr(r.owner, 35) END AS base
  FROM record r
  WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND r.type = 'TXT' AND r.valid_to > :period_start
    AND (substr(r.owner, 1, 16) = '_acme-challenge.' OR (substr(r.owner, 1, 1) = '_' AND substr(r.owner, 18, 17) = '._acme-challenge.'))
), moved AS MATERIALIZED (
  SELECT a.owner, a.rdata, a.t_from, a.t_to, MIN(t.t_from) AS earliest, MAX(t.t_to) - 1 AS latest
  FROM (SELECT DISTINCT s.owner FROM standing s) s
  CROSS JOIN change_record a
  CROSS JOIN change_time t
  WHERE a.owner = s.owner AND a.type = 'TXT' AND a.op = 'del' AND t.change_id = a.change_id
  GROUP BY a.owner, a.rdata, a.t_from, a.t_to
), went AS MATERIALIZED (
  SELECT s.id, MIN(m.earliest) AS earliest, MAX(m.latest) AS latest
  FROM standing s
  JOIN moved m ON m.owner = s.owner AND m.rdata = s.rdata AND m.t_to = s.valid_to AND m.t_from >= s.valid_from
  GROUP BY s.id
), ended AS (
  -- while it is there: seen until the last look, possible until now
  SELECT s.id, s.zone, s.owner, s.rdata, s.valid_from, s.valid_to, s.base,
         CASE WHEN s.valid_to = 9223372036854775807 THEN COALESCE(z.seen_ms, s.valid_from) ELSE COALESCE(w.earliest, s.valid_to) END AS earliest,
         CASE WHEN s.valid_to = 9223372036854775807 THEN :as_of ELSE COALESCE(w.latest, s.valid_to) END AS latest
  FROM standing s LEFT JOIN went w ON w.id = s.id LEFT JOIN zone z ON z.name = s.zone
), issued AS (
  SELECT e.id, MIN(c.logged_ms) AS t
  FROM ended e
  JOIN certificate_name n ON n.base = e.base
  JOIN certificate c ON c.id = n.certificate_id AND c.logged_ms >= e.valid_from - :tolerance
  GROUP BY e.id
), judged AS (
  SELECT e.*, e.owner || ' ' || e.rdata || ' ' || e.valid_from AS key, i.t, CASE WHEN e.earliest > :as_of THEN :as_of ELSE e.earliest END - i.t AS certain,
         CASE WHEN e.latest > :as_of THEN :as_of ELSE e.latest END - i.t AS possible
  FROM ended e JOIN issued i ON i.id = e.id
  WHERE i.t + :soon < :period_end
)
SELECT j.zone AS resource,
       j.key,
       CASE WHEN j.certain > :late THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN j.certain > :soon THEN 'The challenge at ' || j.owner || ' stood for ' || (j.certain / 3600000) || ' hours after its certificate was logged.'
            ELSE 'The challenge at ' || j.owner || ' may have stood for up to ' || (j.possible / 3600000) || ' hours after its certificate was logged: nobody looked often enough.' END AS reason,
       'record' AS ref_table,
       j.id AS ref_id,
       j.t AS observed_at
FROM judged j
LEFT JOIN raised r ON r.resource = j.zone AND r.key = j.key AND r.check_id = 'challenge-residue'
WHERE (j.certain > :late AND COALESCE(r.status, 'review') <> 'fail')
   OR (j.certain <= :late AND (j.certain > :soon OR j.possible > :late) AND r.status IS NULL);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
UNION ALL
SELECT d.zone, 'ct', d.name, :period_start, :period_end, 'asserted'
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
