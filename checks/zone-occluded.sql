/*
id: zone-occluded
title: No record of a zone hides another
severity: low
resource: zone
answers: [P14, P39]
why: >-
  An alias beside other records, and records below a delegation or the alias of a branch (DNAME), are answered by some servers and not by others. What people see differs, and
  what stands there may have been put there to be found later.
remedy: Take the records away that cannot be reached, or the alias or delegation that hides them.
false-positives: Old data below a new delegation that is removed a little later.
*/
WITH RECURSIVE stood AS MATERIALIZED (
  -- at the end of the period
  SELECT r.zone, r.owner, r.type,
         MIN(r.id) AS record_id,
         MAX(r.valid_from) AS valid_from
  FROM record r
  WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND r.valid_to >= :period_end AND r.valid_from < :period_end
    -- what stands beside every alias of a signed zone, and what a provider says of a record
    AND r.type NOT IN ('RRSIG', 'NSEC', 'NSEC3', 'KEY', 'ALIAS', 'PROXIED', 'ROUTED', 'DISABLED')
  GROUP BY r.zone, r.owner, r.type
), delegated AS MATERIALIZED (
  SELECT s.zone, s.owner, s.type FROM stood s WHERE s.type = 'NS' AND s.owner <> s.zone OR s.type = 'DNAME'
), below AS (
  SELECT s.zone, s.owner, s.owner AS name FROM stood s
  WHERE s.zone IN (SELECT d.zone FROM delegated d) AND s.owner <> s.zone
  UNION
  SELECT b.zone, b.owner, substr(b.name, instr(b.name, '.') + 1) FROM below b WHERE instr(b.name, '.') > 0 AND length(b.name) > length(b.zone)
)
SELECT c.zone AS resource,
       'alias ' || c.owner AS key,
       'fail' AS status,
       'presence' AS basis,
       'An alias stands at ' || c.owner || ' beside ' || COUNT(*) || ' types of records, first ' || MIN(o.type) || '.' AS reason,
       'record' AS ref_table,
       c.record_id AS ref_id,
       c.valid_from AS observed_at
FROM stood c
JOIN stood o ON o.zone = c.zone AND o.owner = c.owner AND o.type <> 'CNAME'
WHERE c.type = 'CNAME'
  -- there the alias at the top of a zone is answered as the addresses that it leads to
  AND NOT (c.owner = c.zone AND c.zone IN (SELECT z.name FROM zone z JOIN source t ON t.name = z.source AND t.kind = 'cloudflare-zone'))
GROUP BY c.zone, c.owner, c.record_id, c.valid_from
UNION ALL
SELECT s.zone, 'below ' || d.owner, 'fail', 'presence',
       'Never answered below the ' || CASE d.type WHEN 'NS' THEN 'delegation of ' ELSE 'alias (DNAME) of ' END || d.owner || ': ' || COUNT(*) || ' sets of records, first '
         || MIN(s.owner || ' ' || s.type) || '.',
       'record',
       MIN(s.record_id),
       MIN(s.valid_from)
FROM delegated d
JOIN below b ON b.zone = d.zone AND b.name = d.owner
JOIN stood s ON s.zone = b.zone AND s.owner = b.owner
-- addresses of its name servers belong below a delegation; at it DS does as well. Beside the alias of a branch other types may stand (RFC 6672, 2.3)
WHERE d.type = 'NS' AND s.type NOT IN ('A', 'AAAA') AND NOT (s.owner = d.owner AND s.type IN ('NS', 'DS'))
   OR d.type = 'DNAME' AND s.owner <> d.owner
GROUP BY s.zone, d.owner, d.type;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
