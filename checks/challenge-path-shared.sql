/*
id: challenge-path-shared
title: Challenges that share the production zone are reviewed often
severity: medium
resource: zone
answers: [P15, P18, P22, P86]
why: >-
  Where challenges stand in the zone that holds everything else, whoever writes them is one grant away from the whole zone. Such a path is
  looked at more often than a delegated one.
remedy: Delegate the challenges to a zone of their own, or attest a review of who may write them (access-review) for the zone.
false-positives: Servers that limit each credential to one name; the review says so.
params:
  every: {type: duration, default: 100d, meaning: "how old the last review may be"}
*/
WITH placed AS MATERIALIZED (
  SELECT r.zone, MIN(r.id) AS id, MIN(r.owner) AS owner, COUNT(DISTINCT r.owner) AS n, MIN(r.valid_from) AS t
  FROM record r
  WHERE r.type = 'TXT' AND r.valid_to > :period_start AND r.valid_from < :period_end
    AND (substr(r.owner, 1, 16) = '_acme-challenge.' OR (substr(r.owner, 1, 1) = '_' AND substr(r.owner, 18, 17) = '._acme-challenge.'))
  GROUP BY r.zone
), test AS (
  SELECT v.name FROM environment v WHERE v.kind = 'test'
), shared AS (
  -- a zone of challenges alone holds no addresses
  SELECT p.* FROM placed p
  WHERE p.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND p.zone NOT IN (SELECT z.name FROM owned_zone z JOIN test t ON t.name = z.environment)
    AND p.zone NOT IN (SELECT d.zone FROM domain d JOIN test t ON t.name = d.environment WHERE d.zone IS NOT NULL)
    AND p.zone IN (SELECT r.zone FROM record r WHERE r.type IN ('A', 'AAAA', 'CNAME', 'MX') AND r.valid_to > :period_start AND r.valid_from < :period_end)
), reviewed AS (
  SELECT s.zone, MAX(a.dated_ms) AS t
  FROM shared s
  JOIN attestation a ON a.kind = 'access-review' AND a.subject IN (s.zone, '')
                    AND a.dated_ms <= :as_of AND a.dated_ms < :period_end AND a.recorded_at <= :as_of AND a.expires_ms > :as_of AND a.withdrawn_at > :as_of
  GROUP BY s.zone
)
SELECT s.zone AS resource,
       '' AS key,
       CASE WHEN EXISTS (SELECT 1 FROM attestation a WHERE a.kind = 'access-review') THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'Challenges at ' || s.n || ' names, ' || s.owner || ' among them, stand in the zone itself; '
         || CASE WHEN v.t IS NULL THEN 'no review of access to it is attested.'
                 ELSE 'the last review of access is ' || ((:as_of - v.t + 86399999) / 86400000) || ' days old, ' || (:every / 86400000) || ' are allowed.' END AS reason,
       'record' AS ref_table,
       s.id AS ref_id,
       s.t AS observed_at
FROM shared s LEFT JOIN reviewed v ON v.zone = s.zone
WHERE v.t IS NULL OR v.t < :as_of - :every;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
