/*
id: approval-separation
title: Nobody approves what they asked for
severity: medium
resource: ticket
answers: [P11, P28, P63, P85]
why: An approval by the one who asks for the change is no second look.
remedy: Have somebody else approve, and record both names.
false-positives: Two people who share a login.
*/
WITH used AS (
  SELECT a.id, a.ticket, a.subject, a.kind, a.approver, a.requester, a.recorded_at
  FROM approval a
  WHERE a.valid_from < :period_end AND a.valid_to > :period_start AND a.withdrawn_at > :period_start
), judged AS (
  SELECT u.*, COALESCE(x.person, lower(trim(u.approver))) AS who, COALESCE(y.person, lower(trim(u.requester))) AS whom
  FROM used u
  LEFT JOIN person_word x ON x.word = lower(trim(u.approver)) AND x.people = 1
  LEFT JOIN person_word y ON y.word = lower(trim(u.requester)) AND y.people = 1
)
SELECT j.ticket AS resource,
       j.subject || ' ' || j.kind AS key,
       'fail' AS status,
       'presence' AS basis,
       'It was asked for by ' || j.requester || ' and approved by ' || j.approver || ', who is the same person.' AS reason,
       'approval' AS ref_table,
       j.id AS ref_id,
       j.recorded_at AS observed_at
FROM judged j
LEFT JOIN (SELECT DISTINCT o.ticket, o.subject, o.kind FROM judged o WHERE o.who <> o.whom) b
  ON b.ticket = j.ticket AND b.subject = j.subject AND b.kind = j.kind
-- that somebody else approved it as well is what is asked for
WHERE j.who = j.whom AND b.ticket IS NULL
UNION ALL
SELECT j.ticket, j.subject || ' ' || j.kind, 'review', 'presence', 'Who asked for it is not recorded, as it is for others.', 'approval', j.id, j.recorded_at
FROM judged j
WHERE j.requester IS NULL AND (SELECT COUNT(u.requester) FROM used u) > 0
UNION ALL
SELECT 'approvals', '', CASE WHEN COUNT(*) = 0 THEN 'not-applicable' ELSE 'review' END, 'presence',
       CASE WHEN COUNT(*) = 0 THEN 'No approval was in force in the period.'
            WHEN COUNT(*) = 1 THEN 'The only approval does not say who asked for it.'
            ELSE 'None of the ' || COUNT(*) || ' approvals says who asked for it.' END, NULL, NULL, :as_of
FROM used u
HAVING COUNT(u.requester) = 0;

-- population
WITH used AS (
  SELECT a.ticket, a.requester
  FROM approval a
  WHERE a.valid_from < :period_end AND a.valid_to > :period_start AND a.withdrawn_at > :period_start
)
SELECT DISTINCT u.ticket AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade
FROM used u
WHERE (SELECT COUNT(v.requester) FROM used v) > 0
UNION ALL
SELECT 'approvals', NULL, NULL, :period_start, :period_start, NULL
WHERE (SELECT COUNT(v.requester) FROM used v) = 0;
