/*
id: account-event-unmapped
title: What accounts tell is understood
severity: low
resource: source
answers: []
why: >-
  A source may use a word that no row of its map knows: it is kept, but no check looks at it. Among such words may be one that removes a lock or
  makes a token.
remedy: >-
  Look up the word at the provider. With a map of your own (events-file) add a row; of a built-in source tell its authors. Until then look at these events by
  hand.
false-positives: Words that have no meaning for domains, zones and credentials, such as the issue of a certificate in a provider's shop.
*/
SELECT e.source AS resource,
       e.action AS key,
       'review' AS status,
       'presence' AS basis,
       'The word ' || COALESCE(MIN(e.raw_action), e.action) || ' came ' || COUNT(*)
         || CASE WHEN COUNT(*) = 1 THEN ' time' ELSE ' times' END || ' and is not in the map of this source.' AS reason,
       'event' AS ref_table,
       MIN(e.id) AS ref_id,
       MIN(e.t_from) AS observed_at
FROM event e
WHERE substr(e.action, 1, 6) = 'other.'
  AND e.t_from < :period_end AND e.t_to > :period_start
GROUP BY e.source, e.action;

-- population
SELECT s.source AS resource, s.evidence AS evidence, s.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM source_scope s
WHERE s.evidence = 'account-events' AND s.retired_ms > :period_start
UNION
-- events of a source that no configuration has (any more): an export that was imported by hand
SELECT e.source, 'account-events', e.account,
       CASE WHEN MIN(e.t_from) < :period_start THEN :period_start ELSE MIN(e.t_from) END,
       CASE WHEN MAX(e.t_to) > :period_end THEN :period_end ELSE MAX(e.t_to) END, 'sampled'
FROM event e
WHERE e.t_from < :period_end AND e.t_to > :period_start
  AND NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.source = e.source AND s.evidence = 'account-events' AND s.retired_ms > :period_start)
GROUP BY e.source, e.account;
