/*
id: trust-path-reviewed
title: The path of trust of each domain is reviewed
severity: medium
resource: domain
answers: [P22, P36, P37, P86]
why: >-
  Registrar, name servers, signers and issuers are trusted together. Somebody has to look at all of them at once, and more often where more depends on it.
remedy: >-
  Go through registrar, delegation, signing, CAA and issuers of the domain, and record the result as an attestation of the kind trust-path-review.
  Without a subject it speaks of all.
false-positives: A review that was done and not recorded yet.
params:
  max_age: {type: duration, default: 366d, meaning: "how old the last one may be"}
  max_age_critical: {type: duration, default: 92d, meaning: "the same where the tier is critical"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), subject AS (
  -- the tier decides how often: what is critical is looked at more often
  SELECT d.name AS resource, 'domain' AS ref_table, d.rowid AS ref_id,
         CASE WHEN COALESCE(d.tier, z.tier) = 'critical' THEN :max_age_critical ELSE :max_age END AS age
  FROM domain d LEFT JOIN owned_zone z ON z.name = d.zone
  WHERE d.in_scope = 1
), told AS (
  -- '' speaks of all; what is said of something else says nothing of these
  SELECT COUNT(*) AS n FROM attested a WHERE a.kind = 'trust-path-review' AND (a.subject = '' OR a.subject IN (SELECT s.resource FROM subject s))
)

-- findings
WITH judged AS (
  SELECT s.resource, s.ref_table, s.ref_id, s.age, n.t, a.id, a.ref, a.dated_ms, a.ended, a.late,
         CASE WHEN a.id IS NULL OR a.ended = 1 OR a.dated_ms < n.t - s.age THEN 2 WHEN a.late > 0 THEN 1 ELSE 0 END AS lack
  FROM subject s CROSS JOIN at n LEFT JOIN attested a ON a.kind = 'trust-path-review' AND a.subject IN (s.resource, '')
), best AS (
  -- what shows most counts, and of that the newest
  SELECT j.*, ROW_NUMBER() OVER (PARTITION BY j.resource ORDER BY j.lack, j.dated_ms DESC, j.id DESC) AS place FROM judged j
)
SELECT b.resource,
       '' AS key,
       CASE b.lack WHEN 2 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN b.id IS NULL THEN 'No review of the path of trust is recorded for it, as there is for others.'
            WHEN b.ended = 1 THEN 'The last review of the path of trust (' || b.ref || ') speaks of a time that is over.'
            WHEN b.lack = 2 THEN 'The last review of the path of trust (' || b.ref || ') was ' || ((b.t - b.dated_ms + 86399999) / 86400000) || ' days old; at most '
              || (b.age / 86400000) || ' are allowed.'
            ELSE 'The last review of the path of trust (' || b.ref || ') was recorded only after the period, ' || b.late || ' days after its date.' END AS reason,
       CASE WHEN b.id IS NULL THEN b.ref_table ELSE 'attestation' END AS ref_table,
       CASE WHEN b.id IS NULL THEN b.ref_id ELSE b.id END AS ref_id,
       CASE WHEN b.id IS NULL THEN b.t ELSE b.dated_ms END AS observed_at
FROM best b
WHERE b.place = 1 AND b.lack > 0 AND (SELECT n FROM told) > 0
UNION ALL
SELECT 'domains', '', CASE WHEN COUNT(s.resource) = 0 THEN 'not-applicable' ELSE 'review' END, 'presence',
       CASE WHEN COUNT(s.resource) = 0 THEN 'There are no domains to which this applies.'
            WHEN COUNT(s.resource) = 1 THEN 'No review of the path of trust is recorded for the only domain.'
            ELSE 'No review of the path of trust is recorded for any of the ' || COUNT(s.resource) || ' domains.' END, NULL, NULL, MAX(n.t)
FROM at n LEFT JOIN subject s ON 1 = 1
WHERE (SELECT n FROM told) = 0 OR (SELECT COUNT(*) FROM subject) = 0
HAVING COUNT(n.t) > 0;

-- population
SELECT s.resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM subject s
WHERE (SELECT n FROM told) > 0
UNION ALL
SELECT 'domains', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT n FROM told) = 0 OR (SELECT COUNT(*) FROM subject) = 0;
