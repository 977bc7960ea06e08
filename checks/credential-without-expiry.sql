/*
id: credential-without-expiry
title: Credentials end by themselves
severity: medium
resource: credential
answers: [P06, P18, P65, P92]
why: A key without an end works for years after everybody has forgotten it. One that ends shows by itself who still needs it.
remedy: Make the credential anew with an end, or write down until when it may be used and take it away then.
false-positives: Kinds of keys for which the provider offers no end; those named in the parameter are left to credential-rotation.
params:
  endless: {type: text, default: "access-key api-key tsig-key service-account", meaning: "kinds of credentials that can have no end"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), listed AS (
  SELECT s.id, s.credential, s.account, s.kind, s.expires_ms
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
), kept AS (
  -- what the provider enforces counts before what the inventory says
  SELECT l.credential, l.kind, l.expires_ms, 'credential_state' AS ref_table, l.id AS ref_id
  FROM listed l LEFT JOIN credential k ON k.id = l.credential CROSS JOIN at a
  WHERE COALESCE(k.federated, 0) = 0 AND (l.expires_ms IS NOT NULL OR k.id IS NULL)
    AND (k.retired_ms IS NULL OR k.retired_ms > a.t)
  UNION ALL
  SELECT k.id, COALESCE(k.kind, ''), k.expires_ms, 'credential', k.rowid
  FROM credential k CROSS JOIN at a
  WHERE (k.retired_ms IS NULL OR k.retired_ms > a.t) AND COALESCE(k.federated, 0) = 0
    AND k.id NOT IN (SELECT l.credential FROM listed l WHERE l.expires_ms IS NOT NULL)
), stated AS (
  SELECT COUNT(*) AS n FROM kept p WHERE p.expires_ms IS NOT NULL
)
SELECT p.credential AS resource,
       '' AS key,
       'fail' AS status,
       'presence' AS basis,
       CASE WHEN p.ref_table = 'credential' THEN 'The inventory says' ELSE 'The provider tells' END || ' that it never ends.' AS reason,
       p.ref_table AS ref_table,
       p.ref_id AS ref_id,
       :as_of AS observed_at
FROM kept p
WHERE p.expires_ms = 9223372036854775807 AND instr(' ' || :endless || ' ', ' ' || p.kind || ' ') = 0
UNION ALL
SELECT p.credential, '', 'not-applicable', 'presence', 'Credentials of its kind (' || p.kind || ') can have no end: their age counts.', NULL, NULL, :as_of
FROM kept p
WHERE COALESCE(p.expires_ms, 9223372036854775807) = 9223372036854775807 AND p.kind <> '' AND instr(' ' || :endless || ' ', ' ' || p.kind || ' ') > 0
UNION ALL
SELECT p.credential, '', CASE WHEN (SELECT n FROM stated) > 0 THEN 'review' ELSE 'not-applicable' END, 'presence',
       'Nobody says when it ends.', p.ref_table, p.ref_id, :as_of
FROM kept p
WHERE p.expires_ms IS NULL AND instr(' ' || :endless || ' ', ' ' || p.kind || ' ') = 0
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
