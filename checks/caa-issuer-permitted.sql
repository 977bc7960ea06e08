/*
id: caa-issuer-permitted
title: Certificates come from issuers that CAA permitted at that time
severity: high
resource: domain
answers: [P01, P53]
why: >-
  CAA records tell issuers who may issue for a name. A certificate of anybody else means that an issuer did not look, was shown other
  records, or that the records were changed for an hour.
remedy: >-
  Ask the issuer on what grounds it issued, and revoke the certificate if nobody here asked for it. If the issuer is one of ours, add it to the set.
  Name issuers that the check does not know in the parameter `authorities`.
false-positives: >-
  An issuer whose intermediates carry the name of another organisation: add it to `authorities` ("domain=organisation", with the
  organisation as it stands in the issuer's name, or the issuer's whole name).
params:
  reuse: {type: duration, default: 8h, meaning: "how long an issuer may rely on a set that it read, if that is more than its TTL (CA/Browser Forum, 3.2.2.8)"}
  authorities: {type: text, default: "", meaning: "issuers besides those of the table in the check: domain=organisation; ..."}
*/
-- Which organisation an issuer's domain in CAA means is the issuer's to say, in its practice statement; these are the large ones. It is
-- no inventory, because it says how the world is, not what is ours.
-- The set in force is that of the first name, upwards, that has one (RFC 8659, 3), in zones that we hold; above them nobody looked.
WITH RECURSIVE entries AS (
  SELECT '' AS entry, :authorities || ';' AS rest
  UNION ALL
  SELECT trim(substr(e.rest, 1, instr(e.rest, ';') - 1)), substr(e.rest, instr(e.rest, ';') + 1) FROM entries e WHERE e.rest <> ''
), large (domain, organisation) AS (
  VALUES
    ('letsencrypt.org', 'Let''s Encrypt'), ('letsencrypt.org', 'Internet Security Research Group'), ('pki.goog', 'Google Trust Services'),
    ('pki.goog', 'Google Trust Services LLC'), ('digicert.com', 'DigiCert Inc'), ('digicert.com', 'DigiCert, Inc.'),
    ('www.digicert.com', 'DigiCert Inc'), ('www.digicert.com', 'DigiCert, Inc.'), ('symantec.com', 'DigiCert Inc'), ('geotrust.com', 'DigiCert Inc'),
    ('thawte.com', 'DigiCert Inc'), ('rapidssl.com', 'DigiCert Inc'), ('sectigo.com', 'Sectigo Limited'), ('comodo.com', 'Sectigo Limited'),
    ('comodoca.com', 'Sectigo Limited'), ('usertrust.com', 'Sectigo Limited'), ('trust-provider.com', 'Sectigo Limited'), ('sectigo.com', 'ZeroSSL'),
    ('amazon.com', 'Amazon'), ('amazontrust.com', 'Amazon'), ('awstrust.com', 'Amazon'), ('amazonaws.com', 'Amazon'), ('aws.amazon.com', 'Amazon'),
    ('globalsign.com', 'GlobalSign nv-sa'), ('ssl.com', 'SSL Corporation'), ('ssl.com', 'SSL Corp'), ('ssl.com', 'CLOUDFLARE, INC.'),
    ('entrust.net', 'Entrust, Inc.'), ('entrust.net', 'Entrust Limited'), ('affirmtrust.com', 'AffirmTrust'), ('godaddy.com', 'GoDaddy.com, Inc.'),
    ('starfieldtech.com', 'GoDaddy.com, Inc.'), ('godaddy.com', 'Starfield Technologies, Inc.'),
    ('starfieldtech.com', 'Starfield Technologies, Inc.'), ('identrust.com', 'IdenTrust'), ('buypass.com', 'Buypass AS-983163327'),
    ('buypass.no', 'Buypass AS-983163327'), ('actalis.it', 'Actalis S.p.A.'), ('certum.pl', 'Asseco Data Systems S.A.'),
    ('certum.eu', 'Asseco Data Systems S.A.'), ('harica.gr', 'Hellenic Academic and Research Institutions CA'), ('swisssign.com', 'SwissSign AG'),
    ('d-trust.net', 'D-Trust GmbH'), ('telesec.de', 'Deutsche Telekom Security GmbH'), ('quovadisglobal.com', 'QuoVadis Limited'),
    ('certigna.fr', 'Dhimyotis'), ('certigna.com', 'Dhimyotis'), ('apple.com', 'Apple Inc.'), ('microsoft.com', 'Microsoft Corporation')
), authority AS MATERIALIZED (
  SELECT l.domain, l.organisation FROM large l
  UNION
  SELECT lower(trim(substr(e.entry, 1, instr(e.entry, '=') - 1))), trim(substr(e.entry, instr(e.entry, '=') + 1)) FROM entries e WHERE instr(e.entry, '=') > 0
), names AS MATERIALIZED (
  SELECT c.id, c.tbs_key, c.issuer, ',' || replace(c.issuer, '\', '') || ',' AS parts, c.logged_ms, cd.domain, n.id AS name_id, n.name, n.base, n.wildcard
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1 AND d.zone IS NOT NULL
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end AND n.kind <> 'ip'
), issuers AS MATERIALIZED (
  SELECT DISTINCT n.issuer, n.parts FROM names n
), known AS MATERIALIZED (
  -- domains of each issuer
  SELECT DISTINCT i.issuer, a.domain FROM issuers i JOIN authority a ON instr(i.parts, ',O=' || a.organisation || ',') > 0 OR i.issuer = a.organisation
), place AS MATERIALIZED (
  SELECT DISTINCT n.base, substr(n.base, instr(n.base || '.', '.') + 1) AS parent FROM names n
), climb AS (
  -- many names have few names above them
  SELECT DISTINCT p.parent, p.parent AS owner, 1 AS depth FROM place p
  UNION ALL
  SELECT c.parent, substr(c.owner, instr(c.owner, '.') + 1), c.depth + 1 FROM climb c WHERE instr(c.owner, '.') > 0
), path AS MATERIALIZED (
  SELECT c.parent, c.owner, c.depth FROM climb c
), site AS MATERIALIZED (
  -- where a set ever stood
  SELECT DISTINCT p.owner FROM caa_property p WHERE p.evidence = 'zone-changes'
), hop AS MATERIALIZED (
  SELECT r.owner, r.valid_from, r.valid_to,
         CASE WHEN substr(r.rdata, length(r.rdata), 1) = '.' THEN substr(r.rdata, 1, length(r.rdata) - 1) ELSE r.rdata END AS target
  FROM record r WHERE r.owner IN (SELECT p.base FROM place p UNION SELECT c.owner FROM path c) AND r.type = 'CNAME'
), chain AS (
  SELECT h.owner, h.target, h.valid_from, h.valid_to FROM hop h
  UNION
  SELECT c.owner, CASE WHEN substr(r.rdata, length(r.rdata), 1) = '.' THEN substr(r.rdata, 1, length(r.rdata) - 1) ELSE r.rdata END,
         CASE WHEN r.valid_from > c.valid_from THEN r.valid_from ELSE c.valid_from END, CASE WHEN r.valid_to < c.valid_to THEN r.valid_to ELSE c.valid_to END
  FROM chain c CROSS JOIN record r WHERE r.owner = c.target AND r.type = 'CNAME'
), alias AS MATERIALIZED (
  -- all that an alias leads to, and when; an end before its beginning is never
  SELECT c.owner, c.target, c.valid_from, c.valid_to FROM chain c
), leads AS MATERIALIZED (
  SELECT s.owner, s.owner AS target, 0 AS t_from, 9223372036854775807 AS t_to FROM site s
  UNION ALL
  -- an alias leads to the set at its target, and no higher
  SELECT a.owner, a.target, a.valid_from, a.valid_to FROM alias a
), lookup AS MATERIALIZED (
  SELECT p.base, 0 AS depth, l.target AS owner, l.t_from, l.t_to FROM place p JOIN leads l ON l.owner = p.base
  UNION ALL
  SELECT p.base, c.depth, l.target, l.t_from, l.t_to FROM path c JOIN leads l ON l.owner = c.owner JOIN place p ON p.parent = c.parent
), asked AS MATERIALIZED (
  SELECT n.name_id, n.base, n.issuer, n.wildcard, n.logged_ms FROM names n WHERE n.base IN (SELECT l.base FROM lookup l)
), reach AS MATERIALIZED (
  -- how long at most a change may be felt
  SELECT MAX(r.t_to - r.t_from + CASE WHEN r.ttl * 1000 > :reuse THEN r.ttl * 1000 ELSE :reuse END) AS most FROM change_record r WHERE r.type = 'CAA'
), moved AS MATERIALIZED (
  -- an issuer may rely for a while on what stood there before
  SELECT DISTINCT n.name_id, r.t_from, r.t_to
  FROM reach m CROSS JOIN asked n CROSS JOIN lookup l CROSS JOIN change_record r
  WHERE l.base = n.base AND r.owner = l.owner AND r.type = 'CAA'
    AND r.t_from <= n.logged_ms AND r.t_from >= n.logged_ms - m.most
    AND n.logged_ms - r.t_to
        < CASE WHEN r.ttl * 1000 > :reuse THEN r.ttl * 1000 ELSE :reuse END
), point AS MATERIALIZED (
  -- the moments whose set may have counted
  SELECT n.name_id, n.base, n.issuer, n.wildcard, n.logged_ms AS p FROM asked n
  WHERE n.name_id NOT IN (SELECT m.name_id FROM moved m)
  UNION ALL
  SELECT n.name_id, n.base, n.issuer, n.wildcard, m.t
  FROM (SELECT m.name_id, m.t_from - 1 AS t FROM moved m UNION SELECT m.name_id, m.t_to FROM moved m) m JOIN asked n ON n.name_id = m.name_id
), above AS (
  -- all sets on the way up, the closest first
  SELECT pt.name_id, pt.p, pt.issuer, pt.wildcard, x.flags, x.known, x.tag, x.issuer AS who, l.depth,
         MIN(l.depth) OVER (PARTITION BY pt.name_id, pt.p) AS closest
  FROM point pt JOIN lookup l ON l.base = pt.base AND l.t_from <= pt.p AND l.t_to > pt.p
  JOIN caa_property x ON x.owner = l.owner AND x.evidence = 'zone-changes' AND x.valid_from <= pt.p AND x.valid_to > pt.p
), property AS MATERIALIZED (
  SELECT a.* FROM above a WHERE a.depth = a.closest
), wild AS MATERIALIZED (
  SELECT DISTINCT x.name_id, x.p FROM property x WHERE x.wildcard = 1 AND x.tag = 'issuewild'
), counted AS (
  SELECT x.name_id, x.p,
         SUM(CASE WHEN x.flags >= 128 AND x.known = 0 THEN 1 ELSE 0 END) AS critical,
         SUM(CASE WHEN x.tag = CASE WHEN w.p IS NULL THEN 'issue' ELSE 'issuewild' END THEN 1 ELSE 0 END) AS rules,
         SUM(CASE WHEN x.tag = CASE WHEN w.p IS NULL THEN 'issue' ELSE 'issuewild' END AND k.domain IS NOT NULL THEN 1 ELSE 0 END) AS his,
         -- a name that the table does not know may be anybody's
         SUM(CASE WHEN x.tag = CASE WHEN w.p IS NULL THEN 'issue' ELSE 'issuewild' END AND x.who <> '' AND x.who NOT IN (SELECT a.domain FROM authority a)
                  THEN 1 ELSE 0 END) AS unknown
  FROM property x LEFT JOIN wild w ON w.name_id = x.name_id AND w.p = x.p LEFT JOIN known k ON k.issuer = x.issuer AND k.domain = x.who
  GROUP BY x.name_id, x.p
), verdict AS (
  SELECT pt.name_id, pt.p,
         CASE WHEN c.p IS NULL THEN 0 WHEN c.critical > 0 THEN 2 WHEN c.rules = 0 OR c.his > 0 THEN 0
              WHEN c.unknown > 0 AND pt.issuer NOT IN (SELECT k.issuer FROM known k) THEN 1 ELSE 2 END AS worst,
         COALESCE(c.critical, 0) AS critical
  FROM point pt LEFT JOIN counted c ON c.name_id = pt.name_id AND c.p = pt.p
), judged AS MATERIALIZED (
  SELECT v.name_id, MIN(v.worst) AS least, MAX(v.worst) AS most, MAX(v.critical) AS critical FROM verdict v GROUP BY v.name_id
), bad AS MATERIALIZED (
  SELECT n.*, j.least, j.critical FROM judged j JOIN names n ON n.name_id = j.name_id WHERE j.most > 0
), way AS MATERIALIZED (
  SELECT b.base, b.base AS owner FROM bad b
  UNION
  SELECT p.base, c.owner FROM place p JOIN path c ON c.parent = p.parent WHERE p.base IN (SELECT b.base FROM bad b)
), ends AS MATERIALIZED (
  SELECT b.name_id, a.target
  FROM bad b JOIN way c ON c.base = b.base JOIN alias a ON a.owner = c.owner AND a.valid_from <= b.logged_ms AND a.valid_to > b.logged_ms
), up AS (
  SELECT DISTINCT a.target, a.target AS owner FROM ends a
  UNION ALL
  SELECT u.target, substr(u.owner, instr(u.owner, '.') + 1) FROM up u WHERE instr(u.owner, '.') > 0
), inside AS MATERIALIZED (
  SELECT DISTINCT u.target FROM up u JOIN zone z ON z.name = u.owner
), elsewhere AS (
  -- below a cut whose zone we do not hold, and behind aliases that lead out, another set may count
  SELECT a.name_id FROM ends a WHERE a.target NOT IN (SELECT i.target FROM inside i)
  UNION
  SELECT b.name_id
  FROM bad b JOIN way c ON c.base = b.base
  JOIN record r ON r.owner = c.owner AND r.type IN ('NS', 'DNAME') AND r.valid_from <= b.logged_ms AND r.valid_to > b.logged_ms
  WHERE r.type = 'DNAME' AND c.owner <> c.base OR r.type = 'NS' AND r.owner <> r.zone AND r.owner NOT IN (SELECT z.name FROM zone z)
  UNION
  -- a wildcard answers for names that do not stand there themselves
  SELECT b.name_id
  FROM bad b JOIN way c ON c.base = b.base JOIN record r ON r.owner = '*.' || c.owner AND r.type IN ('CNAME', 'CAA') AND r.valid_from <= b.logged_ms AND r.valid_to > b.logged_ms
  WHERE c.owner <> c.base
    AND NOT EXISTS (SELECT 1 FROM record o WHERE o.owner = b.base AND o.valid_from <= b.logged_ms AND o.valid_to > b.logged_ms)
)
SELECT b.domain AS resource,
       b.tbs_key || ' ' || b.name AS key,
       CASE WHEN b.least = 2 AND e.name_id IS NULL THEN 'fail' ELSE 'review' END AS status,
       'absence' AS basis,
       'A certificate for ' || b.name || ' was issued by ' || b.issuer
         || CASE WHEN b.least = 2 AND e.name_id IS NOT NULL THEN ', which the CAA set of our zones does not permit; but the name lies in a zone or behind an alias that we do not hold, or a wildcard answers for it.'
                 WHEN b.least = 2 AND b.critical > 0 THEN '; the CAA set in force has a critical property that no issuer knows, so none may issue.'
                 WHEN b.least = 2 THEN ', which the CAA set in force did not permit.'
                 WHEN b.least = 0 THEN '; the CAA set was changed so shortly before that it was permitted only by one of the two (an issuer may rely on what it read for '
                      || (:reuse / 3600000) || ' hours or the TTL).'
                 ELSE '; whether one of the issuers in the CAA set is it, is not known: name it in `authorities`.' END AS reason,
       'certificate' AS ref_table,
       b.id AS ref_id,
       b.logged_ms AS observed_at
FROM bad b LEFT JOIN elsewhere e ON e.name_id = b.name_id
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'Its zone is not ours.', 'domain', d.rowid, :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NULL;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
UNION ALL
SELECT cd.domain, 'zone-changes', d.zone, c.logged_ms - :reuse, c.logged_ms + 1, 'sampled'
FROM certificate c
JOIN certificate_domain cd ON cd.certificate_id = c.id
JOIN domain d ON d.name = cd.domain AND d.in_scope = 1 AND d.zone IS NOT NULL
WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
UNION ALL
SELECT d.name, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NULL;
