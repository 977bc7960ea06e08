/*
id: certificate-lifetime
title: Certificates last no longer than was allowed when they were issued
severity: medium
resource: domain
answers: [P06, P47, P63]
why: >-
  The longer a certificate lasts, the longer a stolen key and a name that changed hands stay of use. Issuers have to keep to limits that
  shrink in steps; browsers refuse what exceeds them.
remedy: Ask the issuer for a shorter certificate, and renew automatically before the next step.
false-positives: Certificates of an authority that browsers do not know, which somebody put into a public log.
params:
  longest: {type: duration, default: 398d, meaning: "longest lifetime that your own policy allows, whatever issuers may do"}
*/
WITH step (since, until, longest) AS (
  -- CA/Browser Forum, Baseline Requirements 6.3.2 (ballot SC-081): 398, 200, 100 and 47 days; steps 2026-03-15, 2027-03-15, 2029-03-15
  VALUES (-9223372036854775807, 1773532800000, 34387200000),
         (1773532800000, 1805068800000, 17280000000),
         (1805068800000, 1868227200000, 8640000000),
         (1868227200000, 9223372036854775807, 4060800000)
), promised AS (
  SELECT s.certificate_id, MIN(s.timestamp) AS t FROM certificate_sct s GROUP BY s.certificate_id
), issued AS (
  -- the last instant belongs to it (BR 6.3.2), and is told in seconds
  SELECT cd.domain, c.id, c.tbs_key, c.not_before, c.logged_ms, MIN(n.name) AS name, c.not_after - c.not_before + 1000 AS lasting,
         CASE WHEN p.t < c.logged_ms THEN p.t ELSE c.logged_ms END AS latest
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  LEFT JOIN promised p ON p.certificate_id = c.id
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
  GROUP BY cd.domain, c.id, c.tbs_key, c.not_before, c.not_after, c.logged_ms, p.t
), judged AS (
  -- between its first instant, which issuers set back, and the first promise of a log: the rule of either may have held
  SELECT i.*, CASE WHEN e.longest < :longest THEN e.longest ELSE :longest END AS certain,
         CASE WHEN l.longest < :longest THEN l.longest ELSE :longest END AS possible
  FROM issued i
  JOIN step e ON e.since <= CASE WHEN i.not_before < i.latest THEN i.not_before ELSE i.latest END
             AND e.until > CASE WHEN i.not_before < i.latest THEN i.not_before ELSE i.latest END
  JOIN step l ON l.since <= i.latest AND l.until > i.latest
)
SELECT j.domain AS resource,
       j.tbs_key AS key,
       CASE WHEN j.lasting > j.certain THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'A certificate for ' || j.name || ' lasts ' || ((j.lasting + 86399999) / 86400000) || ' days, counted as begun; '
         || CASE WHEN j.lasting > j.certain THEN 'at most ' || (j.certain / 86400000) || ' were allowed when it was issued.'
                 ELSE 'at most ' || (j.possible / 86400000) || ' were allowed when it was logged, more at its first instant.' END AS reason,
       'certificate' AS ref_table,
       j.id AS ref_id,
       j.logged_ms AS observed_at
FROM judged j
WHERE j.lasting > j.possible;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
