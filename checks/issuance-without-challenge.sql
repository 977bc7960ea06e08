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
  Names that are validated over HTTP, TLS or e-mail, and standing validation records at other owner names: no challenge
  ever stands in the zone. Waive such a name, or restrict the methods by CAA.
params:
  window: {type: duration, default: 200d, meaning: "how long before the issuance a challenge counts; issuers may re-use a validation for 200 days (CA/Browser Forum, from 2026-03-15)"}
  tolerance: {type: duration, default: 10m, meaning: "how far the clock of a log may be behind ours"}
*/
WITH lacking AS (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, n.name, '_acme-challenge.' || n.base AS owner
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
    AND NOT EXISTS (SELECT 1 FROM record t
                    WHERE t.owner = '_acme-challenge.' || n.base AND t.type = 'TXT'
                      AND t.valid_from <= c.logged_ms + :tolerance AND t.valid_to > c.logged_ms - :window)
    -- an alias at the challenge's name moves the record to another owner
    AND NOT EXISTS (SELECT 1 FROM record a
                    JOIN record t ON t.owner = CASE WHEN substr(a.rdata, length(a.rdata), 1) = '.'
                                                    THEN substr(a.rdata, 1, length(a.rdata) - 1) ELSE a.rdata END
                    WHERE a.owner = '_acme-challenge.' || n.base AND a.type = 'CNAME' AND t.type = 'TXT'
                      AND a.valid_from <= c.logged_ms + :tolerance AND a.valid_to > c.logged_ms - :window
                      AND t.valid_from <= c.logged_ms + :tolerance AND t.valid_to > c.logged_ms - :window)
), alias AS (
  SELECT l.id, l.owner, CASE WHEN substr(a.rdata, length(a.rdata), 1) = '.'
                             THEN substr(a.rdata, 1, length(a.rdata) - 1) ELSE a.rdata END AS target
  FROM lacking l
  JOIN record a ON a.owner = l.owner AND a.type = 'CNAME'
               AND a.valid_from <= l.logged_ms + :tolerance AND a.valid_to > l.logged_ms - :window
), held AS (
  SELECT a.target, z.name AS zone
  FROM (SELECT DISTINCT target FROM alias) a
  JOIN zone z ON z.name = a.target
              OR (length(a.target) > length(z.name)
                  AND substr(a.target, length(a.target) - length(z.name)) = '.' || z.name)
), elsewhere AS (
  SELECT a.id || ' ' || a.owner AS issuance
  FROM alias a
  WHERE a.target NOT IN (SELECT target FROM held)
)
SELECT l.domain AS resource,
       l.tbs_key AS key,
       CASE WHEN l.id || ' ' || l.owner IN (SELECT issuance FROM elsewhere) THEN 'review' ELSE 'fail' END AS status,
       'absence' AS basis,
       CASE WHEN l.id || ' ' || l.owner IN (SELECT issuance FROM elsewhere)
            THEN 'A certificate for ' || l.name || ' was logged; its challenge is delegated to a zone that we do not read.'
            ELSE 'A certificate for ' || l.name || ' was logged, but no challenge stood at ' || l.owner || ' in the '
                 || (:window / 86400000) || ' days before.' END AS reason,
       'certificate' AS ref_table,
       l.id AS ref_id,
       l.logged_ms AS observed_at
FROM lacking l;

-- population
WITH lacking AS (
  SELECT cd.domain, d.zone, c.id, c.logged_ms, '_acme-challenge.' || n.base AS owner
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
    AND NOT EXISTS (SELECT 1 FROM record t
                    WHERE t.owner = '_acme-challenge.' || n.base AND t.type = 'TXT'
                      AND t.valid_from <= c.logged_ms + :tolerance AND t.valid_to > c.logged_ms - :window)
    AND NOT EXISTS (SELECT 1 FROM record a
                    JOIN record t ON t.owner = CASE WHEN substr(a.rdata, length(a.rdata), 1) = '.'
                                                    THEN substr(a.rdata, 1, length(a.rdata) - 1) ELSE a.rdata END
                    WHERE a.owner = '_acme-challenge.' || n.base AND a.type = 'CNAME' AND t.type = 'TXT'
                      AND a.valid_from <= c.logged_ms + :tolerance AND a.valid_to > c.logged_ms - :window
                      AND t.valid_from <= c.logged_ms + :tolerance AND t.valid_to > c.logged_ms - :window)
), alias AS (
  SELECT l.id, l.owner, CASE WHEN substr(a.rdata, length(a.rdata), 1) = '.'
                             THEN substr(a.rdata, 1, length(a.rdata) - 1) ELSE a.rdata END AS target
  FROM lacking l
  JOIN record a ON a.owner = l.owner AND a.type = 'CNAME'
               AND a.valid_from <= l.logged_ms + :tolerance AND a.valid_to > l.logged_ms - :window
), held AS (
  SELECT a.target, z.name AS zone
  FROM (SELECT DISTINCT target FROM alias) a
  JOIN zone z ON z.name = a.target
              OR (length(a.target) > length(z.name)
                  AND substr(a.target, length(a.target) - length(z.name)) = '.' || z.name)
)
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1
UNION ALL
-- that a challenge is lacking can be said only where the whole look-back was seen
SELECT l.domain, 'zone-changes', l.zone, l.logged_ms - :window, l.logged_ms + :tolerance, 'sampled'
FROM lacking l
UNION ALL
SELECT l.domain, 'zone-changes', h.zone, l.logged_ms - :window, l.logged_ms + :tolerance, 'sampled'
FROM lacking l JOIN alias a ON a.id = l.id AND a.owner = l.owner JOIN held h ON h.target = a.target;
