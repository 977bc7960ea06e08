/*
id: certificate-sct-policy
title: Certificates carry the promises of logs that browsers ask for
severity: low
resource: domain
answers: [P38, P50]
why: >-
  Browsers refuse a certificate that too few logs promised to publish: two promises up to 180 days, three beyond, from two operators at least.
  Promises of logs that were rejected, or that came after a log was retired, do not count, and one log at least has to be in use still.
remedy: Ask the issuer for a new certificate; it chose logs that do not count.
false-positives: Promises that the server hands over in the handshake and not in the certificate.
*/
WITH final AS (
  -- the last instant belongs to it, and is told in seconds
  SELECT cd.domain, c.id, c.tbs_key, c.logged_ms, c.not_after, c.scts, MIN(n.name) AS name,
         CASE WHEN c.not_after - c.not_before + 1000 <= 15552000000 THEN 2 ELSE 3 END AS wanted
  FROM certificate c
  JOIN certificate_domain cd ON cd.certificate_id = c.id
  JOIN certificate_name n ON n.id = cd.name_id
  JOIN domain d ON d.name = cd.domain AND d.in_scope = 1
  WHERE c.logged_ms >= :period_start AND c.logged_ms < :period_end AND c.scts IS NOT NULL
  GROUP BY cd.domain, c.id, c.tbs_key, c.logged_ms, c.scts, c.not_before, c.not_after
), operator AS (
  -- a log may stand in two lists: the better word for it counts
  SELECT l.log_id, MIN(l.operator) AS name,
         MIN(CASE WHEN l.state IN ('rejected', 'pending') THEN 1 ELSE 0 END) AS refused,
         MIN(CASE WHEN l.state IN ('retired', 'rejected', 'pending') AND l.state_ms <= :as_of THEN 1 ELSE 0 END) AS gone,
         MAX(CASE WHEN l.state = 'retired' THEN l.state_ms ELSE 9223372036854775807 END) AS until
  FROM ct_log l GROUP BY l.log_id
), promise AS (
  SELECT s.certificate_id, s.log_id, o.name, COALESCE(o.gone, 0) AS gone,
         CASE WHEN o.refused = 1 OR s.timestamp >= o.until THEN 0 ELSE 1 END AS counts
  FROM certificate_sct s
  LEFT JOIN operator o ON o.log_id = s.log_id
), counted AS (
  SELECT f.domain, f.id, f.tbs_key, f.logged_ms, f.scts, f.name, f.wanted,
         COUNT(DISTINCT CASE WHEN p.counts = 1 THEN p.log_id END) AS logs, COUNT(DISTINCT CASE WHEN p.counts = 1 THEN p.name END) AS operators,
         CASE WHEN COUNT(CASE WHEN p.counts = 1 AND p.gone = 0 THEN p.log_id END) = 0 AND f.not_after >= :as_of THEN 1 ELSE 0 END AS dead,
         COUNT(DISTINCT CASE WHEN p.counts = 0 THEN p.log_id END) AS void,
         COUNT(DISTINCT CASE WHEN p.counts = 1 AND p.name IS NULL THEN p.log_id END) AS unknown
  FROM final f
  LEFT JOIN promise p ON p.certificate_id = f.id
  GROUP BY f.domain, f.id, f.tbs_key, f.logged_ms, f.not_after, f.scts, f.name, f.wanted
)
SELECT c.domain AS resource,
       c.tbs_key AS key,
       CASE WHEN c.scts = 0 THEN 'review' WHEN c.logs < c.wanted OR c.dead = 1 OR c.unknown = 0 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'A certificate for ' || c.name || ' carries '
         || CASE WHEN c.scts = 0 THEN 'no promise of a log; its server may hand them over, ' || c.wanted || ' are wanted.'
                 WHEN c.logs < c.wanted
                 THEN CASE c.logs + c.void WHEN 1 THEN 'the promise of 1 log' ELSE 'promises of ' || (c.logs + c.void) || ' logs' END
                      || CASE WHEN c.void > 0 THEN ', ' || c.void || ' of which rejected, or retired before it promised' ELSE '' END || '; ' || c.wanted || ' are wanted.'
                 WHEN c.dead = 1 THEN 'promises of ' || c.logs || ' logs, and none of them is in use any more.'
                 WHEN c.unknown = 0 THEN 'promises of ' || c.logs || ' logs that one operator runs.'
                 ELSE 'promises of ' || c.logs || ' logs; who runs ' || c.unknown || ' of them is not known.' END AS reason,
       'certificate' AS ref_table,
       c.id AS ref_id,
       c.logged_ms AS observed_at
FROM counted c
WHERE c.logs < c.wanted OR (c.operators < 2 AND EXISTS (SELECT 1 FROM ct_log)) OR c.dead = 1
UNION ALL
SELECT c.domain, 'operators', 'not-applicable', 'presence', 'No list of logs says who runs them.', NULL, NULL, :as_of
FROM counted c
WHERE NOT EXISTS (SELECT 1 FROM ct_log)
GROUP BY c.domain;

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1;
