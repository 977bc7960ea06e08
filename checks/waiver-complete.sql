/*
id: waiver-complete
title: Every waiver is complete and in force
severity: medium
resource: waiver
answers: [P23, P37, P48]
why: An accepted risk is accepted by somebody, for a reason and for a time. One without these is a hole that nobody closes.
remedy: Renew the waiver with owner, approver, reason and an expiry, or take it out of the policy.
false-positives: A waiver that expired a short time ago and is about to be taken out.
params:
  longest: {type: duration, default: 366d, meaning: "for how long at most a risk may be accepted"}
*/
WITH at AS (
  SELECT CASE WHEN :as_of < :period_end THEN :as_of ELSE :period_end END AS t
)
SELECT w.id AS resource,
       'expiry' AS key,
       CASE WHEN w.expires = 0 THEN 'fail' ELSE 'review' END AS status,
       'presence' AS basis,
       CASE WHEN w.expires = 0 THEN 'Its expiry is no date, so it is not in force.'
            ELSE 'It expired ' || ((n.t - w.expires) / 86400000) || ' days before, and still stands in the policy.' END AS reason,
       'waiver' AS ref_table,
       w.rowid AS ref_id,
       n.t AS observed_at
FROM waiver w CROSS JOIN at n
WHERE w.expires <= n.t
UNION ALL
SELECT w.id, 'length', 'review', 'presence',
       'It accepts the risk for ' || ((w.expires - w.recorded_at + 86399999) / 86400000) || ' days; at most ' || (:longest / 86400000) || ' are foreseen.',
       'waiver', w.rowid, w.recorded_at
FROM waiver w
WHERE w.expires - w.recorded_at > :longest
UNION ALL
SELECT w.id, 'approver', 'fail', 'presence', 'Its owner approved it: ' || w.owner || '.', 'waiver', w.rowid, w.recorded_at
FROM waiver w
LEFT JOIN person_word x ON x.word = lower(trim(w.owner)) AND x.people = 1
LEFT JOIN person_word y ON y.word = lower(trim(w.approver)) AND y.people = 1
WHERE COALESCE(x.person, lower(trim(w.owner))) = COALESCE(y.person, lower(trim(w.approver)))
  AND NOT COALESCE(lower(trim(w.owner)), '') IN ('', 'unknown')
UNION ALL
SELECT w.id, 'owner', 'review', 'presence', 'Who carries the risk, ' || w.owner || ', left ' || ((n.t - p.left_ms) / 86400000) || ' days before.',
       'waiver', w.rowid, p.left_ms
FROM waiver w CROSS JOIN at n
JOIN person_word x ON x.word = lower(trim(w.owner)) AND x.stays = 1 AND x.login = 0
JOIN person p ON p.id = x.person
WHERE p.left_ms < n.t AND w.expires > n.t
UNION ALL
SELECT w.id, 'fields', 'fail', 'presence',
       'It does not say ' || CASE WHEN COALESCE(lower(trim(w.owner)), '') IN ('', 'unknown') THEN 'who carries the risk'
                                  WHEN COALESCE(lower(trim(w.approver)), '') IN ('', 'unknown') THEN 'who accepted it' ELSE 'why' END || '.',
       'waiver', w.rowid, w.recorded_at
FROM waiver w
WHERE COALESCE(lower(trim(w.owner)), '') IN ('', 'unknown') OR COALESCE(lower(trim(w.approver)), '') IN ('', 'unknown') OR trim(w.reason) = ''
UNION ALL
SELECT 'waivers', '', 'not-applicable', 'presence', 'The policy accepts no risks.', NULL, NULL, :as_of
WHERE (SELECT COUNT(*) FROM waiver) = 0;

-- population
SELECT w.id AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM waiver w
UNION ALL
SELECT 'waivers', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(*) FROM waiver) = 0;
