/*
id: certificate-triaged
title: Unexpected certificates get an answer
severity: high
resource: domain
answers: [P13, P14, P32, P90]
after: [issuance-without-challenge, issuance-requested, issuer-not-approved, certificate-not-in-inventory]
why: >-
  A certificate that should not exist is of use to somebody from the first hour. To find it and to have nobody look at it is as good as not to
  find it.
remedy: >-
  Take up the finding of the certificate, and record the response with its ticket: who looked, when, and what came of it. Where there is no file
  of responses yet, begin one.
false-positives: An answer that was given and not recorded.
params:
  within: {type: duration, default: 3d, meaning: "how long after the ledger had the certificate somebody must have taken it up"}
*/
WITH issuance AS MATERIALIZED (
  -- one for each certificate, whoever found it; since when the ledger had it; an answer to any of its findings is one
  SELECT r.resource AS domain, c.id, c.tbs_key, c.logged_ms, n.ledger_ms + :within AS deadline, COUNT(DISTINCT r.check_id) AS rules,
         SUM(CASE WHEN r.status = 'fail' THEN 1 ELSE 0 END) AS fails, MIN(r.check_id) AS first_rule,
         MIN(COALESCE(p.acknowledged_ms, p.closed_ms)) AS t, MIN(p.recorded_at) AS recorded_at
  FROM raised r
  JOIN certificate c ON c.tbs_key = r.key
  JOIN item_note n ON n.leaf = c.leaf
  LEFT JOIN response p ON p.finding = r.finding AND p.withdrawn_at > :as_of AND COALESCE(p.acknowledged_ms, p.closed_ms) < :as_of
  WHERE r.check_id IN ('issuance-without-challenge', 'issuance-requested', 'issuer-not-approved', 'certificate-not-in-inventory')
  GROUP BY r.resource, c.id, c.tbs_key, c.logged_ms, n.ledger_ms
), judged AS MATERIALIZED (
  SELECT i.*, (SELECT MIN(n.name) FROM certificate_name n JOIN certificate_domain cd ON cd.name_id = n.id AND cd.certificate_id = n.certificate_id
               WHERE n.certificate_id = i.id AND cd.domain = i.domain) AS name
  FROM issuance i
)
SELECT j.domain AS resource,
       j.tbs_key AS key,
       CASE WHEN j.t > j.deadline OR (j.t IS NULL AND j.deadline < :as_of) THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'A certificate for ' || j.name || ' was found by ' || j.first_rule
         || CASE j.rules WHEN 1 THEN '' WHEN 2 THEN ' and one other rule' ELSE ' and ' || (j.rules - 1) || ' other rules' END
         || CASE WHEN j.t > j.deadline THEN '; somebody took it up ' || ((j.t - j.deadline + 3599999) / 3600000) || ' hours too late.'
                 WHEN j.t IS NOT NULL THEN '; somebody took it up in time, as was recorded only ' || ((j.recorded_at - j.deadline + 3599999) / 3600000) || ' hours after that time.'
                 WHEN j.deadline < :as_of THEN '; nobody has taken it up in the ' || (:within / 3600000) || ' hours that are allowed.'
                 ELSE '; nobody has taken it up yet, and some of the ' || (:within / 3600000) || ' hours that are allowed are left.' END AS reason,
       'certificate' AS ref_table,
       j.id AS ref_id,
       j.logged_ms AS observed_at
FROM judged j
WHERE EXISTS (SELECT 1 FROM response) AND j.fails > 0 AND (j.t IS NULL OR j.t > j.deadline OR j.recorded_at > j.deadline)
UNION ALL
-- what is for review needs no more than a look: one line for all of them
SELECT j.domain, 'reviews', 'review', 'presence',
       COUNT(*) || ' certificates (' || MIN(j.name) || ') are for review by ' || MIN(j.first_rule) || ' or others like it, and nobody recorded within '
         || (:within / 3600000) || ' hours what came of it.', 'certificate', MIN(j.id), MIN(j.logged_ms)
FROM judged j
WHERE EXISTS (SELECT 1 FROM response) AND j.fails = 0 AND j.t IS NULL AND j.deadline < :as_of
GROUP BY j.domain
UNION ALL
SELECT r.resource, 'untested', 'review', 'presence',
       COUNT(*) || ' of the rules that find such certificates could not be tested here, ' || MIN(r.check_id) || ' for one: what there is to answer is not known.', 'domain',
       d.rowid, :as_of
FROM raised r
JOIN domain d ON d.name = r.resource
WHERE r.finding = '' AND EXISTS (SELECT 1 FROM response)
  AND r.check_id IN ('issuance-without-challenge', 'issuance-requested', 'issuer-not-approved', 'certificate-not-in-inventory')
GROUP BY r.resource, d.rowid
UNION ALL
SELECT 'responses', '', 'review', 'presence',
       COUNT(*) || ' certificates should not be there (' || MIN(j.name) || '), and no responses are kept at all: nobody can say whether somebody looked.',
       'certificate', MIN(j.id), MIN(j.logged_ms)
FROM judged j
WHERE NOT EXISTS (SELECT 1 FROM response) AND j.fails > 0
HAVING COUNT(*) > 0
UNION ALL
SELECT 'responses', 'none', 'not-applicable', 'presence', 'No responses are kept, and nothing was found that needs one.', NULL, NULL, :as_of
WHERE NOT EXISTS (SELECT 1 FROM response) AND EXISTS (SELECT 1 FROM domain d WHERE d.in_scope = 1);

-- population
SELECT d.name AS resource, 'ct' AS evidence, d.name AS scope,
       :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM domain d
WHERE d.in_scope = 1 AND EXISTS (SELECT 1 FROM response)
UNION ALL
SELECT DISTINCT 'responses', NULL, NULL, :period_start, :period_start, NULL
FROM domain d
WHERE d.in_scope = 1 AND NOT EXISTS (SELECT 1 FROM response);
