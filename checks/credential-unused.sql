/*
id: credential-unused
title: Credentials that nobody uses are taken away
severity: medium
resource: credential
answers: [P01, P06, P15, P55, P67]
why: A key that nobody needs can only be used by somebody who should not have it, and nobody would notice.
remedy: Take the credential away, or say in the inventory what it is kept for.
false-positives: Keys for emergencies, and for work that is done once a year. Keys that may be used where no log is read are left out, with that reason.
params:
  most: {type: duration, default: 90d, meaning: "how long a credential may be there without being used"}
*/
WITH RECURSIVE at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), zones AS (
  SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
), places AS (
  SELECT d.account AS scope FROM domain d WHERE d.in_scope = 1 AND d.account IS NOT NULL
  UNION
  SELECT d.account || '/user' FROM domain d WHERE d.in_scope = 1 AND d.account IS NOT NULL
), logs AS (
  SELECT DISTINCT s.evidence, s.scope
  FROM source_scope s
  WHERE s.retired_ms > :period_start
    AND ((s.evidence = 'zone-claims' AND s.scope IN (SELECT zone FROM zones))
         OR (s.evidence = 'account-events' AND s.scope IN (SELECT scope FROM places)))
), named AS (
  -- the log, or the provider, may have another name for it
  SELECT k.id AS name, k.id AS credential FROM credential k
  UNION ALL
  SELECT n.name, MIN(n.credential) FROM actor n WHERE n.credential IS NOT NULL AND n.name NOT IN (SELECT k.id FROM credential k) GROUP BY n.name
), listed AS (
  SELECT s.id, s.credential, s.account, s.created_ms, s.used_ms, s.first_ms
  FROM credential_state s
  WHERE s.account IN (SELECT scope FROM places) AND s.first_ms < :period_end AND s.seen_ms >= :period_start
    AND (s.gone_ms IS NULL OR s.gone_ms >= :period_end)
    AND COALESCE(lower(s.status), 'active') NOT IN ('disabled', 'inactive', 'revoked', 'expired', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM credential_state n
                    WHERE n.source = s.source AND n.account = s.account AND n.credential = s.credential
                      AND n.first_ms > s.first_ms AND n.first_ms < :period_end)
), kept AS (
  SELECT COALESCE(n.credential, l.credential) AS credential, 'credential_state' AS ref_table, l.id AS ref_id, l.account,
         COALESCE(l.created_ms, l.first_ms) AS since, l.used_ms AS told
  FROM listed l LEFT JOIN named n ON n.name = l.credential LEFT JOIN credential k ON k.id = n.credential CROSS JOIN at a
  WHERE k.retired_ms IS NULL OR k.retired_ms > a.t
  UNION ALL
  SELECT k.id, 'credential', k.rowid, NULL, COALESCE(k.issued_ms, k.recorded_at), NULL
  FROM credential k CROSS JOIN at a
  WHERE (k.retired_ms IS NULL OR k.retired_ms > a.t)
    AND k.id NOT IN (SELECT n.credential FROM named n JOIN listed l ON l.credential = n.name)
)

