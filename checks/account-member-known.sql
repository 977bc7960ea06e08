/*
id: account-member-known
title: Members of accounts are people whom the inventory knows
severity: high
resource: account
answers: [P35, P55, P68, P77, P83]
why: Whoever left, and whoever nobody knows, can still change the domains as long as they are members.
remedy: Take the member out of the account, or write the person down.
false-positives: A member under a name that the inventory does not have; say so under actors.
params:
  grace: {type: duration, default: 7d, meaning: "how long after leaving somebody may still be a member"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
), member AS (
  SELECT m.id, p.account, m.member, COALESCE(m.name, m.email, m.member) AS name, lower(m.name) AS full_name, lower(m.email) AS email, m.first_ms
  FROM member_state m JOIN account_place p ON p.scope = m.account
  WHERE m.first_ms < :period_end AND m.seen_ms >= :period_start AND (m.gone_ms IS NULL OR m.gone_ms >= :period_end)
    AND COALESCE(lower(m.status), 'active') NOT IN ('disabled', 'inactive', 'deleted')
    AND NOT EXISTS (SELECT 1 FROM member_state n
                    WHERE n.source = m.source AND n.account = m.account AND n.member = m.member AND n.first_ms > m.first_ms AND n.first_ms < :period_end)
), people AS (
  SELECT w.word AS name, w.person, p.left_ms FROM person_word w JOIN person p ON p.id = w.person WHERE w.login = 0
  UNION
  SELECT lower(a.name), COALESCE(a.person, a.name), p.left_ms FROM actor a CROSS JOIN at LEFT JOIN person p ON p.id = a.person WHERE a.withdrawn_at > at.t
), known AS (
  SELECT m.id, m.account, m.member, m.name, m.first_ms, COUNT(DISTINCT q.person) AS n,
         -- of two who could be meant one is still there
         CASE WHEN COUNT(q.left_ms) = COUNT(q.person) THEN MAX(q.left_ms) END AS left_ms, MIN(q.person) AS person
  FROM member m LEFT JOIN people q ON q.name IN (lower(m.member), m.email, m.full_name)
  GROUP BY m.id, m.account, m.member, m.name, m.first_ms
), stated AS (
  SELECT (SELECT COUNT(*) FROM actor) + (SELECT COUNT(*) FROM person) AS n
)
SELECT k.account AS resource,
       'member ' || k.member AS key,
       'fail' AS status,
       'presence' AS basis,
       CASE WHEN k.n = 0 THEN 'Member ' || k.name || ' is neither among the people nor among the actors of the inventory.'
            ELSE 'Member ' || k.name || CASE WHEN k.n = 1 THEN ' (' || k.person || ')' ELSE '' END || ' left ' || ((a.t - k.left_ms) / 86400000) || ' days before.' END AS reason,
       'member_state' AS ref_table,
       k.id AS ref_id,
       CASE WHEN k.first_ms < :period_start THEN :period_start ELSE k.first_ms END AS observed_at
FROM known k CROSS JOIN at a
WHERE (SELECT n FROM stated) > 0 AND (k.n = 0 OR k.left_ms + :grace < a.t)
UNION ALL
SELECT k.account, 'members', 'review', 'presence', 'The account has ' || COUNT(*) || CASE WHEN COUNT(*) = 1 THEN ' member' ELSE ' members' END || ', and the inventory names nobody.', 'member_state', MIN(k.id), :as_of
FROM known k
WHERE (SELECT n FROM stated) = 0
GROUP BY k.account
UNION ALL
SELECT d.account, '', 'not-applicable', 'presence', 'No list of its members is read.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.account IS NOT NULL
  AND d.account NOT IN (SELECT s.scope FROM source_scope s WHERE s.evidence IN ('account-state') AND s.retired_ms > :period_start)
UNION ALL
SELECT 'no account', '', 'not-applicable', 'presence', 'The inventory names no account of a provider.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM account_place) = 0;

-- population
SELECT d.account AS resource, CASE WHEN s.scope IS NOT NULL THEN 'account-state' END AS evidence, s.scope AS scope, :period_start AS need_from,
       CASE WHEN s.scope IS NULL THEN :period_start ELSE :period_end END AS need_to, CASE WHEN s.scope IS NOT NULL THEN 'sampled' END AS grade
FROM domain d
LEFT JOIN source_scope s ON s.scope = d.account AND s.evidence = 'account-state' AND s.retired_ms > :period_start
WHERE d.in_scope = 1 AND d.account IS NOT NULL
UNION ALL
SELECT 'no account', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM domain d WHERE d.in_scope = 1 AND d.account IS NOT NULL);
