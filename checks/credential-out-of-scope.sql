/*
id: credential-out-of-scope
title: Credentials write only what they are for
severity: high
resource: credential
answers: [P07, P09, P55, P57, P58, P59, P61]
why: >-
  A key that can place challenges at any name can get certificates for all of them. What it has written shows what it can
  write.
remedy: >-
  Find out who used the credential. Narrow its grant to the declared names and types, and replace the key if the use
  cannot be explained.
false-positives: A declared scope that was not kept up to date.
*/
WITH written AS (
  SELECT c.id, c.credential, c.kind, c.source, c.ref, c.t_from, r.owner, r.type, MIN(r.id) AS record_id
  FROM claim c
  JOIN claim_record r ON r.claim_id = c.id
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome = 'applied' AND c.kind <> 'transfer' AND c.credential IS NOT NULL
    AND c.t_from < :period_end AND c.t_to > :period_start
  GROUP BY c.id, c.credential, c.kind, c.source, c.ref, c.t_from, r.owner, r.type
), judged AS (
  -- the earliest word that allows it
  SELECT w.*,
         (SELECT MIN(CASE WHEN s.recorded_at = b.t THEN -9223372036854775807 ELSE s.recorded_at END)
          FROM credential_scope s
          WHERE s.credential = w.credential AND s.withdrawn_at > w.t_from
            AND (s.type = '*' OR s.type = w.type)
            AND ((s.suffix = '' AND s.owner = w.owner)
                 OR (s.suffix <> '' AND length(w.owner) > length(s.suffix)
                     AND substr(w.owner, length(w.owner) - length(s.suffix) + 1) = s.suffix))) AS recorded_at
  FROM written w CROSS JOIN inventory_begun b
)
SELECT j.credential AS resource,
       j.source || ' ' || j.ref AS key,
       CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'It wrote ' || COALESCE(j.type, 'all') || ' records at ' || j.owner
         || CASE WHEN j.recorded_at IS NULL THEN ', which is outside its declared scope.'
                 ELSE '; that was declared only afterwards, ' || ((j.recorded_at - j.t_from + 59999) / 60000) || ' minutes later.' END AS reason,
       'claim_record' AS ref_table,
       j.record_id AS ref_id,
       j.t_from AS observed_at
FROM judged j
WHERE EXISTS (SELECT 1 FROM credential_scope s WHERE s.credential = j.credential)
  AND (j.recorded_at IS NULL OR j.recorded_at > j.t_from)
UNION ALL
SELECT w.credential, '', 'review', 'presence',
       'It writes to zones in scope, and what it is for is not declared.',
       'claim_record', MIN(w.record_id), MIN(w.t_from)
FROM written w
-- who signs a commit is a person, and no key of a server
WHERE w.kind <> 'commit' AND NOT EXISTS (SELECT 1 FROM credential_scope s WHERE s.credential = w.credential)
GROUP BY w.credential;

-- population
WITH examined AS (
  SELECT k.id AS credential FROM credential k
  UNION
  SELECT c.credential
  FROM claim c
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome = 'applied' AND c.kind <> 'transfer' AND c.credential IS NOT NULL
    AND c.t_from < :period_end AND c.t_to > :period_start
), logged AS (
  -- every zone that we look at: a write there by this credential would have to stand in its log
  SELECT DISTINCT d.zone
  FROM domain d
  JOIN source_scope s ON s.scope = d.zone AND s.evidence IN ('zone-changes', 'zone-claims')
  LEFT JOIN source o ON o.name = s.source
  WHERE d.in_scope = 1
    -- one that delivered counts until its retirement was recorded
    AND (s.retired_ms > :period_start
         OR (o.recorded_at > :period_start AND s.retired_ms < o.recorded_at
             AND EXISTS (SELECT 1 FROM coverage c WHERE c.evidence = s.evidence AND c.scope = s.scope
                                                    AND c.source = s.source AND c.grade > 0)))
)
SELECT e.credential AS resource, 'shared' AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM examined e
UNION ALL
SELECT NULL, 'zone-claims', l.zone, :period_start, :period_end, 'asserted'
FROM (SELECT 1 AS n) o LEFT JOIN logged l ON l.zone IS NOT NULL;
