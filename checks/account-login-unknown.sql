/*
id: account-login-unknown
title: Logins are by known people from known places
severity: medium
resource: account
answers: [P55, P73, P77, P83]
why: A login by somebody whom the inventory does not have, or from a network where this person never was, is how a stolen password looks.
remedy: Ask the person whether it was them. If not, change the password, end all sessions, and look at everything done since.
false-positives: Travel, a new line at home, a person who is new and not written down yet.
params:
  known: {type: duration, default: 90d, meaning: "how far back a network counts as known"}
*/
WITH login AS (
  SELECT e.id, p.account, e.provider_ref, COALESCE(e.actor, 'unknown') AS actor, e.origin, e.t_from, e.t_to,
         CASE WHEN instr(e.origin, ':') > 0 THEN rtrim(e.origin, '0123456789abcdefABCDEF') ELSE rtrim(e.origin, '0123456789') END AS network
  FROM event e JOIN account_place p ON p.scope = e.account
  WHERE e.action = 'login' AND e.outcome <> 'failure' AND COALESCE(e.actor_kind, 'person') NOT IN ('provider', 'system')
    AND e.t_from < :period_end AND e.t_to > :period_start - :known
), stated AS (
  SELECT (SELECT COUNT(*) FROM actor) + (SELECT COUNT(*) FROM person) AS n
), known AS (
  -- logs write names and addresses in letters of their own; who has left is known no more
  SELECT lower(a.name) AS name, a.account, CASE WHEN p.left_ms < a.withdrawn_at THEN p.left_ms ELSE a.withdrawn_at END AS withdrawn_at, a.recorded_at
  FROM actor a LEFT JOIN person p ON p.id = a.person
  UNION ALL
  -- a session of a machine
  SELECT lower(k.id), '', COALESCE(k.retired_ms, 9223372036854775807), k.recorded_at FROM credential k
  UNION ALL
  SELECT w.word, '', COALESCE(p.left_ms, 9223372036854775807), -9223372036854775807
  FROM person_word w JOIN person p ON p.id = w.person
  WHERE w.login = 0
), judged AS (
  SELECT l.id, l.account, l.actor, l.origin, l.t_from,
         MIN(CASE WHEN k.recorded_at <= COALESCE(b.t, -9223372036854775807) THEN -9223372036854775807 ELSE k.recorded_at END) AS recorded_at
  FROM login l CROSS JOIN inventory_begun b
  LEFT JOIN known k ON k.name = lower(l.actor) AND k.account IN ('', l.account) AND k.withdrawn_at > l.t_from
  WHERE l.t_to > :period_start
  GROUP BY l.id, l.account, l.actor, l.origin, l.t_from
), ranked AS (
  -- how long ago this actor was last seen in the same network, and anywhere
  SELECT l.*,
         MAX(l.t_from) OVER (PARTITION BY l.account, l.actor, l.network ORDER BY l.t_from, l.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS here,
         MAX(l.t_from) OVER (PARTITION BY l.account, l.actor ORDER BY l.t_from, l.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS anywhere,
         COUNT(*) OVER (PARTITION BY l.account, l.actor ORDER BY l.t_from, l.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM login l
)
SELECT j.account AS resource,
       'actor ' || j.actor AS key,
       CASE WHEN MAX(CASE WHEN j.recorded_at IS NULL THEN 1 ELSE 0 END) = 1 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       j.actor || ' logged in ' || CASE WHEN COUNT(*) = 1 THEN 'from ' ELSE COUNT(*) || ' times, first from ' END || COALESCE(MIN(j.origin), 'an unknown address')
         || CASE WHEN MAX(CASE WHEN j.recorded_at IS NULL THEN 1 ELSE 0 END) = 1 THEN ', and is not, or no more, among the people and actors of the inventory.'
                 ELSE ', and was written down in the inventory only afterwards.' END AS reason,
       'event' AS ref_table,
       MIN(j.id) AS ref_id,
       MIN(j.t_from) AS observed_at
FROM judged j
WHERE (SELECT n FROM stated) > 0 AND (j.recorded_at IS NULL OR j.recorded_at > j.t_from)
GROUP BY j.account, j.actor
UNION ALL
SELECT j.account, 'actors', 'review', 'presence',
       COUNT(DISTINCT j.actor) || CASE WHEN COUNT(DISTINCT j.actor) = 1 THEN ' actor logged in, ' ELSE ' actors logged in, the first of them ' END || MIN(j.actor) || ', and the inventory names nobody.', 'event', MIN(j.id), MIN(j.t_from)
FROM judged j
WHERE (SELECT n FROM stated) = 0
GROUP BY j.account
UNION ALL
SELECT r.account, 'origin ' || r.actor || ' ' || r.network, 'review', 'presence',
       r.actor || ' logged in from ' || r.origin || ', a network in which this actor was not seen in the ' || (:known / 86400000) || ' days before ('
         || r.before || ' logins are known).',
       'event', r.id, r.t_from
FROM ranked r
WHERE r.t_to > :period_start AND r.network IS NOT NULL AND r.anywhere >= r.t_from - :known AND COALESCE(r.here, 0) < r.t_from - :known
UNION ALL
SELECT d.account, '', 'not-applicable', 'presence', 'No log of this account is read.', NULL, NULL, :as_of
FROM domain d
WHERE d.in_scope = 1 AND d.account IS NOT NULL
  AND d.account NOT IN (SELECT s.scope FROM source_scope s WHERE s.evidence IN ('account-events') AND s.retired_ms > :period_start)
UNION ALL
SELECT 'no account', '', 'not-applicable', 'presence', 'The inventory names no account of a provider.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM account_place) = 0;

-- population
SELECT DISTINCT p.account AS resource, s.evidence, s.scope, :period_start AS need_from, :period_end AS need_to, 'asserted' AS grade
FROM account_place p LEFT JOIN source_scope s ON s.scope = p.account AND s.evidence = 'account-events' AND s.retired_ms > :period_start
UNION ALL
SELECT 'no account', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM account_place) = 0;
