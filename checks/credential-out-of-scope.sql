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
  SELECT c.id, c.credential, c.source, c.ref, c.t_from, r.owner, r.type, MIN(r.id) AS record_id
  FROM claim c
  JOIN claim_record r ON r.claim_id = c.id
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome = 'applied' AND c.credential IS NOT NULL
    AND c.t_from < :period_end AND c.t_to > :period_start
  GROUP BY c.id, c.credential, c.source, c.ref, c.t_from, r.owner, r.type
)
SELECT w.credential AS resource,
       w.source || ' ' || w.ref AS key,
       'fail' AS status,
       'presence' AS basis,
       'It wrote ' || COALESCE(w.type, 'all') || ' records at ' || w.owner || ', which is outside its declared scope.' AS reason,
       'claim_record' AS ref_table,
       w.record_id AS ref_id,
       w.t_from AS observed_at
FROM written w
WHERE EXISTS (SELECT 1 FROM credential_scope s WHERE s.credential = w.credential)
  AND NOT EXISTS (SELECT 1 FROM credential_scope s
                  WHERE s.credential = w.credential
                    AND (s.type = '*' OR s.type = w.type)
                    AND ((s.suffix = '' AND s.owner = w.owner)
                         OR (s.suffix <> '' AND length(w.owner) > length(s.suffix)
                             AND substr(w.owner, length(w.owner) - length(s.suffix) + 1) = s.suffix)))
UNION ALL
SELECT w.credential, '', 'review', 'presence',
       'It writes to zones in scope, and what it is for is not declared.',
       'claim_record', MIN(w.record_id), MIN(w.t_from)
FROM written w
WHERE NOT EXISTS (SELECT 1 FROM credential_scope s WHERE s.credential = w.credential)
GROUP BY w.credential;

-- population
WITH examined AS (
  SELECT k.id AS credential FROM credential k
  UNION
  SELECT c.credential
  FROM claim c
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome = 'applied' AND c.credential IS NOT NULL
    AND c.t_from < :period_end AND c.t_to > :period_start
), logged AS (
  -- every zone that we look at: a write there by this credential would have to stand in its log
  SELECT DISTINCT d.zone
  FROM domain d
  JOIN source_scope s ON s.scope = d.zone AND s.evidence IN ('zone-changes', 'zone-claims')
  WHERE d.in_scope = 1 AND s.retired_ms > :period_start
)
SELECT e.credential AS resource, 'zone-claims' AS evidence, l.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM examined e LEFT JOIN logged l ON l.zone IS NOT NULL;
