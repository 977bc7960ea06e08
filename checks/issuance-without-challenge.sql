/*
id: issuance-without-challenge
title: Certificates follow a challenge in the zone
severity: high
resource: domain
answers: [P25, P34, P41, P43]
why: >-
  A public certificate for a name is trusted everywhere. If no validation record stood in the zone before it was issued,
  it was validated in another way or by somebody else.
remedy: >-
  Find out who requested the certificate and how the name was validated. If nobody can say, revoke it and look for
  changed address records, mail to the domain's contacts, and accounts at the issuer.
false-positives: >-
  Names that are validated over HTTP, TLS or e-mail: no challenge ever stands in the zone. They are for review; where the inventory
  (validation of a service) or the CAA in force says that dns-01 is the only way, a missing challenge is a failure. Issuers that take a
  challenge at a name above for all names below it (RFC 9444): none stands at the name itself.
params:
  window: {type: duration, default: 398d, meaning: "look back no longer than this, whatever issuers may re-use at that date (398, 200, 100, then 10 days); 1h is strict, for clients that prove control anew for each certificate"}
  order: {type: duration, default: 30d, meaning: "a challenge that was placed longer than this before that time belongs to an older order"}
  tolerance: {type: duration, default: 10m, meaning: "how far the clock of a log may be behind ours"}
*/
WITH RECURSIVE step (since, until, reuse) AS (
  -- how long issuers may re-use a validation (CA/Browser Forum, Baseline Requirements 4.2.1): 398, 200, 100, 10 days; steps 2026-03-15,
  -- 2027-03-15, 2029-03-15
  VALUES (-9223372036854775807, 1773532800000, 34387200000),
         (1773532800000, 1805068800000, 17280000000),
         (1805068800000, 1868227200000, 8640000000),
         (1868227200000, 9223372036854775807, 864000000)
), issued AS MATERIALIZED (
  SELECT cd.domain, d.zone, c.id, c.tbs_key, c.logged_ms, n.id AS name_id, n.name, n.base, n.wildcard, '_acme-challenge.' || n.base AS owner,
         CASE WHEN p.reuse < :window THEN p.reuse ELSE :window END AS span, c.logged_ms - CASE WHEN p.reuse < :window THEN p.reuse ELSE :window END AS since
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  -- no challenge in a zone can prove an address
  JOIN certificate_name n ON n.id = cd.name_id AND n.kind <> 'ip'
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  JOIN step p ON p.since <= c.logged_ms AND p.until > c.logged_ms
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
), labelled AS MATERIALIZED (
  -- with the label of an account before it (dns-account-01)
  SELECT substr(r.owner, 19) AS plain, r.type, r.rdata, r.valid_from, r.valid_to
  FROM record r
  WHERE r.type IN ('TXT', 'CNAME') AND substr(r.owner, 1, 1) = '_' AND substr(r.owner, 18, 17) = '._acme-challenge.'
), alias (name_id, logged_ms, since, target) AS MATERIALIZED (
  -- an alias at the challenge's name moves the record to another owner, and an alias there once more
  SELECT i.name_id, i.logged_ms, i.since, CASE WHEN substr(a.rdata, length(a.rdata), 1) = '.' THEN substr(a.rdata, 1, length(a.rdata) - 1) ELSE a.rdata END
  FROM issued i JOIN record a ON a.owner = i.owner AND a.type = 'CNAME' AND a.valid_from <= i.logged_ms + :tolerance AND a.valid_to > i.since
  UNION
  SELECT i.name_id, i.logged_ms, i.since, CASE WHEN substr(a.rdata, length(a.rdata), 1) = '.' THEN substr(a.rdata, 1, length(a.rdata) - 1) ELSE a.rdata END
  FROM issued i JOIN labelled a ON a.plain = i.owner AND a.type = 'CNAME' AND a.valid_from <= i.logged_ms + :tolerance AND a.valid_to > i.since
  UNION
  SELECT b.name_id, b.logged_ms, b.since, CASE WHEN substr(a.rdata, length(a.rdata), 1) = '.' THEN substr(a.rdata, 1, length(a.rdata) - 1) ELSE a.rdata END
  FROM alias b JOIN record a ON a.owner = b.target AND a.type = 'CNAME' AND a.valid_from <= b.logged_ms + :tolerance AND a.valid_to > b.since
), found AS (
  SELECT i.name_id
  FROM issued i JOIN record t ON t.owner = i.owner AND t.type = 'TXT' AND t.valid_from <= i.logged_ms + :tolerance AND t.valid_to > i.since
                             AND t.valid_from > i.since - :order
  UNION
  SELECT i.name_id
  FROM issued i JOIN labelled t ON t.plain = i.owner AND t.type = 'TXT' AND t.valid_from <= i.logged_ms + :tolerance AND t.valid_to > i.since
                               AND t.valid_from > i.since - :order
  UNION
  SELECT a.name_id
  FROM alias a JOIN record t ON t.owner = a.target AND t.type = 'TXT' AND t.valid_from <= a.logged_ms + :tolerance AND t.valid_to > a.since
                            AND t.valid_from > a.since - :order
  UNION
  -- a standing record (dns-persist-01) may be re-used for ten days, and at the domain it holds for all names below
  SELECT i.name_id
  FROM issued i JOIN record t ON t.owner IN ('_validation-persist.' || i.base, '_validation-persist.' || i.domain) AND t.type = 'TXT'
                             AND t.valid_from <= i.logged_ms + :tolerance AND t.valid_to > i.logged_ms - 864000000
), lacking AS MATERIALIZED (
  SELECT i.* FROM issued i WHERE i.name_id NOT IN (SELECT f.name_id FROM found f)
), held AS MATERIALIZED (
  SELECT a.target, z.name AS zone
  FROM (SELECT DISTINCT target FROM alias) a
  JOIN zone z ON z.name = a.target
              OR (length(a.target) > length(z.name)
                  AND substr(a.target, length(a.target) - length(z.name)) = '.' || z.name)
), place AS MATERIALIZED (
  -- where a challenge could have stood
  SELECT l.name_id, l.owner AS name, CASE WHEN l.zone IN (SELECT z.name FROM zone z) THEN l.zone ELSE '' END AS top, l.logged_ms, l.since, l.domain FROM lacking l
  UNION ALL
  SELECT a.name_id, a.target, '', a.logged_ms, a.since, l.domain FROM lacking l JOIN alias a ON a.name_id = l.name_id
), climb (place, name, top) AS (
  -- above the zone that is read nothing is cut off any more
  SELECT DISTINCT p.name, p.name, p.top FROM place p
  UNION
  SELECT c.place, substr(c.name, instr(c.name, '.') + 1), c.top FROM climb c WHERE instr(c.name, '.') > 0 AND substr(c.name, instr(c.name, '.') + 1) <> c.top
), cut AS MATERIALIZED (
  -- delegations on the way there, to zones of their own
  SELECT p.name_id, p.domain, k.owner AS zone, p.since, p.logged_ms
  FROM place p
  CROSS JOIN climb c
  CROSS JOIN record k
  WHERE c.place = p.name AND c.top = p.top AND k.owner = c.name AND k.type = 'NS' AND k.owner <> k.zone
    AND k.valid_from <= p.logged_ms + :tolerance AND k.valid_to > p.since
)

