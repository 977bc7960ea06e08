/*
id: zone-serial-unmoved
title: A zone that changes has a newer serial
severity: high
resource: zone
answers: [P04, P24, P51]
why: >-
  Secondary servers, and whoever watches a zone by its serial, see nothing of a change that leaves the serial where it was or
  takes it back. Servers then answer differently, and the change is in no history.
remedy: >-
  Raise the serial with each change (on PowerDNS set SOA-EDIT-API), find out who made this one, and see whether all servers
  serve the same content now.
false-positives: >-
  A zone that was set up anew on purpose with an older serial; an answer from another server of the same name that lags behind.
*/
WITH listed AS (
  -- zones of which a provider's list of records tells, without a serial that moves with them, and nothing else does
  SELECT z.name
  FROM zone z
  JOIN coverage c ON c.evidence = 'zone-changes' AND c.scope = z.name AND c.t_from < :period_end AND c.t_to > :period_start
  WHERE z.serial = -1 AND c.grade > 0
  GROUP BY z.name
  HAVING MIN(instr(COALESCE(c.reason, ''), 'the source tells no serial')) > 0
)

-- findings
WITH unmoved AS MATERIALIZED (
  SELECT c.*,
         -- a list without serials that another source gave, and that was told last: then the two differ, whoever is right
         (SELECT CASE WHEN o.kind = 'content' AND o.source <> c.source THEN o.source END FROM change o
          WHERE o.zone = c.zone AND o.id < c.id ORDER BY o.id DESC LIMIT 1) AS other
  FROM change c
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.t_from < :period_end AND c.t_to > :period_start
    -- lists without serials (kind content) and chains that broke (-1) say nothing of a serial
    AND c.kind = 'comparison' AND c.serial_from >= 0 AND c.serial_to >= 0
    AND ((c.serial_from = c.serial_to AND EXISTS (SELECT 1 FROM change_record r WHERE r.change_id = c.id))
         -- RFC 1982, 3.2: the old serial is ahead of the new one by less than half of all; by just half neither is newer
         OR ((c.serial_from - c.serial_to) & 4294967295) BETWEEN 1 AND 2147483648)
)
SELECT c.zone AS resource,
       c.serial_from || '-' || c.serial_to || ' at ' || c.t_from AS key,
       CASE WHEN abs(c.serial_from - c.serial_to) = 2147483648 OR (c.serial_from = c.serial_to AND c.other IS NOT NULL) THEN 'review' ELSE 'fail' END AS status,
       'presence' AS basis,
       CASE WHEN c.serial_from = c.serial_to AND c.other IS NOT NULL
            THEN 'Under serial ' || c.serial_from || ' ' || c.source || ' shows other content than the list of ' || c.other || ' before it.'
            WHEN c.serial_from = c.serial_to
            THEN 'The content changed under serial ' || c.serial_from || ' ('
                 || (SELECT COUNT(*) FROM change_record r WHERE r.change_id = c.id) || ' records), which did not move.'
            WHEN abs(c.serial_from - c.serial_to) = 2147483648
            THEN 'The serial went from ' || c.serial_from || ' to ' || c.serial_to || ', half of all away: that is neither newer nor older, and servers need not follow.'
            ELSE 'The serial went back from ' || c.serial_from || ' to ' || c.serial_to || '.' END AS reason,
       'change' AS ref_table,
       c.id AS ref_id,
       c.t_from AS observed_at
FROM unmoved c
UNION ALL
SELECT DISTINCT d.zone, '', 'not-applicable', 'presence', 'The source of this zone tells no serial that moves with its content.', NULL, CAST(NULL AS BIGINT), :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.zone IN (SELECT l.name FROM listed l);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       -- only where the content was compared can it be said that it moved with the serial alone
       :period_start AS need_from, :period_end AS need_to, 'proven' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND d.zone NOT IN (SELECT l.name FROM listed l)
UNION ALL
SELECT DISTINCT d.zone, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND d.zone IN (SELECT l.name FROM listed l);
