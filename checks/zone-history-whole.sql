/*
id: zone-history-whole
title: The history of a zone is whole, step by step
severity: medium
resource: zone
answers: [P02, P10, P21, P24]
why: >-
  Steps that were merged or lost hide what came and went between two looks. A challenge that stood for a minute and a name that led elsewhere for
  an hour are gone without a trace.
remedy: >-
  Read the zone more often than the server's history is deep, or deepen it (Knot journal-max-depth, BIND max-journal-size and max-ixfr-ratio, NSD
  ixfr-number), or read the server's own log of updates.
false-positives: >-
  Servers that merge by design. Looks that compare whole contents alone are judged by what they are, and are not a fault here.
*/
WITH chained AS (
  SELECT c.*, LAG(c.serial_to) OVER w AS last_serial
  FROM change c
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
  WINDOW w AS (PARTITION BY c.zone ORDER BY c.id)
)
SELECT h.zone AS resource,
       h.serial_from || '-' || h.serial_to || ' at ' || h.t_from AS key,
       CASE WHEN h.merged IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN h.merged IS NOT NULL
            THEN 'The steps from serial ' || h.serial_from || ' to ' || h.serial_to || ' came as one: ' || h.merged || '. What came and went in them is not known.'
            WHEN h.serial_from = -1
            THEN 'The history broke before serial ' || h.serial_to || ': what it was before is not known.'
            WHEN h.anomalies > 0
            THEN h.anomalies || ' records of the change from serial ' || h.serial_from || ' to ' || h.serial_to
                 || CASE h.anomalies WHEN 1 THEN ' does' ELSE ' do' END || ' not fit what stood there: added though present, or deleted though absent.'
            ELSE 'Between serial ' || h.last_serial || ' and ' || h.serial_from || ' nothing was seen.' END AS reason,
       'change' AS ref_table,
       h.id AS ref_id,
       h.t_from AS observed_at
FROM chained h
WHERE h.t_from < :period_end AND h.t_to > :period_start
  AND h.kind = 'difference'
  AND (h.merged IS NOT NULL OR h.serial_from = -1 OR h.anomalies > 0
       -- an older serial again is for another check
       OR (h.last_serial <> h.serial_from AND h.last_serial >= 0 AND ((h.serial_from - h.last_serial) & 4294967295) < 2147483648));

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
