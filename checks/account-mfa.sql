/*
id: account-mfa
title: Everybody who can log in has a second factor
severity: critical
resource: account
answers: [P73, P81]
why: A password alone is guessed, stolen and reused. Domains have been taken with nothing else.
remedy: Turn the second factor on for this member, require it for the whole account, and ask who turned it off and why.
false-positives: >-
  A member who is a program and has no password; one who logs in through a house of identities that asks for the second factor itself.
params:
  grace: {type: duration, default: 0s, meaning: "how long after it was turned off an approval may be recorded and still counts"}
*/
WITH holder AS (
  SELECT DISTINCT k.source, k.account, k.owner FROM credential_state k WHERE k.owner IS NOT NULL
), member AS (
  SELECT m.id, p.account, m.source, m.member, COALESCE(m.name, m.email, m.member) AS name, m.mfa, m.first_ms, m.seen_ms
  FROM member_state m JOIN account_place p ON p.scope = m.account
  LEFT JOIN holder h ON h.source = m.source AND h.account = m.account AND h.owner = m.member
  WHERE m.first_ms < :period_end AND m.seen_ms >= :period_start
    AND COALESCE(lower(m.status), 'active') NOT IN ('disabled', 'inactive', 'invited', 'pending', 'deleted')
    -- a program's user: it has a key and never logged in
    AND (m.login_ms IS NOT NULL OR h.owner IS NULL)
), had AS (
  SELECT m.account, m.member, MAX(m.seen_ms) AS t FROM member m WHERE m.mfa = 1 GROUP BY m.account, m.member
), named AS (
  -- logs write of members by id, by name or by address
  SELECT p.account, CASE c.n WHEN 1 THEN lower(m.member) WHEN 2 THEN lower(m.name) ELSE lower(m.email) END AS word, MIN(m.member) AS member
  FROM member_state m JOIN account_place p ON p.scope = m.account CROSS JOIN (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3) c
  GROUP BY p.account, CASE c.n WHEN 1 THEN lower(m.member) WHEN 2 THEN lower(m.name) ELSE lower(m.email) END
), alone AS (
  -- what a member did stands with the member
  SELECT e.id, e.t_from, p.account, COALESCE(e.actor, 'An unknown actor') AS actor,
         CASE WHEN n.member IS NOT NULL THEN 'member ' || n.member ELSE 'login ' || COALESCE(e.actor, 'unknown') END AS key
  FROM event e JOIN account_place p ON p.scope = e.account
  LEFT JOIN named n ON n.account = p.account AND n.word = lower(e.actor)
  WHERE e.action = 'login' AND e.mfa = 'no' AND e.outcome = 'success' AND COALESCE(e.actor_kind, 'person') NOT IN ('credential', 'provider', 'system')
    AND e.t_from < :period_end AND e.t_to > :period_start
), off AS (
  SELECT e.id, p.account, e.provider_ref, e.actor, lower(e.object) AS object, e.t_from, e.t_to, e.action
  FROM event e JOIN account_place p ON p.scope = e.account
  WHERE e.action = 'mfa.disable' AND e.outcome <> 'failure' AND e.t_from < :period_end AND e.t_to > :period_start
), judged AS (
  SELECT x.*,
         (SELECT MIN(a.recorded_at) FROM approval a
          WHERE a.subject IN (lower(x.account), x.object) AND a.kind = x.action
            AND a.valid_from < x.t_to AND a.valid_to > x.t_from AND a.withdrawn_at > x.t_from) AS recorded_at
  FROM off x
  WHERE NOT EXISTS (SELECT 1 FROM approval a
                    WHERE a.subject IN (lower(x.account), x.object) AND a.kind = x.action
                      AND a.valid_from <= x.t_from AND a.valid_to >= x.t_to AND a.withdrawn_at >= x.t_to
                      AND a.recorded_at <= x.t_from + :grace)
), demanded AS (
  SELECT o.id, p.account, o.value, o.t_from, ROW_NUMBER() OVER (PARTITION BY p.account ORDER BY o.t_from DESC, o.id DESC) AS place
  FROM observation o JOIN account_place p ON p.scope = o.subject
  WHERE o.kind = 'account-setting' AND o.name = 'enforce_twofactor' AND o.t_from < :period_end AND o.t_to > :period_start
)
SELECT m.account AS resource,
       'member ' || m.member AS key,
       'fail' AS status,
       'presence' AS basis,
       'Member ' || MIN(m.name) || CASE WHEN h.t > MAX(m.seen_ms) THEN ' had no second factor; the newest look shows one.'
                                        ELSE ' has no second factor.' END AS reason,
       'member_state' AS ref_table,
       MIN(m.id) AS ref_id,
       MIN(CASE WHEN m.first_ms < :period_start THEN :period_start ELSE m.first_ms END) AS observed_at
FROM member m LEFT JOIN had h ON h.account = m.account AND h.member = m.member
WHERE m.mfa = 0
GROUP BY m.account, m.member, h.t
UNION ALL
SELECT j.account, 'off ' || j.provider_ref, CASE WHEN j.recorded_at IS NULL THEN 'fail' ELSE 'review' END, 'presence',
       'A second factor was turned off by ' || COALESCE(j.actor, 'an unknown actor')
         || CASE WHEN j.recorded_at IS NULL THEN ', without an approval.' ELSE '; the approval came afterwards, or covers only part of the time.' END,
       'event', j.id, j.t_from
FROM judged j
UNION ALL
SELECT l.account, l.key, 'fail', 'presence',
       l.actor || ' logged in without a second factor' || CASE WHEN COUNT(*) = 1 THEN '.' ELSE ' ' || COUNT(*) || ' times.' END, 'event', MIN(l.id), MIN(l.t_from)
FROM alone l
GROUP BY l.account, l.key, l.actor
UNION ALL
SELECT q.account, 'demanded', 'review', 'presence', 'The account does not demand a second factor of its members.', 'observation', q.id, q.t_from
FROM demanded q
WHERE q.place = 1 AND lower(q.value) IN ('false', '0', 'no', 'off')
UNION ALL
SELECT d.account, '', 'not-applicable', 'presence', 'Neither its log nor its lists are read.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.account IS NOT NULL
  AND d.account NOT IN (SELECT s.scope FROM source_scope s WHERE s.evidence IN ('account-events', 'account-state') AND s.retired_ms > :period_start)
UNION ALL
SELECT 'no account', '', 'not-applicable', 'presence', 'The inventory names no account of a provider.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM account_place) = 0;

-- population
SELECT d.account AS resource, s.evidence AS evidence, s.scope AS scope, :period_start AS need_from,
       CASE WHEN s.scope IS NULL THEN :period_start ELSE :period_end END AS need_to,
       CASE s.evidence WHEN 'account-events' THEN 'asserted' WHEN 'account-state' THEN 'sampled' END AS grade
FROM domain d
LEFT JOIN source_scope s ON s.scope = d.account AND s.evidence IN ('account-events', 'account-state') AND s.retired_ms > :period_start
WHERE d.in_scope = 1 AND d.account IS NOT NULL
UNION ALL
SELECT 'no account', NULL, NULL, :period_start, :period_start, NULL
WHERE NOT EXISTS (SELECT 1 FROM domain d WHERE d.in_scope = 1 AND d.account IS NOT NULL);
