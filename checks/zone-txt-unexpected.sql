/*
id: zone-txt-unexpected
title: Texts appear where texts belong
severity: medium
resource: zone
answers: [P58, P61, P72]
why: >-
  A text at a name that never had one is how strangers prove to a service that they hold a domain: for mail, for storage, for certificates. It
  is also how data leaves a network.
remedy: Ask who put it there and for which service. Take it away if nobody can say; declare the names at which a credential writes texts.
false-positives: The proof of a domain for a new service, which somebody ordered and nobody wrote down.
params:
  usual: {type: text, default: "_acme-challenge _dmarc _domainkey _mta-sts _smtp._tls _dnslink _validation-persist _report._dmarc", meaning: "first labels, or labels within a name, at which texts are usual; blanks between"}
*/
WITH RECURSIVE listed(label, rest) AS (
  SELECT '', :usual || ' '
  UNION ALL
  SELECT substr(l.rest, 1, instr(l.rest, ' ') - 1), substr(l.rest, instr(l.rest, ' ') + 1) FROM listed l WHERE l.rest <> ''
), usual AS MATERIALIZED (
  SELECT DISTINCT '.' || l.label || '.' AS label FROM listed l WHERE l.label <> ''
), came AS MATERIALIZED (
  SELECT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, r.owner, t.t_from, t.t_to, MIN(r.rdata) AS rdata,
         MIN(r.id) AS record_id
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND r.type = 'TXT' AND r.op = 'add'
    -- the name had a text before
    AND NOT EXISTS (SELECT 1 FROM record b WHERE b.owner = r.owner AND b.type = 'TXT' AND b.valid_from < c.t_from)
  GROUP BY c.id, c.zone, c.serial_from, c.serial_to, c.t_from, r.owner, t.t_from, t.t_to
), belongs AS (
  SELECT DISTINCT x.owner FROM came x JOIN usual u ON instr('.' || x.owner, u.label) > 0
), declared AS (
  -- a credential that is declared to write texts there
  SELECT DISTINCT x.id, x.owner
  FROM came x
  CROSS JOIN change_claim m
  CROSS JOIN claim l
  CROSS JOIN credential_scope s
  WHERE m.change_id = x.id AND m.rank >= 2 AND m.ambiguous = 0 AND l.id = m.claim_id
    AND s.credential = l.credential AND s.type IN ('TXT', '*') AND s.withdrawn_at > x.t_from
    AND ((s.suffix = '' AND s.owner = x.owner)
         OR (s.suffix <> '' AND substr(x.owner, length(x.owner) - length(s.suffix) + 1) = s.suffix))
), judged AS (
  SELECT x.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject = x.owner AND a.kind = 'record.change'
            AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM came x
  WHERE x.owner NOT IN (SELECT b.owner FROM belongs b)
    AND x.id || ' ' || x.owner NOT IN (SELECT d.id || ' ' || d.owner FROM declared d)
    AND NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = x.owner AND a.kind = 'record.change'
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to AND a.recorded_at <= x.t_from)
)
SELECT j.zone AS resource,
       j.serial_from || '-' || j.serial_to || ' ' || j.owner || ' at ' || j.seen_from AS key,
       'review' AS status,
       'presence' AS basis,
       'A text appeared at ' || j.owner || ', which had none (' || substr(j.rdata, 1, 80) || ')'
         || CASE WHEN j.recorded_at >= j.t_to THEN '; the approval was recorded ' || ((j.recorded_at - j.t_to + 60000) / 60000) || ' minutes later.'
                 WHEN j.recorded_at IS NOT NULL THEN '; an approval covers only part of the time in which it may have appeared.'
                 ELSE ', and no declared credential or approval stands behind it.' END AS reason,
       'change_record' AS ref_table,
       j.record_id AS ref_id,
       j.t_from AS observed_at
FROM judged j;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
