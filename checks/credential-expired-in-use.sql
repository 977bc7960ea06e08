/*
id: credential-expired-in-use
title: Credentials are not used after their end
severity: high
resource: credential
answers: [P06, P18, P47, P68]
why: >-
  A key that still works after the day on which it should have ended was never taken away where it counts: on the server or at the provider.
remedy: Take the credential away on the server, and find out who used it.
false-positives: An end that was moved and not written down.
*/
WITH zones AS (
  SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
), ends AS (
  SELECT k.id AS credential, k.expires_ms AS t, 'it ended' AS what FROM credential k WHERE k.expires_ms IS NOT NULL
  UNION ALL
  SELECT k.id, k.retired_ms, 'it was taken out of use' FROM credential k WHERE k.retired_ms IS NOT NULL
  UNION ALL
  SELECT s.credential, s.expires_ms, 'its provider says that it ended'
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start AND s.expires_ms IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
), named AS (
  -- the log may have another name for it
  SELECT x.credential AS name, x.credential FROM ends x
  UNION
  SELECT n.name, n.credential FROM actor n WHERE n.withdrawn_at > :period_start
), written AS (
  SELECT c.credential AS name, c.id, c.t_from, c.t_to
  FROM claim c
  WHERE c.credential IS NOT NULL AND c.zone IN (SELECT zone FROM zones) AND c.outcome IN ('applied', 'no-change') AND c.kind <> 'transfer'
    AND c.t_from < :period_end AND c.t_to > :period_start
), done AS (
  SELECT e.credential AS name, e.id, e.t_from, e.t_to
  FROM event e
  WHERE e.credential IS NOT NULL AND e.account IN (SELECT scope FROM account_place) AND e.outcome <> 'failure'
    AND e.t_from < :period_end AND e.t_to > :period_start
), used AS (
  SELECT x.credential, x.what, x.t, 'claim' AS ref_table, w.id AS ref_id, w.t_from, w.t_to
  FROM ends x JOIN named n ON n.credential = x.credential JOIN written w ON w.name = n.name
  WHERE x.t < :period_end AND w.t_to > x.t
  UNION ALL
  SELECT x.credential, x.what, x.t, 'event', d.id, d.t_from, d.t_to
  FROM ends x JOIN named n ON n.credential = x.credential JOIN done d ON d.name = n.name
  WHERE x.t < :period_end AND d.t_to > x.t
  UNION ALL
  SELECT x.credential, x.what, x.t, 'credential_state', s.id, s.used_ms, s.used_ms + 1
  FROM ends x JOIN named n ON n.credential = x.credential JOIN credential_state s ON s.credential = n.name
  WHERE s.account IN (SELECT scope FROM account_place) AND s.used_ms >= x.t
    AND s.used_ms >= :period_start AND s.used_ms < :period_end
)
SELECT u.credential AS resource,
       u.ref_table || ' ' || u.what AS key,
       CASE WHEN MAX(u.t_from) >= u.t THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN MAX(u.t_from) >= u.t THEN 'It was used ' || ((MAX(u.t_from) - u.t) / 60000) || ' minutes after ' || u.what || '.'
            ELSE 'It may have been used after ' || u.what || ': the times of the log leave it open.' END AS reason,
       u.ref_table AS ref_table,
       MIN(u.ref_id) AS ref_id,
       MIN(u.t_from) AS observed_at
FROM used u
GROUP BY u.credential, u.what, u.t, u.ref_table
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No end of a credential is known.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM ends) = 0;

-- population
WITH ends AS (
  SELECT e.credential, MIN(e.t) AS t
  FROM (SELECT k.id AS credential, CASE WHEN k.retired_ms < k.expires_ms OR k.expires_ms IS NULL THEN k.retired_ms ELSE k.expires_ms END AS t
        FROM credential k
        WHERE k.expires_ms IS NOT NULL OR k.retired_ms IS NOT NULL
        UNION ALL
        SELECT s.credential, s.expires_ms
        FROM credential_state s
        WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start AND s.expires_ms IS NOT NULL) e
  GROUP BY e.credential
), logs AS (
  SELECT DISTINCT s.evidence, s.scope
  FROM source_scope s
  WHERE s.retired_ms > :period_start
    AND ((s.evidence = 'zone-claims' AND s.scope IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1))
         OR (s.evidence = 'account-events' AND s.scope IN (SELECT scope FROM account_place)))
)
SELECT x.credential AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM ends x
UNION ALL
-- that it was used no more can be said only where the logs were read from then on
SELECT x.credential, 'shared', NULL, x.t, :period_end, NULL
FROM ends x
WHERE x.t < :period_end AND (SELECT COUNT(*) FROM logs) > 0
UNION ALL
SELECT NULL, l.evidence, l.scope, :period_start, :period_end, 'asserted' FROM logs l
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM ends) = 0;
