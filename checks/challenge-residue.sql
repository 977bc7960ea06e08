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
WITH challenge AS (
  SELECT r.id, r.zone, r.owner, r.rdata, r.valid_from,
         CASE WHEN r.at_start = 1 THEN r.valid_from
              ELSE COALESCE((SELECT MIN(t.t_from) FROM change_record a JOIN change_time t ON t.change_id = a.change_id
                             WHERE a.owner = r.owner AND a.type = r.type AND a.t_from = r.valid_from
                               AND a.op = 'add' AND a.rdata = r.rdata), r.valid_from) END AS earliest_start,
         CASE WHEN r.at_start = 1 THEN r.valid_from
              ELSE COALESCE((SELECT MAX(t.t_to) - 1 FROM change_record a JOIN change_time t ON t.change_id = a.change_id
                             WHERE a.owner = r.owner AND a.type = r.type AND a.t_from = r.valid_from
                               AND a.op = 'add' AND a.rdata = r.rdata), r.valid_from) END AS latest_start,
         -- while it is there: seen until the last look, possible until now
         CASE WHEN r.valid_to = 9223372036854775807
              THEN COALESCE((SELECT z.seen_ms FROM zone z WHERE z.name = r.zone), r.valid_from)
              ELSE COALESCE((SELECT MIN(t.t_from) FROM change_record a JOIN change_time t ON t.change_id = a.change_id
                             WHERE a.owner = r.owner AND a.type = r.type AND a.t_from >= r.valid_from AND a.t_from < r.valid_to
                               AND a.t_to = r.valid_to AND a.op = 'del' AND a.rdata = r.rdata), r.valid_to) END AS earliest_end,
         CASE WHEN r.valid_to = 9223372036854775807 THEN :as_of
              ELSE COALESCE((SELECT MAX(t.t_to) - 1 FROM change_record a JOIN change_time t ON t.change_id = a.change_id
                             WHERE a.owner = r.owner AND a.type = r.type AND a.t_from >= r.valid_from AND a.t_from < r.valid_to
                               AND a.t_to = r.valid_to AND a.op = 'del' AND a.rdata = r.rdata), r.valid_to) END AS latest_end
  FROM record r
  WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND r.type = 'TXT' AND r.valid_to > :period_start AND r.valid_from < :period_end
    -- _acme-challenge.name, and the form with an account label before it
    AND (substr(r.owner, 1, 16) = '_acme-challenge.' OR (substr(r.owner, 1, 1) = '_' AND substr(r.owner, 18, 17) = '._acme-challenge.'))
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
