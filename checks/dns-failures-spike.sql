/*
id: dns-failures-spike
title: Failed queries do not leap
severity: medium
resource: server
answers: [P72]
why: >-
  Queries that suddenly fail are the first that is seen of a broken chain, a server without its zone, or somebody who tries names. They begin
  hours before anybody calls.
remedy: Look at what changed in the hours before, at the signatures, and at who asks.
false-positives: Scans from outside; a resolver that went mad. Waive the window with what was found.
params:
  times: {type: int, default: 5, meaning: "how many times the median of the windows before"}
  least: {type: int, default: 100, meaning: "failures in a window below which nothing is said"}
  windows: {type: int, default: 30, meaning: "windows before that make the median"}
  needed: {type: int, default: 7, meaning: "windows before without which nothing can be said"}
  back: {type: duration, default: 60d, meaning: "how far before the period the windows may lie"}
*/
WITH obs AS (
  SELECT o.id, o.source, o.subject, o.name, o.number, o.t_from AS t,
         LAG(o.number) OVER (PARTITION BY o.source, o.subject, o.name ORDER BY o.t_from, o.id) AS before_n,
         LAG(o.t_from) OVER (PARTITION BY o.source, o.subject, o.name ORDER BY o.t_from, o.id) AS before_t
  FROM observation o
  WHERE o.kind = 'dns-counter' AND o.number IS NOT NULL AND o.t_from >= :period_start - :back AND o.t_from < :period_end
    AND (instr(upper(o.name), 'SERVFAIL') > 0 OR instr(upper(o.name), 'REFUSED') > 0 OR instr(upper(o.name), 'FORMERR') > 0
         OR o.name IN ('QryFailure', 'QryRejected', 'AuthQryRej', 'QryDropped'))
), counted AS (
  -- between two looks; a lower count than before means that the server began anew, and the window says nothing
  SELECT o.id, o.source, o.subject, o.name, o.before_t, o.t, o.number - o.before_n AS delta, (o.number - o.before_n) * 86400000 / (o.t - o.before_t) AS rate,
         ROW_NUMBER() OVER (PARTITION BY o.source, o.subject, o.name ORDER BY o.t, o.id) AS n
  FROM obs o WHERE o.number >= o.before_n AND o.t > o.before_t
), high AS (
  SELECT c.* FROM counted c WHERE c.delta >= :least AND c.t > :period_start
), ranked AS (
  SELECT h.id, p.rate, ROW_NUMBER() OVER (PARTITION BY h.id ORDER BY p.rate) AS place, COUNT(*) OVER (PARTITION BY h.id) AS total
  FROM high h JOIN counted p ON p.source = h.source AND p.subject = h.subject AND p.name = h.name AND p.n < h.n AND p.n >= h.n - :windows
), middle AS (
  SELECT r.id, r.total, CAST(SUM(r.rate) AS BIGINT) / COUNT(*) AS median FROM ranked r WHERE r.place * 2 IN (r.total, r.total + 1, r.total + 2) GROUP BY r.id, r.total
)
SELECT h.subject AS resource,
       h.name || ' ' || h.t AS key,
       'fail' AS status,
       'presence' AS basis,
       'Counter ' || h.name || ' rose by ' || h.delta || ' in ' || ((h.t - h.before_t + 59999) / 60000) || ' minutes, ' || h.rate || ' a day; the median of '
         || m.total || ' windows before is ' || m.median || ' a day (' || :times || ' times and ' || :least || ' are the limit).' AS reason,
       'observation' AS ref_table, h.id AS ref_id, h.before_t AS observed_at
FROM high h JOIN middle m ON m.id = h.id
WHERE m.total >= :needed AND h.rate > m.median * :times
UNION ALL
SELECT 'no counters', '', 'not-applicable', 'presence', 'No source reads counters of servers (bind-statistics, counter-csv).', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.evidence = 'dns-counters' AND s.retired_ms > :period_start);

-- population
SELECT s.scope AS resource, 'dns-counters' AS evidence, s.scope AS scope, :period_start AS need_from,
       CASE WHEN MAX(s.retired_ms) < :period_end THEN MAX(s.retired_ms) ELSE :period_end END AS need_to, 'sampled' AS grade
FROM source_scope s WHERE s.evidence = 'dns-counters' AND s.retired_ms > :period_start GROUP BY s.scope
UNION ALL
-- zones have counters of their own at servers that are set up so
SELECT o.subject, NULL, NULL, :period_start, :period_start, NULL
FROM observation o WHERE o.kind = 'dns-counter' AND o.t_from >= :period_start AND o.t_from < :period_end GROUP BY o.subject
UNION ALL
SELECT 'no counters', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.evidence = 'dns-counters' AND s.retired_ms > :period_start);
