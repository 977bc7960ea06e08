/*
id: credential-acme-pattern
title: Keys for challenges write challenges alone
severity: high
resource: credential
answers: [P07, P09, P12, P58, P59, P61]
why: >-
  The key of an ACME client writes the same few records in the same form. Anything else is another program with the same key, or somebody who uses
  TXT records for something else.
remedy: Find out what wrote the record. Replace the key if nobody can say, and narrow its grant to TXT records at _acme-challenge.
false-positives: Clients that write challenges into a zone of their own; declare those names.
*/
WITH forced AS (
  SELECT s.credential,
         SUM(CASE WHEN s.type = 'TXT' AND (substr(s.owner, 1, 16) = '_acme-challenge.' OR instr(s.owner, '._acme-challenge.') > 0) THEN 0 ELSE 1 END) AS others
  FROM credential_scope s
  WHERE s.withdrawn_at > :period_start
  GROUP BY s.credential
), acme AS (
  SELECT f.credential FROM forced f WHERE f.others = 0
  UNION
  SELECT k.id FROM credential k WHERE instr(lower(COALESCE(k.kind, '') || ' ' || COALESCE(k.purpose, '')), 'acme') > 0
                                   OR instr(lower(COALESCE(k.purpose, '')), 'dns-01') > 0
)

-- findings
WITH written AS (
  SELECT c.id, c.credential, c.source, c.ref, c.t_from, r.id AS record_id, r.owner, r.type, r.op, replace(r.rdata, '"', '') AS text
  FROM acme a
  JOIN claim c ON c.credential = a.credential
  JOIN claim_record r ON r.claim_id = c.id
  WHERE c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome = 'applied' AND c.kind <> 'transfer' AND c.t_from < :period_end AND c.t_to > :period_start
), judged AS (
  SELECT w.*,
         -- deleting all types at a challenge's name is how some clients tidy up
         CASE WHEN substr(w.owner, 1, 16) = '_acme-challenge.' OR instr(w.owner, '._acme-challenge.') > 0 THEN 1
              WHEN EXISTS (SELECT 1 FROM credential_scope s
                           WHERE s.credential = w.credential AND s.withdrawn_at > w.t_from AND s.type = 'TXT'
                             AND ((s.suffix = '' AND s.owner = w.owner)
                                  OR (s.suffix <> '' AND length(w.owner) > length(s.suffix)
                                      AND substr(w.owner, length(w.owner) - length(s.suffix) + 1) = s.suffix))) THEN 1
              ELSE 0 END AS place
  FROM written w
)
SELECT j.credential AS resource,
       j.source || ' ' || j.ref AS key,
       'fail' AS status,
       'presence' AS basis,
       'It is for challenges, and it ' || CASE WHEN j.op = 'del' THEN 'deleted ' ELSE 'wrote ' END || COALESCE(j.type, 'all') || ' records at ' || j.owner || '.' AS reason,
       'claim_record' AS ref_table,
       j.record_id AS ref_id,
       j.t_from AS observed_at
FROM judged j
WHERE j.place = 0 OR (j.type IS NOT NULL AND j.type <> 'TXT')
UNION ALL
-- 43 letters of base64url: a SHA-256 (RFC 8555, 8.4)
SELECT j.credential, 'text ' || j.source || ' ' || j.ref, 'review', 'presence',
       'It wrote a text of ' || length(j.text) || ' letters at ' || j.owner || ', which no challenge has.', 'claim_record', j.record_id, j.t_from
FROM judged j
WHERE j.op = 'add' AND j.type = 'TXT' AND j.place = 1 AND j.text IS NOT NULL
  AND (length(j.text) <> 43 OR instr(j.text, ' ') + instr(j.text, '=') + instr(j.text, '.') + instr(j.text, ':') + instr(j.text, '/') + instr(j.text, '+') > 0)
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential is declared for challenges.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM acme) = 0;

-- population
SELECT a.credential AS resource, 'shared' AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM acme a
UNION ALL
-- a write to any zone that is looked at would have to stand in its log
SELECT DISTINCT NULL, 'zone-claims', d.zone, :period_start, :period_end, 'asserted'
FROM (SELECT 1 AS n) o
LEFT JOIN domain d ON d.in_scope = 1 AND d.zone IN (SELECT s.scope FROM source_scope s
                                                    WHERE s.evidence IN ('zone-claims', 'zone-changes') AND s.retired_ms > :period_start)
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM acme) = 0;
