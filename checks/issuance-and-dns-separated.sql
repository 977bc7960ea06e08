/*
id: issuance-and-dns-separated
title: Who gets certificates does not administer the zone
severity: medium
resource: credential
answers: [P07, P11, P17, P53, P63]
why: >-
  One principal that places challenges and changes the rest of the zone, too, can move a name and get a certificate for it in one go, and nobody else has to agree.
remedy: Give the ACME client a key for challenges alone, and do the rest with another one.
false-positives: A small estate in which one key does everything; say so by a waiver.
*/
WITH zones AS (
  SELECT DISTINCT d.zone FROM domain d WHERE d.in_scope = 1 AND d.zone IS NOT NULL
)

-- findings
WITH deed AS (
  -- who, whether it leads to certificates, and whether it moves names
  SELECT COALESCE(c.credential, c.actor) AS who, 'claim_record' AS ref_table, r.id AS ref_id, c.t_from, c.zone AS place,
         CASE WHEN substr(r.owner, 1, 16) = '_acme-challenge.' OR instr(r.owner, '._acme-challenge.') > 0 THEN 'challenge' ELSE COALESCE(r.type, 'all') END AS what
  FROM claim c JOIN claim_record r ON r.claim_id = c.id
  WHERE c.zone IN (SELECT zone FROM zones) AND c.outcome = 'applied' AND c.kind NOT IN ('transfer', 'plan', 'commit')
    AND c.t_from < :period_end AND c.t_to > :period_start AND COALESCE(c.credential, c.actor) IS NOT NULL
  UNION ALL
  SELECT COALESCE(e.credential, e.actor), 'event', e.id, e.t_from, e.account,
         CASE WHEN e.action IN ('certificate.issue', 'certificate.wildcard') THEN 'challenge'
              WHEN e.action = 'ns.change' THEN 'NS' WHEN e.action = 'ds.change' THEN 'DS' WHEN e.action = 'caa.change' THEN 'CAA' ELSE 'MX' END
  FROM event e
  WHERE e.account IN (SELECT scope FROM account_place) AND e.outcome <> 'failure' AND COALESCE(e.actor_kind, '') NOT IN ('provider', 'system')
    AND e.action IN ('certificate.issue', 'certificate.wildcard', 'ns.change', 'ds.change', 'caa.change', 'mx.change')
    AND e.t_from < :period_end AND e.t_to > :period_start AND COALESCE(e.credential, e.actor) IS NOT NULL
), sums AS (
  SELECT x.who, SUM(CASE WHEN x.what = 'challenge' THEN 1 ELSE 0 END) AS asked, SUM(CASE WHEN x.what = 'challenge' THEN 0 ELSE 1 END) AS moved,
         SUM(CASE WHEN x.what IN ('NS', 'DS', 'CAA') THEN 1 ELSE 0 END) AS trust
  FROM deed x GROUP BY x.who
), example AS (
  SELECT x.who, x.ref_table, x.ref_id, x.t_from, x.place, x.what,
         ROW_NUMBER() OVER (PARTITION BY x.who ORDER BY CASE WHEN x.what IN ('NS', 'DS', 'CAA') THEN 0 ELSE 1 END, x.t_from, x.ref_table, x.ref_id) AS rank
  FROM deed x WHERE x.what <> 'challenge'
)
SELECT s.who AS resource,
       '' AS key,
       'review' AS status,
       'presence' AS basis,
       'It placed or asked for ' || s.asked || ' challenges and certificates, and it changed ' || s.moved || ' other records'
         || CASE WHEN s.trust > 0 THEN ', ' || s.trust || ' of them of types that decide who may answer or issue' ELSE '' END
         || ' (first ' || x.what || ' in ' || x.place || ').' AS reason,
       x.ref_table AS ref_table,
       x.ref_id AS ref_id,
       x.t_from AS observed_at
FROM sums s JOIN example x ON x.who = s.who AND x.rank = 1
WHERE s.asked > 0
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'Nobody was seen to change a zone or to ask for a certificate.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM deed) = 0;

-- population
WITH who AS (
  SELECT COALESCE(c.credential, c.actor) AS name
  FROM claim c JOIN claim_record r ON r.claim_id = c.id
  WHERE c.zone IN (SELECT zone FROM zones) AND c.outcome = 'applied' AND c.kind NOT IN ('transfer', 'plan', 'commit')
    AND c.t_from < :period_end AND c.t_to > :period_start AND COALESCE(c.credential, c.actor) IS NOT NULL
  UNION
  SELECT COALESCE(e.credential, e.actor)
  FROM event e
  WHERE e.account IN (SELECT scope FROM account_place) AND e.outcome <> 'failure' AND COALESCE(e.actor_kind, '') NOT IN ('provider', 'system')
    AND e.action IN ('certificate.issue', 'certificate.wildcard', 'ns.change', 'ds.change', 'caa.change', 'mx.change')
    AND e.t_from < :period_end AND e.t_to > :period_start AND COALESCE(e.credential, e.actor) IS NOT NULL
), logs AS (
  SELECT DISTINCT s.evidence, s.scope
  FROM source_scope s
  WHERE s.retired_ms > :period_start
    AND ((s.evidence = 'zone-claims' AND s.scope IN (SELECT zone FROM zones))
         OR (s.evidence = 'account-events' AND s.scope IN (SELECT scope FROM account_place)))
)
SELECT w.name AS resource, COALESCE(l.evidence, 'zone-claims') AS evidence, l.scope AS scope, :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM who w LEFT JOIN logs l ON l.scope IS NOT NULL
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM who) = 0;
