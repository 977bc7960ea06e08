/*
id: zone-wildcard-record
title: Wildcards in zones are there on purpose
severity: medium
resource: zone
answers: [P39, P58, P69]
why: >-
  A wildcard answers for every name, the place of a challenge included. A wildcard text or alias can prove names that nobody ever asked for, and
  a wildcard address makes every misspelled name one of ours.
remedy: >-
  Replace the wildcard by the names that exist. Where it is meant, declare a service with that host, or record an approval (record.change, address.change, mx.change).
false-positives: >-
  Platforms that make names for each customer. Texts below a word like _domainkey or _report._dmarc are meant for all names and do not count.
*/
WITH wild AS MATERIALIZED (
  -- each place that an alias led to, one after the other; what says who sends mail is no proof of anything
  SELECT r.zone, r.owner, r.type,
         CASE WHEN r.type = 'CNAME' THEN r.rdata WHEN r.type = 'TXT' AND substr(r.rdata, 1, 7) = '"v=spf1' THEN 'v=spf1' ELSE '' END AS rdata,
         -- no host has a name below a word like _domainkey, and nobody looks for challenges there
         CASE WHEN instr(r.owner, '._') > 0 AND instr(r.owner, '._acme-challenge.') = 0 AND instr(r.owner, '._validation-persist.') = 0 THEN 1 ELSE 0 END AS worded,
         MIN(r.id) AS record_id,
         MAX(r.valid_from) AS valid_from
  FROM record r
  WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND substr(r.owner, 1, 2) = '*.' AND r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME', 'TXT', 'MX')
    AND r.valid_to > :period_start AND r.valid_from < :period_end
  GROUP BY r.zone, r.owner, r.type, CASE WHEN r.type = 'CNAME' THEN r.rdata WHEN r.type = 'TXT' AND substr(r.rdata, 1, 7) = '"v=spf1' THEN 'v=spf1' ELSE '' END
), foreign_alias AS (
  -- an alias to names that are not ours: the other side answers for every name, challenges included
  SELECT w.record_id
  FROM wild w
  WHERE w.type = 'CNAME' AND w.worded = 0
    AND w.record_id NOT IN (SELECT x.record_id FROM wild x
                            JOIN domain d ON d.in_scope = 1
                             AND substr('.' || x.rdata, length(x.rdata) - length(d.name)) = '.' || d.name || '.')
)
SELECT w.zone AS resource,
       w.owner || ' ' || w.type AS key,
       CASE WHEN w.type = 'TXT' AND w.rdata = '' OR w.record_id IN (SELECT f.record_id FROM foreign_alias f) THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN w.rdata = 'v=spf1' THEN 'A wildcard text stands at ' || w.owner || ' and says who sends mail in the names below.'
            WHEN w.type = 'TXT' THEN 'A wildcard text stands at ' || w.owner || ': it answers where challenges are looked for.'
            WHEN w.record_id IN (SELECT f.record_id FROM foreign_alias f)
            THEN 'The wildcard ' || w.owner || ' leads to ' || w.rdata || ', which is not ours and answers for every name below, challenges included.'
            ELSE 'A wildcard of type ' || w.type || ' stands at ' || w.owner || ', and no service is declared for it.' END AS reason,
       'record' AS ref_table,
       w.record_id AS ref_id,
       w.valid_from AS observed_at
FROM wild w
WHERE (w.type = 'TXT' OR w.owner NOT IN (SELECT s.host FROM service s))
  AND NOT (w.type = 'TXT' AND w.worded = 1)
  AND NOT EXISTS (SELECT 1 FROM approval a
                  WHERE a.subject = w.owner
                    AND a.kind IN ('record.change', CASE WHEN w.type = 'MX' THEN 'mx.change' WHEN w.type <> 'TXT' THEN 'address.change' END)
                    AND a.valid_from < :period_end AND a.valid_to > :period_start
                    AND a.withdrawn_at > :period_start AND a.recorded_at < :period_end);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
