/*
id: challenge-ttl
title: Challenges do not linger in caches
severity: low
resource: zone
answers: [P39, P49]
why: A challenge with a long time to live stays in caches after it was replaced, and makes the next validation fail.
remedy: Let the client write challenges with a time to live of five minutes or less.
false-positives: Servers that raise short times to live to a minimum of their own.
params:
  ttl: {type: int, default: 300, meaning: "longest time to live of a challenge, seconds"}
*/
SELECT r.zone AS resource,
       r.owner || ' ' || r.rdata || ' ' || r.valid_from AS key,
       'fail' AS status,
       'presence' AS basis,
       'The challenge at ' || r.owner || ' may be kept for ' || r.ttl || ' seconds; ' || :ttl || ' are allowed.' AS reason,
       'record' AS ref_table,
       r.id AS ref_id,
       r.valid_from AS observed_at
FROM record r
WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
  AND r.type = 'TXT' AND r.ttl > :ttl AND r.valid_to > :period_start AND r.valid_from < :period_end
  AND (substr(r.owner, 1, 16) = '_acme-challenge.' OR (substr(r.owner, 1, 1) = '_' AND substr(r.owner, 18, 17) = '._acme-challenge.'));

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
