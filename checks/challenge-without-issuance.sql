/*
id: challenge-without-issuance
title: Challenges lead to certificates
severity: medium
resource: zone
answers: [P12, P34, P58]
why: >-
  Who can place challenges can get certificates. A challenge that no certificate followed is an order that failed, or a trial of somebody who
  should not be there, or a certificate that was kept out of the logs.
remedy: Look at the log of the client for the order. If no client of ours asked, find out who wrote the record.
false-positives: Orders that failed, private authorities and test environments of issuers, which log nothing.
params:
  within: {type: duration, default: 24h, meaning: "how long after the challenge the certificate may be logged"}
  delay: {type: duration, default: 24h, meaning: "how late logs may show it (maximum merge delay)"}
  tolerance: {type: duration, default: 10m, meaning: "how far the clock of a log may be before ours"}
*/
WITH placed AS MATERIALIZED (
  -- at _acme-challenge.name, or below the label of an account there
  SELECT c.zone, r.id, r.owner, r.rdata, t.t_from, t.t_to,
         CASE WHEN substr(r.owner, 1, 16) = '_acme-challenge.' THEN r.owner ELSE substr(r.owner, 19) END AS plain
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND r.op = 'add' AND r.type = 'TXT' AND t.t_from > 0
    AND (substr(r.owner, 1, 16) = '_acme-challenge.' OR (substr(r.owner, 1, 1) = '_' AND substr(r.owner, 18, 17) = '._acme-challenge.'))
    AND t.t_to + :within + :delay <= :as_of AND t.t_to + :within > :period_start AND t.t_to + :within <= :period_end
), named AS MATERIALIZED (
  SELECT p.*, substr(p.plain, 17) AS base FROM placed p
  UNION ALL
  -- what an alias at another challenge leads to is a challenge for that name
  SELECT p.*, CASE WHEN substr(a.owner, 1, 16) = '_acme-challenge.' THEN substr(a.owner, 17) ELSE substr(a.owner, 35) END
  FROM placed p
  JOIN record a ON a.type = 'CNAME' AND a.rdata = p.owner || '.' AND a.valid_from < p.t_to AND a.valid_to > p.t_from
               AND (substr(a.owner, 1, 16) = '_acme-challenge.' OR (substr(a.owner, 1, 1) = '_' AND substr(a.owner, 18, 17) = '._acme-challenge.'))
), followed AS (
  SELECT p.id FROM named p
  JOIN certificate_name n ON n.base = p.base
  JOIN certificate c ON c.id = n.certificate_id AND c.logged_ms >= p.t_from - :tolerance AND c.logged_ms < p.t_to + :within
  UNION
  -- the client says why there is none
  SELECT p.id FROM named p
  JOIN issuance_name n ON n.base = p.base
  JOIN issuance_request q ON q.id = n.request_id AND q.outcome = 'failed' AND q.t_to > p.t_from - :tolerance AND q.t_from < p.t_to + :within
)
SELECT p.zone AS resource,
       p.owner || ' ' || p.rdata || ' ' || p.t_from AS key,
       'review' AS status,
       'absence' AS basis,
       'A challenge was placed at ' || p.owner || ', and no certificate for ' || substr(p.plain, 17) || ' was logged in the ' || (:within / 3600000) || ' hours after.' AS reason,
       'change_record' AS ref_table,
       p.id AS ref_id,
       p.t_from AS observed_at
FROM placed p
WHERE p.id NOT IN (SELECT f.id FROM followed f);

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
UNION ALL
SELECT d.zone, 'ct', d.name, :period_start, :period_end, 'asserted'
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
