/*
id: credential-rotation
title: Secrets of credentials are renewed in time
severity: medium
resource: credential
answers: [P06, P47, P63, P65, P92]
why: The longer a secret stands, the more copies of it there are, and the longer a stolen one works.
remedy: Give the credential a new secret and write down when, or replace it by one that lives for minutes.
false-positives: A new secret that neither the provider nor the inventory tells.
params:
  most: {type: duration, default: 90d, meaning: "how old a secret may be"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), listed AS (
  SELECT s.id, s.credential, s.account, s.rotated_ms, s.created_ms
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
), rolled AS (
  SELECT e.object AS credential, MAX(e.t_to) AS t
  FROM event e
  WHERE e.action = 'token.roll' AND e.outcome <> 'failure' AND e.account IN (SELECT scope FROM account_place) AND e.t_from < :period_end
  GROUP BY e.object
), told AS (
  -- a provider that tells of renewals knows best; one that tells the making alone leaves the rest to the inventory
  SELECT l.credential, 'credential_state' AS ref_table, l.id AS ref_id, l.rotated_ms AS t, CASE WHEN l.rotated_ms IS NOT NULL THEN 1 ELSE 0 END AS surely
  FROM listed l
  UNION ALL
  SELECT l.credential, 'credential_state', l.id, l.created_ms, CASE WHEN l.rotated_ms IS NOT NULL THEN 1 ELSE 0 END FROM listed l
  UNION ALL
  SELECT k.id, 'credential', k.rowid, k.rotated_ms, 0 FROM credential k
  UNION ALL
  SELECT k.id, 'credential', k.rowid, k.issued_ms, 0 FROM credential k
), kept AS (
  SELECT k.id AS credential FROM credential k CROSS JOIN at a
  WHERE (k.retired_ms IS NULL OR k.retired_ms > a.t) AND COALESCE(k.federated, 0) = 0
  UNION
  SELECT l.credential FROM listed l WHERE l.credential NOT IN (SELECT k.id FROM credential k)
), aged AS (
  SELECT p.credential,
         MAX(CASE WHEN t.surely = 1 THEN t.t END) AS provider, MAX(t.t) AS any_t, MAX(CASE WHEN t.ref_table = 'credential_state' THEN t.ref_id END) AS state_id,
         MAX(CASE WHEN t.ref_table = 'credential' THEN t.ref_id END) AS own_id
  FROM kept p JOIN told t ON t.credential = p.credential
  GROUP BY p.credential
), born AS (
  SELECT a.credential, a.state_id, a.own_id,
         CASE WHEN r.t > COALESCE(a.provider, a.any_t, 0) THEN r.t ELSE COALESCE(a.provider, a.any_t) END AS t
  FROM aged a LEFT JOIN rolled r ON r.credential = a.credential
)
SELECT b.credential AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       'Its secret is ' || ((a.t - b.t + 86399999) / 86400000) || ' days old; ' || (:most / 86400000) || ' are allowed.' AS reason,
       CASE WHEN b.state_id IS NOT NULL THEN 'credential_state' ELSE 'credential' END AS ref_table,
       COALESCE(b.state_id, b.own_id) AS ref_id,
       a.t AS observed_at
FROM born b CROSS JOIN at a
WHERE a.t - b.t > :most
UNION ALL
SELECT b.credential, '', CASE WHEN (SELECT COUNT(*) FROM born o WHERE o.t IS NOT NULL) > 0 THEN 'review' ELSE 'not-applicable' END, 'presence',
       'Nobody says when its secret was made or renewed.',
       CASE WHEN b.state_id IS NOT NULL THEN 'credential_state' ELSE 'credential' END, COALESCE(b.state_id, b.own_id), :as_of
FROM born b
WHERE b.t IS NULL
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential with a lasting secret is known.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM kept) = 0;

-- population
WITH listed AS (
  SELECT DISTINCT s.credential, s.account
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
), kept AS (
  SELECT k.id AS credential
  FROM credential k
  WHERE (k.retired_ms IS NULL OR k.retired_ms > CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END)
    AND COALESCE(k.federated, 0) = 0
  UNION
  SELECT l.credential FROM listed l WHERE l.credential NOT IN (SELECT k.id FROM credential k)
)
SELECT p.credential AS resource, CASE WHEN l.account IS NOT NULL THEN 'account-state' END AS evidence, l.account AS scope, :period_start AS need_from,
       CASE WHEN l.account IS NOT NULL THEN :period_end ELSE :period_start END AS need_to,
       CASE WHEN l.account IS NOT NULL THEN 'sampled' END AS grade
FROM kept p LEFT JOIN listed l ON l.credential = p.credential
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM kept) = 0;
