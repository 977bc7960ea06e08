/*
id: dnssec-removed
title: Signing is not taken away from zones without an approval
severity: critical
resource: zone
answers: [P31, P70, P78, P91]
why: >-
  Who wants to give false answers for a signed zone takes its DS away first: then nobody notices the rest. The same happens when a zone is moved
  by people who forget it.
remedy: Ask who took the DS or the keys away, and sign the zone again. Record an approval (ds.change) before signing is ended.
false-positives: A zone that stops being signed on purpose, without a recorded approval.
params:
  grace: {type: duration, default: 0s, meaning: "how long after the removal an approval may be recorded and still counts"}
*/
WITH ours AS (
  SELECT DISTINCT COALESCE(d.zone, d.name) AS name FROM domain d WHERE d.in_scope = 1
)

-- findings
WITH look AS (
  SELECT a.id, a.zone, a.t, a.purpose, CASE WHEN EXISTS (SELECT 1 FROM dns_answer_record r WHERE r.answer_id = a.id AND r.section = 'answer' AND r.owner = a.zone
                                                         AND r.type = CASE a.purpose WHEN 'ds' THEN 'DS' ELSE 'DNSKEY' END) THEN 1 ELSE 0 END AS has
  FROM ours o JOIN dns_answer a ON a.zone = o.name
  WHERE (a.purpose = 'ds' AND a.outcome IN ('NOERROR', 'NXDOMAIN') OR a.purpose = 'dnskey' AND a.outcome = 'NOERROR' AND a.aa = 1) AND a.t < :period_end
), told AS (
  -- one state for each look; a server that still has it counts
  SELECT l.zone, l.purpose, l.t, MAX(l.has) AS has, MIN(l.id) AS id FROM look l GROUP BY l.zone, l.purpose, l.t
), step AS (
  SELECT t.*, LAG(t.has) OVER (PARTITION BY t.zone, t.purpose ORDER BY t.t) AS had, LAG(t.t) OVER (PARTITION BY t.zone, t.purpose ORDER BY t.t) AS before_t FROM told t
), state AS (
  SELECT s.id, s.domain AS zone, s.source, s.first_ms, s.ds,
         LAG(s.ds) OVER (PARTITION BY s.source, s.domain, s.view ORDER BY s.first_ms, s.id) AS had_ds,
         LAG(s.seen_ms) OVER (PARTITION BY s.source, s.domain, s.view ORDER BY s.first_ms, s.id) AS before_t
  FROM ours o JOIN domain_state s ON s.domain = o.name
  WHERE s.change_ref IS NULL AND s.ds IS NOT NULL AND s.first_ms < :period_end
), gone AS (
  -- the last record of its kind at the name, of a zone that we read
  SELECT c.zone, c.owner, c.type, c.t_from, c.t_to, MIN(c.id) AS id
  FROM ours o JOIN change_record c ON c.owner = o.name AND c.type IN ('DNSKEY', 'DS') AND c.op = 'del'
  GROUP BY c.zone, c.owner, c.type, c.t_from, c.t_to
), removed AS (
  SELECT s.zone, CASE s.purpose WHEN 'ds' THEN 'DS at the parent' ELSE 'keys as the servers answer' END AS what, s.before_t AS t_from, s.t + 1 AS t_to,
         'dns_answer' AS ref_table, s.id AS ref_id
  FROM step s WHERE s.has = 0 AND s.had = 1
  UNION ALL
  SELECT s.zone, 'DS at the registry as ' || s.source || ' tells it', s.before_t, s.first_ms + 1, 'domain_state', s.id
  FROM state s WHERE s.ds = '' AND s.had_ds <> ''
  UNION ALL
  SELECT g.owner, CASE g.type WHEN 'DS' THEN 'DS in zone ' || g.zone ELSE 'keys in the zone' END, g.t_from, g.t_to, 'change_record', g.id
  FROM gone g
  WHERE (g.type = 'DS' OR g.zone = g.owner)
    AND NOT EXISTS (SELECT 1 FROM record r WHERE r.owner = g.owner AND r.type = g.type AND r.zone = g.zone AND r.valid_from < g.t_to AND r.valid_to > g.t_to)
    AND EXISTS (SELECT 1 FROM record r WHERE r.owner = g.owner AND r.type = g.type AND r.zone = g.zone AND r.valid_to = g.t_to AND r.valid_from <= g.t_from)
), judged AS (
  SELECT x.*,
         (SELECT MIN(p.recorded_at) FROM approval p
          WHERE p.subject = x.zone AND p.kind = 'ds.change' AND p.valid_from < x.t_to AND p.valid_to > x.t_from AND p.withdrawn_at > x.t_from) AS recorded_at
  FROM removed x
  WHERE x.t_from < :period_end AND x.t_to > :period_start
    AND NOT EXISTS (SELECT 1 FROM approval p
                    WHERE p.subject = x.zone AND p.kind = 'ds.change' AND p.valid_from <= x.t_from AND p.valid_to >= x.t_to AND p.withdrawn_at >= x.t_to
                      AND p.recorded_at <= x.t_from + :grace)
)
SELECT j.zone AS resource,
       j.what || ' ' || j.t_to AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The ' || j.what || ' were taken away'
         || CASE WHEN j.recorded_at IS NULL THEN ' without an approval.'
                 WHEN j.recorded_at >= j.t_to THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 ELSE '; an approval covers only part of the time in which it may have happened, or was recorded within it.' END AS reason,
       j.ref_table, j.ref_id, j.t_from AS observed_at
FROM judged j
UNION ALL
SELECT o.name, '', 'not-applicable', 'presence', 'Neither is the zone read, nor are its servers or its registry asked.', NULL, NULL, :as_of
FROM ours o
WHERE o.name NOT IN (SELECT s.scope FROM source_scope s WHERE s.evidence IN ('zone-changes', 'registry-state') AND s.retired_ms > :period_start)
  AND NOT EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start));

-- population
SELECT o.name AS resource, 'dns-live' AS evidence, o.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM ours o
WHERE EXISTS (SELECT 1 FROM source s WHERE s.evidence = 'dns-live' AND (s.retired_ms IS NULL OR s.retired_ms > :period_start))
UNION ALL
SELECT o.name, s.evidence, o.name, :period_start, :period_end, 'sampled'
FROM ours o JOIN source_scope s ON s.scope = o.name AND s.evidence IN ('zone-changes', 'registry-state') AND s.retired_ms > :period_start
UNION ALL
SELECT o.name, NULL, NULL, :period_start, :period_start, NULL FROM ours o;
