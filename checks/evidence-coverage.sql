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
JOIN source_scope s ON s.source = n.source AND s.evidence = 'ct-log' AND s.scope = u.log
WHERE n.received_ms >= :period_start AND n.received_ms < :period_end AND s.retired_ms > :period_start
UNION ALL
SELECT s.source || ' ' || s.scope, 'unread ' || e.leaf, 'review', 'presence',
       'An answer of this source could not be read: ' || e.reason,
       'decode_error', e.id, n.received_ms
FROM decode_error e
JOIN item_note n ON n.leaf = e.leaf
JOIN source_scope s ON s.source = e.source
WHERE n.received_ms >= :period_start AND n.received_ms < :period_end AND s.retired_ms > :period_start;

-- population
SELECT s.source || ' ' || s.scope AS resource, s.evidence AS evidence, s.scope AS scope,
       :period_start AS need_from,
       CASE WHEN s.retired_ms < :period_end THEN s.retired_ms ELSE :period_end END AS need_to, 'sampled' AS grade
FROM source_scope s
WHERE s.retired_ms > :period_start;
