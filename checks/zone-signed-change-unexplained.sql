/*
id: zone-signed-change-unexplained
title: Every change of a signed zone is attributed or approved
severity: critical
resource: zone
answers: [P80, P85, P91]
why: >-
  A signature says that the zone holds what it holds, not that it should. A harmful change in a signed zone is signed like any other, and
  validators take it for good.
remedy: Find out who made the change before the signatures are trusted again; bring every way of writing to the zone under a log.
false-positives: >-
  Zone files edited by hand and reloaded, without an approval. Key records that a signer keeps by itself (DNSKEY, CDS, CDNSKEY) do not count.
*/
WITH signed AS MATERIALIZED (
  SELECT d.zone AS name FROM domain d JOIN owned_zone o ON o.name = d.zone WHERE d.in_scope = 1 AND o.signed = 1
  UNION
  SELECT d.zone FROM domain d JOIN record r ON r.owner = d.zone AND r.zone = d.zone AND r.type = 'DNSKEY'
  WHERE d.in_scope = 1 AND r.valid_to > :period_start AND r.valid_from < :period_end
)

-- findings
WITH touched AS (
  SELECT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, t.t_from, t.t_to, COUNT(*) AS n, MIN(r.owner) AS owner,
         MIN(r.id) AS record_id
  FROM change c
  CROSS JOIN change_time t
  CROSS JOIN change_record r
  WHERE t.change_id = c.id AND r.change_id = c.id
    AND c.zone IN (SELECT s.name FROM signed s)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND r.type NOT IN ('DNSKEY', 'CDS', 'CDNSKEY')
    AND NOT EXISTS (SELECT 1 FROM change_claim m JOIN claim l ON l.id = m.claim_id
                    WHERE m.change_id = c.id AND m.rank >= 2 AND m.ambiguous = 0 AND COALESCE(l.credential, l.actor) IS NOT NULL)
    -- each record for itself: one approval does not carry what came along with it
    AND NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject = r.owner
                      AND a.kind IN (lower(r.type) || '.change', 'record.change', CASE WHEN r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') THEN 'address.change' END,
                                     CASE WHEN substr(r.owner, 1, 16) = '_acme-challenge.' THEN 'challenge-delegation.change' END)
                      AND a.valid_from <= t.t_from AND a.valid_to >= t.t_to AND a.withdrawn_at >= t.t_to AND a.recorded_at <= t.t_from)
  GROUP BY c.id, c.zone, c.serial_from, c.serial_to, c.t_from, t.t_from, t.t_to
)
SELECT x.zone AS resource,
       x.serial_from || '-' || x.serial_to || ' at ' || x.seen_from AS key,
       CASE WHEN EXISTS (SELECT 1 FROM change_claim m WHERE m.change_id = x.id AND m.rank >= 2) THEN 'review' ELSE 'fail' END AS status,
       'absence' AS basis,
       x.n || ' records, first of ' || x.owner || CASE x.n WHEN 1 THEN ', was' ELSE ', were' END || ' changed in this signed zone between serial ' || x.serial_from || ' and ' || x.serial_to
         || CASE WHEN EXISTS (SELECT 1 FROM change_claim m WHERE m.change_id = x.id AND m.rank >= 2)
                 THEN '; the log fits in more than one way or names nobody, and no approval covers them.'
                 ELSE '; no log says by whom, and no approval covers them.' END AS reason,
       'change_record' AS ref_table,
       x.record_id AS ref_id,
       x.t_from AS observed_at
FROM touched x
UNION ALL
SELECT DISTINCT d.zone, '', 'not-applicable', 'presence', 'This zone is not signed, and is not meant to be.', NULL, CAST(NULL AS BIGINT), :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND d.zone NOT IN (SELECT s.name FROM signed s);

-- population
SELECT s.name AS resource, 'zone-changes' AS evidence, s.name AS scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM signed s
UNION ALL
-- that nobody claims a change can be said only where the logs were read
SELECT DISTINCT c.zone, 'zone-claims', c.zone, t.t_from, t.t_to, 'asserted'
FROM change c
JOIN change_time t ON t.change_id = c.id
JOIN change_record r ON r.change_id = c.id
WHERE c.zone IN (SELECT s.name FROM signed s)
  AND t.t_from < :period_end AND t.t_to > :period_start
  AND r.type NOT IN ('DNSKEY', 'CDS', 'CDNSKEY')
  AND NOT EXISTS (SELECT 1 FROM change_claim m JOIN claim l ON l.id = m.claim_id
                  WHERE m.change_id = c.id AND m.rank >= 2 AND m.ambiguous = 0 AND COALESCE(l.credential, l.actor) IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM approval a
                  WHERE a.subject = r.owner
                    AND a.kind IN (lower(r.type) || '.change', 'record.change', CASE WHEN r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') THEN 'address.change' END,
                                   CASE WHEN substr(r.owner, 1, 16) = '_acme-challenge.' THEN 'challenge-delegation.change' END)
                    AND a.valid_from <= t.t_from AND a.valid_to >= t.t_to AND a.withdrawn_at >= t.t_to AND a.recorded_at <= t.t_from)
UNION ALL
SELECT DISTINCT d.zone, NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL AND d.zone NOT IN (SELECT s.name FROM signed s);
