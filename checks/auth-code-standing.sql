/*
id: auth-code-standing
title: Transfer codes are set only while a transfer is under way
severity: medium
resource: domain
answers: [P47, P74]
why: >-
  A code that stands for years is known to ever more people and systems. RFC 9154 asks for codes that are made for one
  transfer and end with it.
remedy: >-
  Clear the code at the registrar, or have a new one set when a transfer begins.
false-positives: >-
  Registries that keep one code for the whole life of a domain: there it cannot be unset, and this says review, not
  fail.
params:
  stand: {type: duration, default: 14d, meaning: "how long a code may be set without a transfer"}
*/
WITH told AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms, s.auth_code, s.statuses
  FROM domain_state s JOIN domain d ON d.name = s.domain AND d.in_scope = 1
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), cleared AS (
  SELECT b.source, b.domain, b.view FROM domain_state b WHERE b.change_ref IS NULL AND b.auth_code = 0
), standing AS (
  SELECT t.*, CASE WHEN (t.source, t.domain, t.view) IN (SELECT c.source, c.domain, c.view FROM cleared c) THEN 1 ELSE 0 END AS unset
  FROM told t
  WHERE t.auth_code = 1
    AND replace(' ' || COALESCE(t.statuses, '') || ' ', ' pendingTransfer ', '') = ' ' || COALESCE(t.statuses, '') || ' '
)
SELECT s.domain AS resource,
       s.source || ' ' || s.view || ' ' || s.first_ms AS key,
       CASE WHEN s.unset = 1 AND s.seen_ms - s.first_ms > :stand THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'As its ' || s.view || ' tells, a transfer code is set and no transfer is pending; it was seen so for ' || ((s.seen_ms - s.first_ms + 86399999) / 86400000)
         || ' days, ' || (:stand / 86400000) || ' are allowed'
         || CASE WHEN s.unset = 1 THEN '.' ELSE '; it was never seen without a code, so its registry may keep one always.' END AS reason,
       'domain_state' AS ref_table,
       s.id AS ref_id,
       s.first_ms AS observed_at
FROM standing s
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence',
       CASE WHEN d.scope IS NULL THEN 'No source tells how this domain stands at its registry or registrar.'
            ELSE 'Nobody who is asked tells whether a transfer code is set.' END, NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NULL OR d.name NOT IN (SELECT t.domain FROM told t WHERE t.auth_code IS NOT NULL);

-- population
WITH told AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms, s.auth_code
  FROM domain_state s
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
)
SELECT d.name AS resource,
       CASE WHEN d.scope IS NOT NULL AND d.name IN (SELECT t.domain FROM told t WHERE t.auth_code IS NOT NULL) THEN 'registry-state' END AS evidence,
       d.scope AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM registration d;
