/*
id: zone-change-outside-window
title: Zones are changed inside the windows for changes, and not during a freeze
severity: medium
resource: zone
answers: [P16, P31, P40, P90]
why: >-
  Windows exist so that somebody watches when things change. A change outside them was made when nobody looked, or the windows are not the
  ones that people keep to.
remedy: Find out why it could not wait. Write windows down before they are used, and freezes before they begin.
false-positives: >-
  Emergency changes. Challenges at _acme-challenge and the key records of signers are exempt: automation renews at any hour.
*/
WITH stated AS MATERIALIZED (
  -- zones of which a window speaks: of them, of what is above or of names in them; '.' before both, so that only whole labels fit
  SELECT DISTINCT d.zone
  FROM domain d
  JOIN change_window w ON w.kind IN ('change', 'freeze')
       AND (w.scope = '' OR substr('.' || d.zone, length(d.zone) - length(w.scope) + 1) = '.' || w.scope
            OR substr('.' || w.scope, length(w.scope) - length(d.zone) + 1) = '.' || d.zone)
  WHERE d.in_scope = 1 AND d.zone IS NOT NULL
)

-- findings
WITH span AS MATERIALIZED (
  SELECT w.*, CASE WHEN w.recorded_at = b.t THEN -9223372036854775807 ELSE w.recorded_at END AS since
  FROM change_window w CROSS JOIN inventory_begun b
  WHERE w.kind IN ('change', 'freeze')
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
), applies AS (
  SELECT x.id, x.owner, x.t_from, x.t_to, w.id AS window_id, w.kind, w.since, w.withdrawn_at, w.days, w.minute_from, w.minute_to, w.offset_min,
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
  SELECT d.id, d.owner, d.kind, CASE WHEN d.open_from > d.lo THEN d.open_from ELSE d.lo END AS open_from, CASE WHEN d.open_to < d.hi THEN d.open_to ELSE d.hi END AS open_to
  FROM daily d
  WHERE d.that_day = 1 AND d.open_from < d.hi AND d.open_to > d.lo AND d.since <= d.t_from AND d.withdrawn_at >= d.t_to
), joined AS (
  SELECT l.*, MAX(l.open_to) OVER (PARTITION BY l.id, l.owner, l.kind ORDER BY l.open_from, l.open_to ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS so_far
  FROM laid l
), covered AS (
  SELECT j.id, j.owner, j.kind, SUM(CASE WHEN j.so_far >= j.open_to THEN 0 WHEN j.so_far > j.open_from THEN j.open_to - j.so_far ELSE j.open_to - j.open_from END) AS ms
  FROM joined j
  GROUP BY j.id, j.owner, j.kind
), met AS (
  SELECT a.id, a.owner, a.t_from,
         MAX(CASE WHEN a.kind = 'change' AND a.since <= a.t_from AND a.withdrawn_at > a.t_from THEN 1 ELSE 0 END) AS kept,
         MAX(CASE WHEN a.kind = 'change' AND v.ms = a.t_to - a.t_from THEN 1 ELSE 0 END) AS sure,
         MAX(CASE WHEN a.kind = 'change' AND a.since <= a.t_from AND a.withdrawn_at > a.t_from AND i.window_id IS NOT NULL THEN 1 ELSE 0 END) AS perhaps,
         MIN(CASE WHEN a.kind = 'change' AND a.withdrawn_at > a.t_from AND i.window_id IS NOT NULL THEN a.since END) AS late,
         MAX(CASE WHEN a.kind = 'freeze' AND v.ms = a.t_to - a.t_from THEN 1 ELSE 0 END) AS frozen,
         MAX(CASE WHEN a.kind = 'freeze' AND a.withdrawn_at > a.t_from AND i.window_id IS NOT NULL THEN 1 ELSE 0 END) AS perhaps_frozen,
         SUM(CASE WHEN a.kind = 'change' THEN 1 ELSE 0 END) AS windows
  FROM applies a
  LEFT JOIN inside i ON i.id = a.id AND i.owner = a.owner AND i.window_id = a.window_id
  LEFT JOIN covered v ON v.id = a.id AND v.owner = a.owner AND v.kind = a.kind
  GROUP BY a.id, a.owner, a.t_from
), judged AS (
  SELECT m.*, 'freeze' AS what,
         CASE WHEN m.frozen = 1 THEN 'fail' ELSE 'review' END AS status
  FROM met m WHERE m.perhaps_frozen = 1
  UNION ALL
  -- judged by the windows only while there were any
  SELECT m.*, 'window', CASE WHEN m.perhaps = 1 OR m.late IS NOT NULL THEN 'review' ELSE 'fail' END
  FROM met m WHERE m.kept = 1 AND m.sure = 0
)
SELECT x.zone AS resource,
       x.serial_from || '-' || x.serial_to || ' ' || j.what || ' at ' || x.seen_from AS key,
       j.status AS status,
       'presence' AS basis,
       'The change from serial ' || x.serial_from || ' to ' || x.serial_to || ' (' || COUNT(*) || ' names, first ' || MIN(x.owner) || ')'
         || CASE WHEN j.what = 'freeze' AND j.status = 'fail' THEN ' was made during a freeze.'
                 WHEN j.what = 'freeze' THEN ' was possibly made during a freeze, or the freeze was recorded afterwards.'
                 WHEN j.status = 'fail' THEN ' was made outside every window for changes (' || MAX(j.windows) || ' windows).'
                 WHEN MAX(j.perhaps) = 1 THEN ' was possibly made outside the windows: only a part of its time lies inside.'
                 ELSE ' was made in a window that was recorded ' || ((MAX(j.late) - j.t_from + 59999) / 60000) || ' minutes after it.' END AS reason,
       'change_record' AS ref_table,
       MIN(x.record_id) AS ref_id,
       x.t_from AS observed_at
FROM judged j
JOIN touched x ON x.id = j.id AND x.owner = j.owner
GROUP BY x.id, x.zone, x.serial_from, x.serial_to, x.seen_from, x.t_from, j.t_from, j.what, j.status
UNION ALL
SELECT DISTINCT d.zone, '', 'not-applicable', 'presence', 'The inventory states no windows for changes of this zone, and no freeze.', NULL, CAST(NULL AS BIGINT), :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND d.zone NOT IN (SELECT t.zone FROM stated t);

-- population
SELECT t.zone AS resource, 'zone-changes' AS evidence, t.zone AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM stated t
UNION ALL
SELECT DISTINCT d.zone, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND d.zone NOT IN (SELECT t.zone FROM stated t);
