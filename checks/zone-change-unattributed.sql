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
WITH named AS (
  -- serials come again after a roll-back: what comes later under them is another change, with a key of its own
  SELECT c.id, c.zone, c.serial_from, c.serial_to, t.t_from, t.t_to,
         c.serial_from || '-' || c.serial_to
           || CASE WHEN c.serial_from = c.serial_to
                     OR EXISTS (SELECT 1 FROM change e
                                WHERE e.zone = c.zone AND e.serial_from = c.serial_from AND e.serial_to = c.serial_to AND e.id < c.id)
                   THEN ' at ' || c.t_from ELSE '' END AS key,
         (SELECT MAX(m.rank) FROM change_claim m WHERE m.change_id = c.id) AS best
  FROM change c
  CROSS JOIN change_time t
  WHERE t.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND EXISTS (SELECT 1 FROM change_record r WHERE r.change_id = c.id)
)
SELECT c.zone AS resource,
       c.key AS key,
       CASE WHEN c.best >= 2 THEN 'review' ELSE 'fail' END AS status,
       'absence' AS basis,
       CASE WHEN c.best >= 2
            THEN 'The change from serial ' || c.serial_from || ' to ' || c.serial_to || ' can be explained in more than one way.'
            WHEN c.best >= 1
            THEN 'The change from serial ' || c.serial_from || ' to ' || c.serial_to
                 || ' is like nothing that the logs say; only the time of an entry fits.'
            ELSE 'No log says who made the change from serial ' || c.serial_from || ' to ' || c.serial_to || '.' END AS reason,
       'change' AS ref_table,
       c.id AS ref_id,
       c.t_from AS observed_at
FROM named c
WHERE NOT EXISTS (SELECT 1 FROM change_claim m WHERE m.change_id = c.id AND m.rank >= 2 AND m.ambiguous = 0)
UNION ALL
-- claimed, but the log knows an address alone: anybody there could have sent it; or by a commit that nobody signed: its author is anybody's word
SELECT c.zone, c.key, 'review', 'presence',
       'The change from serial ' || c.serial_from || ' to ' || c.serial_to
         || CASE WHEN MIN(l.kind) = 'commit' AND MAX(l.kind) = 'commit'
                 THEN ' is that of a commit in the name of ' || COALESCE(MIN(l.actor), 'nobody') || ', which no signature of a trusted key shows.'
                 ELSE ' was made by an unsigned update from ' || COALESCE(MIN(l.client), 'an unknown address') || '.' END,
       'change', c.id, c.t_from
FROM named c
CROSS JOIN change_claim m
CROSS JOIN claim l
WHERE m.change_id = c.id AND m.rank >= 2 AND l.id = m.claim_id
GROUP BY c.id, c.zone, c.key, c.serial_from, c.serial_to, c.t_from
HAVING COUNT(CASE WHEN l.kind = 'commit' THEN l.credential ELSE COALESCE(l.credential, l.actor) END) = 0 AND MIN(m.ambiguous) = 0;

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
