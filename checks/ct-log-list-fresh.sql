/*
id: ct-log-list-fresh
title: The list of transparency logs is not out of date
severity: medium
resource: source
answers: [P02, P21]
why: New logs are taken up and old ones retired every few months. Whoever watches by an old list does not see what is logged elsewhere, and browsers stop to rely on a list after 70 days.
remedy: Give `list` the address of the list, or renew the pinned file, and collect again.
false-positives: A frozen list that is kept on purpose to read an archive.
params:
  max_age: {type: duration, default: 70d, meaning: "how old the list may be when the evidence is looked at, or when it was used last"}
*/
WITH lists AS (
  SELECT s.name, CASE WHEN s.retired_ms < :as_of THEN s.retired_ms ELSE :as_of END AS t
  FROM source s WHERE s.kind = 'ct' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start)
), told AS (
  -- a list is no newer than the day on which it came, whatever it says of itself
  SELECT l.id, l.source, s.t, CASE WHEN l.timestamp > n.received_ms THEN n.received_ms ELSE l.timestamp END AS timestamp
  FROM lists s JOIN ct_list l ON l.source = s.name JOIN item_note n ON n.leaf = l.leaf
  WHERE n.received_ms < s.t
), newest AS (
  SELECT d.source, d.t, MAX(d.timestamp) AS timestamp FROM told d GROUP BY d.source, d.t
)
SELECT w.source AS resource,
       'old' AS key,
       'fail' AS status,
       'presence' AS basis,
       'The newest list of logs was ' || ((w.t - w.timestamp + 86399999) / 86400000) || ' days old; ' || (:max_age / 86400000) || ' are the most.' AS reason,
       'ct_list' AS ref_table,
       (SELECT MIN(d.id) FROM told d WHERE d.source = w.source AND d.timestamp = w.timestamp) AS ref_id,
       w.timestamp AS observed_at
FROM newest w
WHERE w.t - w.timestamp > :max_age
UNION ALL
SELECT 'no list', '', 'not-applicable', 'presence', 'No list of logs is configured.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM lists);

-- population
SELECT s.name AS resource, 'source' AS evidence, s.name || ' ct-list list-of-logs' AS scope,
       :period_start AS need_from,
       CASE WHEN s.retired_ms IS NOT NULL AND s.retired_ms < :period_end THEN s.retired_ms ELSE :period_end END AS need_to,
       'sampled' AS grade
FROM source s
WHERE s.kind = 'ct' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start)
UNION ALL
SELECT 'no list', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM source s WHERE s.kind = 'ct' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start));
