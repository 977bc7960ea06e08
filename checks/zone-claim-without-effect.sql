/*
id: zone-claim-without-effect
title: What the logs say was done is what the zones show
severity: medium
resource: zone
answers: [P04, P10, P24, P51]
why: >-
  An update that a log calls applied and no look at the zone shows was made elsewhere, was taken back around the log, or the log is
  not to be believed.
remedy: Find out on the server what became of the update, and whether the log or the zone was changed by another way.
false-positives: A log of another server that carries a zone of the same name.
*/
SELECT l.zone AS resource,
       l.source || ' ' || l.ref AS key,
       'review' AS status,
       'absence' AS basis,
       'The log ' || l.source || ' says that ' || COALESCE(l.credential, l.actor, l.client, 'somebody') || ' changed the zone: ' || f.reason || '.'
         AS reason,
       'claim' AS ref_table,
       l.id AS ref_id,
       l.t_from AS observed_at
FROM claim_fate f
JOIN claim l ON l.id = f.claim_id
WHERE l.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
  AND l.t_from < :period_end AND l.t_to > :period_start
  AND (f.fate = 'without-effect'
       -- where every step was seen, nothing can be undone unseen
       OR (f.fate = 'cancelled' AND EXISTS (SELECT 1 FROM need_coverage n WHERE n.evidence = 'zone-changes' AND n.scope = l.zone AND n.grade = 3
                                              AND n.t_from <= l.t_from AND n.t_to >= l.t_to)))
UNION ALL
SELECT 'no log', '', 'not-applicable', 'presence', 'No log of updates is configured.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.evidence = 'zone-claims' AND s.retired_ms > :period_start);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
JOIN source_scope s ON s.scope = d.zone AND s.evidence = 'zone-claims' AND s.retired_ms > :period_start
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
UNION ALL
SELECT DISTINCT d.zone, 'zone-claims', d.zone, :period_start, :period_end, 'asserted'
FROM domain d
JOIN source_scope s ON s.scope = d.zone AND s.evidence = 'zone-claims' AND s.retired_ms > :period_start
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
UNION ALL
-- that a zone does not show it can be said only where the whole of it was compared
SELECT l.zone, 'zone-changes', l.zone, l.t_from, l.t_to, 'proven'
FROM claim_fate f
JOIN claim l ON l.id = f.claim_id
WHERE l.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
  AND l.t_from < :period_end AND l.t_to > :period_start
  AND f.fate = 'without-effect'
UNION ALL
SELECT 'no log', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.evidence = 'zone-claims' AND s.retired_ms > :period_start);
