/*
id: credential-grant-exceeds-scope
title: Credentials are granted no more than they are for
severity: medium
resource: credential
answers: [P07, P09, P55, P57, P58]
why: >-
  What a server grants to a key is what a thief of that key can do. A key that may write a whole zone can get certificates for all its
  names, however little it is used for.
remedy: >-
  Narrow the grant on the server to the declared names and types, take away what nobody uses, or declare the wider scope and say why.
false-positives: A declared scope that was not kept up to date; a grant that is used once a year.
params:
  grace: {type: duration, default: 30d, meaning: "how long a grant may be there without being used"}
*/
WITH given AS (
  SELECT g.id, g.credential, CASE WHEN g.credential = '' THEN 'anybody' ELSE g.credential END AS who, g.scope, g.owner, g.suffix, g.type, g.raw,
         g.source, g.valid_from
  FROM credential_grant g
  WHERE g.action = 'update' AND g.valid_from < :period_end AND g.valid_to > :period_start
    AND g.scope IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
), beyond AS (
  SELECT v.*, (SELECT COUNT(*) FROM credential_scope s
               WHERE s.credential = v.credential AND s.recorded_at < :as_of
                 AND (s.withdrawn_at >= :period_end OR s.withdrawn_at > :as_of)) AS told
  FROM given v
  WHERE NOT EXISTS (SELECT 1 FROM credential_scope s
                    WHERE s.credential = v.credential AND s.recorded_at < :as_of
                      AND (s.withdrawn_at >= :period_end OR s.withdrawn_at > :as_of)
                      AND (s.type = '*' OR s.type = v.type)
                      AND ((s.suffix = '' AND v.suffix = '' AND s.owner = v.owner)
                           OR (s.suffix <> '' AND v.owner <> '*' AND length(v.owner) > length(s.suffix)
                               AND substr(v.owner, length(v.owner) - length(s.suffix) + 1) = s.suffix)
                           -- a whole zone: its top, and everything below that
                           OR (v.owner = '*' AND s.suffix <> '' AND length(v.scope) > length(s.suffix)
                               AND substr(v.scope, length(v.scope) - length(s.suffix) + 1) = s.suffix)
                           OR (v.owner = '*' AND s.suffix = '.' || v.scope
                               AND EXISTS (SELECT 1 FROM credential_scope o
                                           WHERE o.credential = v.credential AND o.owner = v.scope AND (o.type = '*' OR o.type = v.type)
                                             AND o.recorded_at < :as_of AND (o.withdrawn_at >= :period_end OR o.withdrawn_at > :as_of)))))
), used AS (
  SELECT DISTINCT v.credential, v.scope, v.raw
  FROM given v
  JOIN claim c ON c.zone = v.scope AND c.outcome = 'applied' AND c.credential = v.credential
              AND c.t_from < :period_end AND c.t_to > :period_start
  JOIN claim_record r ON r.claim_id = c.id
  WHERE (v.type = '*' OR r.type = v.type)
    AND (v.owner = '*' OR (v.suffix = '' AND r.owner = v.owner)
         OR (v.suffix <> '' AND length(r.owner) > length(v.suffix)
             AND substr(r.owner, length(r.owner) - length(v.suffix) + 1) = v.suffix))
)
SELECT b.who AS resource,
       b.scope || ' ' || b.raw AS key,
       CASE WHEN b.credential = '' OR b.told > 0 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'It may write ' || CASE WHEN b.type = '*' THEN 'all types' ELSE b.type || ' records' END || ' at '
         || CASE WHEN b.owner = '*' THEN 'every name' ELSE b.owner END || ' in zone ' || b.scope
         || CASE WHEN b.credential = '' THEN ', whoever it is.'
                 WHEN b.told > 0 THEN ', which is more than it is declared for.'
                 ELSE '; nobody declares what it is for.' END AS reason,
       'credential_grant' AS ref_table,
       b.id AS ref_id,
       CASE WHEN b.valid_from < :period_start THEN :period_start ELSE b.valid_from END AS observed_at
FROM beyond b
UNION ALL
SELECT v.who, 'unused ' || v.scope || ' ' || v.raw, 'review', 'absence',
       'It was granted "' || v.raw || '" in zone ' || v.scope || ' and wrote nothing by it.',
       'credential_grant', MIN(v.id), MIN(v.valid_from)
FROM given v
WHERE v.credential <> ''
  AND v.valid_from <= CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END - :grace
  AND NOT EXISTS (SELECT 1 FROM used u WHERE u.credential = v.credential AND u.scope = v.scope AND u.raw = v.raw)
GROUP BY v.who, v.scope, v.raw
UNION ALL
SELECT c.id, '', 'not-applicable', 'presence', 'No configuration of a server is read.', NULL, NULL, :as_of
FROM credential c
WHERE (SELECT COUNT(*) FROM source_scope s WHERE s.evidence = 'credential-grants' AND s.retired_ms > :period_start
         AND s.scope IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)) = 0;

-- population
WITH given AS (
  SELECT DISTINCT g.credential, CASE WHEN g.credential = '' THEN 'anybody' ELSE g.credential END AS who, g.scope
  FROM credential_grant g
  WHERE g.action = 'update' AND g.valid_from < :period_end AND g.valid_to > :period_start
    AND g.scope IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
), zones AS (
  SELECT s.scope, MAX(s.retired_ms) AS until
  FROM source_scope s
  WHERE s.evidence = 'credential-grants' AND s.retired_ms > :period_start
    AND s.scope IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
  GROUP BY s.scope
), who AS (
  SELECT c.id AS name FROM credential c UNION SELECT v.who FROM given v
)
SELECT w.name AS resource, 'shared' AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM who w
WHERE (SELECT COUNT(*) FROM zones) > 0
UNION ALL
SELECT NULL, 'credential-grants', z.scope, :period_start, CASE WHEN z.until < :period_end THEN z.until ELSE :period_end END, 'sampled'
FROM zones z
UNION ALL
-- that it used nothing can be said only where the log of updates was read
SELECT v.who, 'zone-claims', v.scope, :period_start, :period_end, 'asserted'
FROM given v
WHERE v.credential <> ''
UNION ALL
SELECT w.name, NULL, NULL, :period_start, :period_start, NULL
FROM who w
WHERE (SELECT COUNT(*) FROM zones) = 0;
