/*
id: zone-actor-new
title: Whoever writes to a zone for the first time is known
severity: medium
resource: zone
answers: [P04, P51, P55, P72, P83]
why: A credential or person that was never seen in a zone and that nobody announced is a new key, a new tool, or a stolen one.
remedy: Find out whose it is. Put it into the inventory before it is used, with its owner and purpose.
false-positives: A key that replaces another under a new name; a log that began a short time ago.
params:
  lookback: {type: duration, default: 90d, meaning: "how long before it must not have been seen there"}
  least: {type: duration, default: 7d, meaning: "a log of the zone that reaches less far back than this says nothing of what is new"}
*/
WITH spoken AS MATERIALIZED (
  SELECT l.id, l.zone, COALESCE(l.credential, l.actor) AS who, l.credential, l.actor, l.client, l.t_from, l.t_to
  FROM claim l
  WHERE l.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND l.outcome = 'applied' AND l.kind IN ('log', 'dnstap', 'audit-event') AND COALESCE(l.credential, l.actor) IS NOT NULL
), ordered AS (
  SELECT s.*, LAG(s.t_to) OVER (PARTITION BY s.zone, s.who ORDER BY s.t_from, s.id) AS last_to
  FROM spoken s
), history AS MATERIALIZED (
  SELECT c.scope AS zone, MIN(c.t_from) AS since FROM coverage c WHERE c.evidence = 'zone-claims' AND c.grade > 0 GROUP BY c.scope
), fresh AS MATERIALIZED (
  SELECT o.*, h.since
  FROM ordered o
  JOIN history h ON h.zone = o.zone
  WHERE o.t_from >= :period_start AND o.t_from < :period_end
    AND (o.last_to IS NULL OR o.t_from - o.last_to >= :lookback)
    AND o.t_from - h.since >= :least
), judged AS (
  -- the earliest word that announced it
  SELECT f.*,
         (SELECT MIN(CASE WHEN k.recorded_at = b.t THEN -9223372036854775807 ELSE k.recorded_at END)
          FROM (SELECT k.recorded_at FROM credential k WHERE k.id = f.credential
                UNION ALL
                SELECT a.recorded_at FROM actor a WHERE a.name IN (f.credential, f.actor)
                UNION ALL
                SELECT p.recorded_at FROM person_word w JOIN person p ON p.id = w.person
                WHERE w.word = lower(trim(f.actor)) AND w.login = 0 AND (p.left_ms IS NULL OR p.left_ms > f.t_from)) k
          CROSS JOIN inventory_begun b) AS recorded_at
  FROM fresh f
)
SELECT j.zone AS resource,
       j.who || ' at ' || j.t_from AS key,
       -- where nothing is ever announced, nothing was done around it
       CASE WHEN j.recorded_at IS NULL AND j.t_from - j.since >= :lookback
                 AND (EXISTS (SELECT 1 FROM credential k) OR EXISTS (SELECT 1 FROM actor a)) THEN 'fail' ELSE 'review' END AS status,
       'absence' AS basis,
       j.who || ' wrote to this zone for the first time in ' || ((CASE WHEN j.t_from - j.since < :lookback THEN j.t_from - j.since ELSE :lookback END) / 86400000)
         || ' days, from ' || COALESCE(j.client, 'an unknown address')
         || CASE WHEN j.recorded_at IS NULL THEN '; the inventory does not know it' ELSE '; it was recorded only ' || ((j.recorded_at - j.t_from + 59999) / 60000) || ' minutes later' END
         || CASE WHEN j.t_from - j.since < :lookback THEN ' (the log reaches back no further).' ELSE '.' END AS reason,
       'claim' AS ref_table,
       j.id AS ref_id,
       j.t_from AS observed_at
FROM judged j
WHERE j.recorded_at IS NULL OR j.recorded_at > j.t_from
UNION ALL
SELECT 'no log', '', 'not-applicable', 'presence', 'No log of updates is configured.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.evidence = 'zone-claims' AND s.retired_ms > :period_start);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-claims' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
JOIN source_scope s ON s.scope = d.zone AND s.evidence = 'zone-claims' AND s.retired_ms > :period_start
WHERE d.in_scope = 1
UNION ALL
-- that it was not there before can be said only of what was read
SELECT DISTINCT d.zone, 'zone-claims', d.zone, CASE WHEN h.since > :period_start - :lookback THEN h.since ELSE :period_start - :lookback END, :period_start, 'asserted'
FROM domain d
JOIN source_scope s ON s.scope = d.zone AND s.evidence = 'zone-claims' AND s.retired_ms > :period_start
JOIN (SELECT c.scope, MIN(c.t_from) AS since FROM coverage c WHERE c.evidence = 'zone-claims' AND c.grade > 0 GROUP BY c.scope) h ON h.scope = d.zone
WHERE d.in_scope = 1 AND h.since < :period_start
UNION ALL
SELECT 'no log', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.evidence = 'zone-claims' AND s.retired_ms > :period_start);
