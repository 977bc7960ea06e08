/*
id: issuance-requested
title: Certificates were asked for by our own clients
severity: medium
resource: domain
answers: [P25, P34, P41]
why: >-
  An ACME client logs each order. A public certificate for one of our names that no client of ours asked for was asked for by somebody
  who could pass the validation.
remedy: >-
  Find the client that asked for it and add its log to the sources. If there is none, revoke the certificate and look for changed records,
  foreign issuance accounts and persistent validation records.
false-positives: >-
  A client whose log is not collected: a content delivery network, a hosting provider, a machine that was forgotten. Certificates that a
  directory of ours holds are not reported.
params:
  window: {type: duration, default: 1d, meaning: "how long before the issuance an order counts"}
  tolerance: {type: duration, default: 10m, meaning: "how far the clock of a log may be behind ours"}
*/
WITH lacking AS (
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, MIN(n.name) AS name
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id AND n.kind <> 'ip'
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end
    AND EXISTS (SELECT 1 FROM issuance_scope t WHERE t.domain = cd.domain AND t.retired_ms > c.logged_ms)
    AND c.id NOT IN (SELECT q.certificate_id FROM certificate_request q)
    AND NOT EXISTS (SELECT 1 FROM held_certificate h WHERE h.tbs_key = c.tbs_key)
    AND NOT EXISTS (SELECT 1 FROM issuance_name i JOIN issuance_order a ON a.request_id = i.request_id
                    WHERE i.base = n.base AND i.name = n.name
                      AND a.t_from <= c.logged_ms + :tolerance AND a.t_from > c.logged_ms - :window
                      -- an order gives one certificate, and the log shows that it was another
                      AND NOT (a.outcome = 'requested'
                               AND EXISTS (SELECT 1 FROM issuance_name o JOIN issuance_request g ON g.id = o.request_id
                                           WHERE o.base = n.base AND o.name = n.name AND g.source = a.source AND g.tbs_key IS NOT NULL
                                             AND g.outcome IN ('issued', 'renewed') AND g.t_from >= a.t_from AND g.t_from < a.t_from + :window)))
  GROUP BY cd.domain, c.id, c.tbs_key, c.logged_ms
)
SELECT l.domain AS resource,
       l.tbs_key AS key,
       'review' AS status,
       'absence' AS basis,
       'A certificate for ' || l.name || ' was logged, but no client whose log is read asked for it, and no directory of ours holds it.' AS reason,
       'certificate' AS ref_table,
       l.id AS ref_id,
       l.logged_ms AS observed_at
FROM lacking l
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
-- that nobody asked can be said only where the clients' logs were read around the issuance
SELECT t.domain, 'issuance-requests', t.scope, c.logged_ms - :window, c.logged_ms + :tolerance, 'sampled'
FROM issuance_scope t
JOIN certificate_domain cd ON cd.domain = t.domain
JOIN certificate c ON c.id = cd.certificate_id
WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end AND t.retired_ms > c.logged_ms
  AND c.id NOT IN (SELECT q.certificate_id FROM certificate_request q)
  AND NOT EXISTS (SELECT 1 FROM held_certificate h WHERE h.tbs_key = c.tbs_key);
