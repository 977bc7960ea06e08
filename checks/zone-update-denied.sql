/*
id: zone-update-denied
title: Nobody tries to change zones without the right to
severity: medium
resource: zone
answers: [P04, P51, P58]
why: >-
  A signature that does not verify under the name of a key that exists is a key that was changed on one side, or somebody who knows
  its name. Refusals again and again are a client that was set up wrongly, or somebody who tries.
remedy: Find the client by its address. Correct its key or its grant, or block it.
false-positives: A clock that is wrong on the client; a key that is being replaced.
params:
  window: {type: duration, default: 10m, meaning: "time in which refusals are counted"}
  most: {type: int, default: 5, meaning: "refusals of one credential or client in that time that are a finding"}
*/
WITH scoped AS (
  SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
), first_zone AS (
  SELECT s.source, MIN(s.scope) AS zone FROM source_scope s JOIN scoped d ON d.zone = s.scope
  WHERE s.evidence = 'zone-claims' GROUP BY s.source
), refused AS (
  SELECT l.id, l.t_from, l.outcome, l.claimed, l.source, l.client,
         -- a bad signature names no zone where a log speaks for several: it is put to the first of them
         CASE WHEN l.zone <> '.' THEN l.zone ELSE h.zone END AS zone,
         COALESCE(l.credential, l.claimed,
                  CASE WHEN instr(l.client, '#') > 0 THEN substr(l.client, 1, instr(l.client, '#') - 1)
                       WHEN instr(l.client, '@') > 0 THEN substr(l.client, 1, instr(l.client, '@') - 1)
                       ELSE l.client END, 'nobody named') AS who
  FROM claim l LEFT JOIN first_zone h ON h.source = l.source
  WHERE l.outcome IN ('denied', 'refused', 'bad-signature')
    AND l.t_from < :period_end AND l.t_to > :period_start
), counted AS (
  SELECT r.id, r.zone, r.who, r.t_from,
         COUNT(*) OVER (PARTITION BY r.zone, r.who ORDER BY r.t_from RANGE BETWEEN CURRENT ROW AND :window FOLLOWING) AS n
  FROM refused r
  WHERE r.zone IN (SELECT zone FROM scoped)
)
SELECT r.zone AS resource,
       'signature ' || r.claimed AS key,
       'review' AS status,
       'presence' AS basis,
       COUNT(*) || CASE COUNT(*) WHEN 1 THEN ' updates was' ELSE ' updates were' END || ' signed in the name of ' || r.claimed || ' with a signature that does not verify, first from '
         || COALESCE(MIN(r.client), 'an unknown address') || '.' AS reason,
       'claim' AS ref_table,
       MIN(r.id) AS ref_id,
       MIN(r.t_from) AS observed_at
FROM refused r
WHERE r.outcome = 'bad-signature' AND r.zone IN (SELECT zone FROM scoped)
  AND (r.claimed IN (SELECT k.id FROM credential k)
       OR r.claimed IN (SELECT c.credential FROM claim c WHERE c.outcome = 'applied' AND c.credential IS NOT NULL))
GROUP BY r.zone, r.claimed
UNION ALL
SELECT c.zone, 'refused ' || c.who, 'review', 'presence',
       MAX(c.n) || ' updates of ' || c.who || ' were refused within ' || (:window / 60000) || ' minutes (a finding from ' || :most || ' on).',
       'claim', MIN(c.id), MIN(c.t_from)
FROM counted c
WHERE c.n >= :most
GROUP BY c.zone, c.who
UNION ALL
SELECT 'no log', '', 'not-applicable', 'presence', 'No log of updates is configured.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.evidence = 'zone-claims' AND s.retired_ms > :period_start);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-claims' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
JOIN source_scope s ON s.scope = d.zone AND s.evidence = 'zone-claims' AND s.retired_ms > :period_start
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
UNION ALL
SELECT 'no log', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM source_scope s WHERE s.evidence = 'zone-claims' AND s.retired_ms > :period_start);
