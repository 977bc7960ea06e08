/*
id: challenge-shape
title: Records at challenge names are challenges
severity: medium
resource: zone
answers: [P09, P58, P61]
why: >-
  What stands at a challenge's name and is none was put there by hand, by mistake, or to see whether anybody looks. A credential for
  challenges that writes other texts is used for something else.
remedy: Find out who wrote it and what for, and remove it.
false-positives: Placeholders of clients that create the name in advance.
*/
SELECT r.zone AS resource,
       r.owner || ' ' || r.rdata || ' ' || r.valid_from AS key,
       'fail' AS status,
       'presence' AS basis,
       'The text at ' || r.owner || ' is no challenge: 43 characters of base64url are.' AS reason,
       'record' AS ref_table,
       r.id AS ref_id,
       r.valid_from AS observed_at
FROM record r
WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
  AND r.type = 'TXT' AND r.valid_to > :period_start AND r.valid_from < :period_end
  AND (substr(r.owner, 1, 16) = '_acme-challenge.' OR (substr(r.owner, 1, 1) = '_' AND substr(r.owner, 18, 17) = '._acme-challenge.'))
  -- base64url of a SHA-256 (RFC 8555, 8.4): the last of its 43 characters carries four bits
  AND NOT (length(r.rdata) = 45 AND substr(r.rdata, 1, 1) = '"' AND substr(r.rdata, 45, 1) = '"'
           AND ltrim(substr(r.rdata, 2, 43), 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') = ''
           AND ltrim(substr(r.rdata, 44, 1), 'AEIMQUYcgkosw048') = '');

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
