/*
id: zone-change-off-hours
title: People change zones in working hours
severity: low
resource: zone
answers: [P51, P72]
why: >-
  A change made by hand at night is made when nobody is there to see what it does. It is also when others prefer to use a stolen login.
remedy: Ask the person. Write a window down for work that is planned at night, and give automation a credential of its own.
false-positives: >-
  People on call; summer time, where the hours are written with one distance from UTC. Automation that the inventory does not name is taken
  for unknown. Challenges and the key records of signers are exempt.
*/
WITH stated AS MATERIALIZED (
  -- zones of which a window speaks: of them, of what is above or of names in them; '.' before both, so that only whole labels fit
  SELECT DISTINCT d.zone
  FROM domain d
  JOIN change_window w ON w.kind = 'hours'
       AND (w.scope = '' OR substr('.' || d.zone, length(d.zone) - length(w.scope) + 1) = '.' || w.scope
            OR substr('.' || w.scope, length(w.scope) - length(d.zone) + 1) = '.' || d.zone)
  WHERE d.in_scope = 1 AND d.zone IS NOT NULL
)

-- findings
WITH span AS MATERIALIZED (
  SELECT w.*, CASE WHEN w.recorded_at = b.t THEN -9223372036854775807 ELSE w.recorded_at END AS since
  FROM change_window w CROSS JOIN inventory_begun b
  WHERE w.kind = 'hours'
), machine AS MATERIALIZED (
  SELECT a.name, MIN(CASE WHEN a.recorded_at = b.t THEN -9223372036854775807 ELSE a.recorded_at END) AS since
  FROM actor a CROSS JOIN inventory_begun b
  WHERE a.kind IN ('automation', 'provider')
  GROUP BY a.name
  UNION ALL
  SELECT k.id, CASE WHEN k.recorded_at = b.t THEN -9223372036854775807 ELSE k.recorded_at END
  FROM credential k CROSS JOIN inventory_begun b
  WHERE k.interactive = 0 OR (k.workload IS NOT NULL AND k.interactive IS NULL)
), human AS MATERIALIZED (
  SELECT a.name FROM actor a WHERE a.kind = 'person'
  UNION
  SELECT k.id FROM credential k WHERE k.interactive = 1
), named AS MATERIALIZED (
  -- as the list of people has them
  SELECT w.word FROM person_word w JOIN person p ON p.id = w.person WHERE w.login = 0 AND p.kind = 'person'
), ahead AS (
  SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
  UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7
), touched AS MATERIALIZED (
  SELECT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, r.owner, t.t_from, t.t_to, MIN(r.id) AS record_id
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND r.type NOT IN ('DNSKEY', 'CDS', 'CDNSKEY')
    AND NOT (r.type = 'TXT' AND (substr(r.owner, 1, 16) = '_acme-challenge.'
             OR (substr(r.owner, 1, 1) = '_' AND substr(r.owner, instr(r.owner, '.'), 17) = '._acme-challenge.')))
  GROUP BY c.id, c.zone, c.serial_from, c.serial_to, c.t_from, r.owner, t.t_from, t.t_to
), who AS MATERIALIZED (
  -- 0 people, 1 unknown, 2 named as automation only afterwards, 3 automation; of several the least certain counts
  SELECT p.id, p.rank, p.name, ROW_NUMBER() OVER (PARTITION BY p.id ORDER BY p.rank, p.name) AS place
  FROM (SELECT c.id, COALESCE(l.actor, l.credential) AS name,
               CASE WHEN l.actor IN (SELECT h.name FROM human h) OR l.credential IN (SELECT h.name FROM human h)
                          OR lower(trim(l.actor)) IN (SELECT n.word FROM named n) THEN 0
                    WHEN a.since <= c.t_from OR k.since <= c.t_from THEN 3
                    WHEN a.since IS NOT NULL OR k.since IS NOT NULL THEN 2
                    ELSE 1 END AS rank
        FROM (SELECT DISTINCT x.id, x.t_from FROM touched x) c
        CROSS JOIN change_claim m
        CROSS JOIN claim l
        LEFT JOIN machine a ON a.name = l.actor
        LEFT JOIN machine k ON k.name = l.credential
        WHERE m.change_id = c.id AND m.rank >= 2 AND l.id = m.claim_id) p
), applies AS (
  SELECT x.id, x.owner, x.t_from, x.t_to, w.id AS window_id, w.since, w.withdrawn_at, w.days, w.minute_from, w.minute_to, w.offset_min,
         CASE WHEN w.valid_from > x.t_from THEN w.valid_from ELSE x.t_from END AS lo,
         CASE WHEN w.valid_to < x.t_to THEN w.valid_to ELSE x.t_to END AS hi
  FROM touched x
  JOIN span w ON w.scope = '' OR substr('.' || x.owner, length(x.owner) - length(w.scope) + 1) = '.' || w.scope
), daily AS (
  -- what of the change's time lies in the window, day by day (1970-01-01 was a Thursday, day 3); more than a week repeats itself
  SELECT a.*, k.k,
         CASE WHEN a.days IS NULL THEN a.lo ELSE ((a.lo + a.offset_min * 60000) / 86400000 + k.k) * 86400000 + (a.minute_from - a.offset_min) * 60000 END AS open_from,
         CASE WHEN a.days IS NULL THEN a.hi ELSE ((a.lo + a.offset_min * 60000) / 86400000 + k.k) * 86400000 + (a.minute_to - a.offset_min) * 60000 END AS open_to,
         CASE WHEN a.days IS NULL THEN CASE WHEN k.k = 0 THEN 1 ELSE 0 END
              ELSE (a.days >> CAST(((a.lo + a.offset_min * 60000) / 86400000 + k.k + 3) % 7 AS INTEGER)) & 1 END AS that_day
  FROM applies a JOIN ahead k ON a.lo < a.hi
), inside AS (
  SELECT DISTINCT d.id, d.owner, d.window_id
  FROM daily d
  WHERE d.that_day = 1 AND d.open_from < d.hi AND d.open_to > d.lo
), laid AS (
  -- those that stood all the while, side by side: a night is two windows
  SELECT d.id, d.owner, CASE WHEN d.open_from > d.lo THEN d.open_from ELSE d.lo END AS open_from, CASE WHEN d.open_to < d.hi THEN d.open_to ELSE d.hi END AS open_to
  FROM daily d
  WHERE d.that_day = 1 AND d.open_from < d.hi AND d.open_to > d.lo AND d.since <= d.t_from AND d.withdrawn_at >= d.t_to
), joined AS (
  SELECT l.*, MAX(l.open_to) OVER (PARTITION BY l.id, l.owner ORDER BY l.open_from, l.open_to ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS so_far
  FROM laid l
), covered AS (
  SELECT j.id, j.owner, SUM(CASE WHEN j.so_far >= j.open_to THEN 0 WHEN j.so_far > j.open_from THEN j.open_to - j.so_far ELSE j.open_to - j.open_from END) AS ms
  FROM joined j
  GROUP BY j.id, j.owner
), met AS (
  SELECT a.id, a.owner, a.t_from, COUNT(*) AS windows,
         MAX(CASE WHEN a.since <= a.t_from AND a.withdrawn_at > a.t_from THEN 1 ELSE 0 END) AS kept,
         MAX(CASE WHEN v.ms = a.t_to - a.t_from THEN 1 ELSE 0 END) AS sure,
         MAX(CASE WHEN a.since <= a.t_from AND a.withdrawn_at > a.t_from AND i.window_id IS NOT NULL THEN 1 ELSE 0 END) AS perhaps,
         MAX(CASE WHEN a.since > a.t_from AND i.window_id IS NOT NULL THEN 1 ELSE 0 END) AS late
  FROM applies a
  LEFT JOIN inside i ON i.id = a.id AND i.owner = a.owner AND i.window_id = a.window_id
  LEFT JOIN covered v ON v.id = a.id AND v.owner = a.owner
  GROUP BY a.id, a.owner, a.t_from
), judged AS (
  SELECT m.id, m.owner, m.windows, COALESCE(w.rank, 1) AS rank, COALESCE(w.name, 'nobody known') AS name,
         CASE WHEN m.perhaps = 1 THEN 'possibly' WHEN m.late = 1 THEN 'late' ELSE 'outside' END AS how
  FROM met m
  LEFT JOIN who w ON w.id = m.id AND w.place = 1
  WHERE m.kept = 1 AND m.sure = 0 AND COALESCE(w.rank, 1) < 3
)
SELECT x.zone AS resource,
       x.serial_from || '-' || x.serial_to || ' at ' || x.seen_from AS key,
       CASE WHEN j.how = 'outside' AND j.rank = 0 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The change from serial ' || x.serial_from || ' to ' || x.serial_to || ' (' || COUNT(*) || ' names, first ' || MIN(x.owner) || ') was '
         || CASE j.how WHEN 'possibly' THEN 'possibly ' ELSE '' END || 'made outside the hours of work (' || MAX(j.windows) || ' windows) by '
         || CASE j.rank WHEN 0 THEN 'a person (' || j.name || ')'
                        WHEN 1 THEN j.name || ', of whom the inventory says nothing'
                        ELSE j.name || ', which was named as automation only afterwards' END
         || CASE j.how WHEN 'late' THEN '; hours that hold it were recorded afterwards.' ELSE '.' END AS reason,
       'change_record' AS ref_table,
       MIN(x.record_id) AS ref_id,
       x.t_from AS observed_at
FROM judged j
JOIN touched x ON x.id = j.id AND x.owner = j.owner
GROUP BY x.id, x.zone, x.serial_from, x.serial_to, x.seen_from, x.t_from, j.how, j.rank, j.name
UNION ALL
SELECT DISTINCT d.zone, '', 'not-applicable', 'presence', 'The inventory states no hours of work for this zone.', NULL, CAST(NULL AS BIGINT), :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND d.zone NOT IN (SELECT t.zone FROM stated t);

-- population
SELECT t.zone AS resource, 'zone-changes' AS evidence, t.zone AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM stated t
UNION ALL
SELECT DISTINCT d.zone, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND d.zone NOT IN (SELECT t.zone FROM stated t);