-- findings
WITH seen AS (
  SELECT c.credential AS name, MAX(c.t_to) AS t
  FROM claim c
  WHERE c.zone IN (SELECT zone FROM zones) AND c.outcome IN ('applied', 'no-change') AND c.credential IS NOT NULL AND c.t_from < :period_end
  GROUP BY c.credential
  UNION ALL
  SELECT e.credential, MAX(e.t_to)
  FROM event e
  WHERE e.account IN (SELECT scope FROM places) AND e.credential IS NOT NULL AND e.outcome <> 'failure' AND e.t_from < :period_end
  GROUP BY e.credential
  UNION ALL
  SELECT e.actor, MAX(e.t_to)
  FROM event e
  WHERE e.account IN (SELECT scope FROM places) AND e.actor IS NOT NULL AND e.outcome <> 'failure' AND e.t_from < :period_end
  GROUP BY e.actor
), used AS (
  SELECT COALESCE(n.credential, s.name) AS credential, MAX(s.t) AS t
  FROM seen s LEFT JOIN named n ON n.name = s.name
  GROUP BY COALESCE(n.credential, s.name)
), readable AS (
  -- what is done at a hosted zone stands in the log of its account
  SELECT l.scope FROM logs l
  UNION
  SELECT l.scope || '/user' FROM logs l WHERE l.evidence = 'account-events'
  UNION
  SELECT d.zone FROM domain d JOIN logs l ON l.evidence = 'account-events' AND l.scope = d.account WHERE d.in_scope = 1
), above AS (
  -- the names that it is for, and those above them
  SELECT s.id, s.credential, CASE WHEN s.suffix = '' THEN s.owner ELSE substr(s.suffix, 2) END AS name,
         CASE WHEN s.suffix = '' THEN s.owner ELSE substr(s.suffix, 2) END AS at
  FROM credential_scope s CROSS JOIN at a
  WHERE s.withdrawn_at > a.t AND s.recorded_at <= a.t
  UNION
  SELECT b.id, b.credential, b.name, substr(b.at, instr(b.at, '.') + 1) FROM above b WHERE instr(b.at, '.') > 0
), held AS (
  SELECT b.id, b.credential, z.zone, ROW_NUMBER() OVER (PARTITION BY b.id ORDER BY length(z.zone) DESC) AS place
  FROM above b JOIN (SELECT DISTINCT d.zone FROM domain d WHERE d.zone IS NOT NULL) z ON z.zone = b.at
), place AS (
  -- where it can be used, as far as anybody says: its provider, its declared scope, grants of servers, actors
  SELECT p.credential, p.account AS name FROM kept p WHERE p.account IS NOT NULL
  UNION
  SELECT h.credential, h.zone FROM held h WHERE h.place = 1
  UNION
  SELECT b.credential, b.name FROM above b WHERE b.id NOT IN (SELECT h.id FROM held h)
  UNION
  SELECT g.credential, g.scope FROM credential_grant g WHERE g.valid_from < :period_end AND g.valid_to > :period_start
  UNION
  SELECT n.credential, n.account FROM actor n WHERE n.account <> '' AND n.credential IS NOT NULL
), dark AS (
  SELECT p.credential, MIN(CASE WHEN p.name NOT IN (SELECT r.scope FROM readable r) THEN p.name END) AS name FROM place p GROUP BY p.credential
), unread AS (
  -- of one of which nobody says it, its kind does, or it can be anywhere
  SELECT (SELECT MIN(z.zone) FROM zones z WHERE z.zone NOT IN (SELECT r.scope FROM readable r)) AS zone,
         CASE WHEN (SELECT COUNT(*) FROM places) = 0 THEN 'an account of a provider'
              ELSE (SELECT MIN(p.scope) FROM places p WHERE p.scope NOT IN (SELECT r.scope FROM readable r)) END AS account
), last AS (
  SELECT k.credential, k.ref_table, k.ref_id, k.since, k.told, u.t,
         CASE WHEN k.told IS NOT NULL THEN NULL
              WHEN d.credential IS NOT NULL THEN d.name
              WHEN c.kind = 'tsig-key' THEN w.zone
              WHEN c.kind IN ('api-token', 'api-key', 'access-key', 'service-account') THEN w.account
              ELSE COALESCE(w.zone, CASE WHEN (SELECT COUNT(*) FROM places) > 0 THEN w.account END) END AS dark
  FROM kept k CROSS JOIN unread w
  LEFT JOIN used u ON u.credential = k.credential
  LEFT JOIN dark d ON d.credential = k.credential
  LEFT JOIN credential c ON c.id = k.credential
), idle AS (
  SELECT x.*, a.t AS now FROM last x CROSS JOIN at a
  WHERE x.since < a.t - :most AND COALESCE(x.told, 0) < a.t - :most AND COALESCE(x.t, 0) <= a.t - :most
)
SELECT x.credential AS resource,
       '' AS key,
       'fail' AS status,
       'absence' AS basis,
       'It was not used for ' || (:most / 86400000) || ' days'
         || CASE WHEN x.told IS NULL AND x.t IS NULL THEN ', as far as anybody knows never.'
                 ELSE ': the last use was ' || ((x.now - CASE WHEN x.told > COALESCE(x.t, 0) THEN x.told ELSE COALESCE(x.t, x.told) END) / 86400000)
                      || ' days before.' END AS reason,
       x.ref_table AS ref_table,
       x.ref_id AS ref_id,
       x.now AS observed_at
FROM idle x
WHERE x.dark IS NULL
UNION ALL
SELECT x.credential, '', 'not-applicable', 'presence', 'It may be used at ' || x.dark || ', and no log of what is done there is read.', NULL, NULL, :as_of
FROM idle x
WHERE x.dark IS NOT NULL
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'No credential is in the inventory or in a list of a provider.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM kept) = 0
UNION ALL
SELECT x.credential, '', 'not-applicable', 'presence', 'Neither a list nor a log tells of its use.', NULL, NULL, :as_of
FROM last x
WHERE x.ref_table = 'credential' AND (SELECT COUNT(*) FROM logs) = 0;

-- population
SELECT p.credential AS resource, CASE WHEN p.account IS NOT NULL THEN 'account-state' END AS evidence, p.account AS scope,
       CASE WHEN p.account IS NOT NULL THEN a.t - 86400000 ELSE :period_start END AS need_from,
       CASE WHEN p.account IS NOT NULL THEN :period_end ELSE :period_start END AS need_to,
       CASE WHEN p.account IS NOT NULL THEN 'sampled' END AS grade
FROM kept p CROSS JOIN at a
UNION ALL
-- where the provider does not tell the last use, the logs must; of one that is not there for so long nothing is asked
SELECT p.credential, 'shared', NULL, :period_start, :period_start, NULL
FROM kept p CROSS JOIN at a
WHERE p.told IS NULL AND p.since < a.t - :most AND (SELECT COUNT(*) FROM logs) > 0
UNION ALL
SELECT NULL, l.evidence, l.scope, a.t - :most, :period_end, 'asserted'
FROM logs l CROSS JOIN at a
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM kept) = 0;
