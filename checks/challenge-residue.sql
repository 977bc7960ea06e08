/*
id: challenge-residue
title: Challenges are removed after use
severity: low
resource: zone
answers: [P39, P49, P58, P60]
why: >-
  A validation record that stays behind shows that the clean-up of the automation does not work, and hides the record that
  somebody else leaves there.
remedy: Remove the record, and find out why the client did not.
false-positives: Orders that failed and are repeated for more than a day.
params:
  max_age: {type: duration, default: 24h, meaning: "how long a challenge may stand"}
*/
WITH standing AS MATERIALIZED (
  SELECT r.id, r.zone, r.owner, r.rdata, r.valid_from, r.valid_to, r.at_start
  FROM record r
  WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND r.type = 'TXT' AND r.valid_to > :period_start AND r.valid_from < :period_end
    -- _acme-challenge.name, and the form with an account label before it
    AND (substr(r.owner, 1, 16) = '_acme-challenge.' OR (substr(r.owner, 1, 1) = '_' AND substr(r.owner, 18, 17) = '._acme-challenge.'))
), moved AS MATERIALIZED (
  -- a history that is read at once has thousands of steps with the same times: one row for those of one record
  SELECT a.op, a.owner, a.rdata, a.t_from, a.t_to, MIN(t.t_from) AS earliest, MAX(t.t_to) - 1 AS latest
  FROM (SELECT DISTINCT s.owner FROM standing s) s
  CROSS JOIN change_record a
  CROSS JOIN change_time t
  WHERE a.owner = s.owner AND a.type = 'TXT' AND t.change_id = a.change_id
  GROUP BY a.op, a.owner, a.rdata, a.t_from, a.t_to
), came AS MATERIALIZED (
  SELECT m.owner, m.rdata, m.t_from, MIN(m.earliest) AS earliest, MAX(m.latest) AS latest
  FROM moved m WHERE m.op = 'add'
  GROUP BY m.owner, m.rdata, m.t_from
), went AS MATERIALIZED (
  SELECT s.id, MIN(m.earliest) AS earliest, MAX(m.latest) AS latest
  FROM standing s
  JOIN moved m ON m.op = 'del' AND m.owner = s.owner AND m.rdata = s.rdata AND m.t_to = s.valid_to
              AND m.t_from >= s.valid_from AND m.t_from < s.valid_to
  GROUP BY s.id
), challenge AS (
  SELECT r.id, r.zone, r.owner, r.rdata, r.valid_from,
         CASE WHEN r.at_start = 1 THEN r.valid_from ELSE COALESCE(a.earliest, r.valid_from) END AS earliest_start,
         CASE WHEN r.at_start = 1 THEN r.valid_from ELSE COALESCE(a.latest, r.valid_from) END AS latest_start,
         -- while it is there: seen until the last look, possible until now
         CASE WHEN r.valid_to = 9223372036854775807
              THEN COALESCE((SELECT z.seen_ms FROM zone z WHERE z.name = r.zone), r.valid_from)
              ELSE COALESCE(e.earliest, r.valid_to) END AS earliest_end,
         CASE WHEN r.valid_to = 9223372036854775807 THEN :as_of
              ELSE COALESCE(e.latest, r.valid_to) END AS latest_end
  FROM standing r
  LEFT JOIN came a ON a.owner = r.owner AND a.rdata = r.rdata AND a.t_from = r.valid_from
  LEFT JOIN went e ON e.id = r.id
), clipped AS (
  SELECT id, zone, owner, rdata, valid_from, earliest_start, latest_start,
         CASE WHEN earliest_end > :as_of THEN :as_of ELSE earliest_end END AS earliest_end,
         CASE WHEN latest_end > :as_of THEN :as_of ELSE latest_end END AS latest_end
  FROM challenge
)
SELECT c.zone AS resource,
       c.owner || ' ' || c.rdata || ' ' || c.valid_from AS key,
       CASE WHEN c.earliest_end - c.latest_start > :max_age THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN c.earliest_end - c.latest_start > :max_age
            THEN 'The challenge at ' || c.owner || ' stood for ' || ((c.earliest_end - c.latest_start) / 3600000)
                 || ' hours or more.'
            WHEN c.earliest_start = 0
            THEN 'The challenge at ' || c.owner || ' came before anybody looked at the zone: how long it stood is not known.'
            ELSE 'The challenge at ' || c.owner || ' may have stood for up to ' || ((c.latest_end - c.earliest_start) / 3600000)
                 || ' hours: nobody looked often enough to say.' END AS reason,
       'record' AS ref_table,
       c.id AS ref_id,
       c.latest_start AS observed_at
FROM clipped c
WHERE (c.earliest_end - c.latest_start > :max_age
       AND c.latest_start + :max_age < :period_end AND c.earliest_end > :period_start)
   OR (c.earliest_end - c.latest_start <= :max_age AND c.latest_end - c.earliest_start > :max_age
       AND c.earliest_start + :max_age < :period_end AND c.latest_end > :period_start);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
