/*
id: zone-validation-burst
title: Challenges come at their usual rate
severity: medium
resource: zone
answers: [P12, P58, P72]
why: >-
  Many names validated within an hour are a renewal of everything at once, or somebody who holds the credential and takes certificates for as
  many names as they can.
remedy: Set the certificates that came of it beside what was ordered. Revoke those that nobody ordered, and replace the credential.
false-positives: A planned renewal of all certificates, and automation that renews everything on one day.
params:
  window: {type: duration, default: 1h, meaning: "time in which challenges are counted"}
  least: {type: int, default: 10, meaning: "challenges in that time above which it is a finding"}
  factor: {type: int, default: 5, meaning: "times the median of the last non-empty windows above which it is a finding"}
  baseline: {type: int, default: 30, meaning: "non-empty windows before it that the median is taken from"}
  needed: {type: int, default: 7, meaning: "of them there must be this many, else the first number counts alone"}
  retry: {type: duration, default: 10m, meaning: "a challenge at the same name within this time is the same one tried again"}
*/
WITH placed AS MATERIALIZED (
  SELECT r.zone, r.owner, r.change_id, t.t_from, t.t_to - 1 AS p, MIN(r.id) AS record_id
  FROM change_record r
  CROSS JOIN change_time t
  WHERE t.change_id = r.change_id
    AND r.zone IN (SELECT d.zone FROM domain d WHERE d.in_scope = 1)
    AND r.op = 'add' AND r.type = 'TXT' AND instr('.' || r.owner, '._acme-challenge.') > 0
  GROUP BY r.zone, r.owner, r.change_id, t.t_from, t.t_to
), spaced AS (
  SELECT x.*, LAG(x.p) OVER (PARTITION BY x.zone, x.owner ORDER BY x.p, x.record_id) AS before
  FROM placed x
), first_try AS MATERIALIZED (
  SELECT s.* FROM spaced s WHERE s.before IS NULL OR s.p - s.before >= :retry
), made AS MATERIALIZED (
  -- all of a zone, and those of each credential
  SELECT f.zone, '' AS who, f.t_from, f.p, f.record_id FROM first_try f
  UNION ALL
  SELECT f.zone, l.credential, f.t_from, f.p, f.record_id
  FROM first_try f
  CROSS JOIN change_claim m
  CROSS JOIN claim l
  WHERE m.change_id = f.change_id AND m.rank >= 2 AND m.ambiguous = 0 AND l.id = m.claim_id
    AND l.credential IS NOT NULL
  GROUP BY f.zone, l.credential, f.t_from, f.p, f.record_id
), counted AS (
  SELECT m.zone, m.who, m.p, m.t_from, m.record_id,
         COUNT(*) OVER w AS n,
         SUM(CASE WHEN m.t_from = m.p THEN 1 ELSE 0 END) OVER w AS sharp,
         MAX(m.p) OVER w - MIN(m.t_from) OVER w AS span
  FROM made m
  WINDOW w AS (PARTITION BY m.zone, m.who ORDER BY m.p RANGE BETWEEN CURRENT ROW AND :window - 1 FOLLOWING)
), bucket AS MATERIALIZED (
  SELECT m.zone, m.who, m.p / :window AS b, COUNT(*) AS n,
         ROW_NUMBER() OVER (PARTITION BY m.zone, m.who ORDER BY m.p / :window) AS rn
  FROM made m
  GROUP BY m.zone, m.who, m.p / :window
), burst AS MATERIALIZED (
  SELECT c.zone, c.who, c.p / :window AS b, MAX(c.n) AS n,
         MIN(c.record_id) AS record_id,
         MIN(c.t_from) AS t_from,
         MAX(CASE WHEN c.span < :window THEN c.n ELSE c.sharp END) AS certain
  FROM counted c
  WHERE c.n > :least AND c.p >= :period_start AND c.t_from < :period_end
  GROUP BY c.zone, c.who, c.p / :window
), earlier AS (
  SELECT x.zone, x.who, x.b, q.n,
         ROW_NUMBER() OVER (PARTITION BY x.zone, x.who, x.b ORDER BY q.n) AS place,
         COUNT(*) OVER (PARTITION BY x.zone, x.who, x.b) AS size
  FROM burst x
  JOIN bucket k ON k.zone = x.zone AND k.who = x.who AND k.b = x.b
  JOIN bucket q ON q.zone = x.zone AND q.who = x.who AND q.rn < k.rn AND q.rn >= k.rn - :baseline
), usual AS (
  -- twice the median, of the two in the middle
  SELECT e.zone, e.who, e.b, MAX(e.size) AS size,
         CAST(SUM(CASE WHEN e.place = (e.size + 1) / 2 THEN e.n ELSE 0 END + CASE WHEN e.place = e.size / 2 + 1 THEN e.n ELSE 0 END) AS BIGINT) AS twice
  FROM earlier e
  GROUP BY e.zone, e.who, e.b
), judged AS (
  SELECT x.*, COALESCE(u.size, 0) AS size, CASE WHEN u.size >= :needed THEN u.twice ELSE 0 END AS twice
  FROM burst x
  LEFT JOIN usual u ON u.zone = x.zone AND u.who = x.who AND u.b = x.b
), weighed AS (
  SELECT j.*, CASE WHEN j.certain > :least AND j.certain * 2 > :factor * j.twice THEN 'fail' ELSE 'review' END AS status
  FROM judged j
)
SELECT j.zone AS resource,
       CASE WHEN j.who = '' THEN 'zone' ELSE 'credential ' || j.who END || ' ' || (j.b * :window) AS key,
       j.status,
       'presence' AS basis,
       j.n || ' challenges' || CASE WHEN j.who = '' THEN '' ELSE ' of ' || j.who END || CASE j.status WHEN 'fail' THEN ' came' ELSE ' possibly came' END
         || ' within ' || (:window / 60000) || ' minutes (a finding above ' || :least
         || CASE WHEN j.size >= :needed THEN ' and above ' || :factor || ' times the median of ' || (j.twice / 2) || ' in ' || j.size || ' earlier windows).'
                 ELSE '; ' || j.size || ' earlier windows are too few for a median).' END AS reason,
       'change_record' AS ref_table,
       j.record_id AS ref_id,
       j.t_from AS observed_at
FROM weighed j
WHERE j.n * 2 > :factor * j.twice;

-- population
SELECT DISTINCT d.zone AS resource, 'zone-changes' AS evidence, d.zone AS scope,
       :period_start AS need_from, :period_end AS need_to, 'sampled' AS grade
FROM domain d
WHERE d.in_scope = 1 AND d.zone IS NOT NULL;
