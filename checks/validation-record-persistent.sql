/*
id: validation-record-persistent
title: Standing records of validation name a known account, and end
severity: high
resource: zone
answers: [P04, P06, P47, P65]
why: >-
  Such a record lets the account that it names get certificates as long as it stands, for all names below it. Who steals the account's key
  needs no access to the zone any more.
remedy: Remove what nobody knows. Give each record an end (persistUntil) a few months ahead, and list its account as a credential.
false-positives: An account of ours that is not listed as a credential, and whose client's log is not read.
params:
  ahead: {type: duration, default: 90d, meaning: "how far ahead its end may lie"}
*/
WITH RECURSIVE standing AS MATERIALIZED (
  -- "issuer; accounturi=...; policy=wildcard; persistUntil=..." (BR 3.2.2.4.22); several strings are one text
  SELECT r.id, r.zone, r.owner, r.rdata, r.valid_from, r.valid_to, substr(r.owner, 21) AS base,
         replace(replace(replace(r.rdata, '" "', ''), '"', ''), ' ', '') || ';' AS text
  FROM record r
  WHERE r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1) AND substr(r.owner, 1, 20) = '_validation-persist.'
    AND r.type = 'TXT' AND r.valid_to > :period_start AND r.valid_from < :period_end
), part (id, nth, word, rest) AS (
  SELECT s.id, 0, '', s.text FROM standing s
  UNION ALL
  SELECT p.id, CASE WHEN substr(p.rest, 1, 1) = ';' THEN p.nth + 1 ELSE p.nth END,
         CASE WHEN substr(p.rest, 1, 1) = ';' THEN '' ELSE p.word || substr(p.rest, 1, 1) END, substr(p.rest, 2)
  FROM part p WHERE p.rest <> ''
), word AS (
  SELECT p.id, p.nth, p.word FROM part p WHERE substr(p.rest, 1, 1) = ';'
), read AS (
  SELECT s.id, s.zone, s.owner, s.rdata, s.valid_from, s.valid_to, s.base,
         MIN(CASE WHEN w.nth = 0 THEN lower(w.word) END) AS issuer,
         MIN(CASE WHEN lower(substr(w.word, 1, 11)) = 'accounturi=' THEN substr(w.word, 12) END) AS account,
         MAX(CASE WHEN lower(w.word) = 'policy=wildcard' THEN 1 ELSE 0 END) AS wildcard,
         MIN(CASE WHEN lower(substr(w.word, 1, 13)) = 'persistuntil=' AND length(w.word) BETWEEN 14 AND 25 AND ltrim(substr(w.word, 14), '0123456789') = ''
                  THEN CAST(substr(w.word, 14) AS BIGINT) * 1000 END) AS until
  FROM standing s JOIN word w ON w.id = s.id
  GROUP BY s.id, s.zone, s.owner, s.rdata, s.valid_from, s.valid_to, s.base
), known AS (
  SELECT k.id AS account FROM credential k WHERE k.retired_ms IS NULL
  UNION SELECT q.account FROM issuance_request q WHERE q.account IS NOT NULL
), stated AS (
  SELECT k.id FROM credential k WHERE k.kind = 'acme-account'
  UNION SELECT q.account FROM issuance_request q WHERE q.account IS NOT NULL
), caa AS MATERIALIZED (
  SELECT c.owner, c.valid_from, c.valid_to, replace(replace(lower(c.rdata), ' ', ''), '"', ';') || ';' AS text FROM record c WHERE c.type = 'CAA'
), near AS (
  SELECT r.id, r.base, r.issuer, r.valid_from, r.valid_to, MAX(length(c.owner)) AS depth
  FROM read r
  JOIN caa c ON c.valid_from < r.valid_to AND c.valid_to > r.valid_from
            AND (c.owner = r.base OR substr(r.base, length(r.base) - length(c.owner)) = '.' || c.owner)
  GROUP BY r.id, r.base, r.issuer, r.valid_from, r.valid_to
), allowed AS (
  SELECT n.id, MAX(CASE WHEN replace(c.text, ';' || n.issuer || ';', '') <> c.text THEN 1 ELSE 0 END) AS yes
  FROM near n
  JOIN caa c ON c.owner = substr(n.base, length(n.base) - n.depth + 1) AND c.valid_from < n.valid_to AND c.valid_to > n.valid_from
  GROUP BY n.id
)
SELECT r.zone AS resource,
       'account ' || r.owner || ' ' || r.rdata AS key,
       CASE WHEN r.account IS NULL OR NOT EXISTS (SELECT 1 FROM stated) THEN 'review' ELSE 'fail' END AS status,
       'presence' AS basis,
       CASE WHEN r.account IS NULL THEN 'The standing record at ' || r.owner || ' names no account.'
            ELSE 'The standing record at ' || r.owner || ' names the account ' || r.account || ', which is none that we know.' END AS reason,
       'record' AS ref_table,
       r.id AS ref_id,
       r.valid_from AS observed_at
FROM read r
WHERE r.account IS NULL OR r.account NOT IN (SELECT k.account FROM known k)
UNION ALL
SELECT r.zone, 'end ' || r.owner || ' ' || r.rdata, 'review', 'presence',
       CASE WHEN r.until IS NULL THEN 'The standing record at ' || r.owner || ' never ends.'
            WHEN r.until < :as_of THEN 'The standing record at ' || r.owner || ' ended ' || ((:as_of - r.until) / 86400000) || ' days ago and was left behind.'
            ELSE 'The standing record at ' || r.owner || ' ends in ' || ((r.until - :as_of) / 86400000) || ' days; ' || (:ahead / 86400000) || ' are allowed.' END,
       'record', r.id, r.valid_from
FROM read r
WHERE r.until IS NULL OR r.until > :as_of + :ahead OR (r.until < :as_of AND r.valid_to > :as_of)
UNION ALL
SELECT r.zone, 'wildcard ' || r.owner || ' ' || r.rdata, 'review', 'presence', 'The standing record at ' || r.owner || ' is good for wildcards and all names below.',
       'record', r.id, r.valid_from
FROM read r
WHERE r.wildcard = 1
UNION ALL
SELECT r.zone, 'issuer ' || r.owner || ' ' || r.rdata, 'review', 'presence', 'The standing record at ' || r.owner || ' names the issuer ' || r.issuer || ', which CAA does not allow.',
       'record', r.id, r.valid_from
FROM read r JOIN allowed a ON a.id = r.id AND a.yes = 0;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
