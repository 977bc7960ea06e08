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
WITH places AS (
  SELECT d.account AS scope FROM domain d WHERE d.in_scope = 1
  UNION
  SELECT d.account || '/user' FROM domain d WHERE d.in_scope = 1
)

-- findings
WITH zones AS (
  SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
), ends AS (
  SELECT k.id AS credential, k.expires_ms AS t, 'it ended' AS what FROM credential k WHERE k.expires_ms IS NOT NULL
  UNION ALL
  SELECT k.id, k.retired_ms, 'it was taken out of use' FROM credential k WHERE k.retired_ms IS NOT NULL
  UNION ALL
  SELECT s.credential, s.expires_ms, 'its provider says that it ended'
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM places) AND s.first_ms < :period_end AND s.seen_ms >= :period_start AND s.expires_ms IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
), used AS (
  SELECT x.credential, x.what, x.t, 'claim' AS ref_table, c.id AS ref_id, c.t_from, c.t_to
  FROM ends x JOIN claim c ON c.credential = x.credential
  WHERE x.t < :period_end AND c.zone IN (SELECT zone FROM zones) AND c.outcome = 'applied' AND c.kind <> 'transfer'
    AND c.t_from < :period_end AND c.t_to > :period_start AND c.t_to > x.t
  UNION ALL
  SELECT x.credential, x.what, x.t, 'event', e.id, e.t_from, e.t_to
  FROM ends x JOIN event e ON e.credential = x.credential
  WHERE x.t < :period_end AND e.account IN (SELECT scope FROM places) AND e.outcome <> 'failure'
    AND e.t_from < :period_end AND e.t_to > :period_start AND e.t_to > x.t
  UNION ALL
  SELECT x.credential, x.what, x.t, 'credential_state', s.id, s.used_ms, s.used_ms + 1
  FROM ends x JOIN credential_state s ON s.credential = x.credential
  WHERE s.account IN (SELECT scope FROM places) AND s.used_ms >= x.t
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
  SELECT k.id AS credential, CASE WHEN k.retired_ms < k.expires_ms OR k.expires_ms IS NULL THEN k.retired_ms ELSE k.expires_ms END AS t
  FROM credential k
  WHERE k.expires_ms IS NOT NULL OR k.retired_ms IS NOT NULL
  UNION ALL
  SELECT s.credential, MIN(s.expires_ms)
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM places) AND s.first_ms < :period_end AND s.seen_ms >= :period_start AND s.expires_ms IS NOT NULL
  GROUP BY s.credential
)
SELECT x.credential AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM ends x
UNION
-- that it was used no more can be said only where the logs were read from then on
SELECT x.credential, s.evidence, s.scope, CASE WHEN x.t > :period_start THEN x.t ELSE :period_start END, :period_end, 'asserted'
FROM ends x
JOIN source_scope s ON s.evidence IN ('zone-claims', 'account-events') AND s.retired_ms > :period_start
WHERE x.t < :period_end
  AND (s.scope IN (SELECT scope FROM places) OR s.scope IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1))
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM ends) = 0;
