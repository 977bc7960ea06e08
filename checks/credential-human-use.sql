/*
id: credential-human-use
title: People do not use the credentials of machines
severity: medium
resource: credential
answers: [P32, P48, P51, P55, P83]
why: >-
  What a person does with a machine's key stands in the log as the machine's deed. And a challenge that somebody places by hand shows that automation does
  not reach the last step.
remedy: Give the person a login of their own with a second factor. Let the machine do what people did by hand.
false-positives: An emergency; a first set-up by hand.
*/
WITH machine AS (
  -- every name under which a machine's identity may stand in a log
  SELECT k.id AS name, k.id AS credential, -9223372036854775807 AS recorded_at FROM credential k WHERE k.interactive = 0
  UNION ALL
  SELECT a.name, COALESCE(a.credential, a.name), a.recorded_at FROM actor a
  WHERE a.kind = 'automation' AND a.withdrawn_at > :period_start
    AND (a.credential IS NULL OR a.credential NOT IN (SELECT k.id FROM credential k WHERE k.interactive = 1))
), by_hand AS (
  SELECT m.credential, e.id, e.action, e.t_from, COALESCE(e.origin, 'an unknown address') AS origin,
         CASE WHEN m.recorded_at <= COALESCE(b.t, -9223372036854775807) THEN -9223372036854775807 ELSE m.recorded_at END AS recorded_at
  FROM (SELECT x.id, x.action, x.t_from, x.origin, x.credential AS name FROM event x
        WHERE x.account IN (SELECT scope FROM account_place) AND lower(x.channel) IN ('ui', 'console', 'browser', 'dash', 'web')
          AND x.t_from < :period_end AND x.t_to > :period_start
        UNION
        SELECT x.id, x.action, x.t_from, x.origin, x.actor FROM event x
        WHERE x.account IN (SELECT scope FROM account_place) AND lower(x.channel) IN ('ui', 'console', 'browser', 'dash', 'web')
          AND x.t_from < :period_end AND x.t_to > :period_start) e
  JOIN machine m ON m.name = e.name CROSS JOIN inventory_begun b
), placed AS (
  -- a person's own session that places a challenge
  SELECT COALESCE(e.actor, 'unknown person') AS who, c.id AS claim_id, r.id AS record_id, r.owner, c.t_from
  FROM claim c
  JOIN event e ON e.source = c.source AND e.provider_ref = c.ref AND e.actor_kind = 'person'
  JOIN claim_record r ON r.claim_id = c.id AND r.op = 'add' AND substr(r.owner, 1, 16) = '_acme-challenge.' AND COALESCE(r.type, 'TXT') = 'TXT'
  WHERE c.kind = 'audit-event' AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome = 'applied' AND c.t_from < :period_end AND c.t_to > :period_start
    AND e.actor NOT IN (SELECT m.name FROM machine m)
)
SELECT h.credential AS resource,
       'by hand' AS key,
       CASE WHEN MIN(h.recorded_at) <= MAX(h.t_from) THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       'It is a machine''s, and it was used ' || COUNT(DISTINCT h.id) || CASE WHEN COUNT(DISTINCT h.id) = 1 THEN ' time' ELSE ' times' END || ' in a browser (' || MIN(h.action) || ', from ' || MIN(h.origin) || ')'
         || CASE WHEN MIN(h.recorded_at) <= MAX(h.t_from) THEN '.' ELSE '; that it is a machine''s was written down afterwards.' END AS reason,
       'event' AS ref_table,
       MIN(h.id) AS ref_id,
       MIN(h.t_from) AS observed_at
FROM by_hand h
GROUP BY h.credential
UNION ALL
SELECT p.who, 'challenge', 'review', 'presence',
       'This person placed ' || CASE WHEN COUNT(*) = 1 THEN 'a challenge by hand, at ' ELSE COUNT(*) || ' challenges by hand, the first at ' END || MIN(p.owner) || '.', 'claim_record', MIN(p.record_id), MIN(p.t_from)
FROM placed p
GROUP BY p.who
UNION ALL
SELECT 'credentials', '', 'not-applicable', 'presence', 'The inventory names no identity of a machine (interactive: false, or an actor of kind automation).',
       NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM machine) = 0 AND (SELECT COUNT(*) FROM placed) = 0;

-- population
WITH machine AS (
  SELECT k.id AS name, k.id AS credential FROM credential k WHERE k.interactive = 0
  UNION ALL
  SELECT a.name, COALESCE(a.credential, a.name) FROM actor a
  WHERE a.kind = 'automation' AND a.withdrawn_at > :period_start
    AND (a.credential IS NULL OR a.credential NOT IN (SELECT k.id FROM credential k WHERE k.interactive = 1))
), who AS (
  SELECT m.credential AS name FROM machine m
  UNION
  SELECT COALESCE(e.actor, 'unknown person')
  FROM claim c
  JOIN event e ON e.source = c.source AND e.provider_ref = c.ref AND e.actor_kind = 'person'
  JOIN claim_record r ON r.claim_id = c.id AND r.op = 'add' AND substr(r.owner, 1, 16) = '_acme-challenge.' AND COALESCE(r.type, 'TXT') = 'TXT'
  WHERE c.kind = 'audit-event' AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND c.outcome = 'applied' AND c.t_from < :period_end AND c.t_to > :period_start
    AND e.actor NOT IN (SELECT m.name FROM machine m)
), logs AS (
  SELECT DISTINCT x.scope FROM source_scope x
  WHERE x.evidence = 'account-events' AND x.retired_ms > :period_start AND x.scope IN (SELECT scope FROM account_place)
)
SELECT w.name AS resource, CASE WHEN (SELECT COUNT(*) FROM logs) > 0 THEN 'shared' END AS evidence, NULL AS scope,
       :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM who w
UNION ALL
SELECT NULL, 'account-events', l.scope, :period_start, :period_end, 'asserted' FROM logs l
UNION ALL
SELECT 'credentials', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM who) = 0;
