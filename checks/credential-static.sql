/*
id: credential-static
title: Machines prove who they are without lasting secrets where they can
severity: low
resource: credential
answers: [P08, P18, P65, P92]
why: >-
  A secret that is stored can be copied. Where the provider takes the workload's own identity for it, there is nothing to steal that lasts longer than
  minutes.
remedy: Let the workload take a role by its own identity (workload identity federation), and take the static key away.
false-positives: A workload outside every platform that could vouch for it.
params:
  federation: {type: text, default: "access-key service-account", meaning: "kinds of credentials in whose place the provider offers short-lived ones"}
*/
WITH listed AS (
  SELECT s.id, s.credential, s.account, s.kind
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
), kept AS (
  SELECT k.id AS credential, COALESCE(k.kind, '') AS kind, k.federated, 'credential' AS ref_table, k.rowid AS ref_id, 1 AS own
  FROM credential k
  WHERE k.retired_ms IS NULL OR k.retired_ms > CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END
  UNION ALL
  SELECT l.credential, l.kind, NULL, 'credential_state', l.id, 0 FROM listed l WHERE l.credential NOT IN (SELECT k.id FROM credential k)
)
SELECT k.credential AS resource,
       '' AS key,
       CASE WHEN k.federated = 0 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN k.federated = 0 THEN 'It is a lasting secret of a kind (' || k.kind || ') in whose place short-lived ones are offered.'
            WHEN k.own = 1 THEN 'The inventory does not say whether this ' || k.kind || ' is a lasting secret.'
            ELSE 'The provider lists this ' || k.kind || ', which is a lasting secret, and the inventory says nothing of it.' END AS reason,
       k.ref_table AS ref_table,
       k.ref_id AS ref_id,
       :as_of AS observed_at
FROM kept k
WHERE k.kind <> '' AND instr(' ' || :federation || ' ', ' ' || k.kind || ' ') > 0 AND COALESCE(k.federated, 0) = 0
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential is in the inventory or in a list of a provider.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM kept) = 0
UNION ALL
SELECT k.credential, '', 'not-applicable', 'presence', 'For its kind (' || CASE WHEN k.kind = '' THEN 'not stated' ELSE k.kind END || ') nothing short-lived is known to be offered.',
       NULL, NULL, :as_of
FROM kept k
WHERE (k.kind = '' OR instr(' ' || :federation || ' ', ' ' || k.kind || ' ') = 0) AND COALESCE(k.federated, 0) = 0;

-- population
WITH kept AS (
  SELECT k.id AS credential, NULL AS account
  FROM credential k
  WHERE k.retired_ms IS NULL OR k.retired_ms > CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END
  UNION
  SELECT s.credential, s.account
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM account_place) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end) AND s.credential NOT IN (SELECT k.id FROM credential k)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
)
SELECT k.credential AS resource, CASE WHEN k.account IS NOT NULL THEN 'account-state' END AS evidence, k.account AS scope, :period_start AS need_from,
       CASE WHEN k.account IS NOT NULL THEN :period_end ELSE :period_start END AS need_to, CASE WHEN k.account IS NOT NULL THEN 'sampled' END AS grade
FROM kept k
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM kept) = 0;
