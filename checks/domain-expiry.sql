/*
id: domain-expiry
title: Domains are renewed long before they end
severity: high
resource: domain
answers: [P30, P50, P84]
why: >-
  A domain that ends takes all its services along, and whoever registers it next gets certificates for its names at
  once.
remedy: >-
  Renew it, see that renewal is automatic, and that the means of payment and the addresses for reminders are right.
false-positives: >-
  Registrars that renew on the last day and do not show it; a domain that is given up on purpose (waive it with the reason).
params:
  least: {type: duration, default: 30d, meaning: "what must be left whenever it is looked at"}
  early: {type: duration, default: 90d, meaning: "below this somebody should look"}
*/
WITH told AS MATERIALIZED (
  SELECT s.id, s.domain, s.source, s.view, s.first_ms, s.seen_ms, s.expires_ms, s.registrar_expires_ms, s.auto_renew
  FROM domain_state s JOIN domain d ON d.name = s.domain AND d.in_scope = 1
  WHERE s.change_ref IS NULL AND s.first_ms < :period_end AND s.seen_ms >= :period_start
), renewal AS (
  -- as the account at the registrar told last
  SELECT t.domain, t.auto_renew, ROW_NUMBER() OVER (PARTITION BY t.domain ORDER BY t.seen_ms DESC, t.id DESC) AS n
  FROM told t
  WHERE t.auto_renew IS NOT NULL
), ending AS (
  SELECT t.id, t.domain, t.source || ' ' || t.view AS key, t.view AS whose, t.expires_ms,
         CASE WHEN t.seen_ms >= :period_end THEN :period_end - 1 ELSE t.seen_ms END AS seen_ms
  FROM told t WHERE t.expires_ms IS NOT NULL
  UNION ALL
  SELECT t.id, t.domain, t.source || ' ' || t.view || ' registrar''s', 'registrar', t.registrar_expires_ms,
         CASE WHEN t.seen_ms >= :period_end THEN :period_end - 1 ELSE t.seen_ms END
  FROM told t WHERE t.registrar_expires_ms IS NOT NULL
), judged AS (
  -- what renews by itself does so on its last days: that is for somebody to look at, and what has ended is not excused
  SELECT e.*, CASE WHEN r.auto_renew = 1 AND e.expires_ms > e.seen_ms THEN 1 ELSE 0 END AS renews
  FROM ending e LEFT JOIN renewal r ON r.domain = e.domain AND r.n = 1
)
SELECT e.domain AS resource,
       e.key AS key,
       CASE WHEN e.expires_ms - e.seen_ms < :least AND e.renews = 0 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN e.expires_ms <= e.seen_ms
            THEN 'As its ' || e.whose || ' told, it had ended ' || ((e.seen_ms - e.expires_ms) / 86400000) || ' days before it was looked at.'
            ELSE 'As its ' || e.whose || ' told, ' || ((e.expires_ms - e.seen_ms) / 86400000) || ' days were left when it was last seen so; at least '
                 || (CASE WHEN e.expires_ms - e.seen_ms < :least THEN :least ELSE :early END / 86400000) || ' are wanted'
                 || CASE WHEN e.renews = 1 THEN '; it renews by itself.' ELSE '.' END END AS reason,
       'domain_state' AS ref_table,
       e.id AS ref_id,
       e.seen_ms AS observed_at
FROM judged e
WHERE e.expires_ms - e.seen_ms < CASE WHEN e.renews = 1 THEN :least ELSE :early END
UNION ALL
SELECT d.name, '', 'review', 'absence', 'Nobody who was asked says when it ends.', NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NOT NULL AND d.name NOT IN (SELECT t.domain FROM told t WHERE t.expires_ms IS NOT NULL OR t.registrar_expires_ms IS NOT NULL)
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'No source tells how this domain stands at its registry or registrar.',
       NULL, NULL, :as_of
FROM registration d
WHERE d.scope IS NULL;

-- population
SELECT d.name AS resource, CASE WHEN d.scope IS NOT NULL THEN 'registry-state' END AS evidence, d.scope AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM registration d;
