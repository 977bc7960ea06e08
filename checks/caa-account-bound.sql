/*
id: caa-account-bound
title: CAA binds issuers to our own accounts
severity: medium
resource: zone
answers: [P01, P07, P53]
why: >-
  Whoever proves control over a name for an hour gets a certificate from any account at a permitted issuer. A record that names our account stops
  that; one that names another's account lets its owner in.
remedy: >-
  Add accounturi with the address of your account to each record (RFC 8657), and check that the issuer honours it. List your accounts as credentials of
  the kind acme-account.
false-positives: An issuer that has no accounts, or does not honour the condition. An account of ours that is not listed, and whose client's log is not read.
params:
  required: {type: time, default: "2027-03-15", meaning: "from when on issuers must honour it (CA/Browser Forum ballot SC-098); before that it depends on the issuer, and nothing fails"}
*/
WITH rule AS (
  SELECT CASE WHEN :required < :period_end AND :required < :as_of THEN 'fail' ELSE 'review' END AS status,
         (SELECT COUNT(*) FROM credential k WHERE k.kind = 'acme-account') AS listed, (SELECT COUNT(q.account) FROM issuance_request q) AS told
), known AS MATERIALIZED (
  SELECT k.id AS account FROM credential k WHERE k.retired_ms IS NULL
  UNION SELECT q.account FROM issuance_request q WHERE q.account IS NOT NULL
)
SELECT p.zone AS resource, p.owner || ' ' || p.tag || ' ' || p.value AS key,
       CASE WHEN p.account = 0 THEN r.status WHEN p.account = 1 AND r.listed > 0 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'The CAA record of ' || p.owner || ' for "' || p.value
         || CASE p.account WHEN 0 THEN '" names no account (accounturi): any account there may ask'
                             || CASE r.status WHEN 'fail' THEN '.' ELSE '; issuers need not heed it yet.' END
                           WHEN 1 THEN '" is bound to an account that is none of ours, as far as inventory and clients tell.'
                           ELSE '" names two accounts: an issuer that heeds them issues to none (RFC 8657, 3).' END AS reason,
       p.ref_table, p.ref_id, p.t AS observed_at
FROM caa_stood p CROSS JOIN rule r
WHERE p.tag IN ('issue', 'issuewild') AND p.issuer <> ''
  AND (p.account <> 1 OR r.listed + r.told > 0 AND p.account_uri NOT IN (SELECT k.account FROM known k))
UNION ALL
SELECT DISTINCT n.zone, '', 'not-applicable', 'presence', 'There is no CAA set: caa-present says so.', NULL, CAST(NULL AS BIGINT), :as_of
FROM caa_need n
WHERE n.zone NOT IN (SELECT s.zone FROM caa_stood s);

-- population
SELECT n.zone AS resource, n.evidence, n.scope, :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade FROM caa_need n;
