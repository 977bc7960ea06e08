/*
id: evidence-coverage
title: Every expected source covered the period
severity: medium
resource: source
answers: [P02, P21, P87]
why: What was not looked at cannot be vouched for. A gap in one source makes every answer that rests on it uncertain.
remedy: Repair the source, and collect again while the history is still served.
false-positives: A source that was dropped on purpose and not yet listed under "retired".
*/
WITH expected AS (
  -- a source that ever delivered is expected until its retirement was recorded; one that never did was a mistake
  SELECT x.source, x.evidence, x.scope, x.retired_ms AS said_ms, o.recorded_at,
         CASE WHEN x.retired_ms < o.recorded_at AND EXISTS (SELECT 1 FROM coverage c
                                                            WHERE c.evidence = x.evidence AND c.scope = x.scope
                                                              AND c.source = x.source AND c.grade > 0)
              THEN o.recorded_at ELSE x.retired_ms END AS retired_ms
  FROM source_scope x LEFT JOIN source o ON o.name = x.source
)
SELECT s.source || ' ' || s.scope AS resource,
       'unparsed ' || u.entry_index AS key,
       'review' AS status,
       'presence' AS basis,
       'Entry ' || u.entry_index || ' could not be parsed, so it could be for one of our names: ' || u.reason AS reason,
       'unparsed_entry' AS ref_table,
       u.id AS ref_id,
       n.received_ms AS observed_at
FROM unparsed_entry u
JOIN item_note n ON n.leaf = u.leaf
JOIN expected s ON s.source = n.source AND s.evidence = 'ct-log' AND s.scope = u.log
WHERE n.received_ms >= :period_start AND n.received_ms < :period_end AND s.retired_ms > :period_start
UNION ALL
SELECT s.source || ' ' || s.scope, 'unread ' || e.leaf, 'review', 'presence',
       'An answer of this source could not be read: ' || e.reason,
       'decode_error', e.id, n.received_ms
FROM decode_error e
JOIN item_note n ON n.leaf = e.leaf
JOIN expected s ON s.source = e.source
WHERE n.received_ms >= :period_start AND n.received_ms < :period_end AND s.retired_ms > :period_start
UNION ALL
SELECT s.source || ' ' || s.scope, 'retired backwards', 'review', 'presence',
       'It was retired backwards: from ' || ((s.recorded_at - s.said_ms + 59999) / 60000) || ' minutes before the retirement was recorded.',
       NULL, NULL, s.recorded_at
FROM expected s
WHERE s.said_ms < s.recorded_at AND s.recorded_at > :period_start AND s.said_ms < :period_end;

-- population
WITH expected AS (
  SELECT x.source, x.evidence, x.scope,
         x.retired_ms < o.recorded_at AND o.recorded_at > :period_start AND x.retired_ms < :period_end AS backwards,
         CASE WHEN x.retired_ms < o.recorded_at AND EXISTS (SELECT 1 FROM coverage c
                                                            WHERE c.evidence = x.evidence AND c.scope = x.scope
                                                              AND c.source = x.source AND c.grade > 0)
              THEN o.recorded_at ELSE x.retired_ms END AS retired_ms
  FROM source_scope x LEFT JOIN source o ON o.name = x.source
)
-- each source by itself: what another one saw does not make up for it
SELECT s.source || ' ' || s.scope AS resource, 'source' AS evidence,
       s.source || ' ' || s.evidence || ' ' || s.scope AS scope,
       :period_start AS need_from,
       CASE WHEN s.retired_ms < :period_end THEN s.retired_ms ELSE :period_end END AS need_to, 'sampled' AS grade
FROM expected s
WHERE s.retired_ms > :period_start
UNION ALL
SELECT s.source || ' ' || s.scope, NULL, NULL, :period_start, :period_start, NULL
FROM expected s
WHERE s.retired_ms <= :period_start AND s.backwards;