-- findings
WITH elsewhere AS (
  SELECT a.name_id
  FROM alias a
  WHERE a.target NOT IN (SELECT target FROM held)
  UNION
  SELECT k.name_id FROM cut k WHERE k.zone NOT IN (SELECT z.name FROM zone z)
), old AS MATERIALIZED (
  SELECT DISTINCT l.name_id
  FROM lacking l CROSS JOIN record t
  WHERE t.owner = l.owner AND t.type = 'TXT' AND t.valid_from <= l.logged_ms + :tolerance AND t.valid_to > l.since
), tree AS MATERIALIZED (
  SELECT substr(s.host, 2) AS suffix FROM service s WHERE substr(s.host, 1, 2) = '*.' AND s.validation = 'dns-01'
), up (base, name) AS (
  SELECT DISTINCT l.base, l.base FROM lacking l
  UNION
  SELECT u.base, substr(u.name, instr(u.name, '.') + 1) FROM up u WHERE instr(u.name, '.') > 0
), set_of AS MATERIALIZED (
  -- the set that is in force stands at the name or at the nearest name above (RFC 8659, 3)
  SELECT l.name_id, l.wildcard, p.tag, p.method_list, length(p.owner) AS depth, MAX(length(p.owner)) OVER (PARTITION BY l.name_id) AS nearest
  FROM lacking l
  CROSS JOIN up u
  CROSS JOIN caa_property p
  WHERE u.base = l.base AND p.owner = u.name AND p.evidence = 'zone-changes' AND p.valid_from <= l.logged_ms AND p.valid_to > l.logged_ms
), rule AS (
  -- bound: to ways of validation that look into the zone
  SELECT s.name_id, s.wildcard, CASE s.tag WHEN 'issuewild' THEN 1 ELSE 0 END AS wild, CASE s.tag WHEN 'issue' THEN 1 ELSE 0 END AS plain,
         CASE WHEN s.method_list <> ''
                   AND replace(replace(replace(',' || replace(s.method_list, ',', ',,') || ',', ',dns-01,', ''), ',dns-account-01,', ''), ',dns-persist-01,', '') = ''
              THEN 1 ELSE 0 END AS bound
  FROM set_of s
  WHERE s.depth = s.nearest
), said AS (
  -- the inventory or the CAA in force says that a challenge in the zone is the only way
  SELECT l.name_id FROM lacking l JOIN service s ON s.host = l.name AND s.validation = 'dns-01'
  UNION
  SELECT l.name_id FROM lacking l JOIN tree t ON length(l.name) > length(t.suffix)
                                              AND substr(l.name, length(l.name) - length(t.suffix) + 1) = t.suffix
  UNION
  SELECT r.name_id FROM rule r
  GROUP BY r.name_id, r.wildcard
  HAVING CASE WHEN r.wildcard = 1 AND SUM(r.wild) > 0 THEN SUM(r.wild) - SUM(r.wild * r.bound)
              WHEN SUM(r.plain) > 0 THEN SUM(r.plain) - SUM(r.plain * r.bound) ELSE 1 END = 0
)
SELECT l.domain AS resource,
       l.tbs_key AS key,
       CASE WHEN l.name_id IN (SELECT e.name_id FROM elsewhere e) OR l.name_id NOT IN (SELECT s.name_id FROM said s) THEN 'review' ELSE 'fail' END AS status,
       'absence' AS basis,
       CASE WHEN l.name_id IN (SELECT e.name_id FROM elsewhere e)
            THEN 'A certificate for ' || l.name || ' was logged; its challenge is delegated to a zone that we do not read.'
            ELSE 'A certificate for ' || l.name || ' was logged, but no challenge stood at ' || l.owner || ' in the '
                 || CASE WHEN l.span < 86400000 THEN (l.span / 3600000) || ' hours before' ELSE (l.span / 86400000) || ' days before' END
                 || CASE WHEN l.name_id IN (SELECT o.name_id FROM old o) THEN ' but what an older order left there' ELSE '' END
                 || CASE WHEN l.name_id IN (SELECT s.name_id FROM said s) THEN '.'
                         ELSE '; neither the inventory nor CAA says that it had to be validated there.' END END AS reason,
       'certificate' AS ref_table,
       l.id AS ref_id,
       l.logged_ms AS observed_at
FROM lacking l;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1
UNION ALL
-- that a challenge is lacking can be said only where the whole look-back was seen
SELECT l.domain, 'zone-changes', l.zone, l.since, l.logged_ms + :tolerance, 'sampled'
FROM lacking l
UNION ALL
SELECT l.domain, 'zone-changes', h.zone, l.since, l.logged_ms + :tolerance, 'sampled'
FROM lacking l JOIN alias a ON a.name_id = l.name_id JOIN held h ON h.target = a.target
UNION ALL
SELECT k.domain, 'zone-changes', k.zone, k.since, k.logged_ms + :tolerance, 'sampled'
FROM cut k
WHERE k.zone IN (SELECT z.name FROM zone z);
