/*
id: zone-change-unattributed
title: Every change of a zone has somebody who made it
severity: high
resource: zone
answers: [P04, P10, P24, P51, P91]
why: A change that no log claims was made around the process, or the log is not complete.
remedy: >-
  Find out who made the change. If it was a legitimate way that no log shows, make it one that is logged.
false-positives: Edits of a zone file followed by a reload, and changes by the signer of key records.
*/
SELECT c.zone AS resource,
       c.serial_from || '-' || c.serial_to || CASE WHEN c.serial_from = c.serial_to THEN ' at ' || c.t_from ELSE '' END AS key,
       CASE WHEN EXISTS (SELECT 1 FROM change_claim m WHERE m.change_id = c.id AND m.rank >= 2) THEN 'review' ELSE 'fail' END AS status,
       'absence' AS basis,
       CASE WHEN EXISTS (SELECT 1 FROM change_claim m WHERE m.change_id = c.id AND m.rank >= 2)
            THEN 'The change from serial ' || c.serial_from || ' to ' || c.serial_to || ' can be explained in more than one way.'
            WHEN EXISTS (SELECT 1 FROM change_claim m WHERE m.change_id = c.id)
            THEN 'The change from serial ' || c.serial_from || ' to ' || c.serial_to
                 || ' is like nothing that the logs say; only the time of an entry fits.'
            ELSE 'No log says who made the change from serial ' || c.serial_from || ' to ' || c.serial_to || '.' END AS reason,
       'change' AS ref_table,
       c.id AS ref_id,
       t.t_from AS observed_at
FROM change c
JOIN change_time t ON t.change_id = c.id
WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
  AND t.t_from < :period_end AND t.t_to > :period_start
  AND EXISTS (SELECT 1 FROM change_record r WHERE r.change_id = c.id)
  AND NOT EXISTS (SELECT 1 FROM change_claim m WHERE m.change_id = c.id AND m.rank >= 2 AND m.ambiguous = 0);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
UNION ALL
-- that nobody claims a change can be said only where the logs were read
SELECT c.zone, 'zone-claims', c.zone, t.t_from, t.t_to, 'asserted'
FROM change c
JOIN change_time t ON t.change_id = c.id
WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
  AND t.t_from < :period_end AND t.t_to > :period_start
  AND EXISTS (SELECT 1 FROM change_record r WHERE r.change_id = c.id)
  AND NOT EXISTS (SELECT 1 FROM change_claim m WHERE m.change_id = c.id AND m.rank >= 2 AND m.ambiguous = 0);
