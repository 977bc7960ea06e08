/*
id: zone-change-self-approved
title: Nobody approves a change of a zone that they make themselves
severity: high
resource: zone
answers: [P11, P16, P28, P53]
why: An approval by the one who makes the change is a note, not a second pair of eyes.
remedy: Have somebody else look at the change now, and let approvals be given by others from then on.
false-positives: >-
  A name in the log that several people share; a key that belongs to the approver and is used by somebody else.
*/
WITH covered AS (
  -- each approval that may be that of the change
  SELECT DISTINCT c.id, c.zone, c.serial_from, c.serial_to, c.t_from AS seen_from, r.owner, r.type, t.t_from, t.t_to,
         a.id AS approval_id, a.ticket, a.approver, a.requester
  FROM approval a
  CROSS JOIN change_record r
  CROSS JOIN change c
  CROSS JOIN change_time t
  WHERE r.owner = a.subject AND c.id = r.change_id AND t.change_id = c.id
    AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND t.t_from < :period_end AND t.t_to > :period_start
    AND a.kind IN (lower(r.type) || '.change', 'record.change', CASE WHEN r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') THEN 'address.change' END,
                   CASE WHEN substr(r.owner, 1, 16) = '_acme-challenge.' THEN 'challenge-delegation.change' END)
    AND a.valid_from < t.t_to AND a.valid_to > t.t_from AND a.withdrawn_at > t.t_from
), shared AS (
  SELECT v.*, CASE WHEN MIN(v.approver) OVER w = MAX(v.approver) OVER w THEN 0 ELSE 1 END AS others
  FROM covered v
  WINDOW w AS (PARTITION BY v.id, v.owner, v.type)
), wrote AS (
  -- the names under which the change was made: as the log has them, the people behind them, and who a key belongs to
  SELECT v.approval_id, v.id, v.owner, v.type, m.ambiguous, COALESCE(l.actor, l.credential) AS shown, l.actor AS name
  FROM covered v
  CROSS JOIN change_claim m
  CROSS JOIN claim l
  WHERE m.change_id = v.id AND m.rank >= 2 AND l.id = m.claim_id
  UNION
  SELECT v.approval_id, v.id, v.owner, v.type, m.ambiguous, COALESCE(l.actor, l.credential), a.person
  FROM covered v
  CROSS JOIN change_claim m
  CROSS JOIN claim l
  CROSS JOIN actor a
  WHERE m.change_id = v.id AND m.rank >= 2 AND l.id = m.claim_id AND a.name IN (l.actor, l.credential) AND a.withdrawn_at > v.t_from
  UNION
  SELECT v.approval_id, v.id, v.owner, v.type, m.ambiguous, COALESCE(l.actor, l.credential), k.owner
  FROM covered v
  CROSS JOIN change_claim m
  CROSS JOIN claim l
  CROSS JOIN credential k
  WHERE m.change_id = v.id AND m.rank >= 2 AND l.id = m.claim_id
    AND k.id = l.credential
  -- automation that belongs to a team does what it was set up to do
    AND l.actor IS NULL AND COALESCE(k.interactive, CASE WHEN k.workload IS NULL THEN 1 ELSE 0 END) = 1
), same AS (
  -- two ways to write one person; a name that several bear leaves it open
  SELECT v.*, w.shown, CASE WHEN w.ambiguous = 1 THEN 1
                            WHEN (x.people > 1 OR y.people > 1) AND lower(trim(w.name)) <> lower(trim(v.approver)) THEN 2
                            ELSE 0 END AS doubt
  FROM shared v
  JOIN wrote w ON w.approval_id = v.approval_id AND w.id = v.id AND w.owner = v.owner AND w.type = v.type
  LEFT JOIN person_word x ON x.word = lower(trim(w.name)) AND x.login = 0
  LEFT JOIN person_word y ON y.word = lower(trim(v.approver))
  WHERE lower(trim(w.name)) = lower(trim(v.approver)) OR COALESCE(x.person, lower(trim(w.name))) = COALESCE(y.person, lower(trim(v.approver)))
)
SELECT s.zone AS resource,
       s.serial_from || '-' || s.serial_to || ' ' || s.owner || ' ' || s.type || ' ' || s.ticket || ' at ' || s.seen_from AS key,
       CASE WHEN MIN(s.doubt) > 0 THEN 'review'
            -- somebody else approved it as well
            WHEN MIN(s.others) = 1 THEN 'review'
            ELSE 'fail' END AS status,
       'presence' AS basis,
       'The ' || s.type || ' records of ' || s.owner || ' were changed by ' || MIN(s.shown) || ', and ' || s.approver || CASE WHEN MIN(s.doubt) = 2 THEN ', who may be the same' ELSE ', who is the same' END || ', approved it (' || s.ticket || ')'
         || CASE WHEN MIN(s.doubt) = 1 THEN '; another entry of the log fits the change as well.'
                 WHEN MIN(s.doubt) = 2 THEN '; several people bear the name.'
                 WHEN MIN(s.others) = 1 THEN '; somebody else approved it too.'
                 ELSE '.' END AS reason,
       'approval' AS ref_table,
       s.approval_id AS ref_id,
       s.t_from AS observed_at
FROM same s
GROUP BY s.id, s.zone, s.serial_from, s.serial_to, s.seen_from, s.owner, s.type, s.t_from, s.approval_id, s.ticket, s.approver;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL
UNION ALL
-- who made an approved change can be said only where the logs were read
SELECT DISTINCT c.zone, 'zone-claims', c.zone, t.t_from, t.t_to, 'asserted'
FROM approval a
CROSS JOIN change_record r
CROSS JOIN change c
CROSS JOIN change_time t
WHERE r.owner = a.subject
  AND c.id = r.change_id AND t.change_id = c.id AND a.valid_from < t.t_to AND a.valid_to > t.t_from AND a.withdrawn_at > t.t_from
  AND c.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
  AND t.t_from < :period_end AND t.t_to > :period_start
  AND a.kind IN (lower(r.type) || '.change', 'record.change', CASE WHEN r.type IN ('A', 'AAAA', 'ALIAS', 'CNAME') THEN 'address.change' END,
                 CASE WHEN substr(r.owner, 1, 16) = '_acme-challenge.' THEN 'challenge-delegation.change' END)
  AND NOT EXISTS (SELECT 1 FROM change_claim m WHERE m.change_id = c.id AND m.rank >= 2)
  AND c.zone IN (SELECT s.scope FROM source_scope s WHERE s.evidence = 'zone-claims');
