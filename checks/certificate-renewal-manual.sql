/*
id: certificate-renewal-manual
title: Certificates are renewed by machines
severity: low
resource: domain
answers: [P32, P44]
why: >-
  Where clients renew the certificates, one that a person renewed is the one that will be forgotten next time. It may also be the one that
  somebody got past the automation.
remedy: >-
  Find out who renewed it and why, and let the client do it. Where that cannot be, say so in the inventory (renewal of the service), or record an
  approval of the kind certificate.manual.
false-positives: A client on a machine whose log is not collected.
params:
  window: {type: duration, default: 1d, meaning: "how long before the issuance an order of a client counts"}
  tolerance: {type: duration, default: 10m, meaning: "how far the clock of a log may be behind ours"}
  lookback: {type: duration, default: 400d, meaning: "how long before it a certificate must have been logged that it renews, and others that clients got"}
*/
WITH machines AS (
  SELECT COUNT(*) AS n FROM certificate_request q JOIN certificate c ON c.id = q.certificate_id
  WHERE c.logged_ms >= :period_start - :lookback AND c.logged_ms < :period_end
), ours AS MATERIALIZED (
  -- what we hold or present: of others issuance-requested speaks
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, n.name, n.base
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id AND n.kind <> 'ip'
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
    AND EXISTS (SELECT 1 FROM issuance_scope t WHERE t.domain = cd.domain AND t.retired_ms > c.logged_ms)
    AND (EXISTS (SELECT 1 FROM held_certificate h WHERE h.tbs_key = c.tbs_key) OR EXISTS (SELECT 1 FROM endpoint e WHERE e.tbs_key = c.tbs_key))
), renewed AS MATERIALIZED (
  -- a first certificate may be got by hand
  SELECT o.domain, o.id, o.tbs_key, o.logged_ms, MIN(o.name) AS name
  FROM ours o
  WHERE o.id NOT IN (SELECT q.certificate_id FROM certificate_request q)
    AND EXISTS (SELECT 1 FROM certificate_name n JOIN certificate p ON p.id = n.certificate_id
                WHERE n.base = o.base AND n.name = o.name AND p.logged_ms < o.logged_ms AND p.logged_ms >= o.logged_ms - :lookback)
    AND NOT EXISTS (SELECT 1 FROM issuance_name i JOIN issuance_order a ON a.request_id = i.request_id
                    WHERE i.base = o.base AND i.name = o.name AND a.t_from <= o.logged_ms + :tolerance AND a.t_from > o.logged_ms - :window)
  GROUP BY o.domain, o.id, o.tbs_key, o.logged_ms
), tree AS MATERIALIZED (
  SELECT s.name, substr(s.host, 2) AS suffix FROM service s WHERE substr(s.host, 1, 2) = '*.'
), served AS (
  SELECT r.id, s.name AS service FROM renewed r JOIN ours o ON o.id = r.id JOIN service s ON s.host = o.name
  UNION
  SELECT r.id, t.name FROM renewed r JOIN ours o ON o.id = r.id
  JOIN tree t ON substr(o.name, length(o.name) - length(t.suffix) + 1) = t.suffix
), stated AS MATERIALIZED (
  SELECT v.id, MAX(CASE WHEN s.renewal = 'automatic' THEN s.name END) AS automatic,
         MIN(CASE WHEN s.renewal = 'manual' AND s.recorded_at = b.t THEN -9223372036854775807 WHEN s.renewal = 'manual' THEN s.recorded_at END) AS recorded_at
  FROM served v JOIN service s ON s.name = v.service CROSS JOIN inventory_begun b
  GROUP BY v.id
), approved AS MATERIALIZED (
  SELECT o.id, MIN(a.recorded_at) AS recorded_at
  FROM ours o
  JOIN approval a ON a.subject IN (o.name, o.base, o.domain) AND a.kind = 'certificate.manual'
                 AND a.valid_from <= o.logged_ms AND a.valid_to > o.logged_ms AND a.withdrawn_at > o.logged_ms
  GROUP BY o.id
), judged AS (
  SELECT r.*, s.automatic,
         CASE WHEN s.recorded_at IS NULL OR p.recorded_at < s.recorded_at THEN p.recorded_at ELSE s.recorded_at END AS recorded_at, m.n AS machines
  FROM renewed r CROSS JOIN machines m LEFT JOIN stated s ON s.id = r.id LEFT JOIN approved p ON p.id = r.id
)
SELECT j.domain AS resource,
       j.tbs_key AS key,
       CASE WHEN j.automatic IS NOT NULL AND j.recorded_at IS NULL THEN 'fail' ELSE 'review' END AS status,
       'absence' AS basis,
       'The certificate for ' || j.name || ' was renewed, and no client whose log is read asked for it, while clients got ' || j.machines || ' others in the period and the '
         || (:lookback / 86400000) || ' days before'
         || CASE WHEN j.recorded_at IS NOT NULL THEN '; that it is renewed by hand was recorded ' || ((j.recorded_at - j.logged_ms + 59999) / 60000) || ' minutes later.'
                 WHEN j.automatic IS NOT NULL THEN '; the inventory says that the renewal of ' || j.automatic || ' is automatic.'
                 ELSE '; the inventory does not say how it is renewed.' END AS reason,
       'certificate' AS ref_table,
       j.id AS ref_id,
       j.logged_ms AS observed_at
FROM judged j
WHERE j.machines > 0 AND (j.recorded_at IS NULL OR j.recorded_at > j.logged_ms)
UNION ALL
SELECT d.name, '', 'not-applicable', 'presence', 'No log of a client that asks for its certificates is configured.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.name NOT IN (SELECT t.domain FROM issuance_scope t);

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope, :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.name IN (SELECT t.domain FROM issuance_scope t)
UNION ALL
SELECT d.name, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1
UNION ALL
-- that no client asked can be said only where the clients' logs were read around the issuance
SELECT t.domain, 'issuance-requests', t.scope, c.logged_ms - :window, c.logged_ms + :tolerance, 'sampled'
FROM issuance_scope t
JOIN certificate_domain cd ON cd.domain = t.domain
JOIN certificate c ON c.id = cd.certificate_id
WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end AND t.retired_ms > c.logged_ms
  AND (EXISTS (SELECT 1 FROM held_certificate h WHERE h.tbs_key = c.tbs_key) OR EXISTS (SELECT 1 FROM endpoint e WHERE e.tbs_key = c.tbs_key))
  AND c.id NOT IN (SELECT q.certificate_id FROM certificate_request q);
